/* Tokens from hostile hands. The first byte picks how the rest is used:
 *
 *   0  the token as it stands: must never be believed, we never signed it
 *   1  the claims of a token we sign
 *   2  the header of a token we sign
 *   3  a signature for a token we made */
#include "auth/forge.h"
#include "auth/jwt.h"
#include "base/rng.h"

#define NOW 1700000000u
#define SECRET "k3Vw9-example-only-0aQzPq71LmNx8Yt"
#define HEADER "{\"alg\":\"HS256\"}"
#define CLAIMS "{\"user_id\":7,\"exp\":1700000100}"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* A key pair of each kind never changes a token's fate here, so the secret alone is configured. */
static enum err verify(struct str token, struct jwt_claims *claims, struct arena *arena) {
    struct jwt_keys *keys = NULL;
    const char *sentence = NULL;
    SCOPED(buf_fini) struct buf why = BUF_INIT(512);
    CHECK(jwt_keys_new(&(struct jwt_keys_spec){ .secret = STR_LIT(SECRET) }, &keys, &why) == OK);
    SCOPED(jwt_verifier_free) struct jwt_verifier *v = jwt_verifier_new(keys);
    jwt_keys_unref(&keys);
    enum err err = jwt_verify(v, token, NOW, arena, claims, &sentence);
    CHECK((err == OK) == (sentence == NULL));
    CHECK(err == OK || err == ERR_DENIED || err == ERR_EXPIRED);
    return err;
}

static void check_claims(const struct jwt_claims *c) {
    CHECK(c->user_id > 0 && c->user_id < (uint64_t)1 << 53);
    CHECK(c->expires_s > NOW && c->issued_s <= NOW + JWT_LEEWAY_S);
    CHECK(str_is_utf8(c->username) && str_chars(c->username) <= JWT_USERNAME_CHARS_MAX);
    for (size_t i = 0; i < c->username.n; i++) {
        CHECK((unsigned char)c->username.p[i] >= 0x20 && c->username.p[i] != 0x7f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    if (n == 0) {
        return 0;
    }
    struct str rest = { (const char *)p + 1, n - 1 };
    SCOPED(buf_fini) struct buf token = BUF_INIT(1 << 20);
    SCOPED(arena_fini) struct arena arena = ARENA_INIT;
    struct jwt_claims claims = { 0 };
    switch (p[0] & 3) {
    case 0:
        buf_put_str(&token, rest);
        CHECK(verify(buf_str(&token), &claims, &arena) == ERR_DENIED);
        return 0;
    case 1:
        forge_put_unsigned(&token, STR_LIT(HEADER), rest);
        forge_sign_hs256(&token, STR_LIT(SECRET));
        break;
    case 2:
        forge_put_unsigned(&token, rest, STR_LIT(CLAIMS));
        forge_sign_hs256(&token, STR_LIT(SECRET));
        break;
    default:
        forge_put_unsigned(&token, STR_LIT(HEADER), STR_LIT(CLAIMS));
        buf_put_char(&token, '.');
        base64url_put(&token, rest.p, rest.n);
        CHECK(verify(buf_str(&token), &claims, &arena) == ERR_DENIED);
        return 0;
    }
    if (verify(buf_str(&token), &claims, &arena) == OK) {
        check_claims(&claims);
    }
    return 0;
}
