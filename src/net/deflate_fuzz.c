/* Whatever is unpacked keeps to its limit, and a greater limit changes nothing but the size;
 * whatever is packed comes back, with any window and level. The first byte chooses those. */
#include "net/deflate.h"

#define LIMIT_BYTES 5000

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void unpack_any(struct str packed) {
    SCOPED(inflater_free) struct inflater *i = inflater_new();
    SCOPED(buf_fini) struct buf small = BUF_INIT(LIMIT_BYTES);
    SCOPED(buf_fini) struct buf large = BUF_INIT(4 * LIMIT_BYTES);
    enum err small_err = inflater_put(i, &small, packed);
    enum err large_err = inflater_put(i, &large, packed);
    CHECK(small.cap <= LIMIT_BYTES && large.cap <= 4 * LIMIT_BYTES);
    if (small_err == ERR_TOO_BIG) {
        CHECK(small.n == 0 && (large_err != OK || large.n > LIMIT_BYTES));
    } else {
        CHECK(small_err == large_err && str_eq(buf_str(&small), buf_str(&large)));
    }
}

static void pack_any(struct str text, int window_bits, int level) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(window_bits, level);
    SCOPED(inflater_free) struct inflater *i = inflater_new();
    SCOPED(buf_fini) struct buf packed = BUF_INIT(2 * text.n + 100);
    SCOPED(buf_fini) struct buf plain = BUF_INIT(text.n);
    deflater_put(d, &packed, text);
    CHECK(buf_ok(&packed) && inflater_put(i, &plain, buf_str(&packed)) == OK);
    CHECK(str_eq(buf_str(&plain), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    if (n < 1) {
        return 0;
    }
    struct str rest = { (const char *)p + 1, n - 1 };
    unpack_any(rest);
    pack_any(rest, 9 + p[0] % 7, 1 + p[0] / 7 % 9);
    return 0;
}
