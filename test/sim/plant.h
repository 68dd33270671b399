/* Bugs that are planted: each breaks one promise of the server on purpose, through the fakes or
 * from outside, never by a hook in the product. A simulator that does not find them is worth
 * nothing.
 *
 * Thread   one.   Memory   a table of constants; what a running one needs hangs on the world. */
#ifndef PARLOIR_SIM_PLANT_H
#define PARLOIR_SIM_PLANT_H

#include "test/fakes/ring.h"

struct worker;
struct world;

struct plant {
    const char *name;    // a sentence: what the server does wrong

    /* Prepares it; may be NULL. */
    void (*begin)(struct world *w);

    /* What it does to the ring; each function may be NULL. */
    struct fake_intruder ring;

    /* Around a turn of a worker; may be NULL. */
    void (*before_turn)(struct world *w, struct worker *worker);
    void (*after_turn)(struct world *w, struct worker *worker);
};

/* The table; how many there are. */
const struct plant *plant_at(size_t i);
size_t plant_count(void);

/* Returns owned hooks for the ring of this world, which has a plant. */
const struct fake_intruder *plant_intruder(struct world *w);

#endif
