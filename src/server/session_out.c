/* What a session says: queued, written at the end of the turn, bounded by how fast its peer reads.
 * See session.h; what waits is an outbox. */
#include "base/log.h"
#include "obs/metrics.h"
#include "server/catchup.h"
#include "server/dialog.h"
#include "server/door.h"
#include "server/gather.h"
#include "server/server.h"
#include "server/session_parts.h"
#include "server/worker.h"

#define MORE_SHARE 4                // of what may wait: with less of it, more may be asked for
#define TOO_SLOW_LEAVING_MS 5000    // what a slow reader has left to read why it is closed

static void note_progress(struct session *s, bool is_blocked, size_t sent) {
    if (is_blocked && (sent > 0 || s->stalled_ms == 0)) {
        s->stalled_ms = s->worker->loop.now_ms;
        session_set_timer(s);
    }
}

/* What waits because its socket is full is memory of its own, and of all such there is a bound. */
static void count_backlog(struct session *s) {
    uint32_t bytes = s->conn.is_write_blocked ? s->outbox.bytes : 0;
    s->worker->backlog_bytes += (size_t)bytes - s->outbox.counted_bytes;
    s->outbox.counted_bytes = bytes;
}

/* How much may wait for it. The less room there is for all that lag together, the less each may: so
 * the bound for all holds, and those who lag most go first. */
static size_t may_wait(const struct session *s) {
    const struct worker *w = s->worker;
    size_t bytes_max = w->settings->config->limits_outbox_bytes;
    if (!s->conn.is_write_blocked) {
        return bytes_max;
    }
    size_t all_max = w->settings->config->limits_backlog_bytes / w->server->worker_count;
    return MIN(bytes_max, all_max - MIN(all_max, w->backlog_bytes));
}

/* Writes what the socket takes. false: it is broken. Ends nothing: pushing calls it, and whoever
 * pushes is walking a room. */
static bool write_some(struct session *s) {
    struct iovec iov[OUTBOX_IOV_MAX];

    while (!outbox_is_empty(&s->outbox)) {
        size_t count = outbox_peek(&s->outbox, iov);
        ptrdiff_t sent = conn_write(&s->conn, iov, count);
        if (sent < 0) {
            return false;
        }
        outbox_sent(&s->outbox, (size_t)sent);
        METRIC_ADD_AT(outbox_bytes, s->worker->index, -sent);
        note_progress(s, s->conn.is_write_blocked, (size_t)sent);
        METRIC_ADD_AT(bytes_out_total, s->dialect == NULL ? 0 : s->dialect->id, sent);
        if (s->conn.is_write_blocked) {
            break;
        }
    }
    if (!s->conn.is_write_blocked) {
        s->stalled_ms = 0;    // also when the last of it was held inside TLS
    } else {
        outbox_keep(&s->outbox);
    }
    count_backlog(s);
    return true;
}

static void count_slow(struct session *s) {
    METRIC_ADD_AT(slow_readers_dropped_total, s->dialect == NULL ? 0 : s->dialect->id, 1);
    LOG_WARN("session.too_slow", U64("session", s->id.v), U64("outbox_bytes", s->outbox.bytes));
}

void session_leave_too_slow(struct session *s) {
    count_slow(s);
    session_leave(s, WS_CLOSE_TOO_SLOW, STR_LIT("too slow"));
    if (s->state == SESSION_LEAVING) {
        s->due_ms = s->worker->loop.now_ms + TOO_SLOW_LEAVING_MS;
        session_set_timer(s);
    }
}

static enum err push(struct session *s, struct span span, size_t bytes_max) {
    enum err err = s->conn.is_write_blocked ? outbox_push_copy(&s->outbox, span, bytes_max)
                                            : outbox_push(&s->outbox, span, bytes_max);
    METRIC_ADD_AT(outbox_bytes, s->worker->index, err == OK ? span.n : 0);
    if (s->conn.is_write_blocked) {
        count_backlog(s);
    }
    return err;
}

/* Queues without a look at the bound: close frames and the last words before them. */
void session_push_last(struct session *s, struct span span) {
    enum err err = push(s, span, UINT32_MAX);
    CHECK(err == OK);
    if (!s->conn.is_write_blocked) {
        worker_dirty(s->worker, s, false);
    }
}

void session_push(struct session *s, struct span span, bool is_bulk) {
    if (s->state >= SESSION_LEAVING || s->is_too_slow) {
        return;
    }
    enum err err = push(s, span, may_wait(s));
    if (err != OK && !s->conn.is_write_blocked) {
        write_some(s);    // it waits for us and not for the reader: it can go now
        err = push(s, span, may_wait(s));
    }
    if (err != OK) {
        session_is_too_slow(s);
    } else if (!s->conn.is_write_blocked) {
        worker_dirty(s->worker, s, is_bulk);
    }
}

void session_is_too_slow(struct session *s) {
    s->is_too_slow = true;
    worker_dirty(s->worker, s, false);
}

void session_say(struct session *s, struct str message) {
    session_push(s, worker_frame(s->worker, &s->worker->own_spool, s, message), false);
}

void session_say_answer(struct session *s, struct str said, uint32_t part) {
    if (part != 0 && s->gather != NULL) {
        gather_take(s, said, part);
        return;
    }
    while (!str_is_empty(said)) {
        session_say(s, str_cut(&said, '\n'));
    }
}

void session_say_raw(struct session *s, struct str bytes) {
    session_push(s, spool_put(&s->worker->own_spool, bytes, STR_NONE), false);
}

/* Everything is out: the next request may be read; a session that leaves may be at its end. */
void session_on_flushed(struct session *s) {
    if (s->state == SESSION_HEAD) {
        door_on_flushed(s);
    }
    if (s->state != SESSION_LEAVING) {
        return;
    }
    if (s->is_peer_done) {
        session_drop(s, false);
    } else if (s->close_code == 0 || s->ws.is_closing) {
        conn_shutdown(&s->conn);    // HTTP, or no frame is read any more: our end; theirs follows
    }
}

bool session_may_get_more(const struct session *s) {
    size_t bytes_max = s->worker->settings->config->limits_outbox_bytes / MORE_SHARE;
    return s->state == SESSION_LIVE && s->outbox.bytes <= bytes_max;
}

/* What it resumes goes before what comes behind that in a batch. */
void session_go_on(struct session *s) {
    if (s->is_upgraded) {
        catchup_go_on(s);
        gather_go_on(s);
    } else if (s->framing == FRAMING_DIALOG) {
        dialog_go_on(s);
    }
}

/* Reads on when what held it is answered, and most of the answers are out. */
void session_let_go(struct session *s) {
    unsigned pending_max = s->framing == FRAMING_WS ? PENDING_MAX / 2 : 0;
    session_go_on(s);
    bool is_busy = s->is_upgraded && (s->gather != NULL || catchup_is_busy(s));
    if (s->is_held && s->pending <= pending_max && s->questions == 0 && !is_busy &&
        session_may_get_more(s)) {
        s->is_held = false;
        session_read_on(s);
    }
}

void session_flush(struct session *s) {
    if (s->is_too_slow) {
        s->is_too_slow = false;
        session_leave_too_slow(s);
        return;
    }
    if (!write_some(s)) {
        session_drop(s, true);
        return;
    }
    session_let_go(s);
    if (outbox_is_empty(&s->outbox) && !s->conn.is_write_blocked) {
        session_on_flushed(s);
    }
}
