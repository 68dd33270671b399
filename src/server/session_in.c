/* What a session hears, and what it asks of the core: bytes become messages, messages commands, and
 * commands intakes of the ring. See session.h; how much may be under way is bounded here. */
#include "base/clock.h"
#include "base/log.h"
#include "obs/metrics.h"
#include "server/catchup.h"
#include "server/dialog.h"
#include "server/door.h"
#include "server/gather.h"
#include "server/operator.h"
#include "server/ring.h"
#include "server/server.h"
#include "server/session_parts.h"
#include "server/worker.h"

/* Were these asked without a bound, the answers would pile up faster than anybody reads them. */
bool session_is_question(enum cmd_type cmd) {
    static const bool questions[CMD_COUNT] = {
        [CMD_room_history] = true, [CMD_direct_history] = true, [CMD_list] = true,
        [CMD_room_resume] = true,  [CMD_message_search] = true, [CMD_unread_list] = true,
        [CMD_changes_next] = true,
    };
    return questions[cmd];
}

/* What cannot be within the limit is not carried round the ring to hear so there: of a message
 * only its length goes, of a query as much as is too much. */
static void bound_content(const struct session *s, struct cmd *cmd) {
    uint64_t chars_max = s->worker->settings->config->limits_message_chars;
    if (cmd->type == CMD_message_search) {
        cmd->content = str_first_chars(cmd->content, SEARCH_CHARS_MAX + 1);
    } else if (cmd->content.n > CHAR_BYTES_MAX * chars_max) {
        *cmd = (struct cmd){ .type = CMD_malformed,
                             .chars = str_chars(cmd->content),
                             .room_name = cmd->room_name,
                             .ref = cmd->ref,
                             .form = cmd->form,
                             .part = cmd->part };
    }
}

struct intake *session_intake(struct session *s, struct cmd *cmd) {
    if (s->framing == FRAMING_WS) {
        bound_content(s, cmd);
    }
    cmd->session = s->id;
    cmd->dialect = s->dialect->id;
    struct intake *intake = intake_new(cmd);
    intake->taken_us = clock_mono_us();
    return intake;
}

void session_send(struct session *s, struct intake *intake) {
    enum cmd_type cmd = intake->cmd.type;
    s->pending++;
    s->questions += session_is_question(cmd);
    // one at a time keeps the answers in order; but each of an operator's facts costs a commit
    bool is_alone = s->framing != FRAMING_WS && cmd != CMD_fact_add;
    unsigned pending_max = is_alone ? 1 : PENDING_MAX;
    bool is_full = s->pending >= pending_max || s->questions >= QUESTIONS_MAX;
    s->is_held = s->is_held || is_full;
    worker_push(s->worker, intake);
}

bool session_ask(struct session *s, struct cmd *cmd) {
    struct ring *ring = s->worker->server->ring;
    bool has_credit = ring_admit(ring);
    if (!has_credit) {
        ring_admit_always(ring);    // this one is here already; the next one is not read
        METRIC_ADD_AT(intake_stalls_total, s->worker->index, 1);
        worker_starve(s->worker, s);
    }
    session_send(s, session_intake(s, cmd));
    return has_credit && !s->is_held;
}

void session_read_on(struct session *s) {
    session_go_on(s);
    if (s->state == SESSION_LIVE && !s->is_held && !s->is_starved && !s->worker->is_draining) {
        conn_resume(&s->conn);
    }
}

void session_leave_if_drained(struct session *s) {
    session_go_on(s);    // what has not begun of a batch is refused
    if (s->pending > 0) {
        return;
    }
    if (s->state == SESSION_LIVE && s->framing == FRAMING_WS) {
        session_refuse(s, REFUSE_stopping);
    } else {
        session_leave(s, 0, STR_NONE);
    }
}

void session_answered(struct session *s, bool was_question, uint32_t part) {
    CHECK(s->pending > 0);
    s->pending--;
    if (was_question) {
        CHECK(s->questions > 0);
        s->questions--;
    }
    if (part != 0 && s->is_upgraded && s->gather != NULL) {
        gather_answered(s, part);
    }
    session_let_go(s);
    if (s->framing != FRAMING_WS && s->is_peer_done && s->pending == 0) {
        session_leave(s, 0, STR_NONE);
    }
}

/* As the envelope's document words it. */
static void log_message(const struct session *s, const struct cmd *cmd) {
    const char *type = s->worker->decode.type;
    if (s->dialect->id == DIALECT_envelope) {
        LOG_DEBUG("WS_MESSAGE", STR("Type", type == NULL ? "none" : type), U64("UserID", s->user.v),
                  TEXT("Room", cmd->room_name));
    }
}

static bool on_message(void *ctx, enum link_kind kind, struct str payload) {
    struct session *s = ctx;
    if (s->state != SESSION_LIVE) {
        return true;
    }
    if (s->expires_ms != 0 && s->worker->loop.now_ms >= s->expires_ms) {
        session_refuse(s, REFUSE_expired);
        return false;
    }
    if (kind == LINK_BINARY) {
        session_leave(s, WS_CLOSE_UNSUPPORTED, STR_LIT("text only"));
        return false;
    }
    struct cmd cmd;
    unsigned parts = s->dialect->decode(&s->worker->decode, payload, &cmd);
    METRIC_ADD_AT(messages_in_total, s->dialect->id, MAX(parts, 1));
    s->worker->fed_bytes += payload.n;
    log_message(s, &cmd);
    if (parts > 0) {
        gather_begin(s, parts, &cmd);
        return !s->is_held;
    }
    if (cmd.type == CMD_malformed) {
        METRIC_ADD_AT(protocol_errors_total, s->dialect->id, 1);
    } else if (cmd.type == CMD_session_open) {
        door_renew(s, &cmd);
    }
    bool may_go_on = session_ask(s, &cmd);
    return may_go_on && s->worker->fed_bytes < FEED_BYTES_PER_TURN;
}

/* Counts a ping or a pong. true: one too many within this second, and the session leaves. */
static bool is_control_flood(struct session *s) {
    uint32_t second = (uint32_t)(s->worker->loop.now_ms / 1000);
    if (s->control_s != second) {
        s->control_s = second;
        s->control_count = 0;
    }
    if (++s->control_count <= CONTROL_PER_SECOND_MAX) {
        return false;
    }
    session_leave(s, WS_CLOSE_POLICY, STR_LIT("too many control frames"));
    return true;
}

static void on_control(void *ctx, struct str framed) {
    struct session *s = ctx;
    if (!is_control_flood(s)) {
        session_say_raw(s, framed);
    }
}

static void on_pong(void *ctx) {
    is_control_flood(ctx);
}

static void on_closing(void *ctx, uint16_t code, bool by_peer) {
    struct session *s = ctx;
    s->is_peer_done = s->is_peer_done || by_peer;
    if (!by_peer) {
        METRIC_ADD_AT(connection_errors_total, METRIC_REASON_PROTOCOL, 1);
    }
    if (s->state == SESSION_LIVE) {
        session_leave(s, code, STR_NONE);
    } else if (s->state == SESSION_LEAVING && outbox_is_empty(&s->outbox)) {
        session_drop(s, false);
    }
}

static const struct link_sink link_sink = {
    .on_message = on_message,
    .on_reply = on_control,
    .on_pong = on_pong,
    .on_closing = on_closing,
};

static size_t feed(struct session *s, uint8_t *p, size_t n) {
    switch ((enum framing)s->framing) {
    case FRAMING_LINES: return operator_feed(s, p, n);
    case FRAMING_DIALOG: return dialog_feed(s, p, n);
    case FRAMING_WS: break;
    }
    return ws_feed(&s->ws, &s->worker->ws_shared, p, n, &link_sink, s);
}

static size_t take_bytes(struct session *s, uint8_t *p, size_t n) {
    s->heard_ms = s->worker->loop.now_ms;
    s->is_pinged = false;

    switch ((enum session_state)s->state) {
    case SESSION_HEAD: return door_feed(s, p, n);
    case SESSION_GREETING: return 0;
    case SESSION_LIVE:
    case SESSION_LEAVING: break;
    case SESSION_GONE:
    case SESSION_STATE_COUNT: return n;
    }
    if (s->close_code == 0 && s->state == SESSION_LEAVING) {
        return n;    // lines or HTTP on their way out: whatever still comes is dropped
    }
    s->worker->fed_bytes = 0;
    size_t taken = feed(s, p, n);
    if (s->state >= SESSION_LEAVING) {
        return n;
    }
    if (s->is_held || s->is_starved) {
        conn_pause(&s->conn);
    } else if (taken < n) {
        conn_resume(&s->conn);    // its share of this turn is used up
    }
    return taken;
}

static size_t on_bytes(struct conn *c, uint8_t *p, size_t n) {
    struct session *s = CONTAINER_OF(c, struct session, conn);
    size_t taken = take_bytes(s, p, n);
    METRIC_ADD_AT(bytes_in_total, s->dialect == NULL ? 0 : s->dialect->id, taken);
    return taken;    // what is kept comes, and counts, again
}

static void on_writable(struct conn *c) {
    session_flush(CONTAINER_OF(c, struct session, conn));
}

/* Whether a peer that has sent its end may still wait for answers: to HTTP requests, to an
 * operator's commands. A WebSocket ends with a close frame, not like this. */
static bool is_owed_answers(const struct session *s) {
    if (s->state == SESSION_LIVE && s->framing == FRAMING_DIALOG) {
        return dialog_owes_answer(s);
    }
    if (s->state == SESSION_LIVE) {
        return s->framing == FRAMING_LINES && (s->pending > 0 || !outbox_is_empty(&s->outbox));
    }
    bool is_owed = s->state == SESSION_HEAD && door_owes_answer(s);
    return is_owed || (s->state != SESSION_GREETING && !outbox_is_empty(&s->outbox));
}

static void on_end(struct conn *c, enum err why) {
    struct session *s = CONTAINER_OF(c, struct session, conn);
    s->is_peer_done = true;
    if (why != ERR_CLOSED) {
        METRIC_ADD_AT(connection_errors_total, METRIC_REASON_RESET, 1);
    }
    if (why == ERR_CLOSED && s->state == SESSION_LIVE && s->framing == FRAMING_DIALOG) {
        dialog_hear_end(s);
    }
    if (why != ERR_CLOSED || !is_owed_answers(s)) {
        session_drop(s, false);
    } else if (s->pending == 0 && !(s->state == SESSION_HEAD && door_owes_answer(s))) {
        session_leave(s, 0, STR_NONE);
    }
}

static void on_closed(struct conn *c) {
    CONTAINER_OF(c, struct session, conn)->is_closed = true;
}

const struct conn_ops session_conn_ops = {
    .on_bytes = on_bytes,
    .on_writable = on_writable,
    .on_end = on_end,
    .on_closed = on_closed,
};
