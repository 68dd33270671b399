/* hub: flat JSON over WebSocket, one object a frame. docs/protocols/hub.md is the contract.
 *
 *      {"type":"message","room":"general","content":"hi"}
 *                      │ decode.c                        ▲ encode.c   events, replies
 *                      ▼                                 │ history.c  answers
 *               CMD_message_send ──> core ──> EV_message_posted
 *
 * What a frame has wrong travels as a row of problems.tbl.h and its argument ("missing room") in
 * cmd.detail, so that the answer can say it in the language of who asked (problem.c).
 *
 * Thread   everything here has no state and may be called from any thread.
 * Memory   encoders append to a buffer of the caller's and keep nothing. */
#ifndef PARLOIR_DIALECT_HUB_HUB_H
#define PARLOIR_DIALECT_HUB_HUB_H

#include "dialect/dialect.h"

#define HUB_REF_CHARS_MAX 128    // of an `id` that is text; REF_BYTES_MAX bounds it as JSON

/* A history's list of messages: twice of it stays well below what may wait for a connection by
 * default (limits.outbox_bytes), and above ten of the longest messages. */
#define HUB_HISTORY_BYTES_MAX (256u << 10)

extern const struct dialect dialect_hub;

/* What can be wrong with a frame. */
enum hub_problem {
    HUB_FINE,
#define PROBLEM(name, refusal, english, french) HUB_##name,
#include "dialect/hub/problems.tbl.h"
#undef PROBLEM
    HUB_PROBLEM_COUNT
};

/* The refusal that answers a problem. */
enum refusal hub_problem_refusal(enum hub_problem problem);

/* Appends what goes into cmd.detail: the row's name, and the argument if it has one. */
void hub_put_problem(struct buf *out, enum hub_problem problem, struct str argument);

/* Appends a detail for people: from the table if hub_put_problem wrote it, else the core's words,
 * in `lang` both. Nothing is appended for a problem that its refusal says already. */
void hub_put_detail(struct buf *out, struct str detail, enum lang lang);

/* The dialect's functions; what they promise stands in dialect/dialect.h. */
unsigned hub_decode(struct decode_scratch *scratch, struct str message, struct cmd *out);
bool hub_encode_event(const struct event *ev, enum view view, struct buf *out);
bool hub_encode_reply(const struct reply *reply, enum lang lang, struct buf *out);
bool hub_encode_answer(const struct answer *answer, enum lang lang, struct buf *out);
uint16_t hub_close_code(enum refusal why);

/* An `error` frame: the refusal's sentence, with the detail in parentheses, and its code for
 * programs. Empty texts and a 0 are left out of it. */
struct hub_error {
    enum refusal refusal;
    enum lang lang;
    struct str detail;
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

/* Appends `,"seq":…,"ts":…`, which stand behind the documented fields. */
void hub_put_place(struct buf *out, uint64_t seq, uint64_t at_ms);

/* Ends a frame: `}`, before it `,"ref":…` if there is one. */
void hub_put_end(struct buf *out, struct str ref);

#endif
