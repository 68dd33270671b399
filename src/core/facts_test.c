/* What the store hands out at start. rig_free restores the facts of every other test as well. */
#include "core/rig.h"

#include "core/state.h"
#include "test/unit.h"

#define FACT(name, ...) ((struct event){ .type = EV_##name, __VA_ARGS__ })

TEST(everything_kept_is_there_again) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away", "bob away");
    rig_restore(rig, FACT(user_created, .user = { 9 }, .username = STR_LIT("pat"),
                          .mobile = STR_LIT("+336"), .role = ROLE_PRO));
    rig_restore(rig, FACT(room_created, .room = { 5 }, .room_kind = ROOM_DM, .user = { 1 },
                          .other = { 9 }));
    rig_restore(rig, FACT(room_created, .room = { 6 }, .room_kind = ROOM_GROUP,
                          .room_name = STR_LIT("friends")));
    rig_restore(rig, FACT(member_added, .room = { 6 }, .user = { 9 }));
    rig_restore(rig, FACT(member_added, .room = { 6 }, .user = { 9 }));    // once is enough
    rig_restore(rig, FACT(token_added, .user = { 9 }, .label = STR_LIT("bot")));
    rig_restore(rig, FACT(ban_set, .user = { 2 }));
    rig_restore(rig, FACT(user_changed, .user = { 1 }, .role = ROLE_ADMIN));

    EQ(rig_open(rig, "pat"), REFUSE_NONE);
    EQ(rig_reply(rig)->role, ROLE_PRO);
    STR_EQ(rig_reply(rig)->mobile, "+336");
    EQ(rig_do(rig, "pat", DM(1, "hello")), REFUSE_NONE);
    EQ(rig_reply(rig)->room.v, 5);
    EQ(rig_do(rig, "pat", CMD_OF(room_join, .room = 6)), REFUSE_NONE);
    STR_EQ(rig_reply(rig)->room_name, "friends");
    EQ(rig_do(rig, "pat", JOIN("friends")), REFUSE_room_unknown);    // names are for channels
    EQ(rig_open(rig, "bob"), REFUSE_banned);
    EQ(rig_open(rig, "ann"), REFUSE_NONE);
    EQ(rig_reply(rig)->role, ROLE_ADMIN);
    EQ(rig_do(rig, "ann", CMD_OF(room_join, .room = 6)), REFUSE_room_unknown);
    EQ(core_count(rig->core).users, 3);
    EQ(core_count(rig->core).rooms, 4);
    EQ(core_count(rig->core).members, 1);
}

TEST(what_was_taken_away_stays_away_and_its_ids_are_not_given_again) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away", "bob away");
    rig_restore(rig, FACT(room_created, .room = { 7 }, .room_name = STR_LIT("old")));
    rig_restore(rig, FACT(room_removed, .room = { 7 }));
    rig_restore(rig, FACT(room_removed, .room = { 30 }));    // of which nothing else is known
    rig_restore(rig, FACT(user_erased, .user = { 2 }, .username = STR_LIT("erased-2")));
    rig_restore(rig, FACT(user_erased, .user = { 40 }, .username = STR_LIT("erased-40")));
    rig_restore(rig, FACT(member_added, .room = { 2 }, .user = { 1 }));
    rig_restore(rig, FACT(member_removed, .room = { 2 }, .user = { 1 }));
    rig_restore(rig, FACT(member_removed, .room = { 2 }, .user = { 1 }));
    rig_restore(rig, FACT(token_added, .user = { 1 }, .label = STR_LIT("bot")));
    rig_restore(rig, FACT(token_added, .user = { 1 }, .label = STR_LIT("bot")));
    rig_restore(rig, FACT(token_revoked, .user = { 1 }, .label = STR_LIT("bot")));
    rig_restore(rig, FACT(token_revoked, .user = { 1 }, .label = STR_LIT("bot")));
    rig_restore(rig, FACT(ban_set, .user = { 1 }));
    rig_restore(rig, FACT(ban_lifted, .user = { 1 }));

    EQ(rig_open(rig, "ann"), REFUSE_NONE);
    EQ(rig_do(rig, "ann", JOIN("old")), REFUSE_room_unknown);
    EQ(rig_do(rig, "ann", JOIN("secret")), REFUSE_room_unknown);
    EQ(rig_enter(rig, "bob", CMD_OF(session_open, .user = 2, .is_provisioned = 1)),
       REFUSE_unauthenticated);
    EQ(rig_do(rig, "operator", CMD_OF(room_add, .room_name = STR_LIT("new"))), REFUSE_NONE);
    EQ(rig_reply(rig)->room.v, 31);
    EQ(rig_do(rig, "operator", CMD_OF(user_add, .username = STR_LIT("new"))), REFUSE_NONE);
    EQ(rig_reply(rig)->user.v, 41);
    EQ(core_count(rig->core).members, 0);
}

TEST(who_was_erased_stays_so_after_a_restart) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away");
    struct str placeholder = STR_LIT("erased-2");    // all that a store still knows
    rig_restore(rig, FACT(user_created, .user = { 2 }, .username = placeholder));
    EQ(core_count(rig->core).users, 2);
    rig_restore(rig, FACT(user_erased, .user = { 2 }, .username = placeholder));
    EQ(core_count(rig->core).users, 1);
    EQ(rig_enter(rig, "bob", CMD_OF(session_open, .user = 2, .is_provisioned = 1)),
       REFUSE_unauthenticated);
}

TEST(facts_that_contradict_what_is_known_change_nothing) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away");
    char longest[USERNAME_BYTES_MAX + 1];
    memset(longest, 'n', sizeof longest);
    char longest_room[ROOM_NAME_BYTES_MAX + 1];
    memset(longest_room, 'r', sizeof longest_room);
    const struct event odd[] = {
        FACT(user_created, .user = { 1 }, .username = STR_LIT("again")),
        FACT(user_created, .user = { 8 }, .username = STR_LIT("ANN")),
        FACT(user_created, .user = { 8 }, .username = STR_NONE),
        FACT(user_created, .user = { 8 }, .username = { longest, sizeof longest }),
        FACT(user_created, .user = { ID_MAX + 1 }, .username = STR_LIT("x")),
        FACT(user_erased, .user = { 1 }, .username = STR_NONE),
        FACT(user_erased, .user = { 1 }, .username = STR_LIT("ann")),
        FACT(user_erased, .user = { 1 }, .username = { longest, sizeof longest }),
        FACT(room_created, .room = { 1 }, .room_name = STR_LIT("again")),
        FACT(room_created, .room = { 8 }, .room_name = STR_LIT("general")),
        FACT(room_created, .room = { 8 }, .room_name = { longest_room, sizeof longest_room }),
        FACT(room_created, .room = { 8 }, .room_kind = ROOM_DM, .user = { 1 }, .other = { 99 }),
        FACT(room_created, .room = { 8 }, .room_kind = ROOM_DM, .user = { 99 }, .other = { 1 }),
        FACT(room_created, .room = { 1 }, .room_kind = ROOM_DM, .user = { 1 }, .other = { 1 }),
        FACT(member_added, .room = { 2 }, .user = { 99 }),
        FACT(member_removed, .room = { 2 }, .user = { 99 }),
        FACT(member_added, .room = { 99 }, .user = { 1 }),
        FACT(token_added, .user = { 99 }, .label = STR_LIT("bot")),
        FACT(message_posted, .room = { 1 }, .user = { 1 }, .content = STR_LIT("hello")),
        FACT(message_deleted, .user = { 1 }),
        FACT(ban_set, .user = { 99 }),
    };
    for (size_t i = 0; i < COUNT(odd); i++) {
        OKAY(!core_restore(rig->core, &odd[i]));
        rig_restore(rig, odd[i]);
        EQ(core_count(rig->core).users, 1);
        EQ(core_count(rig->core).rooms, 2);
        EQ(core_count(rig->core).members, 0);
        OKAY(!rig_user(rig, "ann")->is_erased);
        EQ(rig_user(rig, "ann")->role, ROLE_MEMBER);
    }
}

TEST(a_role_that_is_none_changes_nothing) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away");
    const struct event odd[] = {
        FACT(user_created, .user = { 8 }, .username = STR_LIT("x"), .role = ROLE_COUNT),
        FACT(user_changed, .user = { 1 }, .role = ROLE_COUNT),
    };
    core_restore(rig->core, &odd[1]);    // not through the rig: no tape can say that
    EQ(rig_user(rig, "ann")->role, ROLE_MEMBER);
    struct core *core = core_new(&rig->limits);
    core_restore(core, &odd[0]);
    EQ(core_count(core).users, 0);
    core_free(&core);
    core_free(&core);    // twice is harmless
}

TEST(a_dm_has_no_members_beside_its_two_people) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away", "bob away", "eve away");
    rig_restore(rig, FACT(room_created, .room = { 5 }, .room_kind = ROOM_DM, .user = { 2 },
                          .other = { 1 }));
    rig_restore(rig, FACT(room_created, .room = { 6 }, .room_kind = ROOM_DM, .user = { 1 },
                          .other = { 2 }));    // there is one already
    rig_restore(rig, FACT(member_added, .room = { 5 }, .user = { 3 }));
    EQ(core_count(rig->core).rooms, 3);
    EQ(core_count(rig->core).members, 0);
    rig_restore(rig, FACT(room_removed, .room = { 5 }));
    rig_open(rig, "ann");
    EQ(rig_do(rig, "ann", DM(2, "a new one")), REFUSE_NONE);
    EQ(rig_reply(rig)->room.v, 7);
}

TEST(a_number_that_is_none_is_not_kept) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away");
    rig_restore(rig, FACT(user_created, .user = { 2 }, .username = STR_LIT("pat"),
                          .mobile = STR_LIT("0612")));
    rig_restore(rig, FACT(user_created, .user = { 3 }, .username = STR_LIT("pit"),
                          .mobile = STR_LIT("+336")));
    rig_restore(rig, FACT(user_created, .user = { 4 }, .username = STR_LIT("pot"),
                          .mobile = STR_LIT("+336")));    // somebody else's
    EQ(rig_user(rig, "pat")->mobile, 0);
    OKAY(rig_user(rig, "pot") == NULL);
}
