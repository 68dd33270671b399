/* Restoring: the store hands out, the core takes, and what it does not take is told. */
#include "server/restore.h"

#include "core/core.h"
#include "store/store.h"

#define NAMED_MAX 5    // facts that contradict others, by name; who has more has a worse problem

struct restoring {
    struct core *core;    // borrowed
    void (*also)(void *ctx, const struct event *ev);
    void *ctx;
    struct buf *why;
    size_t refused;
};

static void name_refused(struct restoring *r, const struct event *ev) {
    if (r->refused++ >= NAMED_MAX) {
        return;
    }
    buf_printf(r->why, "%s %s (user %llu, room %llu)",
               r->refused == 1 ? "the store contradicts itself:" : ",", event_name(ev->type),
               (unsigned long long)ev->user.v, (unsigned long long)ev->room.v);
}

static void on_fact(void *ctx, const struct event *ev) {
    struct restoring *r = ctx;
    if (!core_restore(r->core, ev)) {
        name_refused(r, ev);
    } else if (r->also != NULL) {
        r->also(r->ctx, ev);
    }
}

enum err restore(struct store *store, struct core *core,
                 void (*also)(void *ctx, const struct event *ev), void *ctx, struct buf *why) {
    struct restoring r = { core, also, ctx, why, 0 };
    enum err err = store->ops->load(store, on_fact, &r);
    if (err != OK) {
        buf_reset(why);
        buf_printf(why, "the store cannot be read: %s", err_text(err));
        return err;
    }
    if (r.refused == 0) {
        return OK;
    }
    if (r.refused > NAMED_MAX) {
        buf_printf(why, " and %zu more", r.refused - NAMED_MAX);
    }
    buf_printf(why,
               " is of what is not there, is there twice, or has a value that is none: restore "
               "a backup, or mend the database");
    return ERR_PROTO;
}
