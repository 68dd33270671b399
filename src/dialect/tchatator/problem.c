/* What was wrong with a command, said in the reader's language.
 *
 * The reader of a command does not know who will read the answer; the encoder does not know the
 * command. Between them travels "<row> <argument>". A detail that begins with no row's name is the
 * core's; it says `user`, where the client wrote recipient-id. */
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
    struct str field = { detail.p, str_find(detail, ':') };
    const char *key = key_of(row, field);
    if (key != NULL) {
        buf_put_str(out, str_of(key));
        detail = (struct str){ detail.p + field.n, detail.n - field.n };
    }
    frame_put_detail(out, detail, lang);
}
