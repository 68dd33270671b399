/* The virtual loop: one call is one turn, with the promises of net/loop.c.
 *
 *     poll        newcomers, sockets that are ready, on_wake: in an order that is drawn
 *     closing     on_closed
 *     idle        what loop_later() left for this turn
 *     prepare     wheel, on_turn_end
 *
 * What libuv keeps in its loop is kept in a struct fake_loop behind uv.data. */
#include "base/clock.h"
#include "test/fakes/net.h"

#define LISTENERS_MAX 16
#define LINKS_MAX (1u << 20)

struct fake_loop {
    struct fake_net *net;    // borrowed
    struct listener *listeners[LISTENERS_MAX];
    size_t listener_count;
    struct list newcomers;    // struct fake_link
    struct list ready;
    struct list closing;
    bool is_woken;
};

static struct fake_loop *fake_of(const struct loop *l) {
    return l->uv.data;
}

/* ---- the header of the real one */

enum err loop_init(struct loop *l, const struct loop_ops *ops, void *ctx) {
    memset(l, 0, sizeof *l);
    struct fake_loop *fake = xzalloc(sizeof *fake);
    list_init(&fake->newcomers);
    list_init(&fake->ready);
    list_init(&fake->closing);
    l->uv.data = fake;
    l->ops = *ops;
    l->ctx = ctx;
    l->now_ms = clock_mono_ms();
    l->read_buf = xalloc(LOOP_READ_BYTES);
    wheel_init(&l->wheel, l->now_ms);
    list_init(&l->later);
    list_init(&l->due);
    return OK;
}

void loop_run(struct loop *l) {
    (void)l;
    CHECK(!"a virtual loop is stepped");
}

void loop_stop(struct loop *l) {
    l->is_stopping = true;
}

static void want(struct loop *l, uint64_t in_us) {
    struct fake_net *net = fake_of(l)->net;
    if (net != NULL) {
        net->on_want(net->ctx, l, in_us);
    }
}

void loop_wake(struct loop *l) {
    fake_of(l)->is_woken = true;
    want(l, 0);
}

void loop_later(struct loop *l, struct later *t) {
    if (!node_is_on_list(&t->on_loop)) {
        list_push(&l->later, &t->on_loop);
        want(l, 0);
    }
}

static void on_job_done(struct later *t) {
    struct job *job = CONTAINER_OF(t, struct job, later);
    job->loop->job_count--;
    job->done(job);
}

/* The pool is as fast as can be: what it does is done when it is asked. */
void loop_work(struct loop *l, struct job *job) {
    job->loop = l;
    l->job_count++;
    job->run(job);
    job->later = (struct later){ .run = on_job_done };
    loop_later(l, &job->later);
}

void loop_begin_turn(struct loop *l) {
    if (!l->is_in_turn) {
        l->is_in_turn = true;
        l->now_ms = clock_mono_ms();
    }
}

void loop_fini(struct loop *l) {
    struct fake_loop *fake = fake_of(l);
    CHECK(list_is_empty(&fake->ready) && list_is_empty(&fake->closing) && l->conn_count == 0);
    xfree(fake);
    xfree(l->read_buf);
    l->uv.data = NULL;
    l->read_buf = NULL;
}

/* ---- a turn */

static struct listener *listener_of(const struct fake_loop *fake, int fd) {
    for (size_t i = 0; i < fake->listener_count; i++) {
        if (fake->listeners[i]->fd == fd) {
            return fake->listeners[i];
        }
    }
    return NULL;
}

static void accept_some(struct fake_loop *fake) {
    struct node *n;
    for (int i = 0; i < LISTENER_ACCEPTS_PER_TURN && (n = list_pop(&fake->newcomers)) != NULL;
         i++) {
        struct fake_link *k = CONTAINER_OF(n, struct fake_link, on_loop);
        struct listener *listener = listener_of(fake, k->listener_fd);
        if (listener != NULL) {
            listener->on_accept(listener, k->fd);
        } else {
            fake_link_close(k);
        }
    }
}

/* Serves those that are ready now; what becomes ready meanwhile waits for the next turn. */
static void serve_ready(struct fake_loop *fake) {
    struct list now;
    list_init(&now);
    struct node *n;
    while ((n = list_pop(&fake->ready)) != NULL) {
        list_push(&now, n);
        if (rng_below(fake->net->rng, 4) == 0 && now.head.next != n) {
            list_move(&now, now.head.next);    // not always first come, first served
        }
    }
    while ((n = list_pop(&now)) != NULL) {
        struct fake_link *k = CONTAINER_OF(n, struct fake_link, on_loop);
        if (k->conn != NULL) {
            fake_conn_serve(k->conn);
        }
    }
}

static void wake(struct loop *l, struct fake_loop *fake) {
    if (fake->is_woken) {
        fake->is_woken = false;
        l->ops.on_wake(l->ctx);
    }
}

static void poll(struct loop *l, struct fake_loop *fake) {
    bool is_wake_first = rng_below(fake->net->rng, 2) == 0;
    if (is_wake_first) {
        wake(l, fake);
    }
    accept_some(fake);
    serve_ready(fake);
    wake(l, fake);
}

static void close_some(struct loop *l, struct fake_loop *fake) {
    struct node *n;
    while ((n = list_pop(&fake->closing)) != NULL) {
        struct fake_link *k = CONTAINER_OF(n, struct fake_link, on_loop);
        struct conn *c = k->closing;
        k->closing = NULL;
        k->loop = NULL;
        l->conn_count--;
        struct fake_link *gone = k->client == NULL ? k : NULL;
        fake_conn_closed(c);
        fake_link_free(&gone);
    }
}

static void on_due(struct timer *t, void *ctx) {
    struct loop *l = ctx;
    l->ops.on_timer(t, l->ctx);
}

void fake_loop_turn(struct loop *l) {
    struct fake_loop *fake = fake_of(l);
    loop_begin_turn(l);
    poll(l, fake);
    close_some(l, fake);
    for (struct node *n; (n = list_pop(&l->due)) != NULL;) {
        struct later *t = CONTAINER_OF(n, struct later, on_loop);
        t->run(t);
    }
    wheel_advance(&l->wheel, l->now_ms, on_due, l);
    bool has_more = l->ops.on_turn_end(l->ctx);
    l->is_in_turn = false;
    for (struct node *n; (n = list_pop(&l->later)) != NULL;) {
        list_push(&l->due, n);
    }
    has_more = has_more || fake->is_woken || !list_is_empty(&l->due) ||
               !list_is_empty(&fake->ready) || !list_is_empty(&fake->closing) ||
               !list_is_empty(&fake->newcomers);
    uint64_t wait_ms = has_more ? 0 : wheel_wait_ms(&l->wheel, l->now_ms);
    if (wait_ms != UINT64_MAX) {
        want(l, wait_ms * 1000);
    }
}

bool fake_loop_is_over(const struct loop *l) {
    return l->is_stopping && l->conn_count == 0 && l->job_count == 0;
}

/* ---- its net */

void fake_loop_attach(struct loop *l, struct fake_net *net) {
    fake_of(l)->net = net;
}

void fake_loop_listen(struct loop *l, struct listener *listener) {
    struct fake_loop *fake = fake_of(l);
    CHECK(fake->listener_count < LISTENERS_MAX);
    fake->listeners[fake->listener_count++] = listener;
}

void fake_loop_kill(struct loop *l) {
    struct fake_loop *fake = fake_of(l);
    struct fake_net *net = fake->net;
    fake->net = NULL;
    for (size_t i = 0; i < net->link_count; i++) {
        struct fake_link *k = net->links[i];
        if (k == NULL || k->loop != l) {
            continue;
        }
        list_drop(&k->on_loop);
        if (k->conn != NULL || k->closing != NULL) {
            fake_conn_forget(k->conn != NULL ? k->conn : k->closing);
        }
        k->loop = NULL;
        k->conn = NULL;
        k->closing = NULL;
        k->is_down_ended = true;
        k->is_down_reset = k->is_down_reset || fake_pipe_bytes(&k->up) > 0;
        if (k->client != NULL) {
            net->on_down(net->ctx, k);
        } else {
            fake_link_free(&k);
        }
    }
    l->conn_count = 0;
    while (list_pop(&l->later) != NULL || list_pop(&l->due) != NULL) {
    }
}

struct fake_link *fake_loop_link(struct loop *l, int fd) {
    struct fake_net *net = fake_of(l)->net;
    CHECK(fd >= 0 && (size_t)fd < net->link_count && net->links[fd] != NULL);
    return net->links[fd];
}

void fake_link_ready(struct fake_link *k) {
    if (k->loop != NULL && k->conn != NULL && !node_is_on_list(&k->on_loop)) {
        list_push(&fake_of(k->loop)->ready, &k->on_loop);
        want(k->loop, 0);
    }
}

/* The server has closed its end. */
void fake_link_close(struct fake_link *k) {
    struct fake_loop *fake = fake_of(k->loop);
    list_drop(&k->on_loop);
    k->closing = k->conn;
    k->conn = NULL;
    k->is_down_ended = true;
    k->is_down_reset = k->is_down_reset || fake_pipe_bytes(&k->up) > 0;
    if (k->closing != NULL) {
        list_push(&fake->closing, &k->on_loop);
        want(k->loop, 0);
    } else {
        k->loop = NULL;
    }
    if (k->client != NULL) {
        k->net->on_down(k->net->ctx, k);
    } else if (k->loop == NULL) {
        fake_link_free(&k);
    }
}

void fake_net_reset_cut(struct fake_net *net) {
    for (size_t i = 0; i < net->link_count; i++) {
        struct fake_link *k = net->links[i];
        if (k != NULL && k->client == NULL && !k->is_up_ended) {
            fake_link_end(k, true);
        }
    }
}

static int free_fd(struct fake_net *net) {
    for (size_t i = net->link_count; i > 0 && i + 8 > net->link_count; i--) {
        if (net->links[i - 1] == NULL) {
            return (int)(i - 1);
        }
    }
    CHECK(net->link_count < LINKS_MAX);
    net->links = xrealloc(net->links, (net->link_count + 1) * sizeof *net->links);
    net->links[net->link_count] = NULL;
    return (int)net->link_count++;
}

struct fake_link *fake_link_new(struct fake_net *net, struct loop *l, int listener_fd,
                                const char *address, void *client) {
    struct fake_loop *fake = fake_of(l);
    if (listener_of(fake, listener_fd) == NULL) {
        return NULL;
    }
    struct fake_link *k = xzalloc(sizeof *k);
    k->net = net;
    k->loop = l;
    k->listener_fd = listener_fd;
    k->client = client;
    k->down_bytes_max = FAKE_SOCKET_BYTES;
    k->up.bytes = BUF_INIT(SIZE_MAX / 2);
    k->down.bytes = BUF_INIT(SIZE_MAX / 2);
    size_t n = strlen(address);
    CHECK(n < sizeof k->address);
    memcpy(k->address, address, n + 1);
    k->fd = free_fd(net);
    net->links[k->fd] = k;
    list_push(&fake->newcomers, &k->on_loop);
    want(l, 0);
    return k;
}

void fake_net_fini(struct fake_net *net) {
    for (size_t i = 0; i < net->link_count; i++) {
        CHECK(net->links[i] == NULL || net->links[i]->loop == NULL);
        fake_link_free(&net->links[i]);
    }
    xfree(net->links);
    net->links = NULL;
    net->link_count = 0;
}
