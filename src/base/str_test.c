/* Text; UTF-8 against a plain reading of RFC 3629, over every sequence of three bytes. */
#include "base/str.h"

#include "base/rng.h"
#include "test/unit.h"

#define LIT(text) STR_LIT(text)

TEST(a_c_string_is_borrowed_whole) {
    STR_EQ(str_of("abc"), "abc");
    STR_EQ(str_of(""), "");
    EQ(str_of(NULL).n, 0);
    OKAY(str_of(NULL).p != NULL);
}

TEST(equal_means_the_same_bytes) {
    OKAY(str_eq(LIT("a\0b"), LIT("a\0b")));
    OKAY(!str_eq(LIT("a\0b"), LIT("a\0c")));
    OKAY(!str_eq(LIT("a"), LIT("ab")));
    OKAY(str_eq(STR_NONE, LIT("")));
    OKAY(str_is_empty(STR_NONE));
    OKAY(!str_is_empty(LIT(" ")));
}

TEST(letter_case_is_ascii_only) {
    OKAY(str_eq_nocase(LIT("HeLLo-9"), LIT("hEllO-9")));
    OKAY(!str_eq_nocase(LIT("hello"), LIT("hallo")));
    OKAY(!str_eq_nocase(LIT("hello"), LIT("hell")));
    OKAY(!str_eq_nocase(LIT("[@"), LIT("{`")));                // 0x20 apart, and no letters
    OKAY(!str_eq_nocase(LIT("\xc3\x89"), LIT("\xc3\xa9")));    // É is not é
}

TEST(names_ignore_case_and_gaps) {
    OKAY(str_eq_name(LIT("USER CREATE ROOM"), LIT("userCreateRoom")));
    OKAY(str_eq_name(LIT("user_create_room"), LIT("user-create-room")));
    OKAY(str_eq_name(LIT("__a--b  "), LIT("AB")));
    OKAY(str_eq_name(LIT("_- "), LIT("")));
    OKAY(str_eq_name(STR_NONE, STR_NONE));
    OKAY(!str_eq_name(LIT("userCreateRoom"), LIT("userCreateRooms")));
    OKAY(!str_eq_name(LIT("a"), LIT("")));
    OKAY(!str_eq_name(LIT("a.b"), LIT("ab")));
    OKAY(!str_eq_name(LIT("ab_"), LIT("abc_")));
}

TEST(a_start_and_an_end_are_recognised) {
    OKAY(str_starts(LIT("hello"), LIT("he")));
    OKAY(str_starts(LIT("hello"), LIT("")));
    OKAY(str_starts(STR_NONE, STR_NONE));
    OKAY(!str_starts(LIT("he"), LIT("hello")));
    OKAY(!str_starts(LIT("hello"), LIT("el")));
    OKAY(str_ends(LIT("hello"), LIT("lo")));
    OKAY(str_ends(LIT("hello"), STR_NONE));
    OKAY(!str_ends(LIT("lo"), LIT("hello")));
    OKAY(!str_ends(LIT("hello"), LIT("ll")));
}

TEST(a_character_is_found_where_it_is_first) {
    EQ(str_find(LIT("a:b:c"), ':'), 1);
    EQ(str_find(LIT("abc"), ':'), 3);
    EQ(str_find(STR_NONE, ':'), 0);
    EQ(str_find(LIT("a\xff"), '\xff'), 1);
}

TEST(trimming_takes_white_space_at_both_ends_only) {
    STR_EQ(str_trim(LIT(" \t\r\n\v\f a b \n")), "a b");
    STR_EQ(str_trim(LIT("a")), "a");
    EQ(str_trim(LIT("  \n ")).n, 0);
    EQ(str_trim(STR_NONE).n, 0);
    EQ(str_trim(LIT("\0 ")).n, 1);
}

TEST(a_list_is_cut_into_its_pieces) {
    struct str rest = LIT("a,,bc,");
    STR_EQ(str_cut(&rest, ','), "a");
    STR_EQ(str_cut(&rest, ','), "");
    STR_EQ(str_cut(&rest, ','), "bc");
    OKAY(rest.p != NULL);
    STR_EQ(str_cut(&rest, ','), "");
    OKAY(rest.p == NULL);
}

TEST(a_list_of_one_is_one_piece) {
    struct str rest = LIT("abc");
    size_t pieces = 0;
    while (rest.p != NULL) {
        STR_EQ(str_cut(&rest, ','), "abc");
        pieces++;
    }
    EQ(pieces, 1);
}

TEST(numbers_are_read_to_their_limits) {
    uint64_t u = 7;
    EQ(str_to_u64(LIT("0"), &u), OK);
    EQ(u, 0);
    EQ(str_to_u64(LIT("0018446744073709551615"), &u), OK);
    OKAY(u == UINT64_MAX);
    EQ(str_to_u64(LIT("18446744073709551616"), &u), ERR_TOO_BIG);
    EQ(str_to_u64(LIT("99999999999999999999999999"), &u), ERR_TOO_BIG);
    OKAY(u == UINT64_MAX);    // written on OK only

    int64_t i = 7;
    EQ(str_to_i64(LIT("-9223372036854775808"), &i), OK);
    OKAY(i == INT64_MIN);
    EQ(str_to_i64(LIT("9223372036854775807"), &i), OK);
    OKAY(i == INT64_MAX);
    EQ(str_to_i64(LIT("-12"), &i), OK);
    EQ(i, -12);
    EQ(str_to_i64(LIT("9223372036854775808"), &i), ERR_TOO_BIG);
    EQ(str_to_i64(LIT("-9223372036854775809"), &i), ERR_TOO_BIG);
    EQ(i, -12);
}

TEST(what_is_no_number_is_refused) {
    static const char *const bad[] = { "",     "-",   "+1",  " 1", "1 ", "1x",
                                       "0x10", "1.0", "--1", "/",  ":" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint64_t u;
        int64_t s;
        EQ(str_to_u64(str_of(bad[i]), &u), ERR_PROTO);
        EQ(str_to_i64(str_of(bad[i]), &s), ERR_PROTO);
    }
    uint64_t u;
    EQ(str_to_u64(LIT("-1"), &u), ERR_PROTO);
    EQ(str_to_u64(LIT("18446744073709551616x"), &u), ERR_PROTO);
}

/* UTF-8 as RFC 3629 puts it in words, one character after the other, without any speed. */
static bool plain_is_utf8(struct str s) {
    const uint8_t *p = (const uint8_t *)s.p;
    size_t i = 0;
    while (i < s.n) {
        uint8_t c = p[i++];
        size_t more = c < 0x80 ? 0 : c >> 5 == 6 ? 1 : c >> 4 == 14 ? 2 : c >> 3 == 30 ? 3 : 9;
        if (more == 9 || more > s.n - i) {
            return false;
        }
        uint32_t point = more == 0 ? c : c & (0x3fu >> more);
        for (size_t k = 0; k < more; k++, i++) {
            if (p[i] >> 6 != 2) {
                return false;
            }
            point = point << 6 | (p[i] & 0x3fu);
        }
        static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
        if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
            return false;
        }
    }
    return true;
}

TEST(utf8_of_every_length_is_accepted) {
    OKAY(str_is_utf8(STR_NONE));
    OKAY(str_is_utf8(LIT("plain, and longer than eight bytes")));
    OKAY(str_is_utf8(LIT("\0\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf")));
    OKAY(str_is_utf8(LIT("\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")));
}

TEST(what_is_not_utf8_is_refused) {
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xfe",
        "\xc3",
        "\xe2\x82",
        "\xf0\x9f\x98",
        "\xc3(",
        "\xe2\x28\xa1",
        "\xe2\x82\x28",
        "\xf0\x9f\x98\x28",
        "12345678\xff",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        OKAY(!str_is_utf8(str_of(bad[i])));
    }
}

TEST(every_sequence_of_up_to_three_bytes_is_judged_as_the_rfc_says) {
    char bytes[3];
    for (uint32_t v = 0; v < 1u << 24; v++) {
        bytes[0] = (char)(v >> 16);
        bytes[1] = (char)(v >> 8);
        bytes[2] = (char)v;
        struct str s = { bytes, 3 };
        if (str_is_utf8(s) != plain_is_utf8(s)) {
            EQ(v, UINT32_MAX);    // says which
        }
    }
}

TEST(random_text_is_judged_alike_whole_and_in_pieces) {
    struct rng rng;
    rng_seed(&rng, 1);
    static const char *const parts[] = {
        "a", "plain ascii text", "é", "€", "😀", "\x80", "\xed\xa0"
    };
    for (size_t round = 0; round < 100000; round++) {
        char text[160];
        size_t n = 0;
        size_t good = rng_below(&rng, 4) == 0 ? COUNT(parts) : COUNT(parts) - 2;
        for (size_t k = rng_below(&rng, 9); k > 0; k--) {
            struct str part = str_of(parts[rng_below(&rng, good)]);
            memcpy(text + n, part.p, part.n);
            n += part.n;
        }
        struct str s = { text, n };
        bool is_valid = plain_is_utf8(s);
        EQ(str_is_utf8(s), is_valid);

        struct utf8 u = { 0 };
        bool may_go_on = true;
        for (size_t i = 0; i < n && may_go_on;) {
            size_t piece = 1 + rng_below(&rng, n - i);
            may_go_on = utf8_feed(&u, (const uint8_t *)text + i, piece);
            i += piece;
        }
        EQ(may_go_on && utf8_is_whole(&u), is_valid);
    }
}

TEST(bad_text_is_known_at_its_first_bad_byte) {
    struct utf8 u = { 0 };
    OKAY(utf8_feed(&u, (const uint8_t *)"\xed", 1));
    OKAY(!utf8_is_whole(&u));
    OKAY(!utf8_feed(&u, (const uint8_t *)"\xa0", 1));

    u = (struct utf8){ 0 };
    OKAY(utf8_feed(&u, (const uint8_t *)"\xf4", 1));
    OKAY(!utf8_feed(&u, (const uint8_t *)"\x90", 1));

    u = (struct utf8){ 0 };
    OKAY(utf8_feed(&u, (const uint8_t *)"\xe2\x82", 2));
    OKAY(utf8_feed(&u, NULL, 0));
    OKAY(!utf8_is_whole(&u));
    OKAY(utf8_feed(&u, (const uint8_t *)"\xac", 1));
    OKAY(utf8_is_whole(&u));
}

TEST(characters_are_counted_not_bytes) {
    EQ(str_chars(STR_NONE), 0);
    EQ(str_chars(LIT("hello")), 5);
    EQ(str_chars(LIT("déjà vu, ça coûte 3 €, d'accord 😀😀")), 34);
    EQ(str_chars(LIT("ééééééééé")), 9);
}

TEST(the_first_characters_are_never_cut_in_the_middle) {
    struct str s = LIT("aé€😀b");
    STR_EQ(str_first_chars(s, 0), "");
    STR_EQ(str_first_chars(s, 1), "a");
    STR_EQ(str_first_chars(s, 2), "aé");
    STR_EQ(str_first_chars(s, 3), "aé€");
    STR_EQ(str_first_chars(s, 4), "aé€😀");
    STR_EQ(str_first_chars(s, 5), "aé€😀b");
    STR_EQ(str_first_chars(s, 99), "aé€😀b");
    EQ(str_first_chars(STR_NONE, 3).n, 0);
}
