/* The loop: turns, wake-ups, timers, and how it ends. */
#include "net/loop.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "test/unit.h"

struct seen {
    struct loop loop;
    struct timer timer;
    struct later later;
    struct later other;
    size_t wake_count;
    size_t turn_count;
    size_t timer_count;
    size_t later_count;
    size_t more_turns;    // on_turn_end says "more" this often
    uint64_t fired_ms;
    size_t stop_at_turn;    // 0: never
    bool does_stop_on_timer;
    size_t later_at_turn;    // turn_count when it ran
};

static void on_wake(void *ctx) {
    struct seen *seen = ctx;
    seen->wake_count++;
    loop_stop(&seen->loop);
}

static bool on_turn_end(void *ctx) {
    struct seen *seen = ctx;
    seen->turn_count++;
    if (seen->turn_count == seen->stop_at_turn) {
        loop_stop(&seen->loop);
    }
    return seen->turn_count <= seen->more_turns;
}

static void on_timer(struct timer *t, void *ctx) {
    struct seen *seen = ctx;
    EQ(t, &seen->timer);
    seen->timer_count++;
    seen->fired_ms = seen->loop.now_ms;
    if (seen->does_stop_on_timer) {
        loop_stop(&seen->loop);
    }
}

static void on_later(struct later *t) {
    struct seen *seen = CONTAINER_OF(t, struct seen, later);
    seen->later_count++;
    seen->later_at_turn = seen->turn_count;
    if (seen->later_count < 3) {
        loop_later(&seen->loop, t);
    } else {
        loop_stop(&seen->loop);
    }
}

static const struct loop_ops ops = { on_wake, on_turn_end, on_timer };

static struct seen *seen_new(void) {
    struct seen *seen = xzalloc(sizeof *seen);
    EQ(loop_init(&seen->loop, &ops, seen), OK);
    return seen;
}

static void seen_free(struct seen **seen) {
    loop_fini(&(*seen)->loop);
    xfree(*seen);
    *seen = NULL;
}

static void *wake_from_afar(void *ctx) {
    struct seen *seen = ctx;
    for (int i = 0; i < 100; i++) {
        loop_wake(&seen->loop);
    }
    return NULL;
}

TEST(a_loop_that_was_told_to_stop_returns_after_one_turn) {
    SCOPED(seen_free) struct seen *seen = seen_new();
    loop_stop(&seen->loop);
    loop_run(&seen->loop);
    EQ(seen->turn_count, 1);
}

TEST(a_loop_that_never_ran_can_be_given_back) {
    struct seen *seen = seen_new();
    seen_free(&seen);
    EQ(seen, NULL);
}

TEST(another_thread_can_wake_it) {
    SCOPED(seen_free) struct seen *seen = seen_new();
    pthread_t thread;
    EQ(pthread_create(&thread, NULL, wake_from_afar, seen), 0);
    pthread_join(thread, NULL);
    loop_run(&seen->loop);
    OKAY(seen->wake_count >= 1);
    OKAY(seen->wake_count <= 100);
}

TEST(while_there_is_more_to_do_it_does_not_sleep) {
    SCOPED(seen_free) struct seen *seen = seen_new();
    seen->more_turns = 50;
    seen->stop_at_turn = 51;    // nothing else would ever wake it
    loop_run(&seen->loop);
    EQ(seen->turn_count, 51);
}

TEST(a_timer_fires_when_it_is_due_and_not_before) {
    SCOPED(seen_free) struct seen *seen = seen_new();
    uint64_t due_ms = seen->loop.now_ms + 30;
    seen->does_stop_on_timer = true;
    wheel_set(&seen->loop.wheel, &seen->timer, due_ms);
    loop_run(&seen->loop);
    EQ(seen->timer_count, 1);
    OKAY(seen->fired_ms >= due_ms);
    OKAY(seen->turn_count < 20);    // it slept in between
}

TEST(a_timer_set_to_an_earlier_time_wakes_the_loop_earlier) {
    SCOPED(seen_free) struct seen *seen = seen_new();
    uint64_t start_ms = seen->loop.now_ms;
    seen->does_stop_on_timer = true;
    wheel_set(&seen->loop.wheel, &seen->timer, start_ms + 3600 * 1000);
    uv_run(&seen->loop.uv, UV_RUN_NOWAIT);
    wheel_set(&seen->loop.wheel, &seen->timer, start_ms + 20);
    loop_run(&seen->loop);
    EQ(seen->timer_count, 1);
    OKAY(seen->fired_ms < start_ms + 60 * 1000);
}

TEST(a_cancelled_timer_does_not_wake_the_loop_for_ever) {
    SCOPED(seen_free) struct seen *seen = seen_new();
    wheel_set(&seen->loop.wheel, &seen->timer, seen->loop.now_ms + 50);
    uv_run(&seen->loop.uv, UV_RUN_NOWAIT);
    OKAY(uv_is_active((uv_handle_t *)&seen->loop.tick));
    wheel_cancel(&seen->loop.wheel, &seen->timer);
    uv_run(&seen->loop.uv, UV_RUN_NOWAIT);
    OKAY(!uv_is_active((uv_handle_t *)&seen->loop.tick));
    EQ(seen->timer_count, 0);
}

TEST(what_is_left_for_later_runs_once_in_each_following_turn) {
    SCOPED(seen_free) struct seen *seen = seen_new();
    seen->later.run = on_later;
    loop_later(&seen->loop, &seen->later);
    loop_later(&seen->loop, &seen->later);
    EQ(seen->later_count, 0);    // never from inside the call
    loop_run(&seen->loop);
    EQ(seen->later_count, 3);
    EQ(seen->later_at_turn, 3);    // each with the end of a turn before it
}

struct piece {
    struct job job;
    struct seen *seen;
    pthread_t ran_on;
    bool is_done;
};

static void on_piece_run(struct job *job) {
    CONTAINER_OF(job, struct piece, job)->ran_on = pthread_self();
}

static void on_piece_done(struct job *job) {
    struct piece *piece = CONTAINER_OF(job, struct piece, job);
    OKAY(!pthread_equal(piece->ran_on, pthread_self()));
    piece->is_done = true;
}

TEST(work_is_done_elsewhere_and_told_here_before_the_loop_ends) {
    SCOPED(seen_free) struct seen *seen = seen_new();
    struct piece piece = { .job = { .run = on_piece_run, .done = on_piece_done }, .seen = seen };
    loop_work(&seen->loop, &piece.job);
    EQ(seen->loop.job_count, 1);
    loop_stop(&seen->loop);
    loop_run(&seen->loop);
    OKAY(piece.is_done);
    EQ(seen->loop.job_count, 0);
}

TEST(the_clock_stands_still_within_a_turn_and_moves_between_turns) {
    SCOPED(seen_free) struct seen *seen = seen_new();
    loop_begin_turn(&seen->loop);
    uint64_t first_ms = seen->loop.now_ms;
    for (uint64_t start_ms = clock_mono_ms(); clock_mono_ms() < start_ms + 3;) {
    }
    loop_begin_turn(&seen->loop);
    EQ(seen->loop.now_ms, first_ms);
    uv_run(&seen->loop.uv, UV_RUN_NOWAIT);
    loop_begin_turn(&seen->loop);
    OKAY(seen->loop.now_ms >= first_ms + 3);
}

TEST(without_descriptors_a_loop_is_refused) {
    static struct loop loop;
    struct rlimit limit = { 0 };
    EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t before = limit.rlim_cur;

    // one for epoll, one for an eventfd, two for a pipe: it is refused whichever is missing
    for (int allowed = 0; allowed < 4; allowed++) {
        int first_free = dup(0);
        close(first_free);
        limit.rlim_cur = (rlim_t)(first_free + allowed);
        EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
        enum err err = loop_init(&loop, &ops, NULL);
        limit.rlim_cur = before;
        EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
        EQ(err, ERR_FULL);
    }
}
