/* The wire to a running server: see cli_wire.h. */
#include "server/cli_wire.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/settings.h"

#define READ_BYTES 65536

static int connect_to(const char *path) {
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof to.sun_path) {
        errno = ENOENT;    // no server can listen there either
        return -1;
    }
    memcpy(to.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    struct timeval patience = { .tv_sec = CLI_REPLY_MS / 1000 };
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
        connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

enum err cli_wire_open(struct cli_wire *wire, const struct config *config, struct buf *why) {
    SCOPED(buf_fini) struct buf path = BUF_INIT(CLI_LINE_BYTES_MAX);
    settings_put_path(config, "parloir.sock", &path);
    wire->fd = connect_to(path.p);
    if (wire->fd >= 0) {
        return OK;
    }
    bool is_nobody = errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR;
    buf_printf(why, "%s cannot be used: %s", path.p, strerror(errno));
    return is_nobody ? ERR_CLOSED : ERR_IO;
}

enum err cli_wire_send(struct cli_wire *wire, struct str bytes, struct buf *why) {
    while (bytes.n > 0) {
        ssize_t n = send(wire->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n < 0) {
            bool is_late = errno == EAGAIN || errno == EWOULDBLOCK;
            buf_printf(why, is_late ? "the server takes nothing: it may be stuck, see its log"
                                    : "the server hung up: see its log");
            return is_late ? ERR_EXPIRED : ERR_IO;
        }
        bytes = (struct str){ bytes.p + n, bytes.n - (size_t)n };
    }
    return OK;
}

static enum err read_more(struct cli_wire *wire, struct buf *why) {
    char *room = buf_room(&wire->in, READ_BYTES);
    if (room == NULL) {
        buf_printf(why, "the server's answer is longer than %u bytes", CLI_REPLY_BYTES_MAX);
        return ERR_TOO_BIG;
    }
    ssize_t n = recv(wire->fd, room, READ_BYTES, 0);
    if (n <= 0) {
        bool is_late = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        buf_printf(why, is_late ? "the server does not answer: it may be stuck, see its log"
                                : "the server hung up without an answer: see its log");
        return is_late ? ERR_EXPIRED : ERR_IO;
    }
    buf_added(&wire->in, (size_t)n);
    return OK;
}

enum err cli_wire_read(struct cli_wire *wire, struct str *line, struct buf *why) {
    buf_drop(&wire->in, wire->taken);
    wire->taken = 0;
    size_t looked = 0;
    while (true) {
        bool has_more = looked < wire->in.n;    // at first there may not even be memory
        struct str rest =
            has_more ? (struct str){ wire->in.p + looked, wire->in.n - looked } : STR_NONE;
        size_t end = str_find(rest, '\n');
        if (end < rest.n) {
            *line = (struct str){ wire->in.p, looked + end };
            wire->taken = line->n + 1;
            return OK;
        }
        looked = wire->in.n;
        enum err err = read_more(wire, why);
        if (err != OK) {
            return err;
        }
    }
}

void cli_wire_fini(struct cli_wire *wire) {
    if (wire->fd >= 0) {
        close(wire->fd);
        wire->fd = -1;
    }
    buf_fini(&wire->in);
}
