/* The truth: a store in front of the store. See truth.h.
 *
 * It checks what can be seen from there: every message was sent, by him who is said to have sent it
 * and to where it is; it is stored once; seq counts without a hole, ids grow; one connection's
 * messages keep their order. */
#include "test/sim/truth.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "core/event.h"
#include "store/store.h"
#include "test/sim/world.h"

#define CONTENT_BYTES_MAX 8192

/* ---- contents: "17.0 some words", the same words for the same number and version */

static const char *const words[] = {
    "bonjour", "été",      "rien", "\"dit-il\"", "C:\\tmp", "<b>", "naïve", "☃",
    "encore",  "tab\tulé", "où",   "🙂",       "a/b",     "moi", "œuf",   "\u2028",
};

/* How many words: mostly few, sometimes enough to be worth compressing. */
static unsigned word_count(uint32_t n, uint32_t version) {
    uint32_t h = (n * 2654435761u) ^ (version * 40503u);
    h ^= h >> 13;
    return h % 23 == 0 ? 40 + h % 200 : h % 8;
}

void truth_put_content(struct buf *out, uint32_t n, uint32_t version) {
    buf_put_u64(out, n);
    buf_put_char(out, '.');
    buf_put_u64(out, version);
    unsigned count = word_count(n, version);
    for (unsigned i = 0; i < count; i++) {
        buf_put_char(out, ' ');
        buf_put_str(out, str_of(words[(n + version + 7 * i) % COUNT(words)]));
    }
}

/* A reaction is one emoji, so its number is in the tags of a flag: what nobody could draw, but one
 * character all the same. */
#define FLAG "\xf0\x9f\x8f\xb4"
#define TAG_BYTES 4
#define TAG_ZERO 0xb0    // the last byte of U+E0030
#define TAG_END "\xf3\xa0\x81\xbf"

static const char tag[TAG_BYTES] = { '\xf3', '\xa0', '\x80', '\0' };

void truth_put_reaction(struct buf *out, uint32_t n) {
    char digits[16];
    int count = snprintf(digits, sizeof digits, "%u", n);
    BUF_PUT_LIT(out, FLAG);
    for (int i = 0; i < count; i++) {
        buf_put(out, tag, TAG_BYTES - 1);
        buf_put_char(out, (char)(TAG_ZERO + digits[i] - '0'));
    }
    BUF_PUT_LIT(out, TAG_END);
}

static bool read_reaction(struct str content, uint32_t *n) {
    *n = 0;
    for (size_t at = sizeof FLAG - 1; at + TAG_BYTES < content.n; at += TAG_BYTES) {
        *n = *n * 10 + (uint8_t)content.p[at + TAG_BYTES - 1] - TAG_ZERO;
    }
    SCOPED(buf_fini) struct buf want = BUF_INIT(CONTENT_BYTES_MAX);
    truth_put_reaction(&want, *n);
    return str_eq(content, buf_str(&want));
}

bool truth_read_content(struct str content, uint32_t *n, uint32_t *version) {
    if (str_starts(content, STR_LIT(FLAG))) {
        *version = 0;
        return read_reaction(content, n);
    }
    struct str number = str_cut(&content, ' ');
    struct str rest = number;
    struct str first = str_cut(&rest, '.');
    uint64_t a = 0;
    uint64_t b = 0;
    if (str_to_u64(first, &a) != OK || str_to_u64(rest, &b) != OK) {
        return false;
    }
    *n = (uint32_t)a;
    *version = (uint32_t)b;
    return true;
}

bool truth_is_content(struct str content, uint32_t n, uint32_t version) {
    uint32_t number = 0;
    if (str_starts(content, STR_LIT(FLAG))) {
        return version == 0 && read_reaction(content, &number) && number == n;
    }
    SCOPED(buf_fini) struct buf want = BUF_INIT(CONTENT_BYTES_MAX);
    truth_put_content(&want, n, version);
    return str_eq(content, buf_str(&want));
}

/* ---- look-ups */

struct said *truth_said(const struct truth *t, uint64_t n) {
    return n == 0 || n >= t->said_count ? NULL : &t->said[n];
}

struct post *truth_post(const struct truth *t, uint64_t id) {
    return map_get(&t->posts, id);
}

static uint64_t pair_key(uint64_t a, uint64_t b) {
    return MIN(a, b) << 32 | MAX(a, b);
}

struct place *truth_dm(const struct truth *t, uint64_t a, uint64_t b) {
    return map_get(&t->dms, pair_key(a, b));
}

uint32_t truth_say(struct truth *t, const struct said *said) {
    if (t->said_count == t->said_cap) {
        t->said_cap = MAX(1024, 2 * t->said_cap);
        t->said = xrealloc(t->said, t->said_cap * sizeof *t->said);
    }
    if (t->said_count == 0) {
        t->said[t->said_count++] = (struct said){ 0 };    // nothing has number 0
    }
    t->said[t->said_count] = *said;
    return (uint32_t)t->said_count++;
}

/* ---- what was committed */

static struct entry *log_entry(struct truth *t, struct post *post, enum entry_kind kind) {
    struct place *place = post->place;
    if (place->count == place->cap) {
        place->cap = MAX(16, 2 * place->cap);
        place->entries = xrealloc(place->entries, place->cap * sizeof *place->entries);
    }
    struct entry *e = &place->entries[place->count++];
    *e = (struct entry){
        .kind = kind, .id = post->id, .order = ++t->order, .post = post, .version = post->version
    };
    return e;
}

static void check_source(struct truth *t, const struct event *ev, const struct said *said,
                         const struct place *place) {
    struct world *w = t->world;
    const struct person *author = &w->persons[said->person];
    if (author->id != ev->user.v) {
        trace_fail(&w->trace, "I5", "message %" PRIu64 " is stored as user %" PRIu64 "'s",
                   ev->message.v, ev->user.v);
    }
    bool is_there = said->is_dm ? place->is_dm && place->pair[0] == MIN(author->id, said->other) &&
                                      place->pair[1] == MAX(author->id, said->other)
                                : !place->is_dm && place->room == said->room;
    if (!is_there) {
        trace_fail(&w->trace, "I5", "message %" PRIu64 " is stored in room %" PRIu64, ev->message.v,
                   place->id);
    }
    if (said->attempts == said->refused) {
        trace_fail(&w->trace, "I5", "message %" PRIu64 " is stored and was refused", ev->message.v);
    }
    const struct post *first = truth_post(t, said->id);    // it may have gone with its room
    if (first != NULL && first->place->removed_order == 0) {
        trace_fail(&w->trace, "I1", "messages %" PRIu64 " and %" PRIu64 " are the same one",
                   said->id, ev->message.v);
    }
}

/* One connection's messages keep their order; what was sent more than once may be anybody's. */
static void check_order(struct truth *t, const struct said *said, uint32_t n) {
    struct client *c = &t->world->clients[said->client];
    if (said->attempts != 1) {
        return;
    }
    if (c->stored_link_no == said->link_no && n < c->stored_n) {
        trace_fail(&t->world->trace, "I7", "number %u was stored before %u of the same connection",
                   c->stored_n, n);
    }
    c->stored_link_no = said->link_no;
    c->stored_n = n;
}

static void check_numbers(struct truth *t, const struct event *ev, const struct place *place) {
    if (ev->seq != place->seq + 1) {
        trace_fail(&t->world->trace, "I4", "room %" PRIu64 " counts %" PRIu64 " after %" PRIu64,
                   place->id, ev->seq, place->seq);
    }
    if (ev->message.v <= t->last_id) {
        trace_fail(&t->world->trace, "I3", "message id %" PRIu64 " comes after %" PRIu64,
                   ev->message.v, t->last_id);
    }
}

/* Nothing is written; what it says is the first one, as it is by now. */
static void on_repeat(struct truth *t, const struct event *ev) {
    const struct post *post = truth_post(t, ev->message.v);
    uint64_t n = 0;
    struct str number = ev->client_id;    // "c" and the number
    (void)str_cut(&number, 'c');
    bool is_ours = str_to_u64(number, &n) == OK;
    if (!is_ours || post == NULL || post->n != n || post->seq != ev->seq ||
        post->place->id != ev->room.v) {
        trace_fail(&t->world->trace, "I6", "number %" PRIu64 " is repeated as message %" PRIu64, n,
                   ev->message.v);
    }
}

static void on_posted(struct truth *t, const struct event *ev) {
    if (ev->is_repeat) {
        on_repeat(t, ev);
        return;
    }
    struct place *place = map_get(&t->places, ev->room.v);
    uint32_t n = 0;
    uint32_t version = 0;
    CHECK(place != NULL);
    if (!truth_read_content(ev->content, &n, &version) || truth_said(t, n) == NULL) {
        trace_fail(&t->world->trace, "I5", "message %" PRIu64 " was never sent", ev->message.v);
        return;
    }
    struct said *said = truth_said(t, n);
    if (!truth_is_content(ev->content, n, 0)) {
        trace_fail(&t->world->trace, "I5", "message %" PRIu64 " is not as it was sent",
                   ev->message.v);
    }
    bool is_reaction = ev->message_type == MESSAGE_REACTION;
    if (is_reaction != said->is_reaction || ev->reply_to.v != said->target) {
        trace_fail(&t->world->trace, "I5", "message %" PRIu64 " is of another kind than was sent",
                   ev->message.v);
    }
    check_source(t, ev, said, place);
    check_order(t, said, n);
    check_numbers(t, ev, place);
    struct post *post = xzalloc(sizeof *post);
    *post = (struct post){ .id = ev->message.v,
                           .seq = ev->seq,
                           .at_ms = ev->at_ms,
                           .n = n,
                           .place = place,
                           .index = place->count };
    post->order = log_entry(t, post, ENTRY_NEW)->order;
    place->seq = ev->seq;
    said->id = post->id;
    t->world->seen[SEEN_reaction] += is_reaction;
    t->last_id = ev->message.v;
    map_put(&t->posts, post->id, post);
    t->all_posts = xrealloc(t->all_posts, (t->post_count + 1) * sizeof(struct post *));
    t->all_posts[t->post_count++] = post;
}

static void on_altered(struct truth *t, const struct event *ev) {
    struct post *post = truth_post(t, ev->message.v);
    if (post == NULL || post->deleted_order != 0 || post->place->removed_order != 0) {
        trace_fail(&t->world->trace, "I9", "message %" PRIu64 " is not there to be changed",
                   ev->message.v);
        return;
    }
    if (ev->type == EV_message_edited) {
        uint32_t n = 0;
        if (!truth_read_content(ev->content, &n, &post->version) || n != post->n) {
            trace_fail(&t->world->trace, "I5", "nobody edited %" PRIu64 " so", ev->message.v);
        }
        log_entry(t, post, ENTRY_EDITED);
    } else {
        post->deleted_order = log_entry(t, post, ENTRY_DELETED)->order;
        post->deleted_us = clock_mono_us();
    }
}

static void on_room_created(struct truth *t, const struct event *ev) {
    struct place *place = xzalloc(sizeof *place);
    place->id = ev->room.v;
    place->is_dm = ev->room_kind == ROOM_DM;
    place->is_private = ev->is_private;
    if (place->is_dm) {
        place->pair[0] = MIN(ev->user.v, ev->other.v);
        place->pair[1] = MAX(ev->user.v, ev->other.v);
        map_put(&t->dms, pair_key(ev->user.v, ev->other.v), place);
    } else {
        place->room = world_room(t->world, ev->room_name);
        t->world->rooms[place->room].place = place;
        trace_step(&t->world->trace, "room made: place, name", place->id, place->room);
    }
    t->order++;
    map_put(&t->places, place->id, place);
    t->all = xrealloc(t->all, (t->place_count + 1) * sizeof(struct place *));
    t->all[t->place_count++] = place;
}

static void on_room_removed(struct truth *t, const struct event *ev) {
    struct place *place = map_get(&t->places, ev->room.v);
    CHECK(place != NULL);
    place->removed_order = ++t->order;
    trace_step(&t->world->trace, "room gone: place, name", place->id, place->room);
    t->world->rooms[place->room].place = NULL;
}

static void on_user(struct truth *t, const struct event *ev) {
    struct person *p = world_person(t->world, ev->user.v);
    t->order++;
    if (p == NULL) {
        return;
    }
    if (ev->type == EV_user_created) {
        p->is_known = true;
        p->known_order = t->order;
    } else if (ev->type == EV_ban_set && !world_is_banned(p)) {
        CHECK(p->ban_count < BANS_MAX);
        p->bans[p->ban_count++] = (struct ban){ t->order, UINT64_MAX, ev->until_ms };
    } else if (ev->type == EV_ban_lifted && world_is_banned(p)) {
        p->bans[p->ban_count - 1].until_order =
            world_may_be_unbanned(p) ? p->unban_order : t->order;
    } else if (ev->type == EV_user_erased) {
        p->erased_order = t->order;
    }
}

static void record(struct truth *t, const struct event *ev) {
    switch ((int)ev->type) {
    case EV_message_posted: on_posted(t, ev); break;
    case EV_message_edited:
    case EV_message_deleted: on_altered(t, ev); break;
    case EV_room_created: on_room_created(t, ev); break;
    case EV_room_removed: on_room_removed(t, ev); break;
    case EV_user_created:
    case EV_user_erased:
    case EV_ban_set:
    case EV_ban_lifted: on_user(t, ev); break;
    default: break;    // members do not change, and tokens are nobody's here
    }
}

/* ---- planted: a store that forgets what a client_id is for, or loses numbers */

static void mute(struct batch *batch, bool is_on, struct map *muted) {
    BATCH_EACH(item, batch) {
        struct event *ev = &item->event;
        if (item->kind != ITEM_EVENT || ev->type != EV_message_posted) {
            continue;
        }
        if (is_on && !str_is_empty(ev->client_id)) {
            map_put(muted, (uint64_t)(uintptr_t)ev, (void *)(uintptr_t)ev->client_id.n);
            ev->client_id.n = 0;
        } else if (!is_on) {
            ev->client_id.n = (size_t)(uintptr_t)map_get(muted, (uint64_t)(uintptr_t)ev);
        }
    }
}

static void burn(struct truth *t, struct batch *batch) {
    BATCH_EACH(item, batch) {
        struct event *ev = &item->event;
        if (item->kind == ITEM_EVENT && ev->type == EV_message_posted && !ev->is_repeat) {
            ev->seq += t->burnt;
        }
    }
}

/* Completes a batch of messages as the store would, and writes none of it. */
static bool lie(struct truth *t, struct batch *batch) {
    size_t posts = 0;
    BATCH_EACH(item, batch) {
        posts += item->kind == ITEM_EVENT && item->event.type == EV_message_posted;
    }
    if (posts != 1 || batch->kept_count != 1 || !world_one_in(t->world, 50)) {
        return false;
    }
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_EVENT && item->event.type == EV_message_posted) {
            const struct place *place = map_get(&t->places, item->event.room.v);
            item->event.message.v = t->last_id + 1;
            item->event.seq = place->seq + 1;
        }
    }
    return true;
}

/* ---- the port */

/* What the server takes for its store. */
struct front {
    struct store base;
    struct truth *truth;    // borrowed
};

static struct truth *truth_of(struct store *s) {
    return CONTAINER_OF(s, struct front, base)->truth;
}

static enum err commit(struct store *s, struct batch *batch) {
    struct truth *t = truth_of(s);
    SCOPED(map_fini) struct map muted = { 0 };
    world_set_store_faults(t->world);
    if (t->does_lie && lie(t, batch)) {
        return OK;
    }
    if (t->is_deaf_to_client_ids) {
        mute(batch, true, &muted);
    }
    enum err err = t->inner->ops->commit(t->inner, batch);
    if (t->is_deaf_to_client_ids) {
        mute(batch, false, &muted);
    }
    bool is_written = err == OK || (err == ERR_IO && t->world->is_last_write_kept);
    if (t->does_burn && err != OK) {
        t->burnt++;
    } else if (t->does_burn) {
        burn(t, batch);
    }
    t->world->seen[SEEN_lost_write] += is_written && err != OK;
    if (is_written) {
        t->commit_count++;
        BATCH_EACH(item, batch) {
            if (item->kind == ITEM_EVENT && !item->event.is_void &&
                event_is_kept(item->event.type)) {
                record(t, &item->event);
            }
        }
    }
    trace_step(&t->world->trace, err == OK ? "commit: kept events" : "commit fails: kept, err",
               batch->kept_count, (uint64_t)err);
    return err;
}

static enum err tend(struct store *s, const struct tend_ask *ask, struct tend_report *out) {
    struct store *inner = truth_of(s)->inner;
    return inner->ops->tend(inner, ask, out);
}

static enum err load(struct store *s, void (*on_fact)(void *ctx, const struct event *ev),
                     void *ctx) {
    struct store *inner = truth_of(s)->inner;
    return inner->ops->load(inner, on_fact, ctx);
}

static enum err reader_open(struct store *s, struct store_reader **out) {
    struct store *inner = truth_of(s)->inner;
    return inner->ops->reader_open(inner, out);
}

static uint64_t epoch(struct store *s) {
    struct store *inner = truth_of(s)->inner;
    return inner->ops->epoch(inner);
}

static const struct store_ops truth_ops = {
    .name = "truth",
    .load = load,
    .commit = commit,
    .tend = tend,
    .epoch = epoch,
    .reader_open = reader_open,
};

static void on_first_fact(void *ctx, const struct event *ev) {
    record(ctx, ev);
}

void truth_init(struct truth *t, struct world *w) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(256);
    struct front *front = xzalloc(sizeof *front);
    *front = (struct front){ .base.ops = &truth_ops, .truth = t };
    *t = (struct truth){ .front = &front->base, .world = w };
    enum err err = store_open(STR_LIT("memory:"), &t->inner, &why);
    CHECK(err == OK);
    err = t->inner->ops->load(t->inner, on_first_fact, t);
    CHECK(err == OK);
}

void truth_fini(struct truth *t) {
    for (size_t i = 0; i < t->place_count; i++) {
        xfree(t->all[i]->entries);
        xfree(t->all[i]);
    }
    for (size_t i = 0; i < t->post_count; i++) {
        xfree(t->all_posts[i]);
    }
    xfree(t->all);
    xfree(t->all_posts);
    xfree(t->said);
    map_fini(&t->places);
    map_fini(&t->posts);
    map_fini(&t->dms);
    t->inner->ops->free(&t->inner);
    xfree(CONTAINER_OF(t->front, struct front, base));
    t->front = NULL;
}
