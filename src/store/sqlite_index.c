/* The index of search, writing side.
 *
 *     messages   ... | 41 42 43 44 | 45 46 47          ids
 *                indexed ─┘          └─ read one by one by who searches (sqlite_search.c)
 *
 * A commit does not touch the index: it costs more than the message itself, and its parts must be
 * merged now and then. So the index is behind, by a moment when there is time and by more when
 * there is none, and who searches reads the rest. An entry is taken out by saying what it says,
 * for there is no text in the index: an edit or a deletion of what is indexed leaves the old text
 * in search_stale (a trigger sees to it, so no way to change a message can forget it).
 *
 * Every transaction that writes entries adds a part to the index. Eight parts of a size are merged
 * into one, a few pages a slice. FTS5 would do it by itself, all at once, when it sees fit. */
#include "store/sqlite.h"
#include "store/sqlite_tend.h"

#define UNINDEXED_ROWS 100    // as the statement says
#define FLUSHES_MAX 8         // parts before they are merged
#define MERGE_PAGES 16        // in one step

/* A message's entry: where it is, then what it says. Public rooms share a word, so that "wherever I
 * may read" needs not name them all. No text has these words: private use is no letter. */
static void put_entry(struct buf *words, room_id room, bool is_public, struct str content) {
    buf_reset(words);
    buf_put_str(words, STR_LIT(SEARCH_PLACE));
    buf_put_u64(words, room.v);
    buf_put_char(words, FOLD_WORD_APART);
    if (is_public) {
        buf_put_str(words, STR_LIT(SEARCH_PLACE));
        buf_put_char(words, FOLD_WORD_APART);
    }
    size_t before = words->n;
    fold_words(content, words);
    if (words->n == before) {
        buf_reset(words);    // nothing that could be found
    }
}

/* Writes an entry, or takes it out. */
static enum err put(struct tending *t, sqlite3_stmt *stmt, uint64_t id) {
    if (t->words.n == 0) {
        return OK;
    }
    sql_bind_u64(stmt, 1, id);
    sql_bind_text(stmt, 2, buf_str(&t->words));
    return sql_step(stmt);
}

enum err index_forget(struct tending *t, uint64_t id, room_id room, bool is_public,
                      struct str content) {
    put_entry(&t->words, room, is_public, content);
    return put(t, t->stmts.forget, id);
}

static enum err set_indexed(struct tending *t, uint64_t id) {
    t->indexed = id;
    sql_bind_text(t->stmts.set_meta, 1, STR_LIT("indexed"));
    sql_bind_u64(t->stmts.set_meta, 2, id);
    return sql_step(t->stmts.set_meta);
}

/* ---- new ones */

bool index_is_due(const struct slice *slice) {
    return slice->t->indexed < slice->store->position;
}

enum err index_some(struct slice *slice) {
    struct tending *t = slice->t;
    sqlite3_stmt *row = t->stmts.unindexed;
    uint64_t last = t->indexed, count = 0;
    bool is_row = true, is_over = false;
    enum err err = OK;

    sql_bind_u64(row, 1, t->indexed);
    while (!is_over && (err = sql_next(row, &is_row)) == OK && is_row) {
        room_id room = { sql_u64(row, 1) };
        last = sql_u64(row, 0);
        count++;
        watch_changed(t, room);
        if (search_covers((enum message_type)sql_u64(row, 3))) {
            put_entry(&t->words, room, sql_u64(row, 4) != 0, sql_text(row, 2));
            if ((err = put(t, t->stmts.insert, last)) != OK) {
                break;
            }
        }
        is_over = slice_is_over(slice);
    }
    sql_done(row);
    if (err != OK) {
        return err;
    }
    t->flushes += count > 0;
    bool is_all = !is_row && count < UNINDEXED_ROWS;
    return set_indexed(t, is_all ? slice->store->position : last);
}

/* ---- edited and deleted ones */

/* Writes the entry of one message anew. */
static enum err refresh(struct slice *slice, sqlite3_stmt *row) {
    struct tending *t = slice->t;
    uint64_t id = sql_u64(row, 0);
    room_id room = { sql_u64(row, 1) };
    bool is_public = sql_u64(row, 4) != 0, is_there = sql_u64(row, 6) != 0;
    struct str was = sql_text(row, 3), is = sql_text(row, 5);
    enum err err = index_forget(t, id, room, is_public, was);
    if (err == OK && is_there) {
        put_entry(&t->words, room, is_public, is);
        err = put(t, t->stmts.insert, id);
    }
    watch_resized(t, room, sql_u64(row, 2), was.n, is.n);
    sql_done(row);
    if (err != OK) {
        return err;
    }
    sql_bind_u64(t->stmts.refreshed, 1, id);
    return sql_step(t->stmts.refreshed);
}

enum err index_refresh_some(struct slice *slice, bool *is_done) {
    struct tending *t = slice->t;
    bool is_row = true, is_over = false;
    enum err err = OK;
    while (!is_over && (err = sql_next(t->stmts.stale, &is_row)) == OK && is_row) {
        t->flushes++;
        if ((err = refresh(slice, t->stmts.stale)) != OK) {
            break;
        }
        is_over = slice_is_over(slice);
    }
    sql_done(t->stmts.stale);
    *is_done = !is_row;
    return err;
}

/* ---- its parts */

bool index_merge_is_due(const struct slice *slice) {
    return slice->t->is_merging || slice->t->flushes >= FLUSHES_MAX;
}

/* FTS5 says that there was nothing to do by changing less than two rows. */
enum err index_merge_some(struct slice *slice) {
    struct tending *t = slice->t;
    t->flushes = 0;
    t->is_merging = true;
    while (t->is_merging) {
        int before = sqlite3_total_changes(slice->store->db);
        sql_bind_u64(t->stmts.merge, 1, MERGE_PAGES);
        enum err err = sql_step(t->stmts.merge);
        if (err != OK) {
            return err;
        }
        t->is_merging = sqlite3_total_changes(slice->store->db) - before >= 2;
        if (slice_is_over(slice)) {
            break;
        }
    }
    return OK;
}
