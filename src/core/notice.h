/* Notices: which rooms a user has told lately that they type, or have read on, so that each hears
 * of it once a second.
 *
 * It hangs on the user and not on a session or a follow: leaving a room, or reconnecting, gives
 * nobody a new second.
 *
 * Thread   the core's.
 * Memory   exists only once a user has told something; notices_tidy frees it when nothing in it
 *          matters.
 * Bound    NOTICE_ROOMS_MAX rooms within a second; notices to more are surplus. */
#ifndef PARLOIR_CORE_NOTICE_H
#define PARLOIR_CORE_NOTICE_H

#include "core/ids.h"

#define NOTICE_ROOMS_MAX 8

enum notice { NOTICE_STOPPED, NOTICE_TYPING, NOTICE_READ, NOTICE_COUNT };

struct notices;

/* Whether the room may be told this again, NOTICE_EVERY_MS after it was last told so. If so it
 * counts as told. *t may be NULL before. */
bool notice_may_tell(struct notices **t, room_id room, enum notice what, uint64_t now_ms);

/* Frees it, and sets *t to NULL, if everything in it is long past. */
void notices_tidy(struct notices **t, uint64_t now_ms);

/* Frees it whatever is in it. */
void notices_free(struct notices **t);

#endif
