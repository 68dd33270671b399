-- Everything there is. Times are milliseconds since 1970; NULL means never.
PRAGMA application_id = 0x50724c72;

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value
) WITHOUT ROWID;

CREATE TABLE servers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
);

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    username TEXT NOT NULL COLLATE NOCASE UNIQUE,
    mobile TEXT UNIQUE,
    role INTEGER NOT NULL,                 -- 0 member, 1 pro, 2 admin
    password_hash TEXT,
    created_ms INTEGER NOT NULL,
    erased_ms INTEGER
);

CREATE TABLE tokens (
    user_id INTEGER NOT NULL REFERENCES users (id),
    label TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, label)
) WITHOUT ROWID;

CREATE TABLE bans (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    until_ms INTEGER NOT NULL              -- 0: for good
);

CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    server_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,                 -- 0 channel, 1 group, 2 dm
    name TEXT,                             -- NULL: a dm
    is_private INTEGER NOT NULL,
    dm_a INTEGER REFERENCES users (id),    -- the smaller id of the two
    dm_b INTEGER REFERENCES users (id),
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER                     -- its row stays, so that its id stays taken
);
CREATE UNIQUE INDEX rooms_name ON rooms (server_id, name) WHERE kind = 0 AND removed_ms IS NULL;
CREATE UNIQUE INDEX rooms_dm ON rooms (dm_a, dm_b) WHERE kind = 2;
CREATE INDEX rooms_removed ON rooms (removed_ms) WHERE removed_ms IS NOT NULL;

CREATE TABLE members (
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (room_id, user_id)
) WITHOUT ROWID;
CREATE INDEX members_user ON members (user_id);

-- One row is written for a message and nothing else: no row of its own in the change log (its id is
-- its position there), no counter in its room (the writer remembers the last seq). Every index here
-- is paid for by every message.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id),
    type INTEGER NOT NULL DEFAULT 0,       -- 0 text
    content TEXT NOT NULL,
    client_id TEXT,
    at_ms INTEGER NOT NULL,
    edited_ms INTEGER,
    deleted_ms INTEGER,
    UNIQUE (room_id, seq)
);
CREATE UNIQUE INDEX messages_client ON messages (user_id, room_id, client_id)
    WHERE client_id IS NOT NULL;
CREATE INDEX messages_deleted ON messages (room_id) WHERE deleted_ms IS NOT NULL;

-- What happened to messages after their arrival. A position is never a message's id.
CREATE TABLE changes (
    position INTEGER PRIMARY KEY,
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    kind INTEGER NOT NULL,                 -- 1 edited, 2 deleted, 3 the room was removed
    message_id INTEGER,
    at_ms INTEGER NOT NULL
);
CREATE INDEX changes_room ON changes (room_id);

INSERT INTO servers (id, name) VALUES (1, 'lobby');
INSERT INTO rooms (id, server_id, kind, name, is_private, created_ms)
    VALUES (1, 1, 0, 'general', 0, CAST(strftime('%s', 'now') AS INTEGER) * 1000);
