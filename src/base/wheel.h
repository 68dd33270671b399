/* A timer wheel: very many timers, most of which are moved or cancelled before they fire.
 *
 * Time is milliseconds of whatever clock the owner advances it with. Setting, moving and
 * cancelling are O(1); a timer fires at the first wheel_advance at or after its due time, never
 * before, in order of due time up to the wheel's grain (WHEEL_GRAIN_MS); one that is set past its
 * time counts as due when it was set.
 *
 * Thread   its owner's.   Memory   timers live in their owners; a zeroed timer is not set. */
#ifndef PARLOIR_BASE_WHEEL_H
#define PARLOIR_BASE_WHEEL_H

#include "base/base.h"
#include "base/list.h"

#define WHEEL_GRAIN_MS 8
#define WHEEL_SLOTS 256    // a level
#define WHEEL_LEVELS 4     // 8 ms * 256^4: over a year

struct timer {
    struct node on_slot;
    uint64_t due_ms;
};

struct wheel {
    struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
    uint64_t filled[WHEEL_LEVELS][WHEEL_SLOTS / 64];    // a bit a slot; 0: surely empty
    uint64_t now_tick;                                  // everything due before it has fired
    size_t count;                                       // timers set
};

/* Starts the wheel at `now_ms`. */
void wheel_init(struct wheel *w, uint64_t now_ms);

/* Sets or moves a timer. Due in the past or beyond the range fires as soon, or as late, as can be
 * (the due time is kept, a timer beyond the range is looked at again until it is really due). */
void wheel_set(struct wheel *w, struct timer *t, uint64_t due_ms);

/* Unsets; harmless when not set. */
void wheel_cancel(struct wheel *w, struct timer *t);

static inline bool timer_is_set(const struct timer *t) {
    return node_is_on_list(&t->on_slot);
}

/* Fires everything due at now_ms: each timer is unset, then given to on_due, which may set or
 * cancel any timer. What it sets fires in a later wheel_advance, even if due already. Returns the
 * number fired. */
size_t wheel_advance(struct wheel *w, uint64_t now_ms, void (*on_due)(struct timer *t, void *ctx),
                     void *ctx);

/* Milliseconds until the next wheel_advance is worth making, UINT64_MAX if nothing is set. A lower
 * bound: advancing then may fire nothing. */
uint64_t wheel_wait_ms(const struct wheel *w, uint64_t now_ms);

#endif
