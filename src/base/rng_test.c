/* Random numbers, equal secrets, and base64url. */
#include "base/rng.h"

#include "base/buf.h"
#include "test/unit.h"

TEST(secrets_differ) {
    uint8_t a[32] = { 0 };
    uint8_t b[32] = { 0 };
    rng_secret(a, sizeof a);
    rng_secret(b, sizeof b);
    OKAY(memcmp(a, b, sizeof a) != 0);
    OKAY(rng_secret_u64() != rng_secret_u64());
}

TEST(a_seed_gives_the_same_numbers_for_ever) {
    struct rng r;
    rng_seed(&r, 1);
    OKAY(rng_u64(&r) == 0xb3f2af6d0fc710c5u);
    OKAY(rng_u64(&r) == 0x853b559647364ceau);
    rng_seed(&r, 2);
    OKAY(rng_u64(&r) != 0xb3f2af6d0fc710c5u);
}

TEST(numbers_below_a_bound_are_even_about_it) {
    struct rng r;
    rng_seed(&r, 7);
    size_t counts[10] = { 0 };
    for (size_t i = 0; i < 100000; i++) {
        uint64_t v = rng_below(&r, COUNT(counts));
        OKAY(v < COUNT(counts));
        counts[v]++;
    }
    for (size_t i = 0; i < COUNT(counts); i++) {
        OKAY(counts[i] > 9500 && counts[i] < 10500);
    }
    EQ(rng_below(&r, 1), 0);
}

TEST(a_bound_that_divides_badly_is_fair) {
    struct rng r;
    rng_seed(&r, 8);
    /* Unless some are drawn again, 4 numbers share 3 results, and the multiples of 3 get 2. */
    uint64_t bound = 3 * ((uint64_t)1 << 62);
    size_t multiples = 0;
    for (size_t i = 0; i < 30000; i++) {
        uint64_t v = rng_below(&r, bound);
        OKAY(v < bound);
        multiples += v % 3 == 0;
    }
    OKAY(multiples > 9600 && multiples < 10400);
}

TEST(secrets_are_equal_or_not) {
    OKAY(secret_eq(STR_LIT("abc"), STR_LIT("abc")));
    OKAY(!secret_eq(STR_LIT("abc"), STR_LIT("abd")));
    OKAY(!secret_eq(STR_LIT("abc"), STR_LIT("ab")));
    OKAY(secret_eq(STR_NONE, STR_LIT("")));
}

static void check_spelling(const char *bytes, const char *letters) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(100);
    base64url_put(&b, bytes, strlen(bytes));
    STR_EQ(buf_str(&b), letters);
    uint8_t back[100];
    EQ(base64url_decode(str_of(letters), back, strlen(bytes)), strlen(bytes));
    EQ(memcmp(back, bytes, strlen(bytes)), 0);
}

TEST(base64url_is_spelled_as_the_rfc_says) {
    check_spelling("", "");
    check_spelling("f", "Zg");
    check_spelling("fo", "Zm8");
    check_spelling("foo", "Zm9v");
    check_spelling("foob", "Zm9vYg");
    check_spelling("fooba", "Zm9vYmE");
    check_spelling("foobar", "Zm9vYmFy");
    check_spelling("\xfb\xff\xbf", "-_-_");
}

TEST(what_is_not_base64url_is_refused) {
    static const char *const bad[] = { "Z",          "Zm9vY", "Zg==",   "Zm8=", "Zm9+",
                                       "Zm9/",       "Zm 9",  "Zm9v\n", "Zh",   "Zm9",
                                       "Zm\xc3\xa9", "@@@@",  "[[[[",   "````" };
    uint8_t out[100];
    for (size_t i = 0; i < COUNT(bad); i++) {
        EQ(base64url_decode(str_of(bad[i]), out, sizeof out), -1);
    }
}

TEST(nothing_is_decoded_past_its_room) {
    uint8_t out[6];
    EQ(base64url_decode(STR_LIT("Zm9vYmFy"), out, 5), -1);
    EQ(base64url_decode(STR_LIT("Zm9vYmFy"), out, 6), 6);
    EQ(base64url_decode(STR_LIT("Zg"), out, 0), -1);
    EQ(base64url_decode(STR_NONE, NULL, 0), 0);
}

TEST(bytes_of_any_length_come_back) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1000);
    struct rng r;
    rng_seed(&r, 9);
    for (size_t round = 0; round < 20000; round++) {
        uint8_t bytes[64];
        uint8_t back[64];
        size_t n = rng_below(&r, sizeof bytes + 1);
        for (size_t i = 0; i < n; i++) {
            bytes[i] = (uint8_t)rng_u64(&r);
        }
        buf_reset(&b);
        base64url_put(&b, bytes, n);
        EQ(base64url_decode(buf_str(&b), back, n), n);
        EQ(memcmp(bytes, back, n), 0);
    }
}

TEST(letters_that_do_not_fit_are_left_out_whole) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(7);
    base64url_put(&b, "foobar", 6);
    OKAY(!buf_ok(&b));
    EQ(b.n, 0);
}
