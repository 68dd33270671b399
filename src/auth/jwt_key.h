/* Keys as the verifier sees them. Private to this folder.
 *
 * Thread   immutable once made.
 * Memory   jwt_keys owns all of it; OpenSSL's objects are only used through const or by
 *          reference. */
#ifndef PARLOIR_AUTH_JWT_KEY_H
#define PARLOIR_AUTH_JWT_KEY_H

#include <openssl/evp.h>

#include "auth/jwt.h"

enum jwt_alg { JWT_HS256, JWT_RS256, JWT_ES256, JWT_EDDSA, JWT_ALG_COUNT };

struct jwt_key {
    enum jwt_alg alg;    // the only one this key verifies
    struct str kid;      // owned; p == NULL: the key has no name
    EVP_PKEY *pkey;      // owned; NULL for HS256
};

struct jwt_keys {
    unsigned refs;     // atomic
    EVP_MD *sha256;    // fetched once: a fetch costs more than a hash
    EVP_MAC *hmac;
    struct str secret;    // owned, wiped; empty: no HS256
    struct str issuer;    // owned; empty: not checked
    struct str audience;
    struct jwt_key keys[JWT_KEYS_MAX + 1];
    size_t count;
};

/* The algorithm by its name in a token's header or a JWK; JWT_ALG_COUNT: not one of ours. */
enum jwt_alg jwt_alg_of(struct str name);

/* Adds the keys of a file's text to `keys`, which then owns them.
 * ERR_PROTO: see jwt_keys_new; `why` receives a sentence that lacks its subject, the file. */
enum err jwt_read_pem(struct jwt_keys *keys, struct str text, struct buf *why) MUST_USE;
enum err jwt_read_jwks(struct jwt_keys *keys, struct str text, struct buf *why) MUST_USE;

/* Takes `pkey` and adds it under `kid` (copied; p == NULL: without a name), after finding out which
 * algorithm it is for. ERR_PROTO: a kind of key we do not speak, an RSA key too short, a kid that
 * is taken. The caller has lost the key in any case. */
enum err jwt_keys_add(struct jwt_keys *keys, EVP_PKEY *pkey, struct str kid, struct buf *why)
    MUST_USE;

#endif
