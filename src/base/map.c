/* Hash maps from a number: open addressing, the next slot when one is taken, and on removal what
 * follows moves back, so that no tombstones pile up however long a map lives.
 *
 * The house rule of such tables: between a value's home slot and the slot it is in, no slot is
 * empty. map_drop restores it. */
#include "base/map.h"

#define CAP_MIN 8

void map_fini(struct map *m) {
    xfree(m->slots);
    *m = (struct map){ 0 };
}

/* Keys are often 1, 2, 3, or a clock and a counter: every bit of the key must reach the low bits.
 */
static size_t home_of(const struct map *m, uint64_t key) {
    uint64_t h = (key ^ (key >> 32)) * 0x9e3779b97f4a7c15u;
    h = (h ^ (h >> 29)) * 0xbf58476d1ce4e5b9u;
    return (size_t)(h ^ (h >> 32)) & (m->cap - 1);
}

/* The slot of key, or the empty one where it would go. The map has slots. */
static struct map_slot *find(const struct map *m, uint64_t key) {
    size_t i = home_of(m, key);
    while (m->slots[i].value != NULL && m->slots[i].key != key) {
        i = (i + 1) & (m->cap - 1);
    }
    return &m->slots[i];
}

static void resize(struct map *m, size_t cap) {
    struct map old = *m;
    m->cap = cap;
    m->slots = xzalloc(cap * sizeof *m->slots);
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i].value != NULL) {
            *find(m, old.slots[i].key) = old.slots[i];
        }
    }
    xfree(old.slots);
}

void *map_get(const struct map *m, uint64_t key) {
    return m->cap == 0 ? NULL : find(m, key)->value;
}

void *map_put(struct map *m, uint64_t key, void *value) {
    CHECK(value != NULL);
    if (m->cap == 0) {
        resize(m, CAP_MIN);
    }
    struct map_slot *slot = find(m, key);
    void *old = slot->value;
    if (old == NULL && m->count + 1 > m->cap / 4 * 3) {
        resize(m, m->cap * 2);
        slot = find(m, key);
    }
    m->count += old == NULL;
    *slot = (struct map_slot){ key, value };
    return old;
}

/* Empties slot i and moves back whatever may now lie nearer to its home. */
static void close_gap(struct map *m, size_t gap) {
    size_t mask = m->cap - 1;
    for (size_t i = (gap + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t home = home_of(m, m->slots[i].key);
        if (((i - home) & mask) >= ((i - gap) & mask)) {    // its home is not between gap and i
            m->slots[gap] = m->slots[i];
            gap = i;
        }
    }
    m->slots[gap] = (struct map_slot){ 0 };
}

void *map_drop(struct map *m, uint64_t key) {
    if (m->cap == 0) {
        return NULL;
    }
    struct map_slot *slot = find(m, key);
    void *value = slot->value;
    if (value == NULL) {
        return NULL;
    }
    close_gap(m, (size_t)(slot - m->slots));
    m->count--;
    if (m->cap > CAP_MIN && m->count < m->cap / 8) {
        resize(m, m->cap / 2);
    }
    return value;
}

void *map_next(const struct map *m, size_t *at) {
    while (*at < m->cap) {
        void *value = m->slots[(*at)++].value;
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}
