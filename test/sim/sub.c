/* What a connection hears of a room, held against the room's log.
 *
 * Once it is known where in the log a connection is, there is exactly one thing that may come next.
 * That is I2, I3, I4, I7 and I9 in one comparison. Only where it begins is not known: somewhere
 * between the order at which the join was sent, and the one at which its answer arrived. */
#include <inttypes.h>

#include "core/limits.h"
#include "test/sim/speech.h"
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
        s->hi = UINT64_MAX;
    }
    s->hi = MIN(s->hi, c->w->truth.order);
}

void sub_may_begin(struct sub *s, uint64_t lo) {
    if (!s->is_in) {
        *s = (struct sub){ .is_in = true, .room = s->room, .lo = lo, .hi = UINT64_MAX };
    }
}

void sub_end(struct sub *s) {
    s->is_in = false;
    s->is_resuming = false;
    s->is_lossy = false;
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

/* What it has had of a room, to resume behind it. */
static void note_had(struct client *c, const struct sub *s, const struct post *post) {
    if (s->is_dm) {
        return;
    }
    bool is_other = c->had_of[s->room] != post->place;
    c->had_of[s->room] = post->place;
    c->had_seq[s->room] = is_other ? post->seq : MAX(c->had_seq[s->room], post->seq);
}

void sub_hear(struct client *c, struct sub *s, struct post *post, size_t index, bool is_answer) {
    c->w->heard++;
    note_had(c, s, post);
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

/* ---- catching up */

void sub_resume(struct sub *s, uint64_t after_seq) {
    *s =
        (struct sub){ .is_in = true, .is_resuming = true, .room = s->room, .after_seq = after_seq };
}

/* Where in a log what comes behind a message begins; SIZE_MAX: there is no such message yet. */
static size_t behind(const struct place *place, uint64_t seq) {
    if (seq == 0) {
        return 0;
    }
    for (size_t i = 0; i < place->count; i++) {
        if (place->entries[i].kind == ENTRY_NEW && place->entries[i].post->seq == seq) {
            return i + 1;
        }
    }
    return SIZE_MAX;
}

/* It may be left out: that its message was deleted comes later, and is all there is to say. */
static bool is_superseded(const struct entry *e) {
    return e->kind != ENTRY_DELETED && e->post->deleted_order != 0;
}

/* The first it hears. If the room has not come as far as what is resumed behind, as it is another
 * by now, nothing was missed that anybody could tell; but a batch says so behind what is said
 * meanwhile. */
static void begin_catching_up(struct client *c, struct sub *s, struct place *place, size_t index) {
    const struct wish *wish = wish_of_resume(c, s->room);
    bool is_new = wish != NULL && wish->is_part && place->entries[index].order > wish->sent_order;
    s->place = place;
    s->cursor = behind(place, s->after_seq);
    s->is_ahead = is_new && index < s->cursor;
    s->cursor = s->is_ahead ? index : s->cursor;
    c->w->seen[SEEN_missed_other] +=
        c->had_of[s->room] != NULL && c->had_of[s->room] != place && s->after_seq != 0;
}

void sub_catch_up(struct client *c, struct sub *s, struct post *post, int kind, size_t index) {
    const struct place *place = post->place;
    c->w->heard++;
    c->w->seen[SEEN_missed]++;
    if (s->place == NULL) {
        begin_catching_up(c, s, post->place, index);
    }
    note_had(c, s, post);
    if (s->place != place) {
        fail_gap(c, s, post, post->index);
        return;
    }
    for (size_t i = s->cursor; i < place->count; i++) {
        const struct entry *e = &place->entries[i];
        if (e->post == post && (int)e->kind == kind) {
            s->cursor = i + 1;
            s->missed++;
            return;
        }
        if (!is_superseded(e)) {
            fail_gap(c, s, post, i + 1);
            return;
        }
        c->w->seen[SEEN_superseded]++;
    }
    trace_fail(&c->w->trace, "I2", "client %u is told again that it missed message %" PRIu64,
               c->index, post->id);
}

/* That all was told which was there when it was asked for. What is said from now on comes as to
 * anybody. */
static void check_resumed(struct client *c, struct sub *s, const struct wish *wish,
                          const struct heard *h) {
    struct trace *t = &c->w->trace;
    const struct place *place = s->place;
    uint64_t seq = 0;
    for (size_t i = 0; i < s->cursor; i++) {
        seq = MAX(seq, place->entries[i].post->seq);
    }
    if (s->cursor < place->count && place->entries[s->cursor].order <= wish->sent_order) {
        trace_fail(t, "I4", "client %u resumes place %" PRIu64 " without entry %zu", c->index,
                   place->id, s->cursor);
    }
    bool may_be_late = wish->is_part;    // a batch says so behind what came next
    if ((h->last_seq < seq && !may_be_late) || h->last_seq > place->seq) {
        trace_fail(t, "I4", "client %u has message %" PRIu64 " of %" PRIu64 ", it says", c->index,
                   seq, h->last_seq);
    }
}

void sub_resumed(struct client *c, struct sub *s, const struct wish *wish, const struct heard *h) {
    struct place *place = s->place != NULL ? s->place : c->w->rooms[s->room].place;
    bool is_ahead = s->after_seq > h->last_seq;
    bool is_unsure = s->place == NULL && c->w->rooms[s->room].is_remove_asked;
    c->w->seen[SEEN_resumed]++;
    c->w->seen[SEEN_missed_many] += s->missed > RESUME_CHANGES_MAX;
    s->is_resuming = false;
    if (s->place != NULL && s->place->removed_order != 0 && !h->is_recovered) {
        s->is_lossy = true;    // it was removed between two answers; its end comes next
        return;
    }
    if (!is_unsure && is_ahead == h->is_recovered) {
        trace_fail(&c->w->trace, "I4", "client %u is told %d of whether nothing is gone", c->index,
                   (int)h->is_recovered);
    }
    if (s->is_ahead && !is_ahead) {
        trace_fail(&c->w->trace, "I2",
                   "client %u has heard what it resumes behind of place %" PRIu64, c->index,
                   s->place->id);
    }
    if (is_ahead && s->place != NULL) {
        return;    // a batch says so behind what came next
    }
    if (is_ahead || is_unsure || place == NULL) {    // as if it had joined
        s->lo = is_ahead ? wish->told_order : 0;
        s->hi = c->w->truth.order;
        return;
    }
    if (s->place == NULL) {
        s->place = place;
        s->cursor = behind(place, s->after_seq);
    }
    check_resumed(c, s, wish, h);
}

/* ---- the end */

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
