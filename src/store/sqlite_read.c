/* Readers: history, the change log, lists for the operator.
 *
 * There is no index on (room, id): every message would pay for it. But within a room seq grows with
 * id and has no holes, so "up to this id" is turned into "up to this seq": at once if the id is a
 * message of the room (nearly always), else by halving, through the index on (room, seq). */
#include "store/sqlite.h"

#define MESSAGE_COLUMNS                                                                            \
    "m.id, m.seq, m.user_id, u.username, m.content, m.client_id, m.at_ms, m.edited_ms, "           \
    "m.deleted_ms"

#define MESSAGE_COLUMN_COUNT 9

enum query {
    QUERY_BEGIN,
    QUERY_END,
    QUERY_ROOM,
    QUERY_LAST,
    QUERY_SEQ,
    QUERY_ID,
    QUERY_DELETED,
    QUERY_HISTORY,
    QUERY_NEW,
    QUERY_CHANGED,
    QUERY_LIST,    // and one for each list_kind
    QUERY_COUNT = QUERY_LIST + LIST_BANS + 1,
};

/* The lists have one shape: id, name, mobile, role, kind, is_private, at_ms, messages. */
static const char *const queries[QUERY_COUNT] = {
    [QUERY_BEGIN] = "BEGIN",
    [QUERY_END] = "COMMIT",
    [QUERY_ROOM] = "SELECT dm_a, dm_b FROM rooms WHERE id = ?1 AND removed_ms IS NULL",
    [QUERY_LAST] = "SELECT max(seq) FROM messages WHERE room_id = ?1",
    [QUERY_SEQ] = "SELECT seq FROM messages WHERE id = ?1 AND room_id = ?2",
    [QUERY_ID] = "SELECT id FROM messages WHERE room_id = ?1 AND seq = ?2",
    [QUERY_DELETED] = "SELECT count(*) FROM messages WHERE room_id = ?1 AND deleted_ms IS NOT NULL",
    [QUERY_HISTORY] = "SELECT " MESSAGE_COLUMNS " FROM messages m JOIN users u ON u.id = m.user_id"
                      " WHERE m.room_id = ?1 AND m.seq <= ?2 AND m.deleted_ms IS NULL"
                      " ORDER BY m.seq DESC LIMIT ?3",
    [QUERY_NEW] = "SELECT " MESSAGE_COLUMNS " FROM messages m JOIN users u ON u.id = m.user_id"
                  " WHERE m.room_id = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3",
    [QUERY_CHANGED] = "SELECT " MESSAGE_COLUMNS ", c.position, c.kind"
                      " FROM changes c JOIN messages m ON m.id = c.message_id"
                      " JOIN users u ON u.id = m.user_id"
                      " WHERE c.room_id = ?1 AND c.position > ?2 ORDER BY c.position LIMIT ?3",
    [QUERY_LIST + LIST_USERS] = "SELECT id, username, mobile, role, 0, 0, created_ms, 0 FROM users"
                                " WHERE erased_ms IS NULL ORDER BY username LIMIT ?2",
    [QUERY_LIST + LIST_TOKENS] =
        "SELECT user_id, label, NULL, 0, 0, 0, created_ms, 0 FROM tokens WHERE user_id = ?1"
        " ORDER BY label LIMIT ?2",
    [QUERY_LIST + LIST_ROOMS] =
        "SELECT id, name, NULL, 0, kind, is_private, created_ms,"
        " (SELECT coalesce(max(seq), 0) FROM messages WHERE room_id = rooms.id) -"
        " (SELECT count(*) FROM messages WHERE room_id = rooms.id AND deleted_ms IS NOT NULL)"
        " FROM rooms WHERE removed_ms IS NULL AND kind <> 2 ORDER BY name LIMIT ?2",
    [QUERY_LIST + LIST_BANS] =
        "SELECT u.id, u.username, NULL, u.role, 0, 0, b.until_ms, 0 FROM bans b"
        " JOIN users u ON u.id = b.user_id ORDER BY u.username LIMIT ?2",
};

struct sqlite_reader {
    struct store_reader base;
    sqlite3 *db;
    sqlite3_stmt *stmts[QUERY_COUNT];
};

/* What is true of all messages of the room in hand. */
struct room_facts {
    room_id id;
    bool is_there;
    uint64_t dm_a;    // 0: not a dm
    uint64_t dm_b;
    uint64_t last_seq;
};

/* Runs a kept query for the number in its first row's first column; 0 if there is none. */
static enum err number(sqlite3_stmt *stmt, uint64_t a, uint64_t b, uint64_t *out) {
    bool is_row;
    sql_bind_u64(stmt, 1, a);
    if (sqlite3_bind_parameter_count(stmt) > 1) {
        sql_bind_u64(stmt, 2, b);
    }
    enum err err = sql_next(stmt, &is_row);
    if (err == OK) {
        *out = is_row ? sql_u64(stmt, 0) : 0;
        sql_done(stmt);
    }
    return err;
}

static enum err room_facts(struct sqlite_reader *r, room_id id, struct room_facts *out) {
    sqlite3_stmt *stmt = r->stmts[QUERY_ROOM];
    struct room_facts room = { .id = id };
    bool is_row;
    sql_bind_u64(stmt, 1, id.v);
    enum err err = sql_next(stmt, &is_row);
    if (err == OK && is_row) {
        room.is_there = true;
        room.dm_a = sql_u64(stmt, 0);
        room.dm_b = sql_u64(stmt, 1);
        sql_done(stmt);
        err = number(r->stmts[QUERY_LAST], id.v, 0, &room.last_seq);
    }
    *out = room;
    return err;
}

/* The seq of the room's last message whose id is at most `id`; 0 if there is none. */
static enum err seq_up_to(struct sqlite_reader *r, const struct room_facts *room, uint64_t id,
                          uint64_t *out) {
    uint64_t seq = 0, low = 0, high = room->last_seq;
    enum err err = number(r->stmts[QUERY_SEQ], id, room->id.v, &seq);
    if (err != OK || seq != 0) {
        *out = seq;
        return err;
    }
    while (low < high) {    // low: its id is at most `id`; what comes after high: it is not
        uint64_t middle = low + (high - low + 1) / 2, found = 0;
        err = number(r->stmts[QUERY_ID], room->id.v, middle, &found);
        if (err != OK) {
            return err;
        }
        if (found <= id) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    *out = low;
    return OK;
}

static struct message message_of(sqlite3_stmt *row, const struct room_facts *room,
                                 struct arena *arena) {
    struct message m = {
        .id.v = sql_u64(row, 0),
        .room = room->id,
        .seq = sql_u64(row, 1),
        .user.v = sql_u64(row, 2),
        .username = arena_str(arena, sql_text(row, 3)),
        .content = arena_str(arena, sql_text(row, 4)),
        .client_id = arena_str(arena, sql_text(row, 5)),
        .at_ms = sql_u64(row, 6),
        .edited_ms = sql_u64(row, 7),
        .deleted_ms = sql_u64(row, 8),
    };
    if (room->dm_a != 0) {
        m.other.v = m.user.v == room->dm_a ? room->dm_b : room->dm_a;
    }
    return m;
}

/* Rows being read: at most `limit`, in the order they come. */
struct rows {
    struct arena *arena;
    struct change *p;
    size_t n;
    size_t limit;
};

static struct rows rows_of(struct arena *arena, size_t limit) {
    return (struct rows){ arena, arena_alloc(arena, limit * sizeof(struct change)), 0, limit };
}

/* Runs a message query for a room, from a seq or position on. */
static enum err messages(sqlite3_stmt *stmt, const struct room_facts *room, uint64_t from,
                         struct rows *out) {
    bool has_position = sqlite3_column_count(stmt) > MESSAGE_COLUMN_COUNT;
    bool is_row = true;
    enum err err = OK;

    sql_bind_u64(stmt, 1, room->id.v);
    sql_bind_u64(stmt, 2, from);
    sql_bind_u64(stmt, 3, out->limit);
    while (out->n < out->limit && (err = sql_next(stmt, &is_row)) == OK && is_row) {
        struct change *c = &out->p[out->n++];
        c->message = message_of(stmt, room, out->arena);
        c->position = has_position ? sql_u64(stmt, MESSAGE_COLUMN_COUNT) : c->message.id.v;
        c->kind =
            has_position ? (enum change_kind)sql_u64(stmt, MESSAGE_COLUMN_COUNT + 1) : CHANGE_NEW;
    }
    sql_done(stmt);
    return err;
}

static enum err history_in(struct sqlite_reader *r, const struct ask *ask, struct answer *out) {
    struct room_facts room;
    uint64_t upto = 0, deleted = 0;
    size_t limit = ask->limit == 0 ? HISTORY_LIMIT_DEFAULT : MIN(ask->limit, HISTORY_LIMIT_MAX);
    enum err err;

    if ((err = room_facts(r, ask->room, &room)) != OK || !room.is_there) {
        return err;
    }
    upto = room.last_seq;
    if (ask->before != 0 && (err = seq_up_to(r, &room, ask->before - 1, &upto)) != OK) {
        return err;
    }
    struct rows rows = rows_of(&out->arena, limit + 1);
    if ((err = messages(r->stmts[QUERY_HISTORY], &room, upto, &rows)) != OK ||
        (err = number(r->stmts[QUERY_DELETED], ask->room.v, 0, &deleted)) != OK) {
        return err;
    }
    out->has_more = rows.n > limit;
    out->total = room.last_seq - deleted;
    out->message_count = MIN(rows.n, limit);
    out->messages = arena_alloc(&out->arena, out->message_count * sizeof *out->messages);
    for (size_t i = 0; i < out->message_count; i++) {
        out->messages[i] = rows.p[out->message_count - 1 - i].message;
    }
    return OK;
}

static struct list_row list_row_of(sqlite3_stmt *row, struct arena *arena) {
    return (struct list_row){
        .id = sql_u64(row, 0),
        .name = arena_str(arena, sql_text(row, 1)),
        .mobile = arena_str(arena, sql_text(row, 2)),
        .role = (enum role)sql_u64(row, 3),
        .room_kind = (enum room_kind)sql_u64(row, 4),
        .is_private = sql_u64(row, 5) != 0,
        .at_ms = sql_u64(row, 6),
        .messages = sql_u64(row, 7),
    };
}

static enum err list_in(struct sqlite_reader *r, const struct ask *ask, struct answer *out) {
    CHECK(ask->list_kind <= LIST_BANS);
    sqlite3_stmt *stmt = r->stmts[QUERY_LIST + (int)ask->list_kind];
    size_t limit = ask->limit == 0 ? LIST_ROWS_MAX : MIN(ask->limit, LIST_ROWS_MAX);
    size_t cap = 0, count = 0;
    struct list_row *rows = NULL;
    bool is_row = true;
    enum err err = OK;

    if (ask->list_kind == LIST_TOKENS) {
        sql_bind_u64(stmt, 1, ask->other.v);
    }
    sql_bind_u64(stmt, 2, limit + 1);
    while (count <= limit && (err = sql_next(stmt, &is_row)) == OK && is_row) {
        if (count == cap) {
            cap = MAX(2 * cap, 64);
            struct list_row *more = arena_alloc(&out->arena, cap * sizeof *more);
            memcpy(more, count == 0 ? more : rows, count * sizeof *more);
            rows = more;
        }
        rows[count++] = list_row_of(stmt, &out->arena);
    }
    sql_done(stmt);
    if (err == OK) {
        out->has_more = count > limit;
        out->rows = rows;
        out->row_count = MIN(count, limit);
        out->total = out->row_count;
    }
    return err;
}

/* Ends the snapshot in which everything between belongs together. */
static enum err end(struct sqlite_reader *r, enum err err) {
    if (sqlite3_get_autocommit(r->db)) {
        return err;    // a failure ended it already
    }
    enum err ended = sql_step(r->stmts[QUERY_END]);
    return err == OK ? ended : err;
}

static enum err answer(struct store_reader *reader, const struct ask *ask, struct answer *out) {
    struct sqlite_reader *r = CONTAINER_OF(reader, struct sqlite_reader, base);
    enum err err = sql_step(r->stmts[QUERY_BEGIN]);
    if (err != OK) {
        return err;
    }
    switch (ask->kind) {
    case ASK_ROOM_HISTORY:
    case ASK_DIRECT_HISTORY: err = history_in(r, ask, out); break;
    case ASK_LIST: err = list_in(r, ask, out); break;
    case ASK_RESUME:
    case ASK_SEARCH:
    case ASK_UNREAD:
    case ASK_KIND_COUNT: break;
    }
    return end(r, err);
}

/* Merges the two logs of a room, new messages and what happened to old ones, by position. */
static void merge(struct rows *out, const struct rows *a, const struct rows *b) {
    size_t i = 0, j = 0;
    while (out->n < out->limit && (i < a->n || j < b->n)) {
        bool is_a = j == b->n || (i < a->n && a->p[i].position < b->p[j].position);
        out->p[out->n++] = is_a ? a->p[i++] : b->p[j++];
    }
}

static enum err changes_in(struct sqlite_reader *r, room_id id, uint64_t position,
                           struct rows *out) {
    struct room_facts room;
    uint64_t seq = 0;
    enum err err = room_facts(r, id, &room);
    if (err != OK || !room.is_there) {
        return err;
    }
    struct rows new = rows_of(out->arena, out->limit);
    struct rows changed = rows_of(out->arena, out->limit);
    if ((err = seq_up_to(r, &room, position, &seq)) != OK ||
        (err = messages(r->stmts[QUERY_NEW], &room, seq, &new)) != OK ||
        (err = messages(r->stmts[QUERY_CHANGED], &room, position, &changed)) != OK) {
        return err;
    }
    merge(out, &new, &changed);
    return OK;
}

static enum err changes(struct store_reader *reader, room_id room, uint64_t position, size_t limit,
                        struct change_log *out) {
    struct sqlite_reader *r = CONTAINER_OF(reader, struct sqlite_reader, base);
    struct rows rows = rows_of(&out->arena, limit);
    enum err err = sql_step(r->stmts[QUERY_BEGIN]);
    if (err != OK) {
        return err;
    }
    if ((err = end(r, changes_in(r, room, position, &rows))) == OK) {
        out->changes = rows.p;
        out->count = rows.n;
    }
    return err;
}

static void reader_free(struct store_reader **reader) {
    if (*reader == NULL) {
        return;
    }
    struct sqlite_reader *r = CONTAINER_OF(*reader, struct sqlite_reader, base);
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        sql_finalize(&r->stmts[i]);
    }
    sqlite_disconnect(&r->db);
    xfree(r);
    *reader = NULL;
}

static const struct store_reader_ops reader_ops = {
    .answer = answer,
    .changes = changes,
    .free = reader_free,
};

enum err sqlite_reader_open(struct store *store, struct store_reader **out) {
    struct sqlite_store *s = CONTAINER_OF(store, struct sqlite_store, base);
    struct sqlite_reader *r = xzalloc(sizeof *r);
    r->base.ops = &reader_ops;

    enum err err = sqlite_connect(s->path, SQLITE_OPEN_READONLY, &r->db);
    if (err != OK || (err = sql_run(r->db, "PRAGMA query_only = ON")) != OK) {
        goto fail;
    }
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        if ((err = sql_prepare(r->db, queries[i], &r->stmts[i])) != OK) {
            goto fail;
        }
    }
    *out = &r->base;
    return OK;

fail:;
    struct store_reader *half = &r->base;
    reader_free(&half);
    return err;
}
