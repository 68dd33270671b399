/* Serving a file, against RFC 9110 sections 13 and 14. */
#include "media/serve.h"
#include "test/unit.h"

#define TAG "0123456789abcdef0123456789abcdef"
#define NOW_MS 1764000000000u
#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"    // the file's
#define EARLIER "Sun, 06 Nov 1994 08:49:36 GMT"
#define LATER "Sun, 06 Nov 1994 08:49:38 GMT"

static struct serve_file file_of(const char *name, uint64_t bytes) {
    struct str extension = str_of(name);
    (void)str_cut(&extension, '.');
    return (struct serve_file){
        .name = str_of(name),
        .type = media_type_of_extension(extension),
        .bytes = bytes,
        .modified_ms = 784111777999,
    };
}

static struct serve_plan plan_of(struct serve_ask ask, uint64_t bytes, struct buf *headers) {
    struct serve_file file = file_of("images/" TAG ".jpg", bytes);
    buf_reset(headers);
    struct serve_plan plan = serve(&ask, &file, NOW_MS, headers);
    OKAY(buf_ok(headers));
    return plan;
}

static void has_status(struct serve_ask ask, int status) {
    SCOPED(buf_fini) struct buf headers = BUF_INIT(SERVE_HEADERS_BYTES_MAX);
    struct serve_plan plan = plan_of(ask, 1000, &headers);
    EQ(plan.status, status);
    EQ(plan.content_type != NULL, status == 200 || status == 206);
    EQ(plan.bytes == 0, status != 200 && status != 206);
}

static bool says(const struct buf *headers, const char *line) {
    return memmem(headers->p, headers->n, line, strlen(line)) != NULL;
}

/* ---- headers */

TEST(a_picture_is_shown_and_kept) {
    SCOPED(buf_fini) struct buf headers = BUF_INIT(SERVE_HEADERS_BYTES_MAX);
    struct serve_plan plan = plan_of((struct serve_ask){ 0 }, 1000, &headers);
    EQ(plan.status, 200);
    EQ(plan.at, 0);
    EQ(plan.bytes, 1000);
    STR_EQ(str_of(plan.content_type), "image/jpeg");
    STR_EQ(buf_str(&headers), "Accept-Ranges: bytes\r\n"
                              "ETag: \"" TAG "\"\r\n"
                              "Last-Modified: " DATE "\r\n"
                              "Cache-Control: private, max-age=31536000, immutable\r\n"
                              "Content-Disposition: inline; filename=\"" TAG ".jpg\"\r\n"
                              "X-Content-Type-Options: nosniff\r\n"
                              "Content-Security-Policy: sandbox; default-src 'none'\r\n"
                              "Cross-Origin-Resource-Policy: cross-origin\r\n");
}

TEST(what_may_not_be_shown_is_a_download) {
    static const char *const names[] = { "files/" TAG ".bin", "files/" TAG ".pdf",
                                         "files/" TAG ".txt" };
    for (size_t i = 0; i < COUNT(names); i++) {
        SCOPED(buf_fini) struct buf headers = BUF_INIT(SERVE_HEADERS_BYTES_MAX);
        struct serve_file file = file_of(names[i], 10);
        struct serve_ask ask = { 0 };
        EQ(serve(&ask, &file, NOW_MS, &headers).status, 200);
        OKAY(says(&headers, "Content-Disposition: attachment; filename=\"" TAG "."));
        OKAY(says(&headers, "X-Content-Type-Options: nosniff\r\n"));
        OKAY(says(&headers, "Content-Security-Policy: sandbox"));
    }
}

TEST(the_longest_headers_fit) {
    SCOPED(buf_fini) struct buf headers = BUF_INIT(SERVE_HEADERS_BYTES_MAX);
    struct serve_ask ask = { .range = STR_LIT("bytes=1-") };
    struct serve_file file = file_of("files/" TAG ".docx", UINT64_MAX);
    file.modified_ms = UINT64_MAX;
    EQ(serve(&ask, &file, NOW_MS, &headers).status, 206);
    OKAY(buf_ok(&headers));
}

/* ---- ranges, section 14 */

static void range_gives(const char *range, uint64_t bytes, int status, uint64_t at, uint64_t n) {
    SCOPED(buf_fini) struct buf headers = BUF_INIT(SERVE_HEADERS_BYTES_MAX);
    struct serve_plan plan = plan_of((struct serve_ask){ .range = str_of(range) }, bytes, &headers);
    if (plan.status != status) {
        print_error("%s: %d\n", range, plan.status);
    }
    EQ(plan.status, status);
    EQ(plan.at, at);
    EQ(plan.bytes, n);
    EQ(says(&headers, "Content-Range"), status == 206 || status == 416);
}

TEST(one_range_is_sent_alone) {
    range_gives("bytes=0-0", 1000, 206, 0, 1);
    range_gives("bytes=0-499", 1000, 206, 0, 500);
    range_gives("bytes=500-999", 1000, 206, 500, 500);
    range_gives("bytes=500-", 1000, 206, 500, 500);
    range_gives("bytes=-1", 1000, 206, 999, 1);
    range_gives("bytes=-500", 1000, 206, 500, 500);
    range_gives("bytes=0-", 1000, 206, 0, 1000);
    range_gives("BYTES=5-6", 1000, 206, 5, 2);
    range_gives("bytes=,\t5-6 ,", 1000, 206, 5, 2);
    range_gives("bytes=007-008", 1000, 206, 7, 2);
}

TEST(a_range_ends_where_the_file_ends) {
    range_gives("bytes=900-1000", 1000, 206, 900, 100);
    range_gives("bytes=999-99999999999999999999999999", 1000, 206, 999, 1);
    range_gives("bytes=0-18446744073709551615", 1000, 206, 0, 1000);
    range_gives("bytes=-5000", 1000, 206, 0, 1000);
    range_gives("bytes=-99999999999999999999999999", 1000, 206, 0, 1000);
    range_gives("bytes=18446744073709551614-", UINT64_MAX, 206, UINT64_MAX - 1, 1);
}

TEST(a_range_behind_the_file_is_416) {
    range_gives("bytes=1000-", 1000, 416, 0, 0);
    range_gives("bytes=1000-2000", 1000, 416, 0, 0);
    range_gives("bytes=18446744073709551615-", 1000, 416, 0, 0);
    range_gives("bytes=99999999999999999999999999-", 1000, 416, 0, 0);
    range_gives("bytes=-0", 1000, 416, 0, 0);
    range_gives("bytes=1000-,2000-", 1000, 416, 0, 0);
    range_gives("bytes=0-", 0, 416, 0, 0);
    range_gives("bytes=-1", 0, 416, 0, 0);
}

TEST(several_ranges_are_answered_with_the_whole_file) {
    range_gives("bytes=0-1,5-6", 1000, 200, 0, 1000);
    range_gives("bytes=0-1,2000-", 1000, 200, 0, 1000);
    range_gives("bytes=-1,-2,-3", 1000, 200, 0, 1000);
}

TEST(what_is_no_range_is_not_there) {
    static const char *const bad[] = { "",           "bytes",       "bytes=",         "bytes=,",
                                       "bytes=-",    "bytes=5",     "bytes=6-5",      "bytes=a-b",
                                       "bytes=0-b",  "bytes=-b",    "bytes=-1-2",     "bytes=1--2",
                                       "bytes 0-1",  "bytes=0-1;",  "items=0-1",      "bytes =0-1",
                                       "0-1",        "bytes=+0-1",  "bytes=0 - 1",    "bytes=0x0-1",
                                       "bytes==0-1", "bytes=0-1,x", "bytes=1000-,6-5" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        range_gives(bad[i], 1000, 200, 0, 1000);
    }
}

TEST(a_range_says_what_it_is_of) {
    SCOPED(buf_fini) struct buf headers = BUF_INIT(SERVE_HEADERS_BYTES_MAX);
    (void)plan_of((struct serve_ask){ .range = STR_LIT("bytes=5-9") }, 1000, &headers);
    OKAY(says(&headers, "Content-Range: bytes 5-9/1000\r\n"));
    OKAY(says(&headers, "ETag: \"" TAG "\"\r\n"));
    (void)plan_of((struct serve_ask){ .range = STR_LIT("bytes=1000-") }, 1000, &headers);
    OKAY(says(&headers, "Content-Range: bytes */1000\r\n"));
    OKAY(!says(&headers, "Cache-Control"));
    OKAY(says(&headers, "nosniff"));
}

TEST(head_has_no_ranges_section_14_2) {
    SCOPED(buf_fini) struct buf headers = BUF_INIT(SERVE_HEADERS_BYTES_MAX);
    struct serve_ask ask = { .is_head = true, .range = STR_LIT("bytes=5-9") };
    struct serve_plan plan = plan_of(ask, 1000, &headers);
    EQ(plan.status, 200);
    EQ(plan.bytes, 1000);
}

TEST(a_range_of_another_file_is_answered_with_the_whole_section_13_1_5) {
    static const struct {
        const char *if_range;
        int status;
    } rows[] = {
        { "\"" TAG "\"", 206 },
        { "W/\"" TAG "\"", 200 },
        { "\"other\"", 200 },
        { "\"" TAG "\" ", 200 },
        { TAG, 200 },
        { "\"" TAG, 200 },
        { DATE, 206 },
        { EARLIER, 200 },
        { LATER, 200 },
        { "nonsense", 200 },
        { "", 200 },
        { "*", 200 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        has_status((struct serve_ask){ .range = STR_LIT("bytes=5-9"),
                                       .if_range = str_of(rows[i].if_range) },
                   rows[i].status);
    }
    has_status((struct serve_ask){ .if_range = STR_LIT("\"" TAG "\"") }, 200);
    has_status((struct serve_ask){ .range = STR_LIT("bytes=1000-"), .if_range = STR_LIT("\"x\"") },
               200);
}

/* ---- conditions, section 13 */

TEST(who_has_the_file_is_told_so_section_13_1_2) {
    static const struct {
        const char *tags;
        int status;
    } rows[] = {
        { "\"" TAG "\"", 304 },
        { "W/\"" TAG "\"", 304 },
        { "\"a\", \"b,\" ,,W/\"c\",\"" TAG "\"", 304 },
        { "*", 304 },
        { " * ", 304 },
        { "\"other\"", 200 },
        { "", 200 },
        { TAG, 200 },
        { "\"" TAG, 200 },
        { "w/\"" TAG "\"", 200 },
        { "\"" TAG "\", x", 200 },
        { "*, \"a\"", 200 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        has_status((struct serve_ask){ .if_none_match = str_of(rows[i].tags) }, rows[i].status);
        has_status((struct serve_ask){ .if_none_match = str_of(rows[i].tags), .is_head = true },
                   rows[i].status);
    }
}

TEST(a_304_says_what_a_200_would_have_said_section_15_4_5) {
    SCOPED(buf_fini) struct buf headers = BUF_INIT(SERVE_HEADERS_BYTES_MAX);
    struct serve_ask ask = { .if_none_match = STR_LIT("*"), .range = STR_LIT("bytes=0-1") };
    struct serve_plan plan = plan_of(ask, 1000, &headers);
    EQ(plan.status, 304);
    OKAY(says(&headers, "ETag: \"" TAG "\"\r\n"));
    OKAY(says(&headers, "Cache-Control: private, max-age=31536000, immutable\r\n"));
    OKAY(!says(&headers, "Content-Range"));
}

TEST(a_date_is_compared_in_whole_seconds_section_13_1_3) {
    static const struct {
        const char *date;
        int status;
    } rows[] = {
        { DATE, 304 },
        { LATER, 304 },
        { EARLIER, 200 },
        { "Sunday, 06-Nov-94 08:49:37 GMT", 304 },
        { "Sun Nov  6 08:49:37 1994", 304 },
        { "Sun Nov  6 08:49:36 1994", 200 },
        { "nonsense", 200 },
        { "", 200 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        has_status((struct serve_ask){ .if_modified_since = str_of(rows[i].date) }, rows[i].status);
    }
}

TEST(a_tag_counts_more_than_a_date_section_13_2_2) {
    has_status((struct serve_ask){ .if_none_match = STR_LIT("\"other\""),
                                   .if_modified_since = STR_LIT(LATER) },
               200);
    has_status((struct serve_ask){ .if_match = STR_LIT("\"" TAG "\""),
                                   .if_unmodified_since = STR_LIT(EARLIER) },
               200);
    has_status((struct serve_ask){ .if_match = STR_LIT("\"other\""),
                                   .if_none_match = STR_LIT("\"" TAG "\"") },
               412);
    has_status((struct serve_ask){ .if_match = STR_LIT("\"" TAG "\""),
                                   .if_none_match = STR_LIT("\"" TAG "\"") },
               304);
}

TEST(who_wants_another_file_gets_412_section_13_1_1) {
    has_status((struct serve_ask){ .if_match = STR_LIT("\"" TAG "\"") }, 200);
    has_status((struct serve_ask){ .if_match = STR_LIT("*") }, 200);
    has_status((struct serve_ask){ .if_match = STR_LIT("\"a\", \"" TAG "\"") }, 200);
    has_status((struct serve_ask){ .if_match = STR_LIT("W/\"" TAG "\"") }, 412);
    has_status((struct serve_ask){ .if_match = STR_LIT("\"other\"") }, 412);
    has_status((struct serve_ask){ .if_match = STR_LIT("nonsense") }, 412);
    has_status((struct serve_ask){ .if_match = STR_LIT("") }, 412);
    has_status((struct serve_ask){ .if_unmodified_since = STR_LIT(EARLIER) }, 412);
    has_status((struct serve_ask){ .if_unmodified_since = STR_LIT(DATE) }, 200);
    has_status((struct serve_ask){ .if_unmodified_since = STR_LIT("nonsense") }, 200);
}
