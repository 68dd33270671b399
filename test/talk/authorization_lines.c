/* The table of authorization of the line protocol: authorization_lines.tbl.h, played cell by cell.
 *
 * A cell is a script: the world, who the caller is and how he comes, what he asks, what he is
 * answered. Of most answers only the status counts here; what else is in them, the conversations
 * of test/talk/tchatator show. */
#include "test/talk/authorization.h"

#include "dialect/tchatator/tchatator.h"
#include "test/talk/player.h"

#define TEXT_BYTES_MAX (1u << 16)
#define NAME_BYTES_MAX 512

static const char world[] = "# people: ann=1 bob=2 eve=3 max=5\n"
                            "max hub comes\n"
                            "max leaves\n"
                            "bob hub comes\n"
                            "bob leaves\n"
                            "ann hub > {\"type\":\"dm\",\"to\":2,\"content\":\"wrote\",\"id\":1}\n"
                            "ann hub < {\"type\":\"dm_ack\",\"data\":{\"id\":\"$wrote\"}}\n"
                            "ann leaves\n";

/* ---- callers */

enum caller {
    ANONYMOUS,
    BANNED_ONE,
    MEMBER,
    AUTHOR,
    RECIPIENT_ONE,
    BLOCKED_ONE,
    PRO,
    ADMIN,
    CALLERS
};
enum entry { BY_LOGIN, BY_TOKEN, ENTRIES };

#define ROLE(name)                                                                                 \
    "eve hub comes\neve leaves\n"                                                                  \
    "operator > {\"cmd\":\"user_role\",\"username\":\"eve\",\"role\":\"" name "\"}\n"

static const struct {
    const char *what;
    const char *who;
    const char *is;      // what makes him that before he comes
    const char *then;    // and what happens to him once he is there
    const char *query;
} callers[CALLERS] = {
    [ANONYMOUS] = { "somebody without a token", "eve", "", "", "token=none" },
    [BANNED_ONE] = { "somebody banned", "eve", "",
                     "operator > {\"cmd\":\"ban_add\",\"username\":\"eve\"}\n", "" },
    [MEMBER] = { "a member", "eve", "", "", "" },
    [AUTHOR] = { "the author", "ann", "", "", "" },
    [RECIPIENT_ONE] = { "the recipient", "bob", "", "", "" },
    [BLOCKED_ONE] = { "somebody blocked", "eve", "",
                      "operator > {\"cmd\":\"block_add\",\"username\":\"eve\",\"other\":2}\n", "" },
    [PRO] = { "a pro", "eve", ROLE("pro"), "", "" },
    [ADMIN] = { "an admin", "eve", ROLE("admin"), "", "" },
};

static const char *const entries[ENTRIES] = { "logged in", "by the token alone" };

/* ---- answers */

#define STATUS(status) "{\"status\":\"" status "\""    // and what follows

static const struct expected {
    const char *answer[ENTRIES];    // NULL: he is not let in
    bool is_end;                    // the connection ends behind it
} answers[] = {
#define BOTH(answer)                                                                               \
    { { answer, answer }, false }
#define REFUSED(status) STATUS(status) ",\"message\":\"*\"}"
#define KNOCK                                                                                      \
    { { NULL, REFUSED("403/DENIED") }, false }
#define UNAUTH                                                                                     \
    { { NULL, REFUSED("401/UNAUTH") }, false }
#define BANNED                                                                                     \
    { { NULL, REFUSED("403/DENIED") }, true }
#define AGAIN                                                                                      \
    { { REFUSED("403/DENIED"), STATUS("200/OK") ",\"user-id\":\"*id\",\"role\":\"*\"}" }, false }
#define BYE                                                                                        \
    { { STATUS("200/OK") "}", STATUS("200/OK") "}" }, true }
#define DENIED BOTH(REFUSED("403/DENIED"))
#define FINE BOTH(STATUS("200/OK") ",\"message\":null}")
#define SENT BOTH(STATUS("200/OK") ",\"message-id\":\"*id\"}")
#define NO_NEW BOTH(STATUS("200/OK") ",\"remaining\":0,\"type\":null}")
#define WROTE BOTH(STATUS("200/OK") ",\"type\":\"new_message\",\"message-id\":\"$wrote\"}")
#define INFO BOTH(STATUS("200/OK") ",\"username\":\"bob\",\"connected\":\"*\"}")
#define UNTIL BOTH(STATUS("200/OK") ",\"until\":\"*\"}")
#define COMMAND(verb, more, ...) __VA_ARGS__,
#include "test/talk/authorization_lines.tbl.h"
#undef COMMAND
};

static const struct command {
    const char *verb;
    const char *more;
} commands[] = {
#define COMMAND(verb, more, ...) { #verb, more },
#include "test/talk/authorization_lines.tbl.h"
#undef COMMAND
};

_Static_assert(COUNT(answers) == CALLERS * COUNT(commands), "a row has a cell for each caller");

/* ---- a cell */

struct cell {
    const struct command *command;
    const struct expected *expected;
    enum caller caller;
    enum entry entry;
};

/* Whether he is in, and not thrown out by what happens to him. */
static bool is_there(const struct cell *cell) {
    return cell->entry == BY_TOKEN || (cell->caller != ANONYMOUS && cell->caller != BANNED_ONE);
}

static void put_arrival(struct buf *out, const struct cell *cell) {
    const char *who = callers[cell->caller].who;
    const char *query = callers[cell->caller].query;
    bool is_by_token = cell->entry == BY_TOKEN;
    if (cell->caller == ANONYMOUS && !is_by_token) {
        buf_printf(out, "%s tchatator refused 403 ?%s\n%s tchatator < %s\n", who, query, who,
                   REFUSED("403/DENIED"));
        return;
    }
    buf_printf(out, "%s tchatator comes ?%s&%s\n", who, is_by_token ? "login=no" : "login=yes",
               query);
    buf_printf(out, "%s", callers[cell->caller].then);
    if (!is_there(cell)) {
        buf_printf(out, "%s tchatator closed 0\n%s tchatator refused 403\n%s tchatator < %s\n", who,
                   who, who, REFUSED("403/DENIED"));
    }
}

static void put_cell(struct buf *out, const struct cell *cell) {
    const struct expected *expected = cell->expected;
    const char *who = callers[cell->caller].who;
    buf_printf(out, "%s%s", world, callers[cell->caller].is);
    put_arrival(out, cell);
    if (!is_there(cell)) {
        return;
    }
    buf_printf(out, "%s tchatator > {\"command\":\"%s\"%s}\n%s tchatator < %s\n", who,
               cell->command->verb, cell->command->more, who, expected->answer[cell->entry]);
    if (expected->is_end) {
        buf_printf(out, "%s tchatator closed 0\n", who);
    }
}

static bool play_text(struct str text, struct buf *why) {
    SCOPED(script_free) struct script *script = NULL;
    return script_parse("authorization", text, &script, why) == OK && play(script, why);
}

static void run_cell(const struct cell *cell,
                     void (*say)(void *ctx, const char *name, bool is_fine, struct str why),
                     void *ctx) {
    SCOPED(buf_fini) struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    SCOPED(buf_fini) struct buf why = BUF_INIT(TEXT_BYTES_MAX);
    SCOPED(buf_fini) struct buf name = BUF_INIT(NAME_BYTES_MAX);
    put_cell(&text, cell);
    buf_printf(&name, "authorization: %s%s by %s, %s", cell->command->verb, cell->command->more,
               callers[cell->caller].what, entries[cell->entry]);
    buf_put_char(&name, '\0');
    bool is_fine = play_text(buf_str(&text), &why);
    say(ctx, name.p, is_fine, buf_str(&why));
}

/* ---- all of it */

static bool has_row(const char *verb) {
    size_t i = 0;
    while (i < COUNT(commands) && strcmp(commands[i].verb, verb) != 0) {
        i++;
    }
    return i < COUNT(commands);
}

void authorization_run_lines(void (*say)(void *ctx, const char *name, bool is_fine, struct str why),
                             void *ctx) {
    SCOPED(buf_fini) struct buf missing = BUF_INIT(TEXT_BYTES_MAX);
    for (enum tchatator_verb verb = TCHATATOR_UNKNOWN + 1; verb < TCHATATOR_VERB_COUNT; verb++) {
        if (!has_row(tchatator_verb_name(verb))) {
            buf_printf(&missing, "%s has no row\n", tchatator_verb_name(verb));
        }
    }
    say(ctx, "authorization: every command of the line protocol has a row", missing.n == 0,
        buf_str(&missing));
    for (size_t i = 0; i < COUNT(answers) * ENTRIES; i++) {
        size_t at = i / ENTRIES;
        run_cell(&(struct cell){ &commands[at / CALLERS], &answers[at], (enum caller)(at % CALLERS),
                                 (enum entry)(i % ENTRIES) },
                 say, ctx);
    }
}
