/* Random numbers, comparisons that do not talk, and base64url. */
#include "base/rng.h"

#include <sodium.h>

#include "base/buf.h"

void rng_secret(void *p, size_t n) {
    CHECK(sodium_init() >= 0);    // costs nothing after the first time
    randombytes_buf(p, n);
}

uint64_t rng_secret_u64(void) {
    uint64_t v;
    rng_secret(&v, sizeof v);
    return v;
}

/* xoshiro256** by Blackman and Vigna, its state filled by their splitmix64. */
void rng_seed(struct rng *r, uint64_t seed) {
    for (size_t i = 0; i < COUNT(r->s); i++) {
        seed += 0x9e3779b97f4a7c15u;
        uint64_t z = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        r->s[i] = z ^ (z >> 31);
    }
}

static uint64_t rotate(uint64_t v, unsigned bits) {
    return v << bits | v >> (64 - bits);
}

uint64_t rng_u64(struct rng *r) {
    uint64_t *s = r->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

/* The high half of a product of 128 bits is almost uniform; the few low halves that would favour
 * some results are drawn again. */
uint64_t rng_below(struct rng *r, uint64_t bound) {
    CHECK(bound > 0);
    uint64_t unfair = (0 - bound) % bound;    // 2^64 mod bound
    for (;;) {
        unsigned __int128 product = (unsigned __int128)rng_u64(r) * bound;
        if ((uint64_t)product >= unfair) {
            return (uint64_t)(product >> 64);
        }
    }
}

bool secret_eq(struct str a, struct str b) {
    return a.n == b.n && (a.n == 0 || sodium_memcmp(a.p, b.p, a.n) == 0);
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Writes the 2 to 4 letters of 1 to 3 bytes. */
static void put_group(char *at, const uint8_t *p, size_t n) {
    uint32_t bits = (uint32_t)p[0] << 16;
    bits |= n > 1 ? (uint32_t)p[1] << 8 : 0;
    bits |= n > 2 ? p[2] : 0;
    for (size_t i = 0; i <= n; i++) {
        at[i] = letters[bits >> (18 - 6 * i) & 63];
    }
}

void base64url_put(struct buf *b, const void *p, size_t n) {
    const uint8_t *bytes = p;
    size_t rest = n % 3;
    size_t letter_count = n / 3 * 4 + (rest == 0 ? 0 : rest + 1);
    char *room = buf_room(b, letter_count);
    if (room == NULL) {
        return;
    }
    for (size_t i = 0; i < n; i += 3) {
        put_group(room + i / 3 * 4, bytes + i, MIN(n - i, 3));
    }
    buf_added(b, letter_count);
}

/* The six bits a letter stands for, or 64. */
static uint32_t bits_of(char c) {
    if (c >= 'A' && c <= 'Z') {
        return (uint32_t)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (uint32_t)(c - 'a') + 26;
    }
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0') + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : 64;
}

ptrdiff_t base64url_decode(struct str s, uint8_t *out, size_t out_max) {
    size_t bytes = s.n / 4 * 3 + s.n % 4 * 3 / 4;
    if (s.n % 4 == 1 || bytes > out_max) {
        return -1;
    }
    uint32_t bits = 0;
    unsigned waiting = 0;    // low bits of `bits` that belong to the next byte
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint32_t six = bits_of(s.p[i]);
        if (six > 63) {
            return -1;
        }
        bits = bits << 6 | six;
        waiting += 6;
        if (waiting >= 8) {
            waiting -= 8;
            out[n++] = (uint8_t)(bits >> waiting);
        }
    }
    if ((bits & ((1u << waiting) - 1)) != 0) {
        return -1;    // bits left over: one secret must not have two spellings
    }
    return (ptrdiff_t)n;
}
