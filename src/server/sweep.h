/* The sweep: uploads that nobody needs go.
 *
 *     no message shows it      the store says so ──upload_remove──> the fact goes, round the ring
 *     no fact knows it         the file goes: of a fact that went, or of a crash before there was
 *     one it never got its name    the same, in `incoming`
 *
 * Each only once it is older than media.orphan_ms: whoever sends a file shows it a moment later.
 * The store has the last word: a fact that a message shows by now stays.
 *
 * Thread   the server's main thread, which may block on the disk.
 * Bound    SWEEP_FACTS_MAX facts a second, so that the ring has room for people. */
#ifndef PARLOIR_SERVER_SWEEP_H
#define PARLOIR_SERVER_SWEEP_H

#include "base/base.h"

struct server;
struct sweep;

/* Returns an owned sweep, whose first round is due soon. */
struct sweep *sweep_new(struct server *server);

/* Called every second or so: does what is due. */
void sweep_some(struct sweep *s);

/* Frees it and sets *s to NULL. A NULL *s is fine. */
void sweep_free(struct sweep **s);

#endif
