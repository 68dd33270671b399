/* The log's memory of the last second: which lines were just written, and how often they came
 * again. A pure table; the log gives it the time. Private to this folder.
 *
 * Thread   its owner's (the log locks).   Bound   REPEATS_MAX different lines; one more pushes the
 * oldest out, whose sum, if it has one, is then due. */
#ifndef PARLOIR_BASE_REPEATS_H
#define PARLOIR_BASE_REPEATS_H

#include "base/base.h"
#include "base/log.h"
#include "base/str.h"

#define REPEATS_MAX 16
#define REPEATS_MS 1000    // how long a line is remembered

struct repeat {
    uint64_t hash;
    uint64_t since_ms;    // when it was written
    uint64_t count;       // how often it came again since
    size_t bytes;         // 0: nothing here
    char text[LOG_LINE_BYTES_MAX];
};

/* Zeroed is empty. */
struct repeats {
    struct repeat rows[REPEATS_MAX];
};

/* Remembers a line (at most LOG_LINE_BYTES_MAX bytes; the part that repeats, without its time).
 * True: it is new and must be written. False: it was counted. What must make room for it or has
 * waited long enough with a count is copied to *sum first (sum->bytes > 0): write that as well. */
bool repeats_note(struct repeats *r, struct str line, uint64_t now_ms, struct repeat *sum);

/* Forgets one line whose second is over, and copies it to *sum if it has a count. False: none is
 * left. `now_ms` UINT64_MAX: every second is over. */
bool repeats_take(struct repeats *r, uint64_t now_ms, struct repeat *sum);

#endif
