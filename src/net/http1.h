/* HTTP/1.1 requests through llhttp, strict: what two parsers could read differently is refused.
 *
 *   400  a bare CR or LF in the head, a folded header, white space before a colon, a byte no
 *        head may have; no Host or two in 1.1, or one that is no host; two Content-Lengths (even
 *        equal ones), Content-Length with Transfer-Encoding, any transfer coding but one `chunked`,
 *        any at all in 1.0; a target that is no path, URL or `*`, or has a fragment; chunks that
 *        are wrongly framed, or far more framing than body
 *   413  a body over its limit, refused at its declared length (on_head is not called), or its
 *        chunk's
 *   414  a target over HTTP1_TARGET_BYTES_MAX
 *   417  an Expect of anything but 100-continue
 *   431  a head over HTTP1_HEAD_BYTES_MAX, more than HTTP1_HEADERS_MAX headers
 *   505  a version other than 1.0 and 1.1
 *
 *     feed ──> on_head (once a request) ──> on_body* ──> on_end ──> nothing until http1_next
 *
 * One request at a time: after on_end nothing more is read until http1_next, so pipelined requests
 * are answered in order. However the network cuts the bytes, the same callbacks come (on_body's
 * pieces may be cut elsewhere).
 *
 * A body may be streamed to somebody slow: http1_pause stops the callbacks, and the bytes behind
 * stay with the caller, who stops reading his socket, until http1_resume.
 *
 * Thread   its connection's worker.
 * Memory   head text lives in the parser until http1_next; between requests it holds next to none.
 * Bound    the head by the limits below; bodies are counted, not kept. */
#ifndef PARLOIR_NET_HTTP1_H
#define PARLOIR_NET_HTTP1_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define HTTP1_HEAD_BYTES_MAX 16384    // request line and headers
#define HTTP1_HEADERS_MAX 100
#define HTTP1_TARGET_BYTES_MAX 8192

struct http1_header {
    struct str name;     // as sent
    struct str value;    // trimmed
};

enum http1_method {
    HTTP1_GET,
    HTTP1_HEAD,
    HTTP1_POST,
    HTTP1_PUT,
    HTTP1_PATCH,
    HTTP1_DELETE,
    HTTP1_OPTIONS,
    HTTP1_OTHER
};

struct http1_request {
    enum http1_method method;
    struct str target;    // as sent
    struct str path;      // before the `?`, not decoded; of a whole URL only its path
    struct str query;     // after it, or empty
    struct http1_header headers[HTTP1_HEADERS_MAX];
    size_t header_count;
    bool is_keep_alive;
    bool is_upgrade;    // a GET in 1.1 without a body, Connection: upgrade, Upgrade: websocket
    uint64_t content_length;    // 0 when chunked or absent
    bool is_chunked;
    bool expects_continue;    // Expect: 100-continue in 1.1, and there is a body: it may wait for
                              // "HTTP/1.1 100 Continue\r\n\r\n", or a final status, before it comes
};

/* Who hears of a request. Callbacks may call http1_next (in on_end) but not http1_free. */
struct http1_sink {
    void (*on_head)(void *ctx, const struct http1_request *req);    // req until http1_next
    void (*on_body)(void *ctx, struct str piece);                   // piece until the return
    void (*on_end)(void *ctx);

    /* How long the body of this request may be, asked before on_head. NULL: body_bytes_max. */
    uint64_t (*body_limit)(void *ctx, const struct http1_request *req);
};

struct http1;

/* Returns an owned parser waiting for a request. Body bytes are only counted, against what the
 * sink's body_limit says of the request, or body_bytes_max: over it is 413. */
struct http1 *http1_new(size_t body_bytes_max);

/* Frees the parser and sets *h to NULL. A NULL *h is fine. */
void http1_free(struct http1 **h);

/* Feeds bytes; returns how many were taken: fewer than n after on_end, and when paused. For an
 * upgrade request it stops right after the head (on_end was called): what follows belongs to the
 * new protocol. When http1_status is not 0 the input was refused and the rest dropped: answer with
 * that status (unless an answer is under way), then close. */
size_t http1_feed(struct http1 *h, const uint8_t *p, size_t n, const struct http1_sink *sink,
                  void *ctx);

/* No callback comes, and no byte is taken, until http1_resume; to be called from on_head, from
 * on_body, or between two feeds. Afterwards feed again, with no bytes if there are none (p may be
 * NULL then): the request's end may be all that is left. Both do nothing the second time;
 * http1_next after on_end resumes, too. */
void http1_pause(struct http1 *h);
void http1_resume(struct http1 *h);

/* 0, or the status to refuse with; http1_why is a sentence that says what would be right. */
int http1_status(const struct http1 *h);
const char *http1_why(const struct http1 *h);

/* Whether bytes of a request have been taken that has not ended (used for deadlines). */
bool http1_is_inside(const struct http1 *h);

/* The answer is out: forget the request, read the next. Before on_end: as soon as the request has
 * ended, without a pause. After a refusal there is no next. */
void http1_next(struct http1 *h);

/* The value of the first header of that name (any letter case); STR_NONE if there is none. */
struct str http1_header(const struct http1_request *req, const char *name);

/* How many headers of that name there are. */
size_t http1_header_count(const struct http1_request *req, const char *name);

/* Whether a comma-separated header value has the token, without regard to case. */
bool http1_has_token(struct str value, const char *token);

/* Whether any header of that name has the token: a list may be spread over several. */
bool http1_header_has(const struct http1_request *req, const char *name, const char *token);

/* The decoded value of a query parameter, appended to `out` (percent and `+`); false if absent.
 * The first one counts. An invalid escape is kept as it is. What comes out may be any bytes. */
bool http1_query(struct str query, const char *name, struct buf *out);

/* The reason phrase of a status ("Not Found"). Static text, never NULL. */
const char *http1_reason(int status);

/* A response: status line, Content-Type (none if NULL), Content-Length, `extra` (whole header
 * lines, each ended by CRLF, may be empty), Connection as is_keep_alive says (Upgrade in a 101,
 * nothing in other 1xx), and the body unless is_head_only. 1xx, 204 and 304 have neither body nor
 * Content-Length. */
struct http1_response {
    int status;
    const char *content_type;
    struct str extra;
    struct str body;
    uint64_t later_bytes;    // of a body that the caller writes behind it: `body` is empty then
    bool is_keep_alive;
    bool is_head_only;
};

/* Appends the whole response. What does not fit sets b->over. */
void http1_put_response(struct buf *b, const struct http1_response *res);

#endif
