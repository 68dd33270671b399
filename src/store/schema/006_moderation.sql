-- Blocks, and a log of what was decided about people and their words.
CREATE TABLE blocks (
    user_id INTEGER NOT NULL REFERENCES users (id),    -- who is blocked
    other_id INTEGER NOT NULL,                         -- from whom; 0: from everyone
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, other_id)
) WITHOUT ROWID;
CREATE INDEX blocks_other ON blocks (other_id);
CREATE INDEX blocks_until ON blocks (until_ms);

-- Who did what to whom. It has ids and no names, so that erasing somebody
-- leaves nothing of them here; and nothing of what was said.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    actor_id INTEGER,                      -- NULL: the operator
    action TEXT NOT NULL,                  -- 'ban_set', ...
    user_id INTEGER,                       -- whom it is about; a deleted message's author
    room_id INTEGER,
    message_id INTEGER,
    other_id INTEGER,                      -- of a block: from whom; NULL: from everyone
    until_ms INTEGER,                      -- of a ban or a block; 0: for good
    detail TEXT                            -- the new role, a token's label
);

CREATE INDEX audit_at ON audit (at_ms);

-- Only the newest are kept, by when they were written here: AUDIT_ROWS_MAX of core/limits.h.
CREATE TRIGGER audit_bound AFTER INSERT ON audit BEGIN
    DELETE FROM audit WHERE id <= new.id - 100000;
END;
