/* The core against a model of it: random people doing random things, and after each the same answer
 * and the same people hearing the same events.
 *
 * The model knows no lists, maps or rings: bits, and whole histories it counts through. The rig
 * expands the events as a worker would, from what the core emitted; the model from what is true. */
#include "base/rng.h"
#include "core/rig.h"
#include "core/room.h"
#include "test/unit.h"

#define USERS 4
#define SESSIONS 8    // two each
#define ROOMS 4
#define SENDS_MAX 4096
#define PER_MINUTE 8
#define BURST 3
#define FOLLOWS_MAX 3
#define STEPS 3000
#define NEVER 0

static const char *const user_names[USERS] = { "ann", "bob", "mia", "dan" };
static const char *const session_names[SESSIONS] = { "ann",   "bob",   "mia",   "dan",
                                                     "ann/2", "bob/2", "mia/2", "dan/2" };
static const char *const room_names[ROOMS] = { "general", "secret", "x", "y" };

/* What may be heard. */
static const enum event_type kinds[] = { EV_message_posted, EV_room_entered,  EV_room_left,
                                         EV_typing_changed, EV_session_ended, EV_room_removed };
#define KINDS COUNT(kinds)

struct model {
    uint64_t now_ms;
    uint64_t banned_until_ms[USERS];    // UINT64_MAX: for good
    bool is_erased[USERS];
    bool is_member[USERS];    // of secret
    uint64_t sent_ms[USERS][SENDS_MAX];
    size_t sent[USERS];
    bool is_open[SESSIONS];
    bool follows[SESSIONS][ROOMS];
    uint64_t typed_ms[USERS][ROOMS][2];
    bool exists[ROOMS];
    unsigned heard[SESSIONS][KINDS];
};

static size_t user_of(size_t session) {
    return session % USERS;
}

static size_t kind_of(enum event_type type) {
    size_t k = 0;
    while (kinds[k] != type) {
        k++;
    }
    return k;
}

static void tell_room(struct model *m, size_t room, enum event_type type) {
    for (size_t s = 0; s < SESSIONS; s++) {
        m->heard[s][kind_of(type)] += m->is_open[s] && m->follows[s][room];
    }
}

static void tell_user(struct model *m, size_t user, enum event_type type) {
    m->heard[user][kind_of(type)] += m->is_open[user];
    m->heard[user + USERS][kind_of(type)] += m->is_open[user + USERS];
}

static bool user_follows(const struct model *m, size_t user, size_t room) {
    return m->follows[user][room] || m->follows[user + USERS][room];
}

static void unfollow(struct model *m, size_t s, size_t room) {
    m->follows[s][room] = false;
    if (m->exists[room] && !user_follows(m, user_of(s), room)) {
        tell_room(m, room, EV_room_left);
    }
}

static void unfollow_all(struct model *m, size_t s) {
    for (size_t room = 0; room < ROOMS; room++) {
        if (m->follows[s][room]) {
            unfollow(m, s, room);
        }
    }
}

static enum refusal caller(const struct model *m, size_t s) {
    if (!m->is_open[s] || m->is_erased[user_of(s)]) {
        return REFUSE_unauthenticated;
    }
    return m->banned_until_ms[user_of(s)] > m->now_ms ? REFUSE_banned : REFUSE_NONE;
}

static bool may_know(const struct model *m, size_t s, size_t room) {
    return m->exists[room] && (room != 1 || m->is_member[user_of(s)]);
}

static enum refusal may_send(const struct model *m, size_t user) {
    size_t minute = 0;
    size_t second = 0;
    for (size_t i = 0; i < m->sent[user]; i++) {
        minute += m->sent_ms[user][i] + 60000 > m->now_ms;
        second += m->sent_ms[user][i] + 1000 > m->now_ms;
    }
    return minute < PER_MINUTE && second < BURST ? REFUSE_NONE : REFUSE_rate_limited;
}

static enum refusal follow(struct model *m, size_t s, size_t room) {
    size_t count = 0;
    for (size_t r = 0; r < ROOMS; r++) {
        count += m->follows[s][r];
    }
    if (m->follows[s][room]) {
        return REFUSE_NONE;
    }
    if (count >= FOLLOWS_MAX) {
        return REFUSE_too_many_follows;
    }
    bool is_first = !user_follows(m, user_of(s), room);
    m->follows[s][room] = true;
    if (is_first) {
        tell_room(m, room, EV_room_entered);
    }
    return REFUSE_NONE;
}

static void sent(struct model *m, size_t user) {
    m->sent_ms[user][m->sent[user]++] = m->now_ms;
}

// ---- what each step should lead to

static enum refusal model_join(struct model *m, size_t s, size_t room) {
    enum refusal no = caller(m, s);
    if (no == REFUSE_NONE && !may_know(m, s, room)) {
        no = REFUSE_room_unknown;
    }
    return no != REFUSE_NONE ? no : follow(m, s, room);
}

static enum refusal model_leave(struct model *m, size_t s, size_t room) {
    enum refusal no = caller(m, s);
    if (no == REFUSE_NONE && !may_know(m, s, room)) {
        no = REFUSE_room_unknown;
    }
    if (no == REFUSE_NONE && m->follows[s][room]) {
        unfollow(m, s, room);
    }
    return no;
}

static enum refusal model_say(struct model *m, size_t s, size_t room) {
    enum refusal no = caller(m, s);
    if (no == REFUSE_NONE) {
        no = may_send(m, user_of(s));
    }
    if (no == REFUSE_NONE && !may_know(m, s, room)) {
        no = REFUSE_room_unknown;
    }
    if (no == REFUSE_NONE) {
        no = follow(m, s, room);
    }
    if (no == REFUSE_NONE) {
        sent(m, user_of(s));
        tell_room(m, room, EV_message_posted);
    }
    return no;
}

static enum refusal model_dm(struct model *m, size_t s, size_t to) {
    enum refusal no = caller(m, s);
    if (no == REFUSE_NONE) {
        no = may_send(m, user_of(s));
    }
    if (no == REFUSE_NONE && m->is_erased[to]) {
        no = REFUSE_user_unknown;
    }
    if (no == REFUSE_NONE) {
        sent(m, user_of(s));
        tell_user(m, to, EV_message_posted);
        if (to != user_of(s)) {
            tell_user(m, user_of(s), EV_message_posted);
        }
    }
    return no;
}

static enum refusal model_type(struct model *m, size_t s, size_t room, bool is_on) {
    enum refusal no = caller(m, s);
    if (no == REFUSE_NONE && !may_know(m, s, room)) {
        no = REFUSE_room_unknown;
    }
    if (no == REFUSE_NONE && !m->follows[s][room]) {
        no = REFUSE_not_member;
    }
    if (no != REFUSE_NONE) {
        return no;
    }
    size_t user = user_of(s);
    uint64_t last = m->typed_ms[user][room][is_on];
    if (last == NEVER || last + NOTICE_EVERY_MS <= m->now_ms) {
        m->typed_ms[user][room][is_on] = m->now_ms;
        tell_room(m, room, EV_typing_changed);
    }
    return REFUSE_NONE;
}

static enum refusal model_open(struct model *m, size_t s) {
    size_t user = user_of(s);
    if (m->is_erased[user]) {
        return REFUSE_unauthenticated;
    }
    if (m->banned_until_ms[user] > m->now_ms) {
        return REFUSE_banned;
    }
    m->is_open[s] = true;
    memset(m->heard[s], 0, sizeof m->heard[s]);
    return REFUSE_NONE;
}

static void model_close(struct model *m, size_t s) {
    m->is_open[s] = false;
    unfollow_all(m, s);
}

static void end_sessions(struct model *m, size_t user) {
    tell_user(m, user, EV_session_ended);
    bool was_in[ROOMS];
    for (size_t room = 0; room < ROOMS; room++) {
        was_in[room] = user_follows(m, user, room);
        m->follows[user][room] = false;
        m->follows[user + USERS][room] = false;
    }
    for (size_t room = 0; room < ROOMS; room++) {
        if (was_in[room]) {
            tell_room(m, room, EV_room_left);
        }
    }
}

static enum refusal model_ban(struct model *m, size_t user, uint64_t until_ms) {
    if (m->is_erased[user]) {
        return REFUSE_user_unknown;
    }
    m->banned_until_ms[user] = until_ms == 0 ? UINT64_MAX : until_ms;
    end_sessions(m, user);
    return REFUSE_NONE;
}

static enum refusal model_unban(struct model *m, size_t user) {
    if (m->is_erased[user]) {
        return REFUSE_user_unknown;
    }
    m->banned_until_ms[user] = 0;
    return REFUSE_NONE;
}

static enum refusal model_erase(struct model *m, size_t user) {
    if (m->is_erased[user]) {
        return REFUSE_user_unknown;
    }
    m->is_erased[user] = true;
    m->is_member[user] = false;
    end_sessions(m, user);
    return REFUSE_NONE;
}

static enum refusal model_room(struct model *m, size_t room, bool is_added) {
    if (is_added) {
        bool was_there = m->exists[room];
        m->exists[room] = true;
        return was_there ? REFUSE_exists : REFUSE_NONE;
    }
    if (!m->exists[room]) {
        return REFUSE_room_unknown;
    }
    if (room == 0) {
        return REFUSE_forbidden;
    }
    tell_room(m, room, EV_room_removed);
    m->exists[room] = false;
    for (size_t s = 0; s < SESSIONS; s++) {
        m->follows[s][room] = false;
        m->typed_ms[user_of(s)][room][0] = NEVER;    // the next one of that name is another room
        m->typed_ms[user_of(s)][room][1] = NEVER;
    }
    for (size_t user = 0; room == 1 && user < USERS; user++) {
        m->is_member[user] = true;    // the next one of that name is public
    }
    return REFUSE_NONE;
}

// ---- both at once

/* One thing that one person does. */
static void step_person(struct rig *rig, struct model *m, struct rng *rng) {
    size_t s = (size_t)rng_below(rng, SESSIONS);
    size_t room = (size_t)rng_below(rng, ROOMS);
    size_t to = (size_t)rng_below(rng, USERS);
    bool is_on = rng_below(rng, 2) != 0;
    const char *who = session_names[s];
    switch (rng_below(rng, 8)) {
    case 0:
    case 1: EQ(rig_do(rig, who, JOIN(room_names[room])), model_join(m, s, room)); break;
    case 2: EQ(rig_do(rig, who, LEAVE(room_names[room])), model_leave(m, s, room)); break;
    case 3:
    case 4: EQ(rig_do(rig, who, SAY(room_names[room], "hello")), model_say(m, s, room)); break;
    case 5: EQ(rig_do(rig, who, DM(to + 1, "psst")), model_dm(m, s, to)); break;
    case 6:
        EQ(rig_do(rig, who, TYPING(room_names[room], is_on)), model_type(m, s, room, is_on));
        break;
    default:
        if (m->is_open[s]) {
            model_close(m, s);
            EQ(rig_close(rig, who), REFUSE_NONE);
        } else {
            EQ(rig_open(rig, who), model_open(m, s));
        }
        break;
    }
}

/* One thing that the operator does. */
static void step_operator(struct rig *rig, struct model *m, struct rng *rng) {
    size_t user = (size_t)rng_below(rng, USERS);
    size_t room = (size_t)rng_below(rng, ROOMS);
    struct cmd ban = BAN(user_names[user]);
    switch (rng_below(rng, 12)) {
    case 0:
        ban.until_ms = rng_below(rng, 2) == 0 ? 0 : m->now_ms + 1 + rng_below(rng, 20000);
        EQ(rig_do(rig, "operator", ban), model_ban(m, user, ban.until_ms));
        break;
    case 1:
        if (rng_below(rng, 20) == 0) {
            EQ(rig_do(rig, "operator", ERASE(user_names[user])), model_erase(m, user));
        }
        break;
    case 2:
        EQ(rig_do(rig, "operator", CMD_OF(room_remove, .room_name = TEXT_OF(room_names[room]))),
           model_room(m, room, false));
        break;
    case 3:
    case 4:
    case 5:
        EQ(rig_do(rig, "operator", CMD_OF(room_add, .room_name = TEXT_OF(room_names[room]))),
           model_room(m, room, true));
        break;
    default: EQ(rig_do(rig, "operator", UNBAN(user_names[user])), model_unban(m, user)); break;
    }
}

static void compare_ears(struct rig *rig, const struct model *m) {
    for (size_t s = 0; s < SESSIONS; s++) {
        for (size_t k = 0; m->is_open[s] && k < KINDS; k++) {
            EQ(rig_heard(rig, session_names[s], kinds[k]), m->heard[s][k]);
        }
    }
}

static void play(uint64_t seed) {
    static struct model m;
    struct rng rng;
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob", "mia member of secret", "dan");
    rng_seed(&rng, seed);
    rig->limits.content[DIALECT_hub] = (struct rate_limit){ PER_MINUTE, 0, BURST };
    rig->limits.follows_per_session = FOLLOWS_MAX;
    rig_take_limits(rig);
    m = (struct model){ .exists = { true, true }, .is_member = { false, false, true, false } };
    memset(m.is_open, true, USERS);

    for (unsigned i = 0; i < STEPS; i++) {
        rig->now_ms += rng_below(&rng, rng_below(&rng, 10) == 0 ? 20000 : 700);
        m.now_ms = rig->now_ms;
        if (rng_below(&rng, 12) == 0) {
            step_operator(rig, &m, &rng);
        } else {
            step_person(rig, &m, &rng);
        }
        compare_ears(rig, &m);
    }
}

TEST(whatever_people_do_the_core_and_the_model_agree) {
    for (uint64_t seed = 1; seed <= 40; seed++) {
        play(seed);
    }
}
