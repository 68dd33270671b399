/* The memory driver: what is new for somebody. */
#include "store/memory_data.h"
#include "store/waiting.h"

/* Whether what happens in this room is handed out to the user. */
static bool is_asked_for(const struct memory_store *s, const struct memory_room *room,
                         const struct memory_user *user, bool is_on) {
    user_id id = user->created.user;
    bool is_his = room->created.room_kind == ROOM_DM;
    if (!is_his && is_on) {
        is_his = map_get(&user->reads, room->created.room.v) != NULL;
        VEC_EACH(struct memory_user, member, &room->members) {
            is_his = is_his || member == user;
        }
    }
    return is_his && memory_may_read(s, room, id);
}

static void look_through(const struct memory_room *room, uint64_t after,
                         struct waiting_page *page) {
    VEC_EACH(struct memory_change, c, &room->log) {
        if (c->position > after) {
            waiting_offer(page,
                          &(struct waiting){ c->position, c->kind, c->message->id, c->by, room },
                          c->message->type, c->message->deleted_ms != 0);
        }
    }
}

/* Whether the one it went to has read it. */
static bool is_read(const struct memory_store *s, user_id user, const struct message *m) {
    const struct memory_user *to = map_get(&s->user_by_id, m->other.v != 0 ? m->other.v : user.v);
    const struct memory_mark *mark = map_get(&to->reads, m->room.v);
    return mark != NULL && mark->seq >= m->seq;
}

static void fetch(struct memory_store *s, struct waiting_page *page, struct answer *out) {
    size_t bytes = 0, n = 0;
    out->changes = arena_alloc(&out->arena, page->n * sizeof *out->changes);
    for (; n < page->n; n++) {
        const struct waiting *w = &page->p[n];
        const struct memory_room *room = w->place;
        const struct memory_user *by = map_get(&s->user_by_id, w->by.v);
        struct message m =
            memory_message_of(s, room, map_get(&s->message_by_id, w->message.v), &out->arena);
        m.is_read = is_read(s, page->user, &m);
        m.room_name = arena_str(&out->arena, room->created.room_name);
        bytes += m.content.n;
        if (n > 0 && bytes > CHANGES_BYTES_MAX) {
            break;
        }
        out->changes[n] = (struct change){ w->position, w->kind, w->by,
                                           arena_str(&out->arena, by->created.username), m };
    }
    out->change_count = n;
    waiting_cut(page, n);
}

void memory_waiting(struct memory_store *s, const struct ask *ask, struct answer *out) {
    const struct memory_user *user = map_get(&s->user_by_id, ask->user.v);
    struct waiting_page page = waiting_page_of(ask);
    if (user != NULL) {
        uint64_t after = MAX(user->cursor, ask->after);
        out->confirmed = user->cursor;
        VEC_EACH(struct memory_room, room, &s->rooms) {
            if (is_asked_for(s, room, user, ask->is_on)) {
                look_through(room, after, &page);
            }
        }
        fetch(s, &page, out);
    }
    waiting_settle(&page, s->position, out);
}
