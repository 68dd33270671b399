/* Reading back, and the operator's lists. */
#include "core/rig.h"
#include "test/unit.h"

#define HISTORY(name, n) CMD_OF(room_history, .room_name = TEXT_OF(name), .limit = (n))
#define WITH(id, n) CMD_OF(direct_history, .user = (id), .limit = (n))

TEST(a_history_is_asked_of_the_store_and_answered_by_it) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd cmd = HISTORY("general", 20);
    cmd.before = 99;
    cmd.ref = STR_LIT("7");
    EQ(rig_do(rig, "ann", cmd), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "ask");
    const struct ask *ask = rig_ask(rig);
    EQ(ask->kind, ASK_ROOM_HISTORY);
    EQ(ask->room.v, 1);
    STR_EQ(ask->room_name, "general");
    EQ(ask->user.v, 1);
    EQ(ask->before, 99);
    EQ(ask->limit, 20);
    EQ(ask->dialect, DIALECT_hub);
    STR_EQ(ask->ref, "7");
}

TEST(a_history_has_a_usual_length_and_a_greatest) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    rig_do(rig, "ann", HISTORY("general", 0));
    EQ(rig_ask(rig)->limit, HISTORY_LIMIT_DEFAULT);
    rig_do(rig, "ann", HISTORY("general", HISTORY_LIMIT_MAX));
    EQ(rig_ask(rig)->limit, HISTORY_LIMIT_MAX);
    rig_do(rig, "ann", HISTORY("general", HISTORY_LIMIT_MAX + 1));
    EQ(rig_ask(rig)->limit, HISTORY_LIMIT_MAX);
    rig_do(rig, "ann", WITH(2, 0));
    EQ(rig_ask(rig)->limit, HISTORY_LIMIT_DEFAULT);
    rig_do(rig, "ann", WITH(2, UINT64_MAX));
    EQ(rig_ask(rig)->limit, HISTORY_LIMIT_MAX);
}

TEST(who_may_not_know_a_room_may_not_read_it) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "mia member of secret", "bob");
    EQ(rig_do(rig, "ann", HISTORY("secret", 1)), REFUSE_room_unknown);
    EQ(rig_do(rig, "ann", HISTORY("nowhere", 1)), REFUSE_room_unknown);
    STR_EQ(rig_reply(rig)->room_name, "nowhere");
    EQ(rig_do(rig, "mia", HISTORY("secret", 1)), REFUSE_NONE);
    EQ(rig_ask(rig)->room.v, 2);
    rig_do(rig, "mia", DM(3, "psst"));
    uint64_t dm = rig_reply(rig)->room.v;
    EQ(rig_do(rig, "ann", CMD_OF(room_history, .room = dm)), REFUSE_room_unknown);
}

TEST(a_dm_nobody_spoke_in_is_room_0) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    EQ(rig_do(rig, "ann", WITH(2, 5)), REFUSE_NONE);
    const struct ask *ask = rig_ask(rig);
    EQ(ask->kind, ASK_DIRECT_HISTORY);
    EQ(ask->room.v, 0);
    EQ(ask->user.v, 1);
    EQ(ask->other.v, 2);
    rig_do(rig, "bob", DM(1, "hello"));
    uint64_t room = rig_reply(rig)->room.v;
    EQ(rig_do(rig, "ann", WITH(2, 5)), REFUSE_NONE);
    EQ(rig_ask(rig)->room.v, room);
    EQ(rig_do(rig, "ann", WITH(9, 5)), REFUSE_user_unknown);
}

TEST(what_was_said_with_somebody_erased_can_still_be_read) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    rig_do(rig, "bob", DM(1, "hello"));
    rig_do(rig, "operator", ERASE("bob"));
    EQ(rig_do(rig, "ann", WITH(2, 5)), REFUSE_NONE);
    OKAY(rig_ask(rig)->room.v != 0);
}

TEST(the_operator_lists_users_tokens_rooms_and_bans) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "operator", CMD_OF(list, .list_kind = LIST_ROOMS)), REFUSE_NONE);
    EQ(rig_ask(rig)->kind, ASK_LIST);
    EQ(rig_ask(rig)->list_kind, LIST_ROOMS);
    EQ(rig_ask(rig)->other.v, 0);
    EQ(rig_do(rig, "operator", CMD_OF(list, .list_kind = LIST_TOKENS, .username = STR_LIT("Ann"))),
       REFUSE_NONE);
    EQ(rig_ask(rig)->other.v, 1);
    EQ(rig_do(rig, "operator", CMD_OF(list, .list_kind = LIST_TOKENS, .username = STR_LIT("bob"))),
       REFUSE_user_unknown);
    EQ(rig_do(rig, "operator", CMD_OF(list, .list_kind = LIST_AUDIT, .limit = 9)), REFUSE_NONE);
    EQ(rig_ask(rig)->other.v, 0);
    EQ(rig_ask(rig)->limit, 9);
    EQ(rig_do(rig, "operator", CMD_OF(list, .list_kind = LIST_AUDIT, .username = STR_LIT("Ann"))),
       REFUSE_NONE);
    EQ(rig_ask(rig)->other.v, 1);
    EQ(rig_do(rig, "operator", CMD_OF(list, .list_kind = LIST_AUDIT, .username = STR_LIT("bob"))),
       REFUSE_user_unknown);
    EQ(rig_do(rig, "operator", CMD_OF(list, .list_kind = LIST_KIND_COUNT)), REFUSE_malformed);
    EQ(rig_do(rig, "ann", CMD_OF(list, .list_kind = LIST_USERS)), REFUSE_forbidden);
}

TEST(a_page_is_asked_for_by_id_or_by_place) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd cmd = CMD_OF(room_history, .room_name = STR_LIT("general"), .after = 7, .offset = 9);
    EQ(rig_do(rig, "ann", cmd), REFUSE_NONE);
    EQ(rig_ask(rig)->after, 7);
    EQ(rig_ask(rig)->offset, 9);
}

TEST(a_room_is_resumed_from_where_it_was_lost_and_followed_from_then_on) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob in general");
    struct cmd resume = CMD_OF(room_resume, .room_name = STR_LIT("general"), .after_seq = 5);
    EQ(rig_do(rig, "ann", resume), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "follow_started ask room_entered");
    OKAY(rig_event(rig, EV_follow_started, 0)->is_on);    // the worker keeps what is said meanwhile
    EQ(rig_ask(rig)->kind, ASK_RESUME);
    EQ(rig_ask(rig)->room.v, 1);
    EQ(rig_ask(rig)->after_seq, 5);
    EQ(rig_ask(rig)->user.v, 1);
    EQ(rig_ask(rig)->limit, RESUME_CHANGES_MAX);
    EQ(rig_do(rig, "ann", resume), REFUSE_malformed);    // it is followed: too late
    EQ(rig_do(rig, "bob", resume), REFUSE_malformed);
    resume.after = 12;    // the worker, for more of it
    EQ(rig_do(rig, "ann", resume), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "ask");
    EQ(rig_ask(rig)->after, 12);
    EQ(rig_do(rig, "bob", SAY("general", "x")), REFUSE_NONE);
    EQ(rig_heard(rig, "ann", EV_message_posted), 1);
}

TEST(a_room_that_was_left_meanwhile_is_not_resumed_further) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    struct cmd more = CMD_OF(room_resume, .room_name = STR_LIT("general"), .after = 12);
    EQ(rig_do(rig, "ann", more), REFUSE_malformed);
}

TEST(what_is_looked_for_is_some_text_of_a_bounded_length) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    char text[SEARCH_CHARS_MAX + 2];
    memset(text, 'x', sizeof text);
    struct cmd search = CMD_OF(message_search, .content = { text, SEARCH_CHARS_MAX });
    EQ(rig_do(rig, "ann", search), REFUSE_NONE);
    EQ(rig_ask(rig)->kind, ASK_SEARCH);
    EQ(rig_ask(rig)->room.v, 0);
    search.content.n++;
    EQ(rig_do(rig, "ann", search), REFUSE_too_long);
    search.content = STR_LIT(" \t");
    EQ(rig_do(rig, "ann", search), REFUSE_malformed);
}

TEST(a_search_may_be_held_to_a_room_or_to_a_person) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    struct cmd search = CMD_OF(message_search, .content = STR_LIT("x"), .user = 2);
    EQ(rig_do(rig, "ann", search), REFUSE_NONE);
    OKAY(rig_ask(rig)->room.v != 0);    // they have no room yet, and everywhere is not meant
    EQ(rig_ask(rig)->other.v, 2);
    EQ(rig_do(rig, "ann", DM(2, "hi")), REFUSE_NONE);
    uint64_t dm = rig_reply(rig)->room.v;
    EQ(rig_do(rig, "ann", search), REFUSE_NONE);
    EQ(rig_ask(rig)->room.v, dm);
    search = CMD_OF(message_search, .content = STR_LIT("x"), .room_name = STR_LIT("general"));
    EQ(rig_do(rig, "ann", search), REFUSE_NONE);
    EQ(rig_ask(rig)->room.v, 1);
    STR_EQ(rig_ask(rig)->room_name, "general");
}
