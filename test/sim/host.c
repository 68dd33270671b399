/* The server under test: see host.h. The four callbacks of the ring stand in for those of server.c;
 * the rest is the order in which things are made and taken down. */
#include "test/sim/host.h"

#include "base/clock.h"
#include "core/core.h"
#include "server/door.h"
#include "server/fanout.h"
#include "server/worker.h"
#include "store/store.h"
#include "test/sim/plant.h"
#include "test/sim/world.h"

#define SECRET "a secret of the simulator, long enough for anybody"

/* ---- round the ring */

static void on_batch(void *ctx, unsigned worker, struct batch *batch) {
    struct world *w = ctx;
    if (worker == 0 && batch->kept_count > 0) {
        w->truth.told_order = w->truth.order;
        trace_step(&w->trace, "told: kept events", batch->kept_count, 0);
    }
    worker_deliver(&w->host.server.workers[worker], batch);
}

static void on_answer(void *ctx, struct answer *answer) {
    struct world *w = ctx;
    unsigned worker = worker_of_session(answer->ask.session);
    CHECK(worker < w->host.server.worker_count);
    w->seen[SEEN_read_untold] +=
        answer->ask.kind == ASK_RESUME && w->truth.told_order < w->truth.order;
    worker_answer(&w->host.server.workers[worker], answer);
}

static void on_credits(void *ctx) {
    struct world *w = ctx;
    for (unsigned i = 0; i < w->host.server.worker_count; i++) {
        worker_give_credits(&w->host.server.workers[i]);
    }
}

static void on_kept(void *ctx, const struct event *ev) {
    (void)ctx;
    (void)ev;    // API tokens; nobody here has one
}

static const struct ring_ops ring_ops = {
    .on_batch = on_batch,
    .on_answer = on_answer,
    .on_kept = on_kept,
    .on_credits = on_credits,
};

/* ---- what wants to be stepped */

static void on_want_turn(void *ctx, struct loop *l, uint64_t in_us) {
    struct world *w = ctx;
    struct worker *worker = CONTAINER_OF(l, struct worker, loop);
    uint64_t lag_us = world_below(w, 200) + (world_one_in(w, 200) ? world_below(w, 20000) : 0);
    uint64_t at_us = world_us() + in_us + lag_us;
    if (at_us < w->host.turn_us[worker->index]) {
        w->host.turn_us[worker->index] = at_us;
        world_add(w, in_us + lag_us, DUE_TURN, worker->index, w->host.generation);
    }
}

static void want_part(struct world *w, enum fake_part part, uint64_t in_us) {
    uint64_t at_us = world_us() + in_us;
    if (in_us != UINT64_MAX && at_us < w->host.part_us[part]) {
        w->host.part_us[part] = at_us;
        world_add(w, in_us, DUE_PART, part, w->host.generation);
    }
}

static void on_want_part(void *ctx, enum fake_part part) {
    static const uint64_t takes_us[] = {
        [FAKE_CORE] = 300, [FAKE_STORE] = 4000, [FAKE_READER] = 1500
    };
    struct world *w = ctx;
    bool is_long = part == FAKE_READER && world_one_in(w, 8);    // batches go by meanwhile
    want_part(w, part, world_below(w, (is_long ? 8 : 1) * takes_us[part]));
}

static void on_down(void *ctx, struct fake_link *k) {
    (void)ctx;
    wire_on_net(k->client);
}

static void on_dead(void *ctx) {
    struct world *w = ctx;
    trace_step(&w->trace, "the store is broken: exit", 0, 0);
    host_kill(w);
}

static bool does_hang(void *ctx) {
    struct world *w = ctx;
    bool does = world_us() < w->hang_until_us;
    if (does) {
        w->troubled_us = world_us();
    }
    return does;
}

static bool does_read_fail(void *ctx) {
    struct world *w = ctx;
    bool does = world_us() < w->read_fail_until_us;
    if (does) {
        w->troubled_us = world_us();
    }
    return does;
}

void host_turn(struct world *w, uint32_t worker) {
    w->host.turn_us[worker] = UINT64_MAX;
    if (w->plant != NULL && w->plant->before_turn != NULL) {
        w->plant->before_turn(w, &w->host.server.workers[worker]);
    }
    fake_loop_turn(&w->host.server.workers[worker].loop);
    if (w->plant != NULL && w->plant->after_turn != NULL) {
        w->plant->after_turn(w, &w->host.server.workers[worker]);
    }
}

void host_part(struct world *w, enum fake_part part) {
    w->host.part_us[part] = UINT64_MAX;
    uint64_t in_us = fake_ring_step(w->host.server.ring, part);
    if (w->host.is_up) {
        want_part(w, part, in_us);
    }
}

/* ---- configuration */

static struct config *make_config(const struct plan *plan) {
    char outbox[64];
    char credits[64];
    char away[64];
    (void)snprintf(outbox, sizeof outbox, "limits.outbox_bytes=%u", plan->outbox_bytes);
    (void)snprintf(credits, sizeof credits, "server.credits=%u", plan->credits);
    (void)snprintf(away, sizeof away, "store.away_ms=%u", plan->away_ms);
    const char *const set[] = {
        outbox,
        credits,
        away,
        plan->is_rate_limited ? "limits.hub.per_minute=60" : "limits.hub.per_minute=0",
        plan->is_rate_limited ? "limits.envelope.per_minute=60" : "limits.envelope.per_minute=0",
        plan->is_rate_limited ? "limits.hub.burst=20" : "limits.hub.burst=0",
        "limits.envelope.per_hour=0",
        "limits.hello_ms=3s",
        "server.workers=1",
    };
    struct config *config = NULL;
    SCOPED(buf_fini) struct buf why = BUF_INIT(CONFIG_VALUE_BYTES_MAX);
    enum err err =
        config_load(&(struct config_sources){ .set = set, .set_count = COUNT(set) }, &config, &why);
    CHECK(err == OK);
    return config;
}

void host_init(struct world *w) {
    struct host *h = &w->host;
    SCOPED(buf_fini) struct buf why = BUF_INIT(1024);
    h->settings = xzalloc(sizeof *h->settings);
    h->settings->config = make_config(&w->plan);
    enum err err = jwt_keys_new(&(struct jwt_keys_spec){ .secret = STR_LIT(SECRET) },
                                &h->settings->keys, &why);
    CHECK(err == OK);
    h->net =
        (struct fake_net){ .rng = &w->rng, .ctx = w, .on_want = on_want_turn, .on_down = on_down };
    h->hooks = (struct fake_ring_hooks){
        .on_want = on_want_part,
        .on_dead = on_dead,
        .does_hang = does_hang,
        .does_read_fail = does_read_fail,
        .ctx = w,
        .intruder = w->plant == NULL ? NULL : plant_intruder(w),
    };
}

void host_fini(struct world *w) {
    fake_net_fini(&w->host.net);
    settings_free(&w->host.settings);
    xfree((void *)(uintptr_t)w->host.hooks.intruder);
}

/* ---- starting */

static void on_fact(void *ctx, const struct event *ev) {
    struct world *w = ctx;
    core_restore(w->host.server.core, ev);
}

static void start_ring(struct world *w) {
    struct server *server = &w->host.server;
    struct core_limits limits;
    settings_core_limits(w->host.settings, &limits);
    server->core = core_new(&limits);
    enum err err = server->store->ops->load(server->store, on_fact, w);
    CHECK(err == OK);
    err = ring_start(&(struct ring_parts){ .core = server->core,
                                           .store = server->store,
                                           .health = server->health,
                                           .limits = &limits,
                                           .worker_count = server->worker_count,
                                           .credits = w->plan.credits,
                                           .away_ms = w->plan.away_ms,
                                           .ops = &ring_ops,
                                           .ctx = w },
                     &server->ring, NULL);
    CHECK(err == OK);
    fake_ring_attach(server->ring, &w->host.hooks);
}

void host_start(struct world *w) {
    struct host *h = &w->host;
    CHECK(!h->is_up);
    h->server = (struct server){
        .health = health_new(),
        .addresses = addresses_new(),
        .tokens = token_table_new(),
        .store = w->truth.front,
        .worker_count = w->plan.workers,
        .started_ms = clock_mono_ms(),
    };
    atomic_init(&h->server.settings, h->settings);
    atomic_init(&h->server.is_draining, false);
    h->generation++;
    h->is_up = true;
    for (size_t i = 0; i < FAKE_PART_COUNT; i++) {
        h->part_us[i] = UINT64_MAX;
    }
    h->server.workers = xzalloc(h->server.worker_count * sizeof *h->server.workers);
    w->truth.told_order = w->truth.order;    // nobody is told what was written before
    start_ring(w);
    for (unsigned i = 0; i < h->server.worker_count; i++) {
        struct worker *worker = &h->server.workers[i];
        h->turn_us[i] = UINT64_MAX;
        enum err err = worker_init(worker, &h->server, i);
        CHECK(err == OK);
        fake_loop_attach(&worker->loop, &h->net);
        err = worker_add_entrance(worker, HOST_HTTP_FD, ENTRANCE_HTTP, false);
        CHECK(err == OK);
        err = worker_add_entrance(worker, HOST_OPERATOR_FD, ENTRANCE_OPERATOR, false);
        CHECK(err == OK);
    }
    health_store_ok(h->server.health);
    w->restarted_us = world_us();
    trace_step(&w->trace, "server starts: generation", h->generation, 0);
}

/* ---- ending */

/* Frees a session as the end of its process would: without a word to anybody. */
static void bury(struct worker *worker, struct session *s) {
    fanout_rise_all(worker, s);
    s->is_close_told = true;
    worker_bury(worker, s);
}

static void kill_worker(struct worker *worker) {
    fake_loop_kill(&worker->loop);
    for (int state = 0; state < SESSION_STATE_COUNT; state++) {
        LIST_EACH(s, &worker->sessions[state], struct session, on_state) {
            bury(worker, s);
        }
    }
    (void)worker->loop.ops.on_turn_end(worker);    // nothing is dirty: lets go of its batches
}

static void take_down(struct world *w) {
    struct server *server = &w->host.server;
    for (unsigned i = 0; i < server->worker_count; i++) {
        worker_fini(&server->workers[i]);
    }
    fake_ring_kill(&server->ring);
    xfree(server->workers);
    core_free(&server->core);
    addresses_free(&server->addresses);
    token_table_free(&server->tokens);
    health_free(&server->health);
    w->host.is_up = false;
}

void host_kill(struct world *w) {
    struct server *server = &w->host.server;
    trace_step(&w->trace, "server is killed: generation", w->host.generation, 0);
    w->seen[SEEN_kill]++;
    fake_ring_attach(server->ring, NULL);
    for (unsigned i = 0; i < server->worker_count; i++) {
        kill_worker(&server->workers[i]);
    }
    take_down(w);
    w->host.generation++;    // whatever is on the agenda for it means nothing any more
    world_add(w, world_below(w, 500000), DUE_START, 0, 0);
}

void host_drain(struct world *w) {
    struct server *server = &w->host.server;
    trace_step(&w->trace, "server drains: generation", w->host.generation, 0);
    health_draining(server->health);
    atomic_store(&server->is_draining, true);
    w->host.drain_us = world_us();
    for (unsigned i = 0; i < server->worker_count; i++) {
        worker_poke(&server->workers[i]);
    }
}

bool host_is_drained(const struct world *w) {
    for (unsigned i = 0; i < w->host.server.worker_count; i++) {
        if (!fake_loop_is_over(&w->host.server.workers[i].loop)) {
            return false;
        }
    }
    return fake_ring_is_idle(w->host.server.ring);
}

/* A worker whose loop has ended does not open what still comes; its credits end with it. */
static bool has_mail(const struct server *server) {
    for (unsigned i = 0; i < server->worker_count; i++) {
        if (server->workers[i].inbox.list.first != NULL ||
            server->workers[i].answers.list.first != NULL) {
            return true;
        }
    }
    return false;
}

void host_stop(struct world *w) {
    struct server *server = &w->host.server;
    struct core_counts counts = core_count(server->core);
    if (counts.sessions != 0) {
        trace_fail(&w->trace, "leak", "%zu sessions are left in the core", counts.sessions);
    }
    if (fake_ring_credits(server->ring) != w->plan.credits && !has_mail(server)) {
        trace_fail(&w->trace, "leak", "%lld of %u credits came back",
                   (long long)fake_ring_credits(server->ring), w->plan.credits);
    }
    fake_ring_attach(server->ring, NULL);
    for (unsigned i = 0; i < server->worker_count; i++) {
        fake_loop_kill(&server->workers[i].loop);    // newcomers nobody has accepted
    }
    if (!trace_has_failed(&w->trace)) {
        take_down(w);
        w->host.generation++;
    }
}

/* ---- looking in */

struct loop *host_some_loop(struct world *w) {
    return &w->host.server.workers[world_below(w, w->host.server.worker_count)].loop;
}

struct session *host_session(const struct fake_link *k) {
    return k == NULL || k->conn == NULL ? NULL : CONTAINER_OF(k->conn, struct session, conn);
}

size_t host_count(const struct world *w, int state) {
    size_t count = 0;
    for (unsigned i = 0; i < w->host.server.worker_count; i++) {
        LIST_EACH(s, &w->host.server.workers[i].sessions[state], struct session, on_state) {
            count += s->dialect != NULL && s->dialect->id != DIALECT_OPERATOR;
        }
    }
    return count;
}
