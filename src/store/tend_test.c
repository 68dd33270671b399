/* Retention, by the contract and beside it. */
#include <sqlite3.h>
#include <stdio.h>

#include "store/rig.h"
#include "store/sqlite.h"
#include "test/unit.h"

#define THUMB "\xf0\x9f\x91\x8d"
#define HOUR_MS UINT64_C(3600000)

static void say_many(struct rig *rig, uint64_t room, int count, const char *text) {
    for (int i = 0; i < count; i++) {
        say(rig, room, ANN, text);
    }
    OKAY(rig_commit(rig));
}

/* The seqs a history has. */
static struct str seqs(struct rig *rig, uint64_t room) {
    const struct answer *a = history(rig, room, 0, 0);
    struct buf b = BUF_INIT(4096);
    for (size_t i = 0; i < a->message_count; i++) {
        buf_put_u64(&b, a->messages[i].seq);
        buf_put_char(&b, ' ');
    }
    struct str text = arena_str(&rig->arena, b.n == 0 ? STR_LIT("") : buf_str(&b));
    buf_fini(&b);
    return text;
}

/* Finds nothing wrong. */
static void check(struct rig *rig) {
    SCOPED(buf_fini) struct buf report = BUF_INIT(4096);
    enum err err = rig->store->ops->check(rig->store, &report);
    STR_EQ(buf_str(&report), "");
    EQ(err, OK);
}

CONTRACT(without_rules_nothing_goes) {
    say_many(rig, GENERAL, 300, "x");
    rig->now_ms += 100000 * HOUR_MS;
    EQ(rig_tend(rig, NULL), 0);
    EQ(history(rig, GENERAL, 0, 0)->total, 300);
}

CONTRACT(by_count_the_newest_stay) {
    channel(rig, 2, "small");
    say_many(rig, GENERAL, 10, "x");
    say_many(rig, 2, 3, "y");
    const struct keep keep = { .messages = 4 };
    EQ(rig_tend(rig, &keep), 6);
    STR_EQ(seqs(rig, GENERAL), "7 8 9 10 ");
    STR_EQ(seqs(rig, 2), "1 2 3 ");
    const struct answer *a = history(rig, GENERAL, 0, 0);
    EQ(a->total, 4);
    OKAY(!a->has_more);
    EQ(listing(rig, LIST_ROOMS, 0)->rows[0].messages, 4);
    rig_reopen(rig);
    EQ(rig_tend(rig, &keep), 0);
    struct event *ev = say(rig, GENERAL, ANN, "z");
    OKAY(rig_commit(rig));
    EQ(ev->seq, 11);
    EQ(ev->message.v, 14);
    check(rig);
}

CONTRACT(by_age_the_old_go_though_nothing_happens) {
    const struct keep keep = { .age_ms = 2 * HOUR_MS };
    say_many(rig, GENERAL, 3, "x");
    rig->now_ms += HOUR_MS;
    say(rig, GENERAL, ANN, "y")->at_ms = rig->now_ms;
    OKAY(rig_commit(rig));
    EQ(rig_tend(rig, &keep), 0);
    rig->now_ms += HOUR_MS + HOUR_MS / 2;
    EQ(rig_tend(rig, &keep), 3);
    STR_EQ(seqs(rig, GENERAL), "4 ");
    rig->now_ms += HOUR_MS;
    EQ(rig_tend(rig, &keep), 1);
    STR_EQ(seqs(rig, GENERAL), "");
    check(rig);
}

CONTRACT(by_bytes_the_content_counts) {
    say_many(rig, GENERAL, 10, "0123456789");
    const struct keep keep = { .bytes = 35 };
    EQ(rig_tend(rig, &keep), 7);
    STR_EQ(seqs(rig, GENERAL), "8 9 10 ");
    edit(rig, 8, ANN, "0");
    say(rig, GENERAL, ANN, "0123");
    OKAY(rig_commit(rig));
    rig->now_ms += STORE_LOOK_MS;
    EQ(rig_tend(rig, &keep), 0);    // 1 + 10 + 10 + 4
    edit(rig, 10, ANN, "0123456789012345678901234567890");
    OKAY(rig_commit(rig));
    rig->now_ms += STORE_LOOK_MS;
    EQ(rig_tend(rig, &keep), 2);
    STR_EQ(seqs(rig, GENERAL), "10 11 ");
    erase(rig, 10, ANN);
    say(rig, GENERAL, ANN, "01234567890123456789");
    OKAY(rig_commit(rig));
    rig->now_ms += STORE_LOOK_MS;
    EQ(rig_tend(rig, &keep), 0);
    STR_EQ(seqs(rig, GENERAL), "11 12 ");
    say(rig, GENERAL, ANN, "a message that alone is more than there may be");
    OKAY(rig_commit(rig));
    rig->now_ms += STORE_LOOK_MS;
    EQ(rig_tend(rig, &keep), 4);    // a shell of the deleted one among them
    STR_EQ(seqs(rig, GENERAL), "");
    check(rig);
}

CONTRACT(a_room_is_looked_at_when_its_time_has_come) {
    const struct keep keep = { .messages = 2 };
    EQ(rig_tend(rig, &keep), 0);
    say_many(rig, GENERAL, 5, "x");
    EQ(rig_tend(rig, &keep), 0);
    rig->now_ms += STORE_LOOK_MS;
    EQ(rig_tend(rig, &keep), 3);
    say_many(rig, GENERAL, 1, "x");
    EQ(rig_tend(rig, &keep), 0);
    EQ(rig_tend(rig, &(struct keep){ .messages = 1 }), 2);    // other rules: at once
}

static void keep(struct rig *rig, uint64_t room, const struct keep *keep) {
    struct event *ev = fact(rig, EV_room_kept);
    ev->room.v = room;
    if (keep != NULL) {
        ev->is_on = true;
        ev->messages = keep->messages;
        ev->bytes = keep->bytes;
        ev->age_ms = keep->age_ms;
    }
    OKAY(rig_commit(rig));
}

CONTRACT(a_room_goes_by_its_own_rules_if_it_has_any) {
    channel(rig, 2, "own");
    say_many(rig, GENERAL, 5, "x");
    say_many(rig, 2, 5, "y");
    const struct keep all = { .messages = 3 };
    keep(rig, 2, &(struct keep){ 0 });
    EQ(rig_tend(rig, &all), 2);
    STR_EQ(seqs(rig, 2), "1 2 3 4 5 ");
    const struct list_row *row = &listing(rig, LIST_ROOMS, 0)->rows[1];
    OKAY(row->has_keep);
    EQ(row->keep.messages, 0);
    keep(rig, 2, &(struct keep){ 4, 5, 6 * HOUR_MS });
    row = &listing(rig, LIST_ROOMS, 0)->rows[1];
    EQ(row->keep.messages, 4);
    EQ(row->keep.bytes, 5);
    EQ(row->keep.age_ms, 6 * HOUR_MS);
    keep(rig, 2, &(struct keep){ .messages = 4 });
    EQ(rig_tend(rig, NULL), 1);
    rig_reopen(rig);
    EQ(rig_tend(rig, NULL), 0);
    say_many(rig, 2, 1, "y");
    rig->now_ms += STORE_LOOK_MS;
    EQ(rig_tend(rig, NULL), 1);
    STR_EQ(seqs(rig, GENERAL), "3 4 5 ");
    keep(rig, 2, NULL);
    OKAY(!listing(rig, LIST_ROOMS, 0)->rows[1].has_keep);
    EQ(rig_tend(rig, &all), 1);
    STR_EQ(seqs(rig, 2), "4 5 6 ");
    check(rig);
}

CONTRACT(what_is_pruned_is_gone_with_all_that_was_about_it) {
    upload(rig, ANN, "images/a", 1);
    image(rig, GENERAL, ANN, "/uploads/images/a");
    struct event *named = name(rig, GENERAL, ANN, "2");
    react(rig, GENERAL, BOB, 1, THUMB);
    struct event *again = say_once(rig, GENERAL, ANN, "once", "k");
    struct event *gone = say(rig, GENERAL, ANN, "gone");
    OKAY(rig_commit(rig));
    uint64_t named_id = named->message.v;    // the event itself goes with a later commit
    edit(rig, named_id, ANN, "edited");
    erase(rig, gone->message.v, ANN);
    read_to(rig, GENERAL, CLEO, again->message.v);
    OKAY(rig_commit(rig));
    say_many(rig, GENERAL, 2, "new");
    EQ(rig_tend(rig, &(struct keep){ .messages = 2 }), 5);
    STR_EQ(seqs(rig, GENERAL), "6 7 ");
    STR_EQ(changes_text(rig, GENERAL, 0, 100), "8+ 9+");
    STR_EQ(unread_text(rig, BOB), "");
    STR_EQ(unread_text(rig, CLEO), "general 2 unread, 0 names, read 4 of 7\n");
    STR_EQ(orphans_text(rig, UINT64_MAX >> 1, 9), "images/a ");
    STR_EQ(found(rig, "edited"), "");
    struct event *lost = edit(rig, named_id, ANN, "again");
    struct event *fresh = say_once(rig, GENERAL, ANN, "once more", "k");
    struct event *thumb = react(rig, GENERAL, BOB, 8, THUMB);
    OKAY(rig_commit(rig));
    EQ(lost->refusal, REFUSE_message_unknown);
    OKAY(!fresh->is_repeat);
    EQ(fresh->seq, 8);
    EQ(thumb->seq, 9);
    check(rig);
}

CONTRACT(numbers_go_on_when_everything_was_pruned) {
    say_many(rig, GENERAL, 5, "x");
    erase(rig, 5, ANN);
    OKAY(rig_commit(rig));
    rig->now_ms += 1000 * HOUR_MS;
    EQ(rig_tend(rig, &(struct keep){ .age_ms = HOUR_MS }), 5);
    rig_reopen(rig);
    EQ(history(rig, GENERAL, 0, 0)->total, 0);
    struct ask ask = { .kind = ASK_RESUME, .room = { GENERAL }, .after_seq = 4 };
    const struct answer *a = rig_ask(rig, &ask);
    OKAY(!a->is_recovered);
    EQ(a->last_seq, 5);
    EQ(a->position, 6);
    ask.after_seq = 5;
    OKAY(rig_ask(rig, &ask)->is_recovered);
    struct event *ev = say(rig, GENERAL, ANN, "on");
    struct event *mark = read_to(rig, GENERAL, BOB, 0);
    OKAY(rig_commit(rig));
    EQ(ev->seq, 6);
    EQ(ev->message.v, 7);
    EQ(mark->seq, 6);
    check(rig);
}

CONTRACT(who_missed_what_went_is_told_so) {
    say_many(rig, GENERAL, 10, "x");
    EQ(rig_tend(rig, &(struct keep){ .messages = 4 }), 6);
    struct ask ask = { .kind = ASK_RESUME, .room = { GENERAL }, .after_seq = 5 };
    const struct answer *a = rig_ask(rig, &ask);
    OKAY(!a->is_recovered);
    STR_EQ(missed(rig, a), "7+ 8+ 9+ 10+");
    ask.after_seq = 6;
    OKAY(rig_ask(rig, &ask)->is_recovered);
    ask.after_seq = 5;
    ask.after = 8;
    a = rig_ask(rig, &ask);
    OKAY(a->is_recovered);
    STR_EQ(missed(rig, a), "9+ 10+");
}

/* Of each page it is said what that page has lost; all of it is recovered if every page is. */
CONTRACT(what_went_is_told_of_the_page_that_lost_it) {
    say_many(rig, GENERAL, 10, "x");
    EQ(rig_tend(rig, &(struct keep){ .messages = 4 }), 6);
    struct ask ask = { .kind = ASK_RESUME, .room = { GENERAL }, .after_seq = 5, .limit = 2 };
    const struct answer *a = rig_ask(rig, &ask);
    OKAY(a->has_more && !a->is_recovered);
    STR_EQ(missed(rig, a), "7+ 8+");
    ask.after_seq = 0;
    a = rig_ask(rig, &ask);
    OKAY(a->has_more && !a->is_recovered);
    ask.after_seq = 6;
    a = rig_ask(rig, &ask);
    OKAY(a->has_more && a->is_recovered);
    STR_EQ(missed(rig, a), "7+ 8+");
    ask.after_seq = 0;
    ask.after = a->position;
    a = rig_ask(rig, &ask);
    OKAY(!a->has_more && a->is_recovered);
    STR_EQ(missed(rig, a), "9+ 10+");
    EQ(rig_tend(rig, &(struct keep){ .messages = 1 }), 3);    // between two pages
    a = rig_ask(rig, &ask);
    OKAY(!a->has_more && !a->is_recovered);
    STR_EQ(missed(rig, a), "10+");
}

CONTRACT(reactions_that_are_pruned_are_not_counted) {
    say(rig, GENERAL, ANN, "old");
    react(rig, GENERAL, BOB, 1, THUMB);
    react(rig, GENERAL, CLEO, 1, THUMB);
    react(rig, GENERAL, CLEO, 1, "x");
    react(rig, GENERAL, CLEO, 1, "x");    // taken back
    struct event *young = say(rig, GENERAL, ANN, "young");
    OKAY(rig_commit(rig));
    react(rig, GENERAL, BOB, young->message.v, THUMB);
    OKAY(rig_commit(rig));
    EQ(rig_tend(rig, &(struct keep){ .messages = 4 }), 2);
    check(rig);    // what stood under the old one is still there in part
    EQ(rig_tend(rig, &(struct keep){ .messages = 2 }), 2);
    check(rig);
    STR_EQ(reactions(rig, &history(rig, GENERAL, 0, 0)->messages[0]), THUMB "1 ");
    if (rig_is_sqlite(rig)) {
        int64_t kinds = -1;
        EQ(sql_number(rig_db(rig), "SELECT count(*) FROM reaction_counts", &kinds), OK);
        EQ(kinds, 1);
    }
}

// ---- slices

TEST(a_slice_takes_a_bounded_piece_of_one_room) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    channel(rig, 2, "second");
    say_many(rig, GENERAL, 700, "x");
    say_many(rig, 2, 700, "y");
    struct tend_ask ask = { .now_ms = rig->now_ms,
                            .budget_us = 60000000,
                            .keep = { .messages = 10 } };
    struct tend_report report = { .has_more = true };
    uint64_t taken[3] = { 0 };
    while (report.has_more) {
        EQ(rig->store->ops->tend(rig->store, &ask, &report), OK);
        OKAY(report.pruned <= 500);
        OKAY(report.pruned == 0 || report.pruned_room.v == 1 || report.pruned_room.v == 2);
        taken[report.pruned_room.v] += report.pruned;
        check(rig);
    }
    EQ(taken[1], 690);
    EQ(taken[2], 690);
}

TEST(a_slice_of_retention_that_cannot_be_written_changes_nothing) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    const struct keep rules = { .bytes = 1000 };
    for (int i = 0; i < 600; i++) {
        char text[64];
        snprintf(text, sizeof text, "words %d %d %d", i * 7919, i * 104729, i * 1299709);
        say(rig, GENERAL, ANN, "")->content = batch_str(rig->batch, str_of(text));
    }
    OKAY(rig_commit(rig));
    EQ(rig_tend(rig, NULL), 0);
    struct tend_report report = { .has_more = true };
    struct tend_ask ask = { .now_ms = rig->now_ms, .budget_us = 60000000, .keep = rules };
    enum err err = OK;
    uint64_t taken = 0;
    rig_make_full(rig, true);
    while (err == OK && report.has_more) {
        err = rig->store->ops->tend(rig->store, &ask, &report);
        taken += report.pruned;
    }
    check(rig);
    EQ(history(rig, GENERAL, 0, 0)->total, 600 - taken);
    rig_make_full(rig, false);
    taken += rig_tend(rig, &rules);
    const struct answer *a = history(rig, GENERAL, 0, 200);
    EQ(a->total, 600 - taken);
    size_t bytes = 0;
    for (size_t i = 0; i < a->message_count; i++) {
        bytes += a->messages[i].content.n;
    }
    OKAY(a->total == a->message_count && bytes <= 1000 && bytes > 900);
    check(rig);
}

TEST(a_power_cut_may_take_a_slice_back_but_no_commit) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    int64_t mode = -1;
    user(rig, ANN, "ann");
    say_many(rig, GENERAL, 5, "x");
    rig_tend(rig, NULL);
    EQ(sql_number(rig_db(rig), "PRAGMA synchronous", &mode), OK);
    EQ(mode, 2);    // FULL again, for the commits that follow
}
