/* Sliding windows, exact to the millisecond. */
#include "core/rate.h"

#include "base/rng.h"
#include "core/core.h"
#include "test/unit.h"

#define MINUTE_MS 60000u
#define HOUR_MS 3600000u

/* One user's history under one set of limits. */
struct lane {
    struct rate_limit limit;
    struct rate_memory memory;
    struct rate *rate;
    struct rate_why why;
};

static struct lane lane_of(uint32_t burst, uint32_t minute, uint32_t hour) {
    struct lane l = { .limit = { .burst = burst, .per_minute = minute, .per_hour = hour } };
    l.memory = rate_memory_for(&l.limit, 1);
    return l;
}

static void lane_fini(struct lane *l) {
    rate_free(&l->rate);
}

/* Creates one if it may; returns how long it must wait else. */
static uint64_t create(struct lane *l, uint64_t now_ms) {
    uint64_t wait_ms = rate_wait_ms(l->rate, &l->limit, now_ms, &l->why);
    if (wait_ms == 0) {
        rate_add(&l->rate, l->memory, now_ms);
    }
    return wait_ms;
}

TEST(a_minute_is_sixty_thousand_milliseconds_and_not_one_less) {
    SCOPED(lane_fini) struct lane l = lane_of(0, 2, 0);
    EQ(create(&l, 1000), 0);
    EQ(create(&l, 1500), 0);
    EQ(create(&l, 1500), 59500);
    EQ(l.why.limit, 2);
    EQ(l.why.unit, UNIT_per_minute);
    EQ(create(&l, 60999), 1);
    EQ(create(&l, 61000), 0);
    EQ(create(&l, 61000), 500);
    EQ(create(&l, 61499), 1);
    EQ(create(&l, 61500), 0);
}

TEST(a_burst_is_counted_in_any_one_second) {
    SCOPED(lane_fini) struct lane l = lane_of(3, 0, 0);
    EQ(create(&l, 5900), 0);
    EQ(create(&l, 6000), 0);
    EQ(create(&l, 6100), 0);
    EQ(create(&l, 6899), 1);    // a window that no clock's second begins
    EQ(l.why.unit, UNIT_per_second);
    EQ(create(&l, 6900), 0);
    EQ(create(&l, 6900), 100);
}

TEST(an_hour_remembers_what_a_minute_has_forgotten) {
    SCOPED(lane_fini) struct lane l = lane_of(0, 10, 100);
    uint64_t now = 1;
    for (unsigned i = 0; i < 100; i++) {
        EQ(create(&l, now), 0);
        now += MINUTE_MS / 10;
    }
    EQ(create(&l, now), 1 + HOUR_MS - now);
    EQ(l.why.limit, 100);
    EQ(l.why.unit, UNIT_per_hour);
    EQ(create(&l, HOUR_MS), 1);
    EQ(create(&l, HOUR_MS + 1), 0);
}

TEST(the_longest_wait_is_the_one_that_is_told) {
    SCOPED(lane_fini) struct lane l = lane_of(1, 2, 0);
    EQ(create(&l, 0), 0);
    EQ(create(&l, 59000), 0);
    EQ(create(&l, 59500), 500);    // both windows are full and free at the same moment
    EQ(create(&l, 60000), 0);
    EQ(create(&l, 60000), 59000);    // the burst would be over in 1000
    EQ(l.why.unit, UNIT_per_minute);
}

TEST(no_limit_is_no_limit_and_costs_nothing) {
    SCOPED(lane_fini) struct lane l = lane_of(0, 0, 0);
    for (unsigned i = 0; i < 1000; i++) {
        EQ(create(&l, 0), 0);
    }
    OKAY(l.rate == NULL);
}

TEST(limits_taken_away_free_the_history) {
    SCOPED(lane_fini) struct lane l = lane_of(0, 5, 0);
    EQ(create(&l, 0), 0);
    OKAY(l.rate != NULL);
    l.limit = (struct rate_limit){ 0 };
    l.memory = rate_memory_for(&l.limit, 1);
    EQ(create(&l, 0), 0);
    OKAY(l.rate == NULL);
}

TEST(a_limit_of_one_works) {
    SCOPED(lane_fini) struct lane l = lane_of(0, 1, 0);
    EQ(create(&l, 10), 0);
    EQ(create(&l, 10), MINUTE_MS);
    EQ(create(&l, MINUTE_MS + 10), 0);
}

TEST(the_history_goes_when_nothing_in_it_counts_any_more) {
    SCOPED(lane_fini) struct lane l = lane_of(0, 5, 0);
    rate_tidy(&l.rate, l.memory, 0);
    EQ(create(&l, 1000), 0);
    rate_tidy(&l.rate, l.memory, 1000 + MINUTE_MS - 1);
    OKAY(l.rate != NULL);
    rate_tidy(&l.rate, l.memory, 1000 + MINUTE_MS);
    OKAY(l.rate == NULL);
}

TEST(what_must_be_remembered_is_the_largest_of_all_limits) {
    const struct rate_limit limits[] = { { .per_minute = 60, .burst = 20 },
                                         { .per_minute = 10, .per_hour = 100 },
                                         { .burst = 7 } };
    struct rate_memory m = rate_memory_for(limits, COUNT(limits));
    EQ(m.stamps_max, 100);
    EQ(m.window_ms_max, HOUR_MS);
    EQ(rate_memory_for(limits, 1).window_ms_max, MINUTE_MS);
    EQ(rate_memory_for(&limits[2], 1).window_ms_max, 1000);
    EQ(rate_memory_for(limits, 0).stamps_max, 0);
}

TEST(one_history_is_measured_by_each_dialects_limits) {
    const struct rate_limit limits[] = { { .per_minute = 3 }, { .per_minute = 5 } };
    struct lane l = { .memory = rate_memory_for(limits, 2) };
    for (unsigned i = 0; i < 5; i++) {
        l.limit = limits[1];
        EQ(create(&l, 100), 0);
    }
    EQ(create(&l, 101), MINUTE_MS - 1);
    l.limit = limits[0];
    EQ(create(&l, 101), MINUTE_MS - 1);
    lane_fini(&l);
}

TEST(more_than_can_count_pushes_the_oldest_out) {
    const struct rate_limit limits[] = { { .per_minute = 3 }, { 0 } };
    struct lane l = { .memory = rate_memory_for(limits, 2) };
    for (unsigned i = 0; i < 100; i++) {
        EQ(create(&l, i), 0);    // a dialect without a limit
    }
    l.limit = limits[0];
    EQ(create(&l, 100), 97 + MINUTE_MS - 100);
    lane_fini(&l);
}

TEST(a_clock_set_back_makes_nobody_wait_longer_than_the_window) {
    SCOPED(lane_fini) struct lane l = lane_of(0, 2, 0);
    EQ(create(&l, 10 * HOUR_MS), 0);
    EQ(create(&l, 10 * HOUR_MS), 0);
    EQ(create(&l, HOUR_MS), MINUTE_MS);
    EQ(create(&l, HOUR_MS + MINUTE_MS - 1), 1);
    EQ(create(&l, HOUR_MS + MINUTE_MS), 0);
}

/* The definition, by counting. */
static bool may_by_count(const uint64_t *at, size_t n, uint32_t limit, uint64_t window,
                         uint64_t now) {
    size_t in = 0;
    for (size_t i = 0; i < n; i++) {
        in += at[i] + window > now;
    }
    return limit == 0 || in < limit;
}

TEST(random_histories_agree_with_counting) {
    static uint64_t at[20000];
    struct rng rng;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        rng_seed(&rng, seed);
        struct lane l = lane_of((uint32_t)rng_below(&rng, 5), (uint32_t)rng_below(&rng, 30),
                                (uint32_t)rng_below(&rng, 300));
        size_t n = 0;
        uint64_t now = rng_below(&rng, HOUR_MS);
        for (unsigned step = 0; step < 2000; step++) {
            now += rng_below(&rng, rng_below(&rng, 4) == 0 ? 40000 : 600);
            bool may = may_by_count(at, n, l.limit.burst, 1000, now) &&
                       may_by_count(at, n, l.limit.per_minute, MINUTE_MS, now) &&
                       may_by_count(at, n, l.limit.per_hour, HOUR_MS, now);
            uint64_t wait_ms = create(&l, now);
            EQ(wait_ms == 0, may);
            if (may) {
                at[n++] = now;
            } else {
                EQ(rate_wait_ms(l.rate, &l.limit, now + wait_ms - 1, &l.why), 1);
                EQ(rate_wait_ms(l.rate, &l.limit, now + wait_ms, &l.why), 0);
            }
            if (rng_below(&rng, 50) == 0) {
                rate_tidy(&l.rate, l.memory, now);
            }
        }
        lane_fini(&l);
    }
}
