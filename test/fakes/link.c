/* Links: the client's side of a virtual connection, and the pipes it is made of. */
#include "test/fakes/net.h"

/* ---- pipes */

void fake_pipe_put(struct fake_pipe *p, const void *bytes, size_t n) {
    if (p->at > 0 && p->at == p->bytes.n) {
        p->bytes.n = 0;
        p->at = 0;
    } else if (p->at > 4096 && p->at > p->bytes.n / 2) {
        buf_drop(&p->bytes, p->at);
        p->at = 0;
    }
    buf_put(&p->bytes, bytes, n);
    CHECK(buf_ok(&p->bytes));
}

void fake_pipe_take(struct fake_pipe *p, void *out, size_t n) {
    CHECK(n <= fake_pipe_bytes(p));
    if (n > 0) {
        memcpy(out, p->bytes.p + p->at, n);
        p->at += n;
    }
}

void fake_pipe_fini(struct fake_pipe *p) {
    buf_fini(&p->bytes);
    p->at = 0;
}

/* ---- the client's side */

size_t fake_link_room(const struct fake_link *k) {
    size_t waiting = fake_pipe_bytes(&k->up);
    return waiting < FAKE_SOCKET_BYTES ? FAKE_SOCKET_BYTES - waiting : 0;
}

void fake_link_arrive(struct fake_link *k, struct str bytes) {
    CHECK(!k->is_up_ended && !k->is_up_reset);
    if (k->conn != NULL || (k->loop != NULL && k->closing == NULL)) {
        fake_pipe_put(&k->up, bytes.p, bytes.n);
        fake_link_ready(k);
    } else if (!k->is_down_reset) {
        k->is_down_reset = true;    // nobody is there any more
        k->net->on_down(k->net->ctx, k);
    }
}

void fake_link_end(struct fake_link *k, bool is_reset) {
    k->is_up_ended = k->is_up_ended || !is_reset;
    k->is_up_reset = k->is_up_reset || is_reset;
    fake_link_ready(k);
}

void fake_link_refuse(struct fake_link *k) {
    if (k->client == NULL && k->is_up_ended) {
        fake_link_end(k, true);
    }
}

void fake_link_take(struct fake_link *k, size_t n, struct buf *out) {
    char *room = buf_room(out, n);
    CHECK(room != NULL);
    fake_pipe_take(&k->down, room, n);
    buf_added(out, n);
    if (k->conn != NULL && k->conn->is_write_blocked) {
        fake_link_ready(k);
    }
}

void fake_link_free(struct fake_link **out) {
    struct fake_link *k = *out;
    *out = NULL;
    if (k == NULL) {
        return;
    }
    k->client = NULL;
    if (k->loop != NULL) {
        if (fake_pipe_bytes(&k->down) > 0) {
            fake_link_refuse(k);
        }
        return;    // the server lets go later
    }
    k->net->links[k->fd] = NULL;
    fake_pipe_fini(&k->up);
    fake_pipe_fini(&k->down);
    xfree(k);
}
