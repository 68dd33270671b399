/* JSON: what is understood, what is refused, and what is written and read back. */
#include "base/json.h"

#include <float.h>
#include <stdio.h>

#include "base/rng.h"
#include "test/unit.h"

#define BYTES_MAX ((size_t)4 << 20)

/* Parses text that must be JSON. */
static const struct json *parse(struct json_reader *r, const char *text) {
    const struct json *root = NULL;
    enum err err = json_parse(r, str_of(text), &root);
    if (err != OK) {
        print_error("%s: %s\n", text, json_reader_why(r));
    }
    EQ(err, OK);
    return root;
}

static void check_refused(struct json_reader *r, struct str text) {
    const struct json *root = NULL;
    EQ(json_parse(r, text, &root), ERR_PROTO);
    OKAY(root == NULL);
    OKAY(json_reader_why(r)[0] != '\0');
}

TEST(every_kind_is_told_apart) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    EQ(json_kind_of(parse(r, " null ")), JSON_NULL);
    EQ(json_kind_of(parse(r, "true")), JSON_BOOL);
    EQ(json_kind_of(parse(r, "-1.5e3")), JSON_NUMBER);
    EQ(json_kind_of(parse(r, "17")), JSON_NUMBER);
    EQ(json_kind_of(parse(r, "\"x\"")), JSON_TEXT);
    EQ(json_kind_of(parse(r, "[]")), JSON_ARRAY);
    EQ(json_kind_of(parse(r, "{}")), JSON_OBJECT);
    EQ(json_kind_of(NULL), JSON_NULL);
}

TEST(members_are_found_by_name_in_any_spelling) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    const struct json *v = parse(r, "{\"fromUser\":\"ann\",\"n\":null,\"to\":{\"a\":[1]},\"z\":1}");
    STR_EQ(json_text(json_get(v, "from_user")), "ann");
    STR_EQ(json_text(json_get(v, "FROM-USER")), "ann");
    OKAY(json_get(v, "from") == NULL);
    OKAY(json_get(v, "n") == NULL);    // null and absent are one
    EQ(json_kind_of(json_get(v, "z")), JSON_NUMBER);
    EQ(json_count(json_get(json_get(v, "to"), "a")), 1);
    OKAY(json_get(NULL, "x") == NULL);
    OKAY(json_get(json_get(v, "z"), "x") == NULL);
}

TEST(of_duplicate_members_the_last_one_counts) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    const struct json *v = parse(r, "{\"a\":1,\"b\":7,\"A\":{\"x\":[]},\"a\":\"last\"}");
    STR_EQ(json_text(json_get(v, "a")), "last");
    v = parse(r, "{\"a\":1,\"a\":null}");
    OKAY(json_get(v, "a") == NULL);
}

TEST(members_are_visited_in_order) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    const struct json *v =
        parse(r, "{\"a\":[[{}],2],\"b\":{},\"c\":[],\"a\":{\"d\":{\"e\":1}},\"\":0}");
    SCOPED(buf_fini) struct buf seen = BUF_INIT(100);
    size_t at = 0;
    struct str key;
    const struct json *member;
    while (json_each(v, &at, &key, &member)) {
        buf_put_str(&seen, key);
        buf_put_u64(&seen, json_kind_of(member));
        buf_put_char(&seen, ' ');
    }
    STR_EQ(buf_str(&seen), "a4 b5 c4 a5 2 ");
    OKAY(!json_each(v, &at, &key, &member));    // and stays at the end

    at = 0;
    OKAY(!json_each(parse(r, "{}"), &at, &key, &member));
    OKAY(!json_each(parse(r, "[1]"), &at, &key, &member));
    OKAY(!json_each(NULL, &at, &key, &member));
}

static uint64_t number_at(const struct json *array, size_t i) {
    const struct json *v = json_at(array, i);
    uint64_t n = 999;
    enum err err = json_u64(json_kind_of(v) == JSON_ARRAY ? json_at(v, 0) : v, &n);
    return err == OK ? n : 999;
}

TEST(elements_are_reached_in_any_order) {
    static const char *const texts[] = { "[0,1,2,3,4,5,6,7]", "[[0],[1],2,[3,[]],4,[5,{}],6,[7]]" };
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    struct rng rng;
    rng_seed(&rng, 10);
    for (size_t t = 0; t < COUNT(texts); t++) {
        const struct json *v = parse(r, texts[t]);
        for (size_t round = 0; round < 1000; round++) {
            size_t i = rng_below(&rng, 8);
            EQ(number_at(v, i), i);
            EQ(json_count(v), 8);    // the place kept in the array does not spoil its count
            EQ(json_kind_of(v), JSON_ARRAY);
        }
        OKAY(json_at(v, 8) == NULL);
        OKAY(json_at(v, SIZE_MAX) == NULL);
    }
}

TEST(an_array_that_keeps_a_place_can_still_be_stepped_over) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    const struct json *v = parse(r, "{\"a\":[[1],[2],[3]],\"b\":[[[1],[2]],[[3]],9]}");
    const struct json *b = json_get(v, "b");
    EQ(number_at(json_get(v, "a"), 2), 3);
    EQ(number_at(json_at(b, 0), 1), 2);
    EQ(number_at(b, 2), 9);
    OKAY(json_get(v, "b") == b);
    EQ(number_at(json_at(b, 1), 0), 3);
    EQ(number_at(json_get(v, "a"), 0), 1);
}

TEST(what_is_no_array_has_no_elements) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    EQ(json_count(NULL), 0);
    EQ(json_count(parse(r, "{\"a\":1}")), 0);
    EQ(json_count(parse(r, "\"text\"")), 0);
    OKAY(json_at(parse(r, "{\"a\":1}"), 0) == NULL);
    OKAY(json_at(parse(r, "[]"), 0) == NULL);
    OKAY(json_at(NULL, 0) == NULL);
}

TEST(a_long_array_is_walked_in_time_that_grows_with_its_length) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    SCOPED(buf_fini) struct buf text = BUF_INIT(BYTES_MAX);
    size_t count = 500000;
    buf_put_char(&text, '[');
    for (size_t i = 0; i < count; i++) {
        buf_put_str(&text, i == 0 ? STR_LIT("[[0]") : STR_LIT(",[]"));
        i == 0 ? buf_put_char(&text, ']') : (void)0;
    }
    buf_put_char(&text, ']');
    const struct json *v = NULL;
    EQ(json_parse(r, buf_str(&text), &v), OK);
    EQ(json_count(v), count);
    for (size_t i = 0; i < count; i++) {    // would take minutes if each step began at the front
        EQ(json_count(json_at(v, i)), i == 0);
    }
}

TEST(text_is_unescaped_and_may_hold_a_zero_byte) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    STR_EQ(json_text(parse(r, "\"a\\n\\\"\\\\\\/\\u00e9\\ud83d\\ude00\\b\\f\\r\\t\"")),
           "a\n\"\\/é😀\b\f\r\t");
    struct str s = json_text(parse(r, "\"a\\u0000b\""));
    EQ(s.n, 3);
    EQ(memcmp(s.p, "a\0b", 3), 0);
    EQ(json_text(parse(r, "\"\"")).n, 0);
    OKAY(json_text(parse(r, "\"\"")).p != NULL);
    OKAY(json_text(parse(r, "1")).p == NULL);
    OKAY(json_text(NULL).p == NULL);
}

TEST(what_is_not_json_is_refused_with_a_reason) {
    static const char *const bad[] = {
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{a:1}",
        "{'a':1}",
        "[1 2]",
        "nul",
        "tru",
        "NaN",
        "Infinity",
        "-",
        "01",
        "+1",
        "1.",
        ".5",
        "1e",
        "0x10",
        "1e999",
        "-1e999",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\n\"",
        "\"\t\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800x\"",
        "\"\\ud800\\u0041\"",
        "\"\xff\"",
        "\"\xed\xa0\x80\"",
        "\"\xc0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xe2\x82\"",
        "[1]x",
        "1 2",
        "/**/1",
        "[1]//",
        "\xef\xbb\xbf{}",
        " ",
        "{\"a\":}",
        "]",
        "\"\\u0000",
    };
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    for (size_t i = 0; i < COUNT(bad); i++) {
        check_refused(r, str_of(bad[i]));
    }
    check_refused(r, STR_NONE);
    check_refused(r, STR_LIT("\0"));
    check_refused(r, STR_LIT("[1]\0"));
    check_refused(r, STR_LIT("\"a\0b\""));
}

TEST(the_reason_names_the_place) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    const struct json *v;
    EQ(json_parse(r, STR_LIT("{\"a\":1,\"b\":x}"), &v), ERR_PROTO);
    STR_EQ(str_of(json_reader_why(r)), "unexpected character at byte 11");
    EQ(json_parse(r, STR_LIT("1"), &v), OK);
    STR_EQ(str_of(json_reader_why(r)), "");
}

TEST(input_over_the_bound_is_not_even_parsed) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(8);
    const struct json *v = NULL;
    EQ(json_parse(r, STR_LIT("[1,2,34]"), &v), OK);
    v = NULL;
    EQ(json_parse(r, STR_LIT("[1,2,345]"), &v), ERR_TOO_BIG);
    EQ(json_parse(r, STR_LIT("xxxxxxxxx"), &v), ERR_TOO_BIG);
    OKAY(v == NULL);
    STR_EQ(str_of(json_reader_why(r)), "longer than 8 bytes");
}

TEST(nesting_a_hundred_thousand_deep_is_only_a_document) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    SCOPED(buf_fini) struct buf text = BUF_INIT(BYTES_MAX);
    size_t depth = 100000;
    for (size_t i = 0; i < depth; i++) {
        buf_put_str(&text, i % 2 == 0 ? STR_LIT("[1,") : STR_LIT("{\"a\":"));
    }
    buf_put_char(&text, '7');
    check_refused(r, buf_str(&text));
    for (size_t i = depth; i > 0; i--) {
        buf_put_char(&text, i % 2 == 0 ? '}' : ']');
    }
    const struct json *v = NULL;
    EQ(json_parse(r, buf_str(&text), &v), OK);
    for (size_t i = 0; i < depth; i++) {
        v = i % 2 == 0 ? json_at(v, 1) : json_get(v, "a");
    }
    uint64_t n = 0;
    EQ(json_u64(v, &n), OK);
    EQ(n, 7);
}

TEST(the_densest_documents_fit_the_pool) {
    static const char *const parts[] = { "1,", "[],", "{},", "\"\",", "[[],", "1.5," };
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    for (size_t p = 0; p < COUNT(parts); p++) {
        for (size_t count = 1; count < 200000; count *= 3) {
            SCOPED(buf_fini) struct buf text = BUF_INIT(BYTES_MAX);
            buf_put_char(&text, '[');
            for (size_t i = 0; i < count; i++) {
                buf_put_str(&text, str_of(parts[p]));
            }
            buf_put_char(&text, '1');
            for (size_t i = 0; parts[p][1] == '[' && i < count; i++) {
                buf_put_char(&text, ']');
            }
            buf_put_char(&text, ']');
            const struct json *v = NULL;
            EQ(json_parse(r, buf_str(&text), &v), OK);
        }
    }
}

static enum err u64_of(struct json_reader *r, const char *text, uint64_t *n) {
    return json_u64(parse(r, text), n);
}

TEST(whole_numbers_come_in_many_spellings) {
    static const struct {
        const char *text;
        uint64_t n;
    } good[] = {
        { "0", 0 },
        { "-0", 0 },
        { "-0.0", 0 },
        { "1", 1 },
        { "1.0", 1 },
        { "1e3", 1000 },
        { "\"12\"", 12 },
        { "9007199254740991", 9007199254740991 },
        { "\"9007199254740991\"", 9007199254740991 },
        { "9007199254740991.0", 9007199254740991 },
        { "1500e-2", 15 },
    };
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    for (size_t i = 0; i < COUNT(good); i++) {
        uint64_t n = 77;
        EQ(u64_of(r, good[i].text, &n), OK);
        EQ(n, good[i].n);
    }
}

TEST(what_is_no_whole_number_is_refused) {
    static const char *const bad[] = { "-1",     "1.5",    "-1.0",    "1e-3",  "\"\"",
                                       "\"1x\"", "\"-1\"", "\"1.0\"", "null",  "true",
                                       "[]",     "{}",     "\" 1\"",  "-1e300" };
    static const char *const big[] = {
        "9007199254740992",        "\"9007199254740992\"", "1e300",
        "9007199254740992.0",      "18446744073709551615", "18446744073709551616",
        "\"18446744073709551616\""
    };
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    uint64_t n = 77;
    for (size_t i = 0; i < COUNT(bad); i++) {
        EQ(u64_of(r, bad[i], &n), ERR_PROTO);
    }
    for (size_t i = 0; i < COUNT(big); i++) {
        EQ(u64_of(r, big[i], &n), ERR_TOO_BIG);
    }
    EQ(json_u64(NULL, &n), ERR_PROTO);
    EQ(n, 77);
}

TEST(booleans_and_doubles_are_read) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    bool b = false;
    EQ(json_bool(parse(r, "true"), &b), OK);
    OKAY(b);
    EQ(json_bool(parse(r, "false"), &b), OK);
    OKAY(!b);
    EQ(json_bool(parse(r, "1"), &b), ERR_PROTO);
    EQ(json_bool(parse(r, "\"true\""), &b), ERR_PROTO);
    EQ(json_bool(NULL, &b), ERR_PROTO);

    double d = 0;
    EQ(json_double(parse(r, "-2.5e-1"), &d), OK);
    OKAY(d == -0.25);
    EQ(json_double(parse(r, "-3"), &d), OK);
    OKAY(d == -3);
    EQ(json_double(parse(r, "7"), &d), OK);
    OKAY(d == 7);
    EQ(json_double(parse(r, "1.7976931348623157e308"), &d), OK);
    OKAY(d == DBL_MAX);
    EQ(json_double(parse(r, "\"1\""), &d), ERR_PROTO);
    EQ(json_double(NULL, &d), ERR_PROTO);
}

TEST(a_reader_survives_small_after_huge_and_good_after_bad) {
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    SCOPED(buf_fini) struct buf text = BUF_INIT(BYTES_MAX);
    buf_put_char(&text, '"');
    memset(buf_room(&text, 3000000), 'x', 3000000);
    buf_added(&text, 3000000);
    buf_put_char(&text, '"');
    for (size_t round = 0; round < 3; round++) {
        const struct json *v = NULL;
        EQ(json_parse(r, buf_str(&text), &v), OK);
        EQ(json_text(v).n, 3000000);
        check_refused(r, STR_LIT("[1"));
        EQ(json_count(parse(r, "[1,2,3]")), 3);
    }
    json_reader_free(&r);
    OKAY(r == NULL);
    json_reader_free(&r);
}

/* ---- writing */

static void check_written(struct str s, const char *want) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1000);
    json_put_text(&b, s);
    STR_EQ(buf_str(&b), want);
}

TEST(text_is_escaped_where_it_must_be) {
    check_written(STR_NONE, "\"\"");
    check_written(STR_LIT("plain"), "\"plain\"");
    check_written(STR_LIT("\"\\/"), "\"\\\"\\\\/\"");
    check_written(STR_LIT("\b\f\n\r\t\0\x1f\x7f"), "\"\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\"");
    check_written(STR_LIT("\xc2\x80\xc2\x9f\xc2\xa0«é"), "\"\\u0080\\u009f\xc2\xa0«é\"");
    check_written(STR_LIT("é€’😀"), "\"é€’😀\"");
    check_written(STR_LIT("a\u2028b\u2029c\u202a\u2027"), "\"a\\u2028b\\u2029c\u202a\u2027\"");
    check_written(STR_LIT("\u2028"), "\"\\u2028\"");
}

TEST(an_escape_is_found_wherever_it_stands) {
    static const char *const parts[] = { "\"", "\n", "\x1f", "\\", "\u2028", "€", "é" };
    static const char *const wants[] = { "\\\"", "\\n", "\\u001f", "\\\\", "\\u2028", "€", "é" };
    for (size_t before = 0; before < 20; before++) {
        for (size_t after = 0; after < 20; after++) {
            for (size_t p = 0; p < COUNT(parts); p++) {
                char text[100];
                char want[100];
                snprintf(text, sizeof text, "%.*s%s%.*s", (int)before, "abcdefghijklmnopqrst",
                         parts[p], (int)after, "ABCDEFGHIJKLMNOPQRST");
                snprintf(want, sizeof want, "\"%.*s%s%.*s\"", (int)before, "abcdefghijklmnopqrst",
                         wants[p], (int)after, "ABCDEFGHIJKLMNOPQRST");
                check_written(str_of(text), want);
            }
        }
    }
}

TEST(what_is_written_is_read_back) {
    static const char *const parts[] = { "a", "some plain text", "\"", "\\",  "\x01",
                                         "é", "\u2029",          "😀",  "\x7f" };
    SCOPED(json_reader_free) struct json_reader *r = json_reader_new(BYTES_MAX);
    SCOPED(buf_fini) struct buf text = BUF_INIT(10000);
    SCOPED(buf_fini) struct buf out = BUF_INIT(10000);
    struct rng rng;
    rng_seed(&rng, 11);
    for (size_t round = 0; round < 50000; round++) {
        buf_reset(&text);
        buf_reset(&out);
        for (size_t k = rng_below(&rng, 12); k > 0; k--) {
            buf_put_str(&text, str_of(parts[rng_below(&rng, COUNT(parts))]));
        }
        json_put_text(&out, buf_str(&text));
        const struct json *v = NULL;
        EQ(json_parse(r, buf_str(&out), &v), OK);
        OKAY(str_eq(json_text(v), buf_str(&text)));
    }
}

TEST(text_that_does_not_fit_is_known_at_the_end) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(8);
    json_put_text(&b, STR_LIT("abcdef"));
    OKAY(buf_ok(&b));
    buf_reset(&b);
    json_put_text(&b, STR_LIT("abcdefg"));
    OKAY(!buf_ok(&b));
    buf_reset(&b);
    json_put_text(&b, STR_LIT("a\nb\nc"));
    OKAY(!buf_ok(&b));
}
