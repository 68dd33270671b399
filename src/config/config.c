/* Loading a configuration: each source in its turn sets options in one half-built struct, then what
 * follows from the rest is filled in, and what does not fit together is refused.
 *
 * Which source had the last word is kept for each option until the end: the profile of limits and
 * --dev change defaults only, never what somebody has set. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/option.h"

#define WORKERS_MAX 64

struct loader {
    struct config *config;
    const struct config_sources *sources;
    struct buf *why;
    bool is_set[OPTION_COUNT];         // by any source but the defaults
    unsigned line_of[OPTION_COUNT];    // in the file; 0: not there
    enum err err;                      // of the file's handler
};

/* Sets one option, or says in front of what is wrong where it was: `place`, then the option. */
static enum err set_option(struct loader *l, const struct option *o, struct str value,
                           const char *place) {
    SCOPED(buf_fini) struct buf what = BUF_INIT(1024);
    enum err err = option_set(o, value, l->config, &what);
    if (err != OK) {
        buf_printf(l->why, "%s: %s: ", place, o->name);
        buf_put_str(l->why, buf_str(&what));
        return err;
    }
    l->is_set[o - options] = true;
    return OK;
}

static enum err set_defaults(struct loader *l) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        enum err err = set_option(l, &options[i], str_of(options[i].def), "default");
        if (err != OK) {
            return err;
        }
        l->is_set[i] = false;
    }
    return OK;
}

static enum err unknown(struct loader *l, struct str name, const char *place) {
    const char *like = option_like(name);
    buf_printf(l->why, "%s: there is no option ", place);
    put_quoted(l->why, name);
    if (like != NULL) {
        buf_printf(l->why, "; perhaps %s was meant", like);
    } else {
        BUF_PUT_LIT(l->why, "; parloir.conf(5) lists them all");
    }
    return ERR_PROTO;
}

/* ---- the file */

static const char *file_name(const struct loader *l) {
    return l->sources->file == NULL ? "configuration" : l->sources->file;
}

static enum err set_from_file(struct loader *l, struct str name, struct str value, unsigned line) {
    char place[512];
    snprintf(place, sizeof place, "%s:%u", file_name(l), line);
    const struct option *o = option_find(name);
    if (o == NULL) {
        return unknown(l, name, place);
    }
    unsigned *before = &l->line_of[o - options];
    if (*before != 0) {
        buf_printf(l->why, "%s: %s is already set on line %u; remove one of them", place, o->name,
                   *before);
        return ERR_PROTO;
    }
    *before = line;
    return set_option(l, o, value, place);
}

static bool on_file_key(void *ctx, struct str name, struct str value, unsigned line) {
    struct loader *l = ctx;
    l->err = set_from_file(l, name, value, line);
    return l->err == OK;
}

static enum err read_text(struct loader *l, struct str text) {
    const char *file = file_name(l);
    if (text.n > CONFIG_FILE_BYTES_MAX || memchr(text.p, '\0', text.n) != NULL) {
        buf_printf(l->why, "%s: too long, or not a text file", file);
        return ERR_PROTO;
    }
    unsigned bad_line = ini_read(text, NULL);
    if (bad_line > 0) {
        buf_printf(l->why, "%s:%u: neither a [section] nor key = value nor a comment", file,
                   bad_line);
        return ERR_PROTO;
    }
    (void)ini_read(text, &(struct ini_sink){ on_file_key, l });
    return l->err;
}

/* Appends what is in the file, and one byte more than it may have if it is too long. */
static enum err read_bytes(struct loader *l, struct buf *text) {
    const char *path = l->sources->file;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && text->n <= CONFIG_FILE_BYTES_MAX) {
        size_t want = MIN((size_t)65536, CONFIG_FILE_BYTES_MAX + 1 - text->n);
        n = read(fd, buf_room(text, want), want);
        buf_added(text, n > 0 ? (size_t)n : 0);
    }
    int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (n < 0) {
        buf_printf(l->why, "%s: cannot be read: %s", path, strerror(error));
        return ERR_IO;
    }
    return OK;
}

static enum err read_file(struct loader *l) {
    SCOPED(buf_fini) struct buf text = BUF_INIT(CONFIG_FILE_BYTES_MAX + 1);
    enum err err = read_bytes(l, &text);
    return err != OK || text.n == 0 ? err : read_text(l, buf_str(&text));
}

/* ---- the environment */

/* The value of a variable, NULL if it is not set or empty. */
static const char *variable(const struct loader *l, const char *name) {
    size_t n = strlen(name);
    for (char *const *at = l->sources->env; at != NULL && *at != NULL; at++) {
        if (strncmp(*at, name, n) == 0 && (*at)[n] == '=' && (*at)[n + 1] != '\0') {
            return *at + n + 1;
        }
    }
    return NULL;
}

void option_variable(const struct option *o, char out[OPTION_VARIABLE_BYTES]) {
    int n = snprintf(out, OPTION_VARIABLE_BYTES, "PARLOIR_%s", o->name);
    CHECK(n > 0 && n < OPTION_VARIABLE_BYTES);
    for (char *p = out; *p != '\0'; p++) {
        *p = *p == '.' ? '_' : *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
    }
}

static enum err read_env(struct loader *l) {
    enum err err = OK;
    for (size_t i = 0; err == OK && i < OPTION_COUNT; i++) {
        const struct option *o = &options[i];
        char name[OPTION_VARIABLE_BYTES];
        char place[OPTION_VARIABLE_BYTES + 32];
        option_variable(o, name);
        const char *value = variable(l, name);
        const char *from = name;
        if (value == NULL && o->alias != NULL) {
            value = variable(l, o->alias);
            from = o->alias;
        }
        if (value != NULL) {
            snprintf(place, sizeof place, "environment variable %s", from);
            err = set_option(l, o, str_of(value), place);
        }
    }
    return err;
}

/* ---- the flags */

static enum err read_set(struct loader *l, const char *text) {
    struct str value = str_of(text);
    struct str name = str_trim(str_cut(&value, '='));
    if (value.p == NULL) {
        BUF_PUT_LIT(l->why, "--set ");
        put_quoted(l->why, name);
        BUF_PUT_LIT(l->why, ": it must be section.key=value");
        return ERR_PROTO;
    }
    const struct option *o = option_find(name);
    return o == NULL ? unknown(l, name, "--set") : set_option(l, o, value, "--set");
}

static enum err read_flags(struct loader *l) {
    const struct config_sources *s = l->sources;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < s->set_count; i++) {
        err = read_set(l, s->set[i]);
    }
    if (err == OK && s->data_dir != NULL) {
        err = set_option(l, &options[OPTION_data_dir], str_of(s->data_dir), "--data");
    }
    if (err == OK && s->tape_file != NULL) {
        err = set_option(l, &options[OPTION_tape_file], str_of(s->tape_file), "--tape");
    }
    return err;
}

/* ---- what follows from the rest */

#define RATES(dialect)                                                                             \
    { #dialect, OPTION_limits_##dialect##_per_minute }

/* A dialect's three options stand together in the table: per_minute, per_hour, burst. */
static const struct {
    const char *dialect;
    size_t per_minute;    // an enum option_id
} rates[] = {
    RATES(envelope), RATES(tchatator), RATES(mobile), RATES(hub), RATES(socketio), RATES(rest),
};

static uint64_t *number_of(struct config *config, size_t id) {
    return option_field(&options[id], config);
}

/* The profile gives what no source has set; `documented` is what the table has. */
static void apply_profile(struct loader *l) {
    static const uint64_t chat[] = { 60, 0, 20 };
    for (size_t i = 0; i < COUNT(rates); i++) {
        for (size_t k = 0; k < COUNT(chat); k++) {
            size_t id = rates[i].per_minute + k;
            if (!l->is_set[id] && l->config->limits_profile != LIMITS_DOCUMENTED) {
                *number_of(l->config, id) = l->config->limits_profile == LIMITS_CHAT ? chat[k] : 0;
            }
        }
    }
}

struct config_rate config_rate_of(const struct config *config, struct str dialect) {
    struct config *c = (struct config *)(uintptr_t)config;    // only read
    for (size_t i = 0; i < COUNT(rates); i++) {
        if (str_eq(dialect, str_of(rates[i].dialect))) {
            size_t first = rates[i].per_minute;
            struct config_rate rate = {
                .per_minute = *number_of(c, first),
                .per_hour = *number_of(c, first + 1),
                .burst = *number_of(c, first + 2),
            };
            if (rate.burst == 0 || rate.burst > rate.per_minute) {
                rate.burst = rate.per_minute;
            }
            return rate;
        }
    }
    check_failed("a dialect with limits", __FILE__, __LINE__);
}

static uint64_t cpu_count(void) {
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return (uint64_t)MIN(MAX(count, 1), WORKERS_MAX);
}

static void fill_in(struct loader *l) {
    struct config *c = l->config;
    if (str_is_empty(c->store_url)) {
        SCOPED(buf_fini) struct buf url = BUF_INIT(CONFIG_VALUE_BYTES_MAX + 64);
        buf_printf(&url, "sqlite:%.*s/parloir.db", STR_FMT(c->data_dir));
        CHECK(buf_ok(&url));
        c->store_url = arena_str(&c->arena, buf_str(&url));
    }
    if (c->server_workers == 0) {
        c->server_workers = cpu_count();
    }
    if (c->is_dev && !l->is_set[OPTION_mobile_proof]) {
        c->mobile_proof = MOBILE_PROOF_OPEN;
    }
    apply_profile(l);
}

/* ---- what does not fit together */

static enum err refuse(struct loader *l, enum option_id id, const char *sentence) {
    buf_printf(l->why, "%s: %s", options[id].name, sentence);
    return ERR_PROTO;
}

static enum err check_store(struct loader *l) {
    struct str url = l->config->store_url;
    if (str_starts(url, STR_LIT("postgres:")) || str_starts(url, STR_LIT("postgresql:"))) {
        return refuse(l, OPTION_store_url,
                      "this build keeps its data in SQLite (sqlite:PATH) or in memory (memory:); "
                      "PostgreSQL is not among its stores. DATABASE_URL sets this option too");
    }
    if (!str_starts(url, STR_LIT("sqlite:")) && !str_starts(url, STR_LIT("memory:"))) {
        return refuse(l, OPTION_store_url, "it must begin with sqlite: or memory:");
    }
    if (!str_is_empty(l->config->cluster_url)) {
        return refuse(l, OPTION_cluster_url,
                      "this build runs as a single node: leave it empty. REDIS_URL sets this "
                      "option too");
    }
    return OK;
}

static enum err check_addresses(struct loader *l, enum option_id id) {
    const struct config_list *list = option_field(&options[id], l->config);
    for (size_t i = 0; i < list->count; i++) {
        struct str address = list->items[i];
        if (str_starts(address, STR_LIT("tls:")) && str_is_empty(l->config->tls_cert)) {
            return refuse(l, id, "an address that begins with tls: needs tls.cert and tls.key");
        }
        if (l->config->is_dev && !config_is_loopback(address)) {
            buf_printf(l->why, "%s: ", options[id].name);
            put_quoted(l->why, address);
            BUF_PUT_LIT(l->why, " can be reached from other machines, which --dev does not allow; "
                                "use 127.0.0.1");
            return ERR_PROTO;
        }
    }
    return OK;
}

/* Whether text is scheme://host[:port] and nothing behind it, as browsers write an origin. */
static bool origin_is_one(struct str text) {
    struct str https = STR_LIT("https://");
    struct str http = STR_LIT("http://");
    size_t skip = str_starts(text, https) ? https.n : str_starts(text, http) ? http.n : 0;
    struct str host = { text.p + skip, text.n - skip };
    return skip > 0 && host.n > 0 && memchr(host.p, '/', host.n) == NULL;
}

static enum err check_origins(struct loader *l) {
    const struct config_list *list = &l->config->http_origins;
    for (size_t i = 0; i < list->count; i++) {
        if (!str_eq(list->items[i], STR_LIT("*")) && !origin_is_one(list->items[i])) {
            return refuse(l, OPTION_http_origins,
                          "an origin is * or scheme://host or scheme://host:port, without a slash "
                          "at the end, such as https://chat.example.org");
        }
    }
    return OK;
}

static enum err check_whole(struct loader *l) {
    const struct config *c = l->config;
    enum err err;
    if (str_is_empty(c->tls_cert) != str_is_empty(c->tls_key)) {
        return refuse(l, OPTION_tls_cert, "tls.cert and tls.key go together: set both or none");
    }
    if ((err = check_store(l)) != OK || (err = check_origins(l)) != OK ||
        (err = check_addresses(l, OPTION_http_listen)) != OK ||
        (err = check_addresses(l, OPTION_tchatator_listen)) != OK) {
        return err;
    }
    return check_addresses(l, OPTION_hub_listen);
}

enum err config_load(const struct config_sources *sources, struct config **out, struct buf *why) {
    struct config *config = xzalloc(sizeof *config);
    struct loader l = { .config = config, .sources = sources, .why = why };
    enum err err = OK;
    config->is_dev = sources->is_dev;

    if ((err = set_defaults(&l)) != OK) {
        goto fail;
    }
    if (sources->file_text != NULL) {
        err = read_text(&l, str_of(sources->file_text));
    } else if (sources->file != NULL) {
        err = read_file(&l);
    }
    if (err != OK || (err = read_env(&l)) != OK || (err = read_flags(&l)) != OK) {
        goto fail;
    }
    fill_in(&l);
    if ((err = check_whole(&l)) != OK) {
        goto fail;
    }
    *out = config;
    return OK;

fail:
    config_free(&config);
    return err;
}

/* ---- when it was refused */

/* Sets log.format if that is what `name` is. What is wrong with it has been said. */
static void note_format(struct loader *l, struct str name, struct str value) {
    const struct option *o = option_find(name);
    if (o == &options[OPTION_log_format]) {
        (void)set_option(l, o, value, "");
    }
}

static bool on_format_key(void *ctx, struct str name, struct str value, unsigned line) {
    (void)line;
    note_format(ctx, name, value);
    return true;
}

/* A pipe is empty now, or would be waited for. */
static bool is_regular(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

enum log_format config_log_format(const struct config_sources *sources) {
    SCOPED(buf_fini) struct buf text = BUF_INIT(CONFIG_FILE_BYTES_MAX + 1);
    SCOPED(buf_fini) struct buf why = BUF_INIT(CONFIG_VALUE_BYTES_MAX);
    struct config config = { .log_format = LOG_FORMAT_TEXT };    // a CHOICE takes no memory
    struct loader l = { .config = &config, .sources = sources, .why = &why };
    const struct option *o = &options[OPTION_log_format];

    if (sources->file_text != NULL) {
        buf_put_str(&text, str_of(sources->file_text));
    } else if (sources->file != NULL && is_regular(sources->file)) {
        (void)read_bytes(&l, &text);
    }
    (void)ini_read(buf_str(&text), &(struct ini_sink){ on_format_key, &l });
    char name[OPTION_VARIABLE_BYTES];
    option_variable(o, name);
    const char *value = variable(&l, name);
    if (value != NULL) {
        note_format(&l, str_of(o->name), str_of(value));
    }
    for (size_t i = 0; i < sources->set_count; i++) {
        struct str rest = str_of(sources->set[i]);
        struct str key = str_trim(str_cut(&rest, '='));
        note_format(&l, key, rest);
    }
    return (enum log_format)config.log_format;
}

void config_free(struct config **at) {
    struct config *config = *at;
    if (config != NULL) {
        struct str secret = config->auth_jwt_secret.text;
        if (secret.n > 0) {
            explicit_bzero((char *)(uintptr_t)secret.p, secret.n);
        }
        arena_fini(&config->arena);
        xfree(config);
        *at = NULL;
    }
}

void config_put_restart_needed(const struct config *old, const struct config *fresh,
                               struct buf *out) {
    bool is_first = true;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (options[i].when != WHEN_RELOAD && !option_is_same(&options[i], old, fresh)) {
            buf_put_str(out, is_first ? STR_LIT("") : STR_LIT(", "));
            buf_put_str(out, str_of(options[i].name));
            is_first = false;
        }
    }
}
