/* The wheel against an array of due times: millions of seeded operations, and every boundary. */
#include "base/wheel.h"

#include "base/rng.h"
#include "test/unit.h"

#define TIMERS 400
#define SECOND 1000u
#define HOUR (3600 * (uint64_t)SECOND)
#define DAY (24 * HOUR)

/* What the wheel must do, done the slow way: an array of due times. */
struct rig {
    struct wheel wheel;
    struct timer timers[TIMERS];
    bool is_set[TIMERS];
    uint64_t due_ms[TIMERS];
    uint64_t set_ms[TIMERS];
    uint64_t now_ms;
    uint64_t last_tick;    // due tick of the timer fired before this one
    size_t fired;
    size_t calls_left;    // how many callbacks may still set and cancel
    struct rng rng;
};

/* A due time as servers have them: soon, in a while, or hardly ever; sometimes past. */
static uint64_t some_due(struct rig *rig) {
    static const uint64_t spans[] = { 20, 3000, 30 * SECOND, HOUR, 3 * DAY, 60 * DAY, 900 * DAY };
    uint64_t span = spans[rng_below(&rig->rng, COUNT(spans))];
    uint64_t due = rig->now_ms + rng_below(&rig->rng, span);
    uint64_t back = rng_below(&rig->rng, 20) == 0 ? rng_below(&rig->rng, 100) : 0;
    return due > back ? due - back : 0;
}

static void set_one(struct rig *rig, size_t i, uint64_t due_ms) {
    wheel_set(&rig->wheel, &rig->timers[i], due_ms);
    rig->is_set[i] = true;
    rig->due_ms[i] = due_ms;
    rig->set_ms[i] = rig->now_ms;
}

static void cancel_one(struct rig *rig, size_t i) {
    EQ(timer_is_set(&rig->timers[i]), rig->is_set[i]);
    wheel_cancel(&rig->wheel, &rig->timers[i]);
    OKAY(!timer_is_set(&rig->timers[i]));
    rig->is_set[i] = false;
}

static void on_due(struct timer *t, void *ctx) {
    struct rig *rig = ctx;
    size_t i = (size_t)(t - rig->timers);
    OKAY(rig->is_set[i]);
    OKAY(!timer_is_set(t));
    OKAY(rig->due_ms[i] <= rig->now_ms);
    uint64_t tick = MAX(rig->due_ms[i], rig->set_ms[i]) / WHEEL_GRAIN_MS;
    OKAY(tick >= rig->last_tick);
    rig->last_tick = tick;
    rig->is_set[i] = false;
    rig->fired++;

    uint64_t whim = rng_below(&rig->rng, 4);
    if (rig->calls_left == 0 || whim > 1) {
        return;
    }
    rig->calls_left--;
    if (whim == 0) {
        /* Set, itself or another, but not one that is to be fired in this very advance. */
        size_t k = rng_below(&rig->rng, 2) == 0 ? i : rng_below(&rig->rng, TIMERS);
        set_one(rig, k, rig->now_ms + 1 + rng_below(&rig->rng, 5000));
    } else {
        cancel_one(rig, rng_below(&rig->rng, TIMERS));
    }
}

/* Advances, and checks that everything due has fired, and that the wait was a lower bound. */
static void advance(struct rig *rig, uint64_t now_ms) {
    uint64_t wait = wheel_wait_ms(&rig->wheel, rig->now_ms);
    uint64_t first = UINT64_MAX;
    size_t set = 0;
    for (size_t i = 0; i < TIMERS; i++) {
        if (rig->is_set[i]) {
            first = MIN(first, rig->due_ms[i]);
            set++;
        }
    }
    EQ(rig->wheel.count, set);
    if (set == 0) {
        OKAY(wait == UINT64_MAX);
    } else {
        OKAY(first <= rig->now_ms ? wait == 0 : wait <= first - rig->now_ms);
    }

    rig->now_ms = now_ms;
    rig->last_tick = 0;
    rig->fired = 0;
    rig->calls_left = 20;
    size_t fired = wheel_advance(&rig->wheel, now_ms, on_due, rig);
    EQ(fired, rig->fired);
    for (size_t i = 0; i < TIMERS; i++) {
        EQ(timer_is_set(&rig->timers[i]), rig->is_set[i]);
        OKAY(!rig->is_set[i] || rig->due_ms[i] > now_ms);
    }
}

/* A step in time: mostly small, sometimes past a boundary of some level, rarely enormous. */
static uint64_t some_step(struct rig *rig) {
    static const uint64_t spans[] = { 2, 10, 10, 100, 100, 3000, 40 * SECOND, 2 * HOUR, 5 * DAY };
    size_t which = rng_below(&rig->rng, 200) == 0 ? COUNT(spans) - 1 : rng_below(&rig->rng, 8);
    uint64_t step = rng_below(&rig->rng, spans[which] + 1);
    return rng_below(&rig->rng, 2000) == 0 ? step + rng_below(&rig->rng, 1000) * DAY : step;
}

static void run(uint64_t seed, uint64_t start_ms, size_t rounds) {
    static struct rig rig;
    rig = (struct rig){ .now_ms = start_ms };
    rng_seed(&rig.rng, seed);
    wheel_init(&rig.wheel, start_ms);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t k = rng_below(&rig.rng, 60); k > 0; k--) {
            size_t i = rng_below(&rig.rng, TIMERS);
            if (rng_below(&rig.rng, 4) == 0) {
                cancel_one(&rig, i);
            } else {
                set_one(&rig, i, some_due(&rig));
            }
        }
        uint64_t wait = wheel_wait_ms(&rig.wheel, rig.now_ms);
        bool is_obedient = rng_below(&rig.rng, 2) == 0 && wait != UINT64_MAX;
        advance(&rig, rig.now_ms + (is_obedient ? wait : some_step(&rig)));
    }
    for (size_t i = 0; i < TIMERS; i++) {
        cancel_one(&rig, i);
    }
    EQ(rig.wheel.count, 0);
}

TEST(a_wheel_fires_what_a_plain_list_would_fire) {
    run(1, 0, 30000);
    run(2, 1768000000000, 30000);    // a wall clock
}

TEST(a_wheel_crosses_the_end_of_every_level) {
    uint64_t turn = (uint64_t)WHEEL_GRAIN_MS << 32;    // level 3 goes round
    for (uint64_t seed = 10; seed < 20; seed++) {
        run(seed, seed * turn - 5000, 2000);
        run(seed, ((uint64_t)WHEEL_GRAIN_MS << 24) * seed - 50, 500);
        run(seed, ((uint64_t)WHEEL_GRAIN_MS << 16) * seed - 50, 500);
        run(seed, ((uint64_t)WHEEL_GRAIN_MS << 8) * seed - 1, 500);
    }
}

static void count_one(struct timer *t, void *ctx) {
    (void)t;
    ++*(size_t *)ctx;
}

TEST(a_timer_fires_to_the_millisecond) {
    static struct wheel w;
    struct timer t = { 0 };
    size_t fired = 0;
    wheel_init(&w, 1000);
    for (uint64_t due = 1001; due < 1100; due++) {
        wheel_init(&w, 1000);
        wheel_set(&w, &t, due);
        EQ(wheel_wait_ms(&w, 1000), due - 1000);
        EQ(wheel_advance(&w, due - 1, count_one, &fired), 0);
        EQ(wheel_advance(&w, due, count_one, &fired), 1);
        EQ(wheel_advance(&w, due + 100000, count_one, &fired), 0);
    }
    EQ(fired, 99);
}

TEST(a_timer_past_its_time_fires_at_once) {
    static struct wheel w;
    struct timer t = { 0 };
    size_t fired = 0;
    wheel_init(&w, 100000);
    wheel_set(&w, &t, 5);
    EQ(wheel_wait_ms(&w, 100000), 0);
    EQ(wheel_advance(&w, 100000, count_one, &fired), 1);
    OKAY(!timer_is_set(&t));
}

TEST(a_timer_beyond_the_range_waits_until_it_is_due) {
    static struct wheel w;
    struct timer far = { 0 };
    struct timer never = { 0 };
    size_t fired = 0;
    uint64_t due = 1000 * 365 * DAY;
    wheel_init(&w, 0);
    wheel_set(&w, &far, due);
    wheel_set(&w, &never, UINT64_MAX);
    uint64_t now = 0;
    for (size_t wakes = 0; fired == 0; wakes++) {
        OKAY(wakes < 2000);
        now += wheel_wait_ms(&w, now);
        OKAY(now <= due);
        wheel_advance(&w, now, count_one, &fired);
    }
    EQ(now, due);
    OKAY(timer_is_set(&never));
    wheel_cancel(&w, &never);
    EQ(w.count, 0);
    OKAY(wheel_wait_ms(&w, now) == UINT64_MAX);
}

TEST(a_clock_that_goes_back_fires_nothing_early) {
    static struct wheel w;
    struct timer t = { 0 };
    size_t fired = 0;
    wheel_init(&w, 1000000);
    wheel_set(&w, &t, 1000050);
    EQ(wheel_advance(&w, 900000, count_one, &fired), 0);
    EQ(wheel_advance(&w, 1000049, count_one, &fired), 0);
    EQ(wheel_advance(&w, 1000050, count_one, &fired), 1);
}

struct chain {
    struct wheel *wheel;
    struct timer timer;
    uint64_t wait_in_callback;
    size_t fired;
};

static void set_again(struct timer *t, void *ctx) {
    struct chain *chain = ctx;
    chain->fired++;
    wheel_set(chain->wheel, t, 0);
    chain->wait_in_callback = wheel_wait_ms(chain->wheel, 77);
}

TEST(what_a_callback_sets_waits_for_the_next_advance) {
    static struct wheel w;
    struct chain chain = { .wheel = &w };
    wheel_init(&w, 0);
    wheel_set(&w, &chain.timer, 3);
    EQ(wheel_advance(&w, 100, set_again, &chain), 1);
    EQ(chain.wait_in_callback, 0);
    EQ(wheel_advance(&w, 100, set_again, &chain), 1);
    EQ(wheel_advance(&w, 100000, set_again, &chain), 1);
    EQ(chain.fired, 3);
    wheel_cancel(&w, &chain.timer);
}

struct pair {
    struct wheel *wheel;
    struct timer first;
    struct timer second;
};

static void cancel_the_other(struct timer *t, void *ctx) {
    struct pair *pair = ctx;
    wheel_cancel(pair->wheel, t == &pair->first ? &pair->second : &pair->first);
}

TEST(a_callback_may_cancel_what_is_due_with_it) {
    static struct wheel w;
    struct pair pair = { .wheel = &w };
    wheel_init(&w, 0);
    wheel_set(&w, &pair.first, 50);
    wheel_set(&w, &pair.second, 50);
    EQ(w.count, 2);
    EQ(wheel_advance(&w, 60, cancel_the_other, &pair), 1);
    OKAY(!timer_is_set(&pair.second));
    EQ(w.count, 0);
}
