/* envelope: JSON in an envelope over WebSocket. docs/protocols/envelope.md is the contract.
 *
 *      {"type":"room_message","data":{"room":"general","content":"hi"}}
 *                      │ ../frame/                       ▲ event.c    events
 *                      ▼                                 │ reply.c    replies, batches
 *               CMD_message_send ──> core ──> EV_...     │ answer.c   histories and other answers
 *
 * Thread   everything here has no state and may be called from any thread.
 * Memory   encoders append to a buffer of the caller's and keep nothing. */
#ifndef PARLOIR_DIALECT_ENVELOPE_ENVELOPE_H
#define PARLOIR_DIALECT_ENVELOPE_ENVELOPE_H

#include "dialect/dialect.h"
#include "dialect/frame/frame.h"

extern const struct dialect dialect_envelope;

/* The dialect's functions; what they promise stands in dialect/dialect.h. */
bool envelope_encode_event(const struct event *ev, enum view view, struct buf *out);
bool envelope_encode_reply(const struct reply *reply, enum lang lang, struct buf *out);
bool envelope_encode_answer(const struct answer *answer, enum lang lang, struct buf *out);
void envelope_encode_parts(struct str parts, struct str ref, uint64_t at_ms, bool is_last,
                           struct buf *out);

/* The code that programs are told for a refusal: "ROOM_NOT_FOUND". */
const char *envelope_code(enum refusal why);

/* Appends, as JSON, what people are told: the refusal's sentence, the detail in parentheses. */
void envelope_put_sentence(struct buf *out, enum refusal why, const struct detail *detail,
                           enum lang lang);

/* An `error` frame: a sentence for people, the code, and what is known of what was wrong. Empty
 * texts and zeros are left out of it. */
struct envelope_error {
    enum refusal refusal;
    enum lang lang;
    struct detail detail;
    uint64_t retry_after_ms;
    struct str room;
    uint64_t user;       // whom there is not
    uint64_t message;    // which there is not
    uint64_t at_ms;
    struct str ref;    // JSON text
};
void envelope_put_error(struct buf *out, const struct envelope_error *e);

/* Ends a frame behind the content of its data: `},"timestamp":…}`, with `,"user_id":…` if a person
 * caused it, and `,"id":…` if there is one. */
void envelope_put_end(struct buf *out, uint64_t at_ms, user_id user, struct str ref);

/* Appends `"room":…`, or for two people `"with_user":…`. */
void envelope_put_place(struct buf *out, struct str room, enum room_kind kind, user_id with);

/* Appends `"2023-11-20T10:30:00Z"`, with the quotes. */
void envelope_put_time(struct buf *out, uint64_t at_ms);

/* The new message as everybody sees it; `is_mine`: with its sender's client_id and ref. */
void envelope_put_posted(struct buf *out, const struct event *ev, bool is_mine);

#endif
