/* What was wrong with a command, said in the reader's language.
 *
 * The reader of a command does not know who will read the answer; the encoder does not know the
 * command. Between them travel a row's number and its argument. What the core has to say is its own
 * table's, with the parameters' names for its inputs: `user` is the recipient-id of SEND_MSG. */
#include "dialect/tchatator/walk.h"

_Static_assert(CLIENT_ID_CHARS_MAX == 64, "not_client_id says so");
_Static_assert(BLOCK_MS_MAX == UINT64_C(87840) * 3600 * 1000, "not_hours says so");
_Static_assert(TCHATATOR_LINE_BYTES_MAX == 16384, "not_length and over_size say so");
_Static_assert(TCHATATOR_COMMAND_BYTES_MAX == 32768, "over_size says so");
_Static_assert(TCHATATOR_PARAMS_MAX == 16, "over_size says so");

#define ARGUMENT_CHARS_MAX 32    // of what the client wrote

static const struct {
    enum refusal refusal;
    struct str text[2];    // by enum lang
} problems[PROBLEM_COUNT] = {
#define PROBLEM(name, refusal, english, french)                                                    \
    [PROBLEM_##name] = { REFUSE_##refusal,                                                         \
                         { [LANG_EN] = STR_LIT(english), [LANG_FR] = STR_LIT(french) } },
#include "dialect/tchatator/problems.tbl.h"
#undef PROBLEM
};

enum refusal problem_refusal(enum problem problem) {
    CHECK(problem > PROBLEM_NONE && problem < PROBLEM_COUNT);
    return problems[problem].refusal;
}

void problem_put_argument(struct buf *out, struct str said) {
    struct str shown = str_first_chars(said, ARGUMENT_CHARS_MAX);
    buf_put_str(out, shown);
    if (shown.n < said.n) {
        BUF_PUT_LIT(out, "…");
    }
}

/* What the commands call the inputs of the core: parameters are known by where they go. */
static const char *key_of(const struct verb *row, size_t offset) {
    for (unsigned i = 0; row != NULL && i < VERB_PARAMS_MAX; i++) {
        const struct param *param = &row->params[i];
        if (param->kind != KIND_NONE && param->offset == offset) {
            return param->key;
        }
    }
    return NULL;
}

void problem_put_detail(struct buf *out, const struct detail *detail, const struct verb *row,
                        enum lang lang) {
    bool is_ours = detail->kind == DETAIL_words && detail->problem > PROBLEM_NONE &&
                   detail->problem < PROBLEM_COUNT;
    if (is_ours) {
        detail_put_word(out, problems[detail->problem].text[lang], detail->word);
        return;
    }
    const char *const names[INPUT_COUNT] = {
        [INPUT_user] = key_of(row, offsetof(struct cmd, user)),
        [INPUT_other] = key_of(row, offsetof(struct cmd, other)),
        [INPUT_message] = key_of(row, offsetof(struct cmd, message)),
        [INPUT_client_id] = key_of(row, offsetof(struct cmd, client_id)),
        [INPUT_duration] = key_of(row, offsetof(struct cmd, duration_ms)),
    };
    detail_put(out, detail, lang, names);
}
