/* Catching up: see catchup.h. */
#include "server/catchup.h"

#include "obs/metrics.h"
#include "server/fanout.h"
#include "server/server.h"
#include "server/worker.h"

struct catchup {
    struct catchup *next;
    room_id room;
    uint64_t upto;      // the log was read as far as here
    bool is_done;       // all of it is told: only what is up to there is still to be dropped
    bool is_cut;        // the answer was not the whole; more is to be asked for
    bool is_over;       // it could not be told: nothing is until the room is left
    bool is_lost;       // something of what was missed is gone
    uint64_t form;      // of the request, for the last answer: in whose words,
    uint64_t part;      // of which part of a batch,
    struct buf ref;     // and its own id
    struct buf held;    // records: what came meanwhile
};

/* Before each kept message in `held`. */
struct record {
    uint64_t position;    // 0: not in the log
    size_t bytes;
};

static struct catchup *find(const struct session *s, room_id room) {
    struct catchup *c = s->catchup;
    while (c != NULL && c->room.v != room.v) {
        c = c->next;
    }
    return c;
}

static void drop(struct session *s, struct catchup *c) {
    struct catchup **at = &s->catchup;
    while (*at != c) {
        at = &(*at)->next;
    }
    *at = c->next;
    c->next = NULL;
    catchup_free(&c);
}

/* Forgets those whose last event up to their position has passed by. */
static void tidy(struct session *s) {
    struct catchup *c = s->catchup;
    while (c != NULL) {
        struct catchup *next = c->next;
        if (c->is_done && c->upto <= s->worker->position) {
            drop(s, c);
        }
        c = next;
    }
}

void catchup_begin(struct session *s, room_id room) {
    tidy(s);
    struct catchup *c = find(s, room);
    if (c != NULL) {
        drop(s, c);
    }
    c = xzalloc(sizeof *c);
    c->room = room;
    c->ref = BUF_INIT(REF_BYTES_MAX);
    c->held = BUF_INIT(s->worker->settings->config->limits_outbox_bytes);
    c->next = s->catchup;
    s->catchup = c;
}

bool catchup_is_busy(const struct session *s) {
    for (const struct catchup *c = s->catchup; c != NULL; c = c->next) {
        if (!c->is_done) {
            return true;
        }
    }
    return false;
}

bool catchup_is_in(const struct session *s, room_id room) {
    return find(s, room) != NULL;
}

/* Where in the log an event stands; 0: it is not in there. */
static uint64_t position_of(const struct event *ev) {
    return ev->type == EV_message_posted ? ev->message.v : ev->position;
}

static void hold(struct session *s, struct catchup *c, const struct event *ev) {
    struct worker *w = s->worker;
    buf_reset(&w->scratch);
    if (!s->dialect->encode_event(ev, session_view(s, ev), &w->scratch)) {
        return;
    }
    struct str said = worker_said(w);
    struct record record = { position_of(ev), said.n };
    buf_put(&c->held, (const char *)&record, sizeof record);
    buf_put_str(&c->held, said);
    if (!buf_ok(&c->held)) {
        session_is_too_slow(s);
    }
}

bool catchup_takes(struct session *s, const struct event *ev) {
    struct catchup *c = find(s, ev->room);
    if (c == NULL) {
        return false;
    }
    if (!c->is_done) {
        if (ev->type != EV_typing_changed && !c->is_over) {    // by then nobody is typing
            hold(s, c, ev);
        }
        return true;
    }
    uint64_t position = position_of(ev);
    uint64_t upto = c->upto;
    if (position > upto) {
        drop(s, c);    // those before it have passed
    }
    return position != 0 && position <= upto;
}

/* ---- telling what was missed */

/* The event a change was, as far as it still stands; false: nothing of it does. */
static bool event_of(const struct answer *answer, const struct change *change, struct event *out) {
    const struct message *m = &change->message;
    bool is_gone = m->deleted_ms != 0;
    if (is_gone != (change->kind == CHANGE_DELETED)) {
        return false;    // a new or edited one that was deleted later: that comes, too
    }
    static const enum event_type types[] = { [CHANGE_NEW] = EV_message_posted,
                                             [CHANGE_EDITED] = EV_message_edited,
                                             [CHANGE_DELETED] = EV_message_deleted };
    *out = (struct event){
        .type = types[change->kind],
        .audience = AUD_ROOM,
        .at_ms = change->kind == CHANGE_NEW      ? m->at_ms
                 : change->kind == CHANGE_EDITED ? m->edited_ms
                                                 : m->deleted_ms,
        .room = answer->ask.room,
        .room_name = answer->ask.room_name,
        .server = SERVER_LOBBY,
        .user = change->by,
        .username = change->by_name,
        .message = m->id,
        .seq = m->seq,
        .position = change->position,
        .content = m->content,
        .client_id = m->client_id,
        .message_type = m->type,
        .media_url = m->media_url,
        .media_type = m->media_type,
        .duration_ms = m->duration_ms,
        .reply_to = m->reply_to,
        .mentions = m->mentions,
    };
    return true;
}

/* Says one change, if anything of it still stands; returns its bytes. */
static size_t tell_change(struct session *s, const struct answer *answer,
                          const struct change *change) {
    struct worker *w = s->worker;
    struct event ev;
    buf_reset(&w->scratch);
    if (!event_of(answer, change, &ev) ||
        !s->dialect->encode_event(&ev, session_view(s, &ev), &w->scratch)) {
        return 0;
    }
    METRIC_ADD_AT(messages_out_total, s->dialect->id, 1);
    session_say(s, worker_said(w));
    return w->scratch.n;
}

size_t catchup_answer(struct session *s, struct answer *answer) {
    struct catchup *c = find(s, answer->ask.room);
    size_t bytes = 0;
    for (size_t i = 0; c != NULL && i < answer->change_count; i++) {
        bytes += tell_change(s, answer, &answer->changes[i]);
        if (bytes >= CATCHUP_BYTES_AT_ONCE && i + 1 < answer->change_count) {
            answer->has_more = true;    // the rest is read again when this has been taken
            answer->position = answer->changes[i].position;
            break;
        }
    }
    if (c != NULL) {
        c->is_lost = c->is_lost || !answer->is_recovered;
        answer->is_recovered = !c->is_lost;
    }
    return bytes;
}

/* Tells what was kept and was not in the answer. */
static void tell_held(struct session *s, struct catchup *c) {
    struct str rest = buf_str(&c->held);
    while (rest.n > 0) {
        struct record record;
        memcpy(&record, rest.p, sizeof record);
        struct str said = { rest.p + sizeof record, record.bytes };
        rest = (struct str){ said.p + said.n, rest.n - sizeof record - said.n };
        if (record.position == 0 || record.position > c->upto) {
            METRIC_ADD_AT(messages_out_total, s->dialect->id, 1);
            session_say(s, said);
        }
    }
    buf_fini(&c->held);
}

/* A room with a hole is not followed. */
static void give_up(struct session *s, struct catchup *c) {
    c->is_over = true;
    buf_fini(&c->held);
    session_ask(s, &(struct cmd){ .type = CMD_room_leave, .room = c->room.v });
}

bool catchup_end(struct session *s, const struct answer *answer) {
    struct catchup *c = find(s, answer->ask.room);
    CHECK(c != NULL && !c->is_done);
    if (answer->refusal != REFUSE_NONE) {
        give_up(s, c);
        return false;
    }
    c->upto = MAX(c->upto, answer->position);
    c->is_cut = answer->has_more;
    if (c->is_cut) {
        c->form = answer->ask.form;
        c->part = answer->ask.part;
        buf_reset(&c->ref);
        buf_put_str(&c->ref, answer->ask.ref);
        return true;
    }
    c->is_done = true;
    tell_held(s, c);
    tidy(s);
    return false;
}

bool catchup_hears(struct session *s, const struct reply *reply) {
    struct catchup *c = find(s, reply->room);
    if (c == NULL || c->is_done) {
        return false;
    }
    bool has_left = c->is_over && reply->cmd == CMD_room_leave;
    if (has_left || (reply->cmd == CMD_room_resume && reply->refusal != REFUSE_NONE)) {
        drop(s, c);
    }
    return has_left;
}

void catchup_go_on(struct session *s) {
    struct catchup *c = s->catchup;
    while (c != NULL && !c->is_cut) {
        c = c->next;
    }
    if (c == NULL || s->worker->is_draining || !session_may_get_more(s)) {
        return;
    }
    c->is_cut = false;
    session_ask(s, &(struct cmd){ .type = CMD_room_resume,
                                  .room = c->room.v,
                                  .after = c->upto,
                                  .form = c->form,
                                  .part = c->part,
                                  .ref = buf_str(&c->ref) });
}

void catchup_free(struct catchup **first) {
    while (*first != NULL) {
        struct catchup *c = *first;
        *first = c->next;
        buf_fini(&c->ref);
        buf_fini(&c->held);
        xfree(c);
    }
}
