/* The codecs against RFC 7692 section 7.2, with its examples, and against bombs. */
#include "net/deflate.h"

#include <zlib.h>

#include "test/unit.h"

#define OUT_BYTES_MAX (1 << 22)

/* Bytes that pack more or less well: the more bits, the less. */
static char *noise(size_t n, unsigned bits) {
    char *p = xalloc(n);
    uint64_t seed = 42;
    for (size_t i = 0; i < n; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        p[i] = (char)(seed >> (64 - bits));
    }
    return p;
}

static enum err unpack(struct str packed, size_t bytes_max, struct buf *out) {
    SCOPED(inflater_free) struct inflater *i = inflater_new();
    *out = BUF_INIT(bytes_max);
    return inflater_put(i, out, packed);
}

static void unpacks(struct str packed, const char *want) {
    SCOPED(buf_fini) struct buf out;
    EQ(unpack(packed, 1000, &out), OK);
    STR_EQ(buf_str(&out), want);
}

static void is_refused(struct str packed) {
    SCOPED(buf_fini) struct buf out;
    EQ(unpack(packed, 1000, &out), ERR_PROTO);
    EQ(out.n, 0);
}

TEST(hello_packs_to_the_bytes_of_section_7_2_3_1) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    SCOPED(buf_fini) struct buf out = BUF_INIT(OUT_BYTES_MAX);
    deflater_put(d, &out, STR_LIT("Hello"));
    OKAY(str_eq(buf_str(&out), STR_LIT("\xf2\x48\xcd\xc9\xc9\x07\x00")));
}

TEST(an_empty_message_packs_to_one_zero_section_7_2_3_6) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    SCOPED(buf_fini) struct buf out = BUF_INIT(OUT_BYTES_MAX);
    deflater_put(d, &out, STR_NONE);
    OKAY(str_eq(buf_str(&out), STR_LIT("\0")));
    unpacks(STR_LIT("\0"), "");
    unpacks(STR_NONE, "");
}

TEST(the_examples_of_section_7_2_3_unpack) {
    unpacks(STR_LIT("\xf2\x48\xcd\xc9\xc9\x07\x00"), "Hello");
    unpacks(STR_LIT("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), "Hello");    // stored
    unpacks(STR_LIT("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "Hello");                // BFINAL
    unpacks(STR_LIT("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
            "Hello");    // two blocks
}

TEST(a_final_block_without_the_octet_after_it_unpacks) {
    unpacks(STR_LIT("\xf3\x48\xcd\xc9\xc9\x07\x00"), "Hello");
}

TEST(blocks_after_a_final_block_unpack) {
    unpacks(STR_LIT("\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00"
                    "\xf2\x48\xcd\xc9\xc9\x07\x00"),
            "HelloHelloHello");
}

TEST(a_block_after_a_final_block_may_refer_to_what_came_before) {
    /* Fixed Huffman, a match of length 5, distance 5, in a block of its own: zlib makes it when it
     * is given the text as a dictionary. */
    z_stream z = { 0 };
    EQ(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_FIXED), Z_OK);
    EQ(deflateSetDictionary(&z, (const Bytef *)"Hello", 5), Z_OK);
    uint8_t packed[64] = "\xf3\x48\xcd\xc9\xc9\x07\x00";
    z.next_in = (z_const Bytef *)"Hello";
    z.avail_in = 5;
    z.next_out = packed + 7;
    z.avail_out = sizeof packed - 7;
    EQ(deflate(&z, Z_SYNC_FLUSH), Z_OK);
    size_t n = sizeof packed - z.avail_out - 4;
    deflateEnd(&z);
    OKAY(n < 7 + 6);    // it is a match, not five letters
    unpacks((struct str){ (char *)packed, n }, "HelloHello");
}

TEST(what_is_no_deflate_data_is_refused) {
    is_refused(STR_LIT("\x07\x00"));                         // block type 3
    is_refused(STR_LIT("\x00\x05\x00\xfa\x00Hello\x00"));    // stored length and its complement
    is_refused(STR_LIT("\x4b\x04\xc2\x00"));                 // refers to what is not there
    is_refused(STR_LIT("\xff\xff\xff\xff\xff\xff"));
    is_refused(STR_LIT("Hello"));
}

TEST(a_message_that_is_cut_short_is_refused) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    SCOPED(buf_fini) struct buf out = BUF_INIT(OUT_BYTES_MAX);
    deflater_put(d, &out,
                 STR_LIT("a message that is long enough to lose its end, the end, the end"));
    size_t refused = 0;
    for (size_t n = 1; n < out.n - 1; n++) {
        SCOPED(buf_fini) struct buf plain;
        refused += unpack((struct str){ out.p, n }, 1000, &plain) == ERR_PROTO;
    }
    EQ(refused, out.n - 2);
    is_refused(STR_LIT("\x00\x05\x00\xfa\xffHel"));
    is_refused(STR_LIT("\x00\x14\x00\xeb\xffHel"));    // the tail would become part of the text
}

TEST(every_message_stands_alone) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    SCOPED(inflater_free) struct inflater *i = inflater_new();
    SCOPED(buf_fini) struct buf first = BUF_INIT(OUT_BYTES_MAX);
    SCOPED(buf_fini) struct buf again = BUF_INIT(OUT_BYTES_MAX);
    deflater_put(d, &first, STR_LIT("the same text twice"));
    deflater_put(d, &again, STR_LIT("the same text twice"));
    OKAY(str_eq(buf_str(&first), buf_str(&again)));

    SCOPED(buf_fini) struct buf plain = BUF_INIT(1000);
    EQ(inflater_put(i, &plain, STR_LIT("\x07\x00")), ERR_PROTO);
    EQ(inflater_put(i, &plain, buf_str(&first)), OK);
    EQ(inflater_put(i, &plain, STR_LIT("\x4b\x04\xc2\x00")),
       ERR_PROTO);    // no memory of the first
    EQ(inflater_put(i, &plain, buf_str(&again)), OK);
    STR_EQ(buf_str(&plain), "the same text twicethe same text twice");
}

TEST(every_window_and_level_comes_back) {
    for (unsigned bits = 1; bits <= 8; bits += 7) {
        for (size_t n = 0; n < 200000; n = n * 5 + 7) {
            char *text = noise(n, bits);
            for (int window = 9; window <= 15; window++) {
                SCOPED(deflater_free) struct deflater *d = deflater_new(window, 1 + window % 9);
                SCOPED(buf_fini) struct buf packed = BUF_INIT(OUT_BYTES_MAX);
                SCOPED(buf_fini) struct buf plain;
                deflater_put(d, &packed, (struct str){ text, n });
                OKAY(buf_ok(&packed));
                EQ(unpack(buf_str(&packed), n, &plain), OK);
                OKAY(str_eq(buf_str(&plain), (struct str){ text, n }));
                buf_fini(&plain);
            }
            xfree(text);
        }
    }
}

TEST(a_window_of_9_bits_really_is_one) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(9, 9);
    SCOPED(buf_fini) struct buf packed = BUF_INIT(OUT_BYTES_MAX);
    char *text = noise(4096, 8);
    memcpy(text + 2048, text, 2048);    // a match only a greater window can see
    deflater_put(d, &packed, (struct str){ text, 4096 });
    OKAY(packed.n > 4000);

    z_stream z = { 0 };
    uint8_t plain[4096];
    EQ(inflateInit2(&z, -9), Z_OK);
    z.next_in = (z_const Bytef *)packed.p;
    z.avail_in = (uInt)packed.n;
    z.next_out = plain;
    z.avail_out = sizeof plain;
    EQ(inflate(&z, Z_SYNC_FLUSH), Z_OK);
    EQ(z.avail_out, 0);
    inflateEnd(&z);
    xfree(text);
}

TEST(the_limit_is_exact) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    for (size_t n = 1; n < 300000; n = n * 3 + 1) {
        char *text = noise(n, 3);
        SCOPED(buf_fini) struct buf packed = BUF_INIT(OUT_BYTES_MAX);
        deflater_put(d, &packed, (struct str){ text, n });
        SCOPED(buf_fini) struct buf fits;
        SCOPED(buf_fini) struct buf over;
        EQ(unpack(buf_str(&packed), n, &fits), OK);
        EQ(unpack(buf_str(&packed), n - 1, &over), ERR_TOO_BIG);
        EQ(over.n, 0);
        OKAY(!over.over);
        xfree(text);
    }
}

TEST(a_bomb_costs_the_limit_not_its_size) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 9);
    SCOPED(buf_fini) struct buf packed = BUF_INIT(OUT_BYTES_MAX);
    char *zeroes = xzalloc(64 << 20);
    deflater_put(d, &packed, (struct str){ zeroes, 64 << 20 });
    xfree(zeroes);
    SCOPED(buf_fini) struct buf out;
    EQ(unpack(buf_str(&packed), 100000, &out), ERR_TOO_BIG);
    OKAY(out.cap <= 100000);
}

TEST(unpacking_appends) {
    SCOPED(inflater_free) struct inflater *i = inflater_new();
    SCOPED(buf_fini) struct buf out = BUF_INIT(12);
    BUF_PUT_LIT(&out, "before ");
    EQ(inflater_put(i, &out, STR_LIT("\xf2\x48\xcd\xc9\xc9\x07\x00")), OK);
    STR_EQ(buf_str(&out), "before Hello");
    EQ(inflater_put(i, &out, STR_LIT("\xf2\x48\xcd\xc9\xc9\x07\x00")), ERR_TOO_BIG);
    STR_EQ(buf_str(&out), "before Hello");
}

TEST(a_buffer_too_small_for_the_packed_message_is_over) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    char *text = noise(20000, 8);
    for (size_t max = 0; max < 20000; max += 997) {
        SCOPED(buf_fini) struct buf out = BUF_INIT(max);
        deflater_put(d, &out, (struct str){ text, 20000 });
        OKAY(!buf_ok(&out));
    }
    xfree(text);
}

TEST(a_buffer_that_grows_in_many_steps_gets_the_same_bytes) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    char *text = noise(100000, 2);
    SCOPED(buf_fini) struct buf roomy = BUF_INIT(OUT_BYTES_MAX);
    deflater_put(d, &roomy, (struct str){ text, 100000 });
    SCOPED(buf_fini) struct buf tight = BUF_INIT(roomy.n + 16);    // far below deflateBound
    deflater_put(d, &tight, (struct str){ text, 100000 });
    OKAY(buf_ok(&tight));
    OKAY(str_eq(buf_str(&roomy), buf_str(&tight)));
    xfree(text);
}
