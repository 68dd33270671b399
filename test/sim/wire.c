/* A client's bytes: the upgrade, frames both ways, and what a network does to them. */
#include <stdio.h>

#include "auth/jwt.h"
#include "base/clock.h"
#include "test/sim/world.h"

#define IN_BYTES_MAX (8u << 20)
#define OUT_BYTES_MAX (8u << 20)
#define SECRET "a secret of the simulator, long enough for anybody"
#define TOKEN_S 1000000
#define TOKEN_SHORT_S 4

void client_init(struct client *c, struct world *w, uint32_t index) {
    *c = (struct client){ .w = w, .index = index };
    c->out = BUF_INIT(OUT_BYTES_MAX);
    c->in = BUF_INIT(IN_BYTES_MAX);
    c->batch = BUF_INIT(OUT_BYTES_MAX);
    (void)snprintf(c->address, sizeof c->address, "10.%u.%u.%u", index >> 16 & 255,
                   index >> 8 & 255, index & 255);
}

void client_fini(struct client *c) {
    buf_fini(&c->out);
    buf_fini(&c->in);
    buf_fini(&c->batch);
    xfree(c->wishes);
    xfree(c->subs);
    xfree(c->unacked);
}

/* ---- out */

/* Something more is to go: in one of the ways networks have. */
static void go_up(struct client *c) {
    struct world *w = c->w;
    if (!c->is_up_due && c->link != NULL) {
        c->is_up_due = true;
        uint64_t in_us = world_below(w, 3000) + (world_one_in(w, 30) ? world_below(w, 150000) : 0);
        world_add(w, in_us, DUE_UP, c->index, c->link_no);
    }
}

void wire_on_up(struct client *c) {
    size_t left = c->out.n - c->out_at;
    size_t n = MIN(left, fake_link_room(c->link));
    c->is_up_due = false;
    if (n > 1 && world_one_in(c->w, 6)) {
        n = 1 + world_below(c->w, world_one_in(c->w, 2) ? MIN(n, 8) : n);
    }
    if (n > 0) {
        fake_link_arrive(c->link, (struct str){ c->out.p + c->out_at, n });
        c->out_at += n;
    }
    if (c->out_at < c->out.n) {
        go_up(c);
    } else {
        buf_reset(&c->out);
        c->out_at = 0;
    }
}

void wire_raw(struct client *c, struct str bytes) {
    if (c->link != NULL) {
        buf_put_str(&c->out, bytes);
        CHECK(buf_ok(&c->out));
        go_up(c);
    }
}

/* One masked frame. */
static void put_frame(struct client *c, unsigned first, struct str payload) {
    struct buf *b = &c->w->scratch;
    uint32_t mask = (uint32_t)rng_u64(&c->w->rng);
    uint8_t key[4];
    memcpy(key, &mask, sizeof key);
    buf_reset(b);
    buf_put_char(b, (char)first);
    if (payload.n < 126) {
        buf_put_char(b, (char)(0x80 | payload.n));
    } else if (payload.n < 65536) {
        char head[3] = { (char)(0x80 | 126), (char)(payload.n >> 8), (char)payload.n };
        buf_put(b, head, sizeof head);
    } else {
        buf_put_char(b, (char)(0x80 | 127));
        for (int shift = 56; shift >= 0; shift -= 8) {
            buf_put_char(b, (char)(payload.n >> shift));
        }
    }
    buf_put(b, key, sizeof key);
    for (size_t i = 0; i < payload.n; i++) {
        buf_put_char(b, (char)((uint8_t)payload.p[i] ^ key[i % 4]));
    }
    wire_raw(c, buf_str(b));
}

void wire_frame(struct client *c, enum ws_opcode opcode, struct str payload) {
    put_frame(c, 0x80u | (unsigned)opcode, payload);
}

/* In fragments, with a ping between them. */
static void say_in_pieces(struct client *c, unsigned first, struct str payload) {
    size_t cut = world_below(c->w, payload.n);
    put_frame(c, first, (struct str){ payload.p, cut });
    if (world_one_in(c->w, 2)) {
        wire_frame(c, WS_PING, STR_LIT("?"));
    }
    put_frame(c, 0x80u | WS_CONTINUATION, (struct str){ payload.p + cut, payload.n - cut });
}

void wire_say(struct client *c, struct str json) {
    SCOPED(buf_fini) struct buf packed = BUF_INIT(OUT_BYTES_MAX);
    unsigned first = WS_TEXT;
    if (c->has_deflate && world_one_in(c->w, 2)) {
        deflater_put(c->w->deflater, &packed, json);
        CHECK(buf_ok(&packed));
        json = buf_str(&packed);
        first |= 0x40;
    }
    if (json.n > 1 && world_one_in(c->w, 20)) {
        say_in_pieces(c, first, json);
    } else {
        put_frame(c, 0x80u | first, json);
    }
}

/* ---- opening */

static void put_token(struct client *c, struct buf *out) {
    struct world *w = c->w;
    const struct person *p = &w->persons[c->person];
    bool is_short = (c->traits & TRAIT_SHORT) != 0 && w->stage == STAGE_STORM;
    uint64_t ttl_s = is_short ? TOKEN_SHORT_S : TOKEN_S;
    c->has_bad_token =
        (c->traits & TRAIT_RUDE) != 0 && w->stage == STAGE_STORM && world_one_in(w, 20);
    jwt_mint(&(struct jwt_mint){ .secret = c->has_bad_token ? STR_LIT(SECRET "!") : STR_LIT(SECRET),
                                 .user_id = p->id,
                                 .username = str_of(p->name),
                                 .ttl_s = ttl_s,
                                 .now_s = clock_wall_ms() / 1000 },
             out);
    c->expires_us = is_short ? world_us() + ttl_s * SECOND_US : UINT64_MAX;
}

static void ask_for_upgrade(struct client *c) {
    SCOPED(buf_fini) struct buf req = BUF_INIT(8192);
    bool is_in_query = world_one_in(c->w, 3);
    buf_put_str(&req, (c->traits & TRAIT_ENVELOPE) != 0 ? STR_LIT("GET /ws/chat")
                                                        : STR_LIT("GET /ws/hub"));
    if (is_in_query) {
        BUF_PUT_LIT(&req, "?token=");
        put_token(c, &req);
    }
    BUF_PUT_LIT(&req, " HTTP/1.1\r\nHost: sim\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                      "Sec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    if (!is_in_query) {
        BUF_PUT_LIT(&req, "Authorization: Bearer ");
        put_token(c, &req);
        BUF_PUT_LIT(&req, "\r\n");
    }
    if ((c->traits & TRAIT_DEFLATES) != 0) {
        BUF_PUT_LIT(&req, "Sec-WebSocket-Extensions: permessage-deflate; "
                          "client_no_context_takeover; server_no_context_takeover\r\n");
    }
    if ((c->traits & TRAIT_LURKS) == 0 || c->w->stage != STAGE_STORM || world_one_in(c->w, 2)) {
        BUF_PUT_LIT(&req, "\r\n");
    }
    CHECK(buf_ok(&req));
    wire_raw(c, buf_str(&req));
}

static void forget_link(struct client *c) {
    if (c->is_operator) {
        operator_lost(c);
    }
    c->wish_count = 0;
    c->sub_count = 0;
    buf_reset(&c->out);
    buf_reset(&c->in);
    c->out_at = 0;
    c->is_up_due = false;
    c->is_down_due = false;
    c->has_deflate = false;
    c->has_bad_token = false;
    c->deaf_until_us = 0;
    c->was_deaf = false;
    c->provoked = 0;
    c->close_code = 0;
    c->status = 0;
    c->is_proved = false;
}

void wire_open(struct client *c) {
    struct world *w = c->w;
    struct host *h = &w->host;
    if (h->is_up) {
        c->link = fake_link_new(&h->net, host_some_loop(w),
                                c->is_operator ? HOST_OPERATOR_FD : HOST_HTTP_FD,
                                c->is_operator ? "unix" : c->address, c);
    }
    if (c->link == NULL) {
        act_later(c, 100000 + world_below(w, 200000));    // nobody listens
        return;
    }
    forget_link(c);
    c->link->down_bytes_max = world_one_in(w, 4) ? 4096 : FAKE_SOCKET_BYTES;
    c->link_no++;
    c->generation = h->generation;
    c->opened_us = world_us();
    c->open_lo = w->truth.order;
    c->state = c->is_operator ? CLIENT_ON : CLIENT_SHAKING;
    trace_step(&w->trace, "connect: client, link", c->index, c->link_no);
    if (!c->is_operator) {
        ask_for_upgrade(c);
    }
}

void wire_close(struct client *c, enum wire_end how) {
    if (c->link == NULL) {
        return;
    }
    trace_step(&c->w->trace, how == WIRE_CUT ? "cut: client, link" : "gone: client, link", c->index,
               c->link_no);
    c->w->seen[SEEN_cut] += how != WIRE_FIN;
    if (how != WIRE_CUT) {
        fake_link_end(c->link, how == WIRE_RESET);
    }
    fake_link_free(&c->link);
    c->link_no++;
    c->state = CLIENT_AWAY;
    forget_link(c);
    act_later(c, 20000 + world_below(c->w, 600000));
}

/* ---- in */

void wire_on_net(struct client *c) {
    struct world *w = c->w;
    if (!c->is_down_due) {
        uint64_t in_us = world_below(w, 2000) + (world_one_in(w, 40) ? world_below(w, 100000) : 0);
        uint64_t at_us = world_us() + in_us;
        c->is_down_due = true;
        world_add(w, at_us < c->deaf_until_us ? c->deaf_until_us - world_us() : in_us, DUE_DOWN,
                  c->index, c->link_no);
    }
}

void wire_deafen(struct client *c, uint64_t until_us) {
    c->deaf_until_us = until_us;
    c->was_deaf = true;
}

/* Takes a frame off the front of `in`; false: it is not whole yet. */
static bool next_frame(struct client *c, size_t *at, uint8_t *first, struct str *payload) {
    const uint8_t *p = (const uint8_t *)c->in.p + *at;
    size_t left = c->in.n - *at;
    size_t head = 2;
    if (left < head) {
        return false;
    }
    uint64_t n = p[1];
    size_t length_bytes = n == 126 ? 2 : n == 127 ? 8 : 0;
    head += length_bytes;
    if (left < head) {
        return false;
    }
    for (size_t i = 0; i < length_bytes; i++) {
        n = (i == 0 ? 0 : n << 8) | p[2 + i];
    }
    if (left - head < n) {
        return false;
    }
    *first = p[0];
    *payload = (struct str){ (const char *)p + head, n };
    *at += head + n;
    return true;
}

static void hear_text(struct client *c, bool is_packed, struct str payload) {
    SCOPED(buf_fini) struct buf plain = BUF_INIT(IN_BYTES_MAX);
    if (is_packed) {
        c->w->seen[SEEN_deflated]++;
        bool is_fine = c->has_deflate && inflater_put(c->w->inflater, &plain, payload) == OK;
        if (!is_fine) {
            trace_fail(&c->w->trace, "wire", "client %u cannot unpack a frame", c->index);
            return;
        }
        payload = buf_str(&plain);
    }
    hear_frame(c, payload);
}

static void on_frame(struct client *c, uint8_t first, struct str payload) {
    switch (first & 0x0f) {
    case WS_TEXT: hear_text(c, (first & 0x40) != 0, payload); break;
    case WS_PING: wire_frame(c, WS_PONG, payload); break;
    case WS_PONG: break;
    case WS_CLOSE:
        hear_close(c, payload.n < 2
                          ? WS_CLOSE_NO_CODE
                          : (uint16_t)((uint8_t)payload.p[0] << 8 | (uint8_t)payload.p[1]));
        break;
    default: trace_fail(&c->w->trace, "wire", "client %u gets a frame %02x", c->index, first);
    }
}

static void take_frames(struct client *c) {
    size_t at = 0;
    uint8_t first = 0;
    struct str payload;
    uint32_t link_no = c->link_no;
    while (c->link_no == link_no && next_frame(c, &at, &first, &payload)) {
        if ((first & 0x80) == 0 || (first & 0x30) != 0) {
            trace_fail(&c->w->trace, "wire", "client %u gets a frame %02x", c->index, first);
        }
        if (c->close_code != 0) {
            trace_fail(&c->w->trace, "wire", "client %u gets a frame behind the close frame",
                       c->index);
        }
        on_frame(c, first, payload);
    }
    if (c->link_no == link_no) {
        buf_drop(&c->in, at);
    }
}

static void take_lines(struct client *c) {
    uint32_t link_no = c->link_no;
    size_t at = 0;
    while (c->link_no == link_no) {
        struct str rest = { c->in.p + at, c->in.n - at };
        size_t n = str_find(rest, '\n');
        if (n == rest.n) {
            break;
        }
        at += n + 1;
        operator_hear(c, (struct str){ rest.p, n });
    }
    if (c->link_no == link_no) {
        buf_drop(&c->in, at);
    }
}

/* The answer to the upgrade. */
static void take_head(struct client *c) {
    struct str all = buf_str(&c->in);
    const char *end = all.n < 4 ? NULL : memmem(all.p, all.n, "\r\n\r\n", 4);
    if (end == NULL || c->status != 0) {
        return;
    }
    size_t head_bytes = (size_t)(end - all.p) + 4;
    uint64_t status = 0;
    if (head_bytes < 14 || str_to_u64((struct str){ all.p + 9, 3 }, &status) != OK) {
        trace_fail(&c->w->trace, "wire", "client %u gets no HTTP", c->index);
        return;
    }
    c->has_deflate = memmem(all.p, head_bytes, "permessage-deflate", 18) != NULL;
    c->status = (unsigned)status;
    buf_drop(&c->in, head_bytes);
    hear_status(c, (unsigned)status);
}

static void take(struct client *c) {
    if (c->is_operator) {
        take_lines(c);
        return;
    }
    if (c->state == CLIENT_SHAKING) {
        take_head(c);
    }
    if (c->state == CLIENT_ON || c->state == CLIENT_LEAVING) {
        take_frames(c);
    }
}

void wire_on_down(struct client *c) {
    struct world *w = c->w;
    c->is_down_due = false;
    if (world_us() < c->deaf_until_us) {
        wire_on_net(c);
        return;
    }
    size_t n = fake_pipe_bytes(&c->link->down);
    if (c->link->is_down_reset && world_one_in(w, 2)) {
        n = world_below(w, n + 1);    // the rest is lost
        c->link->down.bytes.n = c->link->down.at + n;
    }
    if (n > 1 && world_one_in(w, 8)) {
        n = 1 + world_below(w, n);
    }
    uint32_t link_no = c->link_no;
    if (n > 0) {
        fake_link_take(c->link, n, &c->in);
        take(c);
    }
    if (c->link_no != link_no) {
        return;
    }
    if (fake_pipe_bytes(&c->link->down) > 0) {
        wire_on_net(c);
    } else if (c->link->is_down_ended || c->link->is_down_reset) {
        hear_end(c);
    }
}
