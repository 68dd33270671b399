/* The sweep: see sweep.h. */
#include "server/sweep.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "media/files.h"
#include "obs/metrics.h"
#include "server/server.h"
#include "store/store.h"

#define SWEEP_FACTS_MAX 100
#define SECOND_MS 1000
#define ROUND_MS_MAX 3600000    // between two rounds
#define FILE_MS_MIN 3600000     // a file may wait so long for the store to keep its fact
#define FILES_MS_MIN 900000     // between two looks at all files, of which there may be a million
#define ROUNDS_PER_ORPHAN 4     // while the youngest that may go comes of age

struct sweep {
    struct server *server;          // borrowed
    struct store_reader *reader;    // owned; NULL until it is needed
    pthread_t thread;
    pthread_mutex_t lock;    // of is_woken
    pthread_cond_t woken;
    bool is_woken;    // there is news in the next two
    atomic_bool is_stopping;
    atomic_uint_least64_t orphan_ms;
    struct upload_list asked;    // facts that were asked to go, whose files are next
    bool has_more;               // there may be more of them
    uint64_t files_due_ms;       // when all files are looked at again, monotonic
    uint64_t removed;            // files, in this round
    bool is_failed;              // it could not look: nothing is removed on a guess
};

/* Asks the core to forget it; nobody waits for the answer. */
static void remove_fact(struct sweep *s, struct str name) {
    struct cmd cmd = { .type = CMD_upload_remove, .dialect = DIALECT_OPERATOR, .label = name };
    struct intake *intake = intake_new(&cmd);
    struct qlist one;
    intake->taken_us = clock_mono_us();
    qlist_init(&one);
    qlist_push(&one, &intake->link);
    ring_admit_always(s->server->ring);
    ring_push(s->server->ring, &one);
}

/* Removes a file that no fact knows. ERR_EXISTS: one does. */
static enum err remove_unknown(struct sweep *s, struct str name) {
    struct upload known;
    SCOPED(arena_fini) struct arena arena = ARENA_INIT;
    enum err err = s->reader->ops->upload(s->reader, name, &arena, &known);
    if (err == ERR_NOT_FOUND) {
        s->removed += media_file_remove(s->server->media, name) == OK;
        return OK;
    }
    s->is_failed = err != OK;
    return err == OK ? ERR_EXISTS : err;
}

static bool look_at(void *ctx, struct str name) {
    struct sweep *s = ctx;
    (void)!remove_unknown(s, name);
    return !s->is_failed && !atomic_load(&s->is_stopping);
}

/* Removes the files of the facts that went since; the others are to be asked again. */
static void sweep_asked(struct sweep *s) {
    for (size_t i = 0; i < s->asked.count && !s->is_failed; i++) {
        s->has_more |= remove_unknown(s, s->asked.uploads[i].name) == ERR_EXISTS;
    }
    upload_list_fini(&s->asked);
}

/* Asks the facts that no message shows to go. */
static void sweep_facts(struct sweep *s, uint64_t before_ms) {
    enum err err = s->reader->ops->orphans(s->reader, before_ms, SWEEP_FACTS_MAX, &s->asked);
    s->is_failed = err != OK;
    for (size_t i = 0; i < s->asked.count; i++) {
        remove_fact(s, s->asked.uploads[i].name);
    }
    s->has_more = s->asked.count == SWEEP_FACTS_MAX;
}

/* Removes the files that no fact knows, if it is time to look for them. */
static void sweep_files(struct sweep *s, uint64_t before_ms) {
    size_t left = 0;
    uint64_t now_ms = clock_mono_us() / 1000;
    if (now_ms < s->files_due_ms) {
        return;
    }
    s->files_due_ms = now_ms + FILES_MS_MIN;
    if (media_files_each(s->server->media, before_ms, look_at, s) != OK ||
        media_files_sweep(s->server->media, before_ms, &left) != OK) {
        s->is_failed = true;
    }
    s->removed += left;
}

static void report(struct sweep *s) {
    if (s->removed > 0) {
        METRIC_ADD(uploads_removed_total, s->removed);
        LOG_INFO("uploads.removed", U64("count", s->removed));
    }
    if (s->is_failed) {
        LOG_WARN("uploads.not_swept", STR("why", "the store or the disk could not be read"));
    }
    s->removed = 0;
    s->is_failed = false;
}

/* One step of a round: facts, a second, their files, as often as there are facts; then what no fact
 * knows. Returns after how many milliseconds the next is due. */
static uint64_t step(struct sweep *s) {
    struct store *store = s->server->store;
    uint64_t orphan_ms = atomic_load(&s->orphan_ms);
    uint64_t now_ms = clock_wall_ms();
    bool is_after_facts = s->asked.count > 0;
    if (s->reader == NULL && store->ops->reader_open(store, &s->reader) != OK) {
        s->is_failed = true;
    } else {
        sweep_asked(s);
    }
    if (!s->is_failed && (!is_after_facts || s->has_more)) {
        sweep_facts(s, now_ms - MIN(now_ms, orphan_ms));
    }
    if (s->asked.count > 0) {
        return SECOND_MS;    // the ring has these to do first
    }
    if (!s->is_failed) {
        sweep_files(s, now_ms - MIN(now_ms, MAX(orphan_ms, FILE_MS_MIN)));
    }
    report(s);
    return MIN(ROUND_MS_MAX, orphan_ms / ROUNDS_PER_ORPHAN);
}

/* Sleeps until the next step is due, or there is news. true: it is to end. */
static bool is_told_to_end(struct sweep *s, uint64_t ms) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(ms / SECOND_MS) + 1;
    pthread_mutex_lock(&s->lock);
    int late = 0;
    while (!s->is_woken && late == 0) {
        late = pthread_cond_timedwait(&s->woken, &s->lock, &until);
    }
    s->is_woken = false;
    pthread_mutex_unlock(&s->lock);
    return atomic_load(&s->is_stopping);
}

static void wake(struct sweep *s) {
    pthread_mutex_lock(&s->lock);
    s->is_woken = true;
    pthread_cond_signal(&s->woken);
    pthread_mutex_unlock(&s->lock);
}

static void *sweep_main(void *arg) {
    struct sweep *s = arg;
    pthread_setname_np(pthread_self(), "parloir-sweep");
    while (!is_told_to_end(s, step(s))) {
    }
    return NULL;
}

struct sweep *sweep_start(struct server *server, uint64_t orphan_ms) {
    struct sweep *s = xzalloc(sizeof *s);
    s->server = server;
    atomic_init(&s->orphan_ms, orphan_ms);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->woken, NULL);
    CHECK(pthread_create(&s->thread, NULL, sweep_main, s) == 0);
    return s;
}

void sweep_set(struct sweep *s, uint64_t orphan_ms) {
    if (atomic_exchange(&s->orphan_ms, orphan_ms) != orphan_ms) {
        wake(s);
    }
}

void sweep_stop(struct sweep **sweep) {
    struct sweep *s = *sweep;
    if (s == NULL) {
        return;
    }
    atomic_store(&s->is_stopping, true);
    wake(s);
    pthread_join(s->thread, NULL);
    if (s->reader != NULL) {
        s->reader->ops->free(&s->reader);
    }
    upload_list_fini(&s->asked);
    pthread_cond_destroy(&s->woken);
    pthread_mutex_destroy(&s->lock);
    xfree(s);
    *sweep = NULL;
}
