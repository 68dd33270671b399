/* The store port. A driver keeps what the core decided and numbers it; it decides nothing else.
 *
 * Thread   commit, load, probe, epoch and free belong to one thread, the writer's; commit and load
 *          may block. backup and check may be called from any thread, while commits go on. Readers
 *          are objects of their own, one a thread, and never write; freed before the store.
 * Memory   a driver borrows a batch during commit and completes its events; text it adds goes into
 *          the batch's arena.
 *
 * Numbers: message ids come from one counter for the whole installation that only grows. Edits and
 * deletions take one too: it is the change log's position, and a message's id is the position of
 * its own arrival. seq counts a room's messages 1, 2, 3 ... without a hole. Both are given inside
 * the transaction that writes the message; a transaction that fails gives none.
 *
 * What commit completes in an event:
 *   message_posted            message, seq. If this author has used this client_id in this room
 *                             before (or earlier in the batch): is_repeat, and message, seq, at_ms
 *                             and content of the first one; nothing is written.
 *   message_edited, _deleted  room, room_name, room_kind, server, seq; in a dm `other`, the one
 *                             who is not the author. If the message is not there, or gone:
 *                             is_void and refusal message_unknown; if `user` may not alter it
 *                             (store/alter.h): is_void and that rule's refusal. The reply that
 *                             points to a void event gets that refusal.
 * Everything else is written as it is. A fact that contradicts another (a name taken twice, a
 * member of no room) is a bug of the core and ends the process. */
#ifndef PARLOIR_STORE_STORE_H
#define PARLOIR_STORE_STORE_H

#include "base/buf.h"
#include "base/err.h"
#include "core/batch.h"

struct store;
struct store_reader;

/* A piece of a change log. Zeroed is an empty one. */
struct change_log {
    struct arena arena;    // owns the changes and their texts
    struct change *changes;
    size_t count;
};

/* Gives the memory back; the log is empty and usable again. */
void change_log_fini(struct change_log *log);

#define STORE_ROOM_BYTES_MIN (1u << 20)    // with less on its disk a store is as good as full

struct store_ops {
    const char *name;    // as written in store.url: "sqlite", "memory"

    /* Hands out every kept fact the core needs, in the order users, rooms, members, bans, tokens.
     * An erased user, a removed room is handed out too, and right after it its user_erased or
     * room_removed: nobody else may ever get that id. Removed rooms come before the others, one of
     * which may have the name now. The event and its texts live until
     * on_fact returns. ERR_IO: unreadable. */
    enum err (*load)(struct store *s, void (*on_fact)(void *ctx, const struct event *ev),
                     void *ctx);

    /* Writes the whole batch or none of it. OK: it survives a power cut, and the events are
     * completed. ERR_BUSY, ERR_FULL: nothing was written; the same batch may be tried again later.
     * ERR_IO: unknown or hopeless; the process must end, the truth is on the disk. */
    enum err (*commit)(struct store *s, struct batch *batch);

    /* Whether the store could write now (tried when a commit said ERR_FULL): OK, ERR_FULL,
     * ERR_BUSY; ERR_IO as for commit. */
    enum err (*probe)(struct store *s);

    /* Bytes of room on its disk; UINT64_MAX: it has none, or does not know. Any thread. */
    uint64_t (*room)(struct store *s);

    /* Copies everything into a file that opens as a new epoch; on disk when it returns.
     * ERR_EXISTS: the file is there already. ERR_FULL, ERR_IO: no copy was made.
     * ERR_DENIED: this store has nothing to copy. */
    enum err (*backup)(struct store *s, const char *path);

    /* Looks for damage; sentences about what is wrong go into `report`. ERR_PROTO: something is. */
    enum err (*check)(struct store *s, struct buf *report);

    /* A random number, never 0, that names this history: another after a restore. */
    uint64_t (*epoch)(struct store *s);

    enum err (*reader_open)(struct store *s, struct store_reader **out);
    void (*free)(struct store **s);
};

struct store_reader_ops {
    /* Answers one question into an answer made by answer_new. Never writes.
     * History: the newest `limit` (0: HISTORY_LIMIT_DEFAULT, at most HISTORY_LIMIT_MAX) before
     * `before`, oldest first, without the deleted ones.
     * A list: at most `limit` rows (0: LIST_ROWS_MAX), by name; without erased users, removed
     * rooms and dms. A ban whose time is over is still on its list.
     * ERR_IO, ERR_BUSY: it cannot now; nothing is in `out`, and the caller says store_away. */
    enum err (*answer)(struct store_reader *r, const struct ask *ask, struct answer *out);

    /* Puts at most `limit` changes of the room after `position` into an empty log, oldest first.
     * Fewer than `limit`: there are no more. Failures as for answer. */
    enum err (*changes)(struct store_reader *r, room_id room, uint64_t position, size_t limit,
                        struct change_log *out);
    void (*free)(struct store_reader **r);
};

#define LIST_ROWS_MAX 100000

struct store {
    const struct store_ops *ops;
};

struct store_reader {
    const struct store_reader_ops *ops;
};

/* Opens the store a URL names: "sqlite:PATH" or "memory:". On failure `why` gets a sentence that
 * says what would be right. ERR_PROTO: not a URL we serve. ERR_BUSY: another process has it.
 * ERR_IO: unreadable, damaged, of somebody else, or of a newer schema. ERR_FULL: no room for
 * it. */
enum err store_open(struct str url, struct store **out, struct buf *why) MUST_USE;

/* Opens a store that is there to look at it only, beside the process that has it open, if one does:
 * load, backup, check, epoch and readers are as usual, commit and probe answer ERR_DENIED. Nothing
 * is made, locked or migrated. ERR_NOT_FOUND: there is no such file. ERR_PROTO: such a URL cannot
 * be looked at. ERR_IO: unreadable, of somebody else, or of another schema. `why` has a
 * sentence. */
enum err store_look(struct str url, struct store **out, struct buf *why) MUST_USE;

#endif
