/* The world of one seed: a server, its clients, the store that outlives it, time, and chance.
 *
 *     STORM ──storm_us──> CALM ──────> QUIET ──────> DRAIN ──> OVER
 *     everything goes     faults are   nobody says   the server ends
 *     wrong               healed       anything      in order
 *
 * Everything that happens is on the agenda, and everything that is drawn is drawn from one
 * generator: the same seed is the same run.
 *
 * Thread   one.   Memory   world_fini frees all; a world that has failed may be left as it is. */
#ifndef PARLOIR_SIM_WORLD_H
#define PARLOIR_SIM_WORLD_H

#include "test/sim/agenda.h"
#include "test/sim/client.h"
#include "test/sim/host.h"
#include "test/sim/plan.h"
#include "test/sim/trace.h"
#include "test/sim/truth.h"

#define BANS_MAX 32
#define NAME_BYTES 24
#define HEALED_US (5 * SECOND_US)    // I10

struct plant;

enum seen {
#define SEEN(name, sentence) SEEN_##name,
#include "test/sim/seen.tbl.h"
#undef SEEN
    SEEN_COUNT
};

enum stage { STAGE_STORM, STAGE_CALM, STAGE_QUIET, STAGE_DRAIN, STAGE_OVER };

struct ban {
    uint64_t from_order;
    uint64_t until_order;    // it was lifted, or asked to be: the core knows before the store
    uint64_t until_ms;       // wall clock; 0: until it is lifted
};

struct person {
    uint64_t id;
    char name[NAME_BYTES];
    uint32_t private_rooms;    // a bit a room
    bool is_known;             // as a user, to the store
    uint64_t known_order;      // since when
    bool is_ban_asked;         // an operator has asked for it, whatever became of that
    bool is_erase_asked;
    unsigned unbans;           // under way: an operator waits for the answer
    uint64_t unban_lost_us;    // when one was lost with the operator's connection
    uint64_t unban_order;      // truth.order when the first of them was asked for
    struct ban bans[BANS_MAX];
    size_t ban_count;
    uint64_t erased_order;    // 0: not
};

struct room {
    char name[NAME_BYTES];
    bool is_private;
    bool is_remove_asked;
    struct place *place;    // NULL: there is none of that name
};

struct world {
    struct plan plan;
    struct rng rng;
    struct trace trace;
    struct truth truth;
    struct host host;
    struct agenda agenda;
    enum stage stage;
    uint64_t healed_us;
    uint64_t silent_us;    // from then on nobody sends anything
    struct person *persons;
    struct room rooms[ROOMS_MAX];
    uint32_t doomed;    // a room that is resumed, and that an operator is to remove now; 0: none
    struct client *clients;    // the operators are the last ones
    size_t client_count;
    const struct plant *plant;    // borrowed; NULL: nothing is broken on purpose
    void *planted;                // the plant's own

    uint64_t fail_until_us;    // commits fail with fail_with
    enum err fail_with;
    uint64_t fail_count;        // or so many of them
    bool is_last_write_kept;    // with ERR_IO: it was written all the same
    uint64_t hang_until_us;     // the store takes that long
    uint64_t read_fail_until_us;
    uint64_t troubled_us;    // when the store was last in trouble
    uint64_t jumped_us;      // when the wall clock last jumped; 0: never
    uint64_t restarted_us;

    struct inflater *inflater;    // the clients'
    struct deflater *deflater;
    struct json_reader *json;
    struct buf scratch;
    uint64_t event_count;
    uint64_t heard;    // events that were told to clients
    uint64_t seen[SEEN_COUNT];
};

/* Makes the world of a plan, with a server that is up. `plant` may be NULL. */
void world_init(struct world *w, const struct plan *plan, const struct plant *plant, bool is_loud);
void world_fini(struct world *w);

/* Runs it to the end, or to the first failure (world.trace). */
void world_run(struct world *w);

/* Virtual microseconds now. */
uint64_t world_us(void);

/* Chance: a number below n; whether it is one time in n. */
uint64_t world_below(struct world *w, uint64_t n);
bool world_one_in(struct world *w, uint64_t n);

/* Puts something on the agenda. */
void world_add(struct world *w, uint64_t in_us, enum due_kind kind, uint32_t who, uint32_t link_no);

/* The number of a room's name; the person of a user's id, NULL: nobody of ours. */
uint32_t world_room(const struct world *w, struct str name);
struct person *world_person(const struct world *w, uint64_t id);

/* Whether the person may know of the room; may have heard what was committed at `order`. */
bool world_may_see(const struct world *w, const struct person *p, uint32_t room);
bool world_may_hear(const struct person *p, uint64_t order);

/* Whether the person is banned as far as the store knows; and whether that may be about to end. */
bool world_is_banned(const struct person *p);
bool world_may_be_unbanned(const struct person *p);

/* Arms the memory driver's fault for the commit that follows. */
void world_set_store_faults(struct world *w);

/* ---- fault.c */

/* Something goes wrong, and the next time something will is planned. */
void fault_happen(struct world *w);

/* Everything is well again; the clients must find that out by themselves. */
void fault_heal(struct world *w);

/* Somebody edits or deletes a message, and the next time is planned. */
void fault_alter(struct world *w);

/* ---- check.c */

/* Bounds that hold at any moment; what must be when all is quiet; what must be at the end. */
void check_bounds(struct world *w);
void check_quiet(struct world *w);
void check_end(struct world *w);

#endif
