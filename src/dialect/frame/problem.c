/* What was wrong with a frame, said in the reader's language.
 *
 * The decoder does not know who will read the answer; the encoder does not know the frame. Between
 * them travels "<row> <argument>". A detail that begins with no row's name came from elsewhere and
 * is shown as it stands. */
#include "dialect/frame/frame.h"

_Static_assert(ROOM_NAME_CHARS_MAX == 64 && CLIENT_ID_CHARS_MAX == 64, "not_64 says so");
_Static_assert(MEDIA_TYPE_BYTES_MAX == 127, "over_127 says so");
_Static_assert(MEDIA_URL_BYTES_MAX == 2048, "over_2048 says so");
_Static_assert(MEDIA_DURATION_MS_MAX == 24 * 3600 * 1000, "not_seconds says so");
_Static_assert(FRAME_REF_CHARS_MAX == 128 && REF_BYTES_MAX == 256, "over_128 says so");

struct problem {
    struct str name;
    enum refusal refusal;
    struct str field;      // "%": the argument
    struct str text[2];    // by enum lang
};

static const struct problem problems[FRAME_PROBLEM_COUNT] = {
#define PROBLEM(name, refusal, field, english, french)                                             \
    [FRAME_##name] = { STR_LIT(#name),                                                             \
                       REFUSE_##refusal,                                                           \
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

void frame_put_problem(struct buf *out, enum frame_problem problem, struct str argument) {
    CHECK(problem > FRAME_FINE && problem < FRAME_PROBLEM_COUNT);
    buf_put_str(out, problems[problem].name);
    if (!str_is_empty(argument)) {
        buf_put_char(out, ' ');
        buf_put_str(out, argument);
    }
}

/* The row that a detail begins with the name of, and its argument; NULL: the words are the
 * core's. */
static const struct problem *row_of(struct str detail, struct str *argument) {
    struct str name = str_cut(&detail, ' ');
    for (size_t i = FRAME_FINE + 1; i < FRAME_PROBLEM_COUNT; i++) {
        if (str_eq(problems[i].name, name)) {
            *argument = detail;
            return &problems[i];
        }
    }
    return NULL;
}

/* ---- for people */

/* The words of the core's details (turn_refuse in core/): of two that begin alike the longer one
 * first. */
static const struct {
    struct str english;
    struct str french;
} words[] = {
    { STR_LIT("rooms per second"), STR_LIT("salons par seconde") },
    { STR_LIT("per second"), STR_LIT("par seconde") },
    { STR_LIT("per minute"), STR_LIT("par minute") },
    { STR_LIT("per hour"), STR_LIT("par heure") },
    { STR_LIT("seconds, at most a day"), STR_LIT("secondes, au plus un jour") },
    { STR_LIT("at most"), STR_LIT("au plus") },
    { STR_LIT("characters"), STR_LIT("caractères") },
    { STR_LIT(" bytes"), STR_LIT(" octets") },
    { STR_LIT("no room ids are left"), STR_LIT("il ne reste plus de numéro de salon") },
    { STR_LIT("a message of the type "), STR_LIT("indispensable à un message de type ") },
    { STR_LIT(" needs it"), STR_LIT("") },
    { STR_LIT("only with the message_type image, audio or file"),
      STR_LIT("seulement avec le message_type image, audio ou file") },
    { STR_LIT("/uploads/... or https://..."), STR_LIT("/uploads/... ou https://...") },
    { STR_LIT("such as image/jpeg"), STR_LIT("par exemple image/jpeg") },
    { STR_LIT("text, image, audio or file"), STR_LIT("text, image, audio ou file") },
    { STR_LIT("the id of the message it is about"), STR_LIT("le numéro du message concerné") },
    { STR_LIT("one emoji"), STR_LIT("un seul emoji") },
    { STR_LIT("add, remove, or neither"), STR_LIT("add, remove, ou rien") },
    { STR_LIT("some text to look for"), STR_LIT("le texte à chercher") },
    { STR_LIT("a room is resumed before it is joined; then room_history tells the rest"),
      STR_LIT("un salon se reprend avant d'être rejoint ; ensuite, room_history donne le reste") },
    { STR_LIT("this session is somebody else's"),
      STR_LIT("cette connexion est celle de quelqu'un d'autre") },
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

/* Appends a row's sentence with the argument in its place. */
static void put_row(struct buf *out, struct str text, struct str argument) {
    size_t at = str_find(text, '%');
    buf_put(out, text.p, at);
    if (at < text.n) {
        buf_put_str(out, argument);
        buf_put(out, text.p + at + 1, text.n - at - 1);
    }
}

void frame_put_detail(struct buf *out, struct str detail, enum lang lang) {
    struct str argument = STR_NONE;
    const struct problem *row = row_of(detail, &argument);
    if (row != NULL) {
        put_row(out, row->text[lang], argument);
        return;
    }
    while (lang == LANG_FR && !str_is_empty(detail)) {
        put_next(out, &detail);
    }
    buf_put_str(out, detail);
}

/* ---- for programs */

/* The core names the field in front of a colon: "client_id: at most 64 characters". */
static struct str field_in(struct str words_of_core) {
    size_t colon = str_find(words_of_core, ':');
    for (size_t i = 0; i < colon; i++) {
        char c = words_of_core.p[i];
        if (c != '_' && (c < 'a' || c > 'z')) {
            return STR_NONE;
        }
    }
    return colon == words_of_core.n ? STR_NONE : (struct str){ words_of_core.p, colon };
}

struct str frame_detail_field(struct str detail) {
    struct str argument = STR_NONE;
    const struct problem *row = row_of(detail, &argument);
    if (row == NULL) {
        return field_in(detail);
    }
    return str_eq(row->field, STR_LIT("%")) ? argument : row->field;
}

uint64_t frame_detail_max(struct str detail) {
    static const struct str before = STR_LIT("at most ");
    struct str argument = STR_NONE;
    const struct problem *row = row_of(detail, &argument);
    if (row != NULL && row != &problems[FRAME_frame_too_long]) {
        return 0;
    }
    while (row == NULL && !str_is_empty(detail) && !str_starts(detail, before)) {
        detail = (struct str){ detail.p + 1, detail.n - 1 };
    }
    struct str rest = row != NULL ? argument : detail;
    if (row == NULL && !str_is_empty(detail)) {
        rest = (struct str){ detail.p + before.n, detail.n - before.n };
    }
    uint64_t max = 0;
    struct str number = str_cut(&rest, ' ');
    return str_to_u64(number, &max) == OK ? max : 0;
}
