/* A queue from any threads to one: a linked list under a lock held for a few instructions.
 *
 * The consumer takes the whole list at a time, so under load most pushes find it awake and cost
 * no system call. Signals are sent after the lock is let go, so that whoever wakes can have it. */
#include "base/queue.h"

#include <errno.h>
#include <time.h>

#define WAIT_MS_MAX ((uint64_t)1 << 40)    // 34 years: for ever, and fits a timespec

void queue_init(struct queue *q, void (*on_filled)(void *ctx), void *ctx) {
    *q = (struct queue){ .on_filled = on_filled, .ctx = ctx, .is_armed = true };
    qlist_init(&q->list);

    pthread_condattr_t attr;
    CHECK(pthread_condattr_init(&attr) == 0);
    CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&q->filled, &attr) == 0);
    CHECK(pthread_condattr_destroy(&attr) == 0);
    CHECK(pthread_mutex_init(&q->lock, NULL) == 0);
}

void queue_fini(struct queue *q) {
    CHECK(pthread_cond_destroy(&q->filled) == 0);
    CHECK(pthread_mutex_destroy(&q->lock) == 0);
    qlist_init(&q->list);
}

void queue_push(struct queue *q, struct qnode *n) {
    struct qlist one;
    qlist_init(&one);
    qlist_push(&one, n);
    queue_push_all(q, &one);
}

void queue_push_all(struct queue *q, struct qlist *l) {
    if (l->first == NULL) {
        return;
    }
    pthread_mutex_lock(&q->lock);
    *q->list.last = l->first;
    q->list.last = l->last;
    bool must_signal = q->is_waiting;
    bool must_call = q->is_armed && q->on_filled != NULL;
    q->is_waiting = false;
    q->is_armed = false;
    pthread_mutex_unlock(&q->lock);

    qlist_init(l);
    if (must_signal) {
        pthread_cond_signal(&q->filled);
    }
    if (must_call) {
        q->on_filled(q->ctx);
    }
}

/* Takes the list; the caller holds the lock. */
static struct qnode *take_locked(struct queue *q) {
    struct qnode *all = q->list.first;
    qlist_init(&q->list);
    q->is_armed = true;
    return all;
}

struct qnode *queue_take(struct queue *q) {
    pthread_mutex_lock(&q->lock);
    struct qnode *all = take_locked(q);
    pthread_mutex_unlock(&q->lock);
    return all;
}

static struct timespec deadline_in(uint64_t wait_ms) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    uint64_t ms = MIN(wait_ms, WAIT_MS_MAX);
    at.tv_sec += (time_t)(ms / 1000);
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Sleeps until something is queued, queue_wake, or the deadline; the caller holds the lock. */
static void sleep_locked(struct queue *q, uint64_t wait_ms) {
    struct timespec deadline = deadline_in(wait_ms);
    int status = 0;
    while (q->list.first == NULL && !q->is_woken && status != ETIMEDOUT) {
        q->is_waiting = true;
        status = pthread_cond_timedwait(&q->filled, &q->lock, &deadline);
        CHECK(status == 0 || status == ETIMEDOUT);
    }
    q->is_waiting = false;
}

struct qnode *queue_wait(struct queue *q, uint64_t wait_ms) {
    pthread_mutex_lock(&q->lock);
    if (q->list.first == NULL && !q->is_woken && wait_ms > 0) {
        sleep_locked(q, wait_ms);
    }
    q->is_woken = false;
    struct qnode *all = take_locked(q);
    pthread_mutex_unlock(&q->lock);
    return all;
}

void queue_wake(struct queue *q) {
    pthread_mutex_lock(&q->lock);
    bool must_signal = q->is_waiting;
    q->is_waiting = false;
    q->is_woken = true;
    pthread_mutex_unlock(&q->lock);
    if (must_signal) {
        pthread_cond_signal(&q->filled);
    }
}
