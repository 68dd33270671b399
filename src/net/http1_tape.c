/* See http1_tape.h. */
#include "net/http1_tape.h"

#define LOG_BYTES_MAX (1 << 26)

/* Pauses if that is the tape's manner; nothing may come in between. */
static void callback_came(struct http1_tape *tape) {
    CHECK(!tape->is_paused);
    if (tape->manner == TAPE_PAUSES && !tape->is_over) {
        http1_pause(tape->http);
        tape->is_paused = true;
    }
}

static uint64_t body_limit(void *ctx, const struct http1_request *req) {
    struct http1_tape *tape = ctx;
    CHECK(!tape->is_paused);
    return str_starts(req->path, STR_LIT("/more/"))   ? MORE_BYTES_MAX
           : str_starts(req->path, STR_LIT("/none/")) ? 0
                                                      : tape->body_bytes_max;
}

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
    buf_printf(log, "%s%s%s%s", req->is_keep_alive ? " keep" : "",
               req->is_upgrade ? " upgrade" : "", req->is_chunked ? " chunked" : "",
               req->expects_continue ? " continue" : "");
    if (req->content_length > 0) {
        BUF_PUT_LIT(log, " length=");
        buf_put_u64(log, req->content_length);
    }
    buf_put_char(log, '\n');
    tape->is_over = req->is_upgrade;
    tape->is_answered = tape->manner == TAPE_EARLY && (req->is_chunked || req->content_length > 0);
    if (tape->is_answered) {
        http1_next(tape->http);
    }
    callback_came(tape);
}

static void on_body(void *ctx, struct str piece) {
    struct http1_tape *tape = ctx;
    if (!tape->has_body) {
        BUF_PUT_LIT(&tape->log, "body=");
        tape->has_body = true;
    }
    buf_put_str(&tape->log, piece);
    callback_came(tape);
}

static void on_end(void *ctx) {
    struct http1_tape *tape = ctx;
    buf_put_str(&tape->log, tape->has_body ? STR_LIT("\nend\n") : STR_LIT("end\n"));
    tape->has_body = false;
    CHECK(!http1_is_inside(tape->http) && !tape->is_paused);
    if (tape->manner == TAPE_EARLY && !tape->is_answered && !tape->is_over) {
        http1_next(tape->http);
    }
}

static const struct http1_sink sink = { on_head, on_body, on_end, body_limit };

/* Ends a pause: the same bytes are to be fed again, or none. */
static void resume(struct http1_tape *tape, const uint8_t *p, size_t n) {
    CHECK(http1_feed(tape->http, p, n, &sink, tape) == 0);
    tape->is_paused = false;
    http1_resume(tape->http);
}

/* Feeds one piece, again after every pause in it and every request that ends in it. */
static void feed_piece(struct http1_tape *tape, const uint8_t *p, size_t n) {
    while ((n > 0 || tape->is_paused) && !tape->is_over && http1_status(tape->http) == 0) {
        uint8_t *piece = xalloc(n);    // of exactly its size, for AddressSanitizer
        memcpy(piece, p, n);
        bool was_paused = tape->is_paused;
        if (was_paused) {
            resume(tape, piece, n);
        }
        size_t took = http1_feed(tape->http, piece, n, &sink, tape);
        xfree(piece);
        CHECK(took <= n && (took > 0 || was_paused || tape->is_over));
        if (tape->manner != TAPE_EARLY && !tape->is_over && !http1_is_inside(tape->http)) {
            http1_next(tape->http);
        }
        tape->taken += took;
        p += took;
        n -= took;
    }
}

struct http1_tape *http1_tape_feed(const void *p, size_t n, size_t cut, size_t body_bytes_max,
                                   enum http1_tape_manner manner) {
    struct http1_tape *tape = xzalloc(sizeof *tape);
    tape->log = BUF_INIT(LOG_BYTES_MAX);
    tape->http = http1_new(body_bytes_max);
    tape->body_bytes_max = body_bytes_max;
    tape->manner = manner;
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
