/* What the three files of a session share: its life (session.c), what it says (session_out.c), what
 * it hears (session_in.c). Private to those.
 *
 * Thread   the session's worker. */
#ifndef PARLOIR_SERVER_SESSION_PARTS_H
#define PARLOIR_SERVER_SESSION_PARTS_H

#include "server/session.h"

/* What a session's connection calls. */
extern const struct conn_ops session_conn_ops;

/* Queues without a look at the bound: close frames and the last words before them. */
void session_push_last(struct session *s, struct span span);

/* Everything is out: the next request may be read; a session that leaves may be at its end. */
void session_on_flushed(struct session *s);

/* Ends a reader that is too slow, and says so. */
void session_leave_too_slow(struct session *s);

/* Goes on with what the session is in the middle of: rooms it resumes, a batch of commands. */
void session_go_on(struct session *s);

/* The core has let the session of a user in, or not; if it has left meanwhile, the core is told. */
void session_opened(struct session *s, bool is_in);

/* Reads on when what held it is answered, and most of the answers are out. */
void session_let_go(struct session *s);

#endif
