/* Asking: see cli_ask.h. */
#include "server/cli_ask.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/operator.h"
#include "server/settings.h"

#define RETRY_MS 50
#define READ_BYTES 65536

void cli_reply_fini(struct cli_reply *reply) {
    json_reader_free(&reply->reader);
    buf_fini(&reply->text);
    reply->root = NULL;
}

/* ---- requests */

void cli_request(struct buf *request, const char *cmd) {
    *request = BUF_INIT(OPERATOR_LINE_BYTES_MAX - 1);
    BUF_PUT_LIT(request, "{\"cmd\":");
    json_put_text(request, str_of(cmd));
}

static void put_key(struct buf *request, const char *key) {
    buf_put_char(request, ',');
    json_put_text(request, str_of(key));
    buf_put_char(request, ':');
}

void cli_request_text(struct buf *request, const char *key, struct str value) {
    put_key(request, key);
    json_put_text(request, value);
}

void cli_request_number(struct buf *request, const char *key, uint64_t value) {
    put_key(request, key);
    buf_put_u64(request, value);
}

/* ---- the socket */

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
        connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static bool send_all(int fd, struct str bytes) {
    while (bytes.n > 0) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n < 0) {
            return false;
        }
        bytes = (struct str){ bytes.p + n, bytes.n - (size_t)n };
    }
    return true;
}

/* Reads up to the newline, which is not kept. */
static enum err read_line(int fd, struct buf *reply, struct buf *why) {
    while (true) {
        char *room = buf_room(reply, READ_BYTES);
        if (room == NULL) {
            buf_printf(why, "the server's answer is longer than %u bytes", CLI_REPLY_BYTES_MAX);
            return ERR_TOO_BIG;
        }
        ssize_t n = recv(fd, room, READ_BYTES, 0);
        if (n <= 0) {
            bool is_late = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
            buf_printf(why, is_late ? "the server does not answer: it may be stuck, see its log"
                                    : "the server hung up without an answer: see its log");
            return is_late ? ERR_EXPIRED : ERR_IO;
        }
        buf_added(reply, (size_t)n);
        if (reply->p[reply->n - 1] == '\n') {
            reply->n--;
            return OK;
        }
    }
}

enum err cli_ask_socket(const struct config *config, struct str request, struct buf *reply,
                        struct buf *why) {
    SCOPED(buf_fini) struct buf path = BUF_INIT(CLI_LINE_BYTES_MAX);
    settings_put_path(config, "parloir.sock", &path);
    int fd = connect_to(path.p);
    if (fd < 0) {
        bool is_nobody = errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR;
        buf_printf(why, "%s cannot be used: %s", path.p, strerror(errno));
        return is_nobody ? ERR_CLOSED : ERR_IO;
    }
    SCOPED(buf_fini) struct buf line = BUF_INIT(OPERATOR_LINE_BYTES_MAX);
    buf_put_str(&line, request);
    buf_put_char(&line, '\n');
    enum err err = OK;
    if (!send_all(fd, buf_str(&line))) {
        buf_printf(why, "the server hung up: %s", strerror(errno));
        err = ERR_IO;
    }
    err = err == OK ? read_line(fd, reply, why) : err;
    close(fd);
    return err;
}

/* ---- whoever is there */

enum err cli_make_data_dir(const struct config *config, struct buf *why) {
    if (mkdir(config->data_dir.p, 0700) == 0 || errno == EEXIST) {
        return OK;
    }
    buf_printf(why, "data.dir: %s cannot be made: %s", config->data_dir.p, strerror(errno));
    return ERR_IO;
}

/* A server that is just starting or stopping holds the store and listens to nobody yet: so does
 * another command. Both are soon over. */
static enum err ask_anybody(const struct config *config, struct str request, struct buf *reply,
                            struct buf *why) {
    uint64_t until_ms = clock_mono_ms() + CLI_BUSY_MS;
    enum err err = cli_make_data_dir(config, why);
    while (err == OK) {
        buf_reset(why);
        err = cli_ask_socket(config, request, reply, why);
        if (err != ERR_CLOSED) {
            return err;
        }
        buf_reset(why);
        err = cli_ask_store(config, request, reply, why);
        if (err != ERR_BUSY || clock_mono_ms() >= until_ms) {
            return err;
        }
        nanosleep(&(struct timespec){ .tv_nsec = RETRY_MS * 1000000L }, NULL);
        err = OK;
    }
    return err;
}

static int parse(struct cli_reply *reply) {
    bool is_ok = false;
    reply->reader = json_reader_new(CLI_REPLY_BYTES_MAX);
    if (json_parse(reply->reader, buf_str(&reply->text), &reply->root) != OK) {
        return cli_fail("the answer is not understood: %s", json_reader_why(reply->reader));
    }
    if (json_bool(json_get(reply->root, "ok"), &is_ok) == OK && is_ok) {
        return CLI_DONE;
    }
    struct str sentence = json_text(json_get(reply->root, "error"));
    return cli_fail("%.*s", STR_FMT(sentence.n > 0 ? sentence : STR_LIT("refused")));
}

static int end_request(struct buf *request) {
    buf_put_char(request, '}');
    return buf_ok(request) ? CLI_DONE : cli_fail("that is too long for one request");
}

int cli_ask(const struct cli *cli, struct buf *request, struct cli_reply *reply) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(CLI_LINE_BYTES_MAX);
    if (end_request(request) != CLI_DONE) {
        return CLI_FAILED;
    }
    if (ask_anybody(cli->config, buf_str(request), &reply->text, &why) != OK) {
        return cli_fail("%.*s", STR_FMT(buf_str(&why)));
    }
    return parse(reply);
}

int cli_ask_server(const struct cli *cli, struct buf *request, struct cli_reply *reply) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(CLI_LINE_BYTES_MAX);
    if (end_request(request) != CLI_DONE) {
        return CLI_FAILED;
    }
    enum err err = cli_ask_socket(cli->config, buf_str(request), &reply->text, &why);
    if (err == ERR_CLOSED) {
        return cli_fail("no server runs on the data directory %s", cli->config->data_dir.p);
    }
    return err == OK ? parse(reply) : cli_fail("%.*s", STR_FMT(buf_str(&why)));
}
