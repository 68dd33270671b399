/* What a feed knows without asking: which questions have to go to the store, and which have not. */
#include "server/feed.h"

#include "core/limits.h"
#include "test/unit.h"

#define HERE 100    // how far a worker has been told

/* An answer with changes at the positions first, first + 1 ... */
static struct answer *page_of(uint64_t first, size_t count, uint64_t waiting) {
    struct answer *a = answer_new(&(struct ask){ .kind = ASK_CHANGES });
    a->changes = arena_alloc(&a->arena, count * sizeof *a->changes);
    memset(a->changes, 0, count * sizeof *a->changes);
    a->change_count = count;
    a->total = waiting;
    for (size_t i = 0; i < count; i++) {
        a->changes[i].position = first + i;
    }
    a->position = first + count - 1;
    return a;
}

static void fill(struct feed *f, uint64_t first, size_t count, uint64_t waiting) {
    struct answer *a = page_of(first, count, waiting);
    feed_asked(f, HERE);
    feed_fill(f, &a);
    answer_free(&a);
}

static uint64_t position_of(const struct change *change) {
    return change == NULL ? 0 : change->position;
}

static void post(struct feed *f, uint64_t id) {
    feed_stir(f, &(struct event){ .type = EV_message_posted, .message = { id } });
}

TEST(nothing_is_known_before_the_store_was_asked) {
    struct feed f = { .is_told = true };
    uint64_t remaining;
    OKAY(!feed_is_quiet(&f, HERE));
    EQ(position_of(feed_next(&f, &remaining)), 0);
}

TEST(after_an_empty_answer_it_is_quiet_until_something_comes) {
    struct feed f = { .is_told = true };
    fill(&f, 1, 0, 0);
    OKAY(feed_is_quiet(&f, HERE));
    OKAY(feed_is_quiet(&f, HERE + 50));    // others' business
    post(&f, HERE + 51);
    OKAY(!feed_is_quiet(&f, HERE + 51));
}

TEST(what_comes_while_the_store_is_asked_is_not_forgotten) {
    struct feed f = { .is_told = true };
    struct answer *a = page_of(1, 0, 0);
    feed_asked(&f, HERE);
    post(&f, HERE + 1);
    feed_fill(&f, &a);
    answer_free(&a);
    OKAY(!feed_is_quiet(&f, HERE + 1));
}

TEST(how_far_there_was_nothing_is_confirmed_where_that_was_far) {
    struct feed f = { .is_told = true };
    struct answer *a = page_of(1, 0, 0);
    a->position = 70;
    a->is_far = true;
    feed_asked(&f, HERE);
    feed_fill(&f, &a);
    answer_free(&a);
    EQ(f.handed_out, 70);
    OKAY(feed_is_quiet(&f, HERE));
    fill(&f, 1, 0, 0);
    EQ(f.handed_out, 0);
}

TEST(where_not_all_is_told_any_news_may_be_ours) {
    struct feed f = { .is_told = false };
    fill(&f, 1, 0, 0);
    OKAY(feed_is_quiet(&f, HERE));
    OKAY(!feed_is_quiet(&f, HERE + 1));
}

TEST(a_page_is_handed_out_one_by_one_with_what_waits_behind) {
    struct feed f = { .is_told = true };
    uint64_t remaining;
    fill(&f, 7, 3, 5);
    for (uint64_t i = 0; i < 3; i++) {
        OKAY(!feed_is_quiet(&f, HERE));
        EQ(position_of(feed_next(&f, &remaining)), 7 + i);
        EQ(remaining, 4 - i);
        EQ(f.handed_out, 7 + i);
        feed_confirmed(&f);
        EQ(f.handed_out, 0);
    }
    EQ(position_of(feed_next(&f, &remaining)), 0);
    OKAY(!feed_is_quiet(&f, HERE));    // two more are the store's
}

TEST(what_comes_behind_a_page_counts_as_waiting) {
    struct feed f = { .is_told = true };
    uint64_t remaining;
    fill(&f, 7, 2, 2);
    post(&f, 8);    // of the page itself: told late
    EQ(position_of(feed_next(&f, &remaining)), 7);
    EQ(remaining, 1);
    post(&f, 9);
    EQ(position_of(feed_next(&f, &remaining)), 8);
    EQ(remaining, 1);
    for (int i = 0; i < CHANGES_WAITING_MAX + 5; i++) {
        post(&f, 10 + (uint64_t)i);
    }
    OKAY(f.waiting <= CHANGES_WAITING_MAX);
    feed_fini(&f);
}

TEST(after_a_change_to_what_is_there_the_rest_is_read_anew) {
    struct feed f = { .is_told = true };
    uint64_t remaining;
    fill(&f, 7, 3, 3);
    EQ(position_of(feed_next(&f, &remaining)), 7);
    feed_stir(&f, &(struct event){ .type = EV_message_deleted, .message = { 8 } });
    EQ(position_of(feed_next(&f, &remaining)), 0);
    OKAY(!feed_is_quiet(&f, HERE));
    EQ(f.handed_out, 7);    // still to be confirmed
}

TEST(a_page_that_may_be_old_when_it_arrives_is_good_for_its_first) {
    struct feed f = { .is_told = true };
    uint64_t remaining;
    struct answer *a = page_of(7, 3, 3);
    feed_asked(&f, HERE);
    feed_stir(&f, &(struct event){ .type = EV_message_edited, .message = { 8 } });
    feed_fill(&f, &a);
    OKAY(a == NULL);
    EQ(position_of(feed_next(&f, &remaining)), 7);
    EQ(position_of(feed_next(&f, &remaining)), 0);

    struct feed untold = { .is_told = false };
    fill(&untold, 7, 3, 3);
    EQ(position_of(feed_next(&untold, &remaining)), 7);
    EQ(position_of(feed_next(&untold, &remaining)), 0);
}

TEST(what_is_known_is_forgotten_with_who_was_told) {
    struct feed f = { .is_told = false };
    fill(&f, 1, 0, 0);
    f.handed_out = 5;
    feed_forget(&f);
    f.is_told = true;
    OKAY(!feed_is_quiet(&f, HERE));
    EQ(f.handed_out, 5);
}

TEST(what_was_confirmed_elsewhere_is_passed_over) {
    struct feed f = { .is_told = true };
    uint64_t remaining;
    fill(&f, 7, 3, 3);
    EQ(position_of(feed_next(&f, &remaining)), 7);
    feed_skip(&f, 8);
    EQ(f.handed_out, 0);
    EQ(position_of(feed_next(&f, &remaining)), 9);
    EQ(remaining, 0);
    feed_skip(&f, 8);
    EQ(f.handed_out, 9);
    EQ(position_of(feed_next(&f, &remaining)), 0);
}

TEST(a_thousand_that_wait_are_told_as_that_many_or_more) {
    struct feed f = { .is_told = true };
    uint64_t remaining;
    fill(&f, 1, CHANGES_PAGE_MAX, CHANGES_WAITING_MAX);
    for (uint64_t i = 1; i <= CHANGES_PAGE_MAX; i++) {
        EQ(position_of(feed_next(&f, &remaining)), i);
        EQ(remaining, CHANGES_REMAINING_MAX);
    }
    feed_fini(&f);
}
