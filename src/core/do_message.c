/* Saying things: to a room, to one person, and taking them back.
 *
 * The core decides who may speak and who will hear; it knows no messages. Their ids, their numbers
 * and whether one was sent before are the store's, at commit.
 *
 * A dm is a room nobody follows: its events name the sessions they are for. Edits and deletions
 * name only a message, and which room that is in the core cannot know, so the store fills the room
 * in, and the workers tell those who follow it, or both persons of a dm. A command that also names
 * the room, or the other person of the dm, is held to that room by the store. Who is blocked edits
 * nothing where the block holds: if the dm is not named the store looks, since it knows of whom. */
#include "core/state.h"
#include "core/text.h"
#include "core/turn.h"

static struct event *post(struct turn *t, const struct room *room) {
    struct event *ev = turn_event_room(t, EV_message_posted, room, t->user);
    turn_put_body(t, ev);
    return ev;
}

enum refusal do_message_send(struct turn *t) {
    struct room *room = turn_room(t);
    if (room == NULL) {
        return REFUSE_room_unknown;
    }
    if (turn_is_blocked(t, NULL)) {
        return REFUSE_blocked;
    }
    enum refusal no = turn_check_body(t);
    if (no == REFUSE_NONE) {
        no = turn_may_follow(t, room);
    }
    if (no != REFUSE_NONE) {
        return no;
    }
    bool is_first = turn_follow(t, room);    // who speaks in a room, listens to it
    struct reply *r = turn_reply_room(t, room);
    if (is_first) {
        turn_event_room(t, EV_room_entered, room, t->user);
    }
    r->event = post(t, room);
    turn_mention(t, room, r->event);
    return REFUSE_NONE;
}

/* The room of the two, made when the first word is said in it. NULL: there are no ids left. */
static struct room *dm_with(struct turn *t, const struct user *other) {
    struct rooms *rooms = &t->core->rooms;
    struct room *room = room_dm(rooms, t->user->id, other->id);
    if (room != NULL || rooms->id_max >= ID_MAX) {
        return room;
    }
    turn_event_dm(t, (room_id){ rooms->id_max + 1 }, t->user->id, other->id);
    return room_dm(rooms, t->user->id, other->id);
}

enum refusal do_direct_send(struct turn *t) {
    struct user *other = turn_other(t);
    if (other == NULL || other->is_erased) {
        return REFUSE_user_unknown;
    }
    if (turn_is_blocked(t, other)) {
        return REFUSE_blocked;
    }
    enum refusal no = turn_check_body(t);
    if (no != REFUSE_NONE) {
        return no;
    }
    struct room *room = dm_with(t, other);
    if (room == NULL) {
        return turn_refuse(t, REFUSE_forbidden, DETAIL_OF(no_room_ids));
    }
    struct reply *r = turn_reply_named(t, other);
    r->room = room->id;
    r->event = post(t, room);
    r->event->other = other->id;
    turn_to_sessions(t, r->event, t->user, other);
    return REFUSE_NONE;
}

static enum refusal change(struct turn *t, enum event_type type, struct str content) {
    struct place at;
    if (t->cmd->message == 0 || t->cmd->message > ID_MAX) {
        return REFUSE_message_unknown;
    }
    enum refusal no = turn_place(t, &at);
    if (no == REFUSE_NONE && at.room == NULL) {
        no = REFUSE_message_unknown;
    }
    if (no != REFUSE_NONE && at.is_named) {
        return no;
    }
    bool is_edit = type == EV_message_edited;
    if (is_edit && turn_is_blocked(t, at.other)) {
        return REFUSE_blocked;
    }
    struct reply *r = at.room == NULL ? turn_reply(t) : turn_reply_room(t, at.room);
    struct event *ev = at.room == NULL ? turn_event_user(t, type, t->user)
                                       : turn_event_room(t, type, at.room, t->user);
    ev->message.v = t->cmd->message;
    ev->content = content;
    ev->is_moderator = !is_edit && t->user->role == ROLE_ADMIN;    // words are their author's
    if (at.other != NULL) {
        turn_address(t, ev, &at);
    } else if (is_edit && at.room != NULL) {
        turn_mention(t, at.room, ev);    // who may read it is only known with the room
    }
    r->event = ev;
    return REFUSE_NONE;
}

enum refusal do_message_edit(struct turn *t) {
    enum refusal no = turn_check_content(t);
    return no != REFUSE_NONE ? no : change(t, EV_message_edited, t->cmd->content);
}

enum refusal do_message_delete(struct turn *t) {
    return change(t, EV_message_deleted, STR_NONE);
}
