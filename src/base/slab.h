/* A slab: many objects of one size, allocated and freed in any order without a header each.
 *
 * Thread   its owner's.
 * Memory   owns blocks of `per_block` objects; they are kept for reuse until slab_fini. Objects
 * come zeroed from slab_get. slab_fini CHECKs that every object came back. */
#ifndef PARLOIR_BASE_SLAB_H
#define PARLOIR_BASE_SLAB_H

#include "base/base.h"

struct slab_block;

struct slab {
    size_t object_bytes;
    size_t per_block;
    struct slab_block *blocks;
    void *unused;     // list through the objects' first word
    size_t in_use;    // objects handed out
};

/* An empty slab for objects of `object_bytes`, taken from the heap `per_block` at a time. */
void slab_init(struct slab *s, size_t object_bytes, size_t per_block);
void slab_fini(struct slab *s);

/* Returns a zeroed object, never NULL. */
void *slab_get(struct slab *s) __attribute__((returns_nonnull));

/* Takes an object back. NULL is fine. */
void slab_put(struct slab *s, void *object);

#endif
