/* A queue from any threads to one: the joints of the ring.
 *
 * What is queued carries its own link (struct qnode). The consumer takes everything there is at
 * once, in order: that is how a wake-up becomes a batch. Producers pay for a wake-up only when the
 * consumer sleeps.
 *
 * A queue has no bound of its own: the ring's credits bound what can be in all of them.
 *
 * Thread   push: any. take and wait: one consumer. queue_fini: when every push has returned.
 * Memory   owns nothing. */
#ifndef PARLOIR_BASE_QUEUE_H
#define PARLOIR_BASE_QUEUE_H

#include <pthread.h>

#include "base/base.h"

struct qnode {
    struct qnode *next;
};

/* A list of nodes in order: one thread's own, before they are queued or after they were taken. */
struct qlist {
    struct qnode *first;
    struct qnode **last;
};

static inline void qlist_init(struct qlist *l) {
    l->first = NULL;
    l->last = &l->first;
}

/* Appends one node. */
static inline void qlist_push(struct qlist *l, struct qnode *n) {
    n->next = NULL;
    *l->last = n;
    l->last = &n->next;
}

/* Appends a chain of nodes, as queue_take returns it; NULL is fine. */
static inline void qlist_push_chain(struct qlist *l, struct qnode *chain) {
    *l->last = chain;
    while (*l->last != NULL) {
        l->last = &(*l->last)->next;
    }
}

static inline bool qlist_is_empty(const struct qlist *l) {
    return l->first == NULL;
}

/* Takes the first node off; NULL: there is none. */
static inline struct qnode *qlist_pop(struct qlist *l) {
    struct qnode *n = l->first;
    if (n != NULL) {
        l->first = n->next;
        if (l->first == NULL) {
            l->last = &l->first;
        }
    }
    return n;
}

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct qlist list;
    bool is_waiting;                 // the consumer sleeps in queue_wait
    bool is_woken;                   // queue_wake was called and not yet seen
    bool is_armed;                   // wake mode: on_filled has not been called since the last take
    void (*on_filled)(void *ctx);    // wakes a consumer that sleeps in an event loop, or NULL
    void *ctx;
};

/* `on_filled`, if not NULL, is called by a producer when the queue goes from taken to filled, once
 * until the next take; it must be cheap and callable from any thread (uv_async_send). With NULL the
 * consumer uses queue_wait. */
void queue_init(struct queue *q, void (*on_filled)(void *ctx), void *ctx);
void queue_fini(struct queue *q);

/* Appends one node. */
void queue_push(struct queue *q, struct qnode *n);

/* Appends a whole list, which is empty afterwards; the consumer is woken once. */
void queue_push_all(struct queue *q, struct qlist *l);

/* Takes the whole list, first to last, NULL if it is empty. Never sleeps. */
struct qnode *queue_take(struct queue *q);

/* Takes the whole list; sleeps until there is something, until queue_wake, or for `wait_ms` at most
 * (UINT64_MAX: for ever). NULL: woken or too late, with nothing queued. */
struct qnode *queue_wait(struct queue *q, uint64_t wait_ms);

/* Ends the consumer's current or next queue_wait without queuing anything. */
void queue_wake(struct queue *q);

#endif
