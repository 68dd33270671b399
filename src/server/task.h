/* A task: a request's work that may block, done on the pool while its connection may go away.
 *
 *      task_start ──run──> pool ──> back ──> the request goes on: then, or fail
 *                                     └────> it is over: neither; the session's end frees it
 *
 * While a task runs it counts as one of the session's commands under way (session::pending). So the
 * session, and with it the visit and the request the task is embedded in, outlives the run whoever
 * ends first, and nobody but the session's end has to free them.
 *
 * Thread   the session's worker; `run` alone is on the pool.
 * Memory   embedded in the request, which is not freed while is_running. */
#ifndef PARLOIR_SERVER_TASK_H
#define PARLOIR_SERVER_TASK_H

#include "net/loop.h"

struct session;

struct task {
    struct session *session;                          // borrowed
    void (*fail)(struct task *task, enum err err);    // it came back with an error
    enum err (*run)(struct task *task);
    void (*then)(struct task *task);    // it came back with OK
    struct job job;
    enum err err;
    bool is_running;
};

/* Runs `run` on the pool and later `then`, or task->fail. One at a time. */
void task_start(struct task *task, enum err (*run)(struct task *task),
                void (*then)(struct task *task));

/* Whether nobody waits for its request any more. */
bool task_is_over(const struct task *task);

#endif
