/* A byte buffer that grows, by doubling, up to its bound. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#define FIRST_BYTES 128

void buf_fini(struct buf *b) {
    xfree(b->p);
    *b = BUF_INIT(b->bytes_max);
}

void buf_reset(struct buf *b) {
    b->n = 0;
    b->over = false;
}

/* Makes cap at least n + more; the caller has checked the bound. */
static void grow(struct buf *b, size_t more) {
    size_t cap = MAX(b->cap, FIRST_BYTES);
    while (cap < b->n + more) {
        cap = cap > SIZE_MAX / 2 ? SIZE_MAX : cap * 2;
    }
    b->cap = MIN(cap, b->bytes_max);
    b->p = xrealloc(b->p, b->cap);
}

char *buf_room(struct buf *b, size_t n) {
    if (UNLIKELY(b->over || n > b->bytes_max - b->n)) {
        b->over = true;
        return NULL;
    }
    if (UNLIKELY(b->p == NULL || n > b->cap - b->n)) {
        grow(b, n);
    }
    return b->p + b->n;
}

void buf_put(struct buf *b, const void *p, size_t n) {
    char *room = buf_room(b, n);
    if (room != NULL && n > 0) {
        memcpy(room, p, n);
        b->n += n;
    }
}

void buf_put_str(struct buf *b, struct str s) {
    buf_put(b, s.p, s.n);
}

void buf_put_char(struct buf *b, char c) {
    char *room = buf_room(b, 1);
    if (room != NULL) {
        *room = c;
        b->n++;
    }
}

void buf_put_u64(struct buf *b, uint64_t v) {
    char digits[20];
    char *at = digits + sizeof digits;
    do {
        *--at = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    buf_put(b, at, (size_t)(digits + sizeof digits - at));
}

void buf_put_i64(struct buf *b, int64_t v) {
    char *room = v < 0 ? buf_room(b, 2) : NULL;
    if (room != NULL) {
        *room = '-';
        b->n++;
    }
    buf_put_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_printf(struct buf *b, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    size_t room = b->over ? 0 : b->cap - b->n;
    int n = vsnprintf(room == 0 ? NULL : b->p + b->n, room, fmt, args);
    CHECK(n >= 0);

    size_t bytes = (size_t)n;
    if (bytes < room) {
        b->n += bytes;
    } else if (!b->over && bytes > 0 && bytes <= b->bytes_max - b->n) {
        char *text =
            xalloc(bytes + 1);    // vsnprintf wants a zero byte the bound may have no room for
        vsnprintf(text, bytes + 1, fmt, again);
        buf_put(b, text, bytes);
        xfree(text);
    } else {
        b->over = b->over || bytes > 0;
    }
    va_end(again);
    va_end(args);
}

void buf_drop(struct buf *b, size_t n) {
    CHECK(n <= b->n);
    b->n -= n;
    if (n > 0 && b->n > 0) {
        memmove(b->p, b->p + n, b->n);
    }
}
