/* Notices: a handful of rooms and when each was last told, in no order. A place is anybody's
 * again when its second is over, so as many rooms as there are places can be told within one.
 *
 * Of those who are typed to one is remembered, since nobody types two messages at once. */
#include "core/notice.h"

#include "base/base.h"
#include "core/limits.h"

#define NEVER 0

struct notices {
    struct place {
        room_id room;
        uint64_t told_ms[NOTICE_COUNT];
    } places[NOTICE_ROOMS_MAX];
    user_id typing_to;    // 0: nobody
    uint64_t typing_ms;
};

/* A clock that was set back ends the second at once: a notice too many does no harm. */
static bool is_recent(uint64_t told_ms, uint64_t now_ms) {
    return told_ms != NEVER && now_ms - told_ms < NOTICE_EVERY_MS;
}

static bool is_free(const struct place *p, uint64_t now_ms) {
    for (enum notice what = 0; what < NOTICE_COUNT; what++) {
        if (is_recent(p->told_ms[what], now_ms)) {
            return false;
        }
    }
    return true;
}

/* The room's place, or one that it may have; NULL: all are taken. */
static struct place *place_for(struct notices *t, room_id room, uint64_t now_ms) {
    struct place *found = NULL;
    for (size_t i = 0; i < NOTICE_ROOMS_MAX; i++) {
        struct place *p = &t->places[i];
        if (p->room.v == room.v) {
            return p;
        }
        if (found == NULL && is_free(p, now_ms)) {
            found = p;
        }
    }
    if (found != NULL) {
        *found = (struct place){ .room = room };
    }
    return found;
}

bool notice_may_tell(struct notices **t, room_id room, enum notice what, uint64_t now_ms) {
    if (*t == NULL) {
        *t = xzalloc(sizeof **t);
    }
    struct place *p = place_for(*t, room, now_ms);
    if (p == NULL || is_recent(p->told_ms[what], now_ms)) {
        return false;
    }
    p->told_ms[what] = MAX(now_ms, NEVER + 1);
    return true;
}

static bool is_typing(const struct notices *t, uint64_t now_ms) {
    return t->typing_to.v != 0 && now_ms - t->typing_ms < TYPING_LASTS_MS;
}

void notice_typing_to(struct notices **t, user_id other, bool is_on, uint64_t now_ms) {
    if (*t == NULL) {
        *t = xzalloc(sizeof **t);
    }
    if (is_on) {
        (*t)->typing_to = other;
        (*t)->typing_ms = now_ms;
    } else if ((*t)->typing_to.v == other.v) {
        notice_stop_typing(*t);
    }
}

bool notice_is_typing_to(const struct notices *t, user_id other, uint64_t now_ms) {
    return t != NULL && t->typing_to.v == other.v && is_typing(t, now_ms);
}

void notice_stop_typing(struct notices *t) {
    if (t != NULL) {
        t->typing_to.v = 0;
    }
}

void notices_tidy(struct notices **t, uint64_t now_ms) {
    if (*t != NULL && is_typing(*t, now_ms)) {
        return;
    }
    for (size_t i = 0; *t != NULL && i < NOTICE_ROOMS_MAX; i++) {
        if (!is_free(&(*t)->places[i], now_ms)) {
            return;
        }
    }
    notices_free(t);
}

void notices_free(struct notices **t) {
    xfree(*t);
    *t = NULL;
}
