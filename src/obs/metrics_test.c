/* Metrics. The registry lives as long as the program, so each test looks at differences, or at a
 * metric that is its own. */
#include "obs/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "test/unit.h"

static bool prints(const char *line) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(1 << 20);
    metrics_print(&out);
    OKAY(buf_ok(&out));
    return memmem(out.p, out.n, line, strlen(line)) != NULL;
}

TEST(a_counter_counts) {
    OKAY(prints("\nparloir_commit_errors_total 0\n"));
    METRIC_ADD(commit_errors_total, 1);
    METRIC_ADD(commit_errors_total, 41);
    EQ(metrics_value(METRIC_commit_errors_total, 0), 42);
    OKAY(prints("# HELP parloir_commit_errors_total Transactions the store could not commit.\n"
                "# TYPE parloir_commit_errors_total counter\n"
                "parloir_commit_errors_total 42\n"));
}

TEST(a_gauge_goes_down_again_and_stays_in_sight) {
    OKAY(!prints("parloir_outbox_bytes{worker=\"3\"}"));
    METRIC_ADD_AT(outbox_bytes, 3, 100);
    OKAY(prints("parloir_outbox_bytes{worker=\"3\"} 100\n"));
    METRIC_ADD_AT(outbox_bytes, 3, -100);
    OKAY(prints("parloir_outbox_bytes{worker=\"3\"} 0\n"));
    METRIC_ADD_AT(outbox_bytes, 3, -1);
    OKAY(prints("parloir_outbox_bytes{worker=\"3\"} -1\n"));
    METRIC_SET(resident_rooms, 7);
    METRIC_SET(resident_rooms, 5);
    OKAY(prints("# TYPE parloir_resident_rooms gauge\nparloir_resident_rooms 5\n"));
}

TEST(labels_keep_values_apart) {
    METRIC_ADD_AT(auth_failures_total, METRIC_REASON_EXPIRED, 2);
    METRIC_ADD_AT(auth_failures_total, METRIC_REASON_RATE, 3);
    OKAY(prints("parloir_auth_failures_total{reason=\"other\"} 0\n"));
    OKAY(prints("parloir_auth_failures_total{reason=\"expired\"} 2\n"));
    OKAY(prints("parloir_auth_failures_total{reason=\"rate\"} 3\n"));
    OKAY(!prints("parloir_auth_failures_total{reason=\"tls\"}"));
}

TEST(dialects_are_numbers_until_they_have_names) {
    METRIC_ADD_AT(messages_in_total, 1, 9);
    OKAY(prints("parloir_messages_in_total{dialect=\"1\"} 9\n"));
    static const char *const names[] = { "tchatator", "mobile", "hub" };
    metrics_name_dialects(names, COUNT(names));
    OKAY(prints("parloir_messages_in_total{dialect=\"mobile\"} 9\n"));
    OKAY(prints("parloir_messages_in_total{dialect=\"hub\"} 0\n"));
    OKAY(!prints("parloir_messages_in_total{dialect=\"3\"}"));
}

TEST(a_label_beyond_the_last_counts_under_the_last) {
    METRIC_ADD_AT(intake_stalls_total, 1000000, 1);
    EQ(metrics_value(METRIC_intake_stalls_total, METRIC_WORKERS_MAX - 1), 1);
    METRIC_OBSERVE_AT(loop_lag_seconds, 1000000, 1);
    EQ(metrics_value(METRIC_loop_lag_seconds, METRIC_WORKERS_MAX - 1), 1);
}

TEST(a_histogram_has_cumulative_buckets_a_sum_and_a_count) {
    static const uint64_t us[] = { 0, 20, 21, 1000, 1001, 30000000, 30000001, 90000000 };
    for (size_t i = 0; i < COUNT(us); i++) {
        METRIC_OBSERVE(commit_seconds, us[i]);
    }
    OKAY(prints("# TYPE parloir_commit_seconds histogram\n"
                "parloir_commit_seconds_bucket{le=\"0.000020\"} 2\n"
                "parloir_commit_seconds_bucket{le=\"0.000050\"} 3\n"));
    OKAY(prints("parloir_commit_seconds_bucket{le=\"0.001000\"} 4\n"
                "parloir_commit_seconds_bucket{le=\"0.002000\"} 5\n"));
    OKAY(prints("parloir_commit_seconds_bucket{le=\"30.000000\"} 6\n"
                "parloir_commit_seconds_bucket{le=\"+Inf\"} 8\n"
                "parloir_commit_seconds_sum 150.002043\n"
                "parloir_commit_seconds_count 8\n"));
    EQ(metrics_value(METRIC_commit_seconds, 0), 8);
}

TEST(a_histogram_of_numbers_has_whole_bounds) {
    METRIC_OBSERVE(batch_commands, 4);
    METRIC_OBSERVE(batch_commands, 5000000);
    OKAY(prints("parloir_batch_commands_bucket{le=\"3\"} 0\n"
                "parloir_batch_commands_bucket{le=\"5\"} 1\n"));
    OKAY(prints("parloir_batch_commands_bucket{le=\"10000\"} 1\n"
                "parloir_batch_commands_bucket{le=\"+Inf\"} 2\n"
                "parloir_batch_commands_sum 5000004\n"));
}

TEST(a_histogram_with_a_label_has_both) {
    METRIC_OBSERVE_AT(delivery_seconds, 2, 60);
    OKAY(prints("parloir_delivery_seconds_bucket{dialect=\"hub\",le=\"0.000100\"} 1\n"));
    OKAY(prints("parloir_delivery_seconds_sum{dialect=\"hub\"} 0.000060\n"
                "parloir_delivery_seconds_count{dialect=\"hub\"} 1\n"));
}

static void *count_many(void *ctx) {
    uint64_t n = *(const uint64_t *)ctx;
    for (uint64_t i = 0; i < n; i++) {
        METRIC_ADD(http_requests_total, 1);
        METRIC_OBSERVE(batch_writes, 1);
    }
    return NULL;
}

TEST(threads_do_not_lose_each_others_counts) {
    pthread_t threads[4];
    uint64_t n = 20000;
    int64_t before = metrics_value(METRIC_http_requests_total, 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        EQ(pthread_create(&threads[i], NULL, count_many, &n), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        EQ(pthread_join(threads[i], NULL), 0);
    }
    EQ(metrics_value(METRIC_http_requests_total, 0) - before, 80000);
    EQ(metrics_value(METRIC_batch_writes, 0), 80000);
}

TEST(what_a_thread_counted_outlives_it_a_thousand_times) {
    uint64_t n = 1;
    int64_t before = metrics_value(METRIC_http_requests_total, 0);
    for (int i = 0; i < 1000; i++) {    // far more threads than there are shards
        pthread_t thread;
        EQ(pthread_create(&thread, NULL, count_many, &n), 0);
        EQ(pthread_join(thread, NULL), 0);
    }
    EQ(metrics_value(METRIC_http_requests_total, 0) - before, 1000);
}

static void *count_together(void *barrier) {
    METRIC_ADD(http_requests_total, 1);
    pthread_barrier_wait(barrier);    // nobody ends before all have a shard
    for (int i = 0; i < 100; i++) {
        METRIC_ADD(http_requests_total, 1);
    }
    return NULL;
}

TEST(more_threads_at_once_than_shards_count_right) {
    enum { THREADS = METRICS_THREADS_MAX + 16 };
    static pthread_t threads[THREADS];
    pthread_barrier_t barrier;
    int64_t before = metrics_value(METRIC_http_requests_total, 0);
    EQ(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++) {
        EQ(pthread_create(&threads[i], NULL, count_together, &barrier), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        EQ(pthread_join(threads[i], NULL), 0);
    }
    pthread_barrier_destroy(&barrier);
    EQ(metrics_value(METRIC_http_requests_total, 0) - before, THREADS * 101);
}

/* Whether a line is a comment or name, perhaps labels, and a number, as the format demands. */
static bool line_is_well_formed(struct str line) {
    if (str_starts(line, STR_LIT("# HELP parloir_")) ||
        str_starts(line, STR_LIT("# TYPE parloir_"))) {
        return true;
    }
    size_t space = line.n;
    while (space > 0 && line.p[space - 1] != ' ') {
        space--;
    }
    char number[64];
    char *end;
    snprintf(number, sizeof number, "%.*s", (int)(line.n - space), line.p + space);
    (void)strtod(number, &end);
    bool has_number = end != number && *end == '\0';
    struct str name = { line.p, MIN(str_find(line, '{'), space - 1) };
    bool closes = name.n == space - 1 || line.p[space - 2] == '}';
    return str_starts(name, STR_LIT("parloir_")) && str_find(name, ' ') == name.n && has_number &&
           closes;
}

TEST(every_line_is_of_the_text_format) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(1 << 20);
    metrics_print(&out);
    struct str rest = buf_str(&out);
    OKAY(rest.p[rest.n - 1] == '\n');
    rest.n--;
    size_t count = 0;
    while (rest.p != NULL) {
        OKAY(line_is_well_formed(str_cut(&rest, '\n')));
        count++;
    }
    OKAY(count > 3 * METRIC_COUNT - 1);
    OKAY(!line_is_well_formed(STR_LIT("parloir_x{a=\"1\" 5")));
    OKAY(!line_is_well_formed(STR_LIT("parloir_x five")));
}

TEST(names_follow_the_conventions) {
    static const struct {
        const char *name;
        bool is_counter;
    } metrics[] = {
#define COUNTER(name, label, help) { #name, true },
#define GAUGE(name, label, help) { #name, false },
#define HISTOGRAM(name, label, unit, help) { #name, false },
#include "obs/metrics.tbl.h"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
    };
    for (size_t i = 0; i < COUNT(metrics); i++) {
        EQ(str_ends(str_of(metrics[i].name), STR_LIT("_total")), metrics[i].is_counter);
    }
}

TEST(counting_is_cheap) {
    /* A nanosecond or two on a release build; a lock or a system call would take fifty times that.
     * PARLOIR_BENCH=1 prints the number. */
    enum { TIMES = 1000000 };
    uint64_t start_us = clock_mono_us();
    for (int i = 0; i < TIMES; i++) {
        METRIC_ADD_AT(messages_out_total, 1, 1);
    }
    uint64_t each_ps = clock_mono_us() - start_us;    // µs for a million: ps each
    if (getenv("PARLOIR_BENCH") != NULL) {
        print_message("METRIC_ADD_AT: %llu.%03llu ns\n", (unsigned long long)each_ps / 1000,
                      (unsigned long long)each_ps % 1000);
    }
    OKAY(each_ps < 200000);
}
