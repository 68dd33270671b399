/* An arena: memory for one piece of work (an intake, a batch, a request), given back at once.
 *
 * Thread   its owner's; it may be handed to another thread with the work.
 * Memory   whatever it gave dies with arena_reset or arena_free.
 * Bound    none of its own: what a client sizes meets its limit before. */
#ifndef PARLOIR_BASE_ARENA_H
#define PARLOIR_BASE_ARENA_H

#include "base/base.h"
#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;    // newest first
    char *next;                    // free bytes of the newest block
    char *end;
};

/* Zeroed is a valid empty arena. */
#define ARENA_INIT ((struct arena){ 0 })

/* Returns `size` bytes aligned for anything, not zeroed. Never NULL. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull, alloc_size(2)));

/* arena_alloc(), zeroed. */
void *arena_zalloc(struct arena *a, size_t size) __attribute__((returns_nonnull, alloc_size(2)));

/* Copies s into the arena, with a zero byte after it (not counted). */
struct str arena_str(struct arena *a, struct str s);

/* Forgets everything but keeps one block for the next piece of work. */
void arena_reset(struct arena *a);

/* Gives every block back; the arena is empty and usable. */
void arena_fini(struct arena *a);

#endif
