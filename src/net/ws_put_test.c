/* The sending side: headers of every form, deflated frames, close frames. */
#include "net/ws.h"
#include "test/unit.h"

#define OUT_BYTES_MAX (1 << 20)

#define BYTES_ARE(b, ...)                                                                          \
    OKAY(str_eq(buf_str(b), (struct str){ (const char *)(const uint8_t[]){ __VA_ARGS__ },          \
                                          sizeof((const uint8_t[]){ __VA_ARGS__ }) }))

TEST(lengths_take_the_shortest_form_rfc_6455_section_5_2) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(OUT_BYTES_MAX);
    ws_put_header(&b, WS_TEXT, false, 0);
    BYTES_ARE(&b, 0x81, 0);
    buf_reset(&b);
    ws_put_header(&b, WS_BINARY, false, 125);
    BYTES_ARE(&b, 0x82, 125);
    buf_reset(&b);
    ws_put_header(&b, WS_TEXT, true, 126);
    BYTES_ARE(&b, 0xc1, 126, 0, 126);
    buf_reset(&b);
    ws_put_header(&b, WS_TEXT, false, 65535);
    BYTES_ARE(&b, 0x81, 126, 0xff, 0xff);
    buf_reset(&b);
    ws_put_header(&b, WS_TEXT, false, 65536);
    BYTES_ARE(&b, 0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0);
}

TEST(a_frame_is_its_header_and_its_payload) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(OUT_BYTES_MAX);
    ws_put_frame(&b, WS_TEXT, STR_LIT("Hello"));
    ws_put_frame(&b, WS_PING, STR_NONE);
    BYTES_ARE(&b, 0x81, 5, 'H', 'e', 'l', 'l', 'o', 0x89, 0);
}

TEST(a_frame_that_does_not_fit_sets_over) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(6);
    ws_put_frame(&b, WS_TEXT, STR_LIT("Hello"));
    OKAY(!buf_ok(&b));
}

/* What a deflated frame in b unpacks to, and that its header is right for it. */
static void unpacks_to(const struct buf *b, size_t at, size_t header_bytes, struct str want) {
    struct buf head = BUF_INIT(WS_FRAME_HEADER_BYTES_MAX);
    ws_put_header(&head, WS_TEXT, true, b->n - at - header_bytes);
    EQ(head.n, header_bytes);
    OKAY(str_eq(buf_str(&head), (struct str){ b->p + at, header_bytes }));
    buf_fini(&head);

    SCOPED(inflater_free) struct inflater *i = inflater_new();
    SCOPED(buf_fini) struct buf plain = BUF_INIT(OUT_BYTES_MAX);
    struct str packed = { b->p + at + header_bytes, b->n - at - header_bytes };
    EQ(inflater_put(i, &plain, packed), OK);
    OKAY(str_eq(buf_str(&plain), want));
}

TEST(a_deflated_frame_has_the_header_its_packed_length_needs) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    char *text = xalloc(300000);
    uint32_t seed = 1;
    for (size_t i = 0; i < 300000; i++) {
        seed = seed * 1664525 + 1013904223;
        text[i] = (char)('a' + (seed >> 28));    // packs to about half
    }
    static const struct {
        size_t bytes;
        size_t header_bytes;
    } rows[] = { { 100, 2 }, { 200, 2 }, { 2000, 4 }, { 60000, 4 }, { 70000, 4 }, { 300000, 10 } };
    for (size_t i = 0; i < COUNT(rows); i++) {
        SCOPED(buf_fini) struct buf b = BUF_INIT(OUT_BYTES_MAX);
        BUF_PUT_LIT(&b, "before");
        ws_put_deflated(&b, WS_TEXT, (struct str){ text, rows[i].bytes }, d);
        OKAY(buf_ok(&b));
        unpacks_to(&b, 6, rows[i].header_bytes, (struct str){ text, rows[i].bytes });
    }
    xfree(text);
}

TEST(a_text_that_does_not_shrink_is_sent_plain) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    SCOPED(buf_fini) struct buf b = BUF_INIT(OUT_BYTES_MAX);
    ws_put_deflated(&b, WS_TEXT, STR_LIT("Hello"), d);
    ws_put_deflated(&b, WS_TEXT, STR_LIT(""), d);
    BYTES_ARE(&b, 0x81, 5, 'H', 'e', 'l', 'l', 'o', 0x81, 0);
}

TEST(a_deflated_frame_that_does_not_fit_sets_over) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    for (size_t max = 0; max < 20; max++) {
        SCOPED(buf_fini) struct buf b = BUF_INIT(max);
        ws_put_deflated(&b, WS_TEXT, STR_LIT("abcdefghijklmnopqrstuvwxyz0123456789"), d);
        OKAY(!buf_ok(&b));
    }
}

TEST(a_close_has_its_code_and_reason_or_nothing_section_5_5_1) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(OUT_BYTES_MAX);
    ws_put_close(&b, WS_CLOSE_GOING_AWAY, STR_LIT("bye"));
    BYTES_ARE(&b, 0x88, 5, 0x03, 0xe9, 'b', 'y', 'e');
    buf_reset(&b);
    ws_put_close(&b, WS_CLOSE_UNAUTHENTICATED, STR_NONE);
    BYTES_ARE(&b, 0x88, 2, 0x11, 0x31);
    buf_reset(&b);
    ws_put_close(&b, WS_CLOSE_NO_CODE, STR_LIT("never said"));
    BYTES_ARE(&b, 0x88, 0);
}

TEST(a_long_reason_is_cut_at_the_end_of_a_character) {
    static const char *const last[] = { "x", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };
    for (size_t width = 1; width <= COUNT(last); width++) {
        for (size_t ascii = 115; ascii <= 123; ascii++) {
            char reason[200];
            memset(reason, 'r', ascii);
            memcpy(reason + ascii, last[width - 1], width);
            memset(reason + ascii + width, 's', 20);
            SCOPED(buf_fini) struct buf b = BUF_INIT(OUT_BYTES_MAX);
            ws_put_close(&b, 1000, (struct str){ reason, ascii + width + 20 });
            struct str sent = { b.p + 4, b.n - 4 };
            OKAY(str_is_utf8(sent));
            EQ((uint8_t)b.p[1], sent.n + 2);
            EQ(sent.n, ascii + width <= 123 ? 123 : ascii);
        }
    }
}

TEST(a_reason_of_123_bytes_is_sent_whole) {
    char reason[130];
    memset(reason, 'r', sizeof reason);
    for (size_t n = 100; n <= sizeof reason; n++) {
        SCOPED(buf_fini) struct buf b = BUF_INIT(OUT_BYTES_MAX);
        ws_put_close(&b, 1000, (struct str){ reason, n });
        EQ(b.n, 4 + MIN(n, (size_t)123));
        EQ((uint8_t)b.p[1], b.n - 2);
    }
}

TEST(our_own_close_codes_are_valid) {
    static const uint16_t codes[] = { 1000, 1001, 1002, 1003, 1007, 1008, 1009,
                                      1011, 1012, 1013, 4401, 4403, 4408 };
    for (size_t i = 0; i < COUNT(codes); i++) {
        OKAY(ws_close_code_is_valid(codes[i]));
    }
    OKAY(!ws_close_code_is_valid(WS_CLOSE_NO_CODE));
}
