/* A slab: blocks of objects, carved front to back, and a list of those that came back.
 *
 * A block's bytes are not touched before they are needed, so a big block costs address space,
 * not memory. A free object holds nothing but the link to the next free one. */
#include "base/slab.h"

#include <stdalign.h>

#include "base/poison.h"

struct slab_block {
    struct slab_block *older;
    size_t carved;    // objects taken off the front so far
    alignas(max_align_t) char data[];
};

struct unused {
    struct unused *next;
};

void slab_init(struct slab *s, size_t object_bytes, size_t per_block) {
    CHECK(object_bytes > 0 && per_block > 0);
    /* A size that is no multiple of 16 cannot belong to a type that needs alignment to 16. */
    size_t bytes = (object_bytes + sizeof(struct unused) - 1) & ~(sizeof(struct unused) - 1);
    CHECK(per_block <= (SIZE_MAX - sizeof(struct slab_block)) / bytes);
    *s = (struct slab){ .object_bytes = bytes, .per_block = per_block };
}

void slab_fini(struct slab *s) {
    CHECK(s->in_use == 0);
    while (s->blocks != NULL) {
        struct slab_block *older = s->blocks->older;
        UNPOISON(s->blocks->data, s->object_bytes * s->per_block);
        xfree(s->blocks);
        s->blocks = older;
    }
    s->unused = NULL;
}

/* Returns an object that was never handed out before. */
static void *carve(struct slab *s) {
    struct slab_block *block = s->blocks;
    if (block == NULL || block->carved == s->per_block) {
        block = xalloc(sizeof *block + s->object_bytes * s->per_block);
        block->older = s->blocks;
        block->carved = 0;
        s->blocks = block;
        POISON(block->data, s->object_bytes * s->per_block);
    }
    return block->data + s->object_bytes * block->carved++;
}

void *slab_get(struct slab *s) {
    struct unused *unused = s->unused;
    void *object = unused;
    if (unused != NULL) {
        UNPOISON(unused, s->object_bytes);
        s->unused = unused->next;
    } else {
        object = carve(s);
        UNPOISON(object, s->object_bytes);
    }
    s->in_use++;
    return memset(object, 0, s->object_bytes);
}

void slab_put(struct slab *s, void *object) {
    if (object == NULL) {
        return;
    }
    CHECK(s->in_use > 0);
    s->in_use--;
    struct unused *unused = object;
    unused->next = s->unused;
    s->unused = unused;
    POISON(object, s->object_bytes);
}
