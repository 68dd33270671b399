/* Everything the core holds. Private to this folder.
 *
 *     core ──owns──> users, rooms, members, sessions, blocks (a slab each, and maps into it)
 *
 * Nothing ever iterates over a map: the order of what comes out must not depend on a hash, so
 * whatever is visited in turn sits on a list or in a sorted array as well. */
#ifndef PARLOIR_CORE_STATE_H
#define PARLOIR_CORE_STATE_H

#include "core/block.h"
#include "core/core.h"
#include "core/member.h"
#include "core/rate.h"
#include "core/room.h"
#include "core/session.h"
#include "core/user.h"

struct event;

struct core {
    struct core_limits limits;
    struct rate_memory rate_memory;      // what the limits make us remember of messages,
    struct rate_memory upload_memory;    // and of uploads
    bool is_writable;
    struct users users;
    struct rooms rooms;
    struct slab members;
    struct sessions sessions;
    struct blocks blocks;
};

/* Changes the state as a kept event says, at start and live alike: that is why both come out the
 * same. A fact that contradicts what is known (an id or a name that is taken, a user who is not
 * there) changes nothing, and gives false. */
bool fact_apply(struct core *core, const struct event *ev);

#endif
