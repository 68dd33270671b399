/* Every fact, at start: one query a kind, each row handed out as the event that made it. */
#include "store/sqlite.h"

/* Fills what one row says; `gone` becomes the event that took it back, if there was one. */
static void fill_user(sqlite3_stmt *row, struct event *ev, struct event *gone) {
    ev->user.v = sql_u64(row, 0);
    ev->username = sql_text(row, 1);
    ev->mobile = sql_text(row, 2);
    ev->role = (enum role)sql_u64(row, 3);
    ev->hash = sql_text(row, 4);
    ev->at_ms = sql_u64(row, 5);
    if (sqlite3_column_type(row, 6) != SQLITE_NULL) {
        *gone = (struct event){ .type = EV_user_erased,
                                .at_ms = sql_u64(row, 6),
                                .user = ev->user,
                                .username = ev->username };
    }
}

static void fill_room(sqlite3_stmt *row, struct event *ev, struct event *gone) {
    ev->room.v = sql_u64(row, 0);
    ev->server.v = sql_u64(row, 1);
    ev->room_kind = (enum room_kind)sql_u64(row, 2);
    ev->room_name = sql_text(row, 3);
    ev->is_private = sql_u64(row, 4) != 0;
    ev->user.v = sql_u64(row, 5);
    ev->other.v = sql_u64(row, 6);
    ev->at_ms = sql_u64(row, 7);
    if (sqlite3_column_type(row, 8) != SQLITE_NULL) {
        *gone = *ev;
        gone->type = EV_room_removed;
        gone->at_ms = sql_u64(row, 8);
    }
}

static void fill_keep(sqlite3_stmt *row, struct event *ev, struct event *gone) {
    (void)gone;
    ev->room.v = sql_u64(row, 0);
    ev->is_on = true;
    ev->messages = sql_u64(row, 1);
    ev->bytes = sql_u64(row, 2);
    ev->age_ms = sql_u64(row, 3);
}

static void fill_member(sqlite3_stmt *row, struct event *ev, struct event *gone) {
    (void)gone;
    ev->room.v = sql_u64(row, 0);
    ev->user.v = sql_u64(row, 1);
}

static void fill_ban(sqlite3_stmt *row, struct event *ev, struct event *gone) {
    (void)gone;
    ev->user.v = sql_u64(row, 0);
    ev->until_ms = sql_u64(row, 1);
}

static void fill_block(sqlite3_stmt *row, struct event *ev, struct event *gone) {
    (void)gone;
    ev->user.v = sql_u64(row, 0);
    ev->other.v = sql_u64(row, 1);
    ev->until_ms = sql_u64(row, 2);
}

static void fill_token(sqlite3_stmt *row, struct event *ev, struct event *gone) {
    (void)gone;
    ev->user.v = sql_u64(row, 0);
    ev->label = sql_text(row, 1);
    ev->hash = sql_bytes(row, 2);
    ev->at_ms = sql_u64(row, 3);
}

static const struct kind {
    enum event_type event;
    const char *sql;
    void (*fill)(sqlite3_stmt *row, struct event *ev, struct event *gone);
} kinds[] = {
    { EV_user_created,
      "SELECT id, username, mobile, role, password_hash, created_ms, erased_ms FROM users"
      " ORDER BY id",
      fill_user },
    { EV_room_created,
      "SELECT id, server_id, kind, name, is_private, dm_a, dm_b, created_ms, removed_ms FROM rooms"
      " ORDER BY removed_ms IS NULL, id",
      fill_room },
    { EV_room_kept,
      "SELECT id, keep_messages, keep_bytes, keep_age_ms FROM rooms"
      " WHERE keep_messages IS NOT NULL AND removed_ms IS NULL ORDER BY id",
      fill_keep },
    { EV_member_added, "SELECT room_id, user_id FROM members ORDER BY room_id, user_id",
      fill_member },
    { EV_ban_set, "SELECT user_id, until_ms FROM bans ORDER BY user_id", fill_ban },
    { EV_block_set, "SELECT user_id, other_id, until_ms FROM blocks ORDER BY user_id, other_id",
      fill_block },
    { EV_token_added, "SELECT user_id, label, hash, created_ms FROM tokens ORDER BY user_id, label",
      fill_token },
};

static enum err load_kind(sqlite3 *db, const struct kind *kind,
                          void (*on_fact)(void *ctx, const struct event *ev), void *ctx) {
    SCOPED(sql_finalize) sqlite3_stmt *row = NULL;
    bool is_row = true;
    enum err err = sql_prepare(db, kind->sql, &row);

    while (err == OK && (err = sql_next(row, &is_row)) == OK && is_row) {
        struct event ev = { .type = kind->event };
        struct event gone = { .type = EVENT_COUNT };
        kind->fill(row, &ev, &gone);
        on_fact(ctx, &ev);
        if (gone.type != EVENT_COUNT) {
            on_fact(ctx, &gone);
        }
    }
    return err;
}

enum err sqlite_load(struct store *store, void (*on_fact)(void *ctx, const struct event *ev),
                     void *ctx) {
    struct sqlite_store *s = CONTAINER_OF(store, struct sqlite_store, base);
    enum err err =
        sql_run(s->db, "BEGIN");    // all of it as of one moment: a server may be writing
    for (size_t i = 0; err == OK && i < COUNT(kinds); i++) {
        err = load_kind(s->db, &kinds[i], on_fact, ctx);
    }
    return err == OK ? sql_run(s->db, "COMMIT") : err;
}
