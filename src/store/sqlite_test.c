/* What is true of the sqlite driver alone: lock, settings, files, views, backup, damage. */
#include "store/sqlite.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/rig.h"
#include "test/unit.h"

static const char *path_of(const struct rig *rig) {
    return rig->url + strlen("sqlite:");
}

/* The first column of a query's first row. */
static struct str text(struct rig *rig, sqlite3 *db, const char *sql) {
    sqlite3_stmt *stmt = NULL;
    bool is_row;
    EQ(sql_prepare(db, sql, &stmt), OK);
    EQ(sql_next(stmt, &is_row), OK);
    OKAY(is_row);
    struct str copy = arena_str(&rig->arena, sql_text(stmt, 0));
    sql_finalize(&stmt);
    return copy;
}

/* ---- one process, one writer */

TEST(a_second_opener_is_refused_with_a_sentence) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    struct store *second = NULL;
    struct buf why = BUF_INIT(1024);
    EQ(store_open(str_of(rig->url), &second, &why), ERR_BUSY);
    OKAY(second == NULL);
    char want[256];
    snprintf(
        want, sizeof want,
        "\"%s/parloir.db\" is in use by another process (%d): stop that one first, or give this "
        "one a data directory of its own.",
        rig->dir, (int)getpid());
    STR_EQ(buf_str(&why), want);
    buf_fini(&why);
}

TEST(a_database_reached_by_another_name_is_the_same) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    SCOPED(buf_fini) struct buf why = BUF_INIT(1024);
    char name[256], url[300], real[256];
    struct store *second = NULL;
    snprintf(real, sizeof real, "%s/parloir.db", rig->dir);
    snprintf(name, sizeof name, "%s/by-another-name.db", rig->dir);
    snprintf(url, sizeof url, "sqlite:%s", name);
    EQ(symlink(real, name), 0);
    EQ(store_open(str_of(url), &second, &why), ERR_BUSY);
    EQ(unlink(name), 0);
}

TEST(two_databases_in_one_directory_have_two_locks) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    SCOPED(buf_fini) struct buf why = BUF_INIT(1024);
    char url[300];
    struct store *second = NULL;
    snprintf(url, sizeof url, "sqlite:%s/other.db", rig->dir);
    EQ(store_open(str_of(url), &second, &why), OK);
    second->ops->free(&second);
}

TEST(a_lock_that_is_a_link_is_not_followed) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    SCOPED(buf_fini) struct buf why = BUF_INIT(1024);
    char target[256], lock[256], url[300];
    struct store *second = NULL;
    snprintf(target, sizeof target, "%s/precious", rig->dir);
    snprintf(lock, sizeof lock, "%s/other.db.lock", rig->dir);
    snprintf(url, sizeof url, "sqlite:%s/other.db", rig->dir);
    FILE *file = fopen(target, "we");
    OKAY(file != NULL && fputs("precious", file) >= 0 && fclose(file) == 0);
    EQ(symlink(target, lock), 0);
    EQ(store_open(str_of(url), &second, &why), ERR_IO);
    struct stat st;
    EQ(stat(target, &st), 0);
    EQ(st.st_size, 8);
}

TEST(closing_gives_the_lock_back) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    rig_reopen(rig);
    rig_reopen(rig);
    OKAY(rig_commit(rig));
}

TEST(a_directory_that_is_not_there_is_named) {
    struct store *store = NULL;
    struct buf why = BUF_INIT(1024);
    EQ(store_open(STR_LIT("sqlite:/nowhere/at/all/parloir.db"), &store, &why), ERR_IO);
    OKAY(str_starts(buf_str(&why), STR_LIT("\"/nowhere/at/all/lock\" cannot be made:")));
    buf_fini(&why);
}

TEST(two_slashes_before_an_absolute_path_are_fine) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    struct store *store = NULL;
    struct buf why = BUF_INIT(1024);
    struct buf url = BUF_INIT(256);
    rig->reader->ops->free(&rig->reader);
    rig->store->ops->free(&rig->store);
    buf_printf(&url, "sqlite://%s", path_of(rig));
    EQ(store_open(buf_str(&url), &store, &why), OK);
    store->ops->free(&store);
    buf_fini(&url);
    buf_fini(&why);
}

TEST(the_settings_are_the_promised_ones) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    STR_EQ(text(rig, rig_db(rig), "PRAGMA journal_mode"), "wal");
    STR_EQ(text(rig, rig_db(rig), "PRAGMA synchronous"), "2");
    STR_EQ(text(rig, rig_db(rig), "PRAGMA foreign_keys"), "1");
    STR_EQ(text(rig, rig_db(rig), "PRAGMA mmap_size"), "0");
}

TEST(the_files_are_their_owners_alone) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    static const char *const names[] = { "parloir.db", "parloir.db-wal", "parloir.db-shm", "lock" };
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[128];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", rig->dir, names[i]);
        EQ(stat(path, &st), 0);
        EQ(st.st_mode & 0777, 0600);
    }
}

/* ---- readers */

TEST(a_reader_cannot_write_and_closing_it_checkpoints_nothing) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    channel(rig, 2, "two");
    OKAY(rig_commit(rig));
    struct stat before, after;
    EQ(stat(path_of(rig), &before), 0);
    sqlite3 *db = NULL;
    EQ(sqlite_connect(path_of(rig), SQLITE_OPEN_READONLY, &db), OK);
    EQ(sqlite3_exec(db, "DELETE FROM rooms", NULL, NULL, NULL), SQLITE_READONLY);
    sqlite_disconnect(&db);
    EQ(stat(path_of(rig), &after), 0);
    EQ(before.st_size, after.st_size);
    EQ(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

TEST(the_log_is_checkpointed_and_its_file_does_not_grow_for_ever) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    char wal[128];
    struct stat st;
    char *long_text = xalloc(100000);
    memset(long_text, 'x', 100000);
    user(rig, ANN, "ann");
    OKAY(rig_commit(rig));
    for (int i = 0; i < 400; i++) {    // 40 MB, ten checkpoints
        struct event *ev = say(rig, GENERAL, ANN, "");
        ev->content = (struct str){ long_text, 100000 };
        OKAY(rig_commit(rig));
    }
    snprintf(wal, sizeof wal, "%s-wal", path_of(rig));
    EQ(stat(wal, &st), 0);
    OKAY(st.st_size < 8 * 1000 * 1000);
    EQ(stat(path_of(rig), &st), 0);
    OKAY(st.st_size > 32 * 1000 * 1000);
    xfree(long_text);
}

/* Finding the place for an id costs a few steps, not a walk through the room. */
TEST(queries_use_their_indexes) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    static const char *const rows[][2] = {
        { "SELECT 1 FROM changes WHERE room_id = 1 AND position > 5 ORDER BY position LIMIT 9",
          "SEARCH changes USING COVERING INDEX changes_room (room_id=? AND rowid>?)" },
        { "SELECT id FROM messages WHERE room_id = 1 AND seq = 5",
          "SEARCH messages USING COVERING INDEX sqlite_autoindex_messages_1 (room_id=? AND "
          "seq=?)" },
        { "SELECT max(seq) FROM messages WHERE room_id = 1",
          "SEARCH messages USING COVERING INDEX sqlite_autoindex_messages_1 (room_id=?)" },
        { "SELECT content FROM messages WHERE room_id = 1 AND seq <= 5 AND deleted_ms IS NULL"
          " ORDER BY seq DESC LIMIT 9",
          "SEARCH messages USING INDEX sqlite_autoindex_messages_1 (room_id=? AND seq<?)" },
        { "SELECT count(*) FROM messages WHERE room_id = 1 AND seq > 5 AND deleted_ms IS NOT NULL",
          "SEARCH messages USING COVERING INDEX messages_deleted (room_id=? AND seq>?)" },
        { "SELECT seq FROM messages WHERE room_id = 1 AND seq <= 5 AND deleted_ms IS NOT NULL"
          " ORDER BY seq DESC",
          "SEARCH messages USING COVERING INDEX messages_deleted (room_id=? AND seq<?)" },
        { "SELECT content, count(*) FROM messages WHERE reply_to = 1 AND type = 4"
          " AND deleted_ms IS NULL GROUP BY content",
          "SEARCH messages USING INDEX messages_reaction (reply_to=?)" },
        { "SELECT name FROM uploads WHERE shown = 0 AND created_ms < 5 ORDER BY created_ms LIMIT 9",
          "SEARCH uploads USING INDEX uploads_orphaned (created_ms<?)" },
        { "SELECT id FROM rooms WHERE kind = 2 AND dm_b = 1",
          "SEARCH rooms USING INDEX rooms_dm_b (dm_b=?)" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf sql = BUF_INIT(1024);
        buf_printf(&sql, "EXPLAIN QUERY PLAN %s", rows[i][0]);
        buf_put_char(&sql, '\0');
        sqlite3_stmt *stmt = NULL;
        bool is_row;
        EQ(sql_prepare(rig_db(rig), sql.p, &stmt), OK);
        EQ(sql_next(stmt, &is_row), OK);
        STR_EQ(sql_text(stmt, 3), rows[i][1]);
        sql_finalize(&stmt);
        buf_fini(&sql);
    }
}

/* ---- the hub's tables */

TEST(the_hub_views_have_the_documents_columns) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    static const char *const rows[][2] = {
        { "hub_users", "id username" },
        { "hub_rooms", "id name" },
        { "hub_messages", "id from_user to_user room content timestamp" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char sql[128];
        snprintf(sql, sizeof sql, "SELECT group_concat(name, ' ') FROM pragma_table_info('%s')",
                 rows[i][0]);
        STR_EQ(text(rig, rig_db(rig), sql), rows[i][1]);
    }
}

TEST(the_hub_views_show_what_the_document_means) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    user(rig, BOB, "bob");
    channel(rig, 2, "private")->is_private = true;
    channel(rig, 3, "elsewhere")->server.v = 2;
    struct event *group = channel(rig, 4, "group");
    group->room_kind = ROOM_GROUP;
    channel(rig, 6, "removed");
    dm(rig, 5, BOB, ANN);
    say(rig, GENERAL, ANN, "g");
    say(rig, 2, BOB, "p");
    say(rig, 3, ANN, "not here");
    say(rig, 4, ANN, "nor here");
    say(rig, 5, BOB, "d");
    say(rig, 5, ANN, "e");
    say(rig, 6, ANN, "r");
    struct event *gone = say(rig, GENERAL, ANN, "gone");
    OKAY(rig_commit(rig));
    erase(rig, gone->message.v, ANN);
    fact(rig, EV_room_removed)->room.v = 6;
    OKAY(rig_commit(rig));
    sqlite3 *db = rig_db(rig);
    STR_EQ(text(rig, db, "SELECT group_concat(id || username, ' ') FROM hub_users"), "1ann 2bob");
    STR_EQ(text(rig, db, "SELECT group_concat(id || name, ' ') FROM hub_rooms"),
           "1general 2private");
    STR_EQ(text(rig, db,
                "SELECT group_concat(printf('%d %d>%s %s %s', id, from_user, ifnull(to_user, '-'),"
                " ifnull(room, '-'), content), '; ') FROM hub_messages"),
           "1 1>- general g; 2 2>- private p; 5 2>1 - d; 6 1>2 - e");
    STR_EQ(text(rig, db, "SELECT timestamp FROM hub_messages"), "2023-11-14T22:13:20Z");
}

/* The document knows no types: whoever reads the tables sees what others see in the room. */
TEST(the_hub_views_show_reactions_that_are_there) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    say(rig, GENERAL, ANN, "g");
    react(rig, GENERAL, ANN, 1, "+");
    react(rig, GENERAL, ANN, 1, "-");
    react(rig, GENERAL, ANN, 1, "-");
    OKAY(rig_commit(rig));
    STR_EQ(text(rig, rig_db(rig), "SELECT group_concat(id || content, ' ') FROM hub_messages"),
           "1g 2+");
}

/* ---- removed rooms */

TEST(a_large_removed_room_is_purged_bit_by_bit) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    channel(rig, 2, "large");
    for (int i = 0; i < 1200; i++) {
        say(rig, 2, ANN, "x");
    }
    struct event *ev = say(rig, 2, ANN, "y");
    OKAY(rig_commit(rig));
    erase(rig, ev->message.v, ANN);
    OKAY(rig_commit(rig));
    fact(rig, EV_room_removed)->room.v = 2;
    OKAY(rig_commit(rig));
    struct tend_report report;
    EQ(rig->store->ops->tend(rig->store, &(struct tend_ask){ .now_ms = rig->now_ms }, &report), OK);
    OKAY(report.has_more);
    OKAY(!str_eq(text(rig, rig_db(rig), "SELECT count(*) FROM messages"), STR_LIT("0")));
    EQ(history(rig, 2, 0, 0)->message_count, 0);
    rig_reopen(rig);    // it goes on after a restart
    rig_tend(rig, NULL);
    STR_EQ(text(rig, rig_db(rig), "SELECT count(*) FROM messages WHERE room_id = 2"), "0");
    STR_EQ(text(rig, rig_db(rig), "SELECT group_concat(kind) FROM changes"), "3");
    EQ(CONTAINER_OF(rig->store, struct sqlite_store, base)->purging.v, 0);
}

TEST(what_was_kept_about_a_removed_room_goes_too) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    user(rig, BOB, "bob");
    channel(rig, 2, "busy");
    for (int i = 0; i < 1200; i++) {
        name(rig, 2, ANN, "2");
    }
    read_to(rig, 2, ANN, 0);
    react(rig, 2, BOB, 1, "x");
    react(rig, 2, BOB, 1, "x")->client_id = STR_LIT("k");
    react(rig, 2, BOB, 1, "y");
    OKAY(rig_commit(rig));
    fact(rig, EV_room_removed)->room.v = 2;
    OKAY(rig_commit(rig));
    rig_tend(rig, NULL);
    STR_EQ(text(rig, rig_db(rig),
                "SELECT (SELECT count(*) FROM messages WHERE room_id = 2) || ' ' ||"
                " (SELECT count(*) FROM mentions) || ' ' ||"
                " (SELECT count(*) FROM reads) || ' ' ||"
                " (SELECT count(*) FROM taken_back) || ' ' ||"
                " (SELECT count(*) FROM reaction_counts)"),
           "0 0 0 0 0");
}

/* ---- what retention took */

/* General with ten messages, the third deleted, an edit of the last, of which the first six are
 * gone, as retention would do it. */
static struct rig *pruned_rig(void) {
    struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    user(rig, BOB, "bob");
    for (int i = 0; i < 10; i++) {
        name(rig, GENERAL, ANN, "2");
    }
    erase(rig, 3, ANN);
    erase(rig, 8, ANN);
    edit(rig, 10, ANN, "last");
    OKAY(rig_commit(rig));
    EQ(sql_run(rig_db(rig), "BEGIN;"
                            "DELETE FROM messages WHERE seq <= 6;"
                            "DELETE FROM changes WHERE message_id <= 6;"
                            "UPDATE rooms SET pruned_seq = 6, deleted = deleted - 1 WHERE id = 1;"
                            "REPLACE INTO meta VALUES ('position', 13);"
                            "COMMIT"),
       OK);
    return rig;
}

TEST(what_was_pruned_is_not_counted_and_not_missed_in_a_page) {
    SCOPED(rig_free) struct rig *rig = pruned_rig();
    const struct answer *a = history(rig, GENERAL, 0, 2);
    EQ(a->total, 3);
    EQ(a->messages[0].seq, 9);
    OKAY(a->has_more);
    a = rig_ask(rig, &(struct ask){
                         .kind = ASK_ROOM_HISTORY, .room = { GENERAL }, .offset = 2, .limit = 5 });
    EQ(a->message_count, 1);
    EQ(a->messages[0].seq, 7);
    OKAY(!a->has_more);
    EQ(history(rig, GENERAL, 6, 5)->message_count, 0);    // an id that is gone
    EQ(history(rig, GENERAL, 8, 5)->messages[0].seq, 7);
    a = rig_ask(rig, &(struct ask){ .kind = ASK_ROOM_HISTORY, .room = { GENERAL }, .after = 2 });
    EQ(a->message_count, 3);
    EQ(listing(rig, LIST_ROOMS, 0)->rows[0].messages, 3);
    SCOPED(buf_fini) struct buf report = BUF_INIT(4096);
    EQ(rig->store->ops->check(rig->store, &report), OK);
    STR_EQ(buf_str(&report), "");
}

TEST(who_missed_what_was_pruned_is_told_so) {
    SCOPED(rig_free) struct rig *rig = pruned_rig();
    struct ask ask = { .kind = ASK_RESUME, .room = { GENERAL }, .after_seq = 5 };
    const struct answer *a = rig_ask(rig, &ask);
    OKAY(!a->is_recovered);
    STR_EQ(missed(rig, a), "7+ 8+ 9+ 10+ 12-8 13~10");
    ask.after_seq = 6;
    a = rig_ask(rig, &ask);
    OKAY(a->is_recovered);
    STR_EQ(missed(rig, a), "7+ 8+ 9+ 10+ 12-8 13~10");
    ask.after_seq = 5;
    ask.after = 3;    // an answer before ended here; what followed is gone
    a = rig_ask(rig, &ask);
    OKAY(!a->is_recovered);
    STR_EQ(missed(rig, a), "7+ 8+ 9+ 10+ 12-8 13~10");
    ask.after = 8;
    a = rig_ask(rig, &ask);
    OKAY(a->is_recovered);
    STR_EQ(missed(rig, a), "9+ 10+ 12-8 13~10");
    STR_EQ(unread_text(rig, BOB), "general 3 unread, 2 names, read 0 of 10\n");
}

TEST(numbers_never_go_back_when_everything_was_pruned) {
    SCOPED(rig_free) struct rig *rig = pruned_rig();
    EQ(sql_run(rig_db(rig), "DELETE FROM messages; DELETE FROM changes;"
                            "UPDATE rooms SET pruned_seq = 10, deleted = 0 WHERE id = 1"),
       OK);
    rig_reopen(rig);
    const struct answer *a = history(rig, GENERAL, 0, 0);
    EQ(a->total, 0);
    EQ(a->message_count, 0);
    a = rig_ask(rig, &(struct ask){ .kind = ASK_RESUME, .room = { GENERAL }, .after_seq = 10 });
    OKAY(a->is_recovered);
    EQ(a->last_seq, 10);
    EQ(a->position, 13);
    EQ(a->change_count, 0);
    struct event *mark = read_to(rig, GENERAL, BOB, 0);
    struct event *said = say(rig, GENERAL, ANN, "on we go");
    OKAY(rig_commit(rig));
    EQ(mark->seq, 10);
    EQ(mark->message.v, 0);
    EQ(said->seq, 11);
    EQ(said->message.v, 14);
    a = history(rig, GENERAL, 0, 0);
    EQ(a->total, 1);
    EQ(a->message_count, 1);
    OKAY(!a->has_more);
    STR_EQ(unread_text(rig, BOB), "general 1 unread, 0 names, read 10 of 11\n");
}

/* ---- backup and check */

TEST(a_backup_opens_with_everything_in_it_and_as_another_epoch) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    say(rig, GENERAL, ANN, "kept");
    OKAY(rig_commit(rig));
    uint64_t epoch = rig->store->ops->epoch(rig->store);
    char copy_dir[128], copy[160], url[192];
    snprintf(copy_dir, sizeof copy_dir, "%s/copy", rig->dir);
    EQ(mkdir(copy_dir, 0700), 0);
    snprintf(copy, sizeof copy, "%s/parloir.db", copy_dir);
    snprintf(url, sizeof url, "sqlite:%s", copy);
    EQ(rig->store->ops->backup(rig->store, copy), OK);
    EQ(rig->store->ops->backup(rig->store, copy), ERR_EXISTS);
    struct stat st;
    EQ(stat(copy, &st), 0);
    EQ(st.st_mode & 0777, 0600);

    struct store *store = NULL;
    struct store_reader *reader = NULL;
    struct buf why = BUF_INIT(1024);
    EQ(store_open(str_of(url), &store, &why), OK);
    EQ(store->ops->reader_open(store, &reader), OK);
    uint64_t other = store->ops->epoch(store);
    OKAY(other != 0 && other != epoch);
    struct ask ask = { .kind = ASK_ROOM_HISTORY, .room = { GENERAL } };
    struct answer *a = answer_new(&ask);
    EQ(reader->ops->answer(reader, &ask, a), OK);
    EQ(a->message_count, 1);
    answer_free(&a);
    reader->ops->free(&reader);
    store->ops->free(&store);
    buf_fini(&why);

    rig_reopen(rig);
    EQ(rig->store->ops->epoch(rig->store), epoch);
}

TEST(a_backup_that_cannot_be_made_leaves_nothing) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    EQ(rig->store->ops->backup(rig->store, "/nowhere/at/all/copy.db"), ERR_IO);
}

static void *keep_backing_up(void *ctx) {
    struct rig *rig = ctx;
    for (intptr_t i = 0; i < 5; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/copy%d.db", rig->dir, (int)i);
        if (rig->store->ops->backup(rig->store, path) != OK) {
            return (void *)(i + 1);
        }
    }
    return NULL;
}

TEST(commits_go_on_while_a_backup_is_made) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    OKAY(rig_commit(rig));
    pthread_t thread;
    EQ(pthread_create(&thread, NULL, keep_backing_up, rig), 0);
    for (int i = 0; i < 300; i++) {
        say(rig, GENERAL, ANN, "meanwhile");
        OKAY(rig_commit(rig));
    }
    void *failed = NULL;
    EQ(pthread_join(thread, &failed), 0);
    OKAY(failed == NULL);
}

TEST(check_tells_what_is_wrong) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    say(rig, GENERAL, ANN, "1");
    say(rig, GENERAL, ANN, "2");
    say(rig, GENERAL, ANN, "3");
    OKAY(rig_commit(rig));
    edit(rig, 3, ANN, "3!");
    OKAY(rig_commit(rig));
    EQ(sql_run(rig_db(rig), "DELETE FROM messages WHERE id = 2;"
                            "PRAGMA foreign_keys = OFF;"
                            "UPDATE messages SET user_id = 99 WHERE id = 1;"
                            "INSERT INTO changes VALUES (1, 1, 1, 77, 0, NULL, NULL, NULL)"),
       OK);
    struct buf report = BUF_INIT(4096);
    EQ(rig->store->ops->check(rig->store, &report), ERR_PROTO);
    STR_EQ(buf_str(&report), "A row of the table messages points to something that is not there.\n"
                             "The messages of room 1 are not numbered 1, 2, 3 without a hole.\n"
                             "Number 1 of the change log was given twice.\n"
                             "Change 1 is of a message that is not in its room.\n");
    buf_fini(&report);
}

TEST(check_tells_what_waits_for_the_wrong_person) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    SCOPED(buf_fini) struct buf report = BUF_INIT(4096);
    user(rig, ANN, "ann");
    user(rig, BOB, "bob");
    dm(rig, 2, ANN, BOB);
    say(rig, 2, ANN, "1");
    say(rig, 2, BOB, "2");
    say(rig, GENERAL, ANN, "3");
    edit(rig, 1, ANN, "4");
    edit(rig, 2, BOB, "5");
    erase(rig, 2, BOB);
    struct event *ev = fact(rig, EV_changes_confirmed);
    ev->user.v = ANN, ev->position = 6;
    OKAY(rig_commit(rig));
    EQ(rig->store->ops->check(rig->store, &report), OK);
    EQ(sql_run(rig_db(rig), "UPDATE messages SET to_user = 1 WHERE id = 3;"
                            "UPDATE messages SET to_user = NULL WHERE id = 1;"
                            "UPDATE changes SET to_a = 1 WHERE position = 4;"
                            "UPDATE changes SET to_a = NULL WHERE position = 6;"
                            "UPDATE cursors SET position = 7"),
       OK);
    EQ(rig->store->ops->check(rig->store, &report), ERR_PROTO);
    STR_EQ(buf_str(&report), "Message 1 is not new to whom it was written to.\n"
                             "Message 3 is not new to whom it was written to.\n"
                             "Change 4 is not new to whom it concerns.\n"
                             "Change 6 is not new to whom it concerns.\n"
                             "User 1 has had changes beyond the last one, or is erased.\n");
}

TEST(check_tells_what_is_counted_wrong) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    user(rig, ANN, "ann");
    user(rig, BOB, "bob");
    upload(rig, ANN, "a", 5);
    image(rig, GENERAL, ANN, "/uploads/a");
    name(rig, GENERAL, ANN, "2");
    read_to(rig, GENERAL, BOB, 1);
    OKAY(rig_commit(rig));
    EQ(sql_run(rig_db(rig), "UPDATE rooms SET deleted = 1;"
                            "INSERT INTO reaction_counts VALUES (1, 'x', 0, 1), (2, 'y', 3, 1);"
                            "UPDATE reads SET seq = 9;"
                            "UPDATE mentions SET seq = 1;"
                            "UPDATE uploads SET shown = 2;"
                            "UPDATE users SET upload_bytes = 4 WHERE id = 1;"
                            "INSERT INTO messages (id, room_id, seq, user_id, content, at_ms,"
                            " media_url) VALUES (3, 1, 3, 1, '', 0, '/uploads/b')"),
       OK);
    struct buf report = BUF_INIT(4096);
    EQ(rig->store->ops->check(rig->store, &report), ERR_PROTO);
    STR_EQ(buf_str(&report), "The deleted messages of room 1 are not counted right.\n"
                             "The reactions to message 1 are not counted right.\n"
                             "The reactions to message 2 are not counted right.\n"
                             "Somebody has read room 1 beyond its last message.\n"
                             "Somebody is named in room 1 where no message names them.\n"
                             "The messages that show the upload a are not counted right.\n"
                             "Message 3 shows an upload that is not there.\n"
                             "The uploads of user 1 are not weighed right.\n");
    buf_fini(&report);
}
