/* Facts of another place, told by the operator: what an import is made of.
 *
 *     fact type=message_posted at_ms=1700000000000 room=3 user=1 content=hello
 *        └─ a line of a tape (tape.h), in `content`
 *
 * A fact keeps its id and its time. It is checked against everything that is known, because the
 * store takes what comes and dies of a contradiction; and only the fields that stand here are
 * taken over. Nobody is told of it, it counts for no limit, and nobody follows a room for it: what
 * was said elsewhere is found in the history. A ban alone ends sessions, as every ban does.
 *
 * user_erased is about somebody who is not here: they are made and erased at once, so that no half
 * of it can be left, and an import erases nobody who lives here.
 *
 * A message, a mark and an upload lead to no more than their event. What they point to (a message,
 * a file) only the store knows: its commit makes them void if it is not there. */
#include "base/buf.h"
#include "core/state.h"
#include "core/tape.h"
#include "core/text.h"
#include "core/turn.h"

#define UPLOADS_PATH "/uploads/"

/* Emits what the fact says happened, when it says so. */
static struct event *retell(struct turn *t, enum event_type type, const struct event *fact) {
    struct event *ev = turn_event(t, type);
    ev->user = fact->user;
    ev->at_ms = fact->at_ms != 0 ? fact->at_ms : ev->at_ms;
    return ev;
}

/* ---- people */

static enum refusal check_user_id(struct turn *t, user_id id) {
    if (id.v == 0 || id.v > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(id, INPUT_user));
    }
    const struct user *user = user_find(&t->core->users, id.v);
    if (user != NULL) {
        struct str name = user_name(user);
        return turn_refuse(t, REFUSE_exists, DETAIL_OF(user_is, .given = id.v, .word = name));
    }
    return REFUSE_NONE;
}

static enum refusal add_user(struct turn *t, const struct event *fact) {
    enum refusal no = check_user_id(t, fact->user);
    if (no == REFUSE_NONE) {
        no = turn_check_new_user(t, fact->username, fact->mobile, fact->role);
    }
    if (no != REFUSE_NONE) {
        return no;
    }
    struct event *ev = retell(t, EV_user_created, fact);
    ev->username = fact->username;
    ev->mobile = fact->mobile;
    ev->role = fact->role;
    fact_apply(t->core, ev);
    turn_reply_user(t, user_find(&t->core->users, ev->user.v))->event = ev;
    return REFUSE_NONE;
}

/* The time is when they came; that they went is written down now. */
static enum refusal add_erased(struct turn *t, const struct event *fact) {
    struct str name = fact->username;
    enum refusal no = check_user_id(t, fact->user);
    if (no != REFUSE_NONE) {
        return no;
    }
    if (!str_starts(name, STR_LIT(ERASED_PREFIX)) || name.n > USERNAME_BYTES_MAX ||
        !text_is_name(name, USERNAME_BYTES_MAX)) {
        return turn_refuse(t, REFUSE_malformed,
                           DETAIL_OF(erased_name, INPUT_username, .word = STR_LIT(ERASED_PREFIX)));
    }
    if (user_by_name(&t->core->users, name) != NULL) {
        return turn_refuse(t, REFUSE_exists, DETAIL_OF(input, INPUT_username));
    }
    struct event *ev = retell(t, EV_user_created, fact);
    ev->username = name;
    fact_apply(t->core, ev);
    ev = turn_event(t, EV_user_erased);
    ev->user = fact->user;
    ev->username = name;
    fact_apply(t->core, ev);
    turn_reply_user(t, user_find(&t->core->users, ev->user.v))->event = ev;
    return REFUSE_NONE;
}

/* Any end is taken, also one that has come: it only has to hold once it is read back. What holds
 * already was not decided once more. */
static enum refusal add_ban(struct turn *t, const struct event *fact) {
    struct user *user = user_find(&t->core->users, fact->user.v);
    if (user == NULL || user->is_erased) {
        return REFUSE_user_unknown;
    }
    if (fact->until_ms > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(time, INPUT_until_ms));
    }
    struct reply *r = turn_reply_user(t, user);
    uint64_t until_ms = fact->until_ms == 0 ? BAN_FOR_GOOD : fact->until_ms;
    if (user->banned_until_ms == until_ms) {
        return REFUSE_NONE;
    }
    r->event = retell(t, EV_ban_set, fact);
    r->event->until_ms = fact->until_ms;
    fact_apply(t->core, r->event);
    if (user_is_banned(user, turn_ms(t))) {
        turn_end_sessions(t, user, REFUSE_banned);
    }
    return REFUSE_NONE;
}

/* The same with a block: an end it must have, and it may have come. */
static enum refusal add_block(struct turn *t, const struct event *fact) {
    const struct user *user = user_find(&t->core->users, fact->user.v);
    const struct user *other = user_find(&t->core->users, fact->other.v);
    bool is_of_nobody = fact->other.v != 0 && (other == NULL || other->is_erased);
    if (user == NULL || user->is_erased || is_of_nobody) {
        return REFUSE_user_unknown;
    }
    if (fact->until_ms == 0 || fact->until_ms > ID_MAX || user == other) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(block_fact));
    }
    const struct blocks *blocks = &t->core->blocks;
    struct reply *r = turn_reply_user(t, user);
    if (block_is_set(blocks, user->id, fact->other, fact->until_ms - 1) &&
        !block_is_set(blocks, user->id, fact->other, fact->until_ms)) {
        return REFUSE_NONE;    // one that ends right then
    }
    r->event = turn_event_user(t, EV_block_set, user);
    r->event->other = fact->other;
    r->event->until_ms = fact->until_ms;
    fact_apply(t->core, r->event);
    return REFUSE_NONE;
}

/* ---- what was decided */

/* What the audit log may have of another place, by its own words (store.h). */
static bool is_action(struct str action) {
    static const char *const actions[] = { "role_changed",   "user_erased",  "token_added",
                                           "token_revoked",  "ban_set",      "ban_lifted",
                                           "block_set",      "block_lifted", "room_removed",
                                           "message_deleted" };
    for (size_t i = 0; i < COUNT(actions); i++) {
        if (str_eq(action, str_of(actions[i]))) {
            return true;
        }
    }
    return false;
}

/* Nothing comes of it but a row: what was decided there holds here if another fact says so. Whoever
 * it names may be erased since. */
static enum refusal add_decision(struct turn *t, const struct event *fact) {
    const user_id people[] = { fact->user, fact->other, fact->actor };
    for (size_t i = 0; i < COUNT(people); i++) {
        if (people[i].v != 0 && user_find(&t->core->users, people[i].v) == NULL) {
            return REFUSE_user_unknown;
        }
    }
    if (fact->room.v != 0 && room_find(&t->core->rooms, fact->room.v) == NULL) {
        return REFUSE_room_unknown;
    }
    if (!is_action(fact->label)) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(action, INPUT_label));
    }
    if (fact->content.n > 0 && !text_is_name(fact->content, DECISION_CHARS_MAX)) {
        return turn_refuse(
            t, REFUSE_malformed,
            DETAIL_OF(long, INPUT_content, UNIT_characters, .max = DECISION_CHARS_MAX));
    }
    if (fact->at_ms == 0 || fact->until_ms > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(time, INPUT_at_ms));
    }
    struct reply *r = turn_reply(t);
    struct event *ev = r->event = retell(t, EV_decision_noted, fact);
    ev->label = fact->label;
    ev->other = fact->other;
    ev->actor = fact->actor;
    ev->room = fact->room;
    ev->until_ms = fact->until_ms;
    ev->content = fact->content;
    return REFUSE_NONE;
}

/* ---- rooms */

static enum refusal check_room_id(struct turn *t, room_id id) {
    if (id.v == 0 || id.v > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(id, INPUT_room));
    }
    if (room_id_is_taken(&t->core->rooms, id.v)) {
        return turn_refuse(t, REFUSE_exists, DETAIL_OF(room_is, .given = id.v));
    }
    return REFUSE_NONE;
}

static enum refusal add_channel(struct turn *t, const struct event *fact) {
    enum refusal no = turn_check_new_room(t, fact->room_name);
    if (no != REFUSE_NONE) {
        return no;
    }
    struct event *ev = retell(t, EV_room_created, fact);
    ev->user.v = 0;
    ev->room = fact->room;
    ev->room_name = fact->room_name;
    ev->room_kind = ROOM_CHANNEL;
    ev->server = SERVER_LOBBY;
    ev->is_private = fact->is_private;
    fact_apply(t->core, ev);
    turn_reply_room(t, room_find(&t->core->rooms, ev->room.v))->event = ev;
    return REFUSE_NONE;
}

static enum refusal add_dm(struct turn *t, const struct event *fact) {
    const struct users *users = &t->core->users;
    if (user_find(users, fact->user.v) == NULL || user_find(users, fact->other.v) == NULL) {
        return REFUSE_user_unknown;
    }
    if (room_dm(&t->core->rooms, fact->user, fact->other) != NULL) {
        return turn_refuse(t, REFUSE_exists, DETAIL_OF(dm_is));
    }
    struct event *ev = turn_event_dm(t, fact->room, fact->user, fact->other);
    ev->at_ms = fact->at_ms != 0 ? fact->at_ms : ev->at_ms;
    turn_reply_room(t, room_find(&t->core->rooms, ev->room.v))->event = ev;
    return REFUSE_NONE;
}

static enum refusal add_room(struct turn *t, const struct event *fact) {
    enum refusal no = check_room_id(t, fact->room);
    if (no != REFUSE_NONE) {
        return no;
    }
    switch (fact->room_kind) {
    case ROOM_CHANNEL: return add_channel(t, fact);
    case ROOM_DM: return add_dm(t, fact);
    case ROOM_GROUP:
    case ROOM_KIND_COUNT: break;
    }
    return turn_refuse(t, REFUSE_malformed, DETAIL_OF(room_kind, INPUT_room_kind));
}

static enum refusal add_member(struct turn *t, const struct event *fact) {
    struct room *room = room_find(&t->core->rooms, fact->room.v);
    struct user *user = user_find(&t->core->users, fact->user.v);
    if (room == NULL || room->kind == ROOM_DM) {
        return REFUSE_room_unknown;
    }
    if (user == NULL || user->is_erased) {
        return REFUSE_user_unknown;
    }
    if (map_get(&room->members, user->id.v) != NULL) {
        return turn_refuse(t, REFUSE_exists, DETAIL_OF(member_is));
    }
    struct reply *r = turn_reply_room(t, room);
    r->event = retell(t, EV_member_added, fact);
    r->event->room = room->id;
    fact_apply(t->core, r->event);
    return REFUSE_NONE;
}

static enum refusal add_rules(struct turn *t, const struct event *fact) {
    const struct room *room = room_find(&t->core->rooms, fact->room.v);
    return room == NULL || room->kind == ROOM_DM ? REFUSE_room_unknown
                                                 : turn_keep_room(t, room, fact);
}

/* ---- messages */

/* The room a fact is about, and the person. */
static enum refusal find_place(struct turn *t, const struct event *fact, const struct room **room,
                               const struct user **user) {
    *room = room_find(&t->core->rooms, fact->room.v);
    *user = user_find(&t->core->users, fact->user.v);
    if (*room == NULL) {
        return REFUSE_room_unknown;
    }
    if (*user == NULL) {
        return REFUSE_user_unknown;
    }
    if ((*room)->kind == ROOM_DM && !room_is_open_to(*room, *user)) {
        return turn_refuse(t, REFUSE_forbidden, DETAIL_OF(foreign_dm));
    }
    return REFUSE_NONE;
}

/* Emits what somebody did in a room, and who the other one is if it is a dm. */
static struct event *retell_in(struct turn *t, enum event_type type, const struct room *room,
                               const struct user *user) {
    struct event *ev = turn_event_room(t, type, room, user);
    ev->audience = AUD_NOBODY;
    if (room->kind == ROOM_DM) {
        ev->other.v = room->pair[room->pair[0] == user->id.v ? 1 : 0];
    }
    return ev;
}

/* A message has been said: it need not fit today's limit of length, but one that there can be. */
static enum refusal check_said(struct turn *t, const struct event *fact) {
    struct str content = fact->content;
    bool is_silent = content.n == 0 && fact->media_url.n == 0;
    if (is_silent || !str_is_utf8(content) || str_find(content, '\0') < content.n) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(text, INPUT_content));
    }
    if (str_chars(content) > MESSAGE_CHARS_MAX) {
        return turn_refuse(
            t, REFUSE_too_long,
            DETAIL_OF(long, INPUT_content, UNIT_characters, .max = MESSAGE_CHARS_MAX));
    }
    if (!str_is_utf8(fact->client_id) || str_chars(fact->client_id) > CLIENT_ID_CHARS_MAX) {
        return turn_refuse(
            t, REFUSE_malformed,
            DETAIL_OF(long, INPUT_client_id, UNIT_characters, .max = CLIENT_ID_CHARS_MAX));
    }
    if (fact->at_ms == 0) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(said_at, INPUT_at_ms));
    }
    return REFUSE_NONE;
}

/* What a message is beside its text follows the rules for what is said today. */
static enum refusal check_body(struct turn *t, const struct event *fact) {
    const struct cmd *asked = t->cmd;
    const struct cmd said = {
        .content = fact->content,
        .client_id = fact->client_id,
        .message_type = fact->message_type,
        .media_url = fact->media_url,
        .media_type = fact->media_type,
        .duration_ms = fact->duration_ms,
        .reply_to = fact->reply_to.v,
    };
    t->cmd = &said;
    enum refusal no = turn_check_media(t);
    if (no == REFUSE_NONE && fact->message_type == MESSAGE_REACTION) {
        no = turn_check_reaction(t);
    }
    t->cmd = asked;
    return no == REFUSE_NONE && fact->reply_to.v > ID_MAX ? REFUSE_message_unknown : no;
}

/* Who a message names must be somebody. The list is written anew: dialects print it as it is. */
static enum refusal read_mentions(struct turn *t, struct str mentions, struct str *out) {
    SCOPED(buf_fini) struct buf ids = BUF_INIT(MENTIONS_MAX * 24);
    struct str rest = mentions;
    for (size_t i = 0; rest.n > 0; i++) {
        uint64_t id = 0;
        bool is_id = str_to_u64(str_cut(&rest, ','), &id) == OK;
        if (!is_id || i == MENTIONS_MAX) {
            return turn_refuse(t, REFUSE_malformed,
                               DETAIL_OF(mentions, INPUT_mentions, .max = MENTIONS_MAX));
        }
        if (user_find(&t->core->users, id) == NULL) {
            return turn_refuse(t, REFUSE_user_unknown, DETAIL_OF(input, INPUT_mentions));
        }
        if (i > 0) {
            buf_put_char(&ids, ',');
        }
        buf_put_u64(&ids, id);
    }
    *out = batch_str(t->batch, buf_str(&ids));
    return REFUSE_NONE;
}

/* A reaction that is there already is not taken back by being told again. */
static enum refusal add_message(struct turn *t, const struct event *fact) {
    const struct room *room;
    const struct user *user;
    struct str mentions;
    enum refusal no = find_place(t, fact, &room, &user);
    no = no != REFUSE_NONE ? no : check_said(t, fact);
    no = no != REFUSE_NONE ? no : check_body(t, fact);
    no = no != REFUSE_NONE ? no : read_mentions(t, fact->mentions, &mentions);
    if (no != REFUSE_NONE) {
        return no;
    }
    struct reply *r = turn_reply_room(t, room);
    struct event *ev = retell_in(t, EV_message_posted, room, user);
    ev->at_ms = fact->at_ms;
    ev->content = fact->content;
    ev->client_id = fact->client_id;
    ev->message_type = fact->message_type;
    ev->media_url = fact->media_url;
    ev->media_type = fact->media_type;
    ev->duration_ms = fact->duration_ms;
    ev->reply_to = fact->reply_to;
    ev->reaction = ev->message_type == MESSAGE_REACTION ? REACTION_ADD : REACTION_TOGGLE;
    ev->mentions = mentions;
    r->event = ev;
    return REFUSE_NONE;
}

/* That the author has changed a message, to what it says now. */
static enum refusal add_edit(struct turn *t, const struct event *fact) {
    const struct room *room;
    const struct user *user;
    struct str mentions;
    enum refusal no = find_place(t, fact, &room, &user);
    no = no != REFUSE_NONE ? no : check_said(t, fact);
    no = no != REFUSE_NONE ? no : read_mentions(t, fact->mentions, &mentions);
    if (no != REFUSE_NONE) {
        return no;
    }
    if (fact->message.v == 0 || fact->message.v > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(changed, INPUT_message));
    }
    struct reply *r = turn_reply_room(t, room);
    struct event *ev = retell_in(t, EV_message_edited, room, user);
    ev->at_ms = fact->at_ms;
    ev->message = fact->message;
    ev->content = fact->content;
    ev->mentions = mentions;
    r->event = ev;
    return REFUSE_NONE;
}

/* How far somebody has read. */
static enum refusal add_mark(struct turn *t, const struct event *fact) {
    const struct room *room;
    const struct user *user;
    enum refusal no = find_place(t, fact, &room, &user);
    if (no != REFUSE_NONE || user->is_erased) {
        return no != REFUSE_NONE ? no : REFUSE_user_unknown;
    }
    if (fact->message.v == 0 || fact->message.v > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(read, INPUT_message));
    }
    struct reply *r = turn_reply_room(t, room);
    struct event *ev = retell_in(t, EV_read_changed, room, user);
    ev->at_ms = fact->at_ms != 0 ? fact->at_ms : ev->at_ms;
    ev->message = fact->message;
    r->event = ev;
    return REFUSE_NONE;
}

/* How far changes have come to somebody. A position is a number of this place: who tells it means
 * what has been told here before. */
static enum refusal add_confirmed(struct turn *t, const struct event *fact) {
    const struct user *user = user_find(&t->core->users, fact->user.v);
    if (user == NULL || user->is_erased) {
        return REFUSE_user_unknown;
    }
    if (fact->position == 0 || fact->position > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(last_position, INPUT_position));
    }
    struct reply *r = turn_reply_user(t, user);
    r->event = retell(t, EV_changes_confirmed, fact);
    r->event->position = fact->position;
    return REFUSE_NONE;
}

/* ---- files */

/* Whether a message could show a file of this name and type. */
static enum refusal check_upload(struct turn *t, const struct event *fact) {
    if (fact->label.n > UPLOAD_NAME_BYTES_MAX || fact->media_type.n == 0 || fact->bytes == 0 ||
        fact->bytes > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(upload));
    }
    SCOPED(buf_fini) struct buf url = BUF_INIT(MEDIA_URL_BYTES_MAX);
    BUF_PUT_LIT(&url, UPLOADS_PATH);
    buf_put_str(&url, fact->label);
    const struct cmd *asked = t->cmd;
    t->cmd = &(struct cmd){ .message_type = MESSAGE_FILE,
                            .media_url = buf_str(&url),
                            .media_type = fact->media_type };
    enum refusal no = turn_check_media(t);
    t->cmd = asked;
    return no;
}

/* The file itself comes another way, and keeps its name. It is weighed, but no quota refuses it. */
static enum refusal add_upload(struct turn *t, const struct event *fact) {
    const struct user *user = user_find(&t->core->users, fact->user.v);
    if (user == NULL) {
        return REFUSE_user_unknown;
    }
    enum refusal no = check_upload(t, fact);
    if (no != REFUSE_NONE) {
        return no;
    }
    struct reply *r = turn_reply_user(t, user);
    r->event = retell(t, EV_upload_added, fact);
    r->event->label = fact->label;
    r->event->media_type = fact->media_type;
    r->event->bytes = fact->bytes;
    return REFUSE_NONE;
}

/* ---- the command */

enum refusal do_fact_add(struct turn *t) {
    static enum refusal (*const adds[EVENT_COUNT])(struct turn * t, const struct event *fact) = {
        [EV_user_created] = add_user,
        [EV_user_erased] = add_erased,
        [EV_ban_set] = add_ban,
        [EV_room_created] = add_room,
        [EV_member_added] = add_member,
        [EV_message_posted] = add_message,
        [EV_read_changed] = add_mark,
        [EV_upload_added] = add_upload,
        [EV_message_edited] = add_edit,
        [EV_block_set] = add_block,
        [EV_decision_noted] = add_decision,
        [EV_changes_confirmed] = add_confirmed,
        [EV_room_kept] = add_rules,
    };
    struct tape_entry entry;
    if (tape_read(t->cmd->content, &t->batch->arena, &entry) != OK || entry.kind != TAPE_FACT) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(fact, INPUT_content));
    }
    if (adds[entry.fact.type] == NULL) {
        return turn_refuse(t, REFUSE_malformed,
                           DETAIL_OF(fact_type, .word = str_of(event_name(entry.fact.type))));
    }
    if (entry.fact.at_ms > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(time, INPUT_at_ms));
    }
    return adds[entry.fact.type](t, &entry.fact);
}
