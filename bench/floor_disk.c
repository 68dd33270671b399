/* Floors of the disk: what one sync takes, and how fast the rows of messages can be committed with
 * nothing else around. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/floor.h"

#define PATH_BYTES_MAX 4096
#define SYNC_BYTES 8192            // a small commit writes about two pages of log
#define SYNC_FILE_BYTES 4194304    // written over and over, as a log is: its length stays
#define WARM_UP_SHARE 5            // a fifth of the seconds, before counting starts
#define SYNCS_MAX 100000
#define SYNC_PAUSE_NS 2000000    // between two: as load latency does, and a busy loop is put last
#define CONTENT_BYTES 200
#define ROOMS_MAX 1024

/* ---- sync */

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Writes the next two pages; returns the microseconds of the sync alone. */
static uint32_t sync_once(int fd, size_t at) {
    static const char pages[SYNC_BYTES];
    off_t offset = (off_t)(at * SYNC_BYTES % SYNC_FILE_BYTES);
    if (pwrite(fd, pages, sizeof pages, offset) != (ssize_t)sizeof pages) {
        die("pwrite");
    }
    uint64_t began_us = clock_mono_us();
    if (fdatasync(fd) != 0) {
        die("fdatasync");
    }
    return (uint32_t)MIN(clock_mono_us() - began_us, UINT32_MAX);
}

static int open_file(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char *zeros = xzalloc(SYNC_FILE_BYTES);
    if (fd < 0 || write(fd, zeros, SYNC_FILE_BYTES) != SYNC_FILE_BYTES || fsync(fd) != 0) {
        die(path);
    }
    xfree(zeros);
    return fd;
}

void floor_sync(const struct floor_options *opt) {
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/floor-sync", opt->dir);
    int fd = open_file(path);
    uint32_t *took_us = xalloc(SYNCS_MAX * sizeof *took_us);
    uint64_t until_us = clock_mono_us() + (uint64_t)(opt->seconds * 1e6);
    size_t count = 0;
    do {
        took_us[count] = sync_once(fd, count);
        count++;
        nanosleep(&(struct timespec){ .tv_nsec = SYNC_PAUSE_NS }, NULL);
    } while (count < SYNCS_MAX && clock_mono_us() < until_us);
    close(fd);
    unlink(path);
    qsort(took_us, count, sizeof *took_us, by_size);
    printf("{\"syncs\":%zu,\"p50_us\":%u,\"p99_us\":%u}\n", count, took_us[count / 2],
           took_us[count * 99 / 100]);
    xfree(took_us);
}

/* ---- commits */

struct commits {
    sqlite3 *db;
    sqlite3_stmt *begin;
    sqlite3_stmt *insert;
    sqlite3_stmt *commit;
    int64_t user;
    int64_t id;    // of the last message
    int64_t rooms[ROOMS_MAX];
    int64_t seqs[ROOMS_MAX];    // of each room's last message
    size_t room_count;
    size_t next;    // room to be written to
};

static void must(struct commits *c, int rc, int wanted) {
    if (rc != wanted) {
        fprintf(stderr, "floor: sqlite: %s\n", sqlite3_errmsg(c->db));
        exit(1);
    }
}

static sqlite3_stmt *prepare(struct commits *c, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    must(c, sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL), SQLITE_OK);
    return stmt;
}

static void step(struct commits *c, sqlite3_stmt *stmt) {
    must(c, sqlite3_step(stmt), SQLITE_DONE);
    must(c, sqlite3_reset(stmt), SQLITE_OK);
}

/* Whom and what the rows point to, and which numbers come next. */
static void look(struct commits *c) {
    sqlite3_stmt *rooms = prepare(c, "SELECT id, (SELECT coalesce(max(seq), 0) FROM messages"
                                     " WHERE room_id = rooms.id) FROM rooms");
    while (c->room_count < ROOMS_MAX && sqlite3_step(rooms) == SQLITE_ROW) {
        c->rooms[c->room_count] = sqlite3_column_int64(rooms, 0);
        c->seqs[c->room_count++] = sqlite3_column_int64(rooms, 1);
    }
    sqlite3_finalize(rooms);
    sqlite3_stmt *last = prepare(c, "SELECT (SELECT max(id) FROM users),"
                                    " (SELECT coalesce(max(id), 0) FROM messages)");
    must(c, sqlite3_step(last), SQLITE_ROW);
    c->user = sqlite3_column_int64(last, 0);
    c->id = sqlite3_column_int64(last, 1);
    sqlite3_finalize(last);
    CHECK(c->room_count > 0 && c->user > 0);
}

static void commits_open(struct commits *c, const char *dir) {
    static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                   "PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384;";
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/parloir.db", dir);
    must(c, sqlite3_open_v2(path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL),
         SQLITE_OK);
    must(c, sqlite3_exec(c->db, settings, NULL, NULL, NULL), SQLITE_OK);
    look(c);
    c->begin = prepare(c, "BEGIN IMMEDIATE");
    c->commit = prepare(c, "COMMIT");
    c->insert = prepare(c, "INSERT INTO messages (id, room_id, seq, user_id, content, at_ms)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
}

static void commits_close(struct commits *c) {
    sqlite3_finalize(c->begin);
    sqlite3_finalize(c->insert);
    sqlite3_finalize(c->commit);
    must(c, sqlite3_close(c->db), SQLITE_OK);
}

static void write_row(struct commits *c, const char *content) {
    size_t room = c->next++ % c->room_count;
    sqlite3_bind_int64(c->insert, 1, ++c->id);
    sqlite3_bind_int64(c->insert, 2, c->rooms[room]);
    sqlite3_bind_int64(c->insert, 3, ++c->seqs[room]);
    sqlite3_bind_int64(c->insert, 4, c->user);
    sqlite3_bind_text(c->insert, 5, content, CONTENT_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(c->insert, 6, (int64_t)clock_wall_ms());
    step(c, c->insert);
}

static uint64_t write_for(struct commits *c, const struct floor_options *opt, double seconds) {
    char content[CONTENT_BYTES];
    memset(content, 'x', sizeof content);
    uint64_t until_us = clock_mono_us() + (uint64_t)(seconds * 1e6);
    uint64_t rows = 0;
    while (clock_mono_us() < until_us) {
        step(c, c->begin);
        for (int i = 0; i < opt->batch; i++) {
            write_row(c, content);
        }
        step(c, c->commit);
        rows += (uint64_t)opt->batch;
    }
    return rows;
}

void floor_commits(const struct floor_options *opt) {
    struct commits c = { 0 };
    commits_open(&c, opt->dir);
    write_for(&c, opt, opt->seconds / WARM_UP_SHARE);

    uint64_t began_us = clock_mono_us();
    uint64_t rows = write_for(&c, opt, opt->seconds);
    double took_s = (double)(clock_mono_us() - began_us) / 1e6;
    commits_close(&c);
    printf("{\"batch\":%d,\"rows\":%llu,\"rows_per_s\":%.0f}\n", opt->batch,
           (unsigned long long)rows, (double)rows / took_s);
}
