/* A worker: see worker.h for the picture.
 *
 * Three moments matter and each is one function: on_wake takes what came round the ring,
 * on_turn_end writes a slice of what waits, and on_timer ends what has lasted too long. Everything
 * else is called from those or from a socket.
 *
 * Session ids are (worker, slot, generation): finding a session is an index and a comparison, and
 * an id outlives its session harmlessly. */
#include "server/worker.h"

#include <limits.h>

#include "base/clock.h"
#include "base/log.h"
#include "obs/metrics.h"
#include "server/catchup.h"
#include "server/dialog.h"
#include "server/fanout.h"
#include "server/operator.h"
#include "server/ring.h"
#include "server/server.h"

#define SESSIONS_PER_BLOCK 64
#define SESSION_SLOTS_MAX (1u << 24)
#define NO_SLOT UINT32_MAX

enum { DIRTY_SHORT, DIRTY_LONG };

/* A batch on its way through this worker. */
struct letter {
    struct qnode link;    // in the inbox
    struct node on_unreleased;
    struct batch *batch;
    uint64_t mark[2];    // visits after which it is released: about those it made dirty
    unsigned told;       // BIT() of each dialect in which somebody was told a message
};

/* ---- session ids */

static session_id id_of(const struct worker *w, uint32_t slot) {
    return (session_id){ (uint64_t)(w->index + 1) << 56 | (uint64_t)slot << 32 |
                         w->generations[slot] };
}

struct session *worker_session(struct worker *w, session_id id) {
    uint32_t slot = (uint32_t)(id.v >> 32) & (SESSION_SLOTS_MAX - 1);
    if (id.v >> 56 != w->index + 1 || slot >= w->slot_count) {
        return NULL;
    }
    struct session *s = w->slots[slot];
    return s != NULL && s->id.v == id.v ? s : NULL;
}

void worker_adopt(struct worker *w, struct session *s) {
    uint32_t slot = 0;
    if (w->free_count > 0) {
        slot = w->free_slots[--w->free_count];
    } else {
        if (w->slot_count == w->slot_cap) {
            w->slot_cap = MAX(64, w->slot_cap + w->slot_cap / 2);
            w->slots = xrealloc(w->slots, w->slot_cap * sizeof *w->slots);
            w->generations = xrealloc(w->generations, w->slot_cap * sizeof *w->generations);
            w->free_slots = xrealloc(w->free_slots, w->slot_cap * sizeof *w->free_slots);
        }
        CHECK(w->slot_count < SESSION_SLOTS_MAX);
        slot = w->slot_count++;
        w->generations[slot] = 0;
    }
    w->generations[slot]++;
    w->slots[slot] = s;
    s->id = id_of(w, slot);
    list_push(&w->sessions[s->state], &s->on_state);
    METRIC_ADD_AT(sessions, w->index, 1);
}

void worker_bury(struct worker *w, struct session *s) {
    uint32_t slot = (uint32_t)(s->id.v >> 32) & (SESSION_SLOTS_MAX - 1);
    w->slots[slot] = NULL;
    w->free_slots[w->free_count++] = slot;
    list_drop(&s->on_state);
    session_fini(s);
    slab_put(&w->session_slab, s);
    METRIC_ADD_AT(sessions, w->index, -1);
}

/* ---- writing */

void worker_dirty(struct worker *w, struct session *s, bool is_bulk) {
    if (node_is_on_list(&s->on_dirty)) {
        return;
    }
    int which = is_bulk ? DIRTY_LONG : DIRTY_SHORT;
    s->is_bulk = is_bulk;
    list_push(&w->dirty[which], &s->on_dirty);
    w->dirtied[which]++;
}

void worker_clean(struct worker *w, struct session *s) {
    if (node_is_on_list(&s->on_dirty)) {
        list_drop(&s->on_dirty);
        w->visited[s->is_bulk ? DIRTY_LONG : DIRTY_SHORT]++;
    }
}

static void flush_some(struct worker *w, int which, unsigned count) {
    while (count-- > 0 && !list_is_empty(&w->dirty[which])) {
        struct session *s = CONTAINER_OF(w->dirty[which].head.next, struct session, on_dirty);
        worker_clean(w, s);
        session_flush(s);
    }
}

static bool is_out(const struct worker *w, const struct letter *letter) {
    return w->visited[DIRTY_SHORT] >= letter->mark[DIRTY_SHORT] &&
           w->visited[DIRTY_LONG] >= letter->mark[DIRTY_LONG];
}

/* From the arrival of a batch's oldest command to the hand-over of its last message to the
 * kernel. */
static void observe_delivery(const struct letter *letter) {
    if (letter->told == 0) {
        return;
    }
    uint64_t took_us = clock_mono_us() - letter->batch->taken_us;
    for (unsigned dialect = 0; dialect < DIALECT_COUNT; dialect++) {
        if (letter->told & BIT(dialect)) {
            METRIC_OBSERVE_AT(delivery_seconds, dialect, took_us);
        }
    }
}

static void release_some(struct worker *w) {
    LIST_EACH(letter, &w->unreleased, struct letter, on_unreleased) {
        if (!is_out(w, letter)) {
            return;    // they are released in order
        }
        list_drop(&letter->on_unreleased);
        struct batch *batch = letter->batch;
        observe_delivery(letter);
        xfree(letter);
        ring_release(w->server->ring, batch);
    }
}

struct span worker_frame(struct worker *w, struct spool *spool, const struct session *like,
                         struct str message) {
    buf_reset(&w->head);
    if (like->framing == FRAMING_LINES) {
        return spool_put(spool, message, STR_LIT("\n"));
    }
    if (like->is_deflating && message.n >= DEFLATE_BYTES_MIN && message.n <= DEFLATE_BYTES_MAX) {
        ws_put_deflated(&w->head, WS_TEXT, message, w->deflater);
        return spool_put(spool, buf_str(&w->head), STR_NONE);
    }
    ws_put_header(&w->head, WS_TEXT, false, message.n);
    return spool_put(spool, buf_str(&w->head), message);
}

/* ---- into the ring and out of it */

void worker_push(struct worker *w, struct intake *intake) {
    qlist_push(&w->intakes, &intake->link);
}

void worker_deliver(struct worker *w, struct batch *batch) {
    struct letter *letter = xzalloc(sizeof *letter);
    letter->batch = batch;
    queue_push(&w->inbox, &letter->link);
}

void worker_answer(struct worker *w, struct answer *answer) {
    queue_push(&w->answers, &answer->link);
}

void worker_poke(struct worker *w) {
    atomic_store(&w->is_poked, true);
    loop_wake(&w->loop);
}

void worker_give_credits(struct worker *w) {
    atomic_store(&w->has_credits, true);
    loop_wake(&w->loop);
}

static void take_batches(struct worker *w) {
    struct qnode *n = queue_take(&w->inbox);
    while (n != NULL) {
        struct letter *letter = CONTAINER_OF(n, struct letter, link);
        n = n->next;
        w->told = 0;
        fanout_batch(w, letter->batch);
        letter->told = w->told;
        letter->mark[DIRTY_SHORT] = w->dirtied[DIRTY_SHORT];
        letter->mark[DIRTY_LONG] = w->dirtied[DIRTY_LONG];
        list_push(&w->unreleased, &letter->on_unreleased);
    }
}

/* Says it, or, to a dialog, lets it choose what to say. */
static void say_to_dialog(struct session *s, struct answer **answer) {
    dialog_on_answer(s, answer);
    session_answered(s, true, 0);
}

/* Returns how many bytes were encoded. */
static size_t say_answer(struct worker *w, struct session *s, struct answer *answer) {
    const struct ask *ask = &answer->ask;
    bool is_live = s->state == SESSION_LIVE;
    bool is_resume = is_live && ask->kind == ASK_RESUME;
    size_t bytes = is_resume ? catchup_answer(s, answer) : 0;
    const struct dialect *form = ask->form == 0 ? s->dialect : dialect_of(ask->form);
    buf_reset(&w->scratch);
    if (is_live && form->encode_answer(answer, s->lang, &w->scratch)) {
        bytes += w->scratch.n;
        session_say_answer(s, worker_said(w), ask->part);
    }
    bool has_rest = is_resume && catchup_end(s, answer);
    session_answered(s, true, has_rest ? 0 : ask->part);    // a part is answered once
    return bytes;
}

/* Says answers until a turn's share of bytes is encoded. */
static void say_some_answers(struct worker *w) {
    size_t bytes = 0;
    while (w->unsaid.first != NULL && bytes < ANSWER_BYTES_PER_TURN) {
        struct answer *answer = CONTAINER_OF(qlist_pop(&w->unsaid), struct answer, link);
        struct session *s = worker_session(w, answer->ask.session);
        if (s != NULL && s->framing == FRAMING_DIALOG) {
            say_to_dialog(s, &answer);
        } else if (s != NULL) {
            bytes += say_answer(w, s, answer);
        }
        answer_free(&answer);
        ring_answered(w->server->ring);
    }
}

void worker_starve(struct worker *w, struct session *s) {
    if (s->is_starved) {
        return;
    }
    if (w->starved_count == w->starved_cap) {
        w->starved_cap = MAX(64, 2 * w->starved_cap);
        w->starved = xrealloc(w->starved, w->starved_cap * sizeof *w->starved);
    }
    w->starved[w->starved_count++] = s->id;
    s->is_starved = true;
}

/* Those that had to stop for want of credits go on, in the order they stopped. Who reads on only
 * asks for it, but the rest of a batch goes on at once, and may starve again: behind the others. */
static void feed_starved(struct worker *w) {
    size_t count = w->starved_count;
    for (size_t i = 0; i < count; i++) {
        struct session *s = worker_session(w, w->starved[i]);
        if (s != NULL) {
            s->is_starved = false;
            session_read_on(s);
        }
    }
    w->starved_count -= count;
    if (w->starved_count > 0) {
        memmove(w->starved, w->starved + count, w->starved_count * sizeof *w->starved);
    }
}

/* ---- reload and drain */

static void close_entrances(struct worker *w) {
    for (size_t i = 0; i < w->entrance_count; i++) {
        listener_stop(&w->entrances[i].listener, NULL);
    }
}

static void drain(struct worker *w) {
    w->is_draining = true;
    close_entrances(w);
    for (int state = SESSION_HEAD; state <= SESSION_LIVE; state++) {
        LIST_EACH(s, &w->sessions[state], struct session, on_state) {
            conn_pause(&s->conn);
        }
    }
}

/* At the end of a turn, when everything that came round has been said: an answer and the event that
 * is its better half may come in one batch. */
static void let_the_drained_leave(struct worker *w) {
    for (int state = SESSION_HEAD; state <= SESSION_LIVE; state++) {
        LIST_EACH(s, &w->sessions[state], struct session, on_state) {
            session_leave_if_drained(s);
        }
    }
}

static void look_at_server(struct worker *w) {
    struct settings *now = server_settings(w->server);
    if (now != w->settings) {
        w->settings = now;
        atomic_store(&w->settings_seen, now);    // and nothing of the old one is held any more
        jwt_verifier_free(&w->verifier);
        w->verifier = jwt_verifier_new(now->keys);
    }
    if (server_is_draining(w->server) && !w->is_draining) {
        drain(w);
    }
}

static bool is_empty(const struct worker *w) {
    for (int state = 0; state < SESSION_STATE_COUNT; state++) {
        if (!list_is_empty(&w->sessions[state])) {
            return false;
        }
    }
    return true;
}

/* ---- the three moments of a turn */

static void on_wake(void *ctx) {
    struct worker *w = ctx;
    struct qnode *answers = queue_take(&w->answers);    // before the batches they must not pass
    take_batches(w);
    qlist_push_chain(&w->unsaid, answers);    // said in later turns: one may take a while to encode
    if (atomic_exchange(&w->has_credits, false)) {
        feed_starved(w);
    }
    if (atomic_exchange(&w->is_poked, false)) {
        look_at_server(w);
    }
}

static void bury_the_gone(struct worker *w) {
    LIST_EACH(s, &w->sessions[SESSION_GONE], struct session, on_state) {
        if (session_is_over(s)) {
            worker_bury(w, s);
        }
    }
}

static bool on_turn_end(void *ctx) {
    struct worker *w = ctx;
    ring_push(w->server->ring, &w->intakes);    // the core works on them while we write
    say_some_answers(w);
    if (w->is_draining) {
        let_the_drained_leave(w);
    }
    flush_some(w, DIRTY_SHORT, FLUSH_SHORT);
    flush_some(w, DIRTY_LONG, FLUSH_LONG);
    release_some(w);
    bury_the_gone(w);
    ring_push(w->server->ring, &w->intakes);    // the ends of those that could not be written to
    if (w->scratch.cap > SHRINK_BYTES) {
        buf_fini(&w->scratch);
    }
    if (w->is_draining && is_empty(w) && list_is_empty(&w->unreleased)) {
        loop_stop(&w->loop);
    }
    return w->unsaid.first != NULL || !list_is_empty(&w->dirty[DIRTY_SHORT]) ||
           !list_is_empty(&w->dirty[DIRTY_LONG]);
}

/* How late a timer comes tells how long others wait for this loop. */
static void on_probe(struct worker *w) {
    uint64_t now_us = clock_mono_us();
    uint64_t due_us = w->probe.due_ms * 1000;
    METRIC_OBSERVE_AT(loop_lag_seconds, w->index, now_us > due_us ? now_us - due_us : 0);
    if (!w->is_draining) {
        wheel_set(&w->loop.wheel, &w->probe, now_us / 1000 + PROBE_MS);
    }
}

static void on_timer(struct timer *t, void *ctx) {
    struct worker *w = ctx;
    if (t == &w->probe) {
        on_probe(w);
        return;
    }
    for (size_t i = 0; i < w->entrance_count; i++) {
        if (t == &w->entrances[i].listener.rest) {
            listener_on_timer(&w->entrances[i].listener);
            return;
        }
    }
    session_on_timer(CONTAINER_OF(t, struct session, timer));
}

/* ---- its life */

static const struct loop_ops loop_ops = {
    .on_wake = on_wake,
    .on_turn_end = on_turn_end,
    .on_timer = on_timer,
};

static void wake_loop(void *ctx) {
    loop_wake(ctx);
}

enum err worker_init(struct worker *w, struct server *server, unsigned index) {
    *w = (struct worker){ .server = server, .index = index };
    enum err err = loop_init(&w->loop, &loop_ops, w);
    if (err != OK) {
        return err;
    }
    w->settings = server_settings(server);
    atomic_init(&w->settings_seen, w->settings);
    queue_init(&w->inbox, wake_loop, &w->loop);
    queue_init(&w->answers, wake_loop, &w->loop);
    slab_init(&w->session_slab, sizeof(struct session), SESSIONS_PER_BLOCK);
    for (int state = 0; state < SESSION_STATE_COUNT; state++) {
        list_init(&w->sessions[state]);
    }
    list_init(&w->dirty[DIRTY_SHORT]);
    list_init(&w->dirty[DIRTY_LONG]);
    list_init(&w->unreleased);
    qlist_init(&w->unsaid);
    qlist_init(&w->intakes);
    size_t message_bytes_max = w->settings->config->limits_message_bytes;
    w->scratch = BUF_INIT(SCRATCH_BYTES_MAX);
    w->head = BUF_INIT(SCRATCH_BYTES_MAX + WS_FRAME_HEADER_BYTES_MAX);
    wheel_set(&w->loop.wheel, &w->probe, w->loop.now_ms + PROBE_MS);
    w->decode.json = json_reader_new(MAX(message_bytes_max, OPERATOR_LINE_BYTES_MAX));
    w->decode.text = BUF_INIT(message_bytes_max + DETAIL_BYTES_MAX);
    w->verifier = jwt_verifier_new(w->settings->keys);
    w->deflater = deflater_new(15, DEFLATE_LEVEL);
    w->ws_shared = (struct ws_shared){
        .limits = { message_bytes_max, MESSAGE_FRAMES_MAX },
        .inflater = inflater_new(),
    };
    return OK;
}

static void on_accept(struct listener *l, int fd) {
    struct entrance *e = CONTAINER_OF(l, struct entrance, listener);
    session_new(e->worker, fd, e);
}

enum err worker_add_entrance(struct worker *w, int fd, enum entrance_kind kind, bool is_tls) {
    CHECK(w->entrance_count < ENTRANCES_MAX);
    struct entrance *e = &w->entrances[w->entrance_count++];
    *e = (struct entrance){ .worker = w, .kind = kind, .is_tls = is_tls };
    enum err err = listener_start(&e->listener, &w->loop, fd, on_accept, e);
    if (err == OK && kind == ENTRANCE_OPERATOR) {
        e->listener.fd_end = INT_MAX;    // gets in when nobody else does
    }
    return err;
}

static void *worker_main(void *arg) {
    struct worker *w = arg;
    pthread_setname_np(pthread_self(), "parloir-worker");
    loop_run(&w->loop);
    return NULL;
}

void worker_start(struct worker *w) {
    CHECK(pthread_create(&w->thread, NULL, worker_main, w) == 0);
}

void worker_join(struct worker *w) {
    pthread_join(w->thread, NULL);
}

/* What came after the worker's last turn. The ring is gone, and its credits with it. */
static void drop_mail(struct worker *w) {
    for (struct qnode *n = queue_take(&w->inbox); n != NULL;) {
        struct letter *letter = CONTAINER_OF(n, struct letter, link);
        n = n->next;
        batch_unref(&letter->batch);
        xfree(letter);
    }
    qlist_push_chain(&w->unsaid, queue_take(&w->answers));
    while (w->unsaid.first != NULL) {
        struct answer *answer = CONTAINER_OF(qlist_pop(&w->unsaid), struct answer, link);
        answer_free(&answer);
    }
}

void worker_fini(struct worker *w) {
    drop_mail(w);
    close_entrances(w);    // a start that failed has opened some
    loop_fini(&w->loop);
    queue_fini(&w->inbox);
    queue_fini(&w->answers);
    for (int i = 0; i < WIRE_FORMS; i++) {
        spool_fini(&w->spools[i]);
    }
    spool_fini(&w->own_spool);
    buf_fini(&w->scratch);
    buf_fini(&w->head);
    json_reader_free(&w->decode.json);
    buf_fini(&w->decode.text);
    arena_fini(&w->arena);
    jwt_verifier_free(&w->verifier);
    inflater_free(&w->ws_shared.inflater);
    deflater_free(&w->deflater);
    map_fini(&w->rooms);
    xfree(w->slots);
    xfree(w->generations);
    xfree(w->free_slots);
    xfree(w->starved);
    slab_fini(&w->session_slab);
}
