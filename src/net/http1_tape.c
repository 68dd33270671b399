/* See http1_tape.h. */
#include "net/http1_tape.h"

#define LOG_BYTES_MAX (1 << 26)

static void on_head(void *ctx, const struct http1_request *req) {
    static const char *const methods[] = { "GET",   "HEAD",   "POST",    "PUT",
                                           "PATCH", "DELETE", "OPTIONS", "OTHER" };
    struct http1_tape *tape = ctx;
    struct buf *log = &tape->log;
    buf_printf(log, "%s %.*s", methods[req->method], STR_FMT(req->path));
    if (req->query.n > 0) {
        buf_printf(log, "?%.*s", STR_FMT(req->query));
    }
    buf_put_char(log, ' ');
    for (size_t i = 0; i < req->header_count; i++) {
        buf_put_char(log, '[');
        buf_put_str(log, req->headers[i].name);
        BUF_PUT_LIT(log, ": ");
        buf_put_str(log, req->headers[i].value);
        buf_put_char(log, ']');
    }
    buf_printf(log, "%s%s%s", req->is_keep_alive ? " keep" : "", req->is_upgrade ? " upgrade" : "",
               req->is_chunked ? " chunked" : "");
    if (req->content_length > 0) {
        BUF_PUT_LIT(log, " length=");
        buf_put_u64(log, req->content_length);
    }
    buf_put_char(log, '\n');
    tape->is_over = req->is_upgrade;
    tape->is_answered = tape->asks_early && (req->is_chunked || req->content_length > 0);
    if (tape->is_answered) {
        http1_next(tape->http);
    }
}

static void on_body(void *ctx, struct str piece) {
    struct http1_tape *tape = ctx;
    if (!tape->has_body) {
        BUF_PUT_LIT(&tape->log, "body=");
        tape->has_body = true;
    }
    buf_put_str(&tape->log, piece);
}

static void on_end(void *ctx) {
    struct http1_tape *tape = ctx;
    buf_put_str(&tape->log, tape->has_body ? STR_LIT("\nend\n") : STR_LIT("end\n"));
    tape->has_body = false;
    CHECK(!http1_is_inside(tape->http));
    if (tape->asks_early && !tape->is_answered && !tape->is_over) {
        http1_next(tape->http);
    }
}

static const struct http1_sink sink = { on_head, on_body, on_end };

/* Feeds one piece, again after every request that ends in it. */
static void feed_piece(struct http1_tape *tape, const uint8_t *p, size_t n) {
    while (n > 0 && !tape->is_over && http1_status(tape->http) == 0) {
        uint8_t *piece = xalloc(n);    // of exactly its size, for AddressSanitizer
        memcpy(piece, p, n);
        size_t took = http1_feed(tape->http, piece, n, &sink, tape);
        xfree(piece);
        CHECK(took <= n && (took > 0 || tape->is_over));
        if (!tape->asks_early && !tape->is_over && !http1_is_inside(tape->http)) {
            http1_next(tape->http);
        }
        tape->taken += took;
        p += took;
        n -= took;
    }
}

struct http1_tape *http1_tape_feed(const void *p, size_t n, size_t cut, size_t body_bytes_max,
                                   bool asks_early) {
    struct http1_tape *tape = xzalloc(sizeof *tape);
    tape->log = BUF_INIT(LOG_BYTES_MAX);
    tape->http = http1_new(body_bytes_max);
    tape->asks_early = asks_early;
    for (size_t at = 0; at < n; at += cut) {
        feed_piece(tape, (const uint8_t *)p + at, MIN(cut, n - at));
    }
    if (http1_status(tape->http) != 0) {
        buf_printf(&tape->log, "%srefused %d: %s\n", tape->has_body ? "\n" : "",
                   http1_status(tape->http), http1_why(tape->http));
    } else if (tape->is_over) {
        buf_printf(&tape->log, "upgraded after %zu\n", tape->taken);
    } else if (http1_is_inside(tape->http)) {
        buf_printf(&tape->log, "%sinside\n", tape->has_body ? "\n" : "");
    }
    return tape;
}

void http1_tape_free(struct http1_tape **tape) {
    if (*tape != NULL) {
        http1_free(&(*tape)->http);
        buf_fini(&(*tape)->log);
        xfree(*tape);
        *tape = NULL;
    }
}
