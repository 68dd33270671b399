/* Changes that wait for somebody who asks for them.
 *
 * First it is found which (store/waiting.h), by rows without texts; the page is fetched then.
 *
 *     to him in dms    three indexes that hold what waits and nothing else: however many dms he
 *     has,
 *                      and however much he said in them himself, nothing of it is looked at
 *     rooms            each of his that has something new, from its oldest new row on
 *
 * Of a room only so many rows are looked at: one in which he alone has spoken for long would cost
 * every question all of it. Where such a look ends the page ends, and what is beyond is asked for
 * with the next one; but an answer with nothing in it goes on by itself until there is something,
 * so that nobody who is told "nothing yet" waits for ever. It is then said to be far
 * (answer.is_far): its position is worth confirming, so that the next question need not pass all
 * that again.
 *
 *     dms    ·····cursor──x──x─────x──────────x────────
 *     room   ·····cursor──o──o──o──o──o──┤ look ends: `until`
 *     room   ·····cursor─────x───────────── ─ ─x─ ─ ─     x waits; o does not: his own */
#include "store/sqlite_reader.h"
#include "store/waiting.h"

#define LOOK_ROWS 2000    // of one query: more than the page and the count could ask for
_Static_assert(LOOK_ROWS > CHANGES_WAITING_MAX + CHANGES_PAGE_MAX, "a look is cut short");

/* One question. */
struct look {
    struct sqlite_reader *r;
    struct arena *arena;
    struct waiting_page page;
    uint64_t after;    // what is up to here has come, or does not wait
    size_t rounds;
};

/* Offers the rows of a query for `of`, in the log's order. Columns: position, who did it (0: the
 * message's author, another than who asks), type, is_deleted, message, kind; a query for new
 * messages ends sooner. */
static enum err offer_rows(struct look *look, enum query query, uint64_t of, uint64_t from,
                           const struct room_facts *room) {
    sqlite3_stmt *row = look->r->stmts[query];
    int columns = sqlite3_column_count(row);
    bool is_row = true;
    size_t rows = 0;
    struct waiting w = { .place = room };
    enum err err = OK;
    sql_bind_u64(row, 1, of);
    sql_bind_u64(row, 2, from);
    sql_bind_u64(row, 3, LOOK_ROWS + 1);
    while ((err = sql_next(row, &is_row)) == OK && is_row) {
        if (rows++ == LOOK_ROWS) {
            waiting_stop(&look->page, w.position);
            break;
        }
        w.position = sql_u64(row, 0);
        if (waiting_is_done(&look->page, w.position)) {
            break;
        }
        w.by.v = columns > 1 ? sql_u64(row, 1) : 0;
        w.message.v = columns > 4 ? sql_u64(row, 4) : w.position;
        w.kind = columns > 4 ? (enum change_kind)sql_u64(row, 5) : CHANGE_NEW;
        waiting_offer(&look->page, &w,
                      columns > 1 ? (enum message_type)sql_u64(row, 2) : MESSAGE_TEXT,
                      columns > 1 && sql_u64(row, 3) != 0);
    }
    sql_done(row);
    return err;
}

static enum err find_in_dms(struct look *look, user_id user) {
    static const enum query queries[] = { QUERY_WAITING_NEW, QUERY_WAITING_CHANGED_A,
                                          QUERY_WAITING_CHANGED_B };
    enum err err = OK;
    for (size_t i = 0; err == OK && i < COUNT(queries); i++) {
        err = offer_rows(look, queries[i], user.v, look->after, NULL);
    }
    return err;
}

static enum err look_through(struct look *look, const struct room_facts *facts) {
    uint64_t seq = 0;
    struct room_facts *room = arena_alloc(look->arena, sizeof *room);
    *room = *facts;
    enum err err = sqlite_seq_up_to(look->r, room, look->after, &seq);
    if (err == OK) {
        err = offer_rows(look, QUERY_ROOM_NEW, room->id.v, seq, room);
    }
    return err == OK ? offer_rows(look, QUERY_ROOM_CHANGED, room->id.v, look->after, room) : err;
}

static enum err find_in_rooms(struct look *look, user_id user) {
    sqlite3_stmt *row = look->r->stmts[QUERY_WAITING_ROOMS];
    bool is_row = true;
    enum err err = OK;
    sql_bind_u64(row, 1, user.v);
    sql_bind_u64(row, 2, look->after);
    while (err == OK && (err = sql_next(row, &is_row)) == OK && is_row) {
        struct room_facts room = { .id.v = sql_u64(row, 0),
                                   .is_there = true,
                                   .kind = (enum room_kind)sql_u64(row, 1),
                                   .pruned_seq = sql_u64(row, 4),
                                   .last_seq = sql_u64(row, 5) };
        err = look_through(look, &room);
    }
    sql_done(row);
    return err;
}

/* Finds the oldest changes after `after`; goes on while there may be some and none was found. */
static enum err find(struct look *look, const struct ask *ask) {
    enum err err;
    do {
        if (look->rounds++ > 0) {
            look->after = look->page.until;
        }
        look->page = waiting_page_of(ask);
        err = find_in_dms(look, ask->user);
        if (err == OK && ask->is_on) {
            err = find_in_rooms(look, ask->user);
        }
    } while (err == OK && look->page.n == 0 && look->page.has_more);
    return err;
}

/* ---- the page */

/* Which dm a message is in, as far as it takes to show it. */
static enum err dm_of(struct look *look, message_id message, struct room_facts *out) {
    sqlite3_stmt *row = look->r->stmts[QUERY_DM_OF];
    bool is_row;
    *out = (struct room_facts){ 0 };
    sql_bind_u64(row, 1, message.v);
    enum err err = sql_next(row, &is_row);
    if (err == OK && is_row) {
        *out = (struct room_facts){ .id.v = sql_u64(row, 0),
                                    .is_there = true,
                                    .kind = (enum room_kind)sql_u64(row, 1),
                                    .dm_a = sql_u64(row, 2),
                                    .dm_b = sql_u64(row, 3) };
        sql_done(row);
    }
    return err;
}

/* Makes what was read as a new message the change that it is. */
static enum err complete(struct look *look, const struct waiting *w, struct change *out) {
    sqlite3_stmt *name = look->r->stmts[QUERY_USERNAME];
    struct message *m = &out->message;
    uint64_t to = m->other.v != 0 ? m->other.v : look->page.user.v, read_seq = 0;
    bool is_row;
    enum err err = sqlite_number(look->r->stmts[QUERY_READ_SEQ], to, m->room.v, &read_seq);
    m->is_read = read_seq >= m->seq;
    out->position = w->position;
    out->kind = w->kind;
    if (err == OK && w->by.v != 0 && w->by.v != out->by.v) {
        out->by = w->by;
        sql_bind_u64(name, 1, w->by.v);
        err = sql_next(name, &is_row);
        out->by_name = err == OK && is_row ? arena_str(look->arena, sql_text(name, 0)) : STR_NONE;
        sql_done(name);
    }
    return err;
}

/* A dm has none. */
static enum err name_room(struct look *look, struct message *m) {
    sqlite3_stmt *name = look->r->stmts[QUERY_ROOM_NAME];
    bool is_row;
    sql_bind_u64(name, 1, m->room.v);
    enum err err = sql_next(name, &is_row);
    if (err == OK && is_row) {
        m->room_name = arena_str(look->arena, sql_text(name, 0));
        sql_done(name);
    }
    return err;
}

static enum err fetch_one(struct look *look, const struct waiting *w, struct rows *rows) {
    struct room_facts dm;
    size_t n = rows->n;
    enum err err = w->place == NULL ? dm_of(look, w->message, &dm) : OK;
    if (err == OK) {
        const struct room_facts *room = w->place == NULL ? &dm : w->place;
        err = sqlite_messages(look->r->stmts[QUERY_MESSAGE], room, w->message.v, rows);
    }
    if (err == OK && rows->n == n) {
        err = ERR_IO;    // a change of a message that is in another room: damage
    }
    if (err == OK && w->place != NULL) {
        err = name_room(look, &rows->p[n].message);
    }
    return err == OK ? complete(look, w, &rows->p[n]) : err;
}

static enum err fetch(struct look *look, struct answer *out) {
    struct waiting_page *page = &look->page;
    struct rows rows = sqlite_rows(look->arena, page->n);
    size_t bytes = 0, n = 0;
    for (; n < page->n; n++) {
        enum err err = fetch_one(look, &page->p[n], &rows);
        if (err != OK) {
            return err;
        }
        bytes += rows.p[n].message.content.n;
        if (n > 0 && bytes > CHANGES_BYTES_MAX) {
            break;
        }
    }
    waiting_cut(page, n);
    out->changes = rows.p;
    out->change_count = n;
    return OK;
}

enum err sqlite_waiting(struct sqlite_reader *r, const struct ask *ask, struct answer *out) {
    struct look look = { .r = r, .arena = &out->arena };
    uint64_t position = 0, cursor = 0;
    bool is_row;
    enum err err = sql_one(r->stmts[QUERY_POSITION], &is_row, &position);
    if (err == OK) {
        err = sqlite_number(r->stmts[QUERY_CURSOR], ask->user.v, 0, &cursor);
    }
    out->confirmed = cursor;
    look.after = MAX(cursor, ask->after);
    look.page = waiting_page_of(ask);
    if (err == OK && look.after < position) {
        err = find(&look, ask);
    }
    if (err == OK && (err = fetch(&look, out)) == OK) {
        waiting_settle(&look.page, position, out);
        out->is_far = look.rounds > 1 && out->change_count == 0;
    }
    return err;
}
