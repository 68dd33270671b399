/* The configuration: one table (config.tbl.h), four sources, one immutable result.
 *
 *     defaults  <  file  <  environment  <  flags          the later wins
 *
 *   file         [section] and `key = value`; comments begin with ; or #
 *   environment  PARLOIR_SECTION_KEY, and the documents' own names (DATABASE_URL, REDIS_URL,
 *                WS_BIND_ADDR, JWT_SECRET), which lose to PARLOIR_ ones; empty counts as unset
 *   flags        --set section.key=value, --data DIR, --dev
 *
 * Thread   a loaded configuration never changes: any thread may read it. A reload makes a new one.
 * Memory   everything in it lives until config_free; texts are terminated with a zero byte.
 * Bound    a file has at most CONFIG_FILE_BYTES_MAX bytes, a value CONFIG_VALUE_BYTES_MAX. */
#ifndef PARLOIR_CONFIG_CONFIG_H
#define PARLOIR_CONFIG_CONFIG_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

#define CONFIG_FILE_BYTES_MAX (1u << 20)
#define CONFIG_VALUE_BYTES_MAX 4096
#define CONFIG_LIST_MAX 64    // items of one list

struct config_list {
    struct str *items;    // each one not empty, terminated
    size_t count;
};

/* The CHOICE options; the order is that of the words in the table. log.level and log.format are
 * enum log_level and enum log_format. */
enum mobile_proof { MOBILE_PROOF_OTP, MOBILE_PROOF_TOKEN, MOBILE_PROOF_OPEN };
enum limits_profile { LIMITS_DOCUMENTED, LIMITS_CHAT, LIMITS_OPEN };

#define CONFIG_TYPE_TEXT struct str
#define CONFIG_TYPE_SECRET struct secret
#define CONFIG_TYPE_SWITCH bool
#define CONFIG_TYPE_NUMBER uint64_t
#define CONFIG_TYPE_BYTES uint64_t
#define CONFIG_TYPE_TIME uint64_t
#define CONFIG_TYPE_CHOICE unsigned
#define CONFIG_TYPE_ADDRESSES struct config_list
#define CONFIG_TYPE_LIST struct config_list

/* One field for each option: http.listen is config->http_listen. store_url is never empty, and
 * server_workers never 0, once loaded. */
struct config {
#define OPT(field, name, kind, bounds, def, alias, when, help) CONFIG_TYPE_##kind field;
#include "config/config.tbl.h"
#undef OPT
    bool is_dev;           // --dev
    struct arena arena;    // what the fields point to
};

/* Where a configuration comes from. All borrowed during config_load. */
struct config_sources {
    const char *file;          // --config; NULL: no file
    const char *file_text;     // if not NULL, stands for the file's content (`file` still names it)
    char *const *env;          // as environ; NULL: none
    const char *const *set;    // "section.key=value", one for each --set, in order
    size_t set_count;
    const char *data_dir;     // --data; NULL: not given
    const char *tape_file;    // --tape; NULL: not given
    bool is_dev;              // --dev: mobile.proof=open unless set; loopback addresses only
};

/* Reads all sources into a new configuration, owned by the caller.
 * ERR_IO     the file cannot be read.
 * ERR_PROTO  something in it, or in another source, is not understood.
 * `why` then receives one line that names the place (file and line, variable, or flag), the key,
 * and what would be right. Secrets are never repeated in it. */
enum err config_load(const struct config_sources *sources, struct config **out, struct buf *why)
    MUST_USE;

/* How a program whose configuration was refused is to say so: log.format, as far as the sources
 * that can be read agree with parloir.conf(5). Everything else in them is passed over. A file is
 * only looked into if it can be read twice. */
enum log_format config_log_format(const struct config_sources *sources);

/* Wipes the secret, frees all of it, sets *config to NULL. A NULL *config is fine. */
void config_free(struct config **config);

/* Appends the names of the options that differ and need a restart, comma-separated; nothing if
 * there is none. For the log line after SIGHUP. */
void config_put_restart_needed(const struct config *old, const struct config *fresh,
                               struct buf *out);

/* How fast a user may write through one dialect, the profile resolved. 0: no limit. */
struct config_rate {
    uint64_t per_minute;
    uint64_t per_hour;
    uint64_t burst;    // 1 to per_minute; 0 only if per_minute is 0
};

/* The rates of a dialect by its name in code ("hub", ..., "rest"). CHECKs that there is such a
 * one. */
struct config_rate config_rate_of(const struct config *config, struct str dialect);

/* Whether an address of an ADDRESSES option can be reached from this machine only. */
bool config_is_loopback(struct str address);

/* Reads a number, bytes or a time as the option of that name, which there is, would; sets nothing.
 * ERR_PROTO: it would be refused; `why` gets what is wrong with it. */
enum err config_amount(const char *option, struct str text, uint64_t *out, struct buf *why)
    MUST_USE;

/* What is printed from the table: etc/parloir.conf, man/parloir.conf.5, and the list for --help. */
void config_put_sample(struct buf *out);
void config_put_man(struct buf *out);
void config_put_help(struct buf *out);

#endif
