/* Speech: what a client calls things in its dialect. The others of the simulator know only what is
 * asked for, and what was heard.
 *
 *     speech_begin ──> the fields, each with a comma before it ──> speech_end ──> the wire
 *     a frame ──speech_read──> struct heard
 *
 * Thread   one.
 * Memory   what was heard borrows from the JSON document. */
#ifndef PARLOIR_SIM_SPEECH_H
#define PARLOIR_SIM_SPEECH_H

#include "test/sim/client.h"

/* What a frame says, whatever it is called. */
enum heard_kind {
    HEARD_NOTHING,    // what this simulator does not look at
    HEARD_MESSAGE,
    HEARD_DM,
    HEARD_RECEIPT,    // stored: of a dm of the hub's, of a part of a batch
    HEARD_EDIT,
    HEARD_DELETION,
    HEARD_JOINED,
    HEARD_LEFT,
    HEARD_PONG,
    HEARD_ACK,
    HEARD_HISTORY,
    HEARD_DM_HISTORY,
    HEARD_TYPING,
    HEARD_PRESENCE,
    HEARD_READ,
    HEARD_RESUMED,
    HEARD_ROOM_REMOVED,
    HEARD_BATCH,
    HEARD_ERROR,
};

struct heard {
    enum heard_kind kind;
    uint64_t ref;    // of the request it answers; 0: of none
    uint64_t id;
    uint64_t seq;
    uint64_t ts;
    uint64_t user;     // whose it is
    uint64_t other;    // a dm: to whom, as far as that is said
    uint64_t last_seq;
    uint64_t retry_ms;
    uint64_t message;    // ERROR: the one there is not
    struct str content;
    struct str client_id;
    struct str room;
    struct str code;    // ERROR: as the hub calls it
    const struct json *items;
    bool has_more;
    bool is_no;           // JOINED: it is a no, and an error follows
    bool is_recovered;    // RESUMED
};

/* What can be asked for. */
enum speech_verb {
    SPEECH_SAY,
    SPEECH_DM,
    SPEECH_JOIN,
    SPEECH_LEAVE,
    SPEECH_TYPING,
    SPEECH_TYPING_STOP,
    SPEECH_PING,
    SPEECH_HISTORY,
    SPEECH_DM_HISTORY,
    SPEECH_EDIT,    // this and what follows: the envelope's alone
    SPEECH_DELETE,
    SPEECH_READ,
    SPEECH_RESUME,
    SPEECH_BATCH,
    SPEECH_VERB_COUNT
};

/* Begins a frame. Its fields follow, each with a comma before it. */
void speech_begin(const struct client *c, struct buf *frame, enum speech_verb verb);

/* Appends the field that names the other person of a verb about a conversation. */
void speech_put_person(const struct client *c, struct buf *frame, enum speech_verb verb,
                       uint64_t user);

/* Ends it, with the ref of its request if that is not 0. */
void speech_end(const struct client *c, struct buf *frame, uint64_t ref);

/* Reads a frame. false: it is of no type there is. */
bool speech_read(const struct client *c, const struct json *root, struct heard *out);

/* One message of a history: whose it is. */
uint64_t speech_author(const struct client *c, const struct json *item);

#endif
