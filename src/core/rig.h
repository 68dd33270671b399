/* A rig for tests of the core: people, sessions, two rooms, and a pretended worker that notes what
 * each session would hear.
 *
 *     SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob in general", "eve member of secret");
 *     EQ(rig_do(rig, "ann", SAY("general", "hello")), REFUSE_NONE);
 *     EQ(rig_heard(rig, "bob", EV_message_posted), 1);
 *
 * A sentence begins with a name, which gets a user (1, 2, 3 in order) and an open session, and may
 * go on: `admin`, `pro`, `in ROOM` (follows it), `member of ROOM`, `away` (no session). There are
 * the rooms general (1) and secret (2, private). Callers are "ann" (her first session), "ann/2"
 * (her second, opened by rig_open), "operator" and "nobody" (a session that never was opened).
 *
 * Every batch is checked for one answer a command. rig_free plays the whole tape again and demands
 * the same batches, and restores all facts into a fresh core and demands the same users and rooms.
 *
 * Memory   what an accessor returns lives until the next rig_do. */
#ifndef PARLOIR_CORE_RIG_H
#define PARLOIR_CORE_RIG_H

#include "base/buf.h"
#include "core/batch.h"
#include "core/core.h"

struct room;
struct user;

#define RIG_SESSIONS_MAX 64
#define RIG_START_MS 1700000000000u

#define CMD_OF(name, ...) ((struct cmd){ .type = CMD_##name, __VA_ARGS__ })
#define TEXT_OF(literal) ((struct str){ (literal), strlen(literal) })
#define JOIN(name) CMD_OF(room_join, .room_name = TEXT_OF(name))
#define LEAVE(name) CMD_OF(room_leave, .room_name = TEXT_OF(name))
#define SAY(name, text) CMD_OF(message_send, .room_name = TEXT_OF(name), .content = TEXT_OF(text))
#define DM(to, text) CMD_OF(direct_send, .user = (to), .content = TEXT_OF(text))
#define TYPING(name, on) CMD_OF(typing_set, .room_name = TEXT_OF(name), .is_on = (on))
#define REACT(name, id, emoji)                                                                     \
    CMD_OF(reaction_set, .room_name = TEXT_OF(name), .reply_to = (id), .content = TEXT_OF(emoji))
#define MARK(name, id) CMD_OF(read_set, .room_name = TEXT_OF(name), .message = (id))
#define EDIT(id, text) CMD_OF(message_edit, .message = (id), .content = TEXT_OF(text))
#define DELETE(id) CMD_OF(message_delete, .message = (id))
#define BAN(name) CMD_OF(ban_add, .username = TEXT_OF(name))
#define UNBAN(name) CMD_OF(ban_remove, .username = TEXT_OF(name))
#define BLOCK(who, from) CMD_OF(block_add, .user = (who), .other = (from))
#define UNBLOCK(who, from) CMD_OF(block_remove, .user = (who), .other = (from))
#define ERASE(name) CMD_OF(user_erase, .username = TEXT_OF(name))
#define PING CMD_OF(ping, .user = 0)

struct rig_session {
    session_id id;
    char who[40];            // "ann", "ann/2"
    bool is_open;            // as the worker sees it
    uint64_t follows[64];    // room ids, 0: free
    unsigned heard[EVENT_COUNT];
};

struct rig {
    struct core *core;
    struct core_limits limits;    // rig_take_limits after a change
    uint64_t now_ms;
    struct batch *batch;    // of the last rig_do
    struct rig_session sessions[RIG_SESSIONS_MAX];
    size_t session_count;
    uint64_t opened;    // sessions, ever
    struct buf tape;
    struct buf facts;    // every kept event, as a tape
};

/* Returns an owned rig; see above. */
struct rig *rig_make(const char *const *sentences);
#define rig_new(...) rig_make((const char *const[]){ __VA_ARGS__, NULL })

/* Plays the tape again, restores the facts, and frees everything. */
void rig_free(struct rig **rig);

/* Applies a command in a batch of its own; returns how it was answered. */
enum refusal rig_do(struct rig *rig, const char *who, struct cmd cmd);

/* Opens a session called `who` ("ann", "ann/2"): of the user called so. */
enum refusal rig_open(struct rig *rig, const char *who);

/* Opens a session called `who` with a credential; cmd is a session_open. */
enum refusal rig_enter(struct rig *rig, const char *who, struct cmd cmd);
enum refusal rig_close(struct rig *rig, const char *who);

/* Takes rig->limits into use; lets the store go and come. */
void rig_take_limits(struct rig *rig);
void rig_writable(struct rig *rig, bool is_writable);

/* Restores a fact, as at start: before the first rig_do. */
void rig_restore(struct rig *rig, struct event ev);

/* How many such events a session was told of since it was opened or rig_deaf. */
unsigned rig_heard(struct rig *rig, const char *who, enum event_type type);
void rig_deaf(struct rig *rig);

/* Of the last batch: how many items, its reply or ask (NULL if there is none), the n-th event of a
 * type. */
size_t rig_items(const struct rig *rig);
const struct reply *rig_reply(const struct rig *rig);
const struct ask *rig_ask(const struct rig *rig);
const struct event *rig_event(const struct rig *rig, enum event_type type, size_t n);
size_t rig_events(const struct rig *rig, enum event_type type);

/* What the last reply says about the input, as a sentence. Static, until the next call. */
struct str rig_detail(const struct rig *rig);

/* The last batch in short: "follow_started reply room_entered". Static, until the next call. */
const char *rig_order(const struct rig *rig);

/* The user or room, for looking inside. */
struct user *rig_user(struct rig *rig, const char *name);
struct room *rig_room(struct rig *rig, const char *name);

#endif
