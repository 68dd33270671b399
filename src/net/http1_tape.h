/* For tests and fuzz targets: feeds HTTP bytes in pieces and writes down what comes out.
 *
 *     GET /a?b [Host: x][Accept: y] keep upgrade chunked continue length=3
 *     body=abc
 *     end
 *     refused 400
 *
 * Every request is answered at its end; an upgrade ends the tape with the number of bytes taken.
 * The body of a request for /more/... may have MORE_BYTES_MAX, of /none/... nothing, others as
 * http1_new was told. */
#ifndef PARLOIR_NET_HTTP1_TAPE_H
#define PARLOIR_NET_HTTP1_TAPE_H

#include "net/http1.h"

#define MORE_BYTES_MAX 2000

/* How the tape behaves. */
enum http1_tape_manner {
    TAPE_PLAIN,     // http1_next after on_end
    TAPE_EARLY,     // http1_next in on_head already if there is a body, else in on_end
    TAPE_PAUSES,    // pauses in every callback, and feeds what was left after each
};

struct http1_tape {
    struct buf log;
    struct http1 *http;
    size_t body_bytes_max;
    bool has_body;    // "body=" was written
    bool is_over;     // an upgrade has ended
    enum http1_tape_manner manner;
    bool is_answered;    // http1_next was called in on_head
    bool is_paused;      // no callback may come
    size_t taken;
};

/* Feeds the n bytes at p, `cut` at a time, to a new parser. Returns an owned tape. */
struct http1_tape *http1_tape_feed(const void *p, size_t n, size_t cut, size_t body_bytes_max,
                                   enum http1_tape_manner manner);
void http1_tape_free(struct http1_tape **tape);

#endif
