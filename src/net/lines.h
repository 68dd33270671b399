/* Lines: a framing of text by line feeds, for the control socket.
 *
 * Thread   the state belongs to its connection's worker.
 * Memory   keeps at most the line that is half received.
 * Bound    a line has at most bytes_max bytes. */
#ifndef PARLOIR_NET_LINES_H
#define PARLOIR_NET_LINES_H

#include "base/err.h"
#include "base/str.h"

struct lines;

/* Returns an owned state for lines of at most bytes_max bytes. */
struct lines *lines_new(size_t bytes_max);
void lines_free(struct lines **l);

/* Feeds bytes; on_line gets each whole line without its end (LF or CR LF), borrowed, and says false
 * to be fed no more for now. *taken: how many bytes were taken; the rest is fed again later.
 * ERR_TOO_BIG: a line is too long. */
enum err lines_feed(struct lines *l, const uint8_t *p, size_t n,
                    bool (*on_line)(void *ctx, struct str line), void *ctx, size_t *taken) MUST_USE;

#endif
