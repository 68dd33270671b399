/* Facts on their way in: what an import has decided, checked and kept.
 *
 *     fact ──fact_add──> a core here, which knows what is there ──> batch ──> the store
 *
 * The core holds every fact to its rules (core/do_fact.c) before anything is written. What it let
 * through waits until there is a batch of it, or facts_keep is called.
 *
 * Thread   the main thread.
 * Memory   owns core, store and batch; texts of facts are copied.
 * Bound    FACTS_AT_ONCE facts wait. */
#ifndef PARLOIR_SERVER_CLI_FACTS_H
#define PARLOIR_SERVER_CLI_FACTS_H

#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"
#include "core/event.h"

#define FACTS_AT_ONCE 1000

struct facts;

/* What was kept; of messages also how many were there already. */
struct facts_kept {
    uint64_t users;    // erased ones not counted
    uint64_t rooms;    // dms not counted
    uint64_t messages;
    uint64_t repeats;
};

/* Opens the installation and hands out what is there, as store_ops.load does.
 * ERR_BUSY: another process has the store. Anything else: it cannot be used. `why` has a
 * sentence. */
enum err facts_open(const struct config *config, void (*on_fact)(void *ctx, const struct event *ev),
                    void *ctx, struct facts **out, struct buf *why) MUST_USE;

/* Takes one fact, of which line of the file it comes. ERR_DENIED: it contradicts what is there.
 * Others: what waited could not be kept. `why` has a sentence, with the line's number. */
enum err facts_add(struct facts *f, uint64_t line, const struct event *fact, struct buf *why)
    MUST_USE;

/* Keeps what waits; OK: it is on the disk. */
enum err facts_keep(struct facts *f, struct buf *why) MUST_USE;

/* What is on the disk by now, also after a failure. */
struct facts_kept facts_kept(const struct facts *f);

/* Drops what waits, and frees everything. */
void facts_free(struct facts **f);

#endif
