/* One batch, one transaction, one sync.
 *
 * Most facts are one statement whose parameters are named after fields of the event: the table
 * below says which, and binding is the same loop for all. Those that need thought have a function
 * of their own (sqlite_message.c, sqlite_mark.c).
 *
 *      begin ──events──> commit ──> settle ──> checkpoint now and then
 *                │          │
 *                └──failed──┴──> rollback, forget what was counted
 *
 * A checkpoint copies the log's pages into the database, whose sync is part of it. It is done here
 * and not by SQLite itself, which would keep a failed sync for itself. */
#include "store/sqlite.h"

#include "base/log.h"

/* A row of the audit log: more columns, and what is in them, behind the three that all have. */
#define AUDIT(columns, values)                                                                     \
    "INSERT INTO audit (at_ms, actor_id, action, " columns ") VALUES"                              \
    " (:at_ms, nullif(:actor, 0), " values ")"

#define WAL_PAGES_STEP 1000    // pages between two checkpoints (4 MB)
#define WAL_PAGES_TENDED                                                                           \
    8000    // while there is upkeep, which writes the same pages again and again
#define WAL_PAGES_MANY 16000    // so many, and readers are asked to let the log start anew

/* What a parameter is taken from. */
static const struct field {
    const char *name;
    enum {
        FIELD_U64,
        FIELD_NAME,
        FIELD_BYTES,
        FIELD_INT,
        FIELD_BOOL,
        FIELD_POSITION,
        FIELD_UPTO
    } kind;
    size_t offset;
} fields[] = {
    { ":user", FIELD_U64, offsetof(struct event, user) },
    { ":other", FIELD_U64, offsetof(struct event, other) },
    { ":actor", FIELD_U64, offsetof(struct event, actor) },
    { ":room", FIELD_U64, offsetof(struct event, room) },
    { ":server", FIELD_U64, offsetof(struct event, server) },
    { ":at_ms", FIELD_U64, offsetof(struct event, at_ms) },
    { ":is_on", FIELD_BOOL, offsetof(struct event, is_on) },
    { ":messages", FIELD_U64, offsetof(struct event, messages) },
    { ":bytes", FIELD_U64, offsetof(struct event, bytes) },
    { ":age_ms", FIELD_U64, offsetof(struct event, age_ms) },
    { ":until_ms", FIELD_U64, offsetof(struct event, until_ms) },
    { ":username", FIELD_NAME, offsetof(struct event, username) },
    { ":mobile", FIELD_NAME, offsetof(struct event, mobile) },
    { ":hash", FIELD_NAME, offsetof(struct event, hash) },
    { ":hash_bytes", FIELD_BYTES, offsetof(struct event, hash) },
    { ":content", FIELD_NAME, offsetof(struct event, content) },
    { ":label", FIELD_NAME, offsetof(struct event, label) },
    { ":room_name", FIELD_NAME, offsetof(struct event, room_name) },
    { ":role", FIELD_INT, offsetof(struct event, role) },
    { ":room_kind", FIELD_INT, offsetof(struct event, room_kind) },
    { ":is_private", FIELD_BOOL, offsetof(struct event, is_private) },
    { ":position", FIELD_POSITION, 0 },    // the next one
    { ":upto", FIELD_UPTO, 0 },            // the event's own, but none that was not given yet
};

/* What is written for which event, in this order. `must_change`: no row there means that core and
 * store disagree. */
static const struct {
    enum event_type event;
    bool must_change;
    const char *sql;
} rows[] = {
    { EV_user_created, true,
      "INSERT INTO users (id, username, mobile, role, password_hash, created_ms)"
      " VALUES (:user, :username, :mobile, :role, :hash, :at_ms)" },
    { EV_user_changed, false,    // before it is changed: a new password is no new role
      "INSERT INTO audit (at_ms, actor_id, action, user_id, detail)"
      " SELECT :at_ms, nullif(:actor, 0), 'role_changed', id,"
      " CASE :role WHEN 0 THEN 'member' WHEN 1 THEN 'pro' ELSE 'admin' END"
      " FROM users WHERE id = :user AND role <> :role" },
    { EV_user_changed, true,
      "UPDATE users SET role = :role, password_hash = coalesce(:hash, password_hash)"
      " WHERE id = :user" },
    { EV_user_erased, true,
      "UPDATE users SET username = :username, mobile = NULL, role = 0, password_hash = NULL,"
      " erased_ms = :at_ms WHERE id = :user" },
    { EV_user_erased, false, "DELETE FROM tokens WHERE user_id = :user" },
    { EV_user_erased, false, "DELETE FROM members WHERE user_id = :user" },
    { EV_user_erased, false, "DELETE FROM bans WHERE user_id = :user" },
    { EV_user_erased, false, "DELETE FROM blocks WHERE user_id = :user OR other_id = :user" },
    { EV_user_erased, true, AUDIT("user_id", "'user_erased', :user") },
    { EV_user_erased, false, "DELETE FROM reads WHERE user_id = :user" },
    { EV_user_erased, false, "DELETE FROM mentions WHERE user_id = :user" },
    { EV_user_erased, false, "DELETE FROM taken_back WHERE user_id = :user" },
    { EV_user_erased, false, "DELETE FROM cursors WHERE user_id = :user" },
    { EV_token_added, true,
      "INSERT INTO tokens (user_id, label, hash, created_ms)"
      " VALUES (:user, coalesce(:label, ''), :hash_bytes, :at_ms)" },
    { EV_token_added, true, AUDIT("user_id, detail", "'token_added', :user, :label") },
    { EV_token_revoked, true,
      "DELETE FROM tokens WHERE user_id = :user AND label = coalesce(:label, '')" },
    { EV_token_revoked, true, AUDIT("user_id, detail", "'token_revoked', :user, :label") },
    { EV_ban_set, true, "REPLACE INTO bans (user_id, until_ms) VALUES (:user, :until_ms)" },
    { EV_ban_set, true, AUDIT("user_id, until_ms", "'ban_set', :user, :until_ms") },
    { EV_ban_lifted, false, "DELETE FROM bans WHERE user_id = :user" },
    { EV_ban_lifted, true, AUDIT("user_id", "'ban_lifted', :user") },
    { EV_block_set, false,    // ended ones do not pile up: each new one takes two away
      "DELETE FROM blocks WHERE (user_id, other_id) IN"
      " (SELECT user_id, other_id FROM blocks WHERE until_ms <= :at_ms LIMIT 2)" },
    { EV_block_set, true,
      "REPLACE INTO blocks (user_id, other_id, until_ms) VALUES (:user, :other, :until_ms)" },
    { EV_block_set, true,
      AUDIT("user_id, other_id, until_ms", "'block_set', :user, nullif(:other, 0), :until_ms") },
    { EV_block_lifted, false, "DELETE FROM blocks WHERE user_id = :user AND other_id = :other" },
    { EV_block_lifted, true,
      AUDIT("user_id, other_id", "'block_lifted', :user, nullif(:other, 0)") },
    { EV_decision_noted, false,    // nothing happens if it is there
      "INSERT INTO audit (at_ms, actor_id, action, user_id, room_id, other_id, until_ms, detail)"
      " SELECT :at_ms, nullif(:actor, 0), :label, nullif(:user, 0), nullif(:room, 0),"
      " nullif(:other, 0), :until_ms, :content WHERE NOT EXISTS (SELECT 1 FROM audit"
      " WHERE at_ms = :at_ms AND action = :label AND user_id IS nullif(:user, 0)"
      " AND actor_id IS nullif(:actor, 0) AND other_id IS nullif(:other, 0)"
      " AND room_id IS nullif(:room, 0) AND detail IS :content)" },
    { EV_room_created, true,
      "INSERT INTO rooms (id, server_id, kind, name, is_private, dm_a, dm_b, created_ms)"
      " VALUES (:room, :server, :room_kind, :room_name, :is_private,"
      " CASE :room_kind WHEN 2 THEN min(:user, :other) END,"
      " CASE :room_kind WHEN 2 THEN max(:user, :other) END, :at_ms)" },
    { EV_room_removed, true,
      "UPDATE rooms SET removed_ms = :at_ms WHERE id = :room AND removed_ms IS NULL" },
    { EV_room_removed, true, AUDIT("room_id", "'room_removed', :room") },
    { EV_room_removed, false, "DELETE FROM members WHERE room_id = :room" },
    { EV_room_removed, true,    // keeps the counter from ever going back, whatever is purged
      "INSERT INTO changes (position, room_id, kind, at_ms) VALUES (:position, :room, 3, :at_ms)" },
    { EV_room_kept, true,
      "UPDATE rooms SET keep_messages = iif(:is_on, :messages, NULL),"
      " keep_bytes = iif(:is_on, :bytes, NULL), keep_age_ms = iif(:is_on, :age_ms, NULL)"
      " WHERE id = :room" },
    { EV_member_added, true, "INSERT INTO members (room_id, user_id) VALUES (:room, :user)" },
    { EV_member_removed, false, "DELETE FROM members WHERE room_id = :room AND user_id = :user" },
    { EV_changes_confirmed, false,
      "INSERT INTO cursors (user_id, position) VALUES (:user, :upto) ON CONFLICT (user_id)"
      " DO UPDATE SET position = excluded.position WHERE excluded.position > position" },
};

_Static_assert(COUNT(rows) <= WRITES_MAX, "a row has no place");
_Static_assert(ROLE_MEMBER == 0 && ROLE_PRO == 1, "the rows say 0 and 1");
_Static_assert(AUDIT_ROWS_MAX == 100000, "the schema says 100000");
_Static_assert(ROOM_CHANNEL == 0 && ROOM_DM == 2, "the schema says 0 and 2");

/* What needs more thought than a statement. */
static enum err (*const thoughts[EVENT_COUNT])(struct sqlite_store *s, struct batch *batch,
                                               struct event *ev) = {
    [EV_message_posted] = sqlite_post,          [EV_message_edited] = sqlite_alter,
    [EV_message_deleted] = sqlite_alter,        [EV_read_changed] = sqlite_read,
    [EV_upload_begun] = sqlite_upload_begin,    [EV_upload_added] = sqlite_upload_add,
    [EV_upload_removed] = sqlite_upload_remove,
};

static uint8_t field_of(const char *parameter) {
    size_t i = 0;
    while (i < COUNT(fields) && strcmp(fields[i].name, parameter) != 0) {
        i++;
    }
    CHECK(i < COUNT(fields));
    return (uint8_t)i;
}

static void bind(struct sqlite_store *s, struct write *w, int at, const struct event *ev) {
    const struct field *field = &fields[w->fields[at - 1]];
    const void *value = (const char *)ev + field->offset;

    switch (field->kind) {
    case FIELD_U64: sql_bind_u64(w->stmt, at, *(const uint64_t *)value); break;
    case FIELD_NAME: sql_bind_name(w->stmt, at, *(const struct str *)value); break;
    case FIELD_BYTES: sql_bind_bytes(w->stmt, at, *(const struct str *)value); break;
    case FIELD_INT: sql_bind_u64(w->stmt, at, *(const unsigned *)value); break;
    case FIELD_BOOL: sql_bind_u64(w->stmt, at, *(const bool *)value); break;
    case FIELD_POSITION: sql_bind_u64(w->stmt, at, sqlite_position_next(s)); break;
    case FIELD_UPTO: sql_bind_u64(w->stmt, at, MIN(ev->position, s->position)); break;
    }
}

static enum err write_fact(struct sqlite_store *s, const struct event *ev) {
    CHECK(s->by_event[ev->type] != NULL);
    for (struct write *w = s->by_event[ev->type]; w != NULL; w = w->next) {
        for (int at = 1; at <= w->field_count; at++) {
            bind(s, w, at, ev);
        }
        enum err err = sql_step(w->stmt);
        if (err != OK) {
            return err;
        }
        CHECK(!w->must_change || sqlite3_changes(s->db) == 1);
    }
    if (ev->type == EV_room_removed && s->purging.v == 0) {
        s->purging = ev->room;
    }
    if (ev->type == EV_room_kept) {
        sqlite_tend_kept(s, ev->room);
    }
    return OK;
}

static enum err write_event(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    if (!event_is_kept(ev->type)) {
        return OK;
    }
    ev->is_void = false;    // they may be, from a try that was rolled back
    ev->is_repeat = false;
    ev->refusal = REFUSE_NONE;
    if (ev->type == EV_message_posted) {
        ev->message.v = 0;    // a void one would be taken for a message that is gone
    }
    return thoughts[ev->type] != NULL ? thoughts[ev->type](s, batch, ev) : write_fact(s, ev);
}

static enum err write_batch(struct sqlite_store *s, struct batch *batch) {
    enum err err = sql_step(s->begin);
    for (struct item *item = batch->first; err == OK && item != NULL; item = item->next) {
        if (item->kind == ITEM_EVENT) {
            err = write_event(s, batch, &item->event);
        }
    }
    return err == OK ? sql_step(s->commit) : err;
}

/* Ends a transaction that failed. A full disk may have ended it already. */
enum err sqlite_rollback(struct sqlite_store *s, enum err why) {
    if (!sqlite3_get_autocommit(s->db) && sql_run(s->db, "ROLLBACK") != OK) {
        return ERR_IO;
    }
    return why;
}

/* Tells those who asked for what came to nothing. */
static void settle(const struct batch *batch) {
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_REPLY && item->reply.event != NULL && item->reply.event->is_void) {
            item->reply.refusal = item->reply.event->refusal;
        }
    }
}

/* The commit stands, whatever happens here; but a database that cannot be synced is no place to go
 * on writing beside. No room is no reason to stop: the log goes on growing where it can. */
static enum err checkpoint(struct sqlite_store *s) {
    int mode =
        s->wal_pages >= WAL_PAGES_MANY ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
    s->wal_pages_checked = s->wal_pages;
    if (sqlite3_wal_checkpoint_v2(s->db, "main", mode, NULL, NULL) == SQLITE_OK) {
        return OK;
    }
    enum err err = sql_err(sqlite3_extended_errcode(s->db), sqlite3_system_errno(s->db));
    if (err == ERR_BUSY) {
        return OK;    // a reader looks at an old page; later
    }
    LOG_WARN("store.checkpoint_failed", STR("why", sqlite3_errmsg(s->db)),
             I64("wal_pages", s->wal_pages));
    return err == ERR_IO ? ERR_IO : OK;
}

enum err sqlite_checkpoint_due(struct sqlite_store *s) {
    if (s->wal_pages < s->wal_pages_checked) {
        s->wal_pages_checked = 0;    // the log has started anew
    }
    int step = s->is_tended ? WAL_PAGES_TENDED : WAL_PAGES_STEP;
    return s->wal_pages - s->wal_pages_checked < step ? OK : checkpoint(s);
}

enum err sqlite_commit(struct store *store, struct batch *batch) {
    struct sqlite_store *s = CONTAINER_OF(store, struct sqlite_store, base);
    if (batch->kept_count == 0) {
        return OK;
    }
    uint64_t position = s->position;
    room_id purging = s->purging;
    s->void_count = 0;
    s->turned = NULL;

    enum err err = write_batch(s, batch);
    if (err != OK) {
        sqlite_forget(s, position);
        s->purging = purging;
        return sqlite_rollback(s, err);
    }
    if (s->void_count > 0) {
        settle(batch);
    }
    return sqlite_checkpoint_due(s);
}

static int on_wal(void *ctx, sqlite3 *db, const char *name, int pages) {
    (void)db;
    (void)name;
    ((struct sqlite_store *)ctx)->wal_pages = pages;
    return SQLITE_OK;
}

static enum err prepare_row(struct sqlite_store *s, size_t row, struct write *w) {
    enum err err = sql_prepare(s->db, rows[row].sql, &w->stmt);
    if (err != OK) {
        return err;
    }
    w->must_change = rows[row].must_change;
    w->field_count = sqlite3_bind_parameter_count(w->stmt);
    CHECK(w->field_count <= WRITE_PARAMS_MAX);
    for (int at = 1; at <= w->field_count; at++) {
        w->fields[at - 1] = field_of(sqlite3_bind_parameter_name(w->stmt, at));
    }
    struct write **last = &s->by_event[rows[row].event];
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = w;
    return OK;
}

/* Every kept event has a row, or a function. */
static void check_rows(const struct sqlite_store *s) {
    for (enum event_type type = 0; type < EVENT_COUNT; type++) {
        bool has_row = s->by_event[type] != NULL;
        CHECK(!has_row || thoughts[type] == NULL);
        CHECK((has_row || thoughts[type] != NULL) == event_is_kept(type));
    }
}

enum err sqlite_prepare(struct sqlite_store *s) {
    enum err err = OK;
    for (size_t i = 0; err == OK && i < COUNT(rows); i++) {
        err = prepare_row(s, i, &s->writes[s->write_count++]);
    }
    if (err != OK || (err = sql_prepare(s->db, "BEGIN IMMEDIATE", &s->begin)) != OK ||
        (err = sql_prepare(s->db, "COMMIT", &s->commit)) != OK) {
        return err;
    }
    check_rows(s);
    sqlite3_wal_hook(s->db, on_wal, s);
    if ((err = sqlite_stmts_prepare(s)) != OK || (err = sqlite_tend_prepare(s)) != OK) {
        return err;
    }
    return sqlite_purge_next(s);
}

void sqlite_unprepare(struct sqlite_store *s) {
    for (size_t i = 0; i < s->write_count; i++) {
        sql_finalize(&s->writes[i].stmt);
    }
    sql_finalize(&s->begin);
    sql_finalize(&s->commit);
    sqlite_stmts_finalize(s);
    sqlite_tend_finalize(s);
}
