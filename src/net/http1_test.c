/* Requests against RFC 9112 and RFC 9110: what is read, and what is refused because two parsers
 * could read it differently. Every input is fed whole and in pieces of 1, 2, 3, 7 and 61 bytes,
 * with pauses and without, and must always come out the same. */
#include <stdio.h>

#include "net/http1_tape.h"
#include "test/unit.h"

#define BODY_BYTES_MAX 1000
#define INPUT_BYTES_MAX (1 << 20)
#define HOST "Host: x\r\n"

/* Feeds `in` in every way; each must give `want`. */
static void reads_bytes(struct str in, const char *want) {
    static const size_t cuts[] = { INPUT_BYTES_MAX, 1, 2, 3, 7, 61 };
    for (size_t i = 0; i < 3 * COUNT(cuts); i++) {
        enum http1_tape_manner manner = (enum http1_tape_manner)(i / COUNT(cuts));
        SCOPED(http1_tape_free)
        struct http1_tape *tape =
            http1_tape_feed(in.p, in.n, cuts[i % COUNT(cuts)], BODY_BYTES_MAX, manner);
        STR_EQ(buf_str(&tape->log), want);
    }
}

static void reads(const char *in, const char *want) {
    reads_bytes(str_of(in), want);
}

/* `in` must be refused with `status` at its end, however it is cut, the same sentence each time. */
static void is_refused_bytes(struct str in, int status) {
    SCOPED(http1_tape_free)
    struct http1_tape *tape = http1_tape_feed(in.p, in.n, in.n + 1, BODY_BYTES_MAX, TAPE_PLAIN);
    EQ(http1_status(tape->http), status);
    OKAY(strlen(http1_why(tape->http)) > 10);
    buf_put_char(&tape->log, '\0');
    reads_bytes(in, tape->log.p);
}

static void is_refused(const char *in, int status) {
    is_refused_bytes(str_of(in), status);
}

/* ---- what is read */

TEST(a_request_is_read) {
    reads("GET /a/b?c=d&e HTTP/1.1\r\nHost: example.org:8080\r\nX-Odd:\t two words "
          "\t\r\nEmpty:\r\n\r\n",
          "GET /a/b?c=d&e [Host: example.org:8080][X-Odd: two words][Empty: ] keep\nend\n");
}

TEST(every_method_is_told) {
    static const char *const names[] = {
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        char in[100];
        char want[100];
        snprintf(in, sizeof in, "%s / HTTP/1.1\r\n" HOST "\r\n", names[i]);
        snprintf(want, sizeof want, "%s / [Host: x] keep\nend\n", names[i]);
        reads(in, want);
    }
    reads("PROPFIND / HTTP/1.1\r\n" HOST "\r\n", "OTHER / [Host: x] keep\nend\n");
    reads("TRACE / HTTP/1.1\r\n" HOST "\r\n", "OTHER / [Host: x] keep\nend\n");
}

TEST(a_body_of_a_length_is_read) {
    reads("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello",
          "POST / [Host: x][Content-Length: 5] keep length=5\nbody=hello\nend\n");
    reads("POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n",
          "POST / [Host: x][Content-Length: 0] keep\nend\n");
    reads("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhel",
          "POST / [Host: x][Content-Length: 5] keep length=5\nbody=hel\ninside\n");
}

TEST(a_chunked_body_is_read_extensions_and_trailers_are_dropped) {
    reads("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n"
          "5\r\nhello\r\n1;name=value;q=\"x\"\r\n \r\n00005\r\nworld\r\n0\r\nTrailer: x\r\n\r\n",
          "POST / [Host: x][Transfer-Encoding: Chunked] keep chunked\nbody=hello world\nend\n");
    reads("POST / HTTP/1.1\r\n" HOST
          "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
          "POST / [Host: x][Transfer-Encoding: chunked] keep chunked\nbody=0123456789\nend\n");
}

TEST(pipelined_requests_come_one_after_the_other) {
    reads("POST /1 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nab"
          "GET /2 HTTP/1.1\r\n" HOST "\r\n"
          "POST /3 HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
          "GET /4 HTTP/1.1\r\n" HOST "\r\n",
          "POST /1 [Host: x][Content-Length: 2] keep length=2\nbody=ab\nend\n"
          "GET /2 [Host: x] keep\nend\n"
          "POST /3 [Host: x][Transfer-Encoding: chunked] keep chunked\nbody=x\nend\n"
          "GET /4 [Host: x] keep\nend\n");
}

TEST(empty_lines_before_a_request_are_skipped_rfc_9112_section_2_2) {
    reads("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n",
          "GET / [Host: x] keep\nend\nGET / [Host: x] keep\nend\n");
    reads("\r\n\r\n", "");
}

TEST(keep_alive_follows_version_and_connection_rfc_9112_section_9_3) {
    reads("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
          "GET / [Host: x][Connection: close]\nend\n");
    reads("GET / HTTP/1.1\r\n" HOST "Connection: x, CLOSE ,keep-alive\r\n\r\n",
          "GET / [Host: x][Connection: x, CLOSE ,keep-alive]\nend\n");
    reads("GET / HTTP/1.1\r\n" HOST "Connection: x\r\nConnection: close\r\n\r\n",
          "GET / [Host: x][Connection: x][Connection: close]\nend\n");
    reads("GET / HTTP/1.0\r\n\r\n", "GET / \nend\n");
    reads("GET / HTTP/1.0\r\n" HOST "Connection: Keep-Alive\r\n\r\n",
          "GET / [Host: x][Connection: Keep-Alive] keep\nend\n");
    reads("CONNECT x:1 HTTP/1.1\r\n" HOST "\r\n", "OTHER x:1 [Host: x]\nend\n");
}

TEST(an_upgrade_stops_right_behind_the_head_rfc_6455_section_4_2_1) {
    reads("GET /ws HTTP/1.1\r\n" HOST
          "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\r\n"
          "\x81\x80 not http",
          "GET /ws [Host: x][Upgrade: WebSocket][Connection: keep-alive, Upgrade] keep upgrade\n"
          "end\nupgraded after 82\n");
}

TEST(what_is_no_websocket_upgrade_is_an_ordinary_request) {
    reads("GET / HTTP/1.1\r\n" HOST "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
          "GET / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\n\r\n"
          "GET / HTTP/1.1\r\n" HOST "Connection: Upgrade\r\n\r\n"
          "GET / HTTP/1.0\r\n" HOST "Upgrade: websocket\r\nConnection: Upgrade,keep-alive\r\n\r\n"
          "POST / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
          "GET / HTTP/1.1\r\n" HOST
          "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nab"
          "GET / HTTP/1.1\r\n" HOST "\r\n",
          "GET / [Host: x][Upgrade: h2c][Connection: Upgrade] keep\nend\n"
          "GET / [Host: x][Upgrade: websocket] keep\nend\n"
          "GET / [Host: x][Connection: Upgrade] keep\nend\n"
          "GET / [Host: x][Upgrade: websocket][Connection: Upgrade,keep-alive] keep\nend\n"
          "POST / [Host: x][Upgrade: websocket][Connection: Upgrade] keep\nend\n"
          "GET / [Host: x][Upgrade: websocket][Connection: Upgrade][Content-Length: 2] keep "
          "length=2\n"
          "body=ab\nend\n"
          "GET / [Host: x] keep\nend\n");
}

TEST(targets_come_in_four_forms_rfc_9112_section_3_2) {
    reads("GET http://h:1/p/q?r=/s HTTP/1.1\r\n" HOST "\r\n",
          "GET /p/q?r=/s [Host: x] keep\nend\n");
    reads("GET HTTPS://h HTTP/1.1\r\n" HOST "\r\n", "GET / [Host: x] keep\nend\n");
    reads("GET http://h?q HTTP/1.1\r\n" HOST "\r\n", "GET /?q [Host: x] keep\nend\n");
    reads("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "OPTIONS * [Host: x] keep\nend\n");
    reads("GET /a?b?c HTTP/1.1\r\n" HOST "\r\n", "GET /a?b?c [Host: x] keep\nend\n");
    reads("GET /!~ HTTP/1.1\r\n" HOST "\r\n", "GET /!~ [Host: x] keep\nend\n");
    is_refused("GET * HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET a HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET ?a HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET ftp://h/ HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET /\x7f HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET /a\tb HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET /a b HTTP/1.1\r\n" HOST "\r\n", 400);
}

/* ---- the request line */

TEST(a_request_line_that_is_none_is_refused_rfc_9112_section_3) {
    is_refused("GARBAGE\r\n\r\n", 400);
    is_refused("get / HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused(" GET / HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET  / HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET /  HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET / HTTP/1.1 \r\n" HOST "\r\n", 400);
    is_refused("GET / http/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET / RTSP/1.0\r\n" HOST "\r\n", 400);
    is_refused("GET / RTSP/1.1\r\n" HOST "\r\n", 400);
    is_refused("SOURCE / ICE/1.0\r\n" HOST "\r\n", 400);
    is_refused("DESCRIBE / HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET  HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("\x16\x03\x01\x02", 400);
    is_refused("HTTP/1.1 200 OK\r\n\r\n", 400);
}

TEST(a_version_other_than_1_0_and_1_1_is_refused_with_505) {
    is_refused("GET / HTTP/2.0\r\n" HOST "\r\n", 505);
    is_refused("GET / HTTP/0.9\r\n" HOST "\r\n", 505);
    is_refused("GET / HTTP/1.2\r\n" HOST "\r\n", 505);
    is_refused("GET / HTTP/3.1\r\n" HOST "\r\n", 505);
    is_refused("GET / HTTP/x.1\r\n" HOST "\r\n", 400);
    is_refused("GET / HTTP/1.x\r\n" HOST "\r\n", 400);
    is_refused("GET / HTTP/1-1\r\n" HOST "\r\n", 400);
    is_refused("GET / HTTP/11\r\n" HOST "\r\n", 400);
    is_refused("GET / HTTP/3.x\r\n" HOST "\r\n", 400);
    is_refused("GET / HTTP/3-1\r\n" HOST "\r\n", 400);
    is_refused("GET / HTTP/1.11\r\n" HOST "\r\n", 400);
    is_refused("GET / HTTPS/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET / HTTP/9.9\r\n" HOST "\r\n", 505);
    is_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
}

TEST(a_request_without_a_version_is_refused) {
    SCOPED(http1_tape_free)
    struct http1_tape *tape = http1_tape_feed("GET /\r\n\r\n", 9, 1, BODY_BYTES_MAX, TAPE_PLAIN);
    OKAY(http1_status(tape->http) == 400 || http1_status(tape->http) == 505);
}

/* ---- lines */

TEST(lines_must_end_in_cr_lf_rfc_9112_section_2_2) {
    is_refused("GET / HTTP/1.1\n" HOST "\r\n", 400);
    is_refused("GET / HTTP/1.1\r\nHost: x\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\nHost: x\r\n\n", 400);
    is_refused("GET / HTTP/1.1\r" HOST "\r\n", 400);
    is_refused("GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\nHost: x\r\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\nHost: x\r\n\rGET", 400);
    is_refused("GET / HTTP/1.1\r\nHost: x\r\n\r\r\n", 400);
    is_refused("\nGET / HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("\rGET / HTTP/1.1\r\n" HOST "\r\n", 400);
    is_refused("GET /\r HTTP/1.1\r\n" HOST "\r\n", 400);
}

TEST(a_folded_header_is_refused_rfc_9112_section_5_2) {
    is_refused("GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST "A: b\r\n\tc\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST "A:\r\n b\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n " HOST "\r\n", 400);
}

TEST(header_names_and_values_must_be_clean_rfc_9110_section_5) {
    is_refused("GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST "A\t: b\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST "A b: c\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST ": c\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST "A\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST "A(b): c\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST "A\xc3: c\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST "A: b\x01\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST "A: b\x7f\r\n\r\n", 400);
    is_refused_bytes(STR_LIT("GET / HTTP/1.1\r\n" HOST "A: b\0c\r\n\r\n"), 400);
    is_refused_bytes(STR_LIT("GET / HTTP/1.1\r\n" HOST "A\0: c\r\n\r\n"), 400);
    is_refused_bytes(STR_LIT("GET /\0 HTTP/1.1\r\n" HOST "\r\n"), 400);
}

/* ---- Host */

TEST(there_must_be_one_host_rfc_9112_section_3_2) {
    is_refused("GET / HTTP/1.1\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\nA: b\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST "host: y\r\n\r\n", 400);
    is_refused("GET / HTTP/1.0\r\n" HOST HOST "\r\n", 400);
    is_refused("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n", 400);
    reads("GET / HTTP/1.1\r\nhOST: [::1]:80\r\n\r\n", "GET / [hOST: [::1]:80] keep\nend\n");
    reads("GET / HTTP/1.1\r\nHost: AZaz09-._~\r\n\r\n", "GET / [Host: AZaz09-._~] keep\nend\n");
    reads("GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / [Host: ] keep\nend\n");
}

/* ---- the body's length */

#define POST "POST / HTTP/1.1\r\n" HOST

TEST(a_length_said_twice_is_refused_rfc_9112_section_6_3) {
    is_refused(POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400);
    is_refused(POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400);
    is_refused(POST "Content-Length: 1, 1\r\n\r\na", 400);
    is_refused(POST "Content-Length: 0\r\ncontent-length: 0\r\n\r\n", 400);
    is_refused(POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
    is_refused(POST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", 400);
    is_refused(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
               400);
    is_refused("GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400);
}

TEST(a_length_that_is_no_number_is_refused) {
    static const char *const bad[] = {
        "", "-1", "+1", "0x1", "1 1", "1_0", "1.0", "1e1", "a", "1a", "99999999999999999999"
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char in[200];
        snprintf(in, sizeof in, POST "Content-Length: %s\r\n\r\na", bad[i]);
        is_refused(in, 400);
    }
}

TEST(any_coding_but_chunked_alone_is_refused_rfc_9112_section_6_1) {
    static const char *const bad[] = {
        "",         "gzip",     "gzip, chunked", "chunked, gzip", "chunked, chunked",
        "identity", "chunkedx", "xchunked",      "chunked;q=1",   "\"chunked\"",
        ",chunked", "chunked,", "\vchunked",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char in[200];
        snprintf(in, sizeof in, POST "Transfer-Encoding: %s\r\n\r\n0\r\n\r\n", bad[i]);
        is_refused(in, 400);
    }
    is_refused("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
    is_refused("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n", 400);
}

TEST(chunks_that_are_wrongly_framed_are_refused_rfc_9112_section_7_1) {
    static const char *const bad[] = {
        "x\r\n",
        "\r\n",
        " 1\r\na\r\n0\r\n\r\n",
        "-1\r\n",
        "0x1\r\na\r\n0\r\n\r\n",
        "1\na\r\n0\r\n\r\n",
        "1\r\nab\r\n0\r\n\r\n",
        "2\r\na\r\n0\r\n\r\n",
        "1\r\na\n0\r\n\r\n",
        "1\r\na0\r\n\r\n",
        "1 \r\na\r\n0\r\n\r\n",
        "1\r\na\r\r\n0\r\n\r\n",
        "1;\na\r\n0\r\n\r\n",
        "1;a\nb\r\na\r\n0\r\n\r\n",
        "1\r\na\r\n0\r\n\n",
        "1\r\na\r\n0\r\nA: b\n\r\n",
        "1\r\na\r\n0\r\n\rX",
        "1\r\na\r\n0\r\nno colon\r\n\r\n",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char in[200];
        snprintf(in, sizeof in, POST "Transfer-Encoding: chunked\r\n\r\n%s", bad[i]);
        SCOPED(http1_tape_free)
        struct http1_tape *tape = http1_tape_feed(in, strlen(in), 1, BODY_BYTES_MAX, TAPE_PLAIN);
        if (http1_status(tape->http) != 400) {
            print_error("chunks: %s\n", bad[i]);
        }
        EQ(http1_status(tape->http), 400);
    }
}

TEST(a_chunk_size_that_overflows_is_refused) {
    struct str in = STR_LIT(POST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n");
    SCOPED(http1_tape_free)
    struct http1_tape *tape = http1_tape_feed(in.p, in.n, 1, BODY_BYTES_MAX, TAPE_PLAIN);
    OKAY(http1_status(tape->http) == 400 || http1_status(tape->http) == 413);
    is_refused(POST "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 413);
}

TEST(a_body_over_the_limit_is_refused_with_413_before_it_comes) {
    is_refused(POST "Content-Length: 1001\r\n\r\n", 413);
    is_refused(POST "Content-Length: 18446744073709551615\r\n\r\n", 413);
    reads(POST "Content-Length: 1000\r\n\r\n",
          "POST / [Host: x][Content-Length: 1000] keep length=1000\ninside\n");
    is_refused(POST "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", 413);
    is_refused(POST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n3e8\r\n", 413);
    reads(POST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n3e7\r\n",
          "POST / [Host: x][Transfer-Encoding: chunked] keep chunked\nbody=a\ninside\n");
}

TEST(chunks_may_carry_some_framing_but_not_only_framing) {
    SCOPED(buf_fini) struct buf in = BUF_INIT(INPUT_BYTES_MAX);
    BUF_PUT_LIT(&in, POST "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i < BODY_BYTES_MAX; i++) {
        BUF_PUT_LIT(&in, "1;ext=12345678\r\na\r\n");    // 18 bytes for one
    }
    BUF_PUT_LIT(&in, "0\r\n\r\n");
    SCOPED(http1_tape_free)
    struct http1_tape *tape = http1_tape_feed(in.p, in.n, in.n, BODY_BYTES_MAX, TAPE_PLAIN);
    EQ(http1_status(tape->http), 0);
    OKAY(!http1_is_inside(tape->http));

    static const char *const endless[] = { "0", "1;aaaaaaaaaa", "0\r\nTrailer: aaaaaaa" };
    for (size_t i = 0; i < COUNT(endless); i++) {
        buf_reset(&in);
        BUF_PUT_LIT(&in, POST "Transfer-Encoding: chunked\r\n\r\n");
        size_t head_bytes = in.n;
        buf_put_str(&in, str_of(endless[i]));
        while (in.n < head_bytes + HTTP1_HEAD_BYTES_MAX) {
            buf_put_char(&in, i == 0 ? '0' : 'a');
        }
        SCOPED(http1_tape_free)
        struct http1_tape *fits = http1_tape_feed(in.p, in.n, in.n, BODY_BYTES_MAX, TAPE_PLAIN);
        EQ(http1_status(fits->http), 0);
        buf_put_char(&in, i == 0 ? '0' : 'a');
        is_refused_bytes(buf_str(&in), 400);
    }
}

TEST(each_byte_of_body_allows_sixteen_of_framing) {
    SCOPED(buf_fini) struct buf in = BUF_INIT(INPUT_BYTES_MAX);
    BUF_PUT_LIT(&in, POST "Transfer-Encoding: chunked\r\n\r\n");
    size_t framing_end = in.n + 2 + HTTP1_HEAD_BYTES_MAX + 2 * 16;
    BUF_PUT_LIT(&in, "2\r\nab\r\n");
    while (in.n < framing_end) {
        buf_put_char(&in, '0');
    }
    SCOPED(http1_tape_free)
    struct http1_tape *fits = http1_tape_feed(in.p, in.n, 7, BODY_BYTES_MAX, TAPE_PLAIN);
    EQ(http1_status(fits->http), 0);
    buf_put_char(&in, '0');
    is_refused_bytes(buf_str(&in), 400);
}

TEST(the_body_limit_counts_each_request_for_itself) {
    SCOPED(buf_fini) struct buf in = BUF_INIT(INPUT_BYTES_MAX);
    for (size_t i = 0; i < 3; i++) {
        BUF_PUT_LIT(&in, POST "Transfer-Encoding: chunked\r\n\r\n3e8\r\n");
        for (size_t k = 0; k < BODY_BYTES_MAX; k++) {
            buf_put_char(&in, 'x');
        }
        BUF_PUT_LIT(&in, "\r\n0\r\n\r\n");
    }
    SCOPED(http1_tape_free)
    struct http1_tape *tape = http1_tape_feed(in.p, in.n, 61, BODY_BYTES_MAX, TAPE_PLAIN);
    EQ(http1_status(tape->http), 0);
    OKAY(!http1_is_inside(tape->http));
}

TEST(each_request_has_a_limit_of_its_own) {
    reads("POST /more/x HTTP/1.1\r\n" HOST "Content-Length: 2000\r\n\r\n",
          "POST /more/x [Host: x][Content-Length: 2000] keep length=2000\ninside\n");
    is_refused("POST /more/x HTTP/1.1\r\n" HOST "Content-Length: 2001\r\n\r\n", 413);
    is_refused("POST /more/x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n7d1\r\n", 413);
    is_refused("POST /none/ HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", 413);
    is_refused("POST /none/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\n", 413);
    reads("POST /none/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
          "POST /none/ HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n",
          "POST /none/ [Host: x][Transfer-Encoding: chunked] keep chunked\nend\n"
          "POST /none/ [Host: x][Content-Length: 0] keep\nend\n");
    is_refused("POST /more/x HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\na" POST
               "Content-Length: 1001\r\n\r\n",
               413);
}

/* ---- expectations */

TEST(who_waits_for_a_100_is_told_rfc_9110_section_10_1_1) {
    reads(POST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
          "POST / [Host: x][Expect: 100-continue][Content-Length: 2] keep continue length=2\n"
          "body=ab\nend\n");
    reads(POST "expect: 100-Continue , \r\nTransfer-Encoding: chunked\r\n\r\n",
          "POST / [Host: x][expect: 100-Continue ,][Transfer-Encoding: chunked] keep chunked "
          "continue\ninside\n");
    reads(POST "Expect:\r\nContent-Length: 2\r\n\r\nab",
          "POST / [Host: x][Expect: ][Content-Length: 2] keep length=2\nbody=ab\nend\n");
}

TEST(nobody_waits_without_a_body_or_in_1_0) {
    reads("GET / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n",
          "GET / [Host: x][Expect: 100-continue] keep\nend\n");
    reads("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
          "POST / [Expect: 100-continue][Content-Length: 1] length=1\nbody=a\nend\n");
}

TEST(any_other_expectation_is_refused_with_417) {
    is_refused(POST "Expect: 200-ok\r\nContent-Length: 2\r\n\r\n", 417);
    is_refused(POST "Expect: 100-continue, x\r\nContent-Length: 2\r\n\r\n", 417);
    is_refused(POST "Expect: 100-continue\r\nExpect: 100-continue;q\r\n\r\n", 417);
    is_refused(POST "Expect: 100\r\nContent-Length: 5000\r\n\r\n", 417);
}

/* ---- limits of the head */

TEST(a_target_of_8192_bytes_is_read_one_more_is_refused_with_414) {
    SCOPED(buf_fini) struct buf in = BUF_INIT(INPUT_BYTES_MAX);
    BUF_PUT_LIT(&in, "GET /");
    while (in.n < 4 + HTTP1_TARGET_BYTES_MAX) {
        buf_put_char(&in, 'a');
    }
    size_t n = in.n;
    BUF_PUT_LIT(&in, " HTTP/1.1\r\n" HOST "\r\n");
    SCOPED(http1_tape_free)
    struct http1_tape *tape = http1_tape_feed(in.p, in.n, in.n, BODY_BYTES_MAX, TAPE_PLAIN);
    EQ(http1_status(tape->http), 0);
    in.n = n;
    BUF_PUT_LIT(&in, "a");
    is_refused_bytes(buf_str(&in), 414);
    in.n = n;
    BUF_PUT_LIT(&in, "a\x01 HTTP/1.1\r\n");    // the first thing wrong is what counts
    is_refused_bytes(buf_str(&in), 414);
    in.n = n - 1;
    BUF_PUT_LIT(&in, "\x01"
                     "aaaaaaaa");
    is_refused_bytes(buf_str(&in), 400);
}

TEST(a_head_of_16384_bytes_is_read_one_more_is_refused_with_431) {
    for (size_t over = 0; over <= 1; over++) {
        SCOPED(buf_fini) struct buf in = BUF_INIT(INPUT_BYTES_MAX);
        BUF_PUT_LIT(&in, "GET / HTTP/1.1\r\n" HOST "A: ");
        while (in.n < HTTP1_HEAD_BYTES_MAX - 4 + over) {
            buf_put_char(&in, 'a');
        }
        BUF_PUT_LIT(&in, "\r\n\r\n");
        if (over > 0) {
            is_refused_bytes(buf_str(&in), 431);
        } else {
            SCOPED(http1_tape_free)
            struct http1_tape *tape = http1_tape_feed(in.p, in.n, 1, BODY_BYTES_MAX, TAPE_PLAIN);
            EQ(http1_status(tape->http), 0);
            OKAY(!http1_is_inside(tape->http));
        }
    }
}

TEST(a_hundred_headers_are_read_one_more_is_refused_with_431) {
    for (size_t count = 100; count <= 101; count++) {
        SCOPED(buf_fini) struct buf in = BUF_INIT(INPUT_BYTES_MAX);
        BUF_PUT_LIT(&in, "GET / HTTP/1.1\r\n" HOST);
        for (size_t i = 1; i < count; i++) {
            BUF_PUT_LIT(&in, "A: b\r\n");
        }
        BUF_PUT_LIT(&in, "\r\n");
        if (count > 100) {
            is_refused_bytes(buf_str(&in), 431);
        } else {
            SCOPED(http1_tape_free)
            struct http1_tape *tape = http1_tape_feed(in.p, in.n, in.n, BODY_BYTES_MAX, TAPE_PLAIN);
            EQ(http1_status(tape->http), 0);
        }
    }
}

TEST(a_refusal_says_what_would_be_right) {
    static const struct {
        const char *in;
        const char *word;
    } rows[] = {
        { "get / HTTP/1.1\r\n", "method" },
        { "GET / HTTP/1.1\r\nA b: c\r\n", "Name: value" },
        { "GET / HTTP/1.1\nHost: x\r\n", "CR LF" },
        { "GET / HTTP/1.1\r\nA: b\r\n c\r\n", "one line" },
        { "GET / HTTP/2.0\r\n", "HTTP/1.1" },
        { "GET / HTTP/1.1\r\n\r\n", "Host" },
        { POST "Content-Length: x\r\n\r\n", "Content-Length" },
        { POST "Content-Length: 1001\r\n\r\n", "body" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        SCOPED(http1_tape_free)
        struct http1_tape *tape =
            http1_tape_feed(rows[i].in, strlen(rows[i].in), 1, BODY_BYTES_MAX, TAPE_PLAIN);
        OKAY(strstr(http1_why(tape->http), rows[i].word) != NULL);
    }
}

/* ---- life */

static void ignore_head(__attribute__((unused)) void *ctx,
                        __attribute__((unused)) const struct http1_request *req) {
}

static void ignore_body(__attribute__((unused)) void *ctx,
                        __attribute__((unused)) struct str piece) {
}

static void ignore_end(__attribute__((unused)) void *ctx) {
}

static const struct http1_sink ignoring = { ignore_head, ignore_body, ignore_end, NULL };

static size_t feed(struct http1 *h, const char *text) {
    return http1_feed(h, (const uint8_t *)text, strlen(text), &ignoring, NULL);
}

TEST(nothing_is_read_between_a_requests_end_and_the_next) {
    SCOPED(http1_free) struct http1 *h = http1_new(100);
    OKAY(!http1_is_inside(h));
    EQ(feed(h, "\r\n"), 2);
    OKAY(!http1_is_inside(h));
    EQ(feed(h, "G"), 1);
    OKAY(http1_is_inside(h));
    EQ(feed(h, "ET / HTTP/1.1\r\n" HOST "\r\nGET"), strlen("ET / HTTP/1.1\r\n" HOST "\r\n"));
    OKAY(!http1_is_inside(h));
    EQ(feed(h, "GET"), 0);
    http1_next(h);
    EQ(feed(h, "GET"), 3);
    OKAY(http1_is_inside(h));
}

TEST(a_refusal_lasts) {
    SCOPED(http1_free) struct http1 *h = http1_new(100);
    EQ(http1_status(h), 0);
    EQ(feed(h, "nonsense"), 8);
    EQ(http1_status(h), 400);
    http1_next(h);
    EQ(feed(h, "GET / HTTP/1.1\r\n" HOST "\r\n"), strlen("GET / HTTP/1.1\r\n" HOST "\r\n"));
    EQ(http1_status(h), 400);
    OKAY(!http1_is_inside(h));
}

TEST(a_parser_that_ends_half_way_gives_everything_back) {
    struct http1 *h = http1_new(100);
    feed(h, "POST / HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nab");
    OKAY(http1_is_inside(h));
    http1_free(&h);
    OKAY(h == NULL);
    http1_free(&h);
}

/* ---- pausing */

struct slow {
    struct http1 *http;
    size_t heads;
    size_t ends;
    struct buf body;
};

static void slow_head(void *ctx, __attribute__((unused)) const struct http1_request *req) {
    struct slow *slow = ctx;
    slow->heads++;
}

/* Takes one piece at a time. */
static void slow_body(void *ctx, struct str piece) {
    struct slow *slow = ctx;
    buf_put_str(&slow->body, piece);
    http1_pause(slow->http);
}

static void slow_end(void *ctx) {
    struct slow *slow = ctx;
    slow->ends++;
}

static const struct http1_sink slow_sink = { slow_head, slow_body, slow_end, NULL };

static size_t slow_feed(struct slow *slow, const char *text) {
    return http1_feed(slow->http, (const uint8_t *)text, strlen(text), &slow_sink, slow);
}

TEST(a_pause_leaves_the_bytes_behind_the_piece_with_the_caller) {
    struct slow slow = { .http = http1_new(100), .body = BUF_INIT(100) };
    const char *in = POST "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
    size_t took = slow_feed(&slow, in);
    STR_EQ(str_of(in + took), "\r\n1\r\nc\r\n0\r\n\r\n");
    EQ(slow_feed(&slow, in + took), 0);
    STR_EQ(buf_str(&slow.body), "ab");
    http1_resume(slow.http);
    took += slow_feed(&slow, in + took);
    STR_EQ(str_of(in + took), "\r\n0\r\n\r\n");
    STR_EQ(buf_str(&slow.body), "abc");
    EQ(slow.ends, 0);
    http1_resume(slow.http);
    EQ(slow_feed(&slow, in + took), 7);
    EQ(slow.ends, 1);
    buf_fini(&slow.body);
    http1_free(&slow.http);
}

TEST(the_end_waits_for_the_last_piece_and_needs_no_more_bytes) {
    struct slow slow = { .http = http1_new(100), .body = BUF_INIT(100) };
    EQ(slow_feed(&slow, POST "Content-Length: 2\r\n\r\nabGET"), strlen(POST) + 23);
    STR_EQ(buf_str(&slow.body), "ab");
    EQ(slow.ends, 0);
    OKAY(http1_is_inside(slow.http));
    http1_resume(slow.http);
    EQ(http1_feed(slow.http, NULL, 0, &slow_sink, &slow), 0);
    EQ(slow.ends, 1);
    OKAY(!http1_is_inside(slow.http));
    http1_next(slow.http);
    EQ(slow_feed(&slow, "GET / HTTP/1.1\r\n" HOST "\r\n"),
       strlen("GET / HTTP/1.1\r\n" HOST "\r\n"));
    EQ(slow.heads, 2);
    EQ(slow.ends, 2);
    buf_fini(&slow.body);
    http1_free(&slow.http);
}
