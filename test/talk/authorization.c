/* The table of authorization: authorization.tbl.h, played cell by cell, at the address of either
 * dialect.
 *
 * A cell is a small script made of four pieces, on a stage of its own:
 *
 *     the world (rooms, messages, people) + who the caller is + what is asked + what is answered
 *
 * Nobody but the caller is connected when it is asked, and the player is strict, so an answer that
 * is right but not alone is wrong as well. */
#include "test/talk/authorization.h"

#include "core/cmd.h"
#include "dialect/dialect.h"
#include "dialect/frame/frame.h"
#include "test/talk/player.h"

#define TEXT_BYTES_MAX (1u << 16)
#define NAME_BYTES_MAX 512

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

/* Whose words: those of an address, or of an answer. */
enum words { HUBS, ENVELOPES, WORDS_COUNT };

static const char *const dialects[WORDS_COUNT] = { "hub", "envelope" };

/* ---- callers: what makes them who they are, by the name of their session */

enum caller {
    ANONYMOUS,
    BANNED_ONE,
    STRANGER,
    JOINED_ONE,
    MEMBER,
    AUTHOR,
    ADMIN,
    BLOCKED_ONE,
    PRO,
    OPERATOR,
    CALLERS
};

#define COMES(who)                                                                                 \
    { who " hub comes\n", who " envelope comes\n" }
#define JOINS(who)                                                                                 \
    {                                                                                              \
        who " hub > {\"type\":\"join\",\"room\":\"general\"}\n" who                                \
            " hub < {\"type\":\"join_ack\"}\n",                                                    \
            who " envelope > {\"type\":\"join_room\",\"data\":{\"room\":\"general\"}}\n" who       \
                " envelope < {\"type\":\"join_room_ack\",\"data\":{\"success\":true}}\n"           \
    }

static const struct {
    const char *what;
    const char *who;
    const char *comes[WORDS_COUNT];    // to which address
    const char *then;                  // what happens to them, wherever they are
    const char *after[WORDS_COUNT];    // what they hear of it
} callers[CALLERS] = {
    [ANONYMOUS] = { "somebody without a token", "eve", { "", "" }, "", { "", "" } },
    [BANNED_ONE] = { "somebody banned",
                     "eve",
                     COMES("eve"),
                     "operator > {\"cmd\":\"ban_add\",\"username\":\"eve\"}\n",
                     { "eve hub < {\"type\":\"error\",\"data\":{\"code\":\"FORBIDDEN\"}}\n"
                       "eve hub closed 4403\n",
                       "eve envelope < {\"type\":\"error\",\"data\":{\"code\":"
                       "\"PERMISSION_DENIED\"}}\n"
                       "eve envelope closed 4403\n" } },
    [STRANGER] = { "a stranger", "eve", COMES("eve"), "", { "", "" } },
    [JOINED_ONE] = { "somebody who has joined", "joe", JOINS("joe"), "", { "", "" } },
    [MEMBER] = { "a member of the private room", "mia", COMES("mia"), "", { "", "" } },
    [AUTHOR] = { "the author", "ann", JOINS("ann"), "", { "", "" } },
    [ADMIN] = { "an admin",
                "ada",
                COMES("ada"),
                "operator > {\"cmd\":\"user_role\",\"username\":\"ada\",\"role\":\"admin\"}\n",
                { "", "" } },
    [BLOCKED_ONE] = { "somebody blocked",
                      "eve",
                      COMES("eve"),
                      "operator > {\"cmd\":\"block_add\",\"username\":\"eve\",\"other\":2}\n",
                      { "", "" } },
    [PRO] = { "a pro",
              "pat",
              COMES("pat"),
              "operator > {\"cmd\":\"user_role\",\"username\":\"pat\",\"role\":\"pro\"}\n",
              { "", "" } },
    [OPERATOR] = { "the operator", "operator", { "", "" }, "", { "", "" } },
};

/* ---- answers */

enum way { HEARS, PUSHED, REFUSED, NOTHING };

/* What is heard, a frame a line; of a refusal the first line is the status, or the close code.
 *
 * HEARS is an answer in the words of who asked: text[whose words][at whose address]. PUSHED is what
 * everybody there would be told, in the words of the address. */
static const struct expected {
    enum way way;
    const char *text[WORDS_COUNT][WORDS_COUNT];
} answers[] = {
#define SAME(way, hubs, envelopes)                                                                 \
    {                                                                                              \
        way, {                                                                                     \
            { hubs, hubs }, {                                                                      \
                envelopes, envelopes                                                               \
            }                                                                                      \
        }                                                                                          \
    }
#define HUB_ERROR(code, sentence)                                                                  \
    "{\"type\":\"error\",\"data\":{\"code\":\"" code "\",\"message\":\"" sentence "\"}}"
#define ENVELOPE_ERROR(code, details, sentence)                                                    \
    "{\"type\":\"error\",\"data\":{\"code\":\"" code "\",\"details\":{" details                    \
    "},\"message\":\"" sentence "\"}}"
#define ERROR(hubs, envelopes, details, french, english)                                           \
    {                                                                                              \
        HEARS, {                                                                                   \
            { HUB_ERROR(hubs, french), HUB_ERROR(hubs, english) }, {                               \
                ENVELOPE_ERROR(envelopes, details, french),                                        \
                    ENVELOPE_ERROR(envelopes, details, english)                                    \
            }                                                                                      \
        }                                                                                          \
    }
#define TYPE(type) "{\"type\":\"" type "\"}"
#define HUB_LIST(type, one) "{\"type\":\"" type "\",\"data\":[" one "]}"
#define ENVELOPE_LIST(type, list, one) "{\"type\":\"" type "\",\"data\":{\"" list "\":[" one "]}}"
#define HISTORY(type, one)                                                                         \
    SAME(HEARS, HUB_LIST(type, one), ENVELOPE_LIST("message_history", "messages", one))
#define BATCH(second) ENVELOPE_LIST("message_batch", "messages", TYPE("pong") "," second)
#define JOIN_FAILED(sentence)                                                                      \
    "{\"type\":\"join_room_ack\",\"data\":{\"success\":false,\"message\":\"" sentence "\"}}\n"

#define DOOR                                                                                       \
    SAME(REFUSED, "401 ?token=",                                                                   \
         "4401 ?token=\n" ENVELOPE_ERROR("AUTH_FAILED", "", "A valid token is needed."))
#define BANNED                                                                                     \
    SAME(REFUSED, "403", "4403\n" ENVELOPE_ERROR("PERMISSION_DENIED", "", "You are banned."))
#define SILENT SAME(NOTHING, "", "")
#define NO_ROOM_FRENCH "Room inexistante."
#define NO_ROOM_DETAILS "\"room\":\"*\""
#define NO_ROOM_ENVELOPE(sentence) ENVELOPE_ERROR("ROOM_NOT_FOUND", NO_ROOM_DETAILS, sentence)
#define NO_ROOM                                                                                    \
    {                                                                                              \
        HEARS, {                                                                                   \
            { HUB_ERROR("NOT_FOUND", NO_ROOM_FRENCH),                                              \
              HUB_ERROR("NOT_FOUND", "There is no such room.") },                                  \
            {                                                                                      \
                NO_ROOM_ENVELOPE(NO_ROOM_FRENCH), NO_ROOM_ENVELOPE("Room not found")               \
            }                                                                                      \
        }                                                                                          \
    }
#define NO_JOIN                                                                                    \
    {                                                                                              \
        HEARS, {                                                                                   \
            { "", "" }, {                                                                          \
                JOIN_FAILED(NO_ROOM_FRENCH)                                                        \
                NO_ROOM_ENVELOPE(NO_ROOM_FRENCH),                                                  \
                    JOIN_FAILED("Room not found") NO_ROOM_ENVELOPE("Room not found")               \
            }                                                                                      \
        }                                                                                          \
    }
#define NO_MSG                                                                                     \
    ERROR("NOT_FOUND", "ROOM_NOT_FOUND", "\"message_id\":\"*id\"", "Message inexistant.",          \
          "There is no such message.")
#define NO_WORD                                                                                    \
    ERROR("NOT_FOUND", "ROOM_NOT_FOUND", "", "Message inexistant.", "There is no such message.")
#define NO_USER                                                                                    \
    ERROR("NOT_FOUND", "USER_NOT_FOUND", "\"user_id\":99", "Utilisateur inexistant.",              \
          "There is no such user.")
#define FORBID                                                                                     \
    ERROR("FORBIDDEN", "PERMISSION_DENIED", "", "Vous n'avez pas le droit de faire cela.",         \
          "You may not do that.")
#define BLOCKED                                                                                    \
    ERROR("FORBIDDEN", "PERMISSION_DENIED", "",                                                    \
          "Vous y êtes bloqué : votre message n'est pas accepté.",                                 \
          "You are blocked there: your message is not taken.")
#define FOR_SELF                                                                                   \
    ERROR("FORBIDDEN", "PERMISSION_DENIED", "", "*Vous n'avez pas le droit de faire cela (seul…",  \
          "*You may not do that (only an admin…")
#define NOT_YOURS                                                                                  \
    ERROR("FORBIDDEN", "PERMISSION_DENIED", "", "*Vous n'avez pas le droit de faire cela (…",      \
          "You may not do that (this session is somebody else's).")
#define JOIN_IT                                                                                    \
    ERROR("FORBIDDEN", "PERMISSION_DENIED", "\"room\":\"*\"", "Rejoignez d'abord ce salon.",       \
          "Join the room first.")
#define TOO_LATE                                                                                   \
    ERROR("BAD_REQUEST", "INVALID_FORMAT", "\"room\":\"general\"", "*Requête incomprise (…",       \
          "*The request is not understood (a room is resumed before it is joined…")
#define NO_TOKEN                                                                                   \
    ERROR("UNAUTHORIZED", "AUTH_FAILED", "", "Un jeton valide est nécessaire.",                    \
          "A valid token is needed.")
#define JOINED SAME(HEARS, TYPE("join_ack"), ENVELOPE_JOINED)
#define ENVELOPE_JOINED "{\"type\":\"join_room_ack\",\"data\":{\"success\":true}}"
#define LEFT SAME(HEARS, TYPE("leave_ack"), TYPE("leave_room_ack"))
#define HEARD SAME(PUSHED, TYPE("message"), TYPE("room_message"))
#define SENT SAME(PUSHED, TYPE("dm_ack"), TYPE("direct_message"))
#define PONG SAME(HEARS, TYPE("pong"), TYPE("pong"))
#define EDITED SAME(PUSHED, TYPE("message_edited"), TYPE("message_updated"))
#define DELETED SAME(PUSHED, TYPE("message_deleted"), TYPE("message_deleted"))
#define SAID HISTORY("room_history", "{\"id\":\"$said\"}")
#define TOLD HISTORY("room_history", "{\"id\":\"$told\"}")
#define WROTE HISTORY("dm_history", "{\"id\":\"$wrote\"}")
#define EMPTY HISTORY("dm_history", "")
#define LENT(text) SAME(HEARS, text, text)
#define RENEWED LENT(TYPE("auth_ack"))
#define RESUMED LENT("{\"type\":\"resumed\",\"data\":{\"last_seq\":1,\"recovered\":true}}")
#define UNREAD LENT(ENVELOPE_LIST("unread", "rooms", ""))
#define FOUND(one) LENT(ENVELOPE_LIST("search_results", "messages", one))
#define NONE_FOUND FOUND("")
#define FOUND_SAID FOUND("{\"id\":\"$said\"}")
#define FOUND_TOLD FOUND("{\"id\":\"$told\"}")
#define FOUND_WROTE FOUND("{\"id\":\"$wrote\"}")
#define DONE_TOLD                                                                                  \
    LENT(BATCH("{\"type\":\"message_history\",\"data\":{\"messages\":[{\"id\":\"$told\"}]}}"))
#define DONE_NOT                                                                                   \
    {                                                                                              \
        HEARS, {                                                                                   \
            { "", "" }, {                                                                          \
                BATCH(NO_ROOM_ENVELOPE(NO_ROOM_FRENCH)), BATCH(NO_ROOM_ENVELOPE("Room not found")) \
            }                                                                                      \
        }                                                                                          \
    }
#define DONE LENT("{\"ok\":true}")
#define NO_TYPE LENT("{\"ok\":false,\"code\":\"BAD_REQUEST\"}")
#define NOBODY LENT("{\"ok\":false,\"code\":\"UNAUTHORIZED\"}")
#define OPERATION(name, asked, text, ...) __VA_ARGS__,
#include "test/talk/authorization.tbl.h"
#undef OPERATION
};

enum asked { HUB, ENVELOPE, CORE, RENEW };

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

struct cell {
    const struct operation *op;
    const struct expected *answer;
    enum caller caller;
    enum words address;
};

static const char *answer_of(const struct cell *cell) {
    enum words words = cell->address;
    if (cell->answer->way == HEARS && cell->op->asked != CORE) {
        words = cell->op->asked == HUB ? HUBS : ENVELOPES;
    }
    return cell->answer->text[words][cell->address];
}

static void put_lines(struct buf *out, const char *who, const char *ear, struct str lines) {
    while (!str_is_empty(lines)) {
        struct str line = str_cut(&lines, '\n');
        buf_printf(out, "%s %s < %.*s\n", who, ear, STR_FMT(line));
    }
}

static void put_cell(struct buf *out, const struct cell *cell) {
    const struct operation *op = cell->op;
    const char *who = callers[cell->caller].who;
    const char *ear = cell->caller == OPERATOR ? "" : dialects[cell->address];
    const char *mouth = cell->caller != OPERATOR && op->asked == CORE ? "core" : ear;
    struct str lines = str_of(answer_of(cell));

    buf_printf(out, "%s", world);
    if (cell->caller == MEMBER) {
        buf_printf(out, "%s belongs to secret\n", who);
    }
    buf_printf(out, "%s%s%s", callers[cell->caller].comes[cell->address],
               callers[cell->caller].then, callers[cell->caller].after[cell->address]);
    if (cell->answer->way == REFUSED) {
        struct str status = str_cut(&lines, '\n');
        buf_printf(out, "%s %s refused %.*s\n", who, ear, STR_FMT(status));
    } else {
        const char *sign = op->asked == RENEW ? "renews" : ">";
        buf_printf(out, "%s %s %s %s\n", who, mouth, sign, op->text);
    }
    if (cell->answer->way == NOTHING) {
        buf_printf(out, "%s %s . silence\n", who, ear);
    }
    put_lines(out, who, ear, lines);
}

static bool play_text(struct str text, struct buf *why) {
    SCOPED(script_free) struct script *script = NULL;
    return script_parse("authorization", text, &script, why) == OK && play(script, why);
}

/* ---- whether anything was left out */

static bool has_row(const char *name, enum asked asked) {
    for (size_t i = 0; i < COUNT(operations); i++) {
        bool is_asked =
            operations[i].asked == asked || (operations[i].asked == RENEW && asked == ENVELOPE);
        if (is_asked && strcmp(operations[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The command that a type becomes has its row under the type's name. */
static const struct {
    enum cmd_type cmd;
    const char *why;
} elsewhere[] = {
    { CMD_malformed, "is no operation" },
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
    bool is_type[CMD_COUNT + 1] = { false };
    enum dialect_id whose = DIALECT_COUNT;
    enum cmd_type becomes = CMD_COUNT;
    const char *name;
    for (unsigned n = 0; (name = frame_type(n, &whose, &becomes)) != NULL; n++) {
        is_type[becomes] = true;
        if (!has_row(name, whose == DIALECT_hub ? HUB : ENVELOPE)) {
            buf_printf(missing, "%s of the %s has no row\n", name, dialect_of(whose)->name);
        }
    }
    for (enum cmd_type cmd = 0; cmd < CMD_COUNT; cmd++) {
        if (!is_type[cmd] && !is_elsewhere(cmd) && !has_row(cmd_name(cmd), CORE)) {
            buf_printf(missing, "the command %s has no row\n", cmd_name(cmd));
        }
    }
}

/* ---- all of it */

struct teller {
    void (*say)(void *ctx, const char *name, bool is_fine, struct str why);
    void *ctx;
};

static void run_cell(const struct cell *cell, const struct teller *teller) {
    SCOPED(buf_fini) struct buf text = BUF_INIT(TEXT_BYTES_MAX);
    SCOPED(buf_fini) struct buf why = BUF_INIT(TEXT_BYTES_MAX);
    SCOPED(buf_fini) struct buf name = BUF_INIT(NAME_BYTES_MAX);
    put_cell(&text, cell);
    buf_printf(&name, "authorization: %s by %s", cell->op->name, callers[cell->caller].what);
    if (cell->caller != OPERATOR) {
        buf_printf(&name, " over %s", dialects[cell->address]);
    }
    buf_printf(&name, ": %s", cell->op->text);
    buf_put_char(&name, '\0');
    bool is_fine = play_text(buf_str(&text), &why);
    teller->say(teller->ctx, name.p, is_fine, buf_str(&why));
}

void authorization_run(void (*say)(void *ctx, const char *name, bool is_fine, struct str why),
                       void *ctx) {
    SCOPED(buf_fini) struct buf missing = BUF_INIT(TEXT_BYTES_MAX);
    const struct teller teller = { say, ctx };
    find_missing(&missing);
    say(ctx, "authorization: every operation has a row", missing.n == 0, buf_str(&missing));

    for (size_t i = 0; i < COUNT(answers); i++) {
        enum caller caller = (enum caller)(i % CALLERS);
        unsigned addresses = caller == OPERATOR ? 1 : WORDS_COUNT;
        for (unsigned address = 0; address < addresses; address++) {
            run_cell(&(struct cell){ &operations[i / CALLERS], &answers[i], caller,
                                     (enum words)address },
                     &teller);
        }
    }
}
