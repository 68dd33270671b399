/* Borrowed text. ASCII goes eight bytes at a time, everything else byte by byte. */
#include "base/str.h"

#include "base/word.h"

struct str str_of(const char *terminated) {
    if (terminated == NULL) {
        return STR_LIT("");
    }
    return (struct str){ terminated, strlen(terminated) };
}

/* ASCII only: what the locale thinks of other bytes must not matter. */
static unsigned char lower(char c) {
    unsigned char byte = (unsigned char)c;
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
}

bool str_eq_nocase(struct str a, struct str b) {
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (lower(a.p[i]) != lower(b.p[i])) {
            return false;
        }
    }
    return true;
}

static bool is_name_gap(char c) {
    return c == '_' || c == '-' || c == ' ';
}

bool str_eq_name(struct str a, struct str b) {
    size_t i = 0;
    size_t j = 0;
    for (;;) {
        while (i < a.n && is_name_gap(a.p[i])) {
            i++;
        }
        while (j < b.n && is_name_gap(b.p[j])) {
            j++;
        }
        if (i == a.n || j == b.n) {
            return i == a.n && j == b.n;
        }
        if (lower(a.p[i++]) != lower(b.p[j++])) {
            return false;
        }
    }
}

bool str_starts(struct str s, struct str prefix) {
    return s.n >= prefix.n && str_eq((struct str){ s.p, prefix.n }, prefix);
}

bool str_ends(struct str s, struct str suffix) {
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

size_t str_find(struct str s, char c) {
    const char *at = s.n == 0 ? NULL : memchr(s.p, (unsigned char)c, s.n);
    return at == NULL ? s.n : (size_t)(at - s.p);
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s) {
    while (s.n > 0 && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_space(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

struct str str_cut(struct str *rest, char sep) {
    size_t n = str_find(*rest, sep);
    struct str piece = { rest->p, n };
    *rest = n == rest->n ? STR_NONE : (struct str){ rest->p + n + 1, rest->n - n - 1 };
    return piece;
}

enum err str_to_u64(struct str s, uint64_t *out) {
    if (s.n == 0) {
        return ERR_PROTO;
    }
    uint64_t v = 0;
    bool fits = true;
    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned char)s.p[i] - (unsigned)'0';
        if (digit > 9) {
            return ERR_PROTO;    // also behind a number that is too long already
        }
        fits = fits && !__builtin_mul_overflow(v, 10u, &v) && !__builtin_add_overflow(v, digit, &v);
    }
    if (!fits) {
        return ERR_TOO_BIG;
    }
    *out = v;
    return OK;
}

enum err str_to_i64(struct str s, int64_t *out) {
    bool is_negative = s.n > 0 && s.p[0] == '-';
    uint64_t magnitude;
    enum err err = str_to_u64(is_negative ? (struct str){ s.p + 1, s.n - 1 } : s, &magnitude);
    if (err != OK) {
        return err;
    }
    if (magnitude > (uint64_t)INT64_MAX + is_negative) {
        return ERR_TOO_BIG;
    }
    *out = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return OK;
}

/* Inside a character, utf8.state holds what may come next: how many bytes are missing (bits 0-7)
 * and the least and greatest value of the next one (bits 8-15, 16-23). Only the second byte of a
 * character has limits other than 80..BF: they rule out long forms, surrogates and what lies
 * beyond U+10FFFF. Between characters the state is 0. */
#define MISSING(count, least, greatest)                                                            \
    ((uint32_t)(count) | (uint32_t)(least) << 8 | (uint32_t)(greatest) << 16)

/* The state after the first byte of a character that is not ASCII; 0 if none begins so. */
static uint32_t utf8_lead(uint8_t c) {
    if (c < 0xc2) {
        return 0;    // a continuation, or the long form of ASCII
    }
    if (c < 0xe0) {
        return MISSING(1, 0x80, 0xbf);
    }
    if (c < 0xf0) {
        return MISSING(2, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf);
    }
    if (c < 0xf5) {
        return MISSING(3, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf);
    }
    return 0;
}

/* The index of the first byte from i on that is not ASCII, or n. */
static size_t skip_ascii(const uint8_t *p, size_t i, size_t n) {
    while (i + WORD_BYTES <= n) {
        uint64_t tops = word_at(p + i) & WORD_TOPS;
        if (tops != 0) {
            return i + word_first(tops);
        }
        i += WORD_BYTES;
    }
    while (i < n && p[i] < 0x80) {
        i++;
    }
    return i;
}

bool utf8_feed(struct utf8 *u, const uint8_t *p, size_t n) {
    uint32_t state = u->state;
    size_t i = 0;
    for (;;) {
        if (state == 0) {
            i = skip_ascii(p, i, n);
            if (i == n) {
                break;
            }
            state = utf8_lead(p[i++]);
            if (state == 0) {
                return false;
            }
        }
        if (i == n) {
            break;
        }
        uint8_t c = p[i++];
        if (c < (uint8_t)(state >> 8) || c > (uint8_t)(state >> 16)) {
            return false;
        }
        uint32_t missing = (state & 0xff) - 1;
        state = missing == 0 ? 0 : MISSING(missing, 0x80, 0xbf);
    }
    u->state = state;
    return true;
}

bool utf8_is_whole(const struct utf8 *u) {
    return u->state == 0;
}

bool str_is_utf8(struct str s) {
    struct utf8 u = { 0 };
    return utf8_feed(&u, (const uint8_t *)s.p, s.n) && utf8_is_whole(&u);
}

static bool is_continuation(char c) {
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t str_chars(struct str s) {
    size_t chars = s.n;
    size_t i = 0;
    for (; i + WORD_BYTES <= s.n; i += WORD_BYTES) {
        uint64_t w = word_at(s.p + i);
        chars -= (size_t)__builtin_popcountll(w & ~(w << 1) & WORD_TOPS);    // bits 10......
    }
    for (; i < s.n; i++) {
        chars -= is_continuation(s.p[i]);
    }
    return chars;
}

struct str str_first_chars(struct str s, size_t chars) {
    if (s.n <= chars) {
        return s;
    }
    size_t i = 0;
    for (; i < s.n; i++) {
        if (!is_continuation(s.p[i]) && chars-- == 0) {
            break;
        }
    }
    return (struct str){ s.p, i };
}
