/* The loop: libuv underneath, one place where a turn ends.
 *
 * libuv goes round like this; what is ours stands on the right:
 *
 *      timers            tick: only wakes us
 *      idle              busy: what loop_later() left for this turn
 *      prepare           before_sleep: the end of the turn; wheel, on_turn_end, how long to sleep
 *      poll              sleeps, then calls conn.c, listener.c and on_wake
 *      closing           on_closed of handles
 *
 * So a turn starts when poll returns and ends in prepare, although libuv counts from timers.
 *
 * Promises:
 *   1. now_ms is read once a turn, by the first callback of it, whichever that is.
 *   2. on_turn_end runs exactly once in a turn, after every callback of it.
 *   3. While on_turn_end says "more", or something waits for the next turn, poll does not sleep.
 *   4. What loop_later was asked for runs in the next turn, never in the one that asked. */
#include "net/loop.h"

#include "base/clock.h"

static void on_wake(uv_async_t *wake) {
    struct loop *l = CONTAINER_OF(wake, struct loop, wake);

    loop_begin_turn(l);
    if (l->ops.on_wake != NULL) {
        l->ops.on_wake(l->ctx);
    }
}

static void on_tick(uv_timer_t *tick) {
    struct loop *l = CONTAINER_OF(tick, struct loop, tick);

    loop_begin_turn(l);
    l->tick_ms = UINT64_MAX;    // before_sleep advances the wheel, and arms us again
}

/* Runs what the turn before left for this one. What these add waits for the next. */
static void on_busy(uv_idle_t *busy) {
    struct loop *l = CONTAINER_OF(busy, struct loop, busy);

    loop_begin_turn(l);
    for (struct node *n; (n = list_pop(&l->due)) != NULL;) {
        struct later *t = CONTAINER_OF(n, struct later, on_loop);
        t->run(t);
    }
}

static void on_due(struct timer *t, void *ctx) {
    struct loop *l = ctx;

    if (l->ops.on_timer != NULL) {
        l->ops.on_timer(t, l->ctx);
    }
}

/* Arms libuv's one timer for the next thing on the wheel. */
static void arm_tick(struct loop *l) {
    uint64_t wait_ms = wheel_wait_ms(&l->wheel, l->now_ms);
    uint64_t due_ms = wait_ms == UINT64_MAX ? UINT64_MAX : l->now_ms + wait_ms;

    if (due_ms == l->tick_ms) {
        return;
    }
    l->tick_ms = due_ms;
    if (due_ms == UINT64_MAX) {
        uv_timer_stop(&l->tick);
    } else {
        uv_timer_start(&l->tick, on_tick, wait_ms, 0);
    }
}

static void count_handle(uv_handle_t *handle, void *ctx) {
    size_t *count = ctx;
    (void)handle;
    *count += 1;
}

/* Closes the four handles that every loop has; with them gone uv_run returns. */
static void close_own(struct loop *l) {
    if (!l->is_closing) {
        l->is_closing = true;
        uv_close((uv_handle_t *)&l->wake, NULL);
        uv_close((uv_handle_t *)&l->before_sleep, NULL);
        uv_close((uv_handle_t *)&l->busy, NULL);
        uv_close((uv_handle_t *)&l->tick, NULL);
    }
}

/* Whether nothing is left but the four handles of our own. */
static bool is_deserted(struct loop *l) {
    size_t handle_count = 0;

    if (l->conn_count > 0 || l->uv.active_reqs.count > 0) {
        return false;
    }
    uv_walk(&l->uv, count_handle, &handle_count);
    return handle_count == 4;
}

static void on_before_sleep(uv_prepare_t *before_sleep) {
    struct loop *l = CONTAINER_OF(before_sleep, struct loop, before_sleep);

    loop_begin_turn(l);
    wheel_advance(&l->wheel, l->now_ms, on_due, l);
    bool has_more = l->ops.on_turn_end != NULL && l->ops.on_turn_end(l->ctx);
    l->is_in_turn = false;
    for (struct node *n; (n = list_pop(&l->later)) != NULL;) {
        list_push(&l->due, n);
    }
    if (l->is_stopping && is_deserted(l)) {
        close_own(l);
        return;
    }
    arm_tick(l);
    if (has_more || !list_is_empty(&l->due)) {
        uv_idle_start(&l->busy, on_busy);
    } else {
        uv_idle_stop(&l->busy);
    }
}

enum err loop_init(struct loop *l, const struct loop_ops *ops, void *ctx) {
    memset(l, 0, sizeof *l);

    int uv_err = uv_loop_init(&l->uv);
    if (uv_err != 0) {
        return uv_err == UV_EMFILE || uv_err == UV_ENFILE ? ERR_FULL : ERR_IO;
    }
    uv_err = uv_async_init(&l->uv, &l->wake, on_wake);
    if (uv_err != 0) {
        CHECK(uv_loop_close(&l->uv) == 0);
        return uv_err == UV_EMFILE || uv_err == UV_ENFILE ? ERR_FULL : ERR_IO;
    }
    uv_prepare_init(&l->uv, &l->before_sleep);
    uv_idle_init(&l->uv, &l->busy);
    uv_timer_init(&l->uv, &l->tick);
    uv_prepare_start(&l->before_sleep, on_before_sleep);

    l->ops = *ops;
    l->ctx = ctx;
    l->now_ms = clock_mono_ms();
    l->tick_ms = UINT64_MAX;
    l->read_buf = xalloc(LOOP_READ_BYTES);
    wheel_init(&l->wheel, l->now_ms);
    list_init(&l->later);
    list_init(&l->due);
    return OK;
}

void loop_run(struct loop *l) {
    int left = uv_run(&l->uv, UV_RUN_DEFAULT);
    CHECK(left == 0 && l->is_closing);
}

void loop_stop(struct loop *l) {
    l->is_stopping = true;
}

void loop_wake(struct loop *l) {
    uv_async_send(&l->wake);
}

static void on_work(uv_work_t *work) {
    struct job *job = CONTAINER_OF(work, struct job, work);
    job->run(job);
}

static void on_work_done(uv_work_t *work, int status) {
    struct job *job = CONTAINER_OF(work, struct job, work);
    CHECK(status == 0);    // nobody cancels one
    loop_begin_turn(job->loop);
    job->loop->job_count--;
    job->done(job);
}

void loop_work(struct loop *l, struct job *job) {
    job->loop = l;
    l->job_count++;
    int uv_err = uv_queue_work(&l->uv, &job->work, on_work, on_work_done);
    CHECK(uv_err == 0);    // it fails only without a callback
}

void loop_later(struct loop *l, struct later *t) {
    if (!node_is_on_list(&t->on_loop)) {
        list_push(&l->later, &t->on_loop);
        uv_idle_start(&l->busy, on_busy);
    }
}

void loop_begin_turn(struct loop *l) {
    if (!l->is_in_turn) {
        l->is_in_turn = true;
        l->now_ms = clock_mono_ms();
    }
}

void loop_fini(struct loop *l) {
    close_own(l);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&l->uv) == 0);
    xfree(l->read_buf);
    l->read_buf = NULL;
}
