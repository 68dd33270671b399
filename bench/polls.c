/* Clients of the line protocol, which ask what is new.
 *
 *     polls idle  --port P --pid S --users N --seconds T    each asks ten times a second; nothing
 *     is polls fill  --port P --pid S --users N --messages M   each writes M messages to user 1
 *     polls drain --port P --pid S --messages M             user 1 asks for that many changes
 *
 * User 1 + i comes with the token "bench-i". The last line is JSON: how often it was asked, and
 * what that took of the processor of process S. Any other answer than the expected one ends the
 * run. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "bench/load.h"

#define POLLS_PER_S 10
#define TICK_MS 10
#define COMMAND_BYTES_MAX 512
#define ANSWER_BYTES_MAX 4096
#define EVENTS_MAX 512
#define SILENCE_MS 20000    // something is wrong

static const char nothing_new[] = "200/OK\nremaining:0\n";
static const char new_message[] = "200/OK\ntype:new_message\n";

struct poller {
    int fd;
    int user;    // its number; its id is one more
    bool is_asking;
    uint64_t sent;
};

struct polls {
    int port;
    int pid;
    int users;
    uint64_t messages;
    double seconds;
    int epoll;
    struct poller *pollers;
    uint64_t answers;
    uint64_t asking;    // have no answer yet
};

void die(const char *what) {
    (void)fprintf(stderr, "polls: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- one connection */

static void ask(struct polls *all, struct poller *p, const char *command, int n) {
    if (n <= 0 || n >= COMMAND_BYTES_MAX || send(p->fd, command, (size_t)n, MSG_NOSIGNAL) != n) {
        die("send");
    }
    p->is_asking = true;
    all->asking++;
}

static void ask_what_is_new(struct polls *all, struct poller *p) {
    char text[COMMAND_BYTES_MAX];
    ask(all, p, text, snprintf(text, sizeof text, "NEW_CHG_AVAILABLE\ntoken:bench-%d\n", p->user));
}

static void write_to_first(struct polls *all, struct poller *p) {
    char text[COMMAND_BYTES_MAX];
    p->sent++;
    ask(all, p, text,
        snprintf(text, sizeof text, "SEND_MSG\ntoken:bench-%d\nrecipient-id:1\ncontent:n° %llu\n",
                 p->user, (unsigned long long)p->sent));
}

/* Reads an answer, which has to begin so. Answers come in one piece. */
static void hear(struct polls *all, struct poller *p, const char *wanted) {
    char answer[ANSWER_BYTES_MAX + 1];
    ssize_t n = recv(p->fd, answer, ANSWER_BYTES_MAX, 0);
    if (n <= 0) {
        die("the server closed a connection");
    }
    answer[n] = '\0';
    if (strncmp(answer, wanted, strlen(wanted)) != 0) {
        (void)fprintf(stderr, "polls: user %d was answered %s\n", p->user + 1, answer);
        exit(1);
    }
    p->is_asking = false;
    all->asking--;
    all->answers++;
}

static void connect_and_log_in(struct polls *all, struct poller *p) {
    char text[COMMAND_BYTES_MAX];
    const int on = 1;
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)all->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = p };
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->fd < 0 || connect(p->fd, (struct sockaddr *)&to, sizeof to) != 0 ||
        setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        epoll_ctl(all->epoll, EPOLL_CTL_ADD, p->fd, &ev) != 0) {
        die("connect");
    }
    ask(all, p, text, snprintf(text, sizeof text, "LOGIN\napi-token:bench-%d\n\n", p->user));
    hear(all, p, "200/OK\nuser-id:");
}

/* ---- all of them */

static void make(struct polls *all) {
    struct rlimit files;
    rlim_t need = (rlim_t)all->users + 100;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < need) {
        files.rlim_cur = MIN(need, files.rlim_max);
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    all->epoll = epoll_create1(EPOLL_CLOEXEC);
    all->pollers = xzalloc((size_t)all->users * sizeof *all->pollers);
    for (int i = 0; i < all->users; i++) {
        all->pollers[i].user = i;
        connect_and_log_in(all, &all->pollers[i]);
    }
}

/* Hears what comes within so long; returns how many answers. */
static int turn(struct polls *all, const char *wanted, int wait_ms) {
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(all->epoll, events, EVENTS_MAX, wait_ms);
    for (int i = 0; i < n; i++) {
        hear(all, events[i].data.ptr, wanted);
    }
    return n;
}

static void turn_until_all_heard(struct polls *all, const char *wanted) {
    while (all->asking > 0) {
        if (turn(all, wanted, SILENCE_MS) <= 0) {
            die("no answer");
        }
    }
}

static void poll_all(struct polls *all) {
    uint64_t until_ms = clock_mono_ms() + (uint64_t)(all->seconds * 1000);
    double due = 0;
    int next = 0;
    for (uint64_t tick_ms = clock_mono_ms(); tick_ms < until_ms; tick_ms += TICK_MS) {
        due += (double)all->users * POLLS_PER_S * TICK_MS / 1000;
        for (; due >= 1; due--) {
            struct poller *p = &all->pollers[next++ % all->users];
            if (!p->is_asking) {    // late answers are asked for once
                ask_what_is_new(all, p);
            }
        }
        while (clock_mono_ms() < tick_ms + TICK_MS) {
            turn(all, nothing_new, 1);
        }
    }
    turn_until_all_heard(all, nothing_new);
}

static void write_all(struct polls *all) {
    bool is_over = false;
    while (!is_over) {
        is_over = true;
        for (int i = 0; i < all->users; i++) {
            struct poller *p = &all->pollers[i];
            is_over = is_over && p->sent == all->messages;
            if (!p->is_asking && p->sent < all->messages) {
                write_to_first(all, p);
            }
        }
        if (all->asking > 0 && turn(all, "200/OK\nmessage-id:", SILENCE_MS) <= 0) {
            die("no answer");
        }
    }
    turn_until_all_heard(all, "200/OK\nmessage-id:");
}

static void drain(struct polls *all) {
    for (uint64_t i = 0; i < all->messages; i++) {
        ask_what_is_new(all, &all->pollers[0]);
        turn_until_all_heard(all, new_message);
    }
}

static int number_of(const char *text) {
    uint64_t number = 0;
    if (str_to_u64(str_of(text), &number) != OK || number > INT32_MAX) {
        errno = EINVAL;
        die(text);
    }
    return (int)number;
}

static void read_options(struct polls *all, int argc, char **argv) {
    for (int i = 2; i + 1 < argc; i += 2) {
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "--port") == 0) {
            all->port = number_of(value);
        } else if (strcmp(argv[i], "--pid") == 0) {
            all->pid = number_of(value);
        } else if (strcmp(argv[i], "--users") == 0) {
            all->users = number_of(value);
        } else if (strcmp(argv[i], "--messages") == 0) {
            all->messages = (uint64_t)number_of(value);
        } else if (strcmp(argv[i], "--seconds") == 0) {
            all->seconds = strtod(value, NULL);
        }
    }
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(struct polls *all);
    } modes[] = { { "idle", poll_all }, { "fill", write_all }, { "drain", drain } };
    struct polls all = { .users = 1, .seconds = 1, .messages = 1 };
    read_options(&all, argc, argv);
    for (size_t i = 0; argc > 1 && i < COUNT(modes); i++) {
        if (strcmp(argv[1], modes[i].name) == 0) {
            make(&all);
            uint64_t answers = all.answers, began_us = clock_mono_us();
            double cpu_s = proc_cpu_s(all.pid);
            modes[i].run(&all);
            cpu_s = proc_cpu_s(all.pid) - cpu_s;
            double wall_s = (double)(clock_mono_us() - began_us) / 1e6;
            answers = all.answers - answers;
            printf("{\"asked\":%llu,\"per_s\":%.0f,\"cpu_us_per_ask\":%.3f,\"cores\":%.4f}\n",
                   (unsigned long long)answers, (double)answers / wall_s,
                   cpu_s * 1e6 / (double)answers, cpu_s / wall_s);
            return 0;
        }
    }
    (void)fprintf(stderr, "usage: polls idle|fill|drain --port P --pid S ...\n");
    return 2;
}
