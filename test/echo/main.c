/* parloir-echo PORT [--message-bytes N] [--fragments N]
 *
 * Listens on 127.0.0.1, prints "ready PORT" (port 0: the system's choice) and echoes WebSocket
 * messages until SIGTERM or SIGINT. A message over the bytes (default 16 MiB) ends in 1009, one in
 * more fragments (default 65,536, and the empty one with which some clients end) in 1008. */
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>

#include "test/echo/echo.h"

#define MESSAGE_BYTES_DEFAULT (16u << 20)
#define MESSAGE_BYTES_MAX (1u << 30)
#define FRAGMENTS_DEFAULT 65537

static void on_timer(struct timer *t, void *ctx) {
    struct echo *echo = ctx;

    if (t == &echo->listener.rest) {
        listener_on_timer(&echo->listener);
    } else {
        peer_on_timer(t);
    }
}

static void on_signal(uv_signal_t *handle, int number) {
    struct echo *echo = handle->data;
    (void)number;

    loop_begin_turn(&echo->loop);
    if (echo->is_stopping) {
        return;
    }
    echo->is_stopping = true;
    listener_stop(&echo->listener, NULL);
    peer_close_all(echo);
    uv_close((uv_handle_t *)&echo->on_term, NULL);
    uv_close((uv_handle_t *)&echo->on_int, NULL);
    loop_stop(&echo->loop);
}

static void listen_for_signals(struct echo *echo) {
    uv_signal_init(&echo->loop.uv, &echo->on_term);
    uv_signal_init(&echo->loop.uv, &echo->on_int);
    echo->on_term.data = echo;
    echo->on_int.data = echo;
    uv_signal_start(&echo->on_term, on_signal, SIGTERM);
    uv_signal_start(&echo->on_int, on_signal, SIGINT);
}

/* Reads the value of an option, 1..max; false if it is none. */
static bool read_size(const char *text, uint64_t max, size_t *out) {
    uint64_t value = 0;

    if (text == NULL || str_to_u64(str_of(text), &value) != OK || value == 0 || value > max) {
        return false;
    }
    *out = (size_t)value;
    return true;
}

static bool read_arguments(char **argv, struct link_limits *limits, uint64_t *port) {
    if (argv[0] == NULL || str_to_u64(str_of(argv[0]), port) != OK || *port > UINT16_MAX) {
        return false;
    }
    for (argv++; argv[0] != NULL; argv += 2) {
        bool is_bytes = strcmp(argv[0], "--message-bytes") == 0;
        if (!is_bytes && strcmp(argv[0], "--fragments") != 0) {
            return false;
        }
        if (!read_size(argv[1], MESSAGE_BYTES_MAX,
                       is_bytes ? &limits->message_bytes_max : &limits->message_frames_max)) {
            return false;
        }
    }
    return true;
}

static enum err start_listening(struct echo *echo, uint64_t port) {
    struct listen_address address = { 0 };
    char text[LISTEN_TEXT_BYTES];
    int fd = -1;

    snprintf(text, sizeof text, "127.0.0.1:%" PRIu64, port);
    enum err err = listen_address_parse(str_of(text), &address);
    if (err == OK) {
        err = listen_open(&address, 0, &fd);
    }
    if (err == OK) {
        err = listener_start(&echo->listener, &echo->loop, fd, peer_accept, echo);
    }
    if (err == OK) {
        printf("ready %u\n", ntohs(((struct sockaddr_in *)&address.addr)->sin_port));
        fflush(stdout);
    }
    return err;
}

static void echo_run(struct echo *echo) {
    listen_for_signals(echo);
    echo->shared.inflater = inflater_new();
    loop_run(&echo->loop);
    inflater_free(&echo->shared.inflater);
    for (size_t i = 0; i < COUNT(echo->deflaters); i++) {
        deflater_free(&echo->deflaters[i]);
    }
}

int main(int argc, char **argv) {
    static const struct loop_ops ops = { .on_timer = on_timer };
    struct link_limits limits = { MESSAGE_BYTES_DEFAULT, FRAGMENTS_DEFAULT };
    uint64_t port = 0;

    if (argc < 2 || !read_arguments(argv + 1, &limits, &port)) {
        fprintf(stderr, "usage: parloir-echo PORT [--message-bytes N] [--fragments N]\n");
        return 2;
    }
    struct echo *echo = xzalloc(sizeof *echo);
    enum err err = loop_init(&echo->loop, &ops, echo);
    if (err == OK) {
        list_init(&echo->peers);
        echo->shared.limits = limits;
        err = start_listening(echo, port);
        if (err == OK) {
            echo_run(echo);
        }
        loop_fini(&echo->loop);
    }
    if (err != OK) {
        fprintf(stderr, "parloir-echo: port %" PRIu64 ": %s\n", port, err_text(err));
    }
    xfree(echo);
    return err == OK ? 0 : 1;
}
