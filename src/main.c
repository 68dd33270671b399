/* parloir: the table of its commands. Without one it serves. */
#include <stdio.h>

#include "server/cli.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    { "serve", cli_serve, "runs the server (what parloir does without a command)" },
    { "user", cli_user, "add, list, show, role, password, erase" },
    { "token", cli_token, "add, list, revoke: API tokens, and JSON Web Tokens" },
    { "room", cli_room, "add, list, remove" },
    { "ban", cli_ban, "add, remove, list" },
    { "block", cli_block, "add, remove, list: who is not heard, and by whom" },
    { "audit", cli_audit, "what was decided about people, by whom and when" },
    { "status", cli_status, "how the running server is doing" },
    { "export", cli_export, "users, rooms and messages as lines of JSON" },
    { "import", cli_import, "reads what export wrote" },
    { "backup", cli_backup, "copies the database while the server runs or not" },
    { "check", cli_check, "looks for damage in the store" },
    { "replay", cli_replay, "plays a recorded tape again and compares" },
};

static int print_help(void) {
    printf("Parloir, a chat server. usage: parloir [COMMAND] ...\n\n");
    for (size_t i = 0; i < COUNT(commands); i++) {
        printf("  %-8s %s\n", commands[i].name, commands[i].help);
    }
    printf("\nparloir help COMMAND says what a command takes; see also parloir(1).\n");
    return fflush(stdout) == 0 ? CLI_DONE : CLI_FAILED;
}

static int print_version(void) {
    printf("parloir %s\n", PARLOIR_VERSION);
    return fflush(stdout) == 0 ? CLI_DONE : CLI_FAILED;
}

static int run(const char *name, int argc, char **argv) {
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return commands[i].run(argc, argv);
        }
    }
    (void)cli_fail("there is no command \"%s\"", name);
    fprintf(stderr, "usage: parloir [COMMAND] ..., with the commands of parloir help\n");
    return CLI_USAGE;
}

static bool is_one_of(const char *word, const char *a, const char *b) {
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

int main(int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : "";
    if (is_one_of(word, "--help", "-h") || (argc == 2 && strcmp(word, "help") == 0)) {
        return print_help();
    }
    if (is_one_of(word, "--version", "-V")) {
        return print_version();
    }
    if (strcmp(word, "help") == 0) {
        char flag[] = "--help";
        char *help[] = { argv[2], flag, NULL };
        return run(argv[2], 2, help);
    }
    if (word[0] == '\0' || word[0] == '-') {
        return cli_serve(argc, argv);
    }
    return run(word, argc - 1, argv + 1);
}
