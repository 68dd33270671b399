/* Answers: what a reader found, on its way to the worker that asked.
 *
 * An answer leaves the batch of its question behind, so it copies the question with its texts. */
#include "core/batch.h"

struct answer *answer_new(const struct ask *ask) {
    struct answer *a = xzalloc(sizeof *a);
    a->ask = *ask;
    a->ask.ref = arena_str(&a->arena, ask->ref);
    a->ask.room_name = arena_str(&a->arena, ask->room_name);
    a->ask.content = arena_str(&a->arena, ask->content);
    return a;
}

void answer_free(struct answer **a) {
    if (*a != NULL) {
        arena_fini(&(*a)->arena);
        xfree(*a);
        *a = NULL;
    }
}
