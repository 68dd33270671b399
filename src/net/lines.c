/* Lines: see lines.h. A line that lies whole inside what was read is handed up where it lies. */
#include "net/lines.h"

#include "base/buf.h"

struct lines {
    struct buf half;    // the line that is not whole yet
};

struct lines *lines_new(size_t bytes_max) {
    struct lines *l = xzalloc(sizeof *l);
    l->half = BUF_INIT(bytes_max);
    return l;
}

void lines_free(struct lines **l) {
    if (*l != NULL) {
        buf_fini(&(*l)->half);
        xfree(*l);
        *l = NULL;
    }
}

static struct str without_cr(struct str line) {
    if (line.n > 0 && line.p[line.n - 1] == '\r') {
        line.n--;
    }
    return line;
}

enum err lines_feed(struct lines *l, const uint8_t *p, size_t n,
                    bool (*on_line)(void *ctx, struct str line), void *ctx, size_t *taken) {
    struct str rest = { (const char *)p, n };
    bool goes_on = true;

    while (goes_on && rest.n > 0) {
        size_t end = str_find(rest, '\n');
        if (end == rest.n) {
            buf_put_str(&l->half, rest);
            rest.n = 0;
            break;
        }
        struct str line = { rest.p, end };
        rest = (struct str){ rest.p + end + 1, rest.n - end - 1 };
        if (line.n + l->half.n > l->half.bytes_max) {
            return ERR_TOO_BIG;
        }
        if (l->half.n > 0) {
            buf_put_str(&l->half, line);
            line = buf_str(&l->half);
        }
        goes_on = on_line(ctx, without_cr(line));
        buf_reset(&l->half);
    }
    if (!buf_ok(&l->half)) {
        return ERR_TOO_BIG;
    }
    *taken = n - rest.n;
    return OK;
}
