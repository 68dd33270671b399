/* Credentials: from what a request or a message brings to who it names. A JWT or an API token;
 * where it was found makes no difference. It goes no further than this: the core hears of a user
 * only.
 *
 * Thread   the session's worker.
 * Memory   texts live in the worker's arena. */
#ifndef PARLOIR_SERVER_CREDENTIAL_H
#define PARLOIR_SERVER_CREDENTIAL_H

#include "auth/token.h"
#include "base/str.h"
#include "core/cmd.h"

struct event;
struct http1_request;
struct server;
struct session;
struct worker;

#define BEARER_PROTOCOL "bearer"    // the subprotocol in front of a token

/* The token of a request: Authorization: Bearer, ?token=, or the subprotocols `bearer, <token>`. */
struct str credential_of(struct worker *w, const struct http1_request *req);

/* How it went. */
enum credential_found {
    CREDENTIAL_GOOD,
    CREDENTIAL_BAD,        // `why` says how
    CREDENTIAL_GUESSED,    // one of too many bad ones of this address: not looked at
};

/* What a good one leads to: a command that names the user, and when that ends (until_ms, 0:
 * never). */
struct credential {
    struct cmd *cmd;    // filled in
    struct token_hash hash;
    bool is_api_token;    // the hash is its
};

/* Looks at the token of somebody who knocks. Bad ones are counted with the address. */
enum credential_found credential_read(struct session *s, struct str token, struct credential *out,
                                      const char **why);

/* The same for an API token alone: a JWT is a bad one. */
enum credential_found credential_read_api_token(struct session *s, struct str token,
                                                struct credential *out);

/* The same for somebody who is in already: who sends a bad one harms nobody else at his address. */
bool credential_read_again(struct session *s, struct str token, struct credential *out);

/* The session stands and falls with it from now on: with an API token until that is revoked. */
void credential_take(struct session *s, const struct credential *credential);

/* API tokens are known at the door the moment they are on the disk: a fact that was kept, or is
 * loaded. Others than theirs are ignored. Thread: any. */
void credential_on_fact(struct server *server, const struct event *ev);

#endif
