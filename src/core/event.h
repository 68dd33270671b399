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
    user_id other;    // the other person of a dm
    message_id message;
    uint64_t seq;    // the message's number in its room
    struct str content;
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

    const session_id *sessions;    // AUD_SESSIONS
    size_t session_count;
};

/* What the table says: its name, static; whether the store keeps it; who hears of it. */
const char *event_name(enum event_type type);
bool event_is_kept(enum event_type type);
enum audience event_audience(enum event_type type);

#endif
