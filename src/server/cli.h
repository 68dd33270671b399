/* The command line: one call of one command, from its arguments to its exit status.
 *
 *     argv ──cli_parse──> struct cli ──config_load──> verb->run ──cli_ask──> reply ──> stdout
 *
 * A command is a noun with verbs (`user add`), or a word alone (`status`): then its one verb has an
 * empty name. What a verb takes stands in its row; nothing else knows it.
 *
 *   exit 0   done
 *   exit 1   refused or failed, with a sentence on standard error
 *   exit 2   wrong usage, or a configuration that cannot be used
 *
 * Thread   the main thread.
 * Memory   texts of `struct cli` are borrowed from argv; the configuration is owned.
 * Bound    CLI_ARGS_MAX arguments, CLI_SET_MAX times --set. */
#ifndef PARLOIR_SERVER_CLI_H
#define PARLOIR_SERVER_CLI_H

#include "config/config.h"

#define CLI_ARGS_MAX 4
#define CLI_SET_MAX 64
#define CLI_LINE_BYTES_MAX (1u << 16)       // a request, a sentence
#define CLI_REPLY_BYTES_MAX (128u << 20)    // a list of LIST_ROWS_MAX rows

/* The exit statuses. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* Flags a verb may take besides those all have (--config, --data, --set, --json, --help). */
enum cli_flag {
    CLI_ROLE = BIT(0),
    CLI_MOBILE = BIT(1),
    CLI_PASSWORD_STDIN = BIT(2),
    CLI_LABEL = BIT(3),
    CLI_JWT = BIT(4),
    CLI_TTL = BIT(5),
    CLI_SERVER = BIT(6),
    CLI_PRIVATE = BIT(7),
    CLI_HOURS = BIT(8),
    CLI_ROOM = BIT(9),
    CLI_DEV = BIT(10),    // and: it loads its configuration itself, and prints no JSON
    CLI_TAPE = BIT(11),
    CLI_RENUMBER = BIT(12),
    CLI_KEEP = BIT(13),    // --messages, --bytes, --age, --default
    CLI_FROM = BIT(14),
    CLI_USER = BIT(15),
    CLI_LIMIT = BIT(16),
};

struct cli;

/* A row of a command's table. */
struct cli_verb {
    const char *name;               // "add"; "" for a command that is one word
    const char *usage;              // what follows the name: "NAME [--role member|pro|admin]"
    const char *help;               // one sentence
    unsigned flags;                 // of enum cli_flag
    size_t arg_count;               // exactly so many names, files ...
    int (*run)(struct cli *cli);    // the exit status
};

/* A command and its verbs; static. */
struct cli_command {
    const char *name;
    const struct cli_verb *verbs;
    size_t verb_count;
    void (*more_help)(struct buf *out);    // what --help adds at the end; may be NULL
};

/* One call. A flag that was not given is NULL, 0 or false. */
struct cli {
    const struct cli_command *command;
    const struct cli_verb *verb;
    struct config_sources sources;
    const char *sets[CLI_SET_MAX];    // of sources.set
    struct config *config;            // owned; loaded before run, but for verbs with CLI_DEV
    struct str args[CLI_ARGS_MAX];
    size_t arg_count;
    unsigned given;    // of enum cli_flag
    struct str role;
    struct str mobile;
    struct str label;
    struct str server;
    struct str room;
    struct str messages;
    struct str bytes;
    struct str age;
    bool is_default;
    uint64_t ttl_s;
    uint64_t hours;
    uint64_t limit;
    struct str from;
    struct str user;
    bool is_json;
    bool is_help;    // nothing else counts then; verb may be NULL
};

/* Fills in *cli from argv, where argv[0] is the command's name.
 * ERR_PROTO: wrong usage; `why` receives a sentence that says what would be right. */
enum err cli_parse(const struct cli_command *command, int argc, char **argv, struct cli *cli,
                   struct buf *why) MUST_USE;

/* Appends the usage of one verb, or of all of a command's, a line each. */
void cli_put_usage(const struct cli_command *command, const struct cli_verb *verb, struct buf *out);

/* Parses, loads the configuration, runs the verb, and returns the exit status. */
int cli_run(const struct cli_command *command, int argc, char **argv);

/* Says on standard error why the command ends, and returns CLI_FAILED. Control characters in the
 * text are written out. */
int cli_fail(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Says that the flags do not go together, with the verb's usage, and returns CLI_USAGE. */
int cli_wrong(const struct cli *cli, const char *sentence);

/* The commands. argv[0] is the command's name, the rest is for cli_parse. Each prints what it has
 * to say and returns the exit status. */
int cli_serve(int argc, char **argv);
int cli_user(int argc, char **argv);
int cli_token(int argc, char **argv);
int cli_room(int argc, char **argv);
int cli_ban(int argc, char **argv);
int cli_block(int argc, char **argv);
int cli_audit(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_export(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_backup(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_replay(int argc, char **argv);

#endif
