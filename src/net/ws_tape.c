/* See ws_tape.h. */
#include "net/ws_tape.h"

#define LOG_BYTES_MAX (1 << 24)

static void note(struct ws_tape *tape, const char *what, struct str payload) {
    for (size_t i = 0; i < payload.n; i++) {
        tape->hash = (tape->hash ^ (uint8_t)payload.p[i]) * 0x100000001b3;
    }
    buf_printf(&tape->log, "%s%s(", tape->log.n == 0 ? "" : " ", what);
    if (payload.n > WS_TAPE_SHOWN_BYTES) {
        buf_printf(&tape->log, "#%zu", payload.n);
    } else {
        buf_put_str(&tape->log, payload);
    }
    buf_put_char(&tape->log, ')');
}

static bool on_message(void *ctx, enum link_kind kind, struct str payload) {
    struct ws_tape *tape = ctx;
    CHECK(kind == LINK_BINARY || str_is_utf8(payload));
    tape->message_count++;
    note(tape, kind == LINK_TEXT ? "text" : "binary", payload);
    return !tape->stops;
}

static void on_reply(void *ctx, struct str framed) {
    char hex[2 * (2 + WS_CONTROL_BYTES_MAX) + 1];
    CHECK(framed.n >= 2 && framed.n <= 2 + WS_CONTROL_BYTES_MAX);
    for (size_t i = 0; i < framed.n; i++) {
        static const char digits[] = "0123456789abcdef";
        hex[2 * i] = digits[(uint8_t)framed.p[i] >> 4];
        hex[2 * i + 1] = digits[(uint8_t)framed.p[i] & 15];
    }
    note(ctx, "reply", (struct str){ hex, 2 * framed.n });
}

static void on_closing(void *ctx, uint16_t code, bool by_peer) {
    struct ws_tape *tape = ctx;
    buf_printf(&tape->log, "%s%s(%u)", tape->log.n == 0 ? "" : " ", by_peer ? "closed" : "failed",
               code);
}

static void on_pong(void *ctx) {
    struct ws_tape *tape = ctx;
    buf_printf(&tape->log, "%spong", tape->log.n == 0 ? "" : " ");
}

static const struct link_sink sink = { on_message, on_reply, on_closing, on_pong };

/* Feeds one piece, again as often as it comes back early. */
static void feed_piece(struct ws_tape *tape, struct ws *ws, const struct ws_shared *shared,
                       const uint8_t *p, size_t n) {
    while (n > 0) {
        uint8_t *piece = xalloc(n);
        memcpy(piece, p, n);
        size_t before = tape->message_count;
        size_t took = ws_feed(ws, shared, piece, n, &sink, tape);
        xfree(piece);
        CHECK(took <= n);
        CHECK(took == n || (tape->stops && tape->message_count == before + 1));
        tape->stop_count += took < n;
        p += took;
        n -= took;
    }
}

struct ws_tape *ws_tape_feed(const struct ws_tape_setup *setup, const void *p, size_t n,
                             size_t cut) {
    struct ws_tape *tape = xzalloc(sizeof *tape);
    tape->log = BUF_INIT(LOG_BYTES_MAX);
    tape->hash = 0xcbf29ce484222325;
    tape->stops = setup->stops;

    SCOPED(inflater_free) struct inflater *inflater = setup->has_deflate ? inflater_new() : NULL;
    const struct ws_shared shared = { setup->limits, inflater };
    SCOPED(ws_fini) struct ws ws = { .has_deflate = setup->has_deflate };
    for (size_t at = 0; at < n; at += cut) {
        feed_piece(tape, &ws, &shared, (const uint8_t *)p + at, MIN(cut, n - at));
    }
    tape->has_half = ws.half != NULL;
    return tape;
}

void ws_tape_free(struct ws_tape **tape) {
    if (*tape != NULL) {
        buf_fini(&(*tape)->log);
        xfree(*tape);
        *tape = NULL;
    }
}

bool ws_tape_same(const struct ws_tape *a, const struct ws_tape *b) {
    return a->hash == b->hash && a->message_count == b->message_count &&
           a->has_half == b->has_half && str_eq(buf_str(&a->log), buf_str(&b->log));
}

void ws_tape_put_frame(struct buf *b, uint8_t first, struct str payload) {
    static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
    struct buf head = BUF_INIT(WS_FRAME_HEADER_BYTES_MAX);
    ws_put_header(&head, WS_BINARY, false, payload.n);
    head.p[0] = (char)first;
    head.p[1] = (char)(head.p[1] | 0x80);
    buf_put_str(b, buf_str(&head));
    buf_fini(&head);
    buf_put(b, mask, sizeof mask);
    for (size_t i = 0; i < payload.n; i++) {
        buf_put_char(b, (char)((uint8_t)payload.p[i] ^ mask[i % 4]));
    }
}
