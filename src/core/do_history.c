/* Reading back what was said, and what the operator lists.
 *
 * The core only allows it; the messages are the store's. What it emits is a question (struct ask),
 * which a reader answers straight to the session's worker: that answer is the one the command
 * gets. */
#include "core/state.h"
#include "core/text.h"
#include "core/turn.h"

static uint64_t clamp_limit(uint64_t limit) {
    return limit == 0 ? HISTORY_LIMIT_DEFAULT : MIN(limit, HISTORY_LIMIT_MAX);
}

static struct ask *ask_history(struct turn *t, enum ask_kind kind) {
    struct ask *ask = turn_ask(t, kind);
    ask->user = t->user->id;
    ask->before = t->cmd->before;
    ask->after = t->cmd->after;
    ask->offset = t->cmd->offset;
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

/* Follows a room from where the client lost it: what was said since comes first, and the worker
 * keeps what is said meanwhile until that is told (is_on). `after` goes on with what did not fit
 * into one answer; only the worker asks so. */
enum refusal do_room_resume(struct turn *t) {
    struct room *room = turn_room(t);
    if (room == NULL) {
        return REFUSE_room_unknown;
    }
    bool is_more = t->cmd->after != 0;
    if ((follow_find(t->session, room) != NULL) != is_more) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(resumed_late));
    }
    enum refusal no = is_more ? REFUSE_NONE : turn_may_follow(t, room);
    if (no != REFUSE_NONE) {
        return no;
    }
    bool is_first = turn_follow(t, room);
    struct ask *ask = turn_ask(t, ASK_RESUME);
    ask->user = t->user->id;
    ask->room = room->id;
    ask->room_name = batch_str(t->batch, room_name(room));
    ask->after_seq = t->cmd->after_seq;
    ask->after = t->cmd->after;
    ask->limit = RESUME_CHANGES_MAX;
    if (is_first) {
        turn_event_room(t, EV_room_entered, room, t->user);
    }
    return REFUSE_NONE;
}

enum refusal do_message_search(struct turn *t) {
    struct place at = { 0 };
    bool is_everywhere = t->cmd->room == 0 && t->cmd->room_name.n == 0 && t->cmd->user == 0;
    enum refusal no = is_everywhere ? REFUSE_NONE : turn_place(t, &at);
    if (no != REFUSE_NONE) {
        return no;
    }
    if (text_is_blank(t->cmd->content)) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(query, INPUT_query));
    }
    if (str_chars(t->cmd->content) > SEARCH_CHARS_MAX) {
        return turn_refuse(t, REFUSE_too_long,
                           DETAIL_OF(long, INPUT_query, UNIT_characters, .max = SEARCH_CHARS_MAX));
    }
    struct ask *ask = ask_history(t, ASK_SEARCH);
    ask->content = t->cmd->content;
    if (!is_everywhere) {
        ask->room.v =
            at.room == NULL ? UINT64_MAX >> 1 : at.room->id.v;    // no room: nothing there
        ask->room_name = at.room == NULL ? STR_NONE : batch_str(t->batch, room_name(at.room));
        ask->other.v = at.other == NULL ? 0 : at.other->id.v;
    }
    return REFUSE_NONE;
}

enum refusal do_list(struct turn *t) {
    user_id whose = { 0 };
    if (t->cmd->list_kind >= LIST_KIND_COUNT) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(list_kind));
    }
    bool is_of_one = t->cmd->list_kind == LIST_TOKENS ||
                     (t->cmd->list_kind == LIST_AUDIT && t->cmd->username.n > 0);
    if (is_of_one) {
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
