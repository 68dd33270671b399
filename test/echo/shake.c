/* The opening handshake of the echo server (RFC 6455 section 4.2): checks the request and
 * answers. */
#include "test/echo/echo.h"

#define EXTENSIONS_BYTES_MAX 8192

/* The value of a list header that may be spread over several, joined again. */
static void join_header(const struct http1_request *req, const char *name, struct buf *out) {
    for (size_t i = 0; i < req->header_count; i++) {
        if (str_eq_nocase(req->headers[i].name, str_of(name))) {
            if (out->n > 0) {
                BUF_PUT_LIT(out, ", ");
            }
            buf_put_str(out, req->headers[i].value);
        }
    }
}

void shake_refuse(struct buf *out, int status, struct str extra, struct str why) {
    http1_put_response(out, &(struct http1_response){
                                .status = status,
                                .content_type = "text/plain; charset=utf-8",
                                .extra = extra,
                                .body = why,
                            });
}

/* 0, or the status to refuse with. */
static int check(const struct http1_request *req, struct str *why) {
    if (!req->is_upgrade) {
        *why = STR_LIT("This is a WebSocket server: ask for an upgrade.\n");
        return 426;
    }
    if (!str_eq(http1_header(req, "Sec-WebSocket-Version"), STR_LIT("13"))) {
        *why = STR_LIT("Sec-WebSocket-Version must be 13.\n");
        return 426;
    }
    return 0;
}

struct shake shake_answer(const struct http1_request *req, struct buf *out) {
    SCOPED(buf_fini) struct buf offers = BUF_INIT(EXTENSIONS_BYTES_MAX);
    struct shake shake = { 0 };
    struct str why = STR_NONE;
    char accept[WS_ACCEPT_BYTES];
    int status = check(req, &why);

    if (status != 0) {
        shake_refuse(out, status, STR_LIT("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"),
                     why);
        return shake;
    }
    join_header(req, "Sec-WebSocket-Extensions", &offers);
    if (!buf_ok(&offers) || !ws_extensions_are_valid(buf_str(&offers)) ||
        http1_header_count(req, "Sec-WebSocket-Key") != 1 ||
        ws_accept_of(http1_header(req, "Sec-WebSocket-Key"), accept) != OK) {
        shake_refuse(out, 400, STR_NONE,
                     STR_LIT("Sec-WebSocket-Key or -Extensions is not what RFC 6455 says.\n"));
        return shake;
    }
    ws_negotiate_deflate(buf_str(&offers), WINDOW_BITS_MIN, &shake.deflate);
    BUF_PUT_LIT(out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: ");
    buf_put(out, accept, sizeof accept);
    if (shake.deflate.is_on) {
        BUF_PUT_LIT(out, "\r\nSec-WebSocket-Extensions: ");
        ws_put_deflate_terms(out, &shake.deflate);
    }
    BUF_PUT_LIT(out, "\r\n\r\n");
    shake.is_upgraded = true;
    return shake;
}
