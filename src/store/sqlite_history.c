/* A page of a room's messages.
 *
 * seq has no holes, so a page far back begins at a number that can be reckoned and not at a row
 * that must be reached by walking: the newest seq less the offset. What was deleted lies between
 * and does not count; those rows are in an index of their own. */
#include "store/sqlite_reader.h"

/* Moves down from *seq, past `count` messages that are there: past that many numbers first, then
 * past one more for each deleted message on the way. */
static enum err skip(struct sqlite_reader *r, const struct room_facts *room, uint64_t count,
                     uint64_t *seq) {
    sqlite3_stmt *deleted = r->stmts[QUERY_DELETED], *down = r->stmts[QUERY_DELETED_DOWN];
    if (count >= *seq) {
        *seq = 0;
        return OK;
    }
    uint64_t from = *seq - count, passed = 0, next = 0;
    bool is_row = true;
    sql_bind_u64(deleted, 1, room->id.v);
    sql_bind_u64(deleted, 2, from);
    sql_bind_u64(deleted, 3, *seq);
    enum err err = sql_one(deleted, &is_row, &passed);
    if (err != OK) {
        return err;
    }
    uint64_t at = from - MIN(passed, from);
    sql_bind_u64(down, 1, room->id.v);
    sql_bind_u64(down, 2, from);
    while (at > 0 && (err = sql_next(down, &is_row)) == OK && is_row) {
        next = sql_u64(down, 0);
        if (next <= at) {
            break;
        }
        at--;
    }
    sql_done(down);
    *seq = at;
    return err;
}

/* Where a page that ends with its newest message ends, and how many messages it may take. Counting
 * from the room's newest it is known how many there are; from elsewhere, one more than asked for
 * tells whether there are more. */
static enum err find_end(struct sqlite_reader *r, const struct room_facts *room,
                         const struct ask *ask, uint64_t *upto, size_t *take) {
    uint64_t total = room->last_seq - room->pruned_seq - room->deleted;
    *upto = room->last_seq;
    if (ask->before != 0) {
        enum err err = sqlite_seq_up_to(r, room, ask->before - 1, upto);
        return err == OK && ask->offset > 0 ? skip(r, room, ask->offset, upto) : err;
    }
    *take = ask->offset < total ? MIN(*take, total - ask->offset) : 0;
    return ask->offset > 0 && *take > 0 ? skip(r, room, ask->offset, upto) : OK;
}

/* Kinds of reactions, by the id of the one that began each. */
struct kinds {
    struct reaction_count p[REACTION_KINDS_MAX];
    uint64_t first[REACTION_KINDS_MAX];
    size_t n;
};

/* Puts the kind that the row tells of in its place. */
static void add_kind(struct kinds *kinds, sqlite3_stmt *row, struct arena *arena) {
    uint64_t first = sql_u64(row, 2);
    size_t at = kinds->n++;
    for (; at > 0 && kinds->first[at - 1] > first; at--) {
        kinds->p[at] = kinds->p[at - 1];
        kinds->first[at] = kinds->first[at - 1];
    }
    kinds->first[at] = first;
    kinds->p[at] = (struct reaction_count){ .content = arena_str(arena, sql_text(row, 0)),
                                            .count = sql_u64(row, 1),
                                            .is_mine = sql_u64(row, 3) != 0 };
}

/* The reactions under one message. They are few kinds, and most messages have none: putting them
 * in order here is cheaper than to have each query prepare for sorting. */
enum err sqlite_reactions(struct sqlite_reader *r, const struct ask *ask, struct arena *arena,
                          struct message *m) {
    struct kinds kinds;
    sqlite3_stmt *stmt = r->stmts[QUERY_REACTIONS];
    enum err err = OK;
    bool is_row = true;
    kinds.n = 0;
    sql_bind_u64(stmt, 1, m->id.v);
    sql_bind_u64(stmt, 2, ask->user.v);
    while (kinds.n < COUNT(kinds.p) && (err = sql_next(stmt, &is_row)) == OK && is_row) {
        add_kind(&kinds, stmt, arena);
    }
    sql_done(stmt);
    if (kinds.n > 0) {
        struct reaction_count *copy = arena_alloc(arena, kinds.n * sizeof *copy);
        memcpy(copy, kinds.p, kinds.n * sizeof *copy);
        m->reactions = copy;
        m->reaction_count = kinds.n;
    }
    return err;
}

/* Takes the first `limit` of the rows for the answer, the other way round if they came newest
 * first. */
static enum err take(struct sqlite_reader *r, const struct ask *ask, const struct rows *rows,
                     size_t limit, struct answer *out) {
    size_t count = MIN(rows->n, limit);
    enum err err = OK;
    struct message *page = arena_alloc(&out->arena, count * sizeof *page);
    for (size_t i = 0; err == OK && i < count; i++) {
        page[i] = rows->p[ask->after != 0 ? i : count - 1 - i].message;
        if (page[i].type != MESSAGE_REACTION) {
            err = sqlite_reactions(r, ask, &out->arena, &page[i]);
        }
    }
    if (err == OK) {
        out->messages = page;
        out->message_count = count;
    }
    return err;
}

enum err sqlite_history(struct sqlite_reader *r, const struct ask *ask, struct answer *out) {
    size_t limit = ask->limit == 0 ? HISTORY_LIMIT_DEFAULT : MIN(ask->limit, HISTORY_LIMIT_MAX);
    size_t most = limit + 1;
    struct room_facts room;
    uint64_t edge = 0;
    enum err err = sqlite_room_facts(r, ask->room, &room);
    if (err != OK || !room.is_there) {
        return err;
    }
    bool is_after = ask->after != 0;
    err = is_after ? sqlite_seq_up_to(r, &room, ask->after, &edge)
                   : find_end(r, &room, ask, &edge, &most);
    if (err != OK) {
        return err;
    }
    struct rows rows = sqlite_rows(&out->arena, most);
    enum query query = is_after ? QUERY_AFTER : QUERY_HISTORY;
    if (most > 0 && (err = sqlite_messages(r->stmts[query], &room, edge, &rows)) != OK) {
        return err;
    }
    out->has_more = rows.n > limit;
    out->total = room.last_seq - room.pruned_seq - room.deleted;
    return take(r, ask, &rows, limit, out);
}
