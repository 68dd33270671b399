/* Commands: names, the tables of refusals and roles, and the copy that travels.
 *
 * Everything here is made from the tables, so that a new row needs no code. An intake is one
 * allocation, the struct and behind it every text of the command one after the other: it crosses
 * two threads, and one malloc there is one free here. */
#include "core/cmd.h"

static const char *const cmd_names[CMD_COUNT] = {
#define CMD(name, may, rate, writes) [CMD_##name] = #name,
#include "core/commands.tbl.h"
#undef CMD
};

static const struct {
    const char *name;
    const char *code;
    int status;
    const char *text[2];    // by enum lang
} refusals[REFUSAL_COUNT] = {
    [REFUSE_NONE] = { "none", "OK", 200, { "", "" } },
#define REFUSAL(name, code, status, english, french)                                               \
    [REFUSE_##name] = { #name, code, status, { english, french } },
#include "core/refusals.tbl.h"
#undef REFUSAL
};

static const char *const role_names[ROLE_COUNT] = { "member", "pro", "admin" };

static size_t text_bytes(const struct cmd *cmd) {
    size_t n = 0;
#define OPERAND_TEXT(name) n += cmd->name.n;
#define OPERAND_NUMBER(name)
#include "core/operands.tbl.h"
#undef OPERAND_TEXT
#undef OPERAND_NUMBER
    return n;
}

/* Moves what *s points to behind *at, and *at behind that. */
static void pack(struct str *s, char **at) {
    if (s->n > 0) {
        memcpy(*at, s->p, s->n);
    }
    s->p = *at;
    *at += s->n;
}

struct intake *intake_new(const struct cmd *cmd) {
    struct intake *i = xalloc(sizeof *i + text_bytes(cmd));
    i->link.next = NULL;
    i->cmd = *cmd;
    i->taken_us = 0;
    char *at = i->text;
#define OPERAND_TEXT(name) pack(&i->cmd.name, &at);
#define OPERAND_NUMBER(name)
#include "core/operands.tbl.h"
#undef OPERAND_TEXT
#undef OPERAND_NUMBER
    return i;
}

void intake_free(struct intake **i) {
    xfree(*i);
    *i = NULL;
}

const char *cmd_name(enum cmd_type type) {
    CHECK(type < CMD_COUNT);
    return cmd_names[type];
}

enum cmd_type cmd_by_name(struct str name) {
    enum cmd_type type = 0;
    while (type < CMD_COUNT && !str_eq(name, str_of(cmd_names[type]))) {
        type++;
    }
    return type;
}

const char *refusal_name(enum refusal r) {
    CHECK(r < REFUSAL_COUNT);
    return refusals[r].name;
}

const char *refusal_code(enum refusal r) {
    CHECK(r < REFUSAL_COUNT);
    return refusals[r].code;
}

int refusal_status(enum refusal r) {
    CHECK(r < REFUSAL_COUNT);
    return refusals[r].status;
}

const char *refusal_text(enum refusal r, enum lang lang) {
    CHECK(r < REFUSAL_COUNT && lang <= LANG_FR);
    return refusals[r].text[lang];
}

const char *role_name(enum role role) {
    CHECK(role < ROLE_COUNT);
    return role_names[role];
}

enum role role_by_name(struct str name) {
    enum role role = 0;
    while (role < ROLE_COUNT && !str_eq(name, str_of(role_names[role]))) {
        role++;
    }
    return role;
}

bool cmd_writes(enum cmd_type type) {
    static const bool writes[CMD_COUNT] = {
#define CMD(name, may, rate, is_writing) [CMD_##name] = is_writing,
#include "core/commands.tbl.h"
#undef CMD
    };
    CHECK(type < CMD_COUNT);
    return writes[type];
}
