/* The crowd: connecting, joining, and one loop over everybody.
 *
 * Connections are opened a window at a time and each then goes its own way, so that a server can
 * answer upgrades and joins in any order and is never left waiting. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/jwt.h"
#include "base/clock.h"
#include "bench/load.h"

#define EVENTS_MAX 512
#define TOKEN_TTL_S 86400
#define REQUEST_BYTES_MAX 16384
#define WINDOW 100                // connections that are being opened at once
#define PORTS_OF_ADDRESS 20000    // connections from one loopback address
#define SILENCE_MS 10000          // while connecting: something is wrong

/* ---- before anything is measured */

static struct str request_of(struct load *l, int at) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(REQUEST_BYTES_MAX);
    char name[32];
    int user = l->opt.first_user + at;
    int n = snprintf(name, sizeof name, "bench%d", user);
    bool has_query = strchr(l->opt.path, '?') != NULL;
    buf_printf(&out, "GET %s%ctoken=", l->opt.path, has_query ? '&' : '?');
    jwt_mint(&(struct jwt_mint){ .secret = str_of(l->opt.secret),
                                 .user_id = (uint64_t)user,
                                 .username = { name, (size_t)n },
                                 .ttl_s = TOKEN_TTL_S,
                                 .now_s = clock_wall_ms() / 1000 },
             &out);
    BUF_PUT_LIT(&out, " HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    if (l->opt.is_deflated) {
        BUF_PUT_LIT(&out, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    }
    BUF_PUT_LIT(&out, "\r\n");
    CHECK(buf_ok(&out));
    return (struct str){ xstrndup(out.p, out.n), out.n };
}

void crowd_make(struct load *l) {
    l->count = l->opt.rooms * l->opt.members;
    size_t count = (size_t)l->count;
    l->rooms = xzalloc((size_t)l->opt.rooms * sizeof *l->rooms);
    l->clients = xzalloc(count * sizeof *l->clients);
    l->requests = xzalloc(count * sizeof *l->requests);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < l->count; i++) {
        l->clients[i].room = i / l->opt.members;
        if (l->opt.proto != PROTO_RAW) {
            l->requests[i] = request_of(l, i);
        }
    }
    struct rlimit files;
    rlim_t need = (rlim_t)l->count + 100;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < need) {
        files.rlim_cur = MIN(need, files.rlim_max);
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

/* ---- connecting */

static void connect_one(struct load *l, int at) {
    struct client *c = &l->clients[at];
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)l->opt.port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in from = { .sin_family = AF_INET };
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (unsigned)(at / PORTS_OF_ADDRESS));
    struct linger at_once = { .l_onoff = 1 };    // leave nothing behind for the next measurement
    int on = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        die("socket");
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    setsockopt(c->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0) {
        die("connect");
    }
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &ev) != 0) {
        die("epoll_ctl");
    }
    if (l->opt.proto == PROTO_RAW) {
        c->state = CLIENT_IN;
        l->joined++;
    } else {
        talk_write(c->fd, l->requests[at].p, l->requests[at].n);
    }
}

void crowd_connect(struct load *l) {
    int opened = 0;
    while (l->joined < l->count) {
        while (opened < l->count && opened - l->joined < WINDOW) {
            connect_one(l, opened++);
        }
        if (l->joined < l->count && crowd_turn(l, SILENCE_MS) == 0) {
            fprintf(stderr, "load: silence, with %d of %d joined\n", l->joined, l->count);
            exit(1);
        }
    }
}

/* ---- the loop */

static void read_one(struct load *l, struct client *c) {
    size_t half_bytes = talk_recall(l, c);
    ssize_t n = recv(c->fd, l->read_buf + half_bytes, READ_BYTES - half_bytes, 0);
    if (n > 0) {
        talk_hear(l, c, (size_t)n);
    } else if (n == 0 || errno != EAGAIN) {
        talk_fault(l, "a connection ended");
        epoll_ctl(l->epoll, EPOLL_CTL_DEL, c->fd, NULL);
        if (c->state != CLIENT_IN) {
            exit(1);
        }
    }
}

int crowd_turn(struct load *l, int wait_ms) {
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(l->epoll, events, EVENTS_MAX, wait_ms);
    for (int i = 0; i < count; i++) {
        read_one(l, events[i].data.ptr);
    }
    return MAX(count, 0);
}
