/* The operator's dialect: see operator.h. Commands and their operands come from the core's tables,
 * so a new one can be given by name the day its row is written. */
#include "server/operator.h"

#include "base/clock.h"
#include "net/lines.h"
#include "obs/metrics.h"
#include "server/door.h"
#include "server/server.h"
#include "server/worker.h"

/* ---- in */

static const struct {
    const char *name;
    size_t offset;
    bool is_text;
} operands[] = {
#define OPERAND_TEXT(operand) { #operand, offsetof(struct cmd, operand), true },
#define OPERAND_NUMBER(operand) { #operand, offsetof(struct cmd, operand), false },
#include "core/operands.tbl.h"
#undef OPERAND_TEXT
#undef OPERAND_NUMBER
};

static void malformed(struct cmd *cmd, enum refusal refusal, const char *detail) {
    *cmd = (struct cmd){ .type = CMD_malformed, .refusal = refusal, .detail = str_of(detail) };
}

/* One operand by its kind. false: it is there, but not of that kind. */
static bool fill(struct cmd *cmd, size_t i, const struct json *value) {
    char *field = (char *)cmd + operands[i].offset;
    if (operands[i].is_text) {
        if (json_kind_of(value) != JSON_TEXT) {
            return false;
        }
        struct str text = json_text(value);
        memcpy(field, &text, sizeof text);
        return true;
    }
    uint64_t number = 0;
    bool flag = false;
    enum role role = role_by_name(json_text(value));
    if (json_u64(value, &number) != OK) {
        if (json_bool(value, &flag) == OK) {
            number = flag;
        } else if (operands[i].offset == offsetof(struct cmd, role) && role != ROLE_COUNT) {
            number = role;
        } else {
            return false;
        }
    }
    memcpy(field, &number, sizeof number);
    return true;
}

static void read_line(struct decode_scratch *scratch, struct str line, struct cmd *out) {
    const struct json *root;
    *out = (struct cmd){ 0 };
    if (json_parse(scratch->json, line, &root) != OK) {
        malformed(out, REFUSE_malformed, json_reader_why(scratch->json));
        return;
    }
    out->type = cmd_by_name(json_text(json_get(root, "cmd")));
    if (out->type == CMD_COUNT) {
        malformed(out, REFUSE_malformed, "there is no command of that name");
        return;
    }
    for (size_t i = 0; i < COUNT(operands); i++) {
        const struct json *value = json_get(root, operands[i].name);
        if (value != NULL && !fill(out, i, value)) {
            malformed(out, REFUSE_malformed, operands[i].name);
            return;
        }
    }
    out->dialect = DIALECT_OPERATOR;
}

static unsigned decode(struct decode_scratch *scratch, struct str line, struct cmd *out) {
    read_line(scratch, line, out);
    return 0;
}

/* ---- out */

static void put_text(struct buf *out, const char *key, struct str value) {
    buf_put_char(out, ',');
    json_put_text(out, str_of(key));
    buf_put_char(out, ':');
    json_put_text(out, value);
}

static void put_number(struct buf *out, const char *key, uint64_t value) {
    buf_put_char(out, ',');
    json_put_text(out, str_of(key));
    buf_put_char(out, ':');
    buf_put_u64(out, value);
}

static void put_refusal(struct buf *out, enum refusal why, const struct detail *detail) {
    put_text(out, "code", str_of(refusal_code(why)));
    SCOPED(buf_fini) struct buf sentence = BUF_INIT(2048);
    buf_put_str(&sentence, str_of(refusal_text(why, LANG_EN)));
    if (detail->kind != DETAIL_NONE) {
        BUF_PUT_LIT(&sentence, " (");
        detail_put(&sentence, detail, LANG_EN, NULL);
        BUF_PUT_LIT(&sentence, ")");
    }
    put_text(out, "error", buf_str(&sentence));
}

/* How every answer begins. */
static void put_head(struct buf *out, bool is_ok, enum cmd_type cmd, struct str ref) {
    buf_put_str(out, is_ok ? STR_LIT("{\"ok\":true") : STR_LIT("{\"ok\":false"));
    put_text(out, "cmd", str_of(cmd_name(cmd)));
    if (!str_is_empty(ref)) {
        put_text(out, "ref", ref);
    }
}

/* What a writing command led to, or a shown user. */
static void put_result(struct buf *out, const struct reply *reply) {
    if (reply->event != NULL && reply->event->message.v != 0) {
        put_number(out, "id", reply->event->message.v);
        put_number(out, "is_repeat", reply->event->is_repeat);
    } else if (reply->user.v != 0) {
        put_number(out, "id", reply->user.v);
        put_text(out, "username", reply->username);
        put_text(out, "role", str_of(role_name(reply->role)));
        if (!str_is_empty(reply->mobile)) {
            put_text(out, "mobile", reply->mobile);
        }
        if (reply->until_ms != 0) {
            put_number(out, "until_ms", reply->until_ms);
        }
    } else if (reply->room.v != 0) {
        put_number(out, "id", reply->room.v);
        put_text(out, "room", reply->room_name);
    }
}

static bool encode_reply(const struct reply *reply, enum lang lang, struct buf *out) {
    (void)lang;
    bool is_ok = reply->refusal == REFUSE_NONE;
    put_head(out, is_ok, reply->cmd, reply->ref);
    if (is_ok) {
        put_result(out, reply);
    } else {
        put_refusal(out, reply->refusal, &reply->detail);
    }
    buf_put_char(out, '}');
    return true;
}

/* What an action is about differs: what has nothing to say is left out, but who did it. */
static void put_decision(struct buf *out, const struct list_row *row) {
    put_number(out, "at_ms", row->at_ms);
    put_text(out, "actor", row->actor);
    put_text(out, "action", row->action);
    const struct {
        const char *key;
        struct str text;
    } texts[] = { { "username", row->name },
                  { "from", row->other_name },
                  { "room", row->room },
                  { "detail", row->detail } };
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (!str_is_empty(texts[i].text)) {
            put_text(out, texts[i].key, texts[i].text);
        }
    }
    if (row->message != 0) {
        put_number(out, "message", row->message);
    }
    if (str_ends(row->action, STR_LIT("_set"))) {    // of a ban, 0 means for good
        put_number(out, "until_ms", row->until_ms);
    }
}

static void put_row(struct buf *out, enum list_kind kind, const struct list_row *row) {
    BUF_PUT_LIT(out, "{\"id\":");
    buf_put_u64(out, row->id);
    static const char *const name_key[] = {
        [LIST_USERS] = "username", [LIST_TOKENS] = "label",    [LIST_ROOMS] = "room",
        [LIST_BANS] = "username",  [LIST_BLOCKS] = "username", [LIST_AUDIT] = NULL,
    };
    if (name_key[kind] != NULL) {
        put_text(out, name_key[kind], row->name);
    }
    switch (kind) {
    case LIST_USERS:
        put_text(out, "role", str_of(role_name(row->role)));
        put_text(out, "mobile", row->mobile);
        put_number(out, "created_ms", row->at_ms);
        break;
    case LIST_ROOMS:
        put_number(out, "messages", row->messages);
        put_number(out, "is_private", row->is_private);
        put_number(out, "created_ms", row->at_ms);
        if (row->has_keep) {
            put_number(out, "keep_messages", row->keep.messages);
            put_number(out, "keep_bytes", row->keep.bytes);
            put_number(out, "keep_age_ms", row->keep.age_ms);
        }
        break;
    case LIST_TOKENS: put_number(out, "created_ms", row->at_ms); break;
    case LIST_BANS: put_number(out, "until_ms", row->at_ms); break;
    case LIST_BLOCKS:
        put_text(out, "from", row->other_name);
        put_number(out, "until_ms", row->until_ms);
        break;
    case LIST_AUDIT: put_decision(out, row); break;
    case LIST_KIND_COUNT: break;
    }
    buf_put_char(out, '}');
}

static bool encode_answer(const struct answer *answer, enum lang lang, struct buf *out) {
    (void)lang;
    if (answer->refusal != REFUSE_NONE) {
        put_head(out, false, CMD_list, answer->ask.ref);
        put_refusal(out, answer->refusal, &(struct detail){ 0 });
        buf_put_char(out, '}');
        return true;
    }
    put_head(out, true, CMD_list, answer->ask.ref);
    BUF_PUT_LIT(out, ",\"rows\":[");
    for (size_t i = 0; i < answer->row_count; i++) {
        if (i > 0) {
            buf_put_char(out, ',');
        }
        put_row(out, answer->ask.list_kind, &answer->rows[i]);
    }
    BUF_PUT_LIT(out, "]}");
    if (!buf_ok(out)) {
        buf_reset(out);
        put_head(out, false, CMD_list, answer->ask.ref);
        put_refusal(
            out, REFUSE_too_long,
            DETAIL_OF(words, .word = STR_LIT("more than a list can hold: use parloir export")));
        buf_put_char(out, '}');
    }
    return true;
}

/* The operator asks and is answered; nothing is pushed to him. */
static bool encode_event(const struct event *ev, enum view view, struct buf *out) {
    (void)ev;
    (void)view;
    (void)out;
    return false;
}

static uint16_t close_code(enum refusal why) {
    (void)why;
    return 0;
}

static const struct dialect dialect_operator = {
    .name = "operator",
    .id = DIALECT_OPERATOR,
    .lang = LANG_EN,
    .decode = decode,
    .encode_event = encode_event,
    .encode_reply = encode_reply,
    .encode_answer = encode_answer,
    .close_code = close_code,
};

const struct dialect *operator_dialect(void) {
    return &dialect_operator;
}

/* ---- the control socket */

void operator_welcome(struct session *s) {
    s->dialect = &dialect_operator;
    s->framing = FRAMING_LINES;
    s->lines = lines_new(OPERATOR_LINE_BYTES_MAX);
    session_enter(s, SESSION_LIVE);
}

static int64_t sum_of(enum metric metric) {
    int64_t sum = 0;
    for (size_t at = 0; at < DIALECT_COUNT; at++) {
        sum += metrics_value(metric, at);
    }
    return sum;
}

/* What the whole process is doing; needs no core. */
static void say_status(struct session *s) {
    struct server *server = s->worker->server;
    SCOPED(buf_fini) struct buf out = BUF_INIT(OPERATOR_LINE_BYTES_MAX);
    SCOPED(buf_fini) struct buf ready = BUF_INIT(OPERATOR_LINE_BYTES_MAX);
    unsigned status = door_ready(server, &ready);

    BUF_PUT_LIT(&out, "{\"ok\":true,\"cmd\":\"status\"");
    put_text(&out, "version", STR_LIT(PARLOIR_VERSION));
    put_text(&out, "state", status == 200 ? STR_LIT("ready") : STR_LIT("not ready"));
    put_number(&out, "uptime_ms", clock_mono_ms() - server->started_ms);
    put_number(&out, "workers", server->worker_count);
    put_number(&out, "connections", (uint64_t)sum_of(METRIC_connections));
    put_number(&out, "users", (uint64_t)metrics_value(METRIC_resident_users, 0));
    put_number(&out, "rooms", (uint64_t)metrics_value(METRIC_resident_rooms, 0));
    put_number(&out, "messages_in", (uint64_t)sum_of(METRIC_messages_in_total));
    put_number(&out, "messages_out", (uint64_t)sum_of(METRIC_messages_out_total));
    put_number(&out, "uploads_in", (uint64_t)metrics_value(METRIC_uploads_total, 0));
    put_number(&out, "upload_bytes_in", (uint64_t)metrics_value(METRIC_upload_bytes_total, 0));
    put_number(&out, "slow_readers", (uint64_t)sum_of(METRIC_slow_readers_dropped_total));
    BUF_PUT_LIT(&out, "}");
    session_say(s, buf_str(&out));
}

static bool on_line(void *ctx, struct str line) {
    struct session *s = ctx;
    if (str_eq(line, STR_LIT("{\"cmd\":\"status\"}"))) {
        say_status(s);
        return true;
    }
    struct cmd cmd;
    decode(&s->worker->decode, line, &cmd);
    if (cmd.type == CMD_session_open || cmd.type == CMD_session_close) {
        malformed(&cmd, REFUSE_forbidden, "sessions open at the door");
    }
    return session_ask(s, &cmd);
}

size_t operator_feed(struct session *s, uint8_t *p, size_t n) {
    if (s->state != SESSION_LIVE) {
        return n;
    }
    size_t taken = 0;
    if (lines_feed(s->lines, p, n, on_line, s, &taken) != OK) {
        session_leave(s, 0, STR_NONE);    // a line without end: this is no parloir command
        return n;
    }
    return taken;
}
