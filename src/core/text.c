/* What people type, looked at one code point at a time.
 *
 * The tables hold Unicode's White_Space property, and what no name may contain: the control
 * characters, the line and paragraph separators, the bidirectional controls, with which a name
 * could change how the text beside it reads, and the empty Braille pattern, which is no
 * White_Space. */
#include "core/text.h"

#include "core/limits.h"

struct range {
    uint32_t from;
    uint32_t to;
};

static const struct range spaces[] = {
    { 0x09, 0x0d },     { 0x20, 0x20 },     { 0x85, 0x85 },     { 0xa0, 0xa0 },
    { 0x1680, 0x1680 }, { 0x2000, 0x200a }, { 0x2028, 0x2029 }, { 0x202f, 0x202f },
    { 0x205f, 0x205f }, { 0x3000, 0x3000 },
};

static const struct range not_in_names[] = {
    { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0x061c, 0x061c }, { 0x200e, 0x200f },
    { 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0x2800, 0x2800 }, { 0xfeff, 0xfeff },
};

static bool is_in(uint32_t c, const struct range *ranges, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (c >= ranges[i].from && c <= ranges[i].to) {
            return true;
        }
    }
    return false;
}

static bool is_space(uint32_t c) {
    return is_in(c, spaces, COUNT(spaces));
}

/* Takes the first code point off s, which is not empty. */
static uint32_t take(struct str *s) {
    unsigned char lead = (unsigned char)s->p[0];
    size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? lead : lead & (0x7fu >> n);
    n = MIN(n, s->n);
    for (size_t i = 1; i < n; i++) {
        c = c << 6 | ((unsigned char)s->p[i] & 0x3fu);
    }
    *s = (struct str){ s->p + n, s->n - n };
    return c;
}

bool text_is_blank(struct str s) {
    while (s.n > 0) {
        if (!is_space(take(&s))) {
            return false;
        }
    }
    return true;
}

bool text_is_name(struct str s, size_t chars_max) {
    if (s.n == 0 || s.n > 4 * chars_max || !str_is_utf8(s) || str_chars(s) > chars_max) {
        return false;
    }
    bool is_start = true;
    bool is_end_space = false;
    while (s.n > 0) {
        uint32_t c = take(&s);
        is_end_space = is_space(c);
        if ((is_start && is_end_space) || is_in(c, not_in_names, COUNT(not_in_names))) {
            return false;
        }
        is_start = false;
    }
    return !is_end_space;
}

bool mobile_read(struct str s, uint64_t *out) {
    if (s.n < 2 || s.n > MOBILE_BYTES_MAX || s.p[0] != '+' || s.p[1] == '0') {
        return false;
    }
    return str_to_u64((struct str){ s.p + 1, s.n - 1 }, out) == OK;
}
