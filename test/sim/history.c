/* Pages of history: what was committed before the question was asked is in the answer, unless it
 * was deleted, is older than `before` allows, or over the limit; and nothing else is.
 *
 * With sub.c that is I4: what is heard begins at the join at the latest, and a page that is asked
 * for after the join ends there at the earliest. */
#include <inttypes.h>

#include "test/sim/speech.h"
#include "test/sim/world.h"

struct page {
    struct client *c;
    const struct wish *wish;
    const struct json *items;
    struct place *place;    // NULL: nobody has spoken there
    struct post *first;
    struct post *last;
};

static uint64_t number(const struct json *object, const char *key) {
    uint64_t v = 0;
    return json_u64(json_get(object, key), &v) == OK ? v : 0;
}

static void fail(const struct page *page, const char *invariant, const char *what, uint64_t id) {
    trace_fail(&page->c->w->trace, invariant,
               "client %u asks for history (request %" PRIu64 "): %s (%" PRIu64 ")", page->c->index,
               page->wish->ref, what, id);
}

/* Whether an entry belongs into the answer, whatever happened since. */
static bool must_be_there(const struct page *page, const struct entry *e) {
    const struct wish *wish = page->wish;
    return e->kind == ENTRY_NEW && e->order <= wish->sent_order && e->post->deleted_order == 0 &&
           (wish->before == 0 || e->id < wish->before);
}

static void check_none_between(const struct page *page, size_t from, size_t to, const char *what) {
    for (size_t i = from; i < to; i++) {
        if (must_be_there(page, &page->place->entries[i])) {
            fail(page, "I4", what, page->place->entries[i].id);
            return;
        }
    }
}

static void check_item(const struct page *page, const struct json *item, const struct post *post) {
    const struct world *w = page->c->w;
    const struct said *said = truth_said(&w->truth, post->n);
    struct str content = json_text(json_get(item, "content"));
    uint32_t n = 0;
    uint32_t version = 0;
    if (!truth_read_content(content, &n, &version) || n != post->n || version > post->version ||
        !truth_is_content(content, n, version)) {
        fail(page, "I5", "a message is not as it was sent", post->id);
    }
    if (speech_author(page->c, item) != w->persons[said->person].id) {
        fail(page, "I5", "a message is somebody else's", post->id);
    }
    if (number(item, "seq") != post->seq) {
        fail(page, "I3", "a message has another seq", post->id);
    }
    if (page->wish->before != 0 && post->id >= page->wish->before) {
        fail(page, "history", "a message is not before", post->id);
    }
    if (post->deleted_order != 0 && post->deleted_order <= page->wish->sent_order) {
        fail(page, "I9", "a message was deleted before", post->id);
    }
}

static void check_place(const struct page *page) {
    const struct client *c = page->c;
    const struct person *me = &c->w->persons[c->person];
    const struct place *place = page->place;
    bool is_it = page->wish->kind == WISH_HISTORY
                     ? !place->is_dm && place->room == page->wish->room
                     : place->is_dm && place->pair[0] == MIN(me->id, page->wish->other) &&
                           place->pair[1] == MAX(me->id, page->wish->other);
    if (!is_it) {
        fail(page, "I8", "it is of another room", place->id);
    } else if (!place->is_dm && !world_may_see(c->w, me, place->room)) {
        fail(page, "I8", "it is of a private room", place->id);
    }
}

static void check_items(struct page *page) {
    size_t count = json_count(page->items);
    for (size_t i = 0; i < count; i++) {
        const struct json *item = json_at(page->items, i);
        struct post *post = truth_post(&page->c->w->truth, number(item, "id"));
        if (post == NULL || (page->last != NULL && post->place != page->place)) {
            fail(page, "I5", "a message is not stored", number(item, "id"));
            return;
        }
        page->place = post->place;
        check_item(page, item, post);
        if (page->last == NULL) {
            page->first = post;
        } else if (post->seq <= page->last->seq) {
            fail(page, "I3", "a message is out of order", post->id);
        } else {
            check_none_between(page, page->last->index + 1, post->index, "a message is missing");
        }
        page->last = post;
    }
}

static void check_edges(const struct page *page, bool has_more) {
    const struct place *place = page->place;
    bool may_change =
        page->wish->kind == WISH_HISTORY && page->c->w->rooms[page->wish->room].is_remove_asked;
    if (place == NULL || (page->last == NULL && may_change)) {
        return;
    }
    size_t newest = page->last == NULL ? 0 : page->last->index + 1;
    check_none_between(page, newest, place->count, "a new message is missing");
    if (!has_more && page->first != NULL) {
        check_none_between(page, 0, page->first->index, "an old message is missing");
    }
    if (json_count(page->items) > page->wish->limit) {
        fail(page, "history", "it is longer than the limit", json_count(page->items));
    }
}

void hear_history(struct client *c, const struct heard *h) {
    struct world *w = c->w;
    bool is_dm = h->kind == HEARD_DM_HISTORY;
    struct wish *wish = wish_of_ref(c, h->ref);
    if (wish == NULL || wish->kind != (is_dm ? WISH_DM_HISTORY : WISH_HISTORY)) {
        trace_fail(&w->trace, "answers", "client %u gets a history it did not ask for", c->index);
        return;
    }
    struct page page = { .c = c, .wish = wish, .items = h->items };
    w->seen[SEEN_history] += json_count(page.items) > 0;
    check_items(&page);
    if (page.place == NULL) {
        page.place = is_dm ? truth_dm(&w->truth, w->persons[c->person].id, wish->other)
                           : w->rooms[wish->room].place;
    } else {
        check_place(&page);
    }
    check_edges(&page, h->has_more);
    wish_answered(c, wish, false);
}
