/* The server under test: the real workers, sessions, door and core on a virtual net and a stepped
 * ring; what server.c does with threads and signals is done here by hand.
 *
 * Thread   one.   Memory   embedded in the world; made anew at every start. */
#ifndef PARLOIR_SIM_HOST_H
#define PARLOIR_SIM_HOST_H

#include "server/server.h"
#include "test/fakes/net.h"
#include "test/fakes/ring.h"

#define HOST_WORKERS_MAX 4
#define HOST_HTTP_FD 1
#define HOST_OPERATOR_FD 2

struct world;
struct session;

struct host {
    struct server server;
    struct settings *settings;    // owned
    struct fake_net net;
    struct fake_ring_hooks hooks;
    bool is_up;
    uint32_t generation;                   // counts starts and ends
    uint64_t drain_us;                     // when it was told to end
    uint64_t turn_us[HOST_WORKERS_MAX];    // when each worker's next turn is due
    uint64_t part_us[FAKE_PART_COUNT];     // and each part's next step
};

/* Reads the configuration a plan asks for; gives it back. */
void host_init(struct world *w);
void host_fini(struct world *w);

/* Starts the server on what the store has. */
void host_start(struct world *w);

/* Kills it: nothing is told, saved or answered. */
void host_kill(struct world *w);

/* SIGTERM: it ends in order. Whether it has; then host_stop takes it down and checks that it left
 * nothing behind. */
void host_drain(struct world *w);
bool host_is_drained(const struct world *w);
void host_stop(struct world *w);

/* What the agenda says is due. */
void host_turn(struct world *w, uint32_t worker);
void host_part(struct world *w, enum fake_part part);

/* The loop of a worker, as the kernel would draw one for a newcomer. */
struct loop *host_some_loop(struct world *w);

/* The session at the other end of a link; NULL: there is none. */
struct session *host_session(const struct fake_link *k);

/* Sessions of the given state, on all workers. */
size_t host_count(const struct world *w, int state);

#endif
