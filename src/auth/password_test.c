/* Passwords. The tests use the smallest cost there is, except where the cost is the matter. */
#include "auth/password.h"

#include "test/unit.h"

#define CHEAP ((struct password_cost){ 1, 8192 })

TEST(a_password_fits_its_own_hash_only) {
    char hash[PASSWORD_HASH_BYTES];
    EQ(password_hash(STR_LIT("correct horse"), CHEAP, hash), OK);
    OKAY(str_starts(str_of(hash), STR_LIT("$argon2id$")));
    EQ(password_verify(str_of(hash), STR_LIT("correct horse")), OK);
    EQ(password_verify(str_of(hash), STR_LIT("correct horsf")), ERR_DENIED);
    EQ(password_verify(str_of(hash), STR_LIT("correct hors")), ERR_DENIED);
    EQ(password_verify(str_of(hash), STR_LIT("correct horse ")), ERR_DENIED);
    EQ(password_verify(str_of(hash), STR_NONE), ERR_DENIED);
}

TEST(the_same_password_hashes_differently_each_time) {
    char a[PASSWORD_HASH_BYTES];
    char b[PASSWORD_HASH_BYTES];
    EQ(password_hash(STR_LIT("correct horse"), CHEAP, a), OK);
    EQ(password_hash(STR_LIT("correct horse"), CHEAP, b), OK);
    OKAY(strcmp(a, b) != 0);
}

TEST(nobody_has_no_password) {
    EQ(password_verify(STR_NONE, STR_NONE), ERR_DENIED);
    EQ(password_verify(STR_LIT(""), STR_LIT("correct horse")), ERR_DENIED);
}

TEST(a_hash_that_is_none_opens_nothing) {
    char text[PASSWORD_HASH_BYTES + 1];
    memset(text, '$', sizeof text);
    EQ(password_verify(STR_LIT("plain"), STR_LIT("plain")), ERR_DENIED);
    EQ(password_verify(STR_LIT("$argon2id$v=19$"), STR_LIT("plain")), ERR_DENIED);
    EQ(password_verify((struct str){ text, sizeof text }, STR_LIT("plain")), ERR_DENIED);
}

TEST(a_new_password_has_8_to_128_characters) {
    const char *why = NULL;
    char text[129 * 2 + 1];
    OKAY(!password_check(STR_NONE, &why));
    OKAY(!password_check(STR_LIT("1234567"), &why));
    OKAY(strstr(why, "8 characters") != NULL);
    OKAY(password_check(STR_LIT("12345678"), &why));
    OKAY(!password_check(STR_LIT("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"), &why));    // 4 characters
    for (size_t i = 0; i < sizeof text; i += 2) {
        memcpy(text + i, "\xc3\xa9", MIN((size_t)2, sizeof text - i));
    }
    OKAY(password_check((struct str){ text, 256 }, &why));
    OKAY(!password_check((struct str){ text, 258 }, &why));
    OKAY(!password_check(STR_LIT("1234567\xff"), &why));
    OKAY(!password_check(STR_LIT("12345678\0abc"), &why));
}

TEST(a_longer_password_than_any_is_refused_before_it_costs) {
    char hash[PASSWORD_HASH_BYTES];
    static char text[513];
    memset(text, 'x', sizeof text);
    EQ(password_hash((struct str){ text, 512 }, CHEAP, hash), OK);
    EQ(password_verify(str_of(hash), (struct str){ text, 512 }), OK);
    EQ(password_hash((struct str){ text, 513 }, CHEAP, hash), OK);
    EQ(password_verify(str_of(hash), (struct str){ text, 513 }), ERR_DENIED);
}

TEST(a_hash_at_another_cost_wants_to_be_made_anew) {
    char hash[PASSWORD_HASH_BYTES];
    EQ(password_hash(STR_LIT("correct horse"), CHEAP, hash), OK);
    OKAY(!password_needs_rehash(str_of(hash), CHEAP));
    OKAY(password_needs_rehash(str_of(hash), PASSWORD_COST));
    OKAY(password_needs_rehash(STR_NONE, CHEAP));
}

TEST(the_usual_cost_is_two_passes_over_64_mib) {
    char hash[PASSWORD_HASH_BYTES];
    EQ(password_hash(STR_LIT("correct horse"), PASSWORD_COST, hash), OK);
    OKAY(strstr(hash, "$m=65536,t=2,p=1$") != NULL);
    EQ(password_verify(str_of(hash), STR_LIT("correct horse")), OK);
}

TEST(memory_that_is_not_there_is_a_failure) {
    char hash[PASSWORD_HASH_BYTES] = "untouched";
    struct password_cost absurd = { 1, (uint64_t)1 << 60 };
    EQ(password_hash(STR_LIT("correct horse"), absurd, hash), ERR_FULL);
    EQ(strcmp(hash, "untouched"), 0);
}
