/* The port upwards from bytes to chat: a framing turns a stream of bytes into whole messages, and a
 * whole message into bytes. Dialects see messages; which framing carried them they do not know.
 *
 *     conn ──bytes──> framing.feed ──on_message──> session ──> dialect decode
 *     conn <──bytes── outbox <── framing.put_message <──────── dialect encode
 *
 * Encoding is stateless on purpose: a message for a thousand members is framed once and the bytes
 * are shared. Only feeding has state, and it is small while nothing is half received.
 *
 * However the network cuts the bytes, the same callbacks come in the same order.
 *
 * Thread   a state belongs to the worker of its connection.
 * Memory   what a callback is given is borrowed until it returns.
 * Bound    struct link_limits. */
#ifndef PARLOIR_NET_LINK_H
#define PARLOIR_NET_LINK_H

#include "base/buf.h"
#include "base/str.h"

enum link_kind { LINK_TEXT, LINK_BINARY };

/* Who hears of what comes out of a stream. Callbacks may not free the state they are called from;
 * they return, and what must end ends afterwards. */
struct link_sink {
    /* One whole message; text is valid UTF-8. `payload` is borrowed until the return. false: feed
     * no more for now (feed returns right behind this message, the rest unconsumed). */
    bool (*on_message)(void *ctx, enum link_kind kind, struct str payload);

    /* Framed bytes the framing wants sent back, in order (a pong). Borrowed. The session counts
     * them: a peer that asks for too many in a second is a flood (1008). */
    void (*on_reply)(void *ctx, struct str framed);

    /* The peer's close frame arrived (by_peer), or the framing refuses to go on: 1002 protocol,
     * 1007 not UTF-8 or not DEFLATE, 1008 too many fragments or far longer packed than
     * unpacked, 1009 too big. `code` is what the
     * close frame we send must carry (1005: send one without a code). The last callback. */
    void (*on_closing)(void *ctx, uint16_t code, bool by_peer);

    /* A pong arrived, asked for or not. May be NULL. */
    void (*on_pong)(void *ctx);
};

/* May differ from one feed to the next (less before authentication than after). */
struct link_limits {
    size_t message_bytes_max;     // a whole message, unpacked
    size_t message_frames_max;    // fragments of one message
};

#endif
