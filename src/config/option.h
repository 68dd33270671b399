/* The table of options as C sees it. Private to this folder.
 *
 * Thread   any; constant. */
#ifndef PARLOIR_CONFIG_OPTION_H
#define PARLOIR_CONFIG_OPTION_H

#include "config/config.h"

enum option_kind {
    KIND_TEXT,
    KIND_SECRET,
    KIND_SWITCH,
    KIND_NUMBER,
    KIND_BYTES,
    KIND_TIME,
    KIND_CHOICE,
    KIND_ADDRESSES,
    KIND_LIST
};

enum option_when { WHEN_START, WHEN_RELOAD, WHEN_HIDDEN };

struct option_bounds {
    bool is_required;    // an empty text will not do
    bool has_range;
    uint64_t min;
    uint64_t max;
    const char *words;    // of a CHOICE, with | between them
};

struct option {
    const char *name;
    enum option_kind kind;
    enum option_when when;
    struct option_bounds bounds;
    size_t offset;        // of the field in struct config
    const char *def;      // as it would be written
    const char *alias;    // another environment variable, or NULL
    const char *help;
};

enum option_id {
#define OPT(field, name, kind, bounds, def, alias, when, help) OPTION_##field,
#include "config/config.tbl.h"
#undef OPT
    OPTION_COUNT
};

extern const struct option options[OPTION_COUNT];

/* The option of that name, NULL if there is none. */
const struct option *option_find(struct str name);

/* The name most like `name`, NULL if none is near: what was meant by a slip of the pen. */
const char *option_like(struct str name);

/* The field of an option. */
static inline void *option_field(const struct option *o, struct config *config) {
    return (char *)config + o->offset;
}

/* Reads `text` as the option's kind demands and stores it in its field of `config`, texts copied
 * into the configuration's arena. ERR_PROTO: it will not do; `why` receives what is wrong and what
 * would be right, without naming the option, and never a secret. */
enum err option_set(const struct option *o, struct str text, struct config *config, struct buf *why)
    MUST_USE;

/* Whether two configurations have the same value. */
bool option_is_same(const struct option *o, const struct config *a, const struct config *b);

/* Appends what may be written, such as "a number from 1 to 64". */
void option_put_form(const struct option *o, struct buf *out);

/* Writes the name of the option's environment variable, PARLOIR_SECTION_KEY, terminated. */
#define OPTION_VARIABLE_BYTES 80
void option_variable(const struct option *o, char out[OPTION_VARIABLE_BYTES]);

/* Appends text for people in quotes: control characters as ?, long ones cut. */
void put_quoted(struct buf *out, struct str text);

/* Whether text is an address of the ADDRESSES kind. */
bool address_is_one(struct str text);

/* Calls `set` for each `key = value` of an INI text, in order.
 *
 * `set` gets "section.key" and returns false to stop. Returns the number of the first line that is
 * neither a section nor a key nor a comment, 0 if all is well or `set` stopped. Without a sink the
 * text is only looked through. */
struct ini_sink {
    bool (*set)(void *ctx, struct str name, struct str value, unsigned line);
    void *ctx;
};
unsigned ini_read(struct str text, const struct ini_sink *sink);

#endif
