/* API tokens and the table that knows whose they are.
 *
 *     table ──by_hash──> entry            one owner, two ways in
 *           ──by_user──> entry ─next─> entry of the same user
 *
 * The hash is keyed with a key that is not in the database, so a stolen database alone does not
 * even tell whether a guessed token is in it. */
#include "auth/token.h"

#include <pthread.h>
#include <sodium.h>

#include "base/map.h"
#include "base/rng.h"

struct entry {
    struct token_hash hash;
    uint64_t user_id;
    struct entry *next;    // another token of the same user
    char label[TOKEN_LABEL_BYTES_MAX + 1];
};

struct token_table {
    pthread_rwlock_t lock;
    struct text_map by_hash;
    struct map by_user;    // user id -> the newest of its entries
};

void token_make(struct buf *out) {
    uint8_t bytes[TOKEN_BYTES];
    rng_secret(bytes, sizeof bytes);
    base64url_put(out, bytes, sizeof bytes);
}

bool token_is_one(struct str text) {
    uint8_t bytes[TOKEN_BYTES];
    return text.n == TOKEN_TEXT_BYTES &&
           base64url_decode(text, bytes, sizeof bytes) == (ptrdiff_t)sizeof bytes;
}

struct token_key token_key_of(struct str text) {
    struct token_key key;
    CHECK(sodium_init() >= 0);
    CHECK(crypto_generichash(key.b, sizeof key.b, (const uint8_t *)text.p, text.n, NULL, 0) == 0);
    return key;
}

struct token_hash token_hash(const struct token_key *key, struct str token) {
    struct token_hash hash;
    CHECK(sodium_init() >= 0);
    CHECK(crypto_generichash(hash.b, sizeof hash.b, (const uint8_t *)token.p, token.n, key->b,
                             sizeof key->b) == 0);
    return hash;
}

struct token_table *token_table_new(void) {
    struct token_table *t = xzalloc(sizeof *t);
    CHECK(pthread_rwlock_init(&t->lock, NULL) == 0);
    return t;
}

void token_table_free(struct token_table **at) {
    struct token_table *t = *at;
    if (t == NULL) {
        return;
    }
    size_t i = 0;
    for (struct entry *e; (e = text_map_next(&t->by_hash, &i)) != NULL;) {
        xfree(e);
    }
    text_map_fini(&t->by_hash);
    map_fini(&t->by_user);
    pthread_rwlock_destroy(&t->lock);
    xfree(t);
    *at = NULL;
}

static struct str key_of(const struct token_hash *hash) {
    return (struct str){ (const char *)hash->b, sizeof hash->b };
}

/* The user's entry of that label, and in *before (if wanted) the one that leads to it. */
static struct entry *find_label(struct token_table *t, uint64_t user_id, struct str label,
                                struct entry **before) {
    struct entry *previous = NULL;
    struct entry *e = map_get(&t->by_user, user_id);
    while (e != NULL && !str_eq(str_of(e->label), label)) {
        previous = e;
        e = e->next;
    }
    if (before != NULL) {
        *before = previous;
    }
    return e;
}

static enum err add_locked(struct token_table *t, struct token_hash hash, uint64_t user_id,
                           struct str label) {
    if (text_map_get(&t->by_hash, key_of(&hash)) != NULL ||
        find_label(t, user_id, label, NULL) != NULL) {
        return ERR_EXISTS;
    }
    struct entry *e = xzalloc(sizeof *e);
    e->hash = hash;
    e->user_id = user_id;
    e->next = map_get(&t->by_user, user_id);
    if (label.n > 0) {
        memcpy(e->label, label.p, label.n);
    }
    text_map_put(&t->by_hash, key_of(&e->hash), e);
    map_put(&t->by_user, user_id, e);
    return OK;
}

enum err token_table_add(struct token_table *t, struct token_hash hash, uint64_t user_id,
                         struct str label) {
    if (label.n > TOKEN_LABEL_BYTES_MAX) {
        return ERR_TOO_BIG;
    }
    pthread_rwlock_wrlock(&t->lock);
    enum err err = add_locked(t, hash, user_id, label);
    pthread_rwlock_unlock(&t->lock);
    return err;
}

/* Frees an entry that by_user no longer leads to. */
static void forget(struct token_table *t, struct entry *e) {
    text_map_drop(&t->by_hash, key_of(&e->hash));
    xfree(e);
}

static enum err drop_locked(struct token_table *t, uint64_t user_id, struct str label) {
    struct entry *before;
    struct entry *e = find_label(t, user_id, label, &before);
    if (e == NULL) {
        return ERR_NOT_FOUND;
    }
    if (before != NULL) {
        before->next = e->next;
    } else if (e->next != NULL) {
        map_put(&t->by_user, user_id, e->next);
    } else {
        map_drop(&t->by_user, user_id);
    }
    forget(t, e);
    return OK;
}

enum err token_table_drop(struct token_table *t, uint64_t user_id, struct str label) {
    pthread_rwlock_wrlock(&t->lock);
    enum err err = drop_locked(t, user_id, label);
    pthread_rwlock_unlock(&t->lock);
    return err;
}

size_t token_table_drop_user(struct token_table *t, uint64_t user_id) {
    size_t count = 0;
    pthread_rwlock_wrlock(&t->lock);
    struct entry *e = map_drop(&t->by_user, user_id);
    while (e != NULL) {
        struct entry *next = e->next;
        forget(t, e);
        e = next;
        count++;
    }
    pthread_rwlock_unlock(&t->lock);
    return count;
}

enum err token_table_find(struct token_table *t, const struct token_hash *hash,
                          struct token_found *out) {
    pthread_rwlock_rdlock(&t->lock);
    const struct entry *e = text_map_get(&t->by_hash, key_of(hash));
    if (e != NULL) {
        out->user_id = e->user_id;
        memcpy(out->label, e->label, sizeof out->label);
    }
    pthread_rwlock_unlock(&t->lock);
    return e == NULL ? ERR_NOT_FOUND : OK;
}

size_t token_table_count(struct token_table *t) {
    pthread_rwlock_rdlock(&t->lock);
    size_t count = t->by_hash.count;
    pthread_rwlock_unlock(&t->lock);
    return count;
}
