/* The memory driver: upkeep and search. There is no index: search reads every message.
 *
 * A message that retention took leaves its shell in the room, marked as deleted, so that the one
 * with seq n stays at n - 1; but it is in no log any more, and nobody can find it by its id. */
#include "store/memory_data.h"
#include "store/search.h"

#define SLICE_ROWS 100

/* ---- retention */

static struct keep rules_of(const struct memory_room *room, const struct tend_ask *ask) {
    return room->has_keep ? room->keep : ask->keep;
}

static uint64_t bytes_of(const struct memory_room *room) {
    uint64_t bytes = 0;
    for (size_t i = room->pruned_seq; i < room->messages.n; i++) {
        bytes += ((const struct message *)room->messages.p[i])->content.n;
    }
    return bytes;
}

/* Whether the room's oldest message must go; `bytes` are those of all that are left. */
static bool must_go(const struct memory_room *room, const struct keep *keep, uint64_t bytes,
                    uint64_t now_ms) {
    size_t left = room->messages.n - room->pruned_seq;
    if (left == 0) {
        return false;
    }
    const struct message *m = room->messages.p[room->pruned_seq];
    return (keep->messages != 0 && left > keep->messages) ||
           (keep->bytes != 0 && bytes > keep->bytes) ||
           (keep->age_ms != 0 && m->at_ms < now_ms - MIN(now_ms, keep->age_ms));
}

static void drop_changes(struct memory_room *room, const struct message *m) {
    for (size_t i = room->log.n; i > 0; i--) {
        struct memory_change *c = room->log.p[i - 1];
        if (c->message == m) {
            vec_drop(&room->log, c);
        }
    }
}

static void prune_oldest(struct memory_store *s, struct memory_room *room) {
    struct message *m = room->messages.p[room->pruned_seq];
    memory_message_forget(s, m);
    drop_changes(room, m);
    if (m->deleted_ms == 0) {
        memory_upload_hide(s, m->media_url);
        room->deleted++;
        m->deleted_ms = 1;    // some time; nobody is told
    }
    m->content = m->media_url = m->media_type = m->mentions = STR_NONE;
    room->pruned_seq++;
}

static void prune_room(struct memory_store *s, struct memory_room *room, const struct tend_ask *ask,
                       struct tend_report *out) {
    struct keep keep = rules_of(room, ask);
    uint64_t bytes = bytes_of(room);
    while (out->pruned < SLICE_ROWS && must_go(room, &keep, bytes, ask->now_ms)) {
        bytes -= ((const struct message *)room->messages.p[room->pruned_seq])->content.n;
        prune_oldest(s, room);
        out->pruned_room = room->created.room;
        out->pruned++;
    }
    out->has_more = out->has_more || must_go(room, &keep, bytes, ask->now_ms);
}

void memory_keep(struct memory_store *s, struct batch *batch, struct event *ev) {
    (void)batch;
    struct memory_room *room = memory_room_of(s, ev->room);
    room->has_keep = ev->is_on;
    room->keep = (struct keep){ ev->messages, ev->bytes, ev->age_ms };
    s->look_due_ms = 0;
}

enum err memory_tend(struct store *store, const struct tend_ask *ask, struct tend_report *out) {
    struct memory_store *s = CONTAINER_OF(store, struct memory_store, base);
    *out = (struct tend_report){ 0 };
    bool is_due = ask->now_ms >= s->look_due_ms || ask->now_ms + STORE_LOOK_MS < s->look_due_ms ||
                  memcmp(&s->keep, &ask->keep, sizeof s->keep) != 0;
    if (!is_due) {
        return OK;
    }
    pthread_mutex_lock(&s->lock);
    s->keep = ask->keep;
    VEC_EACH(struct memory_room, room, &s->rooms) {
        if (room->removed_ms == 0 && out->pruned == 0) {    // of one room a slice
            prune_room(s, room, ask, out);
        }
    }
    out->has_more = out->pruned > 0;
    s->look_due_ms = out->has_more ? 0 : ask->now_ms + STORE_LOOK_MS;
    pthread_mutex_unlock(&s->lock);
    return OK;
}

/* ---- search */

/* Puts the message among the found, newest first; at most `most` stay. */
static void insert(const struct message **found, size_t *count, size_t most,
                   const struct message *m) {
    size_t at = *count;
    while (at > 0 && found[at - 1]->id.v < m->id.v) {
        at--;
    }
    if (at == most) {
        return;
    }
    *count = MIN(*count + 1, most);
    memmove(&found[at + 1], &found[at], (*count - at - 1) * sizeof(struct message *));
    found[at] = m;
}

static bool is_found(const struct message *m, const struct ask *ask, const struct search *search,
                     struct buf *words) {
    return m->deleted_ms == 0 && search_covers(m->type) &&
           (ask->before == 0 || m->id.v < ask->before) && search_finds(search, m->content, words);
}

void memory_search(struct memory_store *s, const struct ask *ask, struct answer *out) {
    SCOPED(buf_fini) struct buf words = BUF_INIT(SEARCH_WORDS_BYTES_MAX);
    size_t limit = ask->limit == 0 ? HISTORY_LIMIT_DEFAULT : MIN(ask->limit, HISTORY_LIMIT_MAX);
    const struct message *found[HISTORY_LIMIT_MAX + 1];
    size_t count = 0;
    struct search search;
    search_parse(ask->content, &out->arena, &search);
    VEC_EACH(struct memory_room, room, &s->rooms) {
        if ((ask->room.v != 0 && ask->room.v != room->created.room.v) ||
            !memory_may_read(s, room, ask->user)) {
            continue;
        }
        VEC_EACH(struct message, m, &room->messages) {
            if (is_found(m, ask, &search, &words)) {
                insert(found, &count, limit + 1, m);
            }
        }
    }
    out->has_more = count > limit;
    out->message_count = MIN(count, limit);
    out->total = out->message_count;
    out->messages = arena_alloc(&out->arena, out->message_count * sizeof *out->messages);
    for (size_t i = 0; i < out->message_count; i++) {
        const struct memory_room *room = map_get(&s->room_by_id, found[i]->room.v);
        out->messages[i] = memory_message_of(s, room, found[i], &out->arena);
        out->messages[i].room_name = arena_str(&out->arena, room->created.room_name);
        memory_find_reactions(s, &out->messages[i], ask->user, &out->arena);
    }
}
