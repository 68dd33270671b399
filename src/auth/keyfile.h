/* Key files: secrets the server makes for itself at its first start, such as <data>/jwt.key.
 *
 * A key file holds KEY_FILE_BYTES random bytes in base64url, one line, mode 0600. The text itself
 * is the JWT secret, so that another program can be given it as it stands.
 *
 * Thread   any; two processes that start at once end up with the same key.   Memory   nothing
 *          kept. */
#ifndef PARLOIR_AUTH_KEYFILE_H
#define PARLOIR_AUTH_KEYFILE_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

#define KEY_FILE_BYTES 32
#define KEY_FILE_TEXT_MAX 1024

/* Appends the text of the key file to `out`, without the white space around it; makes the file,
 * synced, if it does not exist, and then sets *is_new.
 * ERR_IO      it cannot be read or written.
 * ERR_DENIED  others may read it (mode must be 0600 or less), or it is not a plain file.
 * ERR_PROTO   it is empty or over KEY_FILE_TEXT_MAX bytes.
 * `why` receives a sentence. */
enum err key_file_load(const char *path, struct buf *out, bool *is_new, struct buf *why) MUST_USE;

#endif
