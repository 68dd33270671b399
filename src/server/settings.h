/* Settings: one configuration and what is made from it for the workers.
 *
 * Thread   immutable once made; any.
 * Memory   owned by the server; old ones are kept until no worker holds them, the first until the
 *          end. */
#ifndef PARLOIR_SERVER_SETTINGS_H
#define PARLOIR_SERVER_SETTINGS_H

#include "auth/jwt.h"
#include "base/err.h"
#include "config/config.h"
#include "net/tls.h"

struct core_limits;
struct keep;

struct settings {
    struct config *config;      // owned
    struct jwt_keys *keys;      // owned
    struct tls_context *tls;    // owned; NULL: no certificate configured
    struct settings *older;     // owned
};

/* Reads all sources and makes everything from them; the data directory is created. On failure `why`
 * receives a sentence naming the place. ERR_PROTO: the configuration cannot be used. ERR_IO: a file
 * cannot be read or made. */
enum err settings_new(const struct config_sources *sources, struct settings **out, struct buf *why)
    MUST_USE;

/* Frees these and all older ones. */
void settings_free(struct settings **settings);

/* The part of it the core goes by. */
void settings_core_limits(const struct settings *settings, struct core_limits *out);

/* What rooms keep that have no rules of their own. */
void settings_keep(const struct settings *settings, struct keep *out);

/* Appends <data.dir>/<name> with a zero byte after it (not counted). */
void settings_put_path(const struct config *config, const char *name, struct buf *out);

#endif
