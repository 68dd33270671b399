/* The memory driver, reading side. A reader locks the store while it looks. */
#include "store/memory_data.h"
#include "store/mention.h"

#include <stdlib.h>
#include <strings.h>

struct memory_reader {
    struct store_reader base;
    struct memory_store *store;    // borrowed
};

struct message memory_message_of(struct memory_store *s, const struct memory_room *room,
                                 const struct message *m, struct arena *arena) {
    const struct memory_user *author = map_get(&s->user_by_id, m->user.v);
    struct message copy = *m;
    copy.username = arena_str(arena, author->created.username);
    copy.content = arena_str(arena, m->content);
    copy.client_id = arena_str(arena, m->client_id);
    copy.media_url = arena_str(arena, m->media_url);
    copy.media_type = arena_str(arena, m->media_type);
    copy.mentions = arena_str(arena, m->mentions);
    copy.room_kind = room->created.room_kind;
    if (room->created.room_kind == ROOM_DM) {
        bool is_first = m->user.v == room->created.user.v;
        copy.other = is_first ? room->created.other : room->created.user;
    }
    return copy;
}

void memory_find_reactions(const struct memory_store *s, struct message *m, user_id asker,
                           struct arena *arena) {
    const struct vec *kinds = map_get(&s->kinds, m->id.v);
    if (kinds == NULL || kinds->n == 0) {
        return;
    }
    struct reaction_count *counts = arena_alloc(arena, kinds->n * sizeof *counts);
    for (size_t i = 0; i < kinds->n; i++) {
        const struct memory_kind *kind = kinds->p[i];
        struct str key = memory_reaction_key(arena, m->id, asker, kind->content);
        counts[i] = (struct reaction_count){ .content = arena_str(arena, kind->content),
                                             .count = kind->count,
                                             .is_mine = text_map_get(&s->reactions, key) != NULL };
    }
    m->reactions = counts;
    m->reaction_count = kinds->n;
}

/* The messages of a page and one more if there is one: newest first, or with `after` oldest
 * first. */
static size_t find_page(const struct memory_room *room, const struct ask *ask, size_t most,
                        const struct message **found) {
    bool is_after = ask->after != 0;
    uint64_t left_out = 0;
    size_t count = 0;
    for (size_t i = 0; i < room->messages.n && count < most; i++) {
        const struct message *m = room->messages.p[is_after ? i : room->messages.n - 1 - i];
        bool is_in = is_after ? m->id.v > ask->after : ask->before == 0 || m->id.v < ask->before;
        if (m->deleted_ms != 0 || !is_in) {
            continue;
        }
        if (!is_after && left_out < ask->offset) {
            left_out++;
        } else {
            found[count++] = m;
        }
    }
    return count;
}

static void history(struct memory_store *s, const struct ask *ask, struct answer *out) {
    const struct memory_room *room = map_get(&s->room_by_id, ask->room.v);
    size_t limit = ask->limit == 0 ? HISTORY_LIMIT_DEFAULT : MIN(ask->limit, HISTORY_LIMIT_MAX);
    if (room == NULL) {
        return;
    }
    const struct message *found[HISTORY_LIMIT_MAX + 1];
    size_t count = find_page(room, ask, limit + 1, found);
    out->has_more = count > limit;
    out->total = room->messages.n - room->deleted;
    out->message_count = MIN(count, limit);
    out->messages = arena_alloc(&out->arena, out->message_count * sizeof *out->messages);
    for (size_t i = 0; i < out->message_count; i++) {
        size_t at = ask->after != 0 ? i : out->message_count - 1 - i;
        out->messages[i] = memory_message_of(s, room, found[at], &out->arena);
        memory_find_reactions(s, &out->messages[i], ask->user, &out->arena);
    }
}

static void list_row(struct vec *rows, struct arena *arena, struct list_row row) {
    struct list_row *copy = arena_alloc(arena, sizeof *copy);
    *copy = row;
    copy->name = arena_str(arena, row.name);
    copy->mobile = arena_str(arena, row.mobile);
    vec_push(rows, copy);
}

static void list_users(struct memory_store *s, struct vec *rows, struct arena *arena) {
    VEC_EACH(struct memory_user, user, &s->users) {
        const struct event *of = &user->created;
        if (user->erased_ms == 0) {
            list_row(rows, arena,
                     (struct list_row){ of->user.v, of->username, of->mobile, of->role,
                                        .at_ms = of->at_ms });
        }
    }
}

static void list_bans(struct memory_store *s, struct vec *rows, struct arena *arena) {
    VEC_EACH(struct memory_user, user, &s->users) {
        const struct event *of = &user->created;
        if (user->is_banned) {
            list_row(rows, arena,
                     (struct list_row){ of->user.v, of->username, .role = of->role,
                                        .at_ms = user->until_ms });
        }
    }
}

static void list_tokens(struct memory_store *s, user_id of, struct vec *rows, struct arena *arena) {
    const struct memory_user *user = map_get(&s->user_by_id, of.v);
    if (user == NULL) {
        return;
    }
    VEC_EACH(struct event, token, &user->tokens) {
        list_row(rows, arena, (struct list_row){ of.v, token->label, .at_ms = token->at_ms });
    }
}

static void list_rooms(struct memory_store *s, struct vec *rows, struct arena *arena) {
    VEC_EACH(struct memory_room, room, &s->rooms) {
        const struct event *of = &room->created;
        if (room->removed_ms == 0 && of->room_kind != ROOM_DM) {
            list_row(rows, arena,
                     (struct list_row){ of->room.v, of->room_name, .room_kind = of->room_kind,
                                        .is_private = of->is_private, .at_ms = of->at_ms,
                                        .messages = room->messages.n - room->deleted,
                                        .has_keep = room->has_keep, .keep = room->keep });
        }
    }
}

/* Sorts by name, as the other drivers do: user names without regard to letter case. */
static int by_name(const void *a, const void *b, void *is_nocase) {
    const struct list_row *x = *(const struct list_row *const *)a;
    const struct list_row *y = *(const struct list_row *const *)b;
    int order = *(bool *)is_nocase ? strncasecmp(x->name.p, y->name.p, MIN(x->name.n, y->name.n))
                                   : memcmp(x->name.p, y->name.p, MIN(x->name.n, y->name.n));
    order = order != 0 ? order : (x->name.n > y->name.n) - (x->name.n < y->name.n);
    order = order != 0 ? order : (x->id > y->id) - (x->id < y->id);
    return order != 0 ? order : (x->other.v > y->other.v) - (x->other.v < y->other.v);
}

static void sort_rows(struct vec *rows, bool is_nocase) {
    if (rows->n > 1) {
        qsort_r(rows->p, rows->n, sizeof *rows->p, by_name, &is_nocase);
    }
}

static void put_rows(struct vec *rows, size_t limit, struct answer *out) {
    out->has_more = rows->n > limit;
    out->row_count = MIN(rows->n, limit);
    out->total = out->row_count;
    out->rows = arena_alloc(&out->arena, out->row_count * sizeof *out->rows);
    for (size_t i = 0; i < out->row_count; i++) {
        out->rows[i] = *(const struct list_row *)rows->p[i];
    }
    vec_fini(rows);
}

static void list(struct memory_store *s, const struct ask *ask, struct answer *out) {
    struct vec rows = { 0 };
    size_t limit = ask->limit == 0 ? LIST_ROWS_MAX : MIN(ask->limit, LIST_ROWS_MAX);
    bool is_nocase = ask->list_kind != LIST_TOKENS && ask->list_kind != LIST_ROOMS;
    switch (ask->list_kind) {
    case LIST_USERS: list_users(s, &rows, &out->arena); break;
    case LIST_TOKENS: list_tokens(s, ask->other, &rows, &out->arena); break;
    case LIST_ROOMS: list_rooms(s, &rows, &out->arena); break;
    case LIST_BANS: list_bans(s, &rows, &out->arena); break;
    case LIST_BLOCKS: memory_list_blocks(s, ask->at_ms, &rows, &out->arena); break;
    case LIST_AUDIT: memory_list_audit(s, ask->other, &rows, &out->arena); break;
    case LIST_KIND_COUNT: break;
    }
    if (ask->list_kind != LIST_AUDIT) {
        sort_rows(&rows, is_nocase);
    }
    put_rows(&rows, limit, out);
}

/* ---- what is unread */

bool memory_may_read(const struct memory_store *s, const struct memory_room *room, user_id user) {
    const struct event *of = &room->created;
    if (room->removed_ms != 0 || of->room_kind == ROOM_DM) {
        return room->removed_ms == 0 && (of->user.v == user.v || of->other.v == user.v);
    }
    bool is_member = false;
    VEC_EACH(struct memory_user, member, &room->members) {
        is_member = is_member || member == map_get(&s->user_by_id, user.v);
    }
    return is_member || !of->is_private;
}

static bool does_name(const struct message *m, user_id user) {
    struct str rest = m->mentions;
    uint64_t id = 0;
    while (mention_next(&rest, &id)) {
        if (id == user.v) {
            return true;
        }
    }
    return false;
}

static void unread_room(struct memory_store *s, const struct memory_room *room, user_id user,
                        struct vec *rows, struct arena *arena) {
    const struct event *of = &room->created;
    const struct memory_user *reader = map_get(&s->user_by_id, user.v);
    const struct memory_mark *mark = reader == NULL ? NULL : map_get(&reader->reads, of->room.v);
    struct list_row row = { .id = of->room.v,
                            .name = of->room_name,
                            .room_kind = of->room_kind,
                            .is_private = of->is_private,
                            .read_seq = mark == NULL ? 0 : mark->seq,
                            .last_seq = room->messages.n };
    for (size_t i = row.read_seq; i < room->messages.n; i++) {
        const struct message *m = room->messages.p[i];
        if (m->deleted_ms == 0) {
            bool is_looked_at = i + UNREAD_LOOK_MAX >= room->messages.n;
            row.messages += is_looked_at && m->user.v != user.v && m->type != MESSAGE_REACTION;
            row.mentions += does_name(m, user);
        }
    }
    bool is_mine = mark != NULL || row.mentions > 0 || of->room_kind == ROOM_DM;
    row.messages = MIN(row.messages, UNREAD_COUNT_MAX);
    row.mentions = MIN(row.mentions, UNREAD_COUNT_MAX);
    if (of->room_kind == ROOM_DM) {
        row.other = of->user.v == user.v ? of->other : of->user;
        const struct memory_user *other = map_get(&s->user_by_id, row.other.v);
        row.name = other->created.username;
    }
    if (is_mine && (mark != NULL || row.messages > 0)) {
        list_row(rows, arena, row);
    }
}

static void unread(struct memory_store *s, const struct ask *ask, struct answer *out) {
    struct vec rows = { 0 };
    size_t limit = ask->limit == 0 ? UNREAD_ROWS_MAX : MIN(ask->limit, UNREAD_ROWS_MAX);
    VEC_EACH(struct memory_room, room, &s->rooms) {
        if (memory_may_read(s, room, ask->user)) {
            unread_room(s, room, ask->user, &rows, &out->arena);
        }
    }
    sort_rows(&rows, false);
    put_rows(&rows, limit, out);
}

/* ---- the change log */

/* Writes at most `limit` changes after `position`; returns how many there were. */
static size_t changes_after(struct memory_store *s, const struct memory_room *room,
                            uint64_t position, size_t limit, struct change *changes,
                            struct arena *arena) {
    size_t count = 0;
    for (size_t i = 0; count < limit && i < room->log.n; i++) {
        const struct memory_change *c = room->log.p[i];
        if (c->position > position) {
            const struct memory_user *by = map_get(&s->user_by_id, c->by.v);
            changes[count++] = (struct change){ c->position, c->kind, c->by,
                                                arena_str(arena, by->created.username),
                                                memory_message_of(s, room, c->message, arena) };
        }
    }
    return count;
}

/* Whether the room's oldest message that is left was there at `position`. */
static bool is_after_pruned(const struct memory_room *room, uint64_t position) {
    return room->pruned_seq < room->messages.n &&
           position >= ((const struct message *)room->messages.p[room->pruned_seq])->id.v;
}

static void resume(struct memory_store *s, const struct ask *ask, struct answer *out) {
    const struct memory_room *room = map_get(&s->room_by_id, ask->room.v);
    size_t limit = ask->limit == 0 ? RESUME_CHANGES_MAX : MIN(ask->limit, RESUME_CHANGES_MAX);
    uint64_t position = ask->after;
    out->position = s->position;
    if (room == NULL || room->removed_ms != 0) {
        return;
    }
    out->last_seq = room->messages.n;
    if (ask->after == 0 && ask->after_seq > out->last_seq) {
        return;
    }
    if (ask->after == 0 && ask->after_seq > 0) {
        position = ((const struct message *)room->messages.p[ask->after_seq - 1])->id.v;
    }
    out->is_recovered = ask->after_seq >= room->pruned_seq || is_after_pruned(room, position);
    out->changes = arena_alloc(&out->arena, (limit + 1) * sizeof *out->changes);
    size_t count = changes_after(s, room, position, limit + 1, out->changes, &out->arena);
    out->has_more = count > limit;
    out->change_count = MIN(count, limit);
    if (out->has_more) {
        out->position = out->changes[limit - 1].position;
    }
}

static enum err answer(struct store_reader *reader, const struct ask *ask, struct answer *out) {
    struct memory_store *s = CONTAINER_OF(reader, struct memory_reader, base)->store;
    pthread_mutex_lock(&s->lock);
    out->epoch = s->epoch;
    switch (ask->kind) {
    case ASK_ROOM_HISTORY:
    case ASK_DIRECT_HISTORY: history(s, ask, out); break;
    case ASK_LIST: list(s, ask, out); break;
    case ASK_RESUME: resume(s, ask, out); break;
    case ASK_UNREAD: unread(s, ask, out); break;
    case ASK_SEARCH: memory_search(s, ask, out); break;
    case ASK_CHANGES: memory_waiting(s, ask, out); break;
    case ASK_KIND_COUNT: break;
    }
    pthread_mutex_unlock(&s->lock);
    return OK;
}

static enum err changes(struct store_reader *reader, room_id id, uint64_t position, size_t limit,
                        struct change_log *out) {
    struct memory_store *s = CONTAINER_OF(reader, struct memory_reader, base)->store;
    out->changes = arena_alloc(&out->arena, limit * sizeof *out->changes);

    pthread_mutex_lock(&s->lock);
    const struct memory_room *room = map_get(&s->room_by_id, id.v);
    if (room != NULL) {
        out->count = changes_after(s, room, position, limit, out->changes, &out->arena);
    }
    pthread_mutex_unlock(&s->lock);
    return OK;
}

/* ---- uploads */

static struct upload upload_of(const struct memory_upload *have, struct arena *arena) {
    const struct event *of = &have->added;
    return (struct upload){ .name = arena_str(arena, of->label),
                            .user = of->user,
                            .media_type = arena_str(arena, of->media_type),
                            .bytes = of->bytes,
                            .at_ms = of->at_ms };
}

static enum err upload(struct store_reader *reader, struct str name, struct arena *arena,
                       struct upload *out) {
    struct memory_store *s = CONTAINER_OF(reader, struct memory_reader, base)->store;
    pthread_mutex_lock(&s->lock);
    const struct memory_upload *have = text_map_get(&s->upload_by_name, name);
    if (have != NULL) {
        *out = upload_of(have, arena);
    }
    pthread_mutex_unlock(&s->lock);
    return have == NULL ? ERR_NOT_FOUND : OK;
}

static enum err orphans(struct store_reader *reader, uint64_t until_ms, size_t limit,
                        struct upload_list *out) {
    struct memory_store *s = CONTAINER_OF(reader, struct memory_reader, base)->store;
    out->uploads = arena_alloc(&out->arena, limit * sizeof *out->uploads);
    pthread_mutex_lock(&s->lock);
    VEC_EACH(struct memory_upload, have, &s->uploads) {
        if (out->count < limit && have->shown == 0 && have->added.at_ms < until_ms) {
            out->uploads[out->count++] = upload_of(have, &out->arena);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return OK;
}

static void reader_free(struct store_reader **reader) {
    if (*reader != NULL) {
        xfree(CONTAINER_OF(*reader, struct memory_reader, base));
        *reader = NULL;
    }
}

static const struct store_reader_ops reader_ops = {
    .answer = answer,
    .changes = changes,
    .upload = upload,
    .orphans = orphans,
    .free = reader_free,
};

enum err memory_reader_open(struct store *store, struct store_reader **out) {
    struct memory_reader *r = xzalloc(sizeof *r);
    r->base.ops = &reader_ops;
    r->store = CONTAINER_OF(store, struct memory_store, base);
    *out = &r->base;
    return OK;
}
