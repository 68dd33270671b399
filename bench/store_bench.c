/* What storing a message costs, beside what SQLite alone would take for the same row.
 *
 *     store_bench [--json] [--seconds S] [--rooms R] [--dir DIR]
 *     store_bench --history MESSAGES [--json] [--dir DIR]
 *     store_bench --waiting CHANGES [--json] [--dir DIR]
 *
 * Batches of 1, 10, 100 and 1000 messages go through the sqlite driver's commit (ours) and through
 * a bare loop of SQLite calls that prepares the same INSERT once and binds it (floor): same schema,
 * same settings, same checkpoints, a fresh database for each line. Two kinds of message: without
 * an idempotency key, and with a random one (`keyed`), whose index touches a page a message.
 *
 * rows/s is wall time with synchronous=FULL, so it is the disk's number too; `us/row` is processor
 * time of the process, user and system, and is what a change here can make better or worse. A
 * message's share of the batch (its event, its arena) is made outside the clock, as the core does
 * it elsewhere.
 *
 * --history fills one room instead, a reaction for every twentieth message and one of a hundred
 * deleted, and asks a reader for the first page and for one at nine tenths of the way back.
 *
 * --waiting lets a thousand people write that many direct messages to one, who answers each, and
 * asks a reader what is new for him: for one change, for a page, and when all but the last have
 * come. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/rng.h"
#include "core/batch.h"
#include "store/sqlite.h"

#define USERS 1000
#define TEXT_BYTES 60
#define KEY_BYTES 22    // 128 bits, base64url
#define FILL_BATCH 1000
#define PAGES 2000            // asked for, of each kind
#define HISTORY_MIN 100000    // messages, so that there are pages enough that far back
#define WAITING_MIN 1000      // changes, so that there is a full page

struct options {
    bool is_json;
    unsigned rooms;
    double seconds;      // of each line
    uint64_t history;    // messages; 0: measure something else
    uint64_t waiting;    // changes; 0: measure something else
    const char *dir;
};

struct message_in {
    uint64_t room;
    uint64_t user;
    char key[KEY_BYTES];
};

/* One run: so many rows in batches of one size, and what they took. */
struct run {
    size_t batch_rows;
    bool is_keyed;
    size_t rows;
    double wall_s;
    double cpu_s;
};

static const char text[] = "a message of the usual length: sixty characters, more or less.";

static double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void draw(struct rng *rng, const struct options *o, struct message_in *out, size_t count) {
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    for (size_t i = 0; i < count; i++) {
        out[i].room = 2 + rng_below(rng, o->rooms);
        out[i].user = 1 + rng_below(rng, USERS);
        for (size_t k = 0; k < KEY_BYTES; k++) {
            out[i].key[k] = digits[rng_below(rng, 64)];
        }
    }
}

/* ---- a database with people and rooms */

static struct store *store_new(const struct options *o, char *dir, size_t dir_bytes) {
    struct store *store;
    struct buf why = BUF_INIT(1024);
    char url[300];
    snprintf(dir, dir_bytes, "%s/store-bench-XXXXXX", o->dir);
    CHECK(mkdtemp(dir) != NULL);
    snprintf(url, sizeof url, "sqlite:%s/parloir.db", dir);
    CHECK(store_open(str_of(url), &store, &why) == OK);
    buf_fini(&why);

    struct batch *b = batch_new(1);
    char name[32];
    for (unsigned i = 1; i <= USERS; i++) {
        struct event *ev = batch_event(b, EV_user_created);
        ev->user.v = i;
        snprintf(name, sizeof name, "user%u", i);
        ev->username = batch_str(b, str_of(name));
    }
    for (unsigned i = 0; i < o->rooms; i++) {
        struct event *ev = batch_event(b, EV_room_created);
        ev->room.v = 2 + i;
        ev->server = SERVER_LOBBY;
        snprintf(name, sizeof name, "room%u", i);
        ev->room_name = batch_str(b, str_of(name));
    }
    CHECK(store->ops->commit(store, b) == OK);
    batch_unref(&b);
    return store;
}

static void remove_dir(const char *dir) {
    char command[320];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    CHECK(system(command) == 0);
}

/* ---- ours */

static struct batch *batch_of(const struct message_in *in, const struct run *run, uint64_t at_ms) {
    struct batch *b = batch_new(at_ms);
    for (size_t i = 0; i < run->batch_rows; i++) {
        struct event *ev = batch_event(b, EV_message_posted);
        ev->room.v = in[i].room;
        ev->user.v = in[i].user;
        ev->content = (struct str){ text, TEXT_BYTES };
        if (run->is_keyed) {
            ev->client_id = (struct str){ in[i].key, KEY_BYTES };
        }
    }
    return b;
}

static void run_ours(const struct options *o, struct run *run) {
    char dir[256];
    struct store *store = store_new(o, dir, sizeof dir);
    struct message_in *in = xalloc(run->batch_rows * sizeof *in);
    struct rng rng;
    rng_seed(&rng, 1);
    for (uint64_t at_ms = 1700000000000; run->wall_s < o->seconds; at_ms++) {
        draw(&rng, o, in, run->batch_rows);
        struct batch *b = batch_of(in, run, at_ms);
        double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        CHECK(store->ops->commit(store, b) == OK);
        run->cpu_s += seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        run->wall_s += seconds(CLOCK_MONOTONIC) - wall;
        run->rows += run->batch_rows;
        batch_unref(&b);
    }
    xfree(in);
    store->ops->free(&store);
    remove_dir(dir);
}

/* ---- the floor */

struct floor {
    sqlite3 *db;
    sqlite3_stmt *begin;
    sqlite3_stmt *insert;
    sqlite3_stmt *commit;
    uint64_t *seqs;    // by room
    uint64_t id;
    int wal_pages;
};

static int on_wal(void *ctx, sqlite3 *db, const char *name, int pages) {
    (void)db;
    (void)name;
    ((struct floor *)ctx)->wal_pages = pages;
    return SQLITE_OK;
}

static void floor_step(sqlite3_stmt *stmt) {
    CHECK(sqlite3_step(stmt) == SQLITE_DONE);
    sqlite3_reset(stmt);
}

static void floor_commit(struct floor *f, const struct message_in *in, const struct run *run,
                         int64_t at_ms) {
    int before = f->wal_pages;
    floor_step(f->begin);
    for (size_t i = 0; i < run->batch_rows; i++) {
        sqlite3_bind_int64(f->insert, 1, (int64_t)++f->id);
        sqlite3_bind_int64(f->insert, 2, (int64_t)in[i].room);
        sqlite3_bind_int64(f->insert, 3, (int64_t)++f->seqs[in[i].room]);
        sqlite3_bind_int64(f->insert, 4, (int64_t)in[i].user);
        sqlite3_bind_text(f->insert, 5, text, TEXT_BYTES, SQLITE_STATIC);
        sqlite3_bind_int64(f->insert, 6, at_ms);
        if (run->is_keyed) {
            sqlite3_bind_text(f->insert, 7, in[i].key, KEY_BYTES, SQLITE_STATIC);
        }
        floor_step(f->insert);
    }
    floor_step(f->commit);
    if (f->wal_pages / 1000 > (f->wal_pages < before ? 0 : before / 1000)) {
        sqlite3_wal_checkpoint_v2(f->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
}

static void run_floor(const struct options *o, struct run *run) {
    char dir[256], path[300];
    struct store *store = store_new(o, dir, sizeof dir);
    store->ops->free(&store);
    snprintf(path, sizeof path, "%s/parloir.db", dir);

    struct floor f = { .seqs = xzalloc((o->rooms + 2) * sizeof(uint64_t)) };
    CHECK(sqlite_connect(path, SQLITE_OPEN_READWRITE, &f.db) == OK);
    CHECK(sqlite3_exec(f.db, "PRAGMA synchronous = FULL", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(sql_prepare(f.db, "BEGIN IMMEDIATE", &f.begin) == OK);
    CHECK(sql_prepare(f.db, "COMMIT", &f.commit) == OK);
    CHECK(sql_prepare(f.db,
                      run->is_keyed
                          ? "INSERT INTO messages (id, room_id, seq, user_id, content, at_ms,"
                            " client_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                          : "INSERT INTO messages (id, room_id, seq, user_id, content, at_ms)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                      &f.insert) == OK);
    sqlite3_wal_hook(f.db, on_wal, &f);

    struct message_in *in = xalloc(run->batch_rows * sizeof *in);
    struct rng rng;
    rng_seed(&rng, 1);
    for (int64_t at_ms = 1700000000000; run->wall_s < o->seconds; at_ms++) {
        draw(&rng, o, in, run->batch_rows);
        double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        floor_commit(&f, in, run, at_ms);
        run->cpu_s += seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        run->wall_s += seconds(CLOCK_MONOTONIC) - wall;
        run->rows += run->batch_rows;
    }
    xfree(in);
    xfree(f.seqs);
    sql_finalize(&f.begin);
    sql_finalize(&f.insert);
    sql_finalize(&f.commit);
    sqlite_disconnect(&f.db);
    remove_dir(dir);
}

/* ---- reading back */

static void put_filler(struct batch *b, uint64_t i) {
    struct event *ev = batch_event(b, EV_message_posted);
    ev->room.v = 2;
    ev->user.v = 1 + i % USERS;
    ev->content = (struct str){ text, TEXT_BYTES };
    if (i % 20 == 19) {
        ev->message_type = MESSAGE_REACTION;
        ev->content = STR_LIT("\xf0\x9f\x91\x8d");
        ev->reply_to.v = i - 9;
    }
}

/* So many messages in one room: their ids are 1, 2, 3 and so on. */
static void fill(struct store *store, uint64_t messages) {
    for (uint64_t i = 1; i <= messages;) {
        struct batch *b = batch_new(1700000000000 + i);
        for (size_t n = 0; n < FILL_BATCH && i <= messages; n++) {
            put_filler(b, i++);
        }
        CHECK(store->ops->commit(store, b) == OK);
        batch_unref(&b);
    }
    struct batch *b = batch_new(1800000000000);
    for (uint64_t i = 50; i <= messages; i += 100) {
        struct event *ev = batch_event(b, EV_message_deleted);
        ev->message.v = i;
        ev->user.v = 1 + i % USERS;
    }
    CHECK(store->ops->commit(store, b) == OK);
    batch_unref(&b);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void time_pages(const struct options *o, struct store_reader *reader, const char *name,
                       uint64_t offset) {
    static double took_us[PAGES];
    for (size_t i = 0; i < PAGES; i++) {
        struct ask ask = { .kind = ASK_ROOM_HISTORY,
                           .room = { 2 },
                           .user = { 1 },
                           .offset = offset == 0 ? 0 : offset + i,
                           .limit = HISTORY_LIMIT_DEFAULT };
        struct answer *a = answer_new(&ask);
        double began = seconds(CLOCK_MONOTONIC);
        CHECK(reader->ops->answer(reader, &ask, a) == OK);
        took_us[i] = (seconds(CLOCK_MONOTONIC) - began) * 1e6;
        CHECK(a->message_count == HISTORY_LIMIT_DEFAULT && a->has_more);
        answer_free(&a);
    }
    double first_us = took_us[0];
    qsort(took_us, PAGES, sizeof *took_us, by_size);
    printf(o->is_json ? "{\"bench\":\"%s\",\"messages\":%llu,\"cold_us\":%.0f,\"p50_us\":%.0f,"
                        "\"p99_us\":%.0f}\n"
                      : "%-16s %10llu messages, cold %.0f us, p50 %.0f us, p99 %.0f us\n",
           name, (unsigned long long)o->history, first_us, took_us[PAGES / 2],
           took_us[PAGES * 99 / 100]);
}

static void run_history(const struct options *o) {
    char dir[256];
    struct store *store = store_new(o, dir, sizeof dir);
    struct store_reader *reader;
    fill(store, o->history);
    CHECK(store->ops->reader_open(store, &reader) == OK);
    time_pages(o, reader, "history_offset", o->history / 10 * 9);
    time_pages(o, reader, "history_first", 0);
    reader->ops->free(&reader);
    store->ops->free(&store);
    remove_dir(dir);
}

/* ---- what is new for somebody */

#define RECEIVER 1

/* A dm of the receiver's with everybody else: rooms 1001, 1002, and so on. */
static void open_dms(struct store *store) {
    struct batch *b = batch_new(1600000000000);
    for (uint64_t other = 2; other <= USERS; other++) {
        struct event *ev = batch_event(b, EV_room_created);
        ev->room.v = 1000 + other;
        ev->room_kind = ROOM_DM;
        ev->user.v = RECEIVER;
        ev->other.v = other;
    }
    CHECK(store->ops->commit(store, b) == OK);
    batch_unref(&b);
}

/* Others' messages to the receiver, each answered. Returns the id of the last but one of theirs. */
static uint64_t write_to(struct store *store, uint64_t count) {
    uint64_t last = 0;
    for (uint64_t i = 0; i < count;) {
        struct batch *b = batch_new(1700000000000 + i);
        for (size_t n = 0; n < FILL_BATCH && i < count; n++, i++) {
            uint64_t other = 2 + i % (USERS - 1);
            for (int answer = 0; answer < 2; answer++) {
                struct event *ev = batch_event(b, EV_message_posted);
                ev->room.v = 1000 + other;
                ev->user.v = answer ? RECEIVER : other;
                ev->content = (struct str){ text, TEXT_BYTES };
            }
        }
        CHECK(store->ops->commit(store, b) == OK);
        batch_unref(&b);
        last = 2 * (i - 1) - 1;
    }
    return last;
}

static void confirm(struct store *store, uint64_t position) {
    struct batch *b = batch_new(1800000000000);
    struct event *ev = batch_event(b, EV_changes_confirmed);
    ev->user.v = RECEIVER;
    ev->position = position;
    CHECK(store->ops->commit(store, b) == OK);
    batch_unref(&b);
}

static void time_changes(const struct options *o, struct store_reader *reader, const char *name,
                         uint64_t limit, size_t want) {
    static double took_us[PAGES];
    for (size_t i = 0; i < PAGES; i++) {
        struct ask ask = { .kind = ASK_CHANGES, .user = { RECEIVER }, .limit = limit };
        struct answer *a = answer_new(&ask);
        double began = seconds(CLOCK_THREAD_CPUTIME_ID);
        CHECK(reader->ops->answer(reader, &ask, a) == OK);
        took_us[i] = (seconds(CLOCK_THREAD_CPUTIME_ID) - began) * 1e6;
        CHECK(a->change_count == want);
        answer_free(&a);
    }
    double first_us = took_us[0];
    qsort(took_us, PAGES, sizeof *took_us, by_size);
    printf(o->is_json ? "{\"bench\":\"%s\",\"waiting\":%llu,\"cold_cpu_us\":%.0f,\"p50_cpu_us\":"
                        "%.0f,\"p99_cpu_us\":%.0f}\n"
                      : "%-16s %10llu waiting, cold %.0f us, p50 %.0f us, p99 %.0f us (CPU)\n",
           name, (unsigned long long)o->waiting, first_us, took_us[PAGES / 2],
           took_us[PAGES * 99 / 100]);
}

static void run_waiting(const struct options *o) {
    char dir[256];
    struct store *store = store_new(o, dir, sizeof dir);
    struct store_reader *reader;
    open_dms(store);
    uint64_t last = write_to(store, o->waiting);
    CHECK(store->ops->reader_open(store, &reader) == OK);
    time_changes(o, reader, "waiting_one", 1, 1);
    time_changes(o, reader, "waiting_page", 0, CHANGES_PAGE_MAX);
    confirm(store, last);
    time_changes(o, reader, "waiting_last", 0, 1);
    confirm(store, ID_MAX);
    time_changes(o, reader, "waiting_none", 0, 0);
    reader->ops->free(&reader);
    store->ops->free(&store);
    remove_dir(dir);
}

/* ---- the table */

static void print(const struct options *o, const struct run *ours, const struct run *bare) {
    double us = ours->cpu_s * 1e6 / (double)ours->rows;
    double bare_us = bare->cpu_s * 1e6 / (double)bare->rows;
    double rate = (double)ours->rows / ours->wall_s, bare_rate = (double)bare->rows / bare->wall_s;
    if (o->is_json) {
        printf("{\"bench\":\"store\",\"batch\":%zu,\"keyed\":%s,\"rooms\":%u,\"rows_s\":%.0f,"
               "\"us_row\":%.2f,\"floor_rows_s\":%.0f,\"floor_us_row\":%.2f}\n",
               ours->batch_rows, ours->is_keyed ? "true" : "false", o->rooms, rate, us, bare_rate,
               bare_us);
    } else {
        printf("%6zu %-6s %12.0f %8.2f %12.0f %8.2f %8.2f\n", ours->batch_rows,
               ours->is_keyed ? "keyed" : "", rate, us, bare_rate, bare_us, us / bare_us);
    }
    fflush(stdout);
}

static bool read_options(int argc, char **argv, struct options *o) {
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--json") == 0) {
            o->is_json = true;
        } else if (strcmp(argv[i], "--seconds") == 0 && has_value) {
            o->seconds = strtod(argv[++i], NULL);
        } else if (strcmp(argv[i], "--rooms") == 0 && has_value) {
            o->rooms = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--history") == 0 && has_value) {
            o->history = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--waiting") == 0 && has_value) {
            o->waiting = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--dir") == 0 && has_value) {
            o->dir = argv[++i];
        } else {
            return false;
        }
    }
    return o->rooms > 0 && (o->history == 0 || o->history >= HISTORY_MIN) &&
           (o->waiting == 0 || o->waiting >= WAITING_MIN);
}

int main(int argc, char **argv) {
    struct options o = { .rooms = 100, .seconds = 1.5, .dir = "/tmp" };
    static const size_t sizes[] = { 1, 10, 100, 1000 };
    if (!read_options(argc, argv, &o)) {
        fprintf(stderr, "usage: store_bench [--json] [--seconds S] [--rooms R] [--dir DIR]"
                        " [--history MESSAGES] [--waiting CHANGES]\n");
        return 2;
    }
    if (o.history > 0 || o.waiting > 0) {
        (o.history > 0 ? run_history : run_waiting)(&o);
        return 0;
    }
    if (!o.is_json) {
        printf("%u rooms, %u users, texts of %d bytes, synchronous=FULL\n", o.rooms, USERS,
               TEXT_BYTES);
        printf(" batch        ours rows/s   us/row floor rows/s   us/row    ratio\n");
    }
    for (size_t i = 0; i < 2 * COUNT(sizes); i++) {
        struct run ours = { .batch_rows = sizes[i % COUNT(sizes)], .is_keyed = i >= COUNT(sizes) };
        struct run bare = ours;
        run_ours(&o, &ours);
        run_floor(&o, &bare);
        print(&o, &ours, &bare);
    }
    return 0;
}
