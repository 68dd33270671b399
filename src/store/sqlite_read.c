/* Readers: opening, closing, and the question in hand.
 *
 * "Up to this id" is turned into "up to this seq": at once if the id is a message of the room
 * (nearly always), else by halving, through the index on (room, seq). What is asked for is mostly
 * near the newest, so the halves grow from there first. */
#include "store/sqlite.h"
#include "store/sqlite_reader.h"

#define MESSAGE_COLUMN_COUNT 15

enum err sqlite_number(sqlite3_stmt *stmt, uint64_t a, uint64_t b, uint64_t *out) {
    bool is_row;
    *out = 0;
    sql_bind_u64(stmt, 1, a);
    if (sqlite3_bind_parameter_count(stmt) > 1) {
        sql_bind_u64(stmt, 2, b);
    }
    return sql_one(stmt, &is_row, out);
}

enum err sqlite_room_facts(struct sqlite_reader *r, room_id id, struct room_facts *out) {
    sqlite3_stmt *stmt = r->stmts[QUERY_ROOM];
    bool is_row;
    *out = (struct room_facts){ .id = id };
    sql_bind_u64(stmt, 1, id.v);
    enum err err = sql_next(stmt, &is_row);
    if (err == OK && is_row) {
        out->is_there = true;
        out->kind = (enum room_kind)sql_u64(stmt, 0);
        out->dm_a = sql_u64(stmt, 1);
        out->dm_b = sql_u64(stmt, 2);
        out->deleted = sql_u64(stmt, 3);
        out->pruned_seq = sql_u64(stmt, 4);
        out->last_seq = sql_u64(stmt, 5);
        sql_done(stmt);
    }
    return err;
}

/* Goes down from the newest message in steps that grow, until one is passed whose id is at most
 * `id`. low: its id is at most `id`, or it is gone; of all after high, none is. */
static enum err narrow(struct sqlite_reader *r, const struct room_facts *room, uint64_t id,
                       uint64_t *low, uint64_t *high) {
    uint64_t found = UINT64_MAX;
    for (uint64_t step = 1; found > id && *low + step < *high; step *= 2) {
        uint64_t middle = *high - step;
        enum err err = sqlite_number(r->stmts[QUERY_ID], room->id.v, middle, &found);
        if (err != OK) {
            return err;
        }
        if (found <= id) {
            *low = middle;
        } else {
            *high = middle - 1;
        }
    }
    return OK;
}

enum err sqlite_seq_up_to(struct sqlite_reader *r, const struct room_facts *room, uint64_t id,
                          uint64_t *out) {
    uint64_t seq = 0, low = room->pruned_seq, high = room->last_seq;
    enum err err = sqlite_number(r->stmts[QUERY_SEQ], id, room->id.v, &seq);
    if (err != OK || seq != 0) {
        *out = seq;
        return err;
    }
    if ((err = narrow(r, room, id, &low, &high)) != OK) {
        return err;
    }
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2, found = 0;
        err = sqlite_number(r->stmts[QUERY_ID], room->id.v, middle, &found);
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
        .room_kind = room->kind,
        .seq = sql_u64(row, 1),
        .user.v = sql_u64(row, 2),
        .username = arena_str(arena, sql_text(row, 3)),
        .content = arena_str(arena, sql_text(row, 4)),
        .client_id = arena_str(arena, sql_text(row, 5)),
        .at_ms = sql_u64(row, 6),
        .edited_ms = sql_u64(row, 7),
        .deleted_ms = sql_u64(row, 8),
        .type = (enum message_type)sql_u64(row, 9),
        .media_url = arena_str(arena, sql_text(row, 10)),
        .media_type = arena_str(arena, sql_text(row, 11)),
        .duration_ms = sql_u64(row, 12),
        .reply_to.v = sql_u64(row, 13),
        .mentions = arena_str(arena, sql_text(row, 14)),
    };
    if (room->dm_a != 0) {
        m.other.v = m.user.v == room->dm_a ? room->dm_b : room->dm_a;
    }
    return m;
}

/* The row of a message, or of what became of one. */
static struct change change_of(sqlite3_stmt *row, const struct room_facts *room,
                               struct arena *arena) {
    struct message m = message_of(row, room, arena);
    if (sqlite3_column_count(row) == MESSAGE_COLUMN_COUNT) {
        return (struct change){ m.id.v, CHANGE_NEW, m.user, m.username, m };
    }
    return (struct change){
        .position = sql_u64(row, MESSAGE_COLUMN_COUNT),
        .kind = (enum change_kind)sql_u64(row, MESSAGE_COLUMN_COUNT + 1),
        .by.v = sql_u64(row, MESSAGE_COLUMN_COUNT + 2),
        .by_name = arena_str(arena, sql_text(row, MESSAGE_COLUMN_COUNT + 3)),
        .message = m,
    };
}

struct rows sqlite_rows(struct arena *arena, size_t limit) {
    return (struct rows){ arena, arena_alloc(arena, limit * sizeof(struct change)), 0, limit };
}

enum err sqlite_messages(sqlite3_stmt *stmt, const struct room_facts *room, uint64_t from,
                         struct rows *out) {
    bool is_row = true;
    enum err err = OK;

    sql_bind_u64(stmt, 1, room->id.v);
    sql_bind_u64(stmt, 2, from);
    sql_bind_u64(stmt, 3, out->limit);
    while (out->n < out->limit && (err = sql_next(stmt, &is_row)) == OK && is_row) {
        out->p[out->n++] = change_of(stmt, room, out->arena);
    }
    sql_done(stmt);
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
    static enum err (*const answers[ASK_KIND_COUNT])(struct sqlite_reader * r,
                                                     const struct ask *ask, struct answer *out) = {
        [ASK_ROOM_HISTORY] = sqlite_history,
        [ASK_DIRECT_HISTORY] = sqlite_history,
        [ASK_LIST] = sqlite_list,
        [ASK_RESUME] = sqlite_resume,
        [ASK_SEARCH] = sqlite_search,
        [ASK_UNREAD] = sqlite_unread,
        [ASK_CHANGES] = sqlite_waiting,
    };
    struct sqlite_reader *r = CONTAINER_OF(reader, struct sqlite_reader, base);
    CHECK(ask->kind < ASK_KIND_COUNT);
    out->epoch = r->epoch;
    enum err err = sql_step(r->stmts[QUERY_BEGIN]);
    if (err != OK || answers[ask->kind] == NULL) {
        return err == OK ? end(r, OK) : err;
    }
    return end(r, answers[ask->kind](r, ask, out));
}

static enum err changes(struct store_reader *reader, room_id room, uint64_t position, size_t limit,
                        struct change_log *out) {
    struct sqlite_reader *r = CONTAINER_OF(reader, struct sqlite_reader, base);
    struct rows rows = sqlite_rows(&out->arena, limit);
    enum err err = sql_step(r->stmts[QUERY_BEGIN]);
    if (err != OK) {
        return err;
    }
    if ((err = end(r, sqlite_changes(r, room, position, &rows))) == OK) {
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
    .upload = sqlite_upload,
    .orphans = sqlite_orphans,
    .free = reader_free,
};

enum err sqlite_reader_open(struct store *store, struct store_reader **out) {
    struct sqlite_store *s = CONTAINER_OF(store, struct sqlite_store, base);
    struct sqlite_reader *r = xzalloc(sizeof *r);
    r->base.ops = &reader_ops;
    r->epoch = s->epoch;

    enum err err = sqlite_connect(s->path, SQLITE_OPEN_READONLY, &r->db);
    if (err != OK || (err = sql_run(r->db, "PRAGMA query_only = ON")) != OK) {
        goto fail;
    }
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        if ((err = sql_prepare(r->db, sqlite_queries[i], &r->stmts[i])) != OK) {
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
