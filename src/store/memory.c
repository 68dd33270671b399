/* The memory driver, writing side: the facts and the port. Messages are memory_message.c's, marks
 * and uploads memory_mark.c's, blocks and the audit log memory_audit.c's.
 *
 * Nothing here can fail half-way: whether a commit fails is decided before its first event is
 * looked at, so there is no rollback. Nouns are never freed before the store is. */
#include "store/memory_data.h"

#include "base/rng.h"
#include "store/drivers.h"

void vec_push(struct vec *v, void *value) {
    if (v->n == v->cap) {
        v->cap = MAX(2 * v->cap, 8);
        v->p = xrealloc(v->p, v->cap * sizeof *v->p);
    }
    v->p[v->n++] = value;
}

void vec_fini(struct vec *v) {
    xfree(v->p);
    *v = (struct vec){ 0 };
}

void vec_drop(struct vec *v, const void *value) {
    for (size_t i = 0; i < v->n; i++) {
        if (v->p[i] == value) {
            memmove(&v->p[i], &v->p[i + 1], (v->n - i - 1) * sizeof *v->p);
            v->n--;
            return;
        }
    }
}

static struct memory_store *memory_of(struct store *store) {
    return CONTAINER_OF(store, struct memory_store, base);
}

/* ---- facts */

/* A copy of the event with the texts facts have in the arena. */
static struct event kept(struct memory_store *s, const struct event *ev) {
    struct event copy = *ev;
    copy.username = arena_str(&s->arena, ev->username);
    copy.room_name = arena_str(&s->arena, ev->room_name);
    copy.mobile = arena_str(&s->arena, ev->mobile);
    copy.hash = arena_str(&s->arena, ev->hash);
    copy.label = arena_str(&s->arena, ev->label);
    copy.sessions = NULL;
    copy.session_count = 0;
    copy.ref = STR_NONE;
    return copy;
}

struct memory_user *memory_user_of(struct memory_store *s, user_id id) {
    struct memory_user *user = map_get(&s->user_by_id, id.v);
    CHECK(user != NULL);
    return user;
}

struct memory_room *memory_room_of(struct memory_store *s, room_id id) {
    struct memory_room *room = map_get(&s->room_by_id, id.v);
    CHECK(room != NULL);
    return room;
}

static void user_create(struct memory_store *s, const struct event *ev) {
    VEC_EACH(struct memory_user, other, &s->users) {
        CHECK(!str_eq_nocase(other->created.username, ev->username));
        CHECK(str_is_empty(ev->mobile) || !str_eq(other->created.mobile, ev->mobile));
    }
    struct memory_user *user = arena_zalloc(&s->arena, sizeof *user);
    user->created = kept(s, ev);
    vec_push(&s->users, user);
    CHECK(map_put(&s->user_by_id, ev->user.v, user) == NULL);
}

static void user_change(struct memory_store *s, const struct event *ev) {
    struct memory_user *user = memory_user_of(s, ev->user);
    user->created.role = ev->role;
    if (!str_is_empty(ev->hash)) {
        user->created.hash = arena_str(&s->arena, ev->hash);
    }
}

static void user_erase(struct memory_store *s, const struct event *ev) {
    struct memory_user *user = memory_user_of(s, ev->user);
    user->erased_ms = ev->at_ms;
    user->created.username = arena_str(&s->arena, ev->username);
    user->created.mobile = STR_NONE;
    user->created.role = ROLE_MEMBER;
    user->is_banned = false;
    user->created.hash = STR_NONE;
    user->tokens.n = 0;
    user->cursor = 0;
    map_fini(&user->reads);
    memory_blocks_drop(s, ev->user);
    VEC_EACH(struct memory_room, room, &s->rooms) {
        vec_drop(&room->members, user);
    }
}

static void token_add(struct memory_store *s, const struct event *ev) {
    struct event *token = arena_alloc(&s->arena, sizeof *token);
    *token = kept(s, ev);
    vec_push(&memory_user_of(s, ev->user)->tokens, token);
}

static void token_revoke(struct memory_store *s, const struct event *ev) {
    struct vec *tokens = &memory_user_of(s, ev->user)->tokens;
    size_t before = tokens->n;
    VEC_EACH(struct event, token, tokens) {
        if (str_eq(token->label, ev->label)) {
            vec_drop(tokens, token);
            break;
        }
    }
    CHECK(tokens->n == before - 1);
}

static void ban_set(struct memory_store *s, const struct event *ev) {
    struct memory_user *user = memory_user_of(s, ev->user);
    user->is_banned = true;
    user->until_ms = ev->until_ms;
}

static void ban_lift(struct memory_store *s, const struct event *ev) {
    memory_user_of(s, ev->user)->is_banned = false;
}

static bool is_same_dm(const struct event *a, const struct event *b) {
    return (a->user.v == b->user.v && a->other.v == b->other.v) ||
           (a->user.v == b->other.v && a->other.v == b->user.v);
}

static void room_create(struct memory_store *s, const struct event *ev) {
    VEC_EACH(struct memory_room, other, &s->rooms) {
        const struct event *have = &other->created;
        bool is_one_kind = have->room_kind == ev->room_kind && other->removed_ms == 0;
        CHECK(!is_one_kind || ev->room_kind != ROOM_CHANNEL || have->server.v != ev->server.v ||
              !str_eq(have->room_name, ev->room_name));
        CHECK(!is_one_kind || ev->room_kind != ROOM_DM || !is_same_dm(have, ev));
    }
    struct memory_room *room = arena_zalloc(&s->arena, sizeof *room);
    room->created = kept(s, ev);
    if (ev->room_kind != ROOM_DM) {
        room->created.user.v = 0;
        room->created.other.v = 0;
    }
    vec_push(&s->rooms, room);
    CHECK(map_put(&s->room_by_id, ev->room.v, room) == NULL);
}

static void room_remove(struct memory_store *s, const struct event *ev) {
    struct memory_room *room = memory_room_of(s, ev->room);
    CHECK(room->removed_ms == 0);
    room->removed_ms = ev->at_ms;
    room->members.n = 0;
    VEC_EACH(struct message, m, &room->messages) {
        memory_upload_hide(s, m->media_url);
    }
    room->messages.n = 0;
    room->log.n = 0;
    room->deleted = 0;
    s->position++;
}

static void member_add(struct memory_store *s, const struct event *ev) {
    struct memory_user *user = memory_user_of(s, ev->user);
    struct memory_room *room = memory_room_of(s, ev->room);
    VEC_EACH(struct memory_user, member, &room->members) {
        CHECK(member != user);
    }
    vec_push(&room->members, user);
}

static void member_remove(struct memory_store *s, const struct event *ev) {
    vec_drop(&memory_room_of(s, ev->room)->members, memory_user_of(s, ev->user));
}

/* ---- the port */

static void (*const facts[EVENT_COUNT])(struct memory_store *s, const struct event *ev) = {
    [EV_user_created] = user_create,
    [EV_user_changed] = user_change,
    [EV_user_erased] = user_erase,
    [EV_token_added] = token_add,
    [EV_token_revoked] = token_revoke,
    [EV_ban_set] = ban_set,
    [EV_ban_lifted] = ban_lift,
    [EV_block_set] = memory_block_set,
    [EV_block_lifted] = memory_block_lift,
    [EV_decision_noted] = memory_note,
    [EV_room_created] = room_create,
    [EV_room_removed] = room_remove,
    [EV_member_added] = member_add,
    [EV_member_removed] = member_remove,
};

/* What needs more thought, and completes the event. */
static void (*const thoughts[EVENT_COUNT])(struct memory_store *s, struct batch *batch,
                                           struct event *ev) = {
    [EV_message_posted] = memory_post,          [EV_message_edited] = memory_alter,
    [EV_message_deleted] = memory_alter,        [EV_read_changed] = memory_read,
    [EV_upload_begun] = memory_upload_begin,    [EV_upload_added] = memory_upload_add,
    [EV_upload_removed] = memory_upload_remove, [EV_room_kept] = memory_keep,
    [EV_changes_confirmed] = memory_confirm,
};

static void write_event(struct memory_store *s, struct batch *batch, struct event *ev) {
    bool is_thought = thoughts[ev->type] != NULL;
    CHECK(event_is_kept(ev->type) == (facts[ev->type] != NULL || is_thought));
    if (!event_is_kept(ev->type)) {
        return;
    }
    ev->is_void = false;
    ev->is_repeat = false;
    ev->refusal = REFUSE_NONE;
    memory_audit(s, ev);
    if (is_thought) {
        thoughts[ev->type](s, batch, ev);
    } else {
        facts[ev->type](s, ev);
    }
}

static void write_batch(struct memory_store *s, struct batch *batch) {
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_EVENT) {
            write_event(s, batch, &item->event);
        }
    }
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_REPLY && item->reply.event != NULL && item->reply.event->is_void) {
            item->reply.refusal = item->reply.event->refusal;
        }
    }
}

/* Counts one try; whether it is one that fails. */
static bool is_faulty(struct memory_faults *f) {
    if (f->at == 0) {
        return false;
    }
    if (f->at > 1) {
        f->at--;
        return false;
    }
    if (f->count > 1) {
        f->count--;
    } else {
        f->at = 0;
    }
    return true;
}

static enum err commit(struct store *store, struct batch *batch) {
    struct memory_store *s = memory_of(store);
    if (batch->kept_count == 0) {
        return OK;
    }
    pthread_mutex_lock(&s->lock);
    bool fails = is_faulty(&s->faults);
    if (!fails || (s->faults.err == ERR_IO && s->faults.is_written)) {
        write_batch(s, batch);
    }
    enum err err = fails ? s->faults.err : OK;
    pthread_mutex_unlock(&s->lock);
    return err;
}

static uint64_t room(struct store *store) {
    (void)store;
    return UINT64_MAX;
}

static enum err probe(struct store *store) {
    struct memory_store *s = memory_of(store);
    bool is_full = s->faults.at == 1 && s->faults.err == ERR_FULL;
    if (is_full) {
        is_faulty(&s->faults);
    }
    return is_full ? ERR_FULL : OK;
}

static void hand_out_user(const struct memory_user *user,
                          void (*on_fact)(void *ctx, const struct event *ev), void *ctx) {
    on_fact(ctx, &user->created);
    if (user->erased_ms != 0) {
        on_fact(ctx, &(struct event){ .type = EV_user_erased,
                                      .at_ms = user->erased_ms,
                                      .user = user->created.user,
                                      .username = user->created.username });
    }
}

/* Those that were removed, or those that are there. */
static void hand_out_rooms(const struct memory_store *s, bool is_removed,
                           void (*on_fact)(void *ctx, const struct event *ev), void *ctx) {
    VEC_EACH(struct memory_room, room, &s->rooms) {
        if ((room->removed_ms != 0) != is_removed) {
            continue;
        }
        on_fact(ctx, &room->created);
        if (is_removed) {
            struct event gone = room->created;
            gone.type = EV_room_removed;
            gone.at_ms = room->removed_ms;
            on_fact(ctx, &gone);
        }
    }
}

static void hand_out_rules(const struct memory_room *room,
                           void (*on_fact)(void *ctx, const struct event *ev), void *ctx) {
    if (room->has_keep && room->removed_ms == 0) {
        on_fact(ctx, &(struct event){ .type = EV_room_kept,
                                      .room = room->created.room,
                                      .is_on = true,
                                      .messages = room->keep.messages,
                                      .bytes = room->keep.bytes,
                                      .age_ms = room->keep.age_ms });
    }
}

static enum err load(struct store *store, void (*on_fact)(void *ctx, const struct event *ev),
                     void *ctx) {
    struct memory_store *s = memory_of(store);
    VEC_EACH(struct memory_user, user, &s->users) {
        hand_out_user(user, on_fact, ctx);
    }
    hand_out_rooms(s, true, on_fact, ctx);
    hand_out_rooms(s, false, on_fact, ctx);
    VEC_EACH(struct memory_room, room, &s->rooms) {
        hand_out_rules(room, on_fact, ctx);
    }
    VEC_EACH(struct memory_room, room, &s->rooms) {
        VEC_EACH(struct memory_user, user, &room->members) {
            on_fact(ctx, &(struct event){ .type = EV_member_added,
                                          .room = room->created.room,
                                          .user = user->created.user });
        }
    }
    VEC_EACH(struct memory_user, user, &s->users) {
        if (user->is_banned) {
            on_fact(ctx, &(struct event){ .type = EV_ban_set,
                                          .user = user->created.user,
                                          .until_ms = user->until_ms });
        }
    }
    VEC_EACH(struct event, block, &s->blocks) {
        on_fact(ctx, block);
    }
    VEC_EACH(struct memory_user, user, &s->users) {
        VEC_EACH(struct event, token, &user->tokens) {
            on_fact(ctx, token);
        }
    }
    return OK;
}

static enum err backup(struct store *store, const char *path) {
    (void)store;
    (void)path;
    return ERR_DENIED;
}

static enum err check(struct store *store, struct buf *report) {
    (void)store;
    (void)report;
    return OK;
}

static uint64_t epoch(struct store *store) {
    return memory_of(store)->epoch;
}

static void memory_free(struct store **store) {
    if (*store == NULL) {
        return;
    }
    struct memory_store *s = memory_of(*store);
    VEC_EACH(struct memory_user, user, &s->users) {
        vec_fini(&user->tokens);
        map_fini(&user->reads);
    }
    VEC_EACH(struct memory_room, room, &s->rooms) {
        vec_fini(&room->members);
        vec_fini(&room->messages);
        vec_fini(&room->log);
    }
    vec_fini(&s->users);
    vec_fini(&s->rooms);
    vec_fini(&s->uploads);
    vec_fini(&s->blocks);
    vec_fini(&s->audit);
    map_fini(&s->user_by_id);
    map_fini(&s->room_by_id);
    map_fini(&s->message_by_id);
    text_map_fini(&s->by_client_id);
    text_map_fini(&s->taken_back);
    text_map_fini(&s->reactions);
    size_t at = 0;
    struct vec *kinds;
    while ((kinds = map_next(&s->kinds, &at)) != NULL) {
        vec_fini(kinds);
    }
    map_fini(&s->kinds);
    text_map_fini(&s->upload_by_name);
    arena_fini(&s->arena);
    pthread_mutex_destroy(&s->lock);
    xfree(s);
    *store = NULL;
}

static const struct store_ops memory_ops = {
    .name = "memory",
    .load = load,
    .commit = commit,
    .tend = memory_tend,
    .probe = probe,
    .room = room,
    .backup = backup,
    .check = check,
    .epoch = epoch,
    .reader_open = memory_reader_open,
    .free = memory_free,
};

void memory_store_set_faults(struct store *store, const struct memory_faults *faults) {
    CHECK(store->ops == &memory_ops);
    memory_of(store)->faults = *faults;
}

enum err store_memory_open(struct str rest, struct store **out, struct buf *why) {
    if (!str_is_empty(rest)) {
        buf_printf(why, "A memory URL is \"memory:\" and nothing more.");
        return ERR_PROTO;
    }
    struct memory_store *s = xzalloc(sizeof *s);
    s->base.ops = &memory_ops;
    pthread_mutex_init(&s->lock, NULL);
    s->epoch = (rng_secret_u64() & ID_MAX) | 1;
    room_create(s, &(struct event){ .type = EV_room_created,
                                    .room = { 1 },
                                    .room_kind = ROOM_CHANNEL,
                                    .server = SERVER_LOBBY,
                                    .room_name = STR_LIT("general") });
    *out = &s->base;
    return OK;
}
