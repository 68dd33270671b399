/* One call of a command: what is the same for all of them. */
#include "server/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "server/cli_out.h"

/* Set back to what struct cli's pointers need once it no longer moves. */
static void settle(struct cli *cli) {
    cli->sources.set = cli->sets;
    cli->sources.env = environ;
}

int cli_fail(const char *fmt, ...) {
    char text[CLI_SENTENCE_BYTES_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);

    SCOPED(buf_fini) struct buf line = BUF_INIT(CLI_LINE_BYTES_MAX);
    BUF_PUT_LIT(&line, "parloir: ");
    cli_put_safe(&line, str_of(text));
    fprintf(stderr, "%.*s\n", STR_FMT(buf_str(&line)));
    return CLI_FAILED;
}

int cli_wrong(const struct cli *cli, const char *sentence) {
    SCOPED(buf_fini) struct buf usage = BUF_INIT(CLI_LINE_BYTES_MAX);
    cli_put_usage(cli->command, cli->verb, &usage);
    (void)cli_fail("%s", sentence);
    fprintf(stderr, "usage: %.*s", (int)(str_find(buf_str(&usage), '\n') + 1), usage.p);
    return CLI_USAGE;
}

/* Without a verb the sentence has named those there are, and one line of usage stands for all. */
static int wrong_usage(const struct cli *cli, const struct buf *why) {
    SCOPED(buf_fini) struct buf sentence = BUF_INIT(CLI_LINE_BYTES_MAX);
    buf_printf(&sentence, "%.*s", STR_FMT(buf_str(why)));
    buf_put_char(&sentence, '\0');
    if (cli->verb != NULL) {
        return cli_wrong(cli, sentence.p);
    }
    (void)cli_fail("%s", sentence.p);
    fprintf(stderr, "usage: parloir %s VERB ..., more with parloir help %s\n", cli->command->name,
            cli->command->name);
    return CLI_USAGE;
}

static int help(const struct cli *cli) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(CLI_REPLY_BYTES_MAX);
    for (size_t i = 0; i < cli->command->verb_count; i++) {
        const struct cli_verb *verb = &cli->command->verbs[i];
        if (cli->verb == NULL || cli->verb == verb) {
            cli_put_usage(cli->command, verb, &out);
            buf_printf(&out, "    %s\n", verb->help);
        }
    }
    BUF_PUT_LIT(&out, "\nEvery command takes --config FILE, --data DIR, --set section.key=value");
    bool is_server = (cli->command->verbs[0].flags & CLI_DEV) != 0;
    buf_put_str(&out, is_server ? STR_LIT(".\n") : STR_LIT(" and --json.\n"));
    if (cli->command->more_help != NULL) {
        cli->command->more_help(&out);
    }
    cli_print(buf_str(&out));
    return CLI_DONE;
}

/* The server loads its configuration by itself, and again when it is told to. */
static int run(struct cli *cli) {
    if ((cli->verb->flags & CLI_DEV) != 0) {
        return cli->verb->run(cli);
    }
    SCOPED(buf_fini) struct buf why = BUF_INIT(CLI_LINE_BYTES_MAX);
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, STDERR_FILENO);
    if (config_load(&cli->sources, &cli->config, &why) != OK) {
        (void)cli_fail("%.*s", STR_FMT(buf_str(&why)));
        return CLI_USAGE;
    }
    int status = cli->verb->run(cli);
    config_free(&cli->config);
    log_flush();
    return status;
}

/* Nobody may take half an output for a whole one. */
static int close_output(int status) {
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return status;
    }
    return cli_fail("the output cannot be written: %s", strerror(errno));
}

int cli_run(const struct cli_command *command, int argc, char **argv) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(CLI_LINE_BYTES_MAX);
    struct cli cli;
    enum err err = cli_parse(command, argc, argv, &cli, &why);
    settle(&cli);
    if (err != OK) {
        return wrong_usage(&cli, &why);
    }
    return close_output(cli.is_help ? help(&cli) : run(&cli));
}
