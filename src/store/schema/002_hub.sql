-- The tables of the hub document (docs/protocols/hub.md), for services that read them: exactly its
-- columns, whatever ours are called. Rooms are the channels of server 1; a private message has a
-- to_user and no room.
CREATE VIEW hub_users (id, username) AS
    SELECT id, username FROM users;

CREATE VIEW hub_rooms (id, name) AS
    SELECT id, name FROM rooms WHERE kind = 0 AND server_id = 1 AND removed_ms IS NULL;

CREATE VIEW hub_messages (id, from_user, to_user, room, content, timestamp) AS
    SELECT m.id, m.user_id,
        CASE WHEN r.kind = 2 THEN CASE m.user_id WHEN r.dm_a THEN r.dm_b ELSE r.dm_a END END,
        CASE WHEN r.kind = 0 THEN r.name END,
        m.content,
        strftime('%Y-%m-%dT%H:%M:%SZ', m.at_ms / 1000, 'unixepoch')
    FROM messages m JOIN rooms r ON r.id = m.room_id
    WHERE m.deleted_ms IS NULL AND r.removed_ms IS NULL
        AND (r.kind = 2 OR (r.kind = 0 AND r.server_id = 1));
