/* Folding: what is left of a text when everything is taken away that people do not tell names apart
 * by. Two names that fold to the same are one name. And, further down, what is left of a text for
 * those who search it.
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
#include "base/buf.h"
#include "base/str.h"

#define FOLD_BYTES_MAX 1024u
#define FOLD_WORD_BYTES_MAX 96u

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

/* What stands between two words. */
#define FOLD_WORD_APART ' '
#define FOLD_WORD_JOINED '+'    // they were written without anything between them

/* Appends the words of a text, as search compares them: two texts that people would look for with
 * the same words have the same.
 *
 * Folded as names are, and more is taken away: accents ("Été" is "ete", the points of Arabic and
 * Hebrew too), the ornaments of letters that Unicode does not take apart (ø, ł, đ; œ is "oe"), and
 * the dot question of Turkish: İ, I, ı and i are all "i". A word is letters and digits, with the
 * marks its script cannot do without; everything else parts words, emoji among it. In scripts that
 * put no spaces between words (Han, Kana, Hangul syllables, Thai ...) each character is a word: so
 * any piece of a text is found there, as a phrase.
 *
 * A word longer than FOLD_WORD_BYTES_MAX is cut. Each word is followed by the next after one of the
 * separators above, which no word contains: "ete 2024 日+本". The bound is the buffer's: what goes
 * beyond is left out, always the same. Bytes that are not UTF-8 part words. */
void fold_words(struct str s, struct buf *out);

static inline struct str fold_str(const struct fold *f) {
    return (struct str){ f->p, f->n };
}

#endif
