/* Facts on their way in: see cli_facts.h. */
#include "server/cli_facts.h"

#include "base/clock.h"
#include "core/core.h"
#include "core/tape.h"
#include "server/cli_ask.h"
#include "store/store.h"

#define FACT_BYTES_MAX (32u << 20)    // a line of the file, every byte of it written as \xHH

/* A fact that waits: the core has said yes. In the batch's arena. */
struct waiting {
    struct waiting *next;
    uint64_t line;
    struct event fact;            // without its texts
    const struct reply *reply;    // borrowed from the batch
};

struct facts {
    struct store *store;    // owned
    struct core *core;      // owned
    struct batch *batch;    // owned; not committed yet
    struct waiting *first;
    struct waiting **last;
    size_t count;
    struct buf text;
    struct facts_kept kept;
    void (*on_fact)(void *ctx, const struct event *ev);
    void *ctx;
};

struct facts_kept facts_kept(const struct facts *f) {
    return f->kept;
}

/* ---- what is there */

static void on_fact(void *ctx, const struct event *ev) {
    struct facts *f = ctx;
    core_restore(f->core, ev);
    f->on_fact(f->ctx, ev);
}

static void begin_batch(struct facts *f) {
    batch_unref(&f->batch);
    f->batch = batch_new(clock_wall_ms());
    f->first = NULL;
    f->last = &f->first;
    f->count = 0;
}

static enum err open_store(struct facts *f, const struct config *config, struct buf *why) {
    enum err err = cli_make_data_dir(config, why);
    return err == OK ? store_open(config->store_url, &f->store, why) : err;
}

enum err facts_open(const struct config *config, void (*fact)(void *ctx, const struct event *ev),
                    void *ctx, struct facts **out, struct buf *why) {
    struct facts *f = xzalloc(sizeof *f);
    *f = (struct facts){ .text = BUF_INIT(FACT_BYTES_MAX), .on_fact = fact, .ctx = ctx };
    f->core = core_new(&(struct core_limits){ 0 });
    begin_batch(f);
    enum err err = open_store(f, config, why);
    if (err == OK && (err = f->store->ops->load(f->store, on_fact, f)) != OK) {
        buf_printf(why, "the store cannot be read: %s", err_text(err));
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
    if (f->store != NULL) {
        f->store->ops->free(&f->store);
    }
    buf_fini(&f->text);
    xfree(f);
    *facts = NULL;
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
    if (reply->detail.n > 0) {
        buf_printf(why, " (%.*s)", STR_FMT(reply->detail));
    }
    return ERR_DENIED;
}

static void wait(struct facts *f, uint64_t line, const struct event *fact,
                 const struct reply *reply) {
    struct waiting *w = arena_zalloc(&f->batch->arena, sizeof *w);
    w->line = line;
    w->fact = (struct event){ .type = fact->type, .room_kind = fact->room_kind };
    w->reply = reply;
    *f->last = w;
    f->last = &w->next;
    f->count++;
}

enum err facts_add(struct facts *f, uint64_t line, const struct event *fact, struct buf *why) {
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
    wait(f, line, fact, reply);
    return f->count < FACTS_AT_ONCE ? OK : facts_keep(f, why);
}

/* ---- kept */

static void count(struct facts *f, const struct waiting *w, bool is_repeat) {
    switch ((int)w->fact.type) {    // of the others there is no sum
    case EV_user_created: f->kept.users++; break;
    case EV_room_created: f->kept.rooms += w->fact.room_kind == ROOM_CHANNEL; break;
    case EV_message_posted:
        f->kept.repeats += is_repeat;
        f->kept.messages += !is_repeat;
        break;
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
        count(f, w, w->reply->event->is_repeat);
    }
    return OK;
}

enum err facts_keep(struct facts *f, struct buf *why) {
    enum err err = f->first == NULL ? OK : commit(f, why);
    begin_batch(f);
    return err;
}
