/* Which secrets are no secrets: too short, or known to everybody. */
#include "auth/jwt.h"

static const char *const samples[] = {
#define SAMPLE(text) text,
#include "auth/jwt_samples.tbl.h"
#undef SAMPLE
};

#define FOLDED_MAX 128    // longer than any sample

static char folded(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Copies s in lower case, without what separates words; the length, or 0 if it is too long. */
static size_t fold(struct str s, char out[FOLDED_MAX]) {
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = folded(s.p[i]);
        if (c == '_' || c == '-' || c == ' ' || c == '.' || c == '!') {
            continue;
        }
        if (n == FOLDED_MAX) {
            return 0;
        }
        out[n++] = c;
    }
    return n;
}

/* Whether s is `unit` once or several times over, the last time perhaps in part. */
static bool repeats(struct str s, struct str unit) {
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != unit.p[i % unit.n]) {
            return false;
        }
    }
    return s.n >= unit.n;
}

static bool is_sample(struct str secret) {
    char text[FOLDED_MAX];
    char sample[FOLDED_MAX];
    struct str s = { text, fold(secret, text) };
    for (size_t i = 0; s.n > 0 && i < COUNT(samples); i++) {
        struct str unit = { sample, fold(str_of(samples[i]), sample) };
        if (repeats(s, unit)) {
            return true;
        }
    }
    return false;
}

/* Whether fewer than five different bytes make up the whole secret. */
static bool is_monotonous(struct str secret) {
    bool seen[256] = { false };
    size_t different = 0;
    for (size_t i = 0; i < secret.n; i++) {
        bool *at = &seen[(unsigned char)secret.p[i]];
        different += !*at;
        *at = true;
    }
    return different < 5;
}

bool jwt_secret_check(struct str secret, const char **why) {
    if (is_sample(secret)) {
        *why = "the JWT secret is a sample from documentation, which everybody knows; "
               "make one with: openssl rand -base64 48";
        return false;
    }
    if (secret.n < JWT_SECRET_BYTES_MIN) {
        *why = "the JWT secret is shorter than 32 bytes and could be guessed; "
               "make one with: openssl rand -base64 48";
        return false;
    }
    if (is_monotonous(secret)) {
        *why = "the JWT secret repeats a few characters and could be guessed; "
               "make one with: openssl rand -base64 48";
        return false;
    }
    return true;
}
