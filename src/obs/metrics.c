/* Counting without contention.
 *
 *     thread ──mine──> shard ──cells──> [ metric 0, label 0 | metric 0, label 1 | metric 1 | ... ]
 *                        │
 *     registry ──────────┴─ all shards ever made; printing adds them up
 *
 * A metric's cells stand side by side: one for each value of its label, and in a histogram for each
 * of these one for each bucket and one for the sum. A shard is written by one thread only, so an
 * addition is a load and a store, both relaxed, with no lock prefix; readers may see a sum that is
 * a moment old.
 *
 * A thread that ends leaves its shard on the list of the idle, and a new thread goes on with it:
 * counts only add up, so nobody can tell. Who comes when all shards are taken writes, with real
 * atomic additions, to the spare one.
 *
 * The registry is one of the mutable globals the house allows itself. */
#include "obs/metrics.h"

#include <pthread.h>

enum label { LABEL_none, LABEL_dialect, LABEL_reason, LABEL_worker };
enum type { TYPE_COUNTER, TYPE_GAUGE, TYPE_HISTOGRAM };
enum unit { UNIT_COUNTS, UNIT_SECONDS };

#define SERIES_CELLS (METRIC_BUCKETS_MAX + 1)    // of a histogram: the buckets, then the sum
#define CELL_COUNT sizeof(struct metrics_layout)
#define CACHE_LINE 64

static const struct row {
    const char *name;
    const char *help;
    enum type type;
    enum label label;
    enum unit unit;
    size_t first;     // cell
    size_t values;    // of the label
} rows[METRIC_COUNT] = {
#define ROW(name, label, unit, help, type)                                                         \
    { #name,                                                                                       \
      help,                                                                                        \
      type,                                                                                        \
      LABEL_##label,                                                                               \
      unit,                                                                                        \
      offsetof(struct metrics_layout, name),                                                       \
      METRIC_VALUES_##label },
#define COUNTER(name, label, help) ROW(name, label, UNIT_COUNTS, help, TYPE_COUNTER)
#define GAUGE(name, label, help) ROW(name, label, UNIT_COUNTS, help, TYPE_GAUGE)
#define HISTOGRAM(name, label, unit, help) ROW(name, label, UNIT_##unit, help, TYPE_HISTOGRAM)
#include "obs/metrics.tbl.h"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
};

/* Upper bounds of the buckets; one more bucket holds what is over the last. */
static const uint64_t bounds[2][METRIC_BUCKETS_MAX - 1] = {
    [UNIT_COUNTS] = { 1, 2, 3, 5, 8, 10, 20, 30, 50, 80, 100, 200, 300, 500, 800, 1000, 2000, 5000,
                      10000 },
    [UNIT_SECONDS] = { 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000,
                       500000, 1000000, 2000000, 5000000, 10000000, 30000000 },
};

struct shard {
    _Alignas(CACHE_LINE) uint64_t cells[CELL_COUNT];
    struct shard *next_idle;
};

static struct {
    pthread_mutex_t lock;
    pthread_once_t once;
    pthread_key_t on_thread_end;
    struct shard *shards[METRICS_THREADS_MAX];
    size_t count;
    struct shard *idle;
    struct shard spare;
    const char *const *dialects;
    size_t dialect_count;
    bool is_shown[CELL_COUNT];    // was not 0 when printed, and is printed from then on
} registry = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .once = PTHREAD_ONCE_INIT,
};

_Thread_local uint64_t *metrics_cells;

static void on_thread_end(void *shard) {
    struct shard *s = shard;
    metrics_cells = NULL;
    pthread_mutex_lock(&registry.lock);
    s->next_idle = registry.idle;
    registry.idle = s;
    pthread_mutex_unlock(&registry.lock);
}

static void make_key(void) {
    CHECK(pthread_key_create(&registry.on_thread_end, on_thread_end) == 0);
}

/* A shard nobody writes to now: an idle one or a new one. NULL: all are taken. */
static struct shard *take_shard(void) {
    pthread_mutex_lock(&registry.lock);
    struct shard *s = registry.idle;
    if (s != NULL) {
        registry.idle = s->next_idle;
    } else if (registry.count < METRICS_THREADS_MAX) {
        /* Lives as long as the program; the cells may begin up to a cache line later. */
        uintptr_t at = (uintptr_t)xzalloc(sizeof *s + CACHE_LINE);
        s = (struct shard *)((at + CACHE_LINE - 1) & ~(uintptr_t)(CACHE_LINE - 1));
        registry.shards[registry.count++] = s;
    }
    pthread_mutex_unlock(&registry.lock);
    return s;
}

/* The cells of this thread; NULL: it has to share the spare ones. */
static uint64_t *cells_of_thread(void) {
    if (metrics_cells == NULL) {
        CHECK(pthread_once(&registry.once, make_key) == 0);
        struct shard *s = take_shard();
        if (s != NULL) {
            CHECK(pthread_setspecific(registry.on_thread_end, s) == 0);
            metrics_cells = s->cells;
        }
    }
    return metrics_cells;
}

void metrics_add_slow(size_t cell, uint64_t n) {
    if (cells_of_thread() != NULL) {
        metrics_add(cell, n);
    } else {
        __atomic_add_fetch(&registry.spare.cells[cell], n, __ATOMIC_RELAXED);
    }
}

void metrics_set(size_t cell, uint64_t n) {
    uint64_t *cells = cells_of_thread();
    __atomic_store_n(cells == NULL ? &registry.spare.cells[cell] : &cells[cell], n,
                     __ATOMIC_RELAXED);
}

/* A label's value, the last one standing for all beyond it. */
static size_t fit(const struct row *row, size_t at) {
    return MIN(at, row->values - 1);
}

/* The first bucket whose bound is not less than the value. */
static size_t bucket_of(const uint64_t *bound, uint64_t value) {
    size_t low = 0;
    size_t high = METRIC_BUCKETS_MAX - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (bound[middle] < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void metrics_observe(enum metric metric, size_t at, uint64_t value) {
    const struct row *row = &rows[metric];
    CHECK(row->type == TYPE_HISTOGRAM);
    size_t series = row->first + fit(row, at) * SERIES_CELLS;
    metrics_add(series + bucket_of(bounds[row->unit], value), 1);
    metrics_add(series + METRIC_BUCKETS_MAX, value);
}

void metrics_name_dialects(const char *const *names, size_t count) {
    pthread_mutex_lock(&registry.lock);
    registry.dialects = names;
    registry.dialect_count = count;
    pthread_mutex_unlock(&registry.lock);
}

/* ---- adding up and printing; the registry's lock is held */

static uint64_t sum_of(size_t cell) {
    uint64_t sum = __atomic_load_n(&registry.spare.cells[cell], __ATOMIC_RELAXED);
    for (size_t i = 0; i < registry.count; i++) {
        sum += __atomic_load_n(&registry.shards[i]->cells[cell], __ATOMIC_RELAXED);
    }
    return sum;
}

static uint64_t observations_of(size_t series) {
    uint64_t count = 0;
    for (size_t i = 0; i < METRIC_BUCKETS_MAX; i++) {
        count += sum_of(series + i);
    }
    return count;
}

int64_t metrics_value(enum metric metric, size_t at) {
    const struct row *row = &rows[metric];
    pthread_mutex_lock(&registry.lock);
    uint64_t value = row->type == TYPE_HISTOGRAM
                         ? observations_of(row->first + fit(row, at) * SERIES_CELLS)
                         : sum_of(row->first + fit(row, at));
    pthread_mutex_unlock(&registry.lock);
    return (int64_t)value;
}

static const char *const reasons[METRIC_REASON_COUNT] = {
#define REASON(name, text) text,
#include "obs/reasons.tbl.h"
#undef REASON
};

/* Appends label="value"; nothing for a metric without one. */
static void put_label(struct buf *out, enum label label, size_t at) {
    switch (label) {
    case LABEL_none: return;
    case LABEL_dialect:
        BUF_PUT_LIT(out, "dialect=\"");
        if (at < registry.dialect_count) {
            buf_put_str(out, str_of(registry.dialects[at]));
        } else {
            buf_put_u64(out, at);
        }
        break;
    case LABEL_reason:
        BUF_PUT_LIT(out, "reason=\"");
        buf_put_str(out, str_of(reasons[at]));
        break;
    case LABEL_worker:
        BUF_PUT_LIT(out, "worker=\"");
        buf_put_u64(out, at);
        break;
    }
    buf_put_char(out, '"');
}

/* Appends microseconds as seconds, or a plain number. */
static void put_amount(struct buf *out, enum unit unit, uint64_t n) {
    if (unit == UNIT_COUNTS) {
        buf_put_u64(out, n);
    } else {
        buf_printf(out, "%llu.%06llu", (unsigned long long)(n / 1000000),
                   (unsigned long long)(n % 1000000));
    }
}

static void put_simple(struct buf *out, const struct row *row, size_t at, uint64_t value) {
    buf_printf(out, "parloir_%s", row->name);
    if (row->label != LABEL_none) {
        buf_put_char(out, '{');
        put_label(out, row->label, at);
        buf_put_char(out, '}');
    }
    buf_put_char(out, ' ');
    buf_put_i64(out, (int64_t)value);
    buf_put_char(out, '\n');
}

/* Appends the name with a suffix, and the label if there is one, and the bucket's if `le` says
 * so. */
static void put_series_name(struct buf *out, const struct row *row, size_t at, const char *suffix,
                            bool has_le) {
    bool has_label = row->label != LABEL_none;
    buf_printf(out, "parloir_%s%s", row->name, suffix);
    if (has_label || has_le) {
        buf_put_char(out, '{');
        put_label(out, row->label, at);
        buf_put_str(out, has_label && has_le ? STR_LIT(",") : STR_LIT(""));
        buf_put_str(out, has_le ? STR_LIT("le=\"") : STR_LIT("} "));
    } else {
        buf_put_char(out, ' ');
    }
}

static void put_histogram(struct buf *out, const struct row *row, size_t at) {
    size_t series = row->first + at * SERIES_CELLS;
    uint64_t count = 0;
    for (size_t i = 0; i < METRIC_BUCKETS_MAX; i++) {
        count += sum_of(series + i);
        put_series_name(out, row, at, "_bucket", true);
        if (i < METRIC_BUCKETS_MAX - 1) {
            put_amount(out, row->unit, bounds[row->unit][i]);
        } else {
            BUF_PUT_LIT(out, "+Inf");
        }
        buf_printf(out, "\"} %llu\n", (unsigned long long)count);
    }
    put_series_name(out, row, at, "_sum", false);
    put_amount(out, row->unit, sum_of(series + METRIC_BUCKETS_MAX));
    buf_put_char(out, '\n');
    put_series_name(out, row, at, "_count", false);
    buf_printf(out, "%llu\n", (unsigned long long)count);
}

static void put_row(struct buf *out, const struct row *row) {
    static const char *const types[] = { "counter", "gauge", "histogram" };
    buf_printf(out, "# HELP parloir_%s %s\n# TYPE parloir_%s %s\n", row->name, row->help, row->name,
               types[row->type]);
    for (size_t at = 0; at < row->values; at++) {
        if (row->type == TYPE_HISTOGRAM) {
            if (at == 0 || observations_of(row->first + at * SERIES_CELLS) > 0) {
                put_histogram(out, row, at);
            }
            continue;
        }
        uint64_t value = sum_of(row->first + at);
        bool *is_shown = &registry.is_shown[row->first + at];
        *is_shown = *is_shown || value != 0 || at == 0 ||
                    (row->label == LABEL_dialect && at < registry.dialect_count);
        if (*is_shown) {
            put_simple(out, row, at, value);
        }
    }
}

void metrics_print(struct buf *out) {
    pthread_mutex_lock(&registry.lock);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        put_row(out, &rows[i]);
    }
    pthread_mutex_unlock(&registry.lock);
}
