/* What is spoken: see spoken.h. A request line is a method, a space and a target. Of a method that
 * HTTP knows the target may have any form; of others only a path is taken for one, because a name
 * and a space begin a line of the other kind, too. */
#include "net/spoken.h"

#define TLS_HANDSHAKE 0x16     // the content type of its first record
#define METHOD_CHARS_MAX 11    // UNSUBSCRIBE; http1.c knows no longer one

static bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_known(struct str method) {
    static const char *const methods[] = { "GET",   "HEAD",    "POST",  "PUT",    "DELETE",
                                           "PATCH", "CONNECT", "TRACE", "OPTIONS" };
    for (size_t i = 0; i < COUNT(methods); i++) {
        if (str_eq(method, str_of(methods[i]))) {
            return true;
        }
    }
    return false;
}

enum spoken spoken_of(struct str head) {
    struct str method = { head.p, 0 };
    head.n = MIN(head.n, SPOKEN_BYTES_MAX);

    if (head.n > 0 && head.p[0] == TLS_HANDSHAKE) {
        return SPOKEN_TLS;
    }
    while (method.n < head.n && is_letter(head.p[method.n])) {
        method.n++;
    }
    if (method.n > METHOD_CHARS_MAX) {
        return SPOKEN_LINES;
    }
    bool is_short = method.n + 1 >= head.n && (method.n == head.n || head.p[method.n] == ' ');
    if (is_short) {
        return head.n < SPOKEN_BYTES_MAX ? SPOKEN_UNSURE : SPOKEN_LINES;
    }
    if (is_known(method) && (head.p[method.n] == '\r' || head.p[method.n] == '\n')) {
        return SPOKEN_HTTP;    // a line that lacks the rest: its own answer says so best
    }
    if (method.n == 0 || head.p[method.n] != ' ') {
        return SPOKEN_LINES;
    }
    char target = head.p[method.n + 1];
    return is_known(method) || target == '/' || target == '*' ? SPOKEN_HTTP : SPOKEN_LINES;
}
