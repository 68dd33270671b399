/* The table of authorization: authorization.tbl.h, played cell by cell.
 *
 * A cell is a small script made of four pieces, on a stage of its own:
 *
 *     the world (rooms, messages, people) + who the caller is + what is asked + what is answered
 *
 * Nobody but the caller is connected when it is asked, and the player is strict, so an answer that
 * is right but not alone is wrong as well. */
#include "test/talk/authorization.h"

#include "core/cmd.h"
#include "test/talk/player.h"
#include "test/talk/verbs.h"

#define TEXT_BYTES_MAX (1u << 16)
#define NAME_BYTES_MAX 256

static const char world[] =
    "# people: ann=1 bob=2\n"
    "operator > {\"cmd\":\"room_add\",\"room_name\":\"secret\",\"is_private\":true}\n"
    "ann belongs to secret\n"
    "bob hub comes\n"
    "bob leaves\n"
    "operator > {\"cmd\":\"token_add\",\"username\":\"bob\",\"label\":\"old\",\"hash\":\"o\"}\n"
    "ann hub > {\"type\":\"message\",\"room\":\"general\",\"content\":\"said\"}\n"
    "ann hub < {\"type\":\"message\",\"data\":{\"id\":\"$said\"}}\n"
    "ann hub > {\"type\":\"message\",\"room\":\"secret\",\"content\":\"told\"}\n"
    "ann hub < {\"type\":\"message\",\"data\":{\"id\":\"$told\"}}\n"
    "ann hub > {\"type\":\"dm\",\"to\":2,\"content\":\"wrote\",\"id\":1}\n"
    "ann hub < {\"type\":\"dm_ack\",\"data\":{\"id\":\"$wrote\"}}\n"
    "ann leaves\n";

/* ---- callers: what makes them who they are, by the name of their session */

enum caller {
    ANONYMOUS,
    BANNED_ONE,
    STRANGER,
    JOINED_ONE,
    MEMBER,
    AUTHOR,
    ADMIN,
    OPERATOR,
    CALLERS
};

static const struct {
    const char *what;
    const char *who;
    const char *setup;
} callers[CALLERS] = {
    [ANONYMOUS] = { "somebody without a token", "eve", "" },
    [BANNED_ONE] = { "somebody banned", "eve",
                     "eve hub comes\n"
                     "operator > {\"cmd\":\"ban_add\",\"username\":\"eve\"}\n"
                     "eve hub < {\"type\":\"error\",\"data\":{\"message\":\"Vous êtes banni.\"}}\n"
                     "eve hub closed 4403\n" },
    [STRANGER] = { "a stranger", "eve", "eve hub comes\n" },
    [JOINED_ONE] = { "somebody who has joined", "joe",
                     "joe hub > {\"type\":\"join\",\"room\":\"general\"}\n"
                     "joe hub < {\"type\":\"join_ack\"}\n" },
    [MEMBER] = { "a member of the private room", "mia", "mia belongs to secret\nmia hub comes\n" },
    [AUTHOR] = { "the author", "ann",
                 "ann hub > {\"type\":\"join\",\"room\":\"general\"}\n"
                 "ann hub < {\"type\":\"join_ack\"}\n" },
    [ADMIN] = { "an admin", "ada",
                "ada hub comes\n"
                "operator > {\"cmd\":\"user_role\",\"username\":\"ada\",\"role\":\"admin\"}\n" },
    [OPERATOR] = { "the operator", "operator", "" },
};

/* ---- answers */

enum way { HEARS, REFUSED, NOTHING };

static const struct answer {
    enum way way;
    const char *text;    // what is heard; of a refusal, the status
} answers[] = {
#define DOOR                                                                                       \
    { REFUSED, "401 ?token=" }
#define BANNED                                                                                     \
    { REFUSED, "403" }
#define SILENT                                                                                     \
    { NOTHING, "" }
#define ERROR(code, sentence)                                                                      \
    { HEARS, "{\"type\":\"error\",\"data\":{\"code\":\"" code "\",\"message\":\"" sentence "\"}}" }
#define TYPE_OF(type)                                                                              \
    { HEARS, "{\"type\":\"" type "\"}" }
#define LIST_OF(type, one)                                                                         \
    { HEARS, "{\"type\":\"" type "\",\"data\":[" one "]}" }
#define NO_ROOM ERROR("NOT_FOUND", "Room inexistante.")
#define NO_MSG ERROR("NOT_FOUND", "Message inexistant.")
#define FORBID ERROR("FORBIDDEN", "Vous n'avez pas le droit de faire cela.")
#define JOIN_IT ERROR("FORBIDDEN", "Rejoignez d'abord ce salon.")
#define JOINED TYPE_OF("join_ack")
#define LEFT TYPE_OF("leave_ack")
#define HEARD TYPE_OF("message")
#define SENT TYPE_OF("dm_ack")
#define PONG TYPE_OF("pong")
#define EDITED TYPE_OF("message_edited")
#define DELETED TYPE_OF("message_deleted")
#define SAID LIST_OF("room_history", "{\"id\":\"$said\"}")
#define TOLD LIST_OF("room_history", "{\"id\":\"$told\"}")
#define WROTE LIST_OF("dm_history", "{\"id\":\"$wrote\"}")
#define EMPTY LIST_OF("dm_history", "")
#define DONE                                                                                       \
    { HEARS, "{\"ok\":true}" }
#define NO_TYPE                                                                                    \
    { HEARS, "{\"ok\":false,\"code\":\"BAD_REQUEST\"}" }
#define NOBODY                                                                                     \
    { HEARS, "{\"ok\":false,\"code\":\"UNAUTHORIZED\"}" }
#define OPERATION(name, asked, text, ...) __VA_ARGS__,
#include "test/talk/authorization.tbl.h"
#undef OPERATION
};

enum asked { HUB, CORE };

static const struct operation {
    const char *name;
    enum asked asked;
    const char *text;
} operations[] = {
#define OPERATION(name, asked, text, ...) { #name, asked, text },
#include "test/talk/authorization.tbl.h"
#undef OPERATION
};

_Static_assert(COUNT(answers) == CALLERS * COUNT(operations), "a row has a cell for each caller");

/* ---- a cell */

static void put_cell(struct buf *out, const struct operation *op, enum caller caller,
                     const struct answer *answer) {
    const char *who = callers[caller].who;
    const char *dialect = caller == OPERATOR ? "" : op->asked == HUB ? "hub " : "core ";
    const char *ear = caller == OPERATOR ? "" : "hub ";

    buf_printf(out, "%s%s", world, callers[caller].setup);
    if (answer->way == REFUSED) {
        buf_printf(out, "%s hub refused %s\n", who, answer->text);
        return;
    }
    buf_printf(out, "%s %s> %s\n", who, dialect, op->text);
    if (answer->way == NOTHING) {
        buf_printf(out, "%s %s. silence\n", who, ear);
    } else {
        buf_printf(out, "%s %s< %s\n", who, ear, answer->text);
    }
}

static bool play_text(struct str text, struct buf *why) {
    SCOPED(script_free) struct script *script = NULL;
    return script_parse("authorization", text, &script, why) == OK && play(script, why);
}

/* ---- whether anything was left out */

static bool has_row(const char *name) {
    for (size_t i = 0; i < COUNT(operations); i++) {
        if (strcmp(operations[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The command that a verb of the hub becomes has its row under the verb's name. */
static const struct {
    enum cmd_type cmd;
    const char *why;
} elsewhere[] = {
    { CMD_malformed, "is no operation" },
    { CMD_session_open, "is the door: every row's first column" },
    { CMD_session_close, "is the end of a connection" },
};

static bool is_elsewhere(enum cmd_type cmd) {
    for (size_t i = 0; i < COUNT(elsewhere); i++) {
        if (elsewhere[i].cmd == cmd) {
            return true;
        }
    }
    return false;
}

static void find_missing(struct buf *missing) {
    bool is_verb[CMD_COUNT] = { false };
    for (unsigned n = 0; hub_verb(n) != NULL; n++) {
        is_verb[hub_verb_cmd(n)] = true;
        if (!has_row(hub_verb(n))) {
            buf_printf(missing, "the hub's %s has no row\n", hub_verb(n));
        }
    }
    for (enum cmd_type cmd = 0; cmd < CMD_COUNT; cmd++) {
        if (!is_verb[cmd] && !is_elsewhere(cmd) && !has_row(cmd_name(cmd))) {
            buf_printf(missing, "the command %s has no row\n", cmd_name(cmd));
        }
    }
}

void authorization_run(void (*say)(void *ctx, const char *name, bool is_fine, struct str why),
                       void *ctx) {
    SCOPED(buf_fini) struct buf missing = BUF_INIT(TEXT_BYTES_MAX);
    find_missing(&missing);
    say(ctx, "authorization: every operation has a row", missing.n == 0, buf_str(&missing));

    for (size_t i = 0; i < COUNT(answers); i++) {
        const struct operation *op = &operations[i / CALLERS];
        enum caller caller = (enum caller)(i % CALLERS);
        SCOPED(buf_fini) struct buf text = BUF_INIT(TEXT_BYTES_MAX);
        SCOPED(buf_fini) struct buf why = BUF_INIT(TEXT_BYTES_MAX);
        SCOPED(buf_fini) struct buf name = BUF_INIT(NAME_BYTES_MAX);
        put_cell(&text, op, caller, &answers[i]);
        buf_printf(&name, "authorization: %s by %s: %s", op->name, callers[caller].what, op->text);
        buf_put_char(&name, '\0');
        bool is_fine = play_text(buf_str(&text), &why);
        say(ctx, name.p, is_fine, buf_str(&why));
    }
}
