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

// ---- words, as search sees them

static bool words_are(const char *text, const char *words) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(1u << 16);
    fold_words(str_of(text), &out);
    bool are = str_eq(buf_str(&out), str_of(words));
    if (!are) {
        print_error("\"%s\" has the words \"%.*s\"\n", text, STR_FMT(buf_str(&out)));
    }
    return are;
}

TEST(words_are_letters_and_digits_without_case_and_accents) {
    OKAY(words_are("L'Été 2024, à Orléans!", "l ete 2024 a orleans"));
    OKAY(words_are("CŒUR cœur coeur", "coeur coeur coeur"));
    OKAY(words_are("Straße STRASSE Äpfel", "strasse strasse apfel"));
    OKAY(words_are("ΣΊΣΥΦΟΣ Σίσυφος", "σισυφοσ σισυφοσ"));
    OKAY(words_are("Tiếng Việt, Đà Nẵng", "tieng viet da nang"));
    OKAY(words_are("Tie\xcc\x82\xcc\x81ng", "tieng"));    // the accents apart
    OKAY(words_are("Łódź Ørsted smørrebrød", "lodz orsted smorrebrod"));
    OKAY(words_are("foo_bar-baz.qux", "foo bar baz qux"));
}

TEST(the_four_turkish_i_are_one_for_search) {
    OKAY(words_are("IŞIK ışık", "isik isik"));
    OKAY(words_are("İstanbul istanbul", "istanbul istanbul"));
}

TEST(marks_stay_where_a_script_needs_them) {
    OKAY(words_are("हिन्दी", "हिन्दी"));    // vowel signs and a virama
    OKAY(words_are("كِتَاب", "كتاب"));      // points that only help to read
    OKAY(words_are("שָׁלוֹם", "שלום"));
}

TEST(each_character_of_an_unspaced_script_is_a_word) {
    OKAY(words_are("我爱北京", "我+爱+北+京"));
    OKAY(words_are("日本 東京", "日+本 東+京"));
    OKAY(words_are("カタカナとひらがな", "カ+タ+カ+ナ+と+ひ+ら+か\xe3\x82\x99+な"));
    OKAY(words_are("Windows版", "windows+版"));
    OKAY(words_are("版3", "版+3"));
    OKAY(words_are("人々", "人+々"));
}

TEST(kana_of_half_width_are_the_kana) {
    SCOPED(buf_fini) struct buf half = BUF_INIT(100);
    SCOPED(buf_fini) struct buf full = BUF_INIT(100);
    fold_words(str_of("ｶﾞｷﾞﾊﾟｰﾃｨ"), &half);
    fold_words(str_of("ガギパーティ"), &full);
    OKAY(half.n > 0 && str_eq(buf_str(&half), buf_str(&full)));
    buf_reset(&half);
    fold_words(str_of("ｶｷﾊｰﾃｨ"), &half);
    OKAY(!str_eq(buf_str(&half), buf_str(&full)));    // the voicing marks are part of them
}

TEST(hangul_is_syllables_however_they_are_composed) {
    OKAY(words_are("한국어", "한+국+어"));
    OKAY(words_are("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xe1\x84\x80\xe1\x85\xae", "한+구"));
    OKAY(words_are("\xe1\x84\x92x", "\xe1\x84\x92x"));    // a letter that stands alone
}

TEST(what_is_no_letter_is_no_word) {
    OKAY(words_are("", ""));
    OKAY(words_are("👍🏽 :) … — !", ""));
    OKAY(words_are("a👍b", "a b"));
    OKAY(words_are("\xee\x80\x80", ""));    // private use
    OKAY(words_are("so\xc2\xad"
                   "ft zero\xe2\x80\x8bwidth",
                   "soft zerowidth"));
    OKAY(words_are("a\xff"
                   "b",
                   "a b"));
    OKAY(words_are("ＦＵＬＬ ﬁn ①", "full fin 1"));
}

TEST(a_word_that_never_ends_is_cut) {
    char text[3 * FOLD_WORD_BYTES_MAX];
    SCOPED(buf_fini) struct buf out = BUF_INIT(4096);
    memset(text, 'A', sizeof text);
    fold_words((struct str){ text, sizeof text }, &out);
    EQ(out.n, FOLD_WORD_BYTES_MAX);
    buf_reset(&out);
    text[sizeof text - 2] = ' ';
    fold_words((struct str){ text, sizeof text }, &out);
    EQ(out.n, FOLD_WORD_BYTES_MAX + 2);
}

TEST(words_beyond_the_bound_are_left_out) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(5);
    fold_words(STR_LIT("one two three"), &out);
    OKAY(!buf_ok(&out) && out.n <= 5);
}
