/* Planted bugs. Each is as small as the mistake it stands for, and is made where the mistake would
 * be: in what the ring hands on, in what the store says, in who sits in which room. */
#include "test/sim/plant.h"

#include "core/batch.h"
#include "server/catchup.h"
#include "server/fanout.h"
#include "server/worker.h"
#include "test/sim/world.h"

/* What some of them have to remember; world.planted. */
struct memory {
    session_id session;
    room_id room;
    struct batch *batch;
    struct intake *intake;
    bool is_inside;
};

static struct memory *memory_of(struct world *w) {
    if (w->planted == NULL) {
        w->planted = xzalloc(sizeof(struct memory));
    }
    return w->planted;
}

/* ---- the fan-out skips a session */

/* A room of this worker with at least two in it; NULL: none is drawn. */
static struct room_here *draw_room(struct world *w, struct worker *worker) {
    size_t at = 0;
    struct room_here *here;
    while ((here = map_next(&worker->rooms, &at)) != NULL) {
        if (here->seat_count >= 2 && world_one_in(w, 4)) {
            return here;
        }
    }
    return NULL;
}

static void skip_before(struct world *w, struct worker *worker) {
    struct memory *m = memory_of(w);
    struct room_here *here = draw_room(w, worker);
    m->session.v = 0;
    if (here != NULL) {
        struct session *s = here->seats[world_below(w, here->seat_count)];
        m->session = s->id;
        m->room = here->id;
        fanout_rise(worker, s, here->id);
    }
}

static void skip_after(struct world *w, struct worker *worker) {
    const struct memory *m = memory_of(w);
    struct session *s = worker_session(worker, m->session);
    if (s != NULL && s->state == SESSION_LIVE) {
        fanout_sit(worker, s, m->room);
    }
}

/* ---- told early, told twice */

/* A batch of its own with what the other says was posted. */
static struct batch *copy_posts(struct batch *batch) {
    struct batch *copy = batch_new(batch->at_ms);
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_EVENT && item->event.type == EV_message_posted &&
            item->event.audience == AUD_ROOM) {
            struct event *ev = batch_event(copy, EV_message_posted);
            *ev = item->event;
            ev->content = batch_str(copy, ev->content);
            ev->username = batch_str(copy, ev->username);
            ev->room_name = batch_str(copy, ev->room_name);
            ev->client_id = batch_str(copy, ev->client_id);
            ev->ref = batch_str(copy, ev->ref);
        }
    }
    return copy;
}

static void tell(struct world *w, struct batch *batch) {
    fake_ring_dispatch(w->host.server.ring, batch);
    ring_release(w->host.server.ring, batch);
}

/* Gives the numbers the store would give, if it wrote this. */
static void guess_numbers(struct world *w, struct batch *batch) {
    uint64_t id = w->truth.last_id;
    uint64_t n = 0;
    BATCH_EACH(item, batch) {
        struct event *ev = &item->event;
        if (item->kind == ITEM_EVENT && ev->type == EV_message_posted) {
            const struct place *place = map_get(&w->truth.places, ev->room.v);
            ev->message.v = ++id;
            ev->seq = (place == NULL ? 0 : place->seq) + ++n;
        }
    }
}

static void tell_before_commit(void *ctx, struct batch *batch) {
    struct world *w = ctx;
    if (world_one_in(w, 20)) {
        struct batch *copy = copy_posts(batch);
        guess_numbers(w, copy);
        tell(w, copy);
        w->fail_count = 1;
        w->fail_with = ERR_BUSY;
    }
}

static bool tell_twice(void *ctx, struct batch *batch) {
    struct world *w = ctx;
    if (world_one_in(w, 20)) {
        tell(w, copy_posts(batch));
    }
    return true;
}

static bool swap(void *ctx, struct batch *batch) {
    struct world *w = ctx;
    struct memory *m = memory_of(w);
    if (m->is_inside) {
        return true;
    }
    if (m->batch == NULL && batch->kept_count > 0 && world_one_in(w, 10)) {
        atomic_fetch_add(&batch->refs, 1);
        m->batch = batch;
        return false;
    }
    if (m->batch != NULL && batch->kept_count > 0) {
        fake_ring_dispatch(w->host.server.ring, batch);
        tell(w, m->batch);
        m->batch = NULL;
        return false;
    }
    return true;
}

/* ---- the store */

static void begin_deaf(struct world *w) {
    w->truth.is_deaf_to_client_ids = true;
}

static void begin_burning(struct world *w) {
    w->truth.does_burn = true;
}

static void begin_lying(struct world *w) {
    w->truth.does_lie = true;
}

static bool forget(void *ctx, struct batch *batch) {
    (void)ctx;
    (void)batch;
    return true;
}

static void forget_newest(void *ctx, struct answer *answer) {
    if (answer->message_count > 1 && world_one_in(ctx, 4)) {
        answer->message_count--;
    }
}

/* ---- coming back */

static void read_ahead(void *ctx, struct answer *answer) {
    answer->position += answer->ask.kind == ASK_RESUME && world_one_in(ctx, 2) ? 1 : 0;
}

static void read_behind(void *ctx, struct answer *answer) {
    if (answer->ask.kind == ASK_RESUME && !answer->has_more && world_one_in(ctx, 2)) {
        answer->position = 0;
    }
}

static void forget_missed(void *ctx, struct answer *answer) {
    if (answer->change_count > 1 && world_one_in(ctx, 4)) {
        answer->change_count--;
    }
}

static void cut_short(void *ctx, struct answer *answer) {
    (void)ctx;
    if (answer->ask.kind == ASK_RESUME) {
        answer->has_more = false;
    }
}

/* What a reader saw before the workers were told of it is told by both. */
static void forget_caught_up(struct world *w, struct worker *worker) {
    (void)w;
    LIST_EACH(s, &worker->sessions[SESSION_LIVE], struct session, on_state) {
        if (s->catchup != NULL && !catchup_is_busy(s)) {
            catchup_free(&s->catchup);
        }
    }
}

static void say_gone(void *ctx, struct answer *answer) {
    (void)ctx;
    answer->is_recovered = false;
}

/* ---- who is told */

static bool keep_listening(void *ctx, struct batch *batch) {
    (void)ctx;
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_EVENT && item->event.type == EV_follow_ended) {
            item->event.session.v = 0;
        }
    }
    return true;
}

static bool spare_the_banned(void *ctx, struct batch *batch) {
    (void)ctx;
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_EVENT && item->event.type == EV_session_ended) {
            item->event.session_count = 0;
        }
    }
    return true;
}

/* Any session that is live. */
static struct session *draw_session(struct world *w) {
    struct worker *worker = &w->host.server.workers[world_below(w, w->host.server.worker_count)];
    LIST_EACH(s, &worker->sessions[SESSION_LIVE], struct session, on_state) {
        if (world_one_in(w, 4)) {
            return s;
        }
    }
    return NULL;
}

static bool misdirect_dms(void *ctx, struct batch *batch) {
    struct world *w = ctx;
    BATCH_EACH(item, batch) {
        struct event *ev = &item->event;
        struct session *s = draw_session(w);
        if (item->kind == ITEM_EVENT && ev->type == EV_message_posted &&
            ev->audience == AUD_SESSIONS && ev->session_count > 0 && s != NULL) {
            ((session_id *)(uintptr_t)ev->sessions)[0] = s->id;
        }
    }
    return true;
}

static bool swap_replies(void *ctx, struct batch *batch) {
    struct reply *first = NULL;
    (void)ctx;
    BATCH_EACH(item, batch) {
        struct reply *r = &item->reply;
        bool is_plain = item->kind == ITEM_REPLY &&
                        (r->cmd == CMD_ping || r->cmd == CMD_room_join || r->cmd == CMD_malformed);
        if (is_plain && first != NULL && first->session.v != r->session.v) {
            session_id other = first->session;
            first->session = r->session;
            r->session = other;
            return true;
        }
        first = is_plain ? r : first;
    }
    return true;
}

static bool lose_an_answer(void *ctx, struct batch *batch) {
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_REPLY && item->reply.cmd == CMD_room_join && world_one_in(ctx, 20)) {
            item->reply.session.v = 0;
        }
    }
    return true;
}

static bool change_words(void *ctx, struct batch *batch) {
    struct event *first = NULL;
    (void)ctx;
    BATCH_EACH(item, batch) {
        struct event *ev = &item->event;
        if (item->kind != ITEM_EVENT || ev->type != EV_message_posted) {
            continue;
        }
        if (first != NULL) {
            struct str words = first->content;
            first->content = ev->content;
            ev->content = words;
            return true;
        }
        first = ev;
    }
    return true;
}

/* ---- the core is not told of a close, and an id's generation is not looked at */

static bool hush_close(void *ctx, struct intake *intake) {
    if (intake->cmd.type == CMD_session_close && world_one_in(ctx, 2)) {
        intake->cmd.type = CMD_ping;    // the worker hears that its command is done
    }
    return true;
}

static session_id occupant_of(struct world *w, session_id id) {
    struct worker *worker = &w->host.server.workers[worker_of_session(id)];
    uint32_t slot = (uint32_t)(id.v >> 32) & 0xffffff;
    const struct session *s = slot < worker->slot_count ? worker->slots[slot] : NULL;
    return s != NULL ? s->id : id;
}

static bool deliver_to_slots(void *ctx, struct batch *batch) {
    BATCH_EACH(item, batch) {
        struct event *ev = &item->event;
        for (size_t i = 0; item->kind == ITEM_EVENT && ev->audience == AUD_SESSIONS &&
                           ev->type == EV_message_posted && i < ev->session_count;
             i++) {
            session_id *id = (session_id *)(uintptr_t)&ev->sessions[i];
            *id = occupant_of(ctx, *id);
        }
    }
    return true;
}

/* ---- the rest of the ring */

static size_t leak(void *ctx, size_t credits) {
    return credits > 0 && world_one_in(ctx, 50) ? credits - 1 : credits;
}

/* One message lets the next command pass, which may be of the same session. */
static bool overtake(void *ctx, struct intake *intake) {
    struct world *w = ctx;
    struct memory *m = memory_of(w);
    bool is_message = intake->cmd.type == CMD_message_send;
    if (m->is_inside) {
        return true;
    }
    if (m->intake == NULL && is_message && world_one_in(w, 4)) {
        m->intake = intake;
        return false;
    }
    if (m->intake != NULL) {
        struct intake *late = m->intake;
        m->intake = NULL;
        m->is_inside = true;
        fake_ring_push(w->host.server.ring, intake);
        fake_ring_push(w->host.server.ring, late);
        m->is_inside = false;
        return false;
    }
    return true;
}

/* ---- the table */

static const struct plant plants[] = {
    { "the fan-out skips a session", .before_turn = skip_before, .after_turn = skip_after },
    { "a message is told, and then its commit fails", .ring.on_commit = tell_before_commit },
    { "a batch is told twice", .ring.on_dispatch = tell_twice },
    { "two batches are swapped", .ring.on_dispatch = swap },
    { "a client_id means nothing", .begin = begin_deaf },
    { "a rollback loses numbers", .begin = begin_burning },
    { "the store says done and has written nothing", .begin = begin_lying },
    { "a batch the store could not write is forgotten", .ring.does_forget = forget },
    { "a history forgets its newest message", .ring.on_answer = forget_newest },
    { "a resume says that it has read further than it has", .ring.on_answer = read_ahead },
    { "a resume does not say how far it has read", .ring.on_answer = read_behind },
    { "a resume forgets the newest change", .ring.on_answer = forget_missed },
    { "a resume forgets at its end how far it has read", .after_turn = forget_caught_up },
    { "a resume ends with the first answer", .ring.on_answer = cut_short },
    { "a resume says that something is gone", .ring.on_answer = say_gone },
    { "who has left a room still hears it", .ring.on_dispatch = keep_listening },
    { "who is banned is not sent away", .ring.on_dispatch = spare_the_banned },
    { "a dm goes to a third person", .ring.on_dispatch = misdirect_dms },
    { "two answers are swapped", .ring.on_dispatch = swap_replies },
    { "an answer is lost", .ring.on_dispatch = lose_an_answer },
    { "two messages swap their words", .ring.on_dispatch = change_words },
    { "a slot's new session gets the old one's mail", .ring.on_intake = hush_close,
      .ring.on_dispatch = deliver_to_slots },
    { "credits leak", .ring.credits = leak },
    { "one message of a sender overtakes another", .ring.on_intake = overtake },
};

const struct plant *plant_at(size_t i) {
    return i < COUNT(plants) ? &plants[i] : NULL;
}

size_t plant_count(void) {
    return COUNT(plants);
}

const struct fake_intruder *plant_intruder(struct world *w) {
    struct fake_intruder *intruder = xalloc(sizeof *intruder);
    *intruder = w->plant->ring;
    intruder->ctx = w;
    return intruder;
}
