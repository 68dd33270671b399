/* Sessions: who comes in, who goes, and the commands that need nothing but one.
 *
 * The door (auth) has looked at the credential; what arrives here is only who it names. The stored
 * user wins over what the credential says of them: name, role and number come from the core once it
 * knows somebody. Who is unknown may be created, when the door says so, and is at most `pro`: no
 * token makes an administrator.
 *
 * session_open needs the store only when it has to create somebody, so that a full disk does not
 * lock out readers: it is no writing command, and looks for itself. */
#include <stdio.h>

#include "core/notice.h"
#include "core/state.h"
#include "core/text.h"
#include "core/turn.h"

enum refusal do_malformed(struct turn *t) {
    const struct cmd *cmd = t->cmd;
    uint64_t no = cmd->refusal;
    if (cmd->chars > 0) {
        return turn_too_long(t, cmd->chars);
    }
    if (cmd->problem != 0 || cmd->detail.n > 0) {
        t->detail = (struct detail){ DETAIL_words, .word = cmd->detail, .problem = cmd->problem };
    }
    return no > REFUSE_NONE && no < REFUSAL_COUNT ? (enum refusal)no : REFUSE_malformed;
}

/* The answer that core_apply gives is all there is to it. */
enum refusal do_ping(struct turn *t) {
    (void)t;
    return REFUSE_NONE;
}

/* The name for a user who is being created: the credential's if it may be had, else one made of the
 * id. */
static struct str free_name(struct turn *t, uint64_t id) {
    struct str name = t->cmd->username;
    if (user_name_is_allowed(name) && user_by_name(&t->core->users, name) == NULL) {
        return name;
    }
    char text[USERNAME_BYTES_MAX];
    (void)snprintf(text, sizeof text, "user%llu", (unsigned long long)id);
    for (unsigned i = 2; user_by_name(&t->core->users, str_of(text)) != NULL; i++) {
        (void)snprintf(text, sizeof text, "user%llu_%u", (unsigned long long)id, i);
    }
    return batch_str(t->batch, str_of(text));
}

static struct str free_mobile(struct turn *t) {
    uint64_t mobile;
    bool may_have =
        mobile_read(t->cmd->mobile, &mobile) && user_by_mobile(&t->core->users, mobile) == NULL;
    return may_have ? t->cmd->mobile : STR_NONE;
}

/* Creates the user whom a credential names: emits user_created. */
static enum refusal provision(struct turn *t, struct user **out) {
    const struct cmd *cmd = t->cmd;
    uint64_t id = cmd->user != 0 ? cmd->user : t->core->users.id_max + 1;
    bool names_somebody = cmd->user != 0 || cmd->username.n > 0 || cmd->mobile.n > 0;
    if (!cmd->is_provisioned || !names_somebody) {
        return REFUSE_unauthenticated;
    }
    if (id > ID_MAX) {
        return turn_refuse(t, REFUSE_unauthenticated, DETAIL_OF(user_ids_end));
    }
    if (!t->core->is_writable) {
        return REFUSE_store_away;
    }
    struct str name = free_name(t, id);
    struct str mobile = free_mobile(t);
    struct event *ev = turn_event(t, EV_user_created);
    ev->user.v = id;
    ev->username = name;
    ev->mobile = mobile;
    ev->role = cmd->role == ROLE_PRO ? ROLE_PRO : ROLE_MEMBER;
    fact_apply(t->core, ev);
    *out = user_find(&t->core->users, id);
    CHECK(*out != NULL);
    return REFUSE_NONE;
}

/* Whom the credential names: by id, else by name, else by number. */
static struct user *named_user(struct turn *t) {
    const struct users *users = &t->core->users;
    uint64_t mobile;
    if (t->cmd->user != 0) {
        return user_find(users, t->cmd->user);
    }
    if (t->cmd->username.n > 0) {
        return user_by_name(users, t->cmd->username);
    }
    return mobile_read(t->cmd->mobile, &mobile) ? user_by_mobile(users, mobile) : NULL;
}

/* The session that one which is to be alone finds in its way, or NULL. */
static struct session *in_the_way(const struct turn *t, const struct user *user) {
    return t->cmd->is_alone != 0 ? session_alone(user, t->cmd->dialect) : NULL;
}

/* A session whose peer is gone says nothing: it must not lock its user out. A clock that was set
 * back makes it give way a little sooner. */
static bool gives_way(const struct turn *t, const struct session *s) {
    return turn_ms(t) - s->heard_ms >= ALONE_SILENT_MS;
}

static enum refusal may_come_in(struct turn *t, const struct user *user) {
    uint32_t most = t->core->limits.sessions_per_user;
    const struct session *other = in_the_way(t, user);
    if (user->is_erased) {
        return REFUSE_unauthenticated;
    }
    if (user_is_banned(user, turn_ms(t))) {
        return REFUSE_banned;
    }
    if (other != NULL && !gives_way(t, other)) {
        return REFUSE_already_connected;
    }
    if (most != 0 && session_count(user) - (other != NULL) >= most) {
        return turn_refuse(t, REFUSE_too_many_sessions, DETAIL_OF(at_most, .max = most));
    }
    return REFUSE_NONE;
}

/* A session that is open already presents a credential again: a fresh token, or a mistake. */
static enum refusal open_again(struct turn *t, const struct user *user) {
    if (user != t->user) {
        return turn_refuse(t, REFUSE_forbidden, DETAIL_OF(other_session));
    }
    if (user->is_erased) {
        return REFUSE_unauthenticated;
    }
    if (user_is_banned(user, turn_ms(t))) {
        return REFUSE_banned;
    }
    turn_reply_user(t, user)->until_ms = t->cmd->until_ms;
    return REFUSE_NONE;
}

/* A caller without a session, as HTTP has them: who is it, and may they ask at all? */
enum refusal do_caller_check(struct turn *t) {
    struct user *user = named_user(t);
    if (user == NULL) {
        enum refusal no = provision(t, &user);
        if (no != REFUSE_NONE) {
            return no;
        }
    }
    if (user->is_erased) {
        return REFUSE_unauthenticated;
    }
    if (user_is_banned(user, turn_ms(t))) {
        return REFUSE_banned;
    }
    turn_reply_user(t, user);
    return REFUSE_NONE;
}

static void close_session(struct turn *t, struct session *s) {
    struct user *user = s->user;
    turn_leave_all(t, s);
    session_close(&t->core->sessions, &t->core->rooms, &s);
    user->left_s = (uint32_t)(turn_ms(t) / 1000);
}

/* It is told, and gone here at once: what its peer may still ask for comes from nobody. */
static void send_away(struct turn *t, struct session *s) {
    struct event *ev = turn_event_user(t, EV_session_ended, s->user);
    session_id *id = arena_alloc(&t->batch->arena, sizeof *id);
    *id = s->id;
    ev->refusal = REFUSE_already_connected;
    ev->audience = AUD_SESSIONS;
    ev->sessions = id;
    ev->session_count = 1;
    close_session(t, s);
}

static void open_session(struct turn *t, struct user *user) {
    struct session *other = in_the_way(t, user);
    if (other != NULL) {
        send_away(t, other);
    }
    struct session *s = session_open(&t->core->sessions, t->cmd->session, user);
    s->dialect = (uint8_t)t->cmd->dialect;
    s->is_alone = t->cmd->is_alone != 0;
    s->heard_ms = turn_ms(t);
}

enum refusal do_session_open(struct turn *t) {
    struct user *user = named_user(t);
    if (t->session != NULL) {
        return open_again(t, user);
    }
    enum refusal no = user != NULL ? may_come_in(t, user) : provision(t, &user);
    if (no != REFUSE_NONE) {
        return no;
    }
    open_session(t, user);
    struct reply *r = turn_reply_user(t, user);
    r->until_ms = t->cmd->until_ms;
    r->is_return = user->left_s != 0 && turn_ms(t) / 1000 < user->left_s + RETURN_WITHIN_S;
    return REFUSE_NONE;
}

enum refusal do_session_close(struct turn *t) {
    turn_reply(t);
    if (t->session != NULL) {
        close_session(t, t->session);
        t->session = NULL;
        if (t->user->sessions == NULL) {
            notice_stop_typing(t->user->notices);
        }
        rate_tidy(&t->user->rate, t->core->rate_memory, turn_ms(t));
        rate_tidy(&t->user->upload_rate, t->core->upload_memory, turn_ms(t));
        notices_tidy(&t->user->notices, turn_ms(t));
    }
    return REFUSE_NONE;
}

/* Who somebody is, and what they do now. A number is not told to anybody. */
enum refusal do_user_info(struct turn *t) {
    const struct user *user = turn_other(t);
    if (user == NULL || user->is_erased) {
        return REFUSE_user_unknown;
    }
    struct reply *r = turn_reply_named(t, user);
    r->is_on = user->sessions != NULL;
    r->is_typing = notice_is_typing_to(user->notices, t->user->id, turn_ms(t));
    return REFUSE_NONE;
}

void turn_end_sessions(struct turn *t, struct user *user, enum refusal why) {
    if (user->sessions == NULL) {
        return;
    }
    struct event *ev = turn_event_user(t, EV_session_ended, user);
    ev->refusal = why;
    turn_to_sessions(t, ev, user, NULL);
    for (struct session *s = user->sessions; s != NULL; s = s->next) {
        turn_leave_all(t, s);
    }
}
