/* Outboxes: see outbox.h. Most hold nothing or one span, which sits in the struct itself; the array
 * exists only for a reader who lags, and goes when he has caught up. */
#include "server/outbox.h"

#define MORE_CAP_MIN 8

void outbox_fini(struct outbox *box) {
    span_drop(&box->first);
    for (uint32_t i = 0; i < box->more_count; i++) {
        span_drop(&box->more[box->more_head + i]);
    }
    xfree(box->more);
    spool_fini(&box->own);
    *box = (struct outbox){ 0 };
}

static struct span *span_at(struct outbox *box, uint32_t i) {
    return i == 0 ? &box->first : &box->more[box->more_head + i - 1];
}

static void push_more(struct outbox *box, struct span span) {
    if (box->more_head + box->more_count == box->more_cap) {
        if (box->more_head >= box->more_cap / 2 && box->more_head > 0) {
            memmove(box->more, box->more + box->more_head, box->more_count * sizeof *box->more);
        } else {
            box->more_cap = MAX(2 * box->more_cap, MORE_CAP_MIN);
            struct span *grown = xalloc(box->more_cap * sizeof *grown);
            if (box->more_count > 0) {
                memcpy(grown, box->more + box->more_head, box->more_count * sizeof *grown);
            }
            xfree(box->more);
            box->more = grown;
        }
        box->more_head = 0;
    }
    box->more[box->more_head + box->more_count] = span;
    box->more_count++;
}

static bool has_room(const struct outbox *box, struct span span, size_t bytes_max) {
    return box->bytes == 0 || box->bytes + (size_t)span.n <= bytes_max;
}

static void push(struct outbox *box, struct span span) {
    struct span *last = span_at(box, box->more_count);
    if (last->segment != NULL && span_is_followed_by(*last, span)) {
        last->n += span.n;
    } else {
        span_hold(span);
        if (last->segment == NULL) {
            box->first = span;
        } else {
            push_more(box, span);
        }
    }
    box->bytes += span.n;
}

static struct span copy_of(struct outbox *box, struct span span) {
    return spool_put_small(&box->own, (struct str){ span.segment->bytes + span.at, span.n });
}

enum err outbox_push(struct outbox *box, struct span span, size_t bytes_max) {
    if (!has_room(box, span, bytes_max)) {
        return ERR_TOO_BIG;
    }
    push(box, span);
    box->lent_bytes += span.n;
    return OK;
}

enum err outbox_push_copy(struct outbox *box, struct span span, size_t bytes_max) {
    if (!has_room(box, span, bytes_max)) {
        return ERR_TOO_BIG;
    }
    outbox_keep(box);    // so that what is lent stays at the end
    push(box, copy_of(box, span));
    return OK;
}

void outbox_keep(struct outbox *box) {
    uint32_t count = 1 + box->more_count;
    uint32_t at = count;
    while (box->lent_bytes > 0) {
        box->lent_bytes -= span_at(box, --at)->n;
    }
    for (; at < count; at++) {
        struct span *span = span_at(box, at);
        struct span own = copy_of(box, *span);
        span_hold(own);
        span_drop(span);
        *span = own;
    }
}

size_t outbox_peek(const struct outbox *box, struct iovec iov[OUTBOX_IOV_MAX]) {
    size_t count = 0;
    if (box->first.segment != NULL) {
        iov[count++] = (struct iovec){ box->first.segment->bytes + box->first.at, box->first.n };
    }
    for (uint32_t i = 0; i < box->more_count && count < OUTBOX_IOV_MAX; i++) {
        const struct span *s = &box->more[box->more_head + i];
        iov[count++] = (struct iovec){ s->segment->bytes + s->at, s->n };
    }
    return count;
}

/* Drops the front and moves the next one there. */
static void drop_first(struct outbox *box) {
    span_drop(&box->first);
    if (box->more_count > 0) {
        box->first = box->more[box->more_head];
        box->more_head++;
        box->more_count--;
    }
    if (box->more_count == 0 && box->more != NULL) {
        xfree(box->more);
        box->more = NULL;
        box->more_head = 0;
        box->more_cap = 0;
    }
}

void outbox_sent(struct outbox *box, size_t n) {
    CHECK(n <= box->bytes);
    box->bytes -= (uint32_t)n;
    box->lent_bytes = MIN(box->lent_bytes, box->bytes);
    while (n > 0) {
        uint32_t take = (uint32_t)MIN(n, (size_t)box->first.n);
        box->first.at += take;
        box->first.n -= take;
        n -= take;
        if (box->first.n == 0) {
            drop_first(box);
        }
    }
    if (box->bytes == 0) {
        spool_fini(&box->own);    // he has caught up
    }
}
