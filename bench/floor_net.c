/* Floors of the network: what send() alone costs, and what a libuv connection alone keeps. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <uv.h>

#include "bench/floor.h"

#define BACKLOG 1024
#define READ_BYTES 65536

/* ---- send */

static void say_ready(int port) {
    printf("ready %d\n", port);
    fflush(stdout);
}

static int listen_somewhere(void) {
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
        die("listen");
    }
    say_ready(ntohs(at.sin_port));
    return fd;
}

static int *accept_all(int members) {
    int listener = listen_somewhere();
    int *fds = xalloc((size_t)members * sizeof *fds);
    for (int i = 0; i < members; i++) {
        int on = 1;
        fds[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fds[i] < 0) {
            die("accept");
        }
        setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return fds;
}

/* A text frame of `bytes` bytes that begins as a message does. */
static char *make_frame(size_t bytes) {
    static const char text[] = "{\"type\":\"message\"";
    CHECK(bytes >= 4 + 126 && bytes <= UINT16_MAX);
    char *frame = xalloc(bytes);
    memset(frame, 'x', bytes);
    frame[0] = (char)0x81;
    frame[1] = 126;
    frame[2] = (char)((bytes - 4) >> 8);
    frame[3] = (char)((bytes - 4) & 0xff);
    memcpy(frame + 4, text, sizeof text - 1);
    return frame;
}

void floor_send(const struct floor_options *opt) {
    size_t bytes = (size_t)opt->bytes;
    char *frame = make_frame(bytes);
    int *fds = accept_all(opt->members);
    char asked[64];
    ssize_t rounds;

    while ((rounds = recv(fds[0], asked, sizeof asked, 0)) > 0) {
        for (; rounds > 0; rounds--) {
            for (int i = 0; i < opt->members; i++) {
                if (send(fds[i], frame, bytes, MSG_NOSIGNAL) != (ssize_t)bytes) {
                    die("send");
                }
            }
        }
    }
}

/* ---- idle */

struct idle {
    uv_loop_t loop;
    uv_tcp_t listener;
    char buf[READ_BYTES];    // everybody's
};

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf) {
    struct idle *idle = handle->loop->data;
    (void)wanted;
    *buf = uv_buf_init(idle->buf, READ_BYTES);
}

static void on_closed(uv_handle_t *handle) {
    xfree(handle);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
    (void)buf;
    if (n < 0) {
        uv_close((uv_handle_t *)stream, on_closed);
    }
}

static void on_connection(uv_stream_t *listener, int status) {
    uv_tcp_t *tcp = xalloc(sizeof *tcp);
    CHECK(status == 0);
    CHECK(uv_tcp_init(listener->loop, tcp) == 0);
    CHECK(uv_accept(listener, (uv_stream_t *)tcp) == 0);
    CHECK(uv_read_start((uv_stream_t *)tcp, on_alloc, on_read) == 0);
}

void floor_idle(const struct floor_options *opt) {
    (void)opt;
    struct idle *idle = xzalloc(sizeof *idle);
    struct sockaddr_in at;
    struct sockaddr_storage bound;
    int n = sizeof bound;

    CHECK(uv_loop_init(&idle->loop) == 0);
    idle->loop.data = idle;
    CHECK(uv_ip4_addr("127.0.0.1", 0, &at) == 0);
    CHECK(uv_tcp_init(&idle->loop, &idle->listener) == 0);
    CHECK(uv_tcp_bind(&idle->listener, (const struct sockaddr *)&at, 0) == 0);
    CHECK(uv_listen((uv_stream_t *)&idle->listener, BACKLOG, on_connection) == 0);
    CHECK(uv_tcp_getsockname(&idle->listener, (struct sockaddr *)&bound, &n) == 0);
    say_ready(ntohs(((struct sockaddr_in *)&bound)->sin_port));
    uv_run(&idle->loop, UV_RUN_DEFAULT);
}
