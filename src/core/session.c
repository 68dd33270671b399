/* Sessions: one connection of one user.
 *
 *     user ──lists──> session ──owns──> follows, sorted by room id ──borrow──> room
 *
 * The usual session follows one or two rooms, and its follows lie in the struct; some follow a
 * thousand, so the array is sorted: a search is ten steps, and a session that closes leaves its
 * rooms in an order that depends on nothing but their ids. */
#include "core/session.h"

#include "core/room.h"
#include "core/user.h"

#define SESSIONS_PER_BLOCK 512

void sessions_init(struct sessions *sessions) {
    *sessions = (struct sessions){ 0 };
    slab_init(&sessions->slab, sizeof(struct session), SESSIONS_PER_BLOCK);
}

void sessions_fini(struct sessions *sessions) {
    CHECK(sessions->by_id.count == 0);
    map_fini(&sessions->by_id);
    slab_fini(&sessions->slab);
}

struct session *session_find(const struct sessions *sessions, session_id id) {
    return map_get(&sessions->by_id, id.v);
}

/* The link that points to s, or to the NULL behind the user's last. */
static struct session **link_to(struct user *user, const struct session *s) {
    struct session **at = &user->sessions;
    while (*at != s) {
        at = &(*at)->next;
    }
    return at;
}

struct session *session_open(struct sessions *sessions, session_id id, struct user *user) {
    CHECK(session_find(sessions, id) == NULL);
    struct session *s = slab_get(&sessions->slab);
    s->id = id;
    s->user = user;
    s->follow_cap = FOLLOWS_INLINE;
    *link_to(user, NULL) = s;
    map_put(&sessions->by_id, id.v, s);
    return s;
}

void session_close(struct sessions *sessions, struct rooms *rooms, struct session **at) {
    struct session *s = *at;
    *at = NULL;
    follow_end_all(s, rooms);
    *link_to(s->user, s) = s->next;
    map_drop(&sessions->by_id, s->id.v);
    slab_put(&sessions->slab, s);
}

struct session *session_alone(const struct user *user, enum dialect_id dialect) {
    struct session *s = user->sessions;
    while (s != NULL && !(s->is_alone && s->dialect == dialect)) {
        s = s->next;
    }
    return s;
}

size_t session_count(const struct user *user) {
    size_t count = 0;
    for (const struct session *s = user->sessions; s != NULL; s = s->next) {
        count++;
    }
    return count;
}

struct follow *session_follows(struct session *s) {
    return s->follow_cap > FOLLOWS_INLINE ? s->many : s->few;
}

/* The index of the room's entry, or where it would go. */
static uint32_t index_of(struct session *s, const struct room *room) {
    const struct follow *follows = session_follows(s);
    uint32_t low = 0;
    uint32_t high = s->follow_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (follows[middle].room->id.v < room->id.v) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct follow *follow_find(struct session *s, const struct room *room) {
    struct follow *follow = session_follows(s) + index_of(s, room);
    bool is_there = follow < session_follows(s) + s->follow_count && follow->room == room;
    return is_there ? follow : NULL;
}

static void grow(struct session *s) {
    uint32_t cap = s->follow_cap * 2;
    struct follow *many = s->follow_cap > FOLLOWS_INLINE ? s->many : NULL;
    many = xrealloc(many, cap * sizeof *many);
    if (s->follow_cap == FOLLOWS_INLINE) {
        memcpy(many, s->few, sizeof s->few);
    }
    s->many = many;
    s->follow_cap = cap;
}

void follow_start(struct session *s, struct room *room) {
    CHECK(!room->is_removed && follow_find(s, room) == NULL);
    if (s->follow_count == s->follow_cap) {
        grow(s);
    }
    uint32_t i = index_of(s, room);
    struct follow *at = session_follows(s) + i;
    memmove(at + 1, at, (s->follow_count - i) * sizeof *at);
    *at = (struct follow){ .room = room };
    s->follow_count++;
    room_follow(room);
}

static void end_at(struct session *s, struct rooms *rooms, uint32_t i) {
    struct follow *at = session_follows(s) + i;
    struct room *room = at->room;
    memmove(at, at + 1, (s->follow_count - i - 1) * sizeof *at);
    s->follow_count--;
    room_unfollow(rooms, room);
}

void follow_end(struct session *s, struct rooms *rooms, const struct room *room) {
    CHECK(follow_find(s, room) != NULL);
    end_at(s, rooms, index_of(s, room));
}

void follow_tidy(struct session *s, struct rooms *rooms) {
    for (uint32_t i = s->follow_count; i-- > 0;) {
        if (session_follows(s)[i].room->is_removed) {
            end_at(s, rooms, i);
        }
    }
}

void follow_end_all(struct session *s, struct rooms *rooms) {
    struct follow *follows = session_follows(s);
    for (uint32_t i = 0; i < s->follow_count; i++) {
        room_unfollow(rooms, follows[i].room);
    }
    if (s->follow_cap > FOLLOWS_INLINE) {
        xfree(s->many);
    }
    s->follow_count = 0;
    s->follow_cap = FOLLOWS_INLINE;
}

bool follow_any(const struct user *user, const struct room *room, const struct session *but) {
    for (struct session *s = user->sessions; s != NULL; s = s->next) {
        if (s != but && follow_find(s, room) != NULL) {
            return true;
        }
    }
    return false;
}
