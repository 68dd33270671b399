/* What was wrong with a frame, said in the reader's language.
 *
 * The decoder does not know who will read the answer; the encoder does not know the frame. Between
 * them travel a row's number and its argument. What the core has to say is its own table's. */
#include "dialect/frame/frame.h"

_Static_assert(ROOM_NAME_CHARS_MAX == 64 && CLIENT_ID_CHARS_MAX == 64, "not_64 says so");
_Static_assert(MEDIA_TYPE_BYTES_MAX == 127, "over_127 says so");
_Static_assert(MEDIA_URL_BYTES_MAX == 2048, "over_2048 says so");
_Static_assert(MEDIA_DURATION_MS_MAX == 24 * 3600 * 1000, "not_seconds says so");
_Static_assert(FRAME_REF_CHARS_MAX == 128 && REF_BYTES_MAX == 256, "over_128 says so");

static const struct problem {
    enum refusal refusal;
    struct str field;      // "%": the argument
    struct str text[2];    // by enum lang
} problems[FRAME_PROBLEM_COUNT] = {
#define PROBLEM(name, refusal, field, english, french)                                             \
    [FRAME_##name] = { REFUSE_##refusal,                                                           \
                       STR_LIT(field),                                                             \
                       { [LANG_EN] = STR_LIT(english), [LANG_FR] = STR_LIT(french) } },
#include "dialect/frame/problems.tbl.h"
#undef PROBLEM
};

enum refusal frame_problem_refusal(enum frame_problem problem) {
    CHECK(problem > FRAME_FINE && problem < FRAME_PROBLEM_COUNT);
    return problems[problem].refusal;
}

bool frame_problem_names_field(enum frame_problem problem) {
    CHECK(problem > FRAME_FINE && problem < FRAME_PROBLEM_COUNT);
    return str_eq(problems[problem].field, STR_LIT("%"));
}

/* The row a detail is about; NULL: the words are the core's. */
static const struct problem *row_of(const struct detail *detail) {
    bool is_ours = detail->kind == DETAIL_words && detail->problem > FRAME_FINE &&
                   detail->problem < FRAME_PROBLEM_COUNT;
    return is_ours ? &problems[detail->problem] : NULL;
}

/* ---- for people */

void frame_put_detail(struct buf *out, const struct detail *detail, enum lang lang) {
    const struct problem *row = row_of(detail);
    if (row != NULL) {
        detail_put_word(out, row->text[lang], detail->word);
    } else {
        detail_put(out, detail, lang, NULL);    // the core's names are ours
    }
}

/* ---- for programs */

struct str frame_detail_field(const struct detail *detail) {
    const struct problem *row = row_of(detail);
    if (row == NULL) {
        return str_of(input_name(detail->input));
    }
    return str_eq(row->field, STR_LIT("%")) ? detail->word : row->field;
}

uint64_t frame_detail_max(const struct detail *detail) {
    uint64_t max = detail->max;
    bool is_frame = row_of(detail) == &problems[FRAME_frame_too_long];
    return !is_frame || str_to_u64(detail->word, &max) == OK ? max : 0;
}
