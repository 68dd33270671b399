/* An arena: blocks on a list, and a pointer that walks through the newest.
 *
 * Blocks double from FIRST_BYTES to BLOCK_BYTES_MAX. What would fill a good part of a block gets
 * one of its own, put behind the newest so that the rest of that one is not lost. */
#include "base/arena.h"

#include <stdalign.h>

#include "base/poison.h"

#define ALIGN alignof(max_align_t)
#define FIRST_BYTES ((size_t)4096)
#define BLOCK_BYTES_MAX ((size_t)65536)

struct arena_block {
    struct arena_block *older;
    size_t bytes;    // of data
    alignas(ALIGN) char data[];
};

static struct arena_block *block_new(size_t bytes) {
    CHECK(bytes <= SIZE_MAX - sizeof(struct arena_block));
    struct arena_block *block = xalloc(sizeof *block + bytes);
    block->older = NULL;
    block->bytes = bytes;
    POISON(block->data, bytes);
    return block;
}

static void block_free(struct arena_block *block) {
    UNPOISON(block->data, block->bytes);
    xfree(block);
}

/* Makes `block` the one that allocations come from. */
static void begin(struct arena *a, struct arena_block *block) {
    block->older = a->blocks;
    a->blocks = block;
    a->next = block->data;
    a->end = block->data + block->bytes;
}

static size_t next_block_bytes(const struct arena *a) {
    if (a->blocks == NULL) {
        return FIRST_BYTES - sizeof(struct arena_block);
    }
    size_t bytes = a->blocks->bytes + sizeof(struct arena_block);
    return MIN(bytes * 2, BLOCK_BYTES_MAX) - sizeof(struct arena_block);
}

/* Returns `size` bytes, a multiple of ALIGN that the newest block has no room for. */
static void *alloc_slow(struct arena *a, size_t size) {
    size_t bytes = next_block_bytes(a);
    if (size > bytes / 4 && a->blocks != NULL) {
        struct arena_block *own = block_new(size);
        own->older = a->blocks->older;
        a->blocks->older = own;
        return own->data;
    }
    begin(a, block_new(MAX(bytes, size)));
    a->next += size;
    return a->blocks->data;
}

void *arena_alloc(struct arena *a, size_t size) {
    CHECK(size < SIZE_MAX / 2);
    size_t rounded = (size + ALIGN - 1) & ~(ALIGN - 1);
    void *p = a->next;
    if (LIKELY(a->blocks != NULL && rounded <= (size_t)(a->end - a->next))) {
        a->next += rounded;
    } else {
        p = alloc_slow(a, rounded);
    }
    UNPOISON(p, size);
    return p;
}

void *arena_zalloc(struct arena *a, size_t size) {
    return memset(arena_alloc(a, size), 0, size);
}

struct str arena_str(struct arena *a, struct str s) {
    CHECK(s.n < SIZE_MAX / 2);
    char *copy = arena_alloc(a, s.n + 1);
    if (s.n > 0) {
        memcpy(copy, s.p, s.n);
    }
    copy[s.n] = '\0';
    return (struct str){ copy, s.n };
}

void arena_reset(struct arena *a) {
    struct arena_block *kept = NULL;
    struct arena_block *block = a->blocks;
    while (block != NULL) {
        struct arena_block *older = block->older;
        struct arena_block *worse = block;
        bool may_stay = block->bytes + sizeof *block <= BLOCK_BYTES_MAX;
        if (may_stay && (kept == NULL || block->bytes > kept->bytes)) {
            worse = kept;
            kept = block;
        }
        if (worse != NULL) {
            block_free(worse);
        }
        block = older;
    }
    *a = ARENA_INIT;
    if (kept != NULL) {
        begin(a, kept);
        POISON(kept->data, kept->bytes);
    }
}

void arena_fini(struct arena *a) {
    while (a->blocks != NULL) {
        struct arena_block *older = a->blocks->older;
        block_free(a->blocks);
        a->blocks = older;
    }
    *a = ARENA_INIT;
}
