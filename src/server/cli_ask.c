/* Asking: see cli_ask.h. */
#include "server/cli_ask.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "server/cli_wire.h"
#include "server/operator.h"

#define RETRY_MS 50

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

enum err cli_ask_socket(const struct config *config, struct str request, struct buf *reply,
                        struct buf *why) {
    SCOPED(cli_wire_fini) struct cli_wire wire = CLI_WIRE_INIT;
    SCOPED(buf_fini) struct buf line = BUF_INIT(OPERATOR_LINE_BYTES_MAX);
    struct str answer;
    enum err err = cli_wire_open(&wire, config, why);
    if (err != OK) {
        return err;
    }
    buf_put_str(&line, request);
    buf_put_char(&line, '\n');
    err = cli_wire_send(&wire, buf_str(&line), why);
    err = err == OK ? cli_wire_read(&wire, &answer, why) : err;
    if (err == OK) {
        buf_put_str(reply, answer);
    }
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

bool cli_try_again(uint64_t until_ms) {
    if (clock_mono_ms() >= until_ms) {
        return false;
    }
    nanosleep(&(struct timespec){ .tv_nsec = RETRY_MS * 1000000L }, NULL);
    return true;
}

static enum err ask_anybody(const struct config *config, struct str request, struct buf *reply,
                            struct buf *why) {
    uint64_t until_ms = clock_mono_ms() + CLI_BUSY_MS;
    enum err err = cli_make_data_dir(config, why);
    if (err != OK) {
        return err;
    }
    do {
        buf_reset(why);
        err = cli_ask_socket(config, request, reply, why);
        if (err == ERR_CLOSED) {
            buf_reset(why);
            err = cli_ask_store(config, request, reply, why);
        }
    } while (err == ERR_BUSY && cli_try_again(until_ms));
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
