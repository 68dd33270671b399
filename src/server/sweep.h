/* The sweep: uploads that nobody needs go.
 *
 *     no message shows it      the store says so ──upload_remove──> the fact goes, round the ring,
 *                              and a second later its file
 *     no fact knows it         the file goes: of a crash before there was one, or after one went
 *     it never got its name    the same, in `incoming`
 *
 * Each only once it is older than media.orphan_ms, because whoever sends a file shows it a moment
 * later; and what no fact knows after an hour at least, because the store may be away for a while.
 * The store has the last word: a fact that a message shows by now stays, and its file with it.
 *
 * Thread   one of its own, because there may be a million files to look at; sweep_set is the
 *          server's main thread's.
 * Bound    SWEEP_FACTS_MAX facts a second, so that the ring has room for people. */
#ifndef PARLOIR_SERVER_SWEEP_H
#define PARLOIR_SERVER_SWEEP_H

#include "base/base.h"

struct server;
struct sweep;

/* Returns an owned sweep that runs, and looks for what is older than orphan_ms. */
struct sweep *sweep_start(struct server *server, uint64_t orphan_ms);

/* Takes up another age (a reload), at once. */
void sweep_set(struct sweep *s, uint64_t orphan_ms);

/* Ends it, in the middle of a round if need be, and sets *s to NULL. A NULL *s is fine. */
void sweep_stop(struct sweep **s);

#endif
