/* Credentials: see credential.h. */
#include "server/credential.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "core/batch.h"
#include "net/http1.h"
#include "obs/metrics.h"
#include "server/addresses.h"
#include "server/server.h"
#include "server/worker.h"

/* The token behind `bearer` in the subprotocols, which are one list however many lines they are. */
static struct str behind_bearer(const struct http1_request *req) {
    bool is_next = false;
    for (size_t i = 0; i < req->header_count; i++) {
        struct str list = req->headers[i].value;
        if (!str_eq_nocase(req->headers[i].name, STR_LIT("Sec-WebSocket-Protocol"))) {
            continue;
        }
        while (!str_is_empty(list)) {
            struct str name = str_trim(str_cut(&list, ','));
            if (is_next) {
                return name;
            }
            is_next = str_eq_nocase(name, STR_LIT(BEARER_PROTOCOL));
        }
    }
    return STR_NONE;
}

struct str credential_of(struct worker *w, const struct http1_request *req) {
    struct str value = http1_header(req, "Authorization");
    if (value.n > 7 && str_eq_nocase((struct str){ value.p, 7 }, STR_LIT("Bearer "))) {
        return str_trim((struct str){ value.p + 7, value.n - 7 });
    }
    SCOPED(buf_fini) struct buf decoded = BUF_INIT(HTTP1_TARGET_BYTES_MAX);
    if (http1_query(req->query, "token", &decoded) && decoded.n > 0) {
        return arena_str(&w->arena, buf_str(&decoded));
    }
    return behind_bearer(req);
}

static enum err read_api_token(struct session *s, struct str token, struct credential *out,
                               const char **why) {
    struct server *server = s->worker->server;
    struct token_found found;
    out->hash = token_hash(&server->token_key, token);
    out->is_api_token = true;
    *why = "This API token is not valid.";
    if (token_table_find(server->tokens, &out->hash, &found) != OK) {
        return ERR_DENIED;
    }
    out->cmd->user = found.user_id;
    return OK;
}

static enum err read_jwt(struct session *s, struct str token, struct credential *out,
                         const char **why) {
    struct worker *w = s->worker;
    struct jwt_claims claims;
    enum err err = jwt_verify(w->verifier, token, clock_wall_ms() / 1000, &w->arena, &claims, why);
    if (err == OK) {
        struct cmd *cmd = out->cmd;
        enum role role = role_by_name(claims.role);
        cmd->user = claims.user_id;
        cmd->username = claims.username;
        cmd->mobile = claims.mobile;
        cmd->role = role == ROLE_COUNT ? ROLE_MEMBER : role;
        cmd->is_provisioned = w->settings->config->auth_provision;
        cmd->until_ms = claims.expires_s * 1000;
    }
    return err;
}

/* false: it was one guess too many. */
static bool count_failure(struct session *s, enum err err, struct str token) {
    enum metric_reason reason = str_is_empty(token)  ? METRIC_REASON_MISSING
                                : err == ERR_EXPIRED ? METRIC_REASON_EXPIRED
                                                     : METRIC_REASON_DENIED;
    METRIC_ADD_AT(auth_failures_total, reason, 1);
    return reason == METRIC_REASON_MISSING || addresses_failed(s->worker->server->addresses, s);
}

static enum credential_found guessed(const char **why) {
    METRIC_ADD_AT(auth_failures_total, METRIC_REASON_RATE, 1);
    *why = "Too many failed tokens from your address: wait a minute.";
    return CREDENTIAL_GUESSED;
}

static enum err read_token(struct session *s, struct str token, struct credential *out,
                           const char **why) {
    *why = "A token is needed: Authorization: Bearer, or ?token= in the address.";
    if (token_is_one(token)) {
        return read_api_token(s, token, out, why);
    }
    return str_is_empty(token) ? ERR_DENIED : read_jwt(s, token, out, why);
}

enum credential_found credential_read(struct session *s, struct str token, struct credential *out,
                                      const char **why) {
    if (addresses_is_refused(s->worker->server->addresses, s)) {
        return guessed(why);
    }
    enum err err = read_token(s, token, out, why);
    if (err == OK) {
        return CREDENTIAL_GOOD;
    }
    return count_failure(s, err, token) ? CREDENTIAL_BAD : guessed(why);
}

enum credential_found credential_read_api_token(struct session *s, struct str token,
                                                struct credential *out) {
    const char *why = NULL;
    if (addresses_is_refused(s->worker->server->addresses, s)) {
        return CREDENTIAL_GUESSED;
    }
    enum err err = read_api_token(s, token, out, &why);
    if (err == OK) {
        return CREDENTIAL_GOOD;
    }
    return count_failure(s, err, token) ? CREDENTIAL_BAD : CREDENTIAL_GUESSED;
}

bool credential_read_again(struct session *s, struct str token, struct credential *out) {
    const char *why = NULL;
    enum err err = read_token(s, token, out, &why);
    if (err != OK) {
        METRIC_ADD_AT(auth_failures_total, METRIC_REASON_DENIED, 1);
    }
    return err == OK;
}

void credential_take(struct session *s, const struct credential *credential) {
    xfree(s->api_token);
    s->api_token = NULL;
    if (credential->is_api_token) {
        s->api_token = xalloc(sizeof credential->hash);
        *s->api_token = credential->hash;
    }
}

void credential_on_fact(struct server *server, const struct event *ev) {
    enum err err = OK;
    if (ev->type == EV_token_added) {
        struct token_hash hash;
        if (base64url_decode(ev->hash, hash.b, sizeof hash.b) == sizeof hash.b) {
            err = token_table_add(server->tokens, hash, ev->user.v, ev->label);
        }
    } else if (ev->type == EV_token_revoked) {
        err = token_table_drop(server->tokens, ev->user.v, ev->label);
    } else if (ev->type == EV_user_erased) {
        token_table_drop_user(server->tokens, ev->user.v);
    }
    if (err != OK) {
        LOG_WARN("token.not_changed", STR("why", err_text(err)), U64("user", ev->user.v));
    }
}
