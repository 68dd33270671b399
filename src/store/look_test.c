/* Looking at a database beside the one who writes to it. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/rig.h"
#include "store/sql.h"
#include "test/unit.h"

/* Looks at the rig's database; NULL if that is refused. */
static struct store *look(const struct rig *rig, enum err want) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(1024);
    struct store *store = NULL;
    EQ(store_look(str_of(rig->url), &store, &why), want);
    OKAY((why.n > 0) == (want != OK));
    return store;
}

static void count_fact(void *ctx, const struct event *ev) {
    size_t *counts = ctx;
    counts[ev->type]++;
}

TEST(one_who_looks_sees_what_was_committed_and_not_what_was_not) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    size_t counts[EVENT_COUNT] = { 0 };
    user(rig, ANN, "ann");
    OKAY(rig_commit(rig));
    struct store *seen = look(rig, OK);
    user(rig, BOB, "bob");
    EQ(seen->ops->load(seen, count_fact, counts), OK);
    EQ(counts[EV_user_created], 1);
    OKAY(rig_commit(rig));
    EQ(seen->ops->load(seen, count_fact, counts), OK);
    EQ(counts[EV_user_created], 3);
    OKAY(seen->ops->epoch(seen) == rig->store->ops->epoch(rig->store));
    seen->ops->free(&seen);
    OKAY(seen == NULL);
}

TEST(one_who_looks_reads_messages_while_more_come) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    struct store_reader *reader = NULL;
    user(rig, ANN, "ann");
    say(rig, GENERAL, ANN, "one");
    OKAY(rig_commit(rig));
    struct store *seen = look(rig, OK);
    EQ(seen->ops->reader_open(seen, &reader), OK);
    for (size_t count = 1; count <= 2; count++) {
        SCOPED(change_log_fini) struct change_log log = { 0 };
        EQ(reader->ops->changes(reader, (room_id){ GENERAL }, 0, 10, &log), OK);
        EQ(log.count, count);
        say(rig, GENERAL, ANN, "and another");
        OKAY(rig_commit(rig));
    }
    reader->ops->free(&reader);
    seen->ops->free(&seen);
}

TEST(one_who_looks_writes_nothing) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    struct store *seen = look(rig, OK);
    struct batch *batch = batch_new(1000);
    struct event *ev = batch_event(batch, EV_user_created);
    ev->user.v = 9;
    ev->username = STR_LIT("nine");
    EQ(seen->ops->commit(seen, batch), ERR_DENIED);
    EQ(seen->ops->probe(seen), ERR_DENIED);
    batch_unref(&batch);
    seen->ops->free(&seen);
}

TEST(one_who_looks_can_copy_and_check) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    SCOPED(buf_fini) struct buf report = BUF_INIT(4096);
    SCOPED(buf_fini) struct buf path = BUF_INIT(4096);
    buf_printf(&path, "%s/copy.db", rig->dir);
    buf_put_char(&path, '\0');
    struct store *seen = look(rig, OK);
    EQ(seen->ops->backup(seen, path.p), OK);
    EQ(seen->ops->backup(seen, path.p), ERR_EXISTS);
    EQ(seen->ops->check(seen, &report), OK);
    seen->ops->free(&seen);
    EQ(unlink(path.p), 0);
}

TEST(what_is_not_there_is_not_made) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    SCOPED(buf_fini) struct buf url = BUF_INIT(4096);
    SCOPED(buf_fini) struct buf why = BUF_INIT(4096);
    struct store *store = NULL;
    buf_printf(&url, "sqlite:%s/other.db", rig->dir);
    EQ(store_look(buf_str(&url), &store, &why), ERR_NOT_FOUND);
    buf_put_char(&url, '\0');
    EQ(access(url.p + strlen("sqlite:"), F_OK), -1);
}

TEST(a_store_without_a_file_cannot_be_looked_at) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(4096);
    struct store *store = NULL;
    EQ(store_look(STR_LIT("memory:"), &store, &why), ERR_PROTO);
    OKAY(why.n > 0);
}

TEST(another_schema_is_not_read_and_the_sentence_says_what_to_do) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    SCOPED(buf_fini) struct buf why = BUF_INIT(4096);
    struct store *store = NULL;
    EQ(sql_run(rig_db(rig), "PRAGMA user_version = 1"), OK);
    EQ(store_look(str_of(rig->url), &store, &why), ERR_IO);
    OKAY(memmem(why.p, why.n, "start its server once", 21) != NULL);
}
