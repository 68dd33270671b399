/* A message that is sent again, of which the first was deleted meanwhile. One place for all
 * drivers. Private to this folder. */
#ifndef PARLOIR_STORE_REPEAT_H
#define PARLOIR_STORE_REPEAT_H

#include "core/event.h"

/* Whether it is a repeat all the same. Who sends a message must hear that it is not there. An
 * import, of which nobody is told, has found it here before, and goes on. */
static inline bool repeat_is_silent(const struct event *ev) {
    return ev->audience == AUD_NOBODY;
}

#endif
