/* A batch of commands: see gather.h. */
#include "server/gather.h"

#include "base/clock.h"
#include "base/queue.h"
#include "obs/metrics.h"
#include "server/ring.h"
#include "server/server.h"
#include "server/worker.h"

struct gather {
    struct qlist waiting;          // struct intake: parts that are not in the ring yet
    unsigned unanswered;           // parts, waiting or in the ring
    const struct dialect *form;    // in whose words it is answered
    struct buf answers;
    struct buf ref;
};

void gather_begin(struct session *s, unsigned parts, const struct cmd *whole) {
    struct gather *g = xzalloc(sizeof *g);
    CHECK(s->gather == NULL);
    s->gather = g;
    qlist_init(&g->waiting);
    g->answers = BUF_INIT(SCRATCH_BYTES_MAX);
    g->ref = BUF_INIT(REF_BYTES_MAX);
    buf_put_str(&g->ref, whole->ref);
    g->form = whole->form == 0 ? s->dialect : dialect_of((enum dialect_id)whole->form);
    for (unsigned part = 1; part <= parts; part++) {
        struct cmd cmd;
        s->dialect->decode_part(&s->worker->decode, part, &cmd);
        cmd.part = part;
        qlist_push(&g->waiting, &session_intake(s, &cmd)->link);
        g->unanswered++;
    }
    s->is_held = true;
    gather_go_on(s);
}

/* Whether another part may go into the ring now. */
static bool may_go(struct session *s) {
    size_t bytes_max = s->worker->settings->config->limits_outbox_bytes / 4;
    if (qlist_is_empty(&s->gather->waiting) || s->questions > 0 || s->is_starved ||
        s->outbox.bytes > bytes_max || s->pending >= PENDING_MAX) {
        return false;
    }
    if (!ring_admit(s->worker->server->ring)) {
        METRIC_ADD_AT(intake_stalls_total, s->worker->index, 1);
        worker_starve(s->worker, s);
        return false;
    }
    return true;
}

void gather_go_on(struct session *s) {
    while (s->gather != NULL && s->state == SESSION_LIVE && may_go(s)) {
        struct intake *intake = CONTAINER_OF(qlist_pop(&s->gather->waiting), struct intake, link);
        session_send(s, intake);
    }
}

static void tell(struct session *s) {
    struct worker *w = s->worker;
    struct gather *g = s->gather;
    buf_reset(&w->scratch);
    g->form->encode_parts(buf_str(&g->answers), buf_str(&g->ref), clock_wall_ms(), &w->scratch);
    session_say(s, worker_said(w));
    buf_reset(&g->answers);
}

void gather_take(struct session *s, struct str said) {
    struct gather *g = s->gather;
    while (!str_is_empty(said)) {
        struct str one = str_cut(&said, '\n');
        if (g->answers.n > 0 && g->answers.n + one.n > GATHER_BYTES_MAX) {
            struct str kept = arena_str(&s->worker->arena, one);    // telling uses the scratch
            tell(s);
            one = kept;
        }
        if (g->answers.n > 0) {
            buf_put_char(&g->answers, ',');
        }
        buf_put_str(&g->answers, one);
    }
    CHECK(buf_ok(&g->answers));
}

void gather_end_if_done(struct session *s) {
    if (--s->gather->unanswered > 0) {
        return;
    }
    if (s->state == SESSION_LIVE) {
        tell(s);
    }
    gather_free(&s->gather);
}

void gather_free(struct gather **g) {
    if (*g == NULL) {
        return;
    }
    struct qnode *n;
    while ((n = qlist_pop(&(*g)->waiting)) != NULL) {
        struct intake *intake = CONTAINER_OF(n, struct intake, link);
        intake_free(&intake);
    }
    buf_fini(&(*g)->answers);
    buf_fini(&(*g)->ref);
    xfree(*g);
    *g = NULL;
}
