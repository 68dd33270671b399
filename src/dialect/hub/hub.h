/* hub: flat JSON over WebSocket, one object a frame. docs/protocols/hub.md is the contract.
 *
 *      {"type":"message","room":"general","content":"hi"}
 *                      │ ../frame/                       ▲ encode.c   events, replies
 *                      ▼                                 │ history.c  answers
 *               CMD_message_send ──> core ──> EV_message_posted
 *
 * What the hub has no words for (search, unread, resume, a renewed token) it answers in the
 * envelope's: only who knows those can have asked.
 *
 * Thread   everything here has no state and may be called from any thread.
 * Memory   encoders append to a buffer of the caller's and keep nothing. */
#ifndef PARLOIR_DIALECT_HUB_HUB_H
#define PARLOIR_DIALECT_HUB_HUB_H

#include "dialect/dialect.h"
#include "dialect/frame/frame.h"

extern const struct dialect dialect_hub;

/* The dialect's functions; what they promise stands in dialect/dialect.h. */
bool hub_encode_event(const struct event *ev, enum view view, struct buf *out);
bool hub_encode_reply(const struct reply *reply, enum lang lang, struct buf *out);
bool hub_encode_answer(const struct answer *answer, enum lang lang, struct buf *out);

/* An `error` frame: the refusal's sentence, with the detail in parentheses, and its code for
 * programs. Empty texts and a 0 are left out of it. */
struct hub_error {
    enum refusal refusal;
    enum lang lang;
    struct detail detail;
    uint64_t retry_after_ms;
    struct str room;
    struct str ref;    // JSON text
};
void hub_put_error(struct buf *out, const struct hub_error *e);

/* Appends what every message has, in every frame that tells of one:
 * `"id":…,"fromUser":…,"username":…,"content":…,"timestamp":…`. */
struct hub_said {
    message_id id;
    user_id user;
    struct str username;
    struct str content;
    uint64_t at_ms;
};
void hub_put_said(struct buf *out, const struct hub_said *said);

/* Appends `,"message_type":…`, unless it is text. */
void hub_put_type(struct buf *out, enum message_type type);

/* Ends a frame: `}`, before it `,"ref":…` if there is one. */
void hub_put_end(struct buf *out, struct str ref);

#endif
