/* Whatever arrives at the envelope's address becomes commands that keep the decoder's promises. */
#include "dialect/envelope/envelope.h"
#include "dialect/frame/promises.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    promises_check(&dialect_envelope, (struct str){ (const char *)p, n });
    return 0;
}
