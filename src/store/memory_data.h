/* What the memory driver's writer and readers both see. Private to this folder. */
#ifndef PARLOIR_STORE_MEMORY_DATA_H
#define PARLOIR_STORE_MEMORY_DATA_H

#include <pthread.h>

#include "base/map.h"
#include "store/memory.h"
#include "store/store.h"

/* A growing array of pointers. */
struct vec {
    void **p;
    size_t n;
    size_t cap;
};

/* Appends a pointer, borrowed. */
void vec_push(struct vec *v, void *value);

/* Gives the array back, not what its pointers point to; it is empty and usable again. */
void vec_fini(struct vec *v);

#define VEC_EACH(type, var, v)                                                                     \
    for (type **var##_at = (type **)(void *)(v)->p, *var;                                          \
         (v)->n > 0 && var##_at < (type **)(void *)(v)->p + (v)->n && ((var = *var##_at), true);   \
         var##_at++)

struct memory_user {
    struct event created;    // as it is now: role, name, hash may have changed since
    uint64_t erased_ms;      // 0: not
    bool is_banned;
    uint64_t until_ms;
    struct vec tokens;    // struct event, token_added
    struct map reads;     // struct memory_mark, by room
};

/* How far somebody has read a room. */
struct memory_mark {
    uint64_t seq;
    uint64_t at_ms;
};

struct memory_room {
    struct event created;
    uint64_t removed_ms;    // 0: not
    struct vec members;     // struct memory_user
    struct vec messages;    // struct message; the one with seq n is at n - 1
    struct vec log;         // struct memory_change, by position
    uint64_t deleted;
};

struct memory_change {
    uint64_t position;
    enum change_kind kind;
    struct message *message;
};

struct memory_store {
    struct store base;
    pthread_mutex_t lock;    // readers sit on other threads
    struct arena arena;      // every noun and text, to the end
    struct vec users;        // by id
    struct vec rooms;
    struct vec uploads;    // struct event, upload_added
    struct map user_by_id;
    struct map room_by_id;
    struct map message_by_id;
    struct text_map by_client_id;    // struct message, by author, room and client_id
    uint64_t position;
    uint64_t epoch;
    struct memory_faults faults;
};

/* The operation. Never fails. */
enum err memory_reader_open(struct store *store, struct store_reader **out) MUST_USE;

#endif
