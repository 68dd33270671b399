/* A principal: who is at the door, once a credential has been looked at. The core never sees the
 * credential, only this.
 *
 * Thread   any; a value.
 * Memory   the texts are borrowed from whoever filled it in (a token's arena, a user's row): copy
 *          what must outlive them. */
#ifndef PARLOIR_AUTH_PRINCIPAL_H
#define PARLOIR_AUTH_PRINCIPAL_H

#include "base/base.h"
#include "base/str.h"

struct jwt_claims;

struct principal {
    uint64_t user_id;       // 1 or more
    struct str username;    // empty: the credential does not say
    struct str role;        // "member", "pro", "admin", or empty: the store knows
    struct str mobile;      // as the credential has it, not normalised; or empty
    uint64_t expires_ms;    // wall clock; 0: never
};

/* The principal a verified token speaks of. Borrows what the claims borrow. */
struct principal principal_of(const struct jwt_claims *claims);

#endif
