/* Guests: see guest.h. The client's half of WebSocket, as short as it can be: no fragments come
 * from this server, and no compression was offered. */
#include "test/talk/guest.h"

#include "net/ws.h"
#include "test/fakes/net.h"

#define REQUEST_BYTES_MAX 16384

struct came {
    struct node on_guest;
    size_t n;
    char text[];
};

/* Where a dialect is spoken. */
static const struct {
    struct str name;
    struct str path;
} places[] = {
    { STR_LIT("envelope"), STR_LIT("/ws/chat") },
    { STR_LIT("hub"), STR_LIT("/ws/hub") },
    { STR_LIT("envelope"), STR_LIT("/ws/chat") },
};

static void look(struct onlooker *o);

void guest_init(struct guest *g, struct stage *stage) {
    *g = (struct guest){ .stage = stage, .onlooker.look = look };
    g->bytes = BUF_INIT(SIZE_MAX / 2);
    list_init(&g->came);
}

static void forget(struct guest *g) {
    list_drop(&g->onlooker.on_stage);
    fake_link_free(&g->link);
    buf_reset(&g->bytes);
}

static void drop_all(struct guest *g) {
    for (struct node *n; (n = list_pop(&g->came)) != NULL;) {
        xfree(CONTAINER_OF(n, struct came, on_guest));
    }
}

void guest_fini(struct guest *g) {
    forget(g);
    drop_all(g);
    buf_fini(&g->bytes);
}

/* ---- out */

/* What the socket does not take at once waits until the server has read. */
static void send_bytes(struct guest *g, struct str bytes) {
    while (bytes.n > 0 && g->link != NULL && g->link->loop != NULL && !g->link->is_down_reset) {
        size_t n = MIN(bytes.n, fake_link_room(g->link));
        if (n == 0) {
            stage_run(g->stage);    // it reads some, or lets go of the link
            CHECK(g->link == NULL || fake_link_room(g->link) > 0);
            continue;
        }
        fake_link_arrive(g->link, (struct str){ bytes.p, n });
        bytes = (struct str){ bytes.p + n, bytes.n - n };
    }
}

static void send_frame(struct guest *g, enum ws_opcode opcode, struct str payload) {
    static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
    SCOPED(buf_fini) struct buf frame = BUF_INIT(SIZE_MAX / 2);
    ws_put_header(&frame, opcode, false, payload.n);
    frame.p[1] = (char)(frame.p[1] | 0x80);
    buf_put(&frame, mask, sizeof mask);
    for (size_t i = 0; i < payload.n; i++) {
        buf_put_char(&frame, (char)((uint8_t)payload.p[i] ^ mask[i % 4]));
    }
    send_bytes(g, buf_str(&frame));
}

void guest_say(struct guest *g, struct str message) {
    if (g->is_operator) {
        send_bytes(g, message);
        send_bytes(g, STR_LIT("\n"));
    } else {
        send_frame(g, WS_TEXT, message);
    }
}

/* ---- in */

static void keep(struct guest *g, struct str text) {
    struct came *came = xzalloc(sizeof *came + text.n + 1);
    came->n = text.n;
    if (text.n > 0) {
        memcpy(came->text, text.p, text.n);
    }
    list_push(&g->came, &came->on_guest);
}

/* The answer's head, and of a refusal the body. false: not all of it is there. */
static bool read_head(struct guest *g) {
    const struct str end = STR_LIT("\r\n\r\n");
    struct str all = buf_str(&g->bytes);
    size_t at = 0;
    while (at < all.n && !str_starts((struct str){ all.p + at, all.n - at }, end)) {
        at++;
    }
    if (at == all.n) {
        return false;
    }
    uint64_t status = 0;
    enum err err = str_to_u64((struct str){ all.p + 9, 3 }, &status);
    CHECK(err == OK);
    g->status = (unsigned)status;
    g->state = status == 101 ? GUEST_HERE : GUEST_REFUSED;
    buf_drop(&g->bytes, at + end.n);
    return true;
}

static void answer_close(struct guest *g, struct str payload) {
    if (payload.n >= 2) {
        g->close_code = (uint16_t)((uint8_t)payload.p[0] << 8 | (uint8_t)payload.p[1]);
    }
    if (!g->has_said_goodbye) {
        g->has_said_goodbye = true;
        send_frame(g, WS_CLOSE, (struct str){ payload.p, MIN(payload.n, 2) });
    }
}

/* One frame of the server's. false: not all of it is there. */
static bool read_frame(struct guest *g) {
    const uint8_t *p = (const uint8_t *)g->bytes.p;
    size_t head = 2;
    if (g->bytes.n < 2) {
        return false;
    }
    size_t n = p[1] & 0x7f;
    head += n == 126 ? 2 : n == 127 ? 8 : 0;
    if (g->bytes.n < head) {
        return false;
    }
    if (head > 2) {
        n = 0;
        for (size_t i = 2; i < head; i++) {
            n = n << 8 | p[i];
        }
    }
    CHECK((p[0] & 0xf0) == 0x80 && (p[1] & 0x80) == 0);    // whole, plain and not masked
    if (g->bytes.n < head + n) {
        return false;
    }
    struct str payload = { g->bytes.p + head, n };
    switch ((enum ws_opcode)(p[0] & 0x0f)) {
    case WS_TEXT: keep(g, payload); break;
    case WS_PING: send_frame(g, WS_PONG, payload); break;
    case WS_CLOSE: answer_close(g, payload); break;
    case WS_PONG: break;
    case WS_BINARY:
    case WS_CONTINUATION: CHECK(!"this server sends whole texts");
    }
    buf_drop(&g->bytes, head + n);
    return true;
}

static bool read_line(struct guest *g) {
    struct str all = buf_str(&g->bytes);
    size_t n = str_find(all, '\n');
    if (n == all.n) {
        return false;
    }
    keep(g, (struct str){ all.p, n });
    buf_drop(&g->bytes, n + 1);
    return true;
}

static bool read_some(struct guest *g) {
    switch (g->state) {
    case GUEST_KNOCKING: return read_head(g);
    case GUEST_HERE: return g->is_operator ? read_line(g) : read_frame(g);
    case GUEST_AWAY:
    case GUEST_REFUSED:
    case GUEST_GONE: break;
    }
    return false;
}

static void on_end(struct guest *g) {
    if (g->state == GUEST_REFUSED && g->bytes.n > 0) {
        keep(g, str_trim(buf_str(&g->bytes)));
    }
    if (g->state == GUEST_HERE) {
        g->state = GUEST_GONE;
    }
    fake_link_end(g->link, false);
    forget(g);
}

static void look(struct onlooker *o) {
    struct guest *g = CONTAINER_OF(o, struct guest, onlooker);
    size_t n = fake_pipe_bytes(&g->link->down);
    if (n > 0) {
        fake_link_take(g->link, n, &g->bytes);
        while (read_some(g)) {
        }
    }
    if (g->link->is_down_ended || g->link->is_down_reset) {
        on_end(g);
    }
}

bool guest_has_heard(const struct guest *g, struct str *out) {
    if (list_is_empty(&g->came)) {
        return false;
    }
    const struct came *first = CONTAINER_OF(g->came.head.next, struct came, on_guest);
    *out = (struct str){ first->text, first->n };
    return true;
}

size_t guest_count(const struct guest *g) {
    size_t count = 0;
    for (const struct node *n = g->came.head.next; n != &g->came.head; n = n->next) {
        count++;
    }
    return count;
}

void guest_take(struct guest *g) {
    struct node *n = list_pop(&g->came);
    CHECK(n != NULL);
    xfree(CONTAINER_OF(n, struct came, on_guest));
}

/* ---- coming and going */

static void arrive(struct guest *g, enum stage_door door) {
    forget(g);
    drop_all(g);
    g->status = 0;
    g->close_code = 0;
    g->has_said_goodbye = false;
    g->is_operator = door == DOOR_OPERATOR;
    g->link = stage_connect(g->stage, door, &g->onlooker);
}

static void put_request(struct buf *out, struct str path, const struct invitation *invitation) {
    buf_printf(out, "GET %.*s", STR_FMT(path));
    struct str query = invitation->query;
    bool has_token = false;
    for (size_t i = 0; i < query.n; i++) {
        has_token =
            has_token || str_starts((struct str){ query.p + i, query.n - i }, STR_LIT("token="));
    }
    buf_put_str(out, query);
    if (!has_token) {
        buf_printf(out, "%stoken=%.*s", query.n > 0 ? "&" : "?", STR_FMT(invitation->token));
    }
    BUF_PUT_LIT(out, " HTTP/1.1\r\n"
                     "Host: parloir.test\r\n"
                     "Upgrade: websocket\r\n"
                     "Connection: Upgrade\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                     "Sec-WebSocket-Version: 13\r\n\r\n");
    CHECK(buf_ok(out));
}

bool guest_come(struct guest *g, const struct invitation *invitation) {
    SCOPED(buf_fini) struct buf request = BUF_INIT(REQUEST_BYTES_MAX);
    for (size_t i = 0; i < COUNT(places); i++) {
        if (!str_eq(places[i].name, invitation->dialect)) {
            continue;
        }
        put_request(&request, places[i].path, invitation);
        do {    // now and then the virtual system has no memory for a newcomer
            arrive(g, DOOR_HTTP);
            g->state = GUEST_KNOCKING;
            send_bytes(g, buf_str(&request));
            stage_run(g->stage);
        } while (g->link == NULL && g->state == GUEST_KNOCKING);
        return true;
    }
    return false;
}

void guest_come_as_operator(struct guest *g) {
    do {
        arrive(g, DOOR_OPERATOR);
        g->state = GUEST_HERE;
        stage_run(g->stage);
    } while (g->link == NULL);
}

void guest_leave(struct guest *g) {
    if (g->link != NULL && g->state == GUEST_HERE && !g->is_operator) {
        g->has_said_goodbye = true;
        send_frame(g, WS_CLOSE, STR_LIT("\x03\xe8"));
        stage_run(g->stage);
    }
    if (g->link != NULL) {
        fake_link_end(g->link, false);
        stage_run(g->stage);
    }
    guest_vanish(g);
}

void guest_vanish(struct guest *g) {
    if (g->link != NULL) {
        fake_link_end(g->link, true);
        forget(g);
        stage_run(g->stage);
    }
    g->state = GUEST_AWAY;
}
