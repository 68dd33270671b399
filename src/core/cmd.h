/* Commands: what goes into the core, and the intake that carries one there.
 *
 * Thread   a command is built on the thread that heard it and read by the core's.
 * Memory   a struct cmd borrows its text; intake_new copies everything into one allocation, which
 *          travels the ring with the batch it led to and is freed with it. */
#ifndef PARLOIR_CORE_CMD_H
#define PARLOIR_CORE_CMD_H

#include "base/queue.h"
#include "base/str.h"
#include "core/ids.h"
#include "core/limits.h"

enum cmd_type {
#define CMD(name, may, rate, writes) CMD_##name,
#include "core/commands.tbl.h"
#undef CMD
    CMD_COUNT
};

enum refusal {
    REFUSE_NONE,
#define REFUSAL(name, code, status, english, french) REFUSE_##name,
#include "core/refusals.tbl.h"
#undef REFUSAL
    REFUSAL_COUNT
};

/* The dialect a session speaks, by its row in core/dialects.tbl.h; the core only picks rate limits
 * by it. */
enum dialect_id {
    DIALECT_OPERATOR,    // the admin socket and the command line
#define DIALECT(name) DIALECT_##name,
#include "core/dialects.tbl.h"
#undef DIALECT
    DIALECT_COUNT
};

enum role { ROLE_MEMBER, ROLE_PRO, ROLE_ADMIN, ROLE_COUNT };

enum list_kind {
    LIST_USERS,
    LIST_TOKENS,
    LIST_ROOMS,
    LIST_BANS,
    LIST_BLOCKS,
    LIST_AUDIT,
    LIST_KIND_COUNT
};

struct cmd {
    enum cmd_type type;
    enum dialect_id dialect;
    session_id session;    // who asks, and who gets the answer
#define OPERAND_TEXT(name) struct str name;
#define OPERAND_NUMBER(name)
#include "core/operands.tbl.h"
#undef OPERAND_TEXT
#undef OPERAND_NUMBER
#define OPERAND_TEXT(name)
#define OPERAND_NUMBER(name) uint64_t name;
#include "core/operands.tbl.h"
#undef OPERAND_TEXT
#undef OPERAND_NUMBER
};

struct intake {
    struct qnode link;    // in the ring's first queue, then in the batch
    struct cmd cmd;
    uint64_t taken_us;    // clock_mono_us when it was read; the core never looks
    char text[];          // what cmd's texts point into
};

/* Returns an owned copy of the command and its text. */
struct intake *intake_new(const struct cmd *cmd);
void intake_free(struct intake **i);

/* The name of a command ("message_send"), static; and the other way: CMD_COUNT if there is none. */
const char *cmd_name(enum cmd_type type);
enum cmd_type cmd_by_name(struct str name);

/* Whether it can lead to something kept, as commands.tbl.h says. */
bool cmd_writes(enum cmd_type type);

/* What refusals.tbl.h says. */
enum lang { LANG_EN, LANG_FR };
const char *refusal_name(enum refusal r);
const char *refusal_code(enum refusal r);
int refusal_status(enum refusal r);
const char *refusal_text(enum refusal r, enum lang lang);

/* "member", "pro", "admin"; and the other way: ROLE_COUNT if it is none of them. */
const char *role_name(enum role role);
enum role role_by_name(struct str name);

#endif
