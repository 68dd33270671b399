/* Random numbers: from the system for secrets, from a seed for what must be replayed. And what
 * secrets need besides: comparing them, and writing them as text.
 *
 * Thread   secrets: any; a seeded generator: its owner's.   Memory   nothing is kept. */
#ifndef PARLOIR_BASE_RNG_H
#define PARLOIR_BASE_RNG_H

#include "base/base.h"
#include "base/str.h"

struct buf;

/* Fills p with bytes nobody can guess (libsodium). */
void rng_secret(void *p, size_t n);
uint64_t rng_secret_u64(void);

/* A seeded generator (xoshiro256**): the same seed gives the same numbers for ever. Seed it before
 * use, and never use it for a secret. */
struct rng {
    uint64_t s[4];
};
void rng_seed(struct rng *r, uint64_t seed);

/* The next number: any, or uniform in [0, bound) for a bound over 0. */
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t bound);

/* Whether two texts are equal, in time that depends on their lengths only. */
bool secret_eq(struct str a, struct str b);

/* Appends bytes as base64url without padding (RFC 4648 section 5). */
void base64url_put(struct buf *b, const void *p, size_t n);

/* Decodes into `out`, which has room for out_max bytes; returns the number of bytes, or -1: does
 * not fit, or is not what base64url_put writes (padding, stray last bits). */
ptrdiff_t base64url_decode(struct str s, uint8_t *out, size_t out_max);

#endif
