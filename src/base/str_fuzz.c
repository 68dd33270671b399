/* UTF-8 and the other readers of str.h: whole and in pieces must agree. */
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* The first byte says where to cut, the rest is the text. */
static void check_utf8(struct str s, size_t piece) {
    struct utf8 u = { 0 };
    bool may_go_on = true;
    for (size_t i = 0; i < s.n && may_go_on; i += piece) {
        may_go_on = utf8_feed(&u, (const uint8_t *)s.p + i, MIN(piece, s.n - i));
    }
    bool is_valid = str_is_utf8(s);
    CHECK((may_go_on && utf8_is_whole(&u)) == is_valid);

    struct str first = str_first_chars(s, piece);
    CHECK(first.n <= s.n);
    if (is_valid) {
        CHECK(str_is_utf8(first));
        CHECK(str_chars(first) == MIN(piece, str_chars(s)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    if (n == 0) {
        return 0;
    }
    struct str s = { (const char *)p + 1, n - 1 };
    check_utf8(s, 1 + p[0] % 16u);

    uint64_t u = 0;
    int64_t i = 0;
    if (str_to_u64(s, &u) == OK && u <= INT64_MAX) {
        CHECK(str_to_i64(s, &i) == OK && (uint64_t)i == u);
    }
    size_t bytes = 0;
    size_t pieces = 0;
    for (struct str rest = s; rest.p != NULL; pieces++) {
        bytes += str_cut(&rest, ' ').n;
    }
    CHECK(bytes + pieces - 1 == s.n);
    CHECK(str_eq_name(s, s) && str_eq_nocase(s, s));
    CHECK(str_trim(str_trim(s)).n == str_trim(s).n);
    return 0;
}
