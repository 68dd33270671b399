/* The ring: see ring.h for the picture and the promises.
 *
 * The joint between core and store is one slot, not a queue: `in_store`. While it is filled the
 * core does not take intakes, so they pile up in the first queue, where they cost nothing and can
 * still be refused. Credits are one atomic number; whoever is refused sets `is_hungry`, and whoever
 * gives back wakes the workers once. */
#include "server/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "core/tape.h"
#include "obs/health.h"
#include "obs/metrics.h"
#include "server/held.h"
#include "server/upkeep.h"

#define RETRY_MS 250                  // between two tries to commit a held batch
#define ANSWERS_MAX 64                // read and not yet said: each may hold 200 long messages
#define AWAY_LOOK_MS 50               // how often the core looks whether the store is back
#define TAPE_BYTES_MAX (64u << 20)    // of one batch's commands, before they are written out

struct ring {
    struct ring_parts parts;
    struct queue intakes;
    struct queue asks;
    pthread_t core_thread;
    pthread_t store_thread;
    pthread_t reader_thread;
    struct store_reader *reader;

    atomic_int_least64_t credits;    // left; below zero only through ring_admit_always
    atomic_bool is_hungry;           // somebody was refused a credit
    atomic_bool is_stopping;
    atomic_bool is_reader_stopping;
    sem_t may_read;    // answers that may still be under way

    pthread_mutex_t lock;      // of what follows
    pthread_cond_t moved;      // in_store, stuck or is_store_stopping changed
    struct batch *in_store;    // the one batch the store has
    enum err stuck;            // why the store cannot write it now; OK: it can, or has not said
    bool is_store_stopping;
    bool has_limits;    // new ones wait for the core
    struct core_limits limits;
    uint32_t away_ms;
    bool has_keep;    // new ones wait for the store's thread
    struct keep keep;

    struct upkeep upkeep;    // the store's thread's

    FILE *tape;    // the core's thread's
    struct buf tape_text;
};

/* ---- credits */

bool ring_admit(struct ring *ring) {
    if (atomic_fetch_sub_explicit(&ring->credits, 1, memory_order_acq_rel) > 0) {
        return true;
    }
    atomic_store(&ring->is_hungry, true);
    ring_return(ring, 1);    // and look again: what came back in between must wake somebody
    return false;
}

void ring_admit_always(struct ring *ring) {
    atomic_fetch_sub_explicit(&ring->credits, 1, memory_order_acq_rel);
}

void ring_return(struct ring *ring, size_t credits) {
    int64_t left = atomic_fetch_add(&ring->credits, (int64_t)credits) + (int64_t)credits;
    if (left > 0 && atomic_load(&ring->is_hungry) && atomic_exchange(&ring->is_hungry, false)) {
        ring->parts.ops->on_credits(ring->parts.ctx);
    }
}

void ring_answered(struct ring *ring) {
    sem_post(&ring->may_read);
    ring_return(ring, 1);
}

void ring_push(struct ring *ring, struct qlist *intakes) {
    queue_push_all(&ring->intakes, intakes);
}

void ring_release(struct ring *ring, struct batch *batch) {
    size_t credits =
        batch->intake_count - batch->ask_count;    // an ask's comes back with its answer
    if (batch_unref(&batch) && credits > 0) {
        ring_return(ring, credits);
    }
}

/* ---- what is through goes out */

/* The caller has a reference of its own. Questions go to the reader after the batch has gone to the
 * workers, so that no answer arrives before what was said earlier. */
static void dispatch(struct ring *ring, struct batch *batch) {
    if (batch->first == NULL) {
        return;    // everything of it waits
    }
    unsigned count = ring->parts.worker_count;
    atomic_fetch_add(&batch->refs, count);
    for (unsigned i = 0; i < count; i++) {
        ring->parts.ops->on_batch(ring->parts.ctx, i, batch);
    }
    if (batch->ask_count == 0) {
        return;
    }
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_ASK) {
            queue_push(&ring->asks, &answer_new(&item->ask)->link);
        }
    }
}

/* ---- the core's thread */

static void tape_batch_of(struct ring *ring, struct batch *batch) {
    tape_put_digest(&ring->tape_text, batch);
    if (fwrite(ring->tape_text.p, 1, ring->tape_text.n, ring->tape) != ring->tape_text.n ||
        fflush(ring->tape) != 0) {
        LOG_ERROR("tape.write_failed", ERRNO(errno));
        fclose(ring->tape);
        ring->tape = NULL;
    }
    buf_reset(&ring->tape_text);
}

/* Applies one intake and keeps it with the batch that borrows its text. */
static void apply(struct ring *ring, struct batch *batch, struct intake *intake) {
    if (ring->tape != NULL) {
        tape_put(&ring->tape_text, batch->at_ms, &intake->cmd);
    }
    if (batch->taken_us == 0) {
        batch->taken_us = intake->taken_us;
    }
    core_apply(ring->parts.core, &intake->cmd, batch);
    intake->link.next = batch->intakes;
    batch->intakes = &intake->link;
    batch->intake_count++;
}

static void report_counts(struct ring *ring) {
    struct core_counts counts = core_count(ring->parts.core);
    METRIC_SET(resident_users, counts.users);
    METRIC_SET(resident_rooms, counts.rooms);
}

/* The batch leaves the core. */
static void finish(struct ring *ring, struct batch *batch) {
    if (ring->tape != NULL) {
        tape_batch_of(ring, batch);
    }
    report_counts(ring);
    METRIC_SET(queue_credits_used, (int64_t)ring->parts.credits - atomic_load(&ring->credits));
    METRIC_OBSERVE(batch_commands, batch->intake_count);
}

static struct batch *make_batch(struct ring *ring, struct qnode *taken) {
    struct batch *batch = batch_new(clock_wall_ms());
    while (taken != NULL) {
        struct intake *intake = CONTAINER_OF(taken, struct intake, link);
        taken = taken->next;
        apply(ring, batch, intake);
    }
    finish(ring, batch);
    return batch;
}

static void set_writable(struct ring *ring, bool is_writable) {
    core_set_writable(ring->parts.core, is_writable);
    if (ring->tape != NULL) {
        tape_put_writable(&ring->tape_text, is_writable);
    }
}

static void take_up_limits(struct ring *ring) {
    pthread_mutex_lock(&ring->lock);
    bool has_limits = ring->has_limits;
    struct core_limits limits = ring->limits;
    ring->has_limits = false;
    pthread_mutex_unlock(&ring->lock);
    if (has_limits) {
        core_set_limits(ring->parts.core, &limits);
        if (ring->tape != NULL) {
            tape_put_limits(&ring->tape_text, &limits);
        }
    }
}

/* Fills the slot and waits until the store is done with it. false: the store is away. */
static bool hand_to_store(struct ring *ring, struct batch *batch) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);

    pthread_mutex_lock(&ring->lock);
    uint64_t due_ns = (uint64_t)until.tv_nsec + ring->away_ms * UINT64_C(1000000);
    until.tv_sec += (time_t)(due_ns / 1000000000);
    until.tv_nsec = (long)(due_ns % 1000000000);

    ring->in_store = batch;
    pthread_cond_broadcast(&ring->moved);
    int late = 0;
    while (ring->in_store != NULL && ring->stuck == OK && late == 0) {
        late = pthread_cond_timedwait(&ring->moved, &ring->lock, &until);
    }
    bool is_done = ring->in_store == NULL;
    pthread_mutex_unlock(&ring->lock);
    return is_done;
}

static bool is_store_back(struct ring *ring) {
    pthread_mutex_lock(&ring->lock);
    bool is_back = ring->in_store == NULL;
    pthread_mutex_unlock(&ring->lock);
    return is_back;
}

/* Appends what may not pass the held batch to *last and applies the rest. Returns the new end. */
static struct qnode **sort_out(struct ring *ring, struct qnode *taken, struct qnode **last,
                               struct held *untouchable) {
    struct batch *batch = batch_new(clock_wall_ms());
    while (taken != NULL) {
        struct intake *intake = CONTAINER_OF(taken, struct intake, link);
        taken = taken->next;
        if (held_must_wait(untouchable, &intake->cmd)) {
            intake->link.next = NULL;
            *last = &intake->link;
            last = &intake->link.next;
        } else {
            apply(ring, batch, intake);
        }
    }
    CHECK(batch->kept_count == 0);
    finish(ring, batch);
    dispatch(ring, batch);
    ring_release(ring, batch);
    return last;
}

/* Serves what needs no store while it is away. Returns what has to wait, in order. */
static struct qnode *serve_without_store(struct ring *ring, struct batch *held) {
    SCOPED(held_fini) struct held untouchable;
    held_init(&untouchable, held);
    struct qnode *waiting = NULL;
    struct qnode **last = &waiting;

    set_writable(ring, false);
    while (true) {
        struct qnode *taken = queue_wait(&ring->intakes, AWAY_LOOK_MS);
        if (is_store_back(ring)) {
            *last = taken;    // nothing of it need be refused any more
            break;
        }
        if (taken != NULL) {
            last = sort_out(ring, taken, last, &untouchable);
        }
    }
    set_writable(ring, true);
    return waiting;
}

static struct str why_away(struct ring *ring) {
    pthread_mutex_lock(&ring->lock);
    enum err stuck = ring->stuck;
    pthread_mutex_unlock(&ring->lock);
    return stuck == ERR_FULL   ? STR_LIT("the store's disk is full")
           : stuck == ERR_BUSY ? STR_LIT("another program has locked the store")
                               : STR_LIT("the store does not answer");
}

/* The held batch stays ours to look at: the core's thread has a reference of its own. */
static struct qnode *wait_for_store(struct ring *ring, struct batch *held) {
    struct str why = why_away(ring);
    health_store_away(ring->parts.health, why);
    LOG_ERROR("store.lost", TEXT("why", why), U64("kept", held->kept_count));
    struct qnode *waiting = serve_without_store(ring, held);
    health_store_ok(ring->parts.health);
    log_flush_all();    // no failure of before may be told after it
    LOG_INFO("store.returned", U64("kept", held->kept_count));
    return waiting;
}

/* One round: what was taken becomes a batch, and the batch goes through. Returns what had to wait
 * meanwhile. */
static struct qnode *go_round(struct ring *ring, struct qnode *taken) {
    take_up_limits(ring);
    struct qnode *waiting = NULL;
    struct batch *batch = make_batch(ring, taken);
    if (batch->kept_count == 0) {
        dispatch(ring, batch);
    } else if (!hand_to_store(ring, batch)) {
        waiting = wait_for_store(ring, batch);
    }
    ring_release(ring, batch);
    return waiting;
}

static void *core_main(void *arg) {
    struct ring *ring = arg;
    pthread_setname_np(pthread_self(), "parloir-core");
    struct qnode *waiting = NULL;

    report_counts(ring);
    while (true) {
        uint64_t wait_ms = atomic_load(&ring->is_stopping) ? 0 : UINT64_MAX;
        struct qnode *taken = waiting != NULL ? waiting : queue_wait(&ring->intakes, wait_ms);
        waiting = NULL;
        if (taken != NULL) {
            waiting = go_round(ring, taken);
        } else if (atomic_load(&ring->is_stopping)) {
            return NULL;
        }
    }
}

/* ---- the store's thread */

static void tell_kept(struct ring *ring, struct batch *batch) {
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_EVENT && event_is_kept(item->event.type) && !item->event.is_void) {
            ring->parts.ops->on_kept(ring->parts.ctx, &item->event);
        }
    }
}

static void set_stuck(struct ring *ring, enum err why) {
    pthread_mutex_lock(&ring->lock);
    ring->stuck = why;
    pthread_cond_broadcast(&ring->moved);
    pthread_mutex_unlock(&ring->lock);
}

/* Promise 5: what was not acknowledged may or may not be there. */
static void die(void) {
    log_flush_all();
    log_drain();
    _exit(EXIT_FAILURE);
}

/* Commits, however long it takes; only an I/O error is the end. */
static void commit(struct ring *ring, struct batch *batch) {
    while (true) {
        uint64_t began_us = clock_mono_us();
        enum err err = ring->parts.store->ops->commit(ring->parts.store, batch);
        if (err == OK) {
            METRIC_OBSERVE(commit_seconds, clock_mono_us() - began_us);
            METRIC_OBSERVE(batch_writes, batch->kept_count);
            return;
        }
        METRIC_ADD(commit_errors_total, 1);
        LOG_ERROR("store.commit_failed", STR("why", err_text(err)), U64("kept", batch->kept_count));
        if (err != ERR_BUSY && err != ERR_FULL) {
            die();
        }
        set_stuck(ring, err);
        nanosleep(&(struct timespec){ .tv_nsec = RETRY_MS * 1000000L }, NULL);
    }
}

/* Waits for a batch, for other rules, or until a slice of upkeep is due. *is_over: there will be
 * no more batches. */
static struct batch *next_for_store(struct ring *ring, bool *is_over) {
    struct timespec until = { .tv_sec = (time_t)(ring->upkeep.due_us / 1000000),
                              .tv_nsec = (long)(ring->upkeep.due_us % 1000000) * 1000 };
    int late = 0;
    pthread_mutex_lock(&ring->lock);
    while (ring->in_store == NULL && !ring->is_store_stopping && !ring->has_keep && late == 0) {
        late = pthread_cond_timedwait(&ring->moved, &ring->lock, &until);
    }
    struct batch *batch = ring->in_store;
    *is_over = batch == NULL && ring->is_store_stopping;
    if (ring->has_keep) {
        ring->has_keep = false;
        upkeep_set_keep(&ring->upkeep, &ring->keep, clock_mono_us());
    }
    pthread_mutex_unlock(&ring->lock);
    return batch;
}

static void let_go(struct ring *ring) {
    pthread_mutex_lock(&ring->lock);
    bool was_stuck = ring->stuck != OK;
    ring->in_store = NULL;
    ring->stuck = OK;
    pthread_cond_broadcast(&ring->moved);
    pthread_mutex_unlock(&ring->lock);
    if (was_stuck) {
        queue_wake(&ring->intakes);    // the core may be looking for it there
    }
}

static void tend(struct ring *ring) {
    enum err err = upkeep_run(&ring->upkeep, ring->parts.store);
    if (err != OK) {
        LOG_ERROR("store.upkeep_failed", STR("why", err_text(err)));
        die();
    }
}

static void *store_main(void *arg) {
    struct ring *ring = arg;
    pthread_setname_np(pthread_self(), "parloir-store");
    bool is_over = false;

    while (true) {
        struct batch *batch = next_for_store(ring, &is_over);
        if (is_over) {
            return NULL;
        }
        if (batch != NULL) {
            uint64_t began_us = clock_mono_us();
            commit(ring, batch);
            uint64_t took_us = clock_mono_us() - began_us;
            tell_kept(ring, batch);
            dispatch(ring, batch);
            let_go(ring);
            upkeep_after_batch(&ring->upkeep, clock_mono_us(), took_us);
        }
        uint64_t now_us = clock_mono_us();
        if (batch == NULL ? now_us >= ring->upkeep.due_us
                          : upkeep_has_share(&ring->upkeep, now_us)) {
            tend(ring);
        }
    }
}

/* ---- the reader's thread */

/* Waits until few enough answers are under way. false: the ring ends. */
static bool may_read(struct ring *ring) {
    while (!atomic_load(&ring->is_reader_stopping)) {
        if (sem_wait(&ring->may_read) == 0) {
            return !atomic_load(&ring->is_reader_stopping);
        }
    }
    return false;
}

static void *reader_main(void *arg) {
    struct ring *ring = arg;
    pthread_setname_np(pthread_self(), "parloir-reader");

    while (true) {
        struct qnode *taken = queue_wait(&ring->asks, UINT64_MAX);
        if (taken == NULL && atomic_load(&ring->is_reader_stopping)) {
            return NULL;
        }
        while (taken != NULL) {
            struct answer *answer = CONTAINER_OF(taken, struct answer, link);
            taken = taken->next;
            if (!may_read(ring)) {
                answer_free(&answer);    // the workers have ended: nobody would hear it
                continue;
            }
            enum err err = ring->reader->ops->answer(ring->reader, &answer->ask, answer);
            if (err != OK) {
                LOG_ERROR("store.read_failed", STR("why", err_text(err)));
                answer->refusal = REFUSE_store_away;
            }
            METRIC_ADD(store_questions_total, 1);
            ring->parts.ops->on_answer(ring->parts.ctx, answer);
        }
    }
}

/* ---- its life */

static void tape_fact(void *ctx, const struct event *ev) {
    struct ring *ring = ctx;
    tape_put_fact(&ring->tape_text, ev);
}

/* A tape begins with what the core knew: replay needs nothing else. */
static enum err open_tape(struct ring *ring, struct buf *why) {
    ring->tape_text = BUF_INIT(TAPE_BYTES_MAX);
    const char *path = ring->parts.tape_path;
    if (path == NULL) {
        return OK;
    }
    int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);    // as private as the data
    ring->tape = fd < 0 ? NULL : fdopen(fd, "w");
    if (ring->tape == NULL) {
        buf_printf(why, "the tape %s cannot be written: %s", path, strerror(errno));
        return ERR_IO;
    }
    tape_put_limits(&ring->tape_text, ring->parts.limits);
    enum err err = ring->parts.store->ops->load(ring->parts.store, tape_fact, ring);
    if (err != OK) {
        buf_printf(why, "the store cannot be read for the tape: %s", err_text(err));
    }
    return err;
}

static enum err open_all(struct ring *ring, struct buf *why) {
    enum err err = open_tape(ring, why);
    if (err != OK) {
        return err;
    }
    err = ring->parts.store->ops->reader_open(ring->parts.store, &ring->reader);
    if (err != OK) {
        buf_printf(why, "the store gives no reader: %s", err_text(err));
    }
    return err;
}

static void ring_free(struct ring **out) {
    struct ring *ring = *out;
    if (ring->reader != NULL) {
        ring->reader->ops->free(&ring->reader);
    }
    if (ring->tape != NULL) {
        fclose(ring->tape);
    }
    buf_fini(&ring->tape_text);
    queue_fini(&ring->intakes);
    queue_fini(&ring->asks);
    sem_destroy(&ring->may_read);
    pthread_cond_destroy(&ring->moved);
    pthread_mutex_destroy(&ring->lock);
    xfree(ring);
    *out = NULL;
}

enum err ring_start(const struct ring_parts *parts, struct ring **out, struct buf *why) {
    struct ring *ring = xzalloc(sizeof *ring);
    ring->parts = *parts;
    ring->away_ms = parts->away_ms;
    ring->upkeep.keep = parts->keep == NULL ? (struct keep){ 0 } : *parts->keep;
    upkeep_begin(&ring->upkeep, clock_mono_us());
    atomic_init(&ring->credits, (int64_t)parts->credits);
    queue_init(&ring->intakes, NULL, NULL);
    queue_init(&ring->asks, NULL, NULL);
    CHECK(sem_init(&ring->may_read, 0, ANSWERS_MAX) == 0);
    pthread_mutex_init(&ring->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&ring->moved, &attr);
    pthread_condattr_destroy(&attr);

    enum err err = open_all(ring, why);
    if (err != OK) {
        ring_free(&ring);
        return err;
    }
    CHECK(pthread_create(&ring->core_thread, NULL, core_main, ring) == 0);
    CHECK(pthread_create(&ring->store_thread, NULL, store_main, ring) == 0);
    CHECK(pthread_create(&ring->reader_thread, NULL, reader_main, ring) == 0);
    METRIC_SET(queue_credits_max, parts->credits);
    *out = ring;
    return OK;
}

void ring_stop(struct ring **out) {
    struct ring *ring = *out;
    if (ring == NULL) {
        return;
    }
    atomic_store(&ring->is_stopping, true);
    queue_wake(&ring->intakes);
    pthread_join(ring->core_thread, NULL);

    pthread_mutex_lock(&ring->lock);
    ring->is_store_stopping = true;
    pthread_cond_broadcast(&ring->moved);
    pthread_mutex_unlock(&ring->lock);
    pthread_join(ring->store_thread, NULL);

    atomic_store(&ring->is_reader_stopping, true);
    sem_post(&ring->may_read);
    queue_wake(&ring->asks);
    pthread_join(ring->reader_thread, NULL);
    ring_free(out);
}

void ring_set_limits(struct ring *ring, const struct core_limits *limits, uint32_t away_ms) {
    pthread_mutex_lock(&ring->lock);
    ring->limits = *limits;
    ring->has_limits = true;
    ring->away_ms = away_ms;
    pthread_mutex_unlock(&ring->lock);
}

void ring_set_keep(struct ring *ring, const struct keep *keep) {
    pthread_mutex_lock(&ring->lock);
    ring->keep = *keep;
    ring->has_keep = true;
    pthread_cond_broadcast(&ring->moved);
    pthread_mutex_unlock(&ring->lock);
}
