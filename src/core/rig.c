/* The rig: a core with a store that takes everything and a worker that only counts. */
#include "core/rig.h"

#include <stdio.h>

#include "core/state.h"
#include "core/tape.h"

#define TAPE_BYTES_MAX ((size_t)1 << 28)
#define NOBODY_SESSION 999999

static struct rig_session *session_called(struct rig *rig, const char *who) {
    for (size_t i = rig->session_count; i-- > 0;) {    // the newest of that name
        if (strcmp(rig->sessions[i].who, who) == 0) {
            return &rig->sessions[i];
        }
    }
    return NULL;
}

static struct rig_session *session_of(struct rig *rig, session_id id) {
    for (size_t i = 0; i < rig->session_count; i++) {
        if (rig->sessions[i].id.v == id.v && rig->sessions[i].is_open) {
            return &rig->sessions[i];
        }
    }
    return NULL;
}

// ---- the worker

static void follow(struct rig_session *s, uint64_t from, uint64_t to) {
    for (size_t i = 0; s != NULL && i < COUNT(s->follows); i++) {
        if (s->follows[i] == from) {
            s->follows[i] = to;
            return;
        }
    }
}

static bool is_following(const struct rig_session *s, room_id room) {
    for (size_t i = 0; i < COUNT(s->follows); i++) {
        if (s->follows[i] == room.v) {
            return true;
        }
    }
    return false;
}

static bool is_listed(const struct event *ev, session_id id) {
    for (size_t i = 0; i < ev->session_count; i++) {
        if (ev->sessions[i].v == id.v) {
            return true;
        }
    }
    return false;
}

/* Everybody who is entitled hears the event; then what it means for the worker. */
static void deliver(struct rig *rig, const struct event *ev) {
    for (size_t i = 0; i < rig->session_count; i++) {
        struct rig_session *s = &rig->sessions[i];
        bool hears = (ev->audience == AUD_ROOM && is_following(s, ev->room)) ||
                     (ev->audience == AUD_SESSIONS && is_listed(ev, s->id));
        s->heard[ev->type] += s->is_open && hears;
        if (ev->type == EV_room_removed) {
            follow(s, ev->room.v, 0);
        } else if (ev->type == EV_session_ended && is_listed(ev, s->id)) {
            memset(s->follows, 0, sizeof s->follows);
        }
    }
    if (ev->type == EV_follow_started) {
        follow(session_of(rig, ev->session), 0, ev->room.v);
    } else if (ev->type == EV_follow_ended) {
        follow(session_of(rig, ev->session), ev->room.v, 0);
    }
}

/* Reads the batch as the ring would: one answer, every event to whom it concerns, the facts
 * kept. */
static enum refusal take_batch(struct rig *rig) {
    enum refusal answer = REFUSE_NONE;
    size_t answers = 0;
    size_t kept = 0;
    BATCH_EACH(item, rig->batch) {
        if (item->kind != ITEM_EVENT) {
            answers++;
            answer = item->kind == ITEM_REPLY ? item->reply.refusal : REFUSE_NONE;
            continue;
        }
        deliver(rig, &item->event);
        if (event_is_kept(item->event.type)) {
            kept++;
            tape_put_fact(&rig->facts, &item->event);
        }
    }
    CHECK(answers == 1);
    CHECK(answer == REFUSE_NONE || rig_items(rig) == 1);
    CHECK(kept == rig->batch->kept_count);
    return answer;
}

enum refusal rig_do(struct rig *rig, const char *who, struct cmd cmd) {
    struct rig_session *s = session_called(rig, who);
    bool is_operator = strcmp(who, "operator") == 0;
    if (cmd.dialect == DIALECT_OPERATOR && !is_operator) {
        cmd.dialect = DIALECT_hub;
    }
    cmd.session.v = s != NULL ? s->id.v : is_operator ? 1 : NOBODY_SESSION;

    batch_unref(&rig->batch);
    rig->batch = batch_new(rig->now_ms);
    struct intake *intake = intake_new(&cmd);
    rig->batch->intakes = &intake->link;
    tape_put(&rig->tape, rig->now_ms, &intake->cmd);
    core_apply(rig->core, &intake->cmd, rig->batch);
    tape_put_digest(&rig->tape, rig->batch);
    return take_batch(rig);
}

/* A place for a new session: that of a closed one of the same name, or the next. */
static struct rig_session *place_for(struct rig *rig, const char *who) {
    struct rig_session *s = session_called(rig, who);
    if (s == NULL || s->is_open) {
        CHECK(rig->session_count < RIG_SESSIONS_MAX);
        s = &rig->sessions[rig->session_count++];
    }
    *s = (struct rig_session){ .id = { 101 + rig->opened++ } };
    CHECK(strlen(who) < sizeof s->who);
    (void)snprintf(s->who, sizeof s->who, "%s", who);
    return s;
}

enum refusal rig_enter(struct rig *rig, const char *who, struct cmd cmd) {
    struct rig_session *s = place_for(rig, who);
    enum refusal no = rig_do(rig, who, cmd);
    s->is_open = no == REFUSE_NONE;
    return no;
}

enum refusal rig_open(struct rig *rig, const char *who) {
    struct str name = str_of(who);
    name.n = str_find(name, '/');
    return rig_enter(rig, who, CMD_OF(session_open, .username = name));
}

enum refusal rig_close(struct rig *rig, const char *who) {
    struct rig_session *s = session_called(rig, who);
    CHECK(s != NULL);
    s->is_open = false;    // the connection is gone before the core hears of it
    return rig_do(rig, who, CMD_OF(session_close, .user = 0));
}

// ---- birth and end

void rig_take_limits(struct rig *rig) {
    core_set_limits(rig->core, &rig->limits);
    tape_put_limits(&rig->tape, &rig->limits);
}

void rig_writable(struct rig *rig, bool is_writable) {
    core_set_writable(rig->core, is_writable);
    tape_put_writable(&rig->tape, is_writable);
}

void rig_restore(struct rig *rig, struct event ev) {
    tape_put_fact(&rig->tape, &ev);
    tape_put_fact(&rig->facts, &ev);
    core_restore(rig->core, &ev);
}

static uint64_t room_number(struct str name) {
    return str_eq(name, STR_LIT("general")) ? 1 : 2;
}

/* What of a sentence is a fact: the user, with a role, and a membership. */
static void restore_person(struct rig *rig, struct str sentence, uint64_t id) {
    struct event user = { .type = EV_user_created, .user = { id } };
    user.username = str_cut(&sentence, ' ');
    if (str_eq(sentence, STR_LIT("admin"))) {
        user.role = ROLE_ADMIN;
    } else if (str_eq(sentence, STR_LIT("pro"))) {
        user.role = ROLE_PRO;
    }
    rig_restore(rig, user);
    struct str of = STR_LIT("member of ");
    if (str_starts(sentence, of)) {
        uint64_t room = room_number((struct str){ sentence.p + of.n, sentence.n - of.n });
        rig_restore(rig,
                    (struct event){ .type = EV_member_added, .user = { id }, .room = { room } });
    }
}

/* What of it is done: a session, and what it follows. */
static void enter_person(struct rig *rig, const char *sentence) {
    char name[40];
    size_t n = str_find(str_of(sentence), ' ');
    (void)snprintf(name, sizeof name, "%.*s", (int)n, sentence);
    const char *rest = sentence + n;
    if (strcmp(rest, " away") == 0) {
        return;
    }
    CHECK(rig_open(rig, name) == REFUSE_NONE);
    if (strncmp(rest, " in ", 4) == 0) {
        CHECK(rig_do(rig, name, JOIN(rest + 4)) == REFUSE_NONE);
    }
}

struct rig *rig_make(const char *const *sentences) {
    struct rig *rig = xzalloc(sizeof *rig);
    rig->limits = (struct core_limits){
        .message_chars = MESSAGE_CHARS_DEFAULT,
        .sessions_per_user = SESSIONS_PER_USER_DEFAULT,
        .follows_per_session = FOLLOWS_PER_SESSION_DEFAULT,
    };
    rig->core = core_new(&rig->limits);
    rig->now_ms = RIG_START_MS;
    rig->tape = BUF_INIT(TAPE_BYTES_MAX);
    rig->facts = BUF_INIT(TAPE_BYTES_MAX);
    rig_take_limits(rig);
    rig_restore(rig, (struct event){ .type = EV_room_created,
                                     .room = { 1 },
                                     .room_name = STR_LIT("general"),
                                     .server = SERVER_LOBBY });
    rig_restore(rig, (struct event){ .type = EV_room_created,
                                     .room = { 2 },
                                     .room_name = STR_LIT("secret"),
                                     .server = SERVER_LOBBY,
                                     .is_private = true });
    for (size_t i = 0; sentences[i] != NULL; i++) {
        restore_person(rig, str_of(sentences[i]), i + 1);
    }
    for (size_t i = 0; sentences[i] != NULL; i++) {
        enter_person(rig, sentences[i]);
    }
    rig_deaf(rig);
    return rig;
}

static void check_replay(const struct rig *rig) {
    SCOPED(buf_fini) struct buf report = BUF_INIT(TAPE_BYTES_MAX);
    CHECK(buf_ok(&rig->tape));
    bool is_same = tape_replay(buf_str(&rig->tape), &rig->limits, &report) == OK;
    if (!is_same) {
        (void)fprintf(stderr, "%.*s", STR_FMT(buf_str(&report)));
    }
    CHECK(is_same);
}

static void check_same_user(const struct user *a, const struct user *b) {
    CHECK(b != NULL && str_eq(user_name(a), user_name(b)));
    CHECK(a->role == b->role && a->mobile == b->mobile && a->is_erased == b->is_erased);
    CHECK(a->banned_until_ms == b->banned_until_ms);
    CHECK((a->tokens == NULL) == (b->tokens == NULL));
    CHECK(user_has_token(a, STR_LIT("bot")) == user_has_token(b, STR_LIT("bot")));
}

static void check_same_room(const struct room *a, const struct room *b) {
    CHECK(b != NULL && str_eq(room_name(a), room_name(b)) && a->kind == b->kind);
    CHECK(a->is_private == b->is_private && a->members.count == b->members.count);
    CHECK(memcmp(a->pair, b->pair, sizeof a->pair) == 0);
    LIST_EACH(m, &a->in_order, struct member, in_room) {
        CHECK(map_get(&b->members, m->user->id.v) != NULL);
    }
}

static void check_same_blocks(const struct blocks *a, const struct blocks *b) {
    LIST_EACH(block, &a->all, struct block, in_blocks) {
        CHECK(block_is_set(b, (user_id){ block->pair[0] }, (user_id){ block->pair[1] },
                           block->until_ms - 1));
    }
    CHECK(a->by_pair.count == b->by_pair.count);
}

/* A core that reads the facts back knows the same people, rooms and blocks. */
static void check_restore(struct rig *rig) {
    struct core *again = core_new(&rig->limits);
    SCOPED(arena_fini) struct arena texts = ARENA_INIT;
    struct str facts = buf_str(&rig->facts);
    while (facts.n > 0) {
        struct tape_entry entry;
        CHECK(tape_read(str_cut(&facts, '\n'), &texts, &entry) == OK);
        core_restore(again, &entry.fact);
    }
    for (const struct user *u = rig->core->users.first; u != NULL; u = u->next) {
        check_same_user(u, user_find(&again->users, u->id.v));
    }
    LIST_EACH(room, &rig->core->rooms.all, struct room, in_rooms) {
        check_same_room(room, room_find(&again->rooms, room->id.v));
    }
    check_same_blocks(&rig->core->blocks, &again->blocks);
    CHECK(again->rooms.count == rig->core->rooms.count);
    CHECK(again->users.count == rig->core->users.count);
    CHECK(again->rooms.id_max == rig->core->rooms.id_max);
    CHECK(again->users.id_max == rig->core->users.id_max);
    core_free(&again);
}

void rig_free(struct rig **rig) {
    struct rig *r = *rig;
    if (r == NULL) {
        return;
    }
    check_replay(r);
    check_restore(r);
    batch_unref(&r->batch);
    core_free(&r->core);
    buf_fini(&r->tape);
    buf_fini(&r->facts);
    xfree(r);
    *rig = NULL;
}

// ---- looking

unsigned rig_heard(struct rig *rig, const char *who, enum event_type type) {
    const struct rig_session *s = session_called(rig, who);
    CHECK(s != NULL);
    return s->heard[type];
}

void rig_deaf(struct rig *rig) {
    for (size_t i = 0; i < rig->session_count; i++) {
        memset(rig->sessions[i].heard, 0, sizeof rig->sessions[i].heard);
    }
}

size_t rig_items(const struct rig *rig) {
    size_t n = 0;
    BATCH_EACH(item, rig->batch) {
        n++;
    }
    return n;
}

const struct reply *rig_reply(const struct rig *rig) {
    BATCH_EACH(item, rig->batch) {
        if (item->kind == ITEM_REPLY) {
            return &item->reply;
        }
    }
    return NULL;
}

const struct ask *rig_ask(const struct rig *rig) {
    BATCH_EACH(item, rig->batch) {
        if (item->kind == ITEM_ASK) {
            return &item->ask;
        }
    }
    return NULL;
}

const struct event *rig_event(const struct rig *rig, enum event_type type, size_t n) {
    BATCH_EACH(item, rig->batch) {
        if (item->kind == ITEM_EVENT && item->event.type == type && n-- == 0) {
            return &item->event;
        }
    }
    return NULL;
}

size_t rig_events(const struct rig *rig, enum event_type type) {
    size_t n = 0;
    while (rig_event(rig, type, n) != NULL) {
        n++;
    }
    return n;
}

struct str rig_detail(const struct rig *rig) {
    static char said[DETAIL_BYTES_MAX + 1];
    SCOPED(buf_fini) struct buf text = BUF_INIT(DETAIL_BYTES_MAX);
    detail_put(&text, &rig_reply(rig)->detail, LANG_EN, NULL);
    CHECK(buf_ok(&text));
    (void)snprintf(said, sizeof said, "%.*s", STR_FMT(buf_str(&text)));
    return str_of(said);
}

const char *rig_order(const struct rig *rig) {
    static char text[512];
    size_t n = 0;
    text[0] = '\0';
    BATCH_EACH(item, rig->batch) {
        const char *name = item->kind == ITEM_REPLY ? "reply"
                           : item->kind == ITEM_ASK ? "ask"
                                                    : event_name(item->event.type);
        int more = snprintf(text + n, sizeof text - n, "%s%s", n == 0 ? "" : " ", name);
        CHECK(more > 0 && (size_t)more < sizeof text - n);
        n += (size_t)more;
    }
    return text;
}

struct user *rig_user(struct rig *rig, const char *name) {
    return user_by_name(&rig->core->users, str_of(name));
}

struct room *rig_room(struct rig *rig, const char *name) {
    return room_by_name(&rig->core->rooms, str_of(name));
}
