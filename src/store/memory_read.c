/* The memory driver, reading side. A reader locks the store while it looks. */
#include "store/memory_data.h"

#include <stdlib.h>
#include <strings.h>

struct memory_reader {
    struct store_reader base;
    struct memory_store *store;    // borrowed
};

/* The message with what is kept elsewhere, its texts in the arena. */
static struct message message_of(struct memory_store *s, const struct memory_room *room,
                                 const struct message *m, struct arena *arena) {
    const struct memory_user *author = map_get(&s->user_by_id, m->user.v);
    struct message copy = *m;
    copy.username = arena_str(arena, author->created.username);
    copy.content = arena_str(arena, m->content);
    copy.client_id = arena_str(arena, m->client_id);
    if (room->created.room_kind == ROOM_DM) {
        bool is_first = m->user.v == room->created.user.v;
        copy.other = is_first ? room->created.other : room->created.user;
    }
    return copy;
}

static void history(struct memory_store *s, const struct ask *ask, struct answer *out) {
    const struct memory_room *room = map_get(&s->room_by_id, ask->room.v);
    size_t limit = ask->limit == 0 ? HISTORY_LIMIT_DEFAULT : MIN(ask->limit, HISTORY_LIMIT_MAX);
    if (room == NULL) {
        return;
    }
    const struct message *found[HISTORY_LIMIT_MAX + 1];
    size_t count = 0;
    for (size_t i = room->messages.n; i > 0 && count <= limit; i--) {
        const struct message *m = room->messages.p[i - 1];
        if (m->deleted_ms == 0 && (ask->before == 0 || m->id.v < ask->before)) {
            found[count++] = m;
        }
    }
    out->has_more = count > limit;
    out->total = room->messages.n - room->deleted;
    out->message_count = MIN(count, limit);
    out->messages = arena_alloc(&out->arena, out->message_count * sizeof *out->messages);
    for (size_t i = 0; i < out->message_count; i++) {
        out->messages[i] = message_of(s, room, found[out->message_count - 1 - i], &out->arena);
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
                                        .messages = room->messages.n - room->deleted });
        }
    }
}

/* Sorts by name, as the other drivers do: user names without regard to letter case. */
static int by_name(const void *a, const void *b, void *is_nocase) {
    const struct list_row *x = *(const struct list_row *const *)a;
    const struct list_row *y = *(const struct list_row *const *)b;
    int order = *(bool *)is_nocase ? strncasecmp(x->name.p, y->name.p, MIN(x->name.n, y->name.n))
                                   : memcmp(x->name.p, y->name.p, MIN(x->name.n, y->name.n));
    return order != 0 ? order : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

static void list(struct memory_store *s, const struct ask *ask, struct answer *out) {
    struct vec rows = { 0 };
    size_t limit = ask->limit == 0 ? LIST_ROWS_MAX : MIN(ask->limit, LIST_ROWS_MAX);
    bool is_nocase = ask->list_kind == LIST_USERS || ask->list_kind == LIST_BANS;
    switch (ask->list_kind) {
    case LIST_USERS: list_users(s, &rows, &out->arena); break;
    case LIST_TOKENS: list_tokens(s, ask->other, &rows, &out->arena); break;
    case LIST_ROOMS: list_rooms(s, &rows, &out->arena); break;
    case LIST_BANS: list_bans(s, &rows, &out->arena); break;
    }
    if (rows.n > 1) {
        qsort_r(rows.p, rows.n, sizeof *rows.p, by_name, &is_nocase);
    }
    out->has_more = rows.n > limit;
    out->row_count = MIN(rows.n, limit);
    out->total = out->row_count;
    out->rows = arena_alloc(&out->arena, out->row_count * sizeof *out->rows);
    for (size_t i = 0; i < out->row_count; i++) {
        out->rows[i] = *(const struct list_row *)rows.p[i];
    }
    vec_fini(&rows);
}

static enum err answer(struct store_reader *reader, const struct ask *ask, struct answer *out) {
    struct memory_store *s = CONTAINER_OF(reader, struct memory_reader, base)->store;
    pthread_mutex_lock(&s->lock);
    switch (ask->kind) {
    case ASK_ROOM_HISTORY:
    case ASK_DIRECT_HISTORY: history(s, ask, out); break;
    case ASK_LIST: list(s, ask, out); break;
    case ASK_RESUME:
    case ASK_SEARCH:
    case ASK_UNREAD:
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
    for (size_t i = 0; room != NULL && out->count < limit && i < room->log.n; i++) {
        const struct memory_change *c = room->log.p[i];
        if (c->position > position) {
            out->changes[out->count++] =
                (struct change){ c->position, c->kind,
                                 message_of(s, room, c->message, &out->arena) };
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
    .free = reader_free,
};

enum err memory_reader_open(struct store *store, struct store_reader **out) {
    struct memory_reader *r = xzalloc(sizeof *r);
    r->base.ops = &reader_ops;
    r->store = CONTAINER_OF(store, struct memory_store, base);
    *out = &r->base;
    return OK;
}
