/* JSON Web Tokens (RFC 7519, signed ones only): HS256, RS256, ES256 and EdDSA (Ed25519).
 *
 * A key decides which algorithm it may be used with, never the token: the shared secret verifies
 * HS256 and nothing else, an RSA key RS256, a P-256 key ES256, an Ed25519 key EdDSA. `none`, `crit`
 * and every other algorithm are refused. The signature is verified before a claim is looked at.
 *
 *     jwt_keys (immutable, shared)  <──ref──  jwt_verifier (one for each thread)
 *
 * Thread   keys: any. A verifier: one thread at a time.
 * Memory   keys are reference-counted; a verifier holds a reference. Claims borrow from the
 *          caller's arena, never from the token or the verifier.
 * Bound    a token has at most JWT_BYTES_MAX bytes, a key file JWT_KEY_FILE_BYTES_MAX. */
#ifndef PARLOIR_AUTH_JWT_H
#define PARLOIR_AUTH_JWT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define JWT_BYTES_MAX 8192
#define JWT_SECRET_BYTES_MIN 32
#define JWT_KEY_FILE_BYTES_MAX (256u * 1024)
#define JWT_KEYS_MAX 64    // keys in one JWKS
#define JWT_KID_BYTES_MAX 256
#define JWT_LEEWAY_S 60    // clocks may differ: for nbf and iat, never for exp
#define JWT_USERNAME_CHARS_MAX 32

struct jwt_keys;
struct jwt_verifier;

/* What keys are made from. Everything is borrowed during the call. */
struct jwt_keys_spec {
    struct str secret;       // of HS256; empty: none
    const char *key_file;    // PEM public key, or a JWKS in JSON; NULL or "": none
    struct str issuer;       // `iss` must be this; empty: not checked
    struct str audience;     // `aud` must name this; empty: not checked
    bool is_dev;             // accept a weak secret
};

/* Returns keys with one reference, owned by the caller.
 * ERR_IO         the key file cannot be read.
 * ERR_PROTO      it is neither PEM nor a JWKS, has no usable key, an RSA key under 2048 bits, a
 *                private key, or a curve we do not speak.
 * ERR_DENIED     the secret is too weak (jwt_secret_check), or there is no key at all.
 * `why` receives a sentence for people. */
enum err jwt_keys_new(const struct jwt_keys_spec *spec, struct jwt_keys **out, struct buf *why)
    MUST_USE;

/* jwt_keys_new() with the key file's text at hand (the file name only for sentences). */
enum err jwt_keys_new_text(const struct jwt_keys_spec *spec, struct str key_text,
                           struct jwt_keys **out, struct buf *why) MUST_USE;

/* Takes one more reference, for the caller to give back; returns the keys. */
struct jwt_keys *jwt_keys_ref(struct jwt_keys *keys);

/* Gives a reference back and sets *keys to NULL; the last one frees and wipes. NULL is fine. */
void jwt_keys_unref(struct jwt_keys **keys);

/* How many keys there are, the secret among them. */
size_t jwt_keys_count(const struct jwt_keys *keys);

/* Whether a secret may be used for HS256: at least JWT_SECRET_BYTES_MIN bytes, and not one of the
 * samples that documentation is full of. On false, *why is a sentence. */
bool jwt_secret_check(struct str secret, const char **why) MUST_USE;

struct jwt_claims {
    uint64_t user_id;       // user_id, else sub, id, uid: 1 to 2^53 - 1
    struct str username;    // username, else preferred_username, name; empty if missing or unfit
    struct str role;        // "member", "pro" or "admin"; empty otherwise
    struct str mobile;      // 1 to 32 characters without control characters, or empty
    struct str token_id;    // jti: 1 to 64 such characters, or empty
    uint64_t expires_s;     // exp
    uint64_t issued_s;      // iat; 0: missing
};

/* Returns an owned verifier for one thread; takes a reference of its own to `keys`. Never NULL. */
struct jwt_verifier *jwt_verifier_new(struct jwt_keys *keys);

/* Frees it and gives its reference to the keys back. A NULL *v is fine. */
void jwt_verifier_free(struct jwt_verifier **v);

/* Verifies a token at `now_s` seconds since 1970 and fills in *out, whose texts live in `arena`.
 *
 * ERR_EXPIRED   it was valid once: exp has passed.
 * ERR_DENIED    anything else; also not a token at all.
 * On failure *why is a plain sentence (static text) fit to be sent to the client.
 *
 * With a JWKS, a `kid` must name one of its keys; a token without one is accepted if only one
 * key fits its algorithm. The secret and a PEM key have no name: there a `kid` of text is let be.
 * Claim names are case-sensitive; one of ours given twice is refused. */
enum err jwt_verify(struct jwt_verifier *v, struct str token, uint64_t now_s, struct arena *arena,
                    struct jwt_claims *out, const char **why) MUST_USE;

/* What jwt_mint puts into a token. */
struct jwt_mint {
    struct str secret;
    uint64_t user_id;
    struct str username;    // and the rest: left out if empty
    struct str role;
    struct str mobile;
    struct str issuer;    // the configured ones, or our own verifier would refuse the token
    struct str audience;
    struct str token_id;
    uint64_t ttl_s;
    uint64_t now_s;
};

/* Appends an HS256 token to `out`: claims user_id, sub (the same as text), iat, exp and those
 * above. */
void jwt_mint(const struct jwt_mint *m, struct buf *out);

#endif
