/* The table, its look-ups, and what is said about it. */
#include "config/option.h"

#define ANY                                                                                        \
    { 0 }
#define SET                                                                                        \
    { .is_required = true }
#define RANGE(from, to)                                                                            \
    { .has_range = true, .min = (from), .max = (to) }
#define RATE RANGE(0, 1000000)
#define ONE_OF(list)                                                                               \
    { .words = (list) }

/* One line each; the table itself is exempt from clang-format. */
const struct option options[OPTION_COUNT] = {
#define OPT(field, name, kind, bounds, def, alias, when, help)                                     \
    [OPTION_##field] = { name, KIND_##kind, WHEN_##when, bounds, offsetof(struct config, field),   \
                         def,  alias,       help },
#include "config/config.tbl.h"
#undef OPT
};

const struct option *option_find(struct str name) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (str_eq(name, str_of(options[i].name))) {
            return &options[i];
        }
    }
    return NULL;
}

#define LIKE_BYTES_MAX 48    // longer names are like none
#define LIKE_EDITS_MAX 3

/* How many characters must be changed, put in or left out to make b of a (Levenshtein). */
static size_t edits_between(struct str a, struct str b) {
    size_t row[LIKE_BYTES_MAX + 1];    // edits from the first i bytes of a to the first k of b
    for (size_t k = 0; k <= b.n; k++) {
        row[k] = k;
    }
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b.n; k++) {
            size_t changed = diagonal + (a.p[i - 1] != b.p[k - 1]);
            diagonal = row[k];
            row[k] = MIN(changed, 1 + MIN(row[k], row[k - 1]));
        }
    }
    return row[b.n];
}

const char *option_like(struct str name) {
    const char *best = NULL;
    size_t fewest = LIKE_EDITS_MAX + 1;
    for (size_t i = 0; i < OPTION_COUNT && name.n <= LIKE_BYTES_MAX; i++) {
        struct str other = str_of(options[i].name);
        size_t edits = other.n <= LIKE_BYTES_MAX && options[i].when != WHEN_HIDDEN
                           ? edits_between(name, other)
                           : fewest;
        if (edits < fewest) {
            fewest = edits;
            best = options[i].name;
        }
    }
    return best;
}

static bool lists_are_same(const struct config_list *a, const struct config_list *b) {
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        same = str_eq(a->items[i], b->items[i]);
    }
    return same;
}

bool option_is_same(const struct option *o, const struct config *a, const struct config *b) {
    const void *left = (const char *)a + o->offset;
    const void *right = (const char *)b + o->offset;
    switch (o->kind) {
    case KIND_TEXT: return str_eq(*(const struct str *)left, *(const struct str *)right);
    case KIND_SECRET:
        return str_eq(((const struct secret *)left)->text, ((const struct secret *)right)->text);
    case KIND_SWITCH: return *(const bool *)left == *(const bool *)right;
    case KIND_NUMBER:
    case KIND_BYTES:
    case KIND_TIME: return *(const uint64_t *)left == *(const uint64_t *)right;
    case KIND_CHOICE: return *(const unsigned *)left == *(const unsigned *)right;
    case KIND_ADDRESSES:
    case KIND_LIST: return lists_are_same(left, right);
    }
    check_failed("a kind of option", __FILE__, __LINE__);
}

/* Appends "a, b or c" for "a|b|c". */
static void put_words(struct buf *out, const char *words) {
    struct str rest = str_of(words);
    bool is_first = true;
    while (rest.p != NULL) {
        struct str word = str_cut(&rest, '|');
        if (!is_first) {
            buf_put_str(out, rest.p == NULL ? STR_LIT(" or ") : STR_LIT(", "));
        }
        buf_put_str(out, word);
        is_first = false;
    }
}

/* Appends " from a to b", as far as there are bounds, each written by `put`. */
static void put_range(const struct option *o, struct buf *out,
                      void (*put)(struct buf *out, uint64_t n)) {
    if (!o->bounds.has_range) {
        return;
    }
    BUF_PUT_LIT(out, " from ");
    put(out, o->bounds.min);
    if (o->bounds.max != UINT64_MAX) {
        BUF_PUT_LIT(out, " to ");
        put(out, o->bounds.max);
    }
}

/* Appends n in the largest of the units that divides it. */
static void put_in_unit(struct buf *out, uint64_t n, const uint64_t *units,
                        const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (n >= units[i] && n % units[i] == 0) {
            buf_put_u64(out, n / units[i]);
            buf_put_str(out, str_of(names[i]));
            return;
        }
    }
    buf_put_u64(out, n);
}

static void put_bytes(struct buf *out, uint64_t n) {
    static const uint64_t units[] = { 1u << 30, 1u << 20, 1u << 10 };
    static const char *const names[] = { "GiB", "MiB", "KiB" };
    put_in_unit(out, n, units, names, COUNT(units));
}

static void put_time(struct buf *out, uint64_t n) {
    static const uint64_t units[] = { 86400000, 3600000, 60000, 1000, 1 };
    static const char *const names[] = { "d", "h", "m", "s", "ms" };
    put_in_unit(out, n, units, names, COUNT(units));
}

void option_put_form(const struct option *o, struct buf *out) {
    switch (o->kind) {
    case KIND_TEXT:
    case KIND_SECRET:
        buf_put_str(out, o->bounds.is_required ? STR_LIT("a text") : STR_LIT("a text, or nothing"));
        return;
    case KIND_SWITCH: BUF_PUT_LIT(out, "on or off"); return;
    case KIND_NUMBER:
        BUF_PUT_LIT(out, "a number");
        put_range(o, out, buf_put_u64);
        return;
    case KIND_BYTES:
        BUF_PUT_LIT(out, "bytes, such as 65536, 64KiB or 1MiB,");
        put_range(o, out, put_bytes);
        out->n -= out->n > 0 && out->p[out->n - 1] == ',';
        return;
    case KIND_TIME:
        BUF_PUT_LIT(out, "a time, such as 500ms, 10s, 5m, 2h or 30d,");
        put_range(o, out, put_time);
        out->n -= out->n > 0 && out->p[out->n - 1] == ',';
        return;
    case KIND_CHOICE: put_words(out, o->bounds.words); return;
    case KIND_ADDRESSES:
        BUF_PUT_LIT(out, "addresses such as 127.0.0.1:8080, tls:[::]:8443 or unix:/run/chat.sock, "
                         "with commas between them");
        return;
    case KIND_LIST: BUF_PUT_LIT(out, "words with commas between them"); return;
    }
}

#define QUOTED_BYTES_MAX 60

void put_quoted(struct buf *out, struct str text) {
    bool is_cut = text.n > QUOTED_BYTES_MAX;
    buf_put_char(out, '"');
    for (size_t i = 0; i < MIN(text.n, (size_t)QUOTED_BYTES_MAX); i++) {
        unsigned char c = (unsigned char)text.p[i];
        buf_put_char(out, c < 0x20 || c >= 0x7f ? '?' : text.p[i]);
    }
    buf_put_str(out, is_cut ? STR_LIT("...\"") : STR_LIT("\""));
}
