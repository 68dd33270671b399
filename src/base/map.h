/* Hash maps from a number, or from text, to a pointer. Open addressing, a power of two of
 * slots, at most 3/4 full; iteration order is by slot and therefore NOT part of any promise:
 * the core, which must be deterministic, never iterates over a map.
 *
 * Thread   its owner's.
 * Memory   a u64 map owns only its slots. A text map stores the struct str it is given: the value
 *          must own those bytes for as long as it is in the map (usually its own name field).
 * Keys of text maps come from outside: they are hashed with SipHash under a key drawn at start. */
#ifndef PARLOIR_BASE_MAP_H
#define PARLOIR_BASE_MAP_H

#include "base/base.h"
#include "base/str.h"

struct map_slot {
    uint64_t key;
    void *value;    // NULL: empty
};

struct map {
    struct map_slot *slots;
    size_t cap;      // slots, a power of two, or 0
    size_t count;    // values
};

/* Zeroed is an empty map. Frees the slots, not the values; the map is empty and usable again. A map
 * that has become nearly empty gives memory back by itself. */
void map_fini(struct map *m);

/* The value under key, or NULL. */
void *map_get(const struct map *m, uint64_t key);

/* Puts a value (not NULL), replacing what was there; returns what was there, or NULL. */
void *map_put(struct map *m, uint64_t key, void *value);

/* Takes the value out and returns it, or NULL. */
void *map_drop(struct map *m, uint64_t key);

/* Iterates: start with *at == 0; returns NULL at the end. The map must not change meanwhile. */
void *map_next(const struct map *m, size_t *at);

struct text_slot {
    struct str key;
    void *value;
    uint64_t hash;
};

/* Zeroed is an empty map that tells letter case apart. */
struct text_map {
    struct text_slot *slots;
    size_t cap;
    size_t count;
    bool folds;    // keys that fold to the same (base/fold.h) are one; set while empty
};

/* The same five for text keys. A value that replaces another brings its own key. */
void text_map_fini(struct text_map *m);
void *text_map_get(const struct text_map *m, struct str key);
void *text_map_put(struct text_map *m, struct str key, void *value);
void *text_map_drop(struct text_map *m, struct str key);
void *text_map_next(const struct text_map *m, size_t *at);

#endif
