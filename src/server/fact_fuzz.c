/* Facts of another place, a line each: whatever they say, the core lets nothing through that the
 * store would die of (the memory store checks more than any other), and a core that starts on that
 * store knows the same people and rooms. */
#include "core/batch.h"
#include "core/core.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void on_fact(void *ctx, const struct event *ev) {
    core_restore(ctx, ev);
}

/* A core on what the store has. */
static struct core *start(struct store *store) {
    struct core *core = core_new(&(struct core_limits){ 0 });
    CHECK(store->ops->load(store, on_fact, core) == OK);
    return core;
}

static void add(struct core *core, struct store *store, struct str line) {
    static const struct str remove = STR_LIT("remove ");
    struct batch *batch = batch_new(1000);
    struct cmd cmd = { .type = CMD_fact_add, .dialect = DIALECT_OPERATOR, .content = line };
    if (str_starts(line, remove) && str_is_utf8(line)) {
        cmd.type = CMD_room_remove;
        cmd.room_name = (struct str){ line.p + remove.n, line.n - remove.n };
    }
    core_apply(core, &cmd, batch);
    CHECK(store->ops->commit(store, batch) == OK);
    batch_unref(&batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct str rest = { (const char *)p, n };
    SCOPED(buf_fini) struct buf why = BUF_INIT(4096);
    struct store *store = NULL;
    CHECK(store_open(STR_LIT("memory:"), &store, &why) == OK);
    struct core *core = start(store);
    while (rest.n > 0) {
        struct str line = str_cut(&rest, '\n');
        if (str_eq(line, STR_LIT("restart"))) {
            core_free(&core);
            core = start(store);
        } else {
            add(core, store, line);
        }
    }
    struct core *again = start(store);
    struct core_counts a = core_count(core), b = core_count(again);
    CHECK(a.users == b.users && a.rooms == b.rooms && a.members == b.members);
    core_free(&again);
    core_free(&core);
    store->ops->free(&store);
    return 0;
}
