/* What WebSocket framing costs on one core, without a socket.
 *
 *     ws_bench [SECONDS]
 *
 * feed      masked frames, back to back in a buffer of 64 KiB as a read would leave them: header,
 *           unmasking, UTF-8, on_message. `cut` feeds the same bytes 1,000 at a time, so that most
 *           messages over that size are gathered in a half.
 * inflate   the same with deflated frames.   deflate   making those frames.
 *
 * GB/s counts payload, unpacked. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "net/ws.h"

#define READ_BYTES 65536
#define CUT_BYTES 1000

static const char ascii[] = "The quick brown fox said hello to everybody in room 42, twice. ";
static const char mixed[] =
    "Voil\xc3\xa0 l'\xc3\xa9t\xc3\xa9, \xf0\x9f\x98\x80 d\xc3\xa9j\xc3\xa0. ";

struct heard {
    uint64_t messages;
    uint64_t bytes;
};

static bool on_message(void *ctx, __attribute__((unused)) enum link_kind kind, struct str payload) {
    struct heard *heard = ctx;
    heard->messages++;
    heard->bytes += payload.n;
    return true;
}

static void on_reply(__attribute__((unused)) void *ctx, __attribute__((unused)) struct str framed) {
}

static void on_closing(__attribute__((unused)) void *ctx, uint16_t code,
                       __attribute__((unused)) bool by_peer) {
    fprintf(stderr, "closed with %u\n", code);
    abort();
}

static const struct link_sink sink = { on_message, on_reply, on_closing, NULL };

/* A text of exactly `bytes`. */
static struct buf message_of(const char *text, size_t bytes) {
    struct buf message = BUF_INIT(READ_BYTES);
    while (message.n + strlen(text) <= bytes) {
        buf_put_str(&message, str_of(text));
    }
    while (message.n < bytes) {
        buf_put_char(&message, '.');
    }
    return message;
}

/* A client's frames of `bytes` each, as many as fit a read. The mask is zero: it costs the same
 * work and leaves the buffer as it was for the next round. */
static struct buf frames_of(const char *text, size_t bytes, struct deflater *d) {
    struct buf message = message_of(text, bytes);
    struct buf frame = BUF_INIT(2 * READ_BYTES);
    if (d != NULL) {
        ws_put_deflated(&frame, WS_TEXT, buf_str(&message), d);
    } else {
        ws_put_frame(&frame, WS_TEXT, buf_str(&message));
    }
    uint8_t length = (uint8_t)frame.p[1];
    size_t head_bytes = length < 126 ? 2 : length == 126 ? 4 : 10;
    struct buf frames = BUF_INIT(2 * READ_BYTES);
    do {
        buf_put(&frames, frame.p, head_bytes);
        frames.p[frames.n - head_bytes + 1] |= (char)0x80;
        buf_put(&frames, "\0\0\0\0", 4);
        buf_put(&frames, frame.p + head_bytes, frame.n - head_bytes);
    } while (frames.n + frame.n + 4 <= READ_BYTES);
    buf_fini(&message);
    buf_fini(&frame);
    return frames;
}

static void print(const char *what, const char *text, size_t bytes, struct heard heard,
                  uint64_t us) {
    printf("%-8s %-6s %6zu %10.1f %14.0f %8.2f\n", what, text, bytes,
           (double)us * 1000 / (double)heard.messages, (double)heard.messages * 1e6 / (double)us,
           (double)heard.bytes / 1000 / (double)us);
}

static void run_feed(const char *what, const char *text, size_t bytes, uint64_t us_min,
                     size_t cut) {
    SCOPED(inflater_free) struct inflater *inflater = inflater_new();
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    bool is_deflated = strcmp(what, "inflate") == 0;
    SCOPED(buf_fini) struct buf in = frames_of(text, bytes, is_deflated ? d : NULL);
    const struct ws_shared shared = { { READ_BYTES, 100 }, inflater };
    struct ws ws = { .has_deflate = is_deflated };
    struct heard heard = { 0 };
    uint64_t start = clock_mono_us();
    while (clock_mono_us() - start < us_min) {
        for (size_t at = 0; at < in.n; at += cut) {
            ws_feed(&ws, &shared, (uint8_t *)in.p + at, MIN(cut, in.n - at), &sink, &heard);
        }
    }
    print(what, text == ascii ? "ascii" : "mixed", bytes, heard, clock_mono_us() - start);
    ws_fini(&ws);
}

static void run_deflate(size_t bytes, uint64_t us_min) {
    SCOPED(deflater_free) struct deflater *d = deflater_new(15, 6);
    SCOPED(buf_fini) struct buf out = BUF_INIT(2 * READ_BYTES);
    SCOPED(buf_fini) struct buf message = message_of(ascii, bytes);
    struct heard heard = { 0 };
    uint64_t start = clock_mono_us();
    while (clock_mono_us() - start < us_min) {
        buf_reset(&out);
        ws_put_deflated(&out, WS_TEXT, buf_str(&message), d);
        heard.messages++;
        heard.bytes += message.n;
    }
    print("deflate", "ascii", message.n, heard, clock_mono_us() - start);
}

int main(int argc, char **argv) {
    static const size_t sizes[] = { 32, 200, 1000, 4096, 60000 };
    uint64_t us = (uint64_t)((argc > 1 ? strtod(argv[1], NULL) : 0.5) * 1e6);
    printf("what     text    bytes ns/message     messages/s     GB/s\n");
    for (size_t i = 0; i < COUNT(sizes); i++) {
        run_feed("feed", ascii, sizes[i], us, READ_BYTES);
        run_feed("feed", mixed, sizes[i], us, READ_BYTES);
        run_feed("cut", ascii, sizes[i], us, CUT_BYTES);
        run_feed("inflate", ascii, sizes[i], us, READ_BYTES);
        run_deflate(sizes[i], us);
    }
    return 0;
}
