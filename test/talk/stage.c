/* The stage: see stage.h. The one idea that is not obvious: nothing here polls. Every loop and
 * every part of the ring says when it wants its next turn, the earliest one gets it, and when
 * nobody wants one before the clock moves, all that could happen has happened: silence can be told
 * from delay. */
#include "test/talk/stage.h"

#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "server/credential.h"
#include "server/operator.h"
#include "server/server.h"
#include "server/worker.h"
#include "store/memory.h"
#include "store/store.h"
#include "test/fakes/clock.h"
#include "test/fakes/net.h"
#include "test/fakes/ring.h"
#include "test/talk/inside.h"

#define WORKERS 2
#define SETTINGS_MAX 32
#define WHY_BYTES_MAX 4096
#define NEVER UINT64_MAX
#define STEPS_MAX 10000000    // without an end in sight: something turns in circles
#define ADDRESS "192.0.2.7"

struct stage {
    struct server server;
    struct settings settings;
    struct core_limits limits;
    struct worker workers[WORKERS];
    uint64_t loop_due_us[WORKERS];
    uint64_t part_due_us[FAKE_PART_COUNT];
    struct fake_net net;
    struct rng rng;
    struct fake_ring_hooks hooks;
    struct list onlookers;
    struct decode_scratch decode;    // stage_ask's
    unsigned arrivals;
};

/* ---- who wants a turn */

static void want(uint64_t *due_us, uint64_t in_us) {
    uint64_t at_us = clock_mono_us() + in_us;
    *due_us = MIN(*due_us, at_us);
}

static void on_loop_wants(void *ctx, struct loop *l, uint64_t in_us) {
    struct stage *stage = ctx;
    want(&stage->loop_due_us[CONTAINER_OF(l, struct worker, loop) - stage->workers], in_us);
}

static void on_part_wants(void *ctx, enum fake_part part) {
    struct stage *stage = ctx;
    want(&stage->part_due_us[part], 0);
}

static void on_down(void *ctx, struct fake_link *k) {
    (void)ctx;
    (void)k;    // guests look after every step
}

static void on_dead(void *ctx) {
    (void)ctx;
    CHECK(!"the memory store has no reason to fail so");
}

static bool is_never(void *ctx) {
    (void)ctx;
    return false;
}

/* ---- steps */

static void step_loop(struct stage *stage, unsigned i) {
    stage->loop_due_us[i] = NEVER;
    if (!fake_loop_is_over(&stage->workers[i].loop)) {
        fake_loop_turn(&stage->workers[i].loop);
    }
}

static void step_part(struct stage *stage, enum fake_part part) {
    stage->part_due_us[part] = NEVER;
    uint64_t in_us = fake_ring_step(stage->server.ring, part);
    if (in_us != NEVER) {
        want(&stage->part_due_us[part], in_us);
    }
}

static void let_look(struct stage *stage) {
    LIST_EACH(o, &stage->onlookers, struct onlooker, on_stage) {
        o->look(o);
    }
}

/* Gives the turn that is due first, if it is due by then. */
static bool step(struct stage *stage, uint64_t until_us) {
    uint64_t *first = &stage->loop_due_us[0];
    for (unsigned i = 0; i < WORKERS; i++) {
        first = stage->loop_due_us[i] < *first ? &stage->loop_due_us[i] : first;
    }
    for (unsigned i = 0; i < FAKE_PART_COUNT; i++) {
        first = stage->part_due_us[i] < *first ? &stage->part_due_us[i] : first;
    }
    if (*first == NEVER || *first > until_us) {
        return false;
    }
    if (*first > clock_mono_us()) {
        fake_clock_move_to(*first);
    }
    bool is_loop = first >= stage->loop_due_us && first < stage->loop_due_us + WORKERS;
    if (is_loop) {
        step_loop(stage, (unsigned)(first - stage->loop_due_us));
    } else {
        step_part(stage, (enum fake_part)(first - stage->part_due_us));
    }
    let_look(stage);
    return true;
}

static void run_until(struct stage *stage, uint64_t until_us) {
    uint64_t count = 0;
    while (step(stage, until_us)) {
        CHECK(count++ < STEPS_MAX);
    }
}

void stage_run(struct stage *stage) {
    run_until(stage, clock_mono_us());
}

void stage_pass(struct stage *stage, uint64_t ms) {
    uint64_t until_us = clock_mono_us() + ms * 1000;
    stage_run(stage);
    run_until(stage, until_us);
    fake_clock_move_to(until_us);
    stage_run(stage);
}

uint64_t stage_now_s(void) {
    return clock_wall_ms() / 1000;
}

/* ---- the server's own part: what server.c has in private */

static void on_batch(void *ctx, unsigned worker, struct batch *batch) {
    struct stage *stage = ctx;
    worker_deliver(&stage->workers[worker], batch);
}

static void on_answer(void *ctx, struct answer *answer) {
    struct stage *stage = ctx;
    worker_answer(&stage->workers[worker_of_session(answer->ask.session)], answer);
}

static void on_credits(void *ctx) {
    struct stage *stage = ctx;
    for (unsigned i = 0; i < WORKERS; i++) {
        worker_give_credits(&stage->workers[i]);
    }
}

static void on_kept(void *ctx, const struct event *ev) {
    struct stage *stage = ctx;
    credential_on_fact(&stage->server, ev);
}

static const struct ring_ops ring_ops = {
    .on_batch = on_batch,
    .on_answer = on_answer,
    .on_kept = on_kept,
    .on_credits = on_credits,
};

static void on_fact(void *ctx, const struct event *ev) {
    struct stage *stage = ctx;
    core_restore(stage->server.core, ev);
    credential_on_fact(&stage->server, ev);
}

static void start_workers(struct stage *stage) {
    struct server *server = &stage->server;
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker *w = &stage->workers[i];
        stage->loop_due_us[i] = NEVER;
        enum err err = worker_init(w, server, i);
        CHECK(err == OK);
        fake_loop_attach(&w->loop, &stage->net);
        err = worker_add_entrance(w, DOOR_HTTP, ENTRANCE_HTTP, false);
        CHECK(err == OK);
        err = worker_add_entrance(w, DOOR_OPERATOR, ENTRANCE_OPERATOR, false);
        CHECK(err == OK);
        err = worker_add_entrance(w, DOOR_TCHATATOR, ENTRANCE_TCHATATOR, false);
        CHECK(err == OK);
    }
}

static void start(struct stage *stage) {
    struct server *server = &stage->server;
    const struct config *config = stage->settings.config;
    server->health = health_new();
    server->addresses = addresses_new();
    server->tokens = token_table_new();
    server->core = core_new(&stage->limits);
    enum err err = server->store->ops->load(server->store, on_fact, stage);
    CHECK(err == OK);
    start_workers(stage);
    err = ring_start(
        &(struct ring_parts){
            .core = server->core,
            .store = server->store,
            .health = server->health,
            .limits = &stage->limits,
            .worker_count = WORKERS,
            .credits = (uint32_t)config->server_credits,
            .away_ms = (uint32_t)config->store_away_ms,
            .ops = &ring_ops,
            .ctx = stage,
        },
        &server->ring, NULL);
    CHECK(err == OK);
    fake_ring_attach(server->ring, &stage->hooks);
    for (unsigned part = 0; part < FAKE_PART_COUNT; part++) {
        stage->part_due_us[part] = NEVER;
    }
    health_store_ok(server->health);
}

static bool is_over(const struct stage *stage) {
    for (unsigned i = 0; i < WORKERS; i++) {
        if (!fake_loop_is_over(&stage->workers[i].loop)) {
            return false;
        }
    }
    return true;
}

/* A worker whose loop has ended does not open what still comes; its credits end with it. */
static bool has_mail(const struct stage *stage) {
    for (unsigned i = 0; i < WORKERS; i++) {
        const struct worker *w = &stage->workers[i];
        if (w->inbox.list.first != NULL || w->answers.list.first != NULL) {
            return true;
        }
    }
    return false;
}

static void stop(struct stage *stage) {
    struct server *server = &stage->server;
    stage_run(stage);
    atomic_store(&server->is_draining, true);
    for (unsigned i = 0; i < WORKERS; i++) {
        worker_poke(&stage->workers[i]);
    }
    stage_run(stage);
    for (unsigned s = 0; s < 10 && !is_over(stage); s++) {
        stage_pass(stage, 1000);
    }
    CHECK(is_over(stage));
    CHECK(has_mail(stage) ||
          fake_ring_credits(server->ring) == (int64_t)stage->settings.config->server_credits);
    ring_stop(&server->ring);
    for (unsigned i = 0; i < WORKERS; i++) {
        worker_fini(&stage->workers[i]);
    }
    core_free(&server->core);
    addresses_free(&server->addresses);
    token_table_free(&server->tokens);
    health_free(&server->health);
    atomic_store(&server->is_draining, false);
}

void stage_restart(struct stage *stage) {
    stop(stage);
    start(stage);
}

/* ---- its life */

static void make_settings(struct stage *stage, const char *const *settings, size_t count) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(WHY_BYTES_MAX);
    const char *set[SETTINGS_MAX] = { "store.url=memory:" };
    CHECK(count < SETTINGS_MAX);
    for (size_t i = 0; i < count; i++) {
        set[1 + i] = settings[i];
    }
    enum err err = config_load(&(struct config_sources){ .set = set, .set_count = 1 + count },
                               &stage->settings.config, &why);
    if (err == OK) {
        err = jwt_keys_new(&(struct jwt_keys_spec){ .secret = STR_LIT(STAGE_SECRET) },
                           &stage->settings.keys, &why);
    }
    if (err != OK) {
        LOG_ERROR("config.refused", TEXT("why", buf_str(&why)));
    }
    CHECK(err == OK);
    settings_core_limits(&stage->settings, &stage->limits);
}

struct stage *stage_new(const char *const *settings, size_t count) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(WHY_BYTES_MAX);
    struct stage *stage = xzalloc(sizeof *stage);
    fake_clock_start(1000000, STAGE_START_MS);
    rng_seed(&stage->rng, 1);
    list_init(&stage->onlookers);
    stage->net = (struct fake_net){
        .rng = &stage->rng, .ctx = stage, .on_want = on_loop_wants, .on_down = on_down
    };
    stage->hooks = (struct fake_ring_hooks){ .on_want = on_part_wants,
                                             .on_dead = on_dead,
                                             .does_hang = is_never,
                                             .does_read_fail = is_never,
                                             .ctx = stage };
    make_settings(stage, settings, count);
    atomic_init(&stage->server.settings, &stage->settings);
    stage->server.workers = stage->workers;
    stage->server.worker_count = WORKERS;
    stage->decode.json = json_reader_new(OPERATOR_LINE_BYTES_MAX);
    stage->decode.text = BUF_INIT(OPERATOR_LINE_BYTES_MAX);
    enum err err = store_open(STR_LIT("memory:"), &stage->server.store, &why);
    CHECK(err == OK);
    start(stage);
    return stage;
}

void stage_free(struct stage **out) {
    struct stage *stage = *out;
    *out = NULL;
    if (stage == NULL) {
        return;
    }
    stop(stage);
    CHECK(list_is_empty(&stage->onlookers));
    fake_net_fini(&stage->net);
    stage->server.store->ops->free(&stage->server.store);
    json_reader_free(&stage->decode.json);
    buf_fini(&stage->decode.text);
    config_free(&stage->settings.config);
    jwt_keys_unref(&stage->settings.keys);
    xfree(stage);
}

/* ---- what scripts do to it */

void stage_set_room(struct stage *stage, bool has_room) {
    const struct memory_faults full = { .at = 1, .count = UINT64_MAX, .err = ERR_FULL };
    const struct memory_faults none = { 0 };
    memory_store_set_faults(stage->server.store, has_room ? &none : &full);
    if (has_room) {
        stage_pass(stage, (FAKE_RING_RETRY_US + FAKE_RING_LOOK_US) / 1000);
    }
}

/* Writes one fact as the ring would. */
static void keep(struct stage *stage, const struct event *fact) {
    struct batch *batch = batch_new(clock_wall_ms());
    struct event *ev = batch_event(batch, fact->type);
    *ev = *fact;
    ev->at_ms = batch->at_ms;
    enum err err = stage->server.store->ops->commit(stage->server.store, batch);
    CHECK(err == OK);
    core_restore(stage->server.core, ev);
    credential_on_fact(&stage->server, ev);
    batch_unref(&batch);
}

static void create_user(struct stage *stage, struct str username, uint64_t user) {
    if (!inside_has_user(stage->server.core, user)) {
        keep(stage,
             &(struct event){ .type = EV_user_created, .user = { user }, .username = username });
    }
}

void stage_give_token(struct stage *stage, struct str username, uint64_t user, struct buf *out) {
    SCOPED(buf_fini) struct buf hash_text = BUF_INIT(WHY_BYTES_MAX);
    struct token_found found;
    size_t begin = out->n;
    create_user(stage, username, user);
    buf_printf(out, "the-token-of-%.*s", STR_FMT(username));
    struct str text = { out->p + begin, out->n - begin };
    struct token_hash hash = token_hash(&stage->server.token_key, text);
    if (token_table_find(stage->server.tokens, &hash, &found) == OK) {
        return;
    }
    base64url_put(&hash_text, hash.b, sizeof hash.b);
    keep(stage, &(struct event){ .type = EV_token_added,
                                 .user = { user },
                                 .label = STR_LIT("talk"),
                                 .hash = buf_str(&hash_text) });
}

bool stage_belong(struct stage *stage, struct str username, uint64_t user, struct str room) {
    uint64_t id = inside_room(stage->server.core, room);
    if (id == 0) {
        return false;
    }
    create_user(stage, username, user);
    keep(stage, &(struct event){ .type = EV_member_added, .user = { user }, .room = { id } });
    return true;
}

struct fake_link *stage_connect(struct stage *stage, enum stage_door door, struct onlooker *o) {
    struct worker *w = &stage->workers[stage->arrivals++ % WORKERS];
    struct fake_link *link = fake_link_new(&stage->net, &w->loop, door, ADDRESS, o);
    CHECK(link != NULL);
    if (!node_is_on_list(&o->on_stage)) {
        list_push(&stage->onlookers, &o->on_stage);
    }
    return link;
}

bool stage_ask(struct stage *stage, struct fake_link *link, struct str line) {
    struct cmd cmd;
    struct session *s =
        link == NULL || link->conn == NULL ? NULL : CONTAINER_OF(link->conn, struct session, conn);
    operator_dialect()->decode(&stage->decode, line, &cmd);
    if (s == NULL || s->state != SESSION_LIVE || cmd.type == CMD_malformed) {
        return false;
    }
    (void)session_ask(s, &cmd);    // it is on its way whatever is returned
    loop_wake(s->conn.loop);       // at the end of the turn that this begins
    return true;
}
