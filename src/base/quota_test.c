/* The quotas of the log: with the time as an argument. */
#include "base/quota.h"

#include <stdio.h>

#include "test/unit.h"

/* Tries to write n lines of an event; returns how many were allowed. What is due adds to *told. */
static unsigned try(struct quota *q, const char *event, unsigned n, uint64_t now_ms,
                    uint64_t *told) {
    unsigned allowed = 0;
    for (unsigned i = 0; i < n; i++) {
        struct quota_row sum;
        struct quota_row *row = quota_of(q, event, now_ms, &sum);
        *told += sum.surplus;
        CHECK(row != NULL);
        if (quota_allows(row, LOG_LEVEL_WARN)) {
            row->lines++;
            allowed++;
        }
    }
    return allowed;
}

TEST(an_event_has_so_many_lines_in_its_second_and_others_have_theirs) {
    struct quota q = { 0 };
    uint64_t told = 0;
    EQ(try(&q, "a.done", LOG_EVENT_LINES_MAX - 1, 5000, &told), LOG_EVENT_LINES_MAX - 1);
    EQ(try(&q, "a.done", 10, 5999, &told), 1);
    EQ(try(&q, "b.done", LOG_EVENT_LINES_MAX + 1, 5999, &told), LOG_EVENT_LINES_MAX);
    EQ(told, 0);
}

TEST(what_was_held_back_is_told_with_the_first_line_of_the_next_second) {
    struct quota q = { 0 };
    uint64_t told = 0;
    try(&q, "a.done", LOG_EVENT_LINES_MAX + 7, 5000, &told);
    EQ(try(&q, "a.done", 1, 5000 + QUOTA_MS, &told), 1);
    EQ(told, 7);
    EQ(try(&q, "a.done", LOG_EVENT_LINES_MAX, 5000 + QUOTA_MS, &told), LOG_EVENT_LINES_MAX - 1);
    EQ(told, 7);
}

TEST(what_was_held_back_can_be_asked_for) {
    struct quota q = { 0 };
    struct quota_row sum = { 0 };
    uint64_t told = 0;
    try(&q, "a.done", LOG_EVENT_LINES_MAX + 7, 5000, &told);
    OKAY(!quota_take(&q, 5000 + QUOTA_MS - 1, &sum));
    OKAY(quota_take(&q, 5000 + QUOTA_MS, &sum));
    EQ(sum.surplus, 7);
    EQ(sum.level, LOG_LEVEL_WARN);
    EQ(strcmp(sum.event, "a.done"), 0);
    OKAY(!quota_take(&q, UINT64_MAX, &sum));

    try(&q, "b.done", LOG_EVENT_LINES_MAX + 1, 9000, &told);
    OKAY(quota_take(&q, UINT64_MAX, &sum));
    EQ(sum.surplus, 1);
    EQ(told, 0);
}

TEST(an_event_without_a_row_passes_and_gets_one_when_a_second_is_over) {
    struct quota q = { 0 };
    struct quota_row sum;
    uint64_t told = 0;
    char names[QUOTA_EVENTS_MAX][8];
    for (unsigned i = 0; i < QUOTA_EVENTS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "e%u", i);
        try(&q, names[i], i == 0 ? LOG_EVENT_LINES_MAX + 3 : 1, 5000 + i, &told);
    }
    OKAY(quota_of(&q, "one.more", 5500, &sum) == NULL);
    EQ(sum.surplus, 0);
    EQ(try(&q, "one.more", 1, 5001 + QUOTA_MS, &told), 1);    // the first has still to be told
    EQ(told, 0);
    try(&q, names[0], 1, 5001 + QUOTA_MS, &told);
    EQ(told, 3);
}
