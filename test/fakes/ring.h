/* A ring that is stepped by hand: server/ring.h with its promises, and no thread in it.
 *
 *     ring_push ──> [intakes] ──core──> batch ──store──> written ──store──> on_batch
 *                                 │ nothing kept: straight on ──────────────────^
 *                                 └─ asks ──reader──> on_answer
 *
 * The three parts of the real one are three functions here; who calls them when, is the scheduler's
 * to draw. Each does what its thread would do until it would have to wait, or until another thread
 * could see what it has done.
 *
 * So a batch with something kept takes two steps of the store, as server/ring.c first commits and
 * then dispatches. In between it is in the store and no worker knows of it: the reader, which is
 * asked only behind the batch of its question, may answer an earlier one with what is in this; the
 * core sleeps, or serves what needs no store, if its patience had ended; and the process may die.
 * Upkeep waits until all are told. One thing is coarser than there: all workers are told in one
 * step. Each opens its letters in a turn of its own, so they learn of it one by one all the same.
 *
 * Thread   one.   Memory   ring_stop and fake_ring_kill free it, whatever is inside. */
#ifndef PARLOIR_FAKES_RING_H
#define PARLOIR_FAKES_RING_H

#include "server/ring.h"

#define FAKE_RING_RETRY_US 250000    // between two tries to commit a held batch
#define FAKE_RING_LOOK_US 50000      // how often the core looks whether the store is back

struct intake;

enum fake_part { FAKE_CORE, FAKE_STORE, FAKE_READER, FAKE_PART_COUNT };

/* Somebody who breaks the ring on purpose. Every one may be NULL. */
struct fake_intruder {
    /* A batch is about to go to the workers. false: it does not; the intruder has seen to it. */
    bool (*on_dispatch)(void *ctx, struct batch *batch);

    /* A batch is about to be committed. */
    void (*on_commit)(void *ctx, struct batch *batch);

    /* The store could not write the batch it has. true: forget the batch. */
    bool (*does_forget)(void *ctx, struct batch *batch);

    /* An intake was pushed. false: the intruder has taken it. */
    bool (*on_intake)(void *ctx, struct intake *intake);

    /* A question was answered. */
    void (*on_answer)(void *ctx, struct answer *answer);

    /* How many of these credits really come back. */
    size_t (*credits)(void *ctx, size_t credits);
    void *ctx;
};

struct fake_ring_hooks {
    /* This part has something to do. */
    void (*on_want)(void *ctx, enum fake_part part);

    /* The store said ERR_IO: the process would end here. */
    void (*on_dead)(void *ctx);

    /* Whether the store takes so long over the batch it has that a step changes nothing. */
    bool (*does_hang)(void *ctx);

    /* Whether the reader fails to answer. */
    bool (*does_read_fail)(void *ctx);
    void *ctx;
    const struct fake_intruder *intruder;    // borrowed, or NULL
};

/* Pushes one intake. */
void fake_ring_push(struct ring *ring, struct intake *intake);

/* After ring_start: who steps it. Borrowed. */
void fake_ring_attach(struct ring *ring, const struct fake_ring_hooks *hooks);

/* One step of a part. Returns in how many microseconds another is worth making, UINT64_MAX: when
 * on_want says so. */
uint64_t fake_ring_step(struct ring *ring, enum fake_part part);

/* The process ends: everything in it is gone. Sets *ring to NULL. */
void fake_ring_kill(struct ring **ring);

/* Whether nothing is in it; how many credits are left. */
bool fake_ring_is_idle(struct ring *ring);
int64_t fake_ring_credits(const struct ring *ring);

/* Hands a batch to every worker, as if the store were done with it; takes no reference away. */
void fake_ring_dispatch(struct ring *ring, struct batch *batch);

#endif
