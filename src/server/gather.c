/* A batch of commands: see gather.h. */
#include "server/gather.h"

#include "base/clock.h"
#include "base/queue.h"
#include "obs/metrics.h"
#include "server/catchup.h"
#include "server/ring.h"
#include "server/server.h"
#include "server/worker.h"

/* What answers one part. */
struct slot {
    struct buf said;    // messages, with commas between
    bool is_answered;
};

struct gather {
    struct qlist waiting;          // struct intake: parts that are not in the ring yet
    const struct dialect *form;    // in whose words it is answered
    unsigned count;                // of slots
    unsigned moved;                // of them, those whose answers are in `answers`, or told
    struct buf answers;
    struct buf ref;
    struct slot slots[];    // part 1 has the first
};

void gather_begin(struct session *s, unsigned parts, const struct cmd *whole) {
    struct gather *g = xzalloc(sizeof *g + parts * sizeof g->slots[0]);
    CHECK(s->gather == NULL);
    s->gather = g;
    qlist_init(&g->waiting);
    g->count = parts;
    g->answers = BUF_INIT(SCRATCH_BYTES_MAX);
    g->ref = BUF_INIT(REF_BYTES_MAX);
    buf_put_str(&g->ref, whole->ref);
    g->form = whole->form == 0 ? s->dialect : dialect_of((enum dialect_id)whole->form);
    for (unsigned part = 1; part <= parts; part++) {
        struct cmd cmd;
        g->slots[part - 1].said = BUF_INIT(SCRATCH_BYTES_MAX);
        s->dialect->decode_part(&s->worker->decode, part, &cmd);
        cmd.part = part;
        qlist_push(&g->waiting, &session_intake(s, &cmd)->link);
    }
    s->is_held = true;
    gather_go_on(s);
}

/* Whether another part may go into the ring now. */
static bool may_go(struct session *s) {
    if (s->questions > 0 || catchup_is_busy(s) || s->is_starved || s->pending >= PENDING_MAX ||
        !session_may_get_more(s)) {
        return false;
    }
    if (!ring_admit(s->worker->server->ring)) {
        METRIC_ADD_AT(intake_stalls_total, s->worker->index, 1);
        worker_starve(s->worker, s);
        return false;
    }
    return true;
}

/* The server ends: what has not begun will not begin any more, and is answered so. */
static void refuse_part(struct session *s, const struct cmd *cmd) {
    struct worker *w = s->worker;
    uint32_t part = (uint32_t)cmd->part;
    struct reply reply = {
        .session = s->id,
        .cmd = cmd->type,
        .part = part,
        .refusal = REFUSE_stopping,
        .ref = cmd->ref,
        .room_name = cmd->room_name,
        .at_ms = clock_wall_ms(),
    };
    buf_reset(&w->scratch);
    if (s->gather->form->encode_reply(&reply, (enum lang)s->lang, &w->scratch)) {
        gather_take(s, worker_said(w), part);
    }
    gather_answered(s, part);
}

void gather_go_on(struct session *s) {
    while (s->state == SESSION_LIVE && s->gather != NULL && !qlist_is_empty(&s->gather->waiting)) {
        bool is_draining = s->worker->is_draining;
        if (!is_draining && !may_go(s)) {
            return;
        }
        struct intake *intake = CONTAINER_OF(qlist_pop(&s->gather->waiting), struct intake, link);
        if (is_draining) {
            refuse_part(s, &intake->cmd);
            intake_free(&intake);
        } else {
            session_send(s, intake);
        }
    }
}

void gather_tell(struct session *s) {
    struct worker *w = s->worker;
    struct gather *g = s->gather;
    if (g->answers.n == 0) {
        return;
    }
    buf_reset(&w->scratch);
    g->form->encode_parts(buf_str(&g->answers), buf_str(&g->ref), clock_wall_ms(),
                          g->moved == g->count, &w->scratch);
    session_say(s, worker_said(w));
    buf_reset(&g->answers);
}

static void put_with_comma(struct buf *out, struct str said) {
    if (out->n > 0 && said.n > 0) {
        buf_put_char(out, ',');
    }
    buf_put_str(out, said);
    CHECK(buf_ok(out));
}

void gather_take(struct session *s, struct str said, uint32_t part) {
    CHECK(part >= 1 && part <= s->gather->count);
    while (!str_is_empty(said)) {
        put_with_comma(&s->gather->slots[part - 1].said, str_cut(&said, '\n'));
    }
}

/* Takes those answers over that are next in the order of the parts. */
static void move_on(struct session *s) {
    struct gather *g = s->gather;
    while (g->moved < g->count && g->slots[g->moved].is_answered) {
        struct slot *slot = &g->slots[g->moved];
        if (g->answers.n + slot->said.n > GATHER_BYTES_MAX) {
            gather_tell(s);
        }
        put_with_comma(&g->answers, buf_str(&slot->said));
        buf_fini(&slot->said);
        g->moved++;
    }
}

void gather_answered(struct session *s, uint32_t part) {
    struct gather *g = s->gather;
    CHECK(part >= 1 && part <= g->count && !g->slots[part - 1].is_answered);
    g->slots[part - 1].is_answered = true;
    move_on(s);
    if (g->moved < g->count) {
        return;
    }
    if (s->state == SESSION_LIVE) {
        gather_tell(s);
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
    for (unsigned i = 0; i < (*g)->count; i++) {
        buf_fini(&(*g)->slots[i].said);
    }
    buf_fini(&(*g)->answers);
    buf_fini(&(*g)->ref);
    xfree(*g);
    *g = NULL;
}
