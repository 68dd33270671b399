/* Headers looked up, queries decoded, responses written. */
#include "net/http1.h"
#include "test/unit.h"

TEST(headers_are_found_in_any_letter_case_the_first_one_counts) {
    struct http1_request req = {
        .headers = { { STR_LIT("Host"), STR_LIT("x") },
                     { STR_LIT("X-Token"), STR_LIT("1") },
                     { STR_LIT("x-token"), STR_LIT("2") } },
        .header_count = 3,
    };
    STR_EQ(http1_header(&req, "hOsT"), "x");
    STR_EQ(http1_header(&req, "X-TOKEN"), "1");
    OKAY(http1_header(&req, "Token").p == NULL);
    OKAY(http1_header_has(&req, "x-token", "2"));
    OKAY(!http1_header_has(&req, "x-token", "3"));
    OKAY(!http1_header_has(&req, "host", "2"));
}

TEST(tokens_are_found_whole_in_any_letter_case) {
    OKAY(http1_has_token(STR_LIT("upgrade"), "Upgrade"));
    OKAY(http1_has_token(STR_LIT("keep-alive, \tUPGRADE "), "upgrade"));
    OKAY(http1_has_token(STR_LIT(",,a"), "a"));
    OKAY(!http1_has_token(STR_LIT("upgrades, up grade"), "upgrade"));
    OKAY(!http1_has_token(STR_LIT(""), "upgrade"));
    OKAY(!http1_has_token(STR_NONE, "upgrade"));
}

static void query_gives(const char *query, const char *name, const char *want) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(100);
    BUF_PUT_LIT(&out, ">");
    OKAY(http1_query(str_of(query), name, &out));
    STR_EQ(((struct str){ out.p + 1, out.n - 1 }), want);
}

TEST(query_parameters_are_decoded) {
    query_gives("token=abc", "token", "abc");
    query_gives("a=b&token=abc&c=d", "token", "abc");
    query_gives("token=%41%62+%2B%25", "token", "Ab +%");
    query_gives("token=caf%c3%A9", "token", "caf\xc3\xa9");
    query_gives("token=%30%39%6f%6A%0a%10%0F", "token", "09oj\n\x10\x0f");
    query_gives("%74oken=x", "token", "x");
    query_gives("token=a=b", "token", "a=b");
    query_gives("token=", "token", "");
    query_gives("token", "token", "");
    query_gives("tok=1&token=2&token=3", "token", "2");
}

TEST(invalid_escapes_are_kept) {
    query_gives("t=%", "t", "%");
    query_gives("t=%4", "t", "%4");
    query_gives("t=%zz", "t", "%zz");
    query_gives("t=%%41", "t", "%A");
    query_gives("t=%4g%41", "t", "%4gA");
}

TEST(an_absent_parameter_is_absent) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(100);
    OKAY(!http1_query(STR_LIT(""), "token", &out));
    OKAY(!http1_query(STR_NONE, "token", &out));
    OKAY(!http1_query(STR_LIT("tokens=1&toke=2&Token=3&x=token"), "token", &out));
    EQ(out.n, 0);
}

static void response_is(struct http1_response res, const char *want) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1000);
    http1_put_response(&b, &res);
    STR_EQ(buf_str(&b), want);
}

TEST(a_response_says_its_length_and_what_becomes_of_the_connection) {
    response_is((struct http1_response){ .status = 200,
                                         .content_type = "text/plain",
                                         .extra = STR_LIT("X-A: b\r\n"),
                                         .body = STR_LIT("hello"),
                                         .is_keep_alive = true },
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nX-A: b\r\n"
                "Connection: keep-alive\r\n\r\nhello");
    response_is((struct http1_response){ .status = 431 },
                "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n"
                "Connection: close\r\n\r\n");
}

TEST(a_head_only_response_says_the_length_of_what_it_leaves_out) {
    response_is((struct http1_response){ .status = 200,
                                         .content_type = "text/html",
                                         .body = STR_LIT("hello"),
                                         .is_head_only = true },
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n"
                "Connection: close\r\n\r\n");
}

TEST(a_body_that_comes_later_counts) {
    response_is((struct http1_response){ .status = 206, .later_bytes = 5000000000 },
                "HTTP/1.1 206 Partial Content\r\nContent-Length: 5000000000\r\n"
                "Connection: close\r\n\r\n");
}

TEST(responses_that_have_no_body_say_no_length_rfc_9110_section_8_6) {
    response_is((struct http1_response){ .status = 204, .is_keep_alive = true },
                "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
    response_is((struct http1_response){ .status = 304, .body = STR_LIT("x") },
                "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n");
    response_is((struct http1_response){ .status = 100 }, "HTTP/1.1 100 Continue\r\n\r\n");
    response_is(
        (struct http1_response){ .status = 101, .extra = STR_LIT("Upgrade: websocket\r\n") },
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\n\r\n");
}

TEST(every_status_has_a_reason) {
    STR_EQ(str_of(http1_reason(404)), "Not Found");
    STR_EQ(str_of(http1_reason(505)), "HTTP Version Not Supported");
    OKAY(strlen(http1_reason(799)) > 0);
}
