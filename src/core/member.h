/* Members: who belongs to a private channel or a group. Durable; which session follows what is
 * session.h.
 *
 * Thread   the core's.
 * Memory   a member is owned by the slab and sits on two lists; it dies with whichever end goes
 *          first. */
#ifndef PARLOIR_CORE_MEMBER_H
#define PARLOIR_CORE_MEMBER_H

#include "base/list.h"
#include "base/slab.h"

struct room;
struct user;

struct member {
    struct room *room;      // borrowed; outlives the member
    struct user *user;      // borrowed; outlives the member
    struct node in_room;    // room::in_order
    struct node in_user;    // user::members
};

/* An empty slab for members. */
void members_init(struct slab *members);

/* Makes the user a member; harmless if they are. A dm has none beside its two people. */
void member_add(struct slab *members, struct room *room, struct user *user);

/* Ends the membership; harmless if there is none. */
void member_remove(struct slab *members, struct room *room, const struct user *user);

/* End all of a room's, or all of a user's. */
void member_remove_room(struct slab *members, struct room *room);
void member_remove_user(struct slab *members, struct user *user);

#endif
