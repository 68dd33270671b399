/* What a client hears: each frame is held against the truth and against what this client asked for.
 *
 * Nothing is taken on trust: a message must be in the store already (or it was told too early),
 * written by him it names, as he wrote it, where it says, and this person must be somebody who may
 * hear it. An error must have a reason that the world knows of. */
#include <inttypes.h>

#include "base/clock.h"
#include "test/sim/world.h"

#define TROUBLE_US (8 * SECOND_US)    // how long after a store's trouble an answer may speak of it

static uint64_t number(const struct json *object, const char *key) {
    uint64_t v = 0;
    return json_u64(json_get(object, key), &v) == OK ? v : 0;
}

static struct str text(const struct json *object, const char *key) {
    return json_text(json_get(object, key));
}

static struct person *self(struct client *c) {
    return &c->w->persons[c->person];
}

static void fail(struct client *c, const char *invariant, const char *what, uint64_t id) {
    trace_fail(&c->w->trace, invariant, "client %u (user %" PRIu64 "): %s (%" PRIu64 ")", c->index,
               self(c)->id, what, id);
}

/* ---- messages */

/* The post a frame speaks of; NULL: there is none, which is a failure. */
static struct post *post_of(struct client *c, const struct json *data) {
    uint64_t id = number(data, "id");
    struct post *post = truth_post(&c->w->truth, id);
    if (post == NULL) {
        fail(c, "I5", "hears a message that is not stored", id);
        return NULL;
    }
    if (number(data, "seq") != post->seq) {
        fail(c, "I3", "hears a message under another seq", id);
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

/* Who is answered for the second time gets the message as it is by now. */
static bool are_words_right(struct str content, const struct post *post, bool is_again) {
    uint32_t n = 0;
    uint32_t version = 0;
    if (truth_is_content(content, post->n, 0)) {
        return true;
    }
    if (!is_again) {
        return false;
    }
    if (post->deleted_order != 0 && str_is_empty(content)) {
        return true;
    }
    return truth_read_content(content, &n, &version) && n == post->n && version <= post->version &&
           truth_is_content(content, n, version);
}

static void check_words(struct client *c, const struct json *data, const struct post *post) {
    struct world *w = c->w;
    const struct said *said = truth_said(&w->truth, post->n);
    const struct person *author = &w->persons[said->person];
    bool is_again = said->client == c->index && said->attempts > 1;
    if (!are_words_right(text(data, "content"), post, is_again)) {
        fail(c, "I5", "hears other words than were sent", post->id);
    }
    if (number(data, "fromUser") != author->id) {
        fail(c, "I5", "hears a message of another author", post->id);
    }
    if (number(data, "ts") != post->at_ms) {
        fail(c, "I6", "hears another time", post->id);
    }
}

/* The request that a message of one's own answers; NULL: it is none of this connection's. */
static struct wish *wish_for(struct client *c, const struct post *post, const struct json *root,
                             struct str client_id) {
    const struct said *said = truth_said(&c->w->truth, post->n);
    uint64_t ref = number(root, "ref");
    bool is_marked = ref != 0 || !str_is_empty(client_id);
    if (said->client != c->index) {
        if (is_marked) {
            fail(c, "I8", "gets somebody else's acknowledgement", post->id);
        }
        return NULL;
    }
    struct wish *wish = ref != 0 ? wish_of_ref(c, ref) : wish_of_n(c, post->n);
    if (!is_marked && (said->has_client_id || (wish != NULL && wish->ref != 0))) {
        return NULL;    // as the author's other connections hear it
    }
    if (wish == NULL ? is_marked : wish->n != post->n) {
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

static void on_message(struct client *c, const struct json *root, const struct json *data) {
    struct world *w = c->w;
    struct post *post = post_of(c, data);
    if (post == NULL) {
        return;
    }
    check_audience(c, post, post->order);
    check_words(c, data, post);
    uint32_t room = world_room(w, text(data, "room"));
    if (post->place->is_dm || post->place->room != room) {
        fail(c, "I5", "hears a message in another room", post->id);
        return;
    }
    const struct said *said = truth_said(&w->truth, post->n);
    struct wish *wish = wish_for(c, post, root, text(data, "client_id"));
    struct sub *sub = sub_of_room(c, room);
    bool is_again = wish != NULL && said->attempts > 1;
    if (!sub->is_in && wish == NULL) {
        fail(c, "I8", "hears a room it is not in", post->id);
        return;
    }
    if (wish != NULL) {
        sub_begin(c, sub, wish->sent_order);
        acknowledge(c, wish, post);
    }
    sub_hear(c, sub, post, post->index, is_again);
}

static void on_dm(struct client *c, const struct json *root, const struct json *data) {
    struct post *post = post_of(c, data);
    (void)root;
    if (post == NULL) {
        return;
    }
    check_audience(c, post, post->order);
    check_words(c, data, post);
    if (!post->place->is_dm) {
        fail(c, "I5", "hears as a dm what is none", post->id);
        return;
    }
    const struct said *said = truth_said(&c->w->truth, post->n);
    bool is_mine = c->w->persons[said->person].id == self(c)->id;
    if (is_mine != (json_get(data, "to") != NULL) ||
        (is_mine && number(data, "to") != said->other)) {
        fail(c, "I5", "hears a dm to another person", post->id);
    }
    if (said->client == c->index && said->link_no == c->link_no && said->attempts == 1) {
        fail(c, "I2", "hears its own dm", post->id);
    }
    c->w->seen[SEEN_dm]++;
    uint64_t other = is_mine ? said->other : c->w->persons[said->person].id;
    sub_hear(c, sub_of_dm(c, other), post, post->index, false);
}

static void on_dm_ack(struct client *c, const struct json *root, const struct json *data) {
    struct post *post = post_of(c, data);
    if (post == NULL) {
        return;
    }
    const struct said *said = truth_said(&c->w->truth, post->n);
    struct wish *wish = wish_for(c, post, root, text(data, "client_id"));
    if (wish == NULL || wish->kind != WISH_DM || number(data, "to") != said->other) {
        fail(c, "answers", "gets a receipt for nothing", post->id);
        return;
    }
    bool is_again = said->attempts > 1;
    acknowledge(c, wish, post);
    sub_hear(c, sub_of_dm(c, said->other), post, post->index, is_again);
}

/* An edit or a deletion. */
static void on_altered(struct client *c, const struct json *root, const struct json *data,
                       bool is_edit) {
    struct post *post = post_of(c, data);
    uint32_t n = 0;
    uint32_t version = 0;
    if (post == NULL) {
        return;
    }
    struct str content = text(data, "content");
    if (is_edit && (!truth_read_content(content, &n, &version) || n != post->n ||
                    !truth_is_content(content, n, version))) {
        fail(c, "I5", "hears an edit that nobody made", post->id);
        return;
    }
    const struct place *place = post->place;
    uint64_t other = place->pair[0] == self(c)->id ? place->pair[1] : place->pair[0];
    struct sub *sub = place->is_dm ? sub_of_dm(c, other) : sub_of_room(c, place->room);
    int kind = is_edit ? ENTRY_EDITED : ENTRY_DELETED;
    size_t index = SIZE_MAX;
    for (size_t i = post->index; i < place->count && index == SIZE_MAX; i++) {
        const struct entry *e = &place->entries[i];
        bool is_it = e->post == post && (int)e->kind == kind && (!is_edit || e->version == version);
        index = is_it ? i : SIZE_MAX;
    }
    if (index == SIZE_MAX || !sub->is_in) {
        fail(c, index == SIZE_MAX ? "I5" : "I8", "hears of a change it should not", post->id);
        return;
    }
    c->w->seen[is_edit ? SEEN_edited : SEEN_deleted]++;
    check_audience(c, post, place->entries[index].order);
    struct wish *wish = wish_of_ref(c, number(root, "ref"));
    if (wish != NULL) {
        wish_answered(c, wish, false);
    } else if (number(root, "ref") != 0) {
        fail(c, "answers", "gets an answer to nothing", post->id);
    }
    sub_hear(c, sub, post, index, false);
}

/* ---- answers */

static void on_join_ack(struct client *c, struct wish *wish) {
    struct world *w = c->w;
    if (!world_may_see(w, self(c), wish->room)) {
        fail(c, "I8", "may join a private room", wish->room);
    }
    sub_begin(c, sub_of_room(c, wish->room), wish->sent_order);
    wish_answered(c, wish, false);
}

static void on_leave_ack(struct client *c, struct wish *wish) {
    sub_end(sub_of_room(c, wish->room));
    wish_answered(c, wish, false);
}

static void on_answer(struct client *c, const struct json *root, const struct json *data,
                      enum wish_kind kind) {
    struct wish *wish = wish_of_ref(c, number(root, "ref"));
    if (wish == NULL || wish->kind != kind) {
        fail(c, "answers", "gets an answer to nothing", number(root, "ref"));
    } else if (kind == WISH_PING) {
        wish_answered(c, wish, false);
    } else if (world_room(c->w, text(data, "room")) != wish->room) {
        fail(c, "answers", "gets an answer about another room", wish->ref);
    } else if (kind == WISH_JOIN) {
        on_join_ack(c, wish);
    } else {
        on_leave_ack(c, wish);
    }
}

static void on_typing(struct client *c, const struct json *data) {
    struct sub *sub = sub_of_room(c, world_room(c->w, text(data, "room")));
    if (!sub->is_in || !world_may_see(c->w, self(c), sub->room)) {
        fail(c, "I8", "hears typing in a room it is not in", sub->room);
    }
    if (number(data, "fromUser") == self(c)->id) {
        fail(c, "I8", "hears itself typing", sub->room);
    }
}

static void on_room_removed(struct client *c, const struct json *data) {
    struct sub *sub = sub_of_room(c, world_room(c->w, text(data, "room")));
    if (!sub->is_in) {
        fail(c, "I8", "hears the end of a room it is not in", sub->room);
        return;
    }
    if (sub->place != NULL && sub->place->removed_order == 0) {
        fail(c, "I5", "hears the end of a room that is there", sub->place->id);
    }
    if (sub->place != NULL && sub->cursor != sub->place->count) {
        fail(c, "I4", "hears the end of a room before all that was said", sub->place->id);
    }
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

/* Whether a room or user this request names may really not be there. */
static bool may_be_unknown(const struct client *c, const struct wish *wish) {
    const struct world *w = c->w;
    const struct person *me = &w->persons[c->person];
    if (wish->kind == WISH_ALTER) {
        return true;
    }
    if (wish->kind == WISH_DM || wish->kind == WISH_DM_HISTORY) {
        const struct person *other = world_person(w, wish->other);
        return other == NULL || !other->is_known || other->known_order > wish->sent_order ||
               other->is_erase_asked;
    }
    return w->rooms[wish->room].is_remove_asked || !world_may_see(w, me, wish->room);
}

static bool is_code_fair(const struct client *c, const struct wish *wish, struct str code) {
    const struct person *me = &c->w->persons[c->person];
    if (str_eq(code, STR_LIT("BAD_REQUEST"))) {
        return wish->kind == WISH_BAD;
    }
    if (str_eq(code, STR_LIT("NOT_FOUND"))) {
        return may_be_unknown(c, wish);
    }
    if (str_eq(code, STR_LIT("FORBIDDEN"))) {
        return me->is_ban_asked || wish->kind == WISH_TYPING || wish->kind == WISH_ALTER;
    }
    if (str_eq(code, STR_LIT("RATE_LIMITED"))) {
        return c->w->plan.is_rate_limited;
    }
    if (str_eq(code, STR_LIT("UNAUTHORIZED"))) {
        return me->is_erase_asked;
    }
    return str_eq(code, STR_LIT("INTERNAL_ERROR")) && had_trouble(c, wish);
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

/* An error to no request: why the connection ends. */
static void on_notice(struct client *c, struct str code) {
    bool is_fair = false;
    if (str_eq(code, STR_LIT("FORBIDDEN"))) {
        is_fair = self(c)->is_ban_asked;
    } else if (str_eq(code, STR_LIT("UNAUTHORIZED"))) {
        is_fair = self(c)->is_erase_asked || world_us() + SECOND_US >= c->expires_us;
    } else if (str_eq(code, STR_LIT("INTERNAL_ERROR"))) {
        is_fair = is_restarting(c);
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
    return str_eq(code, STR_LIT("UNAUTHORIZED")) || str_eq(code, STR_LIT("FORBIDDEN")) ||
           (str_eq(code, STR_LIT("INTERNAL_ERROR")) && is_restarting(c));
}

static void on_error(struct client *c, const struct json *root, const struct json *data) {
    struct str code = text(data, "code");
    uint64_t ref = number(root, "ref");
    struct wish *wish = ref != 0 ? wish_of_ref(c, ref) : nameless(c);
    if (ref == 0 && is_notice(c, code)) {
        on_notice(c, code);
        if (wish != NULL) {
            wish->may_be_silent = true;
        }
        return;
    }
    if (wish == NULL) {
        fail(c, "answers", "gets an error to nothing", ref);
        return;
    }
    if (!is_code_fair(c, wish, code)) {
        trace_fail(&c->w->trace, "errors",
                   "client %u: request %" PRIu64 " (kind %d) is refused: %.*s", c->index, ref,
                   (int)wish->kind, STR_FMT(code));
        return;
    }
    if (wish->kind == WISH_SAY || wish->kind == WISH_DM) {
        on_refused(c, wish, code, number(data, "retry_after_ms"));
    }
    wish_answered(c, wish, str_eq(code, STR_LIT("INTERNAL_ERROR")));
}

/* ---- frames */

void hear_frame(struct client *c, struct str json) {
    const struct json *root = NULL;
    if (json_parse(c->w->json, json, &root) != OK) {
        fail(c, "wire", "gets what is no JSON", json.n);
        return;
    }
    struct str type = text(root, "type");
    const struct json *data = json_get(root, "data");
    if (str_eq(type, STR_LIT("message"))) {
        on_message(c, root, data);
    } else if (str_eq(type, STR_LIT("dm"))) {
        on_dm(c, root, data);
    } else if (str_eq(type, STR_LIT("dm_ack"))) {
        on_dm_ack(c, root, data);
    } else if (str_eq(type, STR_LIT("message_edited"))) {
        on_altered(c, root, data, true);
    } else if (str_eq(type, STR_LIT("message_deleted"))) {
        on_altered(c, root, data, false);
    } else if (str_eq(type, STR_LIT("join_ack"))) {
        on_answer(c, root, data, WISH_JOIN);
    } else if (str_eq(type, STR_LIT("leave_ack"))) {
        on_answer(c, root, data, WISH_LEAVE);
    } else if (str_eq(type, STR_LIT("pong"))) {
        on_answer(c, root, data, WISH_PING);
    } else if (str_eq(type, STR_LIT("room_history"))) {
        hear_history(c, root, false);
    } else if (str_eq(type, STR_LIT("dm_history"))) {
        hear_history(c, root, true);
    } else if (str_eq(type, STR_LIT("typing"))) {
        on_typing(c, data);
    } else if (str_eq(type, STR_LIT("room_removed"))) {
        on_room_removed(c, data);
    } else if (str_eq(type, STR_LIT("error"))) {
        on_error(c, root, data);
    } else {
        fail(c, "wire", "gets a frame of no type", json.n);
    }
}

/* ---- beginning and end */

/* Whether there is a reason for a close code. */
static bool is_close_fair(struct client *c, uint16_t code) {
    const struct person *p = self(c);
    switch (code) {
    case WS_CLOSE_TOO_SLOW: return c->was_deaf;
    case WS_CLOSE_BANNED: return p->is_ban_asked;
    case WS_CLOSE_UNAUTHENTICATED:
        return p->is_erase_asked || world_us() + SECOND_US >= c->expires_us;
    case WS_CLOSE_RESTARTING: return is_restarting(c);
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
    case 101: return !c->has_bad_token;
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
    const struct person *p = self(c);
    if (world_is_banned(p) && p->bans[p->ban_count - 1].from_order <= c->open_lo &&
        !world_may_be_unbanned(p)) {
        fail(c, "I8", "is let in though banned", status);
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
