/* For tests and fuzz targets: feeds HTTP bytes in pieces and writes down what comes out.
 *
 *     GET /a?b [Host: x][Accept: y] keep upgrade chunked length=3
 *     body=abc
 *     end
 *     refused 400
 *
 * Every request is answered at its end; an upgrade ends the tape with the number of bytes taken. */
#ifndef PARLOIR_NET_HTTP1_TAPE_H
#define PARLOIR_NET_HTTP1_TAPE_H

#include "net/http1.h"

struct http1_tape {
    struct buf log;
    struct http1 *http;
    bool has_body;       // "body=" was written
    bool is_over;        // an upgrade has ended
    bool asks_early;     // http1_next in on_head already if there is a body, else in on_end
    bool is_answered;    // http1_next was called in on_head
    size_t taken;
};

/* Feeds the n bytes at p, `cut` at a time, to a new parser. Returns an owned tape. */
struct http1_tape *http1_tape_feed(const void *p, size_t n, size_t cut, size_t body_bytes_max,
                                   bool asks_early);
void http1_tape_free(struct http1_tape **tape);

#endif
