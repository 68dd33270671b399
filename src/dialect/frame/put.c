/* What the frames of both dialects are written with. Nothing here but appending to a buffer. */
#include "base/json.h"
#include "dialect/frame/frame.h"

void frame_put_sentence(struct buf *out, struct str sentence, const struct detail *detail,
                        enum lang lang) {
    SCOPED(buf_fini) struct buf said = BUF_INIT(3 * DETAIL_BYTES_MAX);
    SCOPED(buf_fini) struct buf whole = BUF_INIT(5 * DETAIL_BYTES_MAX);

    frame_put_detail(&said, detail, lang);
    detail_put_behind(&whole, sentence, buf_ok(&said) ? buf_str(&said) : STR_NONE);
    json_put_text(out, buf_ok(&whole) ? buf_str(&whole) : sentence);
}

void frame_put_place(struct buf *out, uint64_t seq, uint64_t at_ms) {
    BUF_PUT_LIT(out, ",\"seq\":");
    buf_put_u64(out, seq);
    BUF_PUT_LIT(out, ",\"ts\":");
    buf_put_u64(out, at_ms);
}

/* Milliseconds as seconds: 15500 is 15.5. */
static void put_seconds(struct buf *out, uint64_t ms) {
    buf_put_u64(out, ms / 1000);
    unsigned rest = (unsigned)(ms % 1000);
    if (rest > 0) {
        buf_put_char(out, '.');
    }
    for (unsigned unit = 100; rest > 0; rest %= unit, unit /= 10) {
        buf_put_char(out, (char)('0' + rest / unit));
    }
}

void frame_put_extras(struct buf *out, const struct frame_extras *extras) {
    if (!str_is_empty(extras->media_url)) {
        BUF_PUT_LIT(out, ",\"media_url\":");
        json_put_text(out, extras->media_url);
    }
    if (!str_is_empty(extras->media_type)) {
        BUF_PUT_LIT(out, ",\"media_type\":");
        json_put_text(out, extras->media_type);
    }
    if (extras->duration_ms > 0) {
        BUF_PUT_LIT(out, ",\"duration\":");
        put_seconds(out, extras->duration_ms);
    }
    if (extras->reply_to.v != 0) {
        BUF_PUT_LIT(out, ",\"reply_to\":");
        buf_put_u64(out, extras->reply_to.v);
    }
    if (!str_is_empty(extras->mentions)) {
        BUF_PUT_LIT(out, ",\"mentions\":[");
        buf_put_str(out, extras->mentions);
        buf_put_char(out, ']');
    }
}
