/* What holds at any moment, when all is quiet, and at the end. */
#include <inttypes.h>

#include "core/core.h"
#include "server/catchup.h"
#include "server/worker.h"
#include "store/store.h"
#include "test/sim/world.h"

#define HEALTH_BODY_BYTES 1024
#define LAST_WORDS_BYTES 4096    // a close frame and what goes before it have no bound

/* ---- any moment */

/* An operator's list grows with the world: one long answer, which an empty outbox takes. */
static bool is_over_bound(const struct world *w, const struct session *s) {
    bool is_list = s->framing == FRAMING_LINES && s->outbox.more_count == 0;
    return !is_list && s->outbox.bytes > w->plan.outbox_bytes + LAST_WORDS_BYTES;
}

void check_bounds(struct world *w) {
    const struct server *server = &w->host.server;
    if (fake_ring_credits(server->ring) > w->plan.credits) {
        trace_fail(&w->trace, "leak", "there are %lld credits of %u",
                   (long long)fake_ring_credits(server->ring), w->plan.credits);
    }
    SCOPED(buf_fini) struct buf said = BUF_INIT(HEALTH_BODY_BYTES);
    bool is_ready = health_ready(server->health, true, &said) == 200;
    w->seen[SEEN_away] += !is_ready && !server_is_draining(&w->host.server);
    for (unsigned i = 0; i < server->worker_count; i++) {
        w->seen[SEEN_starved] += server->workers[i].starved_count > 0;
        for (int state = 0; state < SESSION_STATE_COUNT; state++) {
            LIST_EACH(s, &server->workers[i].sessions[state], struct session, on_state) {
                w->seen[SEEN_held] += s->is_held;
                w->seen[SEEN_resuming] += catchup_is_busy(s);
                w->seen[SEEN_blocked] += s->conn.is_write_blocked;
                if (is_over_bound(w, s)) {
                    trace_fail(&w->trace, "bounds", "%u bytes wait for one session",
                               s->outbox.bytes);
                }
            }
        }
    }
}

/* ---- quiet */

static void check_client(struct world *w, struct client *c) {
    const struct person *p = &w->persons[c->person];
    for (size_t i = 0; i < c->wish_count; i++) {
        const struct wish *wish = &c->wishes[i];
        if (!wish->may_be_silent && wish->sent_us + HEALED_US < world_us()) {
            trace_fail(&w->trace, "I10",
                       "client %u never had an answer to request %" PRIu64 " (kind %d)", c->index,
                       wish->ref, (int)wish->kind);
        }
    }
    if (c->unacked_count > 0 && !w->plan.is_rate_limited) {
        trace_fail(&w->trace, "I10", "client %u has no acknowledgement of number %u", c->index,
                   c->unacked[0]);
    }
    if (world_is_banned(p) || p->erased_order != 0) {
        trace_fail(&w->trace, "I8", "client %u is still here", c->index);
    }
    for (size_t i = 0; i < w->truth.place_count; i++) {
        const struct place *place = w->truth.all[i];
        if (place->is_dm && (place->pair[0] == p->id || place->pair[1] == p->id)) {
            (void)sub_of_dm(c, place->pair[place->pair[0] == p->id ? 1 : 0]);
        }
    }
    for (size_t i = 0; i < c->sub_count; i++) {
        sub_check_whole(c, &c->subs[i]);
    }
}

/* The core knows what a core would know that had just been started. */
static void on_fact(void *ctx, const struct event *ev) {
    core_restore(ctx, ev);
}

static void check_core(struct world *w) {
    struct core_limits limits;
    settings_core_limits(w->host.settings, &limits);
    struct core *fresh = core_new(&limits);
    enum err err = w->truth.inner->ops->load(w->truth.inner, on_fact, fresh);
    CHECK(err == OK);
    struct core_counts want = core_count(fresh);
    struct core_counts have = core_count(w->host.server.core);
    if (want.users != have.users || want.rooms != have.rooms || want.members != have.members) {
        trace_fail(&w->trace, "core",
                   "the core knows %zu users, %zu rooms, %zu members; the store %zu, %zu, %zu",
                   have.users, have.rooms, have.members, want.users, want.rooms, want.members);
    }
    core_free(&fresh);
}

void check_quiet(struct world *w) {
    size_t on_count = 0;
    for (size_t i = 0; i < w->plan.clients; i++) {
        struct client *c = &w->clients[i];
        bool must_be_on =
            !world_is_banned(&w->persons[c->person]) && w->persons[c->person].erased_order == 0;
        if (c->state == CLIENT_ON) {
            on_count++;
            check_client(w, c);
        } else if (must_be_on && !c->is_suspect) {
            trace_fail(&w->trace, "I10", "client %u has not come back (state %d, status %u)",
                       c->index, (int)c->state, c->status);
        }
    }
    check_core(w);
    size_t live = host_count(w, SESSION_LIVE);
    size_t open = core_count(w->host.server.core).sessions;
    if (live != on_count || open != on_count) {
        trace_fail(&w->trace, "leak", "%zu clients, %zu sessions, %zu in the core", on_count, live,
                   open);
    }
    if (fake_ring_credits(w->host.server.ring) != w->plan.credits ||
        !fake_ring_is_idle(w->host.server.ring)) {
        trace_fail(&w->trace, "leak", "%lld of %u credits have come back",
                   (long long)fake_ring_credits(w->host.server.ring), w->plan.credits);
    }
}

/* ---- the end: what is really in the store */

/* The newest entry before `at` that a history shows; SIZE_MAX: there is none. */
static size_t shown_before(const struct place *place, size_t at) {
    while (at > 0) {
        const struct entry *e = &place->entries[--at];
        if (e->kind == ENTRY_NEW && e->post->deleted_order == 0) {
            return at;
        }
    }
    return SIZE_MAX;
}

static void check_message(struct world *w, const struct message *m, const struct post *post) {
    const struct said *said = truth_said(&w->truth, post->n);
    if (m->id.v != post->id || m->seq != post->seq || m->user.v != w->persons[said->person].id ||
        !truth_is_content(m->content, post->n, post->version)) {
        trace_fail(&w->trace, "I1",
                   "the store has message %" PRIu64 " (seq %" PRIu64 ") in place %" PRIu64
                   ", and not %" PRIu64,
                   m->id.v, m->seq, post->place->id, post->id);
    }
}

/* Reads a page of the place's history backwards from entry *at; false: there is no more. */
static bool check_page(struct world *w, struct store_reader *reader, const struct place *place,
                       size_t *at) {
    struct ask ask = { .kind = ASK_ROOM_HISTORY, .room.v = place->id, .limit = HISTORY_LIMIT_MAX };
    ask.before = *at < place->count ? place->entries[*at].id : 0;
    struct answer *answer = answer_new(&ask);
    enum err err = reader->ops->answer(reader, &ask, answer);
    CHECK(err == OK);
    for (size_t i = answer->message_count; i > 0; i--) {
        *at = shown_before(place, *at);
        if (*at == SIZE_MAX) {
            trace_fail(&w->trace, "I1", "the store has message %" PRIu64 ", which nobody wrote",
                       answer->messages[i - 1].id.v);
            break;
        }
        check_message(w, &answer->messages[i - 1], place->entries[*at].post);
    }
    bool has_more = answer->has_more;
    answer_free(&answer);
    return has_more && *at != SIZE_MAX && !trace_has_failed(&w->trace);
}

static void check_place(struct world *w, struct store_reader *reader, const struct place *place) {
    size_t at = place->count;
    while (check_page(w, reader, place, &at)) {
    }
    if (!trace_has_failed(&w->trace) && shown_before(place, at) != SIZE_MAX) {
        trace_fail(&w->trace, "I1", "the store has lost messages of place %" PRIu64, place->id);
    }
}

static void check_said(struct world *w, const struct said *said, size_t n) {
    const struct post *acked = truth_post(&w->truth, said->acked_id);
    bool is_gone = acked != NULL && acked->place->removed_order != 0;
    if (said->acked_id != 0 && said->acked_id != said->id && !is_gone) {
        trace_fail(&w->trace, "I6", "number %zu was acknowledged as %" PRIu64 " and is %" PRIu64, n,
                   said->acked_id, said->id);
    }
    if (said->id != 0 && said->attempts == said->refused) {
        trace_fail(&w->trace, "I1", "number %zu was refused and is stored", n);
    }
}

void check_end(struct world *w) {
    struct store_reader *reader = NULL;
    enum err err = w->truth.inner->ops->reader_open(w->truth.inner, &reader);
    CHECK(err == OK);
    for (size_t i = 0; i < w->truth.place_count && !trace_has_failed(&w->trace); i++) {
        if (w->truth.all[i]->removed_order == 0) {
            check_place(w, reader, w->truth.all[i]);
        }
    }
    for (size_t n = 1; n < w->truth.said_count; n++) {
        check_said(w, &w->truth.said[n], n);
    }
    reader->ops->free(&reader);
}
