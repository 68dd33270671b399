/* Coming in and going. */
#include "core/rig.h"

#include "core/state.h"
#include "test/unit.h"

#define OPEN(...) CMD_OF(session_open, __VA_ARGS__)

TEST(a_known_user_comes_in_by_id_by_name_or_by_number) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob away");
    EQ(rig_enter(rig, "bob", OPEN(.user = 2)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");
    EQ(rig_reply(rig)->user.v, 2);
    STR_EQ(rig_reply(rig)->username, "bob");
    EQ(rig_reply(rig)->role, ROLE_MEMBER);
    EQ(rig_enter(rig, "bob/2", OPEN(.username = STR_LIT("BOB"))), REFUSE_NONE);
    EQ(rig_reply(rig)->user.v, 2);
    rig_do(rig, "operator",
           CMD_OF(user_add, .username = STR_LIT("pat"), .mobile = STR_LIT("+336")));
    EQ(rig_enter(rig, "pat", OPEN(.mobile = STR_LIT("+336"))), REFUSE_NONE);
    STR_EQ(rig_reply(rig)->username, "pat");
    STR_EQ(rig_reply(rig)->mobile, "+336");
    EQ(core_count(rig->core).sessions, 4);
}

TEST(an_unknown_user_does_not_come_in_unless_the_door_says_so) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_enter(rig, "new", OPEN(.user = 7, .username = STR_LIT("new"))), REFUSE_unauthenticated);
    EQ(rig_enter(rig, "new", OPEN(.username = STR_LIT("new"))), REFUSE_unauthenticated);
    EQ(rig_enter(rig, "new", OPEN(.mobile = STR_LIT("+336"))), REFUSE_unauthenticated);
    EQ(rig_enter(rig, "new", OPEN(.is_provisioned = 1)), REFUSE_unauthenticated);
    EQ(core_count(rig->core).users, 1);
    EQ(rig_enter(rig, "new", OPEN(.user = 7, .username = STR_LIT("new"), .is_provisioned = 1)),
       REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "user_created reply");
    EQ(rig_event(rig, EV_user_created, 0)->user.v, 7);
    EQ(rig_reply(rig)->user.v, 7);
    STR_EQ(rig_reply(rig)->username, "new");
    EQ(core_count(rig->core).users, 2);
}

TEST(a_new_user_gets_the_next_id_if_the_credential_brings_none) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    rig_enter(rig, "far", OPEN(.user = 500, .username = STR_LIT("far"), .is_provisioned = 1));
    EQ(rig_enter(rig, "new", OPEN(.username = STR_LIT("new"), .is_provisioned = 1)), REFUSE_NONE);
    EQ(rig_reply(rig)->user.v, 501);
    EQ(rig_do(rig, "operator", CMD_OF(user_add, .username = STR_LIT("pat"))), REFUSE_NONE);
    EQ(rig_reply(rig)->user.v, 502);
}

TEST(ids_end_where_javascript_numbers_do) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_enter(rig, "x", OPEN(.user = ID_MAX + 1, .is_provisioned = 1)), REFUSE_unauthenticated);
    OKAY(rig_detail(rig).n > 0);
    EQ(rig_enter(rig, "last", OPEN(.user = ID_MAX, .is_provisioned = 1)), REFUSE_NONE);
    EQ(rig_enter(rig, "more", OPEN(.username = STR_LIT("more"), .is_provisioned = 1)),
       REFUSE_unauthenticated);
    EQ(rig_do(rig, "operator", CMD_OF(user_add, .username = STR_LIT("pat"))), REFUSE_forbidden);
}

TEST(a_name_that_may_not_be_had_is_replaced_by_one_made_of_the_id) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "user9 away", "user9_2 away");
    static const char *const bad[] = { "", "ANN", "a\nb", " x", "erased-7", "Erased-x" };
    for (unsigned i = 0; i < COUNT(bad); i++) {
        struct cmd cmd = OPEN(.user = 20 + i, .username = TEXT_OF(bad[i]), .is_provisioned = 1);
        EQ(rig_enter(rig, "new", cmd), REFUSE_NONE);
        char want[16] = "user20";
        want[5] = (char)('0' + i);
        STR_EQ(rig_reply(rig)->username, want);
    }
    EQ(rig_enter(rig, "nine", OPEN(.user = 9, .is_provisioned = 1)), REFUSE_NONE);
    STR_EQ(rig_reply(rig)->username, "user9_3");
}

TEST(what_is_stored_wins_over_what_a_token_says) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away", "bob pro");
    EQ(rig_enter(rig, "ann",
                 OPEN(.user = 1, .username = STR_LIT("anne"), .role = ROLE_ADMIN,
                      .mobile = STR_LIT("+336"), .is_provisioned = 1)),
       REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");
    STR_EQ(rig_reply(rig)->username, "ann");
    STR_EQ(rig_reply(rig)->mobile, "");
    EQ(rig_reply(rig)->role, ROLE_MEMBER);
}

TEST(no_token_makes_an_administrator) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    rig_enter(rig, "a", OPEN(.user = 10, .role = ROLE_ADMIN, .is_provisioned = 1));
    EQ(rig_reply(rig)->role, ROLE_MEMBER);
    rig_enter(rig, "b", OPEN(.user = 11, .role = ROLE_PRO, .is_provisioned = 1));
    EQ(rig_reply(rig)->role, ROLE_PRO);
    rig_enter(rig, "c", OPEN(.user = 12, .role = 99, .is_provisioned = 1));
    EQ(rig_reply(rig)->role, ROLE_MEMBER);
}

TEST(a_number_belongs_to_one_user) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    rig_enter(rig, "a", OPEN(.user = 10, .mobile = STR_LIT("+336"), .is_provisioned = 1));
    STR_EQ(rig_reply(rig)->mobile, "+336");
    rig_enter(rig, "b", OPEN(.user = 11, .mobile = STR_LIT("+336"), .is_provisioned = 1));
    STR_EQ(rig_reply(rig)->mobile, "");
    rig_enter(rig, "c", OPEN(.user = 12, .mobile = STR_LIT("0612"), .is_provisioned = 1));
    STR_EQ(rig_reply(rig)->mobile, "");
}

TEST(so_many_connections_a_user_and_the_older_ones_stay) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    rig->limits.sessions_per_user = 2;
    rig_take_limits(rig);
    EQ(rig_open(rig, "ann/2"), REFUSE_NONE);
    EQ(rig_open(rig, "ann/3"), REFUSE_too_many_sessions);
    STR_EQ(rig_detail(rig), "at most 2");
    EQ(rig_do(rig, "ann", PING), REFUSE_NONE);
    EQ(rig_close(rig, "ann"), REFUSE_NONE);
    EQ(rig_open(rig, "ann/4"), REFUSE_NONE);
    rig->limits.sessions_per_user = 0;    // none
    rig_take_limits(rig);
    EQ(rig_open(rig, "ann/5"), REFUSE_NONE);
}

TEST(a_banned_user_cannot_come_back) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob in general");
    EQ(rig_do(rig, "operator", BAN("bob")), REFUSE_NONE);
    EQ(rig_do(rig, "bob", JOIN("general")), REFUSE_banned);
    EQ(rig_close(rig, "bob"), REFUSE_NONE);
    EQ(rig_open(rig, "bob"), REFUSE_banned);
    rig_deaf(rig);
    rig_do(rig, "ann", SAY("general", "he is gone"));
    EQ(rig_heard(rig, "bob", EV_message_posted), 0);
    EQ(rig_do(rig, "operator", UNBAN("bob")), REFUSE_NONE);
    EQ(rig_open(rig, "bob"), REFUSE_NONE);
}

TEST(a_ban_ends_at_its_millisecond) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob away");
    struct cmd ban = BAN("bob");
    ban.until_ms = rig->now_ms + 1000;
    EQ(rig_do(rig, "operator", ban), REFUSE_NONE);
    rig->now_ms += 999;
    EQ(rig_open(rig, "bob"), REFUSE_banned);
    rig->now_ms += 1;
    EQ(rig_open(rig, "bob"), REFUSE_NONE);
}

TEST(a_ban_ends_every_connection_and_its_rooms_hear_it_once) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob in general");
    rig_open(rig, "bob/2");
    rig_do(rig, "bob/2", JOIN("general"));
    EQ(rig_do(rig, "operator", BAN("bob")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply ban_set session_ended room_left");
    const struct event *ended = rig_event(rig, EV_session_ended, 0);
    EQ(ended->refusal, REFUSE_banned);
    EQ(ended->session_count, 2);
    EQ(ended->user.v, 2);
    EQ(rig_heard(rig, "bob", EV_session_ended), 1);
    EQ(rig_heard(rig, "bob/2", EV_session_ended), 1);
    EQ(rig_heard(rig, "ann", EV_session_ended), 0);
    EQ(rig_heard(rig, "ann", EV_room_left), 1);
    EQ(rig_heard(rig, "bob", EV_room_left), 0);
    EQ(rig_close(rig, "bob"), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");    // nothing is left to tell
}

TEST(somebody_erased_does_not_come_back_under_the_same_id) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    EQ(rig_do(rig, "operator", ERASE("bob")), REFUSE_NONE);
    EQ(rig_do(rig, "bob", PING), REFUSE_unauthenticated);
    EQ(rig_close(rig, "bob"), REFUSE_NONE);
    EQ(rig_enter(rig, "bob", OPEN(.user = 2, .username = STR_LIT("bob"), .is_provisioned = 1)),
       REFUSE_unauthenticated);
    EQ(rig_enter(rig, "bob", OPEN(.username = STR_LIT("erased-2"))), REFUSE_unauthenticated);
    EQ(rig_enter(rig, "bob", OPEN(.username = STR_LIT("bob"), .is_provisioned = 1)), REFUSE_NONE);
    EQ(rig_reply(rig)->user.v, 3);    // the name is free, and somebody else's
}

TEST(an_open_session_may_present_a_fresh_token_of_the_same_user) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    EQ(rig_do(rig, "ann", OPEN(.user = 1)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");
    STR_EQ(rig_reply(rig)->username, "ann");
    EQ(core_count(rig->core).sessions, 2);
    EQ(rig_do(rig, "ann", OPEN(.user = 2)), REFUSE_forbidden);
    EQ(rig_do(rig, "ann", OPEN(.user = 99, .is_provisioned = 1)), REFUSE_forbidden);
    rig_do(rig, "operator", BAN("ann"));
    EQ(rig_do(rig, "ann", OPEN(.user = 1)), REFUSE_banned);
    rig_do(rig, "operator", ERASE("ann"));
    EQ(rig_do(rig, "ann", OPEN(.user = 1)), REFUSE_unauthenticated);
}

TEST(closing_tells_the_rooms_whose_last_session_it_was) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "mia member of secret");
    rig_do(rig, "mia", JOIN("secret"));
    rig_do(rig, "mia", JOIN("general"));
    rig_open(rig, "mia/2");
    rig_do(rig, "mia/2", JOIN("general"));
    EQ(rig_close(rig, "mia"), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply room_left");
    EQ(rig_event(rig, EV_room_left, 0)->room.v, 2);
    EQ(rig_close(rig, "mia/2"), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply room_left");
    EQ(rig_event(rig, EV_room_left, 0)->room.v, 1);
    EQ(rig_heard(rig, "ann", EV_room_left), 1);
    EQ(core_count(rig->core).sessions, 1);
}

TEST(who_comes_back_within_a_minute_has_reconnected) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    rig_close(rig, "ann");
    rig->now_ms += RETURN_WITHIN_S * 1000 - 1000;
    rig_open(rig, "ann");
    OKAY(rig_reply(rig)->is_return);
    rig_close(rig, "ann");
    rig->now_ms += RETURN_WITHIN_S * 1000;
    rig_open(rig, "ann");
    OKAY(!rig_reply(rig)->is_return);
}

TEST(closing_what_is_not_open_is_answered) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "nobody", CMD_OF(session_close, .user = 0)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");
}

TEST(a_full_disk_keeps_out_only_those_who_would_have_to_be_created) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob away");
    rig_writable(rig, false);
    EQ(rig_open(rig, "bob"), REFUSE_NONE);
    EQ(rig_do(rig, "bob", JOIN("general")), REFUSE_NONE);
    EQ(rig_enter(rig, "new", OPEN(.user = 9, .is_provisioned = 1)), REFUSE_store_away);
    rig_writable(rig, true);
    EQ(rig_enter(rig, "new", OPEN(.user = 9, .is_provisioned = 1)), REFUSE_NONE);
}

TEST(a_history_of_messages_goes_with_the_session_once_it_is_old) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    rig->limits.content[DIALECT_hub].per_minute = 5;
    rig_take_limits(rig);
    rig_do(rig, "ann", SAY("general", "hello"));
    rig->now_ms += 59999;
    rig_close(rig, "ann");
    OKAY(rig_user(rig, "ann")->rate != NULL);    // nobody escapes a limit by coming again
    rig_open(rig, "ann");
    rig->now_ms += 1;
    rig_close(rig, "ann");
    OKAY(rig_user(rig, "ann")->rate == NULL);
}

TEST(ping_is_answered) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "ann", PING), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");
}

TEST(input_nobody_could_read_is_refused_with_the_decoders_words) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd cmd = CMD_OF(malformed, .detail = STR_LIT("text is missing"));
    EQ(rig_do(rig, "ann", cmd), REFUSE_malformed);
    STR_EQ(rig_detail(rig), "text is missing");
    cmd.refusal = REFUSE_too_long;
    EQ(rig_do(rig, "nobody", cmd), REFUSE_too_long);
    cmd.refusal = REFUSAL_COUNT;
    EQ(rig_do(rig, "ann", cmd), REFUSE_malformed);
}

// ---- one connection of a user in a dialect, and no other

#define ALONE(name) CMD_OF(session_open, .username = TEXT_OF(name), .is_alone = 1)

static struct cmd alone_in(const char *name, enum dialect_id dialect) {
    struct cmd cmd = ALONE(name);
    cmd.dialect = dialect;
    return cmd;
}

TEST(a_session_that_is_to_be_alone_keeps_the_next_one_out) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away", "bob away");
    EQ(rig_enter(rig, "ann", alone_in("ann", DIALECT_envelope)), REFUSE_NONE);
    rig->now_ms += ALONE_SILENT_MS - 1;
    EQ(rig_enter(rig, "ann/2", alone_in("ann", DIALECT_envelope)), REFUSE_already_connected);
    EQ(rig_enter(rig, "ann/3", alone_in("ann", DIALECT_hub)), REFUSE_NONE);    // another dialect
    EQ(rig_enter(rig, "bob", alone_in("bob", DIALECT_envelope)), REFUSE_NONE);
    EQ(rig_do(rig, "ann", PING), REFUSE_NONE);
    rig_close(rig, "ann");
    EQ(rig_enter(rig, "ann/2", alone_in("ann", DIALECT_envelope)), REFUSE_NONE);
}

TEST(a_session_that_was_silent_gives_way) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away", "eve in general");
    EQ(rig_enter(rig, "ann", ALONE("ann")), REFUSE_NONE);
    rig->now_ms += ALONE_SILENT_MS - 1;
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_NONE);    // heard of
    rig->now_ms += ALONE_SILENT_MS - 1;
    EQ(rig_enter(rig, "ann/2", ALONE("ann")), REFUSE_already_connected);
    rig->now_ms += 1;
    EQ(rig_enter(rig, "ann/2", ALONE("ann")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "session_ended room_left reply");
    EQ(rig_event(rig, EV_session_ended, 0)->refusal, REFUSE_already_connected);
    EQ(rig_event(rig, EV_session_ended, 0)->session_count, 1);
    EQ(rig_heard(rig, "ann", EV_session_ended), 1);
    EQ(rig_heard(rig, "ann/2", EV_session_ended), 0);
    EQ(rig_heard(rig, "eve", EV_room_left), 1);
    EQ(rig_do(rig, "ann", PING), REFUSE_unauthenticated);    // what it had sent before it heard
    EQ(rig_do(rig, "ann/2", PING), REFUSE_NONE);
    rig_close(rig, "ann");
    EQ(rig_do(rig, "ann/2", PING), REFUSE_NONE);
}

TEST(only_those_that_are_to_be_alone_are_in_the_way) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_enter(rig, "ann/2", ALONE("ann")), REFUSE_NONE);
    EQ(rig_open(rig, "ann/3"), REFUSE_NONE);
    EQ(rig_enter(rig, "ann/4", ALONE("ann")), REFUSE_already_connected);
}

TEST(who_gives_way_gives_up_the_place) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    rig->limits.sessions_per_user = 2;
    rig_take_limits(rig);
    EQ(rig_enter(rig, "ann/2", ALONE("ann")), REFUSE_NONE);
    rig->now_ms += ALONE_SILENT_MS;
    EQ(rig_open(rig, "ann/3"), REFUSE_too_many_sessions);
    EQ(rig_enter(rig, "ann/3", ALONE("ann")), REFUSE_NONE);
    EQ(session_count(rig_user(rig, "ann")), 2);
}

TEST(a_clock_set_back_locks_nobody_out) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away");
    EQ(rig_enter(rig, "ann", ALONE("ann")), REFUSE_NONE);
    rig->now_ms -= 3600000;
    EQ(rig_enter(rig, "ann/2", ALONE("ann")), REFUSE_NONE);
}

// ---- what somebody does now

#define INFO(id) CMD_OF(user_info, .user = (id))

static bool types_to(struct rig *rig, const char *asker, uint64_t who) {
    CHECK(rig_do(rig, asker, INFO(who)) == REFUSE_NONE);
    return rig_reply(rig)->is_typing;
}

TEST(who_somebody_is_and_whether_they_are_there) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob pro", "eve away");
    EQ(rig_do(rig, "ann", INFO(2)), REFUSE_NONE);
    EQ(rig_reply(rig)->user.v, 2);
    STR_EQ(rig_reply(rig)->username, "bob");
    EQ(rig_reply(rig)->role, ROLE_PRO);
    OKAY(rig_reply(rig)->is_on && !rig_reply(rig)->is_typing);
    EQ(rig_do(rig, "ann", CMD_OF(user_info, .username = STR_LIT("EVE"))), REFUSE_NONE);
    OKAY(!rig_reply(rig)->is_on);
    EQ(rig_do(rig, "ann", INFO(9)), REFUSE_user_unknown);
    EQ(rig_do(rig, "operator", ERASE("bob")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", INFO(2)), REFUSE_user_unknown);
}

TEST(whoever_is_typed_to_may_ask_for_it_and_nobody_else) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob", "eve");
    struct cmd type = CMD_OF(typing_set, .user = 2, .is_on = 1);
    EQ(rig_do(rig, "ann", type), REFUSE_NONE);    // they have no room yet
    OKAY(types_to(rig, "bob", 1));
    OKAY(!types_to(rig, "eve", 1) && !types_to(rig, "ann", 2));
    type.is_on = 0;
    EQ(rig_do(rig, "ann", type), REFUSE_NONE);
    OKAY(!types_to(rig, "bob", 1));
    EQ(rig_do(rig, "ann", DM(2, "x")), REFUSE_NONE);
    type.is_on = 1;
    EQ(rig_do(rig, "ann", type), REFUSE_NONE);
    type.user = 3;
    type.is_on = 0;
    EQ(rig_do(rig, "ann", type), REFUSE_NONE);    // to eve she did not
    OKAY(types_to(rig, "bob", 1));
    type.is_on = 1;
    EQ(rig_do(rig, "ann", type), REFUSE_NONE);
    OKAY(!types_to(rig, "bob", 1) && types_to(rig, "eve", 1));
}

TEST(typing_ends_by_itself_and_with_the_last_session) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    struct cmd type = CMD_OF(typing_set, .user = 2, .is_on = 1);
    EQ(rig_do(rig, "ann", type), REFUSE_NONE);
    rig->now_ms += TYPING_LASTS_MS - 1;
    OKAY(types_to(rig, "bob", 1));
    rig->now_ms++;
    OKAY(!types_to(rig, "bob", 1));
    EQ(rig_do(rig, "ann", type), REFUSE_NONE);
    rig_open(rig, "ann/2");
    rig_close(rig, "ann");
    OKAY(types_to(rig, "bob", 1));
    rig_close(rig, "ann/2");
    OKAY(!types_to(rig, "bob", 1));
}

TEST(who_is_blocked_is_not_seen_typing) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob pro");
    EQ(rig_do(rig, "bob", BLOCK(1, 0)), REFUSE_NONE);
    EQ(rig_do(rig, "ann", CMD_OF(typing_set, .user = 2, .is_on = 1)), REFUSE_NONE);
    OKAY(!types_to(rig, "bob", 1));
}

// ---- what could not be read

TEST(what_a_decoder_found_is_passed_on_as_it_is) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd cmd = CMD_OF(malformed, .problem = 3, .detail = STR_LIT("room"));
    EQ(rig_do(rig, "ann", cmd), REFUSE_malformed);
    EQ(rig_reply(rig)->detail.problem, 3);
    STR_EQ(rig_reply(rig)->detail.word, "room");
    EQ(rig_do(rig, "ann", CMD_OF(malformed, .problem = 4)), REFUSE_malformed);
    EQ(rig_reply(rig)->detail.kind, DETAIL_words);
    EQ(rig_reply(rig)->detail.problem, 4);
}

TEST(a_content_that_was_not_carried_along_is_too_long) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "ann", CMD_OF(malformed, .chars = 16385)), REFUSE_too_long);
    STR_EQ(rig_detail(rig), "16385 characters; at most 4000");
    EQ(rig_reply(rig)->detail.input, INPUT_content);
}
