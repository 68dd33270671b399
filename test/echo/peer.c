/* One connection of the echo server.
 *
 *    SHAKING ──101──> OPEN ──close frame, either way──> ENDING ──all sent──> FIN sent
 *       └────────────── refused, or too late ─────────────^                     │
 *                                                  the peer's end, or too late ─┴──> closed
 *
 * Whatever is said after our last word is read and thrown away: to close with unread bytes would
 * reset the connection, and a reset can overtake our close frame.
 *
 * While more than WAITING_BYTES_MAX waits to be sent the peer is not read; so the most that ever
 * waits is that, one message, and the pongs of one read. */
#include "test/echo/echo.h"

#define SHAKING_MS 10000
#define ENDING_MS 5000
#define WAITING_BYTES_MAX (1u << 20)
#define KEEP_BYTES 65536    // memory an empty output buffer may keep
#define DEFLATE_LEVEL 1

struct peer {
    struct conn conn;
    struct echo *echo;
    struct node on_echo;    // echo::peers
    struct timer deadline;
    struct http1 *http;    // owned; NULL once upgraded
    struct ws ws;
    struct deflater *deflater;    // borrowed; NULL: nothing is compressed
    struct buf out;               // what waits, from out_at on
    size_t out_at;
    enum { PEER_SHAKING, PEER_OPEN, PEER_ENDING } state;
};

static size_t waiting_bytes(const struct peer *peer) {
    return peer->out.n - peer->out_at;
}

static void set_deadline(struct peer *peer, uint64_t in_ms) {
    struct loop *loop = &peer->echo->loop;
    wheel_set(&loop->wheel, &peer->deadline, loop->now_ms + in_ms);
}

/* Sends what waits, as far as the socket takes it. */
static void pour(struct peer *peer) {
    while (waiting_bytes(peer) > 0) {
        struct iovec iov = { peer->out.p + peer->out_at, waiting_bytes(peer) };
        ptrdiff_t taken = conn_write(&peer->conn, &iov, 1);
        if (taken < 0) {
            conn_close(&peer->conn, true);
            return;
        }
        peer->out_at += (size_t)taken;
        if ((size_t)taken < iov.iov_len) {
            return;
        }
    }
    peer->out_at = 0;
    if (peer->out.cap > KEEP_BYTES) {
        buf_fini(&peer->out);
    } else {
        buf_reset(&peer->out);
    }
}

/* Sends what waits, and goes on with what waited for that. */
static void go_on(struct peer *peer) {
    if (!buf_ok(&peer->out)) {
        conn_close(&peer->conn, true);
        return;
    }
    pour(peer);
    if (waiting_bytes(peer) > WAITING_BYTES_MAX) {
        conn_pause(&peer->conn);
    } else if (waiting_bytes(peer) == 0 && peer->conn.is_paused) {
        conn_resume(&peer->conn);
    }
    if (peer->state == PEER_ENDING && waiting_bytes(peer) == 0) {
        conn_shutdown(&peer->conn);
        if (peer->conn.is_ended) {
            conn_close(&peer->conn, false);
        }
    }
}

static void enter_ending(struct peer *peer) {
    peer->state = PEER_ENDING;
    set_deadline(peer, ENDING_MS);
}

/* ---- messages */

static bool on_message(void *ctx, enum link_kind kind, struct str payload) {
    struct peer *peer = ctx;
    enum ws_opcode opcode = kind == LINK_TEXT ? WS_TEXT : WS_BINARY;

    if (peer->deflater != NULL) {
        ws_put_deflated(&peer->out, opcode, payload, peer->deflater);
    } else {
        ws_put_frame(&peer->out, opcode, payload);
    }
    if (waiting_bytes(peer) > KEEP_BYTES) {
        pour(peer);
    }
    return !peer->conn.is_closing && waiting_bytes(peer) <= WAITING_BYTES_MAX;
}

static void on_reply(void *ctx, struct str framed) {
    struct peer *peer = ctx;
    buf_put_str(&peer->out, framed);
}

static void on_closing(void *ctx, uint16_t code, bool by_peer) {
    struct peer *peer = ctx;
    (void)by_peer;
    ws_put_close(&peer->out, code, STR_NONE);
    enter_ending(peer);
}

static const struct link_sink link_sink = { .on_message = on_message,
                                            .on_reply = on_reply,
                                            .on_closing = on_closing };

/* ---- the handshake */

static struct deflater *deflater_of(struct echo *echo, const struct ws_deflate_terms *terms) {
    struct deflater **d = &echo->deflaters[terms->server_window_bits];
    if (*d == NULL) {
        *d = deflater_new(terms->server_window_bits, DEFLATE_LEVEL);
    }
    return *d;
}

static void on_head(void *ctx, const struct http1_request *req) {
    struct peer *peer = ctx;
    struct shake shake = shake_answer(req, &peer->out);

    if (!shake.is_upgraded) {
        enter_ending(peer);
        return;
    }
    peer->state = PEER_OPEN;
    wheel_cancel(&peer->echo->loop.wheel, &peer->deadline);
    if (shake.deflate.is_on) {
        peer->ws.has_deflate = true;
        peer->deflater = deflater_of(peer->echo, &shake.deflate);
    }
}

static void on_body(void *ctx, struct str piece) {
    (void)ctx, (void)piece;
}

static void on_request_end(void *ctx) {
    (void)ctx;
}

static const struct http1_sink http1_sink = { on_head, on_body, on_request_end };

static size_t feed_http(struct peer *peer, const uint8_t *p, size_t n) {
    size_t taken = http1_feed(peer->http, p, n, &http1_sink, peer);
    int status = http1_status(peer->http);

    if (status != 0 && peer->state == PEER_SHAKING) {
        shake_refuse(&peer->out, status, STR_NONE, str_of(http1_why(peer->http)));
        enter_ending(peer);
    }
    return taken;
}

/* ---- the connection */

static struct peer *peer_of(struct conn *c) {
    return CONTAINER_OF(c, struct peer, conn);
}

static size_t on_bytes(struct conn *c, uint8_t *p, size_t n) {
    struct peer *peer = peer_of(c);
    size_t taken = 0;

    if (peer->state == PEER_SHAKING) {
        taken = feed_http(peer, p, n);
    }
    if (peer->state == PEER_OPEN) {
        taken += ws_feed(&peer->ws, &peer->echo->shared, p + taken, n - taken, &link_sink, peer);
    }
    if (peer->state == PEER_ENDING) {
        taken = n;
    }
    go_on(peer);
    if (taken < n && waiting_bytes(peer) == 0) {
        conn_resume(c);    // on_message said stop, and there is room again already
    }
    return taken;
}

static void on_writable(struct conn *c) {
    go_on(peer_of(c));
}

static void on_end(struct conn *c, enum err why) {
    struct peer *peer = peer_of(c);

    if (why == ERR_CLOSED && waiting_bytes(peer) > 0) {
        enter_ending(peer);    // it may still read what it asked for
    } else {
        conn_close(c, false);
    }
}

static void on_closed(struct conn *c) {
    struct peer *peer = peer_of(c);

    list_drop(&peer->on_echo);
    wheel_cancel(&peer->echo->loop.wheel, &peer->deadline);
    http1_free(&peer->http);
    ws_fini(&peer->ws);
    buf_fini(&peer->out);
    xfree(peer);
}

static const struct conn_ops conn_ops = { on_bytes, on_writable, on_end, on_closed };

void peer_accept(struct listener *l, int fd) {
    struct echo *echo = l->ctx;
    struct peer *peer = xzalloc(sizeof *peer);

    peer->echo = echo;
    peer->http = http1_new(0);
    peer->out = BUF_INIT(2 * echo->shared.limits.message_bytes_max + 4 * WAITING_BYTES_MAX);
    if (conn_open(&peer->conn, &echo->loop, fd, NULL, &conn_ops) != OK) {
        http1_free(&peer->http);
        xfree(peer);
        return;
    }
    list_push(&echo->peers, &peer->on_echo);
    set_deadline(peer, SHAKING_MS);
}

void peer_on_timer(struct timer *t) {
    struct peer *peer = CONTAINER_OF(t, struct peer, deadline);
    conn_close(&peer->conn, true);
}

void peer_close_all(struct echo *echo) {
    LIST_EACH(peer, &echo->peers, struct peer, on_echo) {
        conn_close(&peer->conn, true);
    }
}
