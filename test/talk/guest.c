/* Guests: see guest.h. The client's half of WebSocket, as short as it can be: no fragments come
 * from this server, and no compression was offered. The lines of tchatator are in tongue.c. */
#include "test/talk/guest.h"

#include "net/ws.h"
#include "test/fakes/net.h"
#include "test/talk/tongue.h"

#define REQUEST_BYTES_MAX 16384
#define COMMAND_BYTES_MAX (1u << 20)
#define LOGIN_WAIT_MS 100    // that a no may take: see server/dialog.c

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
    g->token = BUF_INIT(SIZE_MAX / 2);
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
    buf_fini(&g->token);
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

static void send_command(struct guest *g, struct str message) {
    SCOPED(buf_fini) struct buf command = BUF_INIT(COMMAND_BYTES_MAX);
    tongue_put_command(&command, message, buf_str(&g->token));
    CHECK(buf_ok(&command));
    send_bytes(g, buf_str(&command));
}

void guest_say(struct guest *g, struct str message) {
    switch (g->tongue) {
    case TONGUE_WS: send_frame(g, WS_TEXT, message); break;
    case TONGUE_TCHATATOR: send_command(g, message); break;
    case TONGUE_OPERATOR:
        send_bytes(g, message);
        send_bytes(g, STR_LIT("\n"));
        break;
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

/* An answer has no end of its own. Whoever looks at what came has let the server do all it could:
 * what is there is whole then. */
static void read_answers(struct guest *g) {
    while (g->tongue == TONGUE_TCHATATOR && g->bytes.n > 0) {
        SCOPED(buf_fini) struct buf answer = BUF_INIT(COMMAND_BYTES_MAX);
        buf_drop(&g->bytes, tongue_put_answer(&answer, buf_str(&g->bytes)));
        CHECK(buf_ok(&answer));
        keep(g, buf_str(&answer));
    }
}

static bool read_here(struct guest *g) {
    switch (g->tongue) {
    case TONGUE_WS: return read_frame(g);
    case TONGUE_TCHATATOR: return false;    // read_answers does
    case TONGUE_OPERATOR: break;
    }
    return read_line(g);
}

static bool read_some(struct guest *g) {
    switch (g->state) {
    case GUEST_KNOCKING: return read_head(g);
    case GUEST_HERE: return read_here(g);
    case GUEST_AWAY:
    case GUEST_REFUSED:
    case GUEST_GONE: break;
    }
    return false;
}

static void on_end(struct guest *g) {
    read_answers(g);
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

bool guest_has_heard(struct guest *g, struct str *out) {
    read_answers(g);
    if (list_is_empty(&g->came)) {
        return false;
    }
    const struct came *first = CONTAINER_OF(g->came.head.next, struct came, on_guest);
    *out = (struct str){ first->text, first->n };
    return true;
}

size_t guest_count(struct guest *g) {
    size_t count = 0;
    read_answers(g);
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
    g->tongue = door == DOOR_OPERATOR    ? TONGUE_OPERATOR
                : door == DOOR_TCHATATOR ? TONGUE_TCHATATOR
                                         : TONGUE_WS;
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

/* Connects and has something sent until there is an answer, or nothing is sent. */
static void knock(struct guest *g, enum stage_door door, struct str bytes) {
    bool is_http = door == DOOR_HTTP;
    do {    // now and then the virtual system has no memory for a newcomer
        arrive(g, door);
        g->state = is_http ? GUEST_KNOCKING : GUEST_HERE;
        send_bytes(g, bytes);
        stage_run(g->stage);
    } while (g->link == NULL && g->state != GUEST_REFUSED && g->state != GUEST_GONE);
}

/* What is not granted is as an upgrade that is refused. */
static void log_in(struct guest *g) {
    const struct str granted = STR_LIT("{\"status\":\"200/OK\"");
    const size_t before = STR_LIT("{\"status\":\"").n;
    struct str answer = STR_NONE;
    guest_say(g, STR_LIT("{\"command\":\"LOGIN\"}"));
    stage_run(g->stage);
    if (guest_count(g) == 0) {
        stage_pass(g->stage, LOGIN_WAIT_MS);
    }
    bool is_answered = guest_has_heard(g, &answer);
    CHECK(is_answered && answer.n > before + 3);
    if (str_starts(answer, granted)) {
        guest_take(g);
        return;
    }
    uint64_t status = 0;
    enum err err = str_to_u64((struct str){ answer.p + before, 3 }, &status);
    CHECK(err == OK);
    g->status = (unsigned)status;
    g->state = GUEST_REFUSED;
}

static void come_with_lines(struct guest *g, const struct invitation *invitation) {
    const struct str own = STR_LIT("token=");
    struct str rest = invitation->query;
    bool has_login = true;
    buf_reset(&g->token);
    buf_put_str(&g->token, invitation->token);
    (void)str_cut(&rest, '?');
    while (rest.n > 0) {
        struct str part = str_cut(&rest, '&');
        has_login = has_login && !str_eq(part, STR_LIT("login=no"));
        if (str_starts(part, own)) {
            buf_reset(&g->token);
            buf_put(&g->token, part.p + own.n, part.n - own.n);
        }
    }
    knock(g, DOOR_TCHATATOR, STR_NONE);
    if (has_login && g->state == GUEST_HERE) {
        log_in(g);
    }
}

bool guest_come(struct guest *g, const struct invitation *invitation) {
    SCOPED(buf_fini) struct buf request = BUF_INIT(REQUEST_BYTES_MAX);
    if (str_eq(invitation->dialect, STR_LIT("tchatator"))) {
        come_with_lines(g, invitation);
        return true;
    }
    for (size_t i = 0; i < COUNT(places); i++) {
        if (!str_eq(places[i].name, invitation->dialect)) {
            continue;
        }
        put_request(&request, places[i].path, invitation);
        knock(g, DOOR_HTTP, buf_str(&request));
        return true;
    }
    return false;
}

void guest_come_as_operator(struct guest *g) {
    knock(g, DOOR_OPERATOR, STR_NONE);
}

bool guest_leave(struct guest *g) {
    bool is_ws = g->tongue == TONGUE_WS;
    if (g->link != NULL && g->state == GUEST_HERE && is_ws) {
        g->has_said_goodbye = true;
        send_frame(g, WS_CLOSE, STR_LIT("\x03\xe8"));
        stage_run(g->stage);
    }
    if (g->link != NULL) {
        fake_link_end(g->link, false);
        stage_run(g->stage);
    }
    bool is_said = is_ws ? g->close_code == WS_CLOSE_NORMAL : g->link == NULL;
    guest_vanish(g);
    return is_said;
}

void guest_vanish(struct guest *g) {
    if (g->link != NULL) {
        fake_link_end(g->link, true);
        forget(g);
        stage_run(g->stage);
    }
    g->state = GUEST_AWAY;
}
