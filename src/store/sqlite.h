/* The sqlite driver's own header. Private to this folder.
 *
 *     sqlite.c          opens, locks, closes; the table of operations
 *     sqlite_write.c    one batch, one transaction; the facts that need no thought
 *     sqlite_message.c  messages: posted, edited, deleted
 *     sqlite_load.c     every fact, at start
 *     sqlite_read.c     readers: history, changes, lists
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
#define WRITES_MAX 32

/* The last seq of one room, in the slot of its id. */
struct seq_slot {
    room_id room;    // 0: free
    uint64_t seq;
};

/* A kept statement for one kind of event, and which field each of its parameters is. */
struct write {
    sqlite3_stmt *stmt;
    uint8_t fields[WRITE_PARAMS_MAX];
    int field_count;
    bool must_change;
    struct write *next;    // of the same event
};

/* The kept statements about messages. */
struct message_stmts {
    sqlite3_stmt *post;         // no client_id
    sqlite3_stmt *post_once;    // nothing happens if the client_id is there
    sqlite3_stmt *posted;       // the one that was there
    sqlite3_stmt *find;         // a message, its room and author
    sqlite3_stmt *edit;
    sqlite3_stmt *delete;
    sqlite3_stmt *change;
    sqlite3_stmt *last_seq;
    sqlite3_stmt *purge;    // some messages of a removed room
    sqlite3_stmt *purge_log;
    sqlite3_stmt *to_purge;
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
    int wal_pages;            // in the log, as of the last commit
    int wal_pages_checked;    // in the log when it was last checkpointed
    sqlite3_stmt *begin;
    sqlite3_stmt *commit;
    struct message_stmts messages;
    struct write writes[WRITES_MAX];
    size_t write_count;
    struct write
        *by_event[EVENT_COUNT];    // first of each event; NULL: written by sqlite_message.c
    struct seq_slot *seqs;         // SEQ_ROOMS, by id
};

/* Opens a connection on the database with the settings every one has, `flags` beyond those. */
enum err sqlite_connect(const char *path, int flags, sqlite3 **out) MUST_USE;
void sqlite_disconnect(sqlite3 **db);

/* sqlite_write.c: makes and drops the kept statements; the operation. */
enum err sqlite_prepare(struct sqlite_store *s) MUST_USE;
void sqlite_unprepare(struct sqlite_store *s);
enum err sqlite_commit(struct store *store, struct batch *batch) MUST_USE;

/* sqlite_message.c: the same for messages. A message event is written inside the open transaction;
 * what it changed in `s` besides the database is undone by sqlite_forget. */
enum err sqlite_message_prepare(struct sqlite_store *s) MUST_USE;
void sqlite_message_unprepare(struct sqlite_store *s);
enum err sqlite_post(struct sqlite_store *s, struct batch *batch, struct event *ev) MUST_USE;
enum err sqlite_alter(struct sqlite_store *s, struct batch *batch, struct event *ev) MUST_USE;

/* Deletes some more of the messages of a removed room, if there is one. */
enum err sqlite_purge_some(struct sqlite_store *s) MUST_USE;

/* Draws the next number of the one counter. */
uint64_t sqlite_position_next(struct sqlite_store *s);

/* After a rollback: the counter is `position` again, and seqs are to be read anew. */
void sqlite_forget(struct sqlite_store *s, uint64_t position);

/* The other operations. */
enum err sqlite_load(struct store *store, void (*on_fact)(void *ctx, const struct event *ev),
                     void *ctx) MUST_USE;
enum err sqlite_probe(struct store *store) MUST_USE;
uint64_t sqlite_room(struct store *store);
enum err sqlite_backup(struct store *store, const char *path) MUST_USE;
enum err sqlite_check(struct store *store, struct buf *report) MUST_USE;
enum err sqlite_reader_open(struct store *store, struct store_reader **out) MUST_USE;

#endif
