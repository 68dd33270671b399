/* Secrets that can be replayed: the real base/rng.c, compiled here with numbers that everybody can
 * guess, the same after every fake_secret_start. */
#include "test/fakes/secret.h"

#define randombytes_buf fake_randombytes_buf    // declared by <sodium.h>, under this name
#include "base/rng.c"
#undef randombytes_buf

static uint64_t state = 1;

void fake_secret_start(void) {
    state = 1;
}

void fake_randombytes_buf(void *const p, const size_t n) {
    uint8_t *at = p;
    for (size_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        at[i] = (uint8_t)(state >> 56);
    }
}
