/* Lines: however the bytes are cut, the same lines come out. */
#include "net/lines.h"

#include "base/buf.h"

#define LINE_BYTES_MAX 64
#define TAPE_BYTES_MAX (1u << 22)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool on_line(void *ctx, struct str line) {
    struct buf *tape = ctx;
    CHECK(line.n <= LINE_BYTES_MAX && str_find(line, '\n') == line.n);
    buf_put_u64(tape, line.n);
    buf_put_char(tape, ':');
    buf_put_str(tape, line);
    return true;
}

static enum err feed(struct buf *tape, const uint8_t *p, size_t n, size_t piece) {
    SCOPED(lines_free) struct lines *l = lines_new(LINE_BYTES_MAX);
    for (size_t at = 0; at < n; at += piece) {
        size_t taken = 0;
        size_t now = MIN(piece, n - at);
        if (lines_feed(l, p + at, now, on_line, tape, &taken) != OK) {
            return ERR_TOO_BIG;
        }
        CHECK(taken == now);
    }
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    SCOPED(buf_fini) struct buf whole = BUF_INIT(TAPE_BYTES_MAX);
    SCOPED(buf_fini) struct buf drops = BUF_INIT(TAPE_BYTES_MAX);

    enum err err = feed(&whole, p, n, n == 0 ? 1 : n);
    CHECK(feed(&drops, p, n, 1) == err);
    CHECK(str_eq(buf_str(&whole), buf_str(&drops)));
    return 0;
}
