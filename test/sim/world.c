/* The world: how it is made, and the one loop that moves it. See world.h. */
#include "test/sim/world.h"

#include <stdio.h>

#include "base/clock.h"
#include "server/worker.h"
#include "store/memory.h"
#include "store/store.h"
#include "test/fakes/clock.h"
#include "test/fakes/secret.h"
#include "test/sim/plant.h"

#define START_US (100 * SECOND_US)
#define START_WALL_MS 1750000000000u
#define LOOK_US 50000
#define CALM_US (4 * SECOND_US)
#define QUIET_US (9 * SECOND_US)
#define SILENT_US (2 * SECOND_US)    // the end of it
#define DRAIN_US (12 * SECOND_US)
#define DRAIN_PATIENCE_MS 9500
#define UNBAN_US (15 * SECOND_US)    // how long a command may live whose sender is gone
#define FRAMES_BYTES_MAX (1u << 20)

/* ---- chance and time */

uint64_t world_us(void) {
    return clock_mono_us();
}

uint64_t world_below(struct world *w, uint64_t n) {
    return n == 0 ? 0 : rng_below(&w->rng, n);
}

bool world_one_in(struct world *w, uint64_t n) {
    return rng_below(&w->rng, n) == 0;
}

void world_add(struct world *w, uint64_t in_us, enum due_kind kind, uint32_t who,
               uint32_t link_no) {
    agenda_add(&w->agenda, (struct due){ .at_us = world_us() + in_us,
                                         .tie = rng_u64(&w->rng),
                                         .kind = kind,
                                         .who = who,
                                         .link_no = link_no });
}

/* ---- who and where */

uint32_t world_room(const struct world *w, struct str name) {
    for (uint32_t i = 0; i < w->plan.rooms; i++) {
        if (str_eq(name, str_of(w->rooms[i].name))) {
            return i;
        }
    }
    return ROOMS_MAX - 1;    // a name nobody has given
}

struct person *world_person(const struct world *w, uint64_t id) {
    return id == 0 || id > w->plan.persons ? NULL : &w->persons[id - 1];
}

bool world_may_see(const struct world *w, const struct person *p, uint32_t room) {
    return !w->rooms[room].is_private || (p->private_rooms & BIT(room)) != 0;
}

bool world_may_hear(const struct person *p, uint64_t order) {
    for (size_t i = 0; i < p->ban_count; i++) {
        const struct ban *ban = &p->bans[i];
        if (ban->until_ms == 0 && order > ban->from_order && order <= ban->until_order) {
            return false;
        }
    }
    return p->erased_order == 0 || order < p->erased_order;
}

bool world_is_banned(const struct person *p) {
    return p->ban_count > 0 && p->bans[p->ban_count - 1].until_order == UINT64_MAX;
}

bool world_may_be_unbanned(const struct person *p) {
    return p->unbans > 0 || (p->unban_lost_us != 0 && world_us() < p->unban_lost_us + UNBAN_US);
}

/* ---- the store's faults */

void world_set_store_faults(struct world *w) {
    struct memory_faults faults = { 0 };
    bool fails = world_us() < w->fail_until_us || w->fail_count > 0;
    if (fails) {
        faults = (struct memory_faults){
            .at = 1, .count = 1, .err = w->fail_with, .is_written = w->is_last_write_kept
        };
        w->troubled_us = world_us();
        w->fail_count -= w->fail_count > 0;
    }
    memory_store_set_faults(w->truth.inner, &faults);
}

/* ---- beginning */

static void name_rooms(struct world *w) {
    for (unsigned i = 0; i < w->plan.rooms; i++) {
        struct room *room = &w->rooms[i];
        room->is_private = i > 0 && i >= w->plan.rooms - w->plan.private_rooms;
        (void)snprintf(room->name, sizeof room->name, i == 0 ? "general" : "salon %u", i);
    }
}

static void make_persons(struct world *w) {
    w->persons = xzalloc(w->plan.persons * sizeof *w->persons);
    for (unsigned i = 0; i < w->plan.persons; i++) {
        struct person *p = &w->persons[i];
        p->id = i + 1;
        (void)snprintf(p->name, sizeof p->name, "person%u", i + 1);
        for (unsigned r = 0; r < w->plan.rooms; r++) {
            p->private_rooms |= world_one_in(w, 2) ? BIT(r) : 0;
        }
    }
}

/* What is there before the first start: the rooms, some of the users, the members. */
static void fill_store(struct world *w) {
    struct batch *b = batch_new(clock_wall_ms());
    for (unsigned i = 0; i < w->plan.persons; i++) {
        const struct person *p = &w->persons[i];
        if (p->private_rooms != 0 || i + 1 == w->plan.persons || world_one_in(w, 2)) {
            struct event *ev = batch_event(b, EV_user_created);
            ev->user.v = p->id;
            ev->username = str_of(p->name);
        }
    }
    for (unsigned i = 1; i < w->plan.rooms; i++) {
        struct event *ev = batch_event(b, EV_room_created);
        ev->room.v = i + 1;
        ev->room_name = str_of(w->rooms[i].name);
        ev->room_kind = ROOM_CHANNEL;
        ev->server = SERVER_LOBBY;
        ev->is_private = w->rooms[i].is_private;
    }
    for (unsigned i = 1; i < w->plan.rooms; i++) {
        for (unsigned p = 0; p < w->plan.persons && w->rooms[i].is_private; p++) {
            if (world_may_see(w, &w->persons[p], i)) {
                struct event *ev = batch_event(b, EV_member_added);
                ev->room.v = i + 1;
                ev->user.v = w->persons[p].id;
            }
        }
    }
    enum err err = w->truth.front->ops->commit(w->truth.front, b);
    CHECK(err == OK);
    batch_unref(&b);
}

static unsigned draw_traits(struct world *w) {
    unsigned traits = 0;
    traits |= world_one_in(w, 6) ? TRAIT_SLOW : 0;
    traits |= w->plan.has_cuts && world_one_in(w, 4) ? TRAIT_FLAKY : 0;
    traits |= world_one_in(w, 5) ? TRAIT_RUDE : 0;
    traits |= world_one_in(w, 3) ? TRAIT_DEFLATES : 0;
    traits |= world_one_in(w, 25) ? TRAIT_LURKS : 0;
    traits |= world_one_in(w, 15) ? TRAIT_SHORT : 0;
    traits |= world_one_in(w, 3) ? TRAIT_CHATTY : 0;
    traits |= world_below(w, 100) < w->plan.envelope_share ? TRAIT_ENVELOPE : 0;
    return traits;
}

static void make_clients(struct world *w) {
    w->client_count = w->plan.clients + w->plan.operators;
    w->clients = xzalloc(w->client_count * sizeof *w->clients);
    for (uint32_t i = 0; i < w->client_count; i++) {
        struct client *c = &w->clients[i];
        client_init(c, w, i);
        c->is_operator = i >= w->plan.clients;
        c->person = i % w->plan.persons;
        c->traits = c->is_operator ? 0 : draw_traits(w);
        act_later(c, world_below(w, SECOND_US));
    }
}

void world_init(struct world *w, const struct plan *plan, const struct plant *plant, bool is_loud) {
    *w = (struct world){
        .plan = *plan, .plant = plant, .trace.is_loud = is_loud, .silent_us = UINT64_MAX
    };
    rng_seed(&w->rng, plan->seed);
    fake_secret_start();
    fake_clock_start(START_US, START_WALL_MS);
    w->inflater = inflater_new();
    w->deflater = deflater_new(15, 1);
    w->json = json_reader_new(8u << 20);
    w->scratch = BUF_INIT(FRAMES_BYTES_MAX);
    name_rooms(w);
    make_persons(w);
    truth_init(&w->truth, w);
    if (plant != NULL && plant->begin != NULL) {
        plant->begin(w);
    }
    fill_store(w);
    host_init(w);
    host_start(w);
    make_clients(w);
    world_add(w, plan->fault_us, DUE_FAULT, 0, 0);
    world_add(w, SECOND_US, DUE_ALTER, 0, 0);
    world_add(w, LOOK_US, DUE_LOOK, 0, 0);
}

void world_fini(struct world *w) {
    for (size_t i = 0; i < w->client_count; i++) {
        fake_link_free(&w->clients[i].link);
        client_fini(&w->clients[i]);
    }
    host_fini(w);
    truth_fini(&w->truth);
    agenda_fini(&w->agenda);
    inflater_free(&w->inflater);
    deflater_free(&w->deflater);
    json_reader_free(&w->json);
    buf_fini(&w->scratch);
    xfree(w->clients);
    xfree(w->persons);
    xfree(w->planted);
}

/* ---- moving */

/* A server that was told to end, and has; or takes too long, and is ended. */
static void look_at_drain(struct world *w) {
    struct host *h = &w->host;
    if (!h->is_up || !server_is_draining(&h->server) || w->stage >= STAGE_DRAIN) {
        return;
    }
    if (host_is_drained(w)) {
        w->seen[SEEN_drain]++;
        host_stop(w);
        world_add(w, world_below(w, 500000), DUE_START, 0, 0);
    } else if (world_us() > h->drain_us + DRAIN_PATIENCE_MS * 1000) {
        host_kill(w);
    }
}

static void look(struct world *w) {
    if (w->host.is_up) {
        check_bounds(w);
    }
    look_at_drain(w);
    world_add(w, LOOK_US, DUE_LOOK, 0, 0);
}

static void on_server_due(struct world *w, const struct due *due) {
    struct host *h = &w->host;
    if (!h->is_up || due->link_no != h->generation) {
        return;
    }
    if (due->kind == DUE_TURN && h->turn_us[due->who] == due->at_us) {
        host_turn(w, due->who);
    } else if (due->kind == DUE_PART && h->part_us[due->who] == due->at_us) {
        host_part(w, (enum fake_part)due->who);
    }
}

static void on_client_due(struct world *w, const struct due *due) {
    struct client *c = &w->clients[due->who];
    if (c->link == NULL || c->link_no != due->link_no) {
        return;
    }
    if (due->kind == DUE_UP) {
        wire_on_up(c);
    } else if (c->is_down_due) {
        wire_on_down(c);
    }
}

static void on_act_due(struct world *w, const struct due *due) {
    struct client *c = &w->clients[due->who];
    if (c->act_no != due->link_no) {
        return;
    }
    if (c->is_operator) {
        operator_act(c);
    } else {
        act(c);
    }
}

static void on_due(struct world *w, const struct due *due) {
    switch (due->kind) {
    case DUE_TURN:
    case DUE_PART: on_server_due(w, due); break;
    case DUE_UP:
    case DUE_DOWN: on_client_due(w, due); break;
    case DUE_ACT: on_act_due(w, due); break;
    case DUE_FAULT: fault_happen(w); break;
    case DUE_ALTER: fault_alter(w); break;
    case DUE_LOOK: look(w); break;
    case DUE_START:
        if (!w->host.is_up && w->stage < STAGE_DRAIN) {
            host_start(w);
        }
        break;
    }
}

/* Until then, or until something is wrong. */
static void run_until(struct world *w, uint64_t until_us) {
    struct due due;
    while (!trace_has_failed(&w->trace) && w->agenda.count > 0 &&
           w->agenda.heap[0].at_us <= until_us) {
        CHECK(agenda_next(&w->agenda, &due));
        fake_clock_move_to(MAX(due.at_us, world_us()));
        w->event_count++;
        on_due(w, &due);
    }
}

static void drain(struct world *w) {
    if (!w->host.is_up) {
        host_start(w);
    }
    host_drain(w);
    for (uint64_t end_us = world_us() + DRAIN_US; world_us() < end_us && !host_is_drained(w);) {
        run_until(w, world_us() + 10000);
        fake_clock_move_to(world_us() + 1000);
        if (trace_has_failed(&w->trace)) {
            return;
        }
    }
    if (!host_is_drained(w)) {
        trace_fail(&w->trace, "drain", "the server does not end; credits %lld",
                   (long long)fake_ring_credits(w->host.server.ring));
        return;
    }
    host_stop(w);
}

/* Everybody does something soon: whoever was cut off comes back. */
static void stir(struct world *w) {
    for (size_t i = 0; i < w->plan.clients; i++) {
        act_later(&w->clients[i], world_below(w, SECOND_US));
    }
}

void world_run(struct world *w) {
    run_until(w, world_us() + w->plan.storm_us);
    w->stage = STAGE_CALM;
    fault_heal(w);
    stir(w);
    run_until(w, w->healed_us + CALM_US);
    w->stage = STAGE_QUIET;
    w->silent_us = world_us() + QUIET_US - SILENT_US;
    stir(w);
    run_until(w, w->healed_us + CALM_US + QUIET_US);
    if (!trace_has_failed(&w->trace)) {
        check_quiet(w);
    }
    w->stage = STAGE_DRAIN;
    if (!trace_has_failed(&w->trace)) {
        drain(w);
    }
    w->stage = STAGE_OVER;
    if (!trace_has_failed(&w->trace)) {
        check_end(w);
    }
}
