/* What readers ask.
 *
 * There is no index on (room, id): every message would pay for it. But within a room seq grows with
 * id and has no holes, so "up to this id" is turned into "up to this seq" (sqlite_read.c). */
#include "store/sqlite_reader.h"

#define MESSAGE_COLUMNS                                                                            \
    "m.id, m.seq, m.user_id, u.username, m.content, m.client_id, m.at_ms, m.edited_ms, "           \
    "m.deleted_ms, m.type, m.media_url, m.media_type, m.duration_ms, m.reply_to, m.mentions"

#define MESSAGES " FROM messages m JOIN users u ON u.id = m.user_id WHERE m.room_id = ?1"

/* Of a message m in a room r: whether ?3 may read it, and it is in room ?4, or that is 0. */
#define IS_READABLE                                                                                \
    "(?4 = 0 OR m.room_id = ?4) AND r.removed_ms IS NULL AND CASE r.kind WHEN 2"                   \
    " THEN ?3 IN (r.dm_a, r.dm_b) ELSE r.is_private = 0 OR EXISTS (SELECT 1 FROM members"          \
    " WHERE room_id = r.id AND user_id = ?3) END"

/* What became of messages, after a position. */
#define WAITING_CHANGED                                                                            \
    "SELECT c.position, coalesce(c.user_id, m.user_id), m.type, m.deleted_ms IS NOT NULL,"         \
    " c.message_id, c.kind FROM changes c CROSS JOIN messages m ON m.id = c.message_id"
#define LOGGED_AFTER " AND c.position > ?2 ORDER BY c.position LIMIT ?3"

#define TEXT_OF(x) #x
#define TEXT_OF_VALUE(x) TEXT_OF(x)

/* Message queries have the columns that message_of reads; those of the log, four more. The lists
 * have one shape: id, name, mobile, role, kind, is_private, at_ms, messages; that of rooms has
 * their rules beyond. Those of blocks and of what was decided have another: id, name, other, its
 * name, until_ms, and what more the latter has. A type of 4 is MESSAGE_REACTION. */
const char *const sqlite_queries[QUERY_COUNT] = {
    [QUERY_BEGIN] = "BEGIN",
    [QUERY_END] = "COMMIT",
    [QUERY_ROOM] = "SELECT kind, dm_a, dm_b, deleted, pruned_seq, max(pruned_seq, coalesce("
                   "(SELECT max(seq) FROM messages WHERE room_id = rooms.id), 0))"
                   " FROM rooms WHERE id = ?1 AND removed_ms IS NULL",
    [QUERY_SEQ] = "SELECT seq FROM messages WHERE id = ?1 AND room_id = ?2",
    [QUERY_ID] = "SELECT id FROM messages WHERE room_id = ?1 AND seq = ?2",
    [QUERY_HISTORY] = "SELECT " MESSAGE_COLUMNS MESSAGES
                      " AND m.seq <= ?2 AND m.deleted_ms IS NULL ORDER BY m.seq DESC LIMIT ?3",
    [QUERY_AFTER] = "SELECT " MESSAGE_COLUMNS MESSAGES
                    " AND m.seq > ?2 AND m.deleted_ms IS NULL ORDER BY m.seq LIMIT ?3",
    [QUERY_DELETED] = "SELECT count(*) FROM messages"
                      " WHERE room_id = ?1 AND seq > ?2 AND seq <= ?3 AND deleted_ms IS NOT NULL",
    [QUERY_DELETED_DOWN] = "SELECT seq FROM messages WHERE room_id = ?1 AND seq <= ?2"
                           " AND deleted_ms IS NOT NULL ORDER BY seq DESC",
    [QUERY_REACTIONS] = "SELECT c.content, c.count, c.first, EXISTS (SELECT 1 FROM messages"
                        " WHERE reply_to = ?1 AND user_id = ?2 AND content = c.content"
                        " AND type = 4 AND deleted_ms IS NULL)"
                        " FROM reaction_counts c WHERE c.message_id = ?1",
    [QUERY_NEW] = "SELECT " MESSAGE_COLUMNS MESSAGES " AND m.seq > ?2 ORDER BY m.seq LIMIT ?3",
    [QUERY_CHANGED] = "SELECT " MESSAGE_COLUMNS ", c.position, c.kind, b.id, b.username"
                      " FROM changes c JOIN messages m ON m.id = c.message_id"
                      " JOIN users u ON u.id = m.user_id"
                      " JOIN users b ON b.id = coalesce(c.user_id, m.user_id)"
                      " WHERE c.room_id = ?1 AND c.position > ?2 ORDER BY c.position LIMIT ?3",
    [QUERY_POSITION] = "SELECT max(coalesce((SELECT max(id) FROM messages), 0),"
                       " coalesce((SELECT max(position) FROM changes), 0),"
                       " coalesce((SELECT value FROM meta WHERE key = 'position'), 0))",
    [QUERY_CURSOR] = "SELECT position FROM cursors WHERE user_id = ?1",
    /* To somebody in his dms: what is in these indexes waits, and nothing else is looked at. */
    [QUERY_WAITING_NEW] = "SELECT id FROM messages WHERE to_user = ?1 AND id > ?2"
                          " ORDER BY id LIMIT ?3",
    [QUERY_WAITING_CHANGED_A] = WAITING_CHANGED " WHERE c.to_a = ?1" LOGGED_AFTER,
    [QUERY_WAITING_CHANGED_B] = WAITING_CHANGED " WHERE c.to_b = ?1" LOGGED_AFTER,
    [QUERY_DM_OF] = "SELECT r.id, r.kind, r.dm_a, r.dm_b FROM messages m"
                    " JOIN rooms r ON r.id = m.room_id WHERE m.id = ?1",
    /* In rooms that are no dms. Most have nothing new, and are passed over by looks into
     * indexes. */
    [QUERY_WAITING_ROOMS] =
        "WITH mine (id) AS (SELECT room_id FROM members WHERE user_id = ?1"
        " UNION SELECT room_id FROM reads WHERE user_id = ?1)"
        " SELECT r.id, r.kind, r.dm_a, r.dm_b, r.pruned_seq, max(r.pruned_seq, coalesce("
        "(SELECT max(seq) FROM messages WHERE room_id = r.id), 0))"
        " FROM mine CROSS JOIN rooms r ON r.id = mine.id"
        " WHERE ((SELECT id FROM messages WHERE room_id = mine.id ORDER BY seq DESC LIMIT 1) > ?2"
        " OR (SELECT max(position) FROM changes WHERE room_id = mine.id) > ?2)"
        " AND r.removed_ms IS NULL AND r.kind <> 2 AND (r.is_private = 0 OR EXISTS"
        " (SELECT 1 FROM members WHERE room_id = r.id AND user_id = ?1))",
    [QUERY_ROOM_NEW] = "SELECT id, user_id, type, deleted_ms IS NOT NULL FROM messages"
                       " WHERE room_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    [QUERY_ROOM_CHANGED] = WAITING_CHANGED " WHERE c.room_id = ?1" LOGGED_AFTER,
    [QUERY_READ_SEQ] = "SELECT seq FROM reads WHERE user_id = ?1 AND room_id = ?2",
    [QUERY_USERNAME] = "SELECT username FROM users WHERE id = ?1",
    [QUERY_UNREAD_ROOMS] =
        "WITH mine (id) AS (SELECT room_id FROM reads WHERE user_id = ?1"
        " UNION SELECT room_id FROM mentions WHERE user_id = ?1"
        " UNION SELECT id FROM rooms WHERE kind = 2 AND dm_a = ?1"
        " UNION SELECT id FROM rooms WHERE kind = 2 AND dm_b = ?1)"
        " SELECT r.id, coalesce(u.username, r.name) AS name, r.kind, r.is_private, u.id, d.seq,"
        " r.pruned_seq, max(r.pruned_seq, coalesce("
        "(SELECT max(seq) FROM messages WHERE room_id = r.id), 0))"
        " FROM mine JOIN rooms r ON r.id = mine.id"
        " LEFT JOIN reads d ON d.user_id = ?1 AND d.room_id = r.id"
        " LEFT JOIN users u ON u.id = CASE r.kind WHEN 2 THEN r.dm_a + r.dm_b - ?1 END"
        " WHERE r.removed_ms IS NULL AND CASE r.kind WHEN 2 THEN ?1 IN (r.dm_a, r.dm_b)"
        " ELSE r.is_private = 0 OR EXISTS (SELECT 1 FROM members"
        " WHERE room_id = r.id AND user_id = ?1) END ORDER BY name, r.id",
    [QUERY_UNREAD] = "SELECT count(*) FROM (SELECT 1 FROM messages WHERE room_id = ?1 AND seq > ?2"
                     " AND user_id <> ?3 AND type <> 4 AND deleted_ms IS NULL"
                     " LIMIT " TEXT_OF_VALUE(UNREAD_COUNT_MAX) ")",
    [QUERY_MENTIONS] = "SELECT count(*) FROM (SELECT 1 FROM mentions WHERE room_id = ?1"
                       " AND seq > ?2 AND user_id = ?3"
                       " LIMIT " TEXT_OF_VALUE(UNREAD_COUNT_MAX) ")",
    [QUERY_UPLOAD] = "SELECT name, user_id, media_type, bytes, created_ms FROM uploads"
                     " WHERE name = ?1",
    [QUERY_ORPHANS] = "SELECT name, user_id, media_type, bytes, created_ms FROM uploads"
                      " WHERE shown = 0 AND created_ms < ?1 ORDER BY created_ms, name LIMIT ?2",
    [QUERY_INDEXED] = "SELECT value FROM meta WHERE key = 'indexed'",
    [QUERY_UNINDEXED] = "SELECT m.id, m.room_id, " IS_READABLE ", m.content"
                        " FROM messages m CROSS JOIN rooms r ON r.id = m.room_id"
                        " WHERE m.id > ?1 AND m.id < ?2 AND m.deleted_ms IS NULL AND m.type <> 4"
                        " ORDER BY m.id DESC",
    [QUERY_STALE] = "SELECT m.id, m.room_id, " IS_READABLE ", m.content"
                    " FROM search_stale s CROSS JOIN messages m ON m.id = s.message_id"
                    " CROSS JOIN rooms r ON r.id = m.room_id WHERE s.message_id > ?1"
                    " AND s.message_id < ?2 AND m.deleted_ms IS NULL ORDER BY s.message_id DESC",
    [QUERY_FOUND] = "SELECT m.id, m.room_id, " IS_READABLE
                    " FROM search_index s CROSS JOIN messages m ON m.id = s.rowid"
                    " CROSS JOIN rooms r ON r.id = m.room_id"
                    " WHERE s.words MATCH ?1 AND s.rowid < ?2 AND NOT EXISTS"
                    " (SELECT 1 FROM search_stale WHERE message_id = m.id) ORDER BY s.rowid DESC",
    [QUERY_PLACES] = "SELECT room_id FROM members WHERE user_id = ?1"
                     " UNION ALL SELECT id FROM rooms WHERE kind = 2 AND dm_a = ?1"
                     " UNION ALL SELECT id FROM rooms WHERE kind = 2 AND dm_b = ?1",
    [QUERY_MESSAGE] = "SELECT " MESSAGE_COLUMNS MESSAGES " AND m.id = ?2 LIMIT ?3",
    [QUERY_ROOM_NAME] = "SELECT name FROM rooms WHERE id = ?1",
    [QUERY_LIST + LIST_USERS] = "SELECT id, username, mobile, role, 0, 0, created_ms, 0 FROM users"
                                " WHERE erased_ms IS NULL ORDER BY username LIMIT ?2",
    [QUERY_LIST + LIST_TOKENS] =
        "SELECT user_id, label, NULL, 0, 0, 0, created_ms, 0 FROM tokens WHERE user_id = ?1"
        " ORDER BY label LIMIT ?2",
    [QUERY_LIST + LIST_ROOMS] =
        "SELECT id, name, NULL, 0, kind, is_private, created_ms, max(pruned_seq, coalesce("
        "(SELECT max(seq) FROM messages WHERE room_id = rooms.id), 0)) - pruned_seq - deleted,"
        " keep_messages, keep_bytes, keep_age_ms"
        " FROM rooms WHERE removed_ms IS NULL AND kind <> 2 ORDER BY name LIMIT ?2",
    [QUERY_LIST + LIST_BANS] =
        "SELECT u.id, u.username, NULL, u.role, 0, 0, b.until_ms, 0 FROM bans b"
        " JOIN users u ON u.id = b.user_id ORDER BY u.username LIMIT ?2",
    [QUERY_LIST + LIST_BLOCKS] =
        "SELECT b.user_id, u.username, b.other_id, o.username, b.until_ms FROM blocks b"
        " JOIN users u ON u.id = b.user_id LEFT JOIN users o ON o.id = b.other_id"
        " WHERE b.until_ms > ?1 ORDER BY u.username, b.other_id LIMIT ?2",
    [QUERY_LIST + LIST_AUDIT] =
        "SELECT a.id, u.username, a.other_id, o.username, a.until_ms, a.at_ms, w.username, "
        "a.action,"
        " r.name, a.detail, a.message_id FROM audit a LEFT JOIN users u ON u.id = a.user_id"
        " LEFT JOIN users o ON o.id = a.other_id LEFT JOIN users w ON w.id = a.actor_id"
        " LEFT JOIN rooms r ON r.id = a.room_id"
        " WHERE ?1 = 0 OR ?1 IN (a.user_id, a.actor_id, a.other_id) ORDER BY a.at_ms DESC, a.id "
        "DESC LIMIT ?2",
};

_Static_assert(MESSAGE_REACTION == 4 && ROOM_DM == 2, "the queries say 4 and 2");
