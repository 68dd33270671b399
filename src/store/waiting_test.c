/* What every driver promises to who asks for what is new: each change of others once, in order,
 * until it is confirmed. */
#include <stdio.h>

#include "base/rng.h"
#include "store/rig.h"
#include "store/sqlite_reader.h"
#include "test/unit.h"

#define BOBS 2     // ann's dm with bob
#define CLEOS 3    // ann's dm with cleo
#define TOWN 4     // a public channel
#define ATTIC 5    // a private one

static struct answer *waiting(struct rig *rig, uint64_t of, bool is_on, uint64_t limit) {
    return rig_ask(
        rig, &(struct ask){ .kind = ASK_CHANGES, .user = { of }, .is_on = is_on, .limit = limit });
}

/* What waits for somebody in his dms, as `missed` has it. */
static struct str news(struct rig *rig, uint64_t of) {
    return missed(rig, waiting(rig, of, false, 0));
}

static void confirm(struct rig *rig, uint64_t of, uint64_t position) {
    struct event *ev = fact(rig, EV_changes_confirmed);
    ev->user.v = of;
    ev->position = position;
    OKAY(rig_commit(rig));
}

static void join(struct rig *rig, uint64_t room, uint64_t who) {
    struct event *ev = fact(rig, EV_member_added);
    ev->room.v = room;
    ev->user.v = who;
}

static void open_dms(struct rig *rig) {
    dm(rig, BOBS, ANN, BOB);
    dm(rig, CLEOS, CLEO, ANN);
    OKAY(rig_commit(rig));
}

/* ---- which, and in which order */

CONTRACT(what_others_said_comes_oldest_first_out_of_all_dms) {
    open_dms(rig);
    dm(rig, 6, BOB, CLEO);
    say(rig, BOBS, BOB, "1");
    say(rig, CLEOS, CLEO, "2");
    say(rig, CLEOS, ANN, "her own");
    say(rig, BOBS, BOB, "4");
    say(rig, 6, BOB, "not to her");
    say(rig, GENERAL, BOB, "to everyone");
    say(rig, CLEOS, CLEO, "7");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    struct answer *a = waiting(rig, ANN, false, 0);
    STR_EQ(missed(rig, a), "1+ 2+ 4+ 7+");
    EQ(a->total, 4);
    EQ(a->position, 7);
    EQ(a->epoch, rig->store->ops->epoch(rig->store));
    OKAY(!a->has_more);
    STR_EQ(news(rig, BOB), "");
    STR_EQ(news(rig, CLEO), "3+ 5+");
    STR_EQ(news(rig, 77), "");
}

CONTRACT(a_change_comes_with_all_that_is_known_of_it) {
    open_dms(rig);
    say(rig, BOBS, BOB, "helo");
    image(rig, CLEOS, CLEO, "https://example.org/a.png");
    OKAY(rig_commit(rig));
    edit(rig, 1, BOB, "hello");
    OKAY(rig_commit(rig));
    uint64_t edited_ms = rig->committed->at_ms;
    const struct answer *a = waiting(rig, ANN, false, 0);
    STR_EQ(missed(rig, a), "1+ 2+ 3~1");
    const struct change *c = &a->changes[0];
    EQ(c->by.v, BOB);
    STR_EQ(c->by_name, "bob");
    EQ(c->message.room.v, BOBS);
    EQ(c->message.room_kind, ROOM_DM);
    EQ(c->message.seq, 1);
    EQ(c->message.user.v, BOB);
    STR_EQ(c->message.username, "bob");
    EQ(c->message.other.v, ANN);
    STR_EQ(c->message.content, "hello");    // as it is now
    EQ(c->message.at_ms, edited_ms - 1000);
    EQ(c->message.edited_ms, edited_ms);
    EQ(c->message.deleted_ms, 0);
    STR_EQ(a->changes[1].message.media_url, "https://example.org/a.png");
    EQ(a->changes[2].by.v, BOB);
    STR_EQ(a->changes[2].by_name, "bob");
    STR_EQ(a->changes[2].message.content, "hello");
}

CONTRACT(edits_and_deletions_by_others_come_and_ones_own_do_not) {
    open_dms(rig);
    say(rig, BOBS, BOB, "1");
    say(rig, BOBS, ANN, "2");
    say(rig, BOBS, BOB, "3");
    OKAY(rig_commit(rig));
    confirm(rig, ANN, 3);
    confirm(rig, BOB, 3);
    edit(rig, 1, BOB, "4");
    edit(rig, 2, ANN, "5");
    erase(rig, 3, BOB);
    erase(rig, 2, ANN);
    edit(rig, 1, BOB, "8");
    OKAY(rig_commit(rig));
    STR_EQ(news(rig, ANN), "4~1 6-3 8~1");
    EQ(rig->answer->changes[1].message.seq, 2 + 1);
    OKAY(rig->answer->changes[1].message.deleted_ms != 0);
    STR_EQ(rig->answer->changes[1].message.content, "");
    STR_EQ(rig->answer->changes[2].message.content, "8");
    STR_EQ(news(rig, BOB), "7-2");
    EQ(rig->answer->total, 1);    // the edit of what is gone does not count
}

CONTRACT(what_was_deleted_before_it_came_is_only_a_deletion) {
    open_dms(rig);
    say(rig, BOBS, BOB, "1");
    say(rig, BOBS, BOB, "2");
    edit(rig, 1, BOB, "3");
    erase(rig, 1, BOB);
    OKAY(rig_commit(rig));
    STR_EQ(news(rig, ANN), "2+ 4-1");
    EQ(rig->answer->total, 2);
}

CONTRACT(reactions_are_no_changes_of_their_own) {
    open_dms(rig);
    say(rig, BOBS, ANN, "1");
    react(rig, BOBS, BOB, 1, "+");
    react(rig, BOBS, BOB, 1, "+");
    say(rig, BOBS, BOB, "4");
    react(rig, BOBS, BOB, 1, "-");
    OKAY(rig_commit(rig));
    STR_EQ(news(rig, ANN), "4+");
    EQ(rig->answer->total, 1);
    EQ(rig->answer->position, 5);
}

CONTRACT(to_oneself_there_is_nothing_new) {
    dm(rig, BOBS, ANN, ANN);
    say(rig, BOBS, ANN, "a note");
    say(rig, BOBS, ANN, "another");
    edit(rig, 1, ANN, "a better one");
    erase(rig, 2, ANN);
    OKAY(rig_commit(rig));
    STR_EQ(news(rig, ANN), "");
    EQ(rig->answer->total, 0);
    EQ(rig->answer->position, 4);
    OKAY(!rig->answer->has_more);
}

/* ---- rooms */

CONTRACT(rooms_come_when_asked_for_if_he_may_read_them_and_is_in_them) {
    open_dms(rig);
    channel(rig, TOWN, "town");
    channel(rig, ATTIC, "attic")->is_private = true;
    join(rig, TOWN, ANN);
    join(rig, ATTIC, BOB);
    say(rig, TOWN, BOB, "1");
    say(rig, ATTIC, BOB, "2");
    say(rig, BOBS, BOB, "3");
    say(rig, GENERAL, BOB, "4");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(news(rig, ANN), "3+");
    STR_EQ(missed(rig, waiting(rig, ANN, true, 0)), "1+ 3+");
    EQ(rig->answer->changes[0].message.other.v, 0);
    EQ(rig->answer->changes[0].message.room_kind, ROOM_CHANNEL);
    STR_EQ(rig->answer->changes[0].message.room_name, "town");
    STR_EQ(rig->answer->changes[1].message.room_name, "");
    read_to(rig, GENERAL, ANN, 4);
    read_to(rig, ATTIC, ANN, 2);    // she was in there once
    OKAY(rig_commit(rig));
    STR_EQ(missed(rig, waiting(rig, ANN, true, 0)), "1+ 3+ 4+");
    STR_EQ(missed(rig, waiting(rig, BOB, true, 0)), "");
    join(rig, ATTIC, ANN);
    OKAY(rig_commit(rig));
    STR_EQ(missed(rig, waiting(rig, ANN, true, 0)), "1+ 2+ 3+ 4+");
    EQ(rig->answer->total, 4);
    fact(rig, EV_room_removed)->room.v = TOWN;
    OKAY(rig_commit(rig));
    STR_EQ(missed(rig, waiting(rig, ANN, true, 0)), "2+ 3+ 4+");
    rig_tend(rig, NULL);
    STR_EQ(missed(rig, waiting(rig, ANN, true, 0)), "2+ 3+ 4+");
}

CONTRACT(a_moderators_deletion_comes_to_the_author_too) {
    channel(rig, TOWN, "town");
    join(rig, TOWN, ANN);
    join(rig, TOWN, BOB);
    say(rig, TOWN, ANN, "rude");
    OKAY(rig_commit(rig));
    erase(rig, 1, CLEO)->is_moderator = true;
    OKAY(rig_commit(rig));
    STR_EQ(missed(rig, waiting(rig, ANN, true, 0)), "2-1");
    EQ(rig->answer->changes[0].by.v, CLEO);
    STR_EQ(rig->answer->changes[0].by_name, "cleo");
    EQ(rig->answer->changes[0].message.user.v, ANN);
    STR_EQ(rig->answer->changes[0].message.username, "ann");
    STR_EQ(missed(rig, waiting(rig, BOB, true, 0)), "2-1");
    STR_EQ(news(rig, ANN), "");
}

CONTRACT(it_is_told_whether_the_one_it_went_to_has_read_it) {
    open_dms(rig);
    channel(rig, TOWN, "town");
    say(rig, BOBS, BOB, "1");
    say(rig, BOBS, BOB, "2");
    say(rig, TOWN, BOB, "3");
    say(rig, TOWN, BOB, "4");
    read_to(rig, BOBS, ANN, 1);
    read_to(rig, BOBS, BOB, 2);
    read_to(rig, TOWN, ANN, 3);
    OKAY(rig_commit(rig));
    const struct answer *a = waiting(rig, ANN, true, 0);
    EQ(a->change_count, 4);
    OKAY(a->changes[0].message.is_read && !a->changes[1].message.is_read);
    OKAY(a->changes[2].message.is_read && !a->changes[3].message.is_read);
}

/* ---- confirming */

CONTRACT(what_is_not_confirmed_comes_again_and_what_is_never_does) {
    open_dms(rig);
    for (int i = 0; i < 4; i++) {
        say(rig, i % 2 == 0 ? BOBS : CLEOS, i % 2 == 0 ? BOB : CLEO, "x");
    }
    OKAY(rig_commit(rig));
    STR_EQ(news(rig, ANN), "1+ 2+ 3+ 4+");
    STR_EQ(news(rig, ANN), "1+ 2+ 3+ 4+");
    rig_reopen(rig);
    STR_EQ(news(rig, ANN), "1+ 2+ 3+ 4+");
    EQ(rig->answer->confirmed, 0);
    confirm(rig, ANN, 2);
    STR_EQ(news(rig, ANN), "3+ 4+");
    EQ(rig->answer->total, 2);
    EQ(rig->answer->confirmed, 2);
    rig_reopen(rig);
    STR_EQ(news(rig, ANN), "3+ 4+");
    confirm(rig, ANN, 4);
    rig_reopen(rig);
    STR_EQ(news(rig, ANN), "");
    EQ(rig->answer->position, 4);
    say(rig, CLEOS, CLEO, "y");
    OKAY(rig_commit(rig));
    STR_EQ(news(rig, ANN), "5+");
}

CONTRACT(an_older_position_confirmed_later_changes_nothing) {
    open_dms(rig);
    for (int i = 0; i < 3; i++) {
        say(rig, BOBS, BOB, "x");
    }
    OKAY(rig_commit(rig));
    confirm(rig, ANN, 2);
    confirm(rig, ANN, 1);
    STR_EQ(news(rig, ANN), "3+");
    confirm(rig, ANN, 2);
    rig_reopen(rig);
    STR_EQ(news(rig, ANN), "3+");
}

CONTRACT(what_was_not_given_yet_cannot_be_confirmed) {
    open_dms(rig);
    say(rig, BOBS, BOB, "1");
    OKAY(rig_commit(rig));
    confirm(rig, ANN, ID_MAX);
    STR_EQ(news(rig, ANN), "");
    EQ(rig->answer->confirmed, 1);
    say(rig, BOBS, BOB, "2");
    OKAY(rig_commit(rig));
    STR_EQ(news(rig, ANN), "2+");
}

CONTRACT(everybody_has_a_cursor_of_his_own) {
    dm(rig, BOBS, ANN, BOB);
    channel(rig, TOWN, "town");
    join(rig, TOWN, ANN);
    join(rig, TOWN, BOB);
    say(rig, TOWN, CLEO, "1");
    say(rig, TOWN, CLEO, "2");
    say(rig, BOBS, ANN, "3");
    OKAY(rig_commit(rig));
    confirm(rig, ANN, 1);
    confirm(rig, BOB, 2);
    STR_EQ(missed(rig, waiting(rig, ANN, true, 0)), "2+");
    STR_EQ(missed(rig, waiting(rig, BOB, true, 0)), "3+");
}

CONTRACT(what_the_asker_has_had_without_confirming_it_is_left_out) {
    open_dms(rig);
    for (int i = 0; i < 3; i++) {
        say(rig, BOBS, BOB, "x");
    }
    OKAY(rig_commit(rig));
    struct ask ask = { .kind = ASK_CHANGES, .user = { ANN }, .after = 2 };
    STR_EQ(missed(rig, rig_ask(rig, &ask)), "3+");
    EQ(rig->answer->total, 1);
    ask.after = 3;
    STR_EQ(missed(rig, rig_ask(rig, &ask)), "");
    EQ(rig->answer->position, 3);
    confirm(rig, ANN, 1);
    ask.after = 0;
    STR_EQ(missed(rig, rig_ask(rig, &ask)), "2+ 3+");
}

/* ---- pages */

CONTRACT(a_page_has_at_most_so_many_changes_and_the_next_goes_on) {
    open_dms(rig);
    for (int i = 0; i < 2 * CHANGES_PAGE_MAX + 1; i++) {
        say(rig, i % 3 == 0 ? BOBS : CLEOS, i % 3 == 0 ? BOB : CLEO, "x");
    }
    OKAY(rig_commit(rig));
    static const size_t pages[] = { CHANGES_PAGE_MAX, CHANGES_PAGE_MAX, 1, 0 };
    uint64_t left = 2 * CHANGES_PAGE_MAX + 1, position = 0;
    for (size_t i = 0; i < COUNT(pages); i++) {
        const struct answer *a = waiting(rig, ANN, false, 1000000);
        EQ(a->change_count, pages[i]);
        EQ(a->total, left);
        EQ(a->has_more, i < 2);
        for (size_t n = 0; n < a->change_count; n++) {
            EQ(a->changes[n].position, ++position);
        }
        EQ(a->position, position);
        left -= pages[i];
        confirm(rig, ANN, a->position);
    }
    confirm(rig, BOB, 0);
    const struct answer *a = waiting(rig, CLEO, false, 1);
    EQ(a->change_count, 0);
}

CONTRACT(a_page_of_one_tells_how_many_wait) {
    open_dms(rig);
    say(rig, BOBS, BOB, "1");
    say(rig, CLEOS, CLEO, "2");
    say(rig, BOBS, BOB, "3");
    OKAY(rig_commit(rig));
    const struct answer *a = waiting(rig, ANN, false, 1);
    STR_EQ(missed(rig, a), "1+");
    EQ(a->total, 3);
    EQ(a->position, 1);
    OKAY(a->has_more);
}

CONTRACT(so_many_wait_and_no_more_are_counted) {
    open_dms(rig);
    for (int i = 0; i < CHANGES_WAITING_MAX - 1; i++) {
        say(rig, i % 2 == 0 ? BOBS : CLEOS, i % 2 == 0 ? BOB : CLEO, "x");
        say(rig, BOBS, ANN, "her own");
    }
    OKAY(rig_commit(rig));
    EQ(waiting(rig, ANN, false, 0)->total, CHANGES_WAITING_MAX - 1);
    say(rig, CLEOS, CLEO, "one more");
    OKAY(rig_commit(rig));
    EQ(waiting(rig, ANN, false, 0)->total, CHANGES_WAITING_MAX);
    say(rig, BOBS, BOB, "and another");
    OKAY(rig_commit(rig));
    EQ(waiting(rig, ANN, false, 0)->total, CHANGES_WAITING_MAX);
    confirm(rig, ANN, 1);
    EQ(waiting(rig, ANN, false, 0)->total, CHANGES_WAITING_MAX);
    confirm(rig, ANN, 3);
    EQ(waiting(rig, ANN, false, 0)->total, CHANGES_WAITING_MAX - 1);
}

CONTRACT(a_page_ends_where_its_texts_grow_too_long) {
    open_dms(rig);
    static char half[CHANGES_BYTES_MAX / 2 + 1], whole[CHANGES_BYTES_MAX + 2];
    memset(half, 'h', sizeof half - 1);
    memset(whole, 'w', sizeof whole - 1);
    say(rig, BOBS, BOB, half);
    say(rig, CLEOS, CLEO, half);
    say(rig, BOBS, BOB, "3");
    say(rig, BOBS, BOB, whole);
    say(rig, BOBS, BOB, "5");
    OKAY(rig_commit(rig));
    static const char *const pages[] = { "1+ 2+", "3+", "4+", "5+" };
    for (size_t i = 0; i < COUNT(pages); i++) {
        const struct answer *a = waiting(rig, ANN, false, 0);
        STR_EQ(missed(rig, a), pages[i]);
        EQ(a->has_more, i + 1 < COUNT(pages));
        EQ(a->position, a->changes[a->change_count - 1].position);
        confirm(rig, ANN, a->position);
    }
}

/* ---- what it costs */

#define FEW_STEPS 10    // for what is at the end of an index or not

/* Enough of somebody's own words to be felt if they were looked at. */
static void go_on_about(struct rig *rig, uint64_t room, uint64_t who, int times) {
    for (int i = 0; i < times; i++) {
        say(rig, room, who, "her own");
    }
    OKAY(rig_commit(rig));
}

/* More of one's own than is looked at in one go lies between. */
static void come_from_behind(struct rig *rig, uint64_t room) {
    say(rig, room, BOB, "first");
    go_on_about(rig, room, ANN, 9000);
    struct event *late = say(rig, room, BOB, "late");
    say(rig, CLEOS, CLEO, "last");
    OKAY(rig_commit(rig));
    uint64_t want[] = { 1, late->message.v, late->message.v + 1 };
    size_t came = 0;
    for (size_t i = 0; i < COUNT(want); i++) {
        const struct answer *a = waiting(rig, ANN, true, 0);
        OKAY(came == COUNT(want) || a->change_count > 0);
        for (size_t n = 0; n < a->change_count; n++) {
            OKAY(came < COUNT(want));
            EQ(a->changes[n].position, want[came++]);
        }
        confirm(rig, ANN, a->position);
    }
    EQ(came, COUNT(want));
    STR_EQ(missed(rig, waiting(rig, ANN, true, 0)), "");
}

CONTRACT(what_lies_behind_very_much_of_ones_own_comes_too) {
    open_dms(rig);
    come_from_behind(rig, BOBS);
}

CONTRACT(what_lies_behind_very_much_of_ones_own_in_a_room_comes_too) {
    open_dms(rig);
    channel(rig, TOWN, "town");
    join(rig, TOWN, ANN);
    come_from_behind(rig, TOWN);
}

/* Steps of SQLite's machine that the reader took since it was asked last: what an answer costs,
 * whatever else the machine does. */
static int64_t steps(struct rig *rig) {
    struct sqlite_reader *r = CONTAINER_OF(rig->reader, struct sqlite_reader, base);
    int64_t sum = 0;
    for (size_t i = 0; i < COUNT(r->stmts); i++) {
        sum += sqlite3_stmt_status(r->stmts[i], SQLITE_STMTSTATUS_VM_STEP, 1);
    }
    return sum;
}

/* What asking for ann's dms costs. */
static int64_t cost(struct rig *rig, size_t want) {
    steps(rig);
    EQ(waiting(rig, ANN, false, 0)->change_count, want);
    return steps(rig);
}

static struct rig *small_town(void) {
    struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    user(rig, BOB, "bob");
    user(rig, CLEO, "cleo");
    open_dms(rig);
    return rig;
}

TEST(a_hundred_thousand_of_ones_own_in_dms_cost_nothing) {
    SCOPED(rig_free) struct rig *rig = small_town();
    say(rig, BOBS, BOB, "first");
    say(rig, BOBS, BOB, "last");
    OKAY(rig_commit(rig));
    int64_t usual = cost(rig, 2);
    OKAY(usual > 0);
    for (int i = 0; i < 10; i++) {
        go_on_about(rig, BOBS, ANN, 10000);
    }
    OKAY(cost(rig, 2) <= usual + FEW_STEPS && !rig->answer->is_far);
    confirm(rig, ANN, 2);
    OKAY(cost(rig, 0) < usual);
    say(rig, BOBS, BOB, "late");
    OKAY(rig_commit(rig));
    OKAY(cost(rig, 1) < usual);
}

TEST(however_many_wait_an_answer_costs_the_same) {
    SCOPED(rig_free) struct rig *rig = small_town();
    go_on_about(rig, BOBS, BOB, 2000);
    int64_t usual = cost(rig, CHANGES_PAGE_MAX);
    for (int i = 0; i < 5; i++) {
        go_on_about(rig, CLEOS, CLEO, 10000);
    }
    OKAY(cost(rig, CHANGES_PAGE_MAX) <= usual + FEW_STEPS);
}

TEST(however_many_people_one_writes_with_an_answer_costs_the_same) {
    SCOPED(rig_free) struct rig *rig = small_town();
    say(rig, BOBS, BOB, "news");
    OKAY(rig_commit(rig));
    int64_t usual = cost(rig, 1);
    for (uint64_t i = 0; i < 1000; i++) {
        char name[32];
        snprintf(name, sizeof name, "guest%llu", (unsigned long long)i);
        user(rig, 100 + i, name)->username = batch_str(rig->batch, str_of(name));
        dm(rig, 100 + i, ANN, 100 + i);
        say(rig, 100 + i, ANN, "welcome");
    }
    OKAY(rig_commit(rig));
    OKAY(cost(rig, 1) <= usual + FEW_STEPS);
}

/* In a room one's own words are passed over; where they were many, the answer says so, and once its
 * position is confirmed they cost nothing any more. */
TEST(an_empty_answer_from_far_is_worth_confirming) {
    SCOPED(rig_free) struct rig *rig = small_town();
    channel(rig, TOWN, "town");
    join(rig, TOWN, ANN);
    go_on_about(rig, TOWN, ANN, 100);
    steps(rig);
    STR_EQ(missed(rig, waiting(rig, ANN, true, 0)), "");
    int64_t usual = steps(rig);
    OKAY(!rig->answer->is_far);
    go_on_about(rig, TOWN, ANN, 9000);
    STR_EQ(missed(rig, waiting(rig, ANN, true, 0)), "");
    OKAY(steps(rig) > 10 * usual);
    OKAY(rig->answer->is_far && !rig->answer->has_more);
    EQ(rig->answer->position, 9100);
    confirm(rig, ANN, rig->answer->position);
    STR_EQ(missed(rig, waiting(rig, ANN, true, 0)), "");
    OKAY(steps(rig) < usual && !rig->answer->is_far);
}

/* The plan of a query of the reader's, a line for each step. */
static struct str plan_of(struct rig *rig, enum query query) {
    SCOPED(sql_finalize) sqlite3_stmt *stmt = NULL;
    SCOPED(buf_fini) struct buf sql = BUF_INIT(4096);
    SCOPED(buf_fini) struct buf plan = BUF_INIT(4096);
    bool is_row = true;
    buf_printf(&sql, "EXPLAIN QUERY PLAN %s", sqlite_queries[query]);
    buf_put_char(&sql, '\0');
    EQ(sql_prepare(rig_db(rig), sql.p, &stmt), OK);
    while (sql_next(stmt, &is_row) == OK && is_row) {
        buf_put_str(&plan, sql_text(stmt, 3));
        buf_put_char(&plan, '\n');
    }
    return arena_str(&rig->arena, buf_str(&plan));
}

TEST(what_waits_is_found_by_indexes) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    static const struct {
        enum query query;
        const char *plan;
    } rows[] = {
        { QUERY_WAITING_NEW,
          "SEARCH messages USING COVERING INDEX messages_to (to_user=? AND rowid>?)\n" },
        { QUERY_WAITING_CHANGED_A, "SEARCH c USING INDEX changes_to_a (to_a=? AND rowid>?)\n"
                                   "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)\n" },
        { QUERY_WAITING_CHANGED_B, "SEARCH c USING INDEX changes_to_b (to_b=? AND rowid>?)\n"
                                   "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)\n" },
        { QUERY_DM_OF, "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)\n"
                       "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)\n" },
        { QUERY_ROOM_NEW, "SEARCH messages USING INDEX sqlite_autoindex_messages_1"
                          " (room_id=? AND seq>?)\n" },
        { QUERY_ROOM_CHANGED, "SEARCH c USING INDEX changes_room (room_id=? AND rowid>?)\n"
                              "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)\n" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        STR_EQ(plan_of(rig, rows[i].query), rows[i].plan);
    }
}

/* ---- what goes */

CONTRACT(what_retention_took_is_no_news) {
    open_dms(rig);
    for (int i = 0; i < 5; i++) {
        say(rig, BOBS, BOB, "x");
    }
    edit(rig, 2, BOB, "y");
    edit(rig, 5, BOB, "z");
    erase(rig, 1, BOB);
    OKAY(rig_commit(rig));
    STR_EQ(news(rig, ANN), "2+ 3+ 4+ 5+ 6~2 7~5 8-1");
    EQ(rig_tend(rig, &(struct keep){ .messages = 2 }), 3);
    STR_EQ(news(rig, ANN), "4+ 5+ 7~5");
    EQ(rig->answer->position, 8);
    confirm(rig, ANN, 4);
    EQ(rig_tend(rig, &(struct keep){ .messages = 1 }), 1);
    STR_EQ(news(rig, ANN), "5+ 7~5");
}

CONTRACT(who_said_it_may_be_erased_since) {
    open_dms(rig);
    say(rig, BOBS, BOB, "1");
    say(rig, BOBS, ANN, "2");
    say(rig, BOBS, BOB, "3");
    erase(rig, 3, BOB);
    OKAY(rig_commit(rig));
    confirm(rig, BOB, 1);
    struct event *ev = fact(rig, EV_user_erased);
    ev->user.v = BOB, ev->username = STR_LIT("erased-2");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(news(rig, ANN), "1+ 4-3");
    STR_EQ(rig->answer->changes[0].by_name, "erased-2");
    STR_EQ(rig->answer->changes[0].message.username, "erased-2");
    STR_EQ(rig->answer->changes[1].by_name, "erased-2");
    if (rig_is_sqlite(rig)) {
        int64_t cursors = 1;
        EQ(sql_number(rig_db(rig), "SELECT count(*) FROM cursors", &cursors), OK);
        EQ(cursors, 0);
    }
}

/* Changes of before it was kept who made them are the author's. */
TEST(a_change_nobody_is_named_for_is_its_authors) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    user(rig, BOB, "bob");
    dm(rig, BOBS, ANN, BOB);
    say(rig, BOBS, BOB, "1");
    edit(rig, 1, BOB, "2");
    OKAY(rig_commit(rig));
    EQ(sql_run(rig_db(rig), "UPDATE changes SET user_id = NULL"), OK);
    STR_EQ(news(rig, ANN), "1+ 2~1");
    EQ(rig->answer->changes[1].by.v, BOB);
    STR_EQ(news(rig, BOB), "");
}

/* ---- both drivers, by chance */

#define CHANCES 400
#define PEOPLE 3

/* What one step of chance does; the same in each rig. */
static void step(struct rig *rig, uint64_t chance) {
    static const uint64_t rooms[] = { BOBS, CLEOS, TOWN };
    static const uint64_t of[][2] = { { ANN, BOB }, { CLEO, ANN }, { BOB, CLEO } };
    uint64_t in = chance % 3, who = of[in][chance / 3 % 2], message = 1 + chance / 6 % CHANCES;
    switch (chance / 6 % 8) {
    case 0: edit(rig, message, who, "e")->is_moderator = true; break;
    case 1: erase(rig, message, who)->is_moderator = in == 2; break;
    case 2: react(rig, rooms[in], who, message, "+"); break;
    case 3: read_to(rig, rooms[in], who, message); break;
    default: say(rig, rooms[in], who, "m");
    }
}

/* All answers until nothing waits, each confirmed if the dice say so. */
static void tell(struct rig *rig, struct rng *dice, struct buf *out) {
    for (uint64_t of = 1; of <= PEOPLE; of++) {
        const struct answer *a = waiting(rig, of, rng_below(dice, 2), 1 + rng_below(dice, 9));
        buf_put_str(out, missed(rig, a));
        buf_put_char(out, '/');
        buf_put_u64(out, a->total);
        buf_put_char(out, '/');
        buf_put_u64(out, a->position);
        for (size_t i = 0; i < a->change_count; i++) {
            buf_put_char(out, a->changes[i].message.is_read ? 'r' : 'u');
        }
        buf_put_char(out, '\n');
        if (rng_below(dice, 3) > 0) {
            confirm(rig, of, a->position);
        }
    }
}

static void play(const char *driver, uint64_t seed, struct buf *out) {
    SCOPED(rig_free) struct rig *rig = rig_new(driver);
    struct rng rng;
    rng_seed(&rng, seed);
    user(rig, ANN, "ann");
    user(rig, BOB, "bob");
    user(rig, CLEO, "cleo");
    open_dms(rig);
    channel(rig, TOWN, "town");
    join(rig, TOWN, ANN);
    OKAY(rig_commit(rig));
    for (int i = 0; i < CHANCES; i++) {
        step(rig, rng_below(&rng, 1u << 30));
        if (rng_below(&rng, 6) == 0) {
            OKAY(rig_commit(rig));
            tell(rig, &rng, out);
        }
        if (rng_below(&rng, 100) == 0) {
            rig_tend(rig, &(struct keep){ .messages = 10 + rng_below(&rng, 100) });
        }
    }
}

TEST(both_drivers_tell_the_same) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
        SCOPED(buf_fini) struct buf memory = BUF_INIT(1u << 20);
        SCOPED(buf_fini) struct buf sqlite = BUF_INIT(1u << 20);
        play("memory", seed, &memory);
        play("sqlite", seed, &sqlite);
        OKAY(buf_ok(&memory) && buf_str(&memory).n > 1000);
        OKAY(str_eq(buf_str(&sqlite), buf_str(&memory)));
    }
}
