/* The oldest changes that wait, in order, and how many there are. */
#include "store/waiting.h"

struct waiting_page waiting_page_of(const struct ask *ask) {
    bool is_limited = ask->limit != 0 && ask->limit < CHANGES_PAGE_MAX;
    return (struct waiting_page){ .user = ask->user,
                                  .limit = is_limited ? ask->limit : CHANGES_PAGE_MAX,
                                  .until = UINT64_MAX };
}

/* Puts it in its place; the last one goes if there are too many. */
static void insert(struct waiting_page *page, const struct waiting *w) {
    bool is_full = page->n == page->limit;
    if (is_full && w->position > page->p[page->n - 1].position) {
        waiting_stop(page, page->p[page->n - 1].position);
        return;
    }
    size_t at = is_full ? page->n - 1 : page->n++;
    for (; at > 0 && page->p[at - 1].position > w->position; at--) {
        page->p[at] = page->p[at - 1];
    }
    page->p[at] = *w;
    if (is_full) {
        waiting_stop(page, page->p[page->n - 1].position);
    }
}

void waiting_offer(struct waiting_page *page, const struct waiting *w, enum message_type type,
                   bool is_deleted) {
    bool is_gone = is_deleted && w->kind != CHANGE_DELETED;
    if (w->by.v == page->user.v || type == MESSAGE_REACTION || is_gone) {
        return;
    }
    page->count += page->count < CHANGES_WAITING_MAX;
    if (w->position <= page->until) {
        insert(page, w);
    }
}

bool waiting_is_done(const struct waiting_page *page, uint64_t position) {
    return page->count == CHANGES_WAITING_MAX && position > page->until;
}

void waiting_stop(struct waiting_page *page, uint64_t position) {
    page->has_more = true;
    page->until = MIN(page->until, position);
    while (page->n > 0 && page->p[page->n - 1].position > page->until) {
        page->n--;
    }
}

void waiting_cut(struct waiting_page *page, size_t n) {
    if (n < page->n) {
        waiting_stop(page, page->p[n - 1].position);
    }
}

void waiting_settle(const struct waiting_page *page, uint64_t position, struct answer *out) {
    out->total = page->count;
    out->has_more = page->has_more;
    out->position = page->has_more ? page->until : position;
}
