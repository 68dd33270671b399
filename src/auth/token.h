/* API tokens: 32 random bytes in base64url, shown once. What is kept is a keyed hash, so that a
 * stolen database opens no door; and a table from hash to user, asked at the door.
 *
 * Thread   the table: any (a read-write lock inside); everything else: any, no state.
 * Memory   the table copies labels; a found token is a value.
 * Bound    none of its own: tokens are made by administrators, labels are at most
 *          TOKEN_LABEL_BYTES_MAX bytes. */
#ifndef PARLOIR_AUTH_TOKEN_H
#define PARLOIR_AUTH_TOKEN_H

#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define TOKEN_BYTES 32
#define TOKEN_TEXT_BYTES 43    // base64url without padding
#define TOKEN_KEY_BYTES 32
#define TOKEN_LABEL_BYTES_MAX 256    // of 64 characters, which is what the core allows

struct token_hash {
    uint8_t b[32];
};

/* The server's key for hashes of tokens. */
struct token_key {
    uint8_t b[TOKEN_KEY_BYTES];
};

/* The key made from the text of a key file. */
struct token_key token_key_of(struct str text);

/* Appends a new token nobody can guess. */
void token_make(struct buf *out);

/* Whether text has the form of a token; tells an API token from a JWT (which has dots). */
bool token_is_one(struct str text);

/* The keyed BLAKE2b hash of a token's text. Any text may be hashed. */
struct token_hash token_hash(const struct token_key *key, struct str token);

struct token_found {
    uint64_t user_id;
    char label[TOKEN_LABEL_BYTES_MAX + 1];
};

struct token_table;

/* Returns an empty table, owned by the caller. Never NULL. */
struct token_table *token_table_new(void);

/* Frees the table and all in it. A NULL *t is fine. */
void token_table_free(struct token_table **t);

/* Adds a token. ERR_EXISTS: this hash is there, or this user has a token with this label.
 * ERR_TOO_BIG: the label is too long. */
enum err token_table_add(struct token_table *t, struct token_hash hash, uint64_t user_id,
                         struct str label) MUST_USE;

/* Removes the user's token of that label. ERR_NOT_FOUND: there is none. */
enum err token_table_drop(struct token_table *t, uint64_t user_id, struct str label) MUST_USE;

/* Removes every token of the user (erased, banned for good); returns how many there were. */
size_t token_table_drop_user(struct token_table *t, uint64_t user_id);

/* Looks a hash up. ERR_NOT_FOUND: nobody's. */
enum err token_table_find(struct token_table *t, const struct token_hash *hash,
                          struct token_found *out) MUST_USE;

/* Tokens in the table. */
size_t token_table_count(struct token_table *t);

#endif
