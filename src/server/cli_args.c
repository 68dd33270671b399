/* Arguments: argv against the table of flags and the row of the verb. No input or output here.
 *
 * A flag is `--name`, with its value behind it or behind `=`. Flags and names may be mixed; what
 * comes after `--` is a name whatever it looks like. */
#include "server/cli.h"

/* A flag that every verb takes has no bit. `offset` is a field of struct cli of the kind's type. */
static const struct flag {
    const char *name;
    unsigned bit;
    enum { FLAG_PATH, FLAG_SET, FLAG_TEXT, FLAG_NUMBER, FLAG_SWITCH, FLAG_GIVEN } kind;
    size_t offset;
} flags[] = {
    { "--config", 0, FLAG_PATH, offsetof(struct cli, sources.file) },
    { "--data", 0, FLAG_PATH, offsetof(struct cli, sources.data_dir) },
    { "--set", 0, FLAG_SET, 0 },
    { "--json", 0, FLAG_SWITCH, offsetof(struct cli, is_json) },
    { "--help", 0, FLAG_SWITCH, offsetof(struct cli, is_help) },
    { "-h", 0, FLAG_SWITCH, offsetof(struct cli, is_help) },
    { "--dev", CLI_DEV, FLAG_SWITCH, offsetof(struct cli, sources.is_dev) },
    { "--tape", CLI_TAPE, FLAG_PATH, offsetof(struct cli, sources.tape_file) },
    { "--role", CLI_ROLE, FLAG_TEXT, offsetof(struct cli, role) },
    { "--mobile", CLI_MOBILE, FLAG_TEXT, offsetof(struct cli, mobile) },
    { "--label", CLI_LABEL, FLAG_TEXT, offsetof(struct cli, label) },
    { "--server", CLI_SERVER, FLAG_TEXT, offsetof(struct cli, server) },
    { "--room", CLI_ROOM, FLAG_TEXT, offsetof(struct cli, room) },
    { "--messages", CLI_KEEP, FLAG_TEXT, offsetof(struct cli, messages) },
    { "--bytes", CLI_KEEP, FLAG_TEXT, offsetof(struct cli, bytes) },
    { "--age", CLI_KEEP, FLAG_TEXT, offsetof(struct cli, age) },
    { "--default", CLI_KEEP, FLAG_SWITCH, offsetof(struct cli, is_default) },
    { "--ttl", CLI_TTL, FLAG_NUMBER, offsetof(struct cli, ttl_s) },
    { "--hours", CLI_HOURS, FLAG_NUMBER, offsetof(struct cli, hours) },
    { "--from", CLI_FROM, FLAG_TEXT, offsetof(struct cli, from) },
    { "--user", CLI_USER, FLAG_TEXT, offsetof(struct cli, user) },
    { "--limit", CLI_LIMIT, FLAG_NUMBER, offsetof(struct cli, limit) },
    { "--password-stdin", CLI_PASSWORD_STDIN, FLAG_GIVEN, 0 },
    { "--jwt", CLI_JWT, FLAG_GIVEN, 0 },
    { "--private", CLI_PRIVATE, FLAG_GIVEN, 0 },
    { "--renumber", CLI_RENUMBER, FLAG_GIVEN, 0 },
};

/* What is left of argv. */
struct rest {
    char **argv;
    int count;
    struct buf *why;
};

static struct str quoted(struct str s) {
    return str_is_utf8(s) ? str_first_chars(s, 80) : STR_LIT("(not UTF-8)");
}

static void *field_of(struct cli *cli, const struct flag *flag) {
    return (char *)cli + flag->offset;
}

static enum err read_number(struct cli *cli, const struct flag *flag, struct str value,
                            struct buf *why) {
    uint64_t number;
    if (str_to_u64(value, &number) != OK || number == 0 || number > UINT32_MAX) {
        buf_printf(why, "%s wants a whole number from 1 to %u", flag->name, UINT32_MAX);
        return ERR_PROTO;
    }
    memcpy(field_of(cli, flag), &number, sizeof number);
    return OK;
}

static enum err add_set(struct cli *cli, const char *value, struct buf *why) {
    if (cli->sources.set_count == CLI_SET_MAX) {
        buf_printf(why, "--set can be given %d times; a file holds more: --config FILE",
                   CLI_SET_MAX);
        return ERR_PROTO;
    }
    cli->sets[cli->sources.set_count++] = value;
    return OK;
}

static enum err take_value(struct cli *cli, const struct flag *flag, const char *value,
                           struct buf *why) {
    struct str text = str_of(value);
    switch (flag->kind) {
    case FLAG_PATH: memcpy(field_of(cli, flag), &value, sizeof value); return OK;
    case FLAG_SET: return add_set(cli, value, why);
    case FLAG_NUMBER: return read_number(cli, flag, text, why);
    case FLAG_TEXT:
        if (!str_is_utf8(text)) {
            buf_printf(why, "the value of %s is not UTF-8", flag->name);
            return ERR_PROTO;
        }
        memcpy(field_of(cli, flag), &text, sizeof text);
        return OK;
    case FLAG_SWITCH: *(bool *)field_of(cli, flag) = true; return OK;
    case FLAG_GIVEN: return OK;
    }
    return OK;
}

static const struct flag *flag_of(struct str name) {
    for (size_t i = 0; i < COUNT(flags); i++) {
        if (str_eq(name, str_of(flags[i].name))) {
            return &flags[i];
        }
    }
    return NULL;
}

/* Whether the verb takes it: every verb the ones without a bit, but the server itself answers
 * nothing that could be JSON. */
static bool is_taken(const struct cli_verb *verb, const struct flag *flag) {
    bool is_server = (verb->flags & CLI_DEV) != 0;
    return flag->bit == 0 ? !(is_server && flag->offset == offsetof(struct cli, is_json))
                          : (verb->flags & flag->bit) != 0;
}

static enum err take_flag(struct cli *cli, struct rest *rest) {
    const char *arg = *rest->argv++;
    rest->count--;
    struct str name = { arg, str_find(str_of(arg), '=') };
    const char *value = arg[name.n] == '=' ? arg + name.n + 1 : NULL;
    const struct flag *flag = flag_of(name);
    if (flag == NULL || !is_taken(cli->verb, flag)) {
        buf_printf(rest->why, "there is no flag %.*s here", STR_FMT(quoted(name)));
        return ERR_PROTO;
    }
    bool wants_value = flag->kind != FLAG_SWITCH && flag->kind != FLAG_GIVEN;
    if (wants_value && value == NULL && rest->count > 0) {
        value = *rest->argv++;
        rest->count--;
    }
    if (wants_value != (value != NULL)) {
        buf_printf(rest->why, wants_value ? "%s wants a value" : "%s takes no value", flag->name);
        return ERR_PROTO;
    }
    cli->given |= flag->bit;
    return take_value(cli, flag, value, rest->why);
}

static enum err take_name(struct cli *cli, struct rest *rest) {
    struct str text = str_of(*rest->argv++);
    rest->count--;
    if (!str_is_utf8(text)) {
        buf_printf(rest->why, "an argument is not UTF-8");
        return ERR_PROTO;
    }
    if (cli->arg_count == cli->verb->arg_count) {
        buf_printf(rest->why, "\"%.*s\" is one argument too many", STR_FMT(quoted(text)));
        return ERR_PROTO;
    }
    cli->args[cli->arg_count++] = text;
    return OK;
}

/* The flag before the verb that asks for help is allowed, and no other. */
static bool asks_for_help(const struct rest *rest) {
    return rest->count > 0 &&
           (strcmp(rest->argv[0], "--help") == 0 || strcmp(rest->argv[0], "-h") == 0);
}

static void name_verbs(const struct cli_command *command, struct buf *why) {
    for (size_t i = 0; i < command->verb_count; i++) {
        const char *before = i == 0 ? "" : i + 1 == command->verb_count ? " or " : ", ";
        buf_printf(why, "%s%s", before, command->verbs[i].name);
    }
}

/* Finds the verb and takes its name off. NULL: there is none of that name. */
static const struct cli_verb *take_verb(const struct cli_command *command, struct rest *rest) {
    if (command->verbs[0].name[0] == '\0') {
        return command->verbs;
    }
    for (size_t i = 0; rest->count > 0 && i < command->verb_count; i++) {
        if (strcmp(rest->argv[0], command->verbs[i].name) == 0) {
            rest->argv++;
            rest->count--;
            return &command->verbs[i];
        }
    }
    buf_printf(rest->why, "what to do: %s ", command->name);
    name_verbs(command, rest->why);
    return NULL;
}

static enum err take_all(struct cli *cli, struct rest *rest) {
    enum err err = OK;
    bool is_past_flags = false;
    while (err == OK && rest->count > 0) {
        const char *arg = rest->argv[0];
        if (!is_past_flags && strcmp(arg, "--") == 0) {
            is_past_flags = true;
            rest->argv++;
            rest->count--;
        } else if (!is_past_flags && arg[0] == '-' && arg[1] != '\0') {
            err = take_flag(cli, rest);
        } else {
            err = take_name(cli, rest);
        }
    }
    return err;
}

enum err cli_parse(const struct cli_command *command, int argc, char **argv, struct cli *cli,
                   struct buf *why) {
    struct rest rest = { argv + 1, MAX(argc - 1, 0), why };
    *cli = (struct cli){ .command = command };
    if (asks_for_help(&rest)) {
        cli->is_help = true;
        return OK;
    }
    cli->verb = take_verb(command, &rest);
    if (cli->verb == NULL) {
        return ERR_PROTO;
    }
    enum err err = take_all(cli, &rest);
    if (err == OK && !cli->is_help && cli->arg_count < cli->verb->arg_count) {
        buf_printf(why, "%s%s%s wants %s", command->name, cli->verb->name[0] == '\0' ? "" : " ",
                   cli->verb->name, cli->verb->usage);
        return ERR_PROTO;
    }
    return err;
}

static void put_one(const struct cli_command *command, const struct cli_verb *verb,
                    struct buf *out) {
    buf_printf(out, "parloir %s", command->name);
    const char *parts[] = { verb->name, verb->usage };
    for (size_t i = 0; i < COUNT(parts); i++) {
        buf_printf(out, "%s%s", parts[i][0] == '\0' ? "" : " ", parts[i]);
    }
    buf_put_char(out, '\n');
}

void cli_put_usage(const struct cli_command *command, const struct cli_verb *verb,
                   struct buf *out) {
    for (size_t i = 0; i < command->verb_count; i++) {
        if (verb == NULL || verb == &command->verbs[i]) {
            put_one(command, &command->verbs[i], out);
        }
    }
}
