/* What is printed from the table: the sample file, the man page, the list for --help. */
#include "config/option.h"

#define COLUMNS 78

/* The part of a name before its first dot, and what is behind it. */
static struct str section_of(const struct option *o, struct str *key) {
    struct str rest = str_of(o->name);
    struct str section = str_cut(&rest, '.');
    *key = rest;
    return section;
}

/* Whether the option begins a section. Options of one section stand together. */
static bool is_first_of_section(size_t i) {
    struct str key;
    return i == 0 || !str_eq(section_of(&options[i], &key), section_of(&options[i - 1], &key));
}

/* Appends words broken into lines, each one with `indent` in front. */
static void put_wrapped(struct buf *out, struct str text, struct str indent) {
    struct str rest = text;
    size_t column = COLUMNS;
    bool is_first = true;
    while (rest.p != NULL) {
        struct str word = str_cut(&rest, ' ');
        if (is_first || column + 1 + word.n > COLUMNS) {
            buf_put_str(out, is_first ? STR_LIT("") : STR_LIT("\n"));
            buf_put_str(out, indent);
            column = indent.n;
        } else {
            buf_put_char(out, ' ');
            column++;
        }
        buf_put_str(out, word);
        column += word.n;
        is_first = false;
    }
    buf_put_char(out, '\n');
}

/* Appends the sentence on form, variable and restart that follows an option's help. */
static void put_details(const struct option *o, struct buf *out) {
    char variable[OPTION_VARIABLE_BYTES];
    option_variable(o, variable);
    BUF_PUT_LIT(out, "Value: ");
    option_put_form(o, out);
    buf_printf(out, ". Environment: %s", variable);
    if (o->alias != NULL) {
        buf_printf(out, ", %s", o->alias);
    }
    buf_put_str(out, o->when == WHEN_START ? STR_LIT(". Needs a restart.") : STR_LIT("."));
}

void config_put_sample(struct buf *out) {
    BUF_PUT_LIT(out,
                "# The configuration of Parloir, with every option and its default.\n"
                "# Made from src/config/config.tbl.h: edit the table, not this file.\n"
                "#\n"
                "# To change an option, take the # off its line. The environment goes before this\n"
                "# file, and --set section.key=value before the environment. A # or ; begins a\n"
                "# comment line. SIGHUP reads the file again.\n");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &options[i];
        if (o->when == WHEN_HIDDEN) {
            continue;
        }
        struct str key;
        struct str section = section_of(o, &key);
        if (is_first_of_section(i)) {
            buf_printf(out, "\n[%.*s]\n", STR_FMT(section));
        }
        SCOPED(buf_fini) struct buf details = BUF_INIT(1024);
        put_details(o, &details);
        buf_put_char(out, '\n');
        put_wrapped(out, str_of(o->help), STR_LIT("# "));
        put_wrapped(out, buf_str(&details), STR_LIT("# "));
        buf_printf(out, "#%.*s =%s%s\n", STR_FMT(key), o->def[0] == '\0' ? "" : " ", o->def);
    }
}

/* Appends text for roff, where a backslash and a hyphen mean something, and a dot or an apostrophe
 * at the start of a line does. */
static void put_roff(struct buf *out, struct str text) {
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool is_line_start = i == 0 || text.p[i - 1] == '\n';
        if (is_line_start && (c == '.' || c == '\'')) {
            BUF_PUT_LIT(out, "\\&");
        }
        if (c == '\\') {
            BUF_PUT_LIT(out, "\\e");
        } else if (c == '-') {
            BUF_PUT_LIT(out, "\\-");
        } else {
            buf_put_char(out, c);
        }
    }
}

static void put_man_option(const struct option *o, struct buf *out) {
    SCOPED(buf_fini) struct buf details = BUF_INIT(1024);
    put_details(o, &details);
    BUF_PUT_LIT(out, ".TP\n.B ");
    put_roff(out, str_of(o->name));
    BUF_PUT_LIT(out, "\n");
    put_roff(out, str_of(o->help));
    BUF_PUT_LIT(out, "\nDefault: ");
    put_roff(out, o->def[0] == '\0' ? STR_LIT("empty") : str_of(o->def));
    BUF_PUT_LIT(out, ".\n");
    put_roff(out, buf_str(&details));
    BUF_PUT_LIT(out, "\n");
}

static const char man_head[] =
    ".\\\" Made from src/config/config.tbl.h: edit the table, not this page.\n"
    ".TH PARLOIR.CONF 5 \"\" \"Parloir\" \"File formats\"\n"
    ".SH NAME\n"
    "parloir.conf \\- configuration of the chat server Parloir\n"
    ".SH DESCRIPTION\n"
    ".BR parloir (1)\n"
    "reads the file given with\n"
    ".BR \\-\\-config ,\n"
    "then its environment, then its flags; the later wins.\n"
    "Every option can be written in each of the three:\n"
    ".PP\n"
    ".nf\n"
    "    in the file           [log]\n"
    "                          level = debug\n"
    "    in the environment    PARLOIR_LOG_LEVEL=debug\n"
    "    as a flag             \\-\\-set log.level=debug\n"
    ".fi\n"
    ".PP\n"
    "An empty environment variable counts as unset.\n"
    "Some options have a second variable, for programs that know it by that name; the one that\n"
    "begins with PARLOIR_ goes before it.\n"
    ".PP\n"
    "In the file a line is\n"
    ".IR [section] ,\n"
    ".IR \"key = value\" ,\n"
    "a comment that begins with # or ;, or empty.\n"
    "A value may have a comment behind it: white space, then a semicolon.\n"
    "An option stands in a file once at most.\n"
    "The name of a section may have dots:\n"
    ".I [limits.hub] per_minute\n"
    "and\n"
    ".I [limits] hub.per_minute\n"
    "are the same.\n"
    ".PP\n"
    "A file with anything in it that is not understood ends the program with status 2 and a line\n"
    "that names file, line and key.\n"
    "On SIGHUP the file is read again; if it is not understood, the old configuration stays.\n"
    ".SH OPTIONS\n";

static const char man_tail[] =
    ".SH PROFILES\n"
    ".B limits.profile\n"
    "sets the rates of all dialects at once:\n"
    ".I documented\n"
    "gives each dialect the limits of its document, which are the defaults shown above;\n"
    ".I chat\n"
    "gives 60 messages a minute with a burst of 20 everywhere;\n"
    ".I open\n"
    "sets no limit.\n"
    "A single key that is set, wherever, goes before the profile.\n"
    ".SH SEE ALSO\n"
    ".BR parloir (1)\n";

void config_put_man(struct buf *out) {
    buf_put_str(out, str_of(man_head));
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (options[i].when == WHEN_HIDDEN) {
            continue;
        }
        if (is_first_of_section(i)) {
            struct str key;
            BUF_PUT_LIT(out, ".SS ");
            put_roff(out, section_of(&options[i], &key));
            BUF_PUT_LIT(out, "\n");
        }
        put_man_option(&options[i], out);
    }
    buf_put_str(out, str_of(man_tail));
}

void config_put_help(struct buf *out) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &options[i];
        if (o->when != WHEN_HIDDEN) {
            buf_printf(out, "  %s=%s\n", o->name, o->def);
            put_wrapped(out, str_of(o->help), STR_LIT("      "));
        }
    }
}
