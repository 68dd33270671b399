/* Folding: what is one name, and what is not. */
#include "base/fold.h"

#include "base/map.h"
#include "test/unit.h"

static bool same(const char *a, const char *b) {
    return fold_same(str_of(a), str_of(b)) && fold_same(str_of(b), str_of(a));
}

TEST(letter_case_does_not_tell_names_apart_in_any_script) {
    OKAY(same("Alice", "aLICE"));
    OKAY(same("zoé", "ZOÉ"));
    OKAY(same("straße", "STRASSE"));
    OKAY(same("ΣΊΣΥΦΟΣ", "σίσυφος"));
    OKAY(same("Ёлка", "ёЛКА"));
    OKAY(!same("zoe", "zoé"));
}

TEST(the_same_letter_written_in_two_ways_is_the_same) {
    OKAY(same("Re\xcc\x81ne", "R\xc3\xa9ne"));    // e and a combining accent
    OKAY(same("\xef\xbd\x81lice", "alice"));      // full width
    OKAY(same("\xef\xac\x81n", "fin"));           // a ligature
}

TEST(what_has_no_shape_does_not_count) {
    OKAY(same("al\xc2\xadice", "alice"));        // soft hyphen
    OKAY(same("alice\xe2\x80\x8b", "alice"));    // zero-width space
    OKAY(same("alice\xef\xb8\x8f", "alice"));    // variation selector
    OKAY(same("\xe3\x85\xa4", ""));              // hangul filler
    OKAY(!same("\xd0\xb0lice", "alice"));        // a Cyrillic letter is another letter
}

TEST(what_cannot_be_folded_is_only_like_itself) {
    char longest[FOLD_BYTES_MAX + 1];
    memset(longest, 'A', sizeof longest);
    struct str over = { longest, sizeof longest };
    struct str whole = { longest, FOLD_BYTES_MAX };
    struct fold f;
    OKAY(!fold(over, &f));
    OKAY(fold(whole, &f));
    EQ(f.n, FOLD_BYTES_MAX);
    EQ(f.p[0], 'a');
    OKAY(fold_same(over, over) && !fold_same(over, whole));
    OKAY(same("\xff", "\xff") && !same("\xff", "\xfe"));
    OKAY(fold_same(STR_NONE, STR_NONE));
}

TEST(a_text_that_grows_when_folded_stays_in_bounds) {
    char text[3 * 32];
    for (size_t i = 0; i < 32; i++) {
        memcpy(text + 3 * i, "\xef\xb7\xba", 3);    // one character that stands for eighteen
    }
    struct fold f;
    OKAY(!fold((struct str){ text, sizeof text }, &f));
    OKAY(fold((struct str){ text, 3 * 14 }, &f));
}

TEST(a_map_that_folds_finds_a_name_however_it_is_written) {
    struct text_map m = { .folds = true };
    int value = 0;
    OKAY(text_map_put(&m, str_of("Zoé"), &value) == NULL);
    OKAY(text_map_get(&m, str_of("ZOE\xcc\x81")) == &value);
    OKAY(text_map_get(&m, str_of("zoe")) == NULL);
    OKAY(text_map_drop(&m, str_of("zoé")) == &value);
    text_map_fini(&m);
}

TEST(an_emoji_is_one_whatever_it_is_made_of) {
    static const char *const are[] = {
        "👍",       "❤️", "❤",      "👩‍👩‍👧‍👦",   "👋🏽", "🇫🇷",
        "1️⃣", "©️",  "‼️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"
    };
    for (size_t i = 0; i < COUNT(are); i++) {
        OKAY(fold_is_emoji(str_of(are[i])));
    }
}

TEST(text_and_several_emojis_are_none) {
    static const char *const are_not[] = { "",  "a",  "👍👍",   "👍 ",        " ",    ":)", "1", "é",
                                           "+", "字", "\xff", "👍\xf0\x9f", "🇫🇷🇩🇪", "<",  "^" };
    for (size_t i = 0; i < COUNT(are_not); i++) {
        OKAY(!fold_is_emoji(str_of(are_not[i])));
    }
}
