/* What is new for somebody who asks instead of being told.
 *
 * The log of changes is the store's, and so is how far each user has had it: the core only allows
 * the question, and passes on that what was handed out has come. */
#include "core/state.h"
#include "core/turn.h"

enum refusal do_changes_next(struct turn *t) {
    if (t->cmd->after > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(position, INPUT_after));
    }
    struct ask *ask = turn_ask(t, ASK_CHANGES);
    ask->user = t->user->id;
    ask->is_on = t->cmd->is_on != 0;
    ask->after = t->cmd->after;
    ask->limit = CHANGES_PAGE_MAX;
    return REFUSE_NONE;
}

enum refusal do_changes_confirm(struct turn *t) {
    if (t->cmd->after == 0 || t->cmd->after > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(last_position, INPUT_after));
    }
    struct reply *r = turn_reply(t);
    r->event = turn_event_user(t, EV_changes_confirmed, t->user);
    r->event->position = t->cmd->after;
    if (t->session == NULL && t->user->sessions != NULL) {
        turn_to_sessions(t, r->event, t->user, NULL);    // one of them may hold what comes next
    }
    return REFUSE_NONE;
}
