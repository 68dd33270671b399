/* What was wrong with a frame, said in the reader's language.
 *
 * The decoder does not know who will read the answer; the encoder does not know the frame. Between
 * them travels "<row> <argument>". A detail that begins with no row's name came from elsewhere and
 * is shown as it stands. */
#include "dialect/hub/hub.h"

_Static_assert(ROOM_NAME_CHARS_MAX == 64 && CLIENT_ID_CHARS_MAX == 64, "not_64 says so");
_Static_assert(HUB_REF_CHARS_MAX == 128 && REF_BYTES_MAX == 256, "over_128 says so");

static const struct {
    struct str name;
    enum refusal refusal;
    struct str text[2];    // by enum lang
} problems[HUB_PROBLEM_COUNT] = {
#define PROBLEM(name, refusal, english, french)                                                    \
    [HUB_##name] = { STR_LIT(#name),                                                               \
                     REFUSE_##refusal,                                                             \
                     { [LANG_EN] = STR_LIT(english), [LANG_FR] = STR_LIT(french) } },
#include "dialect/hub/problems.tbl.h"
#undef PROBLEM
};

enum refusal hub_problem_refusal(enum hub_problem problem) {
    CHECK(problem > HUB_FINE && problem < HUB_PROBLEM_COUNT);
    return problems[problem].refusal;
}

void hub_put_problem(struct buf *out, enum hub_problem problem, struct str argument) {
    CHECK(problem > HUB_FINE && problem < HUB_PROBLEM_COUNT);
    buf_put_str(out, problems[problem].name);
    if (!str_is_empty(argument)) {
        buf_put_char(out, ' ');
        buf_put_str(out, argument);
    }
}

/* The words of the core's details (turn_refuse in core/). */
static const struct {
    struct str english;
    struct str french;
} words[] = {
    { STR_LIT("per second"), STR_LIT("par seconde") },
    { STR_LIT("per minute"), STR_LIT("par minute") },
    { STR_LIT("per hour"), STR_LIT("par heure") },
    { STR_LIT("at most"), STR_LIT("au plus") },
    { STR_LIT("characters"), STR_LIT("caractères") },
    { STR_LIT("no room ids are left"), STR_LIT("il ne reste plus de numéro de salon") },
};

/* Appends the words at the front of *rest in French, or else its first byte, and takes them off. */
static void put_next(struct buf *out, struct str *rest) {
    size_t n = 1;
    struct str said = { rest->p, 1 };
    for (size_t i = 0; i < COUNT(words); i++) {
        if (str_starts(*rest, words[i].english)) {
            n = words[i].english.n;
            said = words[i].french;
            break;
        }
    }
    buf_put_str(out, said);
    *rest = (struct str){ rest->p + n, rest->n - n };
}

void hub_put_detail(struct buf *out, struct str detail, enum lang lang) {
    struct str argument = detail;
    struct str name = str_cut(&argument, ' ');
    for (size_t i = HUB_FINE + 1; i < HUB_PROBLEM_COUNT; i++) {
        if (str_eq(problems[i].name, name)) {
            struct str text = problems[i].text[lang];
            size_t at = str_find(text, '%');
            buf_put(out, text.p, at);
            if (at < text.n) {
                buf_put_str(out, argument);
                buf_put(out, text.p + at + 1, text.n - at - 1);
            }
            return;
        }
    }
    while (lang == LANG_FR && !str_is_empty(detail)) {
        put_next(out, &detail);
    }
    buf_put_str(out, detail);
}
