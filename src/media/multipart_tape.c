/* See multipart_tape.h. */
#include "media/multipart_tape.h"

static void put_field(struct buf *log, const char *name, struct str value) {
    if (value.p != NULL) {
        buf_printf(log, " %s=[", name);
        buf_put_str(log, value);
        buf_put_char(log, ']');
    }
}

static void on_file(void *ctx, const struct multipart_file *file) {
    BUF_PUT_LIT((struct buf *)ctx, "file");
    put_field(ctx, "name", file->name);
    put_field(ctx, "filename", file->filename);
    put_field(ctx, "type", file->content_type);
    buf_put_char(ctx, '\n');
}

static void on_bytes(void *ctx, struct str piece) {
    CHECK(piece.n > 0);
    buf_put_str(ctx, piece);
}

static void on_file_end(void *ctx) {
    BUF_PUT_LIT((struct buf *)ctx, "\nend\n");
}

static const struct multipart_sink sink = { on_file, on_bytes, on_file_end };

enum err multipart_tape(struct str content_type, struct str body, size_t cut, struct buf *log) {
    SCOPED(multipart_free) struct multipart *m = NULL;
    const char *why = NULL;
    enum err err = multipart_new(content_type, &m, &why);
    if (err != OK) {
        buf_put_str(log, str_of(why));
        return err;
    }
    for (size_t at = 0; at < body.n && err == OK; at += cut) {
        size_t n = MIN(cut, body.n - at);
        char *piece = xalloc(n);    // of exactly its size, for AddressSanitizer
        memcpy(piece, body.p + at, n);
        err = multipart_feed(m, piece, n, &sink, log);
        xfree(piece);
    }
    enum err end = multipart_end(m);
    CHECK(err == OK || end == err);
    buf_put_str(log, end == OK ? STR_LIT("OK") : str_of(multipart_why(m)));
    return end;
}
