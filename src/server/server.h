/* The server: what all workers share, and its life from the first configuration to the last byte.
 *
 *     configuration ──> store ──facts──> core ──> ring ──> workers ──> `ready`
 *     SIGHUP: new settings beside the old ones, workers poked     SIGTERM: drain, then stop in the
 *     reverse order
 *
 * Thread   server_run is the main thread's; the rest of the fields are read by workers and never
 *          change after the start, but for `settings` and `is_draining`, which are atomic. */
#ifndef PARLOIR_SERVER_SERVER_H
#define PARLOIR_SERVER_SERVER_H

#include <stdatomic.h>

#include "auth/token.h"
#include "obs/health.h"
#include "server/addresses.h"
#include "server/ring.h"
#include "server/settings.h"

struct core;
struct media_files;
struct store;
struct worker;

struct server {
    struct settings *_Atomic settings;
    atomic_bool is_draining;
    struct config_sources sources;    // borrowed; read again on SIGHUP
    struct health *health;
    struct store *store;
    struct core *core;
    struct media_files *media;    // the directory of uploads
    struct ring *ring;
    struct addresses *addresses;
    struct token_table *tokens;
    struct token_key token_key;
    struct worker *workers;
    unsigned worker_count;
    unsigned prepared_count;    // of them, those that worker_init has made
    unsigned started_count;     // and those whose threads run
    uint64_t started_ms;
};

/* Runs the server until a signal ends it. Returns the exit status: 0 in order, 1 a failure, 2 a
 * configuration that cannot be used. */
int server_run(const struct config_sources *sources);

static inline struct settings *server_settings(struct server *server) {
    return atomic_load_explicit(&server->settings, memory_order_acquire);
}

static inline bool server_is_draining(struct server *server) {
    return atomic_load_explicit(&server->is_draining, memory_order_acquire);
}

#endif
