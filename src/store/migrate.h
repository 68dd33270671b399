/* The schema's versions. Private to this folder.
 *
 * Version n is what store/schema/00n_*.sql makes of version n - 1; `PRAGMA user_version` says which
 * one a file has. Forward only, each step in one transaction: a power cut leaves the old version or
 * the new one. A step that stands in a release never changes; what is wrong in it, the next one
 * puts right. */
#ifndef PARLOIR_STORE_MIGRATE_H
#define PARLOIR_STORE_MIGRATE_H

#include <sqlite3.h>

#include "base/buf.h"
#include "base/err.h"

/* The version this build works with. */
int migrate_newest(void);

/* Brings the database to `version`; one that has it already is left alone.
 * ERR_IO: not our database, of a newer version (`why` says so), or unreadable.
 * ERR_FULL: no room. */
enum err migrate(sqlite3 *db, int version, struct buf *why) MUST_USE;

#endif
