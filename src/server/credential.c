/* Credentials: see credential.h. */
#include "server/credential.h"

#include "base/clock.h"
#include "net/http1.h"
#include "obs/metrics.h"
#include "server/addresses.h"
#include "server/server.h"
#include "server/worker.h"

/* The token behind `bearer` in a list of subprotocols. */
static struct str behind_bearer(struct str list) {
    while (!str_is_empty(list)) {
        struct str name = str_trim(str_cut(&list, ','));
        if (str_eq_nocase(name, STR_LIT(BEARER_PROTOCOL))) {
            return str_trim(str_cut(&list, ','));
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
    if (http1_query(req->query, "token", &decoded)) {
        return arena_str(&w->arena, buf_str(&decoded));
    }
    return behind_bearer(http1_header(req, "Sec-WebSocket-Protocol"));
}

static enum err read_api_token(struct session *s, struct str token, struct cmd *cmd,
                               const char **why) {
    struct server *server = s->worker->server;
    struct token_hash hash = token_hash(&server->token_key, token);
    struct token_found found;
    enum err err = token_table_find(server->tokens, &hash, &found);
    *why = "This API token is not valid.";
    if (err != OK || (s->user.v != 0 && s->user.v != found.user_id)) {
        return ERR_DENIED;
    }
    cmd->user = found.user_id;
    xfree(s->api_token);
    s->api_token = xalloc(sizeof hash);
    *s->api_token = hash;
    return OK;
}

static enum err read_jwt(struct session *s, struct str token, struct cmd *cmd, const char **why) {
    struct worker *w = s->worker;
    struct jwt_claims claims;
    enum err err = jwt_verify(w->verifier, token, clock_wall_ms() / 1000, &w->arena, &claims, why);
    if (err == OK) {
        enum role role = role_by_name(claims.role);
        cmd->user = claims.user_id;
        cmd->username = claims.username;
        cmd->mobile = claims.mobile;
        cmd->role = role == ROLE_COUNT ? ROLE_MEMBER : role;
        cmd->is_provisioned = w->settings->config->auth_provision;
        cmd->until_ms = claims.expires_s * 1000;
        if (s->user.v != 0 && s->user.v == claims.user_id) {
            xfree(s->api_token);    // it came in with one, and goes on without
            s->api_token = NULL;
        }
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

static enum credential guessed(const char **why) {
    METRIC_ADD_AT(auth_failures_total, METRIC_REASON_RATE, 1);
    *why = "Too many failed tokens from your address: wait a minute.";
    return CREDENTIAL_GUESSED;
}

enum credential credential_read(struct session *s, struct str token, struct cmd *cmd,
                                const char **why) {
    if (addresses_is_refused(s->worker->server->addresses, s)) {
        return guessed(why);
    }
    enum err err = ERR_DENIED;
    *why = "A token is needed: Authorization: Bearer, or ?token= in the address.";
    if (token_is_one(token)) {
        err = read_api_token(s, token, cmd, why);
    } else if (!str_is_empty(token)) {
        err = read_jwt(s, token, cmd, why);
    }
    if (err == OK) {
        return CREDENTIAL_GOOD;
    }
    return count_failure(s, err, token) ? CREDENTIAL_BAD : guessed(why);
}
