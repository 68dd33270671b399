/* The ring: one way round, from a worker's intake to the workers' batch.
 *
 *   worker ──ring_push──> [intakes] ──> CORE ──batch──> STORE ──on_batch──> every worker
 *     ^                                   └─nothing kept: straight on──┘          │
 *     └──────────────── credits come back <──────────────── ring_release ─────────┘
 *
 * The core takes everything that waits, makes one batch of it, and takes the next only when the
 * store is done with that one: so one wake-up is one batch, one transaction, one sync, and the
 * batch grows with the load by itself. Questions to the store (history) go to a reader's thread
 * once their batch is through, and come back as answers.
 *
 * Promises:
 *   1. A batch with something kept reaches no worker before it is committed and synced.
 *   2. Batches reach every worker in the order the core made them. Only while the store is away
 *      (promise 4) may batches with nothing kept pass the one that is held, and nothing in them has
 *      to do with what it touches (held.h). An answer comes after the batch of its question.
 *   3. At most `credits` commands are under way, and one more for each session that found none left
 *      when it had read its command already. Pushing into any queue after the first cannot fail.
 *   4. A batch the store cannot write is held and tried again, never dropped and never reported
 *      done. Meanwhile, after away_ms or at once when the disk is full, commands that write are
 *      refused as store_away.
 *   5. An I/O error of the store ends the process: the truth is on the disk.
 *   6. Between batches the store's thread does the store's upkeep in short slices (upkeep.h): when
 *      no batch waits, and however many come, at least every second or so if there is any to do.
 *
 * Thread   owns three: core, store, reader. Its functions may be called from any worker. */
#ifndef PARLOIR_SERVER_RING_H
#define PARLOIR_SERVER_RING_H

#include "base/base.h"
#include "base/err.h"

struct answer;
struct batch;
struct buf;
struct core;
struct core_limits;
struct event;
struct health;
struct keep;
struct qlist;
struct ring;
struct store;

struct ring_ops {
    /* A batch is through; called once for each worker, in order. The receiver calls ring_release
     * once. */
    void (*on_batch)(void *ctx, unsigned worker, struct batch *batch);

    /* A question is answered; the receiver owns the answer, frees it, and calls
     * ring_answered. */
    void (*on_answer)(void *ctx, struct answer *answer);

    /* A kept event is on the disk (called in order, on the store's thread). */
    void (*on_kept)(void *ctx, const struct event *ev);

    /* Credits came back after ring_admit had refused somebody. */
    void (*on_credits)(void *ctx);
};

struct ring_parts {
    struct core *core;                   // borrowed; the core's thread's until ring_stop
    struct store *store;                 // borrowed; the store's thread's until ring_stop
    struct health *health;               // borrowed
    const struct core_limits *limits;    // what the core was made with, for the tape
    const struct keep *keep;             // what rooms keep; NULL: everything
    unsigned worker_count;
    uint32_t credits;
    uint32_t away_ms;
    const char *tape_path;    // NULL: no tape
    const struct ring_ops *ops;
    void *ctx;
};

/* Starts the threads. ERR_IO: the store gives no reader, or the tape cannot be written; `why`
 * receives a sentence. */
enum err ring_start(const struct ring_parts *parts, struct ring **out, struct buf *why) MUST_USE;

/* Lets everything that was pushed come round, ends the threads, frees the ring. No worker may push
 * any more. */
void ring_stop(struct ring **ring);

/* Takes a credit for one command. false: none is left; stop reading until on_credits. */
bool ring_admit(struct ring *ring) MUST_USE;

/* Takes a credit even if none is left: for what must go round and is bounded otherwise (a session's
 * end, the one command it had read when the credits ran out). */
void ring_admit_always(struct ring *ring);

/* Sends intakes into the ring, which takes them over; the list is empty afterwards. A credit was
 * taken for each. */
void ring_push(struct ring *ring, struct qlist *intakes);

/* The worker has handed to the kernel, or queued for slow readers, all that the batch led to. */
void ring_release(struct ring *ring, struct batch *batch);

/* Gives credits back. */
void ring_return(struct ring *ring, size_t credits);

/* An answer has been said and freed: its credit comes back, and the reader may read on. */
void ring_answered(struct ring *ring);

/* Hands other rules of what rooms keep to the store's thread. */
void ring_set_keep(struct ring *ring, const struct keep *keep);

/* Hands a reload to the core's thread. */
void ring_set_limits(struct ring *ring, const struct core_limits *limits, uint32_t away_ms);

#endif
