/* The argument parser: what it takes, and in which words it refuses. */
#include "server/cli.h"
#include "test/unit.h"

static int run_nothing(struct cli *cli) {
    (void)cli;
    return CLI_DONE;
}

static const struct cli_verb user_verbs[] = {
    { "add", "NAME [--role ROLE]", "", CLI_ROLE | CLI_PASSWORD_STDIN, 1, run_nothing },
    { "role", "NAME ROLE", "", 0, 2, run_nothing },
    { "list", "", "", CLI_TTL, 0, run_nothing },
};
static const struct cli_command user = { "user", user_verbs, COUNT(user_verbs), NULL };

static const struct cli_verb serve_verbs[] = {
    { "", "[--dev]", "", CLI_DEV | CLI_TAPE, 0, run_nothing },
};
static const struct cli_command serve = { "serve", serve_verbs, COUNT(serve_verbs), NULL };

/* One parse, with what it said. */
struct tried {
    struct cli cli;
    enum err err;
    struct buf why;
};

static void tried_fini(struct tried *t) {
    buf_fini(&t->why);
}

#define TRY(command, ...) try(command, (char *[]){ "x", __VA_ARGS__, NULL })

static struct tried try(const struct cli_command *command, char **argv) {
    struct tried t = { .why = BUF_INIT(4096) };
    int argc = 0;
    while (argv[argc] != NULL) {
        argc++;
    }
    t.err = cli_parse(command, argc, argv, &t.cli, &t.why);
    return t;
}

TEST(a_verb_takes_its_names_and_flags_in_any_order) {
    SCOPED(tried_fini) struct tried t = TRY(&user, "add", "--role", "pro", "ann", "--json");
    EQ(t.err, OK);
    OKAY(t.cli.verb == &user_verbs[0]);
    EQ(t.cli.arg_count, 1);
    STR_EQ(t.cli.args[0], "ann");
    STR_EQ(t.cli.role, "pro");
    EQ(t.cli.given, CLI_ROLE);
    OKAY(t.cli.is_json);
}

TEST(a_value_may_stand_behind_an_equals_sign) {
    SCOPED(tried_fini) struct tried t = TRY(&user, "add", "--role=a=b", "ann", "--data=/x");
    EQ(t.err, OK);
    STR_EQ(t.cli.role, "a=b");
    STR_EQ(str_of(t.cli.sources.data_dir), "/x");
}

TEST(every_set_is_kept_in_order) {
    SCOPED(tried_fini) struct tried t = TRY(&serve, "--set", "a.b=1", "--set=c.d=2");
    EQ(t.err, OK);
    EQ(t.cli.sources.set_count, 2);
    STR_EQ(str_of(t.cli.sets[0]), "a.b=1");
    STR_EQ(str_of(t.cli.sets[1]), "c.d=2");
}

TEST(the_server_takes_its_own_flags_and_no_json) {
    SCOPED(tried_fini)
    struct tried t = TRY(&serve, "--dev", "--tape", "t", "--config", "f", "--data", "d");
    EQ(t.err, OK);
    OKAY(t.cli.sources.is_dev);
    STR_EQ(str_of(t.cli.sources.tape_file), "t");
    STR_EQ(str_of(t.cli.sources.file), "f");
    SCOPED(tried_fini) struct tried json = TRY(&serve, "--json");
    EQ(json.err, ERR_PROTO);
}

TEST(after_two_dashes_everything_is_a_name) {
    SCOPED(tried_fini) struct tried t = TRY(&user, "add", "--", "--role");
    EQ(t.err, OK);
    STR_EQ(t.cli.args[0], "--role");
}

TEST(a_single_dash_is_a_name) {
    SCOPED(tried_fini) struct tried t = TRY(&user, "add", "-");
    EQ(t.err, OK);
    STR_EQ(t.cli.args[0], "-");
}

TEST(help_needs_neither_verb_nor_names) {
    SCOPED(tried_fini) struct tried all = TRY(&user, "--help");
    EQ(all.err, OK);
    OKAY(all.cli.is_help && all.cli.verb == NULL);
    SCOPED(tried_fini) struct tried one = TRY(&user, "role", "-h");
    EQ(one.err, OK);
    OKAY(one.cli.is_help && one.cli.verb == &user_verbs[1]);
}

TEST(a_missing_or_unknown_verb_is_answered_with_those_there_are) {
    SCOPED(tried_fini) struct tried none = try(&user, (char *[]){ "x", NULL });
    EQ(none.err, ERR_PROTO);
    STR_EQ(buf_str(&none.why), "what to do: user add, role or list");
    SCOPED(tried_fini) struct tried wrong = TRY(&user, "ad");
    EQ(wrong.err, ERR_PROTO);
    OKAY(wrong.cli.verb == NULL);
}

TEST(a_missing_name_is_answered_with_what_is_wanted) {
    SCOPED(tried_fini) struct tried t = TRY(&user, "role", "ann");
    EQ(t.err, ERR_PROTO);
    STR_EQ(buf_str(&t.why), "user role wants NAME ROLE");
}

TEST(a_name_too_many_is_refused) {
    SCOPED(tried_fini) struct tried t = TRY(&user, "list", "ann");
    EQ(t.err, ERR_PROTO);
    STR_EQ(buf_str(&t.why), "\"ann\" is one argument too many");
}

TEST(a_flag_of_another_verb_is_refused) {
    SCOPED(tried_fini) struct tried t = TRY(&user, "role", "ann", "pro", "--role", "pro");
    EQ(t.err, ERR_PROTO);
    STR_EQ(buf_str(&t.why), "there is no flag --role here");
    SCOPED(tried_fini) struct tried begun = TRY(&user, "add", "ann", "--rol", "pro");
    EQ(begun.err, ERR_PROTO);
}

TEST(a_flag_without_its_value_is_refused) {
    SCOPED(tried_fini) struct tried t = TRY(&user, "add", "ann", "--role");
    EQ(t.err, ERR_PROTO);
    STR_EQ(buf_str(&t.why), "--role wants a value");
}

TEST(a_switch_with_a_value_is_refused) {
    SCOPED(tried_fini) struct tried t = TRY(&user, "add", "ann", "--password-stdin=secret");
    EQ(t.err, ERR_PROTO);
    STR_EQ(buf_str(&t.why), "--password-stdin takes no value");
}

TEST(a_number_is_whole_and_not_zero) {
    SCOPED(tried_fini) struct tried good = TRY(&user, "list", "--ttl", "60");
    EQ(good.err, OK);
    EQ(good.cli.ttl_s, 60);
    char *bad[] = { "0", "-1", "1.5", "60s", "", "4294967296", "99999999999999999999999" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        SCOPED(tried_fini) struct tried t = TRY(&user, "list", "--ttl", bad[i]);
        EQ(t.err, ERR_PROTO);
        STR_EQ(buf_str(&t.why), "--ttl wants a whole number from 1 to 4294967295");
    }
}

TEST(what_is_not_utf8_is_refused) {
    SCOPED(tried_fini) struct tried name = TRY(&user, "add", "\xff\xfe");
    EQ(name.err, ERR_PROTO);
    SCOPED(tried_fini) struct tried role = TRY(&user, "add", "ann", "--role", "\xc3");
    EQ(role.err, ERR_PROTO);
    SCOPED(tried_fini) struct tried flag = TRY(&user, "add", "--\xff");
    EQ(flag.err, ERR_PROTO);
    OKAY(str_is_utf8(buf_str(&flag.why)));
}

TEST(more_sets_than_there_is_room_for_are_refused) {
    char *argv[2 * (CLI_SET_MAX + 1) + 2] = { "x" };
    for (int i = 0; i <= CLI_SET_MAX; i++) {
        argv[1 + 2 * i] = "--set";
        argv[2 + 2 * i] = "a.b=c";
    }
    SCOPED(tried_fini) struct tried t = try(&serve, argv);
    EQ(t.err, ERR_PROTO);
    EQ(t.cli.sources.set_count, CLI_SET_MAX);
}

TEST(usage_is_a_line_a_verb) {
    SCOPED(buf_fini) struct buf all = BUF_INIT(4096);
    cli_put_usage(&user, NULL, &all);
    STR_EQ(buf_str(&all), "parloir user add NAME [--role ROLE]\n"
                          "parloir user role NAME ROLE\n"
                          "parloir user list\n");
    SCOPED(buf_fini) struct buf one = BUF_INIT(4096);
    cli_put_usage(&serve, &serve_verbs[0], &one);
    STR_EQ(buf_str(&one), "parloir serve [--dev]\n");
}
