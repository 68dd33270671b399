/* Both maps, against plain arrays and a seeded stream of puts and drops. */
#include "base/map.h"

#include <stdio.h>

#include "base/rng.h"
#include "test/unit.h"

#define KEYS 3000

/* Checks the rule of such tables: from a value's home to its slot, no slot is empty. */
static void check_reachable(const struct map *m, const uint64_t *keys, void *const *values) {
    size_t live = 0;
    for (size_t i = 0; i < KEYS; i++) {
        CHECK(map_get(m, keys[i]) == values[i]);
        live += values[i] != NULL;
    }
    EQ(m->count, live);
    OKAY(m->cap == 0 || m->count <= m->cap / 4 * 3);
}

TEST(an_empty_map_has_nothing) {
    struct map m = { 0 };
    size_t at = 0;
    OKAY(map_get(&m, 1) == NULL);
    OKAY(map_drop(&m, 1) == NULL);
    OKAY(map_next(&m, &at) == NULL);
    map_fini(&m);
    map_fini(&m);
}

TEST(a_value_replaces_the_one_before_it) {
    SCOPED(map_fini) struct map m = { 0 };
    int a;
    int b;
    OKAY(map_put(&m, 0, &a) == NULL);
    OKAY(map_put(&m, 0, &b) == &a);
    EQ(m.count, 1);
    OKAY(map_get(&m, 0) == &b);
    OKAY(map_drop(&m, 0) == &b);
    OKAY(map_drop(&m, 0) == NULL);
    EQ(m.count, 0);
}

/* Puts, replaces and drops at random, filling up and emptying in turns, against a plain array. */
static void compare_with_array(uint64_t seed, uint64_t stride) {
    static uint64_t keys[KEYS];
    static void *values[KEYS];
    static char targets[KEYS];
    SCOPED(map_fini) struct map m = { 0 };
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t i = 0; i < KEYS; i++) {
        keys[i] = stride == 0 ? rng_u64(&rng) : i * stride;
        values[i] = NULL;
    }
    for (size_t step = 0; step < 200000; step++) {
        size_t i = rng_below(&rng, KEYS);
        bool is_filling = step / 20000 % 2 == 0;
        if (rng_below(&rng, 100) < (is_filling ? 80 : 20)) {
            void *value = &targets[rng_below(&rng, KEYS)];
            OKAY(map_put(&m, keys[i], value) == values[i]);
            values[i] = value;
        } else {
            OKAY(map_drop(&m, keys[i]) == values[i]);
            values[i] = NULL;
        }
        if (step % 5000 == 0) {
            check_reachable(&m, keys, values);
        }
    }
    check_reachable(&m, keys, values);
}

TEST(a_map_behaves_like_an_array_for_sequential_keys) {
    compare_with_array(1, 1);
}

TEST(a_map_behaves_like_an_array_for_keys_far_apart) {
    compare_with_array(2, (uint64_t)1 << 48);
    compare_with_array(3, (uint64_t)1 << 20);
}

TEST(a_map_behaves_like_an_array_for_random_keys) {
    compare_with_array(4, 0);
}

TEST(a_walk_meets_every_value_once) {
    SCOPED(map_fini) struct map m = { 0 };
    static unsigned seen[KEYS];
    for (size_t i = 0; i < KEYS; i++) {
        map_put(&m, i * 7, &seen[i]);
    }
    size_t at = 0;
    for (unsigned *value; (value = map_next(&m, &at)) != NULL;) {
        (*value)++;
    }
    for (size_t i = 0; i < KEYS; i++) {
        EQ(seen[i], 1);
    }
}

/* The longest way from a home slot to its value, over all runs of filled slots. */
static size_t longest_run(const struct map *m) {
    size_t longest = 0;
    size_t run = 0;
    for (size_t i = 0; i < 2 * m->cap; i++) {
        run = m->slots[i & (m->cap - 1)].value == NULL ? 0 : run + 1;
        longest = MAX(longest, run);
    }
    return longest;
}

TEST(no_pattern_of_keys_piles_up) {
    static const uint64_t strides[] = { 1, 8, 1024, 1 << 16, (uint64_t)1 << 32, (uint64_t)1 << 56 };
    for (size_t s = 0; s < COUNT(strides); s++) {
        SCOPED(map_fini) struct map m = { 0 };
        size_t keys = strides[s] > (uint64_t)1 << 40 ? 256 : 100000;
        for (uint64_t i = 0; i < keys; i++) {
            map_put(&m, i * strides[s], &m);
        }
        OKAY(longest_run(&m) < 200);
    }
}

TEST(an_emptied_map_gives_memory_back) {
    SCOPED(map_fini) struct map m = { 0 };
    for (uint64_t i = 0; i < 10000; i++) {
        map_put(&m, i, &m);
    }
    size_t full = m.cap;
    for (uint64_t i = 0; i < 10000; i++) {
        map_drop(&m, i);
    }
    OKAY(m.cap <= 16);
    OKAY(full >= 10000);
}

/* ---- text */

TEST(text_keys_are_compared_as_bytes) {
    SCOPED(text_map_fini) struct text_map m = { 0 };
    int a;
    int b;
    OKAY(text_map_get(&m, STR_LIT("x")) == NULL);
    OKAY(text_map_drop(&m, STR_LIT("x")) == NULL);
    OKAY(text_map_put(&m, STR_LIT("Ann"), &a) == NULL);
    OKAY(text_map_put(&m, STR_LIT("ann"), &b) == NULL);
    OKAY(text_map_get(&m, STR_LIT("Ann")) == &a);
    OKAY(text_map_get(&m, STR_LIT("ann")) == &b);
    OKAY(text_map_get(&m, STR_LIT("an")) == NULL);
    OKAY(text_map_get(&m, STR_NONE) == NULL);
    OKAY(text_map_put(&m, STR_NONE, &a) == NULL);
    OKAY(text_map_get(&m, STR_LIT("")) == &a);
}

TEST(letter_case_may_be_ignored) {
    SCOPED(text_map_fini) struct text_map m = { .folds = true };
    int a;
    int b;
    OKAY(text_map_put(&m, STR_LIT("Ann"), &a) == NULL);
    OKAY(text_map_put(&m, STR_LIT("ANN"), &b) == &a);
    OKAY(text_map_get(&m, STR_LIT("aNn")) == &b);
    OKAY(text_map_get(&m, STR_LIT("bob")) == NULL);
    OKAY(text_map_get(&m, STR_LIT("")) == NULL);
    EQ(m.count, 1);
    text_map_fini(&m);
    OKAY(m.folds);
}

TEST(long_names_differ_by_their_last_letter) {
    SCOPED(text_map_fini) struct text_map m = { .folds = true };
    static const size_t sizes[] = { 255, 256, 257, 511, 512, 513, 1000 };
    static char names[2 * COUNT(sizes)][1000];
    for (size_t i = 0; i < COUNT(names); i++) {
        memset(names[i], 'x', sizeof names[i]);
        names[i][sizes[i / 2] - 1] = i % 2 == 0 ? 'a' : 'b';
        OKAY(text_map_put(&m, (struct str){ names[i], sizes[i / 2] }, names[i]) == NULL);
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        char loud[1000];
        for (size_t k = 0; k < sizes[i / 2]; k++) {
            loud[k] = (char)(names[i][k] & ~0x20);
        }
        OKAY(text_map_get(&m, (struct str){ loud, sizes[i / 2] }) == names[i]);
    }
}

TEST(every_letter_of_a_long_name_counts_in_its_hash) {
    SCOPED(text_map_fini) struct text_map m = { .folds = true };
    static char names[3][1000];
    memset(names, 'x', sizeof names);
    names[1][0] = 'y';
    names[2][300] = 'y';
    for (size_t i = 0; i < COUNT(names); i++) {
        text_map_put(&m, (struct str){ names[i], sizeof names[i] }, names[i]);
    }
    for (size_t i = 0; i < m.cap; i++) {
        for (size_t k = 0; k < i; k++) {
            bool are_both = m.slots[i].value != NULL && m.slots[k].value != NULL;
            OKAY(!are_both || m.slots[i].hash != m.slots[k].hash);
        }
    }
}

TEST(a_text_map_behaves_like_an_array) {
    static char names[KEYS][8];
    static struct str keys[KEYS];
    static bool is_in[KEYS];
    SCOPED(text_map_fini) struct text_map m = { 0 };
    struct rng rng;
    rng_seed(&rng, 5);
    for (size_t i = 0; i < KEYS; i++) {
        int n = snprintf(names[i], sizeof names[i], "u%zu", i);
        keys[i] = (struct str){ names[i], (size_t)n };
    }
    size_t count = 0;
    for (size_t step = 0; step < 200000; step++) {
        size_t i = rng_below(&rng, KEYS);
        void *before = is_in[i] ? names[i] : NULL;
        OKAY(text_map_get(&m, keys[i]) == before);
        if (rng_below(&rng, 100) < (step / 20000 % 2 == 0 ? 80u : 20u)) {
            OKAY(text_map_put(&m, keys[i], names[i]) == before);
            count += !is_in[i];
            is_in[i] = true;
        } else {
            OKAY(text_map_drop(&m, keys[i]) == before);
            count -= is_in[i];
            is_in[i] = false;
        }
        EQ(m.count, count);
    }
    size_t at = 0;
    size_t met = 0;
    for (char *name; (name = text_map_next(&m, &at)) != NULL; met++) {
        OKAY(is_in[(size_t)(name - names[0]) / sizeof names[0]]);
    }
    EQ(met, count);
    for (size_t i = 0; i < KEYS; i++) {
        text_map_drop(&m, keys[i]);
    }
    EQ(m.count, 0);
    OKAY(m.cap <= 16);
}
