/* parloir user: people. A password is hashed here; only its hash leaves the process. */
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "auth/password.h"
#include "server/cli_ask.h"

#define PASSWORD_LINE_BYTES 1024

/* ---- passwords */

/* Switches the terminal's echo; false: it is no terminal. */
static bool echo(bool is_on) {
    struct termios tty;
    if (tcgetattr(STDIN_FILENO, &tty) != 0) {
        return false;
    }
    tty.c_lflag = is_on ? tty.c_lflag | ECHO : tty.c_lflag & ~(tcflag_t)ECHO;
    return tcsetattr(STDIN_FILENO, TCSANOW, &tty) == 0;
}

/* Reads the first line of standard input, of which `line` has room for PASSWORD_LINE_BYTES. */
static bool read_line(char *line) {
    bool is_terminal = echo(false);
    if (is_terminal) {
        fputs("Password: ", stderr);
    }
    bool is_read = fgets(line, PASSWORD_LINE_BYTES, stdin) != NULL;
    if (is_terminal) {
        (void)echo(true);
        fputc('\n', stderr);
    }
    return is_read;
}

static int hash(const char *line, char out[PASSWORD_HASH_BYTES]) {
    size_t n = strcspn(line, "\n");
    struct str password = { line, n > 0 && line[n - 1] == '\r' ? n - 1 : n };
    const char *why = NULL;
    if (!password_check(password, &why)) {
        return cli_fail("%s", why);
    }
    if (password_hash(password, PASSWORD_COST, out) != OK) {
        return cli_fail("there is not enough memory to hash a password");
    }
    return CLI_DONE;
}

/* Reads a password and adds its hash to the request. */
static int put_password(struct buf *request) {
    char line[PASSWORD_LINE_BYTES];
    char hashed[PASSWORD_HASH_BYTES];
    if (!read_line(line)) {
        return cli_fail("no password came on standard input: one line is wanted");
    }
    int status = hash(line, hashed);
    explicit_bzero(line, sizeof line);
    if (status == CLI_DONE) {
        cli_request_text(request, "hash", str_of(hashed));
    }
    return status;
}

/* ---- verbs */

static bool is_role(struct str name) {
    return role_by_name(name) != ROLE_COUNT;
}

static int wrong_role(const struct cli *cli) {
    return cli_wrong(cli, "a role is member, pro or admin");
}

static int add(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    cli_request(&request, "user_add");
    cli_request_text(&request, "username", cli->args[0]);
    if ((cli->given & CLI_ROLE) != 0) {
        if (!is_role(cli->role)) {
            return wrong_role(cli);
        }
        cli_request_text(&request, "role", cli->role);
    }
    if ((cli->given & CLI_MOBILE) != 0) {
        cli_request_text(&request, "mobile", cli->mobile);
    }
    int status = (cli->given & CLI_PASSWORD_STDIN) != 0 ? put_password(&request) : CLI_DONE;
    return status == CLI_DONE ? cli_do_id(cli, &request) : status;
}

static int list(struct cli *cli) {
    static const struct cli_columns columns = {
        5,
        {
            { "id", "id", COLUMN_NUMBER },
            { "username", "username", COLUMN_TEXT },
            { "role", "role", COLUMN_TEXT },
            { "mobile", "mobile", COLUMN_TEXT },
            { "created", "created_ms", COLUMN_TIME },
        },
    };
    return cli_do_list(cli, LIST_USERS, STR_NONE, &columns);
}

/* Begins a request about the user that is named first. */
static void about_user(struct cli *cli, struct buf *request, const char *cmd) {
    cli_request(request, cmd);
    cli_request_text(request, "username", cli->args[0]);
}

static int show(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    about_user(cli, &request, "user_show");
    return cli_do_show(cli, &request);
}

static int role(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    if (!is_role(cli->args[1])) {
        return wrong_role(cli);
    }
    about_user(cli, &request, "user_role");
    cli_request_text(&request, "role", cli->args[1]);
    return cli_do(cli, &request, cli->args[1]);
}

static int password(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    about_user(cli, &request, "user_password");
    int status = put_password(&request);
    return status == CLI_DONE ? cli_do(cli, &request, STR_LIT("new password")) : status;
}

static int erase(struct cli *cli) {
    SCOPED(buf_fini) struct buf request = { 0 };
    about_user(cli, &request, "user_erase");
    return cli_do(cli, &request, STR_LIT("erased"));
}

static const struct cli_verb verbs[] = {
    { "add", "NAME [--role member|pro|admin] [--mobile +33612345678] [--password-stdin]",
      "Adds a user and prints the id. A password, if there is to be one, is the first line of "
      "standard input.",
      CLI_ROLE | CLI_MOBILE | CLI_PASSWORD_STDIN, 1, add },
    { "list", "", "Lists all users.", 0, 0, list },
    { "show", "NAME", "Shows one user.", 0, 1, show },
    { "role", "NAME member|pro|admin", "Gives a user another role.", 0, 2, role },
    { "password", "NAME", "Sets the password to the first line of standard input.", 0, 1,
      password },
    { "erase", "NAME",
      "Takes a user's name, number, password and tokens away and ends the connections; what was "
      "said stays, under a placeholder.",
      0, 1, erase },
};

int cli_user(int argc, char **argv) {
    static const struct cli_command command = { "user", verbs, COUNT(verbs), NULL };
    return cli_run(&command, argc, argv);
}
