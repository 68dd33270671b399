/* An upload: the body of a POST becomes a file, and the file a fact.
 *
 *      head ──> who is it? may it be? ──core──> file begun ──> body, piece by ──> file whole,
 *               (before a byte of the body)                    piece to the pool  synced, named
 *                                                                                   │
 *      201 and its address <──reply── core, store: has the quota room? <────────────┘
 *
 * Nothing of a body is held but the piece that is being written; while the disk works, the socket
 * is not read. What is not answered with 201 leaves no file behind.
 *
 * Thread   the session's worker; the disk's part runs on the pool.
 * Memory   owned by the visit (door.c), and only while the request lasts. */
#ifndef PARLOIR_SERVER_UPLOAD_H
#define PARLOIR_SERVER_UPLOAD_H

#include "base/str.h"

struct http1_request;
struct reply;
struct session;
struct upload_request;

/* Bytes a body may have, by the options: a form is longer than its file. */
uint64_t upload_body_max(const struct session *s, const struct http1_request *req);

/* The head of a POST has come. Answers what is refused; NULL then. Else owned, and the request is
 * paused until it is known who sends it. */
struct upload_request *upload_begin(struct session *s, const struct http1_request *req);

/* The next piece of the body; its end. */
void upload_take(struct upload_request *u, struct str piece);
void upload_end(struct upload_request *u);

/* The core has answered one of its commands. */
void upload_on_reply(struct upload_request *u, const struct reply *reply);

/* Whether all of its body has come: the answer is owed, also to a sender who has said goodbye. */
bool upload_is_whole(const struct upload_request *u);

/* Frees it and sets *u to NULL; removes what is not kept. Nothing of it may be on the pool. */
void upload_free(struct upload_request **u);

#endif
