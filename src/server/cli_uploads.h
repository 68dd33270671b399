/* Whether the files of uploads are there: what parloir check asks beside the store.
 *
 * Thread   the main thread; everything blocks on the disk.
 * Memory   keeps the names of the uploads it has seen while it looks. */
#ifndef PARLOIR_SERVER_CLI_UPLOADS_H
#define PARLOIR_SERVER_CLI_UPLOADS_H

#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"

struct store;

/* Looks for the file of each upload the store knows of, below the data directory, and whether it
 * has the size it had. Makes nothing.
 * ERR_PROTO: some have not; `report` has a sentence on each, or on the first of them. Others: the
 * store or a directory cannot be read; there is a sentence, too. */
enum err cli_check_uploads(const struct config *config, struct store *store, struct buf *report)
    MUST_USE;

#endif
