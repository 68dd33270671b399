/* Lines: the same lines come out however the bytes are cut, and a line without end is refused. */
#include "net/lines.h"

#include "base/buf.h"
#include "test/unit.h"

struct heard {
    struct buf text;
    int stop_after;    // lines; 0: never
    int count;
};

static bool on_line(void *ctx, struct str line) {
    struct heard *h = ctx;
    buf_put_char(&h->text, '[');
    buf_put_str(&h->text, line);
    buf_put_char(&h->text, ']');
    return ++h->count != h->stop_after;
}

static struct heard feed_in_pieces(const char *text, size_t piece) {
    struct heard h = { .text = BUF_INIT(4096) };
    SCOPED(lines_free) struct lines *l = lines_new(100);
    struct str rest = str_of(text);
    while (rest.n > 0) {
        size_t n = MIN(piece, rest.n);
        size_t taken = 0;
        EQ(lines_feed(l, (const uint8_t *)rest.p, n, on_line, &h, &taken), OK);
        EQ(taken, n);
        rest = (struct str){ rest.p + n, rest.n - n };
    }
    return h;
}

TEST(lines_are_the_same_however_they_are_cut) {
    const char *text = "one\r\n\ntwo three\nfour";
    for (size_t piece = 1; piece < 24; piece++) {
        struct heard h = feed_in_pieces(text, piece);
        STR_EQ(buf_str(&h.text), "[one][][two three]");
        buf_fini(&h.text);
    }
}

TEST(a_listener_who_says_stop_gets_the_rest_later) {
    struct heard h = { .text = BUF_INIT(4096), .stop_after = 1 };
    SCOPED(lines_free) struct lines *l = lines_new(100);
    const char *text = "a\nb\nc\n";
    size_t taken = 0;
    EQ(lines_feed(l, (const uint8_t *)text, 6, on_line, &h, &taken), OK);
    EQ(taken, 2);
    EQ(lines_feed(l, (const uint8_t *)text + taken, 6 - taken, on_line, &h, &taken), OK);
    EQ(taken, 4);
    STR_EQ(buf_str(&h.text), "[a][b][c]");
    buf_fini(&h.text);
}

TEST(a_line_without_end_is_refused) {
    struct heard h = { .text = BUF_INIT(4096) };
    SCOPED(lines_free) struct lines *l = lines_new(8);
    size_t taken = 0;
    EQ(lines_feed(l, (const uint8_t *)"12345678", 8, on_line, &h, &taken), OK);
    EQ(lines_feed(l, (const uint8_t *)"9", 1, on_line, &h, &taken), ERR_TOO_BIG);
    EQ(h.count, 0);
    buf_fini(&h.text);
}

TEST(a_long_line_in_one_piece_is_refused_too) {
    struct heard h = { .text = BUF_INIT(4096) };
    SCOPED(lines_free) struct lines *l = lines_new(8);
    size_t taken = 0;
    EQ(lines_feed(l, (const uint8_t *)"123456789\n", 10, on_line, &h, &taken), ERR_TOO_BIG);
    EQ(h.count, 0);
    buf_fini(&h.text);
}
