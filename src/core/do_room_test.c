/* Following rooms, and typing in them. */
#include <stdio.h>

#include "core/rig.h"

#include "core/room.h"
#include "test/unit.h"

TEST(joining_is_told_in_order_follow_answer_arrival) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob in general");
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "follow_started reply room_entered");
    STR_EQ(rig_reply(rig)->room_name, "general");
    EQ(rig_reply(rig)->room.v, 1);
    const struct event *started = rig_event(rig, EV_follow_started, 0);
    EQ(started->room.v, 1);
    STR_EQ(started->room_name, "general");
    EQ(started->session.v, rig_reply(rig)->session.v);
    const struct event *entered = rig_event(rig, EV_room_entered, 0);
    EQ(entered->user.v, 1);
    STR_EQ(entered->username, "ann");
    EQ(rig_heard(rig, "bob", EV_room_entered), 1);
}

TEST(joining_twice_is_answered_and_changes_nothing) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general");
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");
    EQ(rig_room(rig, "general")->follow_count, 1);
}

TEST(only_the_first_session_of_a_user_enters_and_only_the_last_leaves) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob in general");
    rig_open(rig, "ann/2");
    EQ(rig_do(rig, "ann/2", JOIN("general")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "follow_started reply");
    EQ(rig_do(rig, "ann", LEAVE("general")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "follow_ended reply");
    EQ(rig_heard(rig, "bob", EV_room_left), 0);
    EQ(rig_do(rig, "ann/2", LEAVE("general")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "follow_ended reply room_left");
    EQ(rig_heard(rig, "bob", EV_room_left), 1);
    STR_EQ(rig_event(rig, EV_room_left, 0)->username, "ann");
}

TEST(leaving_what_is_not_followed_is_answered) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "ann", LEAVE("general")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");
    STR_EQ(rig_reply(rig)->room_name, "general");
}

TEST(a_room_can_be_named_by_its_id) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "ann", CMD_OF(room_join, .room = 1)), REFUSE_NONE);
    STR_EQ(rig_reply(rig)->room_name, "general");
    EQ(rig_do(rig, "ann", CMD_OF(room_join, .room = 77)), REFUSE_room_unknown);
    EQ(rig_reply(rig)->room.v, 77);
}

TEST(a_room_that_is_not_there_is_unknown_under_the_name_asked_for) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "ann", JOIN("nowhere")), REFUSE_room_unknown);
    STR_EQ(rig_reply(rig)->room_name, "nowhere");
    EQ(rig_do(rig, "ann", JOIN("General")), REFUSE_room_unknown);    // compared exactly
    EQ(rig_do(rig, "ann", LEAVE("nowhere")), REFUSE_room_unknown);
    EQ(rig_do(rig, "ann", TYPING("nowhere", 1)), REFUSE_room_unknown);
    EQ(rig_do(rig, "ann", CMD_OF(room_join, .room = 0)), REFUSE_room_unknown);
}

TEST(a_private_channel_does_not_exist_for_strangers) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "mia member of secret");
    EQ(rig_do(rig, "ann", JOIN("secret")), REFUSE_room_unknown);
    EQ(rig_do(rig, "ann", CMD_OF(room_join, .room = 2)), REFUSE_room_unknown);
    EQ(rig_do(rig, "ann", LEAVE("secret")), REFUSE_room_unknown);
    EQ(rig_do(rig, "ann", TYPING("secret", 1)), REFUSE_room_unknown);
    EQ(rig_do(rig, "mia", JOIN("secret")), REFUSE_NONE);
    OKAY(rig_event(rig, EV_room_entered, 0)->is_private);
}

TEST(a_dm_cannot_be_joined) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    EQ(rig_do(rig, "ann", DM(2, "hi")), REFUSE_NONE);
    uint64_t room = rig_reply(rig)->room.v;
    EQ(room, 3);
    EQ(rig_do(rig, "ann", CMD_OF(room_join, .room = room)), REFUSE_room_unknown);
}

TEST(one_connection_follows_so_many_rooms_and_no_more) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    rig->limits.follows_per_session = 3;
    rig_take_limits(rig);
    rig_do(rig, "operator", CMD_OF(room_add, .room_name = STR_LIT("a")));
    rig_do(rig, "operator", CMD_OF(room_add, .room_name = STR_LIT("b")));
    rig_do(rig, "operator", CMD_OF(room_add, .room_name = STR_LIT("c")));
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", JOIN("a")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", JOIN("b")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", JOIN("c")), REFUSE_too_many_follows);
    STR_EQ(rig_detail(rig), "at most 3");
    EQ(rig_do(rig, "ann", SAY("c", "hello")), REFUSE_too_many_follows);
    EQ(rig_do(rig, "ann", JOIN("b")), REFUSE_NONE);    // it does already
    EQ(rig_do(rig, "bob", JOIN("c")), REFUSE_NONE);    // a limit of each connection
    EQ(rig_do(rig, "ann", LEAVE("a")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", JOIN("c")), REFUSE_NONE);

    rig->limits.follows_per_session = 0;    // none
    rig_take_limits(rig);
    EQ(rig_do(rig, "ann", JOIN("a")), REFUSE_NONE);
}

TEST(a_removed_room_gives_its_place_back) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    rig->limits.follows_per_session = 1;
    rig_take_limits(rig);
    rig_do(rig, "operator", CMD_OF(room_add, .room_name = STR_LIT("a")));
    EQ(rig_do(rig, "ann", JOIN("a")), REFUSE_NONE);
    EQ(rig_do(rig, "bob", JOIN("a")), REFUSE_NONE);
    rig_do(rig, "operator", CMD_OF(room_remove, .room_name = STR_LIT("a")));
    EQ(rig_heard(rig, "ann", EV_room_removed), 1);
    EQ(rig_do(rig, "ann", LEAVE("a")), REFUSE_room_unknown);
    rig_do(rig, "operator", CMD_OF(room_add, .room_name = STR_LIT("a")));
    EQ(rig_reply(rig)->room.v, 4);    // another room, of another id
    EQ(rig_do(rig, "ann", TYPING("a", 1)), REFUSE_not_member);
    EQ(rig_do(rig, "ann", JOIN("a")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "follow_started reply room_entered");
    EQ(rig_close(rig, "bob"), REFUSE_NONE);    // still had the removed one
    STR_EQ(str_of(rig_order(rig)), "reply");
}

TEST(many_rooms_are_left_in_the_order_of_their_ids) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    static const unsigned order[] = { 5, 2, 9, 1, 7, 4, 8, 3, 6, 0 };
    char name[2] = "a";
    for (unsigned i = 0; i < 10; i++) {
        name[0] = (char)('a' + i);
        rig_do(rig, "operator", CMD_OF(room_add, .room_name = TEXT_OF(name)));
    }
    for (unsigned i = 0; i < 10; i++) {
        name[0] = (char)('a' + order[i]);
        EQ(rig_do(rig, "ann", JOIN(name)), REFUSE_NONE);
    }
    rig_do(rig, "ann", LEAVE("d"));
    EQ(rig_close(rig, "ann"), REFUSE_NONE);
    EQ(rig_events(rig, EV_room_left), 9);
    for (unsigned i = 0; i < 9; i++) {
        EQ(rig_event(rig, EV_room_left, i)->room.v, 3 + i + (i >= 3));
    }
}

TEST(typing_is_told_to_the_room_by_those_who_are_in_it) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob in general");
    EQ(rig_do(rig, "ann", TYPING("general", 1)), REFUSE_not_member);
    EQ(rig_do(rig, "bob", TYPING("general", 1)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply typing_changed");
    OKAY(rig_reply(rig)->is_on);
    const struct event *ev = rig_event(rig, EV_typing_changed, 0);
    OKAY(ev->is_on);
    STR_EQ(ev->username, "bob");
    EQ(rig_heard(rig, "ann", EV_typing_changed), 0);
    EQ(rig_heard(rig, "bob", EV_typing_changed), 1);    // views are the encoder's
}

TEST(typing_goes_through_once_a_second_and_the_surplus_is_answered_in_silence) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob in general");
    EQ(rig_do(rig, "ann", TYPING("general", 1)), REFUSE_NONE);
    rig->now_ms += 999;
    EQ(rig_do(rig, "ann", TYPING("general", 1)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");
    EQ(rig_do(rig, "ann", TYPING("general", 0)), REFUSE_NONE);    // the other state has its own
    STR_EQ(str_of(rig_order(rig)), "reply typing_changed");
    OKAY(!rig_event(rig, EV_typing_changed, 0)->is_on);
    EQ(rig_do(rig, "bob", TYPING("general", 1)), REFUSE_NONE);    // so have others
    STR_EQ(str_of(rig_order(rig)), "reply typing_changed");
    rig->now_ms += 1;
    EQ(rig_do(rig, "ann", TYPING("general", 1)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply typing_changed");
}

TEST(coming_and_going_gives_nobody_a_new_second_of_typing) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general");
    rig_do(rig, "ann", TYPING("general", 1));
    EQ(rig_events(rig, EV_typing_changed), 1);
    rig_do(rig, "ann", LEAVE("general"));
    rig_do(rig, "ann", JOIN("general"));
    rig_do(rig, "ann", TYPING("general", 1));
    EQ(rig_events(rig, EV_typing_changed), 0);
    rig_close(rig, "ann");
    rig_open(rig, "ann");
    rig_do(rig, "ann", JOIN("general"));
    rig_do(rig, "ann", TYPING("general", 1));
    EQ(rig_events(rig, EV_typing_changed), 0);
    rig->now_ms += NOTICE_EVERY_MS;
    rig_do(rig, "ann", TYPING("general", 1));
    EQ(rig_events(rig, EV_typing_changed), 1);
}

TEST(typing_is_limited_over_all_sessions_of_a_user_and_for_each_room) {
    SCOPED(rig_free) struct rig *rig = rig_new("mia member of secret");
    rig_open(rig, "mia/2");
    rig_do(rig, "mia", JOIN("general"));
    rig_do(rig, "mia/2", JOIN("general"));
    rig_do(rig, "mia/2", JOIN("secret"));
    rig_do(rig, "mia", TYPING("general", 1));
    EQ(rig_events(rig, EV_typing_changed), 1);
    rig_do(rig, "mia/2", TYPING("general", 1));
    EQ(rig_events(rig, EV_typing_changed), 0);
    rig_do(rig, "mia/2", TYPING("secret", 1));
    EQ(rig_events(rig, EV_typing_changed), 1);
}

TEST(typing_to_one_person_is_told_to_both_peoples_sessions) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob", "eve");
    EQ(rig_do(rig, "ann", CMD_OF(typing_set, .user = 2, .is_on = 1)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");    // they have no room yet
    EQ(rig_do(rig, "ann", DM(2, "hi")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", CMD_OF(typing_set, .user = 2, .is_on = 1)), REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_typing_changed, 0);
    EQ(ev->audience, AUD_SESSIONS);
    EQ(ev->session_count, 2);
    EQ(ev->other.v, 2);
    EQ(rig_do(rig, "ann", CMD_OF(typing_set, .user = 9, .is_on = 1)), REFUSE_user_unknown);
}

// ---- coming and going has a limit

static void add_rooms(struct rig *rig, unsigned count) {
    char name[16];
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "r%u", i);
        CHECK(rig_do(rig, "operator", CMD_OF(room_add, .room_name = TEXT_OF(name))) == REFUSE_NONE);
    }
}

TEST(who_comes_and_goes_without_end_is_refused_until_it_is_made_good) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    for (unsigned i = 0; i < JOINS_BURST; i++) {
        EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_NONE);
        EQ(rig_do(rig, "ann", LEAVE("general")), REFUSE_NONE);
    }
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_rate_limited);
    EQ(rig_reply(rig)->retry_after_ms, 1000 / JOINS_PER_SECOND);
    EQ(rig_do(rig, "ann", SAY("general", "x")), REFUSE_rate_limited);    // it would come in, too
    EQ(rig_do(rig, "bob", JOIN("general")), REFUSE_NONE);
    rig_close(rig, "ann");
    rig_open(rig, "ann");    // that is no way round it
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_rate_limited);
    rig->now_ms += 1000 / JOINS_PER_SECOND;
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_NONE);    // they are there: nobody is told
}

TEST(all_rooms_there_may_be_are_joined_at_once) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    char name[16];
    add_rooms(rig, 40);
    for (unsigned i = 0; i < 40; i++) {
        (void)snprintf(name, sizeof name, "r%u", i);
        EQ(rig_do(rig, "ann", JOIN(name)), REFUSE_NONE);
    }
    _Static_assert(JOINS_BURST >= FOLLOWS_PER_SESSION_DEFAULT, "a reconnect joins all of them");
}

TEST(a_clock_set_back_locks_nobody_out_of_the_rooms) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", LEAVE("general")), REFUSE_NONE);
    rig->now_ms -= 100000000;
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_rate_limited);    // at its limit, no further
    rig->now_ms += 1000 / JOINS_PER_SECOND;
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_NONE);
}
