/* What sending costs while a room loses a million messages.
 *
 *     prune_bench [--json] [--rows N] [--rate R] [--dir DIR]
 *
 * A sqlite store is filled with N messages of one room and tended until all are indexed. Then the
 * real ring runs on it, core, store and all, and somebody sends R messages a second into another
 * room: first in peace, then while retention takes the N messages away, in the same process and on
 * the same disk. A send's time is from its push into the ring until its batch reaches the worker,
 * so it has the commit and its sync in it. At the end the rest of the upkeep runs alone, to see how
 * fast retention is when nobody is in its way. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "core/core.h"
#include "obs/health.h"
#include "obs/metrics.h"
#include "server/ring.h"
#include "store/store.h"

#define FILL_BATCH 1000
#define PEACE_SENDS 5000
#define SENDS_MAX 2000000
#define ROOM_OLD 2
#define ROOM_NEW 1
#define ANN 1
#define IDLE_ROWS 200000    // kept for the end, when nobody sends

struct options {
    bool is_json;
    uint64_t rows;
    uint64_t rate;
    const char *dir;
};

/* The one worker: it only takes the time. */
struct worker {
    struct ring *ring;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint64_t heard;
    uint64_t heard_us;
};

static const char *const words[] = {
    "the",   "message", "of",     "usual", "length",  "sixty",  "characters", "more",
    "or",    "less",    "lunch",  "today", "who",     "comes",  "along",      "deploy",
    "build", "broken",  "thanks", "été",   "réunion", "demain", "review",     "merge",
};

static void put_text(struct rng *rng, struct buf *out) {
    buf_reset(out);
    for (int i = 0; i < 10; i++) {
        buf_put_str(out, str_of(words[rng_below(rng, COUNT(words))]));
        buf_put_char(out, ' ');
    }
    buf_put_u64(out, rng_below(rng, 100000));
}

/* ---- filling */

static struct store *fill(const struct options *o, const char *dir) {
    struct store *store;
    struct buf why = BUF_INIT(1024), text = BUF_INIT(4096);
    struct rng rng;
    char url[300];
    rng_seed(&rng, 1);
    snprintf(url, sizeof url, "sqlite:%s/parloir.db", dir);
    CHECK(store_open(str_of(url), &store, &why) == OK);
    struct batch *b = batch_new(1);
    struct event *ev = batch_event(b, EV_user_created);
    ev->user.v = ANN;
    ev->username = STR_LIT("ann");
    ev = batch_event(b, EV_room_created);
    ev->room.v = ROOM_OLD;
    ev->server = SERVER_LOBBY;
    ev->room_name = STR_LIT("old");
    CHECK(store->ops->commit(store, b) == OK);
    batch_unref(&b);
    for (uint64_t n = 0; n < o->rows + IDLE_ROWS; n += FILL_BATCH) {
        b = batch_new(1700000000000 + n);
        for (int i = 0; i < FILL_BATCH; i++) {
            ev = batch_event(b, EV_message_posted);
            ev->room.v = ROOM_OLD;
            ev->user.v = ANN;
            put_text(&rng, &text);
            ev->content = batch_str(b, buf_str(&text));
        }
        CHECK(store->ops->commit(store, b) == OK);
        batch_unref(&b);
    }
    buf_fini(&text);
    buf_fini(&why);
    return store;
}

/* Tends the store alone. Returns the seconds it took. */
static double tend_all(struct store *store, const struct keep *keep, uint64_t *pruned) {
    uint64_t began_us = clock_mono_us();
    struct tend_ask ask = { .keep = *keep, .now_ms = clock_wall_ms(), .budget_us = 3000 };
    struct tend_report report = { .has_more = true };
    while (report.has_more) {
        CHECK(store->ops->tend(store, &ask, &report) == OK);
        *pruned += report.pruned;
    }
    return (double)(clock_mono_us() - began_us) / 1e6;
}

/* ---- sending */

static void on_batch(void *ctx, unsigned index, struct batch *batch) {
    struct worker *w = ctx;
    (void)index;
    pthread_mutex_lock(&w->lock);
    w->heard++;
    w->heard_us = clock_mono_us();
    pthread_cond_signal(&w->moved);
    pthread_mutex_unlock(&w->lock);
    ring_release(w->ring, batch);
}

static void on_answer(void *ctx, struct answer *answer) {
    (void)ctx;
    answer_free(&answer);
}

static void on_kept(void *ctx, const struct event *ev) {
    (void)ctx;
    (void)ev;
}

static void on_credits(void *ctx) {
    (void)ctx;
}

static const struct ring_ops ops = {
    .on_batch = on_batch,
    .on_answer = on_answer,
    .on_kept = on_kept,
    .on_credits = on_credits,
};

/* Pushes one command and waits until its batch is heard. Returns the microseconds. */
static uint32_t push(struct worker *w, struct cmd cmd) {
    cmd.session.v = 11;
    cmd.dialect = DIALECT_hub;
    struct qlist intakes;
    qlist_init(&intakes);
    qlist_push(&intakes, &intake_new(&cmd)->link);
    ring_admit_always(w->ring);
    pthread_mutex_lock(&w->lock);
    uint64_t before = w->heard;
    uint64_t began_us = clock_mono_us();
    ring_push(w->ring, &intakes);
    while (w->heard == before) {
        pthread_cond_wait(&w->moved, &w->lock);
    }
    uint32_t took_us = (uint32_t)(w->heard_us - began_us);
    pthread_mutex_unlock(&w->lock);
    return took_us;
}

static uint32_t send_one(struct worker *w, const struct options *o, struct rng *rng) {
    uint64_t gap_us = 1000000 / o->rate;
    uint64_t wait_us = gap_us / 2 + rng_below(rng, gap_us);    // in no step with the slices
    nanosleep(&(struct timespec){ .tv_nsec = (long)wait_us * 1000 }, NULL);
    return push(w,
                (struct cmd){ .type = CMD_message_send,
                              .room = ROOM_NEW,
                              .content = STR_LIT("a message of the usual length, more or less") });
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t percentile(uint32_t *us, size_t n, unsigned permille) {
    qsort(us, n, sizeof *us, by_size);
    return us[MIN(n - 1, n * permille / 1000)];
}

/* One phase, and what it took. */
struct phase {
    size_t sends;
    double seconds;
    uint64_t pruned;
    uint32_t p50_us;
    uint32_t p99_us;
    uint32_t max_us;
};

/* Sends until `sends` are through, or, if 0, until `rows` messages were taken. */
static struct phase run(struct worker *w, const struct options *o, size_t sends, uint64_t rows) {
    static uint32_t us[SENDS_MAX];
    struct rng rng;
    struct phase out = { 0 };
    uint64_t began_us = clock_mono_us();
    int64_t before = metrics_value(METRIC_messages_pruned_total, 0);
    rng_seed(&rng, 2);
    while (out.sends < SENDS_MAX && (sends != 0 ? out.sends < sends : out.pruned < rows)) {
        us[out.sends++] = send_one(w, o, &rng);
        out.pruned = (uint64_t)(metrics_value(METRIC_messages_pruned_total, 0) - before);
    }
    out.seconds = (double)(clock_mono_us() - began_us) / 1e6;
    out.p50_us = percentile(us, out.sends, 500);
    out.p99_us = percentile(us, out.sends, 990);
    out.max_us = us[out.sends - 1];
    return out;
}

static void on_fact(void *ctx, const struct event *ev) {
    core_restore(ctx, ev);
}

static void run_ring(const struct options *o, struct store *store, struct phase *peace,
                     struct phase *prune) {
    struct core_limits limits = { .message_chars = 4000,
                                  .sessions_per_user = 10,
                                  .follows_per_session = 10 };
    struct worker w = { .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER };
    struct core *core = core_new(&limits);
    struct health *health = health_new();
    struct buf why = BUF_INIT(1024);
    CHECK(store->ops->load(store, on_fact, core) == OK);
    CHECK(ring_start(&(struct ring_parts){ .core = core,
                                           .store = store,
                                           .health = health,
                                           .limits = &limits,
                                           .worker_count = 1,
                                           .credits = 64,
                                           .away_ms = 600000,
                                           .ops = &ops,
                                           .ctx = &w },
                     &w.ring, &why) == OK);
    (void)push(&w, (struct cmd){ .type = CMD_session_open, .user = ANN });
    *peace = run(&w, o, PEACE_SENDS, 0);
    ring_set_keep(w.ring, &(struct keep){ .messages = IDLE_ROWS });
    *prune = run(&w, o, 0, o->rows);
    ring_stop(&w.ring);
    core_free(&core);
    health_free(&health);
}

static bool read_options(int argc, char **argv, struct options *o) {
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--json") == 0) {
            o->is_json = true;
        } else if (strcmp(argv[i], "--rows") == 0 && has_value) {
            o->rows = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--rate") == 0 && has_value) {
            o->rate = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--dir") == 0 && has_value) {
            o->dir = argv[++i];
        } else {
            return false;
        }
    }
    return o->rows > 0 && o->rate > 0;
}

static void print_phase(const char *name, const struct phase *p) {
    printf("%-10s %8zu sends %7.1f s %8llu rows taken   p50 %6u us   p99 %6u us   max %6u us\n",
           name, p->sends, p->seconds, (unsigned long long)p->pruned, p->p50_us, p->p99_us,
           p->max_us);
    fflush(stdout);
}

int main(int argc, char **argv) {
    struct options o = { .rows = 1000000, .rate = 500, .dir = "/tmp" };
    if (!read_options(argc, argv, &o)) {
        fprintf(stderr, "usage: prune_bench [--json] [--rows N] [--rate R] [--dir DIR]\n");
        return 2;
    }
    char dir[256], command[320];
    snprintf(dir, sizeof dir, "%s/prune-bench-XXXXXX", o.dir);
    CHECK(mkdtemp(dir) != NULL);
    struct store *store = fill(&o, dir);
    uint64_t none = 0, idle_rows = 0;
    double index_s = tend_all(store, &(struct keep){ 0 }, &none);
    struct phase peace, prune;
    run_ring(&o, store, &peace, &prune);
    double idle_s = tend_all(store, &(struct keep){ .messages = 1 }, &idle_rows);
    double index_rate = (double)(o.rows + IDLE_ROWS) / index_s;
    double idle_rate = (double)idle_rows / idle_s;
    double ratio = (double)prune.p99_us / (double)peace.p99_us;
    if (o.is_json) {
        printf("{\"bench\":\"prune\",\"rows\":%llu,\"sends\":%zu,\"p99_us\":%u,\"p99_prune_us\":%u,"
               "\"ratio\":%.3f,\"rows_s\":%.0f,\"idle_rows_s\":%.0f,\"index_rows_s\":%.0f}\n",
               (unsigned long long)prune.pruned, prune.sends, peace.p99_us, prune.p99_us, ratio,
               (double)prune.pruned / prune.seconds, idle_rate, index_rate);
    } else {
        print_phase("in peace", &peace);
        print_phase("pruning", &prune);
        printf("p99 %.2f times; %.0f rows/s while sending, %.0f alone; indexing %.0f rows/s\n",
               ratio, (double)prune.pruned / prune.seconds, idle_rate, index_rate);
    }
    store->ops->free(&store);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    CHECK(system(command) == 0);
    return 0;
}
