/* For tests and fuzz targets: feeds WebSocket bytes in pieces and writes down what comes out.
 *
 *     text(hello) reply(8a00) pong closed(1000)
 *
 * A payload over WS_TAPE_SHOWN_BYTES is written as its length, #70000; `hash` covers all bytes.
 * Every piece is fed from memory of exactly its size, so that AddressSanitizer sees a byte
 * too far. */
#ifndef PARLOIR_NET_WS_TAPE_H
#define PARLOIR_NET_WS_TAPE_H

#include "net/ws.h"

#define WS_TAPE_SHOWN_BYTES 48

struct ws_tape_setup {
    struct link_limits limits;
    bool has_deflate;
    bool stops;    // on_message always says stop; the rest is fed again
};

struct ws_tape {
    struct buf log;
    uint64_t hash;
    size_t message_count;
    size_t stop_count;    // how often a feed came back early
    bool has_half;        // something was half received at the end
    bool stops;
};

/* Feeds the n bytes at p, `cut` at a time, to a new connection. Returns an owned tape. */
struct ws_tape *ws_tape_feed(const struct ws_tape_setup *setup, const void *p, size_t n,
                             size_t cut);
void ws_tape_free(struct ws_tape **tape);

/* Whether the same came out. */
bool ws_tape_same(const struct ws_tape *a, const struct ws_tape *b);

/* Appends a client's frame: `first` is the first byte (FIN, RSV, opcode), the mask is 37 fa
 * 21 3d. */
void ws_tape_put_frame(struct buf *b, uint8_t first, struct str payload);

#endif
