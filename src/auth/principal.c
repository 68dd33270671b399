/* From a token's claims to a principal. */
#include "auth/principal.h"

#include "auth/jwt.h"

struct principal principal_of(const struct jwt_claims *claims) {
    return (struct principal){
        .user_id = claims->user_id,
        .username = claims->username,
        .role = claims->role,
        .mobile = claims->mobile,
        .expires_ms = claims->expires_s * 1000,
    };
}
