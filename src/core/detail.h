/* What a refusal says about the input: which part of it is to blame, which bound it broke, how much
 * was given. It travels as data, and becomes a sentence only where it is written, in the reader's
 * language and with the dialect's own names.
 *
 * Thread   any.
 * Memory   a detail borrows its word; of a reply it is the batch's. */
#ifndef PARLOIR_CORE_DETAIL_H
#define PARLOIR_CORE_DETAIL_H

#include "base/buf.h"
#include "core/cmd.h"

enum input {
    INPUT_NONE,
#define INPUT(name) INPUT_##name,
#include "core/inputs.tbl.h"
#undef INPUT
    INPUT_COUNT
};

enum unit {
    UNIT_NONE,
#define UNIT(name, english, french) UNIT_##name,
#include "core/units.tbl.h"
#undef UNIT
    UNIT_COUNT
};

enum detail_kind {
    DETAIL_NONE,    // the refusal says it all; but an input may be to blame
#define DETAIL(name, english, french) DETAIL_##name,
#include "core/details.tbl.h"
#undef DETAIL
    DETAIL_COUNT
};

struct detail {
    enum detail_kind kind;
    enum input input;
    enum unit unit;    // of given and max
    uint64_t given;    // 0: no matter
    uint64_t max;      // 0: none
    struct str word;
    uint64_t problem;    // words: cmd.problem, a row of the dialect's own, `word` its argument
};

/* A detail, as an argument: DETAIL_OF(long, INPUT_query, .max = 200, .unit = UNIT_characters). */
#define DETAIL_OF(name, ...) (&(struct detail){ DETAIL_##name, __VA_ARGS__ })

/* Appends the sentence, nothing for DETAIL_NONE. names[i] is what the dialect calls an input;
 * NULL there, or for all, and it is called as in the core. */
void detail_put(struct buf *out, const struct detail *detail, enum lang lang,
                const char *const names[INPUT_COUNT]);

/* Appends a text of somebody's own table, with the word in the place of its "%". */
void detail_put_word(struct buf *out, struct str text, struct str word);

/* Appends a refusal's sentence with what a detail says, if anything, in parentheses before its full
 * stop: "Requête incomprise (le champ room manque)." */
void detail_put_behind(struct buf *out, struct str sentence, struct str said);

/* The name of a row ("longer"), of an input ("content"; of INPUT_NONE ""), of a unit. Static. */
const char *detail_name(enum detail_kind kind);
const char *input_name(enum input input);
const char *unit_name(enum unit unit);

#endif
