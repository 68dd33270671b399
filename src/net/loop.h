/* One event loop: a thread's sockets, its timers and its clock.
 *
 * A loop turn: sockets that are ready are read and written; queues that woke it are taken; timers
 * that are due fire; then on_turn_end runs once, which is where everything that waits for a
 * connection leaves in one write. If on_turn_end returns true there is more to do: the
 * next turn does not sleep.
 *
 * Thread   created anywhere, run on one thread; only loop_wake may be called from others.
 * Memory   embedded in its owner; loop_fini gives back what loop_init took. */
#ifndef PARLOIR_NET_LOOP_H
#define PARLOIR_NET_LOOP_H

#include <uv.h>

#include "base/base.h"
#include "base/err.h"
#include "base/list.h"
#include "base/slab.h"
#include "base/wheel.h"

#define LOOP_READ_BYTES 65536    // the shared read buffer of a loop

/* Something to do once, in the next turn. A zeroed one waits for nothing. */
struct later {
    struct node on_loop;    // loop::later, then loop::due
    void (*run)(struct later *t);
};

/* Work that may block, done on a thread of libuv's pool. Embedded in what it works on, which must
 * live until `done`. */
struct job {
    uv_work_t work;
    struct loop *loop;
    void (*run)(struct job *job);     // on another thread
    void (*done)(struct job *job);    // on the loop's again
    struct later later;               // the virtual loop's (test/fakes)
};

/* What a loop asks of its owner. Each may be NULL. */
struct loop_ops {
    void (*on_wake)(void *ctx);        // somebody called loop_wake
    bool (*on_turn_end)(void *ctx);    // true: more to do
    void (*on_timer)(struct timer *t, void *ctx);
};

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_prepare_t before_sleep;
    uv_idle_t busy;        // runs while the next turn must not sleep
    uv_timer_t tick;       // wakes the loop for the wheel
    struct wheel wheel;    // deadlines of connections and sessions
    struct list later;     // what the next turn has to do
    struct list due;       // what this turn has to do
    uint64_t now_ms;       // clock_mono_ms at the start of this turn
    uint64_t tick_ms;      // when `tick` is due, UINT64_MAX: not set
    uint8_t *read_buf;     // LOOP_READ_BYTES, lent to whoever reads now
    size_t conn_count;
    size_t job_count;    // under way; the loop does not end before them
    struct loop_ops ops;
    void *ctx;
    bool is_in_turn;    // now_ms was refreshed since the last sleep
    bool is_stopping;
    bool is_closing;    // its own handles are being closed
};

/* Prepares a loop in place; `ctx` is what its callbacks get. ERR_IO, ERR_FULL: the system has no
 * descriptor for it. */
enum err loop_init(struct loop *l, const struct loop_ops *ops, void *ctx) MUST_USE;

/* Runs until loop_stop and until every handle on it has closed. */
void loop_run(struct loop *l);

/* Ends loop_run after this turn, or as soon as the last connection and listener have closed: to
 * close those is the owner's part. Called on the loop's thread, or before loop_run. */
void loop_stop(struct loop *l);

/* Wakes the loop: on_wake runs soon. Any thread, until loop_run has returned; many calls may
 * become one. */
void loop_wake(struct loop *l);

/* Runs t->run once in the next turn, before its on_turn_end; the loop does not sleep until then.
 * Harmless when it waits already. list_drop(&t->on_loop) takes it back. */
void loop_later(struct loop *l, struct later *t);

/* Runs job->run on the pool and then job->done in a later turn. Jobs of one loop may be run side by
 * side; whoever needs an order asks for the next in `done`. */
void loop_work(struct loop *l, struct job *job);

/* Starts a turn unless it has started: refreshes now_ms. Every libuv callback on this loop calls
 * it before anything else. */
void loop_begin_turn(struct loop *l);

/* Gives everything back. The loop must not be running, and only its own handles may be open. */
void loop_fini(struct loop *l);

#endif
