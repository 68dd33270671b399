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

static struct span *last_of(struct outbox *box) {
    return box->more_count > 0 ? &box->more[box->more_head + box->more_count - 1] : &box->first;
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

enum err outbox_push(struct outbox *box, struct span span, size_t bytes_max) {
    if (box->bytes > 0 && box->bytes + (size_t)span.n > bytes_max) {
        return ERR_TOO_BIG;
    }
    struct span *last = last_of(box);
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
    return OK;
}

enum err outbox_push_copy(struct outbox *box, struct span span, size_t bytes_max) {
    if (box->bytes > 0 && box->bytes + (size_t)span.n > bytes_max) {
        return ERR_TOO_BIG;
    }
    struct str bytes = { span.segment->bytes + span.at, span.n };
    return outbox_push(box, spool_put(&box->own, bytes, STR_NONE), bytes_max);
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
