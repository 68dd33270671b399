/* A turn: one command being handled. What the verbs (do_*.c) have in hand. Private to this folder.
 *
 * A verb first checks, then emits. It refuses by returning a refusal before it has emitted
 * anything, and core_apply answers; or it returns REFUSE_NONE after it answered itself, with one
 * reply or one ask, at the place in the order where the answer belongs. If it did neither, a plain
 * reply follows what it emitted. */
#ifndef PARLOIR_CORE_TURN_H
#define PARLOIR_CORE_TURN_H

#include "core/batch.h"

struct core;
struct room;
struct session;
struct user;

struct turn {
    struct core *core;
    const struct cmd *cmd;
    struct batch *batch;
    struct session *session;    // the command's, NULL if it is not open
    struct user *user;          // whose session it is, or NULL
    struct detail detail;       // what a refusal says about the input
    uint64_t retry_after_ms;
    bool is_answered;
};

/* do_<name>() for every command. */
#define CMD(name, may, rate, writes) enum refusal do_##name(struct turn *t);
#include "core/commands.tbl.h"
#undef CMD

/* The one answer: a reply (room_name, room and is_on as asked for; the room's or the user's own),
 * or a question passed on. */
struct reply *turn_reply(struct turn *t);
struct reply *turn_reply_room(struct turn *t, const struct room *room);
struct reply *turn_reply_user(struct turn *t, const struct user *user);

/* The same about a user who is not the caller: the operator alone is told a number. */
struct reply *turn_reply_named(struct turn *t, const struct user *user);

/* The question that is the answer: a reader's reply comes instead. The batch owns it. */
struct ask *turn_ask(struct turn *t, enum ask_kind kind);

/* Emits an event that this session caused. */
struct event *turn_event(struct turn *t, enum event_type type);

/* Who decides: the caller's id; 0: the operator. */
user_id turn_actor(const struct turn *t);

/* Emits an event about a user or a room, the name copied, and the ids. */
struct event *turn_event_user(struct turn *t, enum event_type type, const struct user *user);
struct event *turn_event_room(struct turn *t, enum event_type type, const struct room *room,
                              const struct user *user);

/* Emits that two people have a room of their own from now on, and makes it. */
struct event *turn_event_dm(struct turn *t, room_id id, user_id a, user_id b);

/* Returns `no`, with what there is to say about the input for its reply; the word is copied. */
enum refusal turn_refuse(struct turn *t, enum refusal no, const struct detail *detail);

/* The event is for all sessions of both users, who may be one; `b` may be NULL. */
void turn_to_sessions(struct turn *t, struct event *ev, const struct user *a, const struct user *b);

/* Wall clock of this turn. */
static inline uint64_t turn_ms(const struct turn *t) {
    return t->batch->at_ms;
}

/* A room a command names, in any way there is. */
struct place {
    struct room *room;           // NULL: two people who have none yet
    const struct user *other;    // a dm: the one who is not the caller (or is, alone)
    bool is_named;               // false: it names none
};

/* The channel or group, or the caller's dm, that the command names: by id or name, or by the other
 * person. REFUSE_room_unknown, REFUSE_user_unknown; naming none is room_unknown, too. */
enum refusal turn_place(struct turn *t, struct place *out);

/* The event is for whom a place has: the followers of a room, both people of a dm. */
void turn_address(struct turn *t, struct event *ev, const struct place *at);

/* The channel or group that the command names by id or by name, if the user may know of it; else
 * NULL. */
struct room *turn_room(struct turn *t);

/* The user whom the command names by id or by name; NULL if there is none. An erased one counts
 * only by id. */
struct user *turn_other(struct turn *t);

/* Whether somebody, or a channel, may be made that is called so (do_admin.c). */
enum refusal turn_check_new_user(struct turn *t, struct str username, struct str mobile,
                                 uint64_t role);
enum refusal turn_check_new_room(struct turn *t, struct str name);

/* Gives a channel the rules of its own that `rules` has (is_on messages bytes age_ms), or takes
 * them away if !is_on (do_admin.c). REFUSE_malformed: a number is too large. */
enum refusal turn_keep_room(struct turn *t, const struct room *room, const struct event *rules);

/* Whether the command's content may be said; its media fields, and whether its type has such; a
 * whole message; a reaction (body.c). A message with media may do without words. */
enum refusal turn_check_content(struct turn *t);
enum refusal turn_check_media(struct turn *t);
enum refusal turn_check_body(struct turn *t);
enum refusal turn_check_reaction(struct turn *t);

/* REFUSE_too_long, because the content has so many characters. */
enum refusal turn_too_long(struct turn *t, size_t chars);

/* Takes the message of the command over into an event. */
void turn_put_body(const struct turn *t, struct event *ev);

/* Whether what the caller says is kept from a person, or (NULL) from everyone (do_block.c). */
bool turn_is_blocked(const struct turn *t, const struct user *from);

/* Finds the people whom the event's content names and who may read the room, and makes the event's
 * sessions theirs if it is a new message (mention.c). */
void turn_mention(struct turn *t, const struct room *room, struct event *ev);

/* Following (do_room.c). turn_may_follow: whether the session has a place for one more. turn_follow
 * starts it, unless it follows already or there is only a caller; true: the user's first session in
 * there, and room_entered is to be emitted once the command is answered. */
enum refusal turn_may_follow(struct turn *t, const struct room *room);
bool turn_follow(struct turn *t, struct room *room);

/* Ends all follows of a session, and tells every room that has seen the last of the user. */
void turn_leave_all(struct turn *t, struct session *s);

/* Every session of the user is told to go, and leaves its rooms (do_session.c). They stay open, of
 * no use to anybody, until the server closes them. */
void turn_end_sessions(struct turn *t, struct user *user, enum refusal why);

#endif
