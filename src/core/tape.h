/* Tapes: everything that went into a core, and what came out, so that it can be played again.
 *
 *     limits message_chars=4000 ...                        the limits, at start and at a reload
 *     fact type=user_created user=1 username=ann           what the store handed out at start
 *     writable is_on=0                                     the store went away; 1: it came back
 *     cmd at_ms=1700000000000 type=room_join session=1     in the order they were applied
 *     batch digest=12345                                   what the commands before it led to
 *
 * The core is deterministic, so the same tape gives the same batches for ever, on every machine. A
 * digest is of the batch as it left the core: take it before the store completes the events. A tape
 * holds what people said, and the hashes of their passwords: whoever keeps one keeps it as the
 * database.
 *
 * Thread   any.   Memory   writers append to a buffer, whose bound is the caller's. */
#ifndef PARLOIR_CORE_TAPE_H
#define PARLOIR_CORE_TAPE_H

#include "base/buf.h"
#include "core/batch.h"
#include "core/core.h"

/* Append one line each. */
void tape_put(struct buf *tape, uint64_t at_ms, const struct cmd *cmd);
void tape_put_fact(struct buf *tape, const struct event *fact);
void tape_put_limits(struct buf *tape, const struct core_limits *limits);
void tape_put_writable(struct buf *tape, bool is_writable);
void tape_put_digest(struct buf *tape, const struct batch *batch);

/* One line, read back. */
struct tape_entry {
    enum { TAPE_CMD, TAPE_FACT, TAPE_LIMITS, TAPE_WRITABLE, TAPE_BATCH } kind;
    uint64_t at_ms;
    struct cmd cmd;
    struct event fact;
    struct core_limits limits;
    bool is_writable;
    uint64_t digest;
};

/* Reads one line, without its newline. Its texts are borrowed from the line or lie in the arena.
 * ERR_PROTO: not a line of a tape. */
enum err tape_read(struct str line, struct arena *texts, struct tape_entry *out) MUST_USE;

/* Plays a tape on a core of its own and compares every batch. The report says in a sentence how it
 * went.
 * OK: all came out as recorded. Commands behind the last batch line, and a last line without its
 * newline (the recording was cut off), are not compared.
 * ERR_PROTO: a line could not be read, or a batch came out differently: it is printed into the
 * report. */
enum err tape_replay(struct str tape, const struct core_limits *limits, struct buf *report)
    MUST_USE;

#endif
