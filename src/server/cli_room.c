/* parloir room, parloir ban. */
#include "base/clock.h"
#include "server/cli_ask.h"

#define HOUR_MS UINT64_C(3600000)

/* ---- rooms */

static int room_add(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    if ((cli->given & CLI_SERVER) != 0 && !str_eq_nocase(cli->server, STR_LIT("lobby"))) {
        return cli_fail("there is no server of the name \"%.*s\": lobby is the only one",
                        STR_FMT(cli->server));
    }
    cli_request(&request, "room_add");
    cli_request_text(&request, "room_name", cli->args[0]);
    cli_request_number(&request, "is_private", (cli->given & CLI_PRIVATE) != 0);
    return cli_do_id(cli, &request);
}

static int room_list(struct cli *cli) {
    static const struct cli_columns columns = {
        5,
        {
            { "id", "id", COLUMN_NUMBER },
            { "room", "room", COLUMN_TEXT },
            { "private", "is_private", COLUMN_YES_NO },
            { "messages", "messages", COLUMN_NUMBER },
            { "created", "created_ms", COLUMN_TIME },
        },
    };
    return cli_do_list(cli, LIST_ROOMS, STR_NONE, &columns);
}

static int room_remove(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    cli_request(&request, "room_remove");
    cli_request_text(&request, "room_name", cli->args[0]);
    return cli_do(cli, &request, STR_LIT("removed"));
}

/* Adds the operand a flag stands for; false: its value is none, and that has been said. */
static bool put_limit(struct buf *request, const char *operand, const char *option,
                      struct str value) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(CLI_SENTENCE_BYTES_MAX);
    uint64_t n = 0;
    if (value.p == NULL) {
        return true;
    }
    if (config_amount(option, value, &n, &why) != OK) {
        (void)cli_fail("%.*s", STR_FMT(buf_str(&why)));
        return false;
    }
    cli_request_number(request, operand, n);
    return true;
}

static int room_keep(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    bool has_limit = cli->messages.p != NULL || cli->bytes.p != NULL || cli->age.p != NULL;
    if (has_limit == cli->is_default) {
        return cli_wrong(cli, "either some limits, of which 0 is none, or --default");
    }
    cli_request(&request, "room_keep");
    cli_request_text(&request, "room_name", cli->args[0]);
    cli_request_number(&request, "is_on", has_limit);
    if (!put_limit(&request, "messages", "history.messages_max", cli->messages) ||
        !put_limit(&request, "bytes", "history.bytes_max", cli->bytes) ||
        !put_limit(&request, "age_ms", "history.age_max", cli->age)) {
        return CLI_USAGE;
    }
    return cli_do(cli, &request,
                  has_limit ? STR_LIT("has rules of its own") : STR_LIT("as configured"));
}

static const struct cli_verb room_verbs[] = {
    { "add", "NAME [--server NAME] [--private]",
      "Adds a room, which everybody may join unless it is private, and prints its id.",
      CLI_SERVER | CLI_PRIVATE, 1, room_add },
    { "list", "", "Lists all rooms.", 0, 0, room_list },
    { "keep", "NAME (--default | [--messages N] [--bytes N] [--age TIME])",
      "Says how much of a room is kept, whatever the configuration says of all; what is not "
      "named has no limit.",
      CLI_KEEP, 1, room_keep },
    { "remove", "NAME", "Removes a room and what was said in it, for good.", 0, 1, room_remove },
};

int cli_room(int argc, char **argv) {
    static const struct cli_command command = { "room", room_verbs, COUNT(room_verbs), NULL };
    return cli_run(&command, argc, argv);
}

/* ---- bans */

static int ban_add(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    SCOPED(buf_fini) struct buf what = BUF_INIT(CLI_SENTENCE_BYTES_MAX);
    bool is_for_good = (cli->given & CLI_HOURS) == 0;
    uint64_t until_ms = is_for_good ? 0 : clock_wall_ms() + cli->hours * HOUR_MS;
    cli_request(&request, "ban_add");
    cli_request_text(&request, "username", cli->args[0]);
    cli_request_number(&request, "until_ms", until_ms);
    if (is_for_good) {
        BUF_PUT_LIT(&what, "banned for good");
    } else {
        BUF_PUT_LIT(&what, "banned until ");
        clock_put_rfc3339(&what, until_ms);
    }
    return cli_do(cli, &request, buf_str(&what));
}

static int ban_remove(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    cli_request(&request, "ban_remove");
    cli_request_text(&request, "username", cli->args[0]);
    return cli_do(cli, &request, STR_LIT("not banned"));
}

static int ban_list(struct cli *cli) {
    static const struct cli_columns columns = {
        2,
        {
            { "username", "username", COLUMN_TEXT },
            { "until", "until_ms", COLUMN_UNTIL },
        },
    };
    return cli_do_list(cli, LIST_BANS, STR_NONE, &columns);
}

static const struct cli_verb ban_verbs[] = {
    { "add", "NAME [--hours N]",
      "Bans a user, for good or for so many hours, and ends the connections there are.", CLI_HOURS,
      1, ban_add },
    { "remove", "NAME", "Lets a user come back.", 0, 1, ban_remove },
    { "list", "", "Lists all bans.", 0, 0, ban_list },
};

int cli_ban(int argc, char **argv) {
    static const struct cli_command command = { "ban", ban_verbs, COUNT(ban_verbs), NULL };
    return cli_run(&command, argc, argv);
}
