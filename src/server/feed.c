/* Feeds: see feed.h. Two flags stand between a client that asks ten times a second and the store.
 * `is_empty` is what the store said; `is_stirred` is what happened since it was asked. An event is
 * told only after its commit, so what was told before the question is in the answer, and what was
 * not is told later: no order of the two loses one. */
#include "server/feed.h"

void feed_fini(struct feed *f) {
    answer_free(&f->page);
    f->next = 0;
}

void feed_forget(struct feed *f) {
    feed_fini(f);
    f->is_empty = false;
}

bool feed_is_quiet(const struct feed *f, uint64_t position) {
    bool is_same = f->is_told ? !f->is_stirred : f->asked_at == position;
    return f->page == NULL && f->is_empty && is_same;
}

void feed_asked(struct feed *f, uint64_t position) {
    f->asked_at = position;
    f->is_stirred = false;
    f->is_stale = false;
    f->is_empty = false;
}

void feed_fill(struct feed *f, struct answer **answer) {
    feed_fini(f);
    f->is_empty = (*answer)->change_count == 0;
    f->waiting = (*answer)->total;
    if (f->is_empty) {
        f->handed_out = (*answer)->is_far ? (*answer)->position : 0;
        return;
    }
    if (f->is_stale || !f->is_told) {
        (*answer)->change_count = 1;    // the rest may be old when it is asked for
    }
    f->page = *answer;
    *answer = NULL;
}

const struct change *feed_next(struct feed *f, uint64_t *remaining) {
    if (f->page == NULL || f->next == f->page->change_count) {
        feed_fini(f);
        return NULL;
    }
    const struct change *change = &f->page->changes[f->next++];
    f->waiting -= MIN(f->waiting, 1);
    f->handed_out = change->position;
    *remaining = MIN(f->waiting, CHANGES_REMAINING_MAX);
    return change;
}

void feed_confirmed(struct feed *f) {
    f->handed_out = 0;
}

void feed_stir(struct feed *f, const struct event *ev) {
    f->is_stirred = true;
    if (ev->type != EV_message_posted) {
        f->is_stale = true;
        feed_fini(f);
    } else if (f->page != NULL && ev->message.v > f->page->position) {
        f->waiting = MIN(f->waiting + 1, CHANGES_WAITING_MAX);
    }
}

void feed_skip(struct feed *f, uint64_t position) {
    while (f->page != NULL && f->next < f->page->change_count &&
           f->page->changes[f->next].position <= position) {
        f->next++;
        f->waiting -= MIN(f->waiting, 1);
    }
    if (f->handed_out <= position) {
        f->handed_out = 0;
    }
}
