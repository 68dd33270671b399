/* The outlet: order, what has no room, and ends with readers of every kind. */
#include "base/outlet.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "test/unit.h"

#define LINE_BYTES 100
#define PATIENCE_MS 20000    // for what is only to come some time

/* The outlet has no context, so that is a static here. */
static struct outlet outlet;
static int out_fd;
static int ready_fd;    // if not -1: what is shown at every other look
static unsigned looks;

static int fd_of_test(void) {
    return ready_fd >= 0 && looks++ % 2 == 0 ? ready_fd : out_fd;
}

static size_t tell(char out[LOG_LINE_BYTES_MAX], uint64_t dropped) {
    return (size_t)snprintf(out, LOG_LINE_BYTES_MAX, "dropped %llu\n", (unsigned long long)dropped);
}

/* A pipe of 4 KiB that blocks who writes, and the outlet on it. */
static int rig_start(void) {
    int fds[2];
    CHECK(pipe2(fds, O_CLOEXEC) == 0);
    CHECK(fcntl(fds[1], F_SETPIPE_SZ, 4096) == 4096);
    out_fd = fds[1];
    ready_fd = -1;
    looks = 0;
    outlet_start(&outlet, &(struct outlet_ops){ .tell = tell, .fd = fd_of_test });
    return fds[0];
}

static void put(uint64_t number) {
    char line[LINE_BYTES + 1];
    snprintf(line, sizeof line, "%0*llu\n", LINE_BYTES - 1, (unsigned long long)number);
    outlet_put(&outlet, (struct str){ line, LINE_BYTES });
}

/* Reads one line, without its end. */
static struct str read_line(int fd, char line[LINE_BYTES + 1]) {
    size_t n = 0;
    while (n <= LINE_BYTES && read(fd, line + n, 1) == 1 && line[n] != '\n') {
        n++;
    }
    return (struct str){ line, n };
}

/* Reads the lines `first` to `end`, without it. */
static void check_lines(int fd, uint64_t first, uint64_t end) {
    char line[LINE_BYTES + 1];
    for (uint64_t i = first; i < end; i++) {
        uint64_t number = 0;
        struct str text = read_line(fd, line);
        EQ(text.n, LINE_BYTES - 1);
        for (size_t k = 0; k < text.n; k++) {
            number = number * 10 + (uint64_t)(text.p[k] - '0');
        }
        EQ(number, i);
    }
}

TEST(lines_leave_in_order_round_and_round_the_ring) {
    int fd = rig_start();
    uint64_t many = LOG_WAITING_BYTES_MAX / LINE_BYTES * 2 / 3;
    for (uint64_t round = 0; round < 4; round++) {
        for (uint64_t i = 0; i < many; i++) {
            put(round * many + i);    // nobody reads, and this comes back
        }
        check_lines(fd, round * many, (round + 1) * many);
    }
    OKAY(outlet_stop(&outlet, PATIENCE_MS));
    close(out_fd);
    char byte;
    EQ(read(fd, &byte, 1), 0);
    close(fd);
}

TEST(what_finds_no_room_is_counted_and_told_where_it_is_missing) {
    int fd = rig_start();
    uint64_t many = LOG_WAITING_BYTES_MAX / LINE_BYTES * 2;
    for (uint64_t i = 0; i < many; i++) {
        put(i);
    }
    char line[LINE_BYTES + 1];
    uint64_t kept = 0, dropped = 0;
    while (kept + dropped <
           many) {    // the thread may have made room in between, and more than once
        struct str text = read_line(fd, line);
        uint64_t count = 0;
        if (str_starts(text, STR_LIT("dropped "))) {
            EQ(str_to_u64((struct str){ text.p + 8, text.n - 8 }, &count), OK);
            dropped += count;
        } else {
            EQ(text.n, LINE_BYTES - 1);
            kept++;
        }
    }
    EQ(kept + dropped, many);
    OKAY(dropped > 0 && kept >= LOG_WAITING_BYTES_MAX / LINE_BYTES);
    put(many);    // there is room again
    check_lines(fd, many, many + 1);
    OKAY(outlet_stop(&outlet, PATIENCE_MS));
    close(fd);
    close(out_fd);
}

static void *count_bytes(void *arg) {
    int fd = *(int *)arg;
    static char bytes[65536];
    size_t total = 0;
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) > 0) {
        total += (size_t)n;
    }
    return (void *)(uintptr_t)total;
}

TEST(an_end_writes_all_that_waits) {
    int fd = rig_start();
    uint64_t many = LOG_WAITING_BYTES_MAX / LINE_BYTES;
    for (uint64_t i = 0; i < many; i++) {
        put(i);
    }
    pthread_t reader;
    CHECK(pthread_create(&reader, NULL, count_bytes, &fd) == 0);
    OKAY(outlet_stop(&outlet, PATIENCE_MS));
    close(out_fd);
    void *total = NULL;
    pthread_join(reader, &total);
    EQ((uintptr_t)total, many * LINE_BYTES);
    close(fd);
}

TEST(an_end_does_not_wait_for_ever_for_a_reader_who_stalls) {
    int fd = rig_start();
    put(0);
    outlet_drain(&outlet, PATIENCE_MS);
    for (uint64_t i = 1; i < 1000; i++) {
        put(i);
    }
    OKAY(outlet_stop(&outlet, 20));
    close(out_fd);
    check_lines(fd, 0, 1);
    EQ((uintptr_t)count_bytes(&fd) % LINE_BYTES, 0);    // whatever the pipe took is whole
    close(fd);
}

TEST(an_end_without_a_line_is_an_end) {
    int fd = rig_start();
    OKAY(outlet_stop(&outlet, PATIENCE_MS));
    close(fd);
    close(out_fd);
}

TEST(a_reader_who_is_gone_is_not_waited_for) {
    int fd = rig_start();
    close(fd);
    for (uint64_t i = 0; i < 1000; i++) {
        put(i);
    }
    OKAY(outlet_stop(&outlet, UINT64_MAX / 2));
    close(out_fd);
}

TEST(draining_waits_for_what_was_put_and_for_no_lock) {
    int fd = rig_start();
    put(0);
    pthread_mutex_lock(&outlet.lock);    // the thread cannot go on, and who waits has the lock
    outlet_drain(&outlet, 20);
    pthread_mutex_unlock(&outlet.lock);
    outlet_drain(&outlet, PATIENCE_MS);
    EQ(outlet.gone, LINE_BYTES);
    check_lines(fd, 0, 1);
    for (uint64_t i = 0; i < 1000; i++) {
        put(i);
    }
    outlet_drain(&outlet, 20);
    OKAY(outlet.gone < outlet.put);
    OKAY(outlet_stop(&outlet, 0));
    close(fd);
    close(out_fd);
}

/* The last test: it needs the outlet of the others for good. */
TEST(an_end_leaves_a_thread_that_does_not_come_back_from_writing) {
    int fd = rig_start();
    ready_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);    // looks as if it could be written
    for (uint64_t i = 0; i < 1000; i++) {
        put(i);
    }
    OKAY(!outlet_stop(&outlet, 20));
    put(1000);    // and nothing bad comes of it
    close(fd);
}
