/* The memory of repeated lines, at times that the tests choose. */
#include "base/repeats.h"

#include <stdio.h>

#include "test/unit.h"

#define A STR_LIT("lvl=info ev=a")
#define B STR_LIT("lvl=info ev=b")

/* The table is large, so it is not on the stack; each test begins with an empty one. */
static struct repeats *begin(void) {
    static struct repeats table;
    memset(&table, 0, sizeof table);
    return &table;
}

TEST(a_line_is_new_once_a_second) {
    struct repeats *r = begin();
    struct repeat sum;
    OKAY(repeats_note(r, A, 5000, &sum));
    EQ(sum.bytes, 0);
    OKAY(!repeats_note(r, A, 5000, &sum));
    OKAY(!repeats_note(r, A, 5999, &sum));
    OKAY(repeats_note(r, B, 5999, &sum));
    EQ(sum.bytes, 0);
}

TEST(the_sum_comes_before_the_line_that_follows_it) {
    struct repeats *r = begin();
    struct repeat sum;
    repeats_note(r, A, 0, &sum);
    repeats_note(r, A, 1, &sum);
    repeats_note(r, A, 2, &sum);
    OKAY(repeats_note(r, A, 1000, &sum));
    EQ(sum.count, 2);
    OKAY(str_eq((struct str){ sum.text, sum.bytes }, A));
    OKAY(!repeats_note(r, A, 1999, &sum));
    OKAY(repeats_note(r, A, 2000, &sum));
    EQ(sum.count, 1);
}

TEST(sums_are_taken_when_their_second_is_over) {
    struct repeats *r = begin();
    struct repeat sum;
    repeats_note(r, A, 100, &sum);
    repeats_note(r, A, 200, &sum);
    repeats_note(r, B, 300, &sum);
    OKAY(!repeats_take(r, 1099, &sum));
    OKAY(repeats_take(r, 1100, &sum));
    EQ(sum.count, 1);
    OKAY(!repeats_take(r, 1100, &sum));
    OKAY(repeats_take(r, 1300, &sum));
    EQ(sum.bytes, 0);    // B came once: nothing to say
    OKAY(!repeats_take(r, 1300, &sum));
    OKAY(repeats_note(r, A, 1301, &sum));
    EQ(sum.bytes, 0);
}

TEST(at_the_end_everything_is_over) {
    struct repeats *r = begin();
    struct repeat sum;
    repeats_note(r, A, 100, &sum);
    repeats_note(r, A, 100, &sum);
    OKAY(repeats_take(r, UINT64_MAX, &sum));
    EQ(sum.count, 1);
    OKAY(!repeats_take(r, UINT64_MAX, &sum));
}

TEST(too_many_lines_push_out_the_oldest_and_say_its_sum) {
    struct repeats *r = begin();
    struct repeat sum;
    repeats_note(r, A, 0, &sum);
    repeats_note(r, A, 0, &sum);
    char text[REPEATS_MAX + 1][20];
    for (unsigned i = 0; i <= REPEATS_MAX; i++) {
        int n = snprintf(text[i], sizeof text[i], "ev=line%u", i);
        struct str line = { text[i], (size_t)n };
        OKAY(repeats_note(r, line, 10 + i, &sum));
        if (i + 1 < REPEATS_MAX) {
            EQ(sum.bytes, 0);
        }
    }
    OKAY(!repeats_note(r, A, 500, &sum));    // counted lines stay before those that came once
    OKAY(repeats_note(r, str_of(text[0]), 500, &sum));
    EQ(sum.bytes, 0);
}

TEST(when_all_have_counts_the_oldest_goes) {
    struct repeats *r = begin();
    struct repeat sum;
    for (unsigned i = 0; i < REPEATS_MAX; i++) {
        char text[20];
        int n = snprintf(text, sizeof text, "ev=line%u", i);
        repeats_note(r, (struct str){ text, (size_t)n }, 10 + i, &sum);
        repeats_note(r, (struct str){ text, (size_t)n }, 10 + i, &sum);
    }
    OKAY(repeats_note(r, A, 100, &sum));
    EQ(sum.count, 1);
    STR_EQ(((struct str){ sum.text, sum.bytes }), "ev=line0");
}

TEST(a_clock_that_goes_back_breaks_nothing) {
    struct repeats *r = begin();
    struct repeat sum;
    OKAY(repeats_note(r, A, 5000, &sum));
    OKAY(!repeats_note(r, A, 100, &sum));
    OKAY(!repeats_take(r, 100, &sum));
}
