/* Metrics: counting costs about a nanosecond and never waits for anybody.
 *
 *     METRIC_ADD(commit_errors_total, 1);
 *     METRIC_ADD_AT(messages_in_total, dialect, 1);
 *     METRIC_OBSERVE(commit_seconds, us);
 *
 * Each thread counts in a shard of its own, taken at its first count; printing adds the shards up.
 * A thread that ends leaves its shard, with what it counted, to the next new thread. This is one of
 * the few mutable globals of the house: whoever counts should not need to be handed anything.
 *
 * A gauge is a sum too: threads add and take away, or each METRIC_SETs its own part.
 *
 * Thread   any.
 * Bound    METRICS_THREADS_MAX threads with a shard; further ones share a slower one. Labels beyond
 *          their maximum count under the last one. */
#ifndef PARLOIR_OBS_METRICS_H
#define PARLOIR_OBS_METRICS_H

#include "base/base.h"
#include "base/buf.h"
#include "base/str.h"

#define METRICS_THREADS_MAX 128
#define METRIC_DIALECTS_MAX 8
#define METRIC_WORKERS_MAX 64
#define METRIC_BUCKETS_MAX 20    // the last one is +Inf

/* The values of the label `reason`. */
enum metric_reason {
#define REASON(name, text) METRIC_REASON_##name,
#include "obs/reasons.tbl.h"
#undef REASON
    METRIC_REASON_COUNT
};

/* Every metric. */
enum metric {
#define COUNTER(name, label, help) METRIC_##name,
#define GAUGE(name, label, help) METRIC_##name,
#define HISTOGRAM(name, label, unit, help) METRIC_##name,
#include "obs/metrics.tbl.h"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
    METRIC_COUNT
};

/* How many values a label has. */
enum {
    METRIC_VALUES_none = 1,
    METRIC_VALUES_dialect = METRIC_DIALECTS_MAX,
    METRIC_VALUES_reason = METRIC_REASON_COUNT,
    METRIC_VALUES_worker = METRIC_WORKERS_MAX,
};

/* Where the cells of each metric begin in a shard: never made, only measured, a byte standing for a
 * cell. A histogram has for each label value its buckets and a sum. */
struct metrics_layout {
#define COUNTER(name, label, help) char name[METRIC_VALUES_##label];
#define GAUGE(name, label, help) char name[METRIC_VALUES_##label];
#define HISTOGRAM(name, label, unit, help)                                                         \
    char name[METRIC_VALUES_##label * (METRIC_BUCKETS_MAX + 1)];
#include "obs/metrics.tbl.h"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
};

/* The cell of a counter or gauge at one of its label's values, those beyond the last under the
 * last. */
#define METRIC_CELL(name, at)                                                                      \
    (offsetof(struct metrics_layout, name) +                                                       \
     MIN((size_t)(at), sizeof(((struct metrics_layout *)0)->name) - 1))

/* Adds n (negative to take away from a gauge) to a metric without a label, or at one of its label's
 * values: a dialect's or worker's number, or an enum metric_reason. */
#define METRIC_ADD(name, n) metrics_add(METRIC_CELL(name, 0), (uint64_t)(int64_t)(n))
#define METRIC_ADD_AT(name, at, n) metrics_add(METRIC_CELL(name, at), (uint64_t)(int64_t)(n))

/* Sets this thread's part of a gauge. */
#define METRIC_SET(name, n) metrics_set(METRIC_CELL(name, 0), (uint64_t)(int64_t)(n))
#define METRIC_SET_AT(name, at, n) metrics_set(METRIC_CELL(name, at), (uint64_t)(int64_t)(n))

/* Observes a value of a histogram: microseconds for SECONDS, else a plain number. */
#define METRIC_OBSERVE(name, value) metrics_observe(METRIC_##name, 0, (uint64_t)(value))
#define METRIC_OBSERVE_AT(name, at, value)                                                         \
    metrics_observe(METRIC_##name, (size_t)(at), (uint64_t)(value))

/* What the macros above call. The cells of this thread's shard; NULL before its first count, and
 * for threads that have none. */
extern _Thread_local uint64_t *metrics_cells;
void metrics_add_slow(size_t cell, uint64_t n);
void metrics_set(size_t cell, uint64_t n);
void metrics_observe(enum metric metric, size_t at, uint64_t value);

/* Nobody else writes to the shard, so this is no read-modify-write: a load and a store. */
static inline void metrics_add(size_t cell, uint64_t n) {
    uint64_t *cells = metrics_cells;
    if (UNLIKELY(cells == NULL)) {
        metrics_add_slow(cell, n);
        return;
    }
    __atomic_store_n(&cells[cell], __atomic_load_n(&cells[cell], __ATOMIC_RELAXED) + n,
                     __ATOMIC_RELAXED);
}

/* Names the values of the label `dialect`, in order; called once before the threads start. The
 * texts are borrowed for the life of the program. Without it they are numbers. */
void metrics_name_dialects(const char *const *names, size_t count);

/* The sum over all threads. For a histogram: how many values were observed. */
int64_t metrics_value(enum metric metric, size_t at);

/* Appends everything in the Prometheus text format, version 0.0.4. Lines of labelled metrics that
 * were 0 whenever somebody looked are left out, except the first and those of named dialects. */
void metrics_print(struct buf *out);

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
