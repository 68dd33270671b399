/* Events: what leaves the core, in order, inside a batch.
 *
 * The store completes kept events at commit: a message gets its id and its seq in the room; one
 * that was stored before (same author, room and client_id) is marked `is_repeat`, gets the first
 * one's id and seq, and is told to nobody but, through its reply, the one who asked.
 *
 * Memory   an event and its text live in its batch's arena. */
#ifndef PARLOIR_CORE_EVENT_H
#define PARLOIR_CORE_EVENT_H

#include "core/cmd.h"
#include "core/ids.h"

enum event_type {
#define EVENT(name, audience, kept) EV_##name,
#include "core/events.tbl.h"
#undef EVENT
    EVENT_COUNT
};

enum audience { AUD_NOBODY, AUD_ROOM, AUD_SESSIONS };

enum room_kind { ROOM_CHANNEL, ROOM_GROUP, ROOM_DM, ROOM_KIND_COUNT };

/* What a message is; stored by these numbers. A reaction is a message of its own: it has an id and
 * a seq, its content is one emoji, and reply_to is what it stands under. */
enum message_type {
    MESSAGE_TEXT,
    MESSAGE_IMAGE,
    MESSAGE_AUDIO,
    MESSAGE_FILE,
    MESSAGE_REACTION,
    MESSAGE_SYSTEM,
    MESSAGE_NOTIFICATION,
    MESSAGE_TYPE_COUNT
};

/* What a reaction asks for: that it is there if it was not, and the other way; or one of the two.
 */
enum reaction { REACTION_TOGGLE, REACTION_ADD, REACTION_REMOVE, REACTION_COUNT };

struct event {
    enum event_type type;
    enum audience audience;    // the table's, but AUD_SESSIONS for what happens in a dm
    uint64_t at_ms;            // wall clock
    session_id session;        // the session that caused it; 0: none
    struct str ref;            // the request's own id, for the connection that sent it

    room_id room;
    struct str room_name;
    enum room_kind room_kind;
    server_id server;
    user_id user;    // who did it, or whom it is about
    struct str username;
    user_id other;     // the other person of a dm; block_*: whom it keeps from, 0: everyone
    user_id actor;     // who decided it about `user`; 0: the operator
    user_id author;    // message_deleted, by somebody else in a dm: whose it was; set by the store
    message_id message;
    uint64_t seq;         // the message's number in its room
    uint64_t position;    // of an edit or a deletion in the change log
    struct str content;
    enum message_type message_type;
    struct str media_url;
    struct str media_type;
    uint64_t duration_ms;    // 0: none
    uint64_t bytes;          // of an upload; that a room keeps
    uint64_t messages;       // that a room keeps; 0: no limit
    uint64_t age_ms;         // up to which a room keeps them; 0: no limit
    uint64_t quota_bytes;    // all of its owner may have; 0: no limit
    message_id reply_to;     // 0: none
    enum reaction reaction;
    struct str mentions;    // ids of the people named in it: "3,17"
    struct str client_id;
    struct str mobile;
    struct str hash;
    struct str label;
    enum role role;
    uint64_t until_ms;
    enum refusal refusal;
    bool is_on;
    bool is_private;
    bool is_moderator;
    bool is_repeat;    // set by the store
    bool is_void;      // set by the store: it came to nothing (see the reply's refusal)

    const session_id *sessions;    // AUD_SESSIONS; message_posted in a room: the mentioned
    size_t session_count;
};

/* What the table says: its name, static; whether the store keeps it; who hears of it. */
const char *event_name(enum event_type type);
bool event_is_kept(enum event_type type);
enum audience event_audience(enum event_type type);

/* "text", "image", ...; and the other way: MESSAGE_TYPE_COUNT if it is none of them. */
const char *message_type_name(enum message_type type);
enum message_type message_type_by_name(struct str name);

#endif
