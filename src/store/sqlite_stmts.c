/* The kept statements that need thought: what they say, and where they are. */
#include "store/sqlite.h"

#define PURGE_ROWS "100"    // of each kind, deleted in one slice

/* What sqlite_take_over reads. */
#define FIRST_COLUMNS                                                                              \
    "id, seq, at_ms, content, type, media_url, media_type, duration_ms, reply_to, mentions,"       \
    " deleted_ms IS NOT NULL"

/* Where each is in struct kept_stmts, and its text. A type of 4 is MESSAGE_REACTION. */
static const struct {
    size_t offset;
    const char *sql;
} stmts[] = {
#define STMT(name, sql)                                                                            \
    { offsetof(struct kept_stmts, name), sql }
    STMT(post, "INSERT INTO messages (id, room_id, seq, user_id, content, at_ms, to_user)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
    STMT(post_once, "INSERT INTO messages"
                    " (id, room_id, seq, user_id, content, at_ms, to_user, client_id)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                    " ON CONFLICT (user_id, room_id, client_id) WHERE client_id IS NOT NULL"
                    " DO NOTHING"),
    STMT(post_body, "INSERT INTO messages (id, room_id, seq, user_id, content, at_ms, client_id,"
                    " type, media_url, media_type, duration_ms, reply_to, mentions, to_user)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"),
    STMT(posted, "SELECT " FIRST_COLUMNS " FROM messages"
                 " WHERE user_id = ?1 AND room_id = ?2 AND client_id = ?3"),
    STMT(find,
         "SELECT m.user_id, m.seq, r.id, r.name, r.kind, r.server_id, r.dm_a, r.dm_b, r.is_private,"
         " m.type, m.reply_to, m.mentions, CASE m.type WHEN 4 THEN m.content END"
         " FROM messages m JOIN rooms r ON r.id = m.room_id"
         " WHERE m.id = ?1 AND m.deleted_ms IS NULL AND r.removed_ms IS NULL"),
    STMT(blocked, "SELECT 1 FROM blocks WHERE user_id = ?1 AND other_id = ?2 AND until_ms > ?3"),
    STMT(note_deleted, "INSERT INTO audit (at_ms, actor_id, action, user_id, room_id, message_id)"
                       " VALUES (?1, ?2, 'message_deleted', ?3, ?4, ?5)"),
    STMT(find_target, "SELECT id FROM messages"
                      " WHERE id = ?1 AND room_id = ?2 AND deleted_ms IS NULL AND type <> 4"),
    STMT(edit, "UPDATE messages SET edited_ms = ?2, content = ?3, mentions = ?4 WHERE id = ?1"),
    STMT(delete, "UPDATE messages SET deleted_ms = ?2, media_url = NULL, media_type = NULL,"
                 " duration_ms = NULL, mentions = NULL, to_user = NULL,"
                 " content = CASE type WHEN 4 THEN content ELSE '' END WHERE id = ?1"),
    STMT(count_deleted, "UPDATE rooms SET deleted = deleted + 1 WHERE id = ?1"),
    STMT(change,
         "INSERT INTO changes (position, room_id, kind, message_id, at_ms, user_id, to_a, to_b)"
         " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
    STMT(last_seq, "SELECT max(pruned_seq, coalesce("
                   "(SELECT max(seq) FROM messages WHERE room_id = rooms.id), 0)), dm_a, dm_b"
                   " FROM rooms WHERE id = ?1"),
    STMT(find_reaction, "SELECT " FIRST_COLUMNS " FROM messages WHERE reply_to = ?1"
                        " AND user_id = ?2 AND content = ?3 AND type = 4 AND deleted_ms IS NULL"),
    STMT(reaction_kinds, "SELECT count(*), max(content = ?2) FROM reaction_counts"
                         " WHERE message_id = ?1"),
    STMT(count_reaction, "INSERT INTO reaction_counts (message_id, content, count, first)"
                         " VALUES (?1, ?2, 1, ?3)"
                         " ON CONFLICT (message_id, content) DO UPDATE SET count = count + 1"),
    STMT(take_back, "INSERT INTO taken_back (user_id, room_id, client_id, message_id, seq, at_ms)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
    STMT(taken_back, "SELECT message_id, seq, at_ms FROM taken_back"
                     " WHERE user_id = ?1 AND room_id = ?2 AND client_id = ?3"),
    STMT(mention, "INSERT OR IGNORE INTO mentions (user_id, room_id, seq) SELECT ?1, ?2, ?3"
                  " WHERE NOT EXISTS (SELECT 1 FROM reads"
                  " WHERE user_id = ?1 AND room_id = ?2 AND seq >= ?3)"),
    STMT(unmention, "DELETE FROM mentions WHERE user_id = ?1 AND room_id = ?2 AND seq = ?3"),
    STMT(mentions_read,
         "DELETE FROM mentions WHERE user_id = ?1 AND room_id = ?2 AND seq IN (SELECT"
         " seq FROM mentions WHERE user_id = ?1 AND room_id = ?2 AND seq <= ?3"
         " LIMIT " PURGE_ROWS ")"),
    STMT(seq_of, "SELECT seq FROM messages WHERE id = ?1 AND room_id = ?2"),
    STMT(id_of, "SELECT id FROM messages WHERE seq = ?1 AND room_id = ?2"),
    STMT(read, "INSERT INTO reads (user_id, room_id, seq, at_ms) VALUES (?1, ?2, ?3, ?4)"
               " ON CONFLICT (user_id, room_id) DO UPDATE SET seq = excluded.seq,"
               " at_ms = excluded.at_ms WHERE excluded.seq > seq"),
    STMT(read_seq, "SELECT seq FROM reads WHERE user_id = ?1 AND room_id = ?2"),
    STMT(upload_bytes, "SELECT upload_bytes FROM users WHERE id = ?1"),
    STMT(upload_add, "INSERT INTO uploads (name, user_id, media_type, bytes, created_ms)"
                     " VALUES (?1, ?2, ?3, ?4, ?5)"),
    STMT(upload_count, "UPDATE users SET upload_bytes = upload_bytes + ?2 WHERE id = ?1"),
    STMT(upload_find, "SELECT user_id, bytes, shown FROM uploads WHERE name = ?1"),
    STMT(upload_show, "UPDATE uploads SET shown = shown + 1 WHERE name = ?1"),
    STMT(upload_remove, "DELETE FROM uploads WHERE name = ?1"),
    STMT(purge_reads, "DELETE FROM reads WHERE room_id = ?1 AND user_id IN"
                      " (SELECT user_id FROM reads WHERE room_id = ?1 LIMIT " PURGE_ROWS ")"),
    STMT(purge_mentions, "DELETE FROM mentions WHERE (user_id, room_id, seq) IN (SELECT user_id,"
                         " room_id, seq FROM mentions WHERE room_id = ?1 LIMIT " PURGE_ROWS ")"),
    STMT(purge_taken_back,
         "DELETE FROM taken_back WHERE (user_id, room_id, client_id) IN (SELECT user_id, room_id,"
         " client_id FROM taken_back WHERE room_id = ?1 LIMIT " PURGE_ROWS ")"),
    STMT(purge_log, "DELETE FROM changes WHERE position IN (SELECT position FROM changes"
                    " WHERE room_id = ?1 AND kind <> 3 LIMIT " PURGE_ROWS ")"),
    STMT(to_purge, "SELECT id FROM rooms WHERE removed_ms IS NOT NULL"
                   " AND EXISTS (SELECT 1 FROM messages WHERE room_id = rooms.id) LIMIT 1"),
#undef STMT
};

_Static_assert(COUNT(stmts) == sizeof(struct kept_stmts) / sizeof(sqlite3_stmt *),
               "one is missing");
_Static_assert(MESSAGE_REACTION == 4, "the statements say 4");

static sqlite3_stmt **stmt_at(struct sqlite_store *s, size_t i) {
    return (sqlite3_stmt **)(void *)((char *)&s->kept + stmts[i].offset);
}

enum err sqlite_stmts_prepare(struct sqlite_store *s) {
    enum err err = OK;
    for (size_t i = 0; err == OK && i < COUNT(stmts); i++) {
        err = sql_prepare(s->db, stmts[i].sql, stmt_at(s, i));
    }
    return err;
}

void sqlite_stmts_finalize(struct sqlite_store *s) {
    for (size_t i = 0; i < COUNT(stmts); i++) {
        sql_finalize(stmt_at(s, i));
    }
}
