/* Blocks: whose words are not taken, and by whom.
 *
 * Thread   the core's.
 * Memory   owns its blocks. One that has ended counts for nobody, and is forgotten a little later,
 *          while others are set (promise 2 of block.c).
 * Bound    one for each pair of people, and one more for each person. */
#ifndef PARLOIR_CORE_BLOCK_H
#define PARLOIR_CORE_BLOCK_H

#include "base/list.h"
#include "base/map.h"
#include "base/slab.h"
#include "core/ids.h"

#define BLOCK_EVERYONE ((user_id){ 0 })    // whom a block keeps from, if it is from all

struct block {
    uint64_t pair[2];    // ids: who is blocked, and from whom; the key of blocks::by_pair
    uint64_t until_ms;
    struct node in_blocks;    // blocks::all
};

struct blocks {
    struct slab slab;
    struct text_map by_pair;    // by block::pair
    struct list all;            // in no order that means anything
};

/* An empty table. */
void blocks_init(struct blocks *blocks);

/* Frees every block. */
void blocks_fini(struct blocks *blocks);

/* Blocks `who` from `from` until a wall clock, whatever was said of the two before. */
void block_set(struct blocks *blocks, user_id who, user_id from, uint64_t until_ms,
               uint64_t now_ms);

/* Ends one, if it is there. */
void block_lift(struct blocks *blocks, user_id who, user_id from);

/* Forgets all that is about a user, on either side. */
void blocks_drop_user(struct blocks *blocks, user_id user);

/* Whether this very block is there, and has not ended. */
bool block_is_set(const struct blocks *blocks, user_id who, user_id from, uint64_t now_ms);

/* Whether what `who` says is kept from `from`, by a block between the two or by one from everyone.
 * At most two look-ups, however many blocks there are. */
bool block_holds(const struct blocks *blocks, user_id who, user_id from, uint64_t now_ms);

#endif
