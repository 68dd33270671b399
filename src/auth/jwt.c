/* Verifying a token.
 *
 *     header . payload . signature
 *        │        │          │
 *        │        │          2. must fit the first two, under a key chosen by us
 *        │        3. only then is it looked at
 *        1. says which of our keys, nothing else
 *
 * The header is the attacker's until step 2 is done: it can pick one of our keys by algorithm and
 * name, and the key must be for that algorithm. Nothing it contains is ever used as a key, a path
 * or an address.
 *
 * OpenSSL keeps a queue of errors for each thread, which TLS on the same thread looks at: whoever
 * leaves this file leaves that queue empty. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "auth/jwt_claims.h"
#include "auth/jwt_key.h"
#include "base/json.h"
#include "base/rng.h"

#define HS256_BYTES 32
#define ES256_BYTES 64    // two numbers of 32 bytes
#define ES256_DER_MAX 80
#define EDDSA_BYTES 64

struct jwt_verifier {
    struct jwt_keys *keys;    // a reference
    struct json_reader *reader;
    EVP_MAC_CTX *mac;      // has the secret; NULL: no HS256
    EVP_MD_CTX *digest;    // for the other algorithms
    uint8_t decoded[JWT_BYTES_MAX];
    uint8_t signature[JWT_BYTES_MAX];
};

/* A token taken apart. Borrows from its text. */
struct parts {
    struct str header;
    struct str payload;
    struct str signature;
    struct str signed_text;    // header, dot, payload
};

/* What a header says that we listen to. */
struct header {
    enum jwt_alg alg;
    struct str kid;    // p == NULL: says none
};

static EVP_MAC_CTX *mac_new(const struct jwt_keys *keys) {
    if (str_is_empty(keys->secret)) {
        return NULL;
    }
    char sha256[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(keys->hmac);
    CHECK(mac != NULL);
    CHECK(EVP_MAC_init(mac, (const uint8_t *)keys->secret.p, keys->secret.n, params) == 1);
    return mac;
}

struct jwt_verifier *jwt_verifier_new(struct jwt_keys *keys) {
    struct jwt_verifier *v = xzalloc(sizeof *v);
    v->keys = jwt_keys_ref(keys);
    v->reader = json_reader_new(JWT_BYTES_MAX);
    v->mac = mac_new(keys);
    v->digest = EVP_MD_CTX_new();
    CHECK(v->digest != NULL);
    return v;
}

void jwt_verifier_free(struct jwt_verifier **at) {
    struct jwt_verifier *v = *at;
    if (v != NULL) {
        EVP_MD_CTX_free(v->digest);
        EVP_MAC_CTX_free(v->mac);
        json_reader_free(&v->reader);
        jwt_keys_unref(&v->keys);
        xfree(v);
        *at = NULL;
    }
}

static enum err denied(const char **why, const char *sentence) {
    *why = sentence;
    return ERR_DENIED;
}

static enum err take_apart(struct str token, struct parts *out, const char **why) {
    if (token.n > JWT_BYTES_MAX) {
        return denied(why, "The token is longer than 8192 bytes.");
    }
    struct str rest = token;
    struct parts p = { 0 };
    p.header = str_cut(&rest, '.');
    p.payload = rest.p == NULL ? STR_NONE : str_cut(&rest, '.');
    p.signature = rest;
    if (rest.p == NULL || str_find(rest, '.') != rest.n || str_is_empty(p.header) ||
        str_is_empty(p.payload)) {
        return denied(why,
                      "The token is not a JSON Web Token: three parts with dots between them.");
    }
    if (str_is_empty(p.signature)) {
        return denied(why, "The token is not signed.");
    }
    p.signed_text = (struct str){ token.p, p.header.n + 1 + p.payload.n };
    *out = p;
    return OK;
}

/* Decodes and parses one part; *out is an object that lives until the next one. */
static enum err read_object(struct jwt_verifier *v, struct str part, const struct json **out) {
    ptrdiff_t n = base64url_decode(part, v->decoded, sizeof v->decoded);
    if (n < 0) {
        return ERR_PROTO;
    }
    const struct json *root = NULL;
    enum err err = json_parse(v->reader, (struct str){ (char *)v->decoded, (size_t)n }, &root);
    if (err != OK || json_kind_of(root) != JSON_OBJECT) {
        return ERR_PROTO;
    }
    *out = root;
    return OK;
}

/* Reads what we listen to in a header; anything of it given twice is refused. */
static enum err read_header(const struct json *root, struct header *out, const char **why) {
    struct header h = { .alg = JWT_ALG_COUNT };
    bool has_alg = false;
    bool has_kid = false;
    struct str name;
    const struct json *value;
    for (size_t at = 0; json_each(root, &at, &name, &value);) {
        if (str_eq(name, STR_LIT("crit"))) {
            return denied(why, "The token demands extensions (crit) that are not spoken here.");
        }
        if (str_eq(name, STR_LIT("alg"))) {
            if (has_alg || json_kind_of(value) != JSON_TEXT) {
                return denied(why, "The token's header has an alg that is not one text.");
            }
            has_alg = true;
            h.alg = jwt_alg_of(json_text(value));
        }
        if (str_eq(name, STR_LIT("kid"))) {
            if (has_kid || json_kind_of(value) != JSON_TEXT ||
                json_text(value).n > JWT_KID_BYTES_MAX) {
                return denied(why, "The token's header has a kid that is not one short text.");
            }
            has_kid = true;
            h.kid = json_text(value);
        }
    }
    if (h.alg == JWT_ALG_COUNT) {
        return denied(why, "The token's algorithm is not accepted here: use HS256, RS256, ES256 or "
                           "EdDSA, as configured.");
    }
    *out = h;
    return OK;
}

/* The one key that a header can mean: of its algorithm, and of its name if both have one. A key
 * that bears the name goes before keys without any. NULL: none, or it is not clear which. */
static const struct jwt_key *find_key(const struct jwt_keys *keys, const struct header *h) {
    const struct jwt_key *found = NULL;
    for (size_t i = 0; i < keys->count; i++) {
        const struct jwt_key *k = &keys->keys[i];
        if (k->alg != h->alg) {
            continue;
        }
        if (h->kid.p != NULL && k->kid.p != NULL) {
            if (str_eq(k->kid, h->kid)) {
                return k;
            }
            continue;
        }
        if (found != NULL) {
            return NULL;
        }
        found = k;
    }
    return found;
}

static bool verify_hs256(struct jwt_verifier *v, struct str text, struct str signature) {
    uint8_t mac[HS256_BYTES];
    size_t n = 0;
    return signature.n == HS256_BYTES && EVP_MAC_init(v->mac, NULL, 0, NULL) == 1 &&
           EVP_MAC_update(v->mac, (const uint8_t *)text.p, text.n) == 1 &&
           EVP_MAC_final(v->mac, mac, &n, sizeof mac) == 1 && n == sizeof mac &&
           CRYPTO_memcmp(mac, signature.p, sizeof mac) == 0;
}

static bool verify_digest(struct jwt_verifier *v, const struct jwt_key *key, struct str text,
                          struct str signature) {
    const EVP_MD *md = key->alg == JWT_EDDSA ? NULL : v->keys->sha256;
    bool holds = EVP_DigestVerifyInit(v->digest, NULL, md, NULL, key->pkey) == 1 &&
                 EVP_DigestVerify(v->digest, (const uint8_t *)signature.p, signature.n,
                                  (const uint8_t *)text.p, text.n) == 1;
    EVP_MD_CTX_reset(v->digest);
    return holds;
}

/* JWS writes an ECDSA signature as two numbers of fixed length, OpenSSL wants them in DER. */
static bool verify_es256(struct jwt_verifier *v, const struct jwt_key *key, struct str text,
                         struct str signature) {
    if (signature.n != ES256_BYTES) {
        return false;
    }
    const uint8_t *p = (const uint8_t *)signature.p;
    BIGNUM *r = BN_bin2bn(p, ES256_BYTES / 2, NULL);
    BIGNUM *s = BN_bin2bn(p + ES256_BYTES / 2, ES256_BYTES / 2, NULL);
    ECDSA_SIG *sig = ECDSA_SIG_new();
    CHECK(r != NULL && s != NULL && sig != NULL && ECDSA_SIG_set0(sig, r, s) == 1);

    uint8_t der[ES256_DER_MAX];
    uint8_t *end = der;
    int n = i2d_ECDSA_SIG(sig, NULL);
    CHECK(n > 0 && (size_t)n <= sizeof der && i2d_ECDSA_SIG(sig, &end) == n);
    ECDSA_SIG_free(sig);
    return verify_digest(v, key, text, (struct str){ (char *)der, (size_t)n });
}

static bool verify_signature(struct jwt_verifier *v, const struct jwt_key *key, struct str text,
                             struct str signature) {
    switch (key->alg) {
    case JWT_HS256: return verify_hs256(v, text, signature);
    case JWT_RS256:
        return signature.n == (size_t)EVP_PKEY_get_size(key->pkey) &&
               verify_digest(v, key, text, signature);
    case JWT_ES256: return verify_es256(v, key, text, signature);
    case JWT_EDDSA: return signature.n == EDDSA_BYTES && verify_digest(v, key, text, signature);
    case JWT_ALG_COUNT: break;
    }
    return false;
}

/* Steps 1 and 2 of the drawing. */
static enum err verify_parts(struct jwt_verifier *v, const struct parts *p, const char **why) {
    const struct json *root = NULL;
    if (read_object(v, p->header, &root) != OK) {
        return denied(why, "The token's header is not base64url-coded JSON.");
    }
    struct header header;
    enum err err = read_header(root, &header, why);
    if (err != OK) {
        return err;
    }
    const struct jwt_key *key = find_key(v->keys, &header);
    if (key == NULL) {
        return denied(why, "The token is signed with a key that is not known here.");
    }
    ptrdiff_t n = base64url_decode(p->signature, v->signature, sizeof v->signature);
    struct str signature = { (char *)v->signature, n < 0 ? 0 : (size_t)n };
    if (n < 0 || !verify_signature(v, key, p->signed_text, signature)) {
        return denied(why, "The token's signature is wrong.");
    }
    return OK;
}

enum err jwt_verify(struct jwt_verifier *v, struct str token, uint64_t now_s, struct arena *arena,
                    struct jwt_claims *out, const char **why) {
    struct parts parts;
    enum err err = take_apart(token, &parts, why);
    if (err != OK) {
        return err;
    }
    err = verify_parts(v, &parts, why);
    ERR_clear_error();
    if (err != OK) {
        return err;
    }
    const struct json *root = NULL;
    if (read_object(v, parts.payload, &root) != OK) {
        return denied(why, "The token's claims are not base64url-coded JSON.");
    }
    const struct jwt_expect expect = {
        .issuer = v->keys->issuer,
        .audience = v->keys->audience,
        .now_s = now_s,
    };
    return jwt_claims_read(root, &expect, arena, out, why);
}
