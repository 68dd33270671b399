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
    VIEW_COUNT
};

/* What a worker lends to decoders. */
struct decode_scratch {
    struct json_reader *json;
    struct buf text;    // for what has to be put together; reset by each decode
};

struct dialect {
    const char *name;
    enum dialect_id id;
    enum lang lang;    // of the sentences people read, unless the client asks for another

    /* Reads one whole message. Fills all of *out but its session. */
    void (*decode)(struct decode_scratch *scratch, struct str message, struct cmd *out);

    /* Append the message that tells of an event / answers a command / answers a question. false:
     * silent, nothing was appended. One encoder for each row of events.tbl.h: who forgets one does
     * not compile. */
    bool (*encode_event)(const struct event *ev, enum view view, struct buf *out);
    bool (*encode_reply)(const struct reply *reply, enum lang lang, struct buf *out);
    bool (*encode_answer)(const struct answer *answer, enum lang lang, struct buf *out);

    /* Events of rooms that it silences in every view: a room in which nobody speaks another dialect
     * is not even walked for them. */
    bool is_deaf_to[EVENT_COUNT];

    /* The WebSocket close code for a session that ends for this reason. */
    uint16_t (*close_code)(enum refusal why);
};

/* The dialect of a row; NULL for DIALECT_OPERATOR. */
const struct dialect *dialect_of(enum dialect_id id);

#endif
