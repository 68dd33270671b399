/* Folding: what is left of a text when everything is taken away that people do not tell names apart
 * by. Two names that fold to the same are one name.
 *
 * Letter case goes (full case folding: "STRASSE" and "straße"), the way an accent is written
 * (composed or not), compatibility forms (full width, ligatures), and what has no shape at all
 * (soft hyphens, zero-width spaces, variation selectors): Unicode's NFKC with case folding and
 * default ignorables left out. What merely looks alike in two scripts stays different.
 *
 * Thread   any.   Memory   the caller's.   Bound   FOLD_BYTES_MAX, of the folded text. */
#ifndef PARLOIR_BASE_FOLD_H
#define PARLOIR_BASE_FOLD_H

#include "base/base.h"
#include "base/str.h"

#define FOLD_BYTES_MAX 1024u

struct fold {
    size_t n;
    char p[FOLD_BYTES_MAX];
};

/* Folds s. A text that is not UTF-8, or longer than FOLD_BYTES_MAX when folded, cannot be: false,
 * and it is only like itself. */
bool fold(struct str s, struct fold *out);

/* Whether s is one emoji, as people see one: a single grapheme cluster (with all its joiners and
 * tones) that is drawn as a picture or sign. */
bool fold_is_emoji(struct str s);

/* Whether the two are the same name. */
bool fold_same(struct str a, struct str b);

static inline struct str fold_str(const struct fold *f) {
    return (struct str){ f->p, f->n };
}

#endif
