/* Reactions: one emoji under a message.
 *
 * A reaction is a message of its own, so that every dialect can show it at its place in the order,
 * those that have a word for it and those that have none. Whether it is put there or taken back,
 * and whether there is anything to put it under, is the store's to say: what is emitted here as
 * message_posted comes out of the commit as message_deleted when it was there. */
#include "core/state.h"
#include "core/turn.h"

enum refusal do_reaction_set(struct turn *t) {
    struct place at;
    enum refusal no = turn_place(t, &at);
    if (no == REFUSE_NONE && turn_is_blocked(t, at.other)) {
        no = REFUSE_blocked;
    }
    if (no == REFUSE_NONE) {
        no = turn_check_reaction(t);
    }
    if (no == REFUSE_NONE && at.room == NULL) {
        no = REFUSE_message_unknown;    // two people who never said a word to each other
    }
    if (no == REFUSE_NONE && at.other == NULL) {
        no = turn_may_follow(t, at.room);
    }
    if (no != REFUSE_NONE) {
        return no;
    }
    bool is_first = at.other == NULL && turn_follow(t, at.room);
    struct reply *r = turn_reply_room(t, at.room);
    if (is_first) {
        turn_event_room(t, EV_room_entered, at.room, t->user);
    }
    struct event *ev = turn_event_room(t, EV_message_posted, at.room, t->user);
    ev->content = t->cmd->content;
    ev->client_id = t->cmd->client_id;
    ev->reply_to.v = t->cmd->reply_to;
    ev->message_type = MESSAGE_REACTION;    // and nothing else is of it
    ev->reaction = (enum reaction)t->cmd->reaction;
    turn_address(t, ev, &at);
    r->event = ev;
    return REFUSE_NONE;
}
