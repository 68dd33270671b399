/* Tapes: recording a core and playing it again.
 *
 * A line is a word that says what it is and then `name=value` words (line.h), made from the same
 * tables as the structs: a new operand or event field is recorded and replayed without a line of
 * code here. */
#include "core/tape.h"

#include <inttypes.h>

#include "core/line.h"
#include "core/print.h"

static const char *const dialect_names[DIALECT_COUNT] = {
    [DIALECT_OPERATOR] = "operator",
#define DIALECT(name) [DIALECT_##name] = #name,
#include "core/dialects.tbl.h"
#undef DIALECT
};

// ---- writing

void tape_put(struct buf *tape, uint64_t at_ms, const struct cmd *cmd) {
    BUF_PUT_LIT(tape, "cmd");
    line_put_number(tape, "at_ms", at_ms);
    line_put_text(tape, "type", str_of(cmd_name(cmd->type)));
    line_put_text(tape, "dialect", str_of(dialect_names[cmd->dialect]));
    line_put_number(tape, "session", cmd->session.v);
#define OPERAND_TEXT(name) line_put_text(tape, #name, cmd->name);
#define OPERAND_NUMBER(name) line_put_number(tape, #name, cmd->name);
#include "core/operands.tbl.h"
#undef OPERAND_TEXT
#undef OPERAND_NUMBER
    buf_put_char(tape, '\n');
}

void tape_put_fact(struct buf *tape, const struct event *fact) {
    BUF_PUT_LIT(tape, "fact");
    event_print(fact, tape);
    buf_put_char(tape, '\n');
}

void tape_put_limits(struct buf *tape, const struct core_limits *limits) {
    BUF_PUT_LIT(tape, "limits");
    line_put_number(tape, "message_chars", limits->message_chars);
    line_put_number(tape, "sessions_per_user", limits->sessions_per_user);
    line_put_number(tape, "follows_per_session", limits->follows_per_session);
    line_put_number(tape, "upload_bytes_per_user", limits->upload_bytes_per_user);
    line_put_number(tape, "uploads_per_minute", limits->uploads.per_minute);
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        line_put_text(tape, "dialect", str_of(dialect_names[i]));    // whose the next three are
        line_put_number(tape, "per_minute", limits->content[i].per_minute);
        line_put_number(tape, "per_hour", limits->content[i].per_hour);
        line_put_number(tape, "burst", limits->content[i].burst);
    }
    buf_put_char(tape, '\n');
}

void tape_put_writable(struct buf *tape, bool is_writable) {
    BUF_PUT_LIT(tape, "writable");
    line_put_number(tape, "is_on", is_writable);
    buf_put_char(tape, '\n');
}

void tape_put_digest(struct buf *tape, const struct batch *batch) {
    BUF_PUT_LIT(tape, "batch");
    line_put_number(tape, "digest", batch_digest(batch));
    buf_put_char(tape, '\n');
}

// ---- reading

/* One `name=value` of a line. */
struct word {
    struct str name;
    struct str value;
    struct arena *texts;
};

static bool is(const struct word *w, const char *name) {
    return str_eq(w->name, str_of(name));
}

static enum err get_id(const struct word *w, uint64_t below, uint64_t *out) {
    uint64_t v = 0;
    enum err err = str_to_u64(w->value, &v);
    if (err == OK && v >= below) {
        err = ERR_PROTO;
    }
    if (err == OK) {
        *out = v;
    }
    return err;
}

static enum err get_number(const struct word *w, uint64_t *out) {
    return str_to_u64(w->value, out);
}

static enum err get_u32(const struct word *w, uint32_t *out) {
    uint64_t v = 0;
    enum err err = get_id(w, (uint64_t)UINT32_MAX + 1, &v);
    if (err == OK) {
        *out = (uint32_t)v;
    }
    return err;
}

static enum err get_dialect(const struct word *w, enum dialect_id *out) {
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        if (str_eq(w->value, str_of(dialect_names[i]))) {
            *out = (enum dialect_id)i;
            return OK;
        }
    }
    return ERR_PROTO;
}

static enum err read_cmd_word(const struct word *w, struct tape_entry *out) {
    struct cmd *cmd = &out->cmd;
    if (is(w, "at_ms")) {
        return get_number(w, &out->at_ms);
    }
    if (is(w, "type")) {
        cmd->type = cmd_by_name(w->value);
        return cmd->type < CMD_COUNT ? OK : ERR_PROTO;
    }
    if (is(w, "dialect")) {
        return get_dialect(w, &cmd->dialect);
    }
    if (is(w, "session")) {
        return get_number(w, &cmd->session.v);
    }
#define OPERAND_TEXT(field)                                                                        \
    if (is(w, #field)) {                                                                           \
        return line_text(w->texts, w->value, &cmd->field);                                         \
    }
#define OPERAND_NUMBER(field)                                                                      \
    if (is(w, #field)) {                                                                           \
        return get_number(w, &cmd->field);                                                         \
    }
#include "core/operands.tbl.h"
#undef OPERAND_TEXT
#undef OPERAND_NUMBER
    return ERR_PROTO;
}

static enum err get_event_type(const struct word *w, enum event_type *out) {
    for (enum event_type type = 0; type < EVENT_COUNT; type++) {
        if (str_eq(w->value, str_of(event_name(type)))) {
            *out = type;
            return OK;
        }
    }
    return ERR_PROTO;
}

static enum err read_fact_word(const struct word *w, struct tape_entry *out) {
    struct event *ev = &out->fact;
    uint64_t v = 0;
    if (is(w, "type")) {
        return get_event_type(w, &ev->type);
    }
#define FIELD_ID(field)                                                                            \
    if (is(w, #field)) {                                                                           \
        return get_number(w, &ev->field.v);                                                        \
    }
#define FIELD_NUMBER(field)                                                                        \
    if (is(w, #field)) {                                                                           \
        return get_number(w, &ev->field);                                                          \
    }
#define FIELD_TEXT(field)                                                                          \
    if (is(w, #field)) {                                                                           \
        return line_text(w->texts, w->value, &ev->field);                                          \
    }
#define FIELD_ENUM(field, type, count)                                                             \
    if (is(w, #field) && get_id(w, count, &v) == OK) {                                             \
        ev->field = (type)v;                                                                       \
        return OK;                                                                                 \
    }
#define FIELD_FLAG(field)                                                                          \
    if (is(w, #field) && get_id(w, 2, &v) == OK) {                                                 \
        ev->field = v != 0;                                                                        \
        return OK;                                                                                 \
    }
#include "core/event_fields.tbl.h"
#undef FIELD_ID
#undef FIELD_NUMBER
#undef FIELD_TEXT
#undef FIELD_ENUM
#undef FIELD_FLAG
    return ERR_PROTO;
}

static enum err read_limits_word(const struct word *w, struct tape_entry *out) {
    struct core_limits *limits = &out->limits;
    struct rate_limit *rate = &limits->content[out->cmd.dialect];    // the last one named
    const struct {
        const char *name;
        uint32_t *field;
    } fields[] = {
        { "message_chars", &limits->message_chars },
        { "sessions_per_user", &limits->sessions_per_user },
        { "follows_per_session", &limits->follows_per_session },
        { "uploads_per_minute", &limits->uploads.per_minute },
        { "per_minute", &rate->per_minute },
        { "per_hour", &rate->per_hour },
        { "burst", &rate->burst },
    };
    if (is(w, "dialect")) {
        return get_dialect(w, &out->cmd.dialect);
    }
    if (is(w, "upload_bytes_per_user")) {
        return get_number(w, &limits->upload_bytes_per_user);
    }
    for (size_t i = 0; i < COUNT(fields); i++) {
        if (is(w, fields[i].name)) {
            return get_u32(w, fields[i].field);
        }
    }
    return ERR_PROTO;
}

static enum err read_writable_word(const struct word *w, struct tape_entry *out) {
    uint64_t v = 0;
    enum err err = is(w, "is_on") ? get_id(w, 2, &v) : ERR_PROTO;
    out->is_writable = v != 0;
    return err;
}

static enum err read_batch_word(const struct word *w, struct tape_entry *out) {
    return is(w, "digest") ? get_number(w, &out->digest) : ERR_PROTO;
}

enum err tape_read(struct str line, struct arena *texts, struct tape_entry *out) {
    static const struct {
        const char *name;
        enum err (*read)(const struct word *w, struct tape_entry *out);
    } kinds[] = {
        [TAPE_CMD] = { "cmd", read_cmd_word },
        [TAPE_FACT] = { "fact", read_fact_word },
        [TAPE_LIMITS] = { "limits", read_limits_word },
        [TAPE_WRITABLE] = { "writable", read_writable_word },
        [TAPE_BATCH] = { "batch", read_batch_word },
    };
    struct word w = { .texts = texts };
    struct tape_entry entry = { 0 };
    size_t kind = 0;

    bool has_kind = line_next(&line, &w.name, &w.value) && w.value.p == NULL;
    while (kind < COUNT(kinds) && !is(&w, kinds[kind].name)) {
        kind++;
    }
    enum err err = has_kind && kind < COUNT(kinds) ? OK : ERR_PROTO;
    while (err == OK && line_next(&line, &w.name, &w.value)) {
        err = kinds[kind].read(&w, &entry) == OK ? OK : ERR_PROTO;
    }
    if (err == OK) {
        entry.kind = (unsigned)kind;
        *out = entry;
    }
    return err;
}
