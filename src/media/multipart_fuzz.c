/* However the network cuts a form, the same file must come out, or the same refusal. The first line
 * is the Content-Type, the first byte behind it a cut. */
#include "media/multipart_tape.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct str body = { (const char *)p, n };
    struct str content_type = str_cut(&body, '\n');
    if (body.n < 1) {
        return 0;
    }
    size_t cut = (size_t)(uint8_t)body.p[0] + 2;
    body = (struct str){ body.p + 1, body.n - 1 };

    size_t log_bytes_max = n + 16384;
    SCOPED(buf_fini) struct buf whole = BUF_INIT(log_bytes_max);
    SCOPED(buf_fini) struct buf drops = BUF_INIT(log_bytes_max);
    SCOPED(buf_fini) struct buf pieces = BUF_INIT(log_bytes_max);
    enum err err = multipart_tape(content_type, body, body.n + 1, &whole);
    CHECK(multipart_tape(content_type, body, 1, &drops) == err);
    CHECK(multipart_tape(content_type, body, cut, &pieces) == err);
    CHECK(buf_ok(&whole));
    CHECK(str_eq(buf_str(&whole), buf_str(&drops)));
    CHECK(str_eq(buf_str(&whole), buf_str(&pieces)));
    return 0;
}
