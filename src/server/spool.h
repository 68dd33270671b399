/* A spool: encoded frames, one after the other, in reference-counted segments.
 *
 * A frame for a thousand members is written once and lent out as a span. Frames that follow each
 * other in a segment make one longer span: sixteen messages to one room are a single piece for a
 * single send().
 *
 *      spool ──ref──> segment [frame|frame|frame|      ]
 *                        ^       ^
 *                     span of  span of one member's outbox
 *
 * Thread   one worker; counts are not atomic, spans never leave their worker.
 * Memory   a segment lives while the spool or any span refers to it. */
#ifndef PARLOIR_SERVER_SPOOL_H
#define PARLOIR_SERVER_SPOOL_H

#include "base/base.h"
#include "base/str.h"

#define SEGMENT_BYTES 65536u         // larger only for a single frame that needs it
#define SEGMENT_SMALL_BYTES 2048u    // the first one of a small spool

struct segment {
    uint32_t refs;
    uint32_t used;    // bytes written
    uint32_t cap;
    char bytes[];
};

/* A piece of a segment. segment == NULL: none. Copying a span does not take a reference: whoever
 * keeps it does. */
struct span {
    struct segment *segment;
    uint32_t at;
    uint32_t n;    // bytes
};

struct spool {
    struct segment *now;    // being filled; NULL at first
};

/* Gives the spool's reference back; zeroed is a valid empty spool. */
void spool_fini(struct spool *spool);

/* Appends two pieces as one contiguous frame and returns where it lies. The span is borrowed: it is
 * good until the next call here unless a reference is taken. */
struct span spool_put(struct spool *spool, struct str head, struct str body);

/* The same for a spool that many have one of: its segments begin small, and double. */
struct span spool_put_small(struct spool *spool, struct str body);

/* Takes, and gives back, a reference to what the span lies in. */
void span_hold(struct span span);
void span_drop(struct span *span);

/* Whether `next` begins where `span` ends. */
static inline bool span_is_followed_by(struct span span, struct span next) {
    return span.segment == next.segment && span.at + span.n == next.at;
}

#endif
