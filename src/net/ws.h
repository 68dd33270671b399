/* WebSocket framing, RFC 6455, server side, with permessage-deflate (RFC 7692).
 *
 * Complete: fragmentation, control frames between fragments, close handshake, UTF-8 checked as it
 * arrives, masking enforced, limits refused at the header before a byte of payload is kept.
 *
 * The common case, one whole masked frame inside one read, is unmasked in place and handed up
 * without a copy or an allocation; `half` exists only while a message is half received.
 *
 * Compression has no state per connection: both sides are told not to take context over
 * (server_no_context_takeover, client_no_context_takeover), so one inflater and one deflater serve
 * a worker, and one compressed frame serves every member who negotiated it.
 *
 * Thread   a state and the codecs it uses belong to one worker. */
#ifndef PARLOIR_NET_WS_H
#define PARLOIR_NET_WS_H

#include "base/buf.h"
#include "base/err.h"
#include "net/deflate.h"
#include "net/link.h"

enum ws_opcode {
    WS_CONTINUATION = 0x0,
    WS_TEXT = 0x1,
    WS_BINARY = 0x2,
    WS_CLOSE = 0x8,
    WS_PING = 0x9,
    WS_PONG = 0xA,
};

/* Close codes: RFC 6455 section 7.4.1, and ours from 4400 (the HTTP status they recall). */
enum ws_close {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_GOING_AWAY = 1001,
    WS_CLOSE_PROTOCOL = 1002,
    WS_CLOSE_UNSUPPORTED = 1003,
    WS_CLOSE_NO_CODE = 1005,    // never on the wire: a close frame without a code
    WS_CLOSE_UTF8 = 1007,
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009,
    WS_CLOSE_INTERNAL = 1011,
    WS_CLOSE_RESTARTING = 1012,
    WS_CLOSE_OVERLOADED = 1013,
    WS_CLOSE_UNAUTHENTICATED = 4401,
    WS_CLOSE_BANNED = 4403,
    WS_CLOSE_TOO_SLOW = 4408,
};

#define WS_CONTROL_BYTES_MAX 125        // RFC 6455 section 5.5
#define WS_HEADER_BYTES_MAX 14          // client to server, mask included
#define WS_FRAME_HEADER_BYTES_MAX 10    // server to client

struct ws_half;    // a message, a control frame or a header half received

/* Feeding state of one connection; zeroed but for `deflate` is the start. Keep it small: idle
 * connections are counted in bytes. */
struct ws {
    struct ws_half *half;    // owned; NULL between messages
    bool has_deflate;        // permessage-deflate was negotiated
    bool is_closing;         // on_closing was called
};

/* What a worker lends to every connection it feeds. */
struct ws_shared {
    struct link_limits limits;
    struct inflater *inflater;    // borrowed; may be NULL if no connection has_deflate
};

/* Frees what is half received. Calling twice is harmless. */
void ws_fini(struct ws *ws);

/* Feeds n bytes, which it may change in place (unmasking). Returns how many it took: all of them,
 * or fewer when on_message said stop: the caller keeps the rest and feeds it again. Bytes behind
 * on_closing mean nothing any more; they are taken and dropped.
 *
 * What fails with which code, at the first byte that shows it, in link.h's on_closing. */
size_t ws_feed(struct ws *ws, const struct ws_shared *shared, uint8_t *p, size_t n,
               const struct link_sink *sink, void *ctx);

/* Appending, all into a buffer whose `over` tells in the end whether it fitted. */

/* Appends the header of an unmasked, unfragmented frame whose payload of n bytes follows. */
void ws_put_header(struct buf *b, enum ws_opcode opcode, bool is_deflated, size_t n);

/* Appends a whole frame. */
void ws_put_frame(struct buf *b, enum ws_opcode opcode, struct str payload);

/* Appends a text or binary frame, deflated; plain when that is not longer (very short texts), which
 * every peer must understand as well (RFC 7692 section 6). */
void ws_put_deflated(struct buf *b, enum ws_opcode opcode, struct str payload, struct deflater *d);

/* Appends a close frame; WS_CLOSE_NO_CODE: without code and reason. Any other code must be valid.
 * The reason, UTF-8, is cut to fit, at a character's end. */
void ws_put_close(struct buf *b, uint16_t code, struct str reason);

/* Whether a close frame may carry this code (RFC 6455 section 7.4 and IANA's registry: 1000-1003,
 * 1007-1014 and 3000-4999; 1004-1006, 1015 and unassigned ones may not). */
bool ws_close_code_is_valid(uint16_t code);

/* The handshake (RFC 6455 section 4.2). */

#define WS_ACCEPT_BYTES 28

/* Writes the Sec-WebSocket-Accept value (no terminator) for a Sec-WebSocket-Key. ERR_PROTO: the key
 * is not 16 bytes of base64: answer 400. */
enum err ws_accept_of(struct str key, char out[WS_ACCEPT_BYTES]) MUST_USE;

/* What was agreed about permessage-deflate. */
struct ws_deflate_terms {
    bool is_on;
    bool is_window_asked;          // the client named a server window, so the answer must
    uint8_t server_window_bits;    // 9..15
};

/* Whether a client's Sec-WebSocket-Extensions value keeps to the grammar of RFC 6455 section 9.1,
 * which says to refuse the handshake (400) if it does not. Empty is fine. */
bool ws_extensions_are_valid(struct str offers);

/* Reads the Sec-WebSocket-Extensions value of a client and accepts the first permessage-deflate
 * offer that is valid and asks for a server window of at least window_bits_min (15: only full
 * windows, so that one compressed frame fits all). Nothing acceptable, or no valid value at all:
 * is_on false, which is no error (RFC 7692 section 5.1). An offer of 8 bits is never accepted: zlib
 * cannot keep to it. */
void ws_negotiate_deflate(struct str offers, uint8_t window_bits_min, struct ws_deflate_terms *out);

/* Appends the value of the Sec-WebSocket-Extensions response header for terms that are on. */
void ws_put_deflate_terms(struct buf *b, const struct ws_deflate_terms *terms);

#endif
