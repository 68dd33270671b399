/* What was wrong with a command, said in the reader's language.
 *
 * The reader of a command does not know who will read the answer; the encoder does not know the
 * command. Between them travels "<row> <argument>". A detail that begins with no row's name is the
 * server's, a sentence, or the core's, which says `user` where the client wrote recipient-id. */
#include "dialect/frame/frame.h"
#include "dialect/tchatator/walk.h"

_Static_assert(CLIENT_ID_CHARS_MAX == 64, "not_client_id says so");
_Static_assert(BLOCK_MS_MAX == UINT64_C(87840) * 3600 * 1000, "not_hours says so");
_Static_assert(TCHATATOR_LINE_BYTES_MAX == 16384, "not_length and over_size say so");
_Static_assert(TCHATATOR_COMMAND_BYTES_MAX == 32768, "over_size says so");
_Static_assert(TCHATATOR_PARAMS_MAX == 16, "over_size says so");

#define ARGUMENT_CHARS_MAX 32    // of what the client wrote

static const struct {
    struct str name;
    enum refusal refusal;
    struct str text[2];    // by enum lang
} problems[PROBLEM_COUNT] = {
#define PROBLEM(name, refusal, english, french)                                                    \
    [PROBLEM_##name] = { STR_LIT(#name),                                                           \
                         REFUSE_##refusal,                                                         \
                         { [LANG_EN] = STR_LIT(english), [LANG_FR] = STR_LIT(french) } },
#include "dialect/tchatator/problems.tbl.h"
#undef PROBLEM
};

enum refusal problem_refusal(enum problem problem) {
    CHECK(problem > PROBLEM_NONE && problem < PROBLEM_COUNT);
    return problems[problem].refusal;
}

void problem_put(struct buf *out, enum problem problem, struct str argument) {
    CHECK(problem > PROBLEM_NONE && problem < PROBLEM_COUNT);
    buf_put_str(out, problems[problem].name);
    struct str shown = str_first_chars(argument, ARGUMENT_CHARS_MAX);
    if (!str_is_empty(shown)) {
        buf_put_char(out, ' ');
        buf_put_str(out, shown);
    }
    if (shown.n < argument.n) {
        BUF_PUT_LIT(out, "…");
    }
}

/* Appends a row's sentence with the argument in its place. */
static void put_row(struct buf *out, struct str text, struct str argument) {
    size_t at = str_find(text, '%');
    buf_put(out, text.p, at);
    if (at < text.n) {
        buf_put_str(out, argument);
        buf_put(out, text.p + at + 1, text.n - at - 1);
    }
}

/* What the protocol calls a member of a command; NULL: the core's name will do. */
static const char *key_of(const struct verb *row, struct str field) {
    static const struct {
        struct str name;
        size_t offset;
    } fields[] = {
        { STR_LIT("user"), offsetof(struct cmd, user) },
        { STR_LIT("other"), offsetof(struct cmd, other) },
        { STR_LIT("message"), offsetof(struct cmd, message) },
        { STR_LIT("client_id"), offsetof(struct cmd, client_id) },
        { STR_LIT("duration"), offsetof(struct cmd, duration_ms) },
        { STR_LIT("duration_ms"), offsetof(struct cmd, duration_ms) },
    };
    size_t at = 0;
    while (at < COUNT(fields) && !str_eq(field, fields[at].name)) {
        at++;
    }
    for (size_t i = 0; row != NULL && at < COUNT(fields) && i < VERB_PARAMS_MAX; i++) {
        if (row->params[i].kind != KIND_NONE && row->params[i].offset == fields[at].offset) {
            return row->params[i].key;
        }
    }
    return NULL;
}

/* Whole sentences of the server's and the core's about who asks; their French. */
static struct str in_french(struct str sentence) {
    static const struct {
        struct str english;
        struct str french;
    } sentences[] = {
        { STR_LIT("This API token is not valid"), STR_LIT("ce jeton n'est pas valable") },
        { STR_LIT("Too many failed tokens from your address: wait a minute"),
          STR_LIT("trop de jetons refusés depuis votre adresse : attendez une minute") },
        { STR_LIT("LOGIN first"), STR_LIT("commencez par LOGIN") },
        { STR_LIT("This token is somebody else's than who has logged in"),
          STR_LIT("ce jeton n'est pas celui de l'utilisateur connecté") },
        { STR_LIT("only an admin blocks for others"),
          STR_LIT("seul un administrateur bloque pour les autres") },
        { STR_LIT("nobody is kept from themselves"), STR_LIT("on ne se bloque pas soi-même") },
        { STR_LIT("from your address: close another first"),
          STR_LIT("depuis votre adresse : fermez-en une autre") },
    };
    for (size_t i = 0; i < COUNT(sentences); i++) {
        if (str_eq(sentence, sentences[i].english)) {
            return sentences[i].french;
        }
    }
    return sentence;
}

/* In parentheses it needs no full stop. */
static struct str without_stop(struct str sentence) {
    return (struct str){ sentence.p, sentence.n - str_ends(sentence, STR_LIT(".")) };
}

void problem_put_detail(struct buf *out, struct str detail, const struct verb *row,
                        enum lang lang) {
    struct str rest = detail;
    struct str name = str_cut(&rest, ' ');
    for (enum problem i = PROBLEM_NONE + 1; i < PROBLEM_COUNT; i++) {
        if (str_eq(name, problems[i].name)) {
            put_row(out, problems[i].text[lang], rest);
            return;
        }
    }
    detail = without_stop(detail);
    detail = lang == LANG_FR ? in_french(detail) : detail;
    struct str field = { detail.p, str_find(detail, ':') };
    const char *key = key_of(row, field);
    if (key != NULL) {
        buf_put_str(out, str_of(key));
        detail = (struct str){ detail.p + field.n, detail.n - field.n };
    }
    frame_put_detail(out, detail, lang);
}
