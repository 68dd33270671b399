/* What a client hears: each frame is held against the truth and against what this client asked for.
 *
 * Nothing is taken on trust: a message must be in the store already (or it was told too early),
 * written by him it names, as he wrote it, where it says, and this person must be somebody who may
 * hear it. An error must have a reason that the world knows of. */
#include <inttypes.h>

#include "base/clock.h"
#include "test/sim/speech.h"
#include "test/sim/world.h"

#define TROUBLE_US (8 * SECOND_US)    // how long after a store's trouble an answer may speak of it

static struct person *self(struct client *c) {
    return &c->w->persons[c->person];
}

static void fail(struct client *c, const char *invariant, const char *what, uint64_t id) {
    trace_fail(&c->w->trace, invariant, "client %u (user %" PRIu64 "): %s (%" PRIu64 ")", c->index,
               self(c)->id, what, id);
}

/* ---- messages */

static bool is_envelope(const struct client *c) {
    return (c->traits & TRAIT_ENVELOPE) != 0;
}

/* The post a frame speaks of; NULL: there is none, which is a failure. */
static struct post *post_of(struct client *c, const struct heard *h) {
    struct post *post = truth_post(&c->w->truth, h->id);
    if (post == NULL) {
        fail(c, "I5", "hears a message that is not stored", h->id);
        return NULL;
    }
    if (h->seq != post->seq) {
        fail(c, "I3", "hears a message under another seq", h->id);
    }
    return post;
}

/* Whether this person may hear what happened to the post at `order`. */
static void check_audience(struct client *c, const struct post *post, uint64_t order) {
    const struct person *p = self(c);
    const struct place *place = post->place;
    if (place->is_dm && place->pair[0] != p->id && place->pair[1] != p->id) {
        fail(c, "I8", "hears a dm of two others", post->id);
    }
    if (!place->is_dm && !world_may_see(c->w, p, place->room)) {
        fail(c, "I8", "hears a message of a private room", post->id);
    }
    if (!world_may_hear(p, order)) {
        fail(c, "I8", "hears what came after the ban", post->id);
    }
}

/* Who is answered for the second time, or catches up, gets the message as it is by now. */
static bool are_words_right(struct str content, const struct post *post, bool may_be_new) {
    uint32_t n = 0;
    uint32_t version = 0;
    if (truth_is_content(content, post->n, 0)) {
        return true;
    }
    if (!may_be_new) {
        return false;
    }
    if (post->deleted_order != 0 && str_is_empty(content)) {
        return true;
    }
    return truth_read_content(content, &n, &version) && n == post->n && version <= post->version &&
           truth_is_content(content, n, version);
}

static void check_words(struct client *c, const struct heard *h, const struct post *post,
                        bool is_missed) {
    struct world *w = c->w;
    const struct said *said = truth_said(&w->truth, post->n);
    const struct person *author = &w->persons[said->person];
    bool is_again = said->client == c->index && said->attempts > 1;
    if (!are_words_right(h->content, post, is_again || is_missed)) {
        fail(c, "I5", "hears other words than were sent", post->id);
    }
    if (h->user != author->id) {
        fail(c, "I5", "hears a message of another author", post->id);
    }
    if (h->ts != post->at_ms) {
        fail(c, "I6", "hears another time", post->id);
    }
}

/* The request that a message of one's own answers; NULL: it is none of this connection's, or its
 * answer is the batch's to give. */
static struct wish *wish_for(struct client *c, const struct post *post, const struct heard *h) {
    const struct said *said = truth_said(&c->w->truth, post->n);
    bool is_marked = h->ref != 0 || !str_is_empty(h->client_id);
    if (said->client != c->index) {
        if (is_marked) {
            fail(c, "I8", "gets somebody else's acknowledgement", post->id);
        }
        return NULL;
    }
    struct wish *wish = h->ref != 0 ? wish_of_ref(c, h->ref) : wish_of_n(c, post->n);
    if (!is_marked && (said->has_client_id || (wish != NULL && wish->ref != 0))) {
        return NULL;    // as the author's other connections hear it
    }
    if (wish == NULL ? is_marked && !said->is_part : wish->n != post->n) {
        fail(c, "answers", "gets an answer to nothing", post->id);
        return NULL;
    }
    return wish;
}

/* It answers a request: the acknowledgement is the stored one. */
static void acknowledge(struct client *c, struct wish *wish, const struct post *post) {
    wish_acked(c, post->n, post->id);
    wish_answered(c, wish, false);
}

/* What a message says beside a request of one's own: that one has come into its room. */
static void on_own(struct client *c, struct wish *wish, const struct post *post) {
    if (!post->place->is_dm) {
        sub_begin(c, sub_of_room(c, post->place->room), wish->told_order);
    }
    if (!wish->is_part) {
        acknowledge(c, wish, post);
    }
}

/* The sub of a room that is heard. In a batch whoever comes in hears the room before the answer. */
static struct sub *heard_sub(struct client *c, uint32_t room) {
    struct sub *sub = sub_of_room(c, room);
    uint64_t lo = UINT64_MAX;
    for (size_t i = 0; i < c->wish_count && !sub->is_in; i++) {
        const struct wish *wish = &c->wishes[i];
        bool is_coming = wish->kind == WISH_JOIN || wish->kind == WISH_SAY;
        if (!is_coming || wish->room != room) {
            continue;
        }
        lo = MIN(lo, wish->told_order);
        if (wish->is_part) {
            sub_may_begin(sub, lo);    // perhaps only now
        }
    }
    return sub;
}

static void on_message(struct client *c, const struct heard *h) {
    struct world *w = c->w;
    struct post *post = post_of(c, h);
    if (post == NULL) {
        return;
    }
    uint32_t room = world_room(w, h->room);
    if (post->place->is_dm || post->place->room != room) {
        fail(c, "I5", "hears a message in another room", post->id);
        return;
    }
    struct sub *sub = heard_sub(c, room);
    check_audience(c, post, sub->is_resuming ? 0 : post->order);
    check_words(c, h, post, sub->is_resuming);
    if (sub->is_resuming) {
        sub_catch_up(c, sub, post, ENTRY_NEW, post->index);
        return;
    }
    const struct said *said = truth_said(&w->truth, post->n);
    struct wish *wish = wish_for(c, post, h);
    bool is_again =
        said->client == c->index && said->attempts > 1 && (wish != NULL || said->is_part);
    if (!sub->is_in && wish == NULL) {
        fail(c, "I8", "hears a room it is not in", post->id);
        return;
    }
    if (wish != NULL) {
        on_own(c, wish, post);
    }
    sub_hear(c, sub, post, post->index, is_again);
}

static void on_dm(struct client *c, const struct heard *h) {
    struct post *post = post_of(c, h);
    if (post == NULL) {
        return;
    }
    check_audience(c, post, post->order);
    check_words(c, h, post, false);
    if (!post->place->is_dm) {
        fail(c, "I5", "hears as a dm what is none", post->id);
        return;
    }
    const struct said *said = truth_said(&c->w->truth, post->n);
    bool is_mine = c->w->persons[said->person].id == self(c)->id;
    bool is_named = is_mine || is_envelope(c);
    if (is_named != (h->other != 0) || (is_named && h->other != said->other)) {
        fail(c, "I5", "hears a dm to another person", post->id);
    }
    if (!is_envelope(c) && said->client == c->index && said->link_no == c->link_no &&
        said->attempts == 1) {
        fail(c, "I2", "hears its own dm", post->id);
    }
    c->w->seen[SEEN_dm]++;
    struct wish *wish = is_envelope(c) ? wish_for(c, post, h) : NULL;
    bool is_again = is_envelope(c) && said->client == c->index && said->attempts > 1;
    if (wish != NULL) {
        on_own(c, wish, post);
    }
    uint64_t other = is_mine ? said->other : c->w->persons[said->person].id;
    sub_hear(c, sub_of_dm(c, other), post, post->index, is_again);
}

/* A request has brought it into a room, says its answer. That of a part comes behind what was heard
 * of the room since. */
static void on_in(struct client *c, const struct wish *wish, uint32_t room) {
    if (wish->is_over) {
        sub_may_begin(sub_of_room(c, room), wish->told_order);
    } else {
        sub_begin(c, sub_of_room(c, room), wish->told_order);
    }
}

/* The hub's receipt of a dm; the envelope's of a part of a batch, whose message comes as well. */
static void on_receipt(struct client *c, const struct heard *h) {
    struct post *post = post_of(c, h);
    if (post == NULL) {
        return;
    }
    const struct said *said = truth_said(&c->w->truth, post->n);
    struct wish *wish = wish_for(c, post, h);
    bool is_fine = wish != NULL && wish->is_part == is_envelope(c) &&
                   (said->is_dm ? h->other == said->other
                                : wish->is_part && world_room(c->w, h->room) == said->room);
    if (!is_fine) {
        fail(c, "answers", "gets a receipt for nothing", post->id);
        return;
    }
    bool is_again = said->attempts > 1;
    bool is_part = wish->is_part;
    if (is_part && !said->is_dm) {
        on_in(c, wish, said->room);
    }
    acknowledge(c, wish, post);
    if (!is_part) {
        sub_hear(c, sub_of_dm(c, said->other), post, post->index, is_again);
    }
}

static bool is_edit_right(const struct heard *h, const struct post *post, uint32_t *version) {
    uint32_t n = 0;
    return truth_read_content(h->content, &n, version) && n == post->n &&
           truth_is_content(h->content, n, *version);
}

static size_t find_change(const struct post *post, int kind, uint32_t version) {
    const struct place *place = post->place;
    for (size_t i = post->index; i < place->count; i++) {
        const struct entry *e = &place->entries[i];
        bool is_it = e->post == post && (int)e->kind == kind;
        if (is_it && (kind == ENTRY_DELETED || e->version == version)) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* An edit or a deletion. */
static void on_altered(struct client *c, const struct heard *h) {
    struct post *post = post_of(c, h);
    uint32_t version = 0;
    int kind = h->kind == HEARD_EDIT ? ENTRY_EDITED : ENTRY_DELETED;
    if (post == NULL) {
        return;
    }
    if (kind == ENTRY_EDITED && !is_edit_right(h, post, &version)) {
        fail(c, "I5", "hears an edit that nobody made", post->id);
        return;
    }
    const struct place *place = post->place;
    uint64_t other = place->pair[0] == self(c)->id ? place->pair[1] : place->pair[0];
    struct sub *sub = place->is_dm ? sub_of_dm(c, other) : heard_sub(c, place->room);
    size_t index = find_change(post, kind, version);
    if (index == SIZE_MAX || !sub->is_in) {
        fail(c, index == SIZE_MAX ? "I5" : "I8", "hears of a change it should not", post->id);
        return;
    }
    if (h->ref > c->next_ref) {
        fail(c, "answers", "gets an answer to nothing", post->id);
    }
    c->w->seen[kind == ENTRY_EDITED ? SEEN_edited : SEEN_deleted]++;
    if (sub->is_resuming) {
        check_audience(c, post, 0);
        sub_catch_up(c, sub, post, kind, index);
        return;
    }
    check_audience(c, post, place->entries[index].order);
    sub_hear(c, sub, post, index, false);
}

/* ---- answers */

static void on_join_ack(struct client *c, struct wish *wish) {
    struct world *w = c->w;
    if (!world_may_see(w, self(c), wish->room)) {
        fail(c, "I8", "may join a private room", wish->room);
    }
    on_in(c, wish, wish->room);
    wish_answered(c, wish, false);
}

static void on_leave_ack(struct client *c, struct wish *wish) {
    sub_end(sub_of_room(c, wish->room));
    wish_answered(c, wish, false);
}

static void on_answer(struct client *c, const struct heard *h, enum wish_kind kind) {
    struct wish *wish = wish_of_ref(c, h->ref);
    if (wish == NULL || wish->kind != kind) {
        fail(c, "answers", "gets an answer to nothing", h->ref);
    } else if (kind == WISH_PING) {
        wish_answered(c, wish, false);
    } else if (world_room(c->w, h->room) != wish->room) {
        fail(c, "answers", "gets an answer about another room", wish->ref);
    } else if (h->is_no) {
        return;    // the error follows
    } else if (kind == WISH_JOIN) {
        on_join_ack(c, wish);
    } else {
        on_leave_ack(c, wish);
    }
}

/* Done, says this; how, is told to all. */
static void on_ack(struct client *c, const struct heard *h) {
    struct wish *wish = wish_of_ref(c, h->ref);
    bool is_fine = wish != NULL && (wish->kind == WISH_ALTER || wish->kind == WISH_READ ||
                                    wish->kind == WISH_TYPING);
    if (!is_fine) {
        fail(c, "answers", "is told that nothing was done", h->ref);
        return;
    }
    c->w->seen[SEEN_read] += wish->kind == WISH_READ;
    wish_answered(c, wish, false);
}

static void on_resumed(struct client *c, const struct heard *h) {
    struct wish *wish = wish_of_ref(c, h->ref);
    if (wish == NULL || wish->kind != WISH_RESUME || world_room(c->w, h->room) != wish->room) {
        fail(c, "answers", "is resumed where it did not ask for it", h->ref);
        return;
    }
    if (!world_may_see(c->w, self(c), wish->room)) {
        fail(c, "I8", "may resume a private room", wish->room);
    }
    if (wish->is_cut && h->is_recovered) {
        fail(c, "I4", "is told that nothing is gone of a room that is", wish->room);
    }
    if (!wish->is_over) {
        sub_resumed(c, sub_of_room(c, wish->room), wish, h);
    }
    wish_answered(c, wish, false);
}

/* Whether a room is resumed in a batch, whose answer may come behind what is heard of the room
 * from then on. */
static bool is_part_resumed(struct client *c, uint32_t room) {
    const struct wish *wish = wish_of_resume(c, room);
    return wish != NULL && wish->is_part;
}

/* Typing, reading, coming and going. */
static void on_notice_of(struct client *c, const struct heard *h) {
    if (str_is_empty(h->room)) {
        return;    // of a conversation, which is heard as long as the connection is open
    }
    struct sub *sub = heard_sub(c, world_room(c->w, h->room));
    bool is_early = sub->is_resuming && !is_part_resumed(c, sub->room);
    if (!sub->is_in || is_early || !world_may_see(c->w, self(c), sub->room)) {
        fail(c, "I8", "hears of people in a room it is not in", sub->room);
    }
    if (h->kind == HEARD_TYPING && h->user == self(c)->id) {
        fail(c, "I8", "hears itself typing", sub->room);
    }
    c->w->seen[SEEN_presence] += h->kind == HEARD_PRESENCE;
}

/* The parts of a batch that are about a room which has ended now; `is_cut`: before all that was
 * missed of it was told. */
static void note_end(struct client *c, uint32_t room, bool is_cut) {
    for (size_t i = 0; i < c->wish_count; i++) {
        struct wish *wish = &c->wishes[i];
        if (wish->is_part && wish->room == room) {
            wish->is_over = true;
            wish->is_cut = is_cut && wish->kind == WISH_RESUME;
        }
    }
}

static void on_room_removed(struct client *c, const struct heard *h) {
    struct sub *sub = heard_sub(c, world_room(c->w, h->room));
    bool is_early = sub->is_resuming && !is_part_resumed(c, sub->room);
    if (!sub->is_in || is_early) {
        fail(c, "I8", "hears the end of a room it is not in", sub->room);
        return;
    }
    if (sub->place != NULL && sub->place->removed_order == 0) {
        fail(c, "I5", "hears the end of a room that is there", sub->place->id);
    }
    bool is_cut = sub->place != NULL && sub->cursor != sub->place->count;
    if (is_cut && !sub->is_resuming && !sub->is_lossy) {
        fail(c, "I4", "hears the end of a room before all that was said", sub->place->id);
    }
    note_end(c, sub->room, is_cut);
    c->w->seen[SEEN_room_removed]++;
    sub_end(sub);
}

/* ---- errors */

static bool is_restarting(const struct client *c) {
    struct host *h = &c->w->host;
    return c->generation != h->generation || server_is_draining(&h->server);
}

static bool had_trouble(const struct client *c, const struct wish *wish) {
    const struct world *w = c->w;
    uint64_t since_us = wish == NULL ? world_us() : wish->sent_us;
    return w->troubled_us != 0 && w->troubled_us + TROUBLE_US >= since_us;
}

/* Whether what a reaction is put under may not be there any more. */
static bool is_target_gone(const struct client *c, const struct said *said) {
    if (said == NULL || !said->is_reaction) {
        return false;
    }
    const struct post *target = truth_post(&c->w->truth, said->target);
    return target == NULL || target->deleted_order != 0 || target->place->removed_order != 0;
}

/* Whether a room or user this request names may really not be there. */
static bool may_be_unknown(const struct client *c, const struct wish *wish) {
    const struct world *w = c->w;
    const struct person *me = &w->persons[c->person];
    const struct said *said = truth_said(&w->truth, wish->n);
    if (wish->kind == WISH_ALTER || is_target_gone(c, said)) {
        return true;
    }
    if (wish->kind == WISH_READ && wish->other != 0) {
        return true;    // they may never have said a word
    }
    if (wish->kind == WISH_DM || wish->kind == WISH_DM_HISTORY) {
        const struct person *other = world_person(w, wish->other);
        return other == NULL || !other->is_known || other->known_order > wish->sent_order ||
               other->is_erase_asked;
    }
    return w->rooms[wish->room].is_remove_asked || !world_may_see(w, me, wish->room);
}

/* Whether it was stored before, and deleted since: sent once more, it is no message any more. */
static bool is_deleted_since(const struct client *c, const struct wish *wish) {
    if (wish->kind != WISH_SAY && wish->kind != WISH_DM) {
        return false;
    }
    const struct said *said = truth_said(&c->w->truth, wish->n);
    const struct post *post = said == NULL ? NULL : truth_post(&c->w->truth, said->id);
    return post != NULL && post->deleted_order != 0;
}

static bool is_code_fair(const struct client *c, const struct wish *wish, struct str code) {
    const struct person *me = &c->w->persons[c->person];
    if (str_eq(code, STR_LIT("BAD_REQUEST"))) {
        return wish->kind == WISH_BAD;
    }
    if (str_eq(code, STR_LIT("NOT_FOUND"))) {
        return may_be_unknown(c, wish) || is_deleted_since(c, wish);
    }
    if (str_eq(code, STR_LIT("FORBIDDEN"))) {
        return me->is_ban_asked || wish->kind == WISH_TYPING || wish->kind == WISH_ALTER;
    }
    if (str_eq(code, STR_LIT("RATE_LIMITED"))) {
        bool is_coming =
            wish->kind == WISH_JOIN || wish->kind == WISH_SAY || wish->kind == WISH_RESUME;
        return c->w->plan.is_rate_limited || (is_coming && c->w->jumped_us != 0);
    }
    if (str_eq(code, STR_LIT("UNAUTHORIZED"))) {
        return me->is_erase_asked;
    }
    bool is_ended = wish->is_part && is_restarting(c);    // before it had begun
    return str_eq(code, STR_LIT("INTERNAL_ERROR")) && (had_trouble(c, wish) || is_ended);
}

/* What a message becomes whose request was refused. */
static void on_refused(struct client *c, const struct wish *wish, struct str code,
                       uint64_t retry_ms) {
    struct said *said = truth_said(&c->w->truth, wish->n);
    bool may_try_again =
        str_eq(code, STR_LIT("RATE_LIMITED")) || str_eq(code, STR_LIT("INTERNAL_ERROR"));
    c->w->seen[SEEN_rate_limited] += str_eq(code, STR_LIT("RATE_LIMITED"));
    c->w->seen[SEEN_store_away] += str_eq(code, STR_LIT("INTERNAL_ERROR"));
    said->refused++;
    if (said->id != 0 && said->attempts == said->refused) {
        fail(c, "I1", "is refused what was stored", said->id);
    }
    if (!may_try_again) {
        wish_forget(c, wish->n);
    }
    c->retry_us = MAX(c->retry_us, world_us() + MIN(retry_ms, 5000) * 1000 + 100000);
}

/* Whether it may have been let in only to be told why not. */
static bool is_at_door(const struct client *c) {
    return is_envelope(c) && !c->is_proved;
}

/* Whether its token may have been bad from the first, or expired while it knocked: the clock says
 * once how long it is good. */
static bool is_token_doubtful(const struct client *c) {
    return (is_at_door(c) && c->has_bad_token) || c->w->jumped_us >= c->opened_us;
}

/* An error to no request: why the connection ends. */
static void on_notice(struct client *c, struct str code) {
    bool is_fair = false;
    if (str_eq(code, STR_LIT("FORBIDDEN"))) {
        is_fair = self(c)->is_ban_asked;
    } else if (str_eq(code, STR_LIT("UNAUTHORIZED"))) {
        is_fair = self(c)->is_erase_asked || world_us() + SECOND_US >= c->expires_us ||
                  is_token_doubtful(c);
    } else if (str_eq(code, STR_LIT("INTERNAL_ERROR"))) {
        is_fair = is_restarting(c) || (is_at_door(c) && had_trouble(c, NULL));
    } else if (str_eq(code, STR_LIT("RATE_LIMITED"))) {
        is_fair = is_at_door(c);    // cut cables hold places of their own
        c->is_suspect = true;
    }
    if (!is_fair) {
        fail(c, "errors", "is told to go without a reason", 0);
    }
}

/* The first request without a ref that may have been refused. */
static struct wish *nameless(struct client *c) {
    for (size_t i = 0; i < c->wish_count; i++) {
        struct wish *wish = &c->wishes[i];
        if (wish->ref == 0 && (wish->n == 0 || truth_said(&c->w->truth, wish->n)->id == 0)) {
            return wish;
        }
    }
    return NULL;
}

/* Whether an error without a ref is why the connection ends. One to a request that had none may be
 * taken for that, too: then nothing is known of the request. */
static bool is_notice(const struct client *c, struct str code) {
    return is_at_door(c) || str_eq(code, STR_LIT("UNAUTHORIZED")) ||
           str_eq(code, STR_LIT("FORBIDDEN")) ||
           (str_eq(code, STR_LIT("INTERNAL_ERROR")) && is_restarting(c));
}

/* Whether a refusal may come before the answers of older requests: while the store is away, what
 * would write is refused at once, because of that or because of who asks. */
static bool may_pass(const struct client *c, const struct wish *wish, struct str code) {
    bool is_about_caller =
        str_eq(code, STR_LIT("UNAUTHORIZED")) || str_eq(code, STR_LIT("FORBIDDEN"));
    return str_eq(code, STR_LIT("INTERNAL_ERROR")) || (is_about_caller && had_trouble(c, wish));
}

/* What comes to nothing only in the store, as a message sent again that is deleted by now, brings
 * its sender into the room all the same. The envelope says so by naming it; of the hub's answer
 * that is sure only if the room is there. */
static void on_said_in_vain(struct client *c, const struct wish *wish, const struct heard *h) {
    bool is_unnamed = !is_envelope(c) && str_eq(h->code, STR_LIT("NOT_FOUND"));
    if (truth_said(&c->w->truth, wish->n)->is_dm) {
        return;
    }
    if (h->message != 0 || (is_unnamed && !may_be_unknown(c, wish))) {
        on_in(c, wish, wish->room);
    } else if (is_unnamed && is_deleted_since(c, wish)) {
        sub_may_begin(sub_of_room(c, wish->room), wish->told_order);
    }
}

/* What a request leads to that was refused. */
static void on_refusal(struct client *c, struct wish *wish, const struct heard *h) {
    if (wish->kind == WISH_RESUME) {
        c->w->seen[SEEN_resume_refused]++;
        c->w->seen[SEEN_resume_cut_off] += sub_of_room(c, wish->room)->missed > 0;
        sub_end(sub_of_room(c, wish->room));
    } else if (wish->kind == WISH_SAY || wish->kind == WISH_DM) {
        on_said_in_vain(c, wish, h);
        on_refused(c, wish, h->code, h->retry_ms);
    }
    wish_answered(c, wish, may_pass(c, wish, h->code));
}

static void on_error(struct client *c, const struct heard *h) {
    struct wish *wish = h->ref != 0 ? wish_of_ref(c, h->ref) : nameless(c);
    if (h->ref == 0 && is_notice(c, h->code)) {
        on_notice(c, h->code);
        if (wish != NULL) {
            wish->may_be_silent = true;
        }
        return;
    }
    if (wish == NULL) {
        fail(c, "answers", "gets an error to nothing", h->ref);
        return;
    }
    if (!is_code_fair(c, wish, h->code)) {
        trace_fail(&c->w->trace, "errors",
                   "client %u: request %" PRIu64 " (kind %d) is refused: %.*s", c->index, h->ref,
                   (int)wish->kind, STR_FMT(h->code));
        return;
    }
    on_refusal(c, wish, h);
}

/* ---- frames */

static void on_heard(struct client *c, const struct heard *h);

/* The answers of a batch: each for itself, and then for the batch. It may come in several. */
static void on_batch(struct client *c, const struct heard *h) {
    struct wish *wish = wish_of_ref(c, h->ref);
    if (wish == NULL || wish->kind != WISH_BATCH) {
        fail(c, "answers", "gets a batch for nothing", h->ref);
        return;
    }
    size_t count = json_count(h->items);
    for (size_t i = 0; i < count && !trace_has_failed(&c->w->trace); i++) {
        struct heard part;
        if (!speech_read(c, json_at(h->items, i), &part)) {
            fail(c, "wire", "gets a part of no type", i);
            return;
        }
        on_heard(c, &part);
    }
    c->w->seen[SEEN_batch]++;
    wish = wish_of_ref(c, h->ref);
    if (wish_is_whole(c, wish)) {
        wish_answered(c, wish, true);
    }
}

static void on_heard(struct client *c, const struct heard *h) {
    switch (h->kind) {
    case HEARD_MESSAGE: on_message(c, h); break;
    case HEARD_DM: on_dm(c, h); break;
    case HEARD_RECEIPT: on_receipt(c, h); break;
    case HEARD_EDIT:
    case HEARD_DELETION: on_altered(c, h); break;
    case HEARD_JOINED: on_answer(c, h, WISH_JOIN); break;
    case HEARD_LEFT: on_answer(c, h, WISH_LEAVE); break;
    case HEARD_PONG: on_answer(c, h, WISH_PING); break;
    case HEARD_ACK: on_ack(c, h); break;
    case HEARD_HISTORY:
    case HEARD_DM_HISTORY: hear_history(c, h); break;
    case HEARD_TYPING:
    case HEARD_PRESENCE:
    case HEARD_READ: on_notice_of(c, h); break;
    case HEARD_RESUMED: on_resumed(c, h); break;
    case HEARD_ROOM_REMOVED: on_room_removed(c, h); break;
    case HEARD_BATCH: on_batch(c, h); break;
    case HEARD_ERROR: on_error(c, h); break;
    case HEARD_NOTHING: break;
    }
}

/* Its first answer proves that it was let in. */
static void prove(struct client *c) {
    const struct person *p = self(c);
    c->is_proved = true;
    if (world_is_banned(p) && p->bans[p->ban_count - 1].from_order <= c->open_lo &&
        !world_may_be_unbanned(p)) {
        fail(c, "I8", "is let in though banned", 0);
    }
    if (c->has_bad_token) {
        fail(c, "door", "is let in with a bad token", 0);
    }
}

void hear_frame(struct client *c, struct str json) {
    const struct json *root = NULL;
    struct heard h;
    if (json_parse(c->w->json, json, &root) != OK) {
        fail(c, "wire", "gets what is no JSON", json.n);
        return;
    }
    if (!speech_read(c, root, &h)) {
        fail(c, "wire", "gets a frame of no type", json.n);
        return;
    }
    if (!c->is_proved && (h.kind != HEARD_ERROR || h.ref != 0)) {
        prove(c);
    }
    on_heard(c, &h);
}

/* ---- beginning and end */

/* It was deaf, takes little at a time, or what is said now waits until it has heard what it
 * missed. */
static bool may_be_too_slow(const struct client *c) {
    bool is_resuming = false;
    for (size_t i = 0; i < c->wish_count; i++) {
        is_resuming = is_resuming || c->wishes[i].kind == WISH_RESUME;
    }
    return c->was_deaf || is_resuming || c->link->down_bytes_max < FAKE_SOCKET_BYTES;
}

/* Whether there is a reason for a close code. */
static bool is_close_fair(struct client *c, uint16_t code) {
    const struct person *p = self(c);
    switch (code) {
    case WS_CLOSE_TOO_SLOW: return may_be_too_slow(c);
    case WS_CLOSE_BANNED: return p->is_ban_asked;
    case WS_CLOSE_UNAUTHENTICATED:
        return p->is_erase_asked || world_us() + SECOND_US >= c->expires_us || is_token_doubtful(c);
    case WS_CLOSE_RESTARTING: return is_restarting(c);
    case WS_CLOSE_OVERLOADED: return is_at_door(c) && had_trouble(c, NULL);
    case WS_CLOSE_POLICY: return is_at_door(c) && c->is_suspect;
    default: return code == c->provoked;
    }
}

void hear_close(struct client *c, uint16_t code) {
    trace_step(&c->w->trace, "close frame: client, code", c->index, code);
    c->w->seen[SEEN_too_slow] += code == WS_CLOSE_TOO_SLOW;
    c->w->seen[SEEN_banned] += code == WS_CLOSE_BANNED;
    c->w->seen[SEEN_expired] += code == WS_CLOSE_UNAUTHENTICATED;
    c->w->seen[SEEN_restarting] += code == WS_CLOSE_RESTARTING;
    c->w->seen[SEEN_rude] += code == c->provoked && code != WS_CLOSE_NORMAL;
    if (!is_close_fair(c, code)) {
        fail(c, "wire", "is closed without a reason", code);
    }
    c->close_code = code;
    if (c->state == CLIENT_ON) {
        c->state = CLIENT_LEAVING;
        c->left_us = world_us();
        wire_frame(c, WS_CLOSE, STR_LIT("\x03\xe8"));
    }
}

static bool is_status_fair(struct client *c, unsigned status) {
    const struct world *w = c->w;
    const struct person *p = self(c);
    switch (status) {
    case 101: return !c->has_bad_token || is_envelope(c);
    case 401:
        return c->has_bad_token || p->is_erase_asked || w->jumped_us >= c->opened_us ||
               world_us() + SECOND_US >= c->expires_us;
    case 403: return p->is_ban_asked;
    case 408: return (c->traits & TRAIT_LURKS) != 0;
    case 429: return true;    // cut cables hold places of their own
    case 503: return had_trouble(c, NULL) || is_restarting(c);
    default: return false;
    }
}

void hear_status(struct client *c, unsigned status) {
    struct world *w = c->w;
    trace_step(&w->trace, "upgrade: client, status", c->index, status);
    if (!is_status_fair(c, status)) {
        fail(c, "door", "gets this status", status);
    }
    w->seen[SEEN_kept_out] += status == 403;
    c->is_suspect = status == 429;
    if (status != 101) {
        return;
    }
    c->state = CLIENT_ON;
    c->open_hi = w->truth.order;
    if (!is_envelope(c)) {
        prove(c);
    }
}

/* Whoever has sent a whole request is answered, or the process has ended; but for a connection the
 * kernel has no memory for. */
static bool is_silence_fair(const struct client *c) {
    return c->is_operator || c->status != 0 || is_restarting(c) || (c->traits & TRAIT_LURKS) != 0 ||
           world_us() < c->opened_us + SECOND_US;
}

void hear_end(struct client *c) {
    if (!is_silence_fair(c)) {
        fail(c, "door", "has no answer to its upgrade", c->link_no);
    }
    bool is_fair = is_restarting(c) || c->state != CLIENT_ON || c->was_deaf || c->is_operator;
    if (!is_fair) {
        fail(c, "wire", "is cut off without a word", c->link_no);
    }
    wire_close(c, WIRE_FIN);
}
