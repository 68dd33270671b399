/* Upkeep: what commits leave to be done, a slice at a time.
 *
 *     what                               due when
 *     refresh entries of the index       a message was edited or deleted; before all else
 *     index new messages                 there are some
 *     merge the index's parts            some were added
 *     clear away removed rooms           there are some
 *     take what rooms may not keep       a room has changed, a minute later; by age now and then
 *
 * A slice is one transaction, so short that a batch which comes meanwhile hardly notices. It is
 * committed without a sync (synchronous=NORMAL): the log is read from its start up to the first
 * frame that is not whole, so what a later commit syncs has every earlier slice with it, and what a
 * power cut takes is the last slices, which are done again.
 *
 * Promises:
 *   1. An entry of the index is refreshed before anything else looks at that message.
 *   2. What is kept in memory about a slice (indexed, the job in hand) is as of the last commit.
 *   3. Work of one kind does not wait for all of another: they take turns. */
#include "store/sqlite_tend.h"
#include "store/sqlite.h"

#include "base/clock.h"

#define SLICE_ROWS_MAX 500    // also when the clock stands still

/* Where each kept statement is in struct tend_stmts, and what it says. */
static const struct {
    size_t offset;
    const char *sql;
} stmts[] = {
#define STMT(name, sql)                                                                            \
    { offsetof(struct tend_stmts, name), sql }
#define IS_PUBLIC "r.kind = 0 AND r.is_private = 0"
    STMT(unindexed, "SELECT m.id, m.room_id, m.content, m.type, " IS_PUBLIC
                    " FROM messages m CROSS JOIN rooms r ON r.id = m.room_id"
                    " WHERE m.id > ?1 ORDER BY m.id LIMIT 100"),
    STMT(insert, "INSERT INTO search_index (rowid, words) VALUES (?1, ?2)"),
    STMT(forget, "INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', ?1, ?2)"),
    STMT(merge, "INSERT INTO search_index (search_index, rank) VALUES ('merge', ?1)"),
    STMT(set_meta, "REPLACE INTO meta (key, value) VALUES (?1, ?2)"),
    STMT(stale, "SELECT s.message_id, s.room_id, s.seq, s.content, " IS_PUBLIC
                ", coalesce(m.content, ''), m.id IS NOT NULL AND m.deleted_ms IS NULL"
                " FROM search_stale s CROSS JOIN rooms r ON r.id = s.room_id"
                " LEFT JOIN messages m ON m.id = s.message_id ORDER BY s.message_id LIMIT 1"),
    STMT(refreshed, "DELETE FROM search_stale WHERE message_id = ?1"),
    STMT(room, "SELECT r.pruned_seq, max(r.pruned_seq, coalesce("
               "(SELECT max(seq) FROM messages WHERE room_id = r.id), 0)),"
               " r.keep_messages, r.keep_bytes, r.keep_age_ms, " IS_PUBLIC
               " FROM rooms r WHERE r.id = ?1 AND r.removed_ms IS NULL"),
    STMT(next_room, "SELECT id FROM rooms WHERE id > ?1 AND removed_ms IS NULL ORDER BY id"
                    " LIMIT 1"),
    STMT(next_kept, "SELECT id FROM rooms WHERE id > ?1 AND keep_messages IS NOT NULL ORDER BY id"
                    " LIMIT 1"),
    STMT(at_ms, "SELECT at_ms FROM messages WHERE room_id = ?1 AND seq = ?2"),
    STMT(sizes, "SELECT seq, id, length(CAST(content AS BLOB)) FROM messages"
                " WHERE room_id = ?1 AND seq > ?2 ORDER BY seq LIMIT 100"),
    STMT(oldest, "SELECT m.id, m.seq, m.content, m.type, m.user_id, m.mentions,"
                 " m.edited_ms IS NOT NULL, m.deleted_ms IS NOT NULL, " IS_PUBLIC
                 " FROM messages m CROSS JOIN rooms r ON r.id = m.room_id"
                 " WHERE m.room_id = ?1 ORDER BY m.seq LIMIT 1"),
    STMT(drop_message, "DELETE FROM messages WHERE id = ?1"),
    STMT(drop_changes, "DELETE FROM changes WHERE message_id = ?1"),
    STMT(drop_taken_back, "DELETE FROM taken_back WHERE user_id = ?1 AND room_id = ?2"
                          " AND message_id = ?3"),
    STMT(pruned, "UPDATE rooms SET pruned_seq = ?2, deleted = deleted - ?3 WHERE id = ?1"),
#undef IS_PUBLIC
#undef STMT
};

_Static_assert(COUNT(stmts) == sizeof(struct tend_stmts) / sizeof(sqlite3_stmt *),
               "one is missing");
_Static_assert(ROOM_CHANNEL == 0 && MESSAGE_REACTION == 4, "statements and schema say 0 and 4");

static sqlite3_stmt **stmt_at(struct tending *t, size_t i) {
    return (sqlite3_stmt **)(void *)((char *)&t->stmts + stmts[i].offset);
}

/* ---- its life */

static enum err read_indexed(struct sqlite_store *s) {
    int64_t indexed;
    enum err err = sql_number(s->db, "SELECT value FROM meta WHERE key = 'indexed'", &indexed);
    if (err == OK) {
        s->tending->indexed = (uint64_t)indexed;
    }
    return err;
}

enum err sqlite_tend_prepare(struct sqlite_store *s) {
    struct tending *t = s->tending = xzalloc(sizeof *t);
    enum err err = read_indexed(s);
    t->words = BUF_INIT(SEARCH_WORDS_BYTES_MAX);
    t->is_merging = true;    // perhaps parts were left over
    for (size_t i = 0; err == OK && i < COUNT(stmts); i++) {
        err = sql_prepare(s->db, stmts[i].sql, stmt_at(t, i));
    }
    return err;
}

void sqlite_tend_finalize(struct sqlite_store *s) {
    struct tending *t = s->tending;
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < COUNT(stmts); i++) {
        sql_finalize(stmt_at(t, i));
    }
    size_t at = 0;
    struct watch *watch;
    while ((watch = map_next(&t->watches, &at)) != NULL) {
        xfree(watch);
    }
    map_fini(&t->watches);
    buf_fini(&t->words);
    xfree(t);
    s->tending = NULL;
}

/* ---- a slice */

bool slice_is_over(struct slice *slice) {
    return ++slice->rows >= SLICE_ROWS_MAX || clock_mono_us() >= slice->until_us;
}

static const struct {
    bool (*is_due)(const struct slice *slice);
    enum err (*do_some)(struct slice *slice);
} works[] = {
    { index_is_due, index_some },
    { prune_is_due, prune_some },
    { index_merge_is_due, index_merge_some },
    { purge_is_due, purge_some },
};

static bool has_work(const struct slice *slice) {
    bool is_due = false;
    for (size_t i = 0; i < COUNT(works); i++) {
        is_due = is_due || works[i].is_due(slice);
    }
    return is_due;
}

/* Does what is due, whoever's turn it is first, until the time is over. */
static enum err do_works(struct slice *slice) {
    struct tending *t = slice->t;
    bool is_done = false;
    enum err err = index_refresh_some(slice, &is_done);
    slice->report->has_more = !is_done;
    for (size_t i = 0; err == OK && is_done && i < COUNT(works); i++) {
        unsigned turn = t->turn++ % COUNT(works);
        if (works[turn].is_due(slice)) {
            err = works[turn].do_some(slice);
            if (clock_mono_us() >= slice->until_us) {
                break;
            }
        }
    }
    return err;
}

static enum err run(struct slice *slice) {
    struct sqlite_store *s = slice->store;
    enum err err = sql_step(s->begin);
    if (err == OK) {
        err = do_works(slice);
    }
    return err == OK ? sql_step(s->commit) : err;
}

/* Whether there is a message whose entry is out of date. */
static enum err has_stale(struct tending *t, bool *out) {
    enum err err = sql_next(t->stmts.stale, out);
    sql_done(t->stmts.stale);
    return err;
}

/* Forgets what the slice has done. */
static enum err take_back(struct slice *slice, enum err why) {
    room_id purging = slice->store->purging;
    enum err err = sqlite_rollback(slice->store, why);
    prune_reset(slice->t);
    *slice->report = (struct tend_report){ 0 };
    if (purging.v == 0 && sqlite_purge_next(slice->store) != OK) {
        return ERR_IO;
    }
    return read_indexed(slice->store) == OK ? err : ERR_IO;
}

enum err sqlite_tend(struct store *store, const struct tend_ask *ask, struct tend_report *out) {
    struct sqlite_store *s = CONTAINER_OF(store, struct sqlite_store, base);
    struct slice slice = { s, s->tending, ask, out, clock_mono_us() + ask->budget_us, 0 };
    bool is_stale = false;
    *out = (struct tend_report){ 0 };
    enum err err = has_stale(s->tending, &is_stale);
    if (err != OK) {
        return err;
    }
    prune_wake(&slice, is_stale || index_is_due(&slice));
    s->is_tended = is_stale || has_work(&slice);
    if (!s->is_tended) {
        return OK;
    }
    if ((err = sql_run(s->db, "PRAGMA synchronous = NORMAL")) != OK) {
        return err;
    }
    err = run(&slice);
    if (err != OK) {
        err = take_back(&slice, err);
    }
    if (sql_run(s->db, "PRAGMA synchronous = FULL") != OK) {
        return ERR_IO;
    }
    out->has_more = err == OK && (out->has_more || has_work(&slice));
    s->is_tended = out->has_more;
    out->unindexed = s->position - s->tending->indexed;
    return err == OK ? sqlite_checkpoint_due(s) : err;
}
