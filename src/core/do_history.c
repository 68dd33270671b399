/* Reading back what was said, and what the operator lists.
 *
 * The core only allows it; the messages are the store's. What it emits is a question (struct ask),
 * which a reader answers straight to the session's worker: that answer is the one the command
 * gets. */
#include "core/state.h"
#include "core/turn.h"

static uint64_t clamp_limit(uint64_t limit) {
    return limit == 0 ? HISTORY_LIMIT_DEFAULT : MIN(limit, HISTORY_LIMIT_MAX);
}

static struct ask *ask_history(struct turn *t, enum ask_kind kind) {
    struct ask *ask = turn_ask(t, kind);
    ask->user = t->user->id;
    ask->before = t->cmd->before;
    ask->limit = clamp_limit(t->cmd->limit);
    return ask;
}

enum refusal do_room_history(struct turn *t) {
    const struct room *room = turn_room(t);
    if (room == NULL) {
        return REFUSE_room_unknown;
    }
    struct ask *ask = ask_history(t, ASK_ROOM_HISTORY);
    ask->room = room->id;
    ask->room_name = batch_str(t->batch, room_name(room));
    return REFUSE_NONE;
}

/* What was said with somebody who has been erased stays the other person's to read. */
enum refusal do_direct_history(struct turn *t) {
    const struct user *other = turn_other(t);
    if (other == NULL) {
        return REFUSE_user_unknown;
    }
    const struct room *room = room_dm(&t->core->rooms, t->user->id, other->id);
    struct ask *ask = ask_history(t, ASK_DIRECT_HISTORY);
    ask->room.v = room == NULL ? 0 : room->id.v;
    ask->other = other->id;
    return REFUSE_NONE;
}

enum refusal do_list(struct turn *t) {
    user_id whose = { 0 };
    if (t->cmd->list_kind > LIST_BANS) {
        return turn_refuse(t, REFUSE_malformed, "there is no such list");
    }
    if (t->cmd->list_kind == LIST_TOKENS) {
        const struct user *user = turn_other(t);
        if (user == NULL) {
            return REFUSE_user_unknown;
        }
        whose = user->id;
    }
    struct ask *ask = turn_ask(t, ASK_LIST);
    ask->list_kind = (enum list_kind)t->cmd->list_kind;
    ask->other = whose;
    ask->limit = t->cmd->limit;
    return REFUSE_NONE;
}
