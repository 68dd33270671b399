/* A connection: one stream socket, plain or TLS, read into the loop's shared buffer and written
 * without any buffer of its own. What cannot be written now stays with the caller, who is told when
 * it may go on.
 *
 *      OPEN ──conn_close──> CLOSING ──handle closed──> on_closed, then freed by the owner
 *       │ ^
 *       └─┘ TLS handshake first: on_bytes simply comes later
 *           peer gone or failure: on_end, once; the owner decides when to close
 *
 * The owner embeds a struct conn; an idle one costs its own size and nothing else
 * (sizeof(struct conn) is part of the budget of an idle connection: conn.c keeps it under 256).
 *
 * Callbacks come from the loop only, never from inside a call of this header, and any call of this
 * header may be made from inside a callback.
 *
 * Thread   its loop's.   Memory   embedded in its owner, which must live until on_closed. */
#ifndef PARLOIR_NET_CONN_H
#define PARLOIR_NET_CONN_H

#include <sys/uio.h>

#include "base/err.h"
#include "base/str.h"
#include "net/loop.h"

struct conn;
struct tls_conn;
struct tls_context;

struct conn_ops {
    /* Bytes arrived (they may be changed in place). Returns how many were taken; the rest is kept
     * by the conn, and reading is paused until conn_resume. */
    size_t (*on_bytes)(struct conn *c, uint8_t *p, size_t n);

    /* After is_write_blocked: there is room again. */
    void (*on_writable)(struct conn *c);

    /* The peer sent its end (FIN) or the connection broke; nothing more will come. The owner
     * decides when to conn_close. ERR_CLOSED: orderly; we may still write. ERR_IO: reset or TLS
     * failure; this one may come while paused. */
    void (*on_end)(struct conn *c, enum err why);

    /* The descriptor is closed and the handle gone: the last callback. */
    void (*on_closed)(struct conn *c);
};

struct conn {
    uv_poll_t poll;
    struct loop *loop;
    const struct conn_ops *ops;
    struct tls_conn *tls;     // owned; NULL: plain
    struct kept *kept;        // owned; bytes on_bytes did not take, NULL when none
    struct later later;       // goes on in the next turn
    int fd;                   // -1 once closed
    uint32_t read_bytes;      // at once, LOOP_READ_BYTES; its owner may have it read less
    uint8_t events;           // what the loop watches for us: UV_READABLE and others
    bool is_paused;           // not reading
    bool is_resume_asked;     // conn_resume was called since the last on_bytes began
    bool is_write_blocked;    // conn_write took less than all, or TLS holds some: on_writable comes
    bool is_ended;            // on_end was called
    bool is_closing;
    bool is_broken;              // writing is useless
    bool is_hung_up;             // the peer's end came while we were not reading
    bool is_inside;              // a callback of the loop runs, which sets `events` when it is done
    bool is_shut;                // conn_shutdown was called
    bool does_tls_want_write;    // the handshake, or a read, waits for room in the socket
};

/* Takes over a connected, non-blocking socket and starts reading. `tls`: NULL or a context to
 * handshake with (a reference is taken). On failure the descriptor is closed and no callback will
 * come. */
enum err conn_open(struct conn *c, struct loop *loop, int fd, struct tls_context *tls,
                   const struct conn_ops *ops) MUST_USE;

/* Writes what it can now, in order. Returns the bytes taken: fewer than all means the socket is
 * full and on_writable will come. -1: the connection is broken; on_end follows or has come.
 *
 * Over TLS up to 16 KiB of small pieces are gathered into one record, and the last record taken may
 * wait inside: is_write_blocked tells, also when all was taken, and on_writable comes then too. */
ptrdiff_t conn_write(struct conn *c, const struct iovec *iov, size_t count);

/* Stops and restarts reading. conn_resume first hands up what was kept, in a later turn of the
 * loop, never from inside this call. */
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);

/* Sends our end (TLS close_notify, FIN) after all that was taken; reading goes on. */
void conn_shutdown(struct conn *c);

/* Closes now; on_closed comes in a later turn. Calling twice is harmless. What the peer sent and we
 * did not read makes the system reset the connection, and the peer may then miss what we wrote
 * last: where that matters, conn_shutdown first and wait for on_end. `is_reset`: with RST, for
 * peers that would keep our unread data alive. */
void conn_close(struct conn *c, bool is_reset);

/* The peer's address as text, such as "192.0.2.7" or "::1"; "unix" for a local socket; empty when
 * the peer is gone already. */
#define CONN_ADDRESS_BYTES 46
void conn_address(const struct conn *c, char out[CONN_ADDRESS_BYTES]);

#endif
