/* WebSocket, the sending side: frames without a mask, without fragments (RFC 6455 section 5). */
#include "net/ws.h"

#define HEAD_BITS_FINAL 0x80
#define HEAD_BITS_DEFLATED 0x40    // RSV1, RFC 7692 section 6

/* Writes a header and returns its length, the shortest form that can carry n. */
static size_t header_write(uint8_t to[WS_FRAME_HEADER_BYTES_MAX], enum ws_opcode opcode,
                           bool is_deflated, size_t n) {
    to[0] = (uint8_t)(HEAD_BITS_FINAL | (is_deflated ? HEAD_BITS_DEFLATED : 0) | (unsigned)opcode);
    size_t length_bytes = n < 126 ? 0 : n < 65536 ? 2 : 8;
    to[1] = (uint8_t)(length_bytes == 0 ? n : length_bytes == 2 ? 126 : 127);
    for (size_t i = 0; i < length_bytes; i++) {
        to[2 + i] = (uint8_t)((uint64_t)n >> (8 * (length_bytes - 1 - i)));
    }
    return 2 + length_bytes;
}

void ws_put_header(struct buf *b, enum ws_opcode opcode, bool is_deflated, size_t n) {
    CHECK(opcode < WS_CLOSE || (n <= WS_CONTROL_BYTES_MAX && !is_deflated));
    uint8_t header[WS_FRAME_HEADER_BYTES_MAX];
    buf_put(b, header, header_write(header, opcode, is_deflated, n));
}

void ws_put_frame(struct buf *b, enum ws_opcode opcode, struct str payload) {
    ws_put_header(b, opcode, false, payload.n);
    buf_put_str(b, payload);
}

/* The header's length depends on how far the payload packs down. So the payload is packed behind
 * room for the longest header, then moved down to where it belongs. */
void ws_put_deflated(struct buf *b, enum ws_opcode opcode, struct str payload, struct deflater *d) {
    size_t start = b->n;
    uint8_t header[WS_FRAME_HEADER_BYTES_MAX] = { 0 };
    buf_put(b, header, sizeof header);
    deflater_put(d, b, payload);
    if (!buf_ok(b)) {
        return;
    }
    size_t packed_bytes = b->n - start - sizeof header;
    if (packed_bytes >= payload.n) {
        b->n = start;
        ws_put_frame(b, opcode, payload);
        return;
    }
    size_t header_bytes = header_write(header, opcode, true, packed_bytes);
    memmove(b->p + start + header_bytes, b->p + start + sizeof header, packed_bytes);
    memcpy(b->p + start, header, header_bytes);
    b->n = start + header_bytes + packed_bytes;
}

void ws_put_close(struct buf *b, uint16_t code, struct str reason) {
    if (code == WS_CLOSE_NO_CODE) {
        ws_put_header(b, WS_CLOSE, false, 0);
        return;
    }
    CHECK(ws_close_code_is_valid(code));
    if (reason.n > WS_CONTROL_BYTES_MAX - 2) {
        reason.n = WS_CONTROL_BYTES_MAX - 2;
        while (reason.n > 0 && ((uint8_t)reason.p[reason.n] & 0xc0) == 0x80) {
            reason.n--;    // p[n] is the first byte left out: it must begin a character
        }
    }
    ws_put_header(b, WS_CLOSE, false, 2 + reason.n);
    buf_put_char(b, (char)(code >> 8));
    buf_put_char(b, (char)(code & 0xff));
    buf_put_str(b, reason);
}

bool ws_close_code_is_valid(uint16_t code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}
