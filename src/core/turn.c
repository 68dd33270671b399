/* What the verbs share: answering, emitting, and finding what a command speaks of. */
#include "core/turn.h"

#include <stdio.h>

#include "core/state.h"
#include "core/text.h"

static void answered(struct turn *t) {
    CHECK(!t->is_answered);
    t->is_answered = true;
}

struct reply *turn_reply(struct turn *t) {
    answered(t);
    struct reply *r = batch_reply(t->batch, t->cmd);
    r->room_name = t->cmd->room_name;
    r->room.v = t->cmd->room;
    r->is_on = t->cmd->is_on != 0;
    r->message = t->cmd->message;
    return r;
}

struct reply *turn_reply_room(struct turn *t, const struct room *room) {
    struct reply *r = turn_reply(t);
    r->room_name = batch_str(t->batch, room_name(room));
    r->room = room->id;
    return r;
}

static struct str mobile_text(struct turn *t, uint64_t mobile) {
    char text[24];
    if (mobile == 0) {
        return STR_NONE;
    }
    (void)snprintf(text, sizeof text, "+%llu", (unsigned long long)mobile);
    return batch_str(t->batch, str_of(text));
}

struct reply *turn_reply_user(struct turn *t, const struct user *user) {
    struct reply *r = turn_reply(t);
    r->user = user->id;
    r->username = batch_str(t->batch, user_name(user));
    r->mobile = mobile_text(t, user->mobile);
    r->role = user->role;
    return r;
}

struct reply *turn_reply_named(struct turn *t, const struct user *user) {
    struct reply *r = turn_reply_user(t, user);
    if (t->cmd->dialect != DIALECT_OPERATOR) {
        r->mobile = STR_NONE;
    }
    return r;
}

struct ask *turn_ask(struct turn *t, enum ask_kind kind) {
    answered(t);
    return batch_ask(t->batch, t->cmd, kind);
}

struct event *turn_event(struct turn *t, enum event_type type) {
    struct event *ev = batch_event(t->batch, type);
    ev->session = t->cmd->session;
    ev->ref = t->cmd->ref;
    return ev;
}

user_id turn_actor(const struct turn *t) {
    return t->user == NULL ? (user_id){ 0 } : t->user->id;
}

struct event *turn_event_user(struct turn *t, enum event_type type, const struct user *user) {
    struct event *ev = turn_event(t, type);
    ev->user = user->id;
    ev->username = batch_str(t->batch, user_name(user));
    return ev;
}

struct event *turn_event_room(struct turn *t, enum event_type type, const struct room *room,
                              const struct user *user) {
    struct event *ev = user == NULL ? turn_event(t, type) : turn_event_user(t, type, user);
    ev->room = room->id;
    ev->room_name = batch_str(t->batch, room_name(room));
    ev->room_kind = room->kind;
    ev->server = room->kind == ROOM_CHANNEL ? SERVER_LOBBY : (server_id){ 0 };
    ev->is_private = room->is_private;
    return ev;
}

struct event *turn_event_dm(struct turn *t, room_id id, user_id a, user_id b) {
    struct event *ev = turn_event(t, EV_room_created);
    ev->room = id;
    ev->room_kind = ROOM_DM;
    ev->is_private = true;
    ev->user.v = MIN(a.v, b.v);
    ev->other.v = MAX(a.v, b.v);
    fact_apply(t->core, ev);
    return ev;
}

enum refusal turn_refuse(struct turn *t, enum refusal no, const struct detail *detail) {
    t->detail = *detail;
    t->detail.word = batch_str(t->batch, detail->word);
    return no;
}

static size_t list_sessions(const struct user *user, session_id *out) {
    size_t n = 0;
    for (const struct session *s = user->sessions; s != NULL; s = s->next) {
        out[n++] = s->id;
    }
    return n;
}

void turn_to_sessions(struct turn *t, struct event *ev, const struct user *a,
                      const struct user *b) {
    bool is_one = b == NULL || b == a;
    size_t count = session_count(a) + (is_one ? 0 : session_count(b));
    session_id *ids = arena_alloc(&t->batch->arena, count * sizeof *ids);
    size_t n = list_sessions(a, ids);
    if (!is_one) {
        n += list_sessions(b, ids + n);
    }
    ev->audience = AUD_SESSIONS;
    ev->sessions = ids;
    ev->session_count = n;
}

struct room *turn_room(struct turn *t) {
    const struct rooms *rooms = &t->core->rooms;
    struct room *room =
        t->cmd->room != 0 ? room_find(rooms, t->cmd->room) : room_by_name(rooms, t->cmd->room_name);
    bool may_know = room != NULL && room->kind != ROOM_DM && room_is_open_to(room, t->user);
    return may_know ? room : NULL;
}

/* The person of the caller's dm who is not the caller (or is, in a dm with oneself). */
static const struct user *partner(const struct turn *t, const struct room *room) {
    bool is_first = room->pair[0] == t->user->id.v;
    return user_find(&t->core->users, room->pair[is_first ? 1 : 0]);
}

enum refusal turn_place(struct turn *t, struct place *out) {
    const struct cmd *cmd = t->cmd;
    *out = (struct place){ .is_named = true };
    if (cmd->user != 0 || cmd->username.n > 0) {
        out->other = turn_other(t);
        if (out->other == NULL) {
            return REFUSE_user_unknown;
        }
        out->room = room_dm(&t->core->rooms, t->user->id, out->other->id);
        return REFUSE_NONE;
    }
    out->is_named = cmd->room != 0 || cmd->room_name.n > 0;
    struct room *dm = room_find(&t->core->rooms, cmd->room);
    bool is_own_dm = dm != NULL && dm->kind == ROOM_DM && room_is_open_to(dm, t->user);
    out->room = is_own_dm ? dm : turn_room(t);
    out->other = is_own_dm ? partner(t, dm) : NULL;
    return out->room == NULL ? REFUSE_room_unknown : REFUSE_NONE;
}

void turn_address(struct turn *t, struct event *ev, const struct place *at) {
    if (at->other != NULL) {
        ev->other = at->other->id;
        turn_to_sessions(t, ev, t->user, at->other);
    }
}

struct user *turn_other(struct turn *t) {
    if (t->cmd->user != 0) {
        return user_find(&t->core->users, t->cmd->user);
    }
    struct user *user = user_by_name(&t->core->users, t->cmd->username);
    return user != NULL && !user->is_erased ? user : NULL;
}

enum refusal turn_check_content(struct turn *t) {
    struct str content = t->cmd->content;
    size_t chars_max = t->core->limits.message_chars;
    if (text_is_blank(content) && t->cmd->media_url.n == 0) {
        return turn_refuse(t, REFUSE_empty, &(struct detail){ .input = INPUT_content });
    }
    size_t chars =
        content.n <= chars_max ? content.n : str_chars(content);    // a byte at least each
    return chars > chars_max ? turn_too_long(t, chars) : REFUSE_NONE;
}

enum refusal turn_too_long(struct turn *t, size_t chars) {
    return turn_refuse(t, REFUSE_too_long,
                       DETAIL_OF(longer, INPUT_content, UNIT_characters, .given = chars,
                                 .max = t->core->limits.message_chars));
}
