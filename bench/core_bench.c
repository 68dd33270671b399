/* What the core costs: time for a message, memory for a user.
 *
 *     core_bench [messages]
 *
 * Time    1,000 private channels of 1,000 members each, a million memberships of 100,000 users,
 *         each with a session that follows one channel. Random users say something in their
 *         channel; the clock runs over everything the core's thread does for it: batch made,
 *         command applied, batch and intake freed. One message a batch is the quiet server, sixteen
 *         the busy one.
 * Memory  what the allocator holds for users who are connected and sit idle in one public channel:
 *         user, name, session, follow and their places in the maps. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rng.h"
#include "core/batch.h"
#include "core/core.h"

#define ROOMS 1000
#define USERS 100000
#define ROOMS_EACH 10
#define IDLE_BEST 196000     // the maps are nearly full
#define IDLE_WORST 197000    // and have just grown
#define BATCH_MAX 16
#define TRIES 10

static const struct core_limits limits = { .message_chars = 4000,
                                           .sessions_per_user = 10,
                                           .follows_per_session = 1000 };

static void name_of(char *out, size_t size, const char *what, uint64_t n) {
    (void)snprintf(out, size, "%s-%llu", what, (unsigned long long)n);
}

static void add_room(struct core *core, uint64_t id, bool is_private) {
    char name[32];
    name_of(name, sizeof name, "channel", id);
    core_restore(core, &(struct event){ .type = EV_room_created,
                                        .room = { id },
                                        .room_name = str_of(name),
                                        .is_private = is_private });
}

static void add_user(struct core *core, uint64_t id) {
    char name[32];
    name_of(name, sizeof name, "person", id);
    core_restore(
        core, &(struct event){ .type = EV_user_created, .user = { id }, .username = str_of(name) });
}

static void apply(struct core *core, const struct cmd *cmd) {
    struct batch *batch = batch_new(1);
    core_apply(core, cmd, batch);
    batch_unref(&batch);
}

/* The user's session, numbered like them, follows a room. */
static void enter(struct core *core, uint64_t user, uint64_t room) {
    struct cmd cmd = { .type = CMD_session_open, .dialect = DIALECT_hub, .session = { user } };
    cmd.user = user;
    apply(core, &cmd);
    cmd.type = CMD_room_join;
    cmd.room = room;
    apply(core, &cmd);
}

/* A user's channels are neighbours, so that each channel has as many members as the others. */
static uint64_t room_of(uint64_t user, uint64_t n) {
    return 1 + (user * ROOMS_EACH + n) % ROOMS;
}

static struct core *crowd_new(void) {
    struct core *core = core_new(&limits);
    for (uint64_t room = 1; room <= ROOMS; room++) {
        add_room(core, room, true);
    }
    for (uint64_t user = 1; user <= USERS; user++) {
        add_user(core, user);
        for (uint64_t n = 0; n < ROOMS_EACH; n++) {
            core_restore(core, &(struct event){ .type = EV_member_added,
                                                .user = { user },
                                                .room = { room_of(user, n) } });
        }
        enter(core, user, room_of(user, 0));
    }
    return core;
}

/* One batch of `size` messages; the intakes come from elsewhere, as on the ring. */
static void say(struct core *core, struct intake **intakes, size_t size) {
    struct batch *batch = batch_new(1);
    for (size_t i = 0; i < size; i++) {
        core_apply(core, &intakes[i]->cmd, batch);
        intakes[i]->link.next = batch->intakes;
        batch->intakes = &intakes[i]->link;
    }
    batch_unref(&batch);
}

static struct intake *message_of(struct rng *rng) {
    char room[32];
    uint64_t user = 1 + rng_below(rng, USERS);
    struct cmd cmd = { .type = CMD_message_send, .dialect = DIALECT_hub, .session = { user } };
    name_of(room, sizeof room, "channel", room_of(user, 0));
    cmd.room_name = str_of(room);
    cmd.content = STR_LIT("a message of the usual length, give or take a few words");
    cmd.client_id = STR_LIT("4f1c2b7e-90aa");
    return intake_new(&cmd);
}

static double ns_per_message(struct core *core, size_t messages, size_t size) {
    static struct intake *intakes[BATCH_MAX];
    struct rng rng;
    uint64_t spent_us = 0;
    rng_seed(&rng, 1);
    size_t rounds = messages / size / 64;
    for (size_t round = 0; round < rounds; round++) {
        static struct intake *waiting[64 * BATCH_MAX];
        for (size_t i = 0; i < 64 * size; i++) {
            waiting[i] = message_of(&rng);
        }
        uint64_t start_us = clock_mono_us();
        for (size_t i = 0; i < 64; i++) {
            memcpy(intakes, waiting + i * size, size * sizeof *intakes);
            say(core, intakes, size);
        }
        spent_us += clock_mono_us() - start_us;
    }
    return (double)spent_us * 1000.0 / (double)(rounds * 64 * size);
}

/* The best of a few, because other programs run as well. */
static double best_ns(struct core *core, size_t messages, size_t size) {
    double best = ns_per_message(core, messages / TRIES, size);
    for (unsigned i = 1; i < TRIES; i++) {
        double ns = ns_per_message(core, messages / TRIES, size);
        best = MIN(best, ns);
    }
    return best;
}

static size_t held_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static double bytes_per_user(uint64_t users) {
    struct core *core = core_new(&limits);
    add_room(core, 1, false);
    size_t before = held_bytes();
    for (uint64_t user = 1; user <= users; user++) {
        add_user(core, user);
        enter(core, user, 1);
    }
    double bytes = (double)(held_bytes() - before) / (double)users;
    core_free(&core);
    return bytes;
}

int main(int argc, char **argv) {
    size_t messages = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 2000000;
    struct core *core = crowd_new();
    printf("memberships            %zu\n", core_count(core).members);
    printf("message, alone         %.0f ns\n", best_ns(core, messages, 1));
    printf("message, of sixteen    %.0f ns\n", best_ns(core, messages, BATCH_MAX));
    core_free(&core);
    printf("idle user in one room  %.0f to %.0f bytes\n", bytes_per_user(IDLE_BEST),
           bytes_per_user(IDLE_WORST));
    return 0;
}
