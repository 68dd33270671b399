/* What a seed means: how many there are of everything, how fast, and how much goes wrong.
 *
 * Thread   one.   Memory   a value. */
#ifndef PARLOIR_SIM_PLAN_H
#define PARLOIR_SIM_PLAN_H

#include "base/rng.h"

#define ROOMS_MAX 16    // names; a room may be removed and come again under its name
#define SECOND_US 1000000ULL

struct plan {
    uint64_t seed;
    unsigned workers;
    unsigned persons;
    unsigned clients;    // connections at most, all persons together
    unsigned operators;
    unsigned envelope_share;    // of the clients, in percent, that speak it; the others the hub's
    unsigned rooms;
    unsigned private_rooms;    // the last ones of them
    uint64_t storm_us;         // how long things go wrong
    uint64_t pause_us;         // between two acts of a client, on average
    uint64_t fault_us;         // between two faults, on average; 0: none
    uint32_t credits;
    uint32_t away_ms;
    uint32_t outbox_bytes;
    bool is_rate_limited;
    bool has_kills;
    bool has_jumps;    // of the wall clock
    bool has_cuts;     // of links
};

/* The plan of a seed. */
struct plan plan_of(uint64_t seed);

#endif
