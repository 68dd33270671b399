/* parloir block, parloir audit: whose words are kept from whom; and what was decided. */
#include "base/clock.h"
#include "server/cli_ask.h"

#define HOUR_MS UINT64_C(3600000)
#define AUDIT_ROWS_DEFAULT 100

/* ---- blocks */

/* Reads the id of whom --from names. */
static int find_from(const struct cli *cli, uint64_t *id) {
    SCOPED(buf_fini) struct buf request = { 0 };
    SCOPED(cli_reply_fini) struct cli_reply reply = CLI_REPLY_INIT;
    cli_request(&request, "user_show");
    cli_request_text(&request, "username", cli->from);
    int status = cli_ask(cli, &request, &reply);
    if (status == CLI_DONE) {
        *id = cli_reply_number(&reply, "id");
    }
    return status;
}

/* Begins a request about a pair. */
static int about_pair(const struct cli *cli, struct buf *request, const char *cmd) {
    bool is_from_one = (cli->given & CLI_FROM) != 0;
    uint64_t from = 0;
    int status = is_from_one ? find_from(cli, &from) : CLI_DONE;
    cli_request(request, cmd);
    cli_request_text(request, "username", cli->args[0]);
    cli_request_number(request, is_from_one ? "other" : "is_on", is_from_one ? from : 1);
    return status;
}

static int block_add(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    SCOPED(buf_fini) struct buf until = BUF_INIT(CLI_SENTENCE_BYTES_MAX);
    SCOPED(cli_reply_fini) struct cli_reply reply = CLI_REPLY_INIT;
    int status = about_pair(cli, &request, "block_add");
    if ((cli->given & CLI_HOURS) != 0) {
        cli_request_number(&request, "duration_ms", cli->hours * HOUR_MS);
    }
    status = status == CLI_DONE ? cli_ask(cli, &request, &reply) : status;
    if (status == CLI_DONE && cli->is_json) {
        cli_print_reply(&reply);
    } else if (status == CLI_DONE) {
        clock_put_rfc3339(&until, cli_reply_number(&reply, "until_ms"));
        cli_say("%.*s: blocked until %.*s", STR_FMT(cli->args[0]), STR_FMT(buf_str(&until)));
    }
    return status;
}

static int block_remove(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    int status = about_pair(cli, &request, "block_remove");
    return status == CLI_DONE ? cli_do(cli, &request, STR_LIT("not blocked")) : status;
}

static int block_list(struct cli *cli) {
    static const struct cli_columns columns = {
        3,
        {
            { "username", "username", COLUMN_TEXT },
            { "from", "from", COLUMN_TEXT, "(everyone)" },
            { "until", "until_ms", COLUMN_UNTIL },
        },
    };
    return cli_do_list(cli, LIST_BLOCKS, STR_NONE, &columns);
}

static const struct cli_verb block_verbs[] = {
    { "add", "NAME [--from NAME] [--hours N]",
      "Keeps what a user says from another, or from everyone; for 24 hours or for so many.",
      CLI_FROM | CLI_HOURS, 1, block_add },
    { "remove", "NAME [--from NAME]", "Lets a user be heard again.", CLI_FROM, 1, block_remove },
    { "list", "", "Lists the blocks that hold.", 0, 0, block_list },
};

int cli_block(int argc, char **argv) {
    static const struct cli_command command = { "block", block_verbs, COUNT(block_verbs), NULL };
    return cli_run(&command, argc, argv);
}

/* ---- what was decided */

static int audit(struct cli *cli) {
    static const struct cli_columns columns = {
        9,
        {
            { "when", "at_ms", COLUMN_TIME },
            { "who", "actor", COLUMN_TEXT, "(operator)" },
            { "did", "action", COLUMN_TEXT },
            { "to", "username", COLUMN_TEXT },
            { "from", "from", COLUMN_TEXT },
            { "room", "room", COLUMN_TEXT },
            { "message", "message", COLUMN_NUMBER },
            { "until", "until_ms", COLUMN_UNTIL },
            { "detail", "detail", COLUMN_TEXT },
        },
    };
    uint64_t limit = (cli->given & CLI_LIMIT) != 0 ? cli->limit : AUDIT_ROWS_DEFAULT;
    if ((cli->given & CLI_USER) != 0 && cli->user.n == 0) {
        return cli_fail("--user: the name of a user");
    }
    return cli_do_newest(cli, LIST_AUDIT, cli->user, limit, &columns);
}

static const struct cli_verb audit_verbs[] = {
    { "", "[--user NAME] [--limit N]",
      "Lists the last 100 things that were decided about people, or so many, the newest first; "
      "with a name, those about or by that user.",
      CLI_USER | CLI_LIMIT, 0, audit },
};

int cli_audit(int argc, char **argv) {
    static const struct cli_command command = { "audit", audit_verbs, COUNT(audit_verbs), NULL };
    return cli_run(&command, argc, argv);
}
