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
 *                             before (or earlier in the batch): is_repeat, and all that the first
 *                             one is made of; nothing is written. If that one was deleted since:
 *                             void, message_unknown, and message is its id; but a repeat, if
 *                             nobody is to be told (store/repeat.h). Else, if reply_to is not a
 *                             message of the room that is there, or is a reaction: void,
 *                             message_unknown; if media_url is /uploads/NAME and there is no such
 *                             upload: void, upload_unknown.
 *   a reaction posted         one of each emoji from each person under a message. If his is there:
 *                             TOGGLE and REMOVE make the event a message_deleted of it (message,
 *                             seq, position; the rest stays as it is), ADD makes it a repeat of it.
 *                             If it is not: REMOVE is void, message_unknown. A client_id that took
 *                             one back does nothing again: a message_deleted, is_repeat. One more
 *                             kind than REACTION_KINDS_MAX: void, too_many_reactions.
 *   message_edited, _deleted  room, room_name, room_kind, server, seq, position, message_type,
 *                             reply_to; in a dm `other`, who is not the author, and the author,
 *                             who is not `user`; content of a reaction. If it is not there, or
 *                             gone: void, message_unknown; if `user` may not alter it: alter.h.
 *   read_changed              seq; for message 0, the room's newest, message as well. If the mark
 *                             is there already or beyond: is_repeat, and seq is the mark's (0:
 *                             none). Not a message of the room: void, message_unknown.
 *   changes_confirmed         nothing. The user's cursor moves up to position, never back, nor
 *                             beyond the last number given.
 *   upload_begun              If the user's uploads, and one of so many bytes, would weigh more
 *                             than quota_bytes (not 0): void, quota_full. Nothing is written.
 *   upload_added              If there is one of that name: is_repeat. Else as upload_begun.
 *   upload_removed            If there is none: void, upload_unknown. If a message shows it: void,
 *                             forbidden.
 *
 * The audit log: in the transaction of what it tells of, a row for each user_changed that changes
 * the role, user_erased, token_added and _revoked, ban_ and block_set and _lifted, room_removed,
 * and for each message_deleted by somebody who is not its author; its action is "role_changed", or
 * the event's name. The AUDIT_ROWS_MAX that were written last are kept. decision_noted is such a
 * row from another place, and written once: not if one like it is there.
 *
 * Void: is_void and a refusal, which the reply that points to the event gets as well; nothing is
 * written and no number drawn. What a try that failed has set in an event is set anew by the next.
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

/* A file somebody sent; a message shows it as /uploads/<name>. */
struct upload {
    struct str name;
    user_id user;
    struct str media_type;
    uint64_t bytes;
    uint64_t at_ms;    // when it was added
};

/* What a file of so many bytes weighs in its owner's quota: who sends a million files of a byte
 * uses up a million inodes and rows. users.upload_bytes is a sum of these: another minimum needs a
 * migration. */
static inline uint64_t upload_weight(uint64_t bytes) {
    return MAX(bytes, UPLOAD_WEIGHT_BYTES_MIN);
}

/* Some of them. Zeroed is an empty one. */
struct upload_list {
    struct arena arena;    // owns the uploads and their texts
    struct upload *uploads;
    size_t count;
};

/* Gives the memory back; the list is empty and usable again. */
void upload_list_fini(struct upload_list *list);

/* What a slice of upkeep is to go by. */
struct tend_ask {
    struct keep keep;      // of the rooms that have no rules of their own
    uint64_t now_ms;       // wall clock
    uint64_t budget_us;    // how long it may take, more or less
};

/* What it did. */
struct tend_report {
    bool has_more;          // another slice would find something to do
    room_id pruned_room;    // of what it took, if it took anything
    uint64_t pruned;        // messages
    uint64_t unindexed;     // messages that search must read one by one, about
};

#define STORE_LOOK_MS 60000    // between two looks at what a room has to lose

#define STORE_ROOM_BYTES_MIN (1u << 20)    // with less on its disk a store is as good as full

struct store_ops {
    const char *name;    // as written in store.url: "sqlite", "memory"

    /* Hands out every kept fact the core needs, in the order users, rooms, their rules of what they
     * keep, members, bans, blocks, tokens.
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

    /* Does a slice of the upkeep that commits leave behind: brings the index of search up to date,
     * takes what rooms may not keep, clears away removed rooms. What is left is right after any
     * slice, or after a slice that a power cut took back. A room that has changed is looked at
     * STORE_LOOK_MS after the last look, at once after a start and when the rules changed; by age,
     * every room now and then. Not two at once, not beside commit.
     * ERR_BUSY, ERR_FULL: nothing was done; later. ERR_IO as for commit. */
    enum err (*tend)(struct store *s, const struct tend_ask *ask, struct tend_report *out);

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
    /* Answers one question into an answer made by answer_new, as of one moment. Never writes. Every
     * answer has the epoch.
     * History: the newest `limit` (0: HISTORY_LIMIT_DEFAULT, at most HISTORY_LIMIT_MAX), or with
     * `before` the newest before it, `offset` of them left out; with `after` the oldest after it.
     * Oldest first, without the deleted ones; with the reactions under each, the kind that has been
     * there longest first.
     * Resume: the changes after message `after_seq`, or after the position `after` if that is not
     * 0, at most `limit` (0, at most: RESUME_CHANGES_MAX). Of this room's changes those up to
     * answer.position, and no others, are in this answer and those before it. An `after_seq` the
     * room has not reached: nothing, and not recovered. What retention took is not recovered, which
     * each answer says of its own piece; what is left is handed out all the same. An edit of what
     * has been taken is no loss.
     * Unread: by name, at most `limit` (0, at most: UNREAD_ROWS_MAX) rooms that ask.user may read
     * and has a mark in or something unread, if it is a dm of his or he is named in it. Messages
     * that are not his own, no reactions, not deleted; at most UNREAD_COUNT_MAX are counted, and
     * only among the room's newest UNREAD_LOOK_MAX.
     * Search: the newest `limit` (as for history) before `before` that have all words of
     * ask.content (store/search.h), newest first, out of ask.room or, if that is 0, out of all
     * rooms ask.user may read; as a history has them, with the room's name. Whether they are in the
     * index yet makes no difference, but after an upgrade, while it is built. At most
     * SEARCH_CANDIDATES_MAX messages are looked at; has_more is set if that was not enough.
     * Changes: what is new for ask.user, at most `limit` (0, at most: CHANGES_PAGE_MAX) changes and
     * CHANGES_BYTES_MAX of contents, but one if there is one; oldest first, out of all his dms and,
     * with is_on, the rooms that he may read and is a member of or has a mark in. Those that others
     * did after his cursor, or after the position `after` if that is beyond it: messages, edits and
     * deletions, no reactions. A message as it is now, is_read whether `other` (in a room: he
     * himself) has a mark there or beyond; so an edit comes as often as it was made. A message that
     * is gone comes only as its deletion; one that retention took, not at all. total: how many
     * wait, those here among them, CHANGES_WAITING_MAX or less. confirmed: the cursor. Up to
     * answer.position all is in this answer or waits for nobody, and may be confirmed; without
     * has_more that is the end of the log. An answer may have more to come though it is not full,
     * but is empty only if nothing waits; is_far then says that its position is worth confirming.
     * Its cost grows neither with how many wait, nor with what was said in dms otherwise.
     * A list: at most `limit` rows (0: LIST_ROWS_MAX), by name; without erased users, removed
     * rooms and dms. A ban whose time is over is still on its list; a block that has ended by
     * ask.at_ms is not. The audit log: the newest first, with the names there are now; of ask.other
     * (not 0) what is about or by that user.
     * ERR_IO, ERR_BUSY: it cannot now; nothing is in `out`, and the caller says store_away. */
    enum err (*answer)(struct store_reader *r, const struct ask *ask, struct answer *out);

    /* Puts at most `limit` changes of the room after `position` into an empty log, oldest first.
     * Fewer than `limit`: there are no more. Failures as for answer. */
    enum err (*changes)(struct store_reader *r, room_id room, uint64_t position, size_t limit,
                        struct change_log *out);

    /* Finds one upload; its texts go into the arena. ERR_NOT_FOUND: there is none of that name.
     * Other failures as for answer. */
    enum err (*upload)(struct store_reader *r, struct str name, struct arena *arena,
                       struct upload *out);

    /* Puts at most `limit` uploads that were added before `until_ms` and that no message shows into
     * an empty list, oldest first. Failures as for answer. */
    enum err (*orphans)(struct store_reader *r, uint64_t until_ms, size_t limit,
                        struct upload_list *out);
    void (*free)(struct store_reader **r);
};

#define LIST_ROWS_MAX 100000
#define UNREAD_ROWS_MAX 1000     // rooms
#define UNREAD_COUNT_MAX 1000    // messages, and mentions, of one room
#define UNREAD_LOOK_MAX 10000    // messages of one room that are looked at

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
 * load, backup, check, epoch and readers are as usual, commit, tend and probe answer ERR_DENIED.
 * Nothing is made, locked or migrated. ERR_NOT_FOUND: there is no such file. ERR_PROTO: such a URL
 * cannot be looked at. ERR_IO: unreadable, of somebody else, or of another schema. `why` has a
 * sentence. */
enum err store_look(struct str url, struct store **out, struct buf *why) MUST_USE;

#endif
