/* Upkeep of the sqlite driver. Private to this folder.
 *
 *     sqlite_tend.c     the operation: what is due, one slice, one transaction
 *     sqlite_index.c    the index of search: messages in, out, and its parts merged
 *     sqlite_prune.c    retention: what a room may not keep; removed rooms
 *
 *     store ──owns──> tending ──owns──> its kept statements, a watch for each room seen
 *
 * Thread   the writer's. */
#ifndef PARLOIR_STORE_SQLITE_TEND_H
#define PARLOIR_STORE_SQLITE_TEND_H

#include <sqlite3.h>

#include "base/map.h"
#include "core/batch.h"
#include "store/search.h"

struct sqlite_store;
struct tend_ask;
struct tend_report;

/* The kept statements; what each says is in sqlite_tend.c. */
struct tend_stmts {
    sqlite3_stmt *unindexed;    // the next messages that are in no index
    sqlite3_stmt *insert;
    sqlite3_stmt *forget;
    sqlite3_stmt *merge;
    sqlite3_stmt *set_meta;
    sqlite3_stmt *stale;    // the next message whose entry is out of date
    sqlite3_stmt *refreshed;
    sqlite3_stmt *room;    // its rules and numbers
    sqlite3_stmt *next_room;
    sqlite3_stmt *next_kept;    // one with rules of its own
    sqlite3_stmt *at_ms;
    sqlite3_stmt *sizes;    // of some messages' contents
    sqlite3_stmt *oldest;
    sqlite3_stmt *drop_message;
    sqlite3_stmt *drop_changes;
    sqlite3_stmt *drop_taken_back;
    sqlite3_stmt *pruned;
};

/* What is known of a room since the start. */
struct watch {
    room_id room;
    bool is_changed;         // and on the list of those
    struct watch *next;      // on a list
    uint64_t counted_seq;    // `bytes` is what content it has up to here; 0: not counted
    uint64_t bytes;
};

/* A room that may have something to lose. room 0: none. */
struct prune_job {
    room_id room;
    struct watch *watch;
    uint64_t seq;    // gone up to here
    uint64_t last_seq;
    uint64_t cut_seq;      // up to here all goes
    uint64_t bytes_max;    // 0: no limit
    uint64_t taken;        // in this slice
    uint64_t deleted;      // of them, were marked deleted
};

struct tending {
    struct tend_stmts stmts;
    struct buf words;    // scratch: the words of one message
    uint64_t indexed;    // the id up to which all is in the index
    unsigned flushes;    // transactions that left a part of the index behind
    bool is_merging;
    unsigned turn;         // whose it is next
    struct map watches;    // by room
    struct watch *changed;
    struct watch *looking;
    room_id sweep;    // all rooms are gone through, up to here; UINT64_MAX: done
    uint64_t look_due_ms;
    bool is_look_due;
    uint64_t sweep_due_ms;
    struct keep keep;    // the rules of the last slice
    struct prune_job job;
};

/* One slice. */
struct slice {
    struct sqlite_store *store;
    struct tending *t;
    const struct tend_ask *ask;
    struct tend_report *report;
    uint64_t until_us;
    size_t rows;
};

/* Counts a row; whether the slice has done enough. */
bool slice_is_over(struct slice *slice);

/* sqlite_index.c. Each does some of what there is, and is asked first whether there is any. */
bool index_is_due(const struct slice *slice);
enum err index_some(struct slice *slice) MUST_USE;
enum err index_refresh_some(struct slice *slice, bool *is_done) MUST_USE;
bool index_merge_is_due(const struct slice *slice);
enum err index_merge_some(struct slice *slice) MUST_USE;

/* Takes a message that is in the index out of it. */
enum err index_forget(struct tending *t, uint64_t id, room_id room, bool is_public,
                      struct str content) MUST_USE;

/* sqlite_prune.c; prune_wake takes note of the time and the rules, before anything is asked, and
 * whether the index is behind. */
void prune_wake(struct slice *slice, bool is_behind);
bool prune_is_due(const struct slice *slice);
enum err prune_some(struct slice *slice) MUST_USE;
bool purge_is_due(const struct slice *slice);
enum err purge_some(struct slice *slice) MUST_USE;

/* What was begun is forgotten: a transaction was rolled back. */
void prune_reset(struct tending *t);

/* The room has a new message; one of its messages, up to `seq`, has another length. */
void watch_changed(struct tending *t, room_id room);
void watch_resized(struct tending *t, room_id room, uint64_t seq, size_t was, size_t is);

#endif
