/* A byte buffer that grows up to a bound given at birth.
 *
 *   p[0 .. n)  what was put,   cap  what is allocated,   bytes_max  what it will never pass
 *
 * Appending past the bound writes nothing more and sets `over`, which sticks: a writer may put
 * a whole message and look once at the end (buf_ok).
 *
 * Thread   its owner's.
 * Memory   owns its bytes; zeroed plus bytes_max is a valid empty buffer. */
#ifndef PARLOIR_BASE_BUF_H
#define PARLOIR_BASE_BUF_H

#include "base/base.h"
#include "base/str.h"

struct buf {
    char *p;
    size_t n;            // bytes in use
    size_t cap;          // bytes allocated
    size_t bytes_max;    // bound on n
    bool over;           // something did not fit
};

#define BUF_INIT(max) ((struct buf){ .bytes_max = (max) })

/* Frees the bytes; the buffer is empty and usable again. */
void buf_fini(struct buf *b);

/* Empties the buffer, keeps its memory, clears `over`. */
void buf_reset(struct buf *b);

static inline bool buf_ok(const struct buf *b) {
    return !b->over;
}

static inline struct str buf_str(const struct buf *b) {
    return (struct str){ b->p, b->n };
}

/* Makes room for `n` more bytes and returns where they go, NULL if that would pass the bound (sets
 * `over`). The caller writes at most n and then calls buf_added. */
char *buf_room(struct buf *b, size_t n);

static inline void buf_added(struct buf *b, size_t n) {
    b->n += n;
}

/* Append bytes, text, one character, a number in decimal, or what printf would say. */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_str(struct buf *b, struct str s);
void buf_put_char(struct buf *b, char c);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define BUF_PUT_LIT(b, literal) buf_put((b), "" literal, sizeof(literal) - 1)

/* Removes the first n bytes, moving the rest down. */
void buf_drop(struct buf *b, size_t n);

#endif
