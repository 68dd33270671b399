/* The sqlite driver's readers. Private to this folder.
 *
 *     sqlite_read.c     opens, closes, answers; what of it needs no page of its own
 *     sqlite_queries.c  what is asked
 *     sqlite_history.c  a page of messages, with the reactions under them
 *     sqlite_log.c      the change log: changes, resume
 *     sqlite_waiting.c  what of it waits for somebody who asks
 *     sqlite_search.c   full text
 *     sqlite_list.c     lists, what is unread, uploads
 *
 * Each answer is of one snapshot: sqlite_read.c begins and ends it. */
#ifndef PARLOIR_STORE_SQLITE_READER_H
#define PARLOIR_STORE_SQLITE_READER_H

#include "store/sql.h"
#include "store/store.h"

enum query {
    QUERY_BEGIN,
    QUERY_END,
    QUERY_ROOM,
    QUERY_SEQ,
    QUERY_ID,
    QUERY_HISTORY,
    QUERY_AFTER,
    QUERY_DELETED,
    QUERY_DELETED_DOWN,
    QUERY_REACTIONS,
    QUERY_NEW,
    QUERY_CHANGED,
    QUERY_POSITION,
    QUERY_CURSOR,
    QUERY_WAITING_NEW,
    QUERY_WAITING_CHANGED_A,
    QUERY_WAITING_CHANGED_B,
    QUERY_DM_OF,
    QUERY_WAITING_ROOMS,
    QUERY_ROOM_NEW,
    QUERY_ROOM_CHANGED,
    QUERY_READ_SEQ,
    QUERY_USERNAME,
    QUERY_UNREAD_ROOMS,
    QUERY_UNREAD,
    QUERY_MENTIONS,
    QUERY_UPLOAD,
    QUERY_ORPHANS,
    QUERY_INDEXED,
    QUERY_UNINDEXED,
    QUERY_STALE,
    QUERY_FOUND,
    QUERY_PLACES,
    QUERY_MESSAGE,
    QUERY_ROOM_NAME,
    QUERY_LIST,    // and one for each list_kind
    QUERY_COUNT = QUERY_LIST + LIST_KIND_COUNT,
};

extern const char *const sqlite_queries[QUERY_COUNT];

struct sqlite_reader {
    struct store_reader base;
    sqlite3 *db;
    uint64_t epoch;
    sqlite3_stmt *stmts[QUERY_COUNT];
};

/* What is true of all messages of the room in hand. */
struct room_facts {
    room_id id;
    bool is_there;
    enum room_kind kind;
    uint64_t dm_a;    // 0: not a dm
    uint64_t dm_b;
    uint64_t deleted;
    uint64_t pruned_seq;
    uint64_t last_seq;
};

/* Rows being read: at most `limit`, in the order they come. */
struct rows {
    struct arena *arena;
    struct change *p;
    size_t n;
    size_t limit;
};

/* Returns an empty one with room for `limit`, in the arena. */
struct rows sqlite_rows(struct arena *arena, size_t limit);

/* Runs a message query for a room, from a seq or position on. */
enum err sqlite_messages(sqlite3_stmt *stmt, const struct room_facts *room, uint64_t from,
                         struct rows *out) MUST_USE;

/* Runs a kept query of one or two numbers for the number in its first row; 0 if there is none. */
enum err sqlite_number(sqlite3_stmt *stmt, uint64_t a, uint64_t b, uint64_t *out) MUST_USE;

/* Looks the room up; is_there is false for one that is removed, or never was. */
enum err sqlite_room_facts(struct sqlite_reader *r, room_id id, struct room_facts *out) MUST_USE;

/* The seq of the room's last message whose id is at most `id`; what was pruned counts as before any
 * id; 0 if there is none. */
enum err sqlite_seq_up_to(struct sqlite_reader *r, const struct room_facts *room, uint64_t id,
                          uint64_t *out) MUST_USE;

/* Reads the reactions under one message into it. */
enum err sqlite_reactions(struct sqlite_reader *r, const struct ask *ask, struct arena *arena,
                          struct message *m) MUST_USE;

/* The answers, inside a snapshot. */
enum err sqlite_history(struct sqlite_reader *r, const struct ask *ask, struct answer *out)
    MUST_USE;
enum err sqlite_resume(struct sqlite_reader *r, const struct ask *ask, struct answer *out) MUST_USE;
enum err sqlite_list(struct sqlite_reader *r, const struct ask *ask, struct answer *out) MUST_USE;
enum err sqlite_search(struct sqlite_reader *r, const struct ask *ask, struct answer *out) MUST_USE;
enum err sqlite_unread(struct sqlite_reader *r, const struct ask *ask, struct answer *out) MUST_USE;
enum err sqlite_waiting(struct sqlite_reader *r, const struct ask *ask, struct answer *out)
    MUST_USE;
enum err sqlite_changes(struct sqlite_reader *r, room_id id, uint64_t position, struct rows *out)
    MUST_USE;

/* The operations that are one query each. */
enum err sqlite_upload(struct store_reader *reader, struct str name, struct arena *arena,
                       struct upload *out) MUST_USE;
enum err sqlite_orphans(struct store_reader *reader, uint64_t until_ms, size_t limit,
                        struct upload_list *out) MUST_USE;

#endif
