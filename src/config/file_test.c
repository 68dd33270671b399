/* INI files: sections, keys, comments, long lines, line numbers. */
#include "config/option.h"

#include "test/unit.h"

/* Writes each key as `line:name=value;`. */
static bool on_set(void *ctx, struct str name, struct str value, unsigned line) {
    buf_printf(ctx, "%u:%.*s=%.*s;", line, STR_FMT(name), STR_FMT(value));
    return !str_eq(value, STR_LIT("stop"));
}

static struct buf out = BUF_INIT(1 << 16);

static unsigned read(const char *text) {
    buf_reset(&out);
    struct ini_sink sink = { on_set, &out };
    return ini_read(str_of(text), &sink);
}

TEST(keys_get_their_sections_name_and_their_line) {
    EQ(read("top = 0\n[a]\nx = 1\n\n; no\n# no\n[b.c]\ny=2\nz.w :3"), 0);
    STR_EQ(buf_str(&out), "1:top=0;3:a.x=1;8:b.c.y=2;9:b.c.z.w=3;");
}

TEST(values_are_trimmed_and_may_be_empty) {
    EQ(read("[a]\nx =   one two  \ny =\nz=\r\n"), 0);
    STR_EQ(buf_str(&out), "2:a.x=one two;3:a.y=;4:a.z=;");
}

TEST(values_may_have_what_separates_elsewhere) {
    EQ(read("u = sqlite:/a=b:c\nv = [x]\nw = a#b;c\n"), 0);
    STR_EQ(buf_str(&out), "1:u=sqlite:/a=b:c;2:v=[x];3:w=a#b;c;");
}

TEST(a_comment_may_follow_a_value) {
    EQ(read("x = 1 ; one\ny = ; nothing\nz = 2\t;two\n"), 0);
    STR_EQ(buf_str(&out), "1:x=1;2:y=;3:z=2;");
}

TEST(an_indented_line_is_a_line_like_any_other) {
    EQ(read("[a]\n  x = 1\n\ty = 2\n   ; no\n"), 0);
    STR_EQ(buf_str(&out), "2:a.x=1;3:a.y=2;");
}

TEST(a_byte_order_mark_is_passed_over) {
    EQ(read("\xef\xbb\xbf[a]\nx = 1\n"), 0);
    STR_EQ(buf_str(&out), "2:a.x=1;");
    EQ(read("\xef\xbb\xbfx = 1\n"), 0);
    STR_EQ(buf_str(&out), "1:x=1;");
}

TEST(a_long_value_arrives_whole_and_the_next_line_keeps_its_number) {
    SCOPED(buf_fini) struct buf text = BUF_INIT(8192);
    buf_printf(&text, "x = %01000d\n#%01000d\ny = 1\n", 7, 8);
    buf_put_char(&text, '\0');
    EQ(read(text.p), 0);
    EQ(out.n, 4 + 1000 + 1 + 6);
    OKAY(str_ends(buf_str(&out), STR_LIT("07;3:y=1;")));
}

TEST(a_name_too_long_to_be_one_is_refused_or_unknown) {
    SCOPED(buf_fini) struct buf text = BUF_INIT(8192);
    buf_printf(&text, "a = 1\n%0300d = 7\n", 7);
    buf_put_char(&text, '\0');
    EQ(read(text.p), 2);
}

TEST(the_first_line_that_is_nothing_is_reported) {
    EQ(read("x = 1\nnonsense\ny = 2\nmore nonsense\n"), 2);
    EQ(read("x = 1\n[unclosed\n"), 2);
    EQ(read(""), 0);
    EQ(read("\n\n\n"), 0);
}

TEST(the_sink_may_stop) {
    EQ(read("x = 1\ny = stop\nz = 3\nnonsense\n"), 0);
    STR_EQ(buf_str(&out), "1:x=1;2:y=stop;");
}

TEST(the_last_test_gives_the_memory_back) {
    buf_fini(&out);
    OKAY(out.p == NULL);
}
