/* Passwords: Argon2id through libsodium.
 *
 * Thread   any, but hashing and verifying BLOCK for tens of milliseconds and take 64 MiB: call them
 *          on the thread pool, bounded, never on a loop.
 * Memory   nothing is kept. */
#ifndef PARLOIR_AUTH_PASSWORD_H
#define PARLOIR_AUTH_PASSWORD_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"

#define PASSWORD_CHARS_MIN 8
#define PASSWORD_CHARS_MAX 128
#define PASSWORD_HASH_BYTES 128    // text with its terminating zero: "$argon2id$..."

/* What one hash costs. */
struct password_cost {
    uint64_t passes;
    uint64_t memory_bytes;
};

/* 2 passes over 64 MiB: what libsodium calls interactive. */
#define PASSWORD_COST ((struct password_cost){ 2, 64u << 20 })

/* Whether a new password will do: valid UTF-8 of PASSWORD_CHARS_MIN to _MAX characters. On false,
 * *why is a sentence. */
bool password_check(struct str password, const char **why) MUST_USE;

/* Hashes a password that password_check() liked. ERR_FULL: no memory for it now. */
enum err password_hash(struct str password, struct password_cost cost,
                       char out[PASSWORD_HASH_BYTES]) MUST_USE;

/* Whether `password` is the one behind `hash`. An empty hash (no such user, or none set) is
 * ERR_DENIED too, after as long a time as a wrong password takes.
 * ERR_DENIED: it is not. */
enum err password_verify(struct str hash, struct str password) MUST_USE;

/* Whether a hash was made at another cost and should be made anew at the next log-in. */
bool password_needs_rehash(struct str hash, struct password_cost cost);

#endif
