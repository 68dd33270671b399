/* Arenas: pieces that do not touch, and what a reset keeps for the next piece of work. */
#include "base/arena.h"

#include <stdalign.h>

#include "base/rng.h"
#include "test/unit.h"

#define PIECES 2000

TEST(pieces_are_aligned_and_do_not_touch) {
    SCOPED(arena_fini) struct arena a = ARENA_INIT;
    static unsigned char *pieces[PIECES];
    static size_t sizes[PIECES];
    struct rng rng;
    rng_seed(&rng, 2);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < PIECES; i++) {
            sizes[i] = i % 100 == 99 ? rng_below(&rng, 200000) : rng_below(&rng, 300);
            pieces[i] = arena_alloc(&a, sizes[i]);
            EQ((uintptr_t)pieces[i] % alignof(max_align_t), 0);
            memset(pieces[i], (int)(i % 251), sizes[i]);
        }
        for (size_t i = 0; i < PIECES; i++) {
            for (size_t k = 0; k < sizes[i]; k++) {
                if (pieces[i][k] != i % 251) {
                    EQ(pieces[i][k], i % 251);
                }
            }
        }
        arena_reset(&a);
    }
}

TEST(zalloc_gives_zeroes_even_in_used_memory) {
    SCOPED(arena_fini) struct arena a = ARENA_INIT;
    memset(arena_alloc(&a, 1000), 0xff, 1000);
    arena_reset(&a);
    const unsigned char *p = arena_zalloc(&a, 1000);
    for (size_t i = 0; i < 1000; i++) {
        EQ(p[i], 0);
    }
}

TEST(text_is_copied_and_terminated) {
    SCOPED(arena_fini) struct arena a = ARENA_INIT;
    char original[] = "hello";
    struct str copy = arena_str(&a, str_of(original));
    original[0] = 'x';
    STR_EQ(copy, "hello");
    EQ(copy.p[5], '\0');
    struct str nothing = arena_str(&a, STR_NONE);
    EQ(nothing.n, 0);
    EQ(nothing.p[0], '\0');
}

TEST(a_reset_arena_uses_its_block_again) {
    SCOPED(arena_fini) struct arena a = ARENA_INIT;
    void *first = arena_alloc(&a, 100);
    arena_reset(&a);
    OKAY(arena_alloc(&a, 100) == first);
    OKAY(a.blocks != NULL);
}

TEST(something_huge_is_not_kept) {
    SCOPED(arena_fini) struct arena a = ARENA_INIT;
    memset(arena_alloc(&a, 1 << 20), 1, 1 << 20);
    arena_reset(&a);
    OKAY(a.blocks == NULL);
    OKAY(arena_alloc(&a, 1) != NULL);
}

TEST(something_large_does_not_waste_the_current_block) {
    SCOPED(arena_fini) struct arena a = ARENA_INIT;
    char *small = arena_alloc(&a, 16);
    arena_alloc(&a, 50000);
    OKAY((char *)arena_alloc(&a, 16) == small + 16);
}

TEST(no_bytes_are_still_a_pointer) {
    SCOPED(arena_fini) struct arena a = ARENA_INIT;
    OKAY(arena_alloc(&a, 0) != NULL);
    arena_fini(&a);
    OKAY(arena_alloc(&a, 0) != NULL);    // empty and usable
    arena_fini(&a);
    arena_fini(&a);
}
