/* Unmasking (RFC 6455 section 5.3): a client XORs every byte with one of four, in turn.
 *
 * Here eight bytes at a time, and four times eight in a loop the compiler makes vectors of. Private
 * to the WebSocket files.
 *
 * Thread   any.   Memory   works in place. */
#ifndef PARLOIR_NET_WS_MASK_H
#define PARLOIR_NET_WS_MASK_H

#include "base/base.h"

/* XORs n bytes with the four mask bytes over and over; p[0] is byte number `offset` of
 * the payload. */
static inline void ws_unmask(uint8_t *p, size_t n, const uint8_t mask[4], size_t offset) {
    uint8_t turned[8];
    for (size_t i = 0; i < sizeof turned; i++) {
        turned[i] = mask[(offset + i) % 4];
    }
    uint64_t key;
    memcpy(&key, turned, sizeof key);

    size_t i = 0;
    for (; i + 4 * sizeof key <= n; i += 4 * sizeof key) {
        uint64_t words[4];
        memcpy(words, p + i, sizeof words);
        for (size_t k = 0; k < COUNT(words); k++) {
            words[k] ^= key;
        }
        memcpy(p + i, words, sizeof words);
    }
    for (; i + sizeof key <= n; i += sizeof key) {
        uint64_t word;
        memcpy(&word, p + i, sizeof word);
        word ^= key;
        memcpy(p + i, &word, sizeof word);
    }
    for (; i < n; i++) {
        p[i] ^= turned[i % 8];
    }
}

#endif
