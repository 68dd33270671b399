/* The log's memory of the last second. Sixteen rows are looked through one by one: that is less
 * than what writing a line costs. */
#include "base/repeats.h"

/* FNV-1a. Colliding lines are told apart by their text. */
static uint64_t hash_of(struct str s) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++) {
        hash = (hash ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    }
    return hash;
}

static bool is_over(const struct repeat *row, uint64_t now_ms) {
    return now_ms >= row->since_ms && now_ms - row->since_ms >= REPEATS_MS;
}

/* Empties a row, its sum going to *sum if there is one. */
static void forget(struct repeat *row, struct repeat *sum) {
    sum->bytes = 0;
    if (row->count > 0) {
        sum->count = row->count;
        sum->bytes = row->bytes;
        memcpy(sum->text, row->text, row->bytes);
    }
    row->bytes = 0;
    row->count = 0;
}

static struct repeat *find(struct repeats *r, struct str line, uint64_t hash) {
    for (size_t i = 0; i < REPEATS_MAX; i++) {
        struct repeat *row = &r->rows[i];
        if (row->hash == hash && row->bytes > 0 &&
            str_eq((struct str){ row->text, row->bytes }, line)) {
            return row;
        }
    }
    return NULL;
}

/* An empty row, else the oldest without a count, else the oldest. */
static struct repeat *worst(struct repeats *r) {
    struct repeat *worst = &r->rows[0];
    for (size_t i = 0; i < REPEATS_MAX; i++) {
        struct repeat *row = &r->rows[i];
        if (row->bytes == 0) {
            return row;
        }
        if ((row->count == 0) != (worst->count == 0) ? row->count == 0
                                                     : row->since_ms < worst->since_ms) {
            worst = row;
        }
    }
    return worst;
}

bool repeats_note(struct repeats *r, struct str line, uint64_t now_ms, struct repeat *sum) {
    CHECK(line.n <= LOG_LINE_BYTES_MAX);
    sum->bytes = 0;
    uint64_t hash = hash_of(line);
    struct repeat *row = find(r, line, hash);
    if (row != NULL && !is_over(row, now_ms)) {
        row->count++;
        return false;
    }
    if (row == NULL) {
        row = worst(r);
    }
    forget(row, sum);
    row->hash = hash;
    row->since_ms = now_ms;
    row->bytes = line.n;
    memcpy(row->text, line.p, line.n);
    return true;
}

bool repeats_take(struct repeats *r, uint64_t now_ms, struct repeat *sum) {
    for (size_t i = 0; i < REPEATS_MAX; i++) {
        struct repeat *row = &r->rows[i];
        if (row->bytes > 0 && (now_ms == UINT64_MAX || is_over(row, now_ms))) {
            forget(row, sum);
            return true;
        }
    }
    return false;
}
