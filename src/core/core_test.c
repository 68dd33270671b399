/* The gate: who may do what, whether it could be stored, and how often; and the determinism of it
 * all. */
#include "core/core.h"

#include <stdio.h>

#include "core/print.h"
#include "core/rig.h"
#include "core/state.h"
#include "test/unit.h"

// ---- every operation by every kind of caller

enum caller { NOBODY, BANNED, ERASED, STRANGER, MEMBER, PRO, ADMIN, OPERATOR, CALLER_COUNT };

static const char *const callers[CALLER_COUNT] = { "nobody", "bad", "gone", "sam",
                                                   "mia",    "pat", "ada",  "operator" };

/* One letter an answer: K done · U unauthenticated · B banned · F forbidden · R room_unknown · N
 * not_member · M malformed. The columns are those of enum caller. */
struct row {
    const char *what;
    struct cmd cmd;
    const char *answers;
};

#define NAME(text) .username = TEXT_OF(text)
#define IN(text) .room_name = TEXT_OF(text)
#define EMOJI .content = STR_LIT("👍")
#define UPLOAD .label = STR_LIT("images/x.png"), .media_type = STR_LIT("image/png"), .bytes = 9

static const struct row *matrix(size_t *count) {
    static struct row rows[96];
    const struct row all[] = {
        { "malformed", CMD_OF(malformed, .user = 0), "MMMMMMMM" },
        { "ping", PING, "UBUKKKKU" },
        { "open oneself", CMD_OF(session_open, .user = 0), "UBUKKKKU" },
        { "open another", CMD_OF(session_open, NAME("sam")), "KFFKFFFK" },
        { "open a newcomer", CMD_OF(session_open, .user = 50, .is_provisioned = 1), "KFFFFFFK" },
        { "close", CMD_OF(session_close, .user = 0), "KKKKKKKK" },
        { "join public", JOIN("general"), "UBUKKKKU" },
        { "join private", JOIN("secret"), "UBURKRRU" },
        { "join a dm", CMD_OF(room_join, .room = 3), "UBURRRRU" },
        { "leave public", LEAVE("general"), "UBUKKKKU" },
        { "leave private", LEAVE("secret"), "UBURKRRU" },
        { "say in public", SAY("general", "x"), "UBUKKKKU" },
        { "say in private", SAY("secret", "x"), "UBURKRRU" },
        { "say in a dm's room", CMD_OF(message_send, .room = 3, .content = STR_LIT("x")),
          "UBURRRRU" },
        { "write to a person", DM(2, "x"), "UBUKKKKU" },
        { "edit", EDIT(1, "x"), "UBUKKKKU" },
        { "edit in public", CMD_OF(message_edit, .message = 1, .content = STR_LIT("x"), .room = 1),
          "UBUKKKKU" },
        { "edit in private", CMD_OF(message_edit, .message = 1, .content = STR_LIT("x"), .room = 2),
          "UBURKRRU" },
        { "edit in others' dm",
          CMD_OF(message_edit, .message = 1, .content = STR_LIT("x"), .room = 3), "UBURRRRU" },
        { "delete", DELETE(1), "UBUKKKKU" },
        { "delete in private", CMD_OF(message_delete, .message = 1, .room = 2), "UBURKRRU" },
        { "read public", CMD_OF(room_history, IN("general")), "UBUKKKKU" },
        { "read private", CMD_OF(room_history, IN("secret")), "UBURKRRU" },
        { "read others' dm", CMD_OF(room_history, .room = 3), "UBURRRRU" },
        { "read one's dm", CMD_OF(direct_history, .user = 2), "UBUKKKKU" },
        { "type in public", TYPING("general", 1), "UBUNNNNU" },
        { "type in private", TYPING("secret", 1), "UBURNRRU" },
        { "type to a person", CMD_OF(typing_set, .user = 2, .is_on = 1), "UBUKKKKU" },
        { "type in others' dm", CMD_OF(typing_set, .room = 3, .is_on = 1), "UBURRRRU" },
        { "react in public", REACT("general", 1, "👍"), "UBUKKKKU" },
        { "react in private", REACT("secret", 1, "👍"), "UBURKRRU" },
        { "react in others' dm", CMD_OF(reaction_set, .room = 3, .reply_to = 1, EMOJI),
          "UBURRRRU" },
        { "mark public as read", CMD_OF(read_set, IN("general")), "UBUKKKKU" },
        { "mark private as read", CMD_OF(read_set, IN("secret")), "UBURKRRU" },
        { "mark others' dm as read", CMD_OF(read_set, .room = 3), "UBURRRRU" },
        { "what is unread", CMD_OF(unread_list, .user = 0), "UBUKKKKU" },
        { "what is new", CMD_OF(changes_next, .user = 0), "UBUKKKKU" },
        { "what is new in rooms", CMD_OF(changes_next, .is_on = 1), "UBUKKKKU" },
        { "what is new for a caller", CMD_OF(changes_next, .caller = 1), "KBUKKKKK" },
        { "what is new for a banned caller", CMD_OF(changes_next, .caller = 5), "BBUKKKKB" },
        { "confirm what came", CMD_OF(changes_confirm, .after = 1), "UBUKKKKU" },
        { "search everywhere", CMD_OF(message_search, .content = STR_LIT("x")), "UBUKKKKU" },
        { "search in private", CMD_OF(message_search, IN("secret"), .content = STR_LIT("x")),
          "UBURKRRU" },
        { "search in others' dm", CMD_OF(message_search, .room = 3, .content = STR_LIT("x")),
          "UBURRRRU" },
        { "resume public", CMD_OF(room_resume, IN("general")), "UBUKKKKU" },
        { "resume private", CMD_OF(room_resume, IN("secret")), "UBURKRRU" },
        { "resume others' dm", CMD_OF(room_resume, .room = 3), "UBURRRRU" },
        { "check a caller", CMD_OF(caller_check, NAME("sam")), "KKKKKKKK" },
        { "check a banned caller", CMD_OF(caller_check, .user = 5), "BBBBBBBB" },
        { "check an erased caller", CMD_OF(caller_check, .user = 6), "UUUUUUUU" },
        { "upload begin", CMD_OF(upload_begin, .bytes = 1), "UBUKKKKU" },
        { "upload begin as a caller", CMD_OF(upload_begin, .caller = 1), "KBUKKKKK" },
        { "upload begin as a banned caller", CMD_OF(upload_begin, .caller = 5), "BBUKKKKB" },
        { "upload", CMD_OF(upload_add, UPLOAD), "UBUKKKKU" },
        { "upload as a caller", CMD_OF(upload_add, UPLOAD, .caller = 1), "KBUKKKKK" },
        { "upload as a banned caller", CMD_OF(upload_add, UPLOAD, .caller = 5), "BBUKKKKB" },
        { "upload remove", CMD_OF(upload_remove, .label = STR_LIT("files/x.bin")), "FFFFFFFK" },
        { "user add", CMD_OF(user_add, NAME("new")), "FFFFFFFK" },
        { "user role", CMD_OF(user_role, NAME("sam"), .role = ROLE_ADMIN), "FFFFFFFK" },
        { "user password", CMD_OF(user_password, NAME("sam"), .hash = STR_LIT("h")), "FFFFFFFK" },
        { "user erase", ERASE("sam"), "FFFFFFFK" },
        { "user show", CMD_OF(user_show, NAME("sam")), "FFFFFFFK" },
        { "token add",
          CMD_OF(token_add, NAME("sam"), .label = STR_LIT("bot2"), .hash = STR_LIT("h")),
          "FFFFFFFK" },
        { "token revoke", CMD_OF(token_revoke, NAME("sam"), .label = STR_LIT("bot")), "FFFFFFFK" },
        { "room add", CMD_OF(room_add, IN("new")), "FFFFFFFK" },
        { "room keep", CMD_OF(room_keep, IN("secret"), .is_on = 1, .messages = 9), "FFFFFFFK" },
        { "room remove", CMD_OF(room_remove, IN("secret")), "FFFFFFFK" },
        { "ban add", BAN("sam"), "UBUFFFKK" },
        { "ban add by id", CMD_OF(ban_add, .user = 1), "UBUFFFKK" },
        { "ban remove", UNBAN("bad"), "UBUFFFKK" },
        { "block from oneself", CMD_OF(block_add, .user = 1), "UBUFFKKK" },
        { "block from another", CMD_OF(block_add, .user = 1, .other = 2), "UBUFFFKK" },
        { "block from everyone", CMD_OF(block_add, .user = 2, .is_on = 1), "UBUFFFKK" },
        { "unblock from oneself", CMD_OF(block_remove, NAME("sam")), "UBUFFKKK" },
        { "unblock from another", CMD_OF(block_remove, .user = 1, .other = 2), "UBUFFFKK" },
        { "what somebody does", CMD_OF(user_info, .user = 1), "UBUKKKKU" },
        { "what is new", CMD_OF(changes_next, .user = 0), "UBUKKKKU" },
        { "confirm what is new", CMD_OF(changes_confirm, .after = 1), "UBUKKKKU" },
        { "fact add",
          CMD_OF(fact_add, .content = STR_LIT("fact type=user_created user=90 username=nina")),
          "FFFFFFFK" },
        { "list", CMD_OF(list, .list_kind = LIST_USERS), "FFFFFFFK" },
    };
    CHECK(COUNT(all) <= COUNT(rows));
    memcpy(rows, all, sizeof all);
    *count = COUNT(all);
    return rows;
}

static enum refusal answer_of(char letter) {
    static const struct {
        char letter;
        enum refusal refusal;
    } letters[] = {
        { 'K', REFUSE_NONE },      { 'U', REFUSE_unauthenticated }, { 'B', REFUSE_banned },
        { 'F', REFUSE_forbidden }, { 'R', REFUSE_room_unknown },    { 'N', REFUSE_not_member },
        { 'M', REFUSE_malformed },
    };
    size_t i = 0;
    while (letters[i].letter != letter) {
        i++;
    }
    return letters[i].refusal;
}

/* A world with one of each, where "pit" and "pot" have a dm and the bad one is still connected. */
static struct rig *world(void) {
    struct rig *rig =
        rig_new("sam", "mia member of secret", "pat pro", "ada admin", "bad", "gone", "pit", "pot");
    CHECK(rig_do(rig, "pit", DM(8, "psst")) == REFUSE_NONE);
    CHECK(rig_do(rig, "operator",
                 CMD_OF(token_add, NAME("sam"), .label = STR_LIT("bot"), .hash = STR_LIT("h"))) ==
          REFUSE_NONE);
    CHECK(rig_do(rig, "operator", BAN("bad")) == REFUSE_NONE);
    CHECK(rig_do(rig, "operator", ERASE("gone")) == REFUSE_NONE);
    return rig;
}

static void check_cell(const struct row *row, enum caller caller) {
    SCOPED(rig_free) struct rig *rig = world();
    struct cmd cmd = row->cmd;
    if (cmd.type == CMD_session_open && cmd.user == 0 && cmd.username.n == 0) {
        cmd.username = str_of(callers[caller]);    // the banned and the erased by id: see below
        cmd.user = caller == BANNED ? 5 : caller == ERASED ? 6 : 0;
    }
    enum refusal got = rig_do(rig, callers[caller], cmd);
    enum refusal want = answer_of(row->answers[caller]);
    if (got != want) {
        print_error("%s by %s: %s, not %s\n", row->what, callers[caller], refusal_name(got),
                    refusal_name(want));
    }
    EQ(got, want);
}

TEST(every_operation_by_every_kind_of_caller) {
    size_t count;
    const struct row *rows = matrix(&count);
    for (size_t i = 0; i < count; i++) {
        EQ(strlen(rows[i].answers), CALLER_COUNT);
        for (enum caller caller = 0; caller < CALLER_COUNT; caller++) {
            check_cell(&rows[i], caller);
        }
    }
}

TEST(the_matrix_has_a_row_for_every_command) {
    size_t count;
    const struct row *rows = matrix(&count);
    for (enum cmd_type type = 0; type < CMD_COUNT; type++) {
        size_t i = 0;
        while (i < count && rows[i].cmd.type != type) {
            i++;
        }
        OKAY(i < count);
    }
}

/* Mia asks again, where there is no session of hers: only who hears is a session's own. */
TEST(a_caller_is_answered_as_by_his_session_except_about_what_it_hears) {
    size_t count;
    const struct row *rows = matrix(&count);
    for (size_t i = 0; i < count; i++) {
        struct cmd cmd = rows[i].cmd;
        if (cmd.type == CMD_session_open || cmd.caller != 0) {
            continue;
        }
        bool is_of_session =
            cmd.type == CMD_room_join || cmd.type == CMD_room_leave || cmd.type == CMD_room_resume;
        enum refusal want =
            is_of_session ? REFUSE_unauthenticated : answer_of(rows[i].answers[MEMBER]);
        SCOPED(rig_free) struct rig *rig = world();
        cmd.caller = 2;
        EQ(rig_do(rig, "nobody", cmd), want);
    }
}

// ---- the store is away

TEST(nothing_that_writes_is_begun_while_nothing_can_be_stored) {
    size_t count;
    const struct row *rows = matrix(&count);
    for (size_t i = 0; i < count; i++) {
        SCOPED(rig_free) struct rig *rig = world();
        rig_writable(rig, false);
        bool is_operators = rows[i].answers[STRANGER] == 'F';
        enum refusal got = rig_do(rig, is_operators ? "operator" : "mia", rows[i].cmd);
        EQ(rig->batch->kept_count, 0);
        if (cmd_writes(rows[i].cmd.type)) {
            EQ(got, REFUSE_store_away);
        } else if (rows[i].cmd.type != CMD_session_open && rows[i].cmd.type != CMD_malformed) {
            OKAY(got != REFUSE_store_away);
        }
    }
}

TEST(the_store_comes_back) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general");
    rig_writable(rig, false);
    EQ(rig_do(rig, "ann", SAY("general", "x")), REFUSE_store_away);
    EQ(rig_do(rig, "nobody", SAY("general", "x")), REFUSE_unauthenticated);    // who comes first
    EQ(rig_do(rig, "ann", TYPING("general", 1)), REFUSE_NONE);
    rig_writable(rig, true);
    EQ(rig_do(rig, "ann", SAY("general", "x")), REFUSE_NONE);
}

// ---- how often

TEST(only_what_creates_content_counts_and_a_refused_message_does_not) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob");
    rig->limits.content[DIALECT_hub].per_minute = 3;
    rig_take_limits(rig);
    for (unsigned i = 0; i < 5; i++) {
        EQ(rig_do(rig, "ann", PING), REFUSE_NONE);
        EQ(rig_do(rig, "ann", JOIN("general")), REFUSE_NONE);
        EQ(rig_do(rig, "ann", DELETE(1)), REFUSE_NONE);
        EQ(rig_do(rig, "ann", SAY("general", "")), REFUSE_empty);
        EQ(rig_do(rig, "ann", SAY("nowhere", "x")), REFUSE_room_unknown);
        EQ(rig_do(rig, "ann", CMD_OF(room_history, .room = 1)), REFUSE_NONE);
    }
    EQ(rig_do(rig, "ann", SAY("general", "x")), REFUSE_NONE);
    rig->now_ms += 10;
    EQ(rig_do(rig, "ann", DM(2, "x")), REFUSE_NONE);
    rig->now_ms += 10;
    EQ(rig_do(rig, "ann", EDIT(1, "x")), REFUSE_NONE);
    rig->now_ms += 10;
    EQ(rig_do(rig, "ann", SAY("general", "x")), REFUSE_rate_limited);
    EQ(rig_reply(rig)->retry_after_ms, 60000 - 30);
    STR_EQ(rig_detail(rig), "3 per minute");
    EQ(rig_do(rig, "bob", SAY("general", "x")), REFUSE_NONE);    // a limit of each user
    rig->now_ms += 60000 - 30 - 1;
    EQ(rig_do(rig, "ann", SAY("general", "x")), REFUSE_rate_limited);
    EQ(rig_reply(rig)->retry_after_ms, 1);
    rig->now_ms += 1;
    EQ(rig_do(rig, "ann", SAY("general", "x")), REFUSE_NONE);
    EQ(rig_reply(rig)->retry_after_ms, 0);
}

TEST(a_second_connection_is_no_second_allowance) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general");
    rig->limits.content[DIALECT_hub].burst = 1;
    rig_take_limits(rig);
    rig_open(rig, "ann/2");
    EQ(rig_do(rig, "ann", SAY("general", "x")), REFUSE_NONE);
    EQ(rig_do(rig, "ann/2", SAY("general", "x")), REFUSE_rate_limited);
    STR_EQ(rig_detail(rig), "1 per second");
    rig_close(rig, "ann");
    rig_close(rig, "ann/2");
    rig_open(rig, "ann");
    EQ(rig_do(rig, "ann", SAY("general", "x")), REFUSE_rate_limited);
    rig->now_ms += 1000;
    EQ(rig_do(rig, "ann", SAY("general", "x")), REFUSE_NONE);
}

TEST(each_dialect_has_limits_of_its_own_over_one_history) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general");
    rig->limits.content[DIALECT_hub].per_minute = 1;
    rig_take_limits(rig);
    struct cmd other = SAY("general", "x");
    EQ(rig_do(rig, "ann", other), REFUSE_NONE);
    EQ(rig_do(rig, "ann", other), REFUSE_rate_limited);
    rig->limits.content[DIALECT_hub].per_minute = 0;
    rig->limits.content[DIALECT_hub].per_hour = 2;    // a reload
    rig_take_limits(rig);
    EQ(rig_do(rig, "ann", other), REFUSE_NONE);
    EQ(rig_do(rig, "ann", other), REFUSE_rate_limited);
    STR_EQ(rig_detail(rig), "2 per hour");
}

// ---- what is resident

TEST(an_idle_user_in_a_room_costs_little) {
    EQ(sizeof(struct user) <= 120, 1);
    EQ(sizeof(struct session) <= 64, 1);
    EQ(sizeof(struct follow), 8);
    EQ(sizeof(struct member) <= 48, 1);
}

TEST(what_is_resident_is_counted) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "mia member of secret", "x away");
    struct core_counts n = core_count(rig->core);
    EQ(n.users, 3);
    EQ(n.rooms, 2);
    EQ(n.members, 1);
    EQ(n.sessions, 2);
}

// ---- one input, one output

/* A few hundred commands that touch everything; returns the digest of all their batches. */
static uint64_t story(void) {
    SCOPED(rig_free) struct rig *rig = world();
    uint64_t digest = 0;
    size_t count;
    const struct row *rows = matrix(&count);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < count; i++) {
            for (enum caller caller = 0; caller < CALLER_COUNT; caller++) {
                if (rows[i].cmd.type != CMD_session_close) {
                    rig_do(rig, callers[caller], rows[i].cmd);
                    digest = digest * 31 + batch_digest(rig->batch);
                }
            }
            rig->now_ms += 100;
        }
    }
    return digest;
}

TEST(the_same_commands_give_the_same_batches) {
    uint64_t first = story();
    OKAY(first != 0);
    EQ(story(), first);
}
