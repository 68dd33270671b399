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

/* A sign beyond ASCII, or what asks for a picture: a variation selector, and the few that are drawn
 * as one though they are punctuation. */
static bool is_picture(utf8proc_int32_t c) {
    utf8proc_category_t category = utf8proc_category(c);
    bool is_sign = category == UTF8PROC_CATEGORY_SO || category == UTF8PROC_CATEGORY_SM ||
                   category == UTF8PROC_CATEGORY_ME;
    return (is_sign && c >= 0x80) || c == 0xfe0f || c == 0x203c || c == 0x2049 || c == 0x3030;
}

bool fold_is_emoji(struct str s) {
    utf8proc_int32_t before = 0, state = 0;
    bool has_picture = false;
    for (size_t at = 0; at < s.n;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)s.p + at, (utf8proc_ssize_t)(s.n - at), &c);
        if (n <= 0 || (at > 0 && utf8proc_grapheme_break_stateful(before, c, &state))) {
            return false;
        }
        has_picture = has_picture || is_picture(c);
        before = c;
        at += (size_t)n;
    }
    return has_picture;
}
