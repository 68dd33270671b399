/* Whatever arrives at the hub's address becomes commands that keep the decoder's promises. */
#include "dialect/frame/promises.h"
#include "dialect/hub/hub.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    promises_check(&dialect_hub, (struct str){ (const char *)p, n });
    return 0;
}
