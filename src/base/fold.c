/* Folding through utf8proc; plain ASCII, which most names are, does not need it. */
#include "base/fold.h"

#include <utf8proc.h>

#define TAKEN_APART                                                                                \
    (UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)
#define PUT_TOGETHER (UTF8PROC_STABLE | UTF8PROC_COMPOSE)
#define POINTS_MAX (FOLD_BYTES_MAX / 4)

/* Lowers the letters. false: it is not all ASCII. */
static bool fold_ascii(struct str s, struct fold *out) {
    if (s.n > FOLD_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x80) {
            return false;
        }
        out->p[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    out->n = s.n;
    return true;
}

bool fold(struct str s, struct fold *out) {
    if (fold_ascii(s, out)) {
        return true;
    }
    utf8proc_int32_t points[POINTS_MAX + 1];    // and room for utf8proc's zero
    utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n,
                                            points, POINTS_MAX, (utf8proc_option_t)TAKEN_APART);
    if (n < 0 || (size_t)n > POINTS_MAX) {
        return false;
    }
    n = utf8proc_reencode(points, n, (utf8proc_option_t)PUT_TOGETHER);
    CHECK(n >= 0 && (size_t)n <= sizeof out->p);    // a point has four bytes at most
    memcpy(out->p, points, (size_t)n);
    out->n = (size_t)n;
    return true;
}

bool fold_same(struct str a, struct str b) {
    struct fold x, y;
    if (!fold(a, &x) || !fold(b, &y)) {
        return str_eq(a, b);
    }
    return str_eq(fold_str(&x), fold_str(&y));
}

#define ARROWS 0x2190         // where pictures begin; the signs before them are text
#define EMOJI_STYLE 0xfe0f    // after a sign: show it as a picture
#define KEYCAP 0x20e3
#define ZERO_WIDTH_JOINER 0x200d
#define FLAG_FIRST 0x1f1e6
#define FLAG_LAST 0x1f1ff

static bool is_flag(utf8proc_int32_t c) {
    return c >= FLAG_FIRST && c <= FLAG_LAST;
}

/* Whether a point is a picture by itself. */
static bool is_picture(utf8proc_int32_t c) {
    utf8proc_category_t category = utf8proc_category(c);
    bool is_sign = category == UTF8PROC_CATEGORY_SO || category == UTF8PROC_CATEGORY_SM;
    return is_sign && c >= ARROWS && !is_flag(c);
}

/* What a cluster's points have been so far. */
struct cluster {
    size_t points;
    size_t flags;    // regional indicators: two make a flag
    size_t pictures;
    bool has_style;    // a sign asks to be a picture
    bool has_keycap;
};

static void add_point(struct cluster *cl, utf8proc_int32_t c) {
    cl->points++;
    cl->flags += is_flag(c);
    cl->pictures += is_picture(c);
    cl->has_style = cl->has_style || (c == EMOJI_STYLE && cl->points > 1);
    cl->has_keycap = cl->has_keycap || (c == KEYCAP && cl->points > 1);
}

static bool is_emoji(const struct cluster *cl) {
    return cl->flags == 2 ||
           (cl->flags == 0 && (cl->pictures > 0 || cl->has_style || cl->has_keycap));
}

bool fold_is_emoji(struct str s) {
    utf8proc_int32_t before = 0, state = 0;
    struct cluster cluster = { 0 };
    for (size_t at = 0; at < s.n;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)s.p + at, (utf8proc_ssize_t)(s.n - at), &c);
        if (n <= 0 || (at > 0 && utf8proc_grapheme_break_stateful(before, c, &state))) {
            return false;
        }
        add_point(&cluster, c);
        before = c;
        at += (size_t)n;
    }
    return before != ZERO_WIDTH_JOINER && is_emoji(&cluster);
}
