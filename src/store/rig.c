/* A store of each driver, and short words for what tests do with it. */
#include "store/rig.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/memory.h"
#include "store/sqlite.h"

#define START_MS 1700000000000u

static void open_store(struct rig *rig) {
    struct buf why = BUF_INIT(1024);
    enum err err = store_open(str_of(rig->url), &rig->store, &why);
    if (err != OK) {
        fprintf(stderr, "%.*s\n", STR_FMT(buf_str(&why)));
    }
    buf_fini(&why);
    CHECK(err == OK);
    CHECK(rig->store->ops->reader_open(rig->store, &rig->reader) == OK);
}

static void close_store(struct rig *rig) {
    if (rig->reader != NULL) {
        rig->reader->ops->free(&rig->reader);
    }
    if (rig->store != NULL) {
        rig->store->ops->free(&rig->store);
    }
}

struct rig *rig_new(const char *driver) {
    struct rig *rig = xzalloc(sizeof *rig);
    rig->driver = driver;
    rig->now_ms = START_MS;
    snprintf(rig->url, sizeof rig->url, "memory:");
    if (strcmp(driver, "sqlite") == 0) {
        snprintf(rig->dir, sizeof rig->dir, "/tmp/parloir-store-XXXXXX");
        CHECK(mkdtemp(rig->dir) != NULL);
        snprintf(rig->url, sizeof rig->url, "sqlite:%s/parloir.db", rig->dir);
    }
    open_store(rig);
    rig->batch = batch_new(rig->now_ms);
    return rig;
}

void rig_free(struct rig **rig) {
    struct rig *r = *rig;
    if (r == NULL) {
        return;
    }
    close_store(r);
    answer_free(&r->answer);
    batch_unref(&r->batch);
    batch_unref(&r->committed);
    arena_fini(&r->arena);
    if (r->dir[0] != '\0') {
        char command[96];
        snprintf(command, sizeof command, "rm -rf '%s'", r->dir);
        CHECK(system(command) == 0);
    }
    xfree(r);
    *rig = NULL;
}

void rig_run(const char *driver, void (*test)(struct rig *rig)) {
    struct rig *rig = rig_new(driver);
    user(rig, ANN, "ann");
    user(rig, BOB, "bob");
    user(rig, CLEO, "cleo");
    CHECK(rig_commit(rig));
    test(rig);
    rig_free(&rig);
}

bool rig_is_sqlite(const struct rig *rig) {
    return strcmp(rig->driver, "sqlite") == 0;
}

void rig_reopen(struct rig *rig) {
    if (rig_is_sqlite(rig)) {
        close_store(rig);
        open_store(rig);
    }
}

sqlite3 *rig_db(struct rig *rig) {
    CHECK(rig_is_sqlite(rig));
    return CONTAINER_OF(rig->store, struct sqlite_store, base)->db;
}

void rig_make_full(struct rig *rig, bool is_full) {
    if (rig_is_sqlite(rig)) {    // SQLite raises the number to the pages there are
        CHECK(sql_run(rig_db(rig), is_full ? "PRAGMA max_page_count = 1"
                                           : "PRAGMA max_page_count = 1073741823") == OK);
    } else {
        memory_store_set_faults(
            rig->store, &(struct memory_faults){ .at = is_full, .count = 1000, .err = ERR_FULL });
    }
}

enum err rig_try(struct rig *rig) {
    enum err err = rig->store->ops->commit(rig->store, rig->batch);
    if (err == OK) {
        batch_unref(&rig->committed);
        rig->committed = rig->batch;
        rig->now_ms += 1000;
        rig->batch = batch_new(rig->now_ms);
    }
    return err;
}

bool rig_commit(struct rig *rig) {
    return rig_try(rig) == OK;
}

uint64_t rig_tend(struct rig *rig, const struct keep *keep) {
    struct tend_ask ask = { .now_ms = rig->now_ms, .budget_us = 1000 };
    struct tend_report report = { .has_more = true };
    uint64_t pruned = 0;
    if (keep != NULL) {
        ask.keep = *keep;
    }
    while (report.has_more) {
        CHECK(rig->store->ops->tend(rig->store, &ask, &report) == OK);
        pruned += report.pruned;
    }
    return pruned;
}

/* ---- events */

struct event *fact(struct rig *rig, enum event_type type) {
    return batch_event(rig->batch, type);
}

struct event *user(struct rig *rig, uint64_t id, const char *name) {
    struct event *ev = fact(rig, EV_user_created);
    ev->user.v = id;
    ev->username = str_of(name);
    return ev;
}

struct event *channel(struct rig *rig, uint64_t id, const char *name) {
    struct event *ev = fact(rig, EV_room_created);
    ev->room.v = id;
    ev->room_name = str_of(name);
    ev->server = SERVER_LOBBY;
    return ev;
}

struct event *dm(struct rig *rig, uint64_t id, uint64_t a, uint64_t b) {
    struct event *ev = fact(rig, EV_room_created);
    ev->room.v = id;
    ev->room_kind = ROOM_DM;
    ev->user.v = a;
    ev->other.v = b;
    return ev;
}

struct event *say(struct rig *rig, uint64_t room, uint64_t by, const char *text) {
    struct event *ev = fact(rig, EV_message_posted);
    ev->room.v = room;
    ev->user.v = by;
    ev->content = str_of(text);
    return ev;
}

struct event *say_once(struct rig *rig, uint64_t room, uint64_t by, const char *text,
                       const char *client_id) {
    struct event *ev = say(rig, room, by, text);
    ev->client_id = str_of(client_id);
    return ev;
}

struct event *edit(struct rig *rig, uint64_t message, uint64_t by, const char *text) {
    struct event *ev = fact(rig, EV_message_edited);
    ev->message.v = message;
    ev->user.v = by;
    ev->content = str_of(text);
    return ev;
}

struct event *erase(struct rig *rig, uint64_t message, uint64_t by) {
    struct event *ev = fact(rig, EV_message_deleted);
    ev->message.v = message;
    ev->user.v = by;
    return ev;
}

struct event *answer_to(struct rig *rig, uint64_t room, uint64_t by, uint64_t message,
                        const char *text) {
    struct event *ev = say(rig, room, by, text);
    ev->reply_to.v = message;
    return ev;
}

struct event *image(struct rig *rig, uint64_t room, uint64_t by, const char *media_url) {
    struct event *ev = say(rig, room, by, "look");
    ev->message_type = MESSAGE_IMAGE;
    ev->media_url = str_of(media_url);
    ev->media_type = STR_LIT("image/png");
    return ev;
}

struct event *name(struct rig *rig, uint64_t room, uint64_t by, const char *mentions) {
    struct event *ev = say(rig, room, by, "you there");
    ev->mentions = str_of(mentions);
    return ev;
}

struct event *react(struct rig *rig, uint64_t room, uint64_t by, uint64_t message,
                    const char *emoji) {
    struct event *ev = answer_to(rig, room, by, message, emoji);
    ev->message_type = MESSAGE_REACTION;
    return ev;
}

struct event *read_to(struct rig *rig, uint64_t room, uint64_t by, uint64_t message) {
    struct event *ev = fact(rig, EV_read_changed);
    ev->room.v = room;
    ev->user.v = by;
    ev->message.v = message;
    return ev;
}

struct event *upload(struct rig *rig, uint64_t by, const char *label, uint64_t bytes) {
    struct event *ev = fact(rig, EV_upload_added);
    ev->user.v = by;
    ev->label = str_of(label);
    ev->media_type = STR_LIT("image/png");
    ev->bytes = bytes;
    return ev;
}

struct event *begin_upload(struct rig *rig, uint64_t user, uint64_t bytes, uint64_t quota_bytes) {
    struct event *ev = fact(rig, EV_upload_begun);
    ev->user.v = user;
    ev->bytes = bytes;
    ev->quota_bytes = quota_bytes;
    return ev;
}

struct event *drop_upload(struct rig *rig, const char *label) {
    struct event *ev = fact(rig, EV_upload_removed);
    ev->label = str_of(label);
    return ev;
}

struct reply *reply_to(struct rig *rig, struct event *ev) {
    struct reply *reply = batch_reply(rig->batch, &(struct cmd){ .type = CMD_message_send });
    reply->event = ev;
    return reply;
}

/* ---- questions */

struct answer *rig_ask(struct rig *rig, const struct ask *question) {
    answer_free(&rig->answer);
    rig->answer = answer_new(question);
    CHECK(rig->reader->ops->answer(rig->reader, question, rig->answer) == OK);
    return rig->answer;
}

struct answer *history(struct rig *rig, uint64_t room, uint64_t before, uint64_t limit) {
    return rig_ask(
        rig, &(struct ask){
                 .kind = ASK_ROOM_HISTORY, .room = { room }, .before = before, .limit = limit });
}

struct answer *listing(struct rig *rig, enum list_kind kind, uint64_t of) {
    return rig_ask(rig, &(struct ask){ .kind = ASK_LIST, .list_kind = kind, .other = { of } });
}

/* ---- what came, as text */

static struct str take_text(struct rig *rig, struct buf *b) {
    CHECK(buf_ok(b));
    struct str text = arena_str(&rig->arena, buf_str(b));
    buf_fini(b);
    return text;
}

static void put_changes(struct buf *b, const struct change *changes, size_t count) {
    static const char signs[] = {
        [CHANGE_NEW] = '+', [CHANGE_EDITED] = '~', [CHANGE_DELETED] = '-'
    };
    for (size_t i = 0; i < count; i++) {
        const struct change *c = &changes[i];
        buf_printf(b, "%s%" PRIu64 "%c", i == 0 ? "" : " ", c->position, signs[c->kind]);
        if (c->kind != CHANGE_NEW) {
            buf_put_u64(b, c->message.id.v);
        }
    }
}

struct str changes_text(struct rig *rig, uint64_t room, uint64_t position, size_t limit) {
    struct change_log log = { 0 };
    CHECK(rig->reader->ops->changes(rig->reader, (room_id){ room }, position, limit, &log) == OK);
    struct buf b = BUF_INIT(65536);
    put_changes(&b, log.changes, log.count);
    change_log_fini(&log);
    return take_text(rig, &b);
}

struct str missed(struct rig *rig, const struct answer *a) {
    struct buf b = BUF_INIT(65536);
    put_changes(&b, a->changes, a->change_count);
    return take_text(rig, &b);
}

struct str reactions(struct rig *rig, const struct message *m) {
    struct buf b = BUF_INIT(65536);
    for (size_t i = 0; i < m->reaction_count; i++) {
        const struct reaction_count *r = &m->reactions[i];
        buf_put_str(&b, r->content);
        buf_put_u64(&b, r->count);
        buf_printf(&b, "%s ", r->is_mine ? "*" : "");
    }
    return take_text(rig, &b);
}

struct str unread_text(struct rig *rig, uint64_t of) {
    const struct answer *a = rig_ask(rig, &(struct ask){ .kind = ASK_UNREAD, .user = { of } });
    struct buf b = BUF_INIT(65536);
    for (size_t i = 0; i < a->row_count; i++) {
        const struct list_row *row = &a->rows[i];
        buf_put_str(&b, row->name);
        buf_printf(&b, " %" PRIu64 " unread, %" PRIu64 " names, ", row->messages, row->mentions);
        buf_printf(&b, "read %" PRIu64 " of %" PRIu64 "\n", row->read_seq, row->last_seq);
    }
    return take_text(rig, &b);
}

struct str orphans_text(struct rig *rig, uint64_t until_ms, size_t limit) {
    struct upload_list list = { 0 };
    CHECK(rig->reader->ops->orphans(rig->reader, until_ms, limit, &list) == OK);
    struct buf b = BUF_INIT(65536);
    for (size_t i = 0; i < list.count; i++) {
        buf_put_str(&b, list.uploads[i].name);
        buf_put_char(&b, ' ');
    }
    upload_list_fini(&list);
    return take_text(rig, &b);
}

struct str contents(struct rig *rig, const struct answer *a) {
    struct buf b = BUF_INIT(65536);
    for (size_t i = 0; i < a->message_count; i++) {
        buf_put_str(&b, a->messages[i].content);
        buf_put_char(&b, ' ');
    }
    return take_text(rig, &b);
}

struct str found(struct rig *rig, const char *query) {
    return contents(rig, rig_ask(rig, &(struct ask){ .kind = ASK_SEARCH,
                                                     .user = { BOB },
                                                     .content = str_of(query) }));
}

static void on_fact(void *ctx, const struct event *ev) {
    struct buf *b = ctx;
    buf_put_str(b, str_of(event_name(ev->type)));
    if (ev->room.v != 0) {
        buf_printf(b, " room=%" PRIu64, ev->room.v);
    }
    if (ev->type == EV_room_created) {
        buf_printf(b, " kind=%d server=%" PRIu64, (int)ev->room_kind, ev->server.v);
        buf_printf(b, "%s", ev->is_private ? " private" : "");
    }
    if (ev->user.v != 0) {
        buf_printf(b, " user=%" PRIu64,
                   MIN(ev->user.v, ev->other.v == 0 ? UINT64_MAX : ev->other.v));
    }
    if (ev->other.v != 0) {
        buf_printf(b, " other=%" PRIu64, MAX(ev->user.v, ev->other.v));
    }
    if (ev->type == EV_user_created) {
        buf_printf(b, " role=%d", (int)ev->role);
    }
    if (ev->type == EV_room_kept) {
        buf_printf(b, " keeps=%" PRIu64 ",%" PRIu64 ",%" PRIu64, ev->messages, ev->bytes,
                   ev->age_ms);
    }
    if (ev->type == EV_ban_set || ev->type == EV_block_set) {
        buf_printf(b, " until=%" PRIu64, ev->until_ms);
    }
    const struct str texts[] = { ev->room_name, ev->username, ev->mobile, ev->hash, ev->label };
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (texts[i].n > 0) {
            buf_put_char(b, ' ');
            buf_put_str(b, texts[i]);
        }
    }
    buf_put_char(b, '\n');
}

struct str facts_text(struct rig *rig) {
    struct buf b = BUF_INIT(1048576);
    CHECK(rig->store->ops->load(rig->store, on_fact, &b) == OK);
    return take_text(rig, &b);
}
