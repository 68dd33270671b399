/* The core: the chat itself, a deterministic state machine.
 *
 *      command ──> gate ──> do_<name> ──> reply + events, in the batch
 *                  who may, how often, can it be stored
 *
 * No socket, no clock, no file, no log, no lock: time and random numbers come in with the input, so
 * the same intakes give the same batches for ever (parloir replay). It answers every command
 * exactly once. It knows users, rooms, members and which session follows which room; of a session
 * it knows the id.
 *
 * Thread   one.
 * Memory   owns all its nouns; everything it puts into a batch is copied there. */
#ifndef PARLOIR_CORE_CORE_H
#define PARLOIR_CORE_CORE_H

#include "core/cmd.h"

struct batch;
struct event;

/* Messages, or uploads, a user may create; 0: no limit. Exact sliding windows. */
struct rate_limit {
    uint32_t per_minute;
    uint32_t per_hour;
    uint32_t burst;    // in any one second
};

struct core_limits {
    uint32_t message_chars;
    uint32_t sessions_per_user;
    uint32_t follows_per_session;
    uint64_t upload_bytes_per_user;    // 0: no limit
    struct rate_limit uploads;         // begun, in whatever dialect
    struct rate_limit content[DIALECT_COUNT];
};

struct core;

/* Returns an owned, empty core. */
struct core *core_new(const struct core_limits *limits);
void core_free(struct core **core);

/* Takes up new limits (a reload). */
void core_set_limits(struct core *core, const struct core_limits *limits);

/* Takes back one kept fact at start, as the store hands it out: users first, then rooms, then
 * members. false: it contradicts what was restored before, and changed nothing. */
bool core_restore(struct core *core, const struct event *ev);

/* While false, every command that writes is refused as store_away. True at start. */
void core_set_writable(struct core *core, bool is_writable);

/* Applies one command at batch->at_ms and answers it into the batch. */
void core_apply(struct core *core, const struct cmd *cmd, struct batch *batch);

/* What is resident, for the metrics. */
struct core_counts {
    size_t users;
    size_t rooms;
    size_t members;
    size_t sessions;
};
struct core_counts core_count(const struct core *core);

#endif
