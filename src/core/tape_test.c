/* Printing, recording, and playing again. */
#include "core/tape.h"

#include "core/line.h"
#include "core/print.h"
#include "core/rig.h"
#include "test/unit.h"

#define BYTES_MAX ((size_t)1 << 20)

static const struct core_limits limits = { .message_chars = 4000,
                                           .sessions_per_user = 10,
                                           .follows_per_session = 1000 };

TEST(a_value_comes_back_whatever_bytes_it_has) {
    char bytes[256];
    for (unsigned i = 0; i < 256; i++) {
        bytes[i] = (char)i;
    }
    const struct str values[] = { { bytes, sizeof bytes },
                                  STR_LIT("hello you"),
                                  STR_LIT("caf\xc3\xa9"),
                                  STR_LIT("a\\x20=b\n"),
                                  { "\0", 1 } };
    for (size_t i = 0; i < COUNT(values); i++) {
        SCOPED(buf_fini) struct buf b = BUF_INIT(BYTES_MAX);
        SCOPED(arena_fini) struct arena texts = ARENA_INIT;
        line_put_text(&b, "key", values[i]);
        line_put_number(&b, "n", 7);
        struct str rest = buf_str(&b);
        struct str name;
        struct str value;
        struct str text;
        OKAY(str_find(rest, '\n') == rest.n);
        OKAY(line_next(&rest, &name, &value));
        STR_EQ(name, "key");
        EQ(line_text(&texts, value, &text), OK);
        OKAY(str_eq(text, values[i]));
        OKAY(line_next(&rest, &name, &value));
        STR_EQ(name, "n");
        STR_EQ(value, "7");
        OKAY(!line_next(&rest, &name, &value));
    }
}

TEST(text_is_readable_unless_it_cannot_be) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(BYTES_MAX);
    line_put_text(&b, "a", STR_LIT("caf\xc3\xa9 \xff"));
    line_put_text(&b, "b", STR_LIT("caf\xc3\xa9 cr\xc3\xa8me"));
    line_put_text(&b, "c", STR_NONE);
    line_put_number(&b, "d", 0);
    STR_EQ(buf_str(&b), " a=caf\\xc3\\xa9\\x20\\xff b=caf\xc3\xa9\\x20cr\xc3\xa8me");
}

TEST(a_broken_escape_is_no_text) {
    SCOPED(arena_fini) struct arena texts = ARENA_INIT;
    static const char *const bad[] = { "\\", "a\\x", "\\x2", "\\y20", "\\xg0", "\\x0g", "\\x2G" };
    struct str text = STR_LIT("untouched");
    for (size_t i = 0; i < COUNT(bad); i++) {
        EQ(line_text(&texts, str_of(bad[i]), &text), ERR_PROTO);
    }
    EQ(line_text(&texts, (struct str){ "\\x2\0", 4 }, &text), ERR_PROTO);
    STR_EQ(text, "untouched");
}

/* Every operand set, each to something of its own. */
static struct cmd full_cmd(enum cmd_type type) {
    struct cmd cmd = { .type = type, .dialect = DIALECT_hub, .session = { 77 } };
    uint64_t n = 100;
#define OPERAND_TEXT(name) cmd.name = STR_LIT("the " #name);
#define OPERAND_NUMBER(name) cmd.name = n++;
#include "core/operands.tbl.h"
#undef OPERAND_TEXT
#undef OPERAND_NUMBER
    return cmd;
}

TEST(every_command_with_every_operand_is_read_back_as_it_was) {
    for (enum cmd_type type = 0; type < CMD_COUNT; type++) {
        SCOPED(buf_fini) struct buf tape = BUF_INIT(BYTES_MAX);
        SCOPED(arena_fini) struct arena texts = ARENA_INIT;
        struct cmd cmd = full_cmd(type);
        struct tape_entry entry;
        tape_put(&tape, 12345, &cmd);
        EQ(tape.p[tape.n - 1], '\n');
        EQ(tape_read((struct str){ tape.p, tape.n - 1 }, &texts, &entry), OK);
        EQ(entry.kind, TAPE_CMD);
        EQ(entry.at_ms, 12345);
        EQ(entry.cmd.type, type);
        EQ(entry.cmd.dialect, DIALECT_hub);
        EQ(entry.cmd.session.v, 77);
#define OPERAND_TEXT(name) OKAY(str_eq(entry.cmd.name, cmd.name));
#define OPERAND_NUMBER(name) EQ(entry.cmd.name, cmd.name);
#include "core/operands.tbl.h"
#undef OPERAND_TEXT
#undef OPERAND_NUMBER
    }
}

TEST(every_fact_is_read_back_as_it_was) {
    for (enum event_type type = 0; type < EVENT_COUNT; type++) {
        SCOPED(buf_fini) struct buf tape = BUF_INIT(BYTES_MAX);
        SCOPED(arena_fini) struct arena texts = ARENA_INIT;
        struct event ev = { .type = type };
        uint64_t n = 100;
#define FIELD_ID(name) ev.name.v = n++;
#define FIELD_NUMBER(name) ev.name = n++;
#define FIELD_TEXT(name) ev.name = STR_LIT("the " #name);
#define FIELD_ENUM(name, type, count) ev.name = (type)(count - 1);
#define FIELD_FLAG(name) ev.name = true;
#include "core/event_fields.tbl.h"
#undef FIELD_ID
#undef FIELD_NUMBER
#undef FIELD_TEXT
#undef FIELD_ENUM
#undef FIELD_FLAG
        struct tape_entry entry;
        tape_put_fact(&tape, &ev);
        EQ(tape_read((struct str){ tape.p, tape.n - 1 }, &texts, &entry), OK);
        EQ(entry.kind, TAPE_FACT);
        EQ(entry.fact.type, type);
#define FIELD_ID(name) EQ(entry.fact.name.v, ev.name.v);
#define FIELD_NUMBER(name) EQ(entry.fact.name, ev.name);
#define FIELD_TEXT(name) OKAY(str_eq(entry.fact.name, ev.name));
#define FIELD_ENUM(name, type, count) EQ(entry.fact.name, ev.name);
#define FIELD_FLAG(name) EQ(entry.fact.name, ev.name);
#include "core/event_fields.tbl.h"
#undef FIELD_ID
#undef FIELD_NUMBER
#undef FIELD_TEXT
#undef FIELD_ENUM
#undef FIELD_FLAG
    }
}

TEST(limits_and_the_store_going_are_read_back) {
    SCOPED(buf_fini) struct buf tape = BUF_INIT(BYTES_MAX);
    SCOPED(arena_fini) struct arena texts = ARENA_INIT;
    struct core_limits some = { 1, 2, 3, UINT64_MAX, { .per_minute = 8 }, { { 0 } } };
    some.content[DIALECT_OPERATOR] = (struct rate_limit){ 4, 5, 6 };
    some.content[DIALECT_hub] = (struct rate_limit){ 7, 0, UINT32_MAX };
    struct tape_entry entry;
    tape_put_limits(&tape, &some);
    EQ(tape_read((struct str){ tape.p, tape.n - 1 }, &texts, &entry), OK);
    EQ(entry.kind, TAPE_LIMITS);
    EQ(memcmp(&entry.limits, &some, sizeof some), 0);
    EQ(tape_read(STR_LIT("writable is_on=1"), &texts, &entry), OK);
    EQ(entry.kind, TAPE_WRITABLE);
    OKAY(entry.is_writable);
    EQ(tape_read(STR_LIT("writable"), &texts, &entry), OK);
    OKAY(!entry.is_writable);
    EQ(tape_read(STR_LIT("batch digest=18446744073709551615"), &texts, &entry), OK);
    EQ(entry.kind, TAPE_BATCH);
    OKAY(entry.digest == UINT64_MAX);
}

TEST(what_is_no_line_of_a_tape_is_not_read) {
    static const char *const bad[] = {
        "",
        "hello",
        "cmd=1",
        "cmd type=room_jion",
        "cmd type=ping at_ms=x",
        "cmd type=ping dialect=irc",
        "cmd type=ping session=-1",
        "cmd type=ping colour=red",
        "cmd type=ping user=18446744073709551616",
        "cmd type=ping content=\\x",
        "cmd ping",
        "fact type=user_craeted",
        "fact type=user_created role=3",
        "fact type=user_created role=x",
        "fact type=user_created is_on=2",
        "fact type=user_created user=x",
        "fact type=user_created colour=red",
        "limits burst=4294967296",
        "limits colour=1",
        "limits dialect=irc",
        "writable is_on=2",
        "writable on=1",
        "batch digest=x",
        "batch hash=1",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        SCOPED(arena_fini) struct arena texts = ARENA_INIT;
        struct tape_entry entry = { .kind = TAPE_BATCH, .digest = 42 };
        EQ(tape_read(str_of(bad[i]), &texts, &entry), ERR_PROTO);
        EQ(entry.digest, 42);    // untouched
    }
}

static enum err replay(const char *tape, struct buf *report) {
    return tape_replay(str_of(tape), &limits, report);
}

TEST(a_tape_plays_as_it_was_recorded_or_says_where_not) {
    SCOPED(buf_fini) struct buf tape = BUF_INIT(BYTES_MAX);
    SCOPED(buf_fini) struct buf report = BUF_INIT(BYTES_MAX);
    struct cmd cmd = { .type = CMD_user_add, .username = STR_LIT("ann") };
    struct core *core = core_new(&limits);
    struct batch *batch = batch_new(99);
    core_apply(core, &cmd, batch);
    tape_put(&tape, 99, &cmd);
    tape_put_digest(&tape, batch);
    EQ(tape_replay(buf_str(&tape), &limits, &report), OK);
    STR_EQ(buf_str(&report), "1 commands in 1 batches: all as recorded.\n");

    buf_reset(&report);
    BUF_PUT_LIT(&tape, "cmd at_ms=100 type=ping\nbatch digest=1\n");
    EQ(tape_replay(buf_str(&tape), &limits, &report), ERR_PROTO);
    OKAY(str_starts(buf_str(&report), STR_LIT("Batch 2 (line 4) was recorded as 1 and came out")));
    OKAY(str_ends(buf_str(&report), STR_LIT("reply cmd=ping refusal=unauthenticated at_ms=100\n")));
    batch_unref(&batch);
    core_free(&core);
}

TEST(a_tape_that_was_cut_off_plays_as_far_as_it_goes) {
    SCOPED(buf_fini) struct buf report = BUF_INIT(BYTES_MAX);
    EQ(replay("", &report), ERR_PROTO);    // of nothing there is no tape
    EQ(replay("limits message_chars=3\ncmd at_ms=1 type=ping\ncmd at_ms=1 ty", &report), OK);
    OKAY(str_ends(buf_str(&report), STR_LIT("1 commands in 0 batches: all as recorded.\n")));
}

TEST(a_tape_out_of_order_cannot_be_played) {
    SCOPED(buf_fini) struct buf report = BUF_INIT(BYTES_MAX);
    EQ(replay("cmd at_ms=1 type=ping\nfact type=ban_set\n", &report), ERR_PROTO);
    STR_EQ(buf_str(&report), "Line 2 cannot be played.\n");
    EQ(replay("cmd at_ms=1 type=ping\ncmd at_ms=2 type=ping\n", &report), ERR_PROTO);
    EQ(replay("hello\n", &report), ERR_PROTO);
    EQ(replay("batch digest=3\n", &report), ERR_PROTO);
}

TEST(an_empty_batch_has_a_digest_too) {
    SCOPED(buf_fini) struct buf tape = BUF_INIT(BYTES_MAX);
    SCOPED(buf_fini) struct buf report = BUF_INIT(BYTES_MAX);
    struct batch *batch = batch_new(0);
    tape_put_digest(&tape, batch);
    EQ(tape_replay(buf_str(&tape), &limits, &report), OK);
    batch_unref(&batch);
}

TEST(a_batch_is_printed_one_line_an_item) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    SCOPED(buf_fini) struct buf b = BUF_INIT(BYTES_MAX);
    rig_do(rig, "ann", DM(2, "hello you"));
    batch_print(rig->batch, &b);
    STR_EQ(buf_str(&b),
           "event type=room_created at_ms=1700000000000 session=101 room=3 room_kind=2 user=1 "
           "other=2 is_private=1 audience=nobody\n"
           "reply cmd=direct_send refusal=none session=101 dialect=2 at_ms=1700000000000 room=3 "
           "user=2 username=bob event=message_posted\n"
           "event type=message_posted at_ms=1700000000000 session=101 room=3 room_kind=2 user=1 "
           "username=ann other=2 content=hello\\x20you is_private=1 audience=sessions to=101 "
           "to=102\n");
    buf_reset(&b);
    rig_do(rig, "ann", CMD_OF(room_history, .room_name = STR_LIT("general"), .before = 9));
    batch_print(rig->batch, &b);
    STR_EQ(buf_str(&b), "ask kind=room_history session=101 dialect=2 room=1 room_name=general "
                        "user=1 before=9 limit=50\n");
}

TEST(batches_that_differ_have_digests_that_differ) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general");
    rig_do(rig, "ann", SAY("general", "hello"));
    uint64_t first = batch_digest(rig->batch);
    EQ(batch_digest(rig->batch), first);
    rig_do(rig, "ann", SAY("general", "hellp"));
    OKAY(batch_digest(rig->batch) != first);
    rig_do(rig, "ann", SAY("general", "hello"));
    EQ(batch_digest(rig->batch), first);
    rig->now_ms += 1;
    rig_do(rig, "ann", SAY("general", "hello"));
    OKAY(batch_digest(rig->batch) != first);
}

/* Setting one field of an item must change the digest. */
#define CHANGES(b, before, lvalue, value)                                                          \
    do {                                                                                           \
        __typeof__(lvalue) was = (lvalue);                                                         \
        (lvalue) = (value);                                                                        \
        OKAY(batch_digest(b) != (before));                                                         \
        (lvalue) = was;                                                                            \
        OKAY(batch_digest(b) == (before));                                                         \
    } while (0)

TEST(every_field_of_a_reply_is_in_the_digest) {
    struct batch *b = batch_new(0);
    struct reply *r = batch_reply(b, &(struct cmd){ .type = CMD_ping });
    uint64_t before = batch_digest(b);
    struct event event = { .type = EV_message_posted };
    CHANGES(b, before, r->session.v, 1);
    CHANGES(b, before, r->cmd, CMD_list);
    CHANGES(b, before, r->dialect, DIALECT_hub);
    CHANGES(b, before, r->form, DIALECT_hub);
    CHANGES(b, before, r->part, 1);
    CHANGES(b, before, r->refusal, REFUSE_banned);
    CHANGES(b, before, r->ref, STR_LIT("x"));
    CHANGES(b, before, r->detail.kind, DETAIL_long);
    CHANGES(b, before, r->detail.input, INPUT_content);
    CHANGES(b, before, r->detail.unit, UNIT_characters);
    CHANGES(b, before, r->detail.given, 1);
    CHANGES(b, before, r->detail.max, 1);
    CHANGES(b, before, r->detail.word, STR_LIT("x"));
    CHANGES(b, before, r->detail.problem, 1);
    CHANGES(b, before, r->retry_after_ms, 1);
    CHANGES(b, before, r->room_name, STR_LIT("x"));
    CHANGES(b, before, r->room.v, 1);
    CHANGES(b, before, r->user.v, 1);
    CHANGES(b, before, r->username, STR_LIT("x"));
    CHANGES(b, before, r->mobile, STR_LIT("x"));
    CHANGES(b, before, r->role, ROLE_PRO);
    CHANGES(b, before, r->at_ms, 1);
    CHANGES(b, before, r->until_ms, 1);
    CHANGES(b, before, r->message, 1);
    CHANGES(b, before, r->is_on, true);
    CHANGES(b, before, r->event, &event);
    batch_unref(&b);
}

TEST(every_field_of_a_question_is_in_the_digest) {
    struct batch *b = batch_new(0);
    struct ask *ask = batch_ask(b, &(struct cmd){ .type = CMD_list }, ASK_ROOM_HISTORY);
    uint64_t before = batch_digest(b);
    CHANGES(b, before, ask->kind, ASK_LIST);
    CHANGES(b, before, ask->session.v, 1);
    CHANGES(b, before, ask->dialect, DIALECT_hub);
    CHANGES(b, before, ask->form, DIALECT_hub);
    CHANGES(b, before, ask->part, 1);
    CHANGES(b, before, ask->ref, STR_LIT("x"));
    CHANGES(b, before, ask->room.v, 1);
    CHANGES(b, before, ask->room_name, STR_LIT("x"));
    CHANGES(b, before, ask->user.v, 1);
    CHANGES(b, before, ask->other.v, 1);
    CHANGES(b, before, ask->content, STR_LIT("x"));
    CHANGES(b, before, ask->before, 1);
    CHANGES(b, before, ask->after, 1);
    CHANGES(b, before, ask->offset, 1);
    CHANGES(b, before, ask->after_seq, 1);
    CHANGES(b, before, ask->limit, 1);
    CHANGES(b, before, ask->list_kind, LIST_BANS);
    batch_unref(&b);
}

TEST(every_field_of_an_event_is_in_the_digest) {
    static const session_id sessions[] = { { 5 }, { 6 } };
    struct batch *b = batch_new(0);
    struct event *ev = batch_event(b, EV_user_created);
    uint64_t before = batch_digest(b);
    CHANGES(b, before, ev->type, EV_room_created);
    CHANGES(b, before, ev->audience, AUD_ROOM);
#define FIELD_ID(name) CHANGES(b, before, ev->name.v, 1);
#define FIELD_NUMBER(name) CHANGES(b, before, ev->name, 1);
#define FIELD_TEXT(name) CHANGES(b, before, ev->name, STR_LIT("x"));
#define FIELD_ENUM(name, type, count) CHANGES(b, before, ev->name, (type)1);
#define FIELD_FLAG(name) CHANGES(b, before, ev->name, true);
#include "core/event_fields.tbl.h"
#undef FIELD_ID
#undef FIELD_NUMBER
#undef FIELD_TEXT
#undef FIELD_ENUM
#undef FIELD_FLAG
    ev->sessions = sessions;
    ev->session_count = 1;
    OKAY(batch_digest(b) != before);
    before = batch_digest(b);
    CHANGES(b, before, ev->session_count, 2);
    batch_unref(&b);
}

/* The table of fields names them all: whoever adds one to struct event adds a row. */
TEST(the_table_of_event_fields_has_them_all) {
    size_t bytes = 0;
#define FIELD_ID(name) bytes += sizeof((struct event *)0)->name;
#define FIELD_NUMBER(name) bytes += sizeof((struct event *)0)->name;
#define FIELD_TEXT(name) bytes += sizeof((struct event *)0)->name;
#define FIELD_ENUM(name, type, count) bytes += sizeof((struct event *)0)->name;
#define FIELD_FLAG(name) bytes += sizeof((struct event *)0)->name;
#include "core/event_fields.tbl.h"
#undef FIELD_ID
#undef FIELD_NUMBER
#undef FIELD_TEXT
#undef FIELD_ENUM
#undef FIELD_FLAG
    const struct event ev = { 0 };
    bytes += sizeof ev.type + sizeof ev.audience + sizeof ev.sessions + sizeof ev.session_count;
    OKAY(bytes <= sizeof ev && sizeof ev - bytes < 24);    // the rest is padding
}
