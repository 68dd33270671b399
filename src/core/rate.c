/* Exact sliding windows over one ring of stamps.
 *
 *     oldest                    newest
 *     [ t0  t1  t2  t3  t4  t5  t6 ]        limit 3: the third newest, t4, decides
 *
 * The limit L is reached exactly when the L-th newest stamp still lies in the window, and it is
 * free again the moment that one leaves it: one look a window, and the wait comes for nothing. So
 * no more than the largest limit need be kept, and a user who never speaks costs a NULL pointer.
 * The ring doubles up to that bound, and before it grows drops what is too old for any window. */
#include "core/rate.h"

#include "core/core.h"

#define STAMPS_FIRST 8u
#define SECOND_MS 1000u
#define MINUTE_MS (60u * SECOND_MS)
#define HOUR_MS (60u * MINUTE_MS)

struct rate {
    uint32_t cap;
    uint32_t first;    // index of the oldest
    uint32_t count;
    uint64_t at_ms[];
};

struct rate_memory rate_memory_for(const struct rate_limit *limits, size_t count) {
    struct rate_memory m = { 0 };
    for (size_t i = 0; i < count; i++) {
        uint32_t most = MAX(limits[i].burst, MAX(limits[i].per_minute, limits[i].per_hour));
        uint64_t longest = limits[i].per_hour > 0     ? HOUR_MS
                           : limits[i].per_minute > 0 ? MINUTE_MS
                           : limits[i].burst > 0      ? SECOND_MS
                                                      : 0;
        m.stamps_max = MAX(m.stamps_max, most);
        m.window_ms_max = MAX(m.window_ms_max, longest);
    }
    return m;
}

/* The n-th newest, 1 the newest. */
static uint64_t *nth_newest(struct rate *r, uint32_t n) {
    CHECK(n >= 1 && n <= r->count);
    return &r->at_ms[((uint64_t)r->first + r->count - n) % r->cap];
}

static void forget_future(struct rate *r, uint64_t now_ms) {
    for (uint32_t n = 1; n <= r->count && *nth_newest(r, n) > now_ms; n++) {
        *nth_newest(r, n) = now_ms;
    }
}

static uint64_t wait_for(struct rate *r, uint32_t limit, uint64_t window_ms, uint64_t now_ms) {
    if (limit == 0 || r->count < limit) {
        return 0;
    }
    uint64_t free_ms = *nth_newest(r, limit) + window_ms;
    return free_ms > now_ms ? free_ms - now_ms : 0;
}

uint64_t rate_wait_ms(struct rate *r, const struct rate_limit *limit, uint64_t now_ms,
                      struct rate_why *why) {
    if (r == NULL) {
        return 0;
    }
    forget_future(r, now_ms);
    const struct {
        uint32_t limit;
        uint64_t window_ms;
        enum unit unit;
    } windows[] = {
        { limit->burst, SECOND_MS, UNIT_per_second },
        { limit->per_minute, MINUTE_MS, UNIT_per_minute },
        { limit->per_hour, HOUR_MS, UNIT_per_hour },
    };
    uint64_t longest_ms = 0;
    for (size_t i = 0; i < COUNT(windows); i++) {
        uint64_t wait_ms = wait_for(r, windows[i].limit, windows[i].window_ms, now_ms);
        if (wait_ms > longest_ms) {
            longest_ms = wait_ms;
            *why = (struct rate_why){ windows[i].limit, windows[i].unit };
        }
    }
    return longest_ms;
}

static void drop_oldest(struct rate *r) {
    r->first = (r->first + 1) % r->cap;
    r->count--;
}

static void forget_old(struct rate *r, struct rate_memory memory, uint64_t now_ms) {
    while (r->count > 0 && r->at_ms[r->first] + memory.window_ms_max <= now_ms) {
        drop_oldest(r);
    }
}

/* Replaces the ring by one for `cap` stamps, at least as many as there are. */
static void resize(struct rate **r, uint32_t cap) {
    struct rate *old = *r;
    struct rate *bigger = xalloc(sizeof *bigger + cap * sizeof bigger->at_ms[0]);
    *bigger = (struct rate){ .cap = cap };
    for (; old != NULL && bigger->count < old->count; bigger->count++) {
        bigger->at_ms[bigger->count] = *nth_newest(old, old->count - bigger->count);
    }
    xfree(old);
    *r = bigger;
}

void rate_add(struct rate **r, struct rate_memory memory, uint64_t now_ms) {
    if (memory.stamps_max == 0) {
        rate_free(r);
        return;
    }
    if (*r == NULL) {
        resize(r, MIN(STAMPS_FIRST, memory.stamps_max));
    }
    if ((*r)->count == (*r)->cap) {
        forget_old(*r, memory, now_ms);
    }
    if ((*r)->count == (*r)->cap && (*r)->cap < memory.stamps_max) {
        resize(r, (*r)->cap > memory.stamps_max / 2 ? memory.stamps_max : (*r)->cap * 2);
    }
    if ((*r)->count == (*r)->cap) {
        drop_oldest(*r);
    }
    (*r)->count++;
    *nth_newest(*r, 1) = now_ms;
}

void rate_tidy(struct rate **r, struct rate_memory memory, uint64_t now_ms) {
    if (*r == NULL) {
        return;
    }
    forget_old(*r, memory, now_ms);
    if ((*r)->count == 0) {
        rate_free(r);
    }
}

void rate_free(struct rate **r) {
    xfree(*r);
    *r = NULL;
}
