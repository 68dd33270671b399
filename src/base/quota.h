/* How many lines each event of the log has had in its second: so that who can make us log, with a
 * different line each time, does not decide how much. A pure table; the log gives it the time.
 * Private to this folder.
 *
 * An event's second begins with a line of it, not with the clock's.
 *
 * Thread   its owner's (the log locks).
 * Bound    QUOTA_EVENTS_MAX events at a time, far more than the code has; one more is not counted
 *          until there is a row for it. */
#ifndef PARLOIR_BASE_QUOTA_H
#define PARLOIR_BASE_QUOTA_H

#include "base/base.h"
#include "base/log.h"

#define QUOTA_EVENTS_MAX 64
#define QUOTA_MS 1000

/* An event, and what was written and held back of it. */
struct quota_row {
    const char *event;       // borrowed, as long as the program lives; NULL: nothing here
    enum log_level level;    // of the last line held back
    uint64_t since_ms;
    uint64_t lines;      // written
    uint64_t surplus;    // held back
};

/* Zeroed is empty. */
struct quota {
    struct quota_row rows[QUOTA_EVENTS_MAX];
};

/* The row of an event, for this second; NULL: there is none left. If a second of the event is over
 * in which lines were held back, *sum is what they were (sum->surplus > 0): write that first. */
struct quota_row *quota_of(struct quota *q, const char *event, uint64_t now_ms,
                           struct quota_row *sum);

/* Whether one more line may be written; if not, it is counted as held back. */
bool quota_allows(struct quota_row *row, enum log_level level);

/* Forgets one event whose second is over, and copies it to *sum if lines were held back. False:
 * none is left. `now_ms` UINT64_MAX: every second is over. */
bool quota_take(struct quota *q, uint64_t now_ms, struct quota_row *sum);

#endif
