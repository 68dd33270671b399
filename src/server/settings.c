/* Settings: see settings.h. Made whole or not at all, so that a reload that fails leaves the old
 * ones. */
#include "server/settings.h"

#include <errno.h>
#include <sys/stat.h>

#include "auth/keyfile.h"
#include "core/batch.h"
#include "core/core.h"

#define PATH_BYTES_MAX 4096

void settings_put_path(const struct config *config, const char *name, struct buf *out) {
    buf_put_str(out, config->data_dir);
    buf_put_char(out, '/');
    buf_put(out, name, strlen(name) + 1);
    out->n--;
}

static enum err make_data_dir(const struct config *config, struct buf *why) {
    if (mkdir(config->data_dir.p, 0700) == 0 || errno == EEXIST) {
        return OK;
    }
    buf_printf(why, "data.dir: %s cannot be made: %s", config->data_dir.p, strerror(errno));
    return ERR_IO;
}

static enum err make_keys(struct settings *s, bool is_dev, struct buf *why) {
    const struct config *config = s->config;
    SCOPED(buf_fini) struct buf secret = BUF_INIT(KEY_FILE_TEXT_MAX);
    struct str given = config->auth_jwt_secret.text;
    if (str_is_empty(given)) {
        SCOPED(buf_fini) struct buf path = BUF_INIT(PATH_BYTES_MAX);
        settings_put_path(config, "jwt.key", &path);
        bool is_new = false;
        enum err err = key_file_load(path.p, &secret, &is_new, why);
        if (err != OK) {
            return err;
        }
        given = buf_str(&secret);
    }
    return jwt_keys_new(
        &(struct jwt_keys_spec){
            .secret = given,
            .key_file = config->auth_jwt_key_file.p,
            .issuer = config->auth_issuer,
            .audience = config->auth_audience,
            .is_dev = is_dev,
        },
        &s->keys, why);
}

static bool wants_tls(const struct config *config) {
    const struct config_list *lists[] = { &config->http_listen, &config->hub_listen };
    for (size_t l = 0; l < COUNT(lists); l++) {
        for (size_t i = 0; i < lists[l]->count; i++) {
            if (str_starts(lists[l]->items[i], STR_LIT("tls:"))) {
                return true;
            }
        }
    }
    return false;
}

static enum err make_tls(struct settings *s, struct buf *why) {
    const struct config *config = s->config;
    if (str_is_empty(config->tls_cert) && !wants_tls(config)) {
        return OK;
    }
    if (str_is_empty(config->tls_cert) || str_is_empty(config->tls_key)) {
        buf_printf(why, "tls.cert and tls.key: an address begins with tls:, so both are needed");
        return ERR_PROTO;
    }
    char reason[TLS_WHY_BYTES];
    enum err err = tls_context_new(config->tls_cert.p, config->tls_key.p, &s->tls, reason);
    if (err != OK) {
        buf_printf(why, "tls: %s", reason);
    }
    return err;
}

enum err settings_new(const struct config_sources *sources, struct settings **out,
                      struct buf *why) {
    struct settings *s = xzalloc(sizeof *s);
    enum err err = config_load(sources, &s->config, why);
    if (err == OK) {
        err = make_data_dir(s->config, why);
    }
    if (err == OK) {
        err = make_keys(s, sources->is_dev, why);
    }
    if (err == OK) {
        err = make_tls(s, why);
    }
    if (err != OK) {
        settings_free(&s);
        return err;
    }
    *out = s;
    return OK;
}

void settings_free(struct settings **settings) {
    struct settings *s = *settings;
    while (s != NULL) {
        struct settings *older = s->older;
        config_free(&s->config);
        jwt_keys_unref(&s->keys);
        tls_context_unref(&s->tls);
        xfree(s);
        s = older;
    }
    *settings = NULL;
}

void settings_core_limits(const struct settings *settings, struct core_limits *out) {
    const struct config *config = settings->config;
    *out = (struct core_limits){
        .message_chars = (uint32_t)config->limits_message_chars,
        .sessions_per_user = (uint32_t)config->limits_connections_per_user,
        .follows_per_session = (uint32_t)config->limits_follows_per_connection,
        .upload_bytes_per_user = config->media_quota_bytes,
        .uploads = { .per_minute = (uint32_t)config->limits_uploads_per_minute },
    };
    struct config_rate rate;
#define DIALECT(name)                                                                              \
    rate = config_rate_of(config, STR_LIT(#name));                                                 \
    out->content[DIALECT_##name] = (struct rate_limit){                                            \
        .per_minute = (uint32_t)rate.per_minute,                                                   \
        .per_hour = (uint32_t)rate.per_hour,                                                       \
        .burst = (uint32_t)rate.burst,                                                             \
    };
#include "core/dialects.tbl.h"
#undef DIALECT
}

void settings_keep(const struct settings *settings, struct keep *out) {
    const struct config *config = settings->config;
    *out = (struct keep){ config->history_messages_max, config->history_bytes_max,
                          config->history_age_max };
}
