/* A batch of commands: one message with many parts, answered by one message with their answers.
 *
 *      message ──decode_part──> waiting ──one after the other──> ring
 *      one answer <──encode_parts── answers, in the order of the parts <──┘
 *
 * Parts are decoded at once, because they borrow from the message, and go into the ring as far as
 * there are credits. One that a reader of the store answers lets nobody pass, so the answers come
 * in the order of the parts. Nothing else of the session is read meanwhile. An answer that grows
 * too long for one message is told in several.
 *
 * Thread   the session's worker.
 * Memory   owned by the session, from the message to its answer.
 * Bound    PARTS_MAX parts, GATHER_BYTES_MAX of answers. */
#ifndef PARLOIR_SERVER_GATHER_H
#define PARLOIR_SERVER_GATHER_H

#include "base/str.h"

#define GATHER_BYTES_MAX (256u << 10)    // of answers, before what there is of them is told

struct cmd;
struct gather;
struct session;

/* Takes the parts of the message just decoded into `whole`, and sends the first of them on their
 * way. */
void gather_begin(struct session *s, unsigned parts, const struct cmd *whole);

/* Sends more of them, as far as it may. */
void gather_go_on(struct session *s);

/* Takes the answer to a part, as an encoder left it (its lines are messages). */
void gather_take(struct session *s, struct str said);

/* Called when an answer has been counted: tells all of them after the last. */
void gather_end_if_done(struct session *s);

/* Frees it with the parts that are not in the ring, and sets *g to NULL. A NULL *g is fine. */
void gather_free(struct gather **g);

#endif
