-- What a message is made of beside its text, what people do with messages, and files.
--
-- A plain message still writes one row and no index more: every new index is partial, on what few
-- messages have. `type` is one of 0 text, 1 image, 2 audio, 3 file, 4 reaction, 5 system,
-- 6 notification.
ALTER TABLE messages ADD COLUMN media_url TEXT;
ALTER TABLE messages ADD COLUMN media_type TEXT;
ALTER TABLE messages ADD COLUMN duration_ms INTEGER;
ALTER TABLE messages ADD COLUMN reply_to INTEGER;    -- a message's id; it may be deleted since
ALTER TABLE messages ADD COLUMN mentions TEXT;       -- ids of users: '3,17'

-- The reactions there are: one of each emoji under a message from each person.
CREATE UNIQUE INDEX messages_reaction ON messages (reply_to, user_id, content)
    WHERE type = 4 AND deleted_ms IS NULL;

-- How many of each kind there are under a message, whether it is still there or not. Posting adds;
-- the triggers take away when a reaction is deleted or its row goes.
CREATE TABLE reaction_counts (
    message_id INTEGER NOT NULL,
    content TEXT NOT NULL,
    count INTEGER NOT NULL,
    first INTEGER NOT NULL,    -- the id of the reaction that began it; that one may be gone
    PRIMARY KEY (message_id, content)
) WITHOUT ROWID;
CREATE TRIGGER reactions_deleted AFTER UPDATE OF deleted_ms ON messages
    WHEN old.type = 4 AND old.deleted_ms IS NULL AND new.deleted_ms IS NOT NULL BEGIN
    UPDATE reaction_counts SET count = count - 1
        WHERE message_id = old.reply_to AND content = old.content;
    DELETE FROM reaction_counts
        WHERE message_id = old.reply_to AND content = old.content AND count = 0;
END;
CREATE TRIGGER reactions_gone AFTER DELETE ON messages
    WHEN old.type = 4 AND old.deleted_ms IS NULL BEGIN
    UPDATE reaction_counts SET count = count - 1
        WHERE message_id = old.reply_to AND content = old.content;
    DELETE FROM reaction_counts
        WHERE message_id = old.reply_to AND content = old.content AND count = 0;
END;

-- In the room's order, so that a place can be counted from the newest back without a look at the
-- messages themselves.
DROP INDEX messages_deleted;
CREATE INDEX messages_deleted ON messages (room_id, seq, deleted_ms) WHERE deleted_ms IS NOT NULL;

-- Messages that are there: last seq - pruned_seq - deleted. What retention takes is the oldest, up
-- to pruned_seq; the last seq never goes back behind it.
ALTER TABLE rooms ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;    -- rows marked so
ALTER TABLE rooms ADD COLUMN pruned_seq INTEGER NOT NULL DEFAULT 0;
UPDATE rooms SET deleted =
    (SELECT count(*) FROM messages WHERE room_id = rooms.id AND deleted_ms IS NOT NULL);
CREATE INDEX rooms_dm_b ON rooms (dm_b) WHERE kind = 2;

-- Who edited or deleted: a moderator may. NULL, as in older rows: the author.
ALTER TABLE changes ADD COLUMN user_id INTEGER;

-- The counter of ids and positions is never below meta's 'position', whatever was pruned.

-- How far somebody has read. The mark only moves forward.
CREATE TABLE reads (
    user_id INTEGER NOT NULL REFERENCES users (id),
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id)
) WITHOUT ROWID;
CREATE INDEX reads_room ON reads (room_id);

-- Who is named in which message; rows only for messages that name somebody, are there, and are
-- beyond what that person has read.
CREATE TABLE mentions (
    user_id INTEGER NOT NULL REFERENCES users (id),
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id, seq)
) WITHOUT ROWID;
CREATE INDEX mentions_room ON mentions (room_id);

-- A reaction that was taken back by a command with a client_id: the same command again must not
-- put it there anew.
CREATE TABLE taken_back (
    user_id INTEGER NOT NULL REFERENCES users (id),
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    client_id TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id, client_id)
) WITHOUT ROWID;
CREATE INDEX taken_back_room ON taken_back (room_id);

-- Files people sent. The bytes are in the file; a message refers to it as /uploads/<name>.
CREATE TABLE uploads (
    name TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    media_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    shown INTEGER NOT NULL DEFAULT 0       -- messages that show it
) WITHOUT ROWID;
CREATE INDEX uploads_orphaned ON uploads (created_ms) WHERE shown = 0;
ALTER TABLE users ADD COLUMN upload_bytes INTEGER NOT NULL DEFAULT 0;    -- the sum of theirs

-- A message stops showing its file when its media_url is emptied (it was deleted) or its row goes.
CREATE TRIGGER messages_media_emptied AFTER UPDATE OF media_url ON messages
    WHEN substr(old.media_url, 1, 9) = '/uploads/' BEGIN
    UPDATE uploads SET shown = shown - 1 WHERE name = substr(old.media_url, 10);
END;
CREATE TRIGGER messages_media_gone AFTER DELETE ON messages
    WHEN substr(old.media_url, 1, 9) = '/uploads/' BEGIN
    UPDATE uploads SET shown = shown - 1 WHERE name = substr(old.media_url, 10);
END;
