/* What an operator asks for: a copy, a check; and the question whether there is room again.
 *
 * Copy and check read through connections of their own, so any thread may ask while commits go on.
 * A copy is made under another name and gets its own only when it is whole and on the disk. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "store/dirlock.h"

#define REPORTED_MAX 20    // sentences about damage; who needs more needs a backup

enum err sqlite_probe(struct store *store) {
    struct sqlite_store *s = CONTAINER_OF(store, struct sqlite_store, base);
    static const char try[] = "BEGIN IMMEDIATE;"
                              "REPLACE INTO meta (key, value) VALUES ('probe', zeroblob(65536));"
                              "COMMIT;"
                              "DELETE FROM meta WHERE key = 'probe'";
    enum err err = sql_run(s->db, try);
    if (err != OK && !sqlite3_get_autocommit(s->db) && sql_run(s->db, "ROLLBACK") != OK) {
        return ERR_IO;
    }
    return err;
}

uint64_t sqlite_room(struct store *store) {
    struct statvfs disk;
    if (statvfs(CONTAINER_OF(store, struct sqlite_store, base)->path, &disk) != 0) {
        return UINT64_MAX;
    }
    return (uint64_t)disk.f_bavail * disk.f_frsize;
}

static enum err sync_file(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return ERR_IO;
    }
    enum err err = fsync(fd) == 0 ? OK : ERR_IO;
    close(fd);
    return err;
}

/* Makes an empty file for its owner alone; SQLite fills it. */
static enum err make_file(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        LOG_ERROR("store.backup_failed", STR("path", path), ERRNO(errno));
        return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
    }
    close(fd);
    return OK;
}

/* Writes every page in use into the empty file `path`. */
static enum err copy(const char *from, const char *path) {
    SCOPED(sqlite_disconnect) sqlite3 *db = NULL;
    SCOPED(sql_finalize) sqlite3_stmt *stmt = NULL;
    enum err err;
    if ((err = sqlite_connect(from, SQLITE_OPEN_READONLY, &db)) != OK ||
        (err = sql_prepare(db, "VACUUM INTO ?1", &stmt)) != OK) {
        return err;
    }
    sql_bind_text(stmt, 1, str_of(path));
    return sql_step(stmt);
}

/* Makes the copy another history. */
static enum err clear_epoch(const char *path) {
    SCOPED(sqlite_disconnect) sqlite3 *db = NULL;
    enum err err = sqlite_connect(path, SQLITE_OPEN_READWRITE, &db);
    if (err == OK) {
        err = sql_run(db, "DELETE FROM meta WHERE key = 'epoch'");
    }
    return err;
}

enum err sqlite_backup(struct store *store, const char *path) {
    struct sqlite_store *s = CONTAINER_OF(store, struct sqlite_store, base);
    char half[PATH_MAX];
    int n = snprintf(half, sizeof half, "%s.half", path);
    if (n < 0 || (size_t)n >= sizeof half) {
        return ERR_IO;
    }
    if (access(path, F_OK) == 0) {
        return ERR_EXISTS;
    }
    unlink(half);    // of an earlier try that was cut short
    enum err err;
    if ((err = make_file(half)) == OK && (err = copy(s->path, half)) == OK &&
        (err = clear_epoch(half)) == OK && (err = sync_file(half)) == OK) {
        if (renameat2(AT_FDCWD, half, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
            return dir_sync(path);
        }
        err = errno == EEXIST ? ERR_EXISTS : ERR_IO;
    }
    unlink(half);
    return err;
}

/* What must hold beyond SQLite's own rules: each query finds what does not. */
static const struct {
    const char *sql;
    const char *sentence;    // one row's first column goes where %s stands
} rules[] = {
    { "SELECT DISTINCT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
      "SQLite says: %s." },
    { "SELECT DISTINCT \"table\" FROM pragma_foreign_key_check",
      "A row of the table %s points to something that is not there." },
    { "SELECT room_id FROM messages JOIN rooms r ON r.id = room_id WHERE r.removed_ms IS NULL"
      " GROUP BY room_id HAVING count(*) <> max(seq) - r.pruned_seq"
      " OR min(seq) <> r.pruned_seq + 1",
      "The messages of room %s are not numbered 1, 2, 3 without a hole." },
    { "SELECT id FROM (SELECT id, room_id, id < lag(id) OVER (PARTITION BY room_id ORDER BY seq)"
      " AS is_back FROM messages) WHERE is_back",
      "Message %s has a smaller id than the one before it in its room." },
    { "SELECT position FROM changes JOIN messages ON id = position",
      "Number %s of the change log was given twice." },
    { "SELECT position FROM changes c JOIN rooms r ON r.id = c.room_id"
      " LEFT JOIN messages m ON m.id = c.message_id"
      " WHERE r.removed_ms IS NULL AND (m.id IS NULL OR m.room_id <> c.room_id)",
      "Change %s is of a message that is not in its room." },
    { "SELECT id FROM rooms WHERE removed_ms IS NULL AND deleted <>"
      " (SELECT count(*) FROM messages WHERE room_id = rooms.id AND deleted_ms IS NOT NULL)",
      "The deleted messages of room %s are not counted right." },
    { "SELECT DISTINCT message_id FROM (SELECT message_id, content, count FROM reaction_counts"
      " UNION ALL SELECT reply_to, content, -count(*) FROM messages"
      " WHERE type = 4 AND deleted_ms IS NULL GROUP BY reply_to, content)"
      " GROUP BY message_id, content HAVING sum(count) <> 0 OR count(*) <> 2",
      "The reactions to message %s are not counted right." },
    { "SELECT room_id FROM reads JOIN rooms r ON r.id = room_id WHERE r.removed_ms IS NULL"
      " AND seq > max(r.pruned_seq,"
      " coalesce((SELECT max(seq) FROM messages WHERE room_id = r.id), 0))",
      "Somebody has read room %s beyond its last message." },
    { "SELECT m.id FROM messages m JOIN rooms r ON r.id = m.room_id WHERE m.to_user IS NOT CASE"
      " WHEN r.dm_a <> r.dm_b AND m.type <> 4 AND m.deleted_ms IS NULL"
      " THEN CASE m.user_id WHEN r.dm_a THEN r.dm_b ELSE r.dm_a END END",
      "Message %s is not new to whom it was written to." },
    { "SELECT position FROM (SELECT c.position, c.to_a, c.to_b, r.dm_a, r.dm_b,"
      " iif(m.type = 4, NULL, coalesce(c.user_id, m.user_id)) AS by FROM changes c"
      " JOIN rooms r ON r.id = c.room_id LEFT JOIN messages m ON m.id = c.message_id)"
      " WHERE to_a IS NOT iif(by <> dm_a, dm_a, NULL)"
      " OR to_b IS NOT iif(by <> dm_b AND dm_a <> dm_b, dm_b, NULL)",
      "Change %s is not new to whom it concerns." },
    { "SELECT user_id FROM cursors JOIN users ON id = user_id WHERE erased_ms IS NOT NULL"
      " OR position > max(coalesce((SELECT max(id) FROM messages), 0),"
      " coalesce((SELECT max(position) FROM changes), 0),"
      " coalesce((SELECT value FROM meta WHERE key = 'position'), 0))",
      "User %s has had changes beyond the last one, or is erased." },
    { "SELECT n.room_id FROM mentions n JOIN rooms r ON r.id = n.room_id"
      " LEFT JOIN messages m ON m.room_id = n.room_id AND m.seq = n.seq"
      " WHERE r.removed_ms IS NULL AND n.seq > r.pruned_seq AND m.mentions IS NULL",
      "Somebody is named in room %s where no message names them." },
    { "SELECT name FROM uploads LEFT JOIN (SELECT substr(media_url, 10) AS url, count(*) AS count"
      " FROM messages WHERE substr(media_url, 1, 9) = '/uploads/' GROUP BY url) ON url = name"
      " WHERE shown <> coalesce(count, 0)",
      "The messages that show the upload %s are not counted right." },
    { "SELECT id FROM messages WHERE substr(media_url, 1, 9) = '/uploads/'"
      " AND NOT EXISTS (SELECT 1 FROM uploads WHERE name = substr(media_url, 10))",
      "Message %s shows an upload that is not there." },
    { "SELECT id FROM users LEFT JOIN (SELECT user_id, sum(max(bytes, 4096)) AS bytes FROM uploads"
      " GROUP BY user_id) ON user_id = id WHERE upload_bytes <> coalesce(bytes, 0)",
      "The uploads of user %s are not weighed right." },
};

_Static_assert(UPLOAD_WEIGHT_BYTES_MIN == 4096, "the rule of uploads says 4096");

static enum err check_rule(sqlite3 *db, size_t rule, struct buf *report, size_t *found) {
    SCOPED(sql_finalize) sqlite3_stmt *stmt = NULL;
    bool is_row = true;
    enum err err = sql_prepare(db, rules[rule].sql, &stmt);

    while (err == OK && *found < REPORTED_MAX && (err = sql_next(stmt, &is_row)) == OK && is_row) {
        struct str what = sql_text(stmt, 0);
        const char *hole = strstr(rules[rule].sentence, "%s");
        buf_put(report, rules[rule].sentence, (size_t)(hole - rules[rule].sentence));
        buf_put_str(report, what);
        buf_put_str(report, str_of(hole + 2));
        buf_put_char(report, '\n');
        ++*found;
    }
    return err;
}

enum err sqlite_check(struct store *store, struct buf *report) {
    struct sqlite_store *s = CONTAINER_OF(store, struct sqlite_store, base);
    SCOPED(sqlite_disconnect) sqlite3 *db = NULL;
    size_t found = 0;
    enum err err = sqlite_connect(s->path, SQLITE_OPEN_READONLY, &db);

    for (size_t i = 0; err == OK && i < COUNT(rules); i++) {
        err = check_rule(db, i, report, &found);
    }
    return err == OK && found > 0 ? ERR_PROTO : err;
}
