/* What goes wrong, and when. */
#include <stdio.h>

#include "server/session.h"
#include "server/worker.h"
#include "test/fakes/clock.h"
#include "test/sim/world.h"

#define HOUR_MS INT64_C(3600000)

/* ---- the store */

static void store_fails(struct world *w, enum err err) {
    if (world_one_in(w, 2)) {
        w->fail_count = 1 + world_below(w, 4);
    } else {
        w->fail_until_us = world_us() + world_below(w, 3 * SECOND_US);
    }
    w->fail_with = err;
    trace_step(&w->trace, "store fails: err, count", (uint64_t)err, w->fail_count);
}

static void fault_busy(struct world *w) {
    store_fails(w, ERR_BUSY);
}

static void fault_full(struct world *w) {
    store_fails(w, ERR_FULL);
}

static void fault_hang(struct world *w) {
    w->hang_until_us = world_us() + world_below(w, world_one_in(w, 3) ? 8 * SECOND_US : SECOND_US);
    trace_step(&w->trace, "store hangs: until", w->hang_until_us, 0);
}

static void fault_reader(struct world *w) {
    w->read_fail_until_us = world_us() + world_below(w, SECOND_US);
}

static void fault_broken_disk(struct world *w) {
    if (w->plan.has_kills && world_one_in(w, 3)) {
        w->fail_count = 1;
        w->fail_with = ERR_IO;
        w->is_last_write_kept = world_one_in(w, 2);
    }
}

/* ---- the process */

static void fault_kill(struct world *w) {
    if (w->plan.has_kills && w->host.is_up) {
        w->seen[SEEN_untold] += w->truth.told_order < w->truth.order;
        host_kill(w);
    }
}

static void fault_drain(struct world *w) {
    if (w->plan.has_kills && w->host.is_up && !server_is_draining(&w->host.server)) {
        host_drain(w);
    }
}

static void fault_poke(struct world *w) {
    for (unsigned i = 0; w->host.is_up && i < w->host.server.worker_count; i++) {
        worker_poke(&w->host.server.workers[i]);
    }
}

/* ---- links and clocks */

static void fault_cut_many(struct world *w) {
    uint64_t share = 2 + world_below(w, 6);
    for (size_t i = 0; w->plan.has_cuts && i < w->client_count; i++) {
        if (world_one_in(w, share)) {
            wire_close(&w->clients[i], world_one_in(w, 4) ? WIRE_CUT : WIRE_RESET);
        }
    }
}

static void fault_jump(struct world *w) {
    if (w->plan.has_jumps) {
        int64_t ms = (int64_t)world_below(w, 4 * HOUR_MS) - 2 * HOUR_MS;
        fake_clock_jump(ms);
        w->jumped_us = world_us();
        w->seen[SEEN_jump]++;
        trace_step(&w->trace, "wall clock jumps: ms", (uint64_t)ms, 0);
    }
}

void fault_happen(struct world *w) {
    static void (*const faults[])(struct world * w) = {
        fault_busy, fault_full, fault_hang,  fault_reader,   fault_broken_disk,
        fault_kill, fault_poke, fault_drain, fault_cut_many, fault_jump,
        fault_busy, fault_hang, fault_full,
    };
    if (w->stage == STAGE_STORM && w->plan.fault_us > 0) {
        faults[world_below(w, COUNT(faults))](w);
        world_add(w, 1 + world_below(w, 2 * w->plan.fault_us), DUE_FAULT, 0, 0);
    }
}

void fault_heal(struct world *w) {
    w->fail_until_us = 0;
    w->fail_count = 0;
    w->hang_until_us = 0;
    w->read_fail_until_us = 0;
    w->healed_us = world_us();
    fake_net_reset_cut(&w->host.net);
    for (size_t i = 0; i < w->client_count; i++) {
        struct client *c = &w->clients[i];
        if (world_us() < c->deaf_until_us) {
            c->deaf_until_us = world_us();
            if (c->link != NULL) {
                c->is_down_due = false;
                wire_on_net(c);
            }
        }
    }
    trace_step(&w->trace, "all is well again", 0, 0);
}

/* ---- edits and deletions: no word of the hub's, so they are put into the session's mouth */

static void put_alter(struct world *w, struct client *c, struct session *s, struct post *post) {
    SCOPED(buf_fini) struct buf content = BUF_INIT(16384);
    struct said *said = truth_said(&w->truth, post->n);
    const struct person *me = &w->persons[c->person];
    bool is_edit = !said->is_reaction && !world_one_in(w, 3);
    struct wish *wish = wish_add(c, WISH_ALTER);
    wish->n = post->n;
    wish->may_be_silent = true;
    wish->is_loose = true;
    char ref[24];
    (void)snprintf(ref, sizeof ref, "%llu", (unsigned long long)wish->ref);
    struct cmd cmd = { .type = is_edit ? CMD_message_edit : CMD_message_delete,
                       .message = post->id,
                       .ref = str_of(ref) };
    if (is_edit) {
        truth_put_content(&content, post->n, ++said->edits);
        cmd.content = buf_str(&content);
    }
    if (post->place->is_dm) {
        cmd.user = post->place->pair[0] == me->id ? post->place->pair[1] : post->place->pair[0];
    }
    trace_step(&w->trace, is_edit ? "edits: client, message" : "deletes: client, message", c->index,
               post->id);
    (void)session_ask(s, &cmd);
    loop_wake(s->conn.loop);    // it leaves at the end of a turn
}

void fault_alter(struct world *w) {
    if (w->stage > STAGE_CALM) {
        return;
    }
    world_add(w, 1 + world_below(w, 4 * w->plan.pause_us), DUE_ALTER, 0, 0);
    if (w->truth.post_count == 0 || !w->host.is_up) {
        return;
    }
    struct post *post = w->truth.all_posts[world_below(w, w->truth.post_count)];
    const struct said *said = truth_said(&w->truth, post->n);
    bool is_author = !world_one_in(w, 6);
    struct client *c = &w->clients[is_author ? said->client : world_below(w, w->plan.clients)];
    struct session *s = host_session(c->link);
    if (c->state == CLIENT_ON && (c->traits & TRAIT_ENVELOPE) == 0 && s != NULL &&
        s->state == SESSION_LIVE && !s->is_held && !s->is_starved) {
        put_alter(w, c, s, post);
    }
}
