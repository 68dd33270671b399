/* How far somebody has read, and what of it is left.
 *
 * A mark only moves forward; the store, which knows the messages, keeps it so. Those in the room
 * are told at most once a second of each reader; whoever reads faster is told to himself alone, on
 * all his connections that would be told otherwise, so that they agree. */
#include "core/notice.h"
#include "core/state.h"
#include "core/turn.h"

/* Tells nobody but the reader. */
static void tell_reader(struct turn *t, struct event *ev, const struct place *at) {
    size_t n = 0;
    turn_to_sessions(t, ev, t->user, NULL);
    if (at->other != NULL) {
        return;
    }
    session_id *ids = arena_alloc(&t->batch->arena, ev->session_count * sizeof *ids);
    for (size_t i = 0; i < ev->session_count; i++) {
        struct session *s = session_find(&t->core->sessions, ev->sessions[i]);
        if (follow_find(s, at->room) != NULL) {
            ids[n++] = ev->sessions[i];
        }
    }
    ev->sessions = ids;
    ev->session_count = n;
}

enum refusal do_read_set(struct turn *t) {
    struct place at;
    enum refusal no = turn_place(t, &at);
    if (no != REFUSE_NONE) {
        return no;
    }
    if (at.room == NULL || t->cmd->message > ID_MAX) {
        return REFUSE_message_unknown;
    }
    struct reply *r = turn_reply_room(t, at.room);
    struct event *ev = turn_event_room(t, EV_read_changed, at.room, t->user);
    ev->message.v = t->cmd->message;
    turn_address(t, ev, &at);
    if (!notice_may_tell(&t->user->notices, at.room->id, NOTICE_READ, turn_ms(t))) {
        tell_reader(t, ev, &at);
    }
    r->event = ev;
    return REFUSE_NONE;
}

enum refusal do_unread_list(struct turn *t) {
    struct ask *ask = turn_ask(t, ASK_UNREAD);
    ask->user = t->user->id;
    return REFUSE_NONE;
}
