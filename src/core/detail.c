/* Details: the tables, and the sentences made from them. */
#include "core/detail.h"

static const struct {
    const char *name;
    const char *text[2];    // by enum lang
} details[DETAIL_COUNT] = {
    [DETAIL_NONE] = { "", { "", "" } },
#define DETAIL(name, english, french) [DETAIL_##name] = { #name, { english, french } },
#include "core/details.tbl.h"
#undef DETAIL
};

static const struct {
    const char *name;
    const char *text[2];
} units[UNIT_COUNT] = {
    [UNIT_NONE] = { "", { "", "" } },
#define UNIT(name, english, french) [UNIT_##name] = { #name, { english, french } },
#include "core/units.tbl.h"
#undef UNIT
};

static const char *const inputs[INPUT_COUNT] = {
    [INPUT_NONE] = "",
#define INPUT(name) [INPUT_##name] = #name,
#include "core/inputs.tbl.h"
#undef INPUT
};

const char *detail_name(enum detail_kind kind) {
    CHECK(kind < DETAIL_COUNT);
    return details[kind].name;
}

const char *input_name(enum input input) {
    CHECK(input < INPUT_COUNT);
    return inputs[input];
}

const char *unit_name(enum unit unit) {
    CHECK(unit < UNIT_COUNT);
    return units[unit].name;
}

void detail_put(struct buf *out, const struct detail *detail, enum lang lang,
                const char *const names[INPUT_COUNT]) {
    CHECK(detail->kind < DETAIL_COUNT && lang <= LANG_FR);
    bool is_own = names != NULL && names[detail->input] != NULL;
    for (const char *c = details[detail->kind].text[lang]; *c != '\0'; c++) {
        if (*c != '%') {
            buf_put_char(out, *c);
            continue;
        }
        switch (*++c) {
        case 'i':
            buf_put_str(out, str_of(is_own ? names[detail->input] : input_name(detail->input)));
            break;
        case 'g': buf_put_u64(out, detail->given); break;
        case 'm': buf_put_u64(out, detail->max); break;
        case 'u': buf_put_str(out, str_of(units[detail->unit].text[lang])); break;
        case 'w': buf_put_str(out, detail->word); break;
        default: CHECK(false);
        }
    }
}

void detail_put_word(struct buf *out, struct str text, struct str word) {
    size_t at = str_find(text, '%');
    buf_put(out, text.p, at);
    if (at < text.n) {
        buf_put_str(out, word);
        buf_put(out, text.p + at + 1, text.n - at - 1);
    }
}

void detail_put_behind(struct buf *out, struct str sentence, struct str said) {
    if (str_is_empty(said)) {
        buf_put_str(out, sentence);
        return;
    }
    bool has_stop = str_ends(sentence, STR_LIT("."));
    buf_put(out, sentence.p, sentence.n - has_stop);
    BUF_PUT_LIT(out, " (");
    buf_put_str(out, said);
    buf_put_str(out, has_stop ? STR_LIT(").") : STR_LIT(")"));
}
