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

/* Takes the first such pointer out, if there is one. */
void vec_drop(struct vec *v, const void *value);

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
    uint64_t cursor;      // the position up to which changes have come
    uint64_t upload_bytes;
};

/* How far somebody has read a room. */
struct memory_mark {
    uint64_t seq;
};

struct memory_upload {
    struct event added;
    uint64_t shown;    // messages that show it
};

struct memory_room {
    struct event created;
    uint64_t removed_ms;    // 0: not
    struct vec members;     // struct memory_user
    struct vec messages;    // struct message; the one with seq n is at n - 1
    struct vec log;         // struct memory_change, by position
    uint64_t deleted;
    uint64_t pruned_seq;    // the messages up to here are shells, and count as deleted
    struct keep keep;       // its own rules, if it has any
    bool has_keep;
};

/* The reactions of one kind under one message. */
struct memory_kind {
    struct str content;
    uint64_t count;    // not 0
};

struct memory_change {
    uint64_t position;
    enum change_kind kind;
    user_id by;
    struct message *message;
};

struct memory_store {
    struct store base;
    pthread_mutex_t lock;    // readers sit on other threads
    struct arena arena;      // every noun and text, to the end
    struct vec users;        // by id
    struct vec rooms;
    struct vec blocks;     // struct event, block_set: the last of each pair
    struct vec audit;      // struct decision (memory_audit.c), oldest first
    uint64_t audit_id;     // the last one given
    struct vec uploads;    // struct memory_upload, oldest first
    struct map user_by_id;
    struct map room_by_id;
    struct map message_by_id;
    struct text_map by_client_id;    // struct message, by author, room and client_id
    struct text_map taken_back;      // the same, for the client_ids that took a reaction back
    struct text_map reactions;       // struct message, by target, author and emoji
    struct map kinds;                // struct vec of struct memory_kind, by target; owned
    struct text_map upload_by_name;
    uint64_t position;
    uint64_t epoch;
    struct memory_faults faults;
    struct keep keep;    // the rules of the last slice of upkeep
    uint64_t look_due_ms;
};

/* Those that are there; who asks for another is a bug of the core. */
struct memory_user *memory_user_of(struct memory_store *s, user_id id);
struct memory_room *memory_room_of(struct memory_store *s, room_id id);

/* memory_message.c: each keeps one event and completes it. */
void memory_post(struct memory_store *s, struct batch *batch, struct event *ev);
void memory_alter(struct memory_store *s, struct batch *batch, struct event *ev);

/* memory_mark.c: the same. */
void memory_confirm(struct memory_store *s, struct batch *batch, struct event *ev);
void memory_read(struct memory_store *s, struct batch *batch, struct event *ev);
void memory_upload_begin(struct memory_store *s, struct batch *batch, struct event *ev);
void memory_upload_add(struct memory_store *s, struct batch *batch, struct event *ev);
void memory_upload_remove(struct memory_store *s, struct batch *batch, struct event *ev);

/* memory_audit.c: blocks, and whether one holds; what was decided, written down; both as lists. */
void memory_block_set(struct memory_store *s, const struct event *ev);
void memory_block_lift(struct memory_store *s, const struct event *ev);
void memory_blocks_drop(struct memory_store *s, user_id user);
bool memory_is_blocked(const struct memory_store *s, user_id who, user_id from, uint64_t now_ms);
void memory_audit(struct memory_store *s, const struct event *ev);
void memory_audit_deleted(struct memory_store *s, const struct event *ev, user_id author);
void memory_note(struct memory_store *s, const struct event *ev);
void memory_list_blocks(struct memory_store *s, uint64_t now_ms, struct vec *rows,
                        struct arena *arena);
void memory_list_audit(struct memory_store *s, user_id of, struct vec *rows, struct arena *arena);

/* memory_tend.c: a room's own rules; upkeep; search. */
void memory_keep(struct memory_store *s, struct batch *batch, struct event *ev);
enum err memory_tend(struct store *store, const struct tend_ask *ask, struct tend_report *out)
    MUST_USE;
void memory_search(struct memory_store *s, const struct ask *ask, struct answer *out);

/* The message with what is kept elsewhere, its texts in the arena; the reactions under it; whether
 * somebody may read a room. */
struct message memory_message_of(struct memory_store *s, const struct memory_room *room,
                                 const struct message *m, struct arena *arena);
void memory_find_reactions(const struct memory_store *s, struct message *m, user_id asker,
                           struct arena *arena);
bool memory_may_read(const struct memory_store *s, const struct memory_room *room, user_id user);

/* What a reaction is found by in `reactions`, in the arena. */
struct str memory_reaction_key(struct arena *arena, message_id target, user_id user,
                               struct str emoji);

/* Nobody finds the message any more by its id, its client_id, or as a reaction. */
void memory_message_forget(struct memory_store *s, const struct message *m);

/* The upload that a media_url is of, NULL if there is none; and that it is shown by one message
 * less. */
struct memory_upload *memory_upload_of(struct memory_store *s, struct str media_url);
void memory_upload_hide(struct memory_store *s, struct str media_url);

/* Makes an event come to nothing. */
void memory_void(struct event *ev, enum refusal why);

/* memory_waiting.c: what is new for somebody. */
void memory_waiting(struct memory_store *s, const struct ask *ask, struct answer *out);

/* The operation. Never fails. */
enum err memory_reader_open(struct store *store, struct store_reader **out) MUST_USE;

#endif
