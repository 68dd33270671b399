/* Blocks: the pair, the end, and that ended ones do not pile up. */
#include "core/block.h"

#include "test/unit.h"

#define ANN ((user_id){ 1 })
#define BOB ((user_id){ 2 })
#define EVE ((user_id){ 3 })
#define NOW_MS 1000000u
#define LATER_MS (NOW_MS + 1000)

TEST(a_block_is_of_one_pair_and_one_way) {
    SCOPED(blocks_fini) struct blocks blocks;
    blocks_init(&blocks);
    OKAY(!block_holds(&blocks, ANN, BOB, NOW_MS));
    block_set(&blocks, ANN, BOB, LATER_MS, NOW_MS);
    OKAY(block_holds(&blocks, ANN, BOB, NOW_MS));
    OKAY(!block_holds(&blocks, BOB, ANN, NOW_MS));
    OKAY(!block_holds(&blocks, ANN, EVE, NOW_MS));
    OKAY(!block_holds(&blocks, ANN, BLOCK_EVERYONE, NOW_MS));
}

TEST(a_block_from_everyone_holds_between_any_two) {
    SCOPED(blocks_fini) struct blocks blocks;
    blocks_init(&blocks);
    block_set(&blocks, ANN, BLOCK_EVERYONE, LATER_MS, NOW_MS);
    OKAY(block_holds(&blocks, ANN, BOB, NOW_MS));
    OKAY(block_holds(&blocks, ANN, BLOCK_EVERYONE, NOW_MS));
    OKAY(!block_is_set(&blocks, ANN, BOB, NOW_MS));
    OKAY(!block_holds(&blocks, BOB, ANN, NOW_MS));
}

TEST(a_block_ends_at_its_millisecond_and_a_second_one_replaces_it) {
    SCOPED(blocks_fini) struct blocks blocks;
    blocks_init(&blocks);
    block_set(&blocks, ANN, BOB, LATER_MS, NOW_MS);
    OKAY(block_holds(&blocks, ANN, BOB, LATER_MS - 1));
    OKAY(!block_holds(&blocks, ANN, BOB, LATER_MS));
    block_set(&blocks, ANN, BOB, LATER_MS - 500, NOW_MS);
    OKAY(!block_holds(&blocks, ANN, BOB, LATER_MS - 500));
    EQ(blocks.by_pair.count, 1);
    block_lift(&blocks, ANN, BOB);
    block_lift(&blocks, ANN, BOB);
    EQ(blocks.by_pair.count, 0);
}

TEST(what_is_about_a_user_goes_on_both_sides) {
    SCOPED(blocks_fini) struct blocks blocks;
    blocks_init(&blocks);
    block_set(&blocks, ANN, BOB, LATER_MS, NOW_MS);
    block_set(&blocks, BOB, ANN, LATER_MS, NOW_MS);
    block_set(&blocks, ANN, BLOCK_EVERYONE, LATER_MS, NOW_MS);
    block_set(&blocks, BOB, EVE, LATER_MS, NOW_MS);
    blocks_drop_user(&blocks, ANN);
    EQ(blocks.by_pair.count, 1);
    OKAY(block_holds(&blocks, BOB, EVE, NOW_MS));
}

TEST(ended_blocks_do_not_pile_up) {
    SCOPED(blocks_fini) struct blocks blocks;
    blocks_init(&blocks);
    for (uint64_t i = 0; i < 10000; i++) {
        uint64_t now_ms = NOW_MS + i * 100;
        block_set(&blocks, (user_id){ 10 + i }, BOB, now_ms + 1000, now_ms);    // ten hold at once
    }
    OKAY(blocks.by_pair.count < 50);
    EQ(blocks.slab.in_use, blocks.by_pair.count);
}
