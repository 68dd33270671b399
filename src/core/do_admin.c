/* Administration: users, tokens and rooms, which are the operator's; bans, which are the admins' as
 * well.
 *
 * Every one of these checks against what the core knows and emits one kept fact; the fact changes
 * the core (facts.c). Passwords and tokens pass through as hashes the core does not look at. */
#include <stdio.h>

#include "core/state.h"
#include "core/text.h"
#include "core/turn.h"

#define ROOM_GENERAL "general"

/* The user whom a command names, NULL if there is none (any more). */
static struct user *target(struct turn *t) {
    struct user *user = turn_other(t);
    return user != NULL && !user->is_erased ? user : NULL;
}

/* Emits a fact about a user, after the reply that says so. */
static struct event *tell(struct turn *t, enum event_type type, const struct user *user) {
    struct reply *r = turn_reply_named(t, user);
    r->event = turn_event_user(t, type, user);
    r->event->actor = turn_actor(t);
    return r->event;
}

enum refusal turn_check_new_user(struct turn *t, struct str username, struct str mobile,
                                 uint64_t role) {
    const struct users *users = &t->core->users;
    uint64_t number = 0;
    if (!user_name_is_allowed(username)) {
        return turn_refuse(t, REFUSE_malformed,
                           DETAIL_OF(username, INPUT_username, UNIT_characters,
                                     .max = USERNAME_CHARS_MAX, .word = STR_LIT(ERASED_PREFIX)));
    }
    if (user_by_name(users, username) != NULL) {
        return turn_refuse(t, REFUSE_exists, DETAIL_OF(input, INPUT_username));
    }
    if (mobile.n > 0 && !mobile_read(mobile, &number)) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(mobile, INPUT_mobile));
    }
    if (user_by_mobile(users, number) != NULL) {
        return turn_refuse(t, REFUSE_exists, DETAIL_OF(input, INPUT_mobile));
    }
    if (role >= ROLE_COUNT) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(role, INPUT_role));
    }
    return REFUSE_NONE;
}

enum refusal do_user_add(struct turn *t) {
    enum refusal no = turn_check_new_user(t, t->cmd->username, t->cmd->mobile, t->cmd->role);
    if (no != REFUSE_NONE) {
        return no;
    }
    if (t->core->users.id_max >= ID_MAX) {
        return turn_refuse(t, REFUSE_forbidden, DETAIL_OF(no_user_ids));
    }
    struct event *ev = turn_event(t, EV_user_created);
    ev->user.v = t->core->users.id_max + 1;
    ev->username = t->cmd->username;
    ev->mobile = t->cmd->mobile;
    ev->role = (enum role)t->cmd->role;
    ev->hash = t->cmd->hash;
    fact_apply(t->core, ev);
    turn_reply_user(t, user_find(&t->core->users, ev->user.v))->event = ev;
    return REFUSE_NONE;
}

enum refusal do_user_role(struct turn *t) {
    struct user *user = target(t);
    if (user == NULL) {
        return REFUSE_user_unknown;
    }
    if (t->cmd->role >= ROLE_COUNT) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(role, INPUT_role));
    }
    struct event *ev = turn_event_user(t, EV_user_changed, user);
    ev->actor = turn_actor(t);
    ev->role = (enum role)t->cmd->role;
    fact_apply(t->core, ev);
    turn_reply_user(t, user)->event = ev;
    return REFUSE_NONE;
}

enum refusal do_user_password(struct turn *t) {
    const struct user *user = target(t);
    if (user == NULL) {
        return REFUSE_user_unknown;
    }
    if (t->cmd->hash.n == 0) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(hash));
    }
    struct event *ev = tell(t, EV_user_changed, user);
    ev->role = user->role;
    ev->hash = t->cmd->hash;
    return REFUSE_NONE;
}

/* "erased-7", made longer in the odd case that a restored user is called so. */
static struct str placeholder_for(struct turn *t, const struct user *user) {
    char text[USERNAME_BYTES_MAX];
    (void)snprintf(text, sizeof text, ERASED_PREFIX "%llu", (unsigned long long)user->id.v);
    for (unsigned i = 2; user_by_name(&t->core->users, str_of(text)) != NULL; i++) {
        (void)snprintf(text, sizeof text, ERASED_PREFIX "%llu_%u", (unsigned long long)user->id.v,
                       i);
    }
    return batch_str(t->batch, str_of(text));
}

/* Their rooms hear that they left under the name they had; then the name goes. */
enum refusal do_user_erase(struct turn *t) {
    struct user *user = target(t);
    if (user == NULL) {
        return REFUSE_user_unknown;
    }
    struct event *ev = tell(t, EV_user_erased, user);
    ev->username = placeholder_for(t, user);
    turn_end_sessions(t, user, REFUSE_unauthenticated);
    fact_apply(t->core, ev);
    return REFUSE_NONE;
}

enum refusal do_user_show(struct turn *t) {
    const struct user *user = target(t);
    if (user == NULL) {
        return REFUSE_user_unknown;
    }
    turn_reply_user(t, user);
    return REFUSE_NONE;
}

enum refusal do_token_add(struct turn *t) {
    struct user *user = target(t);
    struct str label = t->cmd->label;
    if (user == NULL) {
        return REFUSE_user_unknown;
    }
    if (!text_is_name(label, LABEL_CHARS_MAX)) {
        return turn_refuse(t, REFUSE_malformed,
                           DETAIL_OF(name, INPUT_label, UNIT_characters, .max = LABEL_CHARS_MAX));
    }
    if (t->cmd->hash.n == 0) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(hash));
    }
    if (user_has_token(user, label)) {
        return turn_refuse(t, REFUSE_exists, DETAIL_OF(input, INPUT_label));
    }
    struct event *ev = tell(t, EV_token_added, user);
    ev->label = label;
    ev->hash = t->cmd->hash;
    fact_apply(t->core, ev);
    return REFUSE_NONE;
}

enum refusal do_token_revoke(struct turn *t) {
    const struct user *user = target(t);
    if (user == NULL) {
        return REFUSE_user_unknown;
    }
    if (!user_has_token(user, t->cmd->label)) {
        return REFUSE_token_unknown;
    }
    struct event *ev = tell(t, EV_token_revoked, user);
    ev->label = t->cmd->label;
    fact_apply(t->core, ev);
    return REFUSE_NONE;
}

enum refusal turn_check_new_room(struct turn *t, struct str name) {
    if (!text_is_name(name, ROOM_NAME_CHARS_MAX)) {
        return turn_refuse(
            t, REFUSE_malformed,
            DETAIL_OF(name, INPUT_room, UNIT_characters, .max = ROOM_NAME_CHARS_MAX));
    }
    if (room_by_name(&t->core->rooms, name) != NULL) {
        return turn_refuse(t, REFUSE_exists, DETAIL_OF(input, INPUT_room));
    }
    return REFUSE_NONE;
}

enum refusal do_room_add(struct turn *t) {
    struct rooms *rooms = &t->core->rooms;
    struct str name = t->cmd->room_name;
    enum refusal no = turn_check_new_room(t, name);
    if (no != REFUSE_NONE) {
        return no;
    }
    if (rooms->id_max >= ID_MAX) {
        return turn_refuse(t, REFUSE_forbidden, DETAIL_OF(no_room_ids));
    }
    struct event *ev = turn_event(t, EV_room_created);
    ev->room.v = rooms->id_max + 1;
    ev->room_name = name;
    ev->room_kind = ROOM_CHANNEL;
    ev->server = SERVER_LOBBY;
    ev->is_private = t->cmd->is_private != 0;
    fact_apply(t->core, ev);
    turn_reply_room(t, room_by_name(rooms, name))->event = ev;
    return REFUSE_NONE;
}

/* Who follows it is told by the event itself, which also ends their follows: no follow_ended
 * each. */
enum refusal do_room_remove(struct turn *t) {
    struct room *room = room_by_name(&t->core->rooms, t->cmd->room_name);
    if (room == NULL) {
        return REFUSE_room_unknown;
    }
    if (str_eq(room_name(room), STR_LIT(ROOM_GENERAL))) {
        return turn_refuse(t, REFUSE_forbidden,
                           DETAIL_OF(room_stays, .word = STR_LIT(ROOM_GENERAL)));
    }
    struct reply *r = turn_reply_room(t, room);
    r->event = turn_event_room(t, EV_room_removed, room, NULL);
    fact_apply(t->core, r->event);
    return REFUSE_NONE;
}

/* What a room keeps is the store's to know and to do; the core only says of which room it is. */
enum refusal turn_keep_room(struct turn *t, const struct room *room, const struct event *rules) {
    if (MAX(rules->messages, MAX(rules->bytes, rules->age_ms)) > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(keep));
    }
    struct reply *r = turn_reply_room(t, room);
    r->event = turn_event_room(t, EV_room_kept, room, NULL);
    r->event->is_on = rules->is_on;
    if (rules->is_on) {
        r->event->messages = rules->messages;
        r->event->bytes = rules->bytes;
        r->event->age_ms = rules->age_ms;
    }
    fact_apply(t->core, r->event);
    return REFUSE_NONE;
}

enum refusal do_room_keep(struct turn *t) {
    const struct cmd *cmd = t->cmd;
    const struct room *room = room_by_name(&t->core->rooms, cmd->room_name);
    return room == NULL ? REFUSE_room_unknown
                        : turn_keep_room(t, room,
                                         &(struct event){ .is_on = cmd->is_on != 0,
                                                          .messages = cmd->messages,
                                                          .bytes = cmd->bytes,
                                                          .age_ms = cmd->age_ms });
}

enum refusal do_ban_add(struct turn *t) {
    struct user *user = target(t);
    uint64_t until_ms = t->cmd->until_ms;
    if (user == NULL) {
        return REFUSE_user_unknown;
    }
    if (user == t->user) {
        return turn_refuse(t, REFUSE_forbidden, DETAIL_OF(bans_oneself));
    }
    if (until_ms != 0 && until_ms <= turn_ms(t)) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(past, INPUT_until));
    }
    struct event *ev = tell(t, EV_ban_set, user);
    ev->until_ms = until_ms;
    fact_apply(t->core, ev);
    turn_end_sessions(t, user, REFUSE_banned);
    return REFUSE_NONE;
}

/* Lifting a ban that is not there is no mistake: what was asked for holds. */
enum refusal do_ban_remove(struct turn *t) {
    struct user *user = target(t);
    if (user == NULL) {
        return REFUSE_user_unknown;
    }
    if (user->banned_until_ms == BAN_NONE) {
        turn_reply_user(t, user);
        return REFUSE_NONE;
    }
    struct event *ev = tell(t, EV_ban_lifted, user);
    fact_apply(t->core, ev);
    return REFUSE_NONE;
}
