/* How often somebody may create something: exact sliding windows.
 *
 * A window of W ms and a limit of L: at no moment do more than L stamps lie within the last W ms. A
 * stamp made at t counts until t + W, not at it. The history is one per user, whatever dialects
 * their sessions speak; each dialect measures it by its own limits.
 *
 * Thread   the core's.
 * Memory   a ring of stamps that exists only while there is something to remember; NULL is an empty
 *          one.
 * Bound    rate_memory.stamps_max stamps, the largest limit of any dialect. */
#ifndef PARLOIR_CORE_RATE_H
#define PARLOIR_CORE_RATE_H

#include "core/detail.h"

struct rate;
struct rate_limit;    // core/core.h

/* What has to be remembered so that every one of the limits can be told. Zeroed: nothing. */
struct rate_memory {
    uint32_t stamps_max;
    uint64_t window_ms_max;
};
struct rate_memory rate_memory_for(const struct rate_limit *limits, size_t count);

/* Why not, for the sentence that says so. */
struct rate_why {
    uint32_t limit;
    enum unit unit;    // per second, minute, hour
};

/* Milliseconds until one more would be within the limit; 0: it is now, else `why` names the window
 * that lasts longest. Changes the ring only if the clock was set back: what lies in the future
 * happened now. */
uint64_t rate_wait_ms(struct rate *r, const struct rate_limit *limit, uint64_t now_ms,
                      struct rate_why *why);

/* Remembers that one was created. *r may be NULL before. */
void rate_add(struct rate **r, struct rate_memory memory, uint64_t now_ms);

/* Frees the ring, and sets *r to NULL, if nothing in it can matter any more. */
void rate_tidy(struct rate **r, struct rate_memory memory, uint64_t now_ms);

/* Frees the ring whatever is in it. */
void rate_free(struct rate **r);

#endif
