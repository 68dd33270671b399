/* From the text of a value to what it means. */
#include <arpa/inet.h>

#include "config/option.h"

#define ADDRESS_BYTES_MAX 256

/* What stands behind a number, and what the number is multiplied by. */
struct unit {
    struct str name;
    uint64_t factor;
};

#define UNIT(name, factor)                                                                         \
    { { name, sizeof name - 1 }, factor }

static const struct unit byte_units[] = {
    UNIT("", 1),
    UNIT("B", 1),
    UNIT("KiB", (uint64_t)1 << 10),
    UNIT("MiB", (uint64_t)1 << 20),
    UNIT("GiB", (uint64_t)1 << 30),
    UNIT("KB", 1000),
    UNIT("MB", 1000000),
    UNIT("GB", 1000000000),
};

static const struct unit time_units[] = {
    UNIT("", 1),        UNIT("ms", 1),      UNIT("s", 1000),     UNIT("m", 60000),
    UNIT("min", 60000), UNIT("h", 3600000), UNIT("d", 86400000),
};

static const struct unit no_units[] = { UNIT("", 1) };

/* Reads digits and one of the units. */
static enum err read_number(struct str text, const struct unit *units, size_t count,
                            uint64_t *out) {
    size_t digits = 0;
    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9') {
        digits++;
    }
    uint64_t n;
    if (str_to_u64((struct str){ text.p, digits }, &n) != OK) {
        return ERR_PROTO;
    }
    struct str name = str_trim((struct str){ text.p + digits, text.n - digits });
    for (size_t i = 0; i < count; i++) {
        if (str_eq_nocase(name, units[i].name)) {
            return __builtin_mul_overflow(n, units[i].factor, out) ? ERR_TOO_BIG : OK;
        }
    }
    return ERR_PROTO;
}

static enum err read_amount(const struct option *o, struct str text, uint64_t *out) {
    uint64_t n = 0;
    enum err err;
    if (o->kind == KIND_BYTES) {
        err = read_number(text, byte_units, COUNT(byte_units), &n);
    } else if (o->kind == KIND_TIME) {
        err = read_number(text, time_units, COUNT(time_units), &n);
    } else {
        err = read_number(text, no_units, COUNT(no_units), &n);
    }
    if (err != OK || (o->bounds.has_range && (n < o->bounds.min || n > o->bounds.max))) {
        return ERR_PROTO;
    }
    *out = n;
    return OK;
}

static enum err read_switch(struct str text, bool *out) {
    static const char *const words[][2] = {
        { "off", "on" }, { "no", "yes" }, { "false", "true" }, { "0", "1" }
    };
    for (size_t i = 0; i < COUNT(words); i++) {
        for (size_t on = 0; on < 2; on++) {
            if (str_eq_nocase(text, str_of(words[i][on]))) {
                *out = on == 1;
                return OK;
            }
        }
    }
    return ERR_PROTO;
}

static enum err read_choice(const char *words, struct str text, unsigned *out) {
    struct str rest = str_of(words);
    for (unsigned i = 0; rest.p != NULL; i++) {
        if (str_eq_nocase(text, str_cut(&rest, '|'))) {
            *out = i;
            return OK;
        }
    }
    return ERR_PROTO;
}

/* Whether text is a host we can bind without asking anybody: nothing (all), an IP address,
 * localhost. */
static bool host_is_one(struct str host) {
    char text[INET6_ADDRSTRLEN];
    uint8_t address[16];
    bool has_brackets = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (has_brackets) {
        host = (struct str){ host.p + 1, host.n - 2 };
    }
    if (host.n >= sizeof text) {
        return false;
    }
    if (host.n > 0) {
        memcpy(text, host.p, host.n);
    }
    text[host.n] = '\0';
    if (has_brackets) {
        return inet_pton(AF_INET6, text, address) == 1;
    }
    return host.n == 0 || str_eq_nocase(host, STR_LIT("localhost")) ||
           inet_pton(AF_INET, text, address) == 1;
}

static struct str without(struct str text, struct str prefix) {
    if (!str_starts(text, prefix)) {
        return text;
    }
    return (struct str){ text.p + prefix.n, text.n - prefix.n };
}

/* The host of IP:PORT, and the port's text. */
static struct str host_of(struct str address, struct str *port) {
    size_t colon = address.n;
    while (colon > 0 && address.p[colon - 1] != ':') {
        colon--;
    }
    if (colon == 0) {
        *port = STR_NONE;
        return address;
    }
    *port = (struct str){ address.p + colon, address.n - colon };
    return (struct str){ address.p, colon - 1 };
}

bool address_is_one(struct str text) {
    struct str rest = without(text, STR_LIT("tls:"));
    if (text.n > ADDRESS_BYTES_MAX) {
        return false;
    }
    if (str_starts(rest, STR_LIT("unix:"))) {
        struct str path = without(rest, STR_LIT("unix:"));
        return path.n > 0 && path.n < 108;    // what the system's address has room for
    }
    uint64_t port;
    struct str port_text;
    struct str host = host_of(rest, &port_text);
    return host_is_one(host) && port_text.n <= 5 && str_to_u64(port_text, &port) == OK &&
           port <= UINT16_MAX;
}

bool config_is_loopback(struct str address) {
    struct str rest = without(address, STR_LIT("tls:"));
    if (str_starts(rest, STR_LIT("unix:"))) {
        return true;
    }
    struct str port;
    struct str host = host_of(rest, &port);
    return str_eq_nocase(host, STR_LIT("localhost")) || str_starts(host, STR_LIT("127.")) ||
           str_eq(host, STR_LIT("[::1]"));
}

static enum err bad_item(const struct option *o, struct str item, struct buf *why) {
    put_quoted(why, item);
    BUF_PUT_LIT(why, " will not do; use ");
    option_put_form(o, why);
    return ERR_PROTO;
}

/* Reads items with commas between them; empty ones are passed over. */
static enum err read_list(const struct option *o, struct str text, struct arena *arena,
                          struct config_list *out, struct buf *why) {
    struct str items[CONFIG_LIST_MAX];
    struct config_list list = { 0 };
    struct str rest = text;
    while (rest.p != NULL) {
        struct str item = str_trim(str_cut(&rest, ','));
        if (str_is_empty(item)) {
            continue;
        }
        if (o->kind == KIND_ADDRESSES && !address_is_one(item)) {
            return bad_item(o, item, why);
        }
        if (list.count == CONFIG_LIST_MAX) {
            buf_printf(why, "there are more than %d", CONFIG_LIST_MAX);
            return ERR_PROTO;
        }
        items[list.count++] = arena_str(arena, item);
    }
    if (list.count > 0) {
        list.items = arena_alloc(arena, list.count * sizeof items[0]);
        memcpy(list.items, items, list.count * sizeof items[0]);
    } else if (o->bounds.is_required) {
        BUF_PUT_LIT(why, "it must not be empty");
        return ERR_PROTO;
    }
    *out = list;
    return OK;
}

static enum err read_text(const struct option *o, struct str text, struct arena *arena,
                          struct str *out, struct buf *why) {
    if (o->bounds.is_required && str_is_empty(text)) {
        BUF_PUT_LIT(why, "it must not be empty");
        return ERR_PROTO;
    }
    *out = arena_str(arena, text);
    return OK;
}

static enum err bad_value(enum err err, const struct option *o, struct str text, struct buf *why) {
    return err == OK ? OK : bad_item(o, text, why);
}

enum err option_set(const struct option *o, struct str text, struct config *config,
                    struct buf *why) {
    void *field = option_field(o, config);
    if (text.n > CONFIG_VALUE_BYTES_MAX) {
        buf_printf(why, "the value is longer than %d bytes", CONFIG_VALUE_BYTES_MAX);
        return ERR_PROTO;
    }
    text = str_trim(text);
    if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL) {
        BUF_PUT_LIT(why, "the value has a zero byte in it");
        return ERR_PROTO;
    }
    switch (o->kind) {
    case KIND_TEXT: return read_text(o, text, &config->arena, field, why);
    case KIND_SECRET:
        return read_text(o, text, &config->arena, &((struct secret *)field)->text, why);
    case KIND_SWITCH: return bad_value(read_switch(text, field), o, text, why);
    case KIND_NUMBER:
    case KIND_BYTES:
    case KIND_TIME: return bad_value(read_amount(o, text, field), o, text, why);
    case KIND_CHOICE: return bad_value(read_choice(o->bounds.words, text, field), o, text, why);
    case KIND_ADDRESSES:
    case KIND_LIST: return read_list(o, text, &config->arena, field, why);
    }
    check_failed("a kind of option", __FILE__, __LINE__);
}

enum err config_amount(const char *option, struct str text, uint64_t *out, struct buf *why) {
    const struct option *o = option_find(str_of(option));
    struct config scratch = { 0 };
    CHECK(o != NULL && (o->kind == KIND_NUMBER || o->kind == KIND_BYTES || o->kind == KIND_TIME));
    enum err err = option_set(o, text, &scratch, why);
    if (err == OK) {
        memcpy(out, option_field(o, &scratch), sizeof *out);
    }
    return err;
}
