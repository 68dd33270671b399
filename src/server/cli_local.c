/* A server of one command: a core and the store, here in the command's own process.
 *
 * The way is the ring's without its threads: decode, apply, commit, encode. The store's lock makes
 * sure that no server is on it at the same time; and since nobody is connected, events are told to
 * nobody. */
#include "base/clock.h"
#include "core/core.h"
#include "dialect/dialect.h"
#include "server/cli_ask.h"
#include "server/operator.h"
#include "server/restore.h"
#include "store/store.h"

struct local {
    struct store *store;
    struct core *core;
    struct decode_scratch scratch;
};

static void local_fini(struct local *l) {
    json_reader_free(&l->scratch.json);
    buf_fini(&l->scratch.text);
    core_free(&l->core);
    if (l->store != NULL) {
        l->store->ops->free(&l->store);
    }
}

static enum err open_local(struct local *l, const struct config *config, struct buf *why) {
    enum err err = store_open(config->store_url, &l->store, why);
    if (err != OK) {
        return err;
    }
    l->core = core_new(&(struct core_limits){
        .message_chars = (uint32_t)config->limits_message_chars,
    });
    l->scratch = (struct decode_scratch){
        .json = json_reader_new(OPERATOR_LINE_BYTES_MAX),
        .text = BUF_INIT(OPERATOR_LINE_BYTES_MAX),
    };
    return restore(l->store, l->core, NULL, NULL, why);
}

/* Lets a reader of the store answer a question the core has allowed. */
static enum err answer(struct local *l, const struct ask *ask, struct buf *reply) {
    struct store_reader *reader = NULL;
    enum err err = l->store->ops->reader_open(l->store, &reader);
    if (err != OK) {
        return err;
    }
    SCOPED(answer_free) struct answer *found = answer_new(ask);
    err = reader->ops->answer(reader, &found->ask, found);
    reader->ops->free(&reader);
    if (err == OK) {
        operator_dialect()->encode_answer(found, LANG_EN, reply);
    }
    return err;
}

static enum err encode(struct local *l, const struct batch *batch, struct buf *reply) {
    enum err err = OK;
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_REPLY) {
            operator_dialect()->encode_reply(&item->reply, LANG_EN, reply);
        } else if (item->kind == ITEM_ASK) {
            err = answer(l, &item->ask, reply);
        }
    }
    return err;
}

static enum err apply(struct local *l, struct str request, struct buf *reply, struct buf *why) {
    struct cmd cmd;
    operator_dialect()->decode(&l->scratch, request, &cmd);
    struct batch *batch = batch_new(clock_wall_ms());
    core_apply(l->core, &cmd, batch);

    enum err err = batch->kept_count > 0 ? l->store->ops->commit(l->store, batch) : OK;
    if (err != OK) {
        buf_printf(why, "the store cannot be written: %s; nothing was changed", err_text(err));
    } else if ((err = encode(l, batch, reply)) != OK) {
        buf_printf(why, "the store cannot be read: %s", err_text(err));
    }
    batch_unref(&batch);
    return err == ERR_BUSY ? ERR_IO : err;    // busy means here: the lock, and nothing else
}

enum err cli_ask_store(const struct config *config, struct str request, struct buf *reply,
                       struct buf *why) {
    SCOPED(local_fini) struct local l = { 0 };
    enum err err = open_local(&l, config, why);
    return err == OK ? apply(&l, request, reply, why) : err;
}
