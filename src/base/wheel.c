/* A timer wheel in four levels, read like the hands of a clock.
 *
 * Time is cut into ticks of WHEEL_GRAIN_MS, and the number of a tick into four bytes, one a level.
 * A timer is on the lowest level on which its tick's byte is the only one that still differs from
 * now's (all higher bytes are equal):
 *
 *     level 0   this hand's turn: 256 slots of one tick         due within 2 s
 *     level 1   256 slots of 256 ticks                          within 9 minutes
 *     level 2   256 slots of 256^2 ticks                        within 37 hours
 *     level 3   256 slots of 256^3 ticks, going round           within a year; later ones wait in
 *                                                               the farthest slot
 *
 * When time enters a slot of a level above 0, its timers are dealt out to the levels below
 * (cascade). A timer moves down at most three times; most are moved or cancelled before they ever
 * do.
 *
 * Promises:
 *   1. Below level 3 no slot at or behind now's hand holds a timer, but for now's own of level 0.
 *   2. So the first filled slot, lowest level first, is the next thing to happen.
 *   3. Timers past their due time are in now's slot of level 0. */
#include "base/wheel.h"

#define SLOT_BITS 8
#define TOP (WHEEL_LEVELS - 1)
#define NEVER UINT64_MAX

_Static_assert(WHEEL_SLOTS == 1 << SLOT_BITS, "a level is a byte of the tick");

void wheel_init(struct wheel *w, uint64_t now_ms) {
    *w = (struct wheel){ .now_tick = now_ms / WHEEL_GRAIN_MS };
    for (size_t level = 0; level < WHEEL_LEVELS; level++) {
        for (size_t slot = 0; slot < WHEEL_SLOTS; slot++) {
            list_init(&w->slots[level][slot]);
        }
    }
}

/* The slot of `level` that `tick` falls into, counted on for ever; its low byte is the index. */
static uint64_t slot_number(uint64_t tick, unsigned level) {
    return tick >> (SLOT_BITS * level);
}

/* Puts a timer that is on no list where its due time belongs. */
static void place(struct wheel *w, struct timer *t) {
    uint64_t tick = MAX(t->due_ms / WHEEL_GRAIN_MS, w->now_tick);
    unsigned level = 0;
    while (level < TOP && slot_number(tick, level + 1) != slot_number(w->now_tick, level + 1)) {
        level++;
    }
    uint64_t number = slot_number(tick, level);
    if (level == TOP) {
        number = MIN(number, slot_number(w->now_tick, TOP) + WHEEL_SLOTS - 1);
    }
    size_t slot = number % WHEEL_SLOTS;
    w->filled[level][slot / 64] |= (uint64_t)1 << slot % 64;
    list_push(&w->slots[level][slot], &t->on_slot);
}

void wheel_set(struct wheel *w, struct timer *t, uint64_t due_ms) {
    w->count += !timer_is_set(t);
    list_drop(&t->on_slot);
    t->due_ms = due_ms;
    place(w, t);
}

void wheel_cancel(struct wheel *w, struct timer *t) {
    w->count -= timer_is_set(t);
    list_drop(&t->on_slot);
}

/* The first slot of a level at or after `from` that holds a timer, or WHEEL_SLOTS. */
static size_t first_filled(const struct wheel *w, unsigned level, size_t from) {
    for (size_t slot = from; slot < WHEEL_SLOTS; slot++) {
        uint64_t bits = w->filled[level][slot / 64] >> slot % 64;
        if (bits == 0) {
            slot |= 63;    // nothing in the rest of this word
            continue;
        }
        slot += (size_t)__builtin_ctzll(bits);
        if (!list_is_empty(&w->slots[level][slot])) {
            return slot;
        }
    }
    return WHEEL_SLOTS;
}

/* The tick at which time enters the first filled slot not yet entered, NEVER if there is none.
 * `from` is where to begin on level 0: now's own slot or the one after it. */
static uint64_t next_stop(const struct wheel *w, size_t from) {
    size_t slot = first_filled(w, 0, from);
    if (slot < WHEEL_SLOTS) {
        return w->now_tick - w->now_tick % WHEEL_SLOTS + slot;
    }
    for (unsigned level = 1; level < WHEEL_LEVELS; level++) {
        uint64_t now = slot_number(w->now_tick, level);
        uint64_t turn = now - now % WHEEL_SLOTS;
        slot = first_filled(w, level, now % WHEEL_SLOTS + 1);
        if (slot == WHEEL_SLOTS && level == TOP) {
            slot = first_filled(w, level, 0);
            turn += WHEEL_SLOTS;
        }
        if (slot < WHEEL_SLOTS) {
            return (turn + slot) << (SLOT_BITS * level);
        }
    }
    return NEVER;
}

/* Takes every timer out of a slot, onto an empty list. */
static void empty_slot(struct wheel *w, unsigned level, size_t slot, struct list *out) {
    w->filled[level][slot / 64] &= ~((uint64_t)1 << slot % 64);
    struct node *n;
    while ((n = list_pop(&w->slots[level][slot])) != NULL) {
        list_push(out, n);
    }
}

/* Moves time to `tick` and deals out the slots that begin there. */
static void enter_tick(struct wheel *w, uint64_t tick) {
    w->now_tick = tick;
    for (unsigned level = TOP; level > 0; level--) {
        if (tick % ((uint64_t)1 << (SLOT_BITS * level)) != 0) {
            continue;
        }
        struct list dealt;
        list_init(&dealt);
        empty_slot(w, level, slot_number(tick, level) % WHEEL_SLOTS, &dealt);
        struct node *n;
        while ((n = list_pop(&dealt)) != NULL) {
            place(w, CONTAINER_OF(n, struct timer, on_slot));
        }
    }
}

/* Moves what is due at now_ms from now's slot to `due`. */
static void collect(struct wheel *w, uint64_t now_ms, struct list *due) {
    LIST_EACH(t, &w->slots[0][w->now_tick % WHEEL_SLOTS], struct timer, on_slot) {
        if (t->due_ms <= now_ms) {
            list_move(due, &t->on_slot);
        }
    }
}

size_t wheel_advance(struct wheel *w, uint64_t now_ms, void (*on_due)(struct timer *t, void *ctx),
                     void *ctx) {
    uint64_t target = now_ms / WHEEL_GRAIN_MS;
    struct list due;
    list_init(&due);

    collect(w, now_ms, &due);
    while (w->now_tick < target) {
        uint64_t stop = next_stop(w, w->now_tick % WHEEL_SLOTS + 1);
        if (stop > target) {
            w->now_tick = target;    // nothing begins on the way
            break;
        }
        enter_tick(w, stop);
        collect(w, now_ms, &due);
    }

    size_t fired = 0;
    struct node *n;
    while ((n = list_pop(&due)) != NULL) {
        w->count--;
        fired++;
        on_due(CONTAINER_OF(n, struct timer, on_slot), ctx);
    }
    return fired;
}

uint64_t wheel_wait_ms(const struct wheel *w, uint64_t now_ms) {
    if (w->count == 0) {
        return UINT64_MAX;
    }
    uint64_t stop = next_stop(w, w->now_tick % WHEEL_SLOTS);
    if (stop == NEVER) {
        return 0;    // asked from on_due: what is set is about to be fired
    }
    uint64_t first_ms = stop * WHEEL_GRAIN_MS;
    if (slot_number(stop, 1) == slot_number(w->now_tick, 1)) {    // level 0: say it exactly
        first_ms = UINT64_MAX;
        LIST_EACH(t, &w->slots[0][stop % WHEEL_SLOTS], struct timer, on_slot) {
            first_ms = MIN(first_ms, t->due_ms);
        }
    }
    return first_ms > now_ms ? first_ms - now_ms : 0;
}
