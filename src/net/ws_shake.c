/* The WebSocket handshake's two computations: the accept key (RFC 6455 section 4.2.2) and what is
 * agreed about permessage-deflate (RFC 6455 section 9.1, RFC 7692 sections 5 and 7.1).
 *
 *     offers    = [ offer ] *( "," [ offer ] )
 *     offer     = token *( ";" parameter )
 *     parameter = token [ "=" ( token | quoted string whose content is a token ) ]
 *
 * with spaces and tabs anywhere between. A client lists its offers by preference; an offer with a
 * parameter that is unknown, repeated or has a wrong value is declined as a whole, and the next one
 * is looked at. */
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "net/ws.h"

#define KEY_BYTES 24    // base64 of 16 bytes
#define WINDOW_BITS_MAX 15

/* ---- the accept key */

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

static bool is_base64(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

static bool key_is_valid(struct str key) {
    if (key.n != KEY_BYTES || key.p[22] != '=' || key.p[23] != '=') {
        return false;
    }
    for (size_t i = 0; i < 22; i++) {
        if (!is_base64(key.p[i])) {
            return false;
        }
    }
    return true;
}

enum err ws_accept_of(struct str key, char out[WS_ACCEPT_BYTES]) {
    if (!key_is_valid(key)) {
        return ERR_PROTO;
    }
    uint8_t text[KEY_BYTES + sizeof guid - 1];
    memcpy(text, key.p, KEY_BYTES);
    memcpy(text + KEY_BYTES, guid, sizeof guid - 1);

    uint8_t digest[SHA_DIGEST_LENGTH];
    CHECK(SHA1(text, sizeof text, digest) != NULL);
    uint8_t base64[WS_ACCEPT_BYTES + 1];
    CHECK(EVP_EncodeBlock(base64, digest, sizeof digest) == WS_ACCEPT_BYTES);
    memcpy(out, base64, WS_ACCEPT_BYTES);
    return OK;
}

/* ---- the grammar */

#define VALUE_BYTES_KEPT 4    // more than any value that is valid

/* One parameter's value; `n` counts all of it, `text` has the beginning. */
struct value {
    char text[VALUE_BYTES_KEPT];
    size_t n;
    bool is_there;
};

/* RFC 9110 section 5.6.2. */
static bool is_token_char(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static void skip(struct str *s, size_t n) {
    s->p += n;
    s->n -= n;
}

static void skip_space(struct str *s) {
    while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\t')) {
        skip(s, 1);
    }
}

/* Takes one separator and the space around it. */
static bool take(struct str *s, char c) {
    skip_space(s);
    if (s->n == 0 || s->p[0] != c) {
        return false;
    }
    skip(s, 1);
    skip_space(s);
    return true;
}

/* Takes a token; empty if there is none. */
static struct str take_token(struct str *s) {
    size_t n = 0;
    while (n < s->n && is_token_char(s->p[n])) {
        n++;
    }
    struct str token = { s->p, n };
    skip(s, n);
    return token;
}

static void value_add(struct value *v, char c) {
    if (v->n < sizeof v->text) {
        v->text[v->n] = c;
    }
    v->n++;
}

/* Takes what stands between quotes, the opening one being gone. */
static bool take_quoted(struct str *s, struct value *out) {
    while (s->n > 0 && s->p[0] != '"') {
        if (s->p[0] == '\\') {
            skip(s, 1);
        }
        if (s->n == 0 || !is_token_char(s->p[0])) {
            return false;
        }
        value_add(out, s->p[0]);
        skip(s, 1);
    }
    if (s->n == 0 || out->n == 0) {
        return false;
    }
    skip(s, 1);
    return true;
}

static bool take_value(struct str *s, struct value *out) {
    *out = (struct value){ .is_there = true };
    if (s->n > 0 && s->p[0] == '"') {
        skip(s, 1);
        return take_quoted(s, out);
    }
    struct str token = take_token(s);
    for (size_t i = 0; i < token.n; i++) {
        value_add(out, token.p[i]);
    }
    return token.n > 0;
}

/* ---- offers */

enum param {
    SERVER_NO_CONTEXT_TAKEOVER,
    CLIENT_NO_CONTEXT_TAKEOVER,
    SERVER_MAX_WINDOW_BITS,
    CLIENT_MAX_WINDOW_BITS,
    PARAM_COUNT
};

/* What an offer may say about each (RFC 7692 sections 7.1.1 and 7.1.2). */
static const struct {
    const char *name;
    bool may_lack_value;
    bool may_have_value;
} params[PARAM_COUNT] = {
    [SERVER_NO_CONTEXT_TAKEOVER] = { "server_no_context_takeover", true, false },
    [CLIENT_NO_CONTEXT_TAKEOVER] = { "client_no_context_takeover", true, false },
    [SERVER_MAX_WINDOW_BITS] = { "server_max_window_bits", false, true },
    [CLIENT_MAX_WINDOW_BITS] = { "client_max_window_bits", true, true },
};

struct offer {
    bool is_valid;                 // permessage-deflate, and nothing wrong with its parameters
    unsigned seen;                 // BIT() of each parameter
    uint8_t server_window_bits;    // 8..15
};

/* "8" to "15", without leading zeros; 0 for anything else. */
static uint8_t window_bits_of(const struct value *v) {
    if (v->n == 1 && (v->text[0] == '8' || v->text[0] == '9')) {
        return (uint8_t)(v->text[0] - '0');
    }
    if (v->n == 2 && v->text[0] == '1' && v->text[1] >= '0' && v->text[1] <= '5') {
        return (uint8_t)(10 + v->text[1] - '0');
    }
    return 0;
}

/* Notes one parameter of a permessage-deflate offer. False: it spoils the offer. */
static bool offer_note(struct offer *offer, struct str name, const struct value *value) {
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        if (!str_eq(name, str_of(params[i].name))) {
            continue;
        }
        uint8_t bits = value->is_there ? window_bits_of(value) : 0;
        if ((offer->seen & BIT(i)) != 0 || (value->is_there ? !params[i].may_have_value || bits == 0
                                                            : !params[i].may_lack_value)) {
            return false;
        }
        offer->seen |= BIT(i);
        if (i == SERVER_MAX_WINDOW_BITS) {
            offer->server_window_bits = bits;
        }
        return true;
    }
    return false;
}

/* Reads one offer. False: not the grammar. */
static bool offer_read(struct str *s, struct offer *out) {
    *out = (struct offer){ .server_window_bits = WINDOW_BITS_MAX };
    struct str name = take_token(s);
    out->is_valid = str_eq(name, STR_LIT("permessage-deflate"));
    bool is_grammar = name.n > 0;
    while (is_grammar && take(s, ';')) {
        struct str param = take_token(s);
        struct value value = { .is_there = false };
        is_grammar = param.n > 0 && (!take(s, '=') || take_value(s, &value));
        out->is_valid = is_grammar && out->is_valid && offer_note(out, param, &value);
    }
    return is_grammar;
}

/* Reads the list. *chosen: the first valid offer with bits_min, else is_valid is false. */
static bool offers_read(struct str s, uint8_t bits_min, struct offer *chosen) {
    *chosen = (struct offer){ .is_valid = false };
    skip_space(&s);
    while (s.n > 0) {
        if (take(&s, ',')) {
            continue;    // an empty element
        }
        struct offer offer;
        if (!offer_read(&s, &offer)) {
            return false;
        }
        skip_space(&s);
        if (s.n > 0 && s.p[0] != ',') {
            return false;
        }
        if (!chosen->is_valid && offer.is_valid && offer.server_window_bits >= bits_min) {
            *chosen = offer;
        }
    }
    return true;
}

bool ws_extensions_are_valid(struct str offers) {
    struct offer ignored;
    return offers_read(offers, WINDOW_BITS_MAX, &ignored);
}

void ws_negotiate_deflate(struct str offers, uint8_t window_bits_min,
                          struct ws_deflate_terms *out) {
    struct offer offer;
    *out = (struct ws_deflate_terms){ .is_on = false };
    if (offers_read(offers, MAX(window_bits_min, 9), &offer) && offer.is_valid) {
        out->is_on = true;
        out->is_window_asked = (offer.seen & BIT(SERVER_MAX_WINDOW_BITS)) != 0;
        out->server_window_bits = offer.server_window_bits;
    }
}

void ws_put_deflate_terms(struct buf *b, const struct ws_deflate_terms *terms) {
    CHECK(terms->is_on);
    BUF_PUT_LIT(b, "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    if (terms->is_window_asked) {
        BUF_PUT_LIT(b, "; server_max_window_bits=");
        buf_put_u64(b, terms->server_window_bits);
    }
}
