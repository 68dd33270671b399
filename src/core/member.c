/* Members: one user in one room.
 *
 *     room::members (map by user id) ──> member <── user::members (list)
 *
 * Is somebody a member? is asked for every message in a private room and is one look into that
 * room's own map. The lists are for the two moments when one end goes, and keep an order that a map
 * would not. */
#include "core/member.h"

#include "core/room.h"
#include "core/user.h"

#define MEMBERS_PER_BLOCK 1024

void members_init(struct slab *members) {
    slab_init(members, sizeof(struct member), MEMBERS_PER_BLOCK);
}

void member_add(struct slab *members, struct room *room, struct user *user) {
    if (room->kind == ROOM_DM || map_get(&room->members, user->id.v) != NULL) {
        return;
    }
    struct member *m = slab_get(members);
    m->room = room;
    m->user = user;
    map_put(&room->members, user->id.v, m);
    list_push(&room->in_order, &m->in_room);
    list_push(&user->members, &m->in_user);
}

static void drop(struct slab *members, struct member *m) {
    map_drop(&m->room->members, m->user->id.v);
    list_drop(&m->in_room);
    list_drop(&m->in_user);
    slab_put(members, m);
}

void member_remove(struct slab *members, struct room *room, const struct user *user) {
    struct member *m = map_get(&room->members, user->id.v);
    if (m != NULL) {
        drop(members, m);
    }
}

void member_remove_room(struct slab *members, struct room *room) {
    LIST_EACH(m, &room->in_order, struct member, in_room) {
        drop(members, m);
    }
}

void member_remove_user(struct slab *members, struct user *user) {
    LIST_EACH(m, &user->members, struct member, in_user) {
        drop(members, m);
    }
}
