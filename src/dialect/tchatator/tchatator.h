/* tchatator: commands of text lines over TCP, a status line and its data as the answer.
 * docs/protocols/tchatator.md is the contract.
 *
 *      SEND_MSG\ntoken:...\nrecipient-id:42\ncontent:Bonjour\n
 *                      │ scan.c    where it ends         walk.c: line by line, for both,
 *                      │ read.c    what it says          by the rows of verb.c
 *                      ▼
 *               CMD_direct_send ──> core ──> reply ──answer.c──> 200/OK\nmessage-id:5\n
 *
 * The server never speaks first: events are silent here, and who wants to know what is new asks.
 * What is kept between two commands (who has logged in, which change was handed out last) is the
 * server's.
 *
 * Thread   everything here has no state and may be called from any thread.
 * Memory   encoders append to a buffer of the caller's and keep nothing. */
#ifndef PARLOIR_DIALECT_TCHATATOR_TCHATATOR_H
#define PARLOIR_DIALECT_TCHATATOR_TCHATATOR_H

#include "dialect/dialect.h"
#include "dialect/tchatator/command.h"

extern const struct dialect dialect_tchatator;

/* The dialect's functions; what they promise stands in dialect/dialect.h. A reply is silent where
 * an answer of the store follows, and for CMD_changes_confirm, which no client sends. */
bool tchatator_encode_event(const struct event *ev, enum view view, struct buf *out);
bool tchatator_encode_reply(const struct reply *reply, enum lang lang, struct buf *out);
bool tchatator_encode_answer(const struct answer *answer, enum lang lang, struct buf *out);

/* Appends the answer to NEW_CHG_AVAILABLE: a change and how many wait behind it; or that there is
 * none. */
void tchatator_put_change(const struct change *change, uint64_t remaining, struct buf *out);
void tchatator_put_no_change(struct buf *out);

/* Appends an answer with `response-length`, the bytes behind that line, as its first line of
 * data. */
void tchatator_frame(struct str answer, struct buf *out);

#endif
