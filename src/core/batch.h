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
#include "core/detail.h"
#include "core/event.h"

/* The answer to a command. */
struct reply {
    session_id session;
    enum cmd_type cmd;
    enum dialect_id dialect;
    enum dialect_id form;    // whose words it is told in
    uint32_t part;           // which command of a batch it answers; 0: of none
    enum refusal refusal;
    struct str ref;
    struct detail detail;       // what of the input was wrong
    uint64_t retry_after_ms;    // rate_limited
    struct str room_name;       // as the room spells it (or as asked for, if there is none)
    room_id room;
    user_id user;    // session_open: whose session it is; user_*: about whom; refused: as asked for
    struct str username;
    struct str mobile;
    enum role role;
    uint64_t at_ms;
    uint64_t until_ms;      // session_open: as asked for, when its credential ends; block_add: its
                            // end
    uint64_t message;       // as asked for
    bool is_on;             // user_info: connected in some dialect
    bool is_typing;         // user_info: to the one who asks
    bool is_return;         // session_open: the user had left a moment ago
    struct event *event;    // what a writing command led to; NULL if refused
};

/* A question the core has allowed. Answered by a reader straight to the session's worker (struct
 * answer). */
enum ask_kind {
    ASK_ROOM_HISTORY,
    ASK_DIRECT_HISTORY,
    ASK_LIST,
    ASK_RESUME,
    ASK_SEARCH,
    ASK_UNREAD,
    ASK_CHANGES,
    ASK_KIND_COUNT
};

struct ask {
    enum ask_kind kind;
    session_id session;
    enum dialect_id dialect;
    enum dialect_id form;    // as of a reply
    uint32_t part;
    struct str ref;
    uint64_t at_ms;    // when it was asked
    room_id room;      // 0: a dm nothing was said in yet; ASK_SEARCH: all that may be read
    struct str room_name;
    user_id user;          // who asks
    user_id other;         // the other person of a dm; LIST_TOKENS: whose
    struct str content;    // ASK_SEARCH: what is looked for
    uint64_t before;       // message id, 0: from the newest
    uint64_t after;        // message id: the oldest ones after it; 0: not asked for.
                           // ASK_CHANGES: a position, nothing up to it is asked for
    uint64_t offset;       // messages left out, from the newest back
    uint64_t after_seq;    // ASK_RESUME: what the client has had
    uint64_t limit;
    enum list_kind list_kind;
    bool is_on;    // ASK_CHANGES: those of rooms, too
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

/* What people put under a message, one row for each emoji, the one that has been there longest
 * first; at most REACTION_KINDS_MAX. */
struct reaction_count {
    struct str content;
    uint64_t count;
    bool is_mine;    // the one who asks is among them
};

/* What a reader found. */
struct message {
    message_id id;
    room_id room;
    struct str room_name;    // ASK_SEARCH, ASK_CHANGES only
    enum room_kind room_kind;
    uint64_t seq;
    user_id user;
    struct str username;
    user_id other;    // dm: to whom
    struct str content;
    struct str client_id;
    enum message_type type;
    struct str media_url;
    struct str media_type;
    uint64_t duration_ms;
    message_id reply_to;
    struct str mentions;    // "3,17"
    const struct reaction_count *reactions;
    size_t reaction_count;
    uint64_t at_ms;
    bool is_read;           // ASK_CHANGES: whoever it went to has read it
    uint64_t edited_ms;     // 0: never
    uint64_t deleted_ms;    // 0: not; a deleted message has no content
};

/* One entry of a room's change log. */
enum change_kind { CHANGE_NEW, CHANGE_EDITED, CHANGE_DELETED };

struct change {
    uint64_t position;    // grows over the whole installation
    enum change_kind kind;
    user_id by;                // who did it; not known (it is of an old version): the author
    struct str by_name;        // as it is now
    struct message message;    // as it is now
};

/* How much of a room is kept; 0: no limit. What is more goes, oldest first. */
struct keep {
    uint64_t messages;    // numbers given, deleted ones among them
    uint64_t bytes;       // of content
    uint64_t age_ms;
};

/* A row of a list: the operator's, or ASK_UNREAD's (a room, and what of it is unread). */
struct list_row {
    uint64_t id;
    struct str name;    // username, label, room name
    struct str mobile;
    enum role role;
    enum room_kind room_kind;
    bool is_private;
    uint64_t at_ms;       // created; ban: until (0: for good)
    uint64_t messages;    // room: how many; ASK_UNREAD: unread ones, not their reader's own
    user_id other;        // ASK_UNREAD, a dm: with whom; block, audit: whom it keeps from
    uint64_t mentions;    // ASK_UNREAD: unread messages that name the reader
    uint64_t read_seq;    // ASK_UNREAD: how far it is read
    uint64_t last_seq;    // ASK_UNREAD: the room's newest message
    bool has_keep;        // room: it has rules of its own
    struct keep keep;
    struct str other_name;    // block, audit: whom it keeps from; empty: everyone
    struct str actor;         // audit: who did it; empty: the operator
    struct str action;        // audit: "ban_set", ...
    struct str room;          // audit: a room's name
    struct str detail;        // audit: the new role, a token's label
    uint64_t message;         // audit: that was deleted
    uint64_t until_ms;        // block, audit; of a ban 0: for good
};

struct answer {
    struct qnode link;           // in the worker's queue
    struct arena arena;          // owns every text
    struct ask ask;              // texts copied
    enum refusal refusal;        // store_away: the store could not answer
    struct message *messages;    // oldest first; ASK_SEARCH: newest first
    size_t message_count;
    struct change *changes;    // ASK_RESUME: what was missed, oldest first
    size_t change_count;
    uint64_t last_seq;     // ASK_RESUME: the room's newest message
    uint64_t position;     // ASK_RESUME, ASK_CHANGES: how far the log was read: all up to here is
                           // in `changes`, or was in those of before
    uint64_t epoch;        // of the store: seqs mean something within one only
    uint64_t total;        // messages of the room, deleted ones not counted; ASK_CHANGES: changes
                           // that wait, those handed out here among them, up to
                           // CHANGES_WAITING_MAX
    uint64_t confirmed;    // ASK_CHANGES: the position up to which they had come before; 0: never
    bool is_far;      // ASK_CHANGES: nothing waits, but very much was passed over to know it: who
                      // confirms `position` makes the next question cheap
    bool has_more;    // there are older ones; with `after` newer ones; ASK_RESUME: later changes
    bool is_recovered;    // ASK_RESUME: nothing of this piece of what was missed is gone
    struct list_row *rows;
    size_t row_count;
};

/* Returns an owned answer to a copy of `ask`, with nothing in it yet. */
struct answer *answer_new(const struct ask *ask);
void answer_free(struct answer **a);

#endif
