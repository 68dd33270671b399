/* Upkeep: see upkeep.h. */
#include "server/upkeep.h"

#include "base/clock.h"
#include "base/log.h"
#include "obs/metrics.h"

#define SLICE_US 500           // what a batch may have to wait while they keep coming
#define SLICE_QUIET_US 3000    // when none is expected: the longer, the cheaper a row
#define PAUSE_US 3000          // between two slices while batches come
#define COMMIT_SHARE 4         // of the time of commits, one part in so many is upkeep's as well
#define QUIET_US 100000        // so long after the last batch none is expected
#define GATHER_US 250000       // from a batch to the slice that indexes it
#define REST_US 60000000       // when there is nothing to do; by age there may be, later
#define RETRY_US 10000000      // when the store could not
#define TELL_US 60000000       // a long prune says something as often as that

void upkeep_begin(struct upkeep *u, uint64_t now_us) {
    u->due_us = now_us;
}

void upkeep_set_keep(struct upkeep *u, const struct keep *keep, uint64_t now_us) {
    u->keep = *keep;
    u->due_us = now_us;
}

void upkeep_after_batch(struct upkeep *u, uint64_t now_us, uint64_t took_us) {
    u->batch_us = now_us;
    u->credit_us = MIN(u->credit_us + took_us / COMMIT_SHARE, SLICE_QUIET_US);
    u->due_us = MIN(u->due_us, now_us + GATHER_US);
}

bool upkeep_has_share(const struct upkeep *u, uint64_t now_us) {
    return now_us >= u->due_us && u->credit_us >= SLICE_US;
}

static void log_pruned(struct upkeep *u) {
    if (u->pruned > 0) {
        LOG_INFO("history.pruned", U64("room", u->room.v), U64("messages", u->pruned));
        u->pruned = 0;
    }
}

/* One line for what goes of a room, not one a slice. */
static void tell(struct upkeep *u, const struct tend_report *report, uint64_t now_us) {
    METRIC_SET(messages_unindexed, report->unindexed);
    if (report->pruned > 0) {
        METRIC_ADD(messages_pruned_total, report->pruned);
        if (report->pruned_room.v != u->room.v) {
            log_pruned(u);
        }
        u->pruned_us = u->pruned == 0 ? now_us : u->pruned_us;
        u->room = report->pruned_room;
        u->pruned += report->pruned;
    }
    if (!report->has_more || now_us - u->pruned_us >= TELL_US) {
        log_pruned(u);
    }
}

enum err upkeep_run(struct upkeep *u, struct store *store) {
    uint64_t began_us = clock_mono_us();
    bool is_quiet = began_us - u->batch_us >= QUIET_US;
    struct tend_ask ask = { .keep = u->keep,
                            .now_ms = clock_wall_ms(),
                            .budget_us = is_quiet ? SLICE_QUIET_US : SLICE_US };
    struct tend_report report = { 0 };
    enum err err = store->ops->tend(store, &ask, &report);
    uint64_t now_us = clock_mono_us();
    u->credit_us -= MIN(u->credit_us, now_us - began_us);
    if (err != OK) {
        u->due_us = now_us + RETRY_US;
        return err == ERR_BUSY || err == ERR_FULL ? OK : err;
    }
    tell(u, &report, now_us);
    u->due_us = now_us + (!report.has_more ? REST_US : is_quiet ? 0 : PAUSE_US);
    return OK;
}
