/* WebSocket, the receiving side: bytes in, whole messages out (RFC 6455 section 5, RFC 7692).
 *
 *     struct ws ──owns──> ws_half ──owns──> data: what came of a message so far
 *
 * One frame at a time. Its header is read where it lies; a frame that lies there as a whole is
 * unmasked in place and, if it is a whole message too, handed up from there: no half, no copy.
 * Only what the end of a read cuts apart, or a peer sends in fragments, is gathered in a ws_half:
 *
 *     head      the first bytes of a header
 *     in_frame  a header is known, `got` bytes of its payload have come
 *     is_open   a message has begun: between and during its frames
 *
 * none of the three ──> the half is freed; an idle connection owns nothing.
 *
 * Promises:
 *   1. What comes out does not depend on how the bytes were cut. So every check is a function of
 *      the bytes up to the first one that shows the fault, in that order.
 *   2. Nothing of a frame's payload is kept before its header passed every limit.
 *   3. Text fails at its first bad byte, even in the middle of a frame. (Deflated text: unpacked
 *      first, so at the message's end.)
 *   4. on_message, on_reply and on_pong come in the order of the frames; after
 *      on_closing nothing. */
#include "net/ws.h"

#include "net/ws_mask.h"

#define HEAD_BITS_FINAL 0x80
#define HEAD_BITS_DEFLATED 0x40    // RSV1, RFC 7692 section 6
#define HEAD_BITS_RESERVED 0x30    // RSV2, RSV3
#define HEAD_BITS_OPCODE 0x0f
#define HEAD_BITS_MASKED 0x80
#define HEAD_BITS_LENGTH 0x7f
#define PACKED_RATIO_MAX 2       // a message may be this much longer packed than unpacked,
#define PACKED_SPARE_BYTES 64    // and so much more: short ones often are
#define MASK_BYTES 4

/* A frame's header, read. */
struct frame {
    uint64_t bytes;    // of payload
    uint8_t mask[MASK_BYTES];
    enum ws_opcode opcode;
    bool is_final;
    bool is_deflated;
};

struct ws_half {
    struct frame frame;    // valid while in_frame
    size_t got;            // bytes of its payload that have come
    bool in_frame;

    bool is_open;    // a message has begun; the rest of this group is about it
    bool is_deflated;
    enum link_kind kind;
    size_t frame_count;    // begun
    struct utf8 utf8;      // of plain text
    struct buf data;

    uint8_t head_bytes;
    uint8_t head[WS_HEADER_BYTES_MAX];
    uint8_t control[WS_CONTROL_BYTES_MAX];    // the payload of a control frame, while in_frame
};

/* Everything a feed needs to know; lives on its stack. */
struct feed {
    struct ws *ws;
    const struct ws_shared *shared;
    const struct link_sink *sink;
    void *ctx;
};

/* ---- the half */

static struct ws_half *half_of(struct ws *ws) {
    if (ws->half == NULL) {
        ws->half = xzalloc(sizeof *ws->half);
    }
    return ws->half;
}

void ws_fini(struct ws *ws) {
    if (ws->half != NULL) {
        buf_fini(&ws->half->data);
        xfree(ws->half);
        ws->half = NULL;
    }
}

/* Frees the half if nothing is half received. */
static void half_settle(struct ws *ws) {
    const struct ws_half *half = ws->half;
    if (half != NULL && !half->is_open && !half->in_frame && half->head_bytes == 0) {
        ws_fini(ws);
    }
}

static bool is_open(const struct ws *ws) {
    return ws->half != NULL && ws->half->is_open;
}

/* ---- the end */

static uint64_t big_endian(const uint8_t *p, size_t n) {
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

/* Refuses to go on. Returns false, so that a caller can `return fail(...)`. */
static bool fail(const struct feed *f, uint16_t code) {
    f->ws->is_closing = true;
    ws_fini(f->ws);
    f->sink->on_closing(f->ctx, code, false);
    return false;
}

/* The peer's close frame: no payload, or a code and a reason (section 5.5.1). */
static bool close_arrived(const struct feed *f, const uint8_t *p, size_t n) {
    uint16_t code = WS_CLOSE_NO_CODE;
    if (n > 0) {
        code = n >= 2 ? (uint16_t)big_endian(p, 2) : WS_CLOSE_NO_CODE;
        if (!ws_close_code_is_valid(code)) {
            return fail(f, WS_CLOSE_PROTOCOL);
        }
        if (!str_is_utf8((struct str){ (const char *)p + 2, n - 2 })) {
            return fail(f, WS_CLOSE_UTF8);
        }
    }
    f->ws->is_closing = true;
    ws_fini(f->ws);
    f->sink->on_closing(f->ctx, code, true);
    return false;
}

/* ---- headers */

static bool is_control(enum ws_opcode opcode) {
    return ((unsigned)opcode & 0x8) != 0;
}

static bool is_assigned(unsigned opcode) {
    return opcode <= WS_BINARY || (opcode >= WS_CLOSE && opcode <= WS_PONG);
}

/* The most a message may take on the wire: deflated data that cannot be packed is a little longer
 * than the message. */
static size_t wire_bytes_max(const struct feed *f, bool is_deflated) {
    size_t max = f->shared->limits.message_bytes_max;
    return is_deflated ? max + max / 16 + 64 : max;
}

/* Looks at the first byte: FIN, RSV1-3, opcode. Returns 0 or the code to fail with. */
static uint16_t head_first(const struct feed *f, uint8_t byte, struct frame *out) {
    unsigned opcode = byte & HEAD_BITS_OPCODE;
    bool starts = opcode == WS_TEXT || opcode == WS_BINARY;
    out->opcode = (enum ws_opcode)opcode;
    out->is_final = (byte & HEAD_BITS_FINAL) != 0;
    out->is_deflated = (byte & HEAD_BITS_DEFLATED) != 0;

    if ((byte & HEAD_BITS_RESERVED) != 0 || !is_assigned(opcode) ||
        (out->is_deflated && !(starts && f->ws->has_deflate)) ||
        (is_control(out->opcode) && !out->is_final) || (starts && is_open(f->ws)) ||
        (opcode == WS_CONTINUATION && !is_open(f->ws))) {
        return WS_CLOSE_PROTOCOL;
    }
    if (opcode == WS_CONTINUATION &&
        f->ws->half->frame_count >= f->shared->limits.message_frames_max) {
        return WS_CLOSE_POLICY;
    }
    return 0;
}

/* Whether a frame of this length may come now. */
static bool fits(const struct feed *f, const struct frame *frame) {
    bool is_deflated = frame->is_deflated;
    size_t have = 0;
    if (frame->opcode == WS_CONTINUATION) {
        is_deflated = f->ws->half->is_deflated;
        have = f->ws->half->data.n;
    }
    size_t max = wire_bytes_max(f, is_deflated);
    return have <= max && frame->bytes <= max - have;
}

/* Reads a header from the n > 0 bytes there are. Returns its length, or 0: it goes on beyond them,
 * or *code says why it is refused. */
static size_t head_read(const struct feed *f, const uint8_t *p, size_t n, struct frame *out,
                        uint16_t *code) {
    if ((*code = head_first(f, p[0], out)) != 0 || n < 2) {
        return 0;
    }
    uint8_t length = p[1] & HEAD_BITS_LENGTH;
    if ((p[1] & HEAD_BITS_MASKED) == 0 ||
        (is_control(out->opcode) && length > WS_CONTROL_BYTES_MAX)) {
        *code = WS_CLOSE_PROTOCOL;
        return 0;
    }
    size_t head_bytes = 2;
    out->bytes = length;
    if (length > 125) {
        size_t length_bytes = length == 126 ? 2 : 8;
        head_bytes += length_bytes;
        if (n < head_bytes) {
            return 0;
        }
        out->bytes = big_endian(p + 2, length_bytes);
        if (out->bytes < (length == 126 ? 126u : 65536u) || out->bytes >> 63 != 0) {
            *code = WS_CLOSE_PROTOCOL;    // not the shortest form, or the top bit (section 5.2)
            return 0;
        }
    }
    if (!is_control(out->opcode) && !fits(f, out)) {
        *code = WS_CLOSE_TOO_BIG;
        return 0;
    }
    if (n < head_bytes + MASK_BYTES) {
        return 0;
    }
    memcpy(out->mask, p + head_bytes, MASK_BYTES);
    return head_bytes + MASK_BYTES;
}

/* ---- payloads */

/* Hands up one whole message; `p` is as it was on the wire. */
static bool message_up(const struct feed *f, enum link_kind kind, bool is_deflated,
                       struct str payload) {
    SCOPED(buf_fini) struct buf plain = BUF_INIT(f->shared->limits.message_bytes_max);
    if (is_deflated) {
        enum err err = inflater_put(f->shared->inflater, &plain, payload);
        if (err != OK) {
            return fail(f, err == ERR_TOO_BIG ? WS_CLOSE_TOO_BIG : WS_CLOSE_UTF8);
        }
        if (payload.n > PACKED_RATIO_MAX * plain.n + PACKED_SPARE_BYTES) {
            return fail(f, WS_CLOSE_POLICY);    // made to cost us time, not to save any bytes
        }
        payload = plain.n == 0 ? STR_LIT("") : buf_str(&plain);
        if (kind == LINK_TEXT && !str_is_utf8(payload)) {
            return fail(f, WS_CLOSE_UTF8);
        }
    }
    return f->sink->on_message(f->ctx, kind, payload);
}

/* A data frame begins: opens its message, or counts one more fragment of it. */
static void data_begun(const struct feed *f, const struct frame *frame) {
    struct ws_half *half = half_of(f->ws);
    if (!half->is_open) {
        half->is_open = true;
        half->is_deflated = frame->is_deflated;
        half->kind = frame->opcode == WS_TEXT ? LINK_TEXT : LINK_BINARY;
    }
    half->frame_count++;
    half->data.bytes_max = wire_bytes_max(f, half->is_deflated);    // head_read saw that it fits
}

/* Keeps n unmasked bytes of the open message. */
static bool data_add(const struct feed *f, const uint8_t *p, size_t n) {
    struct ws_half *half = f->ws->half;
    if (half->kind == LINK_TEXT && !half->is_deflated && !utf8_feed(&half->utf8, p, n)) {
        return fail(f, WS_CLOSE_UTF8);
    }
    buf_put(&half->data, p, n);
    CHECK(buf_ok(&half->data));
    return true;
}

/* A data frame has ended, and with a final one its message. The half goes before the message is
 * handed up: a callback finds the state as it will be afterwards. */
static bool data_ended(const struct feed *f, const struct frame *frame) {
    struct ws_half *half = f->ws->half;
    if (!frame->is_final) {
        return true;
    }
    if (!utf8_is_whole(&half->utf8)) {
        return fail(f, WS_CLOSE_UTF8);
    }
    enum link_kind kind = half->kind;
    bool is_deflated = half->is_deflated;
    SCOPED(buf_fini) struct buf data = half->data;
    half->data = BUF_INIT(0);
    ws_fini(f->ws);
    return message_up(f, kind, is_deflated, data.n == 0 ? STR_LIT("") : buf_str(&data));
}

/* Answers a ping, hears a pong, obeys a close. */
static bool control_arrived(const struct feed *f, enum ws_opcode opcode, const uint8_t *p,
                            size_t n) {
    if (opcode == WS_CLOSE) {
        return close_arrived(f, p, n);
    }
    if (opcode == WS_PONG) {
        if (f->sink->on_pong != NULL) {
            f->sink->on_pong(f->ctx);
        }
        return true;
    }
    char pong[2 + WS_CONTROL_BYTES_MAX];
    pong[0] = (char)(HEAD_BITS_FINAL | WS_PONG);
    pong[1] = (char)n;
    memcpy(pong + 2, p, n);
    f->sink->on_reply(f->ctx, (struct str){ pong, 2 + n });
    return true;
}

/* A frame whose payload lies at p as a whole: the fast path. */
static bool frame_whole(const struct feed *f, const struct frame *frame, uint8_t *p) {
    size_t n = (size_t)frame->bytes;
    ws_unmask(p, n, frame->mask, 0);
    if (is_control(frame->opcode)) {
        return control_arrived(f, frame->opcode, p, n);
    }
    if (!frame->is_final || is_open(f->ws)) {
        data_begun(f, frame);
        return data_add(f, p, n) && data_ended(f, frame);
    }
    struct str payload = { (const char *)p, n };
    if (frame->opcode == WS_TEXT && !frame->is_deflated && !str_is_utf8(payload)) {
        return fail(f, WS_CLOSE_UTF8);
    }
    half_settle(f->ws);    // it may have held the header's first bytes
    return message_up(f, frame->opcode == WS_TEXT ? LINK_TEXT : LINK_BINARY, frame->is_deflated,
                      payload);
}

/* Takes more of the payload of the frame that half->frame describes. */
static bool frame_more(const struct feed *f, uint8_t *p, size_t n, size_t *took) {
    struct ws_half *half = f->ws->half;
    const struct frame frame = half->frame;
    *took = (size_t)MIN((uint64_t)n, frame.bytes - half->got);
    ws_unmask(p, *took, frame.mask, half->got);
    if (is_control(frame.opcode)) {
        memcpy(half->control + half->got, p, *took);
    } else if (!data_add(f, p, *took)) {
        return false;
    }
    half->got += *took;
    if (half->got < frame.bytes) {
        return true;
    }
    half->in_frame = false;
    if (!is_control(frame.opcode)) {
        return data_ended(f, &frame);
    }
    uint8_t control[WS_CONTROL_BYTES_MAX];
    memcpy(control, half->control, sizeof control);
    half_settle(f->ws);
    return control_arrived(f, frame.opcode, control, (size_t)frame.bytes);
}

/* ---- frames */

/* Reads the header at p, if need be behind the bytes of it that came earlier. *took: how many of
 * the n bytes belong to it. Returns whether `out` is complete; if not, *code may say why never. */
static bool head_take(const struct feed *f, const uint8_t *p, size_t n, struct frame *out,
                      size_t *took, uint16_t *code) {
    size_t before = f->ws->half == NULL ? 0 : f->ws->half->head_bytes;
    if (before == 0) {
        *took = head_read(f, p, n, out, code);
        if (*took > 0 || *code != 0) {
            return *code == 0;
        }
    }
    struct ws_half *half = half_of(f->ws);
    size_t more = MIN(n, sizeof half->head - before);
    memcpy(half->head + before, p, more);
    size_t head_bytes = head_read(f, half->head, before + more, out, code);
    if (head_bytes == 0) {
        half->head_bytes = (uint8_t)(before + more);
        *took = more;
        return false;
    }
    half->head_bytes = 0;
    *took = head_bytes - before;
    return true;
}

/* Takes a header, and with it as much of the payload as there is. */
static bool frame_take(const struct feed *f, uint8_t *p, size_t n, size_t *took) {
    struct frame frame;
    uint16_t code = 0;
    if (!head_take(f, p, n, &frame, took, &code)) {
        return code == 0 ? true : fail(f, code);
    }
    if (frame.bytes <= n - *took) {
        uint8_t *payload = p + *took;
        *took += (size_t)frame.bytes;
        bool goes_on = frame_whole(f, &frame, payload);
        half_settle(f->ws);
        return goes_on;
    }
    struct ws_half *half = half_of(f->ws);
    half->frame = frame;
    half->got = 0;
    half->in_frame = true;
    if (!is_control(frame.opcode)) {
        data_begun(f, &frame);
    }
    return true;
}

size_t ws_feed(struct ws *ws, const struct ws_shared *shared, uint8_t *p, size_t n,
               const struct link_sink *sink, void *ctx) {
    const struct feed f = { ws, shared, sink, ctx };
    size_t at = 0;
    bool goes_on = true;
    while (goes_on && at < n && !ws->is_closing) {
        size_t took = 0;
        if (ws->half != NULL && ws->half->in_frame) {
            goes_on = frame_more(&f, p + at, n - at, &took);
        } else {
            goes_on = frame_take(&f, p + at, n - at, &took);
        }
        at += took;
    }
    return ws->is_closing ? n : at;
}
