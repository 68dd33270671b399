/* The outlet: see outlet.h.
 *
 *     put ──▶ [ gone ···· waiting lines ···· put ] ──chunk──▶ thread ──write()──▶ reader
 *
 * The two positions only grow; where a byte lies in the ring is its position modulo the size. The
 * thread copies whole lines out, writes them with the lock let go, and only then moves `gone`: so
 * `gone` says what has left, and drain needs nothing else.
 *
 * A chunk is no longer than what a pipe takes at once, and poll() is asked first: so the thread
 * hardly ever sleeps in write(), where nothing could call it back. Where it does all the same (a
 * terminal that was stopped, a disk that hangs), stop leaves it there.
 *
 * Promises:
 *   1. Lines leave in the order they were put, each whole.
 *   2. Where lines are missing, a line says how many, at that place.
 *   3. Only the thread touches the descriptor. */
#include "base/outlet.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"

#define LOOK_MS 50    // how often a thread that cannot write looks whether it has to end
#define DRAIN_MS 5    // how often drain looks

static uint64_t waiting_bytes(const struct outlet *o) {
    return atomic_load(&o->put) - atomic_load(&o->gone);
}

/* ---- the ring; the caller holds the lock */

static void copy_in(struct outlet *o, const char *p, size_t n) {
    size_t at = (size_t)(o->put % LOG_WAITING_BYTES_MAX);
    size_t first = MIN(n, LOG_WAITING_BYTES_MAX - at);
    memcpy(o->bytes + at, p, first);
    memcpy(o->bytes, p + first, n - first);
    atomic_store(&o->put, o->put + n);
}

/* Copies as many whole lines as fit, and leaves them where they are. Returns their bytes. */
static size_t copy_out(const struct outlet *o, char chunk[OUTLET_WRITE_BYTES]) {
    size_t at = (size_t)(o->gone % LOG_WAITING_BYTES_MAX);
    size_t n = MIN((size_t)waiting_bytes(o), (size_t)OUTLET_WRITE_BYTES);
    size_t first = MIN(n, LOG_WAITING_BYTES_MAX - at);
    memcpy(chunk, o->bytes + at, first);
    memcpy(chunk + first, o->bytes, n - first);
    const char *end = memrchr(chunk, '\n', n);
    return end == NULL ? n : (size_t)(end - chunk) + 1;
}

static bool has_room(const struct outlet *o, size_t n) {
    return n <= LOG_WAITING_BYTES_MAX - waiting_bytes(o);
}

static void tell_dropped(struct outlet *o) {
    if (o->dropped == 0) {
        return;
    }
    char line[LOG_LINE_BYTES_MAX];
    size_t n = o->ops.tell(line, o->dropped);
    if (has_room(o, n)) {    // else there is more to write first
        copy_in(o, line, n);
        o->dropped = 0;
    }
}

/* ---- the thread */

static bool is_too_late(const struct outlet *o) {
    return clock_mono_ms() >= atomic_load(&o->due_ms);
}

static void wait_a_moment(void) {
    (void)poll(NULL, 0, LOOK_MS);
}

/* Waits for the reader. false: too late. */
static bool is_writable(const struct outlet *o) {
    do {
        struct pollfd one = { .fd = o->ops.fd(), .events = POLLOUT };
        if (one.fd < 0 || poll(&one, 1, LOOK_MS) > 0) {
            return true;    // or broken: write() will say so
        }
    } while (!is_too_late(o));
    return false;
}

/* Writes all of it, unless it is too late. What the system refuses is lost: nobody to tell. */
static void write_out(const struct outlet *o, const char *p, size_t n) {
    while (n > 0 && is_writable(o)) {
        ssize_t done = write(o->ops.fd(), p, n);
        if (done < 0 && errno == EAGAIN) {
            wait_a_moment();
        } else if (done > 0) {
            p += done;
            n -= (size_t)done;
        } else if (done == 0 || errno != EINTR) {
            return;
        }
    }
}

/* Sleeps until there is something to write; the lock is held. false: it is time to end. */
static bool wait_filled(struct outlet *o) {
    while (waiting_bytes(o) == 0 && atomic_load(&o->due_ms) == UINT64_MAX) {
        o->is_waiting = true;
        pthread_cond_wait(&o->filled, &o->lock);
    }
    o->is_waiting = false;
    return waiting_bytes(o) > 0 && !is_too_late(o);
}

static void *outlet_main(void *arg) {
    struct outlet *o = arg;
    char chunk[OUTLET_WRITE_BYTES];
    pthread_setname_np(pthread_self(), "parloir-log");

    pthread_mutex_lock(&o->lock);
    while (wait_filled(o)) {
        size_t n = copy_out(o, chunk);
        pthread_mutex_unlock(&o->lock);
        write_out(o, chunk, n);
        pthread_mutex_lock(&o->lock);
        atomic_store(&o->gone, o->gone + n);
        tell_dropped(o);
    }
    o->is_finished = true;
    pthread_cond_signal(&o->finished);
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

/* ---- its life */

void outlet_start(struct outlet *o, const struct outlet_ops *ops) {
    *o = (struct outlet){ .ops = *ops,
                          .bytes = xalloc(LOG_WAITING_BYTES_MAX),
                          .due_ms = UINT64_MAX };
    pthread_condattr_t attr;
    CHECK(pthread_condattr_init(&attr) == 0);
    CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&o->filled, NULL) == 0);
    CHECK(pthread_cond_init(&o->finished, &attr) == 0);
    CHECK(pthread_condattr_destroy(&attr) == 0);
    CHECK(pthread_mutex_init(&o->lock, NULL) == 0);

    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    CHECK(pthread_create(&o->thread, NULL, outlet_main, o) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
}

/* Waits until the thread has finished, or gives it up; the lock is held. */
static bool wait_finished(struct outlet *o, uint64_t until_ms) {
    struct timespec until = {
        .tv_sec = (time_t)(until_ms / 1000),
        .tv_nsec = (long)(until_ms % 1000) * 1000000,
    };
    int status = 0;
    while (!o->is_finished && status == 0) {
        status = pthread_cond_timedwait(&o->finished, &o->lock, &until);
    }
    return o->is_finished;
}

bool outlet_stop(struct outlet *o, uint64_t wait_ms) {
    uint64_t due_ms = clock_mono_ms() + wait_ms;
    pthread_mutex_lock(&o->lock);
    atomic_store(&o->due_ms, due_ms);
    pthread_cond_signal(&o->filled);
    bool is_finished = wait_finished(o, due_ms + 4 * LOOK_MS);    // it gives up by itself before
    pthread_mutex_unlock(&o->lock);
    if (!is_finished) {
        pthread_detach(o->thread);
        return false;
    }
    pthread_join(o->thread, NULL);
    pthread_mutex_destroy(&o->lock);
    pthread_cond_destroy(&o->filled);
    pthread_cond_destroy(&o->finished);
    xfree(o->bytes);
    o->bytes = NULL;
    return true;
}

void outlet_put(struct outlet *o, struct str line) {
    CHECK(line.n <= LOG_LINE_BYTES_MAX);
    pthread_mutex_lock(&o->lock);
    bool must_signal = false;
    if (o->dropped == 0 && has_room(o, line.n)) {
        copy_in(o, line.p, line.n);
        must_signal = o->is_waiting;
        o->is_waiting = false;
    } else {
        o->dropped++;
    }
    pthread_mutex_unlock(&o->lock);
    if (must_signal) {
        pthread_cond_signal(&o->filled);
    }
}

void outlet_drain(const struct outlet *o, uint64_t wait_ms) {
    uint64_t until = atomic_load(&o->put);
    for (uint64_t ms = 0; atomic_load(&o->gone) < until && ms < wait_ms; ms += DRAIN_MS) {
        (void)poll(NULL, 0, DRAIN_MS);
    }
}
