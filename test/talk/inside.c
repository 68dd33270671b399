/* The core's own headers stay in this file: its sessions are not the server's. */
#include "test/talk/inside.h"

#include "core/state.h"

uint64_t inside_room(const struct core *core, struct str name) {
    const struct room *room = room_by_name(&core->rooms, name);
    return room == NULL ? 0 : room->id.v;
}

bool inside_has_user(const struct core *core, uint64_t id) {
    return user_find(&core->users, id) != NULL;
}
