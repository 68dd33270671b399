/* Demo people and rooms: see demo.h. Existing ones are refused as such, which is fine. */
#include "server/demo.h"

#include "base/clock.h"

static const struct cmd demo[] = {
    { .type = CMD_user_add, .username = { "alice", 5 }, .role = ROLE_ADMIN },
    { .type = CMD_user_add, .username = { "bob", 3 }, .role = ROLE_MEMBER },
    { .type = CMD_user_add, .username = { "carol", 5 }, .role = ROLE_PRO },
    { .type = CMD_room_add, .room_name = { "random", 6 } },
};

enum err demo_make(struct core *core, struct store *store) {
    struct batch *batch = batch_new(clock_wall_ms());
    for (size_t i = 0; i < COUNT(demo); i++) {
        core_apply(core, &demo[i], batch);
    }
    enum err err = batch->kept_count > 0 ? store->ops->commit(store, batch) : OK;
    batch_unref(&batch);
    return err;
}
