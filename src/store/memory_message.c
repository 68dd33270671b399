/* The memory driver: messages posted, edited, deleted; reactions put there and taken back. */
#include <inttypes.h>

#include "store/alter.h"
#include "store/memory_data.h"
#include "store/repeat.h"

void memory_void(struct event *ev, enum refusal why) {
    ev->is_void = true;
    ev->refusal = why;
}

static void log_change(struct memory_store *s, struct memory_room *room,
                       const struct memory_change *change) {
    struct memory_change *c = arena_alloc(&s->arena, sizeof *c);
    *c = *change;
    vec_push(&room->log, c);
}

/* A text of two numbers and a text, in the arena. */
static struct str key_of(struct arena *arena, uint64_t a, uint64_t b, struct str text) {
    struct buf key = BUF_INIT(1024);
    buf_printf(&key, "%" PRIu64 "/%" PRIu64 "/", a, b);
    buf_put_str(&key, text);
    CHECK(buf_ok(&key));
    struct str copy = arena_str(arena, buf_str(&key));
    buf_fini(&key);
    return copy;
}

static struct str client_key(struct memory_store *s, const struct event *ev) {
    return key_of(&s->arena, ev->user.v, ev->room.v, ev->client_id);
}

struct str memory_reaction_key(struct arena *arena, message_id target, user_id user,
                               struct str emoji) {
    return key_of(arena, target.v, user.v, emoji);
}

static struct str reaction_key(struct memory_store *s, const struct message *m) {
    return memory_reaction_key(&s->arena, m->reply_to, m->user, m->content);
}

/* ---- kinds of reactions */

static struct memory_kind *kind_of(struct vec *kinds, struct str content) {
    VEC_EACH(struct memory_kind, kind, kinds) {
        if (str_eq(kind->content, content)) {
            return kind;
        }
    }
    return NULL;
}

static bool has_place_for(const struct memory_store *s, const struct event *ev) {
    struct vec *kinds = map_get(&s->kinds, ev->reply_to.v);
    return kinds == NULL || kinds->n < REACTION_KINDS_MAX || kind_of(kinds, ev->content) != NULL;
}

static void add_reaction(struct memory_store *s, struct message *m) {
    struct vec *kinds = map_get(&s->kinds, m->reply_to.v);
    if (kinds == NULL) {
        kinds = arena_zalloc(&s->arena, sizeof *kinds);
        map_put(&s->kinds, m->reply_to.v, kinds);
    }
    struct memory_kind *kind = kind_of(kinds, m->content);
    if (kind == NULL) {
        kind = arena_zalloc(&s->arena, sizeof *kind);
        kind->content = m->content;
        vec_push(kinds, kind);
    }
    kind->count++;
    text_map_put(&s->reactions, reaction_key(s, m), m);
}

static void drop_reaction(struct memory_store *s, const struct message *m) {
    struct vec *kinds = map_get(&s->kinds, m->reply_to.v);
    struct memory_kind *kind = kind_of(kinds, m->content);
    if (--kind->count == 0) {
        vec_drop(kinds, kind);
    }
    text_map_drop(&s->reactions, reaction_key(s, m));
}

/* ---- altering what is there */

static void repeat(struct batch *batch, struct event *ev, const struct message *first) {
    ev->is_repeat = true;
    ev->message = first->id;
    ev->seq = first->seq;
    ev->at_ms = first->at_ms;
    ev->content = batch_str(batch, first->content);
    ev->message_type = first->type;
    ev->media_url = batch_str(batch, first->media_url);
    ev->media_type = batch_str(batch, first->media_type);
    ev->duration_ms = first->duration_ms;
    ev->reply_to = first->reply_to;
    ev->mentions = batch_str(batch, first->mentions);
}

/* Writes an edit or a deletion that may be. */
static void change(struct memory_store *s, struct message *m, struct event *ev) {
    struct memory_room *room = memory_room_of(s, m->room);
    bool is_edit = ev->type == EV_message_edited;
    if (is_edit) {
        m->edited_ms = ev->at_ms;
        m->content = arena_str(&s->arena, ev->content);
        m->mentions = arena_str(&s->arena, ev->mentions);
    } else {
        m->deleted_ms = ev->at_ms;
        room->deleted++;
        memory_upload_hide(s, m->media_url);
        m->media_url = m->media_type = m->mentions = STR_NONE;
        m->duration_ms = 0;
        if (m->type == MESSAGE_REACTION) {
            drop_reaction(s, m);
        } else {
            m->content = STR_NONE;
        }
    }
    ev->position = ++s->position;
    log_change(s, room,
               &(struct memory_change){ ev->position, is_edit ? CHANGE_EDITED : CHANGE_DELETED,
                                        ev->user, m });
}

void memory_message_forget(struct memory_store *s, const struct message *m) {
    map_drop(&s->message_by_id, m->id.v);
    if (!str_is_empty(m->client_id)) {
        const struct event ev = { .user = m->user, .room = m->room, .client_id = m->client_id };
        text_map_drop(&s->by_client_id, client_key(s, &ev));
    }
    if (m->type == MESSAGE_REACTION && m->deleted_ms == 0) {
        drop_reaction(s, m);
    }
}

/* ---- posting */

/* Whether its author used the event's client_id before; then the event is that one again, or comes
 * to nothing, if that one is gone. */
static bool is_repeated(struct memory_store *s, struct batch *batch, struct event *ev) {
    if (str_is_empty(ev->client_id)) {
        return false;
    }
    struct str key = client_key(s, ev);
    const struct message *first = text_map_get(&s->by_client_id, key);
    const struct message *gone = text_map_get(&s->taken_back, key);
    if (first != NULL && first->deleted_ms != 0 && !repeat_is_silent(ev)) {
        ev->message = first->id;
        memory_void(ev, REFUSE_message_unknown);
    } else if (first != NULL) {
        repeat(batch, ev, first);
    } else if (gone != NULL && ev->message_type == MESSAGE_REACTION) {
        ev->type = EV_message_deleted;
        ev->is_repeat = true;
        ev->message = gone->id;
        ev->seq = gone->seq;
        ev->at_ms = gone->deleted_ms;
    }
    return ev->is_repeat || ev->is_void;
}

static bool has_target(struct memory_store *s, const struct event *ev) {
    const struct message *m = map_get(&s->message_by_id, ev->reply_to.v);
    return m != NULL && m->room.v == ev->room.v && m->deleted_ms == 0 &&
           m->type != MESSAGE_REACTION;
}

/* Whether the reaction is still to be put there. */
static bool is_wanted(struct memory_store *s, struct batch *batch, struct event *ev) {
    struct message *there = text_map_get(
        &s->reactions, memory_reaction_key(&s->arena, ev->reply_to, ev->user, ev->content));
    if (there == NULL) {
        if (ev->reaction == REACTION_REMOVE) {
            memory_void(ev, REFUSE_message_unknown);
        } else if (!has_place_for(s, ev)) {
            memory_void(ev, REFUSE_too_many_reactions);
        }
        return !ev->is_void;
    }
    if (ev->reaction == REACTION_ADD) {
        repeat(batch, ev, there);
        return false;
    }
    ev->type = EV_message_deleted;
    ev->message = there->id;
    ev->seq = there->seq;
    change(s, there, ev);
    if (!str_is_empty(ev->client_id)) {
        text_map_put(&s->taken_back, client_key(s, ev), there);
    }
    return false;
}

static void insert(struct memory_store *s, struct event *ev) {
    struct memory_room *room = memory_room_of(s, ev->room);
    struct message *m = arena_zalloc(&s->arena, sizeof *m);
    *m = (struct message){ .id.v = ++s->position,
                           .room = ev->room,
                           .seq = room->messages.n + 1,
                           .user = ev->user,
                           .content = arena_str(&s->arena, ev->content),
                           .client_id = arena_str(&s->arena, ev->client_id),
                           .type = ev->message_type,
                           .media_url = arena_str(&s->arena, ev->media_url),
                           .media_type = arena_str(&s->arena, ev->media_type),
                           .duration_ms = ev->duration_ms,
                           .reply_to = ev->reply_to,
                           .mentions = arena_str(&s->arena, ev->mentions),
                           .at_ms = ev->at_ms };
    vec_push(&room->messages, m);
    map_put(&s->message_by_id, m->id.v, m);
    if (!str_is_empty(ev->client_id)) {
        text_map_put(&s->by_client_id, client_key(s, ev), m);
    }
    if (m->type == MESSAGE_REACTION) {
        add_reaction(s, m);
    }
    log_change(s, room, &(struct memory_change){ m->id.v, CHANGE_NEW, m->user, m });
    ev->message = m->id;
    ev->seq = m->seq;
}

void memory_post(struct memory_store *s, struct batch *batch, struct event *ev) {
    bool is_reaction = ev->message_type == MESSAGE_REACTION;
    memory_user_of(s, ev->user);
    if (is_repeated(s, batch, ev)) {
        return;
    }
    if ((ev->reply_to.v != 0 || is_reaction) && !has_target(s, ev)) {
        memory_void(ev, REFUSE_message_unknown);
        return;
    }
    if (is_reaction && !is_wanted(s, batch, ev)) {
        return;
    }
    struct memory_upload *upload = memory_upload_of(s, ev->media_url);
    if (upload != NULL) {
        upload->shown++;
    } else if (str_starts(ev->media_url, STR_LIT(UPLOADS_PATH))) {
        memory_void(ev, REFUSE_upload_unknown);
        return;
    }
    insert(s, ev);
}

/* ---- altering */

/* Whether the author of a dm's message is blocked from the other, if that matters. */
static bool is_blocked(const struct memory_store *s, const struct memory_room *room,
                       const struct event *ev) {
    const struct event *of = &room->created;
    user_id other = ev->user.v == of->user.v ? of->other : of->user;
    return alter_minds_blocks(ev, of->room_kind) &&
           memory_is_blocked(s, ev->user, other, ev->at_ms);
}

static enum refusal may_alter(const struct memory_store *s, const struct message *m,
                              const struct memory_room *room, const struct event *ev) {
    if (m == NULL || m->deleted_ms != 0 || room->removed_ms != 0) {
        return REFUSE_message_unknown;
    }
    return alter_check(ev, &(struct alter_target){ .author = m->user,
                                                   .room = m->room,
                                                   .room_kind = room->created.room_kind,
                                                   .is_private = room->created.is_private,
                                                   .type = m->type,
                                                   .is_blocked = is_blocked(s, room, ev) });
}

void memory_alter(struct memory_store *s, struct batch *batch, struct event *ev) {
    struct message *m = map_get(&s->message_by_id, ev->message.v);
    struct memory_room *room = m == NULL ? NULL : memory_room_of(s, m->room);
    enum refusal no = may_alter(s, m, room, ev);
    if (no != REFUSE_NONE) {
        memory_void(ev, no);
        return;
    }
    const struct event *of = &room->created;
    ev->room = m->room;
    ev->seq = m->seq;
    ev->room_name = batch_str(batch, of->room_name);
    ev->room_kind = of->room_kind;
    ev->server = of->server;
    if (of->room_kind == ROOM_DM) {
        ev->other = m->user.v == of->user.v ? of->other : of->user;
        ev->author.v = m->user.v == ev->user.v ? 0 : m->user.v;
    }
    ev->message_type = m->type;
    ev->reply_to = m->reply_to;
    if (m->type == MESSAGE_REACTION) {
        ev->content = batch_str(batch, m->content);
    }
    change(s, m, ev);
    if (ev->type == EV_message_deleted && ev->user.v != m->user.v) {
        memory_audit_deleted(s, ev, m->user);
    }
}
