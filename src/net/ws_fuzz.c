/* However the network cuts the bytes, and however often the reader says stop, the same messages
 * must come out of a WebSocket. The first two bytes choose extension, limits and a cut. */
#include "net/ws_tape.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    if (n < 2) {
        return 0;
    }
    struct ws_tape_setup setup = {
        .limits = { (p[0] & 1) != 0 ? 100 : 70000, (p[0] & 2) != 0 ? 3 : 1000 },
        .has_deflate = (p[0] & 4) != 0,
    };
    size_t cut = (size_t)p[1] + 2;
    p += 2;
    n -= 2;
    SCOPED(ws_tape_free) struct ws_tape *whole = ws_tape_feed(&setup, p, n, n + 1);
    SCOPED(ws_tape_free) struct ws_tape *drops = ws_tape_feed(&setup, p, n, 1);
    CHECK(ws_tape_same(whole, drops));
    setup.stops = true;
    SCOPED(ws_tape_free) struct ws_tape *stops = ws_tape_feed(&setup, p, n, cut);
    CHECK(ws_tape_same(whole, stops));

    /* The handshake's parsers and the close frame's cutter, on the same bytes. */
    struct str text = { (const char *)p, n };
    struct ws_deflate_terms terms;
    ws_negotiate_deflate(text, 9, &terms);
    CHECK(!terms.is_on || (ws_extensions_are_valid(text) && terms.server_window_bits >= 9 &&
                           terms.server_window_bits <= 15));
    char accept[WS_ACCEPT_BYTES];
    CHECK(ws_accept_of(text, accept) == ERR_PROTO || n == 24);
    SCOPED(buf_fini) struct buf b = BUF_INIT(2 + WS_CONTROL_BYTES_MAX);
    ws_put_close(&b, WS_CLOSE_NORMAL, text);
    CHECK(buf_ok(&b) && (!str_is_utf8(text) || str_is_utf8((struct str){ b.p + 4, b.n - 4 })));
    return 0;
}
