/* Blocks: whose words are not taken, and by whom.
 *
 *     blocks ──owns──> block
 *       map by pair ──borrow──^
 *
 * Promises:
 *   1. Whether somebody is blocked is asked of the map, with each message: it takes as long whether
 *      there is one block or a million. Only erasing a user walks through all of them.
 *   2. Ended blocks do not pile up: each new one looks at two of the old, and an ended one goes. So
 *      there are never many more than those that hold. */
#include "core/block.h"

#define BLOCKS_PER_BLOCK 256    // of the slab's
#define TIDY_PER_SET 2          // more than one, or they would pile up

void blocks_init(struct blocks *blocks) {
    *blocks = (struct blocks){ 0 };
    slab_init(&blocks->slab, sizeof(struct block), BLOCKS_PER_BLOCK);
    list_init(&blocks->all);
}

static struct str pair_key(const uint64_t pair[2]) {
    return (struct str){ (const char *)pair, 2 * sizeof pair[0] };
}

static struct block *find(const struct blocks *blocks, user_id who, user_id from) {
    const uint64_t pair[2] = { who.v, from.v };
    return text_map_get(&blocks->by_pair, pair_key(pair));
}

static void drop(struct blocks *blocks, struct block *block) {
    text_map_drop(&blocks->by_pair, pair_key(block->pair));
    list_drop(&block->in_blocks);
    slab_put(&blocks->slab, block);
}

void blocks_fini(struct blocks *blocks) {
    LIST_EACH(block, &blocks->all, struct block, in_blocks) {
        drop(blocks, block);
    }
    text_map_fini(&blocks->by_pair);
    slab_fini(&blocks->slab);
}

/* Looks at the first few, which go if they have ended and to the end of the list if not. */
static void tidy(struct blocks *blocks, uint64_t now_ms) {
    for (int i = 0; i < TIDY_PER_SET && !list_is_empty(&blocks->all); i++) {
        struct block *block = CONTAINER_OF(blocks->all.head.next, struct block, in_blocks);
        if (block->until_ms <= now_ms) {
            drop(blocks, block);
        } else {
            list_move(&blocks->all, &block->in_blocks);
        }
    }
}

void block_set(struct blocks *blocks, user_id who, user_id from, uint64_t until_ms,
               uint64_t now_ms) {
    tidy(blocks, now_ms);
    struct block *block = find(blocks, who, from);
    if (block == NULL) {
        block = slab_get(&blocks->slab);
        block->pair[0] = who.v;
        block->pair[1] = from.v;
        list_push(&blocks->all, &block->in_blocks);
        text_map_put(&blocks->by_pair, pair_key(block->pair), block);
    }
    block->until_ms = until_ms;
}

void block_lift(struct blocks *blocks, user_id who, user_id from) {
    struct block *block = find(blocks, who, from);
    if (block != NULL) {
        drop(blocks, block);
    }
}

void blocks_drop_user(struct blocks *blocks, user_id user) {
    LIST_EACH(block, &blocks->all, struct block, in_blocks) {
        if (block->pair[0] == user.v || block->pair[1] == user.v) {
            drop(blocks, block);
        }
    }
}

bool block_is_set(const struct blocks *blocks, user_id who, user_id from, uint64_t now_ms) {
    const struct block *block = find(blocks, who, from);
    return block != NULL && block->until_ms > now_ms;
}

bool block_holds(const struct blocks *blocks, user_id who, user_id from, uint64_t now_ms) {
    if (blocks->by_pair.count == 0) {
        return false;
    }
    return block_is_set(blocks, who, BLOCK_EVERYONE, now_ms) ||
           (from.v != 0 && block_is_set(blocks, who, from, now_ms));
}
