/* The core: the table of rules, the gate in front of every command, and the one answer behind it.
 *
 *     cmd ──> gate ──refused───────────────────────────┐
 *               │                                      v
 *               └──> do_<name>() ──refused──────> one refusal in the batch
 *                        └──done──> events and one reply (or one ask) in the batch
 *
 * Promises:
 *   1. One command, one answer. core_apply checks it, whatever a verb does.
 *   2. A command refused here emits nothing, changes nothing and counts for no limit. What the
 *   store
 *      refuses later has counted: it has cost what any other costs.
 *   3. The same commands at the same times give the same batches: there is no other input than cmd
 *      and batch->at_ms, and nothing is ever visited in the order of a map.
 *
 * The order of the gate is part of what clients see: first who they are, then whether they are
 * banned, then whether it could be stored, and only then how often they came. */
#include "core/core.h"

#include "core/state.h"
#include "core/turn.h"

enum who_may { MAY_ANYONE, MAY_USER, MAY_SESSION, MAY_PRO, MAY_ADMIN, MAY_OPERATOR };
enum rate_class { RATE_NONE, RATE_CONTENT, RATE_UPLOAD, RATE_VOLATILE };

static const struct rule {
    enum who_may may;
    enum rate_class rate;
    bool writes;
    enum refusal (*apply)(struct turn *t);
} rules[CMD_COUNT] = {
#define CMD(name, may, rate, writes) [CMD_##name] = { may, rate, writes, do_##name },
#include "core/commands.tbl.h"
#undef CMD
};

struct core *core_new(const struct core_limits *limits) {
    struct core *core = xzalloc(sizeof *core);
    users_init(&core->users);
    rooms_init(&core->rooms);
    members_init(&core->members);
    sessions_init(&core->sessions);
    blocks_init(&core->blocks);
    core->is_writable = true;
    core_set_limits(core, limits);
    return core;
}

/* What hangs on the users goes first. */
static void empty(struct core *core) {
    for (struct user *user = core->users.first; user != NULL; user = user->next) {
        while (user->sessions != NULL) {
            struct session *s = user->sessions;
            session_close(&core->sessions, &core->rooms, &s);
        }
        member_remove_user(&core->members, user);
    }
}

void core_free(struct core **core) {
    struct core *c = *core;
    if (c == NULL) {
        return;
    }
    empty(c);
    blocks_fini(&c->blocks);
    sessions_fini(&c->sessions);
    slab_fini(&c->members);
    rooms_fini(&c->rooms);
    users_fini(&c->users);
    xfree(c);
    *core = NULL;
}

void core_set_limits(struct core *core, const struct core_limits *limits) {
    core->limits = *limits;
    core->rate_memory = rate_memory_for(limits->content, COUNT(limits->content));
    core->upload_memory = rate_memory_for(&limits->uploads, 1);
}

bool core_restore(struct core *core, const struct event *ev) {
    return fact_apply(core, ev);
}

void core_set_writable(struct core *core, bool is_writable) {
    core->is_writable = is_writable;
}

struct core_counts core_count(const struct core *core) {
    return (struct core_counts){
        .users = core->users.count,
        .rooms = core->rooms.count,
        .members = core->members.in_use,
        .sessions = core->sessions.slab.in_use,
    };
}

static enum refusal check_caller(struct turn *t, enum who_may may) {
    if (may == MAY_ANYONE) {
        return REFUSE_NONE;
    }
    bool is_operator = t->cmd->dialect == DIALECT_OPERATOR;
    if (may == MAY_OPERATOR || (is_operator && may >= MAY_PRO)) {
        return is_operator ? REFUSE_NONE : REFUSE_forbidden;
    }
    bool is_missing = may == MAY_SESSION && t->session == NULL;
    if (is_missing || t->user == NULL || t->user->is_erased) {
        return REFUSE_unauthenticated;
    }
    if (user_is_banned(t->user, turn_ms(t))) {
        return REFUSE_banned;
    }
    enum role least = may == MAY_ADMIN ? ROLE_ADMIN : may == MAY_PRO ? ROLE_PRO : ROLE_MEMBER;
    return t->user->role >= least ? REFUSE_NONE : REFUSE_forbidden;
}

/* What of its class the user has created, and how it is measured. */
struct lane {
    struct rate **history;    // NULL: the class is not measured here
    struct rate_memory memory;
    const struct rate_limit *limit;
};

static struct lane lane_of(const struct turn *t, enum rate_class rate) {
    const struct core *core = t->core;
    switch (rate) {
    case RATE_CONTENT:
        return (struct lane){ &t->user->rate, core->rate_memory,
                              &core->limits.content[t->cmd->dialect] };
    case RATE_UPLOAD:
        return (struct lane){ &t->user->upload_rate, core->upload_memory, &core->limits.uploads };
    case RATE_NONE:
    case RATE_VOLATILE: break;
    }
    return (struct lane){ 0 };
}

static enum refusal check_rate(struct turn *t, enum rate_class rate) {
    struct lane lane = lane_of(t, rate);
    if (lane.history == NULL) {
        return REFUSE_NONE;
    }
    struct rate_why why;
    t->retry_after_ms = rate_wait_ms(*lane.history, lane.limit, turn_ms(t), &why);
    if (t->retry_after_ms == 0) {
        return REFUSE_NONE;
    }
    return turn_refuse(t, REFUSE_rate_limited, DETAIL_OF(rate, .max = why.limit, .unit = why.unit));
}

static enum refusal gate(struct turn *t, const struct rule *rule) {
    enum refusal no = check_caller(t, rule->may);
    if (no != REFUSE_NONE) {
        return no;
    }
    if (rule->writes && !t->core->is_writable) {
        return REFUSE_store_away;
    }
    return check_rate(t, rule->rate);
}

static void refuse(struct turn *t, enum refusal no) {
    struct reply *r = turn_reply(t);
    r->user.v = t->cmd->user;
    if (no == REFUSE_message_unknown && r->message == 0) {
        r->message = t->cmd->reply_to;
    }
    r->refusal = no;
    r->detail = t->detail;
    r->retry_after_ms = t->retry_after_ms;
}

void core_apply(struct core *core, const struct cmd *cmd, struct batch *batch) {
    CHECK(cmd->type < CMD_COUNT && cmd->dialect < DIALECT_COUNT);
    const struct rule *rule = &rules[cmd->type];
    struct turn t = { .core = core, .cmd = cmd, .batch = batch };
    t.session = session_find(&core->sessions, cmd->session);
    t.user = t.session != NULL ? t.session->user : user_find(&core->users, cmd->caller);

    if (t.session != NULL) {
        t.session->heard_ms = batch->at_ms;
    }
    struct item **last = batch->last;
    enum refusal no = gate(&t, rule);
    if (no == REFUSE_NONE) {
        no = rule->apply(&t);
    }
    if (no != REFUSE_NONE) {
        CHECK(batch->last == last);    // a refusal comes before anything was emitted
        refuse(&t, no);
        return;
    }
    struct lane lane = lane_of(&t, rule->rate);
    if (lane.history != NULL) {
        rate_add(lane.history, lane.memory, batch->at_ms);
    }
    if (!t.is_answered) {
        turn_reply(&t);
    }
}
