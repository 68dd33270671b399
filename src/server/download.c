/* Downloads: see download.h. */
#include "server/download.h"

#include "base/clock.h"
#include "base/log.h"
#include "media/files.h"
#include "media/serve.h"
#include "server/door.h"
#include "server/server.h"
#include "server/task.h"
#include "server/worker.h"

#define PIECE_BYTES 131072    // read from the disk and written at once
#define OPEN_MS 30000         // that the disk may take to open it

struct download_request {
    struct task task;
    char name[MEDIA_NAME_BYTES_MAX];
    struct media_file file;
    struct serve_plan plan;
    uint64_t sent;    // of plan.bytes
    char *piece;      // owned; PIECE_BYTES, once there is something to read
    size_t got;
    bool is_head_out;
};

static void answer_missing(struct session *s) {
    door_answer(s, 404, STR_NONE, STR_LIT("{\"error\":\"There is no such file.\"}\n"));
}

static void on_failed(struct task *task, enum err err) {
    struct download_request *d = CONTAINER_OF(task, struct download_request, task);
    if (err == ERR_NOT_FOUND) {
        answer_missing(d->task.session);
        return;
    }
    LOG_ERROR("download.failed", STR("why", err_text(err)));
    if (d->is_head_out) {
        session_drop(d->task.session, true);    // the head has promised more
    } else {
        door_answer(d->task.session, 503, STR_LIT("Retry-After: 2\r\n"),
                    STR_LIT("{\"error\":\"The file cannot be read now: try again soon.\"}\n"));
    }
}

static enum err run_open(struct task *task) {
    struct download_request *d = CONTAINER_OF(task, struct download_request, task);
    return media_file_open(d->task.session->worker->server->media, str_of(d->name), &d->file);
}

static enum err run_read(struct task *task) {
    struct download_request *d = CONTAINER_OF(task, struct download_request, task);
    size_t n = (size_t)MIN(PIECE_BYTES, d->plan.bytes - d->sent);
    enum err err = media_file_read(&d->file, d->plan.at + d->sent, d->piece, n, &d->got);
    return err == OK && d->got < n ? ERR_IO : err;    // a file of ours never changes
}

static void on_read(struct task *task) {
    struct download_request *d = CONTAINER_OF(task, struct download_request, task);
    d->sent += d->got;
    session_say_raw(d->task.session, (struct str){ d->piece, d->got });
}

void download_go_on(struct download_request *d) {
    if (d->task.is_running || !d->is_head_out) {
        return;
    }
    if (d->sent < d->plan.bytes) {
        task_start(&d->task, run_read, on_read);
        return;
    }
    struct session *s = d->task.session;
    if (door_may_go_on(s)) {
        door_next(s);    // which frees d
    } else {
        session_leave(s, 0, STR_NONE);
    }
}

static void on_opened(struct task *task) {
    struct download_request *d = CONTAINER_OF(task, struct download_request, task);
    const struct http1_request *req = door_request(d->task.session);
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
    // a reader may be slow; his socket tells who takes nothing at all
    d->task.session->due_ms = 0;
    session_set_timer(d->task.session);
    door_answer_file(d->task.session, &head);
}

struct download_request *download_begin(struct session *s, struct str name) {
    if (media_name_type(name) == NULL) {
        answer_missing(s);
        return NULL;
    }
    struct download_request *d = xzalloc(sizeof *d);
    d->task = (struct task){ .session = s, .fail = on_failed };
    d->file.fd = -1;
    memcpy(d->name, name.p, name.n);    // a name of ours fits
    s->due_ms = s->worker->loop.now_ms + OPEN_MS;
    session_set_timer(s);
    task_start(&d->task, run_open, on_opened);
    return d;
}

void download_free(struct download_request **download) {
    struct download_request *d = *download;
    if (d == NULL) {
        return;
    }
    CHECK(!d->task.is_running);
    media_file_close(&d->file);    // of a file that was only read: nothing waits for the disk
    xfree(d->piece);
    xfree(d);
    *download = NULL;
}
