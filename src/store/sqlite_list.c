/* Rows: the operator's lists, what a user has not read yet, uploads. */
#include "store/sqlite_reader.h"

/* Rows of an answer, whose number is not known before. */
struct list_rows {
    struct list_row *p;
    size_t n;
    size_t cap;
};

static struct list_row *add(struct list_rows *rows, struct arena *arena) {
    if (rows->n == rows->cap) {
        rows->cap = MAX(2 * rows->cap, 64);
        struct list_row *more = arena_alloc(arena, rows->cap * sizeof *more);
        memcpy(more, rows->n == 0 ? more : rows->p, rows->n * sizeof *more);
        rows->p = more;
    }
    return &rows->p[rows->n++];
}

static void put(struct answer *out, const struct list_rows *rows, size_t limit) {
    out->has_more = rows->n > limit;
    out->rows = rows->p;
    out->row_count = MIN(rows->n, limit);
    out->total = out->row_count;
}

/* A room's own rules of retention, if the row has any. */
static void put_keep(sqlite3_stmt *row, struct list_row *out) {
    if (sqlite3_column_count(row) > 8 && sqlite3_column_type(row, 8) != SQLITE_NULL) {
        out->has_keep = true;
        out->keep = (struct keep){ sql_u64(row, 8), sql_u64(row, 9), sql_u64(row, 10) };
    }
}

static struct list_row list_row_of(sqlite3_stmt *row, struct arena *arena) {
    struct list_row out = {
        .id = sql_u64(row, 0),
        .name = arena_str(arena, sql_text(row, 1)),
        .mobile = arena_str(arena, sql_text(row, 2)),
        .role = (enum role)sql_u64(row, 3),
        .room_kind = (enum room_kind)sql_u64(row, 4),
        .is_private = sql_u64(row, 5) != 0,
        .at_ms = sql_u64(row, 6),
        .messages = sql_u64(row, 7),
    };
    put_keep(row, &out);
    return out;
}

/* A block; or a row of the audit log, which has more. */
static struct list_row decision_of(sqlite3_stmt *row, bool is_audit, struct arena *arena) {
    struct list_row out = {
        .id = sql_u64(row, 0),
        .name = arena_str(arena, sql_text(row, 1)),
        .other = { sql_u64(row, 2) },
        .other_name = arena_str(arena, sql_text(row, 3)),
        .until_ms = sql_u64(row, 4),
    };
    if (is_audit) {
        out.at_ms = sql_u64(row, 5);
        out.actor = arena_str(arena, sql_text(row, 6));
        out.action = arena_str(arena, sql_text(row, 7));
        out.room = arena_str(arena, sql_text(row, 8));
        out.detail = arena_str(arena, sql_text(row, 9));
        out.message = sql_u64(row, 10);
    }
    return out;
}

enum err sqlite_list(struct sqlite_reader *r, const struct ask *ask, struct answer *out) {
    CHECK(ask->list_kind < LIST_KIND_COUNT);
    bool is_audit = ask->list_kind == LIST_AUDIT;
    bool is_decision = is_audit || ask->list_kind == LIST_BLOCKS;
    sqlite3_stmt *stmt = r->stmts[QUERY_LIST + (int)ask->list_kind];
    size_t limit = ask->limit == 0 ? LIST_ROWS_MAX : MIN(ask->limit, LIST_ROWS_MAX);
    struct list_rows rows = { 0 };
    bool is_row = true;
    enum err err = OK;

    if (ask->list_kind == LIST_TOKENS || is_audit) {
        sql_bind_u64(stmt, 1, ask->other.v);
    } else if (ask->list_kind == LIST_BLOCKS) {
        sql_bind_u64(stmt, 1, ask->at_ms);
    }
    sql_bind_u64(stmt, 2, limit + 1);
    while (rows.n <= limit && (err = sql_next(stmt, &is_row)) == OK && is_row) {
        *add(&rows, &out->arena) =
            is_decision ? decision_of(stmt, is_audit, &out->arena) : list_row_of(stmt, &out->arena);
    }
    sql_done(stmt);
    if (err == OK) {
        put(out, &rows, limit);
    }
    return err;
}

/* ---- what is unread */

/* Counts what of a room's messages, or of those that name the user, is beyond the mark. */
static enum err count_beyond(sqlite3_stmt *stmt, uint64_t room, uint64_t seq, user_id user,
                             uint64_t *out) {
    bool is_row;
    sql_bind_u64(stmt, 1, room);
    sql_bind_u64(stmt, 2, seq);
    sql_bind_u64(stmt, 3, user.v);
    return sql_one(stmt, &is_row, out);
}

/* What a row of the user's rooms says, with its counts. */
static enum err unread_row(struct sqlite_reader *r, user_id user, sqlite3_stmt *of,
                           struct list_row *out) {
    struct list_row row = {
        .id = sql_u64(of, 0),
        .room_kind = (enum room_kind)sql_u64(of, 2),
        .is_private = sql_u64(of, 3) != 0,
        .other = { sql_u64(of, 4) },
        .read_seq = sql_u64(of, 5),
        .last_seq = sql_u64(of, 7),
    };
    uint64_t first = row.last_seq - MIN(row.last_seq, UNREAD_LOOK_MAX);
    uint64_t seq = MAX(row.read_seq, sql_u64(of, 6));
    enum err err =
        count_beyond(r->stmts[QUERY_UNREAD], row.id, MAX(seq, first), user, &row.messages);
    if (err == OK) {
        err = count_beyond(r->stmts[QUERY_MENTIONS], row.id, seq, user, &row.mentions);
    }
    *out = row;
    return err;
}

enum err sqlite_unread(struct sqlite_reader *r, const struct ask *ask, struct answer *out) {
    sqlite3_stmt *stmt = r->stmts[QUERY_UNREAD_ROOMS];
    size_t limit = ask->limit == 0 ? UNREAD_ROWS_MAX : MIN(ask->limit, UNREAD_ROWS_MAX);
    struct list_rows rows = { 0 };
    struct list_row row;
    bool is_row = true;
    enum err err = OK;

    sql_bind_u64(stmt, 1, ask->user.v);
    while (rows.n <= limit && (err = sql_next(stmt, &is_row)) == OK && is_row &&
           (err = unread_row(r, ask->user, stmt, &row)) == OK) {
        bool has_mark = row.read_seq != 0;
        if (has_mark || row.messages > 0) {
            row.name = arena_str(&out->arena, sql_text(stmt, 1));
            *add(&rows, &out->arena) = row;
        }
    }
    sql_done(stmt);
    if (err == OK) {
        put(out, &rows, limit);
    }
    return err;
}

/* ---- uploads */

static struct upload upload_of(sqlite3_stmt *row, struct arena *arena) {
    return (struct upload){ .name = arena_str(arena, sql_text(row, 0)),
                            .user.v = sql_u64(row, 1),
                            .media_type = arena_str(arena, sql_text(row, 2)),
                            .bytes = sql_u64(row, 3),
                            .at_ms = sql_u64(row, 4) };
}

enum err sqlite_upload(struct store_reader *reader, struct str name, struct arena *arena,
                       struct upload *out) {
    sqlite3_stmt *stmt = CONTAINER_OF(reader, struct sqlite_reader, base)->stmts[QUERY_UPLOAD];
    bool is_row;
    sql_bind_text(stmt, 1, name);
    enum err err = sql_next(stmt, &is_row);
    if (err == OK && is_row) {
        *out = upload_of(stmt, arena);
        sql_done(stmt);
    }
    return err == OK && !is_row ? ERR_NOT_FOUND : err;
}

enum err sqlite_orphans(struct store_reader *reader, uint64_t until_ms, size_t limit,
                        struct upload_list *out) {
    sqlite3_stmt *stmt = CONTAINER_OF(reader, struct sqlite_reader, base)->stmts[QUERY_ORPHANS];
    bool is_row = true;
    enum err err = OK;
    struct upload *uploads = arena_alloc(&out->arena, limit * sizeof *uploads);
    size_t count = 0;
    sql_bind_u64(stmt, 1, until_ms);
    sql_bind_u64(stmt, 2, limit);
    while (count < limit && (err = sql_next(stmt, &is_row)) == OK && is_row) {
        uploads[count++] = upload_of(stmt, &out->arena);
    }
    sql_done(stmt);
    if (err == OK) {
        out->uploads = uploads;
        out->count = count;
    }
    return err;
}
