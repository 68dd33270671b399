/* Addresses to listen on, and the sockets made from them. What happens on such a socket afterwards
 * is listener.c.
 *
 * Every worker binds the same port (SO_REUSEPORT) and the kernel spreads newcomers over them. The
 * price is that a second server of the same user could bind it as well, unnoticed, and get half of
 * our newcomers; so the first time, an address is tried without SO_REUSEPORT before. */
#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- text */

/* Cuts `prefix` off the front of *s; false if it does not stand there. */
static bool cut_prefix(struct str *s, struct str prefix) {
    if (!str_starts(*s, prefix)) {
        return false;
    }
    s->p += prefix.n;
    s->n -= prefix.n;
    return true;
}

static enum err parse_unix(struct str path, struct listen_address *out) {
    struct sockaddr_un *un = (struct sockaddr_un *)&out->addr;

    if (str_is_empty(path) || path.n >= sizeof un->sun_path || str_find(path, '\0') != path.n) {
        return ERR_PROTO;
    }
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path.p, path.n);
    out->addr_bytes = sizeof *un;
    out->is_unix = true;
    return OK;
}

static enum err parse_host4(struct str host, in_port_t port, struct listen_address *out) {
    struct sockaddr_in *in = (struct sockaddr_in *)&out->addr;
    char text[INET_ADDRSTRLEN] = { 0 };

    if (str_eq_nocase(host, STR_LIT("localhost"))) {
        host = STR_LIT("127.0.0.1");
    }
    if (host.n >= sizeof text) {
        return ERR_PROTO;
    }
    memcpy(text, host.p, host.n);
    in->sin_family = AF_INET;
    in->sin_port = port;
    out->addr_bytes = sizeof *in;
    return inet_pton(AF_INET, text, &in->sin_addr) == 1 ? OK : ERR_PROTO;
}

static enum err parse_host6(struct str host, in_port_t port, struct listen_address *out) {
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&out->addr;
    char text[INET6_ADDRSTRLEN] = { 0 };

    if (host.n >= sizeof text) {
        return ERR_PROTO;
    }
    memcpy(text, host.p, host.n);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = port;
    out->addr_bytes = sizeof *in6;
    return inet_pton(AF_INET6, text, &in6->sin6_addr) == 1 ? OK : ERR_PROTO;
}

/* Splits "host:port" at its last colon. */
static enum err cut_port(struct str *text, in_port_t *port) {
    size_t colon = text->n;
    uint64_t number = 0;

    while (colon > 0 && text->p[colon - 1] != ':') {
        colon--;
    }
    if (colon == 0) {
        return ERR_PROTO;
    }
    struct str digits = { text->p + colon, text->n - colon };
    if (str_to_u64(digits, &number) != OK || number > UINT16_MAX) {
        return ERR_PROTO;
    }
    *port = htons((uint16_t)number);
    text->n = colon - 1;
    return OK;
}

enum err listen_address_parse(struct str text, struct listen_address *out) {
    struct listen_address a = { 0 };
    in_port_t port = 0;
    enum err err = OK;

    text = str_trim(text);
    a.is_tls = cut_prefix(&text, STR_LIT("tls:"));
    if (cut_prefix(&text, STR_LIT("unix:"))) {
        err = parse_unix(text, &a);
    } else if ((err = cut_port(&text, &port)) != OK) {
        return err;
    } else if (str_is_empty(text)) {
        a.is_any = true;
        err = parse_host6(STR_LIT("::"), port, &a);
    } else if (text.p[0] == '[' && text.p[text.n - 1] == ']') {
        err = parse_host6((struct str){ text.p + 1, text.n - 2 }, port, &a);
    } else {
        err = parse_host4(text, port, &a);
    }
    if (err == OK) {
        *out = a;
    }
    return err;
}

void listen_address_text(const struct listen_address *a, char out[LISTEN_TEXT_BYTES]) {
    const char *tls = a->is_tls ? "tls:" : "";
    char host[INET6_ADDRSTRLEN] = { 0 };

    if (a->is_unix) {
        snprintf(out, LISTEN_TEXT_BYTES, "%sunix:%s", tls,
                 ((const struct sockaddr_un *)&a->addr)->sun_path);
    } else if (a->addr.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&a->addr;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        snprintf(out, LISTEN_TEXT_BYTES, "%s%s:%u", tls, a->is_any ? "" : host,
                 ntohs(in->sin_port));
    } else {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a->addr;
        inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
        snprintf(out, LISTEN_TEXT_BYTES, a->is_any ? "%s%s:%u" : "%s[%s]:%u", tls,
                 a->is_any ? "" : host, ntohs(in6->sin6_port));
    }
}

/* ---- sockets */

static enum err err_of(int why) {
    switch (why) {
    case EADDRINUSE: return ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS: return ERR_DENIED;
    case EMFILE:
    case ENFILE: return ERR_FULL;
    default: return ERR_IO;
    }
}

static in_port_t port_of(const struct listen_address *a) {
    return a->addr.ss_family == AF_INET ? ((const struct sockaddr_in *)&a->addr)->sin_port
                                        : ((const struct sockaddr_in6 *)&a->addr)->sin6_port;
}

/* A system without IPv6 has only half of "every address". */
static void fall_back_to_ipv4(struct listen_address *a) {
    in_port_t port = port_of(a);
    struct sockaddr_in *in = (struct sockaddr_in *)&a->addr;

    memset(&a->addr, 0, sizeof a->addr);
    in->sin_family = AF_INET;
    in->sin_port = port;
    a->addr_bytes = sizeof *in;
}

static int open_socket(struct listen_address *a) {
    int kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket(a->addr.ss_family, kind, 0);

    if (fd < 0 && errno == EAFNOSUPPORT && a->is_any) {
        fall_back_to_ipv4(a);
        fd = socket(a->addr.ss_family, kind, 0);
    }
    return fd;
}

/* Binds a TCP socket. Returns the descriptor, -1 with errno. */
static int bind_tcp(struct listen_address *a, bool is_shared) {
    int on = 1;
    int v6_only = a->is_any ? 0 : 1;    // "[::]:1" and "0.0.0.0:1" may stand side by side
    int fd = open_socket(a);

    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->addr.ss_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
    }
    if (is_shared) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);    // accepted sockets inherit these
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&a->addr, a->addr_bytes) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static int open_tcp(struct listen_address *a) {
    if (!a->is_ours && port_of(a) != 0) {
        int alone = bind_tcp(a, false);
        if (alone < 0) {
            return -1;
        }
        close(alone);
    }
    return bind_tcp(a, true);
}

/* Whether a server answers on this Unix socket. */
static bool is_answered(const struct listen_address *a) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool answers = fd >= 0 && (connect(fd, (const struct sockaddr *)&a->addr, a->addr_bytes) == 0 ||
                               errno == EAGAIN);
    if (fd >= 0) {
        close(fd);
    }
    return answers;
}

/* Binds a Unix socket. Returns the descriptor, -1 with errno. */
static int open_unix(const struct listen_address *a, unsigned mode) {
    const char *path = ((const struct sockaddr_un *)&a->addr)->sun_path;
    struct stat is = { 0 };
    int why = EADDRINUSE;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    if (lstat(path, &is) == 0) {
        if (!S_ISSOCK(is.st_mode) || is_answered(a)) {
            goto fail;
        }
        unlink(path);
    }
    fchmod(fd, mode);    // the file gets no wider a mode than this, not even for a moment
    if (bind(fd, (const struct sockaddr *)&a->addr, a->addr_bytes) != 0 || chmod(path, mode) != 0) {
        why = errno;
        goto fail;
    }
    return fd;

fail:
    close(fd);
    errno = why;
    return -1;
}

enum err listen_open(struct listen_address *a, unsigned mode, int *fd) {
    int made = a->is_unix ? open_unix(a, mode) : open_tcp(a);

    if (made < 0) {
        return err_of(errno);
    }
    socklen_t addr_bytes = sizeof a->addr;
    if (listen(made, LISTENER_BACKLOG) != 0 ||
        (!a->is_unix && getsockname(made, (struct sockaddr *)&a->addr, &addr_bytes) != 0)) {
        int why = errno;
        close(made);
        errno = why;
        return err_of(why);
    }
    a->is_ours = true;
    *fd = made;
    return OK;
}
