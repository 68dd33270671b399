/* What every driver promises about read marks, what is unread, and uploads. */
#include <stdio.h>

#include "store/rig.h"
#include "store/sql.h"
#include "test/unit.h"

#define THUMB "\xf0\x9f\x91\x8d"

/* ---- read marks */

CONTRACT(a_mark_moves_forward_only) {
    for (int i = 0; i < 3; i++) {
        say(rig, GENERAL, ANN, "x");
    }
    OKAY(rig_commit(rig));
    struct event *second = read_to(rig, GENERAL, BOB, 2);
    OKAY(rig_commit(rig));
    OKAY(!second->is_repeat && !second->is_void);
    EQ(second->seq, 2);
    rig_reopen(rig);
    struct event *back = read_to(rig, GENERAL, BOB, 1);
    struct event *same = read_to(rig, GENERAL, BOB, 2);
    struct event *on = read_to(rig, GENERAL, BOB, 3);
    struct reply *reply = reply_to(rig, back);
    OKAY(rig_commit(rig));
    OKAY(back->is_repeat && same->is_repeat && !on->is_repeat);
    EQ(back->seq, 2);
    EQ(same->seq, 2);
    EQ(on->seq, 3);
    EQ(reply->refusal, REFUSE_NONE);
    rig_reopen(rig);
    STR_EQ(unread_text(rig, BOB), "general 0 unread, 0 names, read 3 of 3\n");
}

CONTRACT(message_zero_is_the_newest_one) {
    struct event *empty = read_to(rig, GENERAL, BOB, 0);
    OKAY(rig_commit(rig));
    OKAY(empty->is_repeat && !empty->is_void);
    EQ(empty->seq, 0);
    STR_EQ(unread_text(rig, BOB), "");
    say(rig, GENERAL, ANN, "x");
    struct event *said = say(rig, GENERAL, ANN, "y");
    struct event *ev = read_to(rig, GENERAL, BOB, 0);
    OKAY(rig_commit(rig));
    EQ(ev->message.v, said->message.v);
    EQ(ev->seq, 2);
    OKAY(!ev->is_repeat);
}

CONTRACT(only_a_message_of_the_room_can_be_marked) {
    channel(rig, 2, "other");
    say(rig, 2, ANN, "elsewhere");
    say(rig, GENERAL, ANN, "gone");
    OKAY(rig_commit(rig));
    erase(rig, 2, ANN);
    OKAY(rig_commit(rig));
    struct event *elsewhere = read_to(rig, GENERAL, BOB, 1);
    struct event *unknown = read_to(rig, GENERAL, BOB, 4711);
    struct event *position = read_to(rig, GENERAL, BOB, 3);    // of the deletion
    struct event *deleted = read_to(rig, GENERAL, BOB, 2);     // he may have read it before
    struct reply *reply = reply_to(rig, elsewhere);
    OKAY(rig_commit(rig));
    EQ(elsewhere->refusal, REFUSE_message_unknown);
    EQ(unknown->refusal, REFUSE_message_unknown);
    EQ(position->refusal, REFUSE_message_unknown);
    OKAY(elsewhere->is_void && unknown->is_void && position->is_void && !deleted->is_void);
    EQ(reply->refusal, REFUSE_message_unknown);
    EQ(deleted->seq, 1);
}

/* ---- what is unread */

CONTRACT(what_is_unread_is_what_others_said_after_the_mark) {
    say(rig, GENERAL, ANN, "read");
    say(rig, GENERAL, ANN, "unread");
    say(rig, GENERAL, BOB, "his own");
    say(rig, GENERAL, ANN, "gone");
    react(rig, GENERAL, ANN, 1, THUMB);
    answer_to(rig, GENERAL, CLEO, 1, "unread too");
    read_to(rig, GENERAL, BOB, 1);
    OKAY(rig_commit(rig));
    erase(rig, 4, ANN);
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(unread_text(rig, BOB), "general 2 unread, 0 names, read 1 of 6\n");
    STR_EQ(unread_text(rig, CLEO), "");    // no mark, not named, no dm
}

CONTRACT(who_is_named_is_told_of_the_room_until_he_has_read_it) {
    channel(rig, 2, "other");
    say(rig, 2, ANN, "x");
    name(rig, 2, ANN, "2,3");
    name(rig, 2, ANN, "3");
    OKAY(rig_commit(rig));
    STR_EQ(unread_text(rig, BOB), "other 3 unread, 1 names, read 0 of 3\n");
    STR_EQ(unread_text(rig, CLEO), "other 3 unread, 2 names, read 0 of 3\n");
    read_to(rig, 2, CLEO, 2);
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(unread_text(rig, CLEO), "other 1 unread, 1 names, read 2 of 3\n");
    read_to(rig, 2, CLEO, 0);
    OKAY(rig_commit(rig));
    STR_EQ(unread_text(rig, CLEO), "other 0 unread, 0 names, read 3 of 3\n");
}

CONTRACT(an_edit_names_others_and_a_deletion_nobody) {
    name(rig, GENERAL, ANN, "2");
    name(rig, GENERAL, ANN, "2");
    OKAY(rig_commit(rig));
    struct event *ev = edit(rig, 1, ANN, "cleo, too");
    ev->mentions = STR_LIT("3");
    erase(rig, 2, ANN);
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(unread_text(rig, BOB), "");
    STR_EQ(unread_text(rig, CLEO), "general 1 unread, 1 names, read 0 of 2\n");
}

/* What he has read does not call him again, however often it is edited. */
CONTRACT(an_edit_calls_nobody_who_has_read_the_message) {
    name(rig, GENERAL, ANN, "2,3");
    read_to(rig, GENERAL, BOB, 0);
    name(rig, GENERAL, ANN, "2");
    OKAY(rig_commit(rig));
    edit(rig, 1, ANN, "you, I mean")->mentions = STR_LIT("2,3");
    OKAY(rig_commit(rig));
    STR_EQ(unread_text(rig, BOB), "general 1 unread, 1 names, read 1 of 2\n");
    STR_EQ(unread_text(rig, CLEO), "general 2 unread, 1 names, read 0 of 2\n");
    if (rig_is_sqlite(rig)) {
        int64_t rows = -1;
        EQ(sql_number(rig_db(rig), "SELECT count(*) FROM mentions", &rows), OK);
        EQ(rows, 2);
    }
}

CONTRACT(a_dm_is_unread_for_the_one_it_was_sent_to) {
    dm(rig, 2, ANN, BOB);
    dm(rig, 3, BOB, CLEO);
    say(rig, 2, ANN, "psst");
    OKAY(rig_commit(rig));
    STR_EQ(unread_text(rig, BOB), "ann 1 unread, 0 names, read 0 of 1\n");
    STR_EQ(unread_text(rig, ANN), "");
    STR_EQ(unread_text(rig, CLEO), "");
    const struct answer *a = rig_ask(rig, &(struct ask){ .kind = ASK_UNREAD, .user = { BOB } });
    EQ(a->row_count, 1);
    EQ(a->rows[0].id, 2);
    EQ(a->rows[0].room_kind, ROOM_DM);
    EQ(a->rows[0].other.v, ANN);
    say(rig, 2, BOB, "what");
    read_to(rig, 2, BOB, 0);
    OKAY(rig_commit(rig));
    STR_EQ(unread_text(rig, BOB), "ann 0 unread, 0 names, read 2 of 2\n");
    STR_EQ(unread_text(rig, ANN), "bob 1 unread, 0 names, read 0 of 2\n");
}

CONTRACT(of_rooms_he_may_not_read_any_more_nothing_is_told) {
    channel(rig, 2, "secret")->is_private = true;
    channel(rig, 3, "removed");
    struct event *ev = fact(rig, EV_member_added);
    ev->room.v = 2, ev->user.v = BOB;
    name(rig, 2, ANN, "2,3");
    name(rig, 3, ANN, "2");
    read_to(rig, 3, BOB, 0);
    OKAY(rig_commit(rig));
    STR_EQ(unread_text(rig, BOB), "removed 0 unread, 0 names, read 1 of 1\n"
                                  "secret 1 unread, 1 names, read 0 of 1\n");
    STR_EQ(unread_text(rig, CLEO), "");    // named, but not a member
    ev = fact(rig, EV_member_removed);
    ev->room.v = 2, ev->user.v = BOB;
    fact(rig, EV_room_removed)->room.v = 3;
    OKAY(rig_commit(rig));
    STR_EQ(unread_text(rig, BOB), "");
}

CONTRACT(unread_messages_are_counted_up_to_a_bound) {
    for (int i = 0; i < UNREAD_COUNT_MAX + 7; i++) {
        name(rig, GENERAL, ANN, "2");
    }
    OKAY(rig_commit(rig));
    STR_EQ(unread_text(rig, BOB), "general 1000 unread, 1000 names, read 0 of 1007\n");
    read_to(rig, GENERAL, BOB, 3);
    OKAY(rig_commit(rig));
    STR_EQ(unread_text(rig, BOB), "general 1000 unread, 1000 names, read 3 of 1007\n");
    read_to(rig, GENERAL, BOB, 1000);
    OKAY(rig_commit(rig));
    STR_EQ(unread_text(rig, BOB), "general 7 unread, 7 names, read 1000 of 1007\n");
}

CONTRACT(what_lies_very_far_back_is_not_looked_at) {
    say(rig, GENERAL, ANN, "far back");
    for (int i = 0; i < UNREAD_LOOK_MAX - 1; i++) {
        say(rig, GENERAL, BOB, "his own");
    }
    dm(rig, 2, ANN, BOB);
    say(rig, 2, ANN, "x");
    read_to(rig, 2, BOB, 0);
    struct event *ev = name(rig, GENERAL, CLEO, "2");
    OKAY(rig_commit(rig));
    EQ(ev->seq, UNREAD_LOOK_MAX + 1);
    STR_EQ(unread_text(rig, BOB), "ann 0 unread, 0 names, read 1 of 1\n"
                                  "general 1 unread, 1 names, read 0 of 10001\n");
}

CONTRACT(rooms_with_something_unread_can_be_limited) {
    for (uint64_t id = 2; id < 7; id++) {
        char text[16];
        snprintf(text, sizeof text, "room%d", (int)id);
        struct event *ev = channel(rig, id, "");
        ev->room_name = batch_str(rig->batch, str_of(text));
        name(rig, id, ANN, "2");
    }
    OKAY(rig_commit(rig));
    const struct answer *a =
        rig_ask(rig, &(struct ask){ .kind = ASK_UNREAD, .user = { BOB }, .limit = 2 });
    EQ(a->row_count, 2);
    OKAY(a->has_more);
    STR_EQ(a->rows[1].name, "room3");
    a = rig_ask(rig, &(struct ask){ .kind = ASK_UNREAD, .user = { BOB }, .limit = 5 });
    EQ(a->row_count, 5);
    OKAY(!a->has_more);
}

CONTRACT(an_erased_user_leaves_no_marks) {
    name(rig, GENERAL, ANN, "2");
    read_to(rig, GENERAL, BOB, 0);
    name(rig, GENERAL, ANN, "2");
    OKAY(rig_commit(rig));
    struct event *ev = fact(rig, EV_user_erased);
    ev->user.v = BOB, ev->username = STR_LIT("erased-2");
    OKAY(rig_commit(rig));
    if (rig_is_sqlite(rig)) {
        int64_t left = -1;
        EQ(sql_number(rig_db(rig),
                      "SELECT (SELECT count(*) FROM reads) +"
                      " (SELECT count(*) FROM mentions)",
                      &left),
           OK);
        EQ(left, 0);
    }
}

/* ---- uploads */

CONTRACT(an_upload_is_found_by_its_name) {
    upload(rig, ANN, "images/a.png", 1234);
    OKAY(rig_commit(rig));
    uint64_t at_ms = rig->committed->at_ms;
    rig_reopen(rig);
    struct upload found = { 0 };
    struct store_reader *r = rig->reader;
    EQ(r->ops->upload(r, STR_LIT("images/a.png"), &rig->arena, &found), OK);
    STR_EQ(found.name, "images/a.png");
    STR_EQ(found.media_type, "image/png");
    EQ(found.bytes, 1234);
    EQ(found.user.v, ANN);
    EQ(found.at_ms, at_ms);
    EQ(r->ops->upload(r, STR_LIT("images/b.png"), &rig->arena, &found), ERR_NOT_FOUND);
    EQ(r->ops->upload(r, STR_NONE, &rig->arena, &found), ERR_NOT_FOUND);
}

CONTRACT(an_upload_is_added_once) {
    struct event *first = upload(rig, ANN, "a.png", 10);
    struct event *again = upload(rig, BOB, "a.png", 20);
    again->quota_bytes = 5;
    OKAY(rig_commit(rig));
    OKAY(!first->is_repeat && again->is_repeat && !again->is_void);
    struct event *later = upload(rig, ANN, "a.png", 10);
    OKAY(rig_commit(rig));
    OKAY(later->is_repeat);
    struct event *other = upload(rig, ANN, "b.png", 5);
    other->quota_bytes = 2 * UPLOAD_WEIGHT_BYTES_MIN;    // the first was weighed once
    OKAY(rig_commit(rig));
    OKAY(!other->is_void && !other->is_repeat);
}

CONTRACT(only_an_upload_that_is_there_can_be_shown) {
    upload(rig, ANN, "images/a.png", 10);
    struct event *right = image(rig, GENERAL, BOB, "/uploads/images/a.png");
    struct event *wrong = image(rig, GENERAL, BOB, "/uploads/images/b.png");
    struct event *outside = image(rig, GENERAL, BOB, "https://h/images/a.png");
    struct reply *reply = reply_to(rig, wrong);
    OKAY(rig_commit(rig));
    OKAY(!right->is_void && wrong->is_void && !outside->is_void);
    EQ(wrong->refusal, REFUSE_upload_unknown);
    EQ(reply->refusal, REFUSE_upload_unknown);
    EQ(outside->seq, 2);
}

CONTRACT(a_quota_holds_for_all_of_a_users_uploads) {
    upload(rig, ANN, "a", 60000)->quota_bytes = 100000;
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    struct event *much = upload(rig, ANN, "b", 40001);
    much->quota_bytes = 100000;
    struct event *enough = upload(rig, ANN, "c", 40000);
    enough->quota_bytes = 100000;
    struct event *others = upload(rig, BOB, "d", 100000);
    others->quota_bytes = 100000;
    struct event *unbound = upload(rig, ANN, "e", 1000000);
    struct reply *reply = reply_to(rig, much);
    OKAY(rig_commit(rig));
    OKAY(much->is_void && !enough->is_void && !others->is_void && !unbound->is_void);
    EQ(reply->refusal, REFUSE_quota_full);
    drop_upload(rig, "a");
    drop_upload(rig, "e");
    struct event *room_again = upload(rig, ANN, "f", 60000);
    room_again->quota_bytes = 100000;
    OKAY(rig_commit(rig));
    OKAY(!room_again->is_void);
}

CONTRACT(the_smallest_file_weighs_what_it_costs) {
    const uint64_t quota_bytes = 3 * UPLOAD_WEIGHT_BYTES_MIN;
    upload(rig, ANN, "a", 1)->quota_bytes = quota_bytes;
    upload(rig, ANN, "b", 1)->quota_bytes = quota_bytes;
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    struct event *much = upload(rig, ANN, "c", UPLOAD_WEIGHT_BYTES_MIN + 1);
    much->quota_bytes = quota_bytes;
    struct event *last = upload(rig, ANN, "d", 1);
    last->quota_bytes = quota_bytes;
    struct event *tiny = upload(rig, ANN, "e", 1);
    tiny->quota_bytes = quota_bytes;
    OKAY(rig_commit(rig));
    OKAY(much->is_void && !last->is_void && tiny->is_void);
    drop_upload(rig, "a");
    drop_upload(rig, "b");
    struct event *again = upload(rig, ANN, "f", 2 * UPLOAD_WEIGHT_BYTES_MIN);
    again->quota_bytes = quota_bytes;
    OKAY(rig_commit(rig));
    OKAY(!again->is_void);
}

CONTRACT(who_begins_an_upload_is_told_of_the_quota_and_nothing_is_weighed) {
    const uint64_t quota_bytes = 2 * UPLOAD_WEIGHT_BYTES_MIN;
    for (uint64_t i = 0; i < 5; i++) {
        struct event *much = begin_upload(rig, ANN, quota_bytes + 1, quota_bytes);
        struct event *all = begin_upload(rig, ANN, quota_bytes, quota_bytes);
        struct event *unbound = begin_upload(rig, ANN, quota_bytes + 1, 0);
        struct reply *reply = reply_to(rig, much);
        OKAY(rig_commit(rig));
        OKAY(much->is_void && !all->is_void && !unbound->is_void);
        EQ(reply->refusal, REFUSE_quota_full);
    }
    upload(rig, ANN, "a", 1);
    struct event *rest = begin_upload(rig, ANN, 0, quota_bytes);
    upload(rig, ANN, "b", 1);
    struct event *none = begin_upload(rig, ANN, 0, quota_bytes);
    struct event *others = begin_upload(rig, BOB, 0, quota_bytes);
    OKAY(rig_commit(rig));
    OKAY(!rest->is_void && none->is_void && !others->is_void);
}

CONTRACT(an_orphan_is_old_and_no_message_shows_it) {
    upload(rig, ANN, "a-shown", 1);
    upload(rig, ANN, "b-orphan", 1);
    upload(rig, ANN, "c-other", 1);
    image(rig, GENERAL, ANN, "/uploads/a-shown");
    image(rig, GENERAL, BOB, "/uploads/a-shown");
    OKAY(rig_commit(rig));
    uint64_t at_ms = rig->committed->at_ms;
    upload(rig, ANN, "d-young", 1);
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(orphans_text(rig, at_ms, 10), "");
    STR_EQ(orphans_text(rig, at_ms + 1, 10), "b-orphan c-other ");
    STR_EQ(orphans_text(rig, at_ms + 1, 1), "b-orphan ");
    erase(rig, 1, ANN);
    OKAY(rig_commit(rig));
    STR_EQ(orphans_text(rig, at_ms + 1, 10), "b-orphan c-other ");
    erase(rig, 2, BOB);
    OKAY(rig_commit(rig));
    STR_EQ(orphans_text(rig, at_ms + 1, 10), "a-shown b-orphan c-other ");
    STR_EQ(orphans_text(rig, at_ms + 60000, 10), "a-shown b-orphan c-other d-young ");
}

CONTRACT(the_files_of_a_removed_room_become_orphans) {
    channel(rig, 2, "brief");
    upload(rig, ANN, "a", 1);
    image(rig, 2, ANN, "/uploads/a");
    OKAY(rig_commit(rig));
    STR_EQ(orphans_text(rig, UINT64_MAX >> 1, 10), "");
    fact(rig, EV_room_removed)->room.v = 2;
    OKAY(rig_commit(rig));
    rig_tend(rig, NULL);
    STR_EQ(orphans_text(rig, UINT64_MAX >> 1, 10), "a ");
}

/* Between the look for orphans and the removal somebody may have shown the file. */
CONTRACT(an_upload_that_is_shown_stays) {
    upload(rig, ANN, "a", 1);
    image(rig, GENERAL, ANN, "/uploads/a");
    OKAY(rig_commit(rig));
    struct event *shown = drop_upload(rig, "a");
    struct event *unknown = drop_upload(rig, "b");
    erase(rig, 1, ANN);
    struct event *gone = drop_upload(rig, "a");
    struct event *late = image(rig, GENERAL, ANN, "/uploads/a");
    struct reply *reply = reply_to(rig, shown);
    OKAY(rig_commit(rig));
    OKAY(shown->is_void && unknown->is_void && !gone->is_void);
    EQ(reply->refusal, REFUSE_forbidden);
    EQ(unknown->refusal, REFUSE_upload_unknown);
    EQ(late->refusal, REFUSE_upload_unknown);
}
