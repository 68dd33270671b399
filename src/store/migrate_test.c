/* From any old version to the newest, and what is refused. */
#include "store/migrate.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/rig.h"
#include "store/sql.h"
#include "test/unit.h"

/* A database that a store can be opened on later; its path is in the rig's URL. */
static sqlite3 *raw(const struct rig *rig) {
    sqlite3 *db = NULL;
    EQ(sqlite3_open(rig->url + strlen("sqlite:"), &db), SQLITE_OK);
    return db;
}

/* Closes the rig's store, so that its file can be prepared otherwise. */
static void shut(struct rig *rig, bool is_removed) {
    rig->reader->ops->free(&rig->reader);
    rig->store->ops->free(&rig->store);
    if (is_removed) {
        EQ(unlink(rig->url + strlen("sqlite:")), 0);
    }
}

static enum err reopen(struct rig *rig, struct buf *why) {
    enum err err = store_open(str_of(rig->url), &rig->store, why);
    if (err == OK) {
        EQ(rig->store->ops->reader_open(rig->store, &rig->reader), OK);
    }
    return err;
}

static int64_t number(sqlite3 *db, const char *sql) {
    int64_t n = -1;
    EQ(sql_number(db, sql, &n), OK);
    return n;
}

TEST(a_new_database_has_the_newest_version) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    EQ(number(rig_db(rig), "PRAGMA user_version"), migrate_newest());
    OKAY(migrate_newest() >= 3);
}

TEST(a_database_of_every_older_version_is_brought_up_with_what_is_in_it) {
    for (int version = 1; version <= migrate_newest(); version++) {
        SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
        struct buf why = BUF_INIT(1024);
        shut(rig, true);
        sqlite3 *db = raw(rig);
        EQ(migrate(db, version, &why), OK);
        EQ(number(db, "PRAGMA user_version"), version);
        EQ(sql_run(db,
                   "INSERT INTO users (id, username, role, created_ms) VALUES (1, 'ann', 0, 5);"
                   "INSERT INTO messages (id, room_id, seq, user_id, content, at_ms)"
                   " VALUES (1, 1, 1, 1, 'old', 6);"
                   "INSERT INTO messages (id, room_id, seq, user_id, content, at_ms, deleted_ms)"
                   " VALUES (2, 1, 2, 1, '', 7, 8);"
                   "INSERT INTO changes (position, room_id, kind, message_id, at_ms)"
                   " VALUES (3, 1, 2, 2, 8)"),
           OK);
        if (version >= 3) {    // from then on rooms count them, and there are uploads
            EQ(sql_run(db, "UPDATE rooms SET deleted = 1"), OK);
            EQ(sql_run(db, "INSERT INTO uploads (name, user_id, media_type, bytes, created_ms)"
                           " VALUES ('a', 1, 'image/png', 1, 5), ('b', 1, 'image/png', 5000, 5)"),
               OK);
            EQ(sql_run(db, version < 5 ? "UPDATE users SET upload_bytes = 5001"
                                       : "UPDATE users SET upload_bytes = 9096"),
               OK);
        }
        EQ(sqlite3_close(db), SQLITE_OK);

        EQ(reopen(rig, &why), OK);
        EQ(number(rig_db(rig), "PRAGMA user_version"), migrate_newest());
        EQ(number(rig_db(rig), "SELECT upload_bytes FROM users"), version < 3 ? 0 : 9096);
        STR_EQ(contents(rig, history(rig, GENERAL, 0, 0)), "old ");
        EQ(history(rig, GENERAL, 0, 0)->total, 1);
        EQ(number(rig_db(rig), "SELECT count(*) FROM hub_messages"), 1);
        SCOPED(change_log_fini) struct change_log log = { 0 };
        EQ(rig->reader->ops->changes(rig->reader, (room_id){ GENERAL }, 2, 10, &log), OK);
        EQ(log.count, 1);
        EQ(log.changes[0].by.v, 1);    // it was not kept: the author
        SCOPED(buf_fini) struct buf report = BUF_INIT(4096);
        EQ(rig->store->ops->check(rig->store, &report), OK);
        buf_fini(&why);
    }
}

/* What was written before anybody could ask for changes waits for whom it was written to. */
TEST(old_direct_messages_wait_for_who_asks_for_changes) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    SCOPED(buf_fini) struct buf why = BUF_INIT(1024);
    SCOPED(buf_fini) struct buf report = BUF_INIT(4096);
    shut(rig, true);
    sqlite3 *db = raw(rig);
    EQ(migrate(db, 4, &why), OK);
    EQ(sql_run(db, "INSERT INTO users (id, username, role, created_ms)"
                   " VALUES (1, 'ann', 0, 5), (2, 'bob', 0, 5);"
                   "INSERT INTO rooms (id, server_id, kind, is_private, dm_a, dm_b, created_ms,"
                   " deleted) VALUES (2, 1, 2, 0, 1, 2, 5, 1), (3, 1, 2, 0, 1, 1, 5, 0);"
                   "INSERT INTO messages (id, room_id, seq, user_id, content, at_ms, deleted_ms)"
                   " VALUES (1, 2, 1, 1, 'hers', 6, NULL), (2, 2, 2, 2, '', 6, 9),"
                   " (3, 2, 3, 2, 'his', 6, NULL), (4, 3, 1, 1, 'a note', 6, NULL);"
                   "INSERT INTO messages (id, room_id, seq, user_id, content, at_ms, type,"
                   " reply_to) VALUES (5, 2, 4, 2, '+', 6, 4, 1);"
                   "INSERT INTO reaction_counts VALUES (1, '+', 1, 5);"
                   "INSERT INTO changes (position, room_id, kind, message_id, at_ms, user_id)"
                   " VALUES (6, 2, 2, 2, 9, NULL), (7, 2, 1, 3, 9, 2), (8, 2, 1, 1, 9, 1),"
                   " (9, 3, 1, 4, 9, 1)"),
       OK);
    EQ(sqlite3_close(db), SQLITE_OK);
    EQ(reopen(rig, &why), OK);
    STR_EQ(missed(rig, rig_ask(rig, &(struct ask){ .kind = ASK_CHANGES, .user = { 1 } })),
           "3+ 6-2 7~3");
    STR_EQ(missed(rig, rig_ask(rig, &(struct ask){ .kind = ASK_CHANGES, .user = { 2 } })),
           "1+ 8~1");
    EQ(rig->store->ops->check(rig->store, &report), OK);
}

TEST(a_newer_schema_is_refused_and_left_alone) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    struct buf why = BUF_INIT(1024);
    EQ(sql_run(rig_db(rig), "PRAGMA user_version = 999"), OK);
    shut(rig, false);
    EQ(reopen(rig, &why), ERR_IO);
    OKAY(str_starts(buf_str(&why), STR_LIT("The database has schema version 999")));
    sqlite3 *db = raw(rig);
    EQ(number(db, "PRAGMA user_version"), 999);
    sqlite3_close(db);
    buf_fini(&why);
}

TEST(another_programs_database_is_refused) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    struct buf why = BUF_INIT(1024);
    shut(rig, true);
    sqlite3 *db = raw(rig);
    EQ(sql_run(db, "CREATE TABLE notes (id); PRAGMA user_version = 1"), OK);
    sqlite3_close(db);
    EQ(reopen(rig, &why), ERR_IO);
    STR_EQ(buf_str(&why), "This SQLite database was made by another program: name another file.");
    buf_fini(&why);
}

TEST(a_file_that_is_no_database_is_refused) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    struct buf why = BUF_INIT(1024);
    shut(rig, true);
    FILE *file = fopen(rig->url + strlen("sqlite:"), "w");
    for (int i = 0; i < 1000; i++) {
        fputs("this is a letter to my aunt\n", file);
    }
    fclose(file);
    EQ(reopen(rig, &why), ERR_IO);
    OKAY(str_ends(buf_str(&why), STR_LIT("cannot be used: file is not a database.")));
    buf_fini(&why);
}

TEST(a_step_that_fails_leaves_the_version_before_it) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    struct buf why = BUF_INIT(1024);
    shut(rig, true);
    sqlite3 *db = raw(rig);
    EQ(migrate(db, 1, &why), OK);
    EQ(sql_run(db, "PRAGMA max_page_count = 1"), OK);    // as many as there are
    for (int i = 0, rc = SQLITE_OK; rc == SQLITE_OK; i++) {
        char sql[512];
        snprintf(sql, sizeof sql, "CREATE VIEW filler%d AS SELECT %0200d", i, 1);
        rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    }
    EQ(migrate(db, 2, &why), ERR_FULL);
    EQ(number(db, "PRAGMA user_version"), 1);
    EQ(number(db, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'hub_%'"), 0);
    EQ(sql_run(db, "PRAGMA max_page_count = 1000000"), OK);
    EQ(migrate(db, 2, &why), OK);
    EQ(number(db, "PRAGMA user_version"), 2);
    EQ(sqlite3_close(db), SQLITE_OK);
    buf_fini(&why);
}
