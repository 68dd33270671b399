/* An outbox: what one connection has not been sent yet, as spans of shared segments.
 *
 * Thread   the worker that owns the session; nobody else calls in here.
 * Memory   holds references to segments; for a reader who lags, copies in segments of its own, so
 *          that what waits is what is held. Empty, it is only itself; one span needs no allocation.
 * Bound    bytes_max of each push. There is no unbounded outbox. */
#ifndef PARLOIR_SERVER_OUTBOX_H
#define PARLOIR_SERVER_OUTBOX_H

#include <sys/uio.h>

#include "base/err.h"
#include "server/spool.h"

#define OUTBOX_IOV_MAX 64    // spans that leave in one write

struct outbox {
    struct span first;    // the front; segment == NULL when empty
    struct span *more;    // owned; what follows, a plain array used from more_head
    uint32_t more_head;
    uint32_t more_count;
    uint32_t more_cap;
    uint32_t bytes;            // in all of them
    uint32_t lent_bytes;       // of them, the last ones that lie in segments of others
    uint32_t counted_bytes;    // of them, those that its owner has counted elsewhere
    struct spool own;          // copies, for a reader who lags
};

/* Drops everything; zeroed is a valid empty outbox. */
void outbox_fini(struct outbox *box);

/* Queues a span and takes a reference of its own, or lengthens the last one if it follows it.
 * ERR_TOO_BIG: something waits already, and more than bytes_max would; nothing was queued: this
 * reader is too slow. An empty outbox takes a span of any length: one long answer makes nobody
 * slow. */
enum err outbox_push(struct outbox *box, struct span span, size_t bytes_max) MUST_USE;

/* outbox_push() of a copy of the bytes, for a reader whose socket is full: a few hundred bytes that
 * wait for him must not keep alive the whole segment that others have long read. */
enum err outbox_push_copy(struct outbox *box, struct span span, size_t bytes_max) MUST_USE;

/* Copies what lies in segments of others: the socket is full, and what waits shall be what is
 * held. */
void outbox_keep(struct outbox *box);

/* Fills `iov` with what is in front; returns how many pieces. */
size_t outbox_peek(const struct outbox *box, struct iovec iov[OUTBOX_IOV_MAX]);

/* Removes the first n bytes: they are sent. */
void outbox_sent(struct outbox *box, size_t n);

static inline bool outbox_is_empty(const struct outbox *box) {
    return box->bytes == 0;
}

#endif
