/* Accepting. How a listening socket is made is listen.c.
 *
 *      ACCEPTING ──no descriptor left──> RESTING ──LISTENER_REST_MS──> ACCEPTING
 *      (watched)                         (timer set, not watched)
 *
 * A server that is out of descriptors cannot even refuse: accept fails, the newcomer stays in the
 * backlog and the socket stays readable. Hence some are kept back, and who would get one of those
 * is accepted and closed, and knows at once. When they are gone as well there is the spare: with it
 * given up there is one descriptor, to accept and close one newcomer after the other. The spare
 * alone would not do: another worker may take the descriptor in between, and it is lost. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"

static int open_spare(void) {
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* The first descriptor that is not for newcomers. */
static int fd_end(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT_MAX) {
        return INT_MAX;
    }
    int count = (int)limit.rlim_cur;
    return count > 2 * LISTENER_FDS_KEPT ? count - LISTENER_FDS_KEPT : count;
}

static int accept_one(const struct listener *l) {
    return accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* A newcomer that was gone before we looked, or a passing trouble of the network (accept(2)). */
static bool is_passing(int why) {
    switch (why) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT: return true;
    default: return false;
    }
}

/* Closes up to `budget` newcomers whom we cannot serve. */
static void refuse_waiting(struct listener *l, int budget) {
    if (l->spare_fd < 0) {
        return;
    }
    close(l->spare_fd);
    for (int fd; budget > 0 && (fd = accept_one(l)) >= 0; budget--) {
        close(fd);
        l->refused_count++;
    }
    l->spare_fd = open_spare();
}

static void rest(struct listener *l, int why) {
    LOG_WARN("listener.rested", ERRNO(why), U64("refused", l->refused_count));
    uv_poll_stop(&l->poll);
    wheel_set(&l->loop->wheel, &l->rest, l->loop->now_ms + LISTENER_REST_MS);
}

/* Hands a newcomer over, or closes him at once if there are too many. */
static void take(struct listener *l, int fd) {
    if (fd < l->fd_end) {
        l->on_accept(l, fd);
    } else {
        close(fd);
        l->refused_count++;
    }
}

static void accept_some(struct listener *l) {
    for (int budget = LISTENER_ACCEPTS_PER_TURN; budget > 0 && l->fd >= 0; budget--) {
        int fd = accept_one(l);
        int why = errno;
        if (fd >= 0) {
            take(l, fd);
        } else if (why == EAGAIN) {
            return;
        } else if (!is_passing(why)) {
            if (why == EMFILE || why == ENFILE) {
                refuse_waiting(l, budget);
            }
            rest(l, why);
            return;
        }
    }
}

static void on_newcomers(uv_poll_t *poll, int status, int events) {
    struct listener *l = CONTAINER_OF(poll, struct listener, poll);
    uint64_t refused_before = l->refused_count;
    (void)events;

    loop_begin_turn(l->loop);
    if (status < 0) {
        rest(l, -status);
        return;
    }
    accept_some(l);
    if (l->refused_count > refused_before) {
        LOG_WARN("listener.refused", ERRNO(EMFILE), U64("refused", l->refused_count));
    }
}

static void on_handle_closed(uv_handle_t *handle) {
    struct listener *l = CONTAINER_OF((uv_poll_t *)handle, struct listener, poll);

    loop_begin_turn(l->loop);
    if (l->on_closed != NULL) {
        l->on_closed(l);    // which may free us
    }
}

enum err listener_start(struct listener *l, struct loop *loop, int fd,
                        void (*on_accept)(struct listener *l, int fd), void *ctx) {
    memset(l, 0, sizeof *l);
    if (uv_poll_init(&loop->uv, &l->poll, fd) != 0) {
        close(fd);
        l->fd = -1;
        return ERR_IO;
    }
    l->loop = loop;
    l->fd = fd;
    l->spare_fd = open_spare();
    l->fd_end = fd_end();
    l->on_accept = on_accept;
    l->ctx = ctx;
    CHECK(uv_poll_start(&l->poll, UV_READABLE, on_newcomers) == 0);
    return OK;
}

void listener_on_timer(struct listener *l) {
    if (l->fd >= 0) {
        if (l->spare_fd < 0) {
            l->spare_fd = open_spare();
        }
        CHECK(uv_poll_start(&l->poll, UV_READABLE, on_newcomers) == 0);
    }
}

void listener_stop(struct listener *l, void (*on_closed)(struct listener *l)) {
    if (l->fd < 0) {
        return;
    }
    wheel_cancel(&l->loop->wheel, &l->rest);
    l->on_closed = on_closed;
    uv_close((uv_handle_t *)&l->poll, on_handle_closed);
    close(l->fd);
    l->fd = -1;
    if (l->spare_fd >= 0) {
        close(l->spare_fd);
        l->spare_fd = -1;
    }
}
