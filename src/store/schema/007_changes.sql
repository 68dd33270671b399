-- What waits for somebody who asks for changes instead of being told. No row is written for a change
-- and a receiver: a message in a dm names the one it is new to, and so does what becomes of it. How
-- much else was said in between makes no difference then.
ALTER TABLE messages ADD COLUMN to_user INTEGER;    -- NULL: in no dm, to oneself, a reaction, deleted
CREATE INDEX messages_to ON messages (to_user) WHERE to_user IS NOT NULL;

-- The two of a dm, but for the one who did it himself; NULL also: a reaction.
ALTER TABLE changes ADD COLUMN to_a INTEGER;
ALTER TABLE changes ADD COLUMN to_b INTEGER;
CREATE INDEX changes_to_a ON changes (to_a) WHERE to_a IS NOT NULL;
CREATE INDEX changes_to_b ON changes (to_b) WHERE to_b IS NOT NULL;

-- How far each of them has had changes: all up to this position of the log have come, or were none
-- of theirs. It only moves forward.
CREATE TABLE cursors (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    position INTEGER NOT NULL
);

UPDATE messages SET to_user =
    (SELECT CASE messages.user_id WHEN dm_a THEN dm_b ELSE dm_a END FROM rooms WHERE id = room_id)
    WHERE type <> 4 AND deleted_ms IS NULL
        AND room_id IN (SELECT id FROM rooms WHERE kind = 2 AND dm_a <> dm_b);
UPDATE changes SET (to_a, to_b) =
    (SELECT nullif(r.dm_a, coalesce(changes.user_id, m.user_id)),
            nullif(nullif(r.dm_b, coalesce(changes.user_id, m.user_id)), r.dm_a)
        FROM messages m JOIN rooms r ON r.id = m.room_id
        WHERE m.id = changes.message_id AND m.type <> 4)
    WHERE room_id IN (SELECT id FROM rooms WHERE kind = 2);
