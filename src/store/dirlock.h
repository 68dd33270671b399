/* The lock on the data directory: one process, one store. Private to this folder.
 *
 * It is a file beside the database (`lock` beside parloir.db, NAME.lock beside another), locked
 * with flock(2): the kernel gives it back when the process ends, however it ends. What is written
 * in it is for people. A symbolic link is not followed: it may lead to anybody's file. */
#ifndef PARLOIR_STORE_DIRLOCK_H
#define PARLOIR_STORE_DIRLOCK_H

#include "base/buf.h"
#include "base/err.h"

/* Locks the directory of the file `path`; *fd holds the lock until dir_unlock.
 * ERR_BUSY: somebody else has it. ERR_IO, ERR_DENIED: the lock file cannot be made. */
enum err dir_lock(const char *path, int *fd, struct buf *why) MUST_USE;

/* Gives the lock back and sets *fd to -1; -1 is fine. The file stays. */
void dir_unlock(int *fd);

/* Makes the names of new files in the directory of `path` survive a power cut. */
enum err dir_sync(const char *path) MUST_USE;

#endif
