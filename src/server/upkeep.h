/* Upkeep: when the store gets a slice of its own time between batches, and what comes of it.
 *
 *     batch ──> commit ──> due soon ──> slice ──> more? a moment later : a minute later
 *
 * A slice is short, but a batch that comes meanwhile waits for it. So while batches keep coming
 * there is a pause between two slices, and most batches meet none; in a quiet moment they follow
 * each other. If batches follow each other without a gap, upkeep still gets a share of the time
 * that commits take: what comes in must also be indexed, and what goes over must go, or there would
 * be no end of it. The new messages of a quarter of a second are indexed together, which costs
 * little more than one of them.
 *
 * Thread   the store's; upkeep_begin before that.
 * Memory   a value, owned by the ring. */
#ifndef PARLOIR_SERVER_UPKEEP_H
#define PARLOIR_SERVER_UPKEEP_H

#include "store/store.h"

struct upkeep {
    struct keep keep;      // of rooms without rules of their own
    uint64_t due_us;       // the next slice
    uint64_t batch_us;     // the last batch was through
    uint64_t credit_us;    // of slices that may come between two batches
    room_id room;          // of what went and was not logged yet
    uint64_t pruned;
    uint64_t pruned_us;    // since when
};

/* A first slice is due at once. */
void upkeep_begin(struct upkeep *u, uint64_t now_us);

/* Other rules; a slice is due at once. */
void upkeep_set_keep(struct upkeep *u, const struct keep *keep, uint64_t now_us);

/* A batch is through, whose commit took so long: there is something to do before long. */
void upkeep_after_batch(struct upkeep *u, uint64_t now_us, uint64_t took_us);

/* Whether there is time for a slice that is due though the next batch may be waiting. */
bool upkeep_has_share(const struct upkeep *u, uint64_t now_us);

/* Runs a slice, says in the log and the metrics what it did, and sets when the next is due. ERR_IO:
 * as of a commit. A store that is busy or full is left alone for a while. */
enum err upkeep_run(struct upkeep *u, struct store *store) MUST_USE;

#endif
