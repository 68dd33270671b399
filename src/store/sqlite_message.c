/* Messages: posted, edited, deleted, and those of a removed room purged.
 *
 * Posting is the path that everything else waits for: one INSERT. Its id is the next of a counter
 * kept here, its seq the next of the room's, kept in a table of slots; a room whose slot another
 * has taken is read again from the index. A rollback forgets both.
 *
 * A removed room is gone at once (its row says so, its members are deleted), but its messages go a
 * slice with each later batch, so that no batch waits for a million of them. */
#include "store/alter.h"
#include "store/sqlite.h"

#define PURGE_ROWS "500"    // messages deleted with one batch

/* Where each kept statement is in struct message_stmts, and what it says. */
static const struct {
    size_t offset;
    const char *sql;
} stmts[] = {
#define STMT(name, sql)                                                                            \
    { offsetof(struct message_stmts, name), sql }
    STMT(post, "INSERT INTO messages (id, room_id, seq, user_id, content, at_ms)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
    STMT(post_once, "INSERT INTO messages (id, room_id, seq, user_id, content, at_ms, client_id)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                    " ON CONFLICT (user_id, room_id, client_id) WHERE client_id IS NOT NULL"
                    " DO NOTHING"),
    STMT(posted, "SELECT id, seq, at_ms, content FROM messages"
                 " WHERE user_id = ?1 AND room_id = ?2 AND client_id = ?3"),
    STMT(find,
         "SELECT m.user_id, m.seq, r.id, r.name, r.kind, r.server_id, r.dm_a, r.dm_b, r.is_private"
         " FROM messages m JOIN rooms r ON r.id = m.room_id"
         " WHERE m.id = ?1 AND m.deleted_ms IS NULL AND r.removed_ms IS NULL"),
    STMT(edit, "UPDATE messages SET edited_ms = ?2, content = ?3 WHERE id = ?1"),
    STMT(delete, "UPDATE messages SET deleted_ms = ?2, content = ?3 WHERE id = ?1"),
    STMT(change, "INSERT INTO changes (position, room_id, kind, message_id, at_ms)"
                 " VALUES (?1, ?2, ?3, ?4, ?5)"),
    STMT(last_seq, "SELECT max(seq) FROM messages WHERE room_id = ?1"),
    STMT(purge, "DELETE FROM messages WHERE id IN"
                " (SELECT m.id FROM messages m JOIN rooms r ON r.id = m.room_id"
                " WHERE m.room_id = ?1 AND r.removed_ms IS NOT NULL LIMIT " PURGE_ROWS ")"),
    STMT(purge_log, "DELETE FROM changes WHERE room_id = ?1 AND kind <> 3"),
    STMT(to_purge, "SELECT id FROM rooms WHERE removed_ms IS NOT NULL"
                   " AND EXISTS (SELECT 1 FROM messages WHERE room_id = rooms.id) LIMIT 1"),
#undef STMT
};

static sqlite3_stmt **stmt_at(struct sqlite_store *s, size_t i) {
    return (sqlite3_stmt **)(void *)((char *)&s->messages + stmts[i].offset);
}

uint64_t sqlite_position_next(struct sqlite_store *s) {
    CHECK(s->position < ID_MAX);
    return ++s->position;
}

void sqlite_forget(struct sqlite_store *s, uint64_t position) {
    s->position = position;
    memset(s->seqs, 0, SEQ_ROOMS * sizeof *s->seqs);
}

/* The slot that holds the last seq of `room`. */
static enum err seq_slot(struct sqlite_store *s, room_id room, struct seq_slot **out) {
    struct seq_slot *slot = &s->seqs[room.v & (SEQ_ROOMS - 1)];
    if (UNLIKELY(slot->room.v != room.v)) {
        sqlite3_stmt *last_seq = s->messages.last_seq;
        bool is_row;
        sql_bind_u64(last_seq, 1, room.v);
        enum err err = sql_next(last_seq, &is_row);
        if (err != OK) {
            return err;
        }
        *slot = (struct seq_slot){ room, sql_u64(last_seq, 0) };
        sql_done(last_seq);
    }
    *out = slot;
    return OK;
}

/* Makes a repeated message the one that is there. */
static enum err repeat(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    sqlite3_stmt *posted = s->messages.posted;
    bool is_row;
    sql_bind_u64(posted, 1, ev->user.v);
    sql_bind_u64(posted, 2, ev->room.v);
    sql_bind_text(posted, 3, ev->client_id);
    enum err err = sql_next(posted, &is_row);
    if (err != OK) {
        return err;
    }
    CHECK(is_row);
    ev->is_repeat = true;
    ev->message.v = sql_u64(posted, 0);
    ev->seq = sql_u64(posted, 1);
    ev->at_ms = sql_u64(posted, 2);
    ev->content = batch_str(batch, sql_text(posted, 3));
    sql_done(posted);
    return OK;
}

enum err sqlite_post(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    struct seq_slot *slot;
    enum err err = seq_slot(s, ev->room, &slot);
    if (err != OK) {
        return err;
    }
    bool has_client_id = ev->client_id.n > 0;
    sqlite3_stmt *post = has_client_id ? s->messages.post_once : s->messages.post;
    sql_bind_u64(post, 1, s->position + 1);
    sql_bind_u64(post, 2, ev->room.v);
    sql_bind_u64(post, 3, slot->seq + 1);
    sql_bind_u64(post, 4, ev->user.v);
    sql_bind_text(post, 5, ev->content);
    sql_bind_u64(post, 6, ev->at_ms);
    if (has_client_id) {
        sql_bind_text(post, 7, ev->client_id);
    }
    ev->is_repeat = false;
    if ((err = sql_step(post)) != OK) {
        return err;
    }
    if (has_client_id && sqlite3_changes(s->db) == 0) {
        return repeat(s, batch, ev);
    }
    ev->message.v = sqlite_position_next(s);
    ev->seq = ++slot->seq;
    return OK;
}

static enum err make_void(struct sqlite_store *s, struct event *ev, enum refusal why) {
    ev->is_void = true;
    ev->refusal = why;
    s->void_count++;
    return OK;
}

/* Takes over what the row of `find` says of the message. */
static void fill(struct batch *batch, struct event *ev, sqlite3_stmt *find) {
    ev->seq = sql_u64(find, 1);
    ev->room.v = sql_u64(find, 2);
    ev->room_name = batch_str(batch, sql_text(find, 3));
    ev->room_kind = (enum room_kind)sql_u64(find, 4);
    ev->server.v = sql_u64(find, 5);
    if (ev->room_kind == ROOM_DM) {
        uint64_t author = sql_u64(find, 0), a = sql_u64(find, 6), b = sql_u64(find, 7);
        ev->other.v = author == a ? b : a;
    }
}

static enum err write_change(struct sqlite_store *s, struct event *ev) {
    bool is_edit = ev->type == EV_message_edited;
    sqlite3_stmt *alter = is_edit ? s->messages.edit : s->messages.delete;
    sql_bind_u64(alter, 1, ev->message.v);
    sql_bind_u64(alter, 2, ev->at_ms);
    sql_bind_text(alter, 3, is_edit ? ev->content : STR_NONE);
    enum err err = sql_step(alter);
    if (err != OK) {
        return err;
    }
    sqlite3_stmt *change = s->messages.change;
    sql_bind_u64(change, 1, sqlite_position_next(s));
    sql_bind_u64(change, 2, ev->room.v);
    sql_bind_u64(change, 3, is_edit ? CHANGE_EDITED : CHANGE_DELETED);
    sql_bind_u64(change, 4, ev->message.v);
    sql_bind_u64(change, 5, ev->at_ms);
    return sql_step(change);
}

enum err sqlite_alter(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    sqlite3_stmt *find = s->messages.find;
    bool is_row;
    ev->is_void = false;    // it may be, from a try that was rolled back
    ev->refusal = REFUSE_NONE;
    sql_bind_u64(find, 1, ev->message.v);
    enum err err = sql_next(find, &is_row);
    if (err != OK) {
        return err;
    }
    if (!is_row) {
        return make_void(s, ev, REFUSE_message_unknown);
    }
    enum refusal no = alter_check(ev, &(struct alter_target){
                                          .author = { sql_u64(find, 0) },
                                          .room = { sql_u64(find, 2) },
                                          .room_kind = (enum room_kind)sql_u64(find, 4),
                                          .is_private = sql_u64(find, 8) != 0,
                                      });
    if (no == REFUSE_NONE) {
        fill(batch, ev, find);
    }
    sql_done(find);
    return no == REFUSE_NONE ? write_change(s, ev) : make_void(s, ev, no);
}

/* Looks for a removed room that still has messages. */
static enum err purge_next(struct sqlite_store *s) {
    bool is_row;
    enum err err = sql_next(s->messages.to_purge, &is_row);
    if (err == OK) {
        s->purging.v = is_row ? sql_u64(s->messages.to_purge, 0) : 0;
        sql_done(s->messages.to_purge);
    }
    return err;
}

enum err sqlite_purge_some(struct sqlite_store *s) {
    sql_bind_u64(s->messages.purge, 1, s->purging.v);
    enum err err = sql_step(s->messages.purge);
    if (err != OK || sqlite3_changes(s->db) > 0) {
        return err;
    }
    sql_bind_u64(s->messages.purge_log, 1, s->purging.v);
    err = sql_step(s->messages.purge_log);
    return err == OK ? purge_next(s) : err;
}

enum err sqlite_message_prepare(struct sqlite_store *s) {
    enum err err = OK;
    for (size_t i = 0; err == OK && i < COUNT(stmts); i++) {
        err = sql_prepare(s->db, stmts[i].sql, stmt_at(s, i));
    }
    return err == OK ? purge_next(s) : err;
}

void sqlite_message_unprepare(struct sqlite_store *s) {
    for (size_t i = 0; i < COUNT(stmts); i++) {
        sql_finalize(stmt_at(s, i));
    }
}
