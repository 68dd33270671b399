/* Folding for search, one character at a time: what it becomes (utf8proc, and a few letters that
 * have no decomposition), and where a word begins.
 *
 * Nothing is put together again at the end: whoever looks for a text folds what he looks for the
 * same way, so the two only have to agree. Hangul alone is composed, because a syllable is a word
 * here and may come as two or three letters. */
#include "base/fold.h"

#include <utf8proc.h>

#define TAKEN_APART                                                                                \
    (UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)
#define PIECES_MAX 32    // of one character; Unicode's longest has 18

/* Hangul: how a syllable is made of its letters (Unicode 3.12). */
#define SYLLABLES 0xac00
#define LEADS 0x1100
#define VOWELS 0x1161
#define TAILS 0x11a7
#define LEAD_COUNT 19
#define VOWEL_COUNT 21
#define TAIL_COUNT 28

struct folding {
    struct buf *out;
    size_t word_bytes;    // of the word in hand; 0: none
    bool is_own;          // the word in hand is one character, whatever follows
    bool has_word;        // one was put already
    bool is_apart;        // something stood between it and what comes
    int32_t lead;         // a Hangul letter or open syllable that waits for its rest; 0: none
};

/* Letters people write without their ornament, which Unicode does not take apart. The dotless i is
 * among them: capital I is the capital of both, and folds to i. */
static const struct {
    int32_t letter;
    const char *plain;
} plains[] = {
    { 0xe6, "ae" }, { 0xf0, "d" },  { 0xf8, "o" },   { 0x111, "d" }, { 0x127, "h" },
    { 0x131, "i" }, { 0x142, "l" }, { 0x153, "oe" }, { 0x167, "t" }, { 0x180, "b" },
    { 0x1e5, "g" }, { 0x268, "i" }, { 0x289, "u" },
};

/* Scripts that put no spaces between words. */
static const struct {
    int32_t first;
    int32_t last;
} unspaced[] = {
    { 0x0e00, 0x0eff },      // Thai, Lao
    { 0x1000, 0x109f },      // Myanmar
    { 0x1780, 0x17ff },      // Khmer
    { 0x2e80, 0x2fdf },      // radicals
    { 0x3005, 0x3007 },      // iteration mark, closing mark, zero
    { 0x3021, 0x312f },      // numerals, Hiragana, Katakana, Bopomofo
    { 0x31a0, 0x31ff },      // their extensions
    { 0x3400, 0x4dbf },      // Han
    { 0x4e00, 0x9fff },      //
    { 0xa000, 0xa4cf },      // Yi
    { 0xac00, 0xd7a3 },      // Hangul syllables
    { 0xf900, 0xfaff },      // Han
    { 0x16fe0, 0x18d8f },    // Tangut, Khitan
    { 0x1aff0, 0x1b2ff },    // Kana, Nushu
    { 0x20000, 0x3ffff },    // Han
};

static bool is_unspaced(int32_t c) {
    for (size_t i = 0; i < COUNT(unspaced) && c >= unspaced[i].first; i++) {
        if (c <= unspaced[i].last) {
            return true;
        }
    }
    return false;
}

/* Whether a mark is part of its letter: vowel signs, viramas, nuktas, voicing marks, tones of
 * unspaced scripts. Accents, and the points of Hebrew and Arabic, are not. */
static bool is_kept_mark(int32_t c) {
    int class = utf8proc_get_property(c)->combining_class;
    return class == 0 || (class >= 7 && class <= 9) || (class >= 84 && class < 200);
}

static void put(struct folding *f, const char *p, size_t n) {
    if (f->word_bytes + n <= FOLD_WORD_BYTES_MAX) {
        buf_put(f->out, p, n);
    }
    f->word_bytes += n;    // beyond the bound nothing is put, not even a shorter character
}

static void begin_word(struct folding *f) {
    if (f->has_word) {
        buf_put_char(f->out, f->is_apart ? FOLD_WORD_APART : FOLD_WORD_JOINED);
    }
    f->has_word = true;
    f->is_apart = false;
    f->is_own = false;
    f->word_bytes = 0;
}

static void end_word(struct folding *f) {
    f->word_bytes = 0;
    f->is_apart = true;
}

static void put_letters(struct folding *f, const char *p, size_t n) {
    if (f->word_bytes == 0 || f->is_own) {
        begin_word(f);
    }
    put(f, p, n);
}

static void put_letter(struct folding *f, int32_t c) {
    char bytes[4];
    size_t n = (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)bytes);
    for (size_t i = 0; i < COUNT(plains); i++) {
        if (plains[i].letter == c) {
            put_letters(f, plains[i].plain, strlen(plains[i].plain));
            return;
        }
    }
    if (!is_unspaced(c)) {
        put_letters(f, bytes, n);
        return;
    }
    begin_word(f);
    put(f, bytes, n);
    f->is_own = true;
}

static void put_mark(struct folding *f, int32_t c) {
    char bytes[4];
    if (f->word_bytes > 0 && is_kept_mark(c)) {
        put(f, bytes, (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)bytes));
    }
}

/* One piece of a character that was taken apart. */
static void put_piece(struct folding *f, int32_t c) {
    static const unsigned letters = BIT(UTF8PROC_CATEGORY_LU) | BIT(UTF8PROC_CATEGORY_LL) |
                                    BIT(UTF8PROC_CATEGORY_LT) | BIT(UTF8PROC_CATEGORY_LM) |
                                    BIT(UTF8PROC_CATEGORY_LO) | BIT(UTF8PROC_CATEGORY_ND) |
                                    BIT(UTF8PROC_CATEGORY_NL) | BIT(UTF8PROC_CATEGORY_NO);
    static const unsigned marks = BIT(UTF8PROC_CATEGORY_MN) | BIT(UTF8PROC_CATEGORY_MC);
    unsigned category = BIT(utf8proc_category(c));
    if ((category & letters) != 0) {
        put_letter(f, c);
    } else if ((category & marks) != 0) {
        put_mark(f, c);
    } else {
        end_word(f);
    }
}

/* Puts the Hangul that waits. */
static void settle(struct folding *f) {
    if (f->lead != 0) {
        int32_t c = f->lead;
        f->lead = 0;
        put_letter(f, c);
    }
}

/* Makes a syllable of what waits and `c`. false: they do not go together. */
static bool compose(struct folding *f, int32_t c) {
    int32_t vowel = c - VOWELS, tail = c - TAILS, lead = f->lead - LEADS;
    if (f->lead == 0) {
        return false;
    }
    if (lead >= 0 && lead < LEAD_COUNT && vowel >= 0 && vowel < VOWEL_COUNT) {
        f->lead = SYLLABLES + (lead * VOWEL_COUNT + vowel) * TAIL_COUNT;
        return true;
    }
    if (f->lead >= SYLLABLES && tail > 0 && tail < TAIL_COUNT) {
        int32_t whole = f->lead + tail;
        f->lead = 0;
        put_letter(f, whole);
        return true;
    }
    return false;
}

static void put_apart(struct folding *f, int32_t c) {
    utf8proc_int32_t pieces[PIECES_MAX];
    int boundary = 0;
    utf8proc_ssize_t n =
        utf8proc_decompose_char(c, pieces, PIECES_MAX, (utf8proc_option_t)TAKEN_APART, &boundary);
    CHECK(n <= PIECES_MAX);
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        int32_t piece = pieces[i];
        if (compose(f, piece)) {
            continue;
        }
        settle(f);
        if (piece >= LEADS && piece < LEADS + LEAD_COUNT) {
            f->lead = piece;
        } else {
            put_piece(f, piece);
        }
    }
}

static bool is_ascii_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* ASCII letters and digits at the front of s, which most texts are. Returns how many. */
static size_t put_ascii(struct folding *f, struct str s) {
    char lower[FOLD_WORD_BYTES_MAX];
    size_t n = 0;
    while (n < s.n && n < sizeof lower && is_ascii_letter(s.p[n])) {
        char c = s.p[n];
        lower[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    put_letters(f, lower, n);
    return n;
}

/* Takes one character, or a run of plain ones, off the front of s. */
static size_t fold_front(struct folding *f, struct str s) {
    if ((unsigned char)s.p[0] < 0x80) {
        settle(f);
        if (is_ascii_letter(s.p[0])) {
            return put_ascii(f, s);
        }
        end_word(f);
        return 1;
    }
    utf8proc_int32_t c;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, &c);
    if (n <= 0) {
        end_word(f);    // no UTF-8: it parts words
        return 1;
    }
    put_apart(f, c);
    return (size_t)n;
}

void fold_words(struct str s, struct buf *out) {
    struct folding f = { .out = out };
    for (size_t at = 0; at < s.n;) {
        at += fold_front(&f, (struct str){ s.p + at, s.n - at });
    }
    settle(&f);
}
