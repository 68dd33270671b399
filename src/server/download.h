/* A download: a stored file is the answer to a GET.
 *
 *      name ──> opened, on the pool ──> head ──> piece read, on the pool ──> written ──> next piece
 *                                                       ^                        │
 *                                                       └── the socket took it <─┘
 *
 * A file is read no faster than its reader takes it, and only one piece of it is held.
 *
 * Thread   the session's worker; the disk's part runs on the pool.
 * Memory   owned by the visit (door.c), and only while the request lasts. */
#ifndef PARLOIR_SERVER_DOWNLOAD_H
#define PARLOIR_SERVER_DOWNLOAD_H

#include "base/str.h"

struct download_request;
struct session;

/* Begins to answer with the file of this relative name; 404 for what is none. Owned; NULL: answered
 * already. */
struct download_request *download_begin(struct session *s, struct str name);

/* What was written is out: reads on, or ends. */
void download_go_on(struct download_request *d);

/* Frees it and sets *d to NULL. Nothing of it may be on the pool. */
void download_free(struct download_request **d);

#endif
