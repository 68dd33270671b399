/* Facts on their way in: see cli_facts.h. */
#include "server/cli_facts.h"

#include "base/clock.h"
#include "base/map.h"
#include "core/core.h"
#include "core/tape.h"
#include "server/cli_ask.h"
#include "server/cli_wire.h"
#include "server/operator.h"
#include "server/restore.h"
#include "store/store.h"

#define FACTS_ON_THE_WAY 256    // to a server, not answered yet
#define ANSWER_BYTES_MAX 65536
#define FACT_BYTES_MAX (32u << 20)    // a line of the file, every byte of it written as \xHH

/* A fact that waits: the core has said yes. In the batch's arena. */
struct waiting {
    struct waiting *next;
    uint64_t line;
    message_id message;           // as the file calls it; 0: nobody can point to it
    bool is_answered;             // by the server
    struct str content;           // of its command
    struct event fact;            // its type and room_kind
    const struct reply *reply;    // borrowed from the batch
};

/* A message that was edited: told when the message has its id. */
struct edit {
    struct edit *next;
    uint64_t line;
    struct event fact;
};

struct facts {
    struct store *store;            // owned; only to look at beside a server
    struct store_reader *reader;    // owned; NULL until something is looked for
    struct cli_wire wire;           // to the server; closed if there is none
    struct json_reader *answers;    // owned
    struct core *core;              // owned
    struct batch *batch;            // owned; not committed yet
    struct waiting *first;
    struct waiting **last;
    size_t count;
    struct map messages;    // the file's id -> see known_as()
    message_id newest;      // the file's id of the last message told
    room_id newest_room;    // where it was told
    struct arena later;     // of the edits
    struct edit *edits;     // of messages that wait
    struct buf text;
    struct facts_kept kept;
};

struct facts_kept facts_kept(const struct facts *f) {
    return f->kept;
}

/* ---- what is there */

static void begin_batch(struct facts *f) {
    batch_unref(&f->batch);
    f->batch = batch_new(clock_wall_ms());
    f->first = NULL;
    f->last = &f->first;
    f->count = 0;
}

static bool has_server(const struct facts *f) {
    return f->wire.fd >= 0;
}

/* First the wire and then the look: what a server did before it is asked, is seen. */
static enum err open_anybody(struct facts *f, const struct config *config, struct buf *why) {
    uint64_t until_ms = clock_mono_ms() + CLI_BUSY_MS;
    enum err err = cli_make_data_dir(config, why);
    if (err != OK) {
        return err;
    }
    do {
        buf_reset(why);
        cli_wire_fini(&f->wire);
        err = cli_wire_open(&f->wire, config, why);
        if (err == OK) {
            err = store_look(config->store_url, &f->store, why);
        } else if (err == ERR_CLOSED) {
            buf_reset(why);
            err = store_open(config->store_url, &f->store, why);
        }
    } while (err == ERR_BUSY && cli_try_again(until_ms));
    return err;
}

enum err facts_open(const struct config *config, void (*fact)(void *ctx, const struct event *ev),
                    void *ctx, struct facts **out, struct buf *why) {
    struct facts *f = xzalloc(sizeof *f);
    *f = (struct facts){ .text = BUF_INIT(FACT_BYTES_MAX), .later = ARENA_INIT };
    f->wire = CLI_WIRE_INIT;
    f->answers = json_reader_new(ANSWER_BYTES_MAX);
    f->core = core_new(&(struct core_limits){ 0 });
    begin_batch(f);
    enum err err = open_anybody(f, config, why);
    if (err == OK) {
        err = restore(f->store, f->core, fact, ctx, why);
    }
    if (err != OK) {
        facts_free(&f);
        return err;
    }
    *out = f;
    return OK;
}

void facts_free(struct facts **facts) {
    struct facts *f = *facts;
    if (f == NULL) {
        return;
    }
    batch_unref(&f->batch);
    core_free(&f->core);
    cli_wire_fini(&f->wire);
    json_reader_free(&f->answers);
    map_fini(&f->messages);
    arena_fini(&f->later);
    if (f->reader != NULL) {
        f->reader->ops->free(&f->reader);
    }
    if (f->store != NULL) {
        f->store->ops->free(&f->store);
    }
    buf_fini(&f->text);
    xfree(f);
    *facts = NULL;
}

/* ---- what the store has */

static enum err unreadable(enum err err, struct buf *why) {
    if (err != OK) {
        buf_printf(why, "the store cannot be read: %s", err_text(err));
    }
    return err;
}

static enum err open_reader(struct facts *f) {
    return f->reader != NULL ? OK : f->store->ops->reader_open(f->store, &f->reader);
}

enum err facts_find_upload(struct facts *f, struct str name, bool *is_there, struct buf *why) {
    SCOPED(arena_fini) struct arena arena = ARENA_INIT;
    struct upload upload;
    enum err err = open_reader(f);
    if (err == OK) {
        err = f->reader->ops->upload(f->reader, name, &arena, &upload);
    }
    *is_there = err == OK;
    return err == ERR_NOT_FOUND ? OK : unreadable(err, why);
}

/* Whether a message is in the room and not deleted. */
static enum err find_message(struct facts *f, room_id room, message_id id, bool *is_there,
                             struct buf *why) {
    const struct ask ask = {
        .kind = ASK_ROOM_HISTORY, .room = room, .before = id.v + 1, .limit = 1
    };
    SCOPED(answer_free) struct answer *answer = answer_new(&ask);
    enum err err = open_reader(f);
    if (err == OK) {
        err = f->reader->ops->answer(f->reader, &answer->ask, answer);
    }
    *is_there = err == OK && answer->message_count == 1 && answer->messages[0].id.v == id.v;
    return unreadable(err, why);
}

/* ---- which message became which */

static const char waits;

/* What `messages` has: that it waits, or its id here and whether it was here before, when it may
 * have been deleted. */
static void *known_as(message_id id, bool is_repeat) {
    return (void *)(uintptr_t)(id.v << 1 | is_repeat);
}

static void learn(struct facts *f, const struct waiting *w, uint64_t id, bool is_repeat) {
    if (w->fact.type == EV_message_posted && w->message.v != 0) {
        map_put(&f->messages, w->message.v, known_as((message_id){ id }, is_repeat));
    }
}

/* The id here of a message of the file; 0: it was never told, or is gone. */
static enum err translate(struct facts *f, room_id room, message_id *id, struct buf *why) {
    const void *known = map_get(&f->messages, id->v);
    enum err err = OK;
    if (known == &waits) {
        err = facts_keep(f, why);
        known = map_get(&f->messages, id->v);
    }
    uint64_t number = (uint64_t)(uintptr_t)known;
    bool is_there = number != 0;
    *id = (message_id){ number >> 1 };
    if (err == OK && (number & 1) != 0) {
        err = find_message(f, room, *id, &is_there, why);
    }
    if (!is_there) {
        id->v = 0;
    }
    return err;
}

/* Who has read up to a reaction that is left out, has read up to the message before it. */
static enum err leave_out(struct facts *f, const struct event *fact, struct buf *why) {
    f->kept.left_out++;
    if (fact->room.v != f->newest_room.v || fact->message.v == 0) {
        return OK;
    }
    enum err err = facts_keep(f, why);
    void *before = map_get(&f->messages, f->newest.v);
    if (err == OK && before != NULL) {
        map_put(&f->messages, fact->message.v, before);
    }
    return err;
}

/* ---- in */

/* The core's answer to a command that has just been applied; `end` is where its items begin. */
static const struct reply *reply_from(struct item *const *end) {
    const struct reply *reply = NULL;
    for (const struct item *item = *end; item != NULL; item = item->next) {
        reply = item->kind == ITEM_REPLY ? &item->reply : reply;
    }
    CHECK(reply != NULL);
    return reply;
}

static enum err refused(uint64_t line, const struct reply *reply, struct buf *why) {
    buf_printf(why, "line %llu: %s", (unsigned long long)line,
               refusal_text(reply->refusal, LANG_EN));
    if (reply->detail.kind != DETAIL_NONE) {
        BUF_PUT_LIT(why, " (");
        detail_put(why, &reply->detail, LANG_EN, NULL);
        buf_put_char(why, ')');
    }
    return ERR_DENIED;
}

static void wait(struct facts *f, uint64_t line, const struct event *fact, struct str content,
                 const struct reply *reply) {
    struct waiting *w = arena_zalloc(&f->batch->arena, sizeof *w);
    w->line = line;
    w->message = fact->message;
    w->fact = (struct event){ .type = fact->type, .room_kind = fact->room_kind };
    w->content = content;
    w->reply = reply;
    *f->last = w;
    f->last = &w->next;
    f->count++;
    if (fact->type == EV_message_posted && fact->message.v != 0) {
        map_put(&f->messages, fact->message.v, (void *)&waits);
        f->newest = fact->message;
        f->newest_room = fact->room;
    }
}

/* Takes a fact that points to nothing, or to messages by their ids here. */
static enum err take(struct facts *f, uint64_t line, const struct event *fact, struct buf *why) {
    buf_reset(&f->text);
    tape_put_fact(&f->text, fact);
    CHECK(buf_ok(&f->text));
    struct cmd cmd = {
        .type = CMD_fact_add,
        .dialect = DIALECT_OPERATOR,
        .content = batch_str(f->batch, (struct str){ f->text.p, f->text.n - 1 }),
    };
    struct item **end = f->batch->last;
    core_apply(f->core, &cmd, f->batch);
    const struct reply *reply = reply_from(end);
    if (reply->refusal != REFUSE_NONE) {
        return refused(line, reply, why);
    }
    wait(f, line, fact, cmd.content, reply);
    return f->count < FACTS_AT_ONCE ? OK : facts_keep(f, why);
}

/* An edit of what was here before is left as it is here. */
static enum err take_edit(struct facts *f, uint64_t line, const struct event *fact,
                          struct buf *why) {
    struct event here = *fact;
    uint64_t number = (uint64_t)(uintptr_t)map_get(&f->messages, fact->message.v);
    if (number == 0 || (number & 1) != 0) {
        return OK;
    }
    here.message.v = number >> 1;
    return take(f, line, &here, why);
}

static enum err add_edit(struct facts *f, uint64_t line, const struct event *fact,
                         struct buf *why) {
    if (map_get(&f->messages, fact->message.v) != &waits) {
        return take_edit(f, line, fact, why);
    }
    struct edit *edit = arena_zalloc(&f->later, sizeof *edit);
    *edit = (struct edit){ .next = f->edits, .line = line, .fact = *fact };
    edit->fact.content = arena_str(&f->later, fact->content);
    edit->fact.mentions = arena_str(&f->later, fact->mentions);
    f->edits = edit;
    return OK;
}

/* Takes the edits of messages that have their ids now. */
static enum err take_edits(struct facts *f, struct buf *why) {
    struct arena arena = f->later;    // theirs; while they are taken, others may come
    const struct edit *edit = f->edits;
    enum err err = OK;
    f->later = ARENA_INIT;
    f->edits = NULL;
    for (; err == OK && edit != NULL; edit = edit->next) {
        err = take_edit(f, edit->line, &edit->fact, why);
    }
    arena_fini(&arena);
    return err;
}

enum err facts_add(struct facts *f, uint64_t line, const struct event *fact, struct buf *why) {
    struct event here = *fact;
    if (fact->type == EV_message_edited) {
        return add_edit(f, line, fact, why);
    }
    if (fact->type == EV_changes_confirmed) {    // of all that was told, edits as well
        enum err err = facts_keep(f, why);
        return err == OK ? take(f, line, fact, why) : err;
    }
    bool is_mark = fact->type == EV_read_changed;
    message_id *target = is_mark ? &here.message : &here.reply_to;
    if (target->v == 0) {
        return take(f, line, &here, why);
    }
    enum err err = translate(f, fact->room, target, why);
    if (err != OK) {
        return err;
    }
    if (target->v == 0 && fact->message_type == MESSAGE_REACTION) {
        return leave_out(f, fact, why);
    }
    return is_mark && target->v == 0 ? OK : take(f, line, &here, why);
}

/* ---- kept in the store */

static void count(struct facts *f, const struct waiting *w, bool is_repeat) {
    switch ((int)w->fact.type) {    // of the others there is no sum
    case EV_user_created: f->kept.users++; break;
    case EV_room_created: f->kept.rooms += w->fact.room_kind == ROOM_CHANNEL; break;
    case EV_message_posted:
        f->kept.repeats += is_repeat;
        f->kept.messages += !is_repeat;
        break;
    case EV_upload_added: f->kept.uploads += !is_repeat; break;
    default: break;
    }
}

static enum err commit(struct facts *f, struct buf *why) {
    enum err err = f->store->ops->commit(f->store, f->batch);
    if (err != OK) {
        buf_printf(why, "the store cannot be written: %s", err_text(err));
        return err;
    }
    for (const struct waiting *w = f->first; w != NULL; w = w->next) {
        const struct event *kept = w->reply->event;
        if (kept == NULL) {
            continue;    // it held already
        }
        if (kept->is_void) {
            err = err == OK ? refused(w->line, w->reply, why) : err;
            continue;
        }
        count(f, w, kept->is_repeat);
        learn(f, w, kept->message.v, kept->is_repeat);
    }
    return err;
}

/* ---- kept by the server */

static enum err send_fact(struct facts *f, const struct waiting *w, struct buf *why) {
    SCOPED(buf_fini) struct buf ref = BUF_INIT(32);
    SCOPED(buf_fini) struct buf request = BUF_INIT(0);
    buf_put_u64(&ref, w->line);
    cli_request(&request, cmd_name(CMD_fact_add));
    cli_request_text(&request, "ref", buf_str(&ref));
    cli_request_text(&request, "content", w->content);
    BUF_PUT_LIT(&request, "}\n");
    if (!buf_ok(&request)) {
        buf_printf(why,
                   "line %llu: it is longer than a running server takes it: stop the server, and "
                   "import again",
                   (unsigned long long)w->line);
        return ERR_TOO_BIG;
    }
    return cli_wire_send(&f->wire, buf_str(&request), why);
}

/* The fact that an answer is about: while the server's store is away, a refusal may overtake. */
static struct waiting *answered(struct waiting *from, uint64_t line) {
    struct waiting *w = from;
    while (w != NULL && w->line != line) {
        w = w->next;
    }
    return w != NULL ? w : from;    // a server that does not know the command names no line
}

/* Reads one answer. ERR_DENIED: it is a refusal, which `why` gets unless it has one. */
static enum err take_answer(struct facts *f, struct waiting *from, struct buf *why) {
    struct str text;
    const struct json *root;
    SCOPED(buf_fini) struct buf trouble = BUF_INIT(CLI_LINE_BYTES_MAX);
    enum err err = cli_wire_read(&f->wire, &text, &trouble);
    if (err == OK && (err = json_parse(f->answers, text, &root)) != OK) {
        buf_printf(&trouble, "the answer is not understood: %s", json_reader_why(f->answers));
    }
    if (err == OK) {
        bool is_ok = false;
        uint64_t line = 0, is_repeat = 0, id = 0;
        (void)!json_u64(json_get(root, "ref"), &line);
        (void)!json_u64(json_get(root, "id"), &id);
        (void)!json_u64(json_get(root, "is_repeat"), &is_repeat);
        struct waiting *w = answered(from, line);
        w->is_answered = true;
        if (json_bool(json_get(root, "ok"), &is_ok) == OK && is_ok) {
            count(f, w, is_repeat != 0);
            learn(f, w, id, is_repeat != 0);
            return OK;
        }
        err = ERR_DENIED;
        buf_printf(&trouble, "line %llu: %.*s", (unsigned long long)w->line,
                   STR_FMT(json_text(json_get(root, "error"))));
    }
    if (why->n == 0) {
        buf_put_str(why, buf_str(&trouble));
    }
    return err;
}

/* Sends all that waits and takes every answer: after a refusal nothing more is sent, but what is on
 * its way may be kept, and is counted. */
static enum err tell_server(struct facts *f, struct buf *why) {
    struct waiting *next = f->first;
    struct waiting *oldest = f->first;
    size_t on_the_way = 0;
    enum err err = OK;
    while (true) {
        while (err == OK && next != NULL && on_the_way < FACTS_ON_THE_WAY) {
            err = send_fact(f, next, why);
            on_the_way += err == OK;
            next = next->next;
        }
        if (on_the_way == 0) {
            return err;
        }
        enum err taken = take_answer(f, oldest, why);
        on_the_way--;
        err = err == OK ? taken : err;
        if (taken != OK && taken != ERR_DENIED) {
            return err;
        }
        while (oldest != NULL && oldest->is_answered) {
            oldest = oldest->next;
        }
    }
}

enum err facts_keep(struct facts *f, struct buf *why) {
    enum err err = OK;
    while (err == OK && f->first != NULL) {
        err = has_server(f) ? tell_server(f, why) : commit(f, why);
        begin_batch(f);
        err = err == OK ? take_edits(f, why) : err;
    }
    return err;
}
