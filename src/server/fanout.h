/* Fan-out: what a batch means for the sessions of one worker.
 *
 * Encode once: an event is encoded once for each wire form present in the room, and every session
 * of that form shares the bytes. Consecutive messages to one room (a run) are encoded one after the
 * other and pushed to each session as one span: a thousand members cost a thousand pushes, however
 * many messages.
 *
 * Thread   the worker's. */
#ifndef PARLOIR_SERVER_FANOUT_H
#define PARLOIR_SERVER_FANOUT_H

#include "dialect/dialect.h"

struct batch;
struct session;
struct worker;

/* Does everything a batch asks of this worker, in order. */
void fanout_batch(struct worker *w, const struct batch *batch);

/* Seats a session in a room, and takes it out of one or of all. */
void fanout_sit(struct worker *w, struct session *s, room_id room);
void fanout_rise(struct worker *w, struct session *s, room_id room);
void fanout_rise_all(struct worker *w, struct session *s);

/* How a session looks at an event. */
enum view session_view(const struct session *s, const struct event *ev);

#endif
