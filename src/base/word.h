/* Eight bytes of text at a time, in one machine word. Private to this folder.
 *
 * The word_* predicates set the top bit of every byte that qualifies. A byte above one that
 * qualifies may be set wrongly (a borrow runs upwards), so only "is any set" and "which is the
 * first" are to be trusted: that is what word_first() is for. */
#ifndef PARLOIR_BASE_WORD_H
#define PARLOIR_BASE_WORD_H

#include "base/base.h"

#define WORD_BYTES sizeof(uint64_t)
#define WORD_ONES 0x0101010101010101u
#define WORD_TOPS 0x8080808080808080u

/* The eight bytes at p, the first one lowest, whatever the machine's order. */
static inline uint64_t word_at(const void *p) {
    uint64_t w;
    memcpy(&w, p, sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

/* Bytes equal to c. */
static inline uint64_t word_has(uint64_t w, unsigned char c) {
    uint64_t zeroes = w ^ (WORD_ONES * c);
    return (zeroes - WORD_ONES) & ~zeroes & WORD_TOPS;
}

/* Bytes below c, for c <= 128. */
static inline uint64_t word_has_below(uint64_t w, unsigned char c) {
    return (w - WORD_ONES * c) & ~w & WORD_TOPS;
}

/* The index of the first byte a predicate found; `found` is not zero. */
static inline size_t word_first(uint64_t found) {
    return (size_t)__builtin_ctzll(found) / 8;
}

#endif
