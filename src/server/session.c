/* A session: see session.h for the drawing and the invariants.
 *
 * Deadlines are plain numbers in the session; its one timer is set to the nearest of them and, when
 * it fires, each is looked at. Being heard of only writes a number: the timer finds out later that
 * there is more time, which is cheaper than moving it for every message. */
#include "server/session_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/lines.h"
#include "obs/metrics.h"
#include "server/addresses.h"
#include "server/catchup.h"
#include "server/dialog.h"
#include "server/door.h"
#include "server/fanout.h"
#include "server/gather.h"
#include "server/operator.h"
#include "server/ring.h"
#include "server/server.h"
#include "server/worker.h"

#define PING_MS                                                                                    \
    45000    // silence after which we ask whether anybody is there; twice that is the end
#define EXPIRY_NOTICE_MS 60000    // before its credential ends, a session is told so

_Static_assert(sizeof(struct session) <= 504,
               "an idle connection costs this much, and more in all");

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

/* ---- beginning */

/* Counts it with its address, or refuses it because that one holds too many. */
static void enter_address(struct session *s) {
    enum address_entry entry = addresses_enter(s->worker->server->addresses, s);
    if (entry == ADDRESS_MAY_STAY) {
        return;
    }
    METRIC_ADD_AT(connection_errors_total, METRIC_REASON_ADDRESS_LIMIT, 1);
    if (entry == ADDRESS_IS_FULL && s->framing == FRAMING_DIALOG) {
        dialog_turn_away(s);
    } else if (entry == ADDRESS_IS_FULL) {
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
    if (conn_open(&s->conn, &w->loop, fd, tls, &session_conn_ops) != OK) {
        METRIC_ADD_AT(connection_errors_total, METRIC_REASON_OVERLOAD, 1);
        slab_put(&w->session_slab, s);
        return;
    }
    worker_adopt(w, s);
    s->due_ms = w->loop.now_ms + w->settings->config->limits_hello_ms;
    session_set_timer(s);

    if (entrance->kind == ENTRANCE_OPERATOR) {
        operator_welcome(s);
        return;
    }
    s->conn.read_bytes = READ_BYTES_BEFORE_LIVE;
    if (entrance->kind == ENTRANCE_TCHATATOR) {
        dialog_begin(s);
    }
    enter_address(s);
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

void session_opened(struct session *s, bool is_in) {
    s->is_open_in_core = is_in;
    if (s->state >= SESSION_LEAVING) {
        tell_core_of_close(s);    // it left while the core thought about it
    }
}

void session_go_live(struct session *s, const struct reply *reply) {
    session_opened(s, reply->refusal == REFUSE_NONE);
    if (s->state != SESSION_GREETING) {
        return;
    }
    if (reply->refusal != REFUSE_NONE) {
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
        session_push_last(s, spool_put(&w->own_spool, buf_str(&w->head), STR_NONE));
    } else if (!outbox_is_empty(&s->outbox)) {
        if (!s->conn.is_write_blocked) {
            worker_dirty(s->worker, s, false);
        }
    } else {
        session_on_flushed(s);
    }
    if (s->state == SESSION_LEAVING) {
        conn_resume(&s->conn);    // to hear the peer's end
    }
}

void session_refuse(struct session *s, enum refusal why) {
    if (s->state != SESSION_LIVE || s->framing == FRAMING_DIALOG) {
        session_leave(s, 0, STR_NONE);
        return;
    }
    if (s->is_upgraded && s->gather != NULL) {
        gather_tell(s);    // what is answered already
    }
    struct reply ended = { .cmd = CMD_malformed, .refusal = why, .at_ms = clock_wall_ms() };
    buf_reset(&s->worker->scratch);
    if (s->dialect->encode_reply(&ended, (enum lang)s->lang, &s->worker->scratch)) {
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
    } else if (s->framing == FRAMING_DIALOG) {
        dialog_free(&s->dialog);
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
    case SESSION_LIVE: dialog_on_timer(s); break;    // no other has a time
    case SESSION_GONE:
    case SESSION_STATE_COUNT: break;
    }
}

static void tell_of_expiry(struct session *s) {
    struct event ev = { .type = EV_session_expiring };
    uint64_t now_ms = clock_wall_ms();
    s->is_expiry_told = true;
    ev.at_ms = now_ms;
    uint64_t until_ms = now_ms + (s->expires_ms - s->worker->loop.now_ms);
    ev.until_ms = (until_ms + 500) / 1000 * 1000;    // a JWT ends at a whole second
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
        session_leave_too_slow(s);
    } else if (s->state == SESSION_LIVE && s->framing == FRAMING_WS &&
               now_ms >= s->heard_ms + PING_MS) {
        ask_whether_alive(s);
    }
    if (s->state != SESSION_GONE) {
        session_set_timer(s);
    }
}
