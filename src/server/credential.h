/* Credentials: from what a request or a message brings to who it names. A JWT or an API token;
 * where it was found makes no difference. It goes no further than this: the core hears of a user
 * only.
 *
 * Thread   the session's worker.
 * Memory   texts live in the worker's arena. */
#ifndef PARLOIR_SERVER_CREDENTIAL_H
#define PARLOIR_SERVER_CREDENTIAL_H

#include "base/str.h"
#include "core/cmd.h"

struct http1_request;
struct session;
struct worker;

#define BEARER_PROTOCOL "bearer"    // the subprotocol in front of a token

/* The token of a request: Authorization: Bearer, ?token=, or the subprotocols `bearer, <token>`. */
struct str credential_of(struct worker *w, const struct http1_request *req);

/* How it went. */
enum credential {
    CREDENTIAL_GOOD,
    CREDENTIAL_BAD,        // `why` says how
    CREDENTIAL_GUESSED,    // one of too many bad ones of this address: not looked at
};

/* Fills the command in with who the token names, and when that ends (until_ms, 0: never); an API
 * token becomes the session's, which ends with it. Bad ones are counted. */
enum credential credential_read(struct session *s, struct str token, struct cmd *cmd,
                                const char **why);

#endif
