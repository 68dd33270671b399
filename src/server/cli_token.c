/* parloir token: what programs and people come in with.
 *
 * An API token is made here and shown once; the store gets its hash under <data>/token.key. A JWT
 * is kept nowhere: it is signed with the server's secret and good until it expires. */
#include "auth/jwt.h"
#include "auth/keyfile.h"
#include "auth/token.h"
#include "base/clock.h"
#include "base/rng.h"
#include "server/cli_ask.h"
#include "server/settings.h"

#define JWT_TTL_S 86400

/* Appends the text of a key file in the data directory, which is made if it is not there. */
static int load_key(const struct cli *cli, const char *name, struct buf *key) {
    SCOPED(buf_fini) struct buf path = BUF_INIT(CLI_LINE_BYTES_MAX);
    SCOPED(buf_fini) struct buf why = BUF_INIT(CLI_LINE_BYTES_MAX);
    bool is_new;
    settings_put_path(cli->config, name, &path);
    if (cli_make_data_dir(cli->config, &why) != OK ||
        key_file_load(path.p, key, &is_new, &why) != OK) {
        return cli_fail("%.*s", STR_FMT(buf_str(&why)));
    }
    return CLI_DONE;
}

/* The token alone on its line, or with what is said of it. */
static void print_token(const struct cli *cli, struct str token, const struct cli_reply *reply,
                        struct str label) {
    if (!cli->is_json) {
        cli_say("%.*s", STR_FMT(token));
        return;
    }
    SCOPED(buf_fini) struct buf line = BUF_INIT(CLI_LINE_BYTES_MAX);
    BUF_PUT_LIT(&line, "{\"token\":");
    json_put_text(&line, token);
    buf_printf(&line, ",\"id\":%llu", (unsigned long long)cli_reply_number(reply, "id"));
    BUF_PUT_LIT(&line, ",\"username\":");
    json_put_text(&line, cli_reply_text(reply, "username"));
    if (label.n > 0) {
        BUF_PUT_LIT(&line, ",\"label\":");
        json_put_text(&line, label);
    }
    buf_put_char(&line, '}');
    cli_print_json(buf_str(&line));
}

static int put_hash(const struct cli *cli, struct str token, struct buf *request) {
    SCOPED(buf_fini) struct buf key = BUF_INIT(KEY_FILE_TEXT_MAX);
    SCOPED(buf_fini) struct buf text = BUF_INIT(CLI_LINE_BYTES_MAX);
    int status = load_key(cli, "token.key", &key);
    if (status == CLI_DONE) {
        struct token_key token_key = token_key_of(buf_str(&key));
        struct token_hash hash = token_hash(&token_key, token);
        base64url_put(&text, hash.b, sizeof hash.b);
        cli_request_text(request, "hash", buf_str(&text));
        explicit_bzero(key.p, key.n);
    }
    return status;
}

/* Who gives no label gets the time as one. */
static int add_api_token(const struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    SCOPED(buf_fini) struct buf token = BUF_INIT(CLI_LINE_BYTES_MAX);
    SCOPED(buf_fini) struct buf now = BUF_INIT(CLI_LINE_BYTES_MAX);
    SCOPED(cli_reply_fini) struct cli_reply reply = CLI_REPLY_INIT;
    clock_put_rfc3339_ms(&now, clock_wall_ms());
    struct str label = (cli->given & CLI_LABEL) != 0 ? cli->label : buf_str(&now);

    token_make(&token);
    cli_request(&request, "token_add");
    cli_request_text(&request, "username", cli->args[0]);
    cli_request_text(&request, "label", label);
    int status = put_hash(cli, buf_str(&token), &request);
    if (status == CLI_DONE) {
        status = cli_ask(cli, &request, &reply);
    }
    if (status == CLI_DONE) {
        print_token(cli, buf_str(&token), &reply, label);
    }
    return status;
}

/* The secret as the server finds it: the configured one, or the key file's. Whether it is strong
 * enough is the server's to say, which knows whether it runs with --dev. */
static int put_secret(const struct cli *cli, struct buf *secret) {
    struct str given = cli->config->auth_jwt_secret.text;
    if (given.n == 0) {
        return load_key(cli, "jwt.key", secret);
    }
    buf_put_str(secret, given);
    return CLI_DONE;
}

static int mint(const struct cli *cli, const struct cli_reply *reply, struct buf *token) {
    SCOPED(buf_fini) struct buf secret = BUF_INIT(CONFIG_VALUE_BYTES_MAX);
    int status = put_secret(cli, &secret);
    if (status != CLI_DONE) {
        return status;
    }
    jwt_mint(
        &(struct jwt_mint){
            .secret = buf_str(&secret),
            .user_id = cli_reply_number(reply, "id"),
            .username = cli_reply_text(reply, "username"),
            .role = cli_reply_text(reply, "role"),
            .mobile = cli_reply_text(reply, "mobile"),
            .issuer = cli->config->auth_issuer,
            .audience = cli->config->auth_audience,
            .token_id = cli->label,
            .ttl_s = (cli->given & CLI_TTL) != 0 ? cli->ttl_s : JWT_TTL_S,
            .now_s = clock_wall_ms() / 1000,
        },
        token);
    explicit_bzero(secret.p, secret.n);
    return CLI_DONE;
}

static int add_jwt(const struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    SCOPED(buf_fini) struct buf token = BUF_INIT(JWT_BYTES_MAX);
    SCOPED(cli_reply_fini) struct cli_reply reply = CLI_REPLY_INIT;
    if (str_chars(cli->label) > LABEL_CHARS_MAX) {
        return cli_fail("--label: at most %d characters", LABEL_CHARS_MAX);
    }
    cli_request(&request, "user_show");
    cli_request_text(&request, "username", cli->args[0]);
    int status = cli_ask(cli, &request, &reply);
    if (status == CLI_DONE) {
        status = mint(cli, &reply, &token);
    }
    if (status == CLI_DONE && !buf_ok(&token)) {
        status = cli_fail("the token would be over %d bytes: auth.issuer, auth.audience and the "
                          "name are too long together",
                          JWT_BYTES_MAX);
    }
    if (status == CLI_DONE) {
        print_token(cli, buf_str(&token), &reply, cli->label);
    }
    return status;
}

static int add(struct cli *cli) {
    if ((cli->given & CLI_JWT) != 0) {
        return add_jwt(cli);
    }
    if ((cli->given & CLI_TTL) != 0) {
        return cli_wrong(cli, "--ttl goes with --jwt: an API token is good until it is revoked");
    }
    return add_api_token(cli);
}

static int list(struct cli *cli) {
    static const struct cli_columns columns = {
        2,
        {
            { "label", "label", COLUMN_TEXT },
            { "created", "created_ms", COLUMN_TIME },
        },
    };
    return cli_do_list(cli, LIST_TOKENS, cli->args[0], &columns);
}

static int revoke(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    cli_request(&request, "token_revoke");
    cli_request_text(&request, "username", cli->args[0]);
    cli_request_text(&request, "label", cli->args[1]);
    return cli_do(cli, &request, STR_LIT("token revoked"));
}

static const struct cli_verb verbs[] = {
    { "add", "NAME [--label TEXT] [--jwt [--ttl SECONDS]]",
      "Makes an API token, or with --jwt a JSON Web Token that expires, and prints it. It is shown "
      "this once.",
      CLI_LABEL | CLI_JWT | CLI_TTL, 1, add },
    { "list", "NAME", "Lists the labels of a user's API tokens.", 0, 1, list },
    { "revoke", "NAME LABEL", "Makes an API token worthless.", 0, 2, revoke },
};

int cli_token(int argc, char **argv) {
    static const struct cli_command command = { "token", verbs, COUNT(verbs), NULL };
    return cli_run(&command, argc, argv);
}
