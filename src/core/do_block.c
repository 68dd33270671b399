/* Blocks: keeping somebody's words from one person, or from everyone.
 *
 *      a pro                   keeps others from himself
 *      an admin, the operator  keep anybody from anybody, or from everyone
 *
 * Who is blocked may read on, and may take back what he has said; but he can say nothing new where
 * the block holds. He hears why his message is not taken. That his typing is not told he does not
 * hear, since nobody is told whether anybody sees it.
 *
 * A block ends by itself: nothing happens then, its time is only past. */
#include "core/state.h"
#include "core/turn.h"

bool turn_is_blocked(const struct turn *t, const struct user *from) {
    return block_holds(&t->core->blocks, t->user->id, from == NULL ? BLOCK_EVERYONE : from->id,
                       turn_ms(t));
}

/* Whom the command's block keeps from, by what the caller may. */
static enum refusal read_from(struct turn *t, user_id *from) {
    const struct cmd *cmd = t->cmd;
    bool is_for_all = t->user == NULL || t->user->role >= ROLE_ADMIN;
    if (!is_for_all) {
        *from = t->user->id;
        return cmd->is_on == 0 && (cmd->other == 0 || cmd->other == from->v)
                   ? REFUSE_NONE
                   : turn_refuse(t, REFUSE_forbidden, DETAIL_OF(for_others));
    }
    if (cmd->is_on != 0 && cmd->other != 0) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(from_whom, INPUT_other));
    }
    const struct user *other = user_find(&t->core->users, cmd->other);
    if (cmd->other != 0 && (other == NULL || other->is_erased)) {
        return REFUSE_user_unknown;
    }
    from->v = cmd->other;
    return REFUSE_NONE;
}

static enum refusal read_pair(struct turn *t, const struct user **who, user_id *from) {
    enum refusal no = read_from(t, from);
    if (no != REFUSE_NONE) {
        return no;
    }
    *who = turn_other(t);
    if (*who == NULL || (*who)->is_erased) {
        return REFUSE_user_unknown;
    }
    if (*who == t->user || (*who)->id.v == from->v) {
        return turn_refuse(t, REFUSE_forbidden, DETAIL_OF(oneself));
    }
    return REFUSE_NONE;
}

static struct event *about(struct turn *t, enum event_type type, const struct user *who,
                           user_id from) {
    struct event *ev = turn_event_user(t, type, who);
    ev->other = from;
    ev->actor = turn_actor(t);
    return ev;
}

enum refusal do_block_add(struct turn *t) {
    const struct user *who;
    user_id from;
    uint64_t duration_ms = t->cmd->duration_ms == 0 ? BLOCK_MS_DEFAULT : t->cmd->duration_ms;
    enum refusal no = read_pair(t, &who, &from);
    if (no != REFUSE_NONE) {
        return no;
    }
    if (duration_ms > BLOCK_MS_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(ten_years, INPUT_duration));
    }
    struct reply *r = turn_reply_named(t, who);
    struct event *ev = r->event = about(t, EV_block_set, who, from);
    r->until_ms = ev->until_ms = turn_ms(t) + duration_ms;
    fact_apply(t->core, ev);
    return REFUSE_NONE;
}

/* Lifting one that is not there, or is over, is no mistake: what was asked for holds. */
enum refusal do_block_remove(struct turn *t) {
    const struct user *who;
    user_id from;
    enum refusal no = read_pair(t, &who, &from);
    if (no != REFUSE_NONE) {
        return no;
    }
    struct reply *r = turn_reply_named(t, who);
    if (block_is_set(&t->core->blocks, who->id, from, turn_ms(t))) {
        r->event = about(t, EV_block_lifted, who, from);
        fact_apply(t->core, r->event);
    }
    return REFUSE_NONE;
}
