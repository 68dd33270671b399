/* Sessions: one connection of one user, and the rooms it follows. All of it volatile.
 *
 * Thread   the core's.
 * Memory   owned by the slab from session_open to session_close. A follow borrows its room, and
 *          counts in it.
 * Bound    sessions_per_user and follows_per_session, which the verbs watch over. */
#ifndef PARLOIR_CORE_SESSION_H
#define PARLOIR_CORE_SESSION_H

#include "base/map.h"
#include "base/slab.h"
#include "core/cmd.h"

#define FOLLOWS_INLINE 2

struct room;
struct rooms;
struct user;

struct follow {
    struct room *room;    // borrowed; it may be a removed one
};

struct session {
    session_id id;
    struct user *user;       // borrowed
    struct session *next;    // user::sessions
    uint64_t heard_ms;       // wall clock of its last command
    uint8_t dialect;         // enum dialect_id
    bool is_alone;           // there is to be no other one of this user and dialect
    uint32_t follow_count;
    uint32_t follow_cap;    // FOLLOWS_INLINE: they are in `few`
    union {
        struct follow few[FOLLOWS_INLINE];
        struct follow *many;    // owned
    };
};

struct sessions {
    struct slab slab;
    struct map by_id;
};

/* An empty table. */
void sessions_init(struct sessions *sessions);

/* Frees what is empty: every session must be closed. */
void sessions_fini(struct sessions *sessions);

/* The session, or NULL. */
struct session *session_find(const struct sessions *sessions, session_id id);

/* Opens a session of an id that is not in use, as the user's last. Borrowed. */
struct session *session_open(struct sessions *sessions, session_id id, struct user *user);

/* The user's session of a dialect that is to be alone, NULL if there is none. */
struct session *session_alone(const struct user *user, enum dialect_id dialect);

/* Ends its follows and frees it; sets *s to NULL. */
void session_close(struct sessions *sessions, struct rooms *rooms, struct session **s);

/* How many sessions a user has open. */
size_t session_count(const struct user *user);

/* The follows of a session, in the order of their rooms' ids. */
struct follow *session_follows(struct session *s);

/* The entry for a room, NULL if the session does not follow it. */
struct follow *follow_find(struct session *s, const struct room *room);

/* Follows a room that is not followed yet. */
void follow_start(struct session *s, struct room *room);

/* Stops following; the room may be gone after that, if it was a removed one. */
void follow_end(struct session *s, struct rooms *rooms, const struct room *room);

/* Lets go of removed rooms; of all. */
void follow_tidy(struct session *s, struct rooms *rooms);
void follow_end_all(struct session *s, struct rooms *rooms);

/* Whether any session of the user follows the room, `but` (may be NULL) not looked at. */
bool follow_any(const struct user *user, const struct room *room, const struct session *but);

#endif
