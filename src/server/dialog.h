/* A dialog: a connection on which one side asks and the other answers, in turn; the server never
 * speaks first. The line protocol tchatator is spoken so, on a port of its own and, by whoever does
 * not speak HTTP, on the main one.
 *
 *      bytes ──> in ──scan──> a command ──> who asks? ──> ring ──reply, answer──> one write
 *                 ^                │                └─ nothing is new: said at once ──> one write
 *                 └── the next one is looked at when this one is answered
 *
 *    knows who asks           by                             ends by itself
 *    nobody yet               nothing                        limits.hello_ms after it came
 *    a caller                 the token of its last command  tchatator.idle_ms of silence
 *    a user, who is online    LOGIN                          the same
 *
 * A caller has no session in the core: clients that open a connection for each request are not
 * counted as so many people. A dialog is a session that is LIVE from the start.
 *
 * Thread   its session's worker.
 * Memory   owned by its session. While it is quiet it costs its struct alone; what is half received
 *          has at most DIALOG_BYTES_MAX. */
#ifndef PARLOIR_SERVER_DIALOG_H
#define PARLOIR_SERVER_DIALOG_H

#include "base/str.h"

struct answer;
struct dialog;
struct event;
struct reply;
struct session;

/* Begins one on a connection that has said nothing else yet. */
void dialog_begin(struct session *s);

/* Takes bytes as far as they can wait; returns how many. */
size_t dialog_feed(struct session *s, const uint8_t *p, size_t n);

/* Looks at what waits in line, when what was under way is answered and most of it is out. */
void dialog_go_on(struct session *s);

/* The peer has sent its end: what it has said is complete. */
void dialog_hear_end(struct session *s);

/* Whether something it has asked is not answered yet, or not written. */
bool dialog_owes_answer(const struct session *s);

/* A command of this session was answered, by the core or by a reader of the store; takes the answer
 * over if it wants to keep it (*answer is NULL then). */
void dialog_on_reply(struct session *s, const struct reply *reply);
void dialog_on_answer(struct session *s, struct answer **answer);

/* Something happened that concerns its user. */
void dialog_stir(struct session *s, const struct event *ev);

/* Its address holds too many connections: it is told so, and ends. */
void dialog_turn_away(struct session *s);

/* Nothing has come for a while, or it has lasted too long. */
void dialog_on_timer(struct session *s);

/* Frees it, and what was not answered yet. A NULL *d is fine. */
void dialog_free(struct dialog **d);

#endif
