/* Facts on their way in: what an import has decided, checked and kept.
 *
 *     fact ──fact_add──> a core here, which knows what is there ──> batch ──> the store
 *                                                                     └─fact_add, one by one──> the
 *                                                                       server that has the store
 *
 * The core here holds every fact to the rules (core/do_fact.c) before anything is written; what it
 * lets through waits until there is a batch of it, or facts_keep is called. Beside a server the
 * store is only looked at, and the server's core is asked again: what has changed since is a
 * refusal like any other.
 *
 * Messages get new ids. In a fact they have those of the file (message_posted: message and
 * reply_to; message_edited, read_changed: message), and it is remembered here which became which. A
 * fact that points to a message which still waits lets all that waits be kept first. What points to
 * a message that was never told, or is gone here, has lost its sense: an answer comes as a message
 * of its own, a reaction or a mark does not come.
 *
 * Thread   the main thread.
 * Memory   owns core, store and batch; texts of facts are copied. 32 bytes or so for each message
 *          with an id.
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
    uint64_t uploads;
    uint64_t left_out;    // reactions to what is not there
};

/* Finds whoever has the installation, and hands out what is there, as store_ops.load does.
 * ERR_BUSY: another process has the store, and listens to nobody. Anything else: it cannot be used.
 * `why` has a sentence. */
enum err facts_open(const struct config *config, void (*on_fact)(void *ctx, const struct event *ev),
                    void *ctx, struct facts **out, struct buf *why) MUST_USE;

/* Takes one fact; each comes from a line of its own, but the edit of a message from the message's.
 * ERR_DENIED: it contradicts what is there.
 * Others: what is there could not be read, or what waited not be kept. `why` has a sentence, with
 * the line's number if it is to blame. */
enum err facts_add(struct facts *f, uint64_t line, const struct event *fact, struct buf *why)
    MUST_USE;

/* Whether there is an upload of this name, of those that do not wait. ERR_IO, ERR_BUSY: the store
 * cannot be read; `why` has a sentence. */
enum err facts_find_upload(struct facts *f, struct str name, bool *is_there, struct buf *why)
    MUST_USE;

/* Keeps what waits. OK: it is on the disk. ERR_DENIED: some of it was refused, but others, also
 * behind it, are on the disk. Others: it could not be kept. `why` has a sentence. */
enum err facts_keep(struct facts *f, struct buf *why) MUST_USE;

/* What is on the disk by now, also after a failure. */
struct facts_kept facts_kept(const struct facts *f);

/* Drops what waits, and frees everything. */
void facts_free(struct facts **f);

#endif
