/* Downloads: see download.h. While a job runs it counts as one of the session's commands under way,
 * so the session outlives it. */
#include "server/download.h"

#include "base/clock.h"
#include "base/log.h"
#include "media/files.h"
#include "media/serve.h"
#include "server/door.h"
#include "server/server.h"
#include "server/worker.h"

#define PIECE_BYTES 131072    // read from the disk and written at once
#define OPEN_MS 30000         // that the disk may take to open it

struct download_request {
    struct session *session;    // borrowed
    struct job job;
    char name[MEDIA_NAME_BYTES_MAX];
    struct media_file file;
    struct serve_plan plan;
    uint64_t sent;    // of plan.bytes
    char *piece;      // owned; PIECE_BYTES, once there is something to read
    size_t got;
    enum err err;
    bool is_head_out;
    bool is_on_pool;
};

static void answer_missing(struct session *s) {
    door_answer(s, 404, STR_NONE, STR_LIT("{\"error\":\"There is no such file.\"}\n"));
}

static bool is_over(const struct download_request *d) {
    return d->session->state != SESSION_HEAD;
}

static void start(struct download_request *d, void (*run)(struct job *job),
                  void (*done)(struct job *job)) {
    CHECK(!d->is_on_pool);
    d->job.run = run;
    d->job.done = done;
    d->is_on_pool = true;
    d->session->pending++;
    loop_work(&d->session->worker->loop, &d->job);
}

/* A job has come back. false: nobody waits for it any more. */
static bool is_back(struct download_request *d) {
    d->is_on_pool = false;
    d->session->pending--;
    return !is_over(d);
}

static void run_open(struct job *job) {
    struct download_request *d = CONTAINER_OF(job, struct download_request, job);
    d->err = media_file_open(d->session->worker->server->media, str_of(d->name), &d->file);
}

static void run_read(struct job *job) {
    struct download_request *d = CONTAINER_OF(job, struct download_request, job);
    size_t n = (size_t)MIN(PIECE_BYTES, d->plan.bytes - d->sent);
    d->err = media_file_read(&d->file, d->plan.at + d->sent, d->piece, n, &d->got);
    if (d->err == OK && d->got < n) {
        d->err = ERR_IO;    // a file of ours never changes
    }
}

static void on_read(struct job *job) {
    struct download_request *d = CONTAINER_OF(job, struct download_request, job);
    struct session *s = d->session;
    if (!is_back(d)) {
        return;
    }
    if (d->err != OK) {
        LOG_ERROR("download.failed", STR("why", err_text(d->err)));
        session_drop(s, true);    // the head has promised more
        return;
    }
    d->sent += d->got;
    session_say_raw(s, (struct str){ d->piece, d->got });
}

void download_go_on(struct download_request *d) {
    if (d->is_on_pool || !d->is_head_out) {
        return;
    }
    if (d->sent < d->plan.bytes) {
        start(d, run_read, on_read);
        return;
    }
    struct session *s = d->session;
    if (door_may_go_on(s)) {
        door_next(s);    // which frees d
    } else {
        session_leave(s, 0, STR_NONE);
    }
}

static void say_head(struct download_request *d, const struct http1_request *req) {
    SCOPED(buf_fini) struct buf headers = BUF_INIT(SERVE_HEADERS_BYTES_MAX);
    struct serve_ask ask = {
        .is_head = req->method == HTTP1_HEAD,
        .range = http1_header(req, "Range"),
        .if_range = http1_header(req, "If-Range"),
        .if_match = http1_header(req, "If-Match"),
        .if_none_match = http1_header(req, "If-None-Match"),
        .if_modified_since = http1_header(req, "If-Modified-Since"),
        .if_unmodified_since = http1_header(req, "If-Unmodified-Since"),
    };
    struct serve_file file = {
        .name = str_of(d->name),
        .type = d->file.type,
        .bytes = d->file.bytes,
        .modified_ms = d->file.modified_ms,
    };
    d->plan = serve(&ask, &file, clock_wall_ms(), &headers);
    struct http1_response head = {
        .status = d->plan.status,
        .content_type = d->plan.content_type,
        .extra = buf_str(&headers),
        .later_bytes = d->plan.bytes,
        .is_head_only = ask.is_head,
    };
    if (ask.is_head) {
        d->plan.bytes = 0;
    } else if (d->plan.bytes > 0) {
        d->piece = xalloc(PIECE_BYTES);
    }
    d->is_head_out = true;
    d->session->due_ms =
        0;    // a reader may be slow; who takes nothing at all is told by his socket
    session_set_timer(d->session);
    door_answer_file(d->session, &head);
}

static void on_opened(struct job *job) {
    struct download_request *d = CONTAINER_OF(job, struct download_request, job);
    if (!is_back(d)) {
        return;
    }
    if (d->err == OK) {
        say_head(d, door_request(d->session));
    } else if (d->err == ERR_NOT_FOUND) {
        answer_missing(d->session);
    } else {
        LOG_ERROR("download.failed", STR("why", err_text(d->err)));
        door_answer(d->session, 503, STR_LIT("Retry-After: 2\r\n"),
                    STR_LIT("{\"error\":\"The file cannot be read now: try again soon.\"}\n"));
    }
}

struct download_request *download_begin(struct session *s, struct str name) {
    if (media_name_type(name) == NULL) {
        answer_missing(s);
        return NULL;
    }
    struct download_request *d = xzalloc(sizeof *d);
    d->session = s;
    d->file.fd = -1;
    memcpy(d->name, name.p, name.n);    // a name of ours fits
    s->due_ms = s->worker->loop.now_ms + OPEN_MS;
    session_set_timer(s);
    start(d, run_open, on_opened);
    return d;
}

void download_free(struct download_request **download) {
    struct download_request *d = *download;
    if (d == NULL) {
        return;
    }
    CHECK(!d->is_on_pool);
    media_file_close(&d->file);    // of a file that was only read: nothing waits for the disk
    xfree(d->piece);
    xfree(d);
    *download = NULL;
}
