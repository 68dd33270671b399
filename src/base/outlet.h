/* Lines on their way to a descriptor whose reader may stall: a bounded buffer, and one thread that
 * writes. Whoever puts a line never waits for the reader. Private to this folder.
 *
 * Thread   start and stop: one, while nobody puts; put: any; drain: any, in a signal handler too.
 * Bound    LOG_WAITING_BYTES_MAX. What finds no room is dropped and counted, and so is all that
 *          comes after it until the count has been told: a line is never missing without a word. */
#ifndef PARLOIR_BASE_OUTLET_H
#define PARLOIR_BASE_OUTLET_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/base.h"
#include "base/log.h"
#include "base/str.h"

#define OUTLET_WRITE_BYTES 4096    // in one write(): PIPE_BUF, so that a pipe does not cut it up

struct outlet_ops {
    /* Writes a line that tells of `dropped` others into `out` and returns its length. The lock is
     * held: it must put nothing. */
    size_t (*tell)(char out[LOG_LINE_BYTES_MAX], uint64_t dropped);
    int (*fd)(void);    // where lines go at the moment
};

struct outlet {
    struct outlet_ops ops;
    pthread_t thread;
    pthread_mutex_t lock;       // no CHECK is made while it is held
    pthread_cond_t filled;      // there is a line, or the end has come
    pthread_cond_t finished;    // is_finished was set
    char *bytes;                // a ring of LOG_WAITING_BYTES_MAX; it and what follows: locked
    _Atomic uint64_t put;       // bytes since the start; read without the lock
    _Atomic uint64_t gone;      // of them, bytes that are written or lost
    _Atomic uint64_t due_ms;    // when to give up (clock_mono_ms); UINT64_MAX: it has not to end
    uint64_t dropped;           // lines, since that was last told
    bool is_waiting;            // the thread sleeps until `filled`
    bool is_finished;           // the thread has nothing more to do with any of this
};

/* Starts the thread, with every signal blocked. */
void outlet_start(struct outlet *o, const struct outlet_ops *ops);

/* Ends the thread once everything is written; a reader who stalls is waited for `wait_ms`, then the
 * rest is lost. true: everything is freed. false: not even write() comes back. The thread is left
 * to itself, `o` must stay, and what is put is dropped. */
bool outlet_stop(struct outlet *o, uint64_t wait_ms);

/* Takes a line (at most LOG_LINE_BYTES_MAX bytes, the last one a line feed). */
void outlet_put(struct outlet *o, struct str line);

/* Waits until what has been put is written, `wait_ms` at most. Takes no lock, so whoever holds one
 * may call it. */
void outlet_drain(const struct outlet *o, uint64_t wait_ms);

#endif
