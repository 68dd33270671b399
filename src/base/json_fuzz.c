/* JSON: whatever is read can be written, read again, and is the same. */
#include "base/json.h"

#define DEPTH_MAX 64
#define BYTES_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void write_value(struct buf *out, const struct json *v, size_t depth);

static void write_object(struct buf *out, const struct json *v, size_t depth) {
    size_t at = 0;
    struct str key;
    const struct json *member;
    char sep = '{';
    while (json_each(v, &at, &key, &member)) {
        buf_put_char(out, sep);
        json_put_text(out, key);
        buf_put_char(out, ':');
        write_value(out, member, depth + 1);
        sep = ',';
    }
    buf_put_str(out, sep == '{' ? STR_LIT("{}") : STR_LIT("}"));
}

static void write_array(struct buf *out, const struct json *v, size_t depth) {
    buf_put_char(out, '[');
    for (size_t i = 0; i < json_count(v); i++) {
        if (i > 0) {
            buf_put_char(out, ',');
        }
        write_value(out, json_at(v, i), depth + 1);
    }
    buf_put_char(out, ']');
    CHECK(json_at(v, json_count(v)) == NULL);
}

static void write_scalar(struct buf *out, const struct json *v) {
    uint64_t whole = 0;
    double number = 0;
    bool flag = false;
    if (json_kind_of(v) == JSON_TEXT) {
        CHECK(str_is_utf8(json_text(v)));
        json_put_text(out, json_text(v));
    } else if (json_bool(v, &flag) == OK) {
        buf_put_str(out, flag ? STR_LIT("true") : STR_LIT("false"));
    } else if (json_u64(v, &whole) == OK) {
        CHECK(json_double(v, &number) == OK && (uint64_t)number == whole);
        buf_put_u64(out, whole);
    } else if (json_double(v, &number) == OK) {
        buf_printf(out, "%.17g", number);
    } else {
        BUF_PUT_LIT(out, "null");
    }
}

static void write_value(struct buf *out, const struct json *v, size_t depth) {
    if (depth > DEPTH_MAX) {
        BUF_PUT_LIT(out, "\"deep\"");
    } else if (json_kind_of(v) == JSON_OBJECT) {
        write_object(out, v, depth);
    } else if (json_kind_of(v) == JSON_ARRAY) {
        write_array(out, v, depth);
    } else {
        write_scalar(out, v);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    SCOPED(json_reader_free) struct json_reader *reader = json_reader_new(BYTES_MAX);
    SCOPED(json_reader_free) struct json_reader *again = json_reader_new(JSON_BYTES_MAX);
    SCOPED(buf_fini) struct buf first = BUF_INIT(JSON_BYTES_MAX);
    SCOPED(buf_fini) struct buf second = BUF_INIT(JSON_BYTES_MAX);
    struct str text = { (const char *)p, n };
    const struct json *v = NULL;
    enum err err = json_parse(reader, text, &v);
    CHECK((err == ERR_TOO_BIG) == (n > BYTES_MAX));
    if (err != OK) {
        CHECK(json_reader_why(reader)[0] != '\0');
        return 0;
    }
    CHECK(str_is_utf8(text));
    write_value(&first, v, 0);
    write_value(&second, v, 0);    // arrays keep their place: nothing may come of that
    CHECK(str_eq(buf_str(&first), buf_str(&second)));

    const struct json *w = NULL;
    CHECK(json_parse(again, buf_str(&first), &w) == OK);
    buf_reset(&second);
    write_value(&second, w, 0);
    CHECK(str_eq(buf_str(&first), buf_str(&second)));
    return 0;
}
