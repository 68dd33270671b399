/* Dialogs: see dialog.h. One command at a time is under way, so answers keep the order of the
 * questions whether they come from the core, from a reader, or from what is known here.
 *
 * A change that was handed out is confirmed by the next command: the confirmation goes into the
 * ring in front of that command. Only a poll waits for it, because what it answers is the next
 * change: nobody is told a second one before the store has it that the first has come. */
#include "server/dialog.h"

#include "base/clock.h"
#include "dialect/tchatator/scan.h"
#include "dialect/tchatator/tchatator.h"
#include "net/spoken.h"
#include "obs/metrics.h"
#include "server/credential.h"
#include "server/door.h"
#include "server/feed.h"
#include "server/ring.h"
#include "server/server.h"
#include "server/session_parts.h"
#include "server/worker.h"

#define DIALOG_BYTES_MAX (48u << 10)      // half received; a command has less
#define STRANGER_BYTES_MAX (16u << 10)    // the same of somebody of whom no token was good yet
#define TOUCH_MS 15000                    // the core hears of a quiet user so often
#define PATIENCE_MS 100                   // for an earlier connection of who logs in to be gone
#define BUSY_LOOK_MS 1000                 // how often, while an answer is waited for
#define BUFFER_KEPT_BYTES 1024            // a larger one is given back when it is empty

struct dialog {
    struct buf in;                 // what has come and is not looked at yet, or not whole
    struct feed feed;              // what waits for it
    uint64_t hello_until_ms;       // by then somebody must be known
    uint64_t listening_ms;         // since when nothing came, while we listened
    uint64_t asked_ms;             // when the last command came
    uint64_t touched_ms;           // when the core last heard of it
    enum scan_wait wait;           // what ends the silence
    enum scan_past past;           // the scanner's
    bool is_known;                 // a token has been good
    bool is_sure;                  // it is silence, and not that we slept
    bool is_polling;               // what is under way leads to an answer to a poll
    bool is_parting;               // or to the end
    bool is_retried;               // LOGIN: it was asked again
    uint64_t retry_ms;             // LOGIN: when it is asked again; 0: it is not
    bool has_framing;              // answers begin with their length
    bool has_framing_if_let_in;    // what LOGIN has asked for
    bool has_rooms_if_let_in;
};

void dialog_begin(struct session *s) {
    struct dialog *d = xzalloc(sizeof *d);
    d->in = BUF_INIT(DIALOG_BYTES_MAX);
    d->hello_until_ms = s->due_ms;
    s->dialect = &dialect_tchatator;
    s->lang = (uint8_t)s->dialect->lang;
    s->framing = FRAMING_DIALOG;
    s->dialog = d;
    s->is_counted = true;
    METRIC_ADD_AT(connections, s->dialect->id, 1);
    METRIC_ADD_AT(connections_total, s->dialect->id, 1);
    session_enter(s, SESSION_LIVE);
    s->due_ms = d->hello_until_ms;
    session_set_timer(s);
}

void dialog_free(struct dialog **d) {
    if (*d != NULL) {
        buf_fini(&(*d)->in);
        feed_fini(&(*d)->feed);
        xfree(*d);
        *d = NULL;
    }
}

/* ---- out */

/* Says what lies in the worker's scratch, in one piece. */
static void say(struct session *s) {
    struct worker *w = s->worker;
    METRIC_ADD_AT(messages_out_total, s->dialect->id, 1);
    if (!s->dialog->has_framing) {
        session_say_raw(s, worker_said(w));
        return;
    }
    buf_reset(&w->head);
    tchatator_frame(worker_said(w), &w->head);
    CHECK(buf_ok(&w->head));
    session_say_raw(s, buf_str(&w->head));
}

static void say_reply(struct session *s, const struct reply *reply) {
    buf_reset(&s->worker->scratch);
    if (s->dialect->encode_reply(reply, (enum lang)s->lang, &s->worker->scratch)) {
        say(s);
    }
}

/* An answer that nobody else has to be asked for. */
static void say_own(struct session *s, enum cmd_type cmd, enum refusal refusal,
                    const struct detail *detail) {
    if (refusal != REFUSE_NONE) {
        METRIC_ADD_AT(refusals_total, s->dialect->id, 1);
    }
    say_reply(s, &(struct reply){ .cmd = cmd,
                                  .dialect = s->dialect->id,
                                  .refusal = refusal,
                                  .detail = *detail,
                                  .at_ms = clock_wall_ms() });
}

/* ---- who asks */

/* Whether the token is the one this connection came with. */
static bool is_same_token(const struct session *s, struct str token) {
    struct token_hash hash = token_hash(&s->worker->server->token_key, token);
    return s->api_token != NULL && memcmp(&hash, s->api_token, sizeof hash) == 0;
}

static enum refusal take_token(struct session *s, struct str token, struct cmd *cmd,
                               struct detail *why) {
    struct credential credential = { .cmd = cmd };
    switch (credential_read_api_token(s, token, &credential)) {
    case CREDENTIAL_GOOD: break;
    case CREDENTIAL_BAD: *why = *DETAIL_OF(token_bad); return REFUSE_unauthenticated;
    case CREDENTIAL_GUESSED: *why = *DETAIL_OF(token_guessed); return REFUSE_rate_limited;
    }
    if (s->is_open_in_core && cmd->user != s->user.v) {
        *why = *DETAIL_OF(token_other);
        return REFUSE_unauthenticated;
    }
    if (cmd->user != s->user.v) {    // what was handed out was somebody else's
        feed_fini(&s->dialog->feed);
        s->dialog->feed = (struct feed){ 0 };
    }
    credential_take(s, &credential);
    s->user.v = cmd->user;
    s->dialog->is_known = true;
    s->conn.read_bytes = LOOP_READ_BYTES;
    return REFUSE_NONE;
}

/* Whether somebody may ask this: by the token of this very command. */
static enum refusal authenticate(struct session *s, struct str token, struct detail *why) {
    struct cmd named = { 0 };
    if (s->worker->settings->config->tchatator_require_login && !s->is_open_in_core) {
        *why = *DETAIL_OF(login_first);
        return REFUSE_unauthenticated;
    }
    return is_same_token(s, token) ? REFUSE_NONE : take_token(s, token, &named, why);
}

/* ---- commands */

static void ask(struct session *s, struct cmd *cmd) {
    cmd->caller = s->is_open_in_core ? 0 : s->user.v;
    s->dialog->touched_ms = s->worker->loop.now_ms;
    session_ask(s, cmd);
}

/* true: it is under way. */
static bool confirm(struct session *s) {
    uint64_t position = s->dialog->feed.handed_out;
    if (position != 0) {
        ask(s, &(struct cmd){ .type = CMD_changes_confirm, .after = position });
    }
    return position != 0;
}

/* Answers a poll: with what is here, or known not to be; else the store is asked. */
static void poll_on(struct session *s) {
    struct dialog *d = s->dialog;
    uint64_t remaining = 0;
    const struct change *change = feed_next(&d->feed, &remaining);

    if (change == NULL && !feed_is_quiet(&d->feed, s->worker->position)) {
        feed_asked(&d->feed, s->worker->position);
        ask(s, &(struct cmd){ .type = CMD_changes_next, .is_on = d->feed.has_rooms });
        return;
    }
    d->is_polling = false;
    buf_reset(&s->worker->scratch);
    if (change != NULL) {
        tchatator_put_change(change, remaining, &s->worker->scratch);
    } else {
        tchatator_put_no_change(&s->worker->scratch);
    }
    say(s);
}

/* Tells the core of somebody who has been answered without it for long. */
static void touch(struct session *s) {
    bool is_due = s->worker->loop.now_ms >= s->dialog->touched_ms + TOUCH_MS;
    if (is_due && s->is_open_in_core && s->pending == 0 && s->state == SESSION_LIVE) {
        ask(s, &(struct cmd){ .type = CMD_ping });
    }
}

/* The core would not know of somebody who only asks, and is told that nothing is new, that he is
 * there: it hears of him now and then. */
static void poll(struct session *s) {
    struct dialog *d = s->dialog;
    d->is_polling = true;
    if (s->pending > 0) {
        return;    // the confirmation is under way
    }
    if (s->worker->loop.now_ms >= d->touched_ms + TOUCH_MS) {
        ask(s, &(struct cmd){ .type = CMD_ping });
        return;
    }
    poll_on(s);
}

static void ask_to_be_let_in(struct session *s) {
    struct dialog *d = s->dialog;
    d->retry_ms = 0;
    d->touched_ms = s->worker->loop.now_ms;
    session_ask(s, &(struct cmd){ .type = CMD_session_open, .user = s->user.v, .is_alone = true });
}

static void log_in(struct session *s, const struct tchatator_command *c) {
    struct cmd named = { 0 };
    struct detail why = { 0 };
    if (s->is_open_in_core) {
        say_own(s, CMD_session_open, REFUSE_already_connected, DETAIL_OF(NONE));
        return;
    }
    enum refusal no = take_token(s, c->token, &named, &why);
    if (no != REFUSE_NONE) {
        say_own(s, CMD_session_open, no, &why);
        return;
    }
    s->dialog->has_framing_if_let_in = c->wants_framing;
    s->dialog->has_rooms_if_let_in = c->wants_rooms;
    s->dialog->is_retried = false;
    ask_to_be_let_in(s);
}

static void part(struct session *s) {
    say_own(s, CMD_ping, REFUSE_NONE, DETAIL_OF(NONE));
    session_leave(s, 0, STR_NONE);
}

static void obey(struct session *s, struct tchatator_command *c) {
    struct detail why = { 0 };
    enum refusal no = authenticate(s, c->token, &why);
    if (no != REFUSE_NONE) {
        say_own(s, c->cmd.type, no, &why);
    } else if (c->cmd.type == CMD_changes_next) {
        poll(s);
    } else if (c->cmd.type == CMD_typing_set && c->cmd.user == 0) {
        say_own(s, CMD_typing_set, REFUSE_NONE, DETAIL_OF(NONE));    // he writes to nobody
    } else {
        ask(s, &c->cmd);
    }
}

static void run(struct session *s, struct str text) {
    struct tchatator_command c;
    tchatator_read(text, &c);
    METRIC_ADD_AT(messages_in_total, s->dialect->id, 1);
    s->dialog->asked_ms = s->worker->loop.now_ms;
    bool is_confirming = confirm(s);    // by any command, also one that is refused
    if (c.cmd.type == CMD_malformed) {
        METRIC_ADD_AT(protocol_errors_total, s->dialect->id, 1);
        ask(s, &c.cmd);
    } else if (c.verb == TCHATATOR_LOGIN) {
        log_in(s, &c);
    } else if (c.verb == TCHATATOR_DISCONNECTED && !is_confirming) {
        part(s);
    } else if (c.verb == TCHATATOR_DISCONNECTED) {
        s->dialog->is_parting = true;
    } else {
        obey(s, &c);
    }
    touch(s);
}

/* ---- in */

/* Whether a command is under way. */
static bool is_busy(const struct session *s) {
    return s->pending > 0 || s->dialog->retry_ms != 0;
}

static bool may_look(struct session *s) {
    if (s->state != SESSION_LIVE || is_busy(s) || s->is_starved) {
        return false;
    }
    s->is_held = s->is_held || !session_may_get_more(s);    // its answers go out first
    return session_may_get_more(s);
}

static void refuse_length(struct session *s) {
    struct tchatator_command c;
    tchatator_refuse_too_long(&c);
    METRIC_ADD_AT(protocol_errors_total, s->dialect->id, 1);
    say_own(s, CMD_malformed, (enum refusal)c.cmd.refusal,
            DETAIL_OF(words, .word = c.cmd.detail, .problem = c.cmd.problem));
    session_leave(s, 0, STR_NONE);
}

/* Runs what is whole. */
static void look(struct session *s, enum scan_silence silence) {
    struct dialog *d = s->dialog;
    struct scan scan = { .found = SCAN_SKIP };
    size_t at = 0;

    while (scan.found != SCAN_MORE && at < d->in.n && may_look(s)) {
        struct str rest = { d->in.p + at, d->in.n - at };
        tchatator_scan(rest, silence, &d->past, &scan);
        at += scan.taken;
        if (scan.found == SCAN_COMMAND) {
            run(s, scan.command);
        } else if (scan.found == SCAN_TOO_LONG) {
            refuse_length(s);
        }
    }
    d->wait = scan.wait;
    buf_drop(&d->in, at);
    if (d->in.n == 0 && d->in.cap > BUFFER_KEPT_BYTES) {
        buf_fini(&d->in);
    }
}

/* The nearest of what may be due. Being heard of only writes a number: the timer finds out. */
static void arm(struct session *s, bool was_short) {
    const struct dialog *d = s->dialog;
    uint64_t idle_ms = s->worker->settings->config->tchatator_idle_ms;
    s->due_ms = d->is_known ? d->asked_ms + idle_ms : d->hello_until_ms;
    if (d->retry_ms != 0) {
        s->due_ms = MIN(s->due_ms, d->retry_ms);
    } else if (d->in.n > 0 && s->pending == 0 && d->wait != SCAN_WAIT_IDLE) {
        bool is_short = d->wait == SCAN_WAIT_SHORT && !was_short;
        uint64_t silence_ms = is_short ? TCHATATOR_SHORT_MS : TCHATATOR_LONG_MS;
        s->due_ms = MIN(s->due_ms, d->listening_ms + silence_ms);
    }
    session_set_timer(s);
}

size_t dialog_feed(struct session *s, const uint8_t *p, size_t n) {
    struct dialog *d = s->dialog;
    if (s->state != SESSION_LIVE) {
        return n;
    }
    if (is_busy(s)) {
        return 0;
    }
    if (d->in.n == 0 && spoken_of((struct str){ (const char *)p, n }) == SPOKEN_TLS &&
        !d->is_known) {
        door_refuse_tls(s);
        return n;
    }
    if (d->in.n == 0 && s->worker->loop.now_ms - d->listening_ms >= TCHATATOR_SHORT_MS) {
        d->past = SCAN_PAST_NOTHING;
    }
    size_t most = d->is_known ? DIALOG_BYTES_MAX : STRANGER_BYTES_MAX;
    size_t taken = MIN(n, most - MIN(d->in.n, most));
    buf_put(&d->in, p, taken);
    d->is_sure = false;
    d->listening_ms = s->worker->loop.now_ms;
    look(s, SCAN_SILENT_NOT);
    if (may_look(s) && d->in.n >= most) {
        refuse_length(s);    // as much as may wait, and nothing of it is whole
    }
    if (s->state == SESSION_LIVE && d->in.n > 0) {
        arm(s, false);
    }
    return taken;
}

void dialog_go_on(struct session *s) {
    struct dialog *d = s->dialog;
    if (s->state != SESSION_LIVE || is_busy(s)) {
        return;
    }
    d->is_sure = false;
    d->listening_ms = s->worker->loop.now_ms;    // more may have come while nobody listened
    if (d->in.n == 0) {
        return;
    }
    look(s, s->is_peer_done ? SCAN_SILENT_LONG : SCAN_SILENT_NOT);
    if (s->state == SESSION_LIVE && d->in.n > 0) {
        arm(s, false);
    }
}

void dialog_hear_end(struct session *s) {
    look(s, SCAN_SILENT_LONG);
}

bool dialog_owes_answer(const struct session *s) {
    return is_busy(s) || s->dialog->in.n > 0 || !outbox_is_empty(&s->outbox);
}

void dialog_on_timer(struct session *s) {
    struct dialog *d = s->dialog;
    uint64_t now_ms = s->worker->loop.now_ms;
    uint64_t idle_ms = s->worker->settings->config->tchatator_idle_ms;
    uint64_t silent_ms = now_ms - d->listening_ms;
    bool is_over = d->is_known ? now_ms >= d->asked_ms + idle_ms : now_ms >= d->hello_until_ms;

    if (d->retry_ms != 0 && now_ms >= d->retry_ms) {
        ask_to_be_let_in(s);
        return;
    }
    if (s->pending > 0) {    // whatever is over waits for the answer
        s->due_ms = now_ms + BUSY_LOOK_MS;
        session_set_timer(s);
        return;
    }
    if (is_over) {
        METRIC_ADD_AT(connection_errors_total, METRIC_REASON_TIMEOUT, 1);
        session_leave(s, 0, STR_NONE);
        return;
    }
    if (d->in.n > 0 && silent_ms >= TCHATATOR_SHORT_MS) {
        if (!d->is_sure) {    // what came while we slept is read before the next time
            d->is_sure = true;
            s->due_ms = now_ms + 1;
            session_set_timer(s);
            return;
        }
        d->is_sure = false;
        look(s, silent_ms >= TCHATATOR_LONG_MS ? SCAN_SILENT_LONG : SCAN_SILENT_SHORT);
    }
    if (s->state == SESSION_LIVE) {
        arm(s, true);
    }
}

/* ---- answers */

/* Whoever comes back at once finds that the end of his connection before has not been heard of yet,
 * here or on another worker: it is asked once more, a moment later. */
static void on_login(struct session *s, const struct reply *reply) {
    struct dialog *d = s->dialog;
    session_opened(s, reply->refusal == REFUSE_NONE);
    if (s->state != SESSION_LIVE) {
        return;
    }
    if (reply->refusal == REFUSE_already_connected && !d->is_retried) {
        d->is_retried = true;
        d->retry_ms = s->worker->loop.now_ms + PATIENCE_MS;
        arm(s, false);
        return;
    }
    if (reply->refusal == REFUSE_NONE) {
        d->has_framing = d->has_framing_if_let_in;
        feed_forget(&d->feed);    // what it was not told of before, it does not know
        d->feed.has_rooms = d->has_rooms_if_let_in;
        d->feed.is_told = !d->feed.has_rooms;
        METRIC_ADD_AT(reconnections_total, s->dialect->id, reply->is_return);
        session_check_token(s);    // revoked while the core thought about it?
    }
    if (s->state == SESSION_LIVE) {
        say_reply(s, reply);
    }
}

/* What was handed out has come, or the store cannot take that down now: then it stays handed out,
 * and the next command tries again. */
static void on_confirmed(struct session *s, const struct reply *reply) {
    struct dialog *d = s->dialog;
    bool is_done = reply->refusal == REFUSE_NONE;
    if (is_done) {
        feed_confirmed(&d->feed);
    }
    if (d->is_parting) {
        part(s);
    } else if (d->is_polling && is_done) {
        poll_on(s);
    } else if (d->is_polling) {
        d->is_polling = false;
        say_reply(s, reply);
    }
}

static void on_reply(struct session *s, const struct reply *reply) {
    if (reply->cmd == CMD_changes_confirm) {
        on_confirmed(s, reply);
    } else if (s->dialog->is_polling && reply->refusal == REFUSE_NONE) {
        poll_on(s);                                                  // the core has heard of it
    } else if (s->dialog->is_polling || reply->cmd != CMD_ping) {    // or it is touch's
        s->dialog->is_polling = false;
        say_reply(s, reply);
    }
}

void dialog_on_reply(struct session *s, const struct reply *reply) {
    if (reply->cmd == CMD_session_open) {
        on_login(s, reply);
    } else if (s->state == SESSION_LIVE) {
        on_reply(s, reply);
    }
    bool is_nobody = reply->refusal == REFUSE_banned ||
                     (reply->refusal == REFUSE_unauthenticated && reply->cmd != CMD_malformed);
    if (is_nobody && s->state == SESSION_LIVE && s->pending == 1) {    // else more is to be said
        session_leave(s, 0, STR_NONE);
    }
}

void dialog_on_answer(struct session *s, struct answer **answer) {
    struct dialog *d = s->dialog;
    if (s->state != SESSION_LIVE || !d->is_polling) {
        return;
    }
    if ((*answer)->refusal != REFUSE_NONE) {
        d->is_polling = false;
        say_own(s, CMD_changes_next, (*answer)->refusal, DETAIL_OF(NONE));
        return;
    }
    feed_fill(&d->feed, answer);
    if (d->feed.is_empty) {
        d->is_polling = false;
        buf_reset(&s->worker->scratch);
        tchatator_put_no_change(&s->worker->scratch);
        say(s);
    } else {
        poll_on(s);
    }
}

void dialog_stir(struct session *s, const struct event *ev) {
    user_id doer = ev->actor.v != 0 ? ev->actor : ev->user;
    if (ev->type == EV_changes_confirmed) {
        feed_skip(&s->dialog->feed, ev->position);
    } else if (doer.v != s->user.v) {
        feed_stir(&s->dialog->feed, ev);
    }
}

void dialog_turn_away(struct session *s) {
    say_own(s, CMD_session_open, REFUSE_too_many_sessions, DETAIL_OF(address_full));
    session_leave(s, 0, STR_NONE);
}
