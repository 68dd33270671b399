/* Spools: see spool.h. The one idea: nothing is ever freed or moved inside a segment, so a span is
 * three numbers and a reference, and extending the last one is an addition. */
#include "server/spool.h"

static void segment_unref(struct segment **segment) {
    if (*segment != NULL && --(*segment)->refs == 0) {
        xfree(*segment);
    }
    *segment = NULL;
}

void spool_fini(struct spool *spool) {
    segment_unref(&spool->now);
}

static void make_room(struct spool *spool, uint32_t n, uint32_t segment_bytes) {
    bool is_odd = spool->now != NULL && spool->now->cap > SEGMENT_BYTES;    // made for one frame
    if (spool->now != NULL && !is_odd && spool->now->cap - spool->now->used >= n) {
        return;
    }
    if (spool->now != NULL && !is_odd && spool->now->refs == 1 && spool->now->cap >= n) {
        spool->now->used = 0;    // nobody reads it any more
        return;
    }
    segment_unref(&spool->now);
    uint32_t cap = MAX(segment_bytes - (uint32_t)sizeof(struct segment), n);
    spool->now = xalloc(sizeof(struct segment) + cap);
    *spool->now = (struct segment){ .refs = 1, .cap = cap };
}

static struct span put(struct spool *spool, struct str head, struct str body) {
    uint32_t n = (uint32_t)(head.n + body.n);
    struct segment *segment = spool->now;
    struct span span = { segment, segment->used, n };
    if (head.n > 0) {
        memcpy(segment->bytes + segment->used, head.p, head.n);
    }
    if (body.n > 0) {
        memcpy(segment->bytes + segment->used + head.n, body.p, body.n);
    }
    segment->used += n;
    return span;
}

struct span spool_put(struct spool *spool, struct str head, struct str body) {
    CHECK(head.n + body.n < UINT32_MAX / 2);
    make_room(spool, (uint32_t)(head.n + body.n), SEGMENT_BYTES);
    return put(spool, head, body);
}

struct span spool_put_small(struct spool *spool, struct str body) {
    CHECK(body.n < UINT32_MAX / 2);
    uint32_t bytes = spool->now == NULL ? SEGMENT_SMALL_BYTES : 2 * spool->now->cap;
    make_room(spool, (uint32_t)body.n, MIN(bytes, SEGMENT_BYTES));
    return put(spool, body, STR_NONE);
}

void span_hold(struct span span) {
    span.segment->refs++;
}

void span_drop(struct span *span) {
    segment_unref(&span->segment);
    span->n = 0;
}
