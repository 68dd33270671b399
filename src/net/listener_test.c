/* Accepting, also when the system has nothing left to accept with. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "test/unit.h"

#define ACCEPTED_MAX 256

struct door {
    struct loop loop;
    struct listener listener;
    struct listen_address address;
    int accepted[ACCEPTED_MAX];
    size_t accepted_count;
    size_t closed_count;
    size_t stop_after;    // 0: never
};

static void on_timer(struct timer *t, void *ctx) {
    struct door *door = ctx;
    EQ(t, &door->listener.rest);
    listener_on_timer(&door->listener);
}

static void on_closed(struct listener *l) {
    struct door *door = l->ctx;
    door->closed_count++;
}

static void on_accept(struct listener *l, int fd) {
    struct door *door = l->ctx;
    CHECK(door->accepted_count < ACCEPTED_MAX);
    door->accepted[door->accepted_count++] = fd;
    if (door->accepted_count == door->stop_after) {
        listener_stop(l, on_closed);
    }
}

static struct door *door_new(void) {
    static const struct loop_ops ops = { .on_timer = on_timer };
    struct door *door = xzalloc(sizeof *door);
    int fd = -1;
    EQ(loop_init(&door->loop, &ops, door), OK);
    EQ(listen_address_parse(STR_LIT("127.0.0.1:0"), &door->address), OK);
    EQ(listen_open(&door->address, 0, &fd), OK);
    EQ(listener_start(&door->listener, &door->loop, fd, on_accept, door), OK);
    return door;
}

static void close_accepted(struct door *door) {
    while (door->accepted_count > 0) {
        close(door->accepted[--door->accepted_count]);
    }
}

static void door_free(struct door **door) {
    listener_stop(&(*door)->listener, on_closed);
    loop_stop(&(*door)->loop);
    loop_run(&(*door)->loop);
    EQ((*door)->closed_count, 1);
    loop_fini(&(*door)->loop);
    close_accepted(*door);
    xfree(*door);
    *door = NULL;
}

static int knock(const struct door *door) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK(connect(fd, (const struct sockaddr *)&door->address.addr, door->address.addr_bytes) == 0);
    return fd;
}

static void turn(struct door *door) {
    uv_run(&door->loop.uv, UV_RUN_NOWAIT);
}

TEST(newcomers_are_accepted_ready_for_use) {
    SCOPED(door_free) struct door *door = door_new();
    int clients[] = { knock(door), knock(door), knock(door) };
    turn(door);
    EQ(door->accepted_count, 3);
    for (size_t i = 0; i < 3; i++) {
        char byte = 0;
        OKAY((fcntl(door->accepted[i], F_GETFD) & FD_CLOEXEC) != 0);
        EQ(recv(door->accepted[i], &byte, 1, 0), -1);    // non-blocking, and alive
        EQ(errno, EAGAIN);
        close(clients[i]);
    }
    EQ(door->listener.refused_count, 0);
}

TEST(a_crowd_is_let_in_over_several_turns) {
    SCOPED(door_free) struct door *door = door_new();
    int clients[LISTENER_ACCEPTS_PER_TURN + 10];
    for (size_t i = 0; i < COUNT(clients); i++) {
        clients[i] = knock(door);
    }
    turn(door);
    EQ(door->accepted_count, LISTENER_ACCEPTS_PER_TURN);
    turn(door);
    EQ(door->accepted_count, COUNT(clients));
    for (size_t i = 0; i < COUNT(clients); i++) {
        close(clients[i]);
    }
}

TEST(a_listener_that_stops_accepts_nobody_any_more) {
    SCOPED(door_free) struct door *door = door_new();
    door->stop_after = 2;
    int clients[] = { knock(door), knock(door), knock(door) };
    turn(door);
    EQ(door->accepted_count, 2);
    for (int i = 0; i < 10 && door->closed_count == 0; i++) {
        turn(door);
    }
    EQ(door->closed_count, 1);
    listener_stop(&door->listener, on_closed);
    listener_on_timer(&door->listener);
    for (size_t i = 0; i < COUNT(clients); i++) {
        close(clients[i]);
    }
}

TEST(a_descriptor_that_is_no_socket_is_refused) {
    SCOPED(door_free) struct door *door = door_new();
    struct listener other;
    int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    EQ(listener_start(&other, &door->loop, file, on_accept, door), ERR_IO);
    EQ(other.fd, -1);
    listener_stop(&other, on_closed);
}

TEST(the_last_descriptors_are_not_for_newcomers) {
    SCOPED(door_free) struct door *door = door_new();
    struct rlimit limit = { 0 };
    char byte = 0;

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, 2);
    EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    OKAY(limit.rlim_cur > INT_MAX ||
         door->listener.fd_end == (int)limit.rlim_cur - LISTENER_FDS_KEPT);
    door->listener.fd_end = 0;
    int refused = knock(door);
    turn(door);
    EQ(door->accepted_count, 0);
    EQ(door->listener.refused_count, 1);
    EQ(recv(refused, &byte, 1, 0), 0);    // he knows at once
    OKAY(!timer_is_set(&door->listener.rest));

    door->listener.fd_end = INT_MAX;    // the operator's
    int welcome = knock(door);
    turn(door);
    EQ(door->accepted_count, 1);
    close(refused);
    close(welcome);
}

TEST(without_descriptors_newcomers_are_told_and_it_recovers_by_itself) {
    SCOPED(door_free) struct door *door = door_new();
    int clients[5];
    char byte = 0;
    int hoard[64];
    size_t hoard_count = 0;
    struct rlimit limit = { 0 };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, 2);
    EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 64;
    EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t i = 0; i < COUNT(clients); i++) {
        clients[i] = knock(door);
    }
    for (int fd; (fd = dup(0)) >= 0;) {
        hoard[hoard_count++] = fd;
    }
    EQ(errno, EMFILE);

    turn(door);
    EQ(door->accepted_count, 0);
    EQ(door->listener.refused_count, COUNT(clients));
    OKAY(door->listener.spare_fd >= 0);
    OKAY(timer_is_set(&door->listener.rest));
    for (size_t i = 0; i < COUNT(clients); i++) {
        EQ(recv(clients[i], &byte, 1, 0), 0);    // they know at once
        close(clients[i]);
    }

    clients[0] = knock(door);    // while it rests: waits in the backlog
    turn(door);
    EQ(door->listener.refused_count, COUNT(clients));
    close(hoard[--hoard_count]);
    while (door->accepted_count == 0 && door->listener.refused_count == COUNT(clients)) {
        uv_run(&door->loop.uv, UV_RUN_ONCE);    // sleeps until the rest is over
    }
    EQ(door->accepted_count, 1);
    EQ(send(door->accepted[0], "x", 1, 0), 1);
    EQ(recv(clients[0], &byte, 1, 0), 1);

    while (hoard_count > 0) {
        close(hoard[--hoard_count]);
    }
    close(clients[0]);
    limit.rlim_cur = before;
    EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
