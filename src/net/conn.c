/* Connections: when to read, when to write, and what a socket's troubles mean.
 *
 * libuv only says "ready"; recv and send are ours, because then one place decides how much to read
 * for whom, and a write costs one system call and no memory.
 *
 *     poll ──readable──> receive ──> loop->read_buf ──on_bytes──> owner
 *                                        └─not taken─> kept ──next turn after conn_resume──> owner
 *     poll ──writable──> what TLS holds ──> on_writable
 *     loop ──later────> kept, what TLS has pending, the end of a broken connection
 *
 * Promises:
 *   1. Bytes reach the owner in order: while something is kept nothing is received.
 *   2. The loop watches for room in the socket only while somebody waits for it.
 *   3. The owner hears on_end once, and on_bytes never after it; after conn_close only on_closed.
 *   4. One connection reads at most READ_ROUNDS_MAX buffers a turn, however fast its peer is. */
#include "net/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls.h"

#define READ_ROUNDS_MAX 4

_Static_assert(sizeof(struct conn) <= 256, "an idle connection costs this much");

/* Bytes the owner did not take, [at, n) of p. */
struct kept {
    size_t at;
    size_t n;
    uint8_t p[];
};

/* What one attempt to receive came to. */
enum got {
    GOT_MORE,      // and there may be more right now
    GOT_ALL,       // nothing more at the moment
    GOT_END,       // the peer's end
    GOT_FAILED,    // reset, or TLS failed
};

/* ---- what the loop watches */

static bool is_handshaking(const struct conn *c) {
    return c->tls != NULL && !tls_is_ready(c->tls);
}

static bool may_read(const struct conn *c) {
    return !c->is_closing && !c->is_paused && !c->is_ended && c->kept == NULL;
}

static int events_wanted(const struct conn *c) {
    int events = 0;

    if (c->does_tls_want_write) {
        return UV_WRITABLE;    // until then reading goes no further
    }
    if (may_read(c) || (is_handshaking(c) && !c->is_ended)) {
        events |= UV_READABLE;
    } else if (!c->is_ended && !c->is_hung_up) {
        events |= UV_DISCONNECT;    // a reset is worth knowing also while we do not read
    }
    if (c->is_write_blocked && !is_handshaking(c)) {
        events |= UV_WRITABLE;
    }
    return events;
}

/* Whether on_later comes in this turn or the next. It reads, too. */
static bool waits(const struct conn *c) {
    return node_is_on_list(&c->later.on_loop);
}

static void on_poll(uv_poll_t *poll, int status, int events);

/* Makes the loop watch for what this connection wants now. */
static void watch(struct conn *c) {
    if (c->is_closing || c->is_inside) {
        return;
    }
    int events = events_wanted(c);
    if (events == c->events) {
        return;
    }
    c->events = (uint8_t)events;
    if (events == 0) {
        uv_poll_stop(&c->poll);
    } else {
        CHECK(uv_poll_start(&c->poll, events, on_poll) == 0);
    }
}

/* ---- ends */

static void drop_kept(struct conn *c) {
    xfree(c->kept);
    c->kept = NULL;
}

/* Tells the owner that nothing more will come. */
static void end(struct conn *c, enum err why) {
    if (c->is_ended || c->is_closing) {
        return;
    }
    c->is_ended = true;
    c->is_broken = c->is_broken || why == ERR_IO;
    c->does_tls_want_write = false;
    drop_kept(c);
    c->ops->on_end(c, why);
}

/* Writing failed: the end is told in the next turn, after what can still be read. */
static void set_broken(struct conn *c) {
    c->is_broken = true;
    c->is_write_blocked = false;
    loop_later(c->loop, &c->later);
}

/* ---- reading */

static enum got receive_plain(struct conn *c, size_t *n) {
    ssize_t got;

    do {
        got = recv(c->fd, c->loop->read_buf, c->read_bytes, 0);
    } while (got < 0 && errno == EINTR);

    if (got > 0) {
        *n = (size_t)got;
        return *n == c->read_bytes ? GOT_MORE : GOT_ALL;
    }
    if (got == 0) {
        return GOT_END;
    }
    return errno == EAGAIN ? GOT_ALL : GOT_FAILED;
}

/* Fills the buffer from as many records as fit. */
static enum got receive_tls(struct conn *c, size_t *n) {
    size_t filled = 0;

    while (filled < c->read_bytes) {
        size_t got = 0;
        enum tls_result result =
            tls_read(c->tls, c->loop->read_buf + filled, c->read_bytes - filled, &got);
        if (result != TLS_DONE) {
            *n = filled;
            c->does_tls_want_write = result == TLS_WANT_WRITE;
            return result == TLS_ENDED ? GOT_END : result == TLS_FAILED ? GOT_FAILED : GOT_ALL;
        }
        filled += got;
        if (got < TLS_RECORD_BYTES / 2 && !tls_has_pending(c->tls)) {
            *n = filled;
            return GOT_ALL;    // very likely; to ask would cost a system call
        }
    }
    *n = filled;
    return GOT_MORE;
}

/* Hands bytes to the owner; returns how many are left over for later, 0 after a close. */
static size_t deliver(struct conn *c, uint8_t *p, size_t n) {
    c->is_resume_asked = false;
    size_t taken = c->ops->on_bytes(c, p, n);

    CHECK(taken <= n);
    if (c->is_closing || c->is_ended || taken == n) {
        return 0;
    }
    c->is_paused = !c->is_resume_asked;
    if (c->is_resume_asked) {
        loop_later(c->loop, &c->later);
    }
    return n - taken;
}

static void deliver_received(struct conn *c, size_t n) {
    uint8_t *p = c->loop->read_buf;
    size_t left = deliver(c, p, n);

    if (left > 0) {
        c->kept = xalloc(sizeof *c->kept + left);
        c->kept->at = 0;
        c->kept->n = left;
        memcpy(c->kept->p, p + (n - left), left);
    }
}

static void deliver_kept(struct conn *c) {
    struct kept *kept = c->kept;
    c->kept = NULL;

    size_t left = deliver(c, kept->p + kept->at, kept->n - kept->at);
    if (left > 0) {
        kept->at = kept->n - left;
        c->kept = kept;
    } else {
        xfree(kept);
    }
}

/* Reads what is there, within a turn's share. */
static void read_some(struct conn *c) {
    for (int round = 0; round < READ_ROUNDS_MAX; round++) {
        size_t n = 0;
        enum got got = c->tls != NULL ? receive_tls(c, &n) : receive_plain(c, &n);
        if (n > 0) {
            deliver_received(c, n);
        }
        if (!may_read(c)) {
            return;    // a TLS end that came with the bytes is found again
        }
        if (got == GOT_END || got == GOT_FAILED) {
            end(c, got == GOT_END ? ERR_CLOSED : ERR_IO);
            return;
        }
        if (got == GOT_ALL) {
            return;
        }
    }
    if (c->tls != NULL || c->is_broken) {
        loop_later(c->loop, &c->later);    // what OpenSSL has buffered makes no socket readable
    }
}

static void go_on_handshaking(struct conn *c) {
    enum tls_result result = tls_handshake(c->tls);

    c->does_tls_want_write = result == TLS_WANT_WRITE;
    if (result == TLS_ENDED || result == TLS_FAILED) {
        end(c, result == TLS_ENDED ? ERR_CLOSED : ERR_IO);
    } else if (result == TLS_DONE) {
        if (c->is_write_blocked) {
            c->is_write_blocked = false;
            c->ops->on_writable(c);
        }
        if (may_read(c)) {
            read_some(c);    // the first request may have come with the last of the handshake
        }
    }
}

/* ---- writing */

/* Writes up to IOV_MAX pieces. Returns the bytes taken, -1: broken. */
static ptrdiff_t send_plain(int fd, const struct iovec *iov, size_t count) {
    ssize_t sent;

    do {
        if (count == 1) {    // cheaper than sendmsg
            sent = send(fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
        } else {
            struct msghdr msg = { .msg_iov = (struct iovec *)(uintptr_t)iov, .msg_iovlen = count };
            sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
        }
    } while (sent < 0 && errno == EINTR);

    return sent >= 0 ? sent : errno == EAGAIN || errno == ENOBUFS ? 0 : -1;
}

static ptrdiff_t write_plain(struct conn *c, const struct iovec *iov, size_t count) {
    ptrdiff_t total = 0;

    while (count > 0) {
        size_t now = MIN(count, (size_t)IOV_MAX);
        size_t bytes = 0;
        for (size_t i = 0; i < now; i++) {
            bytes += iov[i].iov_len;
        }
        ptrdiff_t sent = bytes > 0 ? send_plain(c->fd, iov, now) : 0;
        if (sent < 0) {
            return -1;
        }
        total += sent;
        if ((size_t)sent < bytes) {
            c->is_write_blocked = true;
            return total;
        }
        iov += now;
        count -= now;
    }
    return total;
}

/* A place in a row of pieces. */
struct place {
    const struct iovec *iov;
    size_t count;    // pieces left, the one we are in included
    size_t at;       // bytes of it that are behind us
};

/* Copies up to `cap` bytes from the place on; returns how many. Moves nothing. */
static size_t gather(struct place from, uint8_t *p, size_t cap) {
    size_t n = 0;

    while (from.count > 0 && n < cap) {
        size_t bytes = MIN(from.iov->iov_len - from.at, cap - n);
        if (bytes > 0) {
            memcpy(p + n, (const uint8_t *)from.iov->iov_base + from.at, bytes);
        }
        n += bytes;
        from = (struct place){ from.iov + 1, from.count - 1, 0 };
    }
    return n;
}

/* Moves past `n` bytes, and past empty pieces. */
static void advance(struct place *place, size_t n) {
    place->at += n;
    while (place->count > 0 && place->at >= place->iov->iov_len) {
        place->at -= place->iov->iov_len;
        place->iov++;
        place->count--;
    }
}

/* Gives TLS one record's worth from the place on. */
static enum tls_result write_record(struct conn *c, struct place from, size_t *taken) {
    size_t bytes = from.iov->iov_len - from.at;

    if (bytes >= TLS_RECORD_BYTES || from.count == 1) {
        return tls_write(c->tls, (const uint8_t *)from.iov->iov_base + from.at, bytes, taken);
    }
    uint8_t record[TLS_RECORD_BYTES];
    return tls_write(c->tls, record, gather(from, record, sizeof record), taken);
}

static ptrdiff_t write_tls(struct conn *c, const struct iovec *iov, size_t count) {
    if (!tls_is_ready(c->tls) || tls_is_holding(c->tls)) {
        c->is_write_blocked = true;
        return 0;
    }
    ptrdiff_t total = 0;
    struct place place = { iov, count, 0 };
    advance(&place, 0);

    while (place.count > 0) {
        size_t taken = 0;
        enum tls_result result = write_record(c, place, &taken);
        if (result != TLS_DONE && result != TLS_WANT_WRITE) {
            return -1;
        }
        total += (ptrdiff_t)taken;
        advance(&place, taken);
        if (result == TLS_WANT_WRITE) {
            c->is_write_blocked = true;
            break;
        }
    }
    return total;
}

/* TLS close_notify, then FIN. */
static void send_end(struct conn *c) {
    if (c->tls != NULL) {
        tls_shutdown(c->tls);
    }
    shutdown(c->fd, SHUT_WR);
}

/* There is room in the socket: first for what TLS holds, then for the owner. */
static void on_room(struct conn *c) {
    if (c->tls != NULL && tls_is_holding(c->tls)) {
        enum tls_result result = tls_flush(c->tls);
        if (result == TLS_WANT_WRITE) {
            return;
        }
        if (result != TLS_DONE) {
            set_broken(c);
            return;
        }
        if (c->is_shut) {
            send_end(c);
        }
    }
    if (c->is_write_blocked) {
        c->is_write_blocked = false;
        c->ops->on_writable(c);
    }
}

/* ---- the loop speaks here */

static void on_poll(uv_poll_t *poll, int status, int events) {
    struct conn *c = CONTAINER_OF(poll, struct conn, poll);

    loop_begin_turn(c->loop);
    c->is_inside = true;
    bool was_read = false;
    if (status < 0) {    // a reset; libuv has stopped watching
        c->events = 0;
        events = UV_READABLE | UV_WRITABLE;
    }
    if (is_handshaking(c)) {
        go_on_handshaking(c);
    } else {
        bool does_read_wait = c->does_tls_want_write;
        if ((events & UV_WRITABLE) != 0) {
            c->does_tls_want_write = false;
            on_room(c);
        }
        if (((events & UV_READABLE) != 0 || does_read_wait) && may_read(c) && !waits(c)) {
            was_read = true;
            read_some(c);
        }
    }
    if ((events & UV_DISCONNECT) != 0 && !may_read(c)) {
        c->is_hung_up = true;
    }
    if (status < 0 && !was_read) {
        if (waits(c) && may_read(c)) {
            c->is_broken = true;    // on_later reads what is left, and ends it
        } else {
            end(c, ERR_IO);
        }
    }
    c->is_inside = false;
    watch(c);
}

static void on_later(struct later *later) {
    struct conn *c = CONTAINER_OF(later, struct conn, later);

    c->is_inside = true;
    if (c->kept != NULL && !c->is_paused) {
        deliver_kept(c);
    }
    if (may_read(c) && !is_handshaking(c) && (c->tls != NULL || c->is_broken)) {
        read_some(c);
    }
    if (c->is_broken && (c->is_paused || !waits(c))) {
        end(c, ERR_IO);
    }
    c->is_inside = false;
    watch(c);
}

static void on_handle_closed(uv_handle_t *handle) {
    struct conn *c = CONTAINER_OF((uv_poll_t *)handle, struct conn, poll);

    loop_begin_turn(c->loop);
    tls_conn_free(&c->tls);
    drop_kept(c);
    c->loop->conn_count--;
    c->ops->on_closed(c);    // which may free us
}

/* ---- what the owner calls */

enum err conn_open(struct conn *c, struct loop *loop, int fd, struct tls_context *tls,
                   const struct conn_ops *ops) {
    memset(c, 0, sizeof *c);
    c->loop = loop;
    c->ops = ops;
    c->fd = fd;
    c->read_bytes = LOOP_READ_BYTES;
    c->later.run = on_later;

    if (tls != NULL && (c->tls = tls_conn_new(tls, fd)) == NULL) {
        goto fail;
    }
    if (uv_poll_init(&loop->uv, &c->poll, fd) != 0) {
        goto fail;
    }
    loop->conn_count++;
    watch(c);
    return OK;

fail:
    tls_conn_free(&c->tls);
    close(fd);
    c->fd = -1;
    c->is_closing = true;
    return ERR_IO;
}

ptrdiff_t conn_write(struct conn *c, const struct iovec *iov, size_t count) {
    if (c->is_closing || c->is_broken || c->is_shut) {
        return -1;
    }
    ptrdiff_t taken = c->tls != NULL ? write_tls(c, iov, count) : write_plain(c, iov, count);
    if (taken < 0) {
        set_broken(c);
    }
    watch(c);
    return taken;
}

void conn_pause(struct conn *c) {
    c->is_paused = true;
    watch(c);
}

void conn_resume(struct conn *c) {
    if (c->is_closing || c->is_ended) {
        return;
    }
    c->is_paused = false;
    c->is_resume_asked = true;
    if (c->kept != NULL || c->tls != NULL) {
        loop_later(c->loop, &c->later);
    }
    watch(c);
}

void conn_shutdown(struct conn *c) {
    if (c->is_closing || c->is_shut) {
        return;
    }
    c->is_shut = true;
    if (c->tls == NULL || !tls_is_holding(c->tls)) {
        send_end(c);
    }
}

void conn_close(struct conn *c, bool is_reset) {
    if (c->is_closing) {
        return;
    }
    c->is_closing = true;
    if (is_reset) {
        struct linger rst = { .l_onoff = 1, .l_linger = 0 };
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &rst, sizeof rst);
    } else if (c->tls != NULL) {
        if (!tls_is_holding(c->tls) || tls_flush(c->tls) == TLS_DONE) {
            tls_shutdown(c->tls);
        }
    }
    list_drop(&c->later.on_loop);
    uv_close((uv_handle_t *)&c->poll, on_handle_closed);    // stops watching at once
    close(c->fd);
    c->fd = -1;
}

void conn_address(const struct conn *c, char out[CONN_ADDRESS_BYTES]) {
    struct sockaddr_storage addr = { 0 };
    socklen_t addr_bytes = sizeof addr;
    const void *host = NULL;
    int family = AF_UNSPEC;

    out[0] = '\0';
    if (c->fd < 0 || getpeername(c->fd, (struct sockaddr *)&addr, &addr_bytes) != 0) {
        return;
    }
    family = addr.ss_family;
    if (family == AF_UNIX) {
        snprintf(out, CONN_ADDRESS_BYTES, "unix");
    } else if (family == AF_INET) {
        host = &((struct sockaddr_in *)&addr)->sin_addr;
    } else if (family == AF_INET6) {
        const struct in6_addr *in6 = &((struct sockaddr_in6 *)&addr)->sin6_addr;
        bool is_mapped = IN6_IS_ADDR_V4MAPPED(in6);    // an IPv4 peer of a socket for both
        family = is_mapped ? AF_INET : AF_INET6;
        host = is_mapped ? (const void *)&in6->s6_addr[12] : in6;
    }
    if (host != NULL && inet_ntop(family, host, out, CONN_ADDRESS_BYTES) == NULL) {
        out[0] = '\0';
    }
}
