/* Names: a short list, searched from the front; a script has a dozen. */
#include "test/talk/names.h"

void names_fini(struct names *names) {
    arena_fini(&names->arena);
    names->count = 0;
}

struct str names_get(const struct names *names, struct str name) {
    for (size_t i = 0; i < names->count; i++) {
        if (str_eq(names->all[i].name, name)) {
            return names->all[i].value;
        }
    }
    return STR_NONE;
}

void names_put(struct names *names, struct str name, struct str value) {
    CHECK(names->count < NAMES_MAX);
    struct named *named = &names->all[names->count++];
    named->name = arena_str(&names->arena, name);
    named->value = arena_str(&names->arena, value);
}

/* How much of s is before the next piece of text `end`, or s.n. */
static size_t find(struct str s, struct str end) {
    size_t at = 0;
    while (at < s.n && !str_starts((struct str){ s.p + at, s.n - at }, end)) {
        at++;
    }
    return at;
}

/* "{{é*4000}}" at the front of s: appends it written out. Returns its length, 0: it is none. */
static size_t put_pieces(struct str s, struct buf *out) {
    uint64_t count = 0;
    if (!str_starts(s, STR_LIT("{{"))) {
        return 0;
    }
    size_t end = find(s, STR_LIT("}}"));
    struct str inside = { s.p + 2, end == s.n ? 0 : end - 2 };
    size_t star = inside.n;
    while (star > 0 && inside.p[star - 1] != '*') {
        star--;
    }
    if (star == 0 || str_to_u64((struct str){ inside.p + star, inside.n - star }, &count) != OK) {
        return 0;
    }
    for (uint64_t i = 0; i < count; i++) {
        buf_put(out, inside.p, star - 1);
    }
    return end + 2;
}

/* "\"$name\"" at the front of s: appends the value. Returns its length, 0: it is none. */
static size_t put_value(const struct names *names, struct str s, struct buf *out) {
    if (!str_starts(s, STR_LIT("\"$"))) {
        return 0;
    }
    size_t n = str_find((struct str){ s.p + 2, s.n - 2 }, '"');
    struct str value = names_get(names, (struct str){ s.p + 2, n });
    buf_put_str(out, value);
    return value.n == 0 ? 0 : n + 3;
}

void names_fill(const struct names *names, struct str text, bool has_values, struct buf *out) {
    while (text.n > 0) {
        size_t n = put_pieces(text, out);
        if (n == 0 && has_values) {
            n = put_value(names, text, out);
        }
        if (n == 0) {
            buf_put_char(out, text.p[0]);
            n = 1;
        }
        text = (struct str){ text.p + n, text.n - n };
    }
}
