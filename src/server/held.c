/* What a held batch touches: see held.h. */
#include "server/held.h"

#include "core/batch.h"

static void add(struct map *map, uint64_t key, const void *value) {
    if (key != 0) {
        map_put(map, key, (void *)(uintptr_t)value);
    }
}

/* A message touches the people it is addressed to, session by session: one who came in now would be
 * on no list, and would never hear of it. Everything else kept touches whom and what it names. */
static void add_event(struct held *held, const struct event *ev) {
    if (ev->type == EV_message_posted || ev->type == EV_message_edited ||
        ev->type == EV_message_deleted) {
        if (ev->audience == AUD_SESSIONS) {
            add(&held->users, ev->user.v, ev);
            add(&held->users, ev->type == EV_message_posted ? ev->other.v : 0, ev);
        }
        return;
    }
    if (!event_is_kept(ev->type)) {
        return;
    }
    add(&held->users, ev->user.v, ev);
    add(&held->users, ev->other.v, ev);
    add(&held->rooms, ev->room.v, ev);
    if (!str_is_empty(ev->room_name)) {
        text_map_put(&held->room_names, ev->room_name, (void *)(uintptr_t)ev);
    }
}

void held_init(struct held *held, const struct batch *batch) {
    *held = (struct held){ 0 };
    for (const struct qnode *n = batch->intakes; n != NULL; n = n->next) {
        const struct intake *intake = CONTAINER_OF(n, struct intake, link);
        add(&held->sessions, intake->cmd.session.v, intake);
        if (cmd_writes(intake->cmd.type)) {
            add(&held->users, intake->cmd.user, intake);    // the other of an edited dm, too
        }
    }
    BATCH_EACH(item, batch) {
        if (item->kind == ITEM_EVENT) {
            add_event(held, &item->event);
        }
    }
}

void held_fini(struct held *held) {
    map_fini(&held->sessions);
    map_fini(&held->users);
    map_fini(&held->rooms);
    text_map_fini(&held->room_names);
}

bool held_must_wait(struct held *held, const struct cmd *cmd) {
    if (cmd_writes(cmd->type)) {
        return false;
    }
    bool must_wait = map_get(&held->sessions, cmd->session.v) != NULL ||
                     map_get(&held->users, cmd->user) != NULL ||
                     map_get(&held->rooms, cmd->room) != NULL ||
                     text_map_get(&held->room_names, cmd->room_name) != NULL;
    if (must_wait) {
        add(&held->sessions, cmd->session.v, cmd);
    }
    return must_wait;
}
