/* A look inside the core, for what no command can tell or do yet.
 *
 * Thread   one.   Memory   nothing is kept. */
#ifndef PARLOIR_TALK_INSIDE_H
#define PARLOIR_TALK_INSIDE_H

#include "base/str.h"

struct core;

/* The id of a room by its name; 0: there is none. */
uint64_t inside_room(const struct core *core, struct str name);

/* Whether there is a user of this id. */
bool inside_has_user(const struct core *core, uint64_t id);

#endif
