/* Following rooms: what one session hears.
 *
 * Following is volatile and one session's; belonging to a private room (member.h) is durable and a
 * user's. Everybody belongs to server 1 and may follow its public channels. Others in a room are
 * told of a user only: of the first session that comes and the last that goes.
 *
 * A private channel is answered to strangers as one that does not exist: its name is nobody's
 * business. */
#include "core/notice.h"
#include "core/state.h"
#include "core/turn.h"

/* Everybody in a room is told who comes and goes, so a user may come into JOINS_BURST rooms at once
 * and JOINS_PER_SECOND more each second, whatever he leaves meanwhile: one number a user, the time
 * at which all of it is made good. */
static enum refusal check_joins(struct turn *t, const struct room *room) {
    const uint64_t step_ms = 1000 / JOINS_PER_SECOND;
    const uint64_t burst_ms = step_ms * JOINS_BURST;
    uint64_t now_ms = turn_ms(t);
    uint64_t due_ms = MIN(t->user->joins_due_ms, now_ms + burst_ms);
    t->user->joins_due_ms = due_ms;    // another one only if the clock was set back
    due_ms = MAX(due_ms, now_ms);
    if (follow_any(t->user, room, NULL) || due_ms + step_ms <= now_ms + burst_ms) {
        return REFUSE_NONE;
    }
    t->retry_after_ms = due_ms + step_ms - now_ms - burst_ms;
    return turn_refuse(t, REFUSE_rate_limited,
                       DETAIL_OF(rate, .max = JOINS_PER_SECOND, .unit = UNIT_rooms_per_second));
}

static void count_join(struct turn *t) {
    t->user->joins_due_ms = MAX(t->user->joins_due_ms, turn_ms(t)) + 1000 / JOINS_PER_SECOND;
}

static enum refusal check_places(struct turn *t, const struct room *room) {
    uint32_t most = t->core->limits.follows_per_session;
    struct session *s = t->session;
    if (most == 0 || s->follow_count < most || follow_find(s, room) != NULL) {
        return REFUSE_NONE;
    }
    follow_tidy(s, &t->core->rooms);
    if (s->follow_count < most) {
        return REFUSE_NONE;
    }
    return turn_refuse(t, REFUSE_too_many_follows, DETAIL_OF(at_most, .max = most));
}

enum refusal turn_may_follow(struct turn *t, const struct room *room) {
    if (t->session == NULL) {
        return REFUSE_NONE;    // a caller who hears nothing needs no place
    }
    enum refusal no = check_places(t, room);
    return no != REFUSE_NONE ? no : check_joins(t, room);
}

bool turn_follow(struct turn *t, struct room *room) {
    if (t->session == NULL || follow_find(t->session, room) != NULL) {
        return false;
    }
    bool is_first = !follow_any(t->user, room, NULL);
    follow_start(t->session, room);
    if (is_first) {
        count_join(t);
    }
    turn_event_room(t, EV_follow_started, room, t->user)->is_on = t->cmd->type == CMD_room_resume;
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

/* Whom a notice of the caller's typing would reach, if he may send one there. */
static enum refusal typing_place(struct turn *t, struct place *at) {
    enum refusal no = turn_place(t, at);
    if (no != REFUSE_NONE || at->other != NULL) {
        return no;
    }
    bool is_there = t->session != NULL && follow_find(t->session, at->room) != NULL;
    return is_there ? REFUSE_NONE : REFUSE_not_member;
}

enum refusal do_typing_set(struct turn *t) {
    struct place at;
    enum refusal no = typing_place(t, &at);
    if (no != REFUSE_NONE) {
        return no;
    }
    bool is_on = t->cmd->is_on != 0;
    bool is_kept = at.other != NULL && turn_is_blocked(t, at.other);
    if (at.other != NULL && !is_kept) {
        notice_typing_to(&t->user->notices, at.other->id, is_on, turn_ms(t));
    }
    if (at.room == NULL) {
        return REFUSE_NONE;    // the first word is not said yet: there is no room to tell
    }
    turn_reply_room(t, at.room);
    if (is_kept) {
        return REFUSE_NONE;    // and is not told so
    }
    if (notice_may_tell(&t->user->notices, at.room->id, is_on ? NOTICE_TYPING : NOTICE_STOPPED,
                        turn_ms(t))) {
        struct event *ev = turn_event_room(t, EV_typing_changed, at.room, t->user);
        ev->is_on = is_on;
        turn_address(t, ev, &at);
    }
    return REFUSE_NONE;
}
