/* Lines of `name=value` words. */
#include "core/line.h"

static const char hex_digits[] = "0123456789abcdef";

static bool is_plain(unsigned char c, bool is_utf8) {
    return c > ' ' && c != '\\' && c != 0x7f && (c < 0x80 || is_utf8);
}

void line_put_text(struct buf *b, const char *name, struct str value) {
    if (value.n == 0) {
        return;
    }
    bool is_utf8 = str_is_utf8(value);
    buf_put_char(b, ' ');
    buf_put_str(b, str_of(name));
    buf_put_char(b, '=');
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if (is_plain(c, is_utf8)) {
            buf_put_char(b, (char)c);
        } else {
            const char escaped[4] = { '\\', 'x', hex_digits[c >> 4], hex_digits[c & 15] };
            buf_put(b, escaped, sizeof escaped);
        }
    }
}

void line_put_number(struct buf *b, const char *name, uint64_t value) {
    if (value != 0) {
        buf_put_char(b, ' ');
        buf_put_str(b, str_of(name));
        buf_put_char(b, '=');
        buf_put_u64(b, value);
    }
}

bool line_next(struct str *rest, struct str *name, struct str *value) {
    while (rest->n > 0 && rest->p[0] == ' ') {
        *rest = (struct str){ rest->p + 1, rest->n - 1 };
    }
    if (rest->n == 0) {
        return false;    // of a text that was not given p is NULL, to which nothing is added
    }
    size_t n = str_find(*rest, ' ');
    struct str word = { rest->p, n };
    *rest = (struct str){ rest->p + n, rest->n - n };
    *name = str_cut(&word, '=');
    *value = word;
    return true;
}

static int hex_value(char c) {
    const char *at = c == '\0' ? NULL : strchr(hex_digits, c);
    return at == NULL ? -1 : (int)(at - hex_digits);
}

/* Reads the escape at p, n bytes before the end, into *out. */
static bool unescape(const char *p, size_t n, char *out) {
    if (n < 4 || p[1] != 'x' || hex_value(p[2]) < 0 || hex_value(p[3]) < 0) {
        return false;
    }
    *out = (char)(hex_value(p[2]) << 4 | hex_value(p[3]));
    return true;
}

enum err line_text(struct arena *texts, struct str value, struct str *out) {
    if (str_find(value, '\\') == value.n) {
        *out = value;
        return OK;
    }
    char *text = arena_alloc(texts, value.n);
    size_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        text[n] = value.p[i];
        if (value.p[i] == '\\') {
            if (!unescape(value.p + i, value.n - i, &text[n])) {
                return ERR_PROTO;
            }
            i += 3;
        }
        n++;
    }
    *out = (struct str){ text, n };
    return OK;
}
