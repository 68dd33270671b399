/* Restoring: what a store kept goes into a core, before anything else does. */
#ifndef PARLOIR_SERVER_RESTORE_H
#define PARLOIR_SERVER_RESTORE_H

#include "base/buf.h"
#include "base/err.h"

struct core;
struct event;
struct store;

/* Gives the core every fact of the store; `also`, if not NULL, hears of each that it took.
 *
 * ERR_IO     the store cannot be read.
 * ERR_PROTO  a fact contradicts another (somebody wrote to the database by hand): the core has not
 *            taken it, and would soon be at odds with the store. `why` names the first ones.
 *
 * `why` receives a sentence with either. */
enum err restore(struct store *store, struct core *core,
                 void (*also)(void *ctx, const struct event *ev), void *ctx, struct buf *why)
    MUST_USE;

#endif
