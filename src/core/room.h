/* Rooms: channels of a server, groups, and the one room between two people.
 *
 * Thread   the core's.
 * Memory   a room that is removed leaves every map at once, but its struct stays until the last
 *          session that still has it among its follows lets go (room_unfollow).
 * Text passed in is copied. */
#ifndef PARLOIR_CORE_ROOM_H
#define PARLOIR_CORE_ROOM_H

#include "base/list.h"
#include "base/map.h"
#include "base/slab.h"
#include "core/event.h"

struct user;

struct room {
    room_id id;
    uint8_t kind;       // enum room_kind
    bool is_private;    // only members see it
    bool is_removed;
    uint16_t name_bytes;
    uint32_t follow_count;    // entries in sessions' follows
    char *name;               // owned; a dm has none
    uint64_t pair[2];    // dm: the ids of its two people, the smaller first; the key of rooms::dms
    struct map members;      // user id -> struct member, borrowed
    struct list in_order;    // struct member::in_room
    struct node in_rooms;    // rooms::all
};

struct rooms {
    struct slab slab;
    struct list all;    // not the removed ones
    struct map by_id;
    struct text_map by_name;    // the channels of server 1; names compare exactly
    struct text_map dms;        // by room::pair
    struct map retired;         // ids of removed rooms; the value means nothing
    uint64_t id_max;            // the highest id of any fact (facts.c)
    size_t count;
};

/* An empty table. */
void rooms_init(struct rooms *rooms);

/* Frees every room. Members must be gone, and nobody follow. */
void rooms_fini(struct rooms *rooms);

/* Look-ups; NULL if there is none. */
struct room *room_find(const struct rooms *rooms, uint64_t id);
struct room *room_by_name(const struct rooms *rooms, struct str name);
struct room *room_dm(const struct rooms *rooms, user_id a, user_id b);

/* Whether there is, or ever was, a room with this id. */
bool room_id_is_taken(const struct rooms *rooms, uint64_t id);

/* Remembers that the id was a room's which is no more. */
void room_id_retire(struct rooms *rooms, room_id id);

/* Adds a channel or a group, or the dm of two people; NULL if the id, the name or the pair is
 * taken. Borrowed. */
struct room *room_add(struct rooms *rooms, room_id id, enum room_kind kind, struct str name,
                      bool is_private);
struct room *room_add_dm(struct rooms *rooms, room_id id, user_id a, user_id b);

/* Takes the room out, which has no members; it is freed now, or with the last that follows it. */
void room_remove(struct rooms *rooms, struct room *room);

/* Counts one entry in a session's follows, or one fewer: after that the room may be gone. */
void room_follow(struct room *room);
void room_unfollow(struct rooms *rooms, struct room *room);

static inline struct str room_name(const struct room *r) {
    return (struct str){ r->name, r->name_bytes };
}

/* Whether the user may know of the room, read it and speak in it: a public channel is everybody's,
 * a dm its two people's, the rest the members'. */
bool room_is_open_to(const struct room *room, const struct user *user);

#endif
