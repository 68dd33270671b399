/* A listening socket on a loop: TCP (SO_REUSEPORT, one for each worker) or a Unix socket.
 *
 * The last LISTENER_FDS_KEPT descriptors are not for newcomers: who would get one of those is
 * closed at once. They are for the store's files and for the operator, who must get in when nobody
 * else does. Should even they run out, a spare descriptor is given up to accept and shut the
 * newcomers, and accepting rests LISTENER_REST_MS; nobody spins.
 *
 * Thread   its loop's; addresses: any.   Memory   embedded in its owner, until on_closed. */
#ifndef PARLOIR_NET_LISTENER_H
#define PARLOIR_NET_LISTENER_H

#include <sys/socket.h>

#include "base/err.h"
#include "base/str.h"
#include "net/loop.h"

#define LISTENER_ACCEPTS_PER_TURN 64    // so that newcomers do not starve the connected
#define LISTENER_REST_MS 200
#define LISTENER_FDS_KEPT 16
#define LISTENER_BACKLOG 4096

/* An address to listen on, as configured: "127.0.0.1:8080", "[::1]:0", ":8080" (every address, IPv6
 * and IPv4), "unix:/path", each with an optional "tls:" before it. */
struct listen_address {
    struct sockaddr_storage addr;
    socklen_t addr_bytes;
    bool is_tls;
    bool is_unix;
    bool is_any;     // ":port"
    bool is_ours;    // listen_open has opened it before: the next one shares it
};

/* ERR_PROTO: not an address of the forms above (host names are not resolved; `localhost` is
 * 127.0.0.1). */
enum err listen_address_parse(struct str text, struct listen_address *out) MUST_USE;

/* The address as listen_address_parse reads it, with the port in use. */
#define LISTEN_TEXT_BYTES 128
void listen_address_text(const struct listen_address *a, char out[LISTEN_TEXT_BYTES]);

/* Opens a bound, listening descriptor; with port 0 the system's choice is written back into *a. The
 * other workers call it again with the same *a, and share the port. ERR_EXISTS: somebody else
 * listens there. ERR_DENIED: the system does not let us. ERR_FULL: no descriptor left. ERR_IO: no
 * such address here, or something worse.
 *
 * A stale Unix socket file is replaced; `mode` is the file's. It can be opened once: for other
 * workers, dup() the descriptor. Whoever stops for good unlinks the path. */
enum err listen_open(struct listen_address *a, unsigned mode, int *fd) MUST_USE;

struct listener {
    uv_poll_t poll;
    struct timer rest;    // the owner's on_timer must call listener_on_timer for it
    struct loop *loop;
    int fd;          // -1 once stopped
    int spare_fd;    // -1: could not be had
    int fd_end;      // newcomers get a descriptor below this; the owner may say INT_MAX
    void (*on_accept)(struct listener *l, int fd);
    void (*on_closed)(struct listener *l);
    void *ctx;
    uint64_t refused_count;    // closed for want of descriptors
};

/* Takes over `fd` and accepts on it. Each newcomer is given to `on_accept`, which takes the
 * descriptor (non-blocking, close-on-exec, TCP_NODELAY) and may call listener_stop. On failure `fd`
 * is closed. */
enum err listener_start(struct listener *l, struct loop *loop, int fd,
                        void (*on_accept)(struct listener *l, int fd), void *ctx) MUST_USE;

/* The rest is over: accepts again. */
void listener_on_timer(struct listener *l);

/* Stops accepting and closes the descriptor. `on_closed` (may be NULL) when the handle is gone.
 * Calling twice is harmless; the second on_closed is not called. */
void listener_stop(struct listener *l, void (*on_closed)(struct listener *l));

#endif
