/* The people a message names, as its text of ids says: "3,17". Private to this folder. */
#ifndef PARLOIR_STORE_MENTION_H
#define PARLOIR_STORE_MENTION_H

#include "base/str.h"

/* Takes the next id off *rest. false: there are no more. */
static inline bool mention_next(struct str *rest, uint64_t *id) {
    while (rest->n > 0) {
        if (str_to_u64(str_cut(rest, ','), id) == OK) {
            return true;
        }
    }
    return false;
}

#endif
