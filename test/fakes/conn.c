/* The virtual connection and the virtual listener: net/conn.h and net/listener.h over a fake_link.
 *
 * What conn.c promises holds here too: bytes in order, one on_end, nothing after conn_close but
 * on_closed, no callback from inside a call. Less than all is read, and less than all is written,
 * as often as the generator likes. */
#include <stdio.h>
#include <unistd.h>

#include "test/fakes/net.h"

struct kept {
    size_t at;
    size_t n;
    uint8_t p[];
};

static struct fake_link *link_of(const struct conn *c) {
    return c->poll.data;
}

static bool may_read(const struct conn *c) {
    return !c->is_closing && !c->is_paused && !c->is_ended && c->kept == NULL;
}

static void drop_kept(struct conn *c) {
    xfree(c->kept);
    c->kept = NULL;
}

static void end(struct conn *c, enum err why) {
    if (c->is_ended || c->is_closing) {
        return;
    }
    c->is_ended = true;
    c->is_broken = c->is_broken || why == ERR_IO;
    drop_kept(c);
    c->ops->on_end(c, why);
}

/* ---- reading */

static size_t deliver(struct conn *c, uint8_t *p, size_t n) {
    c->is_resume_asked = false;
    size_t taken = c->ops->on_bytes(c, p, n);

    CHECK(taken <= n);
    if (c->is_closing || c->is_ended || taken == n) {
        return 0;
    }
    c->is_paused = !c->is_resume_asked;
    return n - taken;
}

static void keep(struct conn *c, const uint8_t *p, size_t n) {
    if (n > 0) {
        c->kept = xalloc(sizeof *c->kept + n);
        c->kept->at = 0;
        c->kept->n = n;
        memcpy(c->kept->p, p, n);
        if (!c->is_paused) {
            loop_later(c->loop, &c->later);
        }
    }
}

static void deliver_kept(struct conn *c) {
    struct kept *kept = c->kept;
    c->kept = NULL;
    uint8_t *p = kept->p + kept->at;
    size_t n = kept->n - kept->at;
    size_t left = deliver(c, p, n);
    keep(c, p + (n - left), left);
    xfree(kept);
}

/* How much of what is there comes with this read. */
static size_t piece(struct fake_link *k) {
    size_t n = MIN(fake_pipe_bytes(&k->up), LOOP_READ_BYTES);
    return n > 1 && rng_below(k->net->rng, 8) == 0 ? 1 + rng_below(k->net->rng, n) : n;
}

static void read_some(struct conn *c) {
    struct fake_link *k = link_of(c);
    if (may_read(c) && fake_pipe_bytes(&k->up) > 0) {
        size_t n = piece(k);
        uint8_t *p = c->loop->read_buf;
        fake_pipe_take(&k->up, p, n);
        size_t left = deliver(c, p, n);
        keep(c, p + (n - left), left);
    }
    if (may_read(c) && fake_pipe_bytes(&k->up) == 0 && k->is_up_ended) {
        end(c, ERR_CLOSED);
    }
}

static bool is_readable(const struct conn *c) {
    const struct fake_link *k = link_of(c);
    return may_read(c) && (fake_pipe_bytes(&k->up) > 0 || k->is_up_ended);
}

void fake_conn_serve(struct conn *c) {
    struct fake_link *k = link_of(c);
    if (k->is_up_reset) {
        end(c, ERR_IO);    // comes while paused, too
        return;
    }
    if (c->is_write_blocked && fake_pipe_bytes(&k->down) < k->down_bytes_max) {
        c->is_write_blocked = false;
        c->ops->on_writable(c);
    }
    if (!c->is_closing) {
        read_some(c);
    }
    if (!c->is_closing && is_readable(c)) {
        fake_link_ready(k);
    }
}

static void on_later(struct later *later) {
    struct conn *c = CONTAINER_OF(later, struct conn, later);
    if (c->kept != NULL && !c->is_paused) {
        deliver_kept(c);
    }
    if (c->is_broken) {
        end(c, ERR_IO);
    } else if (!c->is_closing && is_readable(c)) {
        fake_link_ready(link_of(c));
    }
}

void fake_conn_forget(struct conn *c) {
    drop_kept(c);
}

void fake_conn_closed(struct conn *c) {
    drop_kept(c);
    c->ops->on_closed(c);
}

/* ---- writing */

/* How much a socket takes of n bytes that fit. */
static size_t appetite(struct fake_link *k, size_t n) {
    return n > 0 && rng_below(k->net->rng, 32) == 0 ? rng_below(k->net->rng, n) : n;
}

static void digest(struct fake_net *net, const struct fake_link *k, const uint8_t *p, size_t n) {
    uint64_t h = net->digest ^ ((uint64_t)k->fd << 32 | n);
    for (size_t i = 0; i < n; i += 8) {
        uint64_t word = 0;
        memcpy(&word, p + i, MIN(n - i, 8));
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    net->digest = h;
    net->bytes_down += n;
}

ptrdiff_t conn_write(struct conn *c, const struct iovec *iov, size_t count) {
    struct fake_link *k = link_of(c);
    if (c->is_closing || c->is_broken || c->is_shut) {
        return -1;
    }
    if (k->is_up_reset) {
        c->is_broken = true;
        c->is_write_blocked = false;
        loop_later(c->loop, &c->later);
        return -1;
    }
    size_t waiting = fake_pipe_bytes(&k->down);
    size_t room = waiting < k->down_bytes_max ? k->down_bytes_max - waiting : 0;
    size_t asked = 0;
    for (size_t i = 0; i < count; i++) {
        asked += iov[i].iov_len;
    }
    size_t taken = appetite(k, MIN(room, asked));
    size_t left = taken;
    for (size_t i = 0; i < count && left > 0; i++) {
        size_t n = MIN(left, iov[i].iov_len);
        digest(k->net, k, iov[i].iov_base, n);
        fake_pipe_put(&k->down, iov[i].iov_base, n);
        left -= n;
    }
    if (taken < asked) {
        c->is_write_blocked = true;
        if (taken < room) {
            fake_link_ready(k);    // it only felt full
        }
    }
    if (taken > 0 && k->client != NULL) {
        k->net->on_down(k->net->ctx, k);
    } else if (taken > 0) {
        fake_link_refuse(k);
    }
    return (ptrdiff_t)taken;
}

void conn_shutdown(struct conn *c) {
    struct fake_link *k = link_of(c);
    if (c->is_closing || c->is_shut) {
        return;
    }
    c->is_shut = true;
    k->is_down_ended = true;
    if (k->client != NULL) {
        k->net->on_down(k->net->ctx, k);
    }
}

/* ---- opening, pausing, closing */

enum err conn_open(struct conn *c, struct loop *loop, int fd, struct tls_context *tls,
                   const struct conn_ops *ops) {
    struct fake_link *k = fake_loop_link(loop, fd);
    CHECK(tls == NULL);
    memset(c, 0, sizeof *c);
    c->loop = loop;
    c->ops = ops;
    c->fd = fd;
    c->later.run = on_later;
    c->poll.data = k;
    if (rng_below(k->net->rng, 512) == 0) {    // no memory in the kernel
        fake_link_close(k);
        c->fd = -1;
        c->is_closing = true;
        return ERR_IO;
    }
    loop->conn_count++;
    k->conn = c;
    fake_link_ready(k);
    return OK;
}

void conn_pause(struct conn *c) {
    c->is_paused = true;
}

void conn_resume(struct conn *c) {
    if (c->is_closing || c->is_ended) {
        return;
    }
    c->is_paused = false;
    c->is_resume_asked = true;
    if (c->kept != NULL) {
        loop_later(c->loop, &c->later);
    }
    fake_link_ready(link_of(c));
}

void conn_close(struct conn *c, bool is_reset) {
    if (c->is_closing) {
        return;
    }
    struct fake_link *k = link_of(c);
    c->is_closing = true;
    c->fd = -1;
    list_drop(&c->later.on_loop);
    k->is_down_reset = k->is_down_reset || is_reset;
    fake_link_close(k);
}

void conn_address(const struct conn *c, char out[CONN_ADDRESS_BYTES]) {
    memcpy(out, c->fd < 0 ? "" : link_of(c)->address, c->fd < 0 ? 1 : CONN_ADDRESS_BYTES);
}

/* ---- listening */

enum err listener_start(struct listener *l, struct loop *loop, int fd,
                        void (*on_accept)(struct listener *l, int fd), void *ctx) {
    memset(l, 0, sizeof *l);
    l->loop = loop;
    l->fd = fd;
    l->spare_fd = -1;
    l->on_accept = on_accept;
    l->ctx = ctx;
    fake_loop_listen(loop, l);
    return OK;
}

void listener_on_timer(struct listener *l) {
    (void)l;    // a virtual listener never runs out of descriptors
}

void listener_stop(struct listener *l, void (*on_closed)(struct listener *l)) {
    (void)on_closed;
    l->fd = -1;
}
