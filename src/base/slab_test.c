/* Slabs: objects come zeroed and never overlap. */
#include "base/slab.h"

#include "base/rng.h"
#include "test/unit.h"

#define OBJECTS 500

struct thing {
    uint64_t id;
    char filler[20];
};

TEST(objects_come_zeroed_even_when_used_before) {
    struct slab s;
    slab_init(&s, sizeof(struct thing), 4);
    struct thing *t = slab_get(&s);
    memset(t, 0xff, sizeof *t);
    slab_put(&s, t);
    struct thing *again = slab_get(&s);
    OKAY(again == t);
    struct thing zero = { 0 };
    EQ(memcmp(again, &zero, sizeof zero), 0);
    slab_put(&s, again);
    slab_fini(&s);
}

TEST(objects_do_not_overlap_in_any_order_of_coming_and_going) {
    static struct thing *live[OBJECTS];
    struct slab s;
    slab_init(&s, sizeof(struct thing), 16);
    struct rng rng;
    rng_seed(&rng, 3);
    size_t count = 0;
    for (size_t step = 0; step < 200000; step++) {
        size_t i = rng_below(&rng, OBJECTS);
        if (live[i] == NULL) {
            live[i] = slab_get(&s);
            live[i]->id = i;
            memset(live[i]->filler, (int)(i % 127), sizeof live[i]->filler);
            count++;
        } else {
            EQ(live[i]->id, i);
            EQ(live[i]->filler[0], i % 127);
            EQ(live[i]->filler[19], i % 127);
            slab_put(&s, live[i]);
            live[i] = NULL;
            count--;
        }
        EQ(s.in_use, count);
    }
    for (size_t i = 0; i < OBJECTS; i++) {
        slab_put(&s, live[i]);
    }
    slab_fini(&s);
}

TEST(the_smallest_object_has_room_for_a_link) {
    struct slab s;
    slab_init(&s, 1, 100);
    char *a = slab_get(&s);
    char *b = slab_get(&s);
    OKAY(b - a >= (ptrdiff_t)sizeof(void *));
    slab_put(&s, a);
    slab_put(&s, b);
    slab_put(&s, NULL);
    EQ(s.in_use, 0);
    slab_fini(&s);
}

TEST(objects_of_sixteen_bytes_are_aligned_to_sixteen) {
    struct slab s;
    slab_init(&s, 48, 7);
    void *objects[20];
    for (size_t i = 0; i < COUNT(objects); i++) {
        objects[i] = slab_get(&s);
        EQ((uintptr_t)objects[i] % 16, 0);
    }
    for (size_t i = 0; i < COUNT(objects); i++) {
        slab_put(&s, objects[i]);
    }
    slab_fini(&s);
}
