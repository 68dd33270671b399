/* Facts: the one door through which what is kept changes the core.
 *
 *     a verb ──emits──> event ──┬─> batch ─> store ─ ─ next start ─ ─> core_restore ─┐
 *                               └─> fact_apply <────────────────────────────────────┘
 *
 * A verb checks and emits; it does not touch users, rooms or members by itself. What a restart
 * reads back is therefore what was there before, by construction and not by care. Volatile state
 * (sessions, follows, rate histories, typing) does not go this way. */
#include "core/state.h"
#include "core/text.h"

static bool on_user_created(struct core *core, const struct event *ev) {
    uint64_t mobile = 0;
    if (ev->username.n == 0 || ev->username.n > USERNAME_BYTES_MAX || ev->role >= ROLE_COUNT) {
        return false;
    }
    (void)mobile_read(ev->mobile, &mobile);    // one that is none is not kept
    struct user *user = user_add(&core->users, ev->user, ev->username, mobile);
    if (user != NULL) {
        user->role = (uint8_t)ev->role;
    }
    return user != NULL;
}

static bool on_user_erased(struct core *core, struct user *user, const struct event *ev) {
    if (user->is_erased || ev->username.n == 0 || ev->username.n > USERNAME_BYTES_MAX ||
        !user_erase(&core->users, user, ev->username)) {
        return false;
    }
    member_remove_user(&core->members, user);
    blocks_drop_user(&core->blocks, user->id);
    return true;
}

static bool on_room_created(struct core *core, const struct event *ev) {
    if (ev->room_kind == ROOM_DM) {
        return user_find(&core->users, ev->user.v) != NULL &&
               user_find(&core->users, ev->other.v) != NULL &&
               room_add_dm(&core->rooms, ev->room, ev->user, ev->other) != NULL;
    }
    return ev->room_name.n <= ROOM_NAME_BYTES_MAX &&
           room_add(&core->rooms, ev->room, ev->room_kind, ev->room_name, ev->is_private) != NULL;
}

static void on_room_removed(struct core *core, struct room *room) {
    member_remove_room(&core->members, room);
    room_remove(&core->rooms, room);
}

static bool on_block_set(struct core *core, const struct user *user, const struct event *ev) {
    const struct user *from = user_find(&core->users, ev->other.v);
    if (user->is_erased || ev->other.v == user->id.v ||
        (ev->other.v != 0 && (from == NULL || from->is_erased))) {
        return false;
    }
    block_set(&core->blocks, user->id, ev->other, ev->until_ms, ev->at_ms);
    return true;
}

/* Facts about a user who is there. */
static bool about_user(struct core *core, struct user *user, const struct event *ev) {
    switch ((int)ev->type) {    // the others are no facts about a user
    case EV_user_changed:
        if (ev->role >= ROLE_COUNT) {
            return false;
        }
        user->role = (uint8_t)ev->role;
        return true;
    case EV_user_erased: return on_user_erased(core, user, ev);
    case EV_token_added: user_add_token(user, ev->label); return true;
    case EV_token_revoked: user_drop_token(user, ev->label); return true;
    case EV_ban_set:
        user->banned_until_ms = ev->until_ms == 0 ? BAN_FOR_GOOD : ev->until_ms;
        return true;
    case EV_ban_lifted: user->banned_until_ms = BAN_NONE; return true;
    case EV_block_set: return on_block_set(core, user, ev);
    case EV_block_lifted: block_lift(&core->blocks, user->id, ev->other); return true;
    default: return false;
    }
}

/* Facts about a room that is there. */
static bool about_room(struct core *core, struct room *room, struct user *user,
                       const struct event *ev) {
    if (ev->type == EV_room_removed) {
        on_room_removed(core, room);
        return true;
    }
    if (ev->type == EV_room_kept) {
        return true;    // the store's business
    }
    bool is_removal = ev->type == EV_member_removed;
    if (user == NULL || (ev->type != EV_member_added && !is_removal)) {
        return false;
    }
    if (is_removal) {
        member_remove(&core->members, room, user);
        return true;
    }
    if (user->is_erased || room->kind == ROOM_DM) {
        return false;
    }
    member_add(&core->members, room, user);
    return true;
}

bool fact_apply(struct core *core, const struct event *ev) {
    if (ev->user.v > ID_MAX || ev->other.v > ID_MAX || ev->room.v > ID_MAX) {
        return false;
    }
    core->users.id_max = MAX(core->users.id_max, ev->user.v);
    core->rooms.id_max = MAX(core->rooms.id_max, ev->room.v);
    struct user *user = user_find(&core->users, ev->user.v);
    struct room *room = room_find(&core->rooms, ev->room.v);
    if (ev->type == EV_room_removed) {
        room_id_retire(&core->rooms, ev->room);    // also of one whose name a living room has now
    }
    if (ev->type == EV_user_created) {
        return on_user_created(core, ev);
    }
    if (ev->type == EV_room_created) {
        return on_room_created(core, ev);
    }
    if (room != NULL) {
        return about_room(core, room, user, ev);
    }
    return user != NULL && about_user(core, user, ev);
}
