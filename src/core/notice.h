/* Notices: which rooms a user has told lately that they type, or have read on, so that each hears
 * of it once a second; and to which person they type, for those who ask.
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

/* Remembers to whom the user types now, the last one only; or that they stopped, if it was this
 * one.
 * *t may be NULL before. */
void notice_typing_to(struct notices **t, user_id other, bool is_on, uint64_t now_ms);

/* Whether they type to this person: said within TYPING_LASTS_MS, and nobody else since. `t` may be
 * NULL. */
bool notice_is_typing_to(const struct notices *t, user_id other, uint64_t now_ms);

/* They type to nobody. `t` may be NULL. */
void notice_stop_typing(struct notices *t);

/* Frees it, and sets *t to NULL, if everything in it is long past. */
void notices_tidy(struct notices **t, uint64_t now_ms);

/* Frees it whatever is in it. */
void notices_free(struct notices **t);

#endif
