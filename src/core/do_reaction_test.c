/* Reactions and read marks: who may, what is emitted, who hears it. */
#include "core/rig.h"
#include "test/unit.h"

TEST(a_reaction_is_said_to_the_room_as_a_message_of_its_own) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob in general");
    EQ(rig_do(rig, "ann", REACT("general", 7, "👍")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "follow_started reply room_entered message_posted");
    const struct event *ev = rig_event(rig, EV_message_posted, 0);
    EQ(ev->message_type, MESSAGE_REACTION);
    EQ(ev->reply_to.v, 7);
    EQ(ev->reaction, REACTION_TOGGLE);
    STR_EQ(ev->content, "👍");
    OKAY(rig_reply(rig)->event == ev);
    EQ(rig_heard(rig, "bob", EV_message_posted), 1);
}

TEST(a_reaction_is_one_emoji_under_a_message) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "ann", REACT("general", 0, "👍")), REFUSE_malformed);
    STR_EQ(rig_detail(rig), "reply_to: the id of the message it is about");
    EQ(rig_do(rig, "ann", REACT("general", 1, "yes")), REFUSE_malformed);
    EQ(rig_do(rig, "ann", REACT("general", 1, "👍👍")), REFUSE_malformed);
    EQ(rig_do(rig, "ann", REACT("general", 1, "")), REFUSE_malformed);
    EQ(rig_do(rig, "ann", REACT("general", ID_MAX + 1, "👍")), REFUSE_message_unknown);
    struct cmd odd = REACT("general", 1, "👍");
    odd.reaction = REACTION_COUNT;
    EQ(rig_do(rig, "ann", odd), REFUSE_malformed);
    odd.reaction = REACTION_REMOVE;
    EQ(rig_do(rig, "ann", odd), REFUSE_NONE);
    EQ(rig_event(rig, EV_message_posted, 0)->reaction, REACTION_REMOVE);
}

TEST(between_two_people_both_hear_it_and_nobody_else) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob", "eve in general");
    struct cmd react = CMD_OF(reaction_set, .user = 2, .reply_to = 1, .content = STR_LIT("👍"));
    EQ(rig_do(rig, "ann", react), REFUSE_message_unknown);    // they never said a word
    EQ(rig_do(rig, "ann", DM(2, "hi")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", react), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply message_posted");
    EQ(rig_event(rig, EV_message_posted, 0)->audience, AUD_SESSIONS);
    EQ(rig_event(rig, EV_message_posted, 0)->other.v, 2);
    EQ(rig_heard(rig, "bob", EV_message_posted), 2);
    EQ(rig_heard(rig, "eve", EV_message_posted), 0);
}

TEST(reactions_count_as_content) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    rig->limits.content[DIALECT_hub].per_minute = 1;
    rig_take_limits(rig);
    EQ(rig_do(rig, "ann", REACT("general", 1, "👍")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", REACT("general", 1, "👍")), REFUSE_rate_limited);
}

// ---- how far it is read

TEST(a_read_mark_is_told_to_the_room) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob in general");
    EQ(rig_do(rig, "ann", MARK("general", 7)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply read_changed");
    EQ(rig_event(rig, EV_read_changed, 0)->message.v, 7);
    EQ(rig_heard(rig, "bob", EV_read_changed), 1);
    EQ(rig_do(rig, "ann", MARK("general", 0)), REFUSE_NONE);    // all of it
    EQ(rig_do(rig, "ann", MARK("general", ID_MAX + 1)), REFUSE_message_unknown);
}

TEST(a_fast_reader_is_told_to_himself_alone_and_the_room_once_a_second) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob in general");
    rig_open(rig, "ann/2");
    rig_open(rig, "ann/3");
    EQ(rig_do(rig, "ann/2", JOIN("general")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", MARK("general", 1)), REFUSE_NONE);
    EQ(rig_do(rig, "ann", MARK("general", 2)), REFUSE_NONE);
    EQ(rig_event(rig, EV_read_changed, 0)->audience, AUD_SESSIONS);
    EQ(rig_heard(rig, "bob", EV_read_changed), 1);
    EQ(rig_heard(rig, "ann/2", EV_read_changed), 2);
    EQ(rig_heard(rig, "ann/3", EV_read_changed), 0);    // it is not in the room
    rig->now_ms += NOTICE_EVERY_MS;
    EQ(rig_do(rig, "ann", MARK("general", 3)), REFUSE_NONE);
    EQ(rig_heard(rig, "bob", EV_read_changed), 2);
}

TEST(the_other_person_sees_how_far_a_dm_is_read) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob", "eve");
    struct cmd mark = CMD_OF(read_set, .user = 2, .message = 1);
    EQ(rig_do(rig, "ann", mark), REFUSE_message_unknown);
    EQ(rig_do(rig, "bob", DM(1, "hi")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", mark), REFUSE_NONE);
    EQ(rig_event(rig, EV_read_changed, 0)->other.v, 2);
    EQ(rig_heard(rig, "bob", EV_read_changed), 1);
    EQ(rig_heard(rig, "eve", EV_read_changed), 0);
}

TEST(what_is_unread_is_a_question_for_the_store) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "ann", CMD_OF(unread_list, .user = 0)), REFUSE_NONE);
    EQ(rig_ask(rig)->kind, ASK_UNREAD);
    EQ(rig_ask(rig)->user.v, 1);
}
