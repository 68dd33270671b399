/* Tasks: see task.h. */
#include "server/task.h"

#include "server/worker.h"

bool task_is_over(const struct task *task) {
    return task->session->state != SESSION_HEAD;
}

static void on_run(struct job *job) {
    struct task *task = CONTAINER_OF(job, struct task, job);
    task->err = task->run(task);
}

static void on_back(struct job *job) {
    struct task *task = CONTAINER_OF(job, struct task, job);
    task->is_running = false;
    task->session->pending--;
    if (task_is_over(task)) {
        return;
    }
    if (task->err == OK) {
        task->then(task);
    } else {
        task->fail(task, task->err);
    }
}

void task_start(struct task *task, enum err (*run)(struct task *task),
                void (*then)(struct task *task)) {
    CHECK(!task->is_running);
    task->run = run;
    task->then = then;
    task->job = (struct job){ .run = on_run, .done = on_back };
    task->is_running = true;
    task->session->pending++;
    loop_work(&task->session->worker->loop, &task->job);
}
