/* Borrowed text: a pointer and a length, no terminator, never owned.
 *
 * Thread   any.
 * Memory   a struct str borrows; whoever made the bytes says how long they live.
 * Text is UTF-8 wherever it came from a person; str_is_utf8() is how it is proved at the door. */
#ifndef PARLOIR_BASE_STR_H
#define PARLOIR_BASE_STR_H

#include "base/base.h"
#include "base/err.h"

struct str {
    const char *p;
    size_t n;    // bytes
};

#define STR_LIT(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE ((struct str){ NULL, 0 })

/* For printf("%.*s", STR_FMT(s)). */
#define STR_FMT(s) (int)(s).n, (s).p

/* Borrows a terminated string; NULL gives an empty one. */
struct str str_of(const char *terminated);

static inline bool str_is_empty(struct str s) {
    return s.n == 0;
}

static inline bool str_eq(struct str a, struct str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Equal without regard to ASCII letter case. */
bool str_eq_nocase(struct str a, struct str b);

/* Equal as names of commands, types and keys: ASCII letter case makes no difference, and `_`, `-`
 * and spaces are skipped ("USER CREATE ROOM", "user_create_room" and "userCreateRoom" are one). */
bool str_eq_name(struct str a, struct str b);

/* Whether s begins, or ends, with the other. */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* The index of the first `c` in s, or s.n. */
size_t str_find(struct str s, char c);

/* s without the ASCII white space at both ends. */
struct str str_trim(struct str s);

/* Cuts the piece before the first `sep` off *rest and returns it; *rest is what follows the
 * separator, or STR_NONE (p == NULL) after the last piece. Loop: while (rest.p != NULL). */
struct str str_cut(struct str *rest, char sep);

/* Reads a decimal number, nothing else in s. ERR_PROTO: no digits, or anything but digits (i64
 * allows a `-` before them). ERR_TOO_BIG: it does not fit. */
enum err str_to_u64(struct str s, uint64_t *out) MUST_USE;
enum err str_to_i64(struct str s, int64_t *out) MUST_USE;

/* Whether s is valid UTF-8 as RFC 3629 defines it: no surrogates, nothing over U+10FFFF, shortest
 * form. */
bool str_is_utf8(struct str s);

/* Characters (code points) in valid UTF-8. */
size_t str_chars(struct str s);

/* The prefix of valid UTF-8 that has at most `chars` characters. */
struct str str_first_chars(struct str s, size_t chars);

/* UTF-8 checked piece by piece, as RFC 6455 section 8.1 needs: zeroed is the start. utf8_feed
 * returns false as soon as the bytes so far cannot begin valid text; utf8_is_whole tells whether
 * they end at a character's end. */
struct utf8 {
    uint32_t state;
};
bool utf8_feed(struct utf8 *u, const uint8_t *p, size_t n);
bool utf8_is_whole(const struct utf8 *u);

#endif
