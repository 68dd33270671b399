/* The door: see door.h. A visit holds what only an HTTP connection needs (the parser, the request,
 * what the upgrade agreed on) and is freed at 101, so that a quiet conversation does not pay for
 * it. */
#include "server/door.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/http1.h"
#include "net/spoken.h"
#include "obs/metrics.h"
#include "server/credential.h"
#include "server/dialog.h"
#include "server/download.h"
#include "server/operator.h"
#include "server/page.h"
#include "server/server.h"
#include "server/upload.h"
#include "server/worker.h"
#include "store/store.h"

#define REQUEST_BODY_BYTES_MAX 65536
#define KEEP_ALIVE_MS 15000    // between two requests
#define REQUESTS_PER_TURN 4    // of one connection, however many are in line
#define RESPONSE_BYTES_MAX (1u << 20)
#define EXTRA_BYTES_MAX 2048

struct visit {
    struct http1 *http;
    char sniffed[SPOKEN_BYTES_MAX];    // what has come while that was not clear
    uint8_t sniffed_bytes;
    bool is_http;
    const struct http1_request *req;    // the one being read or answered
    char accept[WS_ACCEPT_BYTES];       // GREETING: what 101 will say
    struct ws_deflate_terms deflate;
    const char *subprotocol;              // static, NULL: none was asked for that we know
    struct upload_request *upload;        // owned; the request's body is a file
    struct download_request *download;    // owned; the answer is a file
    enum refusal refusal;                 // GREETING: whom it is for may not come in
    bool is_answered;                     // the current request is
};

/* ---- answering */

/* Whether http.origins names it. */
static bool is_listed(const struct session *s, struct str origin) {
    const struct config_list *welcome = &s->worker->settings->config->http_origins;
    for (size_t i = 0; i < welcome->count; i++) {
        if (str_eq_nocase(welcome->items[i], origin)) {
            return true;
        }
    }
    return false;
}

/* What browsers must hear before a page of another origin may see an answer: that page's origin, if
 * it is welcome. Any page may be told what any program could ask. */
static void put_cors(struct session *s, const struct http1_request *req, struct buf *extra) {
    struct str origin = http1_header(req, "Origin");
    if (str_is_empty(origin)) {
        return;
    }
    if (is_listed(s, STR_LIT("*"))) {
        BUF_PUT_LIT(extra, "Access-Control-Allow-Origin: *\r\n");
    } else if (is_listed(s, origin)) {
        BUF_PUT_LIT(extra, "Access-Control-Allow-Origin: ");
        buf_put_str(extra, origin);
        BUF_PUT_LIT(extra, "\r\nVary: Origin\r\n");
    }
}

/* Says it, and leaves the connection as it is. */
static void say(struct session *s, const struct http1_response *res) {
    struct worker *w = s->worker;
    SCOPED(buf_fini) struct buf extra = BUF_INIT(EXTRA_BYTES_MAX);
    BUF_PUT_LIT(&extra, "Date: ");
    clock_put_http(&extra, clock_wall_ms());
    BUF_PUT_LIT(&extra, "\r\n");
    if (s->visit != NULL && s->visit->req != NULL) {
        put_cors(s, s->visit->req, &extra);
    }
    buf_put_str(&extra, res->extra);
    struct http1_response dated = *res;
    dated.extra = buf_str(&extra);
    buf_reset(&w->scratch);
    http1_put_response(&w->scratch, &dated);
    METRIC_ADD(http_requests_total, 1);
    if (s->visit != NULL) {
        s->visit->is_answered = true;
    }
    session_say_raw(s, buf_str(&w->scratch));
}

static void answer(struct session *s, const struct http1_response *res) {
    say(s, res);
    if (!res->is_keep_alive) {
        session_leave(s, 0, STR_NONE);
    }
}

static void answer_json(struct session *s, int status, struct str extra, struct str body) {
    const struct http1_request *req = s->visit == NULL ? NULL : s->visit->req;
    bool is_fine = status < 400 && req != NULL && !server_is_draining(s->worker->server);
    answer(s, &(struct http1_response){
                  .status = status,
                  .content_type = "application/json; charset=utf-8",
                  .extra = extra,
                  .body = body,
                  .is_keep_alive = is_fine && req->is_keep_alive,
                  .is_head_only = req != NULL && req->method == HTTP1_HEAD,
              });
}

static void answer_error(struct session *s, int status, struct str extra, struct str sentence) {
    SCOPED(buf_fini) struct buf body = BUF_INIT(RESPONSE_BYTES_MAX);
    BUF_PUT_LIT(&body, "{\"error\":");
    json_put_text(&body, sentence);
    BUF_PUT_LIT(&body, "}\n");
    answer_json(s, status, extra, buf_str(&body));
}

void door_answer(struct session *s, int status, struct str extra, struct str body) {
    answer_json(s, status, extra, body);
}

const struct http1_request *door_request(const struct session *s) {
    return s->visit->req;
}

bool door_may_go_on(const struct session *s) {
    return s->visit->req->is_keep_alive && !server_is_draining(s->worker->server);
}

void door_answer_file(struct session *s, const struct http1_response *res) {
    struct http1_response kept = *res;
    kept.is_keep_alive = door_may_go_on(s);
    say(s, &kept);    // the body is still to come
}

void door_turn_away(struct session *s, int status, const char *sentence) {
    if (s->state < SESSION_LEAVING) {
        answer_error(s, status, STR_NONE, str_of(sentence));
    }
    session_leave(s, 0, STR_NONE);
}

/* ---- plain pages */

static void route_health(struct session *s, const struct http1_request *req) {
    (void)req;
    SCOPED(buf_fini) struct buf body = BUF_INIT(RESPONSE_BYTES_MAX);
    unsigned status = health_live(s->worker->server->health, &body);
    answer_json(s, (int)status, STR_LIT("Cache-Control: no-store\r\n"), buf_str(&body));
}

unsigned door_ready(struct server *server, struct buf *out) {
    bool has_room = server->store->ops->room(server->store) >= STORE_ROOM_BYTES_MIN;
    return health_ready(server->health, has_room, out);
}

static void route_ready(struct session *s, const struct http1_request *req) {
    (void)req;
    SCOPED(buf_fini) struct buf body = BUF_INIT(RESPONSE_BYTES_MAX);
    unsigned status = door_ready(s->worker->server, &body);
    answer_json(s, (int)status, STR_LIT("Cache-Control: no-store\r\n"), buf_str(&body));
}

static void route_metrics(struct session *s, const struct http1_request *req) {
    SCOPED(buf_fini) struct buf body = BUF_INIT(RESPONSE_BYTES_MAX);
    metrics_print(&body);
    answer(s, &(struct http1_response){
                  .status = 200,
                  .content_type = METRICS_CONTENT_TYPE,
                  .extra = STR_LIT("Cache-Control: no-store\r\n"),
                  .body = buf_str(&body),
                  .is_keep_alive = req->is_keep_alive,
                  .is_head_only = req->method == HTTP1_HEAD,
              });
}

static void page(struct session *s, const struct http1_request *req) {
    answer(s, &(struct http1_response){
                  .status = 200,
                  .content_type = "text/html; charset=utf-8",
                  .extra = STR_LIT(PAGE_HEADERS),
                  .body = page_text(),
                  .is_keep_alive = req->is_keep_alive,
                  .is_head_only = req->method == HTTP1_HEAD,
              });
}

/* ---- the upgrade */

/* A foreign page may open a WebSocket here only if its origin is configured. Programs send none. */
static bool is_origin_welcome(struct session *s, const struct http1_request *req) {
    struct str origin = http1_header(req, "Origin");
    if (str_is_empty(origin) || is_listed(s, STR_LIT("*")) || is_listed(s, origin)) {
        return true;
    }
    METRIC_ADD_AT(connection_errors_total, METRIC_REASON_ORIGIN, 1);
    LOG_WARN("origin.refused", TEXT("origin", origin),
             STR("to_allow", "add this origin to http.origins in the section [http]"));
    answer_error(s, 403, STR_NONE, STR_LIT("This origin is not allowed to connect here."));
    return false;
}

/* Checks what RFC 6455 section 4.2.1 asks of an opening handshake. */
static bool is_handshake_good(struct session *s, const struct http1_request *req) {
    if (req->method != HTTP1_GET || !req->is_upgrade) {
        answer_error(s, 426, STR_LIT("Upgrade: websocket\r\nConnection: Upgrade\r\n"),
                     STR_LIT("This address speaks WebSocket: send an upgrade request."));
    } else if (!str_eq(http1_header(req, "Sec-WebSocket-Version"), STR_LIT("13"))) {
        answer_error(s, 426, STR_LIT("Sec-WebSocket-Version: 13\r\n"),
                     STR_LIT("The version of WebSocket spoken here is 13."));
    } else if (!ws_extensions_are_valid(http1_header(req, "Sec-WebSocket-Extensions"))) {
        answer_error(s, 400, STR_NONE,
                     STR_LIT("Sec-WebSocket-Extensions is not a list of RFC 6455 section 9.1."));
    } else if (http1_header_count(req, "Sec-WebSocket-Key") != 1 ||
               ws_accept_of(http1_header(req, "Sec-WebSocket-Key"), s->visit->accept) != OK) {
        answer_error(s, 400, STR_NONE,
                     STR_LIT("Sec-WebSocket-Key must be 16 bytes in base64, sent once."));
    } else {
        return true;
    }
    return false;
}

/* Lets somebody in who may not stay, to be told so in words that a browser hands to its page. */
static void refuse_inside(struct session *s, enum refusal why) {
    door_accept(s);
    session_enter(s, SESSION_LIVE);
    session_refuse(s, why);
}

/* Fills in who knocks. false: answered with 401 or 429; or, where it is told inside, not yet. */
static bool authenticate(struct session *s, const struct http1_request *req, struct cmd *cmd) {
    const char *why = NULL;
    struct credential credential = { .cmd = cmd };
    struct str token = credential_of(s->worker, req);
    enum credential_found found = credential_read(s, token, &credential, &why);
    if (found == CREDENTIAL_GOOD) {
        credential_take(s, &credential);
    } else if (found == CREDENTIAL_GUESSED) {
        answer_error(s, 429, STR_LIT("Retry-After: 60\r\n"), str_of(why));
    } else if (!s->dialect->is_refused_inside) {
        answer_error(s, 401, STR_LIT("WWW-Authenticate: Bearer\r\n"), str_of(why));
    }
    return found == CREDENTIAL_GOOD;
}

void door_refuse(struct session *s, const struct reply *reply) {
    if (reply->refusal == REFUSE_too_many_sessions) {
        METRIC_ADD_AT(connection_errors_total, METRIC_REASON_USER_LIMIT, 1);
    }
    if (s->dialect->is_refused_inside) {
        refuse_inside(s, reply->refusal);
        return;
    }
    struct str extra =
        reply->refusal == REFUSE_store_away ? STR_LIT("Retry-After: 2\r\n") : STR_NONE;
    answer_error(s, refusal_status(reply->refusal), extra,
                 str_of(refusal_text(reply->refusal, (enum lang)s->lang)));
    session_leave(s, 0, STR_NONE);
}

/* As asked for with ?lang=fr or ?lang=en; else the dialect's own. What a browser's headers say does
 * not count: an application may compare the sentences of its document. */
static enum lang lang_of(const struct http1_request *req, const struct dialect *dialect) {
    SCOPED(buf_fini) struct buf asked = BUF_INIT(HTTP1_TARGET_BYTES_MAX);
    if (!http1_query(req->query, "lang", &asked)) {
        return dialect->lang;
    }
    if (str_eq_nocase(buf_str(&asked), STR_LIT("fr"))) {
        return LANG_FR;
    }
    return str_eq_nocase(buf_str(&asked), STR_LIT("en")) ? LANG_EN : dialect->lang;
}

/* The one of the offered subprotocols that is answered: a browser gives up if none is. `bearer`
 * only carries a token, and permessage-deflate is an extension that some offer here by mistake. */
static const char *subprotocol_of(const struct http1_request *req) {
    static const char *const known[] = { BEARER_PROTOCOL, "permessage-deflate" };
    for (size_t i = 0; i < COUNT(known); i++) {
        if (http1_header_has(req, "Sec-WebSocket-Protocol", known[i])) {
            return known[i];
        }
    }
    return NULL;
}

static void upgrade(struct session *s, const struct http1_request *req, enum dialect_id id) {
    struct worker *w = s->worker;
    struct cmd cmd = { .type = CMD_session_open };
    if (!is_origin_welcome(s, req) || !is_handshake_good(s, req)) {
        return;
    }
    s->dialect = dialect_of(id);
    s->lang = (uint8_t)lang_of(req, s->dialect);
    bool is_known = authenticate(s, req, &cmd);
    if (is_known || !s->visit->is_answered) {
        ws_negotiate_deflate(http1_header(req, "Sec-WebSocket-Extensions"), 15, &s->visit->deflate);
        s->visit->subprotocol = subprotocol_of(req);
        s->framing = FRAMING_WS;
        s->is_deflating = s->visit->deflate.is_on;
        s->ws.has_deflate = s->is_deflating;
        s->visit->refusal = is_known ? REFUSE_NONE : REFUSE_unauthenticated;
        session_enter(s, SESSION_GREETING);
    }
    if (is_known) {
        session_ask(s, &cmd);
    }
    arena_reset(&w->arena);
}

/* Whose session it is cannot change, so a credential of its own user counts at once: if the core
 * says no to it, the session ends. Of anybody else the core says that it is theirs. */
void door_renew(struct session *s, struct cmd *cmd) {
    struct credential credential = { .cmd = cmd };
    struct str token = cmd->detail;
    cmd->detail = STR_NONE;    // it goes no further
    if (!credential_read_again(s, token, &credential)) {
        cmd->type = CMD_malformed;
        cmd->refusal = REFUSE_unauthenticated;
    } else if (cmd->user == s->user.v) {
        credential_take(s, &credential);
    }
}

void door_accept(struct session *s) {
    SCOPED(buf_fini) struct buf head = BUF_INIT(EXTRA_BYTES_MAX);
    BUF_PUT_LIT(&head, "HTTP/1.1 101 Switching Protocols\r\n"
                       "Upgrade: websocket\r\n"
                       "Connection: Upgrade\r\n"
                       "Sec-WebSocket-Accept: ");
    buf_put(&head, s->visit->accept, WS_ACCEPT_BYTES);
    if (s->visit->deflate.is_on) {
        BUF_PUT_LIT(&head, "\r\nSec-WebSocket-Extensions: ");
        ws_put_deflate_terms(&head, &s->visit->deflate);
    }
    if (s->visit->subprotocol != NULL) {
        BUF_PUT_LIT(&head, "\r\nSec-WebSocket-Protocol: ");
        buf_put_str(&head, str_of(s->visit->subprotocol));
    }
    BUF_PUT_LIT(&head, "\r\n\r\n");
    session_say_raw(s, buf_str(&head));
    door_close(s);
    s->is_upgraded = true;
}

/* ---- routes */

static void route_hub(struct session *s, const struct http1_request *req) {
    upgrade(s, req, DIALECT_hub);
}

static void route_envelope(struct session *s, const struct http1_request *req) {
    upgrade(s, req, DIALECT_envelope);
}

/* An upgrade at `/` is the hub's; a browser gets the page. */
static void route_root(struct session *s, const struct http1_request *req) {
    if (req->is_upgrade) {
        upgrade(s, req, DIALECT_hub);
    } else {
        page(s, req);
    }
}

static const struct {
    struct str path;
    void (*handler)(struct session *s, const struct http1_request *req);
} routes[] = {
#define ROUTE(path, handler) { { path, sizeof(path) - 1 }, handler },
#include "server/routes.tbl.h"
#undef ROUTE
};

/* The paths of uploads: where a POST makes one, and below it each of them. */
static bool is_uploads(struct str path) {
    return str_eq(path, STR_LIT("/uploads")) || str_starts(path, STR_LIT("/uploads/"));
}

static bool is_upload(const struct session *s, const struct http1_request *req) {
    bool is_there =
        str_eq(req->path, STR_LIT("/uploads")) || str_eq(req->path, STR_LIT("/uploads/"));
    return is_there && req->method == HTTP1_POST && !s->is_hub_only;
}

static void refuse_method(struct session *s, struct str allow, struct str sentence) {
    answer_error(s, 405, allow, sentence);
}

/* A browser asks before a page of another origin may send a file with a token. */
static void answer_preflight(struct session *s) {
    answer(s, &(struct http1_response){
                  .status = 204,
                  .extra = STR_LIT("Access-Control-Allow-Methods: GET, HEAD, POST\r\n"
                                   "Access-Control-Allow-Headers: Authorization, Content-Type\r\n"
                                   "Access-Control-Max-Age: 86400\r\n"),
                  .is_keep_alive = door_may_go_on(s),
              });
}

static void route_uploads(struct session *s, const struct http1_request *req) {
    struct str name = { req->path.p + strlen("/uploads"), req->path.n - strlen("/uploads") };
    bool is_below = name.n > 0;
    if (req->method == HTTP1_OPTIONS) {
        answer_preflight(s);
    } else if (is_below && (req->method == HTTP1_GET || req->method == HTTP1_HEAD)) {
        name = (struct str){ name.p + 1, name.n - 1 };
        s->visit->download = download_begin(s, name);
    } else if (is_below) {
        refuse_method(s, STR_LIT("Allow: GET, HEAD, OPTIONS\r\n"),
                      STR_LIT("A file is read here, with GET or HEAD."));
    } else {
        refuse_method(s, STR_LIT("Allow: POST, OPTIONS\r\n"),
                      STR_LIT("A file is sent here, with POST."));
    }
}

static void route(struct session *s, const struct http1_request *req) {
    if (s->is_hub_only) {
        route_hub(s, req);
        return;
    }
    if (is_uploads(req->path)) {
        route_uploads(s, req);
        return;
    }
    for (size_t i = 0; i < COUNT(routes); i++) {
        if (!str_eq(req->path, routes[i].path)) {
            continue;
        }
        if (req->method == HTTP1_GET || req->method == HTTP1_HEAD) {
            routes[i].handler(s, req);
        } else {
            refuse_method(s, STR_LIT("Allow: GET, HEAD\r\n"),
                          STR_LIT("Only GET and HEAD are served here."));
        }
        return;
    }
    answer_error(s, 404, STR_NONE, STR_LIT("There is nothing at this address."));
}

/* ---- the stream of requests */

static uint64_t body_limit(void *ctx, const struct http1_request *req) {
    struct session *s = ctx;
    s->visit->req = req;    // also for the answer to one that is too long
    return is_upload(s, req) ? upload_body_max(s, req) : REQUEST_BODY_BYTES_MAX;
}

static void on_head(void *ctx, const struct http1_request *req) {
    struct session *s = ctx;
    s->visit->req = req;
    s->visit->is_answered = false;
    if (is_upload(s, req) && is_origin_welcome(s, req)) {
        s->visit->upload = upload_begin(s, req);
        door_pause(s);
    } else if (req->expects_continue && !s->visit->is_answered) {
        session_say_raw(s, STR_LIT("HTTP/1.1 100 Continue\r\n\r\n"));
    }
}

static void on_body(void *ctx, struct str piece) {
    struct session *s = ctx;
    if (s->visit->upload != NULL) {
        upload_take(s->visit->upload, piece);    // any other is bounded, and read past
    }
}

static void on_request_end(void *ctx) {
    struct session *s = ctx;
    if (s->visit->upload != NULL) {
        upload_end(s->visit->upload);
    } else if (!s->visit->is_answered) {
        route(s, s->visit->req);
    }
}

static const struct http1_sink http1_sink = {
    .on_head = on_head,
    .on_body = on_body,
    .on_end = on_request_end,
    .body_limit = body_limit,
};

static bool is_busy(const struct visit *v) {
    return v->upload != NULL || v->download != NULL;
}

/* The answer to the request is out, or on its way: the next one may be read. */
static void next_request(struct session *s) {
    struct visit *v = s->visit;
    v->is_answered = false;
    v->req = NULL;
    upload_free(&v->upload);
    download_free(&v->download);
    s->conn.read_bytes = READ_BYTES_BEFORE_LIVE;
    http1_next(v->http);
    s->due_ms = s->worker->loop.now_ms + KEEP_ALIVE_MS;
    session_set_timer(s);
}

/* Feeds the parser once. false: the session goes another way. */
static bool feed_once(struct session *s, const uint8_t *p, size_t n, size_t *taken) {
    struct visit *v = s->visit;
    *taken += http1_feed(v->http, p + *taken, n - *taken, &http1_sink, s);
    if (http1_status(v->http) != 0) {
        METRIC_ADD_AT(connection_errors_total, METRIC_REASON_PROTOCOL, 1);
        door_turn_away(s, http1_status(v->http), http1_why(v->http));
        return false;
    }
    if (s->state == SESSION_HEAD && v->is_answered && !is_busy(v)) {
        next_request(s);
    }
    return s->state == SESSION_HEAD && !is_busy(v);
}

/* ---- what is spoken */

/* The fatal alert protocol_version, RFC 8446 section 6. */
void door_refuse_tls(struct session *s) {
    METRIC_ADD_AT(connection_errors_total, METRIC_REASON_PROTOCOL, 1);
    session_say_raw(s, STR_LIT("\x15\x03\x01\x00\x02\x02\x46"));
    session_leave(s, 0, STR_NONE);
}

/* Somebody who speaks no HTTP: what he has said so far is the beginning of a dialog. */
static size_t begin_dialog(struct session *s, const uint8_t *p, size_t n) {
    uint8_t head[SPOKEN_BYTES_MAX];
    size_t head_bytes = s->visit->sniffed_bytes;
    memcpy(head, s->visit->sniffed, head_bytes);
    door_close(s);
    dialog_begin(s);
    if (head_bytes > 0) {
        size_t taken = dialog_feed(s, head, head_bytes);
        CHECK(taken == head_bytes);    // it is no whole command yet
    }
    return dialog_feed(s, p, n);
}

/* Looks at the first bytes. false: they were taken another way, *taken of them. */
static bool sniff(struct session *s, const uint8_t *p, size_t n, size_t *taken) {
    struct visit *v = s->visit;
    size_t before = v->sniffed_bytes;
    size_t more = MIN(n, SPOKEN_BYTES_MAX - before);
    memcpy(v->sniffed + before, p, more);

    *taken = n;
    switch (spoken_of((struct str){ v->sniffed, before + more })) {
    case SPOKEN_UNSURE: v->sniffed_bytes = (uint8_t)(before + more); return false;
    case SPOKEN_TLS: door_refuse_tls(s); return false;
    case SPOKEN_LINES: *taken = begin_dialog(s, p, n); return false;
    case SPOKEN_HTTP: break;
    }
    v->is_http = true;
    size_t again = 0;
    return before == 0 || feed_once(s, (const uint8_t *)v->sniffed, before, &again);
}

size_t door_feed(struct session *s, uint8_t *p, size_t n) {
    if (s->visit == NULL) {
        s->visit = xzalloc(sizeof *s->visit);
        s->visit->http = http1_new(REQUEST_BODY_BYTES_MAX);
        s->visit->is_http = s->is_hub_only;
    }
    size_t sniffed = 0;
    if (!s->visit->is_http && !sniff(s, p, n, &sniffed)) {
        return sniffed;
    }
    if (s->conn.is_write_blocked) {
        return 0;    // the answers so far go out first: session.c reads on then
    }
    size_t taken = 0;
    for (int i = 0; i < REQUESTS_PER_TURN && taken < n; i++) {
        if (!feed_once(s, p, n, &taken)) {
            break;
        }
    }
    if (s->state == SESSION_HEAD) {
        if (taken < n && !is_busy(s->visit)) {
            conn_resume(&s->conn);    // in the next turn
        }
        return taken;
    }
    if (s->state == SESSION_GREETING && s->visit->refusal != REFUSE_NONE) {
        refuse_inside(s, s->visit->refusal);
    }
    return s->state == SESSION_GREETING ? taken : n;
}

void door_pause(struct session *s) {
    http1_pause(s->visit->http);
}

void door_go_on(struct session *s) {
    size_t taken = 0;
    http1_resume(s->visit->http);
    static const uint8_t nothing[1];    // its end may be all that is left
    feed_once(s, nothing, 0, &taken);
    if (s->state == SESSION_HEAD) {
        conn_resume(&s->conn);
    }
}

void door_next(struct session *s) {
    if (s->state != SESSION_HEAD) {
        return;
    }
    next_request(s);
    if (s->is_peer_done) {
        session_leave(s, 0, STR_NONE);    // it asked for nothing more
    } else {
        conn_resume(&s->conn);
    }
}

void door_on_reply(struct session *s, const struct reply *reply) {
    if (s->visit != NULL && s->visit->upload != NULL) {
        upload_on_reply(s->visit->upload, reply);
    }
}

bool door_owes_answer(const struct session *s) {
    const struct visit *v = s->visit;
    bool is_upload = v != NULL && v->upload != NULL && upload_is_whole(v->upload);
    return is_upload || (v != NULL && v->download != NULL);
}

void door_on_flushed(struct session *s) {
    if (s->visit != NULL && s->visit->download != NULL) {
        download_go_on(s->visit->download);
    } else {
        conn_resume(&s->conn);
    }
}

void door_on_timeout(struct session *s) {
    if (s->visit != NULL && s->visit->upload != NULL && s->pending > 0) {
        door_turn_away(s, 503, refusal_text(REFUSE_store_away, (enum lang)s->lang));
        return;
    }
    if (s->visit != NULL && http1_is_inside(s->visit->http)) {
        door_turn_away(s, 408, "The request took too long: send it at once.");
    } else {
        session_drop(s, false);
    }
}

void door_close(struct session *s) {
    if (s->framing == FRAMING_WS && !s->is_upgraded && s->visit != NULL) {
        upload_free(&s->visit->upload);
        download_free(&s->visit->download);
        http1_free(&s->visit->http);
        xfree(s->visit);
        s->visit = NULL;
    }
}
