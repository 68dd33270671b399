/* Hash maps from text: the table of map.c, with each key's hash kept beside it.
 *
 * Whoever chooses names must not be able to choose collisions, so the hash is SipHash under a key
 * drawn once a process. That key is written once and only read ever after. */
#include "base/map.h"

#include <pthread.h>
#include <sodium.h>

#include "base/fold.h"
#include "base/rng.h"

#define CAP_MIN 8

static struct {
    pthread_once_t once;
    uint8_t key[crypto_shorthash_KEYBYTES];
} sip = { .once = PTHREAD_ONCE_INIT };

static void draw_key(void) {
    rng_secret(sip.key, sizeof sip.key);
}

static uint64_t hash_bytes(const void *p, size_t n) {
    uint64_t hash;
    _Static_assert(sizeof hash == crypto_shorthash_BYTES, "SipHash gives 64 bits");
    crypto_shorthash((unsigned char *)&hash, p, n, sip.key);
    return hash;
}

static uint64_t hash_of(const struct text_map *m, struct str key) {
    struct fold folded;
    pthread_once(&sip.once, draw_key);
    if (m->folds && fold(key, &folded)) {
        key = fold_str(&folded);
    }
    if (key.n == 0) {
        key = STR_LIT("");    // its pointer may be NULL
    }
    return hash_bytes(key.p, key.n);
}

static bool is_same(const struct text_map *m, struct str a, struct str b) {
    return m->folds ? fold_same(a, b) : str_eq(a, b);
}

/* The slot of key, or the empty one where it would go. The map has slots. */
static struct text_slot *find(const struct text_map *m, struct str key, uint64_t hash) {
    size_t i = (size_t)hash & (m->cap - 1);
    while (m->slots[i].value != NULL &&
           !(m->slots[i].hash == hash && is_same(m, m->slots[i].key, key))) {
        i = (i + 1) & (m->cap - 1);
    }
    return &m->slots[i];
}

static void resize(struct text_map *m, size_t cap) {
    struct text_map old = *m;
    m->cap = cap;
    m->slots = xzalloc(cap * sizeof *m->slots);
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i].value != NULL) {
            *find(m, old.slots[i].key, old.slots[i].hash) = old.slots[i];
        }
    }
    xfree(old.slots);
}

void text_map_fini(struct text_map *m) {
    xfree(m->slots);
    *m = (struct text_map){ .folds = m->folds };
}

void *text_map_get(const struct text_map *m, struct str key) {
    return m->count == 0 ? NULL : find(m, key, hash_of(m, key))->value;
}

void *text_map_put(struct text_map *m, struct str key, void *value) {
    CHECK(value != NULL);
    if (m->cap == 0) {
        resize(m, CAP_MIN);
    }
    uint64_t hash = hash_of(m, key);
    struct text_slot *slot = find(m, key, hash);
    void *old = slot->value;
    if (old == NULL && m->count + 1 > m->cap / 4 * 3) {
        resize(m, m->cap * 2);
        slot = find(m, key, hash);
    }
    m->count += old == NULL;
    *slot = (struct text_slot){ key, value, hash };
    return old;
}

/* Empties slot i and moves back whatever may now lie nearer to its home. */
static void close_gap(struct text_map *m, size_t gap) {
    size_t mask = m->cap - 1;
    for (size_t i = (gap + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t home = (size_t)m->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - gap) & mask)) {    // its home is not between gap and i
            m->slots[gap] = m->slots[i];
            gap = i;
        }
    }
    m->slots[gap] = (struct text_slot){ 0 };
}

void *text_map_drop(struct text_map *m, struct str key) {
    if (m->count == 0) {
        return NULL;
    }
    struct text_slot *slot = find(m, key, hash_of(m, key));
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

void *text_map_next(const struct text_map *m, size_t *at) {
    while (*at < m->cap) {
        void *value = m->slots[(*at)++].value;
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}
