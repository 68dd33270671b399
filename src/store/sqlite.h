/* The sqlite driver's own header. Private to this folder.
 *
 *     sqlite.c          opens, locks, closes; the table of operations
 *     sqlite_write.c    one batch, one transaction; the facts that need no thought
 *     sqlite_message.c  messages: posted, edited, deleted
 *     sqlite_body.c     what is more than a plain text: media, answers, mentions, reactions
 *     sqlite_mark.c     read marks, uploads
 *     sqlite_purge.c    the messages of removed rooms
 *     sqlite_stmts.c    the kept statements of the four
 *     sqlite_tend.c     upkeep between commits: see sqlite_tend.h
 *     sqlite_load.c     every fact, at start
 *     sqlite_reader.h   readers
 *     sqlite_admin.c    backup, check, probe
 *
 *     store ──owns──> the one connection that writes and checkpoints, its kept statements
 *     reader ──owns──> a read-only connection, its kept statements */
#ifndef PARLOIR_STORE_SQLITE_H
#define PARLOIR_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/sql.h"
#include "store/store.h"

#define SEQ_ROOMS 16384    // rooms whose last seq the writer remembers, a power of two
#define WRITE_PARAMS_MAX 12
#define WRITES_MAX 48

/* The last seq of one room, and whose dm it is, in the slot of its id. */
struct seq_slot {
    room_id room;    // 0: free
    uint64_t seq;
    user_id dm_a;    // 0: no dm
    user_id dm_b;
};

/* A kept statement for one kind of event, and which field each of its parameters is. */
struct write {
    sqlite3_stmt *stmt;
    uint8_t fields[WRITE_PARAMS_MAX];
    int field_count;
    bool must_change;
    struct write *next;    // of the same event
};

/* The kept statements that need thought; what each says is in sqlite_stmts.c. */
struct kept_stmts {
    sqlite3_stmt *post;            // a plain text, no client_id
    sqlite3_stmt *post_once;       // nothing happens if the client_id is there
    sqlite3_stmt *post_body;       // anything
    sqlite3_stmt *posted;          // the one that was there
    sqlite3_stmt *find;            // a message, its room and author
    sqlite3_stmt *blocked;         // whether one is from another
    sqlite3_stmt *note_deleted;    // by a moderator, in the audit log
    sqlite3_stmt *find_target;
    sqlite3_stmt *edit;
    sqlite3_stmt *delete;
    sqlite3_stmt *count_deleted;
    sqlite3_stmt *change;
    sqlite3_stmt *last_seq;
    sqlite3_stmt *find_reaction;
    sqlite3_stmt *reaction_kinds;    // under a message, and whether one is among them
    sqlite3_stmt *count_reaction;
    sqlite3_stmt *take_back;
    sqlite3_stmt *taken_back;
    sqlite3_stmt *mention;
    sqlite3_stmt *unmention;
    sqlite3_stmt *mentions_read;    // some of those behind a mark
    sqlite3_stmt *seq_of;
    sqlite3_stmt *id_of;
    sqlite3_stmt *read;
    sqlite3_stmt *read_seq;
    sqlite3_stmt *upload_bytes;
    sqlite3_stmt *upload_add;
    sqlite3_stmt *upload_count;
    sqlite3_stmt *upload_find;
    sqlite3_stmt *upload_show;
    sqlite3_stmt *upload_remove;
    sqlite3_stmt *purge_reads;    // some of a removed room
    sqlite3_stmt *purge_mentions;
    sqlite3_stmt *purge_taken_back;
    sqlite3_stmt *purge_log;
    sqlite3_stmt *to_purge;
};

/* A posted reaction that became a deletion in the batch in hand. */
struct turned {
    struct event *event;
    struct turned *next;
};

struct sqlite_store {
    struct store base;
    sqlite3 *db;
    char *path;
    int lock_fd;    // -1: not held
    uint64_t epoch;
    uint64_t position;        // the last one given, of message or change
    room_id purging;          // a removed room that still has messages; 0: none
    size_t void_count;        // void events of the batch in hand
    struct turned *turned;    // in the batch's arena
    int wal_pages;            // in the log, as of the last commit
    int wal_pages_checked;    // in the log when it was last checkpointed
    sqlite3_stmt *begin;
    sqlite3_stmt *commit;
    struct kept_stmts kept;
    struct write writes[WRITES_MAX];
    size_t write_count;
    struct write *by_event[EVENT_COUNT];    // first of each event; NULL: it needs thought
    struct seq_slot *seqs;                  // SEQ_ROOMS, by id
    struct tending *tending;                // owned
    bool is_tended;                         // the last slice of upkeep left some to do
};

/* Opens a connection on the database with the settings every one has, `flags` beyond those. */
enum err sqlite_connect(const char *path, int flags, sqlite3 **out) MUST_USE;
void sqlite_disconnect(sqlite3 **db);

/* sqlite_write.c: makes and drops the kept statements; the operation. */
enum err sqlite_prepare(struct sqlite_store *s) MUST_USE;
void sqlite_unprepare(struct sqlite_store *s);
enum err sqlite_commit(struct store *store, struct batch *batch) MUST_USE;

/* Ends a transaction that failed, for the reason given, which it returns; ERR_IO if even that
 * fails. Checkpoints the log if it has grown enough since the last time; ERR_IO: a sync failed. */
enum err sqlite_rollback(struct sqlite_store *s, enum err why) MUST_USE;
enum err sqlite_checkpoint_due(struct sqlite_store *s) MUST_USE;

/* sqlite_tend.c: the same for upkeep. sqlite_tend_kept: a room has other rules of retention. */
enum err sqlite_tend_prepare(struct sqlite_store *s) MUST_USE;
void sqlite_tend_finalize(struct sqlite_store *s);
enum err sqlite_tend(struct store *store, const struct tend_ask *ask, struct tend_report *out)
    MUST_USE;
void sqlite_tend_kept(struct sqlite_store *s, room_id room);

/* sqlite_stmts.c: the same for those that need thought. */
enum err sqlite_stmts_prepare(struct sqlite_store *s) MUST_USE;
void sqlite_stmts_finalize(struct sqlite_store *s);

/* Each writes one event inside the open transaction and completes it. What is changed in `s` and in
 * an event's type besides the database is undone by sqlite_forget. */
enum err sqlite_post(struct sqlite_store *s, struct batch *batch, struct event *ev) MUST_USE;
enum err sqlite_post_body(struct sqlite_store *s, struct batch *batch, struct event *ev) MUST_USE;
enum err sqlite_alter(struct sqlite_store *s, struct batch *batch, struct event *ev) MUST_USE;
enum err sqlite_read(struct sqlite_store *s, struct batch *batch, struct event *ev) MUST_USE;
enum err sqlite_upload_begin(struct sqlite_store *s, struct batch *batch, struct event *ev)
    MUST_USE;
enum err sqlite_upload_add(struct sqlite_store *s, struct batch *batch, struct event *ev) MUST_USE;
enum err sqlite_upload_remove(struct sqlite_store *s, struct batch *batch, struct event *ev)
    MUST_USE;

/* Pieces of them. sqlite_repeat: makes an event the first one of its client_id, if there is one.
 * sqlite_take_over: makes it the message that the row of `posted` or `find_reaction` tells of.
 * sqlite_void: it came to nothing; always OK. sqlite_change: edits or deletes a message that may be
 * altered. sqlite_mention: the people a message names, put down or taken away. */
enum err sqlite_repeat(struct sqlite_store *s, struct batch *batch, struct event *ev) MUST_USE;
void sqlite_take_over(struct batch *batch, struct event *ev, sqlite3_stmt *row);
enum err sqlite_void(struct sqlite_store *s, struct event *ev, enum refusal why) MUST_USE;
enum err sqlite_change(struct sqlite_store *s, struct event *ev, struct str mentions) MUST_USE;
enum err sqlite_mention(sqlite3_stmt *stmt, const struct event *ev, struct str mentions) MUST_USE;

/* The slot that holds the last seq of `room`. */
enum err sqlite_seq_slot(struct sqlite_store *s, room_id room, struct seq_slot **out) MUST_USE;

/* Whom a message is new to that `user` writes in the room of the slot; 0: nobody who would wait for
 * it, because it is no dm, or one with oneself. */
user_id sqlite_new_to(const struct seq_slot *slot, user_id user);

/* Draws the next number of the one counter. */
uint64_t sqlite_position_next(struct sqlite_store *s);

/* After a rollback: the counter is `position` again, and seqs are to be read anew. */
void sqlite_forget(struct sqlite_store *s, uint64_t position);

/* sqlite_purge.c: looks for a removed room that still has messages; deletes some of what was kept
 * about them, all of it when *is_clear. */
enum err sqlite_purge_next(struct sqlite_store *s) MUST_USE;
enum err sqlite_purge_about(struct sqlite_store *s, bool *is_clear) MUST_USE;

/* The other operations. */
enum err sqlite_load(struct store *store, void (*on_fact)(void *ctx, const struct event *ev),
                     void *ctx) MUST_USE;
enum err sqlite_probe(struct store *store) MUST_USE;
uint64_t sqlite_room(struct store *store);
enum err sqlite_backup(struct store *store, const char *path) MUST_USE;
enum err sqlite_check(struct store *store, struct buf *report) MUST_USE;
enum err sqlite_reader_open(struct store *store, struct store_reader **out) MUST_USE;

#endif
