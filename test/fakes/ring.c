/* The stepped ring. It follows server/ring.c function by function, with a state in the place of
 * each thread that waits: `in_store` is filled while the core's thread would sleep in
 * hand_to_store, and `is_away` says that it would be in serve_without_store instead. */
#include "test/fakes/ring.h"

#include "base/clock.h"
#include "core/batch.h"
#include "core/core.h"
#include "obs/health.h"
#include "obs/metrics.h"
#include "server/held.h"
#include "server/upkeep.h"

struct ring {
    struct ring_parts parts;
    const struct fake_ring_hooks *hooks;    // borrowed
    struct queue intakes;
    struct queue asks;
    struct qnode *asked;    // taken from asks, not yet answered
    struct store_reader *reader;
    int64_t credits;
    bool is_hungry;

    struct batch *in_store;    // what the store has, committed or not
    struct batch *held;        // the same, while the core's reference to it lives
    uint64_t since_us;         // when the store got it
    bool is_written;           // it is committed, and no worker has been told
    bool is_stuck;
    bool is_away;
    struct held untouchable;    // while it is away: what the held batch touches
    struct qnode *waiting;      // commands that may not pass the held batch, in order
    struct qnode **waiting_last;
    bool has_limits;
    struct core_limits limits;
    uint32_t away_ms;
    struct upkeep upkeep;
};

static const struct fake_intruder no_intruder;

static const struct fake_intruder *intruder_of(const struct ring *ring) {
    const struct fake_intruder *intruder = ring->hooks == NULL ? NULL : ring->hooks->intruder;
    return intruder == NULL ? &no_intruder : intruder;
}

static void want(struct ring *ring, enum fake_part part) {
    if (ring->hooks != NULL) {
        ring->hooks->on_want(ring->hooks->ctx, part);
    }
}

/* ---- credits */

bool ring_admit(struct ring *ring) {
    if (ring->credits-- > 0) {
        return true;
    }
    ring->credits++;
    ring->is_hungry = true;
    return false;
}

void ring_admit_always(struct ring *ring) {
    ring->credits--;
}

void ring_return(struct ring *ring, size_t credits) {
    const struct fake_intruder *intruder = intruder_of(ring);
    if (intruder->credits != NULL) {
        credits = intruder->credits(intruder->ctx, credits);
    }
    ring->credits += (int64_t)credits;
    if (ring->credits > 0 && ring->is_hungry) {
        ring->is_hungry = false;
        ring->parts.ops->on_credits(ring->parts.ctx);
    }
}

void ring_answered(struct ring *ring) {
    ring_return(ring, 1);
}

void fake_ring_push(struct ring *ring, struct intake *intake) {
    const struct fake_intruder *intruder = intruder_of(ring);
    if (intruder->on_intake != NULL && !intruder->on_intake(intruder->ctx, intake)) {
        return;
    }
    queue_push(&ring->intakes, &intake->link);
    want(ring, FAKE_CORE);
}

void ring_push(struct ring *ring, struct qlist *intakes) {
    while (intakes->first != NULL) {
        fake_ring_push(ring, CONTAINER_OF(qlist_pop(intakes), struct intake, link));
    }
}

void ring_release(struct ring *ring, struct batch *batch) {
    size_t credits = batch->intake_count - batch->ask_count;
    if (batch_unref(&batch) && credits > 0) {
        ring_return(ring, credits);
    }
}

/* ---- what is through goes out */

void fake_ring_dispatch(struct ring *ring, struct batch *batch) {
    unsigned count = ring->parts.worker_count;
    atomic_fetch_add(&batch->refs, count);
    for (unsigned i = 0; i < count; i++) {
        ring->parts.ops->on_batch(ring->parts.ctx, i, batch);
    }
}

static void dispatch(struct ring *ring, struct batch *batch) {
    if (batch->first == NULL) {
        return;    // everything of it waits
    }
    if (batch->ask_count > 0) {
        BATCH_EACH(item, batch) {
            if (item->kind == ITEM_ASK) {
                queue_push(&ring->asks, &answer_new(&item->ask)->link);
            }
        }
        want(ring, FAKE_READER);
    }
    const struct fake_intruder *intruder = intruder_of(ring);
    if (intruder->on_dispatch == NULL || intruder->on_dispatch(intruder->ctx, batch)) {
        fake_ring_dispatch(ring, batch);
    }
}

/* ---- the core */

static void apply(struct ring *ring, struct batch *batch, struct intake *intake) {
    if (batch->taken_us == 0) {
        batch->taken_us = intake->taken_us;
    }
    core_apply(ring->parts.core, &intake->cmd, batch);
    intake->link.next = batch->intakes;
    batch->intakes = &intake->link;
    batch->intake_count++;
}

static void take_up_limits(struct ring *ring) {
    if (ring->has_limits) {
        ring->has_limits = false;
        core_set_limits(ring->parts.core, &ring->limits);
    }
}

static struct qnode *take_waiting(struct ring *ring) {
    struct qnode *all = ring->waiting;
    ring->waiting = NULL;
    ring->waiting_last = &ring->waiting;
    return all;
}

static uint64_t go_round(struct ring *ring) {
    struct qnode *taken = take_waiting(ring);
    if (taken == NULL) {
        taken = queue_take(&ring->intakes);
    } else {
        want(ring, FAKE_CORE);    // the queue's turn is the next
    }
    if (taken == NULL) {
        return UINT64_MAX;
    }
    take_up_limits(ring);
    struct batch *batch = batch_new(clock_wall_ms());
    while (taken != NULL) {
        struct intake *intake = CONTAINER_OF(taken, struct intake, link);
        taken = taken->next;
        apply(ring, batch, intake);
    }
    if (batch->kept_count == 0) {
        dispatch(ring, batch);
        ring_release(ring, batch);
        return UINT64_MAX;
    }
    ring->in_store = batch;
    ring->held = batch;
    ring->since_us = clock_mono_us();
    want(ring, FAKE_STORE);
    return ring->away_ms * UINT64_C(1000);
}

static void serve_without_store(struct ring *ring) {
    struct qnode *taken = queue_take(&ring->intakes);
    if (taken == NULL) {
        return;
    }
    struct batch *batch = batch_new(clock_wall_ms());
    while (taken != NULL) {
        struct intake *intake = CONTAINER_OF(taken, struct intake, link);
        taken = taken->next;
        if (held_must_wait(&ring->untouchable, &intake->cmd)) {
            intake->link.next = NULL;
            *ring->waiting_last = &intake->link;
            ring->waiting_last = &intake->link.next;
        } else {
            apply(ring, batch, intake);
        }
    }
    CHECK(batch->kept_count == 0);
    dispatch(ring, batch);
    ring_release(ring, batch);
}

/* The store is done with the held batch, or the core's patience is at its end. */
static uint64_t wait_for_store(struct ring *ring) {
    uint64_t waited_us = clock_mono_us() - ring->since_us;
    if (!ring->is_away && !ring->is_stuck && waited_us < ring->away_ms * UINT64_C(1000)) {
        return ring->away_ms * UINT64_C(1000) - waited_us;
    }
    if (!ring->is_away) {
        ring->is_away = true;
        held_init(&ring->untouchable, ring->held);
        health_store_away(ring->parts.health, STR_LIT("the store does not take writes"));
        core_set_writable(ring->parts.core, false);
    }
    serve_without_store(ring);
    return FAKE_RING_LOOK_US;
}

static uint64_t step_core(struct ring *ring) {
    if (ring->in_store != NULL) {
        return wait_for_store(ring);
    }
    if (ring->is_away) {
        ring->is_away = false;
        held_fini(&ring->untouchable);
        core_set_writable(ring->parts.core, true);
        health_store_ok(ring->parts.health);
    }
    if (ring->held != NULL) {
        struct batch *batch = ring->held;
        ring->held = NULL;
        ring_release(ring, batch);
    }
    return go_round(ring);
}

/* ---- the store */

static void tell_kept(struct ring *ring, struct batch *batch) {
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_EVENT && event_is_kept(item->event.type) && !item->event.is_void) {
            ring->parts.ops->on_kept(ring->parts.ctx, &item->event);
        }
    }
}

static void let_go(struct ring *ring) {
    ring->in_store = NULL;
    ring->is_written = false;
    ring->is_stuck = false;
    want(ring, FAKE_CORE);
}

/* A slice of upkeep, if one is due. Returns in how many microseconds the next is. */
static uint64_t step_upkeep(struct ring *ring) {
    uint64_t now_us = clock_mono_us();
    if (now_us >= ring->upkeep.due_us && upkeep_run(&ring->upkeep, ring->parts.store) != OK) {
        ring->hooks->on_dead(ring->hooks->ctx);    // which frees us
        return UINT64_MAX;
    }
    return ring->upkeep.due_us - MIN(ring->upkeep.due_us, clock_mono_us());
}

/* What is written is handed on, in a step of its own: see ring.h. */
static uint64_t hand_on(struct ring *ring) {
    tell_kept(ring, ring->in_store);
    dispatch(ring, ring->in_store);
    let_go(ring);
    upkeep_after_batch(&ring->upkeep, clock_mono_us(), 0);
    return ring->upkeep.due_us - MIN(ring->upkeep.due_us, clock_mono_us());
}

static uint64_t step_store(struct ring *ring) {
    struct batch *batch = ring->in_store;
    const struct fake_intruder *intruder = intruder_of(ring);
    if (batch == NULL) {
        return step_upkeep(ring);
    }
    if (ring->is_written) {
        return hand_on(ring);
    }
    if (ring->hooks->does_hang(ring->hooks->ctx)) {
        return FAKE_RING_LOOK_US;
    }
    if (intruder->on_commit != NULL) {
        intruder->on_commit(intruder->ctx, batch);
    }
    enum err err = ring->parts.store->ops->commit(ring->parts.store, batch);
    if (err == ERR_BUSY || err == ERR_FULL) {
        if (intruder->does_forget != NULL && intruder->does_forget(intruder->ctx, batch)) {
            let_go(ring);
            return UINT64_MAX;
        }
        ring->is_stuck = true;
        want(ring, FAKE_CORE);
        return FAKE_RING_RETRY_US;
    }
    if (err != OK) {
        ring->hooks->on_dead(ring->hooks->ctx);    // which frees us
        return UINT64_MAX;
    }
    ring->is_written = true;
    want(ring, FAKE_STORE);
    return UINT64_MAX;
}

/* ---- the reader */

static uint64_t step_reader(struct ring *ring) {
    const struct fake_intruder *intruder = intruder_of(ring);
    if (ring->asked == NULL) {
        ring->asked = queue_take(&ring->asks);
    }
    if (ring->asked == NULL) {
        return UINT64_MAX;
    }
    struct answer *answer = CONTAINER_OF(ring->asked, struct answer, link);
    ring->asked = ring->asked->next;
    enum err err = ERR_BUSY;
    if (!ring->hooks->does_read_fail(ring->hooks->ctx)) {
        err = ring->reader->ops->answer(ring->reader, &answer->ask, answer);
    }
    if (err != OK) {
        answer->refusal = REFUSE_store_away;
    }
    if (intruder->on_answer != NULL) {
        intruder->on_answer(intruder->ctx, answer);
    }
    ring->parts.ops->on_answer(ring->parts.ctx, answer);
    want(ring, FAKE_READER);
    return UINT64_MAX;
}

uint64_t fake_ring_step(struct ring *ring, enum fake_part part) {
    switch (part) {
    case FAKE_CORE: return step_core(ring);
    case FAKE_STORE: return step_store(ring);
    case FAKE_READER: return step_reader(ring);
    case FAKE_PART_COUNT: break;
    }
    return UINT64_MAX;
}

/* ---- its life */

enum err ring_start(const struct ring_parts *parts, struct ring **out, struct buf *why) {
    (void)why;
    struct ring *ring = xzalloc(sizeof *ring);
    ring->parts = *parts;
    ring->parts.limits = NULL;    // the tape's; there is none here
    ring->away_ms = parts->away_ms;
    ring->credits = parts->credits;
    ring->upkeep.keep = parts->keep == NULL ? (struct keep){ 0 } : *parts->keep;
    upkeep_begin(&ring->upkeep, clock_mono_us());
    ring->waiting_last = &ring->waiting;
    queue_init(&ring->intakes, NULL, NULL);
    queue_init(&ring->asks, NULL, NULL);
    enum err err = parts->store->ops->reader_open(parts->store, &ring->reader);
    CHECK(err == OK);
    *out = ring;
    return OK;
}

static void drop_intakes(struct qnode *n) {
    while (n != NULL) {
        struct intake *intake = CONTAINER_OF(n, struct intake, link);
        n = n->next;
        intake_free(&intake);
    }
}

static void drop_asks(struct qnode *n) {
    while (n != NULL) {
        struct answer *answer = CONTAINER_OF(n, struct answer, link);
        n = n->next;
        answer_free(&answer);
    }
}

void fake_ring_kill(struct ring **out) {
    struct ring *ring = *out;
    *out = NULL;
    if (ring == NULL) {
        return;
    }
    drop_intakes(queue_take(&ring->intakes));
    drop_intakes(ring->waiting);
    drop_asks(queue_take(&ring->asks));
    drop_asks(ring->asked);
    held_fini(&ring->untouchable);
    batch_unref(&ring->held);    // the core's reference; the workers' letters have theirs
    ring->reader->ops->free(&ring->reader);
    queue_fini(&ring->intakes);
    queue_fini(&ring->asks);
    xfree(ring);
}

void ring_stop(struct ring **ring) {
    CHECK(*ring == NULL || fake_ring_is_idle(*ring));
    fake_ring_kill(ring);
}

void fake_ring_attach(struct ring *ring, const struct fake_ring_hooks *hooks) {
    ring->hooks = hooks;
}

/* An empty pipe, seen without emptying it. */
static bool is_empty(struct queue *q) {
    return q->list.first == NULL;
}

bool fake_ring_is_idle(struct ring *ring) {
    return is_empty(&ring->intakes) && is_empty(&ring->asks) && ring->asked == NULL &&
           ring->waiting == NULL && ring->in_store == NULL && ring->held == NULL;
}

int64_t fake_ring_credits(const struct ring *ring) {
    return ring->credits;
}

void ring_set_limits(struct ring *ring, const struct core_limits *limits, uint32_t away_ms) {
    ring->limits = *limits;
    ring->has_limits = true;
    ring->away_ms = away_ms;
}

void ring_set_keep(struct ring *ring, const struct keep *keep) {
    upkeep_set_keep(&ring->upkeep, keep, clock_mono_us());
    want(ring, FAKE_STORE);
}
