/* Users: everybody there is, and what the core must know of each.
 *
 * Thread   the core's.
 * Memory   a user lives as long as the table: erased ones stay, under a placeholder, because an id
 *          is never given to somebody else. Text passed in is copied.
 * Bound    the store's; an idle one costs its struct and three map slots at most. */
#ifndef PARLOIR_CORE_USER_H
#define PARLOIR_CORE_USER_H

#include "base/list.h"
#include "base/map.h"
#include "base/slab.h"
#include "core/cmd.h"

#define NAME_SMALL_BYTES 16
#define ERASED_PREFIX "erased-"    // placeholders of erased users begin so, and nobody's name
#define BAN_NONE 0
#define BAN_FOR_GOOD UINT64_MAX

struct notices;
struct rate;
struct session;
struct token_label;

struct user {
    user_id id;
    union {
        char small[NAME_SMALL_BYTES];    // up to NAME_SMALL_BYTES
        char *big;                       // owned
    } name;
    uint8_t name_bytes;
    uint8_t role;    // enum role
    bool is_erased;
    uint32_t left_s;               // when its last session closed, in seconds since 1970; 0: never
    uint64_t mobile;               // the digits of an E.164 number; 0: none
    uint64_t banned_until_ms;      // BAN_NONE, BAN_FOR_GOOD, or a wall clock
    struct session *sessions;      // in the order they were opened
    struct list members;           // struct member::in_user
    struct token_label *tokens;    // owned
    struct rate *rate;             // owned; of messages; NULL: nothing to remember
    struct rate *upload_rate;      // owned; of uploads; the same
    struct notices *notices;       // owned; the same
    uint64_t joins_due_ms;         // coming into rooms: when all of it is made good (do_room.c)
    struct user *next;             // users::first
};

struct users {
    struct slab slab;
    struct map by_id;
    struct text_map by_name;    // by what they fold to
    struct map by_mobile;
    struct user *first;    // all of them, for the end
    uint64_t id_max;       // the highest id of any fact (facts.c)
    size_t count;          // erased ones not counted
};

/* An empty table. */
void users_init(struct users *users);

/* Frees every user. Their sessions and members must be gone. */
void users_fini(struct users *users);

/* Look-ups; NULL if there is none. An erased user is found by id and by the placeholder. */
struct user *user_find(const struct users *users, uint64_t id);
struct user *user_by_name(const struct users *users, struct str name);
struct user *user_by_mobile(const struct users *users, uint64_t mobile);

/* Adds a user; NULL if the id, the name or the mobile number (0: none) is taken. Borrowed. */
struct user *user_add(struct users *users, user_id id, struct str name, uint64_t mobile);

/* Makes the user nobody: the placeholder replaces the name, everything personal goes. False, and
 * nothing is changed, if the placeholder is taken. */
bool user_erase(struct users *users, struct user *user, struct str placeholder);

static inline struct str user_name(const struct user *u) {
    return (struct str){ u->name_bytes <= NAME_SMALL_BYTES ? u->name.small : u->name.big,
                         u->name_bytes };
}

static inline bool user_is_banned(const struct user *u, uint64_t now_ms) {
    return u->banned_until_ms > now_ms;
}

/* Whether somebody new may be called so. */
bool user_name_is_allowed(struct str name);

/* The labels of a user's API tokens; the tokens themselves are the store's. */
bool user_has_token(const struct user *u, struct str label);
void user_add_token(struct user *u, struct str label);
void user_drop_token(struct user *u, struct str label);

#endif
