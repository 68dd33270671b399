/* What every driver promises about blocks and about the log of what was decided. */
#include "base/buf.h"
#include "store/rig.h"
#include "test/unit.h"

#include <inttypes.h>

#define CLOCK_MS(rig) ((rig)->now_ms)
#define OPERATOR 0
#define EVERYONE 0
#define FAR UINT64_C(9000000000000)    // none has ended that ends after it

static struct event *block(struct rig *rig, uint64_t who, uint64_t from, uint64_t until_ms) {
    struct event *ev = fact(rig, EV_block_set);
    ev->user.v = who;
    ev->other.v = from;
    ev->until_ms = until_ms;
    return ev;
}

static struct event *lift(struct rig *rig, uint64_t who, uint64_t from) {
    struct event *ev = fact(rig, EV_block_lifted);
    ev->user.v = who;
    ev->other.v = from;
    return ev;
}

static struct event *about(struct rig *rig, enum event_type type, uint64_t user, uint64_t actor) {
    struct event *ev = fact(rig, type);
    ev->user.v = user;
    ev->actor.v = actor;
    return ev;
}

static struct str take(struct rig *rig, struct buf *b) {
    CHECK(buf_ok(b));
    struct str text = arena_str(&rig->arena, buf_str(b));
    buf_fini(b);
    return text;
}

/* "ann from bob until 5, ": the blocks that hold at a time. */
static struct str blocks(struct rig *rig, uint64_t at_ms) {
    const struct answer *a =
        rig_ask(rig, &(struct ask){ .kind = ASK_LIST, .list_kind = LIST_BLOCKS, .at_ms = at_ms });
    struct buf b = BUF_INIT(65536);
    for (size_t i = 0; i < a->row_count; i++) {
        const struct list_row *row = &a->rows[i];
        CHECK((row->other.v == 0) == (row->other_name.n == 0));
        buf_printf(&b, "%.*s from %.*s until %" PRIu64 ", ", STR_FMT(row->name),
                   STR_FMT(row->other.v == 0 ? STR_LIT("all") : row->other_name), row->until_ms);
    }
    return take(rig, &b);
}

static void put(struct buf *b, const char *key, struct str value) {
    if (value.n > 0) {
        buf_printf(b, " %s=%.*s", key, STR_FMT(value));
    }
}

/* A line each, newest first: "ann ban_set user=bob until=0". */
static struct str audit(struct rig *rig, uint64_t limit) {
    const struct answer *a =
        rig_ask(rig, &(struct ask){ .kind = ASK_LIST, .list_kind = LIST_AUDIT, .limit = limit });
    struct buf b = BUF_INIT(65536);
    for (size_t i = 0; i < a->row_count; i++) {
        const struct list_row *row = &a->rows[i];
        buf_put_str(&b, row->actor.n == 0 ? STR_LIT("operator") : row->actor);
        buf_put_char(&b, ' ');
        buf_put_str(&b, row->action);
        put(&b, "user", row->name);
        put(&b, "from", row->other_name);
        put(&b, "room", row->room);
        put(&b, "detail", row->detail);
        if (row->message != 0) {
            buf_printf(&b, " message=%" PRIu64, row->message);
        }
        if (row->until_ms != 0) {
            buf_printf(&b, " until=%" PRIu64, row->until_ms);
        }
        buf_put_char(&b, '\n');
    }
    return take(rig, &b);
}

/* ---- blocks */

CONTRACT(blocks_are_handed_out_at_the_next_start_between_bans_and_tokens) {
    struct event *token = about(rig, EV_token_added, ANN, OPERATOR);
    token->label = STR_LIT("bot");
    token->hash = STR_LIT("h");
    block(rig, ANN, BOB, FAR + 50);
    block(rig, BOB, EVERYONE, FAR + 70);
    about(rig, EV_ban_set, CLEO, OPERATOR);
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(facts_text(rig), "user_created user=1 role=0 ann\n"
                            "user_created user=2 role=0 bob\n"
                            "user_created user=3 role=0 cleo\n"
                            "room_created room=1 kind=0 server=1 general\n"
                            "ban_set user=3 until=0\n"
                            "block_set user=1 other=2 until=9000000000050\n"
                            "block_set user=2 until=9000000000070\n"
                            "token_added user=1 h bot\n");
}

CONTRACT(a_second_block_replaces_the_first_and_a_lifted_one_is_gone) {
    block(rig, ANN, BOB, FAR + 5000);
    block(rig, ANN, CLEO, FAR + 6000);
    block(rig, BOB, EVERYONE, FAR + 7000);
    block(rig, ANN, BOB, FAR + 4000);
    OKAY(rig_commit(rig));
    STR_EQ(blocks(rig, 0), "ann from bob until 9000000004000, ann from cleo until 9000000006000, "
                           "bob from all until 9000000007000, ");
    lift(rig, ANN, BOB);
    lift(rig, BOB, CLEO);    // is not there
    OKAY(rig_commit(rig));
    STR_EQ(blocks(rig, 0), "ann from cleo until 9000000006000, bob from all until 9000000007000, ");
}

CONTRACT(what_has_ended_is_on_no_list) {
    block(rig, ANN, BOB, FAR + 5000);
    block(rig, ANN, CLEO, FAR + 5001);
    OKAY(rig_commit(rig));
    STR_EQ(blocks(rig, FAR + 4999),
           "ann from bob until 9000000005000, ann from cleo until 9000000005001, ");
    STR_EQ(blocks(rig, FAR + 5000), "ann from cleo until 9000000005001, ");
}

CONTRACT(ended_blocks_do_not_pile_up) {
    for (uint64_t who = ANN; who <= CLEO; who++) {
        for (uint64_t from = EVERYONE; from <= CLEO; from++) {
            block(rig, who, from == who ? EVERYONE : from, rig->now_ms + 500);
            OKAY(rig_commit(rig));    // the next is a second later
        }
    }
    rig_reopen(rig);
    STR_EQ(facts_text(rig), "user_created user=1 role=0 ann\n"
                            "user_created user=2 role=0 bob\n"
                            "user_created user=3 role=0 cleo\n"
                            "room_created room=1 kind=0 server=1 general\n"
                            "block_set user=3 until=1700000012500\n");
}

CONTRACT(blocks_go_with_either_of_the_two) {
    block(rig, ANN, BOB, FAR + 5000);
    block(rig, BOB, ANN, FAR + 5000);
    block(rig, ANN, EVERYONE, FAR + 5000);
    block(rig, BOB, CLEO, FAR + 5000);
    OKAY(rig_commit(rig));
    about(rig, EV_user_erased, ANN, OPERATOR)->username = STR_LIT("erased-1");
    OKAY(rig_commit(rig));
    STR_EQ(blocks(rig, 0), "bob from cleo until 9000000005000, ");
}

/* ---- edits between two of whom one is blocked */

CONTRACT(who_is_blocked_edits_nothing_he_wrote_to_the_other) {
    dm(rig, 2, ANN, BOB);
    uint64_t by_ann = 0, by_bob = 0;
    struct event *said = say(rig, 2, ANN, "a"), *answer = say(rig, 2, BOB, "b");
    block(rig, ANN, BOB, CLOCK_MS(rig) + 2500);
    OKAY(rig_commit(rig));
    by_ann = said->message.v;
    by_bob = answer->message.v;
    struct event *edited = edit(rig, by_ann, ANN, "a2");
    struct event *theirs = edit(rig, by_bob, BOB, "b2");    // one way
    struct event *others = edit(rig, by_bob, ANN, "b3");
    struct reply *reply = reply_to(rig, edited);
    OKAY(rig_commit(rig));
    OKAY(edited->is_void);
    EQ(reply->refusal, REFUSE_blocked);
    OKAY(!theirs->is_void);
    EQ(others->refusal, REFUSE_message_unknown);
    struct event *deleted = erase(rig, by_ann, ANN);    // but he may take it back
    OKAY(rig_commit(rig));
    OKAY(!deleted->is_void);
}

CONTRACT(an_ended_block_and_one_from_another_hinder_no_edit) {
    dm(rig, 2, ANN, BOB);
    struct event *said = say(rig, 2, ANN, "a");
    struct event *here = say(rig, GENERAL, ANN, "a");
    block(rig, ANN, BOB, CLOCK_MS(rig) + 1000);
    block(rig, ANN, CLEO, CLOCK_MS(rig) + 100000);
    OKAY(rig_commit(rig));
    struct event *edited = edit(rig, said->message.v, ANN, "a2");
    struct event *public = edit(rig, here->message.v, ANN, "a2");
    OKAY(rig_commit(rig));
    OKAY(!edited->is_void && !public->is_void);
}

CONTRACT(what_an_import_says_was_edited_was_edited) {
    dm(rig, 2, ANN, BOB);
    struct event *said = say(rig, 2, ANN, "a");
    block(rig, ANN, BOB, UINT64_C(1) << 50);
    OKAY(rig_commit(rig));
    struct event *edited = edit(rig, said->message.v, ANN, "a2");
    edited->room.v = 2;    // the core has looked
    OKAY(rig_commit(rig));
    OKAY(!edited->is_void);
}

/* ---- what was decided */

CONTRACT(what_is_decided_about_people_is_written_down_newest_first) {
    struct event *ev = about(rig, EV_user_changed, BOB, OPERATOR);
    ev->role = ROLE_PRO;
    about(rig, EV_ban_set, BOB, ANN)->until_ms = 90;
    about(rig, EV_ban_lifted, BOB, ANN);
    ev = block(rig, BOB, CLEO, 80);
    ev->actor.v = CLEO;
    lift(rig, BOB, CLEO)->actor.v = CLEO;
    block(rig, BOB, EVERYONE, 81)->actor.v = ANN;
    ev = about(rig, EV_token_added, BOB, OPERATOR);
    ev->label = STR_LIT("bot");
    ev->hash = STR_LIT("secret");
    about(rig, EV_token_revoked, BOB, OPERATOR)->label = STR_LIT("bot");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(audit(rig, 0), "operator token_revoked user=bob detail=bot\n"
                          "operator token_added user=bob detail=bot\n"
                          "ann block_set user=bob until=81\n"
                          "cleo block_lifted user=bob from=cleo\n"
                          "cleo block_set user=bob from=cleo until=80\n"
                          "ann ban_lifted user=bob\n"
                          "ann ban_set user=bob until=90\n"
                          "operator role_changed user=bob detail=pro\n");
    STR_EQ(audit(rig, 1), "operator token_revoked user=bob detail=bot\n");
    OKAY(rig->answer->has_more);
    EQ(rig->answer->rows[0].at_ms, rig->now_ms - 1000);
}

CONTRACT(what_is_about_or_by_one_person_is_found_alone) {
    about(rig, EV_ban_set, BOB, ANN);
    about(rig, EV_ban_set, CLEO, OPERATOR);
    block(rig, ANN, CLEO, FAR);
    about(rig, EV_ban_lifted, ANN, OPERATOR);
    OKAY(rig_commit(rig));
    static const struct {
        uint64_t of;
        size_t count;
    } rows[] = { { ANN, 3 }, { BOB, 1 }, { CLEO, 2 }, { 4, 0 } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct ask ask = { .kind = ASK_LIST,
                                 .list_kind = LIST_AUDIT,
                                 .other = { rows[i].of } };
        EQ(rig_ask(rig, &ask)->row_count, rows[i].count);
    }
}

CONTRACT(what_was_decided_elsewhere_takes_its_place_in_time_and_comes_once) {
    about(rig, EV_ban_set, BOB, ANN);
    OKAY(rig_commit(rig));
    for (int i = 0; i < 2; i++) {
        struct event *ev = about(rig, EV_decision_noted, BOB, CLEO);
        ev->at_ms = 5;
        ev->label = STR_LIT("block_set");
        ev->other.v = ANN;
        ev->until_ms = 9;
        ev = about(rig, EV_decision_noted, ANN, OPERATOR);
        ev->at_ms = 5;
        ev->label = STR_LIT("role_changed");
        ev->content = STR_LIT("pro");
        ev = fact(rig, EV_decision_noted);
        ev->at_ms = 6;
        ev->label = STR_LIT("message_deleted");
        ev->room.v = GENERAL;
        OKAY(rig_commit(rig));
    }
    STR_EQ(audit(rig, 0), "ann ban_set user=bob\n"
                          "operator message_deleted room=general\n"
                          "operator role_changed user=ann detail=pro\n"
                          "cleo block_set user=bob from=ann until=9\n");
}

CONTRACT(a_new_password_is_no_new_role) {
    about(rig, EV_user_changed, BOB, OPERATOR)->hash = STR_LIT("$argon2id$x");
    OKAY(rig_commit(rig));
    STR_EQ(audit(rig, 0), "");
}

CONTRACT(only_the_deletion_of_anothers_message_is_written_down_and_not_what_it_said) {
    struct event *by_ann = say(rig, GENERAL, ANN, "rude"), *by_bob = say(rig, GENERAL, BOB, "own");
    OKAY(rig_commit(rig));
    uint64_t rude = by_ann->message.v;
    erase(rig, by_bob->message.v, BOB);
    erase(rig, rude, CLEO)->is_moderator = true;
    erase(rig, rude, CLEO)->is_moderator = true;    // gone already
    react(rig, GENERAL, BOB, rude, "👍");            // on what is gone
    OKAY(rig_commit(rig));
    EQ(rude, 1);
    STR_EQ(audit(rig, 0), "cleo message_deleted user=ann room=general message=1\n");
}

CONTRACT(a_removed_room_keeps_its_name_there_and_an_erased_user_does_not) {
    channel(rig, 2, "cellar");
    OKAY(rig_commit(rig));
    struct event *ev = fact(rig, EV_room_removed);
    ev->room.v = 2;
    about(rig, EV_ban_set, BOB, ANN);
    about(rig, EV_user_erased, BOB, OPERATOR)->username = STR_LIT("erased-2");
    OKAY(rig_commit(rig));
    STR_EQ(audit(rig, 0), "operator user_erased user=erased-2\n"
                          "ann ban_set user=erased-2\n"
                          "operator room_removed room=cellar\n");
}

CONTRACT(what_was_not_committed_was_not_decided) {
    rig_make_full(rig, true);
    about(rig, EV_ban_set, BOB, ANN);
    for (unsigned i = 0; i < 100; i++) {
        say(rig, GENERAL, ANN, "something that needs room");
    }
    enum err err = rig_try(rig);
    rig_make_full(rig, false);
    if (err == ERR_FULL) {
        STR_EQ(audit(rig, 0), "");
        OKAY(rig_commit(rig));
    }
    STR_EQ(audit(rig, 0), "ann ban_set user=bob\n");
}

CONTRACT(only_the_newest_are_kept) {
    for (size_t i = 0; i < AUDIT_ROWS_MAX + 10; i++) {
        about(rig, EV_ban_lifted, i < 10 ? BOB : ANN, OPERATOR);
    }
    about(rig, EV_ban_lifted, CLEO, OPERATOR);
    OKAY(rig_commit(rig));
    const struct answer *a =
        rig_ask(rig, &(struct ask){ .kind = ASK_LIST, .list_kind = LIST_AUDIT });
    EQ(a->row_count, AUDIT_ROWS_MAX);
    STR_EQ(a->rows[0].name, "cleo");
    STR_EQ(a->rows[AUDIT_ROWS_MAX - 1].name, "ann");
    EQ(a->rows[AUDIT_ROWS_MAX - 1].id, 12);
}
