/* From replies, answers and changes to text: a status line, then `key:value` lines.
 *
 * Clients read an answer once, into a kilobyte, and take it apart at line feeds and colons. So what
 * leaves here has no empty line and no empty value, a value has no line feed, and all but what
 * carries a message fits into that kilobyte. */
#include "base/clock.h"
#include "dialect/tchatator/tchatator.h"
#include "dialect/tchatator/walk.h"

#define DATE_BYTES 32          // "2026-11-21T05:12:41Z", and some
#define DETAIL_TEXT_MAX 700    // of a detail for people, as far as it is shown

/* ---- lines */

/* Line feeds, carriage returns and backslashes are written as in C. */
static void put_value(struct buf *out, struct str value) {
    for (size_t i = 0; i < value.n; i++) {
        switch (value.p[i]) {
        case '\n': BUF_PUT_LIT(out, "\\n"); break;
        case '\r': BUF_PUT_LIT(out, "\\r"); break;
        case '\\': BUF_PUT_LIT(out, "\\\\"); break;
        default: buf_put_char(out, value.p[i]);
        }
    }
}

/* A line, unless the value is empty. */
static void put_text(struct buf *out, const char *key, struct str value) {
    if (!str_is_empty(value)) {
        buf_put_str(out, str_of(key));
        buf_put_char(out, ':');
        put_value(out, value);
        buf_put_char(out, '\n');
    }
}

static void put_number(struct buf *out, const char *key, uint64_t value) {
    buf_put_str(out, str_of(key));
    buf_put_char(out, ':');
    buf_put_u64(out, value);
    buf_put_char(out, '\n');
}

/* A line, unless it is nobody's id. */
static void put_id(struct buf *out, const char *key, uint64_t id) {
    if (id != 0) {
        put_number(out, key, id);
    }
}

static void put_flag(struct buf *out, const char *key, bool is_on) {
    put_text(out, key, is_on ? STR_LIT("true") : STR_LIT("false"));
}

/* "2026-11-21 05:12:41", UTC. */
static void put_date(struct buf *out, uint64_t at_ms) {
    SCOPED(buf_fini) struct buf date = BUF_INIT(DATE_BYTES);
    clock_put_rfc3339(&date, at_ms);
    struct str rest = buf_str(&date);
    buf_put_str(out, str_cut(&rest, 'T'));
    buf_put_char(out, ' ');
    buf_put_str(out, str_cut(&rest, 'Z'));
}

static void put_date_line(struct buf *out, const char *key, uint64_t at_ms) {
    if (at_ms != 0) {
        buf_put_str(out, str_of(key));
        buf_put_char(out, ':');
        put_date(out, at_ms);
        buf_put_char(out, '\n');
    }
}

static void put_ok(struct buf *out) {
    BUF_PUT_LIT(out, "200/OK\n");
}

void tchatator_frame(struct str answer, struct buf *out) {
    struct str rest = answer;
    struct str status = str_cut(&rest, '\n');
    buf_put_str(out, status);
    buf_put_char(out, '\n');
    put_number(out, "response-length", rest.n);
    buf_put_str(out, rest);
}

/* ---- refusals */

/* A token that is not good is a LOGIN denied; any other command just lacks one. */
static struct str status_of(enum refusal refusal, enum cmd_type of) {
    static const struct str denied = STR_LIT("403/DENIED");
    static const struct str statuses[REFUSAL_COUNT] = {
        [REFUSE_unauthenticated] = STR_LIT("401/UNAUTH"),
        [REFUSE_expired] = STR_LIT("401/UNAUTH"),
        [REFUSE_malformed] = STR_LIT("416/MISFMT"),
        [REFUSE_too_long] = STR_LIT("416/MISFMT"),
        [REFUSE_empty] = STR_LIT("416/MISFMT"),
        [REFUSE_rate_limited] = STR_LIT("426/TOOMRQ"),
        [REFUSE_too_many_sessions] = STR_LIT("426/TOOMRQ"),
        [REFUSE_too_many_follows] = STR_LIT("426/TOOMRQ"),
        [REFUSE_too_many_reactions] = STR_LIT("426/TOOMRQ"),
        [REFUSE_store_away] = STR_LIT("500/ERROR"),
        [REFUSE_stopping] = STR_LIT("500/ERROR"),
    };
    CHECK(refusal < REFUSAL_COUNT);
    bool is_token = refusal == REFUSE_unauthenticated || refusal == REFUSE_expired;
    bool is_denied = statuses[refusal].n == 0 || (is_token && of == CMD_session_open);
    return is_denied ? denied : statuses[refusal];
}

static void put_refused(struct buf *out, const struct reply *reply, enum lang lang) {
    SCOPED(buf_fini) struct buf detail = BUF_INIT(DETAIL_TEXT_MAX);
    SCOPED(buf_fini) struct buf sentence = BUF_INIT(2 * DETAIL_TEXT_MAX);
    problem_put_detail(&detail, &reply->detail, verb_of(reply->cmd), lang);
    buf_put_str(out, status_of(reply->refusal, reply->cmd));
    buf_put_char(out, '\n');
    put_id(out, "retry-after-ms", reply->retry_after_ms);
    detail_put_behind(&sentence, str_of(refusal_text(reply->refusal, lang)),
                      buf_ok(&detail) ? buf_str(&detail) : STR_NONE);
    put_text(out, "message", buf_str(&sentence));
}

/* ---- replies to commands that were done */

static void put_session(struct buf *out, const struct reply *reply) {
    put_id(out, "user-id", reply->user.v);
    put_text(out, "username", reply->username);
    put_text(out, "role", str_of(role_name(reply->role)));
}

static void put_message_id(struct buf *out, const struct reply *reply) {
    const struct event *ev = reply->event;
    put_id(out, "message-id", ev != NULL ? ev->message.v : reply->message);
}

static void put_until(struct buf *out, const struct reply *reply) {
    put_date_line(out, "until", reply->event != NULL ? reply->event->until_ms : reply->until_ms);
}

static void put_info(struct buf *out, const struct reply *reply) {
    put_text(out, "username", reply->username);
    put_flag(out, "connected", reply->is_on);
    put_flag(out, "is-writing", reply->is_typing);
}

/* An answer of the store follows; or it was never a client's. */
static bool is_silent(const struct reply *reply) {
    static const bool is_asked[CMD_COUNT] = {
        [CMD_changes_next] = true, [CMD_room_history] = true,   [CMD_direct_history] = true,
        [CMD_room_resume] = true,  [CMD_message_search] = true, [CMD_unread_list] = true,
        [CMD_list] = true,
    };
    return reply->cmd == CMD_changes_confirm ||
           (reply->refusal == REFUSE_NONE && is_asked[reply->cmd]);
}

bool tchatator_encode_reply(const struct reply *reply, enum lang lang, struct buf *out) {
    static void (*const more[CMD_COUNT])(struct buf *, const struct reply *) = {
        [CMD_session_open] = put_session,    [CMD_direct_send] = put_message_id,
        [CMD_message_edit] = put_message_id, [CMD_message_delete] = put_message_id,
        [CMD_block_add] = put_until,         [CMD_user_info] = put_info,
    };
    CHECK(reply->cmd < CMD_COUNT);
    if (is_silent(reply)) {
        return false;
    }
    if (reply->refusal != REFUSE_NONE) {
        put_refused(out, reply, lang);
        return true;
    }
    put_ok(out);
    if (more[reply->cmd] != NULL) {
        more[reply->cmd](out, reply);
    }
    return true;
}

/* ---- changes */

/* What a message says; of one that is only a file, where that is. */
static struct str content_of(const struct message *m) {
    return str_is_empty(m->content) ? m->media_url : m->content;
}

/* `,"key":` */
static void put_key(struct buf *out, const char *key) {
    BUF_PUT_LIT(out, ",\"");
    buf_put_str(out, str_of(key));
    BUF_PUT_LIT(out, "\":");
}

static void put_json_date(struct buf *out, uint64_t at_ms) {
    if (at_ms == 0) {
        BUF_PUT_LIT(out, "null");
        return;
    }
    buf_put_char(out, '"');
    put_date(out, at_ms);
    buf_put_char(out, '"');
}

static void put_json_flag(struct buf *out, bool is_on) {
    buf_put_str(out, is_on ? STR_LIT("true") : STR_LIT("false"));
}

/* Beyond the source's table: where it was said, if not to one person. */
static void put_json_room(struct buf *out, const struct message *m) {
    put_key(out, "room_id");
    buf_put_u64(out, m->room.v);
    put_key(out, "room");
    json_put_text(out, m->room_name);
}

/* The message as a row of the source's table, in one line of JSON: which has its own escapes. */
static void put_row(struct buf *out, const struct message *m) {
    BUF_PUT_LIT(out, "message:{\"id\":");
    buf_put_u64(out, m->id.v);
    put_key(out, "sender_id");
    buf_put_u64(out, m->user.v);
    put_key(out, "receiver_id");
    if (m->room_kind == ROOM_DM) {
        buf_put_u64(out, m->other.v);
    } else {
        BUF_PUT_LIT(out, "null");
    }
    put_key(out, "content");
    json_put_text(out, content_of(m));
    put_key(out, "sended_date");
    put_json_date(out, m->at_ms);
    put_key(out, "modified_date");
    put_json_date(out, m->edited_ms);
    put_key(out, "seen");
    put_json_flag(out, m->is_read);
    put_key(out, "deleted");
    put_json_flag(out, m->deleted_ms != 0);
    if (m->room_kind != ROOM_DM) {
        put_json_room(out, m);
    }
    BUF_PUT_LIT(out, "}\n");
}

static void put_lines(struct buf *out, const struct message *m) {
    put_id(out, "sender-id", m->user.v);
    if (m->room_kind == ROOM_DM) {
        put_id(out, "recipient-id", m->other.v);
    } else {
        put_id(out, "room-id", m->room.v);
        put_text(out, "room", m->room_name);
    }
    put_date_line(out, "sent-date", m->at_ms);
    if (m->type != MESSAGE_TEXT) {
        put_text(out, "message-type", str_of(message_type_name(m->type)));
        put_text(out, "media-url", m->media_url);
    }
    put_id(out, "reply-to", m->reply_to.v);
    put_text(out, "content", content_of(m));
}

void tchatator_put_change(const struct change *change, uint64_t remaining, struct buf *out) {
    const struct message *m = &change->message;
    bool is_deleted = change->kind == CHANGE_DELETED || m->deleted_ms != 0;
    put_ok(out);
    if (is_deleted) {
        put_text(out, "type", STR_LIT("message_deleted"));
    } else {
        put_text(out, "type",
                 change->kind == CHANGE_NEW ? STR_LIT("new_message") : STR_LIT("message_updated"));
    }
    put_number(out, "message-id", m->id.v);
    if (!is_deleted) {
        put_lines(out, m);
    }
    put_number(out, "remaining", remaining);
    if (!is_deleted) {
        put_row(out, m);
    }
}

void tchatator_put_no_change(struct buf *out) {
    put_ok(out);
    put_number(out, "remaining", 0);
}

bool tchatator_encode_answer(const struct answer *answer, enum lang lang, struct buf *out) {
    if (answer->refusal != REFUSE_NONE) {
        put_refused(out, &(struct reply){ .refusal = answer->refusal, .cmd = CMD_changes_next },
                    lang);
        return true;
    }
    if (answer->ask.kind != ASK_CHANGES) {
        return false;    // no client can have asked
    }
    if (answer->change_count == 0) {
        tchatator_put_no_change(out);
    } else {
        uint64_t waiting = MAX(answer->total, answer->change_count);
        tchatator_put_change(&answer->changes[0], waiting - 1, out);
    }
    return true;
}
