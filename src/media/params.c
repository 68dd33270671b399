/* Parameters of a header's value (RFC 9110 section 5.6.6), read as browsers and mail programs
 * write them: a value without quotes ends at `;` or white space, in a quoted one a backslash takes
 * the meaning of the quote or backslash behind it. */
#include "media/params.h"

static bool is_space(char c) {
    return c == ' ' || c == '\t';
}

static bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static struct str cut(struct str *rest, size_t n) {
    struct str piece = { rest->p, n };
    if (n > 0) {    // of nothing there is not even an address
        *rest = (struct str){ rest->p + n, rest->n - n };
    }
    return piece;
}

static void skip_space(struct str *rest) {
    while (rest->n > 0 && is_space(rest->p[0])) {
        (void)cut(rest, 1);
    }
}

struct str params_begin(struct str *rest) {
    return str_trim(cut(rest, str_find(*rest, ';')));
}

/* Takes a quoted string; *rest begins with its quote. */
static bool take_quoted(struct str *rest, struct str *out) {
    size_t n = 1;
    while (n < rest->n && rest->p[n] != '"') {
        bool is_escape = rest->p[n] == '\\' && n + 1 < rest->n &&
                         (rest->p[n + 1] == '"' || rest->p[n + 1] == '\\');
        n += is_escape ? 2 : 1;
    }
    if (n >= rest->n) {
        return false;    // it does not end
    }
    struct str whole = cut(rest, n + 1);
    *out = (struct str){ whole.p + 1, n - 1 };
    return true;
}

static struct str take_bare(struct str *rest) {
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ';' && rest->p[n] != '"' && !is_space(rest->p[n])) {
        n++;
    }
    return cut(rest, n);
}

bool params_next(struct str *rest, struct param *out) {
    struct str s = *rest;
    do {    // an empty one, as in "a;;b" or at the end, is none
        skip_space(&s);
        if (s.n == 0) {
            *rest = s;
            return false;
        }
        if (s.p[0] != ';') {
            return false;
        }
        (void)cut(&s, 1);
        skip_space(&s);
    } while (s.n == 0 || s.p[0] == ';');

    struct param param = { 0 };
    size_t n = 0;
    while (n < s.n && is_name_char(s.p[n])) {
        n++;
    }
    param.name = cut(&s, n);
    if (n == 0 || s.n == 0 || s.p[0] != '=') {
        return false;
    }
    (void)cut(&s, 1);
    param.is_quoted = s.n > 0 && s.p[0] == '"';
    if (param.is_quoted && !take_quoted(&s, &param.value)) {
        return false;
    }
    if (!param.is_quoted) {
        param.value = take_bare(&s);
    }
    *rest = s;
    *out = param;
    return true;
}
