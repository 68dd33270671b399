/* The queue: alone, then with four producers, under a consumer that sleeps here or elsewhere. */
#include "base/queue.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "test/unit.h"

#define PRODUCERS 4
#define PUSHES 100000

struct item {
    struct qnode node;
    unsigned producer;
    unsigned number;
};

static size_t length_of(struct qnode *n) {
    size_t length = 0;
    for (; n != NULL; n = n->next) {
        length++;
    }
    return length;
}

TEST(everything_is_taken_at_once_and_in_order) {
    struct queue q;
    struct item items[3] = { 0 };
    queue_init(&q, NULL, NULL);
    OKAY(queue_take(&q) == NULL);
    for (size_t i = 0; i < COUNT(items); i++) {
        queue_push(&q, &items[i].node);
    }
    struct qnode *all = queue_take(&q);
    OKAY(all == &items[0].node);
    OKAY(all->next == &items[1].node);
    OKAY(all->next->next == &items[2].node);
    OKAY(all->next->next->next == NULL);
    OKAY(queue_take(&q) == NULL);
    queue_push(&q, &items[1].node);    // a node may come again
    EQ(length_of(queue_take(&q)), 1);
    queue_fini(&q);
}

TEST(a_list_is_queued_behind_what_is_there_and_left_empty) {
    struct queue q;
    struct item items[4] = { 0 };
    struct qlist list;
    queue_init(&q, NULL, NULL);
    qlist_init(&list);
    queue_push_all(&q, &list);    // of nothing
    OKAY(queue_take(&q) == NULL);

    queue_push(&q, &items[0].node);
    qlist_push(&list, &items[1].node);
    qlist_push(&list, &items[2].node);
    queue_push_all(&q, &list);
    OKAY(qlist_pop(&list) == NULL);
    qlist_push(&list, &items[3].node);    // and can be used again
    queue_push_all(&q, &list);

    struct qnode *all = queue_take(&q);
    for (size_t i = 0; i < COUNT(items); i++, all = all->next) {
        OKAY(all == &items[i].node);
    }
    OKAY(all == NULL);
    queue_fini(&q);
}

TEST(a_chain_that_was_taken_goes_on_as_a_list) {
    struct queue q;
    struct item items[3] = { 0 };
    struct qlist list;
    queue_init(&q, NULL, NULL);
    qlist_init(&list);
    qlist_push(&list, &items[0].node);
    queue_push(&q, &items[1].node);
    queue_push(&q, &items[2].node);
    qlist_push_chain(&list, queue_take(&q));
    qlist_push_chain(&list, queue_take(&q));    // nothing
    for (size_t i = 0; i < COUNT(items); i++) {
        OKAY(qlist_pop(&list) == &items[i].node);
    }
    OKAY(qlist_pop(&list) == NULL);
    qlist_push(&list, &items[0].node);
    OKAY(qlist_pop(&list) == &items[0].node);
    queue_fini(&q);
}

TEST(waiting_for_what_is_there_takes_no_time) {
    struct queue q;
    struct item item = { 0 };
    queue_init(&q, NULL, NULL);
    queue_push(&q, &item.node);
    OKAY(queue_wait(&q, UINT64_MAX) == &item.node);
    OKAY(queue_wait(&q, 0) == NULL);
    queue_wake(&q);
    OKAY(queue_wait(&q, UINT64_MAX) == NULL);
    queue_wake(&q);
    queue_push(&q, &item.node);
    OKAY(queue_wait(&q, UINT64_MAX) == &item.node);
    OKAY(!q.is_woken);    // and the wake-up was seen with it
    queue_fini(&q);
}

TEST(a_wait_ends_when_its_time_is_over_and_not_before) {
    struct queue q;
    queue_init(&q, NULL, NULL);
    uint64_t before = clock_mono_us();
    OKAY(queue_wait(&q, 20) == NULL);
    OKAY(clock_mono_us() - before >= 20000);
    queue_fini(&q);
}

static void count_call(void *ctx) {
    atomic_fetch_add((atomic_uint *)ctx, 1);
}

TEST(a_sleeper_elsewhere_is_called_once_a_filling) {
    struct queue q;
    struct item items[4] = { 0 };
    atomic_uint calls = 0;
    queue_init(&q, count_call, &calls);
    queue_push(&q, &items[0].node);
    EQ(calls, 1);
    queue_push(&q, &items[1].node);
    EQ(calls, 1);
    EQ(length_of(queue_take(&q)), 2);
    EQ(calls, 1);
    queue_push(&q, &items[2].node);
    EQ(calls, 2);
    EQ(length_of(queue_take(&q)), 1);
    OKAY(queue_take(&q) == NULL);
    queue_push(&q, &items[3].node);
    EQ(calls, 3);
    queue_fini(&q);
}

/* ---- with threads */

struct producer {
    pthread_t thread;
    struct queue *queue;
    struct item *items;
};

static void *produce(void *arg) {
    struct producer *p = arg;
    for (unsigned i = 0; i < PUSHES; i++) {
        queue_push(p->queue, &p->items[i].node);
    }
    return NULL;
}

static void start(struct producer *producers, struct queue *q) {
    for (unsigned p = 0; p < PRODUCERS; p++) {
        producers[p] = (struct producer){ .queue = q };
        producers[p].items = xzalloc(PUSHES * sizeof(struct item));
        for (unsigned i = 0; i < PUSHES; i++) {
            producers[p].items[i].producer = p;
            producers[p].items[i].number = i;
        }
        CHECK(pthread_create(&producers[p].thread, NULL, produce, &producers[p]) == 0);
    }
}

static void finish(struct producer *producers) {
    for (unsigned p = 0; p < PRODUCERS; p++) {
        pthread_join(producers[p].thread, NULL);
        xfree(producers[p].items);
    }
}

/* Counts a list in, checking that each producer's items come in the order it pushed them. */
static size_t count_in(struct qnode *all, unsigned next[PRODUCERS]) {
    size_t count = 0;
    for (; all != NULL; all = all->next) {
        struct item *item = CONTAINER_OF(all, struct item, node);
        EQ(item->number, next[item->producer]);
        next[item->producer]++;
        count++;
    }
    return count;
}

TEST(many_producers_and_a_consumer_that_sleeps) {
    struct queue q;
    struct producer producers[PRODUCERS];
    unsigned next[PRODUCERS] = { 0 };
    queue_init(&q, NULL, NULL);
    start(producers, &q);
    size_t count = 0;
    while (count < (size_t)PRODUCERS * PUSHES) {
        struct qnode *all = queue_wait(&q, UINT64_MAX);
        OKAY(all != NULL);
        count += count_in(all, next);
    }
    finish(producers);
    OKAY(queue_take(&q) == NULL);
    queue_fini(&q);
}

static void wake_other(void *ctx) {
    queue_wake(ctx);
}

TEST(many_producers_and_a_consumer_called_from_outside) {
    struct queue q;
    struct queue bell;    // stands for an event loop: the consumer sleeps here
    struct producer producers[PRODUCERS];
    unsigned next[PRODUCERS] = { 0 };
    queue_init(&bell, NULL, NULL);
    queue_init(&q, wake_other, &bell);
    start(producers, &q);
    size_t count = 0;
    while (count < (size_t)PRODUCERS * PUSHES) {
        OKAY(queue_wait(&bell, UINT64_MAX) == NULL);
        count += count_in(queue_take(&q), next);
    }
    finish(producers);
    queue_fini(&q);
    queue_fini(&bell);
}

struct sleeper {
    struct queue *queue;
    struct qnode *got;
};

static void *sleep_for_ever(void *arg) {
    struct sleeper *sleeper = arg;
    sleeper->got = queue_wait(sleeper->queue, UINT64_MAX);
    return NULL;
}

TEST(a_wake_ends_the_wait_whenever_it_comes) {
    for (size_t round = 0; round < 300; round++) {
        struct queue q;
        struct item item = { 0 };
        struct sleeper sleeper = { .queue = &q, .got = &item.node };
        pthread_t thread;
        queue_init(&q, NULL, NULL);
        CHECK(pthread_create(&thread, NULL, sleep_for_ever, &sleeper) == 0);
        queue_wake(&q);
        pthread_join(thread, NULL);
        OKAY(sleeper.got == NULL);
        queue_fini(&q);
    }
}
