/* A session: see session.h for the drawing and the invariants.
 *
 * Deadlines are plain numbers in the session; its one timer is set to the nearest of them and, when
 * it fires, each is looked at. Being heard of only writes a number: the timer finds out later that
 * there is more time, which is cheaper than moving it for every message. */
#include "server/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/lines.h"
#include "obs/metrics.h"
#include "server/addresses.h"
#include "server/catchup.h"
#include "server/door.h"
#include "server/fanout.h"
#include "server/gather.h"
#include "server/operator.h"
#include "server/ring.h"
#include "server/server.h"
#include "server/worker.h"

#define PING_MS                                                                                    \
    45000    // silence after which we ask whether anybody is there; twice that is the end
#define EXPIRY_NOTICE_MS 60000      // before its credential ends, a session is told so
#define TOO_SLOW_LEAVING_MS 5000    // what a slow reader has left to read why it is closed

_Static_assert(sizeof(struct session) <= 504,
               "an idle connection costs this much, and more in all");

static const struct conn_ops conn_ops;

/* ---- states */

static const struct {
    unsigned next;        // BIT() of every state this one may move to
    uint32_t lasts_ms;    // 0: for ever, or set by whoever enters
} states[SESSION_STATE_COUNT] = {
    [SESSION_HEAD] = { BIT(SESSION_GREETING) | BIT(SESSION_LIVE) | BIT(SESSION_LEAVING) |
                           BIT(SESSION_GONE),
                       0 },
    [SESSION_GREETING] = { BIT(SESSION_LIVE) | BIT(SESSION_LEAVING) | BIT(SESSION_GONE),
                           GREETING_MS },
    [SESSION_LIVE] = { BIT(SESSION_LEAVING) | BIT(SESSION_GONE), 0 },
    [SESSION_LEAVING] = { BIT(SESSION_GONE), LEAVING_MS },
    [SESSION_GONE] = { 0, 0 },
};

void session_enter(struct session *s, enum session_state next) {
    CHECK(states[s->state].next & BIT(next));

    list_move(&s->worker->sessions[next], &s->on_state);    // the list it is on IS its state
    s->state = (uint8_t)next;
    s->due_ms = states[next].lasts_ms ? s->worker->loop.now_ms + states[next].lasts_ms : 0;
    session_set_timer(s);
}

static uint64_t nearest(uint64_t a, uint64_t b) {
    return a == 0 || (b != 0 && b < a) ? b : a;
}

void session_set_timer(struct session *s) {
    uint64_t due_ms = nearest(s->due_ms, s->expires_ms);
    if (s->expires_ms != 0 && !s->is_expiry_told && s->state == SESSION_LIVE) {
        due_ms = s->expires_ms - MIN(s->expires_ms, EXPIRY_NOTICE_MS);
        due_ms = nearest(s->due_ms, MAX(due_ms, 1));
    }
    if (s->stalled_ms != 0) {
        due_ms = nearest(due_ms, s->stalled_ms + STALL_MS);
    }
    if (s->state == SESSION_LIVE && s->framing == FRAMING_WS) {
        due_ms = nearest(due_ms, s->heard_ms + PING_MS);
    }
    if (due_ms == 0) {
        wheel_cancel(&s->worker->loop.wheel, &s->timer);
    } else {
        wheel_set(&s->worker->loop.wheel, &s->timer, due_ms);
    }
}

/* ---- out */

static void note_progress(struct session *s, bool is_blocked, size_t sent) {
    if (is_blocked && (sent > 0 || s->stalled_ms == 0)) {
        s->stalled_ms = s->worker->loop.now_ms;
        session_set_timer(s);
    }
}

/* What waits because its socket is full is memory of its own, and of all such there is a bound. */
static void count_backlog(struct session *s) {
    uint32_t bytes = s->conn.is_write_blocked ? s->outbox.bytes : 0;
    s->worker->backlog_bytes += (size_t)bytes - s->outbox.counted_bytes;
    s->outbox.counted_bytes = bytes;
}

/* How much may wait for it. The less room there is for all that lag together, the less each may: so
 * the bound for all holds, and those who lag most go first. */
static size_t may_wait(const struct session *s) {
    const struct worker *w = s->worker;
    size_t bytes_max = w->settings->config->limits_outbox_bytes;
    if (!s->conn.is_write_blocked) {
        return bytes_max;
    }
    size_t all_max = w->settings->config->limits_backlog_bytes / w->server->worker_count;
    return MIN(bytes_max, all_max - MIN(all_max, w->backlog_bytes));
}

/* Writes what the socket takes. false: it is broken. Ends nothing: pushing calls it, and whoever
 * pushes is walking a room. */
static bool write_some(struct session *s) {
    struct iovec iov[OUTBOX_IOV_MAX];

    while (!outbox_is_empty(&s->outbox)) {
        size_t count = outbox_peek(&s->outbox, iov);
        ptrdiff_t sent = conn_write(&s->conn, iov, count);
        if (sent < 0) {
            return false;
        }
        outbox_sent(&s->outbox, (size_t)sent);
        METRIC_ADD_AT(outbox_bytes, s->worker->index, -sent);
        note_progress(s, s->conn.is_write_blocked, (size_t)sent);
        METRIC_ADD_AT(bytes_out_total, s->dialect == NULL ? 0 : s->dialect->id, sent);
        if (s->conn.is_write_blocked) {
            break;
        }
    }
    if (!s->conn.is_write_blocked) {
        s->stalled_ms = 0;    // also when the last of it was held inside TLS
    } else {
        outbox_keep(&s->outbox);
    }
    count_backlog(s);
    return true;
}

static void count_slow(struct session *s) {
    METRIC_ADD_AT(slow_readers_dropped_total, s->dialect == NULL ? 0 : s->dialect->id, 1);
    LOG_WARN("session.too_slow", U64("session", s->id.v), U64("outbox_bytes", s->outbox.bytes));
}

static void leave_too_slow(struct session *s) {
    count_slow(s);
    session_leave(s, WS_CLOSE_TOO_SLOW, STR_LIT("too slow"));
    if (s->state == SESSION_LEAVING) {
        s->due_ms = s->worker->loop.now_ms + TOO_SLOW_LEAVING_MS;
        session_set_timer(s);
    }
}

static enum err push(struct session *s, struct span span, size_t bytes_max) {
    enum err err = s->conn.is_write_blocked ? outbox_push_copy(&s->outbox, span, bytes_max)
                                            : outbox_push(&s->outbox, span, bytes_max);
    METRIC_ADD_AT(outbox_bytes, s->worker->index, err == OK ? span.n : 0);
    if (s->conn.is_write_blocked) {
        count_backlog(s);
    }
    return err;
}

/* Queues without a look at the bound: close frames and the last words before them. */
static void push_last(struct session *s, struct span span) {
    enum err err = push(s, span, UINT32_MAX);
    CHECK(err == OK);
    if (!s->conn.is_write_blocked) {
        worker_dirty(s->worker, s, false);
    }
}

void session_push(struct session *s, struct span span, bool is_bulk) {
    if (s->state >= SESSION_LEAVING || s->is_too_slow) {
        return;
    }
    enum err err = push(s, span, may_wait(s));
    if (err != OK && !s->conn.is_write_blocked) {
        write_some(s);    // it waits for us and not for the reader: it can go now
        err = push(s, span, may_wait(s));
    }
    if (err != OK) {
        session_is_too_slow(s);
    } else if (!s->conn.is_write_blocked) {
        worker_dirty(s->worker, s, is_bulk);
    }
}

void session_is_too_slow(struct session *s) {
    s->is_too_slow = true;
    worker_dirty(s->worker, s, false);
}

void session_say(struct session *s, struct str message) {
    session_push(s, worker_frame(s->worker, &s->worker->own_spool, s, message), false);
}

void session_say_answer(struct session *s, struct str said, uint32_t part) {
    if (part != 0 && s->gather != NULL) {
        gather_take(s, said);
        return;
    }
    while (!str_is_empty(said)) {
        session_say(s, str_cut(&said, '\n'));
    }
}

void session_say_raw(struct session *s, struct str bytes) {
    session_push(s, spool_put(&s->worker->own_spool, bytes, STR_NONE), false);
}

/* Everything is out: the next request may be read; a session that leaves may be at its end. */
static void on_flushed(struct session *s) {
    if (s->state == SESSION_HEAD) {
        door_on_flushed(s);
    }
    if (s->state != SESSION_LEAVING) {
        return;
    }
    if (s->is_peer_done) {
        session_drop(s, false);
    } else if (s->close_code == 0 || s->ws.is_closing) {
        conn_shutdown(&s->conn);    // HTTP, or no frame is read any more: our end; theirs follows
    }
}

/* Reads on when what held it is answered, and most of the answers are out. */
static void let_go(struct session *s) {
    size_t bytes_max = s->worker->settings->config->limits_outbox_bytes / 4;
    unsigned pending_max = s->framing == FRAMING_LINES ? 0 : PENDING_MAX / 2;
    if (s->is_upgraded) {
        catchup_go_on(s);
        gather_go_on(s);
    }
    bool is_busy = s->is_upgraded && (s->gather != NULL || catchup_is_busy(s));
    if (s->is_held && s->pending <= pending_max && s->questions == 0 && !is_busy &&
        s->outbox.bytes <= bytes_max) {
        s->is_held = false;
        session_read_on(s);
    }
}

void session_flush(struct session *s) {
    if (s->is_too_slow) {
        s->is_too_slow = false;
        leave_too_slow(s);
        return;
    }
    if (!write_some(s)) {
        session_drop(s, true);
        return;
    }
    let_go(s);
    if (outbox_is_empty(&s->outbox) && !s->conn.is_write_blocked) {
        on_flushed(s);
    }
}

/* ---- in */

/* Were these asked without a bound, the answers would pile up faster than anybody reads them. */
bool session_is_question(enum cmd_type cmd) {
    static const bool questions[CMD_COUNT] = {
        [CMD_room_history] = true, [CMD_direct_history] = true, [CMD_list] = true,
        [CMD_room_resume] = true,  [CMD_message_search] = true, [CMD_unread_list] = true,
    };
    return questions[cmd];
}

/* What cannot be within the limit is not carried round the ring to hear so there. The core would
 * say it in these words, for which there is room in `detail`. */
static void bound_content(const struct session *s, struct cmd *cmd, struct buf *detail) {
    uint64_t chars_max = s->worker->settings->config->limits_message_chars;
    if (cmd->content.n > CHAR_BYTES_MAX * chars_max) {
        buf_printf(detail, "%zu characters; at most %zu", str_chars(cmd->content),
                   (size_t)chars_max);
        *cmd = (struct cmd){ .type = CMD_malformed,
                             .refusal = REFUSE_too_long,
                             .detail = buf_str(detail),
                             .room_name = cmd->room_name,
                             .ref = cmd->ref,
                             .form = cmd->form,
                             .part = cmd->part };
    }
}

struct intake *session_intake(struct session *s, struct cmd *cmd) {
    SCOPED(buf_fini) struct buf detail = BUF_INIT(DETAIL_BYTES_MAX);
    if (s->framing == FRAMING_WS) {
        bound_content(s, cmd, &detail);
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
    // one line at a time keeps an operator's answers in order; but each of them costs a commit
    bool is_alone = s->framing == FRAMING_LINES && cmd != CMD_fact_add;
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
    if (s->is_upgraded) {
        gather_go_on(s);
    }
    if (s->state == SESSION_LIVE && !s->is_held && !s->is_starved && !s->worker->is_draining) {
        conn_resume(&s->conn);
    }
}

void session_leave_if_drained(struct session *s) {
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
    if (part != 0 && s->gather != NULL) {
        gather_end_if_done(s);
    }
    let_go(s);
    if (s->framing == FRAMING_LINES && s->is_peer_done && s->pending == 0) {
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
    size_t taken = s->framing == FRAMING_LINES
                       ? operator_feed(s, p, n)
                       : ws_feed(&s->ws, &s->worker->ws_shared, p, n, &link_sink, s);
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
    if (s->state == SESSION_LIVE) {
        return s->framing == FRAMING_LINES && (s->pending > 0 || !outbox_is_empty(&s->outbox));
    }
    return s->state != SESSION_GREETING && !outbox_is_empty(&s->outbox);
}

static void on_end(struct conn *c, enum err why) {
    struct session *s = CONTAINER_OF(c, struct session, conn);
    s->is_peer_done = true;
    if (why != ERR_CLOSED) {
        METRIC_ADD_AT(connection_errors_total, METRIC_REASON_RESET, 1);
    }
    if (why != ERR_CLOSED || !is_owed_answers(s)) {
        session_drop(s, false);
    } else if (s->pending == 0) {
        session_leave(s, 0, STR_NONE);
    }
}

static void on_closed(struct conn *c) {
    CONTAINER_OF(c, struct session, conn)->is_closed = true;
}

static const struct conn_ops conn_ops = {
    .on_bytes = on_bytes,
    .on_writable = on_writable,
    .on_end = on_end,
    .on_closed = on_closed,
};

/* ---- beginning */

/* Counts it with its address, or refuses it because that one holds too many. */
static void enter_address(struct session *s) {
    enum address_entry entry = addresses_enter(s->worker->server->addresses, s);
    if (entry == ADDRESS_MAY_STAY) {
        return;
    }
    METRIC_ADD_AT(connection_errors_total, METRIC_REASON_ADDRESS_LIMIT, 1);
    if (entry == ADDRESS_IS_FULL) {
        door_turn_away(s, 429, "Too many connections from your address: close another first.");
    } else {
        session_drop(s, true);
    }
}

void session_new(struct worker *w, int fd, const struct entrance *entrance) {
    struct session *s = slab_get(&w->session_slab);
    s->worker = w;
    s->is_hub_only = entrance->kind == ENTRANCE_HUB;
    s->follow_cap = 1;
    s->heard_ms = w->loop.now_ms;
    struct tls_context *tls = entrance->is_tls ? w->settings->tls : NULL;
    if (conn_open(&s->conn, &w->loop, fd, tls, &conn_ops) != OK) {
        METRIC_ADD_AT(connection_errors_total, METRIC_REASON_OVERLOAD, 1);
        slab_put(&w->session_slab, s);
        return;
    }
    worker_adopt(w, s);
    s->due_ms = w->loop.now_ms + w->settings->config->limits_hello_ms;
    session_set_timer(s);

    if (entrance->kind == ENTRANCE_OPERATOR) {
        operator_welcome(s);
    } else {
        s->conn.read_bytes = READ_BYTES_BEFORE_LIVE;
        enter_address(s);
    }
}

static void tell_core_of_close(struct session *s) {
    if (!s->is_open_in_core || s->is_close_told) {
        return;
    }
    s->is_close_told = true;
    struct cmd cmd = { .type = CMD_session_close, .session = s->id, .dialect = s->dialect->id };
    struct intake *intake = intake_new(&cmd);
    intake->taken_us = clock_mono_us();
    ring_admit_always(s->worker->server->ring);
    s->pending++;
    worker_push(s->worker, intake);
}

/* The lines of the envelope's document keep its names; the others are the house's. */
static void log_connect(struct session *s) {
    s->opened_s = (uint32_t)(s->worker->loop.now_ms / 1000);
    if (s->dialect->id == DIALECT_envelope && log_is_on(LOG_LEVEL_INFO)) {
        char address[CONN_ADDRESS_BYTES];
        conn_address(&s->conn, address);
        LOG_INFO("WS_CONNECT", U64("UserID", s->user.v), STR("IP", address));
    }
    LOG_DEBUG("session.opened", U64("session", s->id.v), U64("user", s->user.v),
              STR("dialect", s->dialect->name));
}

static void log_disconnect(const struct session *s) {
    if (s->dialect->id == DIALECT_envelope) {
        uint64_t seconds = s->worker->loop.now_ms / 1000 - s->opened_s;
        LOG_INFO("WS_DISCONNECT", U64("UserID", s->user.v), U64("Duration", seconds));
    }
}

void session_renew(struct session *s, const struct reply *reply) {
    if (reply->refusal != REFUSE_NONE) {
        return;    // what it had before still counts
    }
    uint64_t now_ms = clock_wall_ms();
    uint64_t left_ms = reply->until_ms - MIN(reply->until_ms, now_ms);
    s->expires_ms = reply->until_ms == 0 ? 0 : s->worker->loop.now_ms + left_ms;
    s->is_expiry_told = false;
    session_set_timer(s);
}

void session_go_live(struct session *s, const struct reply *reply) {
    bool is_yes = reply->refusal == REFUSE_NONE;
    s->is_open_in_core = is_yes;
    if (s->state != SESSION_GREETING) {
        tell_core_of_close(s);    // it left while the core thought about it
        return;
    }
    if (!is_yes) {
        door_refuse(s, reply);
        return;
    }
    s->user = reply->user;
    s->conn.read_bytes = LOOP_READ_BYTES;
    door_accept(s);
    session_enter(s, SESSION_LIVE);
    session_renew(s, reply);
    s->is_counted = true;
    METRIC_ADD_AT(connections, s->dialect->id, 1);
    METRIC_ADD_AT(connections_total, s->dialect->id, 1);
    METRIC_ADD_AT(reconnections_total, s->dialect->id, reply->is_return);
    log_connect(s);
    session_read_on(s);
    session_check_token(s);    // revoked while the core thought about it?
}

/* ---- ending */

/* What must happen once, whichever way it ends. */
static void stop_being_live(struct session *s) {
    fanout_rise_all(s->worker, s);
    if (s->is_counted) {
        s->is_counted = false;
        METRIC_ADD_AT(connections, s->dialect->id, -1);
        log_disconnect(s);
    }
    tell_core_of_close(s);
}

void session_leave(struct session *s, uint16_t code, struct str reason) {
    if (s->state >= SESSION_LEAVING) {
        return;
    }
    bool is_ws = s->state == SESSION_LIVE && s->framing == FRAMING_WS;
    s->close_code = is_ws ? code : 0;
    s->expires_ms = 0;
    session_enter(s, SESSION_LEAVING);
    stop_being_live(s);
    if (is_ws) {
        struct worker *w = s->worker;
        buf_reset(&w->head);
        ws_put_close(&w->head, code, reason);
        push_last(s, spool_put(&w->own_spool, buf_str(&w->head), STR_NONE));
    } else if (!outbox_is_empty(&s->outbox)) {
        if (!s->conn.is_write_blocked) {
            worker_dirty(s->worker, s, false);
        }
    } else {
        on_flushed(s);
    }
    if (s->state == SESSION_LEAVING) {
        conn_resume(&s->conn);    // to hear the peer's end
    }
}

void session_refuse(struct session *s, enum refusal why) {
    if (s->state == SESSION_GREETING) {    // its token expired while the store was away
        door_turn_away(s, refusal_status(why), refusal_text(why, (enum lang)s->lang));
        return;
    }
    if (s->state != SESSION_LIVE) {
        session_leave(s, 0, STR_NONE);
        return;
    }
    struct event ended = { .type = EV_session_ended, .at_ms = clock_wall_ms(), .refusal = why };
    buf_reset(&s->worker->scratch);
    if (s->dialect->encode_event(&ended, VIEW_OTHER, &s->worker->scratch)) {
        session_say(s, worker_said(s->worker));
    }
    session_leave(s, s->dialect->close_code(why), str_of(refusal_text(why, (enum lang)s->lang)));
}

void session_check_token(struct session *s) {
    struct token_found found;
    if (s->api_token != NULL &&
        token_table_find(s->worker->server->tokens, s->api_token, &found) != OK) {
        session_refuse(s, REFUSE_unauthenticated);
    }
}

void session_drop(struct session *s, bool is_reset) {
    if (s->state == SESSION_GONE) {
        return;
    }
    session_enter(s, SESSION_GONE);
    stop_being_live(s);
    worker_clean(s->worker, s);
    METRIC_ADD_AT(outbox_bytes, s->worker->index, -(int64_t)s->outbox.bytes);
    s->worker->backlog_bytes -= s->outbox.counted_bytes;
    outbox_fini(&s->outbox);
    s->stalled_ms = 0;
    s->expires_ms = 0;
    session_set_timer(s);
    conn_close(&s->conn, is_reset);
}

bool session_is_over(const struct session *s) {
    return s->is_closed && s->pending == 0;
}

void session_fini(struct session *s) {
    CHECK(!s->is_open_in_core || s->is_close_told);
    wheel_cancel(&s->worker->loop.wheel, &s->timer);
    worker_clean(s->worker, s);
    addresses_leave(s->worker->server->addresses, s);
    door_close(s);
    if (s->is_upgraded) {
        gather_free(&s->gather);
    }
    catchup_free(&s->catchup);
    ws_fini(&s->ws);
    if (s->framing == FRAMING_LINES) {
        lines_free(&s->lines);
    }
    xfree(s->api_token);
    outbox_fini(&s->outbox);
}

/* ---- time */

static void ask_whether_alive(struct session *s) {
    if (s->conn.is_paused) {
        s->heard_ms = s->worker->loop.now_ms;    // it cannot be heard while we do not listen
        return;
    }
    if (s->is_pinged) {
        METRIC_ADD_AT(connection_errors_total, METRIC_REASON_TIMEOUT, 1);
        session_drop(s, true);
        return;
    }
    s->is_pinged = true;
    s->heard_ms = s->worker->loop.now_ms;    // the next look is a PING_MS away
    buf_reset(&s->worker->head);
    ws_put_frame(&s->worker->head, WS_PING, STR_NONE);
    session_say_raw(s, buf_str(&s->worker->head));
}

static void on_state_too_long(struct session *s) {
    switch ((enum session_state)s->state) {
    case SESSION_HEAD:
        METRIC_ADD_AT(connection_errors_total, METRIC_REASON_TIMEOUT, 1);
        door_on_timeout(s);
        break;
    case SESSION_GREETING:
        door_turn_away(s, 503, refusal_text(REFUSE_store_away, (enum lang)s->lang));
        break;
    case SESSION_LEAVING: session_drop(s, !outbox_is_empty(&s->outbox)); break;
    case SESSION_LIVE:
    case SESSION_GONE:
    case SESSION_STATE_COUNT: break;
    }
}

static void tell_of_expiry(struct session *s) {
    struct event ev = { .type = EV_session_expiring };
    uint64_t now_ms = clock_wall_ms();
    s->is_expiry_told = true;
    ev.at_ms = now_ms;
    ev.until_ms = now_ms + (s->expires_ms - s->worker->loop.now_ms);
    buf_reset(&s->worker->scratch);
    if (s->dialect->encode_event(&ev, VIEW_OTHER, &s->worker->scratch)) {
        session_say(s, worker_said(s->worker));
    }
}

void session_on_timer(struct session *s) {
    uint64_t now_ms = s->worker->loop.now_ms;

    if (s->due_ms != 0 && now_ms >= s->due_ms) {
        s->due_ms = 0;
        on_state_too_long(s);
    } else if (s->expires_ms != 0 && now_ms >= s->expires_ms) {
        s->expires_ms = 0;
        session_refuse(s, REFUSE_expired);
    } else if (s->expires_ms != 0 && !s->is_expiry_told && s->state == SESSION_LIVE &&
               now_ms + EXPIRY_NOTICE_MS >= s->expires_ms) {
        tell_of_expiry(s);
    } else if (s->stalled_ms != 0 && s->conn.is_write_blocked &&
               now_ms >= s->stalled_ms + STALL_MS) {
        s->stalled_ms = 0;
        leave_too_slow(s);
    } else if (s->state == SESSION_LIVE && s->framing == FRAMING_WS &&
               now_ms >= s->heard_ms + PING_MS) {
        ask_whether_alive(s);
    }
    if (s->state != SESSION_GONE) {
        session_set_timer(s);
    }
}
