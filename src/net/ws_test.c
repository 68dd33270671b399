/* The receiving side against RFC 6455 and RFC 7692, rule by rule. Every input is fed whole and in
 * pieces of 1, 2, 3, 7 and 13 bytes, with and without stops, and must always come out the same. */
#include <stdio.h>

#include "net/ws_tape.h"
#include "test/unit.h"

#define FIN 0x80
#define RSV1 0x40
#define MESSAGE_BYTES_MAX 1000
#define FRAMES_MAX 16
#define INPUT_BYTES_MAX (1 << 22)

/* Some input, and what the connection it is fed to negotiated. */
struct talk {
    struct buf in;
    struct ws_tape_setup setup;
};

static struct talk talk_plain(void) {
    return (struct talk){ BUF_INIT(INPUT_BYTES_MAX),
                          { { MESSAGE_BYTES_MAX, FRAMES_MAX }, false, false } };
}

static struct talk talk_deflate(void) {
    struct talk t = talk_plain();
    t.setup.has_deflate = true;
    return t;
}

static void talk_fini(struct talk *t) {
    buf_fini(&t->in);
}

static void put(struct talk *t, unsigned first, const char *payload) {
    ws_tape_put_frame(&t->in, (uint8_t)first, str_of(payload));
}

static void put_bytes(struct talk *t, unsigned first, const void *p, size_t n) {
    ws_tape_put_frame(&t->in, (uint8_t)first, (struct str){ p, n });
}

static void put_same(struct talk *t, unsigned first, char c, size_t n) {
    char *p = xalloc(n);
    memset(p, c, n);
    put_bytes(t, first, p, n);
    xfree(p);
}

#define PUT_RAW(t, ...)                                                                            \
    buf_put(&(t)->in, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* A message as RFC 7692 wants it. */
static void put_deflated(struct talk *t, unsigned first, struct str message) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    SCOPED(buf_fini) struct buf packed = BUF_INIT(INPUT_BYTES_MAX);
    deflater_put(d, &packed, message);
    ws_tape_put_frame(&t->in, (uint8_t)(first | RSV1), buf_str(&packed));
}

/* Feeds the talk in every way; each must give `want` and leave nothing half
 * (unless `leaves_half`). */
static void hears_leaving(struct talk *t, const char *want, bool leaves_half) {
    static const size_t cuts[] = { INPUT_BYTES_MAX, 1, 2, 3, 7, 13 };
    SCOPED(ws_tape_free) struct ws_tape *whole = ws_tape_feed(&t->setup, t->in.p, t->in.n, cuts[0]);
    STR_EQ(buf_str(&whole->log), want);
    EQ(whole->has_half, leaves_half);
    for (size_t i = 0; i < COUNT(cuts); i++) {
        struct ws_tape_setup setup = t->setup;
        SCOPED(ws_tape_free)
        struct ws_tape *pieces = ws_tape_feed(&setup, t->in.p, t->in.n, cuts[i]);
        setup.stops = true;
        SCOPED(ws_tape_free)
        struct ws_tape *stopped = ws_tape_feed(&setup, t->in.p, t->in.n, cuts[i]);
        OKAY(ws_tape_same(whole, pieces));
        OKAY(ws_tape_same(whole, stopped));
    }
}

static void hears(struct talk *t, const char *want) {
    hears_leaving(t, want, false);
}

/* ---- section 5.7's examples, lengths */

TEST(the_masked_hello_of_section_5_7_is_heard) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    PUT_RAW(&t, 0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58);
    hears(&t, "text(Hello)");
}

TEST(messages_come_in_order_with_their_kind) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, FIN | WS_TEXT, "one");
    put(&t, FIN | WS_BINARY, "two\xff");
    put(&t, FIN | WS_TEXT, "");
    put(&t, FIN | WS_BINARY, "");
    put(&t, FIN | WS_TEXT, "three");
    hears(&t, "text(one) binary(two\xff) text() binary() text(three)");
}

TEST(every_length_around_the_three_forms_is_heard) {
    static const size_t lengths[] = { 1,   31,  32,    33,    124,   125,   126,
                                      127, 128, 65534, 65535, 65536, 65537, 70001 };
    for (size_t i = 0; i < COUNT(lengths); i++) {
        SCOPED(talk_fini) struct talk t = talk_plain();
        t.setup.limits.message_bytes_max = 70001;
        put_same(&t, FIN | WS_TEXT, 'x', lengths[i]);
        SCOPED(buf_fini) struct buf want = BUF_INIT(200);
        if (lengths[i] <= WS_TAPE_SHOWN_BYTES) {
            buf_printf(&want, "text(%.*s)%c", (int)lengths[i],
                       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0);
        } else {
            buf_printf(&want, "text(#%zu)%c", lengths[i], 0);
        }
        hears(&t, want.p);
    }
}

TEST(unmasking_is_right_at_every_length_and_offset) {
    uint8_t want[80];
    for (size_t n = 0; n < sizeof want; n++) {
        SCOPED(talk_fini) struct talk t = talk_plain();
        for (size_t i = 0; i < n; i++) {
            want[i] = (uint8_t)(i * 37 + n);
        }
        put_bytes(&t, FIN | WS_BINARY, want, n);
        for (size_t cut = 1; cut < 90; cut++) {
            SCOPED(ws_tape_free) struct ws_tape *tape = ws_tape_feed(&t.setup, t.in.p, t.in.n, cut);
            uint64_t hash = 0xcbf29ce484222325;
            for (size_t i = 0; i < n; i++) {
                hash = (hash ^ want[i]) * 0x100000001b3;
            }
            OKAY(tape->hash == hash);
            EQ(tape->message_count, 1);
        }
    }
}

/* ---- section 5.1: masking */

TEST(an_unmasked_frame_fails_with_1002_section_5_1) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    PUT_RAW(&t, 0x81, 0x05, 'H', 'e', 'l', 'l', 'o');
    hears(&t, "failed(1002)");
}

TEST(an_unmasked_ping_fails_with_1002_section_5_1) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    PUT_RAW(&t, 0x89, 0x00);
    hears(&t, "failed(1002)");
}

/* ---- section 5.2: reserved bits, opcodes, lengths */

TEST(each_reserved_bit_fails_with_1002_section_5_2) {
    for (unsigned bits = 0x10; bits <= 0x70; bits += 0x10) {
        SCOPED(talk_fini) struct talk t = talk_plain();
        put(&t, FIN | WS_TEXT, "fine");
        put(&t, FIN | bits | WS_TEXT, "not");
        hears(&t, "text(fine) failed(1002)");
    }
}

TEST(rsv2_and_rsv3_fail_with_1002_even_with_deflate) {
    for (unsigned bits = 0x10; bits <= 0x30; bits += 0x10) {
        SCOPED(talk_fini) struct talk t = talk_deflate();
        put(&t, FIN | bits | WS_TEXT, "not");
        hears(&t, "failed(1002)");
    }
}

TEST(each_reserved_opcode_fails_with_1002_section_5_2) {
    for (unsigned opcode = 0; opcode <= 0xf; opcode++) {
        if (opcode <= WS_BINARY || (opcode >= WS_CLOSE && opcode <= WS_PONG)) {
            continue;
        }
        SCOPED(talk_fini) struct talk t = talk_plain();
        put(&t, FIN | opcode, "");
        hears(&t, "failed(1002)");
        SCOPED(talk_fini) struct talk inside = talk_plain();
        put(&inside, WS_TEXT, "a");
        put(&inside, FIN | opcode, "b");
        hears(&inside, "failed(1002)");
    }
}

TEST(a_16_bit_length_that_fits_in_7_fails_with_1002_section_5_2) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    PUT_RAW(&t, 0x81, 0xfe, 0x00, 0x7d);
    hears(&t, "failed(1002)");
}

TEST(a_64_bit_length_that_fits_in_16_fails_with_1002_section_5_2) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    t.setup.limits.message_bytes_max = 100000;
    PUT_RAW(&t, 0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff);
    hears(&t, "failed(1002)");
}

TEST(a_64_bit_length_with_the_top_bit_fails_with_1002_section_5_2) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    PUT_RAW(&t, 0x82, 0xff, 0x80, 0, 0, 0, 0, 1, 0, 0);
    hears(&t, "failed(1002)");
}

/* ---- limits, at the header */

TEST(a_message_of_exactly_the_limit_is_heard) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put_same(&t, FIN | WS_TEXT, 'a', MESSAGE_BYTES_MAX);
    hears(&t, "text(#1000)");
}

TEST(a_length_over_the_limit_fails_with_1009_before_its_mask_has_come) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    PUT_RAW(&t, 0x81, 0xfe, 0x03, 0xe9);
    hears(&t, "failed(1009)");
}

TEST(the_greatest_length_there_is_fails_with_1009) {
    SCOPED(talk_fini) struct talk t = talk_deflate();
    PUT_RAW(&t, 0xc2, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    hears(&t, "failed(1009)");
}

TEST(fragments_whose_sum_is_over_the_limit_fail_with_1009_at_the_header) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put_same(&t, WS_TEXT, 'a', 600);
    put_same(&t, WS_CONTINUATION, 'a', 400);
    PUT_RAW(&t, 0x80, 0x81);
    hears(&t, "failed(1009)");
}

TEST(fragments_whose_sum_is_the_limit_are_heard) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put_same(&t, WS_TEXT, 'a', 600);
    put_same(&t, WS_CONTINUATION, 'a', 400);
    put(&t, FIN | WS_CONTINUATION, "");
    hears(&t, "text(#1000)");
}

TEST(the_limit_counts_each_message_for_itself) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put_same(&t, FIN | WS_TEXT, 'a', 900);
    put_same(&t, WS_BINARY, 'b', 500);
    put_same(&t, FIN | WS_CONTINUATION, 'b', 400);
    put_same(&t, FIN | WS_TEXT, 'c', 900);
    hears(&t, "text(#900) binary(#900) text(#900)");
}

TEST(as_many_fragments_as_allowed_are_heard_one_more_fails_with_1008) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, WS_TEXT, "a");
    for (size_t i = 0; i < FRAMES_MAX - 2; i++) {
        put(&t, WS_CONTINUATION, i % 2 == 0 ? "" : "b");
    }
    put(&t, FIN | WS_CONTINUATION, "c");
    hears(&t, "text(abbbbbbbc)");

    SCOPED(talk_fini) struct talk over = talk_plain();
    put(&over, WS_TEXT, "a");
    for (size_t i = 0; i < FRAMES_MAX; i++) {
        put(&over, WS_CONTINUATION, "");
    }
    hears(&over, "failed(1008)");
}

/* ---- section 5.4: fragmentation */

TEST(fragments_become_one_message_section_5_4) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, WS_TEXT, "Hel");
    put(&t, WS_CONTINUATION, "");
    put(&t, WS_CONTINUATION, "lo");
    put(&t, FIN | WS_CONTINUATION, "!");
    put(&t, WS_BINARY, "");
    put(&t, FIN | WS_CONTINUATION, "");
    hears(&t, "text(Hello!) binary()");
}

TEST(control_frames_come_between_fragments_section_5_4) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, WS_TEXT, "Hel");
    put(&t, FIN | WS_PING, "hi");
    put(&t, FIN | WS_PONG, "");
    put(&t, FIN | WS_CONTINUATION, "lo");
    put(&t, FIN | WS_PING, "");
    hears(&t, "reply(8a026869) pong text(Hello) reply(8a00)");
}

TEST(a_continuation_of_nothing_fails_with_1002_section_5_4) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, FIN | WS_TEXT, "a");
    put(&t, FIN | WS_CONTINUATION, "b");
    hears(&t, "text(a) failed(1002)");

    SCOPED(talk_fini) struct talk open = talk_plain();
    put(&open, WS_CONTINUATION, "b");
    hears(&open, "failed(1002)");
}

TEST(a_new_message_inside_a_fragmented_one_fails_with_1002_section_5_4) {
    for (unsigned opcode = WS_TEXT; opcode <= WS_BINARY; opcode++) {
        for (unsigned fin = 0; fin <= FIN; fin += FIN) {
            SCOPED(talk_fini) struct talk t = talk_plain();
            put(&t, WS_TEXT, "a");
            put(&t, fin | opcode, "b");
            hears(&t, "failed(1002)");
        }
    }
}

TEST(an_unfinished_message_waits) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, FIN | WS_TEXT, "whole");
    put(&t, WS_TEXT, "half");
    hears_leaving(&t, "text(whole)", true);
}

/* ---- section 5.5: control frames */

TEST(a_fragmented_control_frame_fails_with_1002_section_5_5) {
    for (unsigned opcode = WS_CLOSE; opcode <= WS_PONG; opcode++) {
        SCOPED(talk_fini) struct talk t = talk_plain();
        put(&t, opcode, "");
        hears(&t, "failed(1002)");
    }
}

TEST(a_control_frame_of_125_bytes_is_heard_one_of_126_fails_with_1002_section_5_5) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put_same(&t, FIN | WS_PING, 'p', 125);
    PUT_RAW(&t, 0x89, 0xfe);
    hears(&t, "reply(#254) failed(1002)");

    SCOPED(talk_fini) struct talk longest = talk_plain();
    PUT_RAW(&longest, 0x8a, 0xff);
    hears(&longest, "failed(1002)");
}

TEST(every_ping_is_answered_with_its_payload_section_5_5_3) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    for (int i = 0; i < 3; i++) {
        PUT_RAW(&t, 0x89, 0x83, 1, 2, 3, 4, 0 ^ 1, 'x' ^ 2, 0xff ^ 3);
    }
    hears(&t, "reply(8a030078ff) reply(8a030078ff) reply(8a030078ff)");
}

TEST(a_pong_nobody_asked_for_is_fine_section_5_5_3) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, FIN | WS_PONG, "unasked");
    put(&t, FIN | WS_TEXT, "a");
    hears(&t, "pong text(a)");
}

TEST(rsv1_on_control_frames_fails_with_1002_rfc_7692_section_6) {
    for (unsigned opcode = WS_CLOSE; opcode <= WS_PONG; opcode++) {
        SCOPED(talk_fini) struct talk t = talk_deflate();
        put(&t, FIN | RSV1 | opcode, "");
        hears(&t, "failed(1002)");
    }
}

/* ---- sections 5.5.1 and 7.4: closing */

static void put_close(struct talk *t, unsigned code, const char *reason) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(WS_CONTROL_BYTES_MAX);
    buf_put_char(&b, (char)(code >> 8));
    buf_put_char(&b, (char)code);
    buf_put_str(&b, str_of(reason));
    ws_tape_put_frame(&t->in, FIN | WS_CLOSE, buf_str(&b));
}

TEST(a_close_without_a_code_is_echoed_without_section_5_5_1) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, FIN | WS_CLOSE, "");
    put(&t, FIN | WS_TEXT, "too late");
    hears(&t, "closed(1005)");
}

TEST(a_close_of_one_byte_fails_with_1002_section_5_5_1) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, FIN | WS_CLOSE, "x");
    hears(&t, "failed(1002)");
}

TEST(valid_close_codes_are_echoed_invalid_ones_fail_with_1002_section_7_4) {
    static const unsigned valid[] = { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
                                      1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999 };
    static const unsigned invalid[] = { 0,    1,    999,  1004, 1005, 1006, 1015,
                                        1016, 1100, 2000, 2999, 5000, 65535 };
    for (size_t i = 0; i < COUNT(valid); i++) {
        SCOPED(talk_fini) struct talk t = talk_plain();
        put_close(&t, valid[i], "why not \xc3\xa9");
        char want[32];
        snprintf(want, sizeof want, "closed(%u)", valid[i]);
        hears(&t, want);
    }
    for (size_t i = 0; i < COUNT(invalid); i++) {
        SCOPED(talk_fini) struct talk t = talk_plain();
        put_close(&t, invalid[i], "");
        hears(&t, "failed(1002)");
    }
}

TEST(a_close_reason_that_is_not_utf8_fails_with_1007_section_5_5_1) {
    static const char *const reasons[] = { "\xff", "caf\xc3", "\xed\xa0\x80", "\xc0\xaf" };
    for (size_t i = 0; i < COUNT(reasons); i++) {
        SCOPED(talk_fini) struct talk t = talk_plain();
        put_close(&t, 1000, reasons[i]);
        hears(&t, "failed(1007)");
    }
}

TEST(a_close_between_fragments_ends_it_all) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, WS_TEXT, "a");
    put_close(&t, 4401, "");
    put(&t, FIN | WS_CONTINUATION, "b");
    hears(&t, "closed(4401)");
}

TEST(nothing_is_heard_behind_a_failure) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, FIN | WS_TEXT, "\xff");
    put(&t, FIN | WS_TEXT, "fine");
    put(&t, FIN | WS_PING, "");
    put_close(&t, 1000, "");
    hears(&t, "failed(1007)");
}

/* ---- section 8.1: UTF-8 */

TEST(text_that_is_not_utf8_fails_with_1007_section_8_1) {
    static const char *const bad[] = {
        "\x80",                // a continuation alone
        "\xc0\xaf",            // a long form of '/'
        "\xe0\x80\xaf",        // a longer one
        "\xf0\x80\x80\xaf",    // the longest
        "\xed\xa0\x80",        // a surrogate
        "\xf4\x90\x80\x80",    // beyond U+10FFFF
        "\xf5\x80\x80\x80",    // a lead byte there is not
        "\xfe",                // nor this one
        "ab\xc3(",             // broken off by ASCII
        "ab\xe2\x82",          // broken off by the end
        "ab\xf0\x9f\x98",      // later
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        SCOPED(talk_fini) struct talk t = talk_plain();
        put(&t, FIN | WS_TEXT, bad[i]);
        hears(&t, "failed(1007)");

        SCOPED(talk_fini) struct talk split = talk_plain();
        put_bytes(&split, WS_TEXT, bad[i], 1);
        put(&split, FIN | WS_CONTINUATION, bad[i] + 1);
        hears(&split, "failed(1007)");

        SCOPED(talk_fini) struct talk binary = talk_plain();
        put(&binary, FIN | WS_BINARY, bad[i]);
        SCOPED(ws_tape_free)
        struct ws_tape *tape = ws_tape_feed(&binary.setup, binary.in.p, binary.in.n, 4);
        EQ(tape->message_count, 1);
    }
}

TEST(characters_split_over_fragments_and_pings_are_heard_section_8_1) {
    static const char text[] = "\xce\xba\xe1\xbd\xb9\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xee\x80\x80";
    SCOPED(talk_fini) struct talk t = talk_plain();
    t.setup.limits.message_frames_max = 100;
    put(&t, WS_TEXT, "");
    for (size_t i = 0; i < sizeof text - 1; i++) {
        put_bytes(&t, WS_CONTINUATION, text + i, 1);
    }
    put(&t, FIN | WS_PING, "");
    put(&t, FIN | WS_CONTINUATION, "");
    put(&t, FIN | WS_TEXT, text);
    SCOPED(buf_fini) struct buf want = BUF_INIT(200);
    buf_printf(&want, "reply(8a00) text(%s) text(%s)%c", text, text, 0);
    hears(&t, want.p);
}

TEST(bad_text_fails_at_its_first_bad_byte_in_the_middle_of_a_frame_section_8_1) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, FIN | WS_TEXT, "abc\xed\xa0 and then much more that need not come");
    for (size_t bytes = 6; bytes < t.in.n; bytes++) {
        SCOPED(ws_tape_free) struct ws_tape *tape = ws_tape_feed(&t.setup, t.in.p, bytes, 1);
        STR_EQ(buf_str(&tape->log), bytes < 6 + 5 ? "" : "failed(1007)");
    }
}

TEST(each_message_begins_its_own_text) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, WS_BINARY, "\xc3");
    put(&t, FIN | WS_CONTINUATION, "\xff");
    put(&t, WS_TEXT, "\xc3");
    put(&t, FIN | WS_CONTINUATION, "\xa9");
    put(&t, FIN | WS_TEXT, "\xa9");
    hears(&t, "binary(\xc3\xff) text(\xc3\xa9) failed(1007)");
}

/* ---- RFC 7692: permessage-deflate */

TEST(the_deflated_hello_of_rfc_7692_section_7_2_3_1_is_heard) {
    SCOPED(talk_fini) struct talk t = talk_deflate();
    put_bytes(&t, FIN | RSV1 | WS_TEXT, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
    put_bytes(&t, RSV1 | WS_TEXT, "\xf2\x48\xcd", 3);
    put_bytes(&t, FIN | WS_CONTINUATION, "\xc9\xc9\x07\x00", 4);
    hears(&t, "text(Hello) text(Hello)");
}

TEST(plain_and_deflated_messages_may_alternate_rfc_7692_section_6) {
    SCOPED(talk_fini) struct talk t = talk_deflate();
    put(&t, FIN | WS_TEXT, "plain");
    put_deflated(&t, FIN | WS_TEXT, STR_LIT("packed"));
    put_deflated(&t, FIN | WS_BINARY, STR_LIT("\xff\xfe"));
    put(&t, FIN | WS_BINARY, "plain");
    put_deflated(&t, FIN | WS_TEXT, STR_LIT(""));
    hears(&t, "text(plain) text(packed) binary(\xff\xfe) binary(plain) text()");
}

TEST(a_message_with_no_bytes_left_after_packing_is_empty) {
    SCOPED(talk_fini) struct talk t = talk_deflate();
    put(&t, FIN | RSV1 | WS_TEXT, "");
    put(&t, RSV1 | WS_TEXT, "");
    put(&t, FIN | WS_CONTINUATION, "");
    hears(&t, "text() text()");
}

TEST(rsv1_on_a_continuation_fails_with_1002_rfc_7692_section_6_1) {
    SCOPED(talk_fini) struct talk t = talk_deflate();
    put_bytes(&t, RSV1 | WS_TEXT, "\xf2\x48\xcd", 3);
    put_bytes(&t, FIN | RSV1 | WS_CONTINUATION, "\xc9\xc9\x07\x00", 4);
    hears(&t, "failed(1002)");
}

TEST(deflated_text_is_checked_after_unpacking) {
    SCOPED(talk_fini) struct talk t = talk_deflate();
    put_deflated(&t, FIN | WS_BINARY, STR_LIT("abc\xed\xa0\x80"));
    put_deflated(&t, FIN | WS_TEXT, STR_LIT("caf\xc3\xa9"));
    put_deflated(&t, FIN | WS_TEXT, STR_LIT("caf\xc3"));
    hears(&t, "binary(abc\xed\xa0\x80) text(caf\xc3\xa9) failed(1007)");
}

TEST(what_is_not_deflate_fails_with_1007) {
    static const struct str bad[] = { STR_LIT("\xff\xff\xff\xff"), STR_LIT("\x07\x00"),
                                      STR_LIT("\xf2\x48\xcd") };
    for (size_t i = 0; i < COUNT(bad); i++) {
        SCOPED(talk_fini) struct talk t = talk_deflate();
        ws_tape_put_frame(&t.in, FIN | RSV1 | WS_BINARY, bad[i]);
        hears(&t, "failed(1007)");
    }
}

TEST(a_deflated_message_of_the_limit_is_heard_one_over_fails_with_1009) {
    char *long_text = xalloc(MESSAGE_BYTES_MAX + 1);
    memset(long_text, 'x', MESSAGE_BYTES_MAX + 1);
    SCOPED(talk_fini) struct talk t = talk_deflate();
    put_deflated(&t, FIN | WS_TEXT, (struct str){ long_text, MESSAGE_BYTES_MAX });
    put_deflated(&t, FIN | WS_TEXT, (struct str){ long_text, MESSAGE_BYTES_MAX + 1 });
    hears(&t, "text(#1000) failed(1009)");
    xfree(long_text);
}

TEST(a_bomb_fails_with_1009) {
    size_t bomb_bytes = 1 << 20;
    char *zeroes = xzalloc(bomb_bytes);
    SCOPED(talk_fini) struct talk t = talk_deflate();
    t.setup.limits.message_bytes_max = 2000;
    put_deflated(&t, FIN | WS_BINARY, (struct str){ zeroes, bomb_bytes });
    hears(&t, "failed(1009)");
    xfree(zeroes);
}

TEST(data_that_cannot_be_packed_may_be_as_long_as_the_limit) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    SCOPED(buf_fini) struct buf packed = BUF_INIT(INPUT_BYTES_MAX);
    SCOPED(talk_fini) struct talk t = talk_deflate();
    uint8_t noise[MESSAGE_BYTES_MAX];
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        noise[i] = (uint8_t)(seed >> 56);
    }
    deflater_put(d, &packed, (struct str){ (char *)noise, sizeof noise });
    OKAY(packed.n > MESSAGE_BYTES_MAX);
    put_bytes(&t, FIN | RSV1 | WS_BINARY, packed.p, packed.n);
    put_bytes(&t, RSV1 | WS_BINARY, packed.p, 10);
    put_bytes(&t, FIN | WS_CONTINUATION, packed.p + 10, packed.n - 10);
    hears(&t, "binary(#1000) binary(#1000)");
}

TEST(packed_bytes_far_over_the_limit_fail_with_1009_at_the_header) {
    SCOPED(talk_fini) struct talk t = talk_deflate();
    PUT_RAW(&t, 0xc2, 0xfe, 0x06, 0x00);
    hears(&t, "failed(1009)");
}

/* ---- the half, stops, and the end */

struct stopper {
    struct ws ws;
    size_t heard;
};

static bool stop_once(void *ctx, __attribute__((unused)) enum link_kind kind,
                      __attribute__((unused)) struct str payload) {
    struct stopper *s = ctx;
    s->heard++;
    return false;
}

static void ignore_reply(__attribute__((unused)) void *ctx,
                         __attribute__((unused)) struct str framed) {
}

static void ignore_closing(__attribute__((unused)) void *ctx, __attribute__((unused)) uint16_t code,
                           __attribute__((unused)) bool by_peer) {
}

static const struct link_sink stopping = { stop_once, ignore_reply, ignore_closing, NULL };

TEST(a_stop_leaves_exactly_what_is_behind_the_message) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, FIN | WS_TEXT, "one");
    size_t first = t.in.n;
    put(&t, FIN | WS_PONG, "");
    put(&t, WS_TEXT, "tw");
    put(&t, FIN | WS_CONTINUATION, "o");
    size_t second = t.in.n;
    put(&t, FIN | WS_TEXT, "three");

    const struct ws_shared shared = { t.setup.limits, NULL };
    struct stopper s = { 0 };
    uint8_t *p = (uint8_t *)t.in.p;
    EQ(ws_feed(&s.ws, &shared, p, t.in.n, &stopping, &s), first);
    EQ(s.heard, 1);
    EQ(ws_feed(&s.ws, &shared, p + first, t.in.n - first, &stopping, &s), second - first);
    EQ(s.heard, 2);
    OKAY(s.ws.half == NULL);
    EQ(ws_feed(&s.ws, &shared, p + second, t.in.n - second, &stopping, &s), t.in.n - second);
    EQ(s.heard, 3);
}

TEST(a_whole_frame_costs_no_half_a_cut_one_does_until_it_is_complete) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, FIN | WS_TEXT, "hello");
    const struct ws_shared shared = { t.setup.limits, NULL };
    struct stopper s = { 0 };
    for (size_t i = 0; i < t.in.n; i++) {
        EQ(ws_feed(&s.ws, &shared, (uint8_t *)t.in.p + i, 1, &stopping, &s), 1);
        EQ(s.ws.half != NULL, i + 1 < t.in.n);
    }
    EQ(s.heard, 1);
}

TEST(after_closing_everything_is_taken_and_dropped) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put(&t, FIN | WS_CLOSE, "");
    put(&t, FIN | WS_TEXT, "late");
    const struct ws_shared shared = { t.setup.limits, NULL };
    struct stopper s = { 0 };
    EQ(ws_feed(&s.ws, &shared, (uint8_t *)t.in.p, t.in.n, &stopping, &s), t.in.n);
    OKAY(s.ws.is_closing);
    EQ(ws_feed(&s.ws, &shared, (uint8_t *)t.in.p, t.in.n, &stopping, &s), t.in.n);
    EQ(s.heard, 0);
}

TEST(a_limit_may_shrink_between_two_fragments) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put_same(&t, WS_BINARY, 'a', 500);
    size_t first = t.in.n;
    put(&t, FIN | WS_CONTINUATION, "b");
    struct ws_shared shared = { t.setup.limits, NULL };
    struct stopper s = { 0 };
    EQ(ws_feed(&s.ws, &shared, (uint8_t *)t.in.p, first, &stopping, &s), first);
    shared.limits.message_bytes_max = 400;
    EQ(ws_feed(&s.ws, &shared, (uint8_t *)t.in.p + first, t.in.n - first, &stopping, &s),
       t.in.n - first);
    OKAY(s.ws.is_closing);
    EQ(s.heard, 0);
}

TEST(a_connection_that_ends_half_way_gives_everything_back) {
    SCOPED(talk_fini) struct talk t = talk_plain();
    put_same(&t, WS_TEXT, 'a', 500);
    const struct ws_shared shared = { t.setup.limits, NULL };
    struct stopper s = { 0 };
    ws_feed(&s.ws, &shared, (uint8_t *)t.in.p, t.in.n - 1, &stopping, &s);
    OKAY(s.ws.half != NULL);
    ws_fini(&s.ws);
    ws_fini(&s.ws);
    OKAY(s.ws.half == NULL);
}

TEST(an_idle_connection_costs_sixteen_bytes) {
    OKAY(sizeof(struct ws) <= 16);
}
