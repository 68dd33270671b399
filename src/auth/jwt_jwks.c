/* Public keys from a JWKS file (RFC 7517):
 * {"keys":[{"kty":"RSA","kid":"...","n":"...","e":"AQAB"}]}.
 *
 * Keys of kinds or for uses that are not ours (encryption, other curves, other algorithms) stand in
 * many such files and are passed over; a key that says it is ours and is broken is an error. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "auth/jwt_key.h"
#include "base/json.h"
#include "base/rng.h"

#define NUMBER_BYTES_MAX 2048    // an RSA modulus of 16,384 bits
#define POINT_BYTES 32           // a coordinate of P-256, or an Ed25519 key

/* The member of that exact name. */
static const struct json *member(const struct json *jwk, const char *name) {
    size_t at = 0;
    struct str key;
    const struct json *value;
    const struct json *found = NULL;
    while (json_each(jwk, &at, &key, &value)) {
        if (str_eq(key, str_of(name))) {
            found = value;
        }
    }
    return found;
}

static bool says(const struct json *jwk, const char *name, const char *text) {
    const struct json *v = member(jwk, name);
    return json_kind_of(v) == JSON_TEXT && str_eq(json_text(v), str_of(text));
}

/* A member in base64url; -1: missing, not base64url, too long. */
static ptrdiff_t bytes_of(const struct json *jwk, const char *name, uint8_t *out, size_t max) {
    const struct json *v = member(jwk, name);
    if (json_kind_of(v) != JSON_TEXT) {
        return -1;
    }
    ptrdiff_t n = base64url_decode(json_text(v), out, max);
    return n == 0 ? -1 : n;
}

/* Makes a public key of `type` out of parameters, which are freed. */
static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *bld) {
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1) {
        (void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return pkey;
}

static EVP_PKEY *rsa_of(const struct json *jwk) {
    uint8_t n[NUMBER_BYTES_MAX];
    uint8_t e[16];
    ptrdiff_t n_bytes = bytes_of(jwk, "n", n, sizeof n);
    ptrdiff_t e_bytes = bytes_of(jwk, "e", e, sizeof e);
    if (n_bytes < 0 || e_bytes < 0) {
        return NULL;
    }
    EVP_PKEY *pkey = NULL;
    BIGNUM *bn_n = BN_bin2bn(n, (int)n_bytes, NULL);
    BIGNUM *bn_e = BN_bin2bn(e, (int)e_bytes, NULL);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    bool is_sane = bn_n != NULL && bn_e != NULL && bld != NULL && BN_is_odd(bn_n) &&
                   BN_is_odd(bn_e) && !BN_is_one(bn_e);
    if (is_sane && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn_n) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, bn_e) == 1) {
        pkey = from_params("RSA", bld);
    }
    OSSL_PARAM_BLD_free(bld);
    BN_free(bn_n);
    BN_free(bn_e);
    return pkey;
}

static EVP_PKEY *p256_of(const struct json *jwk) {
    uint8_t point[1 + 2 * POINT_BYTES] = { POINT_CONVERSION_UNCOMPRESSED };
    if (bytes_of(jwk, "x", point + 1, POINT_BYTES) != POINT_BYTES ||
        bytes_of(jwk, "y", point + 1 + POINT_BYTES, POINT_BYTES) != POINT_BYTES) {
        return NULL;
    }
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    if (bld != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1) {
        pkey = from_params("EC", bld);
    }
    OSSL_PARAM_BLD_free(bld);
    return pkey;
}

static EVP_PKEY *ed25519_of(const struct json *jwk) {
    uint8_t key[POINT_BYTES];
    if (bytes_of(jwk, "x", key, sizeof key) != POINT_BYTES) {
        return NULL;
    }
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, sizeof key);
}

/* The kinds of key we speak, as a JWK names them. */
static const struct kind {
    const char *kty;
    const char *crv;    // NULL: has none
    const char *alg;
    EVP_PKEY *(*read)(const struct json *jwk);
} kinds[] = {
    { "RSA", NULL, "RS256", rsa_of },
    { "EC", "P-256", "ES256", p256_of },
    { "OKP", "Ed25519", "EdDSA", ed25519_of },
};

/* The kind of a JWK that is meant for us; NULL: pass it over. */
static const struct kind *kind_of(const struct json *jwk) {
    if (member(jwk, "use") != NULL && !says(jwk, "use", "sig")) {
        return NULL;
    }
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const struct kind *k = &kinds[i];
        if (says(jwk, "kty", k->kty) && (k->crv == NULL || says(jwk, "crv", k->crv))) {
            return member(jwk, "alg") == NULL || says(jwk, "alg", k->alg) ? k : NULL;
        }
    }
    return NULL;
}

/* Adds one JWK, or passes it over. */
static enum err add_jwk(struct jwt_keys *keys, const struct json *jwk, size_t i, struct buf *why) {
    const struct kind *kind = kind_of(jwk);
    if (kind == NULL) {
        return OK;
    }
    if (member(jwk, "d") != NULL) {
        buf_printf(why, "has a private key (number %zu); give only public ones", i + 1);
        return ERR_PROTO;
    }
    const struct json *kid = member(jwk, "kid");
    struct str name = json_text(kid);
    if (kid != NULL && (name.p == NULL || name.n > JWT_KID_BYTES_MAX)) {
        buf_printf(why, "has a kid that is not a text of at most %d bytes (key number %zu)",
                   JWT_KID_BYTES_MAX, i + 1);
        return ERR_PROTO;
    }
    EVP_PKEY *pkey = kind->read(jwk);
    if (pkey == NULL) {
        buf_printf(why, "has a broken %s key (number %zu)", kind->kty, i + 1);
        return ERR_PROTO;
    }
    return jwt_keys_add(keys, pkey, name, why);
}

static enum err add_all(struct jwt_keys *keys, const struct json *root, struct buf *why) {
    const struct json *list = member(root, "keys");
    if (json_kind_of(list) != JSON_ARRAY) {
        BUF_PUT_LIT(why, "has no list \"keys\", as a JWKS file must");
        return ERR_PROTO;
    }
    size_t before = keys->count;
    for (size_t i = 0; i < json_count(list); i++) {
        enum err err = add_jwk(keys, json_at(list, i), i, why);
        if (err != OK) {
            return err;
        }
    }
    if (keys->count == before) {
        BUF_PUT_LIT(why, "has no public key for RS256, ES256 or EdDSA");
        return ERR_PROTO;
    }
    return OK;
}

enum err jwt_read_jwks(struct jwt_keys *keys, struct str text, struct buf *why) {
    const struct json *root = NULL;
    SCOPED(json_reader_free) struct json_reader *reader = json_reader_new(JWT_KEY_FILE_BYTES_MAX);
    enum err err = json_parse(reader, text, &root);
    if (err != OK) {
        buf_printf(why, "is not JSON: %s", json_reader_why(reader));
        return ERR_PROTO;
    }
    return add_all(keys, root, why);
}
