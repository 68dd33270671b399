/* Talk: the hub's frames, the envelope's, Socket.IO's packets with the same content, and bare
 * bytes.
 *
 *     hub        {"type":"message","data":{...}}            {"type":"join_ack",...}
 *     envelope   {"type":"room_message","data":{...}}       {"type":"join_room_ack",...}
 *     socket.io  42["message",{...}]                        42["join_ack",...]
 *
 * Every client counts what it hears, and where messages have a seq, each must follow the one
 * before: nothing lost, nothing twice, nothing out of order. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "bench/load.h"

#define FAULTS_SHOWN_MAX 10
#define OPCODE_TEXT 1
#define OPCODE_CLOSE 8
#define RSV1 0x40               // the payload is compressed
#define HALF_SPARE_BYTES 512    // so that a growing half frame does not move each time

void die(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

void talk_fault(struct load *l, const char *fmt, ...) {
    if (++l->errors > FAULTS_SHOWN_MAX) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    fputs("load: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
}

/* ---- out */

void talk_write(int fd, const char *p, size_t n) {
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            die("send");
        }
        p += MAX(sent, 0);
        n -= (size_t)MAX(sent, 0);
    }
}

/* Sends a masked text frame; the mask is zero, which is allowed and keeps the driver cheap. The
 * payload was put into l->frame behind room for the longest header. */
static void send_frame(struct load *l, const struct client *c) {
    size_t n = l->frame.n;
    char head[8];
    size_t at = 0;
    head[at++] = (char)0x81;
    if (n < 126) {
        head[at++] = (char)(0x80 | n);
    } else {
        head[at++] = (char)(0x80 | 126);
        head[at++] = (char)(n >> 8);
        head[at++] = (char)(n & 0xff);
    }
    memset(head + at, 0, 4);
    at += 4;
    CHECK(buf_ok(&l->frame));
    struct iovec iov[] = { { head, at }, { l->frame.p, n } };
    struct msghdr msg = { .msg_iov = iov, .msg_iovlen = COUNT(iov) };
    ssize_t sent = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
    if (sent != (ssize_t)(at + n)) {
        die("send");    // a sender waits for its messages: its socket is never full
    }
}

static void join(struct load *l, const struct client *c) {
    buf_reset(&l->frame);
    if (l->opt.proto == PROTO_SOCKETIO) {
        buf_printf(&l->frame, "42[\"join\",{\"room\":\"bench-%d\"}]", c->room);
    } else if (l->opt.proto == PROTO_ENVELOPE) {
        buf_printf(&l->frame, "{\"type\":\"join_room\",\"data\":{\"room\":\"bench-%d\"}}", c->room);
    } else {
        buf_printf(&l->frame, "{\"type\":\"join\",\"room\":\"bench-%d\"}", c->room);
    }
    send_frame(l, c);
}

static void say_packet(struct load *l, const struct client *c, struct str packet) {
    buf_reset(&l->frame);
    buf_put_str(&l->frame, packet);
    send_frame(l, c);
}

void talk_say(struct load *l, int room) {
    const struct client *c = &l->clients[room * l->opt.members];
    struct room *r = &l->rooms[room];
    r->sent_us[r->said++ % INFLIGHT_MAX] = clock_mono_us();
    if (l->opt.proto == PROTO_RAW) {
        talk_write(c->fd, "x", 1);
        return;
    }
    static const struct {
        const char *before;
        const char *behind;
    } shapes[] = {
        [PROTO_HUB] = { "{\"type\":\"message\",", "" },
        [PROTO_ENVELOPE] = { "{\"type\":\"room_message\",\"data\":{", "}" },
        [PROTO_SOCKETIO] = { "42[\"message\",{", "]" },
    };
    buf_reset(&l->frame);
    buf_printf(&l->frame, "%s\"room\":\"bench-%d\",\"content\":\"%.*s\"}%s",
               shapes[l->opt.proto].before, room, l->opt.bytes, l->content,
               shapes[l->opt.proto].behind);
    send_frame(l, c);
}

/* ---- in */

/* Whether the payload is of this type, said in any of the protocols. */
static bool is_one(struct str payload, const char *const types[3]) {
    for (int i = 0; i < 3; i++) {
        if (str_starts(payload, str_of(types[i]))) {
            return true;
        }
    }
    return false;
}

/* A room's clock has heard one of its messages. */
static void note_own(struct load *l, int room) {
    struct room *r = &l->rooms[room];
    uint64_t us = clock_mono_us() - r->sent_us[r->heard++ % INFLIGHT_MAX];
    if (l->is_counting && l->latency_count < LATENCIES_MAX) {
        l->latency_us[l->latency_count++] = (uint32_t)MIN(us, UINT32_MAX);
    }
    l->messages += l->is_counting;
    if (l->is_answering) {
        talk_say(l, room);
    }
}

static void check_seq(struct load *l, struct client *c, struct str payload) {
    const char *at = memmem(payload.p, payload.n, "\"seq\":", 6);
    uint64_t seq = at == NULL ? 0 : strtoull(at + 6, NULL, 10);
    if (seq == 0 || (c->last_seq != 0 && seq != c->last_seq + 1)) {
        talk_fault(l, "seq %llu after %llu", (unsigned long long)seq,
                   (unsigned long long)c->last_seq);
    }
    c->last_seq = seq;
}

static void on_message(struct load *l, struct client *c, struct str payload) {
    l->heard++;
    l->deliveries += l->is_counting;
    c->heard++;
    if (l->opt.proto != PROTO_RAW) {
        check_seq(l, c, payload);
    }
    if (c->is_clock) {
        note_own(l, c->room);
    }
}

/* Engine.IO's and Socket.IO's own packets: open, ping, connected. */
static bool is_transport(struct load *l, struct client *c, struct str payload) {
    if (l->opt.proto != PROTO_SOCKETIO) {
        return false;
    }
    if (str_starts(payload, STR_LIT("0"))) {
        say_packet(l, c, STR_LIT("40"));
    } else if (str_starts(payload, STR_LIT("40"))) {
        join(l, c);
    } else if (str_eq(payload, STR_LIT("2"))) {
        say_packet(l, c, STR_LIT("3"));
    } else {
        return false;
    }
    return true;
}

static void on_payload(struct load *l, struct client *c, struct str payload) {
    static const char *const message[] = { "{\"type\":\"message\"", "{\"type\":\"room_message\"",
                                           "42[\"message\"" };
    static const char *const joined[] = { "{\"type\":\"join_ack\"", "{\"type\":\"join_room_ack\"",
                                          "42[\"join_ack\"" };
    if (is_one(payload, message)) {
        on_message(l, c, payload);
    } else if (is_one(payload, joined)) {
        c->state = CLIENT_IN;
        l->joined++;
    } else if (!str_starts(payload, STR_LIT("{\"type\":\"user_connected\"")) &&
               !is_transport(l, c, payload)) {
        talk_fault(l, "unexpected: %.*s", STR_FMT(payload));
    }
}

/* What a compressed payload says. All members of a room hear the same bytes, so they are unpacked
 * once: a load driver that is slower than the server measures itself. */
static struct str unpacked(struct load *l, struct str packed) {
    uint32_t hash = 0;
    for (size_t i = 0; i < packed.n; i += 3) {
        hash = hash * 31 + (unsigned char)packed.p[i];
    }
    struct heard_once *once = &l->once[hash % ONCE_MAX];
    if (!str_eq(packed, buf_str(&once->packed))) {
        buf_reset(&once->packed);
        buf_reset(&once->unpacked);
        buf_put_str(&once->packed, packed);
        if (inflater_put(l->inflater, &once->unpacked, packed) != OK) {
            talk_fault(l, "a frame cannot be unpacked");
        }
    }
    return buf_str(&once->unpacked);
}

/* Takes whole frames off the front; returns the bytes taken. */
static size_t take_frames(struct load *l, struct client *c, const char *p, size_t n) {
    size_t at = 0;
    while (n - at >= 2) {
        size_t head_bytes = 2;
        size_t bytes = (uint8_t)p[at + 1] & 0x7f;
        if (bytes == 126 && n - at >= 4) {
            bytes = (size_t)(uint8_t)p[at + 2] << 8 | (uint8_t)p[at + 3];
            head_bytes = 4;
        }
        if (n - at < head_bytes + bytes) {
            break;
        }
        unsigned opcode = (uint8_t)p[at] & 0x0f;
        struct str payload = { p + at + head_bytes, bytes };
        if ((p[at] & RSV1) != 0 && l->inflater != NULL) {
            payload = unpacked(l, payload);
        }
        if (opcode == OPCODE_TEXT) {
            on_payload(l, c, payload);
        } else if (opcode == OPCODE_CLOSE) {
            talk_fault(l, "closed by the server");
        }
        at += head_bytes + bytes;
    }
    return at;
}

/* The 101; then the client joins, or waits for Socket.IO's opening. */
static size_t take_upgrade(struct load *l, struct client *c, const char *p, size_t n) {
    const char *end = memmem(p, n, "\r\n\r\n", 4);
    if (end == NULL) {
        return 0;
    }
    if (!str_starts((struct str){ p, n }, STR_LIT("HTTP/1.1 101"))) {
        fprintf(stderr, "load: refused: %.*s\n", (int)n, p);
        exit(1);
    }
    c->state = CLIENT_JOINING;
    if (l->opt.proto == PROTO_HUB || l->opt.proto == PROTO_ENVELOPE) {
        join(l, c);
    }
    return (size_t)(end - p) + 4;
}

size_t talk_recall(struct load *l, struct client *c) {
    if (c->half_bytes > 0) {
        memcpy(l->read_buf, c->half, c->half_bytes);
    }
    return c->half_bytes;
}

static void keep_half(struct client *c, const char *p, size_t n) {
    if (n > c->half_cap) {
        c->half_cap = (uint32_t)n + HALF_SPARE_BYTES;
        c->half = xrealloc(c->half, c->half_cap);
    }
    if (n > 0) {
        memcpy(c->half, p, n);
    }
    c->half_bytes = (uint32_t)n;
}

void talk_hear(struct load *l, struct client *c, size_t n) {
    const char *p = l->read_buf;
    size_t taken = 0;
    l->bytes += l->is_counting ? n : 0;
    n += c->half_bytes;
    if (c->state == CLIENT_UPGRADING) {
        taken = take_upgrade(l, c, p, n);
    }
    if (c->state != CLIENT_UPGRADING) {
        taken += take_frames(l, c, p + taken, n - taken);
    }
    keep_half(c, p + taken, n - taken);
}
