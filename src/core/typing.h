/* Typing notices: which rooms a user has told lately, so that each hears it once a second.
 *
 * It hangs on the user and not on a session or a follow: leaving a room, or reconnecting, gives
 * nobody a new second.
 *
 * Thread   the core's.
 * Memory   exists only once a user has typed; typing_tidy frees it when nothing in it matters.
 * Bound    TYPING_ROOMS_MAX rooms within a second; notices to more are surplus. */
#ifndef PARLOIR_CORE_TYPING_H
#define PARLOIR_CORE_TYPING_H

#include "core/ids.h"

#define TYPING_ROOMS_MAX 8

struct typing;

/* Whether the room may be told again that the user is (not) typing, TYPING_EVERY_MS after it was
 * last told so. If so it counts as told. *t may be NULL before. */
bool typing_may_tell(struct typing **t, room_id room, bool is_on, uint64_t now_ms);

/* Frees it, and sets *t to NULL, if everything in it is long past. */
void typing_tidy(struct typing **t, uint64_t now_ms);

/* Frees it whatever is in it. */
void typing_free(struct typing **t);

#endif
