/* A workshop for tests: keys of every kind, and tokens with whatever header, claims and signature
 * one likes.
 *
 * Thread   any.   Memory   keys are OpenSSL's, freed with forge_key_free. */
#ifndef PARLOIR_AUTH_FORGE_H
#define PARLOIR_AUTH_FORGE_H

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/str.h"

/* New key pairs, owned by the caller. */
EVP_PKEY *forge_rsa(unsigned bits);
EVP_PKEY *forge_ec(const char *group);
EVP_PKEY *forge_ed25519(void);

/* Frees a key; for SCOPED. */
void forge_key_free(EVP_PKEY **key);

/* Appends the key as PEM: the public or the private one. */
void forge_put_pem(struct buf *out, EVP_PKEY *key);
void forge_put_private_pem(struct buf *out, EVP_PKEY *key);

/* Appends the public key as a JWK with `more` (such as "\"kid\":\"a\"") among its members. */
void forge_put_jwk(struct buf *out, EVP_PKEY *key, const char *more);

/* Appends `header.claims.` in base64url, without a signature. */
void forge_put_unsigned(struct buf *out, struct str header, struct str claims);

/* Appends the dot and the signature of all that is in `token` so far: the MAC under any secret,
 * even an empty one, or the signature of a private key in the form a JWS has. */
void forge_sign_hs256(struct buf *token, struct str secret);
void forge_sign(struct buf *token, EVP_PKEY *key);

#endif
