/* HTTP/1.1 requests: llhttp reads them, this file sees to it that there is one way to read them.
 *
 *     bytes ──scan (line ends)──> head.raw ──llhttp──> offsets ──head_finish──> on_head
 *     bytes ───────────────────────────────llhttp──> on_body … on_end          (no copy)
 *
 * The head is kept as it was sent; llhttp runs over the kept bytes, so a name or a value is an
 * offset into them, however the network cut it.
 *
 *    state     reads as        left by
 *    HEAD      head            the empty line, a refusal
 *    BODY      chunks, body    its last byte, a refusal; nothing is read while it is paused
 *    ENDED     nothing         http1_next
 *    REFUSED   nothing         never
 *
 * Promises:
 *   1. What comes out does not depend on how the bytes were cut: limits are met by handing llhttp
 *      no more than what they leave, and rules are applied at fixed bytes (a line's end, the
 *      head's), never at the end of a read.
 *   2. None of llhttp's leniencies is on; what it lets pass all the same is refused here.
 *   3. on_end is called outside llhttp, so that http1_next may be called from it.
 *   4. While paused, no callback. llhttp is stopped at the piece that was handed out last. */
#include "net/http1.h"

#include <llhttp.h>

/* Chunk sizes, their extensions and trailers are bytes nobody keeps or reads: as many are allowed
 * as a head has, and this many more with every byte of body. */
#define FRAMING_BYTES_PER_BODY_BYTE 16

enum http1_state { HEAD, BODY, ENDED, REFUSED };

/* Where the scan of the head stands. */
enum scan_state {
    BEFORE,    // nothing of a request yet; an empty line is skipped (RFC 9112 section 2.2)
    BEFORE_CR,
    IN_LINE,
    IN_LINE_CR,
    LINE_START,       // a line has ended
    LINE_START_CR,    // the empty line has begun
    HEAD_OVER
};

struct piece {
    uint16_t at;
    uint16_t n;
};

/* A request's head; lives from its first byte to http1_next. */
struct http1_head {
    struct buf raw;
    struct piece target;
    struct piece names[HTTP1_HEADERS_MAX];
    struct piece values[HTTP1_HEADERS_MAX];
    size_t header_count;    // begun
    bool has_target;        // it is complete
    struct http1_request req;
};

struct http1 {
    llhttp_t parser;
    struct http1_head *head;    // owned; NULL between requests
    size_t body_bytes_max;      // where the sink has no other limit
    uint64_t body_limit;        // of this request
    uint64_t body_bytes;        // had so far
    size_t framing_spare;       // bytes of chunk framing that may still come
    enum http1_state state;
    enum scan_state scan;
    bool has_ended;      // llhttp saw the request's last byte
    bool is_answered;    // http1_next came before the end
    bool is_paused;
    int status;
    const char *why;

    const struct http1_sink *sink;    // borrowed, during a feed
    void *ctx;
};

#define STOP (-1)    // what a callback returns after refuse()

_Static_assert(HTTP1_HEAD_BYTES_MAX <= UINT16_MAX, "struct piece counts in 16 bits");

/* ---- refusing */

#define WHY_LINE "The request line must be: METHOD target HTTP/1.1"
#define WHY_VERSION "The version must be HTTP/1.1 or HTTP/1.0."
#define WHY_BODY "The body is longer than this server takes."

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static void refuse(struct http1 *h, int status, const char *why) {
    if (h->status == 0) {
        h->status = status;
        h->why = why;
    }
}

/* What follows the target is not what it should be: another version, or none at all. */
static void refuse_version(struct http1 *h) {
    const struct piece *target = &h->head->target;
    const char *p = h->head->raw.p + target->at + target->n;
    size_t n = h->head->raw.n - target->at - target->n;
    bool is_version =
        n >= 9 && memcmp(p, " HTTP/", 6) == 0 && is_digit(p[6]) && p[7] == '.' && is_digit(p[8]);
    if (!is_version || (p[6] == '1' && (p[8] == '0' || p[8] == '1'))) {
        refuse(h, 400, WHY_LINE);    // no version, or more behind ours
    }
    refuse(h, 505, WHY_VERSION);
}

/* What llhttp refused, said for whoever wrote the client. */
static void refuse_for(struct http1 *h, llhttp_errno_t error) {
    static const struct {
        llhttp_errno_t error;
        int status;
        const char *why;
    } rows[] = {
        { HPE_INVALID_METHOD, 400, "The method must be one that HTTP knows, in capitals." },
        { HPE_INVALID_URL, 400,
          "The target must be a path, without spaces or control characters." },
        { HPE_INVALID_CONSTANT, 400, WHY_LINE },
        { HPE_PAUSED_H2_UPGRADE, 505, WHY_VERSION },
        { HPE_INVALID_HEADER_TOKEN, 400,
          "A header must be: Name: value, of printable characters." },
        { HPE_UNEXPECTED_SPACE, 400,
          "A header must begin its line and have no space before the colon." },
        { HPE_UNEXPECTED_CONTENT_LENGTH, 400,
          "There must be one Content-Length or a Transfer-Encoding, not more." },
        { HPE_INVALID_CONTENT_LENGTH, 400, "Content-Length must be one decimal number." },
        { HPE_INVALID_TRANSFER_ENCODING, 400,
          "Transfer-Encoding must be chunked and nothing else." },
        { HPE_INVALID_CHUNK_SIZE, 400, "A chunk must begin with its size in hexadecimal digits." },
        { HPE_CR_EXPECTED, 400, "Lines must end in CR LF." },
        { HPE_LF_EXPECTED, 400, "Lines must end in CR LF." },
        { HPE_STRICT, 400, "A chunk must be as long as it says and end in CR LF." },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].error == error) {
            refuse(h, rows[i].status, rows[i].why);
        }
    }
    if (error == HPE_INVALID_VERSION && h->head->has_target) {
        refuse_version(h);
    }
    refuse(h, 400, "The request must be HTTP/1.1 as RFC 9112 has it.");
}

/* ---- the head's pieces, from llhttp */

static struct str text_of(const struct http1_head *head, struct piece piece) {
    return (struct str){ head->raw.p + piece.at, piece.n };
}

/* Adds what llhttp found at `at` to a piece; it comes in as many parts as the reads had. */
static void piece_add(const struct http1 *h, struct piece *piece, const char *at, size_t n) {
    size_t offset = (size_t)(at - h->head->raw.p);
    if (piece->n == 0) {
        piece->at = (uint16_t)offset;
    }
    piece->n = (uint16_t)(offset + n - piece->at);
}

static int on_url(llhttp_t *parser, const char *at, size_t n) {
    struct http1 *h = parser->data;
    piece_add(h, &h->head->target, at, n);
    return 0;
}

static int on_url_complete(llhttp_t *parser) {
    struct http1 *h = parser->data;
    h->head->has_target = true;
    return 0;
}

static int on_version_complete(llhttp_t *parser) {
    if (parser->http_major != 1 || parser->http_minor > 1) {
        refuse(parser->data, 505, WHY_VERSION);
        return STOP;
    }
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t n) {
    struct http1 *h = parser->data;
    if (h->state == HEAD && h->head->header_count < HTTP1_HEADERS_MAX) {    // else a trailer
        piece_add(h, &h->head->names[h->head->header_count], at, n);
    }
    return 0;
}

static int on_header_field_complete(llhttp_t *parser) {
    struct http1 *h = parser->data;
    if (h->state != HEAD) {
        return 0;
    }
    if (h->head->header_count == HTTP1_HEADERS_MAX) {
        refuse(h, 431, "There must be at most 100 headers.");
        return STOP;
    }
    h->head->header_count++;
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t n) {
    struct http1 *h = parser->data;
    if (h->state == HEAD) {
        piece_add(h, &h->head->values[h->head->header_count - 1], at, n);
    }
    return 0;
}

/* ---- the head's rules */

static enum http1_method method_of(uint8_t method) {
    static const struct {
        uint8_t theirs;
        enum http1_method ours;
    } rows[] = {
        { HTTP_GET, HTTP1_GET },         { HTTP_HEAD, HTTP1_HEAD },   { HTTP_POST, HTTP1_POST },
        { HTTP_PUT, HTTP1_PUT },         { HTTP_PATCH, HTTP1_PATCH }, { HTTP_DELETE, HTTP1_DELETE },
        { HTTP_OPTIONS, HTTP1_OPTIONS },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].theirs == method) {
            return rows[i].ours;
        }
    }
    return HTTP1_OTHER;
}

/* The request line once more, byte by byte: llhttp also knows RTSP and ICE, bytes over 7E, and more
 * than one space. */
static bool line_is_http(const struct http1_head *head) {
    size_t at = head->target.at;
    size_t after = at + head->target.n;
    const char *p = head->raw.p;
    for (size_t i = at; i < after; i++) {
        if (p[i] <= 0x20 || p[i] > 0x7e || p[i] == '#') {
            return false;
        }
    }
    struct str rest = { p + after, head->raw.n - after };
    return at >= 2 && p[at - 1] == ' ' && p[at - 2] != ' ' && after > at &&
           str_starts(rest, STR_LIT(" HTTP/1.")) && rest.n > 9 && rest.p[9] == '\r';
}

/* Splits the target (RFC 9112 section 3.2) into path and query. */
static bool target_split(struct http1_request *req, bool is_connect) {
    static const struct str schemes[] = { STR_LIT("http://"), STR_LIT("https://") };
    struct str rest = req->target;
    for (size_t i = 0; i < COUNT(schemes); i++) {
        if (rest.n > schemes[i].n &&
            str_eq_nocase((struct str){ rest.p, schemes[i].n }, schemes[i])) {
            rest.p += schemes[i].n;
            rest.n -= schemes[i].n;
            size_t host_bytes = MIN(str_find(rest, '/'), str_find(rest, '?'));
            rest.p += host_bytes;
            rest.n -= host_bytes;
            break;
        }
    }
    bool is_url = rest.p != req->target.p;
    size_t path_bytes = str_find(rest, '?');
    req->path = (struct str){ rest.p, path_bytes };
    if (path_bytes < rest.n) {
        req->query = (struct str){ rest.p + path_bytes + 1, rest.n - path_bytes - 1 };
    }
    if (is_url && path_bytes == 0) {
        req->path = STR_LIT("/");
    }
    return is_connect || req->path.p[0] == '/' ||
           (req->method == HTTP1_OPTIONS && str_eq(req->target, STR_LIT("*")));
}

/* A host and perhaps a port: letters, digits and what RFC 3986 section 3.2.2 allows besides. */
static bool host_is_valid(struct str host) {
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        bool is_alnum = is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!is_alnum && (c == '\0' || strchr("-._~%!$&'()*+;=:[]", c) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool is_10(const struct http1 *h) {
    return h->parser.http_minor == 0;
}

/* Refuses a head whose Host or whose body's length could be read in two ways. */
static void check_headers(struct http1 *h, const struct http1_request *req) {
    size_t hosts = http1_header_count(req, "host");
    if (hosts > 1 || (hosts == 0 && !is_10(h))) {
        refuse(h, 400, "There must be exactly one Host header.");
    } else if (!host_is_valid(http1_header(req, "host"))) {
        refuse(h, 400, "Host must be a host name or address and perhaps a port.");
    }
    size_t lengths = http1_header_count(req, "content-length");
    size_t codings = http1_header_count(req, "transfer-encoding");
    if (lengths + codings > 1) {
        refuse(h, 400, "There must be one Content-Length or a Transfer-Encoding, not more.");
    }
    if (codings == 1 &&
        (is_10(h) || !str_eq_nocase(http1_header(req, "transfer-encoding"), STR_LIT("chunked")))) {
        refuse(h, 400, "Transfer-Encoding must be chunked and nothing else, in HTTP/1.1.");
    }
}

/* Takes Content-Length; the one parser that reads it otherwise than llhttp is refused. */
static void check_length(struct http1 *h, struct http1_request *req) {
    struct str length = http1_header(req, "content-length");
    if (length.p == NULL) {
        return;
    }
    if (str_to_u64(length, &req->content_length) != OK ||
        req->content_length != h->parser.content_length) {
        refuse(h, 400, "Content-Length must be one decimal number.");
    }
}

/* RFC 9110 section 10.1.1: there is one expectation, and 1.0 does not know it. */
static void check_expect(struct http1 *h, struct http1_request *req) {
    bool expects = false;
    for (size_t i = 0; i < req->header_count; i++) {
        struct str rest = req->headers[i].value;
        while (str_eq_nocase(req->headers[i].name, STR_LIT("expect")) && rest.p != NULL) {
            struct str one = str_trim(str_cut(&rest, ','));
            if (str_eq_nocase(one, STR_LIT("100-continue"))) {
                expects = true;
            } else if (one.n > 0) {
                refuse(h, 417, "Expect must be 100-continue and nothing else.");
            }
        }
    }
    req->expects_continue = expects && !is_10(h) && (req->is_chunked || req->content_length > 0);
}

/* Asks how long the body may be. */
static void check_limit(struct http1 *h, const struct http1_request *req) {
    h->body_limit =
        h->sink->body_limit == NULL ? h->body_bytes_max : h->sink->body_limit(h->ctx, req);
    if (req->content_length > h->body_limit) {
        refuse(h, 413, WHY_BODY);
    }
}

/* Makes the request of the pieces; the raw head does not grow any more. */
static void request_fill(struct http1 *h, struct http1_request *req) {
    const struct http1_head *head = h->head;
    for (size_t i = 0; i < head->header_count; i++) {
        req->headers[i] = (struct http1_header){
            .name = text_of(head, head->names[i]),
            .value = str_trim(text_of(head, head->values[i])),
        };
    }
    req->header_count = head->header_count;
    req->method = method_of(h->parser.method);
    req->target = text_of(head, head->target);
    req->query = STR_LIT("");
    req->is_chunked = http1_header_count(req, "transfer-encoding") > 0;
}

/* What becomes of the connection afterwards. */
static void request_outlook(struct http1 *h, struct http1_request *req) {
    bool says_close = http1_header_has(req, "connection", "close");
    bool says_stay = http1_header_has(req, "connection", "keep-alive");
    req->is_keep_alive =
        !says_close && (says_stay || !is_10(h)) && h->parser.method != HTTP_CONNECT;
    req->is_upgrade = req->method == HTTP1_GET && !is_10(h) && !req->is_chunked &&
                      req->content_length == 0 && http1_header_has(req, "connection", "upgrade") &&
                      http1_header_has(req, "upgrade", "websocket");
}

static int on_headers_complete(llhttp_t *parser) {
    struct http1 *h = parser->data;
    struct http1_request *req = &h->head->req;
    if (!line_is_http(h->head)) {
        refuse(h, 400, WHY_LINE);
        return STOP;
    }
    request_fill(h, req);
    if (!target_split(req, parser->method == HTTP_CONNECT)) {
        refuse(h, 400, "The target must be a path that begins with a slash.");
    }
    check_headers(h, req);
    check_length(h, req);
    check_expect(h, req);
    if (h->status != 0) {
        return STOP;
    }
    request_outlook(h, req);
    check_limit(h, req);
    if (h->status != 0) {
        return STOP;
    }
    h->state = BODY;
    h->sink->on_head(h->ctx, req);
    return 0;
}

/* ---- the body, from llhttp */

static int on_chunk_header(llhttp_t *parser) {
    struct http1 *h = parser->data;
    if (parser->content_length > h->body_limit - h->body_bytes) {
        refuse(h, 413, WHY_BODY);
        return STOP;
    }
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t n) {
    struct http1 *h = parser->data;
    const struct http1_request *req = &h->head->req;
    h->body_bytes += n;    // bounded by on_chunk_header and check_limit
    h->sink->on_body(h->ctx, (struct str){ at, n });
    /* Behind the last byte of a length there is nothing to stop at but the end, which waits. */
    bool is_last = !req->is_chunked && h->body_bytes == req->content_length;
    return h->is_paused && !is_last ? HPE_PAUSED : 0;
}

static int on_message_complete(llhttp_t *parser) {
    struct http1 *h = parser->data;
    h->has_ended = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_url_complete = on_url_complete,
    .on_version_complete = on_version_complete,
    .on_header_field = on_header_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_chunk_header = on_chunk_header,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* ---- life */

static void head_free(struct http1 *h) {
    if (h->head != NULL) {
        buf_fini(&h->head->raw);
        xfree(h->head);
        h->head = NULL;
    }
}

void http1_free(struct http1 **h) {
    if (*h != NULL) {
        head_free(*h);
        xfree(*h);
        *h = NULL;
    }
}

/* Waits for a request. */
static void start(struct http1 *h) {
    head_free(h);
    llhttp_init(&h->parser, HTTP_REQUEST, &settings);
    h->parser.data = h;
    h->body_bytes = 0;
    h->framing_spare = HTTP1_HEAD_BYTES_MAX;
    h->state = HEAD;
    h->scan = BEFORE;
    h->has_ended = false;
    h->is_answered = false;
    h->is_paused = false;
}

struct http1 *http1_new(size_t body_bytes_max) {
    struct http1 *h = xzalloc(sizeof *h);
    h->body_bytes_max = body_bytes_max;
    h->why = "";
    start(h);
    return h;
}

void http1_next(struct http1 *h) {
    if (h->state == ENDED) {
        start(h);
    } else if (h->state == BODY) {
        h->is_answered = true;
    }
}

void http1_pause(struct http1 *h) {
    h->is_paused = true;
}

void http1_resume(struct http1 *h) {
    h->is_paused = false;
}

int http1_status(const struct http1 *h) {
    return h->status;
}

const char *http1_why(const struct http1 *h) {
    return h->why;
}

bool http1_is_inside(const struct http1 *h) {
    return h->head != NULL && (h->state == HEAD || h->state == BODY);
}

/* ---- feeding */

/* The state after `c`, and in *why what is wrong with it, if anything. */
static enum scan_state scan_step(enum scan_state state, uint8_t c, const char **why) {
    bool wants_lf = state == BEFORE_CR || state == IN_LINE_CR || state == LINE_START_CR;
    if (wants_lf != (c == '\n')) {
        *why = "Lines must end in CR LF, and neither may stand alone.";
    } else if (c == '\0') {
        *why = "A head must not contain zero bytes.";
    } else if (state == LINE_START && (c == ' ' || c == '\t')) {
        *why = "A header must be on one line.";
    }
    if (c == '\n') {
        return state == BEFORE_CR ? BEFORE : state == LINE_START_CR ? HEAD_OVER : LINE_START;
    }
    if (c == '\r') {
        return state == BEFORE ? BEFORE_CR : state == LINE_START ? LINE_START_CR : IN_LINE_CR;
    }
    return IN_LINE;
}

/* Takes empty lines before a request. */
static size_t skip_empty_lines(struct http1 *h, const uint8_t *p, size_t n) {
    size_t i = 0;
    while (i < n &&
           (h->scan == BEFORE_CR || (h->scan == BEFORE && (p[i] == '\r' || p[i] == '\n')))) {
        const char *why = NULL;
        h->scan = scan_step(h->scan, p[i++], &why);
        if (why != NULL) {
            refuse(h, 400, why);
            return n;
        }
    }
    return i;
}

/* How many of the n bytes belong to the head and have nothing wrong with their lines. *why: what is
 * wrong with the byte behind them. */
static size_t scan_head(struct http1 *h, const uint8_t *p, size_t n, const char **why) {
    size_t i = 0;
    while (i < n && h->scan != HEAD_OVER) {
        enum scan_state next = scan_step(h->scan, p[i], why);
        if (*why != NULL) {
            break;
        }
        h->scan = next;
        i++;
    }
    return i;
}

/* How many bytes the head may still take before a limit has to be looked at. */
static size_t head_room(const struct http1_head *head) {
    size_t room = HTTP1_HEAD_BYTES_MAX - head->raw.n;
    if (!head->has_target) {
        room = MIN(room, (size_t)HTTP1_TARGET_BYTES_MAX + 1 - head->target.n);
    }
    return room;
}

static struct http1_head *head_of(struct http1 *h) {
    if (h->head == NULL) {
        h->head = xzalloc(sizeof *h->head);
        h->head->raw = BUF_INIT(HTTP1_HEAD_BYTES_MAX);
    }
    return h->head;
}

/* Feeds bytes of the head; returns how many. */
static size_t feed_head(struct http1 *h, const uint8_t *p, size_t n) {
    if (h->head == NULL) {
        size_t skipped = skip_empty_lines(h, p, n);
        if (skipped > 0) {
            return skipped;
        }
    }
    struct http1_head *head = head_of(h);
    size_t room = head_room(head);
    if (room == 0) {
        refuse(h, 431, "Request line and headers must be at most 16384 bytes.");
        return n;
    }
    const char *why = NULL;
    size_t took = scan_head(h, p, MIN(n, room), &why);
    size_t at = head->raw.n;
    buf_put(&head->raw, p, took);
    llhttp_errno_t error = took == 0 ? HPE_OK : llhttp_execute(&h->parser, head->raw.p + at, took);
    if (error != HPE_OK && !h->has_ended) {
        refuse_for(h, error);
    } else if (head->target.n > HTTP1_TARGET_BYTES_MAX) {
        refuse(h, 414, "The target must be at most 8192 bytes.");
    } else if (why != NULL) {
        refuse(h, 400, why);
    } else if ((h->scan == HEAD_OVER) != (h->state == BODY)) {
        refuse(h, 400, "The head must end in an empty line.");    // we and llhttp disagree
    }
    return took;
}

/* Feeds bytes of the body and its framing; returns how many. */
static size_t feed_body(struct http1 *h, const uint8_t *p, size_t n) {
    uint64_t body_before = h->body_bytes;
    size_t took = h->head->req.is_chunked ? MIN(n, h->framing_spare + 1) : n;
    llhttp_errno_t error = llhttp_execute(&h->parser, (const char *)p, took);
    if (error == HPE_PAUSED) {
        took = (size_t)(llhttp_get_error_pos(&h->parser) - (const char *)p);
        llhttp_resume(&h->parser);
    } else if (error != HPE_OK) {
        refuse_for(h, error);
        return took;
    }
    if (h->has_ended) {
        return took;
    }
    size_t body = (size_t)(h->body_bytes - body_before);
    size_t spare = h->framing_spare + body * FRAMING_BYTES_PER_BODY_BYTE;
    if (took - body > spare) {
        refuse(h, 400, "Chunks must carry more body than framing.");
        return took;
    }
    h->framing_spare = spare - (took - body);
    return took;
}

static void end(struct http1 *h) {
    h->state = ENDED;
    h->sink->on_end(h->ctx);
    if (h->state == ENDED && h->is_answered) {
        start(h);
    }
}

size_t http1_feed(struct http1 *h, const uint8_t *p, size_t n, const struct http1_sink *sink,
                  void *ctx) {
    h->sink = sink;
    h->ctx = ctx;
    size_t at = 0;
    while (!h->is_paused && (at < n || h->has_ended) && (h->state == HEAD || h->state == BODY)) {
        if (h->has_ended) {
            end(h);
        } else if (h->state == HEAD) {
            at += feed_head(h, p + at, n - at);
        } else {
            at += feed_body(h, p + at, n - at);
        }
        if (h->status != 0) {
            h->state = REFUSED;
        }
    }
    return h->state == REFUSED ? n : at;
}
