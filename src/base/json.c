/* JSON through yyjson, whose values are what `struct json` is behind the curtain.
 *
 * A document is an array of yyjson_val, 16 bytes each, in the order of the text: a container, then
 * all it contains. A container knows how far away the next value after it is, so a walk over
 * members skips whole subtrees without recursion, however deep they are.
 *
 * json_at must reach element i + 1 from element i at once, or an array of 20,000 objects from a
 * hostile client costs 200 million steps. There is nowhere to keep the place but in the array's own
 * value, which has room: documents are at most JSON_BYTES_MAX long, so its count fits in 28 bits
 * and its extent in 32. yyjson never looks at a document again once it has given it to us.
 *
 *     tag  63..36 index of the last element asked for   35..8 count   7..0 type
 *     ofs  63..32 where it is, in bytes (0: nowhere)    31..0 extent in bytes
 *
 * The pool: the most yyjson can need for n bytes of input is known (about 12 n), so a parse
 * never asks for memory in the middle; the pool is made large enough before, grows by doubling
 * and goes back to POOL_BYTES_KEPT when something huge has passed. Of address space, that is: pages
 * that no document needed were never touched. */
#include "base/json.h"

#include <stdio.h>
#include <yyjson.h>

#include "base/word.h"

#define POOL_BYTES_MIN ((size_t)1 << 14)
#define POOL_BYTES_KEPT ((size_t)1 << 20)
#define U64_MAX_IN_JSON (((uint64_t)1 << 53) - 1)

#define COUNT_BITS 28
#define COUNT_MASK (((uint64_t)1 << COUNT_BITS) - 1)
#define EXTENT_MASK (uint64_t) UINT32_MAX

_Static_assert(sizeof(size_t) == 8 && sizeof(yyjson_val) == 16, "the layout drawn above");
_Static_assert(JSON_BYTES_MAX <= (size_t)1 << COUNT_BITS, "the place in an array has its bits");

struct json_reader {
    size_t bytes_max;
    char *pool;
    size_t pool_bytes;
    char why[96];
};

struct json_reader *json_reader_new(size_t bytes_max) {
    CHECK(bytes_max <= JSON_BYTES_MAX);
    struct json_reader *r = xzalloc(sizeof *r);
    r->bytes_max = bytes_max;
    return r;
}

void json_reader_free(struct json_reader **r) {
    if (*r != NULL) {
        xfree((*r)->pool);
        xfree(*r);
        *r = NULL;
    }
}

/* Makes the pool large enough for `need` bytes, and no monument to the largest input ever. */
static void fit_pool(struct json_reader *r, size_t need) {
    size_t bytes = MAX(r->pool_bytes, POOL_BYTES_MIN);
    if (bytes > POOL_BYTES_KEPT && need <= POOL_BYTES_KEPT) {
        bytes = POOL_BYTES_MIN;
    }
    while (bytes < need) {
        bytes *= 2;
    }
    if (bytes != r->pool_bytes) {
        xfree(r->pool);
        r->pool = xalloc(bytes);
        r->pool_bytes = bytes;
    }
}

/* yyjson's codes are variables in C's eyes, so this table cannot be static. */
static const char *words_for(yyjson_read_code code) {
    const struct {
        yyjson_read_code code;
        const char *text;
    } words[] = {
        /* The pool holds any whole document: only what is never closed can need more. */
        { YYJSON_READ_ERROR_MEMORY_ALLOCATION, "brackets that are never closed" },
        { YYJSON_READ_ERROR_UNEXPECTED_CONTENT, "something after the end of the document" },
        { YYJSON_READ_ERROR_UNEXPECTED_END, "the text ends too early" },
        { YYJSON_READ_ERROR_UNEXPECTED_CHARACTER, "unexpected character" },
        { YYJSON_READ_ERROR_JSON_STRUCTURE, "a comma or bracket out of place" },
        { YYJSON_READ_ERROR_INVALID_NUMBER, "not a number JSON can hold" },
        { YYJSON_READ_ERROR_INVALID_STRING, "bad escape or bad UTF-8 in a string" },
        { YYJSON_READ_ERROR_LITERAL, "unknown word" },
    };
    for (size_t i = 0; i < COUNT(words); i++) {
        if (words[i].code == code) {
            return words[i].text;
        }
    }
    return "not JSON";
}

enum err json_parse(struct json_reader *r, struct str text, const struct json **out) {
    r->why[0] = '\0';
    if (text.n > r->bytes_max) {
        snprintf(r->why, sizeof r->why, "longer than %zu bytes", r->bytes_max);
        return ERR_TOO_BIG;
    }
    if (text.n == 0) {
        snprintf(r->why, sizeof r->why, "empty");
        return ERR_PROTO;
    }
    fit_pool(r, yyjson_read_max_memory_usage(text.n, YYJSON_READ_NOFLAG));

    yyjson_alc alc;
    CHECK(yyjson_alc_pool_init(&alc, r->pool, r->pool_bytes));
    yyjson_read_err err;
    /* Without YYJSON_READ_INSITU yyjson does not write to its input, only the type says so. */
    yyjson_doc *doc =
        yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_NOFLAG, &alc, &err);
    if (doc == NULL) {
        snprintf(r->why, sizeof r->why, "%s at byte %zu", words_for(err.code), err.pos);
        return ERR_PROTO;
    }
    *out = (const struct json *)yyjson_doc_get_root(doc);    // doc dies with the pool
    return OK;
}

const char *json_reader_why(const struct json_reader *r) {
    return r->why;
}

static yyjson_val *val_of(const struct json *v) {
    return (yyjson_val *)(uintptr_t)v;
}

static const struct json *json_of(const yyjson_val *val) {
    return (const struct json *)val;
}

static yyjson_type type_of(const struct json *v) {
    return v == NULL ? YYJSON_TYPE_NONE : unsafe_yyjson_get_type(val_of(v));
}

enum json_kind json_kind_of(const struct json *v) {
    switch (type_of(v)) {
    case YYJSON_TYPE_BOOL: return JSON_BOOL;
    case YYJSON_TYPE_NUM: return JSON_NUMBER;
    case YYJSON_TYPE_STR: return JSON_TEXT;
    case YYJSON_TYPE_ARR: return JSON_ARRAY;
    case YYJSON_TYPE_OBJ: return JSON_OBJECT;
    default: return JSON_NULL;
    }
}

/* Bytes from a value to the one after it and all it contains. */
static size_t extent_of(yyjson_val *val) {
    return unsafe_yyjson_is_ctn(val) ? val->uni.ofs & EXTENT_MASK : sizeof *val;
}

static yyjson_val *val_after(yyjson_val *val, size_t bytes) {
    return (yyjson_val *)(void *)((char *)val + bytes);
}

static struct str text_of(yyjson_val *val) {
    return (struct str){ unsafe_yyjson_get_str(val), unsafe_yyjson_get_len(val) };
}

bool json_each(const struct json *v, size_t *at, struct str *key, const struct json **member) {
    if (type_of(v) != YYJSON_TYPE_OBJ) {
        return false;
    }
    yyjson_val *object = val_of(v);
    size_t offset = *at == 0 ? sizeof *object : *at;
    if (offset >= extent_of(object)) {
        return false;
    }
    yyjson_val *name = val_after(object, offset);
    *key = text_of(name);
    *member = json_of(name + 1);
    *at = offset + sizeof *name + extent_of(name + 1);
    return true;
}

const struct json *json_get(const struct json *v, const char *key) {
    struct str wanted = str_of(key);
    const struct json *found = NULL;
    struct str name;
    const struct json *member;
    for (size_t at = 0; json_each(v, &at, &name, &member);) {
        if (str_eq_name(name, wanted)) {
            found = member;    // the last one counts
        }
    }
    return type_of(found) == YYJSON_TYPE_NULL ? NULL : found;
}

size_t json_count(const struct json *v) {
    if (type_of(v) != YYJSON_TYPE_ARR) {
        return 0;
    }
    return val_of(v)->tag >> YYJSON_TAG_BIT & COUNT_MASK;
}

const struct json *json_at(const struct json *v, size_t i) {
    size_t count = json_count(v);
    if (i >= count) {
        return NULL;
    }
    yyjson_val *array = val_of(v);
    if (extent_of(array) == (count + 1) * sizeof *array) {
        return json_of(array + 1 + i);    // nothing but scalars
    }
    size_t index = array->tag >> (YYJSON_TAG_BIT + COUNT_BITS);
    size_t offset = array->uni.ofs >> 32;
    if (offset == 0 || i < index) {
        index = 0;
        offset = sizeof *array;
    }
    for (; index < i; index++) {
        offset += extent_of(val_after(array, offset));
    }
    uint64_t low_tag = array->tag & ((COUNT_MASK << YYJSON_TAG_BIT) | YYJSON_TAG_MASK);
    array->tag = (uint64_t)index << (YYJSON_TAG_BIT + COUNT_BITS) | low_tag;
    array->uni.ofs = offset << 32 | extent_of(array);
    return json_of(val_after(array, offset));
}

struct str json_text(const struct json *v) {
    return type_of(v) == YYJSON_TYPE_STR ? text_of(val_of(v)) : STR_NONE;
}

/* Whole, if it is one: 1.0 and 1e3 are read as doubles, and so is a number too long for 64 bits. */
static enum err u64_of_double(double d, uint64_t *out) {
    if (!(d >= 0)) {
        return ERR_PROTO;
    }
    if (d > (double)U64_MAX_IN_JSON) {
        return ERR_TOO_BIG;    // at this size every double is whole
    }
    if ((double)(uint64_t)d != d) {
        return ERR_PROTO;
    }
    *out = (uint64_t)d;
    return OK;
}

enum err json_u64(const struct json *v, uint64_t *out) {
    uint64_t n = 0;
    enum err err = ERR_PROTO;
    yyjson_val *val = val_of(v);
    if (type_of(v) == YYJSON_TYPE_STR) {
        err = str_to_u64(text_of(val), &n);
    } else if (type_of(v) != YYJSON_TYPE_NUM) {
        return ERR_PROTO;
    } else if (unsafe_yyjson_is_real(val)) {
        err = u64_of_double(unsafe_yyjson_get_real(val), &n);
    } else if (unsafe_yyjson_is_uint(val) || unsafe_yyjson_get_sint(val) == 0) {
        n = unsafe_yyjson_get_uint(val);
        err = OK;
    }
    if (err == OK && n > U64_MAX_IN_JSON) {
        err = ERR_TOO_BIG;
    }
    if (err == OK) {
        *out = n;
    }
    return err;
}

enum err json_bool(const struct json *v, bool *out) {
    if (type_of(v) != YYJSON_TYPE_BOOL) {
        return ERR_PROTO;
    }
    *out = unsafe_yyjson_get_bool(val_of(v));
    return OK;
}

enum err json_double(const struct json *v, double *out) {
    if (type_of(v) != YYJSON_TYPE_NUM) {
        return ERR_PROTO;
    }
    *out = unsafe_yyjson_get_num(val_of(v));
    return OK;
}

/* Bytes that may need escaping; c2 begins the control characters U+0080 to U+009F, e2 begins U+2028
 * and U+2029, and both much that needs none. */
static bool is_suspect(unsigned char c) {
    return c < 0x20 || c == '"' || c == '\\' || c == 0x7f || c == 0xc2 || c == 0xe2;
}

/* The index of the first suspect byte from i on, or s.n. */
static size_t skip_plain(struct str s, size_t i) {
    for (; i + WORD_BYTES <= s.n; i += WORD_BYTES) {
        uint64_t w = word_at(s.p + i);
        uint64_t found = word_has_below(w, 0x20) | word_has(w, '"') | word_has(w, '\\') |
                         word_has(w, 0x7f) | word_has(w, 0xc2) | word_has(w, 0xe2);
        if (found != 0) {
            return i + word_first(found);
        }
    }
    while (i < s.n && !is_suspect((unsigned char)s.p[i])) {
        i++;
    }
    return i;
}

static void put_code(struct buf *b, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    buf_put(b, (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
}

/* What begins with c2 or e2. Returns how many bytes were escaped; 0: none needed. */
static size_t put_wide_escape(struct buf *b, const unsigned char *p, size_t n) {
    if (p[0] == 0xc2 && n >= 2 && p[1] < 0xa0) {
        put_code(b, p[1]);
        return 2;
    }
    if (p[0] == 0xe2 && n >= 3 && p[1] == 0x80 && (p[2] & 0xfe) == 0xa8) {
        buf_put(b, p[2] & 1 ? "\\u2029" : "\\u2028", 6);
        return 3;
    }
    return 0;
}

/* Writes the escape for what is at s.p[i] and returns how many bytes it stands for; 0: none needed.
 */
static size_t put_escape(struct buf *b, struct str s, size_t i) {
    static const char short_form[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
    };
    unsigned char c = (unsigned char)s.p[i];
    if (c >= 0x80) {
        return put_wide_escape(b, (const unsigned char *)s.p + i, s.n - i);
    }
    if (c == 0x7f) {
        put_code(b, c);
    } else if (c >= 0x20) {
        buf_put(b, (char[]){ '\\', (char)c }, 2);
    } else if (short_form[c] != 0) {
        buf_put(b, (char[]){ '\\', short_form[c] }, 2);
    } else {
        put_code(b, c);
    }
    return 1;
}

void json_put_text(struct buf *b, struct str s) {
    buf_put_char(b, '"');
    size_t run = 0;    // begin of what is not yet written
    size_t i = skip_plain(s, 0);
    while (i < s.n) {
        buf_put(b, s.p + run, i - run);
        size_t escaped = put_escape(b, s, i);
        run = i + escaped;
        i = skip_plain(s, i + MAX(escaped, (size_t)1));
    }
    if (run < s.n) {
        buf_put(b, s.p + run, s.n - run);
    }
    buf_put_char(b, '"');
}
