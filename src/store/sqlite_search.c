/* Search, reading side.
 *
 *     messages not in the index yet       read one by one, newest first    ─┐
 *     messages changed since              read one by one: what they say now ├─> ids, newest first
 *     all others                          asked of the index               ─┘      └─> messages
 *
 * All of one snapshot, so a message is in exactly one of the three. The index is asked for the
 * words and, in the same breath, for the places that may be read: each entry has a word for its
 * room. Whether the caller may read a message is asked of the database all the same, message by
 * message; the places only keep the index from handing out thousands for nothing. */
#include "store/search.h"
#include "store/sqlite_reader.h"

#define PLACES_MAX 256                // private rooms and dms that are asked for by name
#define READ_BYTES_MAX (4u << 20)     // of messages that are read one by one
#define MATCH_BYTES_MAX (1u << 16)    // of a question to the index
#define BEFORE_ALL (UINT64_MAX >> 1)

struct hit {
    uint64_t id;
    room_id room;
};

/* Newest first, at most `cap`. */
struct hits {
    struct hit *p;
    size_t n;
    size_t cap;
};

struct finding {
    struct sqlite_reader *reader;
    const struct ask *ask;
    struct search search;
    struct hits hits;    // one more than is wanted, if there is
    size_t read_bytes;
    size_t looked;      // at messages
    bool is_cut_off;    // not everything was looked at
};

static struct hits hits_new(struct arena *arena, size_t cap) {
    return (struct hits){ arena_alloc(arena, cap * sizeof(struct hit)), 0, cap };
}

/* What all three queries are bound to: a place to begin below, who asks, and where. */
static void bind(const struct finding *f, sqlite3_stmt *stmt) {
    sql_bind_u64(stmt, 2, f->ask->before == 0 ? BEFORE_ALL : f->ask->before);
    sql_bind_u64(stmt, 3, f->ask->user.v);
    sql_bind_u64(stmt, 4, f->ask->room.v);
}

/* Whether the message in the row may be read; and has the words, if they are to be looked for. */
static bool is_hit(struct finding *f, sqlite3_stmt *row, struct buf *words) {
    if (sql_u64(row, 2) == 0) {
        return false;
    }
    if (words == NULL) {
        return true;
    }
    struct str content = sql_text(row, 3);
    f->read_bytes += content.n;
    return search_finds(&f->search, content, words);
}

/* Reads messages above id `from` one by one. */
static enum err read_all(struct finding *f, enum query query, uint64_t from, struct hits *out) {
    SCOPED(buf_fini) struct buf words = BUF_INIT(SEARCH_WORDS_BYTES_MAX);
    sqlite3_stmt *row = f->reader->stmts[query];
    bool is_row = true;
    enum err err = OK;
    sql_bind_u64(row, 1, from);
    bind(f, row);
    while (out->n < out->cap && (err = sql_next(row, &is_row)) == OK && is_row) {
        if (f->read_bytes > READ_BYTES_MAX || f->looked++ >= SEARCH_CANDIDATES_MAX) {
            f->is_cut_off = true;
            break;
        }
        if (is_hit(f, row, &words)) {
            out->p[out->n++] = (struct hit){ sql_u64(row, 0), { sql_u64(row, 1) } };
        }
    }
    sql_done(row);
    return err;
}

/* ---- the index */

static void put_phrases(const struct search *search, struct buf *match) {
    for (size_t i = 0; i < search->count; i++) {
        bool is_prefix = search->is_prefix && i + 1 == search->count;
        buf_put_str(match, i == 0 ? STR_LIT("\"") : STR_LIT(" AND \""));
        buf_put_str(match, search->phrases[i]);    // letters and digits: nothing to escape
        buf_put_str(match, is_prefix ? STR_LIT("\"*") : STR_LIT("\""));
    }
}

static void put_place(struct buf *match, const char *before, uint64_t room) {
    buf_printf(match, "%s\"%s", before, SEARCH_PLACE);
    if (room != 0) {
        buf_put_u64(match, room);
    }
    buf_put_char(match, '"');
}

/* Where to look: the room, or what is public and the caller's own rooms, unless they are too
 * many. */
static enum err put_places(struct finding *f, struct buf *match) {
    sqlite3_stmt *row = f->reader->stmts[QUERY_PLACES];
    size_t before = match->n, count = 0;
    bool is_row = true;
    enum err err = OK;
    put_place(match, " AND (", f->ask->room.v);
    if (f->ask->room.v == 0) {
        sql_bind_u64(row, 1, f->ask->user.v);
        while (count <= PLACES_MAX && (err = sql_next(row, &is_row)) == OK && is_row) {
            put_place(match, " OR ", sql_u64(row, 0));
            count++;
        }
        sql_done(row);
    }
    buf_put_char(match, ')');
    if (count > PLACES_MAX) {
        match->n = before;
    }
    return err;
}

/* Appends hits of `more` that are newer than `id`, from *at on. */
static void take_newer(struct hits *hits, const struct hits *more, size_t *at, uint64_t id) {
    while (*at < more->n && more->p[*at].id > id && hits->n < hits->cap) {
        hits->p[hits->n++] = more->p[(*at)++];
    }
}

/* Asks the index, and puts what it finds and `changed` in one order. */
static enum err ask_index(struct finding *f, const struct hits *changed) {
    SCOPED(buf_fini) struct buf match = BUF_INIT(MATCH_BYTES_MAX);
    sqlite3_stmt *row = f->reader->stmts[QUERY_FOUND];
    struct hits *hits = &f->hits;
    size_t at = 0;
    bool is_row = true;
    put_phrases(&f->search, &match);
    enum err err = put_places(f, &match);
    CHECK(buf_ok(&match));
    sql_bind_text(row, 1, buf_str(&match));
    bind(f, row);
    while (err == OK && hits->n < hits->cap && (err = sql_next(row, &is_row)) == OK && is_row) {
        if (f->looked++ >= SEARCH_CANDIDATES_MAX) {
            f->is_cut_off = true;
            break;
        }
        take_newer(hits, changed, &at, sql_u64(row, 0));
        if (hits->n < hits->cap && is_hit(f, row, NULL)) {
            hits->p[hits->n++] = (struct hit){ sql_u64(row, 0), { sql_u64(row, 1) } };
        }
    }
    sql_done(row);
    if (!f->is_cut_off) {
        take_newer(hits, changed, &at, 0);
    }
    return err;
}

static enum err find(struct finding *f, struct arena *arena) {
    struct hits changed = hits_new(arena, f->hits.cap);
    uint64_t indexed = 0;
    bool is_row;
    enum err err = sql_one(f->reader->stmts[QUERY_INDEXED], &is_row, &indexed);
    if (err == OK) {
        err = read_all(f, QUERY_UNINDEXED, indexed, &f->hits);
    }
    if (err == OK && f->hits.n < f->hits.cap) {
        err = read_all(f, QUERY_STALE, 0, &changed);
    }
    return err == OK && f->hits.n < f->hits.cap ? ask_index(f, &changed) : err;
}

/* ---- the messages */

static enum err fetch(struct sqlite_reader *r, const struct ask *ask, const struct hit *hit,
                      struct arena *arena, struct message *out) {
    struct rows rows = sqlite_rows(arena, 1);
    struct room_facts room;
    bool is_row;
    enum err err = sqlite_room_facts(r, hit->room, &room);
    if (err != OK ||
        (err = sqlite_messages(r->stmts[QUERY_MESSAGE], &room, hit->id, &rows)) != OK) {
        return err;
    }
    CHECK(rows.n == 1);    // of the same snapshot
    *out = rows.p[0].message;
    sqlite3_stmt *name = r->stmts[QUERY_ROOM_NAME];
    sql_bind_u64(name, 1, hit->room.v);
    if ((err = sql_next(name, &is_row)) == OK && is_row) {
        out->room_name = arena_str(arena, sql_text(name, 0));
        sql_done(name);
    }
    return err == OK ? sqlite_reactions(r, ask, arena, out) : err;
}

enum err sqlite_search(struct sqlite_reader *r, const struct ask *ask, struct answer *out) {
    size_t limit = ask->limit == 0 ? HISTORY_LIMIT_DEFAULT : MIN(ask->limit, HISTORY_LIMIT_MAX);
    struct finding f = { .reader = r, .ask = ask, .hits = hits_new(&out->arena, limit + 1) };
    search_parse(ask->content, &out->arena, &f.search);
    if (f.search.count == 0) {
        return OK;
    }
    enum err err = find(&f, &out->arena);
    size_t count = MIN(f.hits.n, limit);
    struct message *found = arena_alloc(&out->arena, count * sizeof *found);
    for (size_t i = 0; err == OK && i < count; i++) {
        err = fetch(r, ask, &f.hits.p[i], &out->arena, &found[i]);
    }
    if (err == OK) {
        out->messages = found;
        out->message_count = count;
        out->total = count;
        out->has_more = f.hits.n > limit || f.is_cut_off;
    }
    return err;
}
