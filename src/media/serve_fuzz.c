/* Whatever the headers of a request say, what is sent is inside the file, and there is no answer
 * without its headers. Lines of the input are: the file's length, Range, If-Range, If-Match,
 * If-None-Match, If-Modified-Since, If-Unmodified-Since; an empty one is not there. */
#include "media/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct str next(struct str *rest) {
    struct str line = rest->p == NULL ? STR_NONE : str_cut(rest, '\n');
    return line.n == 0 ? STR_NONE : line;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct str rest = { (const char *)p, n };
    struct serve_file file = {
        .name = STR_LIT("images/0123456789abcdef0123456789abcdef.jpg"),
        .type = media_type_named(STR_LIT("image/jpeg")),
        .modified_ms = 784111777000,
    };
    if (str_to_u64(next(&rest), &file.bytes) != OK) {
        file.bytes = 1000;
    }
    struct serve_ask ask = { 0 };
    ask.range = next(&rest);
    ask.if_range = next(&rest);
    ask.if_match = next(&rest);
    ask.if_none_match = next(&rest);
    ask.if_modified_since = next(&rest);
    ask.if_unmodified_since = next(&rest);

    SCOPED(buf_fini) struct buf headers = BUF_INIT(SERVE_HEADERS_BYTES_MAX);
    struct serve_plan plan = serve(&ask, &file, 1764000000000, &headers);
    CHECK(buf_ok(&headers) && str_ends(buf_str(&headers), STR_LIT("\r\n")));
    CHECK(plan.bytes <= file.bytes && plan.at <= file.bytes - plan.bytes);
    switch (plan.status) {
    case 200: CHECK(plan.bytes == file.bytes && plan.content_type != NULL); break;
    case 206: CHECK(plan.bytes > 0 && ask.range.p != NULL && plan.content_type != NULL); break;
    case 304: CHECK(ask.if_none_match.p != NULL || ask.if_modified_since.p != NULL); break;
    case 412: CHECK(ask.if_match.p != NULL || ask.if_unmodified_since.p != NULL); break;
    case 416: CHECK(plan.bytes == 0 && ask.range.p != NULL); break;
    default: CHECK(false);
    }
    return 0;
}
