/* Catching up: one session resumes one room, without a hole and without a repeat.
 *
 *      follow_started ──> seated; what is said in the room is kept    (catchup_takes)
 *      the reader's answer ──> what was missed is told                (catchup_answer)
 *                              more of it? asked for once the socket has taken this
 *      all of it told ──> `resumed`, then what was kept, but for what the answer had already
 *      the store did not answer ──> an error; the room is left, and nothing of it told meanwhile
 *
 * The log's position tells which is which: the reader looked as of one position, and an event of
 * the room up to there is in its answer, however late it comes round the ring. Nothing else of the
 * session is read until it has caught up.
 *
 * Thread   the session's worker.
 * Memory   owned by the session; a quiet one that has caught up is forgotten at the next event.
 * Bound    what is kept counts as what may wait for the session: over it, it is too slow. */
#ifndef PARLOIR_SERVER_CATCHUP_H
#define PARLOIR_SERVER_CATCHUP_H

#include "core/batch.h"

struct catchup;
struct session;

/* The session was seated in a room that it resumes. */
void catchup_begin(struct session *s, room_id room);

/* Whether it is still on its way in any room, and must not be read. */
bool catchup_is_busy(const struct session *s);

/* Whether events of the room are looked at here. */
bool catchup_is_in(const struct session *s, room_id room);

/* Keeps or drops an event of the room. false: tell it as usual. */
bool catchup_takes(struct session *s, const struct event *ev);

#define CATCHUP_BYTES_AT_ONCE (64u << 10)    // told of one answer: the rest is asked for again

/* Tells what was missed, as much of it as may be at once, and makes the answer say so; the encoder
 * says the rest of it. Returns how many bytes were told. */
size_t catchup_answer(struct session *s, struct answer *answer);

/* After the answer was said: tells what was kept, if that was all. true: it was not, and the
 * request is not answered yet. */
bool catchup_end(struct session *s, const struct answer *answer);

/* Hears the reply to a command of the session. true: it was asked here, and is nobody else's. What
 * could not be told to its end is over. */
bool catchup_hears(struct session *s, const struct reply *reply);

/* Asks for more, if there is more and the socket has taken enough. */
void catchup_go_on(struct session *s);

/* Frees a list of them, and sets *first to NULL. An empty one is fine. */
void catchup_free(struct catchup **first);

#endif
