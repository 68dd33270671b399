/* The log, read back from a pipe: its two formats, escaping, bounds, repeated and suppressed lines,
 * and readers who stall. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "test/unit.h"

/* A pipe the log writes to, and what came out of it. */
struct rig {
    int fds[2];
    char text[65536];
};

static struct rig *rig_new(enum log_level level, enum log_format format) {
    struct rig *rig = xzalloc(sizeof *rig);
    CHECK(pipe2(rig->fds, O_NONBLOCK) == 0);
    log_setup(level, format, rig->fds[1]);
    return rig;
}

static void rig_free(struct rig **rig) {
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, STDERR_FILENO);
    close((*rig)->fds[0]);
    close((*rig)->fds[1]);
    xfree(*rig);
    *rig = NULL;
}

/* Everything written so far, taken out. */
static struct str rig_read(struct rig *rig) {
    size_t n = 0;
    ssize_t got;
    while ((got = read(rig->fds[0], rig->text + n, sizeof rig->text - n)) > 0) {
        n += (size_t)got;
    }
    return (struct str){ rig->text, n };
}

/* The one line written, without its time, which must look like one. */
static struct str rig_line(struct rig *rig) {
    struct str rest = rig_read(rig);
    struct str line = str_cut(&rest, '\n');
    EQ(rest.n, 0);
    OKAY(rest.p != NULL);
    OKAY(str_starts(line, STR_LIT("ts=2")));
    EQ(str_find(line, ' '), 27);
    EQ(line.p[26], 'Z');
    return (struct str){ line.p + 28, line.n - 28 };
}

TEST(a_line_says_when_how_bad_what_and_its_fields) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    LOG_INFO("session.opened", U64("session", 90441), STR("dialect", "hub"), I64("delta", -3),
             TEXT("name", STR_LIT("ann")));
    STR_EQ(rig_line(rig), "lvl=info ev=session.opened session=90441 dialect=hub delta=-3 name=ann");
    LOG_ERROR("store.failed", ERRNO(ENOENT));
    STR_EQ(rig_line(rig), "lvl=error ev=store.failed why=\"No such file or directory\"");
    LOG_WARN("x.happened", U64("a", UINT64_MAX), I64("b", INT64_MIN), I64("c", INT64_MAX));
    STR_EQ(rig_line(rig), "lvl=warn ev=x.happened a=18446744073709551615 b=-9223372036854775808 "
                          "c=9223372036854775807");
    LOG_INFO("server.started");
    STR_EQ(rig_line(rig), "lvl=info ev=server.started");
}

static int never_asked(void) {
    CHECK(!"a field of a line that is off was made");
    return 0;
}

TEST(lines_below_the_level_cost_nothing) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
    LOG_INFO("x.happened", I64("n", never_asked()));
    LOG_DEBUG("x.happened", I64("n", never_asked()));
    EQ(rig_read(rig).n, 0);
    OKAY(log_is_on(LOG_LEVEL_ERROR));
    OKAY(log_is_on(LOG_LEVEL_WARN));
    OKAY(!log_is_on(LOG_LEVEL_INFO));
    LOG_WARN("x.happened");
    STR_EQ(rig_line(rig), "lvl=warn ev=x.happened");
}

static void check_text_value(struct rig *rig, struct str value, const char *want) {
    LOG_INFO("v", TEXT("k", value));
    struct str line = rig_line(rig);
    OKAY(str_starts(line, STR_LIT("lvl=info ev=v k=")));
    STR_EQ(((struct str){ line.p + 16, line.n - 16 }), want);
}

TEST(values_that_could_deceive_are_quoted_and_escaped) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    check_text_value(rig, STR_LIT("plain-1.2:3/x"), "plain-1.2:3/x");
    check_text_value(rig, STR_NONE, "\"\"");
    check_text_value(rig, STR_LIT("a b"), "\"a b\"");
    check_text_value(rig, STR_LIT("a=b"), "\"a=b\"");
    check_text_value(rig, STR_LIT("a\"b\\"), "\"a\\\"b\\\\\"");
    check_text_value(rig, STR_LIT("x\nts=2026 lvl=error\r\t"), "\"x\\nts=2026 lvl=error\\r\\t\"");
    check_text_value(rig, STR_LIT("\x1b[31m\0\x7f"), "\"\\u001b[31m\\u0000\\u007f\"");
    check_text_value(rig, STR_LIT("Zoé 😀"), "\"Zoé 😀\"");
    check_text_value(rig, STR_LIT("\xc2\x9b\x31m\xc2\xa0"), "\"\\u009b1m\xc2\xa0\"");
    check_text_value(rig, STR_LIT("\xc3\xa9\xff"), "\"\\u00c3\\u00a9\\u00ff\"");    // not UTF-8
    LOG_INFO("v", STR("null", NULL));
    STR_EQ(rig_line(rig), "lvl=info ev=v null=\"\"");
}

TEST(json_lines_are_json) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_DEBUG, LOG_FORMAT_JSON);
    SCOPED(json_reader_free) struct json_reader *reader = json_reader_new(65536);
    LOG_DEBUG("x.happened", U64("n", 7), I64("i", -1), STR("s", "a\"b\n\\é\x1b"),
              TEXT("bad", STR_LIT("\xff")));
    struct str line = rig_read(rig);
    OKAY(str_ends(line, STR_LIT("}\n")));
    EQ(str_find(line, '\n'), line.n - 1);
    const struct json *v = NULL;
    EQ(json_parse(reader, line, &v), OK);
    EQ(json_text(json_get(v, "ts")).n, 24);
    STR_EQ(json_text(json_get(v, "lvl")), "debug");
    STR_EQ(json_text(json_get(v, "ev")), "x.happened");
    STR_EQ(json_text(json_get(v, "s")), "a\"b\n\\é\x1b");
    STR_EQ(json_text(json_get(v, "bad")), "\u00ff");
    uint64_t n = 0;
    EQ(json_u64(json_get(v, "n"), &n), OK);
    EQ(n, 7);
    double i = 0;
    EQ(json_double(json_get(v, "i"), &i), OK);
    OKAY(i == -1);
}

TEST(a_line_is_bounded_whatever_is_in_it) {
    static const char fillers[] = { 'x', ' ', '\x01', '\xff', '"' };
    SCOPED(json_reader_free) struct json_reader *reader = json_reader_new(65536);
    for (size_t size = 1; size < 3000; size += 7) {
        for (size_t f = 0; f < COUNT(fillers); f++) {
            SCOPED(xfree_at) char *long_text = xalloc(size);
            memset(long_text, fillers[f], size);
            struct str value = { long_text, size };
            SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
            LOG_INFO("x", TEXT("a", value), TEXT("b", value), TEXT("c", value), U64("d", 1));
            LOG_INFO("x", TEXT("a", value), TEXT("b", value), TEXT("c", value), U64("d", 1));
            log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, rig->fds[1]);
            LOG_INFO("x", TEXT("a", value), TEXT("b", value), TEXT("c", value), U64("d", 1));
            struct str rest = rig_read(rig);
            for (size_t i = 0; i < 3; i++) {
                struct str line = str_cut(&rest, '\n');
                OKAY(line.n < LOG_LINE_BYTES_MAX);
                const struct json *v = NULL;
                EQ(i < 2 ? json_parse(reader, line, &v) : OK, OK);
                EQ(i == 1, json_get(v, "repeated") != NULL);
            }
            EQ(rest.n, 0);
        }
    }
}

TEST(what_is_cut_says_so) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    char spaces[1500];
    memset(spaces, ' ', sizeof spaces);
    struct str value = { spaces, sizeof spaces };
    LOG_INFO("x", TEXT("a", value), TEXT("b", value), TEXT("c", value), U64("d", 1));
    struct str line = rig_line(rig);
    OKAY(str_ends(line, STR_LIT("...\" d=1 cut=1")) || str_ends(line, STR_LIT("...\" cut=1")));
}

TEST(a_line_that_repeats_is_counted_and_summed_up) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    for (int i = 0; i < 100; i++) {
        LOG_WARN("peer.failed", STR("why", "refused"));
    }
    STR_EQ(rig_line(rig), "lvl=warn ev=peer.failed why=refused");
    log_flush();
    EQ(rig_read(rig).n, 0);    // its second is not over
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, rig->fds[1]);
    STR_EQ(rig_line(rig), "lvl=warn ev=peer.failed why=refused repeated=99");
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, rig->fds[1]);
    EQ(rig_read(rig).n, 0);
}

TEST(sums_can_be_told_before_their_second_is_over) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    for (int i = 0; i < 4; i++) {
        LOG_ERROR("store.commit_failed", STR("why", "no room left"));
    }
    rig_line(rig);
    log_flush_all();
    STR_EQ(rig_line(rig), "lvl=error ev=store.commit_failed why=\"no room left\" repeated=3");
    LOG_INFO("store.returned");
    STR_EQ(rig_line(rig), "lvl=info ev=store.returned");
    log_flush_all();
    EQ(rig_read(rig).n, 0);
    LOG_ERROR("store.commit_failed", STR("why", "no room left"));
    STR_EQ(rig_line(rig), "lvl=error ev=store.commit_failed why=\"no room left\"");
}

static size_t count_lines(struct str text) {
    size_t lines = 0;
    while (text.n > 0) {
        str_cut(&text, '\n');
        lines++;
    }
    return lines;
}

TEST(lines_of_one_event_that_differ_are_written_up_to_a_number_in_a_second) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
    for (uint64_t i = 0; i < 300; i++) {
        LOG_WARN("origin.refused", U64("i", i));
    }
    EQ(count_lines(rig_read(rig)), LOG_EVENT_LINES_MAX);
    LOG_WARN("another.happened");
    STR_EQ(rig_line(rig), "lvl=warn ev=another.happened");
    log_flush();
    EQ(rig_read(rig).n, 0);    // its second is not over
    log_flush_all();
    STR_EQ(rig_line(rig), "lvl=warn ev=log.suppressed event=origin.refused count=250");
    LOG_WARN("origin.refused", U64("i", 0));
    STR_EQ(rig_line(rig), "lvl=warn ev=origin.refused i=0");
}

TEST(suppressed_lines_are_told_at_their_own_level_and_in_the_format_that_is_set) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_ERROR, LOG_FORMAT_JSON);
    for (uint64_t i = 0; i < LOG_EVENT_LINES_MAX + 2; i++) {
        LOG_ERROR("x.failed", U64("i", i));
    }
    rig_read(rig);
    log_flush_all();
    struct str line = str_trim(rig_read(rig));
    STR_EQ(((struct str){ line.p + 32, line.n - 32 }),
           ",\"lvl\":\"error\",\"ev\":\"log.suppressed\",\"event\":\"x.failed\",\"count\":2}");
}

TEST(equal_lines_do_not_count_against_their_event) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    for (uint64_t i = 0; i < 300; i++) {
        LOG_INFO("x", U64("i", i % 2));
    }
    EQ(count_lines(rig_read(rig)), 2);
    log_flush_all();
    struct str sums = rig_read(rig);
    EQ(count_lines(sums), 2);
    OKAY(memmem(sums.p, sums.n, "i=0 repeated=149", 16) != NULL);
    OKAY(memmem(sums.p, sums.n, "i=1 repeated=149", 16) != NULL);
}

TEST(debug_lines_that_differ_are_all_written) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    for (uint64_t i = 0; i < 300; i++) {
        LOG_DEBUG("x", U64("i", i));
    }
    EQ(count_lines(rig_read(rig)), 300);
}

TEST(errno_survives_a_line_that_cannot_be_written) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT, -1);
    errno = EAGAIN;
    LOG_INFO("x.lost");
    EQ(errno, EAGAIN);
    EQ(rig_read(rig).n, 0);
}

TEST(names_of_levels_and_formats_are_read) {
    enum log_level level = LOG_LEVEL_INFO;
    enum log_format format = LOG_FORMAT_TEXT;
    EQ(log_level_of(STR_LIT("error"), &level), OK);
    EQ(level, LOG_LEVEL_ERROR);
    EQ(log_level_of(STR_LIT("Debug"), &level), OK);
    EQ(level, LOG_LEVEL_DEBUG);
    EQ(log_level_of(STR_LIT("loud"), &level), ERR_PROTO);
    EQ(log_level_of(STR_NONE, &level), ERR_PROTO);
    EQ(level, LOG_LEVEL_DEBUG);
    EQ(log_format_of(STR_LIT("json"), &format), OK);
    EQ(format, LOG_FORMAT_JSON);
    EQ(log_format_of(STR_LIT("xml"), &format), ERR_PROTO);
}

#define THREADS 4
#define LINES 100

static void *say_much(void *arg) {
    uint64_t who = *(uint64_t *)arg;
    for (uint64_t i = 0; i < LINES; i++) {
        LOG_DEBUG("thread.spoke", U64("who", who), U64("line", i));
        LOG_DEBUG("thread.said_the_same");
    }
    return NULL;
}

static void check_many_threads(struct rig *rig) {
    pthread_t threads[THREADS];
    uint64_t numbers[THREADS];
    for (uint64_t i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, say_much, &numbers[i]) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    log_stop();
    struct str rest = rig_read(rig);
    size_t spoke = 0;
    while (rest.n > 0) {
        struct str line = str_cut(&rest, '\n');
        OKAY(str_starts(line, STR_LIT("ts=")));
        struct str body = { line.p + 28, line.n - 28 };
        if (str_starts(body, STR_LIT("lvl=debug ev=thread.spoke who="))) {
            spoke++;
        } else {
            OKAY(str_starts(body, STR_LIT("lvl=debug ev=thread.said_the_same")));
        }
    }
    EQ(spoke, THREADS * LINES);
}

TEST(lines_of_many_threads_do_not_mix) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    check_many_threads(rig);
}

TEST(lines_of_many_threads_do_not_mix_on_their_way_through_the_log_s_thread) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    log_start();
    check_many_threads(rig);
}

/* ---- readers who stall */

/* A pipe of 4 KiB that blocks who writes, instead of the rig's own. */
static void rig_use_small_pipe(struct rig *rig) {
    close(rig->fds[0]);
    close(rig->fds[1]);
    CHECK(pipe2(rig->fds, O_CLOEXEC) == 0);
    CHECK(fcntl(rig->fds[1], F_SETPIPE_SZ, 4096) == 4096);
}

/* Reads a line that starts with a time, and returns what is behind that. */
static struct str next_line(FILE *in, char line[LOG_LINE_BYTES_MAX + 1], size_t time_bytes) {
    CHECK(fgets(line, LOG_LINE_BYTES_MAX + 1, in) != NULL);
    struct str text = str_trim(str_of(line));
    CHECK(text.n > time_bytes);
    return (struct str){ text.p + time_bytes, text.n - time_bytes };
}

/* How a format writes what the test below looks for. */
struct look {
    enum log_format format;
    size_t time_bytes;
    const char *line;    // up to its number
    const char *dropped;
};

/* Reads lines numbered from 0 until another comes, which tells how many were dropped. */
static uint64_t read_kept(FILE *in, const struct look *look, uint64_t *dropped) {
    char line[LOG_LINE_BYTES_MAX + 1];
    uint64_t kept = 0;
    struct str text;
    while (str_starts(text = next_line(in, line, look->time_bytes), str_of(look->line))) {
        EQ(strtoull(text.p + strlen(look->line), NULL, 10), kept);
        kept++;
    }
    OKAY(str_starts(text, str_of(look->dropped)));
    *dropped = strtoull(text.p + strlen(look->dropped), NULL, 10);
    return kept;
}

static void check_stall(const struct look *look) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_DEBUG, look->format);
    rig_use_small_pipe(rig);
    log_setup(LOG_LEVEL_DEBUG, look->format, rig->fds[1]);
    log_start();
    uint64_t many = LOG_WAITING_BYTES_MAX / 20;
    for (uint64_t i = 0; i < many; i++) {
        LOG_DEBUG("x", U64("i", i));    // nobody reads, and this comes back
    }
    FILE *in = fdopen(dup(rig->fds[0]), "r");
    uint64_t dropped = 0;
    uint64_t kept = read_kept(in, look, &dropped);
    OKAY(kept > 0 && dropped > 0);
    EQ(kept + dropped, many);
    LOG_DEBUG("x", U64("i", many));
    char line[LOG_LINE_BYTES_MAX + 1];
    struct str text = next_line(in, line, look->time_bytes);
    OKAY(str_starts(text, str_of(look->line)));
    EQ(strtoull(text.p + strlen(look->line), NULL, 10), many);
    log_stop();
    fclose(in);
}

TEST(who_logs_does_not_wait_for_a_reader_who_stalls_and_what_is_dropped_is_told) {
    check_stall(&(struct look){ LOG_FORMAT_TEXT, 28,
                                "lvl=debug ev=x i=", "lvl=warn ev=log.dropped count=" });
    check_stall(&(struct look){ LOG_FORMAT_JSON, 32, ",\"lvl\":\"debug\",\"ev\":\"x\",\"i\":",
                                ",\"lvl\":\"warn\",\"ev\":\"log.dropped\",\"count\":" });
}

TEST(an_end_in_order_loses_no_line_and_no_sum) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    log_start();
    for (uint64_t i = 0; i < 600; i++) {
        LOG_DEBUG("x", U64("i", i / 2));
    }
    log_stop();
    struct str text = rig_read(rig);
    EQ(count_lines(text), 600);    // each with a sum: another pushed it out, or the end came
    OKAY(memmem(text.p, text.n, " i=299 repeated=1\n", 18) != NULL);
    LOG_INFO("y");    // and after it lines are written as before
    STR_EQ(rig_line(rig), "lvl=info ev=y");
}

TEST(an_end_comes_though_nobody_reads) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    rig_use_small_pipe(rig);
    log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT, rig->fds[1]);
    log_start();
    for (uint64_t i = 0; i < 600; i++) {
        LOG_DEBUG("x", U64("i", i));
    }
    log_drain();
    log_stop();
}

/* ---- the ends that are not in order */

/* Logs 100 lines through the thread, and then a CHECK does not hold. */
static void fail_in_child(int fd) {
    signal(SIGABRT, SIG_DFL);    // cmocka has a handler of its own
    dup2(fd, STDERR_FILENO);
    log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT, STDERR_FILENO);
    log_start();
    for (uint64_t i = 0; i < 100; i++) {
        LOG_DEBUG("x", U64("i", i));
    }
    CHECK(fd < 0);
    _exit(0);
}

TEST(a_check_that_fails_comes_behind_what_was_logged_before) {
    SCOPED(rig_free) struct rig *rig = rig_new(LOG_LEVEL_DEBUG, LOG_FORMAT_TEXT);
    pid_t pid = fork();
    if (pid == 0) {
        fail_in_child(rig->fds[1]);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    OKAY(WIFSIGNALED(status));
    EQ(WTERMSIG(status), SIGABRT);
    struct str rest = rig_read(rig);
    for (unsigned i = 0; i < 100; i++) {
        struct str line = str_cut(&rest, '\n');
        OKAY(memmem(line.p, line.n, " ev=x i=", 8) != NULL);
    }
    OKAY(memmem(rest.p, rest.n, "CHECK(fd < 0) does not hold", 27) != NULL);
}
