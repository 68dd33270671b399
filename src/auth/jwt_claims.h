/* The claims of a token whose signature holds. Private to this folder.
 *
 * Thread   any; no state.   Memory   what is read is copied into the arena. */
#ifndef PARLOIR_AUTH_JWT_CLAIMS_H
#define PARLOIR_AUTH_JWT_CLAIMS_H

#include "auth/jwt.h"
#include "base/json.h"

/* What the claims are held against. Borrowed. */
struct jwt_expect {
    struct str issuer;      // empty: any
    struct str audience;    // empty: any
    uint64_t now_s;
};

/* Reads the claims of `root`, an object. ERR_EXPIRED, ERR_DENIED and *why: see jwt_verify. */
enum err jwt_claims_read(const struct json *root, const struct jwt_expect *expect,
                         struct arena *arena, struct jwt_claims *out, const char **why) MUST_USE;

#endif
