/* A virtual network under the real server: net/loop.h, net/conn.h and net/listener.h, with pipes of
 * bytes in the place of sockets.
 *
 *     client ──fake_link_arrive──> [up]   ──turn──> on_bytes    ┐
 *                                                               ├ a session, as it really is
 *     client <──fake_link_take──── [down] <──────── conn_write  ┘
 *
 * What is on its way between client and socket is the caller's to delay, cut and lose; a link is
 * only the server's socket. Whether bytes come in one piece, how much a full socket takes and in
 * which order a turn serves its sockets is drawn from the net's generator.
 *
 * Thread   one; every loop of the net is stepped by fake_loop_turn.
 * Memory   a link belongs to both ends and is freed when both have let go. */
#ifndef PARLOIR_FAKES_NET_H
#define PARLOIR_FAKES_NET_H

#include "base/buf.h"
#include "base/rng.h"
#include "net/conn.h"
#include "net/listener.h"

#define FAKE_SOCKET_BYTES 65536    // what `up` may hold

struct fake_link;

struct fake_net {
    struct rng *rng;    // borrowed
    void *ctx;

    /* The loop wants a turn, in so many microseconds. */
    void (*on_want)(void *ctx, struct loop *l, uint64_t in_us);

    /* There is something for the client: bytes, the end, or a reset. */
    void (*on_down)(void *ctx, struct fake_link *k);

    struct fake_link **links;    // by descriptor; owned
    size_t link_count;
    uint64_t digest;        // of everything the server has sent
    uint64_t bytes_down;    // how much that was
};

/* Bytes in a row. Zeroed is empty. */
struct fake_pipe {
    struct buf bytes;
    size_t at;    // taken already
};

struct fake_link {
    struct fake_net *net;
    struct loop *loop;    // NULL: that process has ended
    int fd;
    int listener_fd;
    char address[CONN_ADDRESS_BYTES];
    struct conn *conn;        // borrowed; NULL before it is accepted and after conn_close
    struct conn *closing;     // borrowed; until on_closed
    void *client;             // the other end's; NULL: it has let go
    struct fake_pipe up;      // has arrived, not yet read by the server
    struct fake_pipe down;    // written by the server, not yet taken by the client
    size_t down_bytes_max;    // what `down` may hold: a small one blocks the writer often
    bool is_up_ended;         // the client's FIN has arrived, after `up`
    bool is_up_reset;         // its RST has: `up` is void
    bool is_down_ended;       // the server has sent its end, after `down`
    bool is_down_reset;       // the server has reset the connection
    struct node on_loop;      // to be served, to be accepted, or to be told it is closed
};

/* Frees what is left; no loop may have links any more. */
void fake_net_fini(struct fake_net *net);

/* Tells a loop that was just made which net it is on. */
void fake_loop_attach(struct loop *l, struct fake_net *net);

/* One turn, as loop.c would take it; says by on_want when the next is worth taking. */
void fake_loop_turn(struct loop *l);

/* Whether it was stopped, and nothing is open on it: loop_run would return. */
bool fake_loop_is_over(const struct loop *l);

/* The process ends: every link of the loop is cut from it, unsent bytes that are in `down` still
 * reach the client. Sessions are not told anything. */
void fake_loop_kill(struct loop *l);

/* A client connects to a listener of the loop. NULL: nobody listens there. `client` is not NULL. */
struct fake_link *fake_link_new(struct fake_net *net, struct loop *l, int listener_fd,
                                const char *address, void *client);

/* How many bytes may arrive now. */
size_t fake_link_room(const struct fake_link *k);

/* Bytes, the client's end, or its reset reach the server's socket. */
void fake_link_arrive(struct fake_link *k, struct str bytes);
void fake_link_end(struct fake_link *k, bool is_reset);

/* The client reads: appends up to n bytes to `out`. */
void fake_link_take(struct fake_link *k, size_t n, struct buf *out);

/* Whether there is anything for the client. */
static inline size_t fake_pipe_bytes(const struct fake_pipe *p) {
    return p->bytes.n - p->at;
}

/* The client lets go; what the server still says is lost, and answered with a reset. *k becomes
 * NULL; a NULL *k is fine. A link whose end was not told before is a cut cable: the server notices
 * nothing but silence. */
void fake_link_free(struct fake_link **k);

/* The cut cables are found out: their links are reset. */
void fake_net_reset_cut(struct fake_net *net);

/* For the files of this folder: bytes in and out of a pipe. */
void fake_pipe_put(struct fake_pipe *p, const void *bytes, size_t n);
void fake_pipe_take(struct fake_pipe *p, void *out, size_t n);
void fake_pipe_fini(struct fake_pipe *p);

/* For the files of this folder: the link of a descriptor, and its place in what a turn serves. */
struct fake_link *fake_loop_link(struct loop *l, int fd);
void fake_link_ready(struct fake_link *k);
void fake_link_close(struct fake_link *k);
void fake_loop_listen(struct loop *l, struct listener *listener);
void fake_conn_serve(struct conn *c);
void fake_conn_closed(struct conn *c);
void fake_conn_forget(struct conn *c);

/* Bytes have come to a client. One that has let go and said so resets the link, as a kernel does;
 * or the server would wait for nobody until it takes them for too slow. */
void fake_link_refuse(struct fake_link *k);

#endif
