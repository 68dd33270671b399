/* Fan-out: see fanout.h. The one idea that is not obvious: an author sees his own message
 * differently (enum view), so a run's shared span goes to everyone but its authors, who get their
 * own frames in the same order. Who is an author is first asked of a 64-bit mask, which is nearly
 * always enough. */
#include "server/fanout.h"

#include "base/clock.h"
#include "obs/metrics.h"
#include "server/catchup.h"
#include "server/dialog.h"
#include "server/door.h"
#include "server/server.h"
#include "server/worker.h"

#define SEATS_AHEAD 4    // fetched into the cache before their turn

/* ---- seats */

static struct room_here *room_of(struct worker *w, room_id room) {
    struct room_here *here = map_get(&w->rooms, room.v);
    if (here == NULL) {
        here = xzalloc(sizeof *here);
        here->id = room;
        map_put(&w->rooms, room.v, here);
    }
    return here;
}

static struct follow *follows_of(struct session *s) {
    return s->follow_cap == 1 ? &s->one : s->many;
}

static struct follow *follow_of(struct session *s, room_id room) {
    struct follow *follows = follows_of(s);
    for (uint16_t i = 0; i < s->follow_count; i++) {
        if (follows[i].here->id.v == room.v) {
            return &follows[i];
        }
    }
    return NULL;
}

static void add_follow(struct session *s, struct follow follow) {
    CHECK(s->follow_count < UINT16_MAX);    // limits.follows_per_connection ends there
    if (s->follow_count == s->follow_cap) {
        uint16_t cap = (uint16_t)MIN(2u * s->follow_cap, UINT16_MAX);
        struct follow *many = xalloc(cap * sizeof *many);
        memcpy(many, follows_of(s), s->follow_count * sizeof *many);
        if (s->follow_cap > 1) {
            xfree(s->many);
        }
        s->many = many;
        s->follow_cap = cap;
    }
    follows_of(s)[s->follow_count++] = follow;
}

void fanout_sit(struct worker *w, struct session *s, room_id room) {
    if (follow_of(s, room) != NULL) {
        return;
    }
    struct room_here *here = room_of(w, room);
    if (here->seat_count == here->seat_cap) {
        here->seat_cap = here->seat_cap == 0 ? 2 : here->seat_cap + here->seat_cap / 2 + 1;
        here->seats = xrealloc(here->seats, here->seat_cap * sizeof *here->seats);
    }
    add_follow(s, (struct follow){ here, here->seat_count });
    here->seats[here->seat_count++] = s;
    here->form_count[wire_form(s)]++;
}

/* Leaves one seat; the last of the room moves onto it. */
static void rise(struct worker *w, struct session *s, struct follow *f) {
    struct room_here *here = f->here;
    struct session *moved = here->seats[--here->seat_count];
    if (moved != s) {
        here->seats[f->seat] = moved;
        follow_of(moved, here->id)->seat = f->seat;
    }
    here->form_count[wire_form(s)]--;
    *f = follows_of(s)[--s->follow_count];
    if (here->seat_count == 0) {
        map_drop(&w->rooms, here->id.v);
        xfree(here->seats);
        xfree(here);
    }
}

void fanout_rise(struct worker *w, struct session *s, room_id room) {
    struct follow *f = follow_of(s, room);
    if (f != NULL) {
        rise(w, s, f);
    }
}

void fanout_rise_all(struct worker *w, struct session *s) {
    while (s->follow_count > 0) {
        rise(w, s, &follows_of(s)[s->follow_count - 1]);
    }
    if (s->follow_cap > 1) {
        xfree(s->many);
        s->follow_cap = 1;
    }
}

/* ---- one event, one session */

enum view session_view(const struct session *s, const struct event *ev) {
    if (s->user.v != ev->user.v) {
        return VIEW_OTHER;
    }
    return s->id.v == ev->session.v ? VIEW_ORIGIN : VIEW_AUTHOR;
}

static void count_told(struct worker *w, enum dialect_id dialect, uint64_t messages) {
    if (messages > 0) {
        METRIC_ADD_AT(messages_out_total, dialect, messages);
        w->told |= BIT(dialect);
    }
}

static void tell_as(struct worker *w, struct session *s, const struct event *ev, enum view view,
                    bool is_bulk) {
    buf_reset(&w->scratch);
    if (s->dialect->encode_event(ev, view, &w->scratch)) {
        count_told(w, s->dialect->id, 1);
        session_push(s, worker_frame(w, &w->own_spool, s, worker_said(w)), is_bulk);
    }
}

static void tell_one(struct worker *w, struct session *s, const struct event *ev, bool is_bulk) {
    if (s->framing == FRAMING_DIALOG) {
        dialog_stir(s, ev);    // it will ask
        return;
    }
    tell_as(w, s, ev, session_view(s, ev), is_bulk);
}

/* ---- a run: consecutive events of one room */

struct run {
    room_id room;
    const struct event *events[RUN_MAX];
    size_t count;
    uint64_t authors;    // a bit for each author, by id modulo 64
};

static uint64_t author_bit(user_id user) {
    return UINT64_C(1) << (user.v % 64);
}

static bool is_author(const struct run *run, const struct session *s) {
    if ((run->authors & author_bit(s->user)) == 0) {
        return false;
    }
    for (size_t i = 0; i < run->count; i++) {
        if (run->events[i]->user.v == s->user.v) {
            return true;
        }
    }
    return false;
}

/* The run as others see it, in one wire form: spans that are as long as segments allow. */
struct made {
    bool is_made;
    size_t count;       // spans
    size_t messages;    // in them
    uint64_t told;      // sessions
    struct span spans[RUN_MAX];
};

static void add_span(struct made *made, struct span span) {
    made->messages++;
    if (made->count > 0 && span_is_followed_by(made->spans[made->count - 1], span)) {
        made->spans[made->count - 1].n += span.n;
        return;
    }
    span_hold(span);
    made->spans[made->count++] = span;
}

static void make(struct worker *w, const struct run *run, const struct session *like,
                 struct made *made) {
    struct spool *spool = &w->spools[wire_form(like)];
    made->is_made = true;
    for (size_t i = 0; i < run->count; i++) {
        buf_reset(&w->scratch);
        if (like->dialect->encode_event(run->events[i], VIEW_OTHER, &w->scratch)) {
            add_span(made, worker_frame(w, spool, like, worker_said(w)));
            METRIC_ADD_AT(frames_encoded_total, like->dialect->id, 1);
        }
    }
}

/* The whole run for one session. */
static void tell_seat(struct worker *w, struct session *s, const struct run *run, struct made *made,
                      bool is_bulk) {
    bool is_resuming = s->catchup != NULL && catchup_is_in(s, run->room);
    if (is_resuming || is_author(run, s)) {
        for (size_t i = 0; i < run->count; i++) {
            if (!is_resuming || !catchup_takes(s, run->events[i])) {
                tell_one(w, s, run->events[i], is_bulk);
            }
        }
        return;
    }
    struct made *mine = &made[wire_form(s)];
    if (!mine->is_made) {
        make(w, run, s, mine);
    }
    mine->told++;
    for (size_t i = 0; i < mine->count; i++) {
        session_push(s, mine->spans[i], is_bulk);
    }
}

static void tell_room(struct worker *w, struct room_here *here, const struct run *run) {
    struct made made[WIRE_FORMS];
    bool is_bulk = here->seat_count > BULK_SEATS_MIN;

    for (unsigned form = 0; form < WIRE_FORMS; form++) {
        memset(&made[form], 0, offsetof(struct made, spans));
    }
    for (uint32_t i = 0; i < here->seat_count; i++) {
        if (i + SEATS_AHEAD < here->seat_count) {
            __builtin_prefetch(&here->seats[i + SEATS_AHEAD]->outbox);
        }
        tell_seat(w, here->seats[i], run, made, is_bulk);
    }
    for (unsigned form = 0; form < WIRE_FORMS; form++) {
        count_told(w, (enum dialect_id)(form / 2), made[form].messages * made[form].told);
        for (size_t i = 0; i < made[form].count; i++) {
            span_drop(&made[form].spans[i]);
        }
    }
}

static void end_run(struct worker *w, struct run *run) {
    struct room_here *here = run->count > 0 ? map_get(&w->rooms, run->room.v) : NULL;
    if (here != NULL) {
        tell_room(w, here, run);
    }
    run->count = 0;
    run->authors = 0;
}

static void add_to_run(struct worker *w, struct run *run, const struct event *ev) {
    if (run->count == RUN_MAX || (run->count > 0 && run->room.v != ev->room.v)) {
        end_run(w, run);
    }
    run->room = ev->room;
    run->events[run->count++] = ev;
    run->authors |= author_bit(ev->user);
}

/* ---- events that mean something to the worker itself */

static void on_room_removed(struct worker *w, const struct event *ev) {
    struct room_here *here;
    while ((here = map_get(&w->rooms, ev->room.v)) != NULL) {
        fanout_rise(w, here->seats[here->seat_count - 1], ev->room);
    }
}

static void tell_sessions(struct worker *w, const struct event *ev) {
    for (size_t i = 0; i < ev->session_count; i++) {
        struct session *s = worker_session(w, ev->sessions[i]);
        if (s == NULL || s->state != SESSION_LIVE) {
            continue;
        }
        if (ev->type == EV_session_ended) {
            session_refuse(s, ev->refusal);
        } else if (s->catchup == NULL || !catchup_takes(s, ev)) {
            tell_one(w, s, ev, false);
        }
    }
}

/* Those named in a message are told so, whether they follow its room or not. */
static void tell_named(struct worker *w, const struct event *ev) {
    for (size_t i = 0; i < ev->session_count; i++) {
        struct session *s = worker_session(w, ev->sessions[i]);
        if (s != NULL && s->state == SESSION_LIVE) {
            tell_as(w, s, ev, VIEW_NAMED, false);
        }
    }
}

/* A change in a dm that did not name it: only the store knew whom it concerns. It is rare, so
 * nobody keeps a list for it. */
static void tell_pair(struct worker *w, const struct event *ev) {
    LIST_EACH(s, &w->sessions[SESSION_LIVE], struct session, on_state) {
        if (s->user.v != 0 && (s->user.v == ev->user.v || s->user.v == ev->other.v)) {
            tell_one(w, s, ev, false);
        }
    }
}

/* What a moderator took out of a dm is told as the author's act, whose doing it is not (actor):
 * the moderator need not be of the two. Returns the event, or *copy. */
static const struct event *as_told(const struct event *ev, struct event *copy) {
    if (ev->author.v == 0) {
        return ev;
    }
    *copy = *ev;
    copy->user = ev->author;
    copy->actor = ev->user;
    return copy;
}

/* A token was revoked: whoever of this user came in with one proves that it was another. */
static void check_tokens(struct worker *w, user_id user) {
    LIST_EACH(s, &w->sessions[SESSION_LIVE], struct session, on_state) {
        if (s->user.v == user.v) {
            session_check_token(s);
        }
    }
}

/* Somebody is banned, or is no more: the core ends his sessions, but knows of no callers. */
static void dismiss_callers(struct worker *w, const struct event *ev) {
    LIST_EACH(s, &w->sessions[SESSION_LIVE], struct session, on_state) {
        if (s->user.v == ev->user.v && s->framing == FRAMING_DIALOG && !s->is_open_in_core) {
            session_leave(s, 0, STR_NONE);
        }
    }
}

static void on_follow(struct worker *w, const struct event *ev) {
    struct session *s = worker_session(w, ev->session);
    if (s == NULL || s->state != SESSION_LIVE) {
        return;
    }
    if (ev->type == EV_follow_started) {
        fanout_sit(w, s, ev->room);
        if (ev->is_on) {
            catchup_begin(s, ev->room);
        }
    } else {
        fanout_rise(w, s, ev->room);
    }
}

/* Whether anybody of this worker in the room speaks a dialect that has a word for it. */
static bool is_heard(const struct worker *w, const struct event *ev) {
    const struct room_here *here = map_get(&w->rooms, ev->room.v);
    for (unsigned form = 2; here != NULL && form < WIRE_FORMS; form++) {
        const struct dialect *dialect = dialect_of((enum dialect_id)(form / 2));
        if (here->form_count[form] > 0 && !dialect->is_deaf_to[ev->type]) {
            return true;
        }
    }
    return false;
}

static void on_event(struct worker *w, struct run *run, const struct event *ev) {
    if (ev->is_void || ev->is_repeat) {
        return;
    }
    struct event copy;
    if (ev->audience == AUD_ROOM && ev->room_kind == ROOM_DM) {
        end_run(w, run);
        tell_pair(w, as_told(ev, &copy));
        return;
    }
    if (ev->audience == AUD_ROOM) {
        if (is_heard(w, ev)) {
            add_to_run(w, run, ev);
        }
        if (ev->session_count > 0) {
            end_run(w, run);
            tell_named(w, ev);
        }
        if (ev->type == EV_room_removed) {
            end_run(w, run);
            on_room_removed(w, ev);
        }
        return;
    }
    if (ev->type == EV_token_revoked) {
        end_run(w, run);
        check_tokens(w, ev->user);
        return;
    }
    if (ev->type == EV_ban_set || ev->type == EV_user_erased) {
        dismiss_callers(w, ev);
        return;
    }
    bool is_follow = ev->type == EV_follow_started || ev->type == EV_follow_ended;
    if (is_follow || ev->audience == AUD_SESSIONS) {
        end_run(w, run);
    }
    if (is_follow) {
        on_follow(w, ev);
    } else if (ev->audience == AUD_SESSIONS) {
        tell_sessions(w, as_told(ev, &copy));
    }
}

/* ---- replies */

static void count_refusal(const struct reply *reply) {
    if (reply->refusal == REFUSE_rate_limited) {
        METRIC_ADD_AT(rate_limited_total, reply->dialect, 1);
    }
    METRIC_ADD_AT(refusals_total, reply->dialect, 1);
}

/* Whether the session still speaks HTTP, and asked for one of its requests. */
static bool is_of_door(const struct session *s, enum cmd_type cmd) {
    bool is_http = s->framing == FRAMING_WS && !s->is_upgraded;
    return is_http && (cmd == CMD_caller_check || cmd == CMD_upload_begin || cmd == CMD_upload_add);
}

/* A silent answer does not end the run: that is what keeps sixteen messages of one sender
 * together. */
static void on_reply(struct worker *w, struct run *run, const struct reply *reply) {
    struct session *s = worker_session(w, reply->session);
    if (s == NULL) {
        return;
    }
    if (reply->refusal != REFUSE_NONE) {
        count_refusal(reply);
    }
    if (s->framing == FRAMING_DIALOG) {
        dialog_on_reply(s, reply);
    } else if (reply->cmd == CMD_session_open && !s->is_upgraded) {
        end_run(w, run);
        session_go_live(s, reply);
    } else if (is_of_door(s, reply->cmd)) {
        door_on_reply(s, reply);
    } else if (s->dialect != NULL && s->state == SESSION_LIVE) {
        const struct dialect *form = reply->form == 0 ? s->dialect : dialect_of(reply->form);
        if (reply->cmd == CMD_session_open) {
            session_renew(s, reply);
        }
        bool is_own = s->catchup != NULL && catchup_hears(s, reply);
        buf_reset(&w->scratch);
        if (!is_own && form->encode_reply(reply, s->lang, &w->scratch)) {
            struct str said = worker_said(w);
            if (run->count > 0) {    // which is told first, and needs the scratch
                said = arena_str(&w->arena, said);
                end_run(w, run);
            }
            session_say_answer(s, said, reply->part);
            arena_reset(&w->arena);
        }
    }
    session_answered(s, session_is_question(reply->cmd), reply->part);
}

static void note_position(struct worker *w, const struct event *ev) {
    uint64_t position = ev->type == EV_message_posted ? ev->message.v : ev->position;
    w->position = MAX(w->position, position);
}

void fanout_batch(struct worker *w, const struct batch *batch) {
    struct run run = { 0 };

    BATCH_EACH(item, batch) {
        switch (item->kind) {
        case ITEM_EVENT:
            on_event(w, &run, &item->event);
            note_position(w, &item->event);
            break;
        case ITEM_REPLY: on_reply(w, &run, &item->reply); break;
        case ITEM_ASK: break;    // a reader answers it
        }
    }
    end_run(w, &run);
}
