/* The operator's dialect: one JSON object a line, over <data>/parloir.sock (mode 0600) or in
 * process.
 *
 *   in    {"cmd":"user_add","username":"alice","role":"member"}      a command of
 *         core/commands.tbl.h, its operands by name;
 *                                                                    "role" also as its word
 *         {"cmd":"status"}                                           answered by the worker itself
 *   out   {"ok":true,"cmd":"user_add","id":1,"username":"alice","role":"member"}
 *         {"ok":true,"cmd":"list","rows":[{...}, ...]}
 *         {"ok":false,"cmd":"user_add","code":"CONFLICT","error":"There is one of that name
 *         already: ..."}
 *
 * "ref", any text, stands in the answer, too.
 *
 * Exactly one line out for each line in, in order. A command waits for the one before, so that an
 * import would wait for the disk with each message: therefore facts (fact_add) do not wait, up to
 * PENDING_MAX of them, and their `ref` tells which is answered: while nothing can be stored a
 * refusal overtakes what is held. A status behind them is answered at once. The command line speaks
 * it too: with a running server through the socket, without one straight to a core and store of its
 * own.
 *
 * Thread   decode and encode: any, with a scratch of one's own; the rest: the session's worker. */
#ifndef PARLOIR_SERVER_OPERATOR_H
#define PARLOIR_SERVER_OPERATOR_H

#include "server/session.h"

#define OPERATOR_LINE_BYTES_MAX (1u << 20)    // the longest message there may be, as a fact

/* The dialect. Never NULL; static. */
const struct dialect *operator_dialect(void);

/* A connection on the control socket: it is live at once, its file mode is its credential. */
void operator_welcome(struct session *s);

/* Feeds bytes of the control socket; takes all of them. */
size_t operator_feed(struct session *s, uint8_t *p, size_t n);

#endif
