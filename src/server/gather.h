/* A batch of commands: one message with many parts, answered by one message with their answers.
 *
 *      message ──decode_part──> waiting ──one after the other──> ring
 *      one answer <──encode_parts── answers, in the order of the parts <──┘
 *
 * Parts are decoded at once, because they borrow from the message, and go into the ring as far as
 * there are credits; one that a reader of the store answers lets nobody pass. Each answer has the
 * place of its part, whichever comes first. Nothing else of the session is read meanwhile. Answers
 * too long for one message are told in several, of which the last says so. When the server ends,
 * parts that have not begun are refused here.
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

/* Takes what an encoder says to a part (its lines are messages), which is not all of it yet. */
void gather_take(struct session *s, struct str said, uint32_t part);

/* The part is answered: after the last one all is told, and the batch is over. */
void gather_answered(struct session *s, uint32_t part);

/* Tells what there is of the answers: the session ends before the rest of them can come. */
void gather_tell(struct session *s);

/* Frees it with the parts that are not in the ring, and sets *g to NULL. A NULL *g is fine. */
void gather_free(struct gather **g);

#endif
