/* A batch: everything that followed from one wake-up of the core, in order.
 *
 *      core ──fills──> store ──commits, completes──> workers ──read, then unref──> freed
 *
 * Items are replies (one for each command), events, and asks (questions for the store's readers).
 * A batch is written by one thread at a time and only read once the workers have it.
 *
 * Memory   owns its arena, and the intakes whose text its items borrow. The last unref frees it.
 * Bound    credits: a batch holds at most as many intakes as the ring admits. */
#ifndef PARLOIR_CORE_BATCH_H
#define PARLOIR_CORE_BATCH_H

#include <stdatomic.h>

#include "base/arena.h"
#include "core/event.h"

/* The answer to a command. */
struct reply {
    session_id session;
    enum cmd_type cmd;
    enum dialect_id dialect;
    enum refusal refusal;
    struct str ref;
    struct str detail;          // what of the input was wrong, may be empty
    uint64_t retry_after_ms;    // rate_limited
    struct str room_name;       // as the room spells it (or as asked for, if there is none)
    room_id room;
    user_id user;    // session_open: whose session it is; user_*: about whom
    struct str username;
    struct str mobile;
    enum role role;
    uint64_t at_ms;
    bool is_on;
    bool is_return;         // session_open: the user had left a moment ago
    struct event *event;    // what a writing command led to; NULL if refused
};

/* A question the core has allowed. Answered by a reader straight to the session's worker (struct
 * answer). */
enum ask_kind { ASK_ROOM_HISTORY, ASK_DIRECT_HISTORY, ASK_LIST };

struct ask {
    enum ask_kind kind;
    session_id session;
    enum dialect_id dialect;
    struct str ref;
    room_id room;    // 0: a dm nothing was said in yet
    struct str room_name;
    user_id user;       // who asks
    user_id other;      // the other person of a dm; LIST_TOKENS: whose
    uint64_t before;    // message id, 0: from the newest
    uint64_t limit;
    enum list_kind list_kind;
};

struct item {
    struct item *next;
    enum item_kind { ITEM_REPLY, ITEM_EVENT, ITEM_ASK } kind;
    union {
        struct reply reply;
        struct event event;
        struct ask ask;
    };
};

struct batch {
    struct qnode link;    // in the store's queue
    struct arena arena;
    struct item *first;
    struct item **last;
    struct qnode *intakes;    // owned
    size_t intake_count;      // credits to give back
    size_t kept_count;        // events the store must write; 0: nothing to commit
    size_t ask_count;
    uint64_t at_ms;       // wall clock of the wake-up
    uint64_t taken_us;    // when its oldest intake was read; the core never looks
    atomic_uint refs;
};

/* Returns an owned, empty batch with one reference. */
struct batch *batch_new(uint64_t at_ms);

/* Gives one reference back and sets *b to NULL. true: it was the last one, and the batch is
 * freed. */
bool batch_unref(struct batch **b);

/* Append an item; the returned one is zeroed but for its kind (reply: session, cmd, dialect, ref
 * and at_ms are filled from the command) and lives as long as the batch. */
struct reply *batch_reply(struct batch *b, const struct cmd *cmd);
struct event *batch_event(struct batch *b, enum event_type type);
struct ask *batch_ask(struct batch *b, const struct cmd *cmd, enum ask_kind kind);

/* Copies text into the batch. */
struct str batch_str(struct batch *b, struct str s);

#define BATCH_EACH(var, b) for (struct item *var = (b)->first; var != NULL; var = var->next)

/* What a reader found. */
struct message {
    message_id id;
    room_id room;
    uint64_t seq;
    user_id user;
    struct str username;
    user_id other;    // dm: to whom
    struct str content;
    struct str client_id;
    uint64_t at_ms;
    uint64_t edited_ms;     // 0: never
    uint64_t deleted_ms;    // 0: not; a deleted message has no content
};

/* A row of a list for the operator. */
struct list_row {
    uint64_t id;
    struct str name;    // username, label, room name
    struct str mobile;
    enum role role;
    enum room_kind room_kind;
    bool is_private;
    uint64_t at_ms;       // created; ban: until (0: for good)
    uint64_t messages;    // room
};

struct answer {
    struct qnode link;           // in the worker's queue
    struct arena arena;          // owns every text
    struct ask ask;              // texts copied
    enum refusal refusal;        // store_away: the store could not answer
    struct message *messages;    // oldest first
    size_t message_count;
    uint64_t total;    // messages of the room, deleted ones not counted
    bool has_more;     // there are older ones
    struct list_row *rows;
    size_t row_count;
};

/* Returns an owned answer to a copy of `ask`, with nothing in it yet. */
struct answer *answer_new(const struct ask *ask);
void answer_free(struct answer **a);

#endif
