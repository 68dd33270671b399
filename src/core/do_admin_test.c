/* What only the operator may. */
#include "core/rig.h"

#include "core/state.h"
#include "test/unit.h"

#define ADD(name) CMD_OF(user_add, .username = TEXT_OF(name))
#define TOKEN(name, text)                                                                          \
    CMD_OF(token_add, .username = TEXT_OF(name), .label = TEXT_OF(text), .hash = STR_LIT("h"))
#define REVOKE(name, text) CMD_OF(token_revoke, .username = TEXT_OF(name), .label = TEXT_OF(text))
#define ROOM(name) CMD_OF(room_add, .room_name = TEXT_OF(name))
#define NO_ROOM(name) CMD_OF(room_remove, .room_name = TEXT_OF(name))
#define SHOW(name) CMD_OF(user_show, .username = TEXT_OF(name))

TEST(a_user_is_added_with_everything_that_was_said) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd cmd = ADD("Pat Smith");
    cmd.mobile = STR_LIT("+33612345678");
    cmd.role = ROLE_PRO;
    cmd.hash = STR_LIT("$argon2id$x");
    EQ(rig_do(rig, "operator", cmd), REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_user_created, 0);
    OKAY(rig_reply(rig)->event == ev);
    EQ(ev->user.v, 2);
    STR_EQ(ev->username, "Pat Smith");
    STR_EQ(ev->mobile, "+33612345678");
    EQ(ev->role, ROLE_PRO);
    STR_EQ(ev->hash, "$argon2id$x");
    EQ(rig_reply(rig)->user.v, 2);
    EQ(rig_do(rig, "operator", SHOW("pat smith")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");
    STR_EQ(rig_reply(rig)->username, "Pat Smith");
    STR_EQ(rig_reply(rig)->mobile, "+33612345678");
    EQ(rig_reply(rig)->role, ROLE_PRO);
}

TEST(a_user_who_cannot_be_added_is_told_why) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd cmd = ADD("pat");
    cmd.mobile = STR_LIT("+336");
    rig_do(rig, "operator", cmd);
    EQ(rig_do(rig, "operator", ADD("ANN")), REFUSE_exists);
    STR_EQ(rig_detail(rig), "username");
    EQ(rig_do(rig, "operator", ADD("A\xc2\xadnn")), REFUSE_exists);    // with a soft hyphen
    cmd.username = STR_LIT("joe");
    EQ(rig_do(rig, "operator", cmd), REFUSE_exists);
    STR_EQ(rig_detail(rig), "mobile");
    cmd.mobile = STR_LIT("0612");
    EQ(rig_do(rig, "operator", cmd), REFUSE_malformed);
    cmd.mobile = STR_NONE;
    cmd.role = ROLE_COUNT;
    EQ(rig_do(rig, "operator", cmd), REFUSE_malformed);
    static const char *const bad[] = {
        "",
        " x",
        "x ",
        "a\tb",
        "erased-1",
        "ERASED-1",
        "123456789012345678901234567890123",
        "\xef\xbd\x85rased-1",
        "\xe3\x85\xa4",
        "\xe2\xa0\x80",
        "\xd8\x9c.",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        EQ(rig_do(rig, "operator", ADD(bad[i])), REFUSE_malformed);
        OKAY(rig_detail(rig).n > 0);
    }
    EQ(rig_do(rig, "operator", ADD("12345678901234567890123456789012")), REFUSE_NONE);
}

TEST(a_role_is_changed) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd cmd = CMD_OF(user_role, .username = STR_LIT("ann"), .role = ROLE_ADMIN);
    EQ(rig_do(rig, "operator", cmd), REFUSE_NONE);
    EQ(rig_reply(rig)->role, ROLE_ADMIN);
    EQ(rig_event(rig, EV_user_changed, 0)->role, ROLE_ADMIN);
    STR_EQ(rig_event(rig, EV_user_changed, 0)->hash, "");
    rig_do(rig, "ann", DELETE(1));
    OKAY(rig_event(rig, EV_message_deleted, 0)->is_moderator);
    cmd.role = ROLE_COUNT;
    EQ(rig_do(rig, "operator", cmd), REFUSE_malformed);
    cmd.username = STR_LIT("joe");
    EQ(rig_do(rig, "operator", cmd), REFUSE_user_unknown);
}

TEST(a_password_passes_through_as_a_hash) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann pro");
    struct cmd cmd = CMD_OF(user_password, .username = STR_LIT("ann"), .hash = STR_LIT("h"));
    EQ(rig_do(rig, "operator", cmd), REFUSE_NONE);
    STR_EQ(rig_event(rig, EV_user_changed, 0)->hash, "h");
    EQ(rig_event(rig, EV_user_changed, 0)->role, ROLE_PRO);
    cmd.hash = STR_NONE;
    EQ(rig_do(rig, "operator", cmd), REFUSE_malformed);
    cmd.username = STR_LIT("joe");
    EQ(rig_do(rig, "operator", cmd), REFUSE_user_unknown);
}

TEST(an_erased_user_leaves_nothing_but_an_id) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "mia member of secret");
    struct cmd cmd = ADD("a name that is longer than 16");
    cmd.mobile = STR_LIT("+336");
    cmd.role = ROLE_ADMIN;
    rig_do(rig, "operator", cmd);
    rig_do(rig, "operator", TOKEN("a name that is longer than 16", "bot"));
    EQ(rig_do(rig, "operator", ERASE("a name that is longer than 16")), REFUSE_NONE);
    EQ(rig_do(rig, "operator", SHOW("a name that is longer than 16")), REFUSE_user_unknown);
    EQ(rig_do(rig, "operator", SHOW("erased-3")), REFUSE_user_unknown);
    EQ(rig_do(rig, "operator", ERASE("erased-3")), REFUSE_user_unknown);
    const struct user *gone = rig_user(rig, "erased-3");
    OKAY(gone->is_erased && gone->mobile == 0 && gone->tokens == NULL);
    EQ(gone->role, ROLE_MEMBER);
    EQ(core_count(rig->core).users, 2);
    EQ(rig_do(rig, "operator", cmd), REFUSE_NONE);    // name and number are free
    EQ(rig_reply(rig)->user.v, 4);
}

TEST(an_erased_users_rooms_hear_them_leave_under_their_name) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "mia member of secret");
    rig_do(rig, "mia", JOIN("secret"));
    rig_do(rig, "mia", JOIN("general"));
    EQ(rig_do(rig, "operator", ERASE("mia")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply user_erased session_ended room_left room_left");
    STR_EQ(rig_reply(rig)->username, "mia");
    STR_EQ(rig_event(rig, EV_user_erased, 0)->username, "erased-2");
    EQ(rig_event(rig, EV_session_ended, 0)->refusal, REFUSE_unauthenticated);
    STR_EQ(rig_event(rig, EV_room_left, 0)->username, "mia");
    EQ(rig_heard(rig, "mia", EV_session_ended), 1);
    EQ(rig_heard(rig, "ann", EV_room_left), 1);
    EQ(rig_room(rig, "secret")->members.count, 0);
    EQ(core_count(rig->core).members, 0);
}

TEST(a_placeholder_that_is_taken_is_made_longer) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "erased-1 away", "erased-1_2 away");
    EQ(rig_do(rig, "operator", ERASE("ann")), REFUSE_NONE);
    STR_EQ(rig_event(rig, EV_user_erased, 0)->username, "erased-1_3");
}

TEST(tokens_are_known_by_their_labels) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    EQ(rig_do(rig, "operator", TOKEN("ann", "bot")), REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_token_added, 0);
    EQ(ev->user.v, 1);
    STR_EQ(ev->label, "bot");
    STR_EQ(ev->hash, "h");
    EQ(rig_do(rig, "operator", TOKEN("ann", "bot")), REFUSE_exists);
    EQ(rig_do(rig, "operator", TOKEN("bob", "bot")), REFUSE_NONE);
    EQ(rig_do(rig, "operator", TOKEN("ann", "other")), REFUSE_NONE);
    EQ(rig_do(rig, "operator", REVOKE("ann", "bot")), REFUSE_NONE);
    STR_EQ(rig_event(rig, EV_token_revoked, 0)->label, "bot");
    EQ(rig_do(rig, "operator", REVOKE("ann", "bot")), REFUSE_token_unknown);
    EQ(rig_do(rig, "operator", REVOKE("bob", "bot")), REFUSE_NONE);
    EQ(rig_do(rig, "operator", REVOKE("joe", "bot")), REFUSE_user_unknown);
    EQ(rig_do(rig, "operator", TOKEN("joe", "bot")), REFUSE_user_unknown);
    EQ(rig_do(rig, "operator", TOKEN("ann", "")), REFUSE_malformed);
    EQ(rig_do(rig, "operator", TOKEN("ann", "a\nb")), REFUSE_malformed);
    struct cmd bare = TOKEN("ann", "bare");
    bare.hash = STR_NONE;
    EQ(rig_do(rig, "operator", bare), REFUSE_malformed);
}

TEST(a_room_is_added_and_can_be_used_at_once) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "operator", ROOM("caf\xc3\xa9")), REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_room_created, 0);
    EQ(ev->room.v, 3);
    EQ(ev->room_kind, ROOM_CHANNEL);
    EQ(ev->server.v, 1);
    OKAY(!ev->is_private);
    EQ(rig_reply(rig)->room.v, 3);
    EQ(rig_do(rig, "ann", SAY("caf\xc3\xa9", "hello")), REFUSE_NONE);
    EQ(rig_do(rig, "operator", ROOM("caf\xc3\xa9")), REFUSE_exists);
    EQ(rig_do(rig, "operator", ROOM("Caf\xc3\xa9")), REFUSE_NONE);    // names compare exactly
    struct cmd hidden = ROOM("hidden");
    hidden.is_private = 1;
    EQ(rig_do(rig, "operator", hidden), REFUSE_NONE);
    EQ(rig_do(rig, "ann", JOIN("hidden")), REFUSE_room_unknown);
}

TEST(a_room_has_a_name_that_can_be_shown) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    char name[66];
    memset(name, 'r', sizeof name);
    name[65] = '\0';
    EQ(rig_do(rig, "operator", ROOM(name)), REFUSE_malformed);
    name[64] = '\0';
    EQ(rig_do(rig, "operator", ROOM(name)), REFUSE_NONE);
    EQ(rig_do(rig, "operator", ROOM("")), REFUSE_malformed);
    EQ(rig_do(rig, "operator", ROOM("a\nb")), REFUSE_malformed);
    EQ(rig_do(rig, "operator", ROOM(" a")), REFUSE_malformed);
}

TEST(a_removed_room_says_so_to_those_in_it_and_is_gone) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob", "mia member of secret");
    rig_do(rig, "mia", JOIN("secret"));
    EQ(rig_do(rig, "operator", NO_ROOM("secret")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply room_removed");
    EQ(rig_event(rig, EV_room_removed, 0)->room.v, 2);
    STR_EQ(rig_event(rig, EV_room_removed, 0)->room_name, "secret");
    EQ(rig_heard(rig, "mia", EV_room_removed), 1);
    EQ(rig_heard(rig, "ann", EV_room_removed), 0);
    EQ(rig_do(rig, "mia", SAY("secret", "anybody?")), REFUSE_room_unknown);
    EQ(rig_do(rig, "operator", NO_ROOM("secret")), REFUSE_room_unknown);
    EQ(core_count(rig->core).members, 0);
    EQ(core_count(rig->core).rooms, 1);
}

TEST(general_stays) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "operator", NO_ROOM("general")), REFUSE_forbidden);
    OKAY(rig_detail(rig).n > 0);
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_NONE);
}

TEST(room_ids_end_where_javascript_numbers_do) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away");
    rig_restore(rig, (struct event){ .type = EV_room_created,
                                     .room = { ID_MAX },
                                     .room_name = STR_LIT("last") });
    rig_open(rig, "ann");
    EQ(rig_do(rig, "operator", ROOM("more")), REFUSE_forbidden);
    EQ(rig_do(rig, "ann", DM(1, "hello")), REFUSE_forbidden);
    EQ(rig_do(rig, "ann", JOIN("last")), REFUSE_NONE);
}

TEST(a_ban_is_set_changed_and_lifted) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away");
    struct cmd ban = BAN("ann");
    EQ(rig_do(rig, "operator", ban), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply ban_set");    // no session to end
    EQ(rig_event(rig, EV_ban_set, 0)->until_ms, 0);
    EQ(rig_open(rig, "ann"), REFUSE_banned);
    ban.until_ms = rig->now_ms;
    EQ(rig_do(rig, "operator", ban), REFUSE_malformed);
    ban.until_ms = rig->now_ms + 1;
    EQ(rig_do(rig, "operator", ban), REFUSE_NONE);
    rig->now_ms += 1;
    EQ(rig_open(rig, "ann"), REFUSE_NONE);
    EQ(rig_do(rig, "operator", UNBAN("ann")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply ban_lifted");    // it was over, but still written down
    EQ(rig_do(rig, "operator", UNBAN("ann")), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");
    EQ(rig_do(rig, "operator", BAN("joe")), REFUSE_user_unknown);
    EQ(rig_do(rig, "operator", UNBAN("joe")), REFUSE_user_unknown);
}

TEST(an_admin_bans_whom_he_names_either_way_and_it_is_written_down_that_he_did) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "ada admin");
    EQ(rig_do(rig, "ada", CMD_OF(ban_add, .user = 1)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply ban_set session_ended");
    EQ(rig_event(rig, EV_ban_set, 0)->actor.v, 2);
    EQ(rig_heard(rig, "ann", EV_session_ended), 1);
    EQ(rig_do(rig, "ann", PING), REFUSE_banned);
    EQ(rig_do(rig, "ada", UNBAN("ann")), REFUSE_NONE);
    EQ(rig_event(rig, EV_ban_lifted, 0)->actor.v, 2);
    EQ(rig_do(rig, "operator", BAN("ann")), REFUSE_NONE);
    EQ(rig_event(rig, EV_ban_set, 0)->actor.v, 0);
}

TEST(nobody_bans_themselves) {
    SCOPED(rig_free) struct rig *rig = rig_new("ada admin", "eve admin");
    EQ(rig_do(rig, "ada", BAN("ada")), REFUSE_forbidden);
    EQ(rig_do(rig, "ada", CMD_OF(ban_add, .user = 1)), REFUSE_forbidden);
    EQ(rig_do(rig, "ada", BAN("eve")), REFUSE_NONE);
    EQ(rig_do(rig, "eve", UNBAN("eve")), REFUSE_banned);
    EQ(rig_do(rig, "operator", ERASE("eve")), REFUSE_NONE);
    EQ(rig_do(rig, "ada", CMD_OF(ban_add, .user = 2)), REFUSE_user_unknown);
}
