/* The memory driver: blocks, and the log of what was decided about people and their words. */
#include "store/memory_data.h"

#include <stdlib.h>

/* What was decided: ids, whose names are looked up when somebody asks. */
struct decision {
    struct event ev;    // user, other, actor, room, message, until_ms, at_ms
    struct str action;
    struct str detail;
    uint64_t id;
};

/* ---- blocks */

static struct event *find(const struct memory_store *s, user_id who, user_id from) {
    VEC_EACH(struct event, block, &s->blocks) {
        if (block->user.v == who.v && block->other.v == from.v) {
            return block;
        }
    }
    return NULL;
}

/* Ended ones do not pile up. */
static void drop_ended(struct memory_store *s, uint64_t now_ms) {
    for (size_t i = s->blocks.n; i-- > 0;) {
        const struct event *block = s->blocks.p[i];
        if (block->until_ms <= now_ms) {
            vec_drop(&s->blocks, block);
        }
    }
}

void memory_block_set(struct memory_store *s, const struct event *ev) {
    drop_ended(s, ev->at_ms);
    struct event *block = find(s, ev->user, ev->other);
    if (block == NULL) {
        block = arena_zalloc(&s->arena, sizeof *block);
        vec_push(&s->blocks, block);
    }
    *block = (struct event){
        .type = EV_block_set, .user = ev->user, .other = ev->other, .until_ms = ev->until_ms
    };
}

void memory_block_lift(struct memory_store *s, const struct event *ev) {
    struct event *block = find(s, ev->user, ev->other);
    if (block != NULL) {
        vec_drop(&s->blocks, block);
    }
}

void memory_blocks_drop(struct memory_store *s, user_id user) {
    for (size_t i = s->blocks.n; i-- > 0;) {
        struct event *block = s->blocks.p[i];
        if (block->user.v == user.v || block->other.v == user.v) {
            vec_drop(&s->blocks, block);
        }
    }
}

bool memory_is_blocked(const struct memory_store *s, user_id who, user_id from, uint64_t now_ms) {
    const struct event *block = find(s, who, from);
    return block != NULL && block->until_ms > now_ms;
}

static struct str name_of(const struct memory_store *s, user_id id, struct arena *arena) {
    const struct memory_user *user = map_get(&s->user_by_id, id.v);
    return user == NULL ? STR_NONE : arena_str(arena, user->created.username);
}

void memory_list_blocks(struct memory_store *s, uint64_t now_ms, struct vec *rows,
                        struct arena *arena) {
    VEC_EACH(struct event, block, &s->blocks) {
        if (block->until_ms > now_ms) {
            struct list_row *row = arena_zalloc(arena, sizeof *row);
            row->id = block->user.v;
            row->name = name_of(s, block->user, arena);
            row->other = block->other;
            row->other_name = name_of(s, block->other, arena);
            row->until_ms = block->until_ms;
            vec_push(rows, row);
        }
    }
}

/* ---- what was decided */

static struct decision *add(struct memory_store *s, const struct event *ev, const char *action) {
    struct decision *d = arena_zalloc(&s->arena, sizeof *d);
    d->ev = (struct event){ .user = ev->user, .actor = ev->actor, .at_ms = ev->at_ms };
    d->action = str_of(action);
    d->id = ++s->audit_id;
    vec_push(&s->audit, d);
    if (s->audit.n > AUDIT_ROWS_MAX) {
        vec_drop(&s->audit, s->audit.p[0]);
    }
    return d;
}

/* Called before the event takes effect: a new password is no new role. */
void memory_audit(struct memory_store *s, const struct event *ev) {
    struct decision *d;
    switch ((int)ev->type) {    // the others are not written down
    case EV_user_changed:
        if (memory_user_of(s, ev->user)->created.role != ev->role) {
            add(s, ev, "role_changed")->detail = str_of(role_name(ev->role));
        }
        break;
    case EV_user_erased: add(s, ev, "user_erased"); break;
    case EV_token_added: add(s, ev, "token_added")->detail = arena_str(&s->arena, ev->label); break;
    case EV_token_revoked:
        add(s, ev, "token_revoked")->detail = arena_str(&s->arena, ev->label);
        break;
    case EV_ban_set: add(s, ev, "ban_set")->ev.until_ms = ev->until_ms; break;
    case EV_ban_lifted: add(s, ev, "ban_lifted"); break;
    case EV_block_set:
        d = add(s, ev, "block_set");
        d->ev.other = ev->other;
        d->ev.until_ms = ev->until_ms;
        break;
    case EV_block_lifted: add(s, ev, "block_lifted")->ev.other = ev->other; break;
    case EV_room_removed:
        d = add(s, ev, "room_removed");
        d->ev.user.v = 0;
        d->ev.room = ev->room;
        break;
    default: break;
    }
}

static bool is_same(const struct decision *d, const struct event *ev) {
    return d->ev.at_ms == ev->at_ms && str_eq(d->action, ev->label) && d->ev.user.v == ev->user.v &&
           d->ev.actor.v == ev->actor.v && d->ev.other.v == ev->other.v &&
           d->ev.room.v == ev->room.v && str_eq(d->detail, ev->content);
}

void memory_note(struct memory_store *s, const struct event *ev) {
    VEC_EACH(struct decision, have, &s->audit) {
        if (is_same(have, ev)) {
            return;
        }
    }
    struct decision *d = add(s, ev, "");
    d->action = arena_str(&s->arena, ev->label);
    d->ev.other = ev->other;
    d->ev.room = ev->room;
    d->ev.until_ms = ev->until_ms;
    d->detail = arena_str(&s->arena, ev->content);
}

void memory_audit_deleted(struct memory_store *s, const struct event *ev, user_id author) {
    struct decision *d = add(s, ev, "message_deleted");
    d->ev.actor = ev->user;
    d->ev.user = author;
    d->ev.room = ev->room;
    d->ev.message = ev->message;
}

/* Whether it is about or by this user, whom it need not be: then anything is. */
static bool is_of(const struct decision *d, user_id of) {
    return of.v == 0 || d->ev.user.v == of.v || d->ev.actor.v == of.v || d->ev.other.v == of.v;
}

static int newest_first(const void *a, const void *b) {
    const struct list_row *x = *(struct list_row *const *)a, *y = *(struct list_row *const *)b;
    bool is_same = x->at_ms == y->at_ms;
    uint64_t left = is_same ? x->id : x->at_ms, right = is_same ? y->id : y->at_ms;
    return (left < right) - (left > right);
}

void memory_list_audit(struct memory_store *s, user_id of, struct vec *rows, struct arena *arena) {
    for (size_t i = s->audit.n; i-- > 0;) {
        const struct decision *d = s->audit.p[i];
        if (!is_of(d, of)) {
            continue;
        }
        const struct memory_room *room = map_get(&s->room_by_id, d->ev.room.v);
        struct list_row *row = arena_zalloc(arena, sizeof *row);
        *row = (struct list_row){
            .id = d->id,
            .name = name_of(s, d->ev.user, arena),
            .other = d->ev.other,
            .other_name = name_of(s, d->ev.other, arena),
            .actor = name_of(s, d->ev.actor, arena),
            .action = d->action,
            .room = room == NULL ? STR_NONE : arena_str(arena, room->created.room_name),
            .detail = arena_str(arena, d->detail),
            .message = d->ev.message.v,
            .until_ms = d->ev.until_ms,
            .at_ms = d->ev.at_ms,
        };
        vec_push(rows, row);
    }
    if (rows->n > 1) {
        qsort(rows->p, rows->n, sizeof *rows->p, newest_first);
    }
}
