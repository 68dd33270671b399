/* Making HS256 tokens: for people who sign in over REST, and for `parloir token add --jwt`. */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/jwt.h"
#include "base/json.h"
#include "base/rng.h"

#define CLAIMS_BYTES_MAX (64u * 1024)

static void put_claim(struct buf *b, const char *name, struct str text) {
    if (!str_is_empty(text)) {
        buf_printf(b, ",\"%s\":", name);
        json_put_text(b, text);
    }
}

void jwt_mint(const struct jwt_mint *m, struct buf *out) {
    SCOPED(buf_fini) struct buf claims = BUF_INIT(CLAIMS_BYTES_MAX);
    unsigned long long id = m->user_id;
    buf_printf(&claims, "{\"user_id\":%llu,\"sub\":\"%llu\",\"iat\":%llu,\"exp\":%llu", id, id,
               (unsigned long long)m->now_s, (unsigned long long)(m->now_s + m->ttl_s));
    put_claim(&claims, "username", m->username);
    put_claim(&claims, "role", m->role);
    put_claim(&claims, "mobile", m->mobile);
    put_claim(&claims, "iss", m->issuer);
    put_claim(&claims, "aud", m->audience);
    put_claim(&claims, "jti", m->token_id);
    buf_put_char(&claims, '}');
    CHECK(buf_ok(&claims));

    struct str header = STR_LIT("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
    size_t start = out->n;
    base64url_put(out, header.p, header.n);
    buf_put_char(out, '.');
    base64url_put(out, claims.p, claims.n);
    if (!buf_ok(out)) {
        return;
    }
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned mac_bytes = 0;
    CHECK(m->secret.n > 0 && m->secret.n <= INT32_MAX);
    CHECK(HMAC(EVP_sha256(), m->secret.p, (int)m->secret.n, (const uint8_t *)out->p + start,
               out->n - start, mac, &mac_bytes) != NULL);
    buf_put_char(out, '.');
    base64url_put(out, mac, mac_bytes);
}
