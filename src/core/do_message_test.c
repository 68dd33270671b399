/* Saying things. */
#include "core/rig.h"

#include "core/room.h"
#include "test/unit.h"

#define SAY_ID(name, text, id)                                                                     \
    CMD_OF(message_send, .room_name = TEXT_OF(name), .content = TEXT_OF(text),                     \
           .client_id = TEXT_OF(id))

TEST(a_message_reaches_everybody_in_the_room_its_sender_too) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob in general", "eve");
    EQ(rig_do(rig, "ann", SAY_ID("general", "hello", "k1")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply message_posted");
    const struct event *ev = rig_event(rig, EV_message_posted, 0);
    OKAY(rig_reply(rig)->event == ev);
    EQ(ev->room.v, 1);
    STR_EQ(ev->room_name, "general");
    EQ(ev->user.v, 1);
    STR_EQ(ev->username, "ann");
    STR_EQ(ev->content, "hello");
    STR_EQ(ev->client_id, "k1");
    EQ(ev->at_ms, RIG_START_MS);
    EQ(ev->session.v, rig_reply(rig)->session.v);
    EQ(ev->server.v, 1);
    EQ(rig_heard(rig, "ann", EV_message_posted), 1);
    EQ(rig_heard(rig, "bob", EV_message_posted), 1);
    EQ(rig_heard(rig, "eve", EV_message_posted), 0);
}

TEST(who_speaks_in_a_room_follows_it_from_then_on) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob in general");
    EQ(rig_do(rig, "ann", SAY("general", "hello")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "follow_started reply room_entered message_posted");
    EQ(rig_heard(rig, "ann", EV_message_posted), 1);
    EQ(rig_do(rig, "bob", SAY("general", "hi ann")), REFUSE_NONE);
    EQ(rig_heard(rig, "ann", EV_message_posted), 2);
}

TEST(a_request_gets_its_own_id_back) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general");
    struct cmd cmd = SAY("general", "hello");
    cmd.ref = STR_LIT("42");
    EQ(rig_do(rig, "ann", cmd), REFUSE_NONE);
    STR_EQ(rig_reply(rig)->ref, "42");
    STR_EQ(rig_event(rig, EV_message_posted, 0)->ref, "42");
    cmd.content = STR_NONE;
    EQ(rig_do(rig, "ann", cmd), REFUSE_empty);
    STR_EQ(rig_reply(rig)->ref, "42");
}

TEST(a_message_needs_some_text) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob");
    EQ(rig_do(rig, "ann", SAY("general", "")), REFUSE_empty);
    EQ(rig_do(rig, "ann", SAY("general", " \t\n\xc2\xa0")), REFUSE_empty);
    EQ(rig_do(rig, "ann", DM(2, "\n")), REFUSE_empty);
    EQ(rig_do(rig, "ann", EDIT(1, "  ")), REFUSE_empty);
    EQ(rig_do(rig, "ann", SAY("general", " . ")), REFUSE_NONE);
    STR_EQ(rig_event(rig, EV_message_posted, 0)->content, " . ");    // as it was typed
}

TEST(a_message_is_as_long_as_the_limit_in_characters_not_bytes) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob");
    rig->limits.message_chars = 4;
    rig_take_limits(rig);
    EQ(rig_do(rig, "ann", SAY("general", "abcd")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", SAY("general", "\xc3\xa9\xc3\xa9\xc3\xa9\xf0\x9f\x98\x80")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", SAY("general", "abcde")), REFUSE_too_long);
    STR_EQ(rig_detail(rig), "5 characters; at most 4");
    EQ(rig_do(rig, "ann", SAY("general", "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9")),
       REFUSE_too_long);
    EQ(rig_do(rig, "ann", DM(2, "abcde")), REFUSE_too_long);
    EQ(rig_do(rig, "ann", EDIT(1, "abcde")), REFUSE_too_long);
}

TEST(a_client_id_has_at_most_64_characters) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob");
    char id[300];
    memset(id, 'k', sizeof id);
    id[64] = '\0';
    EQ(rig_do(rig, "ann", SAY_ID("general", "hello", id)), REFUSE_NONE);
    id[64] = 'k';
    id[65] = '\0';
    EQ(rig_do(rig, "ann", SAY_ID("general", "hello", id)), REFUSE_malformed);
    OKAY(rig_detail(rig).n > 0);
    struct cmd dm = DM(2, "hello");
    dm.client_id = (struct str){ id, 65 };
    EQ(rig_do(rig, "ann", dm), REFUSE_malformed);
    memset(id, 'k', sizeof id);
    dm.client_id = (struct str){ id, sizeof id };
    EQ(rig_do(rig, "ann", dm), REFUSE_malformed);
    for (size_t i = 0; i < 64; i++) {
        memcpy(id + 2 * i, "\xc3\xa9", 2);
    }
    dm.client_id = (struct str){ id, 128 };
    EQ(rig_do(rig, "ann", dm), REFUSE_NONE);
}

TEST(nobody_speaks_in_a_room_they_may_not_know) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "mia member of secret");
    EQ(rig_do(rig, "ann", SAY("secret", "let me in")), REFUSE_room_unknown);
    EQ(rig_do(rig, "ann", SAY("nowhere", "hello")), REFUSE_room_unknown);
    STR_EQ(rig_reply(rig)->room_name, "nowhere");
    EQ(rig_do(rig, "mia", SAY("secret", "hello")), REFUSE_NONE);
    OKAY(rig_event(rig, EV_message_posted, 0)->is_private);
}

TEST(a_dm_is_heard_on_all_connections_of_both_and_nowhere_else) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob", "eve");
    rig_open(rig, "ann/2");
    rig_open(rig, "bob/2");
    EQ(rig_do(rig, "ann", DM(2, "psst")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "room_created reply message_posted");
    const struct event *made = rig_event(rig, EV_room_created, 0);
    EQ(made->room_kind, ROOM_DM);
    EQ(made->user.v, 1);
    EQ(made->other.v, 2);
    const struct event *ev = rig_event(rig, EV_message_posted, 0);
    EQ(ev->audience, AUD_SESSIONS);
    EQ(ev->session_count, 4);
    EQ(ev->room.v, made->room.v);
    EQ(ev->room_kind, ROOM_DM);
    EQ(ev->user.v, 1);
    EQ(ev->other.v, 2);
    OKAY(rig_reply(rig)->event == ev);
    EQ(rig_reply(rig)->user.v, 2);
    STR_EQ(rig_reply(rig)->username, "bob");
    EQ(rig_heard(rig, "ann", EV_message_posted), 1);
    EQ(rig_heard(rig, "ann/2", EV_message_posted), 1);
    EQ(rig_heard(rig, "bob", EV_message_posted), 1);
    EQ(rig_heard(rig, "bob/2", EV_message_posted), 1);
    EQ(rig_heard(rig, "eve", EV_message_posted), 0);
}

TEST(two_people_have_one_dm_whoever_begins) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    EQ(rig_do(rig, "bob", DM(1, "psst")), REFUSE_NONE);
    const struct event *made = rig_event(rig, EV_room_created, 0);
    EQ(made->user.v, 1);    // the smaller id
    EQ(made->other.v, 2);
    uint64_t room = made->room.v;
    EQ(rig_do(rig, "ann", DM(2, "yes?")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply message_posted");
    EQ(rig_event(rig, EV_message_posted, 0)->room.v, room);
    EQ(rig_event(rig, EV_message_posted, 0)->other.v, 2);
}

TEST(one_may_write_to_oneself_and_hears_it_once) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    EQ(rig_do(rig, "ann", DM(1, "remember the milk")), REFUSE_NONE);
    EQ(rig_event(rig, EV_message_posted, 0)->session_count, 1);
    EQ(rig_event(rig, EV_message_posted, 0)->other.v, 1);
    EQ(rig_do(rig, "ann", DM(1, "and bread")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply message_posted");
    struct cmd edit = EDIT(1, "and butter");
    edit.user = 1;
    EQ(rig_do(rig, "ann", edit), REFUSE_NONE);
    EQ(rig_event(rig, EV_message_edited, 0)->other.v, 1);
}

TEST(a_dm_goes_to_somebody_who_is_there) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob away");
    EQ(rig_do(rig, "ann", DM(9, "hello?")), REFUSE_user_unknown);
    EQ(rig_do(rig, "ann", DM(0, "hello?")), REFUSE_user_unknown);
    EQ(rig_do(rig, "ann", DM(2, "hello")), REFUSE_NONE);    // not connected is no obstacle
    EQ(rig_event(rig, EV_message_posted, 0)->session_count, 1);
    struct cmd by_name = DM(0, "hello");
    by_name.username = STR_LIT("BOB");
    EQ(rig_do(rig, "ann", by_name), REFUSE_NONE);
    EQ(rig_do(rig, "operator", ERASE("bob")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", DM(2, "hello")), REFUSE_user_unknown);
    by_name.username = STR_LIT("erased-2");
    EQ(rig_do(rig, "ann", by_name), REFUSE_user_unknown);
}

TEST(whom_one_writes_to_does_not_give_away_a_number) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "operator",
              CMD_OF(user_add, .username = STR_LIT("pat"), .mobile = STR_LIT("+33612345678"))),
       REFUSE_NONE);
    STR_EQ(rig_reply(rig)->mobile, "+33612345678");
    EQ(rig_do(rig, "ann", DM(2, "hello")), REFUSE_NONE);
    STR_EQ(rig_reply(rig)->mobile, "");
}

TEST(an_edit_is_for_the_store_to_place) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob admin");
    EQ(rig_do(rig, "ann", EDIT(17, "better")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply message_edited");
    const struct event *ev = rig_event(rig, EV_message_edited, 0);
    OKAY(rig_reply(rig)->event == ev);
    EQ(ev->message.v, 17);
    STR_EQ(ev->content, "better");
    EQ(ev->user.v, 1);
    EQ(ev->room.v, 0);
    EQ(ev->audience, AUD_ROOM);
    OKAY(!ev->is_moderator);
    EQ(rig_do(rig, "bob", EDIT(17, "moderate")), REFUSE_NONE);
    OKAY(!rig_event(rig, EV_message_edited, 0)->is_moderator);    // removing is not rewriting
    EQ(rig_do(rig, "bob", DELETE(17)), REFUSE_NONE);
    OKAY(rig_event(rig, EV_message_deleted, 0)->is_moderator);
    EQ(rig_do(rig, "ann", DELETE(17)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply message_deleted");
    STR_EQ(rig_event(rig, EV_message_deleted, 0)->content, "");
}

TEST(a_message_without_a_possible_id_is_unknown) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "ann", EDIT(0, "x")), REFUSE_message_unknown);
    EQ(rig_do(rig, "ann", DELETE(0)), REFUSE_message_unknown);
    EQ(rig_do(rig, "ann", DELETE(ID_MAX + 1)), REFUSE_message_unknown);
}

TEST(an_edit_may_name_its_room) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob in general");
    struct cmd edit = EDIT(17, "better");
    edit.room_name = STR_LIT("general");
    EQ(rig_do(rig, "ann", edit), REFUSE_NONE);
    EQ(rig_event(rig, EV_message_edited, 0)->room.v, 1);
    STR_EQ(rig_reply(rig)->room_name, "general");
    EQ(rig_heard(rig, "bob", EV_message_edited), 1);
    edit.room_name = STR_LIT("secret");
    EQ(rig_do(rig, "ann", edit), REFUSE_room_unknown);
}

TEST(an_edit_in_a_dm_reaches_both_when_the_command_names_it) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann admin", "bob", "eve");
    struct cmd edit = EDIT(17, "better");
    edit.user = 2;
    EQ(rig_do(rig, "ann", edit), REFUSE_message_unknown);    // nothing was said there yet
    rig_do(rig, "ann", DM(2, "good"));
    uint64_t room = rig_reply(rig)->room.v;

    EQ(rig_do(rig, "ann", edit), REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_message_edited, 0);
    EQ(ev->audience, AUD_SESSIONS);
    EQ(ev->session_count, 2);
    EQ(ev->room.v, room);
    EQ(ev->other.v, 2);
    OKAY(!ev->is_moderator);    // not in what two people say to each other
    edit.user = 0;
    edit.username = STR_LIT("bob");
    EQ(rig_do(rig, "ann", edit), REFUSE_NONE);
    edit.username = STR_LIT("nobody");
    EQ(rig_do(rig, "ann", edit), REFUSE_user_unknown);

    struct cmd by_room = DELETE(17);
    by_room.room = room;
    EQ(rig_do(rig, "bob", by_room), REFUSE_NONE);
    EQ(rig_event(rig, EV_message_deleted, 0)->other.v, 1);
    EQ(rig_event(rig, EV_message_deleted, 0)->session_count, 2);
    EQ(rig_do(rig, "eve", by_room), REFUSE_room_unknown);
    EQ(rig_heard(rig, "eve", EV_message_deleted), 0);
}
