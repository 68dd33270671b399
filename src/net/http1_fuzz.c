/* However the network cuts the bytes, the same requests must come out, or the same refusal. The
 * first byte chooses a cut; the rest is also looked at as a query. */
#include "net/http1_tape.h"

#define BODY_BYTES_MAX 500

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    if (n < 1) {
        return 0;
    }
    size_t cut = (size_t)p[0] + 2;
    p++;
    n--;
    SCOPED(http1_tape_free)
    struct http1_tape *whole = http1_tape_feed(p, n, n + 1, BODY_BYTES_MAX, TAPE_PLAIN);
    SCOPED(http1_tape_free)
    struct http1_tape *drops = http1_tape_feed(p, n, 1, BODY_BYTES_MAX, TAPE_PLAIN);
    SCOPED(http1_tape_free)
    struct http1_tape *early = http1_tape_feed(p, n, cut, BODY_BYTES_MAX, TAPE_EARLY);
    SCOPED(http1_tape_free)
    struct http1_tape *slow = http1_tape_feed(p, n, cut, BODY_BYTES_MAX, TAPE_PAUSES);
    CHECK(str_eq(buf_str(&whole->log), buf_str(&drops->log)));
    CHECK(str_eq(buf_str(&whole->log), buf_str(&early->log)));
    CHECK(str_eq(buf_str(&whole->log), buf_str(&slow->log)));

    SCOPED(buf_fini) struct buf value = BUF_INIT(n);
    CHECK(http1_query((struct str){ (const char *)p, n }, "a", &value) || value.n == 0);
    CHECK(buf_ok(&value));
    return 0;
}
