/* base64url: what decodes has one spelling only, and every byte string has one. */
#include "base/buf.h"
#include "base/rng.h"

#define BYTES_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    static uint8_t bytes[BYTES_MAX];
    struct str text = { (const char *)p, MIN(n, (size_t)BYTES_MAX) };
    SCOPED(buf_fini) struct buf b = BUF_INIT(2 * BYTES_MAX);

    ptrdiff_t decoded = base64url_decode(text, bytes, sizeof bytes);
    if (decoded >= 0) {
        base64url_put(&b, bytes, (size_t)decoded);
        CHECK(str_eq(buf_str(&b), text));
    }
    buf_reset(&b);
    base64url_put(&b, text.p, text.n);
    CHECK(base64url_decode(buf_str(&b), bytes, text.n) == (ptrdiff_t)text.n);
    CHECK(text.n == 0 || memcmp(bytes, text.p, text.n) == 0);
    return 0;
}
