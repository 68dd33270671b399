/* What most verbs do with a reply: print it, for people or for programs. */
#include "server/cli_ask.h"

struct str cli_reply_text(const struct cli_reply *reply, const char *key) {
    return json_text(json_get(reply->root, key));
}

uint64_t cli_reply_number(const struct cli_reply *reply, const char *key) {
    uint64_t number = 0;
    return json_u64(json_get(reply->root, key), &number) == OK ? number : 0;
}

/* The next member that says something beyond the form of a reply. */
static bool next_member(const struct cli_reply *reply, size_t *at, struct str *key,
                        const struct json **member) {
    while (json_each(reply->root, at, key, member)) {
        if (!str_eq(*key, STR_LIT("ok")) && !str_eq(*key, STR_LIT("cmd"))) {
            return true;
        }
    }
    return false;
}

void cli_print_reply(const struct cli_reply *reply) {
    SCOPED(buf_fini) struct buf line = BUF_INIT(CLI_REPLY_BYTES_MAX);
    size_t at = 0;
    struct str key;
    const struct json *member;
    while (next_member(reply, &at, &key, &member)) {
        buf_put_char(&line, line.n == 0 ? '{' : ',');
        json_put_text(&line, key);
        buf_put_char(&line, ':');
        cli_put_json(&line, member);
    }
    buf_put_str(&line, line.n == 0 ? STR_LIT("{}") : STR_LIT("}"));
    cli_print_json(buf_str(&line));
}

/* "uptime_ms" is shown as "uptime", in days and hours. */
static void put_member(struct buf *line, struct str key, const struct json *member) {
    uint64_t number;
    bool is_span = str_ends(key, STR_LIT("_ms")) && json_u64(member, &number) == OK;
    size_t begin = line->n;
    cli_put_safe(line, (struct str){ key.p, is_span ? key.n - 3 : key.n });
    for (size_t i = begin; i < line->n; i++) {
        line->p[i] = line->p[i] == '_' ? ' ' : line->p[i];
    }
    BUF_PUT_LIT(line, ": ");
    if (is_span) {
        cli_put_span(line, number);
    } else if (json_kind_of(member) == JSON_TEXT) {
        cli_put_safe(line, json_text(member));
    } else {
        cli_put_json(line, member);
    }
    buf_put_char(line, '\n');
}

void cli_print_members(const struct cli_reply *reply) {
    SCOPED(buf_fini) struct buf lines = BUF_INIT(CLI_REPLY_BYTES_MAX);
    size_t at = 0;
    struct str key;
    const struct json *member;
    while (next_member(reply, &at, &key, &member)) {
        put_member(&lines, key, member);
    }
    cli_print(buf_str(&lines));
}

int cli_do(const struct cli *cli, struct buf *request, struct str what) {
    SCOPED(cli_reply_fini) struct cli_reply reply = CLI_REPLY_INIT;
    int status = cli_ask(cli, request, &reply);
    if (status == CLI_DONE && cli->is_json) {
        cli_print_reply(&reply);
    } else if (status == CLI_DONE) {
        cli_say("%.*s: %.*s", STR_FMT(cli->args[0]), STR_FMT(what));
    }
    return status;
}

int cli_do_id(const struct cli *cli, struct buf *request) {
    SCOPED(cli_reply_fini) struct cli_reply reply = CLI_REPLY_INIT;
    int status = cli_ask(cli, request, &reply);
    if (status == CLI_DONE && cli->is_json) {
        cli_print_reply(&reply);
    } else if (status == CLI_DONE) {
        cli_say("%llu", (unsigned long long)cli_reply_number(&reply, "id"));
    }
    return status;
}

int cli_do_show(const struct cli *cli, struct buf *request) {
    SCOPED(cli_reply_fini) struct cli_reply reply = CLI_REPLY_INIT;
    int status = cli_ask(cli, request, &reply);
    if (status == CLI_DONE && cli->is_json) {
        cli_print_reply(&reply);
    } else if (status == CLI_DONE) {
        cli_print_members(&reply);
    }
    return status;
}

static void print_rows(const struct json *rows) {
    SCOPED(buf_fini) struct buf line = BUF_INIT(CLI_REPLY_BYTES_MAX);
    for (size_t i = 0; i < json_count(rows); i++) {
        buf_reset(&line);
        cli_put_json(&line, json_at(rows, i));
        cli_print_json(buf_str(&line));
    }
}

static void print_table(const struct json *rows, const struct cli_columns *columns) {
    SCOPED(buf_fini) struct buf table = BUF_INIT(CLI_REPLY_BYTES_MAX);
    if (json_count(rows) == 0) {
        BUF_PUT_LIT(&table, "There are none.\n");
    } else {
        cli_put_table(&table, rows, columns);
    }
    cli_print(buf_str(&table));
}

int cli_do_list(const struct cli *cli, enum list_kind kind, struct str username,
                const struct cli_columns *columns) {
    return cli_do_newest(cli, kind, username, 0, columns);
}

int cli_do_newest(const struct cli *cli, enum list_kind kind, struct str username, uint64_t limit,
                  const struct cli_columns *columns) {
    SCOPED(buf_fini) struct buf request = { 0 };
    SCOPED(cli_reply_fini) struct cli_reply reply = CLI_REPLY_INIT;
    cli_request(&request, "list");
    cli_request_number(&request, "list_kind", kind);
    if (username.n > 0) {
        cli_request_text(&request, "username", username);
    }
    if (limit != 0) {
        cli_request_number(&request, "limit", limit);
    }
    int status = cli_ask(cli, &request, &reply);
    const struct json *rows = json_get(reply.root, "rows");
    if (status == CLI_DONE && cli->is_json) {
        print_rows(rows);
    } else if (status == CLI_DONE) {
        print_table(rows, columns);
    }
    return status;
}

int cli_report(const struct cli *cli, bool is_ok, struct str text) {
    if (cli->is_json) {
        SCOPED(buf_fini) struct buf line = BUF_INIT(SIZE_MAX);
        buf_printf(&line, "{\"ok\":%s,\"report\":", is_ok ? "true" : "false");
        json_put_text(&line, text);
        buf_put_char(&line, '}');
        cli_print_json(buf_str(&line));
        return is_ok ? CLI_DONE : CLI_FAILED;
    }
    while (text.p != NULL) {
        struct str line = str_cut(&text, '\n');
        if (is_ok) {
            cli_say("%.*s", STR_FMT(line));
        } else {
            (void)cli_fail("%.*s", STR_FMT(line));
        }
    }
    return is_ok ? CLI_DONE : CLI_FAILED;
}
