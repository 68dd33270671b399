/* Uploads: see upload.h for the way of one. Each step ends in a job for the pool or a command for
 * the ring, and the next begins where that comes back; meanwhile the parser is paused. */
#include "server/upload.h"

#include "base/clock.h"
#include "base/log.h"
#include "media/files.h"
#include "media/multipart.h"
#include "net/http1.h"
#include "obs/metrics.h"
#include "server/credential.h"
#include "server/door.h"
#include "server/server.h"
#include "server/task.h"
#include "server/worker.h"

#define GUESS_RETRY_MS 60000     // after so long an address may fail again
#define PIECE_BYTES 65536        // written at once
#define PAUSE_MS 30000           // that a sender may fall silent, within a body
#define BODY_MS_MAX 1800000      // that a whole body may take
#define BODY_READ_BYTES 65536    // read from the socket at once

struct upload_request {
    struct task task;
    struct multipart *form;       // owned; NULL: the body is the file
    struct media_upload *file;    // owned
    struct buf piece;             // what is to be written next
    struct media_saved saved;
    uint64_t bytes_max;
    uint64_t expected;    // as announced, of a raw body; 0: unknown
    uint64_t late_ms;     // when it has taken too long
    uint64_t retry_ms;    // what a 429 tells to wait
    user_id user;
    bool expects_continue;
    bool is_whole;    // all of the body has come
    bool is_saved;
    bool is_kept;    // the store has it: its file stays
};

/* ---- answers */

/* A refusal ends the connection: what is left of the body is not read. */
static void fail(struct upload_request *u, int status, enum refusal why, struct str sentence) {
    SCOPED(buf_fini) struct buf body = BUF_INIT(PIECE_BYTES);
    BUF_PUT_LIT(&body, "{\"error\":");
    json_put_text(&body, sentence);
    BUF_PUT_LIT(&body, ",\"code\":");
    json_put_text(&body, str_of(refusal_code(why)));
    BUF_PUT_LIT(&body, "}\n");
    METRIC_ADD(upload_errors_total, 1);
    SCOPED(buf_fini) struct buf extra = BUF_INIT(256);
    if (status == 401) {
        BUF_PUT_LIT(&extra, "WWW-Authenticate: Bearer\r\n");
    } else if (status == 429) {
        buf_printf(&extra, "Retry-After: %llu\r\n", (unsigned long long)(u->retry_ms + 999) / 1000);
    }
    door_answer(u->task.session, status, buf_str(&extra), buf_str(&body));
    session_leave(u->task.session, 0, STR_NONE);
}

static void fail_of(struct upload_request *u, enum refusal why) {
    enum lang lang = (enum lang)u->task.session->lang;
    fail(u, refusal_status(why), why, str_of(refusal_text(why, lang)));
}

/* What the disk, or the form, has to say. */
static void on_failed(struct task *task, enum err err) {
    struct upload_request *u = CONTAINER_OF(task, struct upload_request, task);
    switch (err) {
    case ERR_TOO_BIG: {
        SCOPED(buf_fini) struct buf why = BUF_INIT(256);
        buf_printf(&why, "The file is too large: at most %llu bytes are taken.",
                   (unsigned long long)u->bytes_max);
        fail(u, 413, REFUSE_too_long, buf_str(&why));
        break;
    }
    case ERR_PROTO:
        fail(u, 400, REFUSE_malformed, STR_LIT("The file is empty: send its bytes as the body."));
        break;
    case ERR_FULL:
        LOG_WARN("upload.refused", STR("why", "the disk has no room"));
        fail(u, 507, REFUSE_quota_full, STR_LIT("The server's disk has no room for it now."));
        break;
    case OK:
    case ERR_IO:
    case ERR_BUSY:
    case ERR_DENIED:
    case ERR_CLOSED:
    case ERR_EXISTS:
    case ERR_EXPIRED:
    case ERR_NOT_FOUND:
    case ERR_COUNT:
        LOG_ERROR("upload.failed", STR("why", err_text(err)));
        fail_of(u, REFUSE_store_away);
        break;
    }
}

static void answer_created(struct upload_request *u) {
    SCOPED(buf_fini) struct buf body = BUF_INIT(1024);
    SCOPED(buf_fini) struct buf extra = BUF_INIT(1024);
    buf_printf(&body,
               "{\"media_url\":\"" UPLOADS_PATH "%s\",\"media_type\":\"%s\",\"size\":%llu}\n",
               u->saved.name, u->saved.type->name, (unsigned long long)u->saved.bytes);
    buf_printf(&extra, "Location: " UPLOADS_PATH "%s\r\n", u->saved.name);
    METRIC_ADD(uploads_total, 1);
    METRIC_ADD(upload_bytes_total, u->saved.bytes);
    door_answer(u->task.session, 201, buf_str(&extra), buf_str(&body));
    door_next(u->task.session);    // which frees u
}

/* ---- steps */

static void be_patient(struct upload_request *u) {
    struct session *s = u->task.session;
    s->due_ms = MIN(s->worker->loop.now_ms + PAUSE_MS, u->late_ms);
    session_set_timer(s);
}

/* The core may have to wait for the store; longer than that nobody waits. */
static void wait_for_core(struct upload_request *u) {
    struct session *s = u->task.session;
    s->due_ms = s->worker->loop.now_ms + GREETING_MS;
    session_set_timer(s);
}

static void go_on(struct upload_request *u) {
    be_patient(u);
    door_go_on(u->task.session);
}

static enum err run_begin(struct task *task) {
    struct upload_request *u = CONTAINER_OF(task, struct upload_request, task);
    struct media_files *media = u->task.session->worker->server->media;
    return media_upload_begin(media, u->bytes_max, u->expected, &u->file);
}

static enum err run_append(struct task *task) {
    struct upload_request *u = CONTAINER_OF(task, struct upload_request, task);
    return media_upload_append(u->file, buf_str(&u->piece));
}

static enum err run_finish(struct task *task) {
    struct upload_request *u = CONTAINER_OF(task, struct upload_request, task);
    enum err err = run_append(task);
    if (err == OK) {
        err = media_upload_finish(u->file, &u->saved);
    }
    u->is_saved = err == OK;
    return err;
}

static void on_begun(struct task *task) {
    struct upload_request *u = CONTAINER_OF(task, struct upload_request, task);
    if (u->expects_continue) {
        session_say_raw(u->task.session, STR_LIT("HTTP/1.1 100 Continue\r\n\r\n"));
    }
    u->task.session->conn.read_bytes = BODY_READ_BYTES;
    go_on(u);
}

static void on_appended(struct task *task) {
    struct upload_request *u = CONTAINER_OF(task, struct upload_request, task);
    buf_reset(&u->piece);
    go_on(u);
}

static void on_finished(struct task *task) {
    struct upload_request *u = CONTAINER_OF(task, struct upload_request, task);
    struct cmd cmd = { .type = CMD_upload_add,
                       .caller = u->user.v,
                       .label = str_of(u->saved.name),
                       .media_type = str_of(u->saved.type->name),
                       .bytes = u->saved.bytes };
    wait_for_core(u);
    session_ask(u->task.session, &cmd);
}

/* ---- the request */

uint64_t upload_body_max(const struct session *s, const struct http1_request *req) {
    uint64_t bytes_max = s->worker->settings->config->media_bytes_max;
    bool is_form = multipart_is_form(http1_header(req, "Content-Type"));
    return is_form ? bytes_max + MULTIPART_FRAMING_BYTES_MAX : bytes_max;
}

static struct upload_request *request_new(struct session *s, const struct http1_request *req) {
    struct upload_request *u = xzalloc(sizeof *u);
    u->task = (struct task){ .session = s, .fail = on_failed };
    u->piece = BUF_INIT(4 * PIECE_BYTES);
    u->bytes_max = s->worker->settings->config->media_bytes_max;
    u->late_ms = s->worker->loop.now_ms + BODY_MS_MAX;
    u->retry_ms = GUESS_RETRY_MS;
    u->expects_continue = req->expects_continue;
    return u;
}

/* Makes ready for the kind of body it is. false: refused. */
static bool open_form(struct upload_request *u, const struct http1_request *req) {
    struct str type = http1_header(req, "Content-Type");
    const char *why = NULL;
    if (!multipart_is_form(type)) {
        u->expected = req->content_length;
        return true;
    }
    if (multipart_new(type, &u->form, &why) == OK) {
        return true;
    }
    fail(u, 400, REFUSE_malformed, str_of(why));
    return false;
}

struct upload_request *upload_begin(struct session *s, const struct http1_request *req) {
    struct upload_request *u = request_new(s, req);
    struct cmd cmd = { .type = CMD_caller_check };
    s->dialect = dialect_of(DIALECT_envelope);    // whose uploads they are
    const char *why = NULL;
    struct credential credential = { .cmd = &cmd };    // this request's alone
    struct str token = credential_of(s->worker, req);
    enum credential_found found = credential_read(s, token, &credential, &why);
    if (found == CREDENTIAL_GUESSED) {
        fail(u, 429, REFUSE_rate_limited, str_of(why));
    } else if (found == CREDENTIAL_BAD) {
        fail(u, 401, REFUSE_unauthenticated, str_of(why));
    } else if (open_form(u, req)) {
        wait_for_core(u);
        session_ask(s, &cmd);
        arena_reset(&s->worker->arena);
        return u;
    }
    arena_reset(&s->worker->arena);
    upload_free(&u);
    return NULL;
}

void upload_on_reply(struct upload_request *u, const struct reply *reply) {
    u->is_kept = reply->cmd == CMD_upload_add && reply->refusal == REFUSE_NONE;
    if (task_is_over(&u->task)) {
        return;
    }
    if (reply->refusal == REFUSE_rate_limited) {
        u->retry_ms = reply->retry_after_ms;
        fail(u, 429, reply->refusal, STR_LIT("Too many uploads: wait a little."));
    } else if (reply->refusal != REFUSE_NONE) {
        fail_of(u, reply->refusal);
    } else if (reply->cmd == CMD_caller_check) {
        u->user = reply->user;
        struct cmd cmd = { .type = CMD_upload_begin, .caller = u->user.v, .bytes = u->expected };
        wait_for_core(u);
        session_ask(u->task.session, &cmd);
    } else if (reply->cmd == CMD_upload_begin) {
        be_patient(u);
        task_start(&u->task, run_begin, on_begun);
    } else {
        answer_created(u);
    }
}

static void on_bytes(void *ctx, struct str bytes) {
    struct upload_request *u = ctx;
    buf_put_str(&u->piece, bytes);
}

static void on_file(void *ctx, const struct multipart_file *file) {
    (void)ctx;
    (void)file;    // what its sender calls it is nobody's business
}

static void on_file_end(void *ctx) {
    (void)ctx;
}

static const struct multipart_sink sink = {
    .on_file = on_file,
    .on_bytes = on_bytes,
    .on_file_end = on_file_end,
};

/* Too much around the file is wrong as well; of the file itself the disk's part says. */
static void fail_form(struct upload_request *u) {
    fail(u, 400, REFUSE_malformed, str_of(multipart_why(u->form)));
}

void upload_take(struct upload_request *u, struct str piece) {
    if (task_is_over(&u->task)) {
        return;
    }
    be_patient(u);
    if (u->form == NULL) {
        on_bytes(u, piece);
    } else {
        enum err err = multipart_feed(u->form, piece.p, piece.n, &sink, u);
        if (err != OK) {
            fail_form(u);
            return;
        }
    }
    CHECK(buf_ok(&u->piece));    // a read is no longer than it has room
    if (u->piece.n >= PIECE_BYTES) {
        door_pause(u->task.session);
        task_start(&u->task, run_append, on_appended);
    }
}

bool upload_is_whole(const struct upload_request *u) {
    return u->is_whole;
}

void upload_end(struct upload_request *u) {
    if (task_is_over(&u->task)) {
        return;
    }
    u->is_whole = true;
    enum err err = u->form == NULL ? OK : multipart_end(u->form);
    if (err != OK) {
        fail_form(u);
        return;
    }
    be_patient(u);
    task_start(&u->task, run_finish, on_finished);
}

/* ---- the end */

/* What a request leaves that was not kept goes where blocking is allowed. */
struct leftover {
    struct job job;
    struct media_files *media;
    struct media_upload *file;
    char name[MEDIA_NAME_BYTES_MAX];    // "": it has none yet
};

static void run_clean(struct job *job) {
    struct leftover *l = CONTAINER_OF(job, struct leftover, job);
    media_upload_free(&l->file);
    if (l->name[0] != '\0') {
        (void)!media_file_remove(l->media, str_of(l->name));    // a sweep finds what stays
    }
}

static void on_clean_done(struct job *job) {
    struct leftover *l = CONTAINER_OF(job, struct leftover, job);
    xfree(l);
}

void upload_free(struct upload_request **request) {
    struct upload_request *u = *request;
    if (u == NULL) {
        return;
    }
    CHECK(!u->task.is_running);
    if (u->file != NULL) {
        struct leftover *l = xzalloc(sizeof *l);
        struct worker *w = u->task.session->worker;
        l->job = (struct job){ .run = run_clean, .done = on_clean_done };
        l->media = w->server->media;
        l->file = u->file;
        if (u->is_saved && !u->is_kept) {
            memcpy(l->name, u->saved.name, sizeof l->name);
        }
        loop_work(&w->loop, &l->job);
    }
    multipart_free(&u->form);
    buf_fini(&u->piece);
    xfree(u);
    *request = NULL;
}
