/* Argon2id, and the same pains for whoever does not exist.
 *
 * A password is cut at nothing: it is hashed whole. What is longer than any password we ever took
 * cannot be right, and is refused before it costs anything, for every user alike. */
#include "auth/password.h"

#include <sodium.h>

_Static_assert(PASSWORD_HASH_BYTES == crypto_pwhash_STRBYTES, "libsodium writes this much");

#define PASSWORD_BYTES_MAX ((size_t)PASSWORD_CHARS_MAX * 4)    // in UTF-8

bool password_check(struct str password, const char **why) {
    if (password.n > PASSWORD_BYTES_MAX) {
        *why = "The password is longer than 128 characters.";
        return false;
    }
    if (!str_is_utf8(password) ||
        memchr(password.p == NULL ? "" : password.p, 0, password.n) != NULL) {
        *why = "The password is not valid UTF-8 text.";
        return false;
    }
    size_t chars = str_chars(password);
    if (chars < PASSWORD_CHARS_MIN) {
        *why = "The password is too short: it needs 8 characters or more.";
        return false;
    }
    if (chars > PASSWORD_CHARS_MAX) {
        *why = "The password is longer than 128 characters.";
        return false;
    }
    return true;
}

enum err password_hash(struct str password, struct password_cost cost,
                       char out[PASSWORD_HASH_BYTES]) {
    char hash[PASSWORD_HASH_BYTES];
    CHECK(sodium_init() >= 0);
    if (crypto_pwhash_str_alg(hash, password.p, password.n, cost.passes, cost.memory_bytes,
                              crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return ERR_FULL;
    }
    memcpy(out, hash, sizeof hash);
    return OK;
}

/* The hash of bytes nobody knows, at PASSWORD_COST. */
static const char nobody[PASSWORD_HASH_BYTES] = "$argon2id$v=19$m=65536,t=2,p=1$4rlbNrV7G1lPH5N4E"
                                                "xtTnw$BRrotlohWfYVh0tVtiQPkZkRkGyTvyVqsQZoK2TDJAA";

enum err password_verify(struct str hash, struct str password) {
    CHECK(sodium_init() >= 0);
    if (password.n > PASSWORD_BYTES_MAX || hash.n >= PASSWORD_HASH_BYTES) {
        return ERR_DENIED;
    }
    char text[PASSWORD_HASH_BYTES] = { 0 };    // libsodium reads all of it
    bool is_somebody = !str_is_empty(hash);
    memcpy(text, is_somebody ? hash.p : nobody, is_somebody ? hash.n : sizeof nobody);
    bool fits =
        crypto_pwhash_str_verify(text, password.p == NULL ? "" : password.p, password.n) == 0;
    return fits && is_somebody ? OK : ERR_DENIED;
}

bool password_needs_rehash(struct str hash, struct password_cost cost) {
    char text[PASSWORD_HASH_BYTES] = { 0 };
    if (hash.n >= sizeof text || hash.n == 0) {
        return true;
    }
    memcpy(text, hash.p, hash.n);
    return crypto_pwhash_str_needs_rehash(text, cost.passes, cost.memory_bytes) != 0;
}
