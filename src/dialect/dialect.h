/* The dialect port: one chat, said in five ways.
 *
 *      message ──decode──> command          event, reply, answer ──encode──> message
 *
 * A dialect is stateless: decoding borrows the worker's reader, encoding depends on what is encoded
 * and on who looks (enum view) alone. That is what lets one encoded message serve a thousand
 * members.
 *
 * Nothing a decoder can be given is without an answer: what it cannot read becomes CMD_malformed,
 * which goes the same way as everything else, so that answers keep the order of the questions.
 *
 * Thread   decode: the worker that owns the scratch. encode: any.
 * Memory   a decoded command borrows from the scratch until the next decode. Encoders append to a
 *          buffer. */
#ifndef PARLOIR_DIALECT_DIALECT_H
#define PARLOIR_DIALECT_DIALECT_H

#include "base/buf.h"
#include "base/json.h"
#include "core/batch.h"

/* Who looks at an event: README of the protocols, "who hears their own message". */
enum view {
    VIEW_OTHER,     // somebody else
    VIEW_AUTHOR,    // the author, on another connection
    VIEW_ORIGIN,    // the connection that caused it
    VIEW_NAMED,     // somebody named in a new message, beside what they see of the room
    VIEW_COUNT
};

/* What decoders put together at most: the ids of a batch and of one of its parts, and a detail. */
#define DECODE_TEXT_BYTES_MAX (2 * REF_BYTES_MAX + DETAIL_BYTES_MAX)

/* What a worker lends to decoders. */
struct decode_scratch {
    struct json_reader *json;
    struct buf text;               // of at least DECODE_TEXT_BYTES_MAX; reset by each decode
    const struct json *message;    // the parts that decode has found, for decode_part
    size_t kept_bytes;             // of text: what belongs to the message itself
    const char *type;              // what the dialect calls it, static; NULL: nothing known
};

struct dialect {
    const char *name;
    enum dialect_id id;
    enum lang lang;    // of the sentences people read, unless the client asks for another

    /* Reads one whole message. Fills all of *out but its session. Returns 0; or, for a message that
     * holds several commands, how many: then of *out only dialect, form and ref mean something (of
     * the message as a whole, for encode_parts), and decode_part fetches each, 1 to that number,
     * before the next decode. Their `part` says which it is; the texts of one are gone when the
     * next is fetched. Credentials a message brings are left in cmd.detail of a CMD_session_open,
     * for the door: they go no further. */
    unsigned (*decode)(struct decode_scratch *scratch, struct str message, struct cmd *out);
    void (*decode_part)(struct decode_scratch *scratch, unsigned part, struct cmd *out);

    /* Puts answers of parts, each as encode_reply and encode_answer made it and a comma between,
     * into the message that answers at this time. Not is_last: they were too long for one message,
     * and another follows. NULL: it knows no such messages. */
    void (*encode_parts)(struct str parts, struct str ref, uint64_t at_ms, bool is_last,
                         struct buf *out);

    /* Append the message that tells of an event / answers a command / answers a question. false:
     * silent, nothing was appended. One encoder for each row of events.tbl.h: who forgets one does
     * not compile. An answer to a command may be several messages, with a line feed between, which
     * none of them has in itself: they are sent one by one. */
    bool (*encode_event)(const struct event *ev, enum view view, struct buf *out);
    bool (*encode_reply)(const struct reply *reply, enum lang lang, struct buf *out);
    bool (*encode_answer)(const struct answer *answer, enum lang lang, struct buf *out);

    /* Events of rooms that it silences in every view: a room in which nobody speaks another dialect
     * is not even walked for them. */
    bool is_deaf_to[EVENT_COUNT];

    /* Whether somebody who may not come in is let in to be told so in its own words, and then
     * closed: a browser cannot read the HTTP status of a refused upgrade. */
    bool is_refused_inside;

    /* The WebSocket close code for a session that ends for this reason. */
    uint16_t (*close_code)(enum refusal why);
};

/* The dialect of a row; NULL for DIALECT_OPERATOR. */
const struct dialect *dialect_of(enum dialect_id id);

#endif
