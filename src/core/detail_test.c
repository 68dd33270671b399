/* What refusals say about the input: the tables, and a dialect's own names. */
#include "core/detail.h"

#include "test/unit.h"

static void says(const struct detail *detail, enum lang lang, const char *const *names,
                 const char *sentence) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(DETAIL_BYTES_MAX);
    detail_put(&out, detail, lang, names);
    OKAY(buf_ok(&out));
    STR_EQ(buf_str(&out), sentence);
}

TEST(a_detail_is_said_with_all_that_it_holds) {
    says(DETAIL_OF(longer, INPUT_content, UNIT_characters, .given = 5, .max = 4), LANG_EN, NULL,
         "5 characters; at most 4");
    says(DETAIL_OF(user_is, .given = 7, .word = STR_LIT("zoé")), LANG_EN, NULL,
         "user 7 is \"zoé\"");
    says(DETAIL_OF(rate, .max = 3, .unit = UNIT_per_hour), LANG_FR, NULL, "3 par heure");
    says(&(struct detail){ .input = INPUT_content }, LANG_EN, NULL, "");
}

TEST(a_dialect_may_call_an_input_by_its_own_name) {
    static const char *const names[INPUT_COUNT] = { [INPUT_user] = "recipient-id" };
    says(DETAIL_OF(id, INPUT_user), LANG_EN, names, "recipient-id: an id from 1 to 2^53 - 1");
    says(DETAIL_OF(id, INPUT_user), LANG_EN, NULL, "user: an id from 1 to 2^53 - 1");
    says(DETAIL_OF(emoji, INPUT_content), LANG_FR, names, "content: un seul emoji");
}

TEST(every_detail_is_a_sentence_in_both_languages_and_within_its_bound) {
    for (enum detail_kind kind = DETAIL_NONE + 1; kind < DETAIL_COUNT; kind++) {
        struct detail detail = { kind,
                                 INPUT_message_type,
                                 UNIT_rooms_per_second,
                                 .given = UINT64_MAX,
                                 .max = UINT64_MAX,
                                 .word = STR_LIT("word") };
        OKAY(*detail_name(kind) != '\0');
        for (enum lang lang = LANG_EN; lang <= LANG_FR; lang++) {
            SCOPED(buf_fini) struct buf out = BUF_INIT(DETAIL_BYTES_MAX);
            detail_put(&out, &detail, lang, NULL);
            OKAY(buf_ok(&out) && out.n > 0 && str_find(buf_str(&out), '%') == out.n);
        }
    }
}

TEST(inputs_and_units_have_names) {
    for (enum input input = INPUT_NONE + 1; input < INPUT_COUNT; input++) {
        OKAY(*input_name(input) != '\0');
    }
    for (enum unit unit = UNIT_NONE + 1; unit < UNIT_COUNT; unit++) {
        OKAY(*unit_name(unit) != '\0');
    }
    STR_EQ(str_of(input_name(INPUT_NONE)), "");
    STR_EQ(str_of(unit_name(UNIT_NONE)), "");
    STR_EQ(str_of(detail_name(DETAIL_NONE)), "");
}
