/* What may be said, and what may be a name. */
#include "core/text.h"

#include "base/base.h"
#include "test/unit.h"

TEST(white_space_of_any_script_is_blank) {
    static const char *const blanks[] = {
        "",
        " ",
        "\t\r\n\v\f ",
        "\xc2\xa0",
        "\xc2\x85",
        "\xe1\x9a\x80",
        "\xe2\x80\x80\xe2\x80\x8a",
        "\xe2\x80\xa8\xe2\x80\xa9",
        "\xe2\x80\xaf",
        "\xe2\x81\x9f",
        "\xe3\x80\x80 \xe3\x80\x80",
    };
    for (size_t i = 0; i < COUNT(blanks); i++) {
        OKAY(text_is_blank(str_of(blanks[i])));
    }
    static const char *const others[] = {
        "a", " a ", ".", "\xc3\xa9", "\xe2\x80\x8b", "\xf0\x9f\x98\x80", "\xe3\x80\x81", "\x01",
    };
    for (size_t i = 0; i < COUNT(others); i++) {
        OKAY(!text_is_blank(str_of(others[i])));
    }
    OKAY(!text_is_blank((struct str){ "\0", 1 }));
}

TEST(broken_utf8_is_looked_at_without_harm) {
    OKAY(!text_is_blank(str_of("\xf0")));
    OKAY(!text_is_blank(str_of("\xe2\x80")));
    OKAY(!text_is_name(str_of("\xff"), 32));
    OKAY(!text_is_name(str_of("a\xc3"), 32));
}

TEST(a_name_has_characters_and_no_space_at_its_ends) {
    OKAY(text_is_name(str_of("a"), 1));
    OKAY(text_is_name(str_of("jean  paul"), 32));
    OKAY(text_is_name(str_of("\xc3\xa9t\xc3\xa9"), 3));
    OKAY(text_is_name(str_of("\xf0\x9f\x98\x80"), 1));
    OKAY(!text_is_name(str_of(""), 32));
    OKAY(!text_is_name(str_of(" a"), 32));
    OKAY(!text_is_name(str_of("a "), 32));
    OKAY(!text_is_name(str_of("\xe3\x80\x80"
                              "a"),
                       32));
    OKAY(!text_is_name(str_of("a\xc2\xa0"), 32));
}

TEST(a_name_is_as_long_as_its_limit_and_no_longer) {
    OKAY(text_is_name(str_of("abcd"), 4));
    OKAY(!text_is_name(str_of("abcde"), 4));
    OKAY(text_is_name(str_of("\xf0\x9f\x98\x80\xf0\x9f\x98\x80"), 2));
    OKAY(!text_is_name(str_of("\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"), 2));
}

TEST(a_name_has_no_control_characters_and_does_not_turn_the_line_around) {
    static const char *const bad[] = {
        "a\nb",
        "a\x1b[1m",
        "a\x7f"
        "b",
        "a\xc2\x9b"
        "b",
        "a\xe2\x80\xa8"
        "b",
        "a\xe2\x80\xae"
        "b",
        "\xe2\x81\xa6z",
        "\xef\xbb\xbfz",
        "a\xe2\x80\x8f"
        "b",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        OKAY(!text_is_name(str_of(bad[i]), 32));
    }
    OKAY(!text_is_name((struct str){ "a\0b", 3 }, 32));
}

TEST(a_mobile_number_is_a_plus_and_up_to_fifteen_digits) {
    uint64_t n = 7;
    OKAY(mobile_read(str_of("+33612345678"), &n));
    EQ(n, 33612345678);
    OKAY(mobile_read(str_of("+123456789012345"), &n));
    OKAY(mobile_read(str_of("+1"), &n));
    EQ(n, 1);
    static const char *const bad[] = {
        "", "+", "33612345678", "+0612345678", "+1234567890123456", "+33 6", "+336a", "++3",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        OKAY(!mobile_read(str_of(bad[i]), &n));
    }
    EQ(n, 1);    // untouched
}
