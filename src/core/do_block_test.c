/* Blocks: who may set which, what they keep from whom, and what stays allowed. */
#include "core/rig.h"

#include "core/state.h"
#include "test/unit.h"

#define ANN 1
#define PAT 2    // a pro
#define ADA 3    // an admin
#define BOB 4
#define PEOPLE "ann in general", "pat pro", "ada admin", "bob"

#define EVERYONE .is_on = 1
#define REACT_TO(to) CMD_OF(reaction_set, .user = (to), .reply_to = 1, .content = STR_LIT("👍"))
#define EDIT_IN(to) CMD_OF(message_edit, .user = (to), .message = 1, .content = STR_LIT("x"))
#define TYPE_TO(to) CMD_OF(typing_set, .user = (to), .is_on = 1)

TEST(a_block_lasts_a_day_unless_it_is_said_otherwise) {
    SCOPED(rig_free) struct rig *rig = rig_new(PEOPLE);
    EQ(rig_do(rig, "pat", BLOCK(ANN, 0)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply block_set");
    const struct event *ev = rig_event(rig, EV_block_set, 0);
    EQ(ev->user.v, ANN);
    EQ(ev->other.v, PAT);
    EQ(ev->actor.v, PAT);
    EQ(ev->until_ms, rig->now_ms + BLOCK_MS_DEFAULT);
    EQ(rig_reply(rig)->until_ms, ev->until_ms);
    EQ(rig_reply(rig)->user.v, ANN);
    OKAY(rig_reply(rig)->event == ev);
    struct cmd cmd = BLOCK(ANN, 0);
    cmd.duration_ms = BLOCK_MS_MAX;
    EQ(rig_do(rig, "pat", cmd), REFUSE_NONE);
    EQ(rig_reply(rig)->until_ms, rig->now_ms + BLOCK_MS_MAX);
    cmd.duration_ms++;
    EQ(rig_do(rig, "pat", cmd), REFUSE_malformed);
}

/* Who blocks whom from whom, and what comes of it. */
TEST(who_may_block_whom) {
    static const struct {
        const char *who;
        uint64_t user, other, is_on;
        enum refusal want;
        uint64_t from;
    } rows[] = {
        { "pat", ANN, 0, 0, REFUSE_NONE, PAT },
        { "pat", ANN, PAT, 0, REFUSE_NONE, PAT },
        { "pat", ANN, BOB, 0, REFUSE_forbidden, 0 },
        { "pat", ANN, 0, 1, REFUSE_forbidden, 0 },
        { "pat", ANN, PAT, 1, REFUSE_forbidden, 0 },
        { "pat", PAT, 0, 0, REFUSE_forbidden, 0 },
        { "pat", 99, 0, 0, REFUSE_user_unknown, 0 },
        { "pat", 0, 0, 0, REFUSE_user_unknown, 0 },
        { "ada", ANN, BOB, 0, REFUSE_NONE, BOB },
        { "ada", ANN, ADA, 0, REFUSE_NONE, ADA },
        { "ada", ANN, 0, 0, REFUSE_NONE, 0 },
        { "ada", ANN, 0, 1, REFUSE_NONE, 0 },
        { "ada", PAT, 0, 1, REFUSE_NONE, 0 },
        { "ada", ANN, BOB, 1, REFUSE_malformed, 0 },
        { "ada", ANN, ANN, 0, REFUSE_forbidden, 0 },
        { "ada", ANN, 99, 0, REFUSE_user_unknown, 0 },
        { "ada", ADA, 0, 1, REFUSE_forbidden, 0 },
        { "operator", ANN, BOB, 0, REFUSE_NONE, BOB },
        { "operator", ADA, 0, 0, REFUSE_NONE, 0 },
        { "ann", BOB, 0, 0, REFUSE_forbidden, 0 },
        { "nobody", BOB, 0, 0, REFUSE_unauthenticated, 0 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        SCOPED(rig_free) struct rig *rig = rig_new(PEOPLE);
        struct cmd add =
            CMD_OF(block_add, .user = rows[i].user, .other = rows[i].other, .is_on = rows[i].is_on);
        struct cmd lift = add;
        lift.type = CMD_block_remove;
        EQ(rig_do(rig, rows[i].who, add), rows[i].want);
        if (rows[i].want == REFUSE_NONE) {
            EQ(rig_event(rig, EV_block_set, 0)->other.v, rows[i].from);
        }
        EQ(rig_do(rig, rows[i].who, lift), rows[i].want);
        EQ(rig->core->blocks.by_pair.count, 0);
    }
}

TEST(the_operator_names_people_and_is_nobody_in_what_is_kept) {
    SCOPED(rig_free) struct rig *rig = rig_new(PEOPLE);
    struct cmd cmd = CMD_OF(block_add, .username = STR_LIT("ANN"), .other = BOB);
    EQ(rig_do(rig, "operator", cmd), REFUSE_NONE);
    EQ(rig_event(rig, EV_block_set, 0)->actor.v, 0);
    EQ(rig_do(rig, "ann", DM(BOB, "x")), REFUSE_blocked);
    cmd.username = STR_LIT("joe");
    EQ(rig_do(rig, "operator", cmd), REFUSE_user_unknown);
}

TEST(the_blocked_says_nothing_to_whom_it_keeps_from_and_anything_to_others) {
    SCOPED(rig_free) struct rig *rig = rig_new(PEOPLE);
    EQ(rig_do(rig, "ann", DM(PAT, "hello")), REFUSE_NONE);
    EQ(rig_do(rig, "pat", BLOCK(ANN, 0)), REFUSE_NONE);
    rig_deaf(rig);
    EQ(rig_do(rig, "ann", DM(PAT, "are you there")), REFUSE_blocked);
    EQ(rig_reply(rig)->user.v, PAT);
    EQ(rig_do(rig, "ann", REACT_TO(PAT)), REFUSE_blocked);
    EQ(rig_do(rig, "ann", EDIT_IN(PAT)), REFUSE_blocked);
    EQ(rig_do(rig, "ann", CMD_OF(reaction_set, .room = 3, .reply_to = 1, .content = STR_LIT("👍"))),
       REFUSE_blocked);
    EQ(rig_do(rig, "ann", TYPE_TO(PAT)), REFUSE_NONE);    // in silence
    STR_EQ(str_of(rig_order(rig)), "reply");
    EQ(rig_heard(rig, "pat", EV_message_posted) + rig_heard(rig, "pat", EV_typing_changed), 0);

    EQ(rig_do(rig, "ann", DM(BOB, "x")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", SAY("general", "x")), REFUSE_NONE);
    EQ(rig_do(rig, "pat", DM(ANN, "you hear me")), REFUSE_NONE);    // one way
    EQ(rig_heard(rig, "ann", EV_message_posted), 3);
    EQ(rig_do(rig, "ann", CMD_OF(direct_history, .user = PAT)), REFUSE_NONE);
    EQ(rig_do(rig, "ann", CMD_OF(message_delete, .user = PAT, .message = 1)), REFUSE_NONE);
    EQ(rig_do(rig, "ann", CMD_OF(read_set, .user = PAT)), REFUSE_NONE);
}

TEST(who_is_blocked_from_everyone_says_nothing_anywhere) {
    SCOPED(rig_free) struct rig *rig = rig_new(PEOPLE);
    EQ(rig_do(rig, "ann", DM(BOB, "x")), REFUSE_NONE);
    EQ(rig_do(rig, "ada", CMD_OF(block_add, .user = ANN, EVERYONE)), REFUSE_NONE);
    const struct cmd refused[] = {
        SAY("general", "x"), DM(BOB, "x"),
        DM(ADA, "why"),      REACT("general", 1, "👍"),
        REACT_TO(BOB),       EDIT(1, "x"),
        EDIT_IN(BOB),        CMD_OF(message_edit, .room = 1, .message = 1, .content = STR_LIT("x")),
    };
    for (size_t i = 0; i < COUNT(refused); i++) {
        EQ(rig_do(rig, "ann", refused[i]), REFUSE_blocked);
    }
    EQ(rig_do(rig, "ann", SAY("secret", "x")), REFUSE_room_unknown);    // nothing is given away
    EQ(rig_do(rig, "ann", DELETE(1)), REFUSE_NONE);
    EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", CMD_OF(room_history, .room = 1)), REFUSE_NONE);
    EQ(rig_do(rig, "ann", TYPE_TO(BOB)), REFUSE_NONE);
    EQ(rig_events(rig, EV_typing_changed), 0);
    EQ(rig_do(rig, "bob", SAY("general", "she still reads")), REFUSE_NONE);
    EQ(rig_heard(rig, "ann", EV_message_posted), 2);
}

TEST(a_block_ends_by_itself) {
    SCOPED(rig_free) struct rig *rig = rig_new(PEOPLE);
    struct cmd cmd = BLOCK(ANN, 0);
    cmd.duration_ms = 5000;
    EQ(rig_do(rig, "pat", cmd), REFUSE_NONE);
    rig->now_ms += 4999;
    EQ(rig_do(rig, "ann", DM(PAT, "x")), REFUSE_blocked);
    rig->now_ms++;
    EQ(rig_do(rig, "ann", DM(PAT, "x")), REFUSE_NONE);
    EQ(rig_do(rig, "pat", UNBLOCK(ANN, 0)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply");    // there is none to lift
}

TEST(a_second_block_of_the_two_replaces_the_first) {
    SCOPED(rig_free) struct rig *rig = rig_new(PEOPLE);
    struct cmd cmd = BLOCK(ANN, 0);
    EQ(rig_do(rig, "pat", cmd), REFUSE_NONE);
    cmd.duration_ms = 1000;
    EQ(rig_do(rig, "pat", cmd), REFUSE_NONE);
    rig->now_ms += 1000;
    EQ(rig_do(rig, "ann", DM(PAT, "x")), REFUSE_NONE);
}

TEST(lifting_one_leaves_the_others) {
    SCOPED(rig_free) struct rig *rig = rig_new(PEOPLE);
    EQ(rig_do(rig, "pat", BLOCK(ANN, 0)), REFUSE_NONE);
    EQ(rig_do(rig, "ada", BLOCK(ANN, BOB)), REFUSE_NONE);
    EQ(rig_do(rig, "pat", UNBLOCK(ANN, 0)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply block_lifted");
    EQ(rig_event(rig, EV_block_lifted, 0)->actor.v, PAT);
    EQ(rig_do(rig, "ann", DM(PAT, "x")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", DM(BOB, "x")), REFUSE_blocked);
    EQ(rig_do(rig, "ada", UNBLOCK(ANN, 0)), REFUSE_NONE);    // from everyone: not there
    STR_EQ(str_of(rig_order(rig)), "reply");
    EQ(rig_do(rig, "ann", DM(BOB, "x")), REFUSE_blocked);
}

TEST(blocks_go_with_whom_they_are_of) {
    SCOPED(rig_free) struct rig *rig = rig_new(PEOPLE);
    EQ(rig_do(rig, "pat", BLOCK(ANN, 0)), REFUSE_NONE);
    EQ(rig_do(rig, "ada", BLOCK(PAT, ANN)), REFUSE_NONE);
    EQ(rig_do(rig, "ada", BLOCK(BOB, ADA)), REFUSE_NONE);
    EQ(rig_do(rig, "operator", ERASE("ann")), REFUSE_NONE);
    EQ(rig->core->blocks.by_pair.count, 1);
    EQ(rig_do(rig, "pat", BLOCK(ANN, 0)), REFUSE_user_unknown);
    EQ(rig_do(rig, "ada", BLOCK(BOB, ANN)), REFUSE_user_unknown);
}

TEST(nobody_but_the_operator_is_told_a_number) {
    SCOPED(rig_free) struct rig *rig = rig_new("pat pro", "ada admin");
    struct cmd add = CMD_OF(user_add, .username = STR_LIT("joe"), .mobile = STR_LIT("+336"));
    EQ(rig_do(rig, "operator", add), REFUSE_NONE);
    EQ(rig_do(rig, "pat", BLOCK(3, 0)), REFUSE_NONE);
    STR_EQ(rig_reply(rig)->mobile, "");
    EQ(rig_do(rig, "ada", BAN("joe")), REFUSE_NONE);
    STR_EQ(rig_reply(rig)->mobile, "");
    EQ(rig_do(rig, "pat", CMD_OF(user_info, .user = 3)), REFUSE_NONE);
    STR_EQ(rig_reply(rig)->mobile, "");
    EQ(rig_do(rig, "operator", BAN("joe")), REFUSE_NONE);
    STR_EQ(rig_reply(rig)->mobile, "+336");
}
