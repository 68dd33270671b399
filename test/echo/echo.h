/* The echo server: conn, http1 and ws of net/ put together the plainest way there is, so that a
 * suite of WebSocket tests, ours or other people's, can be run against them without any chat.
 *
 *     main.c   arguments, the listener, the end       echo ──list──> peer
 *     peer.c   one connection, from accept to close   peer ──owns──> conn, http1, ws, what waits
 *     shake.c  what the opening handshake answers
 *
 * Thread   one.
 * Bound    a peer has at most a message and a little waiting: it is not read meanwhile. */
#ifndef PARLOIR_TEST_ECHO_ECHO_H
#define PARLOIR_TEST_ECHO_ECHO_H

#include "base/buf.h"
#include "net/conn.h"
#include "net/http1.h"
#include "net/listener.h"
#include "net/ws.h"

#define WINDOW_BITS_MIN 9
#define WINDOW_BITS_MAX 15

struct echo {
    struct loop loop;
    struct listener listener;
    uv_signal_t on_term;
    uv_signal_t on_int;
    struct list peers;
    struct ws_shared shared;
    struct deflater *deflaters[WINDOW_BITS_MAX + 1];    // by window, made when first asked for
    bool is_stopping;
};

/* Takes an accepted descriptor. */
void peer_accept(struct listener *l, int fd);

/* A deadline of a peer has passed. */
void peer_on_timer(struct timer *t);

/* Closes every peer. */
void peer_close_all(struct echo *echo);

/* What the handshake came to: the response is appended to `out`. */
struct shake {
    bool is_upgraded;
    struct ws_deflate_terms deflate;
};
struct shake shake_answer(const struct http1_request *req, struct buf *out);

/* Appends the response to a request that is refused; `extra` is whole header lines. */
void shake_refuse(struct buf *out, int status, struct str extra, struct str why);

#endif
