/* Whatever comes down the line: the same commands come out in whatever pieces it came, nothing
 * waits for ever, and each command keeps the decoder's promises. */
#include "base/buf.h"
#include "dialect/frame/promises.h"
#include "dialect/tchatator/scan.h"
#include "dialect/tchatator/tchatator.h"

/* A stream, and where each thing in it was found to end. */
struct stream {
    struct buf bytes;
    struct buf found;    // uint32_t each: what it is, and how many bytes
    enum scan_past past;
    bool is_over;
    bool has_promises;    // to be checked; once is enough
};

static void note(struct stream *s, const struct scan *scan) {
    uint32_t row[2] = { (uint32_t)scan->found, (uint32_t)scan->command.n };
    if (scan->found == SCAN_COMMAND) {
        CHECK(scan->command.p == s->bytes.p && scan->command.n <= scan->taken);
    }
    if (scan->found == SCAN_COMMAND && s->has_promises) {
        promises_check(&dialect_tchatator, scan->command);
    }
    if (scan->found != SCAN_SKIP) {    // of bytes that mean nothing there is no telling
        buf_put(&s->found, row, sizeof row);
    }
}

static void pump(struct stream *s, enum scan_silence silence) {
    struct scan scan = { .found = SCAN_SKIP };
    while (scan.found != SCAN_MORE && !s->is_over) {
        tchatator_scan(buf_str(&s->bytes), silence, &s->past, &scan);
        bool has_taken = scan.found == SCAN_COMMAND || scan.found == SCAN_SKIP;
        CHECK(scan.taken <= s->bytes.n && has_taken == (scan.taken > 0));
        s->is_over = scan.found == SCAN_TOO_LONG;
        if (scan.found != SCAN_MORE) {
            note(s, &scan);
        }
        buf_drop(&s->bytes, scan.taken);
    }
    CHECK(s->is_over || s->bytes.n <= TCHATATOR_COMMAND_BYTES_MAX);
    CHECK(s->is_over || s->bytes.n == 0 || scan.wait != SCAN_WAIT_IDLE);
}

/* The bytes in pieces of this size; *cut of them, a silence, and the rest. */
static void play(struct stream *s, struct str bytes, size_t size, size_t cut) {
    size_t at = 0;
    *s = (struct stream){ .bytes = BUF_INIT(1 << 20),
                          .found = BUF_INIT(1 << 20),
                          .has_promises = size > bytes.n };
    while (at < bytes.n && !s->is_over) {
        size_t n = MIN(size, (at < cut ? MIN(cut, bytes.n) : bytes.n) - at);
        buf_put(&s->bytes, bytes.p + at, n);
        pump(s, SCAN_SILENT_NOT);
        at += n;
        if (at == cut) {
            pump(s, SCAN_SILENT_SHORT);
        }
    }
    pump(s, SCAN_SILENT_SHORT);
    pump(s, SCAN_SILENT_LONG);
    CHECK(s->is_over || (s->bytes.n == 0 && s->past == SCAN_PAST_NOTHING));
}

static void fini(struct stream *s) {
    buf_fini(&s->bytes);
    buf_fini(&s->found);
}

/* In pieces of either size it is the same, with a silence after *cut bytes. */
static void compare(struct str bytes, size_t size, size_t cut) {
    struct stream whole;
    struct stream pieces;
    play(&whole, bytes, bytes.n + 1, cut);
    play(&pieces, bytes, size, cut);
    CHECK(str_eq(buf_str(&whole.found), buf_str(&pieces.found)));
    fini(&whole);
    fini(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* The first byte says where the silence is. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    if (n == 0) {
        return 0;
    }
    struct str bytes = { (const char *)p + 1, n - 1 };
    promises_check(&dialect_tchatator, bytes);
    compare(bytes, n > 4096 ? 509 : 1, SIZE_MAX);
    compare(bytes, 7, MIN(p[0], bytes.n));
    return 0;
}
