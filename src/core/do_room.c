/* Following rooms: what one session hears.
 *
 * Following is volatile and one session's; belonging to a private room (member.h) is durable and a
 * user's. Everybody belongs to server 1 and may follow its public channels. Others in a room are
 * told of a user only: of the first session that comes and the last that goes.
 *
 * A private channel is answered to strangers as one that does not exist: its name is nobody's
 * business. */
#include "core/state.h"
#include "core/turn.h"
#include "core/typing.h"

enum refusal turn_may_follow(struct turn *t, const struct room *room) {
    uint32_t most = t->core->limits.follows_per_session;
    struct session *s = t->session;
    if (most == 0 || s->follow_count < most || follow_find(s, room) != NULL) {
        return REFUSE_NONE;
    }
    follow_tidy(s, &t->core->rooms);
    if (s->follow_count < most) {
        return REFUSE_NONE;
    }
    return turn_refuse(t, REFUSE_too_many_follows, "at most %u", (unsigned)most);
}

bool turn_follow(struct turn *t, struct room *room) {
    if (follow_find(t->session, room) != NULL) {
        return false;
    }
    bool is_first = !follow_any(t->user, room, NULL);
    follow_start(t->session, room);
    turn_event_room(t, EV_follow_started, room, t->user);
    return is_first;
}

/* Emits that the user is gone from a room, which is what session s has just left. */
static void left(struct turn *t, const struct session *s, const struct room *room) {
    if (!room->is_removed && !follow_any(s->user, room, s)) {
        turn_event_room(t, EV_room_left, room, s->user)->session = s->id;
    }
}

void turn_leave_all(struct turn *t, struct session *s) {
    const struct follow *follows = session_follows(s);
    for (uint32_t i = 0; i < s->follow_count; i++) {
        left(t, s, follows[i].room);
    }
    follow_end_all(s, &t->core->rooms);
}

enum refusal do_room_join(struct turn *t) {
    struct room *room = turn_room(t);
    if (room == NULL) {
        return REFUSE_room_unknown;
    }
    enum refusal no = turn_may_follow(t, room);
    if (no != REFUSE_NONE) {
        return no;
    }
    bool is_first = turn_follow(t, room);
    turn_reply_room(t, room);
    if (is_first) {
        turn_event_room(t, EV_room_entered, room, t->user);
    }
    return REFUSE_NONE;
}

enum refusal do_room_leave(struct turn *t) {
    struct room *room = turn_room(t);
    if (room == NULL) {
        return REFUSE_room_unknown;
    }
    bool was_there = follow_find(t->session, room) != NULL;
    if (was_there) {
        follow_end(t->session, &t->core->rooms, room);
        turn_event_room(t, EV_follow_ended, room, t->user);
    }
    turn_reply_room(t, room);
    if (was_there) {
        left(t, t->session, room);
    }
    return REFUSE_NONE;
}

enum refusal do_typing_set(struct turn *t) {
    struct room *room = turn_room(t);
    if (room == NULL) {
        return REFUSE_room_unknown;
    }
    if (follow_find(t->session, room) == NULL) {
        return REFUSE_not_member;
    }
    bool is_on = t->cmd->is_on != 0;
    turn_reply_room(t, room);
    if (typing_may_tell(&t->user->typing, room->id, is_on, turn_ms(t))) {
        turn_event_room(t, EV_typing_changed, room, t->user)->is_on = is_on;
    }
    return REFUSE_NONE;
}
