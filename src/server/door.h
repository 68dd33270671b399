/* The door: HTTP, up to the moment a connection becomes a conversation.
 *
 *     request ──> routes.tbl.h ──> answered here (health, metrics, page)
 *                     └──upgrade──> origin? token? ──session_open──> core ──> 101, or a refusal
 *
 * A credential is turned into who it names here and goes no further. A refusal is an HTTP status
 * with a JSON body {"error": "..."}, or, in a dialect of browsers, said behind 101
 * (is_refused_inside).
 *
 * Thread   the session's worker. */
#ifndef PARLOIR_SERVER_DOOR_H
#define PARLOIR_SERVER_DOOR_H

#include "net/http1.h"
#include "server/session.h"

struct server;

/* Feeds bytes to a session in HEAD; returns how many were taken. */
size_t door_feed(struct session *s, uint8_t *p, size_t n);

/* The core said yes: 101, and the visit is over. The caller moves the session on. */
void door_accept(struct session *s);

/* The core said no: the refusal's HTTP status, then the end. */
void door_refuse(struct session *s, const struct reply *reply);

/* Somebody speaks TLS where it is not spoken: he is told so as TLS tells it, and it ends. */
void door_refuse_tls(struct session *s);

/* Answers with a status and a sentence, then ends the session. */
void door_turn_away(struct session *s, int status, const char *sentence);

/* A session that is LIVE brings a fresh token (cmd.detail): fills the command in with who it names,
 * or makes it the refusal that answers it. */
void door_renew(struct session *s, struct cmd *cmd);

/* Its time in HEAD is over. */
void door_on_timeout(struct session *s);

/* For who answers a request later than at its end (upload.h, download.h): a JSON body, or a file's
 * head; after the last byte of it the next request is read. */
void door_answer(struct session *s, int status, struct str extra, struct str body);
void door_answer_file(struct session *s, const struct http1_response *res);
void door_next(struct session *s);

/* The request being answered; whether its connection lives on behind the answer. */
const struct http1_request *door_request(const struct session *s);
bool door_may_go_on(const struct session *s);

/* Stops reading the request's body, and goes on with it. Not from inside a callback of the parser
 * the second. */
void door_pause(struct session *s);
void door_go_on(struct session *s);

/* Whether a request that has come whole is not answered to the end yet. */
bool door_owes_answer(const struct session *s);

/* A command of a session in HEAD was answered; what waited for its socket is out. */
void door_on_reply(struct session *s, const struct reply *reply);
void door_on_flushed(struct session *s);

/* Appends what /readyz says; returns its HTTP status. */
unsigned door_ready(struct server *server, struct buf *out);

/* Frees the visit, if there still is one. */
void door_close(struct session *s);

#endif
