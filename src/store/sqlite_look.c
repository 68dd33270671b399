/* Looking at a database that another process may have open: an export, a copy, a check.
 *
 * One read-only connection, no lock, no kept statements. It takes no part in the writer's promises
 * (sqlite.c): it never writes and never checkpoints. */
#include "store/sqlite.h"

#include <errno.h>
#include <unistd.h>

#include "store/migrate.h"

static enum err commit(struct store *store, struct batch *batch) {
    (void)store;
    (void)batch;
    return ERR_DENIED;
}

static enum err tend(struct store *store, const struct tend_ask *ask, struct tend_report *out) {
    (void)store;
    (void)ask;
    (void)out;
    return ERR_DENIED;
}

static enum err probe(struct store *store) {
    (void)store;
    return ERR_DENIED;
}

static uint64_t epoch(struct store *store) {
    return CONTAINER_OF(store, struct sqlite_store, base)->epoch;
}

static void look_free(struct store **store) {
    if (*store == NULL) {
        return;
    }
    struct sqlite_store *s = CONTAINER_OF(*store, struct sqlite_store, base);
    sqlite_disconnect(&s->db);
    xfree(s->path);
    xfree(s);
    *store = NULL;
}

static const struct store_ops look_ops = {
    .name = "sqlite",
    .load = sqlite_load,
    .commit = commit,
    .tend = tend,
    .probe = probe,
    .room = sqlite_room,
    .backup = sqlite_backup,
    .check = sqlite_check,
    .epoch = epoch,
    .reader_open = sqlite_reader_open,
    .free = look_free,
};

static enum err check_version(sqlite3 *db, struct buf *why) {
    int64_t version;
    enum err err = sql_number(db, "PRAGMA user_version", &version);
    if (err == OK && version != migrate_newest()) {
        buf_printf(why,
                   "The database has schema version %lld and this program works with %d: start "
                   "its server once, which brings an older one up to date.",
                   (long long)version, migrate_newest());
        return ERR_IO;
    }
    return err;
}

static enum err look(struct sqlite_store *s, struct buf *why) {
    int64_t epoch_now = 0;
    if (access(s->path, F_OK) != 0) {
        bool is_absent = errno == ENOENT || errno == ENOTDIR;
        buf_printf(why, "\"%s\" cannot be read: %s.", s->path, strerror(errno));
        return is_absent ? ERR_NOT_FOUND : ERR_IO;
    }
    enum err err;
    if ((err = sqlite_connect(s->path, SQLITE_OPEN_READONLY, &s->db)) == OK &&
        (err = check_version(s->db, why)) == OK &&
        (err = sql_number(s->db, "SELECT value FROM meta WHERE key = 'epoch'", &epoch_now)) == OK) {
        s->epoch = (uint64_t)epoch_now;
    }
    return err;
}

enum err store_look(struct str url, struct store **out, struct buf *why) {
    if (!str_starts(url, STR_LIT("sqlite:"))) {
        buf_printf(why, "Only a store of the kind sqlite:PATH can be looked at from outside.");
        return ERR_PROTO;
    }
    struct str path = { url.p + strlen("sqlite:"), url.n - strlen("sqlite:") };
    if (str_starts(path, STR_LIT("//"))) {
        path = (struct str){ path.p + 2, path.n - 2 };
    }
    struct sqlite_store *s = xzalloc(sizeof *s);
    s->base.ops = &look_ops;
    s->lock_fd = -1;
    s->path = xstrndup(path.p, path.n);
    struct store *store = &s->base;

    enum err err = look(s, why);
    if (err == OK) {
        *out = store;
        return OK;
    }
    if (why->n == 0) {
        buf_printf(why, "\"%s\" cannot be read: %s.", s->path,
                   s->db != NULL ? sqlite3_errmsg(s->db) : err_text(err));
    }
    look_free(&store);
    return err;
}
