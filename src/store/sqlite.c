/* The sqlite driver: opening, settings, closing.
 *
 * Promises:
 *   1. Exactly one connection writes and checkpoints, for the life of the store. (Before 3.51.3,
 *      SQLite can corrupt a log that two connections write and checkpoint.) All others are opened
 *      read-only, and closing them checkpoints nothing.
 *   2. Exactly one process has the database: the lock is taken before the file is touched.
 *   3. A commit that returned is in the log on the disk (synchronous=FULL), and the log's name is
 *      in the directory.
 *   4. A copy of the file made by backup opens as another epoch.
 *   5. What the log of an earlier process holds is on the disk before it is read to anybody. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rng.h"
#include "store/dirlock.h"
#include "store/drivers.h"
#include "store/migrate.h"

#define BUSY_MS 100        // nobody else writes; only recovery and resets make one wait
#define CACHE_KIB 16384    // of each connection; 2 to 64 MiB measured alike with 10,000 rooms
#define WAL_BYTES_KEPT 16777216    // the log's file is cut down to this when it starts anew

#define TEXT_OF(x) #x
#define TEXT_OF_VALUE(x) TEXT_OF(x)

/* Every connection. No mmap: it would save a reader a quarter of a history's time (100 us to 75),
 * but a bad sector would be a signal instead of an error. temp_store: no temporary files beside the
 * ones we know of. */
static const char settings[] = "PRAGMA foreign_keys = ON;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA mmap_size = 0;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA wal_autocheckpoint = 0;"    // sqlite_write.c does it
                               "PRAGMA cache_size = -" TEXT_OF_VALUE(CACHE_KIB);

static const char writer_settings[] = "PRAGMA synchronous = FULL;"
                                      "PRAGMA journal_size_limit = " TEXT_OF_VALUE(WAL_BYTES_KEPT);

enum err sqlite_connect(const char *path, int flags, sqlite3 **out) {
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    CHECK(db != NULL);    // only without memory
    *out = db;            // also on failure: it knows why
    if (rc != SQLITE_OK) {
        return sql_failed(db, "open");
    }
    sqlite3_busy_timeout(db, BUSY_MS);
    if ((flags & SQLITE_OPEN_READONLY) != 0) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    return sql_run(db, settings);
}

void sqlite_disconnect(sqlite3 **db) {
    if (*db != NULL) {
        int rc = sqlite3_close(*db);
        CHECK(rc != SQLITE_BUSY);    // a statement was left open
        *db = NULL;
    }
}

static uint64_t epoch(struct store *store) {
    return CONTAINER_OF(store, struct sqlite_store, base)->epoch;
}

static void sqlite_free(struct store **store) {
    if (*store == NULL) {
        return;
    }
    struct sqlite_store *s = CONTAINER_OF(*store, struct sqlite_store, base);
    sqlite_unprepare(s);
    sqlite_disconnect(&s->db);
    dir_unlock(&s->lock_fd);
    xfree(s->seqs);
    xfree(s->path);
    xfree(s);
    *store = NULL;
}

static const struct store_ops sqlite_ops = {
    .name = "sqlite",
    .load = sqlite_load,
    .commit = sqlite_commit,
    .tend = sqlite_tend,
    .probe = sqlite_probe,
    .room = sqlite_room,
    .backup = sqlite_backup,
    .check = sqlite_check,
    .epoch = epoch,
    .reader_open = sqlite_reader_open,
    .free = sqlite_free,
};

/* Makes the file before SQLite does, for its owner alone; log and index take its mode over. */
static enum err touch(const char *path, struct buf *why) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        buf_printf(why, "\"%s\" cannot be opened: %s.", path, strerror(errno));
        return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
    }
    close(fd);
    return OK;
}

static enum err set_wal(sqlite3 *db, struct buf *why) {
    SCOPED(sql_finalize) sqlite3_stmt *stmt = NULL;
    bool is_row;
    enum err err;
    if ((err = sql_prepare(db, "PRAGMA journal_mode = WAL", &stmt)) != OK ||
        (err = sql_next(stmt, &is_row)) != OK) {
        return err;
    }
    if (!is_row || !str_eq(sql_text(stmt, 0), STR_LIT("wal"))) {
        buf_printf(why, "The file system does not let SQLite keep a write-ahead log: use another.");
        return ERR_IO;
    }
    return OK;
}

/* Reads the epoch, or draws one: a new database has none, nor has a copy made by backup. Clients
 * are told it, so it is a number that JavaScript keeps exactly; one that is not is drawn anew. */
static enum err take_epoch(struct sqlite_store *s) {
    int64_t have;
    enum err err = sql_number(s->db, "SELECT value FROM meta WHERE key = 'epoch'", &have);
    if (err != OK || (have > 0 && (uint64_t)have <= ID_MAX)) {
        s->epoch = (uint64_t)have;
        return err;
    }
    do {
        s->epoch = rng_secret_u64() & ID_MAX;
    } while (s->epoch == 0);

    SCOPED(sql_finalize) sqlite3_stmt *stmt = NULL;
    err = sql_prepare(s->db, "REPLACE INTO meta (key, value) VALUES ('epoch', ?1)", &stmt);
    if (err != OK) {
        return err;
    }
    sql_bind_u64(stmt, 1, s->epoch);
    return sql_step(stmt);
}

static enum err take_position(struct sqlite_store *s) {
    int64_t message, change, floor;
    enum err err;
    if ((err = sql_number(s->db, "SELECT max(id) FROM messages", &message)) != OK ||
        (err = sql_number(s->db, "SELECT max(position) FROM changes", &change)) != OK ||
        (err = sql_number(s->db, "SELECT value FROM meta WHERE key = 'position'", &floor)) != OK) {
        return err;
    }
    s->position = (uint64_t)MAX(MAX(message, change), floor);
    return OK;
}

/* What the log holds may be in the system's memory alone: a process killed between a write and its
 * sync leaves it so, and one that ended because a sync failed. Before anybody is told of it, it
 * goes into the database, through syncs of our own. */
static enum err settle_log(struct sqlite_store *s) {
    if (sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) ==
        SQLITE_OK) {
        return OK;
    }
    enum err err = sql_err(sqlite3_extended_errcode(s->db), sqlite3_system_errno(s->db));
    LOG_WARN("store.checkpoint_failed", STR("why", sqlite3_errmsg(s->db)));
    return err == ERR_IO ? ERR_IO : OK;    // no room: the log is synced before it is copied
}

static enum err open_all(struct sqlite_store *s, struct buf *why) {
    enum err err;
    if ((err = dir_lock(s->path, &s->lock_fd, why)) != OK || (err = touch(s->path, why)) != OK ||
        (err = sqlite_connect(s->path, SQLITE_OPEN_READWRITE, &s->db)) != OK ||
        (err = set_wal(s->db, why)) != OK || (err = sql_run(s->db, writer_settings)) != OK ||
        (err = settle_log(s)) != OK || (err = migrate(s->db, migrate_newest(), why)) != OK ||
        (err = take_epoch(s)) != OK || (err = take_position(s)) != OK ||
        (err = sqlite_prepare(s)) != OK) {
        return err;
    }
    return dir_sync(s->path);
}

/* A database reached by two names is one, and has one lock. */
static void resolve(struct sqlite_store *s) {
    char real[PATH_MAX];
    if (realpath(s->path, real) != NULL) {
        xfree(s->path);
        s->path = xstrndup(real, strlen(real));
    }
}

/* "sqlite:PATH"; two slashes that many write before an absolute path are taken off. */
enum err store_sqlite_open(struct str rest, struct store **out, struct buf *why) {
    if (str_starts(rest, STR_LIT("//"))) {
        rest = (struct str){ rest.p + 2, rest.n - 2 };
    }
    if (str_is_empty(rest) || memchr(rest.p, 0, rest.n) != NULL) {
        buf_printf(why, "A sqlite URL names a file: sqlite:PATH.");
        return ERR_PROTO;
    }
    struct sqlite_store *s = xzalloc(sizeof *s);
    s->base.ops = &sqlite_ops;
    s->lock_fd = -1;
    s->path = xstrndup(rest.p, rest.n);
    resolve(s);
    s->seqs = xzalloc(SEQ_ROOMS * sizeof *s->seqs);

    enum err err = open_all(s, why);
    if (err != OK) {
        goto fail;
    }
    LOG_INFO("store.opened", STR("path", s->path), U64("position", s->position),
             STR("sqlite", sqlite3_libversion()));
    *out = &s->base;
    return OK;

fail:
    if (why->n == 0) {
        buf_printf(why, "\"%s\" cannot be used: %s.", s->path,
                   s->db != NULL ? sqlite3_errmsg(s->db) : err_text(err));
    }
    struct store *half = &s->base;
    sqlite_free(&half);
    return err == ERR_DENIED ? ERR_IO : err;
}
