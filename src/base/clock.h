/* Time, asked for at the edges only: the core gets it with its input.
 *
 * Thread   any.   Memory   nothing is kept.
 * Dates are UTC and Gregorian, whatever the zone of the machine. */
#ifndef PARLOIR_BASE_CLOCK_H
#define PARLOIR_BASE_CLOCK_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Milliseconds since 1970, UTC. May jump. */
uint64_t clock_wall_ms(void);

/* Milliseconds, and microseconds, that never go back. Where they begin means nothing. */
uint64_t clock_mono_ms(void);
uint64_t clock_mono_us(void);

/* Appends RFC 3339 in UTC: whole seconds "2023-11-20T10:30:00Z", or with milliseconds ".204Z". What
 * is after the year 9999 is written as its last moment. */
void clock_put_rfc3339(struct buf *b, uint64_t wall_ms);
void clock_put_rfc3339_ms(struct buf *b, uint64_t wall_ms);

/* Appends an HTTP date, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7). */
void clock_put_http(struct buf *b, uint64_t wall_ms);

/* Reads any RFC 3339 date-time (offset, fraction, `t` and a space for `T`). A leap second is the
 * second after it. ERR_PROTO: it is none, or before 1970. */
enum err clock_parse_rfc3339(struct str s, uint64_t *wall_ms) MUST_USE;

/* Reads an HTTP date in any of its three forms (RFC 9110 section 5.6.7): that of clock_put_http,
 * "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994". Two digits of a year are of the
 * century of `now_ms`, or of the one before if that is more than 50 years ahead. The day of the
 * week must be one, not the right one. ERR_PROTO: it is no HTTP date, or before 1970. */
enum err clock_parse_http(struct str s, uint64_t now_ms, uint64_t *wall_ms) MUST_USE;

#endif
