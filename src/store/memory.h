/* The memory driver: the same contract with nothing on disk, for tests and the simulator.
 *
 * Opened by the URL "memory:". What is special about it is that it can be told to fail. */
#ifndef PARLOIR_STORE_MEMORY_H
#define PARLOIR_STORE_MEMORY_H

#include "base/base.h"
#include "base/err.h"

struct store;

/* Which commits fail. Zeroed: none. A commit with nothing to write does not count.
 *
 * While the next one would fail with ERR_FULL, probe says ERR_FULL too and counts as a commit, so
 * that a full store has room again after `count` tries of either kind. */
struct memory_faults {
    uint64_t at;       // the at-th commit from now, 1 being the next; 0: none
    uint64_t count;    // and so many in all from there on; 0 counts as 1
    enum err err;      // ERR_BUSY, ERR_FULL or ERR_IO
    bool
        is_written;    // only with ERR_IO: the batch was written all the same, then the answer lost
};

/* Sets what will fail from now on; replaces what was set before. `s` is a memory store. */
void memory_store_set_faults(struct store *s, const struct memory_faults *faults);

#endif
