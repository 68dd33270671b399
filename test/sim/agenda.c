/* The agenda: a binary heap. */
#include "test/sim/agenda.h"

void agenda_fini(struct agenda *a) {
    xfree(a->heap);
    *a = (struct agenda){ 0 };
}

static bool is_before(const struct due *a, const struct due *b) {
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->tie < b->tie;
}

void agenda_add(struct agenda *a, struct due due) {
    if (a->count == a->cap) {
        a->cap = MAX(256, 2 * a->cap);
        a->heap = xrealloc(a->heap, a->cap * sizeof *a->heap);
    }
    size_t i = a->count++;
    while (i > 0 && is_before(&due, &a->heap[(i - 1) / 2])) {
        a->heap[i] = a->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    a->heap[i] = due;
}

bool agenda_next(struct agenda *a, struct due *out) {
    if (a->count == 0) {
        return false;
    }
    *out = a->heap[0];
    struct due last = a->heap[--a->count];
    size_t i = 0;
    while (2 * i + 1 < a->count) {
        size_t child = 2 * i + 1;
        if (child + 1 < a->count && is_before(&a->heap[child + 1], &a->heap[child])) {
            child++;
        }
        if (!is_before(&a->heap[child], &last)) {
            break;
        }
        a->heap[i] = a->heap[child];
        i = child;
    }
    if (a->count > 0) {
        a->heap[i] = last;
    }
    return true;
}
