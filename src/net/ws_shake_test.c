/* The accept key, and every way to offer permessage-deflate rightly and wrongly. */
#include "net/ws.h"
#include "test/unit.h"

TEST(the_accept_key_of_rfc_6455_section_1_3_comes_out) {
    char out[WS_ACCEPT_BYTES];
    EQ(ws_accept_of(STR_LIT("dGhlIHNhbXBsZSBub25jZQ=="), out), OK);
    STR_EQ(((struct str){ out, sizeof out }), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(a_key_that_is_not_16_bytes_of_base64_is_refused) {
    static const char *const bad[] = {
        "",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZXM=",
        "dGhlIHNhbXBsZSBub25jZ===",
        "dGhlIHNhbXBsZSBub25j-Q==",
        "dGhlIHNhbXBsZSBub25j Q==",
        "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==",
    };
    char out[WS_ACCEPT_BYTES] = "untouched";
    for (size_t i = 0; i < COUNT(bad); i++) {
        EQ(ws_accept_of(str_of(bad[i]), out), ERR_PROTO);
    }
    STR_EQ(str_of(out), "untouched");
}

TEST(a_key_is_of_the_base64_alphabet) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int c = 0; c < 256; c++) {
        char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
        char out[WS_ACCEPT_BYTES];
        key[5] = (char)c;
        bool is_good = c != 0 && strchr(alphabet, c) != NULL;
        EQ(ws_accept_of((struct str){ key, 24 }, out), is_good ? OK : ERR_PROTO);
    }
}

TEST(names_are_tokens_rfc_9110_section_5_6_2) {
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (int c = 0; c < 256; c++) {
        char offer[] = "a?b";
        offer[1] = (char)c;
        bool is_alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool is_token = is_alnum || (c != 0 && strchr(others, c) != NULL);
        EQ(ws_extensions_are_valid((struct str){ offer, 3 }),
           is_token || c == ',' || c == ';');    // a list of two, a parameter
    }
}

/* The reply to an offer: what ws_put_deflate_terms says, "-" if there is none, "!" for
 * bad grammar. */
static const char *reply_to(const char *offer, uint8_t bits_min, struct buf *b) {
    struct ws_deflate_terms terms;
    ws_negotiate_deflate(str_of(offer), bits_min, &terms);
    buf_reset(b);
    if (terms.is_on) {
        OKAY(ws_extensions_are_valid(str_of(offer)));
        ws_put_deflate_terms(b, &terms);
        buf_put_char(b, '\0');
        return b->p;
    }
    return ws_extensions_are_valid(str_of(offer)) ? "-" : "!";
}

#define YES "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

struct row {
    const char *offer;
    const char *reply;
};

static void rows_hold(const struct row *rows, size_t count, uint8_t bits_min) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1000);
    for (size_t i = 0; i < count; i++) {
        const char *reply = reply_to(rows[i].offer, bits_min, &b);
        if (strcmp(reply, rows[i].reply) != 0) {
            print_error("offer: %s\n", rows[i].offer);
        }
        STR_EQ(str_of(reply), rows[i].reply);
    }
}

TEST(valid_offers_are_accepted_rfc_7692_section_7_1) {
    static const struct row rows[] = {
        { "permessage-deflate", YES },
        { "permessage-deflate; client_max_window_bits", YES },    // Chrome, Firefox
        { "permessage-deflate; client_max_window_bits=8", YES },
        { "permessage-deflate; client_max_window_bits=15", YES },
        { "permessage-deflate; server_no_context_takeover; client_no_context_takeover", YES },
        { "permessage-deflate; server_max_window_bits=15", YES "; server_max_window_bits=15" },
        { "permessage-deflate; server_max_window_bits=9", YES "; server_max_window_bits=9" },
        { "permessage-deflate; server_max_window_bits=\"12\"", YES "; server_max_window_bits=12" },
        { "permessage-deflate; server_max_window_bits=\"1\\2\"",
          YES "; server_max_window_bits=12" },
        { "permessage-deflate;client_max_window_bits;server_max_window_bits=10",
          YES "; server_max_window_bits=10" },
        { " \tpermessage-deflate\t ;  server_max_window_bits \t= 10 ",
          YES "; server_max_window_bits=10" },
    };
    rows_hold(rows, COUNT(rows), 9);
}

TEST(offers_with_a_parameter_that_is_wrong_are_declined_rfc_7692_section_7_1) {
    static const struct row rows[] = {
        { "permessage-deflate; server_no_context_takeover=1", "-" },
        { "permessage-deflate; client_no_context_takeover=true", "-" },
        { "permessage-deflate; server_max_window_bits", "-" },
        { "permessage-deflate; server_max_window_bits=8", "-" },    // zlib cannot
        { "permessage-deflate; server_max_window_bits=7", "-" },
        { "permessage-deflate; server_max_window_bits=16", "-" },
        { "permessage-deflate; server_max_window_bits=09", "-" },
        { "permessage-deflate; server_max_window_bits=1", "-" },
        { "permessage-deflate; server_max_window_bits=100", "-" },
        { "permessage-deflate; server_max_window_bits=10000000000000", "-" },
        { "permessage-deflate; server_max_window_bits=+9", "-" },
        { "permessage-deflate; server_max_window_bits=1x", "-" },
        { "permessage-deflate; client_max_window_bits=7", "-" },
        { "permessage-deflate; client_max_window_bits=16", "-" },
        { "permessage-deflate; client_max_window_bits=a", "-" },
        { "permessage-deflate; client_max_window_bits; client_max_window_bits", "-" },
        { "permessage-deflate; client_max_window_bits; client_max_window_bits=10", "-" },
        { "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", "-" },
        { "permessage-deflate; server_no_context_takeover; server_no_context_takeover", "-" },
        { "permessage-deflate; unknown", "-" },
        { "permessage-deflate; unknown=1; client_max_window_bits", "-" },
        { "permessage-deflate; SERVER_NO_CONTEXT_TAKEOVER", "-" },
        { "permessage-deflated", "-" },
        { "x-webkit-deflate-frame", "-" },
        { "permessage-bzip2; level=\"9\"", "-" },
        { "", "-" },
        { "  ", "-" },
        { ",,", "-" },
    };
    rows_hold(rows, COUNT(rows), 9);
}

TEST(the_first_offer_that_is_acceptable_counts_rfc_7692_section_5) {
    static const struct row rows[] = {
        { "foo, permessage-deflate", YES },
        { "permessage-deflate; unknown, permessage-deflate; client_max_window_bits", YES },
        { "permessage-deflate; server_max_window_bits=8, permessage-deflate", YES },
        { "permessage-deflate; server_max_window_bits=11, permessage-deflate",
          YES "; server_max_window_bits=11" },
        { ", ,permessage-deflate,", YES },
        { "bar; baz=\"q\"; quux ,permessage-deflate ; server_max_window_bits=\"13\" , foo",
          YES "; server_max_window_bits=13" },
    };
    rows_hold(rows, COUNT(rows), 9);
}

TEST(a_window_smaller_than_wanted_is_declined) {
    static const struct row rows[] = {
        { "permessage-deflate; server_max_window_bits=14", "-" },
        { "permessage-deflate; server_max_window_bits=14, permessage-deflate", YES },
        { "permessage-deflate; server_max_window_bits=15", YES "; server_max_window_bits=15" },
    };
    rows_hold(rows, COUNT(rows), 15);
    static const struct row eight[] = { { "permessage-deflate; server_max_window_bits=8", "-" } };
    rows_hold(eight, COUNT(eight), 8);    // whatever the caller would take
}

TEST(what_breaks_the_grammar_is_refused_as_a_whole_rfc_6455_section_9_1) {
    static const struct row rows[] = {
        { "permessage-deflate;", "!" },
        { ";", "!" },
        { "=", "!" },
        { "permessage-deflate; =1", "!" },
        { "permessage-deflate; server_max_window_bits=", "!" },
        { "permessage-deflate; server_max_window_bits=\"\"", "!" },
        { "permessage-deflate; server_max_window_bits=\"10", "!" },
        { "permessage-deflate; server_max_window_bits=\"10\\", "!" },
        { "permessage-deflate; server_max_window_bits=\"1 0\"", "!" },
        { "permessage-deflate; server_max_window_bits=10=10", "!" },
        { "permessage-deflate server_max_window_bits=10", "!" },
        { "permessage-deflate; server_max_window_bits=\"10\"10", "!" },
        { "permessage-deflate, foo bar", "!" },
        { "permessage-deflate; a=b c", "!" },
        { "permessage-deflate/1", "!" },
        { "\"permessage-deflate\"", "!" },
        { "permessage-deflate\x01", "!" },
        { "permessage-deflate; \xc3\xa9", "!" },
    };
    rows_hold(rows, COUNT(rows), 9);
}

TEST(a_zero_byte_in_an_offer_breaks_the_grammar) {
    OKAY(!ws_extensions_are_valid(STR_LIT("permessage-deflate\0; x")));
    OKAY(!ws_extensions_are_valid(STR_LIT("\0")));
}
