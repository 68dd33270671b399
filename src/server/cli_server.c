/* parloir serve, status, replay: the server itself, and what one wants to know of it. */
#include <errno.h>
#include <stdio.h>

#include "core/tape.h"
#include "server/cli_ask.h"
#include "server/server.h"

#define TAPE_BYTES_MAX ((size_t)8 << 30)
#define READ_BYTES 65536

/* ---- serve */

static int serve(struct cli *cli) {
    return server_run(&cli->sources);
}

static void options_help(struct buf *out) {
    BUF_PUT_LIT(out, "\nOptions for --set, the file and the environment:\n\n");
    config_put_help(out);
}

int cli_serve(int argc, char **argv) {
    static const struct cli_verb verbs[] = {
        { "", "[--config FILE] [--data DIR] [--set section.key=value]... [--dev] [--tape FILE]",
          "Serves until a signal ends it. --dev: demo people, weak secrets, this machine only. "
          "--tape: records what the core is given, for parloir replay.",
          CLI_DEV | CLI_TAPE, 0, serve },
    };
    static const struct cli_command command = { "serve", verbs, COUNT(verbs), options_help };
    return cli_run(&command, argc, argv);
}

/* ---- status */

static int status(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    SCOPED(cli_reply_fini) struct cli_reply reply = CLI_REPLY_INIT;
    cli_request(&request, "status");
    int done = cli_ask_server(cli, &request, &reply);
    if (done == CLI_DONE && cli->is_json) {
        cli_print_reply(&reply);
    } else if (done == CLI_DONE) {
        cli_print_members(&reply);
    }
    return done;
}

int cli_status(int argc, char **argv) {
    static const struct cli_verb verbs[] = {
        { "", "", "Says how the running server is doing; exits 1 if there is none.", 0, 0, status },
    };
    static const struct cli_command command = { "status", verbs, COUNT(verbs), NULL };
    return cli_run(&command, argc, argv);
}

/* ---- replay */

static enum err read_whole(const char *path, struct buf *out, struct buf *why) {
    FILE *file = fopen(path, "re");
    size_t n = 1;
    while (file != NULL && n > 0 && !ferror(file)) {
        char *room = buf_room(out, READ_BYTES);
        if (room == NULL) {
            buf_printf(why, "%s is too long to be replayed at once", path);
            fclose(file);
            return ERR_TOO_BIG;
        }
        n = fread(room, 1, READ_BYTES, file);
        buf_added(out, n);
    }
    bool is_read = file != NULL && !ferror(file);
    if (!is_read) {
        buf_printf(why, "%s cannot be read: %s", path, strerror(errno));
    }
    if (file != NULL) {
        fclose(file);
    }
    return is_read ? OK : ERR_IO;
}

static int replay(struct cli *cli) {
    SCOPED(buf_fini) struct buf tape = BUF_INIT(TAPE_BYTES_MAX);
    SCOPED(buf_fini) struct buf text = BUF_INIT(CLI_REPLY_BYTES_MAX);
    if (read_whole(cli->args[0].p, &tape, &text) != OK) {
        return cli_fail("%.*s", STR_FMT(buf_str(&text)));
    }
    enum err err = tape_replay(buf_str(&tape), &(struct core_limits){ 0 }, &text);
    return cli_report(cli, err == OK, str_trim(buf_str(&text)));
}

int cli_replay(int argc, char **argv) {
    static const struct cli_verb verbs[] = {
        { "", "FILE",
          "Plays a tape of parloir serve --tape on a core of its own and compares what comes out; "
          "exits 1 on a difference.",
          0, 1, replay },
    };
    static const struct cli_command command = { "replay", verbs, COUNT(verbs), NULL };
    return cli_run(&command, argc, argv);
}
