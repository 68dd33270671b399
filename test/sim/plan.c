/* Seeds into plans: most are small and wild, some are crowds, some are quiet. */
#include "test/sim/plan.h"

static uint64_t between(struct rng *rng, uint64_t least, uint64_t most) {
    return least + rng_below(rng, most - least + 1);
}

static bool one_in(struct rng *rng, uint64_t n) {
    return rng_below(rng, n) == 0;
}

static void draw_size(struct plan *p, struct rng *rng) {
    uint64_t size = rng_below(rng, 20);
    if (size < 14) {
        p->clients = (unsigned)between(rng, 4, 40);
        p->storm_us = between(rng, 10, 60) * SECOND_US;
        p->pause_us = between(rng, 100, 600) * 1000;
    } else if (size < 19) {
        p->clients = (unsigned)between(rng, 60, 300);
        p->storm_us = between(rng, 4, 8) * SECOND_US;
        p->pause_us = between(rng, 1000, 3000) * 1000;
    } else {
        p->clients = (unsigned)between(rng, 1000, 2500);
        p->storm_us = between(rng, 2, 4) * SECOND_US;
        p->pause_us = between(rng, 20000, 60000) * 1000;
    }
    p->persons = p->clients * (unsigned)between(rng, 30, 100) / 100 + 1;
}

struct plan plan_of(uint64_t seed) {
    struct rng rng;
    rng_seed(&rng, seed * 2 + 1);
    struct plan p = { .seed = seed };
    draw_size(&p, &rng);
    p.workers = (unsigned)between(&rng, 1, 3);
    p.rooms = (unsigned)between(&rng, 2, 8);
    p.private_rooms = (unsigned)rng_below(&rng, MIN(3, p.rooms));
    p.operators = (unsigned)between(&rng, 1, 2);
    p.envelope_share = one_in(&rng, 6) ? 0 : one_in(&rng, 3) ? 100 : 50;
    p.credits = one_in(&rng, 4) ? (uint32_t)between(&rng, 16, 40) : 4096;
    p.away_ms = one_in(&rng, 3) ? (uint32_t)between(&rng, 100, 800) : 5000;
    p.outbox_bytes = one_in(&rng, 2) ? 1u << 20 : 128u << 10;
    p.fault_us = one_in(&rng, 8) ? 0 : between(&rng, 300, 4000) * 1000;
    p.is_rate_limited = one_in(&rng, 4);
    p.has_kills = !one_in(&rng, 3);
    p.has_jumps = one_in(&rng, 2);
    p.has_cuts = !one_in(&rng, 4);
    return p;
}
