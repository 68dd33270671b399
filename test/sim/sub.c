/* What a connection hears of a room, held against the room's log.
 *
 * Once it is known where in the log a connection is, there is exactly one thing that may come next.
 * That is I2, I3, I4, I7 and I9 in one comparison. Only where it begins is not known: somewhere
 * between the order at which the join was sent, and the one at which its answer arrived. */
#include <inttypes.h>

#include "test/sim/world.h"

static struct sub *find(struct client *c, bool is_dm, uint32_t room, uint64_t other) {
    for (size_t i = 0; i < c->sub_count; i++) {
        struct sub *s = &c->subs[i];
        if (s->is_dm == is_dm && s->room == room && s->other == other) {
            return s;
        }
    }
    if (c->sub_count == c->sub_cap) {
        c->sub_cap = MAX(8, 2 * c->sub_cap);
        c->subs = xrealloc(c->subs, c->sub_cap * sizeof *c->subs);
    }
    struct sub *s = &c->subs[c->sub_count++];
    *s = (struct sub){ .is_dm = is_dm, .room = room, .other = other };
    return s;
}

struct sub *sub_of_room(struct client *c, uint32_t room) {
    return find(c, false, room, 0);
}

/* Conversations are heard as long as the connection is open. */
struct sub *sub_of_dm(struct client *c, uint64_t other) {
    struct sub *s = find(c, true, 0, other);
    if (!s->is_in) {
        s->is_in = true;
        s->lo = c->open_lo;
        s->hi = c->open_hi;
    }
    return s;
}

void sub_begin(struct client *c, struct sub *s, uint64_t lo) {
    if (!s->is_in) {
        s->is_in = true;
        s->place = NULL;
        s->lo = lo;
        s->hi = c->w->truth.order;
    }
}

void sub_end(struct sub *s) {
    s->is_in = false;
    s->place = NULL;
}

/* Its own dm that asked for no receipt: this connection is not told. */
static bool is_silent(const struct client *c, const struct entry *e) {
    const struct said *said = truth_said(&c->w->truth, e->post->n);
    return e->kind == ENTRY_NEW && said->is_silent && said->client == c->index &&
           said->link_no == c->link_no;
}

size_t sub_find(const struct sub *s, const struct post *post, int kind, uint32_t version) {
    const struct place *place = post->place;
    size_t from = s->place == place ? s->cursor : post->index;
    for (size_t i = from; i < place->count; i++) {
        const struct entry *e = &place->entries[i];
        if (e->post == post && (int)e->kind == kind && e->version == version) {
            return i;
        }
    }
    for (size_t i = from; i > post->index; i--) {
        const struct entry *e = &place->entries[i - 1];
        if (e->post == post && (int)e->kind == kind && e->version == version) {
            return i - 1;
        }
    }
    return SIZE_MAX;
}

static void fail_gap(struct client *c, const struct sub *s, const struct post *post, size_t index) {
    struct trace *t = &c->w->trace;
    const struct place *place = post->place;
    if (s->place != place) {
        trace_fail(t, "I8",
                   "client %u hears message %" PRIu64 " of place %" PRIu64 ", follows %" PRIu64,
                   c->index, post->id, place->id, s->place->id);
    } else if (index < s->cursor) {
        trace_fail(t, "I2", "client %u hears message %" PRIu64 " (seq %" PRIu64 ") again", c->index,
                   post->id, post->seq);
    } else {
        trace_fail(t, "I4", "client %u hears message %" PRIu64 " (entry %zu), but not entry %zu",
                   c->index, post->id, index, s->cursor);
    }
}

/* The first that is heard: nothing before the join, and nothing left out since its answer. */
static void check_first(struct client *c, struct sub *s, const struct post *post, size_t index) {
    const struct entry *entries = post->place->entries;
    if (entries[index].order <= s->lo) {
        trace_fail(&c->w->trace, "I8", "client %u hears message %" PRIu64 " from before it joined",
                   c->index, post->id);
    }
    for (size_t i = index; i > 0 && entries[i - 1].order > s->hi; i--) {
        if (!is_silent(c, &entries[i - 1])) {
            trace_fail(&c->w->trace, "I4", "client %u hears entry %zu first, but not entry %zu",
                       c->index, index, i - 1);
            return;
        }
    }
}

void sub_hear(struct client *c, struct sub *s, struct post *post, size_t index, bool is_answer) {
    c->w->heard++;
    c->w->seen[SEEN_again] += is_answer && (s->place == NULL || index < s->cursor);
    if (s->place == NULL && is_answer) {
        s->hi = c->w->truth.order;    // where it begins is as unknown as before
        return;
    }
    if (s->place == NULL) {
        check_first(c, s, post, index);
        s->place = post->place;
        s->cursor = index + 1;
        return;
    }
    while (s->cursor < s->place->count && is_silent(c, &s->place->entries[s->cursor])) {
        s->cursor++;
    }
    if (post->place == s->place && index == s->cursor) {
        s->cursor++;
    } else if (!is_answer || (post->place == s->place && index > s->cursor)) {
        fail_gap(c, s, post, index);
    }
}

static struct place *place_of(const struct client *c, const struct sub *s) {
    uint64_t self = c->w->persons[c->person].id;
    if (s->place != NULL) {
        return s->place;
    }
    return s->is_dm ? truth_dm(&c->w->truth, self, s->other) : c->w->rooms[s->room].place;
}

void sub_check_whole(struct client *c, struct sub *s) {
    struct trace *t = &c->w->trace;
    struct place *place = place_of(c, s);
    if (!s->is_in || place == NULL) {
        return;
    }
    size_t i = s->cursor;
    if (s->place == NULL) {
        for (i = place->count; i > 0 && place->entries[i - 1].order > s->hi; i--) {
        }
    }
    for (; i < place->count; i++) {
        if (!is_silent(c, &place->entries[i])) {
            trace_fail(t, "I4", "client %u has never heard entry %zu of place %" PRIu64, c->index,
                       i, place->id);
            return;
        }
    }
    if (place->removed_order != 0) {
        trace_fail(t, "I4", "client %u was not told that room %s is gone", c->index,
                   c->w->rooms[s->room].name);
    }
}
