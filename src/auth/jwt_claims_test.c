/* Claims, one by one. The signature is not the matter here: jwt_test.c has that. */
#include "auth/jwt_claims.h"

#include <stdio.h>

#include "test/unit.h"

#define NOW 1700000000u
#define EXP "\"exp\":1700000100"

#define E8 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"

static struct jwt_claims claims;
static const char *why;

/* Reads claims with `expect`; texts live until the next call. */
static enum err read_expecting(const char *text, struct jwt_expect expect) {
    static struct arena arena;
    SCOPED(json_reader_free) struct json_reader *reader = json_reader_new(JWT_BYTES_MAX);
    const struct json *root = NULL;
    EQ(json_parse(reader, str_of(text), &root), OK);
    arena_fini(&arena);
    memset(&claims, 0xee, sizeof claims);
    struct jwt_claims before = claims;
    why = NULL;
    expect.now_s = NOW;
    enum err err = jwt_claims_read(root, &expect, &arena, &claims, &why);
    OKAY(err == OK ? why == NULL : why != NULL && memcmp(&before, &claims, sizeof claims) == 0);
    return err;
}

static enum err read(const char *text) {
    return read_expecting(text, (struct jwt_expect){ 0 });
}

static bool blames(const char *piece) {
    return why != NULL && strstr(why, piece) != NULL;
}

/* Reads with one member beside a good exp. */
static enum err read_member(const char *member) {
    char text[512];
    snprintf(text, sizeof text, "{" EXP ",%s}", member);
    return read(text);
}

TEST(the_user_is_user_id_else_sub_else_id_else_uid) {
    EQ(read_member("\"uid\":4,\"id\":3,\"sub\":\"2\",\"user_id\":1"), OK);
    EQ(claims.user_id, 1);
    EQ(read_member("\"uid\":4,\"id\":3,\"sub\":\"2\""), OK);
    EQ(claims.user_id, 2);
    EQ(read_member("\"uid\":4,\"id\":3"), OK);
    EQ(claims.user_id, 3);
    EQ(read_member("\"uid\":\"4\""), OK);
    EQ(claims.user_id, 4);
    EQ(read_member("\"sub\":\"auth0|77\",\"id\":5"), OK);    // no number of ours, so the next
    EQ(claims.user_id, 5);
    EQ(read_member("\"user_id\":null,\"sub\":6"), OK);
    EQ(claims.user_id, 6);
}

TEST(a_user_is_a_whole_number_from_1_to_2_to_the_53_minus_1) {
    static const char *const bad[] = {
        "0",
        "\"0\"",
        "-1",
        "\"-1\"",
        "1.5",
        "\"1.5\"",
        "9007199254740992",
        "\"9007199254740992\"",
        "18446744073709551617",
        "true",
        "[1]",
        "{\"user_id\":1}",
        "\"\"",
        "\" 1\"",
        "\"1 \"",
        "\"0x1\"",
        "\"+1\"",
        "\"1\\u0000\"",
        "\"\xd9\xa1\"",
        "1e300",
    };
    char member[128];
    for (size_t i = 0; i < COUNT(bad); i++) {
        snprintf(member, sizeof member, "\"user_id\":%s", bad[i]);
        EQ(read_member(member), ERR_DENIED);
        OKAY(blames("user_id"));
        snprintf(member, sizeof member, "\"user_id\":%s,\"sub\":\"9\"", bad[i]);
        EQ(read_member(member), ERR_DENIED);    // never falls back to somebody else
        snprintf(member, sizeof member, "\"sub\":%s", bad[i]);
        EQ(read_member(member), ERR_DENIED);
    }
    EQ(read_member("\"user_id\":9007199254740991"), OK);
    EQ(claims.user_id, 9007199254740991);
    EQ(read_member("\"user_id\":\"9007199254740991\""), OK);
    EQ(read_member("\"name\":\"nobody\""), ERR_DENIED);
}

TEST(exp_is_required_and_has_no_leeway) {
    EQ(read("{\"user_id\":1}"), ERR_DENIED);
    OKAY(blames("no exp"));
    EQ(read("{\"user_id\":1,\"exp\":null}"), ERR_DENIED);
    EQ(read("{\"user_id\":1,\"exp\":1700000001}"), OK);
    EQ(read("{\"user_id\":1,\"exp\":1700000001.9}"), OK);
    EQ(claims.expires_s, 1700000001);
    EQ(read("{\"user_id\":1,\"exp\":\"1700000001\"}"), OK);
    EQ(read("{\"user_id\":1,\"exp\":1700000000}"), ERR_EXPIRED);
    EQ(read("{\"user_id\":1,\"exp\":1700000000.9}"), ERR_EXPIRED);
    EQ(read("{\"user_id\":1,\"exp\":0}"), ERR_EXPIRED);
}

TEST(a_time_that_is_no_time_is_refused) {
    static const char *const bad[] = { "-1",
                                       "\"soon\"",
                                       "true",
                                       "[]",
                                       "{}",
                                       "1e300",
                                       "-0.5",
                                       "9007199254740993",
                                       "\"1700000100.5\"" };
    static const char *const claim[] = { "exp", "nbf", "iat" };
    char text[128];
    for (size_t c = 0; c < COUNT(claim); c++) {
        for (size_t i = 0; i < COUNT(bad); i++) {
            const char *exp = c == 0 ? "" : EXP ",";
            snprintf(text, sizeof text, "{%s\"user_id\":1,\"%s\":%s}", exp, claim[c], bad[i]);
            EQ(read(text), ERR_DENIED);
            OKAY(blames("not a time"));
        }
    }
}

TEST(nbf_and_iat_may_be_a_minute_ahead) {
    EQ(read_member("\"user_id\":1,\"nbf\":1700000060,\"iat\":1700000060"), OK);
    EQ(claims.issued_s, 1700000060);
    EQ(read_member("\"user_id\":1,\"nbf\":1700000061"), ERR_DENIED);
    OKAY(blames("nbf"));
    EQ(read_member("\"user_id\":1,\"iat\":1700000061"), ERR_DENIED);
    OKAY(blames("iat"));
    EQ(read_member("\"user_id\":1,\"iat\":1700000061.5"), ERR_DENIED);
}

TEST(the_issuer_must_be_the_configured_one) {
    struct jwt_expect expect = { .issuer = STR_LIT("https://id.example") };
    EQ(read_expecting("{\"user_id\":1," EXP ",\"iss\":\"https://id.example\"}", expect), OK);
    EQ(read_expecting("{\"user_id\":1," EXP ",\"iss\":\"https://id.example/\"}", expect),
       ERR_DENIED);
    EQ(read_expecting("{\"user_id\":1," EXP ",\"iss\":[\"https://id.example\"]}", expect),
       ERR_DENIED);
    EQ(read_expecting("{\"user_id\":1," EXP "}", expect), ERR_DENIED);
    OKAY(blames("iss"));
    EQ(read_member("\"user_id\":1,\"iss\":\"anybody\""), OK);
    EQ(read_member("\"user_id\":1,\"iss\":5"), ERR_DENIED);
}

TEST(the_audience_must_name_the_configured_one) {
    struct jwt_expect expect = { .audience = STR_LIT("chat") };
    EQ(read_expecting("{\"user_id\":1," EXP ",\"aud\":\"chat\"}", expect), OK);
    EQ(read_expecting("{\"user_id\":1," EXP ",\"aud\":[\"x\",\"chat\"]}", expect), OK);
    EQ(read_expecting("{\"user_id\":1," EXP ",\"aud\":[\"x\",\"chats\"]}", expect), ERR_DENIED);
    EQ(read_expecting("{\"user_id\":1," EXP ",\"aud\":[]}", expect), ERR_DENIED);
    EQ(read_expecting("{\"user_id\":1," EXP ",\"aud\":[\"chat\",7]}", expect), ERR_DENIED);
    EQ(read_expecting("{\"user_id\":1," EXP ",\"aud\":{\"chat\":1}}", expect), ERR_DENIED);
    EQ(read_expecting("{\"user_id\":1," EXP "}", expect), ERR_DENIED);
    OKAY(blames("aud"));
    EQ(read_member("\"user_id\":1,\"aud\":\"anybody\""), OK);
    EQ(read_member("\"user_id\":1,\"aud\":7"), ERR_DENIED);
}

TEST(the_name_is_username_else_preferred_username_else_name) {
    EQ(read_member("\"user_id\":1,\"name\":\"c\",\"preferred_username\":\"b\",\"username\":\"a\""),
       OK);
    STR_EQ(claims.username, "a");
    EQ(read_member("\"user_id\":1,\"name\":\"c\",\"preferred_username\":\"b\""), OK);
    STR_EQ(claims.username, "b");
    EQ(read_member("\"user_id\":1,\"name\":\"c d\""), OK);
    STR_EQ(claims.username, "c d");
    EQ(read_member("\"user_id\":1"), OK);
    STR_EQ(claims.username, "");
}

TEST(a_name_that_is_not_fit_to_be_shown_is_ignored) {
    static const char *const bad[] = {
        "\"\"",
        "5",
        "null",
        "[\"a\"]",
        "\"a\\nb\"",
        "\"a\\r\\nb\"",
        "\"a\\u0000\"",
        "\"\\u001b[31m\"",
        "\"a\\u007f\"",
        "\"a\\u0085b\"",
        "\"a\\u009b\"",
        "\" a\"",
        "\"a \"",
        "\" \"",
        "\"123456789012345678901234567890123\"",
        "\"" E8 E8 E8 E8 "\xc3\xa9\"",    // 33 of them
    };
    char member[256];
    for (size_t i = 0; i < COUNT(bad); i++) {
        snprintf(member, sizeof member, "\"user_id\":1,\"username\":%s", bad[i]);
        EQ(read_member(member), OK);
        STR_EQ(claims.username, "");
        snprintf(member, sizeof member, "\"user_id\":1,\"name\":\"ok\",\"username\":%s", bad[i]);
        EQ(read_member(member), OK);
        STR_EQ(claims.username, "ok");
    }
    EQ(read_member("\"user_id\":1,\"username\":\"12345678901234567890123456789012\""), OK);
    EQ(claims.username.n, 32);
    EQ(read_member("\"user_id\":1,\"username\":\"\\u00a0\\u00e9\""), OK);    // c2 a0 is no control
    EQ(claims.username.n, 4);
}

TEST(a_role_is_one_of_three) {
    EQ(read_member("\"user_id\":1,\"role\":\"Admin\""), OK);
    STR_EQ(claims.role, "admin");
    EQ(read_member("\"user_id\":1,\"role\":\"pro\""), OK);
    STR_EQ(claims.role, "pro");
    EQ(read_member("\"user_id\":1,\"role\":\"member\""), OK);
    STR_EQ(claims.role, "member");
    static const char *const bad[] = {
        "\"root\"", "\"admin \"", "[\"admin\"]", "1", "true", "null"
    };
    char member[64];
    for (size_t i = 0; i < COUNT(bad); i++) {
        snprintf(member, sizeof member, "\"user_id\":1,\"role\":%s", bad[i]);
        EQ(read_member(member), OK);
        STR_EQ(claims.role, "");
    }
}

TEST(claim_names_are_case_sensitive) {
    EQ(read_member("\"USER_ID\":1"), ERR_DENIED);
    EQ(read_member("\"userId\":1"), ERR_DENIED);
    EQ(read("{\"user_id\":1,\"EXP\":1700000100}"), ERR_DENIED);
    EQ(read_member("\"user_id\":1,\"user-id\":2"), OK);
    EQ(claims.user_id, 1);
    EQ(read_member("\"user_id\":1,\"Role\":\"admin\""), OK);
    STR_EQ(claims.role, "");
}

TEST(a_claim_of_ours_twice_is_refused) {
    EQ(read_member("\"user_id\":1,\"user_id\":2"), ERR_DENIED);
    OKAY(blames("twice"));
    EQ(read_member("\"user_id\":1,\"exp\":1900000000"), ERR_DENIED);
    EQ(read_member("\"user_id\":1,\"role\":null,\"role\":\"admin\""), ERR_DENIED);
    EQ(read_member("\"user_id\":1,\"x\":1,\"x\":2"), OK);
}
