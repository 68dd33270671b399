/* Requests under way: each is answered exactly once, in the order they were sent but for those that
 * are read beside the stream, and within five seconds once nothing is wrong any more. */
#include <inttypes.h>

#include "test/sim/world.h"

#define UNACKED_MAX 4096

struct wish *wish_add(struct client *c, enum wish_kind kind) {
    if (c->wish_count == c->wish_cap) {
        c->wish_cap = MAX(16, 2 * c->wish_cap);
        c->wishes = xrealloc(c->wishes, c->wish_cap * sizeof *c->wishes);
    }
    struct wish *wish = &c->wishes[c->wish_count++];
    *wish = (struct wish){
        .kind = kind,
        .sent_us = world_us(),
        .sent_order = c->w->truth.order,
        .told_order = c->w->truth.told_order,
        .ref = ++c->next_ref,
    };
    return wish;
}

struct wish *wish_of_ref(struct client *c, uint64_t ref) {
    for (size_t i = 0; i < c->wish_count; i++) {
        if (c->wishes[i].ref == ref && ref != 0) {
            return &c->wishes[i];
        }
    }
    return NULL;
}

struct wish *wish_of_n(struct client *c, uint32_t n) {
    for (size_t i = 0; i < c->wish_count; i++) {
        struct wish *wish = &c->wishes[i];
        if (wish->n == n && (wish->kind == WISH_SAY || wish->kind == WISH_DM)) {
            return wish;
        }
    }
    return NULL;
}

struct wish *wish_of_resume(struct client *c, uint32_t room) {
    for (size_t i = 0; i < c->wish_count; i++) {
        struct wish *wish = &c->wishes[i];
        if (wish->kind == WISH_RESUME && wish->room == room) {
            return wish;
        }
    }
    return NULL;
}

void wish_drop(struct client *c, struct wish *wish) {
    size_t at = (size_t)(wish - c->wishes);
    memmove(wish, wish + 1, (c->wish_count - at - 1) * sizeof *wish);
    c->wish_count--;
}

static void check_latency(struct client *c, const struct wish *wish) {
    struct world *w = c->w;
    uint64_t from_us = MAX(MAX(wish->sent_us, w->healed_us), c->deaf_until_us);
    if (w->stage != STAGE_STORM && world_us() > from_us + HEALED_US) {
        trace_fail(&w->trace, "I10",
                   "client %u waited %" PRIu64 " ms for the answer to request %" PRIu64, c->index,
                   (world_us() - from_us) / 1000, wish->ref);
    }
}

/* Whether another request that is older may be unanswered now. Of one batch none may. */
static bool may_wait(const struct wish *older, const struct wish *wish, bool is_early) {
    if (older->batch_no != 0 && older->batch_no == wish->batch_no) {
        return false;
    }
    return is_early || wish->is_loose || older->is_loose;
}

void wish_answered(struct client *c, struct wish *wish, bool is_early) {
    check_latency(c, wish);
    for (size_t i = 0; &c->wishes[i] < wish;) {
        const struct wish *older = &c->wishes[i];
        if (may_wait(older, wish, is_early)) {
            i++;
        } else if (older->may_be_silent && !older->is_part) {
            wish_drop(c, &c->wishes[i]);
            wish--;
        } else {
            trace_fail(&c->w->trace, "order",
                       "client %u has the answer to %" PRIu64 " (kind %d) before that to %" PRIu64
                       " (kind %d)",
                       c->index, wish->ref, (int)wish->kind, older->ref, (int)older->kind);
            break;
        }
    }
    wish_drop(c, wish);
}

bool wish_is_whole(const struct client *c, const struct wish *batch) {
    for (const struct wish *part = c->wishes; part < batch; part++) {
        if (part->batch_no == batch->batch_no) {
            return false;
        }
    }
    return true;
}

void wish_forget(struct client *c, uint32_t n) {
    for (size_t i = 0; i < c->unacked_count; i++) {
        if (c->unacked[i] == n) {
            c->unacked_count--;
            memmove(&c->unacked[i], &c->unacked[i + 1],
                    (c->unacked_count - i) * sizeof c->unacked[i]);
            return;
        }
    }
}

void wish_again(struct client *c, uint32_t n) {
    for (size_t i = 0; i < c->unacked_count; i++) {
        if (c->unacked[i] == n) {
            return;
        }
    }
    if (c->unacked_count == c->unacked_cap) {
        c->unacked_cap = MAX(8, 2 * c->unacked_cap);
        CHECK(c->unacked_cap <= UNACKED_MAX);
        c->unacked = xrealloc(c->unacked, c->unacked_cap * sizeof *c->unacked);
    }
    c->unacked[c->unacked_count++] = n;
}

void wish_acked(struct client *c, uint32_t n, uint64_t id) {
    struct said *said = truth_said(&c->w->truth, n);
    const struct post *first = truth_post(&c->w->truth, said->acked_id);
    bool is_gone = first != NULL && first->place->removed_order != 0;
    if (said->acked_id != 0 && said->acked_id != id && !is_gone) {
        trace_fail(&c->w->trace, "I6", "number %u is acknowledged as %" PRIu64 " and as %" PRIu64,
                   n, said->acked_id, id);
    }
    said->acked_id = id;
    wish_forget(c, n);
}
