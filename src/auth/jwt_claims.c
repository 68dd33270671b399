/* Which claims there are, and what they must be.
 *
 * One walk over the object sorts the members we know into a table; a name of ours that comes twice
 * is refused, since two readers of one token must not see two users. Names are compared exactly:
 * the looser comparison of base/json.h is for people's messages, not for credentials. */
#include "auth/jwt_claims.h"

#define NUMERIC_DATE_MAX 9007199254740991.0    // 2^53 - 1
#define MOBILE_CHARS_MAX 32
#define TOKEN_ID_CHARS_MAX 64

enum claim {
    CLAIM_user_id,
    CLAIM_sub,
    CLAIM_id,
    CLAIM_uid,
    CLAIM_username,
    CLAIM_preferred_username,
    CLAIM_name,
    CLAIM_exp,
    CLAIM_nbf,
    CLAIM_iat,
    CLAIM_iss,
    CLAIM_aud,
    CLAIM_role,
    CLAIM_mobile,
    CLAIM_jti,
    CLAIM_COUNT
};

static const struct str names[CLAIM_COUNT] = {
#define NAME(claim) [CLAIM_##claim] = { #claim, sizeof #claim - 1 }
    NAME(user_id), NAME(sub),    NAME(id),  NAME(uid), NAME(username), NAME(preferred_username),
    NAME(name),    NAME(exp),    NAME(nbf), NAME(iat), NAME(iss),      NAME(aud),
    NAME(role),    NAME(mobile), NAME(jti),
#undef NAME
};

/* The members we know, by claim; NULL: missing, or null. */
struct table {
    const struct json *at[CLAIM_COUNT];
};

static enum err denied(const char **why, const char *sentence) {
    *why = sentence;
    return ERR_DENIED;
}

static enum err sort_members(const struct json *root, struct table *out, const char **why) {
    bool seen[CLAIM_COUNT] = { false };
    struct str name;
    const struct json *value;
    for (size_t at = 0; json_each(root, &at, &name, &value);) {
        for (size_t i = 0; i < CLAIM_COUNT; i++) {
            if (!str_eq(name, names[i])) {
                continue;
            }
            if (seen[i]) {
                return denied(why, "The token has one of its claims twice.");
            }
            seen[i] = true;
            out->at[i] = json_kind_of(value) == JSON_NULL ? NULL : value;
        }
    }
    return OK;
}

/* A time in seconds: a number, perhaps with a fraction (cut off), or a text of digits. */
static bool read_time(const struct json *v, uint64_t *out) {
    double d;
    if (json_u64(v, out) == OK) {
        return true;
    }
    if (json_double(v, &d) != OK || !(d >= 0 && d <= NUMERIC_DATE_MAX)) {
        return false;
    }
    *out = (uint64_t)d;
    return true;
}

static enum err check_times(const struct table *t, uint64_t now_s, struct jwt_claims *out,
                            const char **why) {
    uint64_t nbf = 0;
    if (t->at[CLAIM_exp] == NULL) {
        return denied(why, "The token has no exp: it must say when it expires.");
    }
    if (!read_time(t->at[CLAIM_exp], &out->expires_s) ||
        (t->at[CLAIM_nbf] != NULL && !read_time(t->at[CLAIM_nbf], &nbf)) ||
        (t->at[CLAIM_iat] != NULL && !read_time(t->at[CLAIM_iat], &out->issued_s))) {
        return denied(why, "The token's exp, nbf or iat is not a time in seconds since 1970.");
    }
    if (nbf > now_s + JWT_LEEWAY_S) {
        return denied(why, "The token is not valid yet (nbf).");
    }
    if (out->issued_s > now_s + JWT_LEEWAY_S) {
        return denied(why, "The token was issued in the future (iat).");
    }
    if (out->expires_s <= now_s) {
        *why = "The token has expired: get a new one.";
        return ERR_EXPIRED;
    }
    return OK;
}

static enum err check_issuer(const struct json *iss, struct str wanted, const char **why) {
    if (iss != NULL && json_kind_of(iss) != JSON_TEXT) {
        return denied(why, "The token's iss is not a text.");
    }
    if (!str_is_empty(wanted) && !str_eq(json_text(iss), wanted)) {
        return denied(why, "The token comes from another issuer (iss).");
    }
    return OK;
}

static enum err check_audience(const struct json *aud, struct str wanted, const char **why) {
    enum json_kind kind = json_kind_of(aud);
    bool is_named = str_is_empty(wanted) || (kind == JSON_TEXT && str_eq(json_text(aud), wanted));
    if (kind != JSON_NULL && kind != JSON_TEXT && kind != JSON_ARRAY) {
        return denied(why, "The token's aud is neither a text nor a list of texts.");
    }
    for (size_t i = 0; i < json_count(aud); i++) {
        const struct json *one = json_at(aud, i);
        if (json_kind_of(one) != JSON_TEXT) {
            return denied(why, "The token's aud is neither a text nor a list of texts.");
        }
        is_named = is_named || str_eq(json_text(one), wanted);
    }
    return is_named ? OK : denied(why, "The token is for somebody else (aud).");
}

/* user_id, if given, must be good; sub, id and uid may be something else than our number, as they
 * are in tokens of many issuers, and then the next one is asked. */
static enum err read_user_id(const struct table *t, uint64_t *out, const char **why) {
    static const enum claim order[] = { CLAIM_user_id, CLAIM_sub, CLAIM_id, CLAIM_uid };
    for (size_t i = 0; i < COUNT(order); i++) {
        const struct json *v = t->at[order[i]];
        uint64_t id = 0;
        if (v == NULL) {
            continue;
        }
        if (json_u64(v, &id) == OK && id > 0) {
            *out = id;
            return OK;
        }
        if (order[i] == CLAIM_user_id) {
            return denied(why, "The token's user_id is not a whole number from 1 upwards.");
        }
    }
    return denied(why, "The token names no user: user_id, sub, id or uid must be a whole number.");
}

/* Whether text has 1 to `chars_max` characters, none of them a control character (C0, DEL, C1), and
 * no space at either end. */
static bool is_plain(struct str text, size_t chars_max) {
    if (str_is_empty(text) || text.n > chars_max * 4 || str_trim(text).n != text.n ||
        str_chars(text) > chars_max) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool is_c1 = c == 0xc2 && (unsigned char)text.p[i + 1] < 0xa0;
        if (c < 0x20 || c == 0x7f || is_c1) {
            return false;
        }
    }
    return true;
}

/* A text claim that is fit to be shown, copied; else an empty text. */
static struct str read_text(const struct json *v, size_t chars_max, struct arena *arena) {
    struct str text = json_text(v);
    return is_plain(text, chars_max) ? arena_str(arena, text) : STR_LIT("");
}

/* The first of the three that is fit to be shown. */
static struct str read_username(const struct table *t, struct arena *arena) {
    static const enum claim order[] = { CLAIM_username, CLAIM_preferred_username, CLAIM_name };
    struct str name = STR_LIT("");
    for (size_t i = 0; i < COUNT(order) && str_is_empty(name); i++) {
        name = read_text(t->at[order[i]], JWT_USERNAME_CHARS_MAX, arena);
    }
    return name;
}

static struct str read_role(const struct json *v) {
    static const struct str roles[] = { { "member", 6 }, { "pro", 3 }, { "admin", 5 } };
    for (size_t i = 0; i < COUNT(roles); i++) {
        if (str_eq_nocase(json_text(v), roles[i])) {
            return roles[i];
        }
    }
    return STR_LIT("");
}

enum err jwt_claims_read(const struct json *root, const struct jwt_expect *expect,
                         struct arena *arena, struct jwt_claims *out, const char **why) {
    struct table t = { 0 };
    struct jwt_claims claims = { 0 };
    enum err err;
    if ((err = sort_members(root, &t, why)) != OK ||
        (err = check_issuer(t.at[CLAIM_iss], expect->issuer, why)) != OK ||
        (err = check_audience(t.at[CLAIM_aud], expect->audience, why)) != OK ||
        (err = read_user_id(&t, &claims.user_id, why)) != OK ||
        (err = check_times(&t, expect->now_s, &claims, why)) != OK) {
        return err;
    }
    claims.username = read_username(&t, arena);
    claims.mobile = read_text(t.at[CLAIM_mobile], MOBILE_CHARS_MAX, arena);
    claims.token_id = read_text(t.at[CLAIM_jti], TOKEN_ID_CHARS_MAX, arena);
    claims.role = read_role(t.at[CLAIM_role]);
    *out = claims;
    return OK;
}
