-- Search, and how much of a room is kept.
--
-- The index holds the folded words of each message (base/fold.h) under the message's id, and no
-- text: a word of a private-use character for the room it is in, then its own. Words are parted by
-- ASCII only, which is all the tokenizer `ascii` looks at. The writer merges its parts itself, in
-- small steps (store/sqlite_index.c): FTS5 on its own would do that in the middle of a commit.
CREATE VIRTUAL TABLE search_index USING fts5 (
    words, content = '', columnsize = 0, tokenize = 'ascii'
);
INSERT INTO search_index (search_index, rank) VALUES ('automerge', 0);
INSERT INTO search_index (search_index, rank) VALUES ('crisismerge', 1999);
INSERT INTO search_index (search_index, rank) VALUES ('usermerge', 8);

-- Every message up to this id is in the index as it is now, or as search_stale says.
INSERT INTO meta (key, value) VALUES ('indexed', 0);

-- What the index says of messages that were edited or deleted since: an index without texts can
-- only forget a text that it is told.
CREATE TABLE search_stale (
    message_id INTEGER PRIMARY KEY,
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    content TEXT NOT NULL
);
CREATE TRIGGER messages_stale AFTER UPDATE OF content ON messages
    WHEN old.type <> 4 AND old.deleted_ms IS NULL
        AND old.id <= (SELECT value FROM meta WHERE key = 'indexed') BEGIN
    INSERT OR IGNORE INTO search_stale (message_id, room_id, seq, content)
        VALUES (old.id, old.room_id, old.seq, old.content);
END;

-- A room's own rules of retention; 0 means no limit. All NULL: it goes by the configuration.
ALTER TABLE rooms ADD COLUMN keep_messages INTEGER;
ALTER TABLE rooms ADD COLUMN keep_bytes INTEGER;
ALTER TABLE rooms ADD COLUMN keep_age_ms INTEGER;
CREATE INDEX rooms_kept ON rooms (id) WHERE keep_messages IS NOT NULL;

-- What was changed about a message goes with it.
CREATE INDEX changes_message ON changes (message_id);
