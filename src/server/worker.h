/* A worker: one thread, one loop, its share of the connections, and its part of every room.
 *
 *     listeners ──> sessions ──intakes──> ring
 *     sockets <── dirty lists <── outboxes <── fan-out <── inbox <──batches──┘
 *
 * In one turn of the loop sockets are read, batches are taken and fanned out into outboxes; at the
 * end of the turn every session with something waiting gets one write. A turn flushes so many
 * sessions at most, those of short fan-outs first, so that a room of ten thousand neither starves
 * nor delays the rooms of ten; what is not flushed yet keeps gathering, and leaves later in the
 * same single write. What a turn has read goes into the ring in one push at its end: the busier the
 * worker, the more a commit carries.
 *
 * A batch is released, and its credits come back, when everything it made dirty has been visited:
 * senders are thereby held to the pace of delivery.
 *
 * Thread   created by the server, then its own; worker_deliver, worker_answer and worker_poke come
 *          from others.
 * Memory   owns its sessions, rooms and spools. */
#ifndef PARLOIR_SERVER_WORKER_H
#define PARLOIR_SERVER_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "auth/jwt.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/queue.h"
#include "config/config.h"
#include "dialect/dialect.h"
#include "net/deflate.h"
#include "net/listener.h"
#include "server/session.h"
#include "server/spool.h"

#define FLUSH_SHORT 1024                      // sessions of short fan-outs written to in one turn
#define FLUSH_LONG 128                        // and of long ones, for which others do not wait
#define BULK_SEATS_MIN 64                     // a fan-out to more than this is a long one
#define PROBE_MS 1000                         // how often the loop's lag is looked at
#define RUN_MAX 64                            // messages to one room that are fanned out together
#define WIRE_FORMS (2 * DIALECT_COUNT)        // a dialect, plain or deflated
#define SCRATCH_BYTES_MAX (16u << 20)         // one encoded message, the operator's lists included
#define ANSWER_BYTES_PER_TURN (128u << 10)    // of answers encoded before others have their turn
#define DEFLATE_BYTES_MAX                                                                          \
    65536                        // longer ones neither: packing them would keep the others waiting
#define DEFLATE_BYTES_MIN 256    // shorter messages are not compressed
#define DEFLATE_LEVEL 6
#define MESSAGE_FRAMES_MAX 1024      // fragments of one message
#define SHRINK_BYTES (256u << 10)    // a scratch buffer larger than this is given back

struct intake;
struct server;

/* A room, as far as this worker's sessions follow it. */
struct room_here {
    room_id id;
    struct session **seats;
    uint32_t seat_count;
    uint32_t seat_cap;
    uint32_t form_count[WIRE_FORMS];    // seats of each wire form
};

/* A listener and what it is for. */
struct entrance {
    struct listener listener;
    struct worker *worker;
    enum entrance_kind { ENTRANCE_HTTP, ENTRANCE_HUB, ENTRANCE_TCHATATOR, ENTRANCE_OPERATOR } kind;
    bool is_tls;
};

#define ENTRANCES_MAX (3 * CONFIG_LIST_MAX + 1)    // the three lists, and the control socket

struct worker {
    struct loop loop;
    struct server *server;        // borrowed
    struct settings *settings;    // borrowed; the configuration it goes by, until poked
    _Atomic(struct settings *) settings_seen;    // the same, for the server to look at
    unsigned index;
    pthread_t thread;
    struct queue inbox;    // struct letter: batches that are through
    struct queue answers;
    struct qlist unsaid;        // struct answer: those taken and not said yet
    struct qlist intakes;       // of this turn, for the ring
    atomic_bool is_poked;       // reload or drain: look at the server's flags
    atomic_bool has_credits;    // credits came back

    struct entrance entrances[ENTRANCES_MAX];
    size_t entrance_count;

    struct slab session_slab;
    struct session **slots;    // by the slot in a session's id
    uint32_t *generations;
    uint32_t slot_count;
    uint32_t slot_cap;
    uint32_t *free_slots;    // as many as slot_cap
    uint32_t free_count;
    struct list sessions[SESSION_STATE_COUNT];
    session_id *starved;    // owned; sessions that wait for credits, in the order they stopped
    size_t starved_count;
    size_t starved_cap;
    struct map rooms;    // room id -> struct room_here

    struct list dirty[2];    // short fan-outs and answers; long fan-outs
    uint64_t dirtied[2];     // sessions ever put on each list
    uint64_t visited[2];
    struct list unreleased;    // struct letter: batches whose fan-out is not out yet

    size_t fed_bytes;        // of messages, unpacked, in what is now being fed
    size_t backlog_bytes;    // waiting for sessions whose sockets are full
    uint64_t position;       // of the log: batches have told everything up to here
    unsigned told;           // BIT() of each dialect told a message in this batch
    struct spool spools[WIRE_FORMS];
    struct spool own_spool;    // frames for one session
    struct buf scratch;        // a message being encoded
    struct buf head;           // its frame header, or the frame deflated
    struct decode_scratch decode;
    struct arena arena;    // one request's
    struct jwt_verifier *verifier;
    struct ws_shared ws_shared;
    struct deflater *deflater;

    struct timer probe;    // looks how late the loop is

    bool is_draining;
};

/* Prepares a worker; ERR_IO, ERR_FULL: the system has no descriptors for it. */
enum err worker_init(struct worker *w, struct server *server, unsigned index) MUST_USE;

/* Adds a listening descriptor before the start. */
enum err worker_add_entrance(struct worker *w, int fd, enum entrance_kind kind, bool is_tls)
    MUST_USE;

/* Runs its loop on a thread of its own. */
void worker_start(struct worker *w);

/* Waits for the end of that thread, which comes after a drain. */
void worker_join(struct worker *w);

/* Frees what it owns; its thread has ended or was never started. */
void worker_fini(struct worker *w);

/* From other threads. worker_deliver: a batch is through. worker_answer takes the answer over. */
void worker_deliver(struct worker *w, struct batch *batch);
void worker_answer(struct worker *w, struct answer *answer);
void worker_poke(struct worker *w);
void worker_give_credits(struct worker *w);

/* Called in a turn: at its end the intake, which is taken over, goes into the ring with the
 * others. */
void worker_push(struct worker *w, struct intake *intake);

/* The session of an id, NULL if it is not this worker's or gone. */
struct session *worker_session(struct worker *w, session_id id);

/* Which worker a session's id belongs to. */
static inline unsigned worker_of_session(session_id id) {
    return (unsigned)(id.v >> 56) - 1;
}

/* Registers a new session and gives it its id; takes it out again. */
void worker_adopt(struct worker *w, struct session *s);
void worker_bury(struct worker *w, struct session *s);

/* Puts a session on the list of those to be written to. */
void worker_dirty(struct worker *w, struct session *s, bool is_bulk);

/* Takes it off that list. */
void worker_clean(struct worker *w, struct session *s);

/* Notes that a session is not read until credits come back; harmless when it is noted. */
void worker_starve(struct worker *w, struct session *s);

/* Frames a message for sessions like this one. The span is borrowed from the spool. */
struct span worker_frame(struct worker *w, struct spool *spool, const struct session *like,
                         struct str message);

/* What an encoder left in the scratch; that it fits is the encoders' promise. */
static inline struct str worker_said(const struct worker *w) {
    CHECK(buf_ok(&w->scratch));
    return buf_str(&w->scratch);
}

/* The wire form a session speaks: its dialect, plain or deflated. */
static inline unsigned wire_form(const struct session *s) {
    return 2 * (unsigned)s->dialect->id + s->is_deflating;
}

#endif
