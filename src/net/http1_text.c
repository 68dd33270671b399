/* What surrounds a request: looking things up in its head, and writing the answer. */
#include "net/http1.h"

struct str http1_header(const struct http1_request *req, const char *name) {
    struct str wanted = str_of(name);
    for (size_t i = 0; i < req->header_count; i++) {
        if (str_eq_nocase(req->headers[i].name, wanted)) {
            return req->headers[i].value;
        }
    }
    return STR_NONE;
}

size_t http1_header_count(const struct http1_request *req, const char *name) {
    struct str wanted = str_of(name);
    size_t count = 0;
    for (size_t i = 0; i < req->header_count; i++) {
        count += str_eq_nocase(req->headers[i].name, wanted);
    }
    return count;
}

bool http1_has_token(struct str value, const char *token) {
    struct str wanted = str_of(token);
    while (value.p != NULL) {
        if (str_eq_nocase(str_trim(str_cut(&value, ',')), wanted)) {
            return true;
        }
    }
    return false;
}

bool http1_header_has(const struct http1_request *req, const char *name, const char *token) {
    struct str wanted = str_of(name);
    for (size_t i = 0; i < req->header_count; i++) {
        if (str_eq_nocase(req->headers[i].name, wanted) &&
            http1_has_token(req->headers[i].value, token)) {
            return true;
        }
    }
    return false;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Takes the next character of an encoded text that has one. */
static char next_decoded(struct str *s) {
    size_t n = 1;
    char c = s->p[0] == '+' ? ' ' : s->p[0];
    if (c == '%' && s->n >= 3 && hex_value(s->p[1]) >= 0 && hex_value(s->p[2]) >= 0) {
        c = (char)(hex_value(s->p[1]) << 4 | hex_value(s->p[2]));
        n = 3;
    }
    s->p += n;
    s->n -= n;
    return c;
}

static bool is_encoded(struct str s, const char *plain) {
    for (; s.n > 0 && *plain != '\0'; plain++) {
        if (next_decoded(&s) != *plain) {
            return false;
        }
    }
    return s.n == 0 && *plain == '\0';
}

bool http1_query(struct str query, const char *name, struct buf *out) {
    while (query.p != NULL) {
        struct str value = str_cut(&query, '&');
        struct str key = str_cut(&value, '=');
        if (is_encoded(key, name)) {
            while (value.n > 0) {
                buf_put_char(out, next_decoded(&value));
            }
            return true;
        }
    }
    return false;
}

const char *http1_reason(int status) {
    static const struct {
        int status;
        const char *reason;
    } rows[] = {
        { 100, "Continue" },
        { 101, "Switching Protocols" },
        { 200, "OK" },
        { 201, "Created" },
        { 202, "Accepted" },
        { 204, "No Content" },
        { 206, "Partial Content" },
        { 301, "Moved Permanently" },
        { 302, "Found" },
        { 303, "See Other" },
        { 304, "Not Modified" },
        { 307, "Temporary Redirect" },
        { 308, "Permanent Redirect" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 406, "Not Acceptable" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 410, "Gone" },
        { 411, "Length Required" },
        { 412, "Precondition Failed" },
        { 413, "Content Too Large" },
        { 414, "URI Too Long" },
        { 415, "Unsupported Media Type" },
        { 416, "Range Not Satisfiable" },
        { 417, "Expectation Failed" },
        { 422, "Unprocessable Content" },
        { 426, "Upgrade Required" },
        { 428, "Precondition Required" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
        { 505, "HTTP Version Not Supported" },
        { 507, "Insufficient Storage" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].status == status) {
            return rows[i].reason;
        }
    }
    return "Status";
}

void http1_put_response(struct buf *b, const struct http1_response *res) {
    bool has_body = res->status >= 200 && res->status != 204 && res->status != 304;
    BUF_PUT_LIT(b, "HTTP/1.1 ");
    buf_put_i64(b, res->status);
    buf_put_char(b, ' ');
    buf_put_str(b, str_of(http1_reason(res->status)));
    BUF_PUT_LIT(b, "\r\n");
    if (res->content_type != NULL) {
        BUF_PUT_LIT(b, "Content-Type: ");
        buf_put_str(b, str_of(res->content_type));
        BUF_PUT_LIT(b, "\r\n");
    }
    if (has_body) {
        BUF_PUT_LIT(b, "Content-Length: ");
        buf_put_u64(b, res->body.n + res->later_bytes);
        BUF_PUT_LIT(b, "\r\n");
    }
    buf_put_str(b, res->extra);
    if (res->status == 101) {
        BUF_PUT_LIT(b, "Connection: Upgrade\r\n");
    } else if (res->status >= 200) {
        buf_put_str(b, res->is_keep_alive ? STR_LIT("Connection: keep-alive\r\n")
                                          : STR_LIT("Connection: close\r\n"));
    }
    BUF_PUT_LIT(b, "\r\n");
    if (has_body && !res->is_head_only) {
        buf_put_str(b, res->body);
    }
}
