/* API tokens and their table. */
#include "auth/token.h"

#include <pthread.h>
#include <stdio.h>

#include "test/unit.h"

static const struct token_key key = { "0123456789abcdef0123456789abcde" };

static struct token_hash hash_of(const char *text) {
    return token_hash(&key, str_of(text));
}

static enum err find(struct token_table *t, const char *text, struct token_found *out) {
    struct token_hash hash = hash_of(text);
    return token_table_find(t, &hash, out);
}

TEST(a_token_is_43_characters_nobody_can_guess) {
    SCOPED(buf_fini) struct buf a = BUF_INIT(64);
    SCOPED(buf_fini) struct buf b = BUF_INIT(64);
    token_make(&a);
    token_make(&b);
    EQ(a.n, TOKEN_TEXT_BYTES);
    OKAY(token_is_one(buf_str(&a)));
    OKAY(!str_eq(buf_str(&a), buf_str(&b)));
}

TEST(only_the_form_of_a_token_is_one) {
    OKAY(token_is_one(STR_LIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")));
    OKAY(!token_is_one(STR_LIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB")));    // not canonical
    OKAY(!token_is_one(STR_LIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")));
    OKAY(!token_is_one(STR_LIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")));
    OKAY(!token_is_one(STR_LIT("AAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAA")));
    OKAY(!token_is_one(STR_NONE));
}

TEST(a_hash_depends_on_the_token_and_on_the_key) {
    struct token_key other = key;
    other.b[31] ^= 1;
    struct token_hash a = hash_of("token");
    struct token_hash again = hash_of("token");
    struct token_hash b = hash_of("tokem");
    struct token_hash c = token_hash(&other, STR_LIT("token"));
    EQ(memcmp(&a, &again, sizeof a), 0);
    OKAY(memcmp(&a, &b, sizeof a) != 0);
    OKAY(memcmp(&a, &c, sizeof a) != 0);
}

TEST(a_token_is_found_until_it_is_dropped) {
    SCOPED(token_table_free) struct token_table *t = token_table_new();
    struct token_found found = { .user_id = 99 };
    EQ(find(t, "a", &found), ERR_NOT_FOUND);
    EQ(found.user_id, 99);
    EQ(token_table_add(t, hash_of("a"), 1, STR_LIT("laptop")), OK);
    EQ(find(t, "a", &found), OK);
    EQ(found.user_id, 1);
    STR_EQ(str_of(found.label), "laptop");
    EQ(token_table_drop(t, 2, STR_LIT("laptop")), ERR_NOT_FOUND);
    EQ(token_table_drop(t, 1, STR_LIT("Laptop")), ERR_NOT_FOUND);
    EQ(token_table_drop(t, 1, STR_LIT("laptop")), OK);
    EQ(find(t, "a", &found), ERR_NOT_FOUND);
    EQ(token_table_count(t), 0);
}

TEST(labels_are_unique_for_a_user_and_hashes_for_all) {
    SCOPED(token_table_free) struct token_table *t = token_table_new();
    EQ(token_table_add(t, hash_of("a"), 1, STR_LIT("x")), OK);
    EQ(token_table_add(t, hash_of("b"), 1, STR_LIT("x")), ERR_EXISTS);
    EQ(token_table_add(t, hash_of("a"), 2, STR_LIT("y")), ERR_EXISTS);
    EQ(token_table_add(t, hash_of("b"), 2, STR_LIT("x")), OK);
    EQ(token_table_count(t), 2);
}

TEST(a_label_is_bounded_and_may_be_empty) {
    static char text[TOKEN_LABEL_BYTES_MAX + 2];
    memset(text, 'x', TOKEN_LABEL_BYTES_MAX + 1);
    SCOPED(token_table_free) struct token_table *t = token_table_new();
    struct token_found found;
    EQ(token_table_add(t, hash_of("a"), 1, str_of(text)), ERR_TOO_BIG);
    EQ(token_table_add(t, hash_of("a"), 1, (struct str){ text, TOKEN_LABEL_BYTES_MAX }), OK);
    EQ(find(t, "a", &found), OK);
    EQ(strlen(found.label), TOKEN_LABEL_BYTES_MAX);
    EQ(token_table_add(t, hash_of("b"), 1, STR_NONE), OK);
    EQ(find(t, "b", &found), OK);
    EQ(found.label[0], '\0');
    EQ(token_table_drop(t, 1, STR_LIT("")), OK);
}

/* Adds three tokens of user 1 and one of user 2. */
static void fill(struct token_table *t) {
    EQ(token_table_add(t, hash_of("a"), 1, STR_LIT("a")), OK);
    EQ(token_table_add(t, hash_of("b"), 1, STR_LIT("b")), OK);
    EQ(token_table_add(t, hash_of("c"), 1, STR_LIT("c")), OK);
    EQ(token_table_add(t, hash_of("d"), 2, STR_LIT("a")), OK);
}

TEST(one_of_several_tokens_can_be_dropped_in_any_order) {
    static const char *const orders[] = { "abc", "acb", "bac", "bca", "cab", "cba" };
    struct token_found found;
    for (size_t i = 0; i < COUNT(orders); i++) {
        SCOPED(token_table_free) struct token_table *t = token_table_new();
        fill(t);
        for (size_t k = 0; k < 3; k++) {
            char name[2] = { orders[i][k], 0 };
            EQ(token_table_drop(t, 1, str_of(name)), OK);
            EQ(find(t, name, &found), ERR_NOT_FOUND);
            EQ(token_table_count(t), 3 - k);
        }
        EQ(find(t, "d", &found), OK);
    }
}

TEST(all_tokens_of_a_user_go_at_once) {
    SCOPED(token_table_free) struct token_table *t = token_table_new();
    struct token_found found;
    fill(t);
    EQ(token_table_drop_user(t, 1), 3);
    EQ(token_table_drop_user(t, 1), 0);
    EQ(token_table_count(t), 1);
    EQ(find(t, "d", &found), OK);
    EQ(token_table_add(t, hash_of("a"), 1, STR_LIT("a")), OK);
}

static void *look(void *ctx) {
    struct token_table *t = ctx;
    for (int i = 0; i < 2000; i++) {
        struct token_found found;
        if (find(t, "steady", &found) != OK || found.user_id != 7) {
            return ctx;
        }
    }
    return NULL;
}

TEST(readers_and_writers_do_not_disturb_each_other) {
    SCOPED(token_table_free) struct token_table *t = token_table_new();
    EQ(token_table_add(t, hash_of("steady"), 7, STR_LIT("s")), OK);
    pthread_t threads[3];
    for (size_t i = 0; i < COUNT(threads); i++) {
        EQ(pthread_create(&threads[i], NULL, look, t), 0);
    }
    for (unsigned i = 0; i < 500; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        EQ(token_table_add(t, hash_of(name), i + 100, STR_LIT("x")), OK);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *bad;
        EQ(pthread_join(threads[i], &bad), 0);
        OKAY(bad == NULL);
    }
    EQ(token_table_count(t), 501);
}
