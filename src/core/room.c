/* Rooms: where things are said.
 *
 *     rooms ──owns──> room <──borrows── session's follows
 *       maps by id, name, pair ──borrow──^
 *
 * Promises:
 *   1. An id is given once: id_max (which facts.c keeps) only grows, whatever is removed; and an id
 *      that an import brings along is not taken if it is a removed room's.
 *   2. Two people have one dm.
 *   3. A removed room is found by nobody. Its struct outlives it while sessions have it in their
 *      follows, so that removing one need not visit every session there is: a follow of a removed
 *      room matches no look-up and goes when its session next needs the place, or closes. */
#include "core/room.h"

#include "core/user.h"

#define ROOMS_PER_BLOCK 256

void rooms_init(struct rooms *rooms) {
    *rooms = (struct rooms){ 0 };
    slab_init(&rooms->slab, sizeof(struct room), ROOMS_PER_BLOCK);
    list_init(&rooms->all);
}

static void room_free(struct rooms *rooms, struct room *room) {
    CHECK(room->is_removed && room->follow_count == 0);
    xfree(room->name);
    slab_put(&rooms->slab, room);
}

void rooms_fini(struct rooms *rooms) {
    LIST_EACH(room, &rooms->all, struct room, in_rooms) {
        room_remove(rooms, room);
    }
    map_fini(&rooms->by_id);
    text_map_fini(&rooms->by_name);
    text_map_fini(&rooms->dms);
    map_fini(&rooms->retired);
    slab_fini(&rooms->slab);
}

struct room *room_find(const struct rooms *rooms, uint64_t id) {
    return map_get(&rooms->by_id, id);
}

struct room *room_by_name(const struct rooms *rooms, struct str name) {
    return text_map_get(&rooms->by_name, name);
}

static struct str pair_key(const uint64_t pair[2]) {
    return (struct str){ (const char *)pair, 2 * sizeof pair[0] };
}

struct room *room_dm(const struct rooms *rooms, user_id a, user_id b) {
    const uint64_t pair[2] = { MIN(a.v, b.v), MAX(a.v, b.v) };
    return text_map_get(&rooms->dms, pair_key(pair));
}

bool room_id_is_taken(const struct rooms *rooms, uint64_t id) {
    return room_find(rooms, id) != NULL || map_get(&rooms->retired, id) != NULL;
}

void room_id_retire(struct rooms *rooms, room_id id) {
    if (id.v != 0) {
        map_put(&rooms->retired, id.v, rooms);
    }
}

static struct room *add(struct rooms *rooms, room_id id, enum room_kind kind) {
    struct room *room = slab_get(&rooms->slab);
    room->id = id;
    room->kind = (uint8_t)kind;
    list_init(&room->in_order);
    list_push(&rooms->all, &room->in_rooms);
    map_put(&rooms->by_id, id.v, room);
    rooms->count++;
    return room;
}

struct room *room_add(struct rooms *rooms, room_id id, enum room_kind kind, struct str name,
                      bool is_private) {
    CHECK(kind != ROOM_DM && name.n <= ROOM_NAME_BYTES_MAX);
    bool is_channel = kind == ROOM_CHANNEL;
    if (room_find(rooms, id.v) != NULL || (is_channel && room_by_name(rooms, name) != NULL)) {
        return NULL;
    }
    struct room *room = add(rooms, id, kind);
    room->name = xstrndup(name.p, name.n);
    room->name_bytes = (uint16_t)name.n;
    room->is_private = is_private || !is_channel;
    if (is_channel) {
        text_map_put(&rooms->by_name, room_name(room), room);
    }
    return room;
}

struct room *room_add_dm(struct rooms *rooms, room_id id, user_id a, user_id b) {
    if (room_find(rooms, id.v) != NULL || room_dm(rooms, a, b) != NULL) {
        return NULL;
    }
    struct room *room = add(rooms, id, ROOM_DM);
    room->is_private = true;
    room->pair[0] = MIN(a.v, b.v);
    room->pair[1] = MAX(a.v, b.v);
    text_map_put(&rooms->dms, pair_key(room->pair), room);
    return room;
}

void room_remove(struct rooms *rooms, struct room *room) {
    CHECK(!room->is_removed && list_is_empty(&room->in_order));
    map_drop(&rooms->by_id, room->id.v);
    if (room->kind == ROOM_CHANNEL) {
        text_map_drop(&rooms->by_name, room_name(room));
    } else if (room->kind == ROOM_DM) {
        text_map_drop(&rooms->dms, pair_key(room->pair));
    }
    list_drop(&room->in_rooms);
    map_fini(&room->members);
    rooms->count--;
    room->is_removed = true;
    if (room->follow_count == 0) {
        room_free(rooms, room);
    }
}

void room_follow(struct room *room) {
    room->follow_count++;
}

void room_unfollow(struct rooms *rooms, struct room *room) {
    CHECK(room->follow_count > 0);
    room->follow_count--;
    if (room->is_removed && room->follow_count == 0) {
        room_free(rooms, room);
    }
}

bool room_is_open_to(const struct room *room, const struct user *user) {
    if (room->kind == ROOM_DM) {
        return room->pair[0] == user->id.v || room->pair[1] == user->id.v;
    }
    return !room->is_private || map_get(&room->members, user->id.v) != NULL;
}
