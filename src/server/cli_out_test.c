/* Output: tables that line up, and nothing a terminal would obey. */
#include "server/cli_out.h"
#include "test/unit.h"

static struct str safe(struct buf *out, struct str text) {
    buf_reset(out);
    cli_put_safe(out, text);
    return buf_str(out);
}

TEST(people_see_control_characters_written_out) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(4096);
    STR_EQ(safe(&out, STR_LIT("a\x1b[31mb\n\x7f")), "a\\x1b[31mb\\x0a\\x7f");
    STR_EQ(safe(&out, STR_LIT("\xc2\x9b")), "\\x9b");
    STR_EQ(safe(&out, STR_LIT("\xe2\x80\xae"
                              "evil")),
           "\\u202eevil");
    STR_EQ(safe(&out, STR_LIT("\xe2\x81\xa6")), "\\u2066");
}

TEST(people_see_all_other_text_as_it_is) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(4096);
    STR_EQ(safe(&out, STR_LIT("h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80")),
           "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    STR_EQ(safe(&out, STR_LIT("")), "");
}

TEST(people_see_bytes_that_are_no_text) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(4096);
    STR_EQ(safe(&out, STR_LIT("a\xff\x1b")), "a\\xff\\x1b");
}

TEST(json_stays_the_same_json_without_what_a_terminal_obeys) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(4096);
    cli_put_json_safe(&out, STR_LIT("{\"a\":\"\xc2\x9b\x7f\xe2\x80\xae\xc3\xa9\"}"));
    STR_EQ(buf_str(&out), "{\"a\":\"\\u009b\\u007f\\u202e\xc3\xa9\"}");
}

/* What parsing and printing makes of a document. */
static void round_trip(struct buf *out, struct str text) {
    SCOPED(json_reader_free) struct json_reader *reader = json_reader_new(4096);
    const struct json *root;
    EQ(json_parse(reader, text, &root), OK);
    buf_reset(out);
    cli_put_json(out, root);
}

TEST(json_is_printed_as_it_was_read) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(4096);
    round_trip(&out,
               STR_LIT("{\"a\":[1,2.5,-3,true,false,\"x\\n\"],\"b\":{}, \"c\":[],\"d\":[null]}"));
    STR_EQ(buf_str(&out), "{\"a\":[1,2.5,-3,true,false,\"x\\n\"],\"b\":{},\"c\":[],\"d\":[null]}");
}

TEST(a_span_is_shown_in_its_two_largest_units) {
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {
        { 0, "0s" },          { 59999, "59s" },      { 60000, "1m 0s" },
        { 3661000, "1h 1m" }, { 90000000, "1d 1h" },
    };
    SCOPED(buf_fini) struct buf out = BUF_INIT(64);
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_reset(&out);
        cli_put_span(&out, rows[i].ms);
        STR_EQ(buf_str(&out), rows[i].text);
    }
}

static const struct cli_columns columns = {
    4,
    {
        { "id", "id", COLUMN_NUMBER },
        { "name", "name", COLUMN_TEXT },
        { "private", "is_private", COLUMN_YES_NO },
        { "until", "until_ms", COLUMN_UNTIL },
    },
};

static void table(struct buf *out, struct str rows) {
    SCOPED(json_reader_free) struct json_reader *reader = json_reader_new(4096);
    const struct json *root;
    EQ(json_parse(reader, rows, &root), OK);
    cli_put_table(out, root, &columns);
}

TEST(a_table_lines_up_by_characters) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(4096);
    table(&out,
          STR_LIT("[{\"id\":7,\"name\":\"\xc3\xa9t\xc3\xa9\",\"is_private\":1,\"until_ms\":0},"
                  "{\"id\":123,\"name\":\"a\\u001b\",\"is_private\":0,\"until_ms\":1000}]"));
    STR_EQ(buf_str(&out), " id  name   private  until\n"
                          "  7  \xc3\xa9t\xc3\xa9    yes      for good\n"
                          "123  a\\x1b  no       1970-01-01T00:00:01Z\n");
}

TEST(a_cell_without_a_value_is_empty_and_no_space_ends_a_line) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(4096);
    table(&out, STR_LIT("[{\"id\":1},{\"name\":\"x\"},{}]"));
    STR_EQ(buf_str(&out), "id  name  private  until\n"
                          " 1\n"
                          "    x\n"
                          "\n");
}
