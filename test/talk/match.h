/* Matching: whether what came is what a script expects.
 *
 *     an object    everything expected is there and matches; more may be there
 *     a list       as long as expected, one by one
 *     null         nothing: the field is not there, or is null
 *     "*"          anything that is there
 *     "*id"        a whole number over 0
 *     "*time"      a time as the documents show it, 2025-01-01T12:00:00Z
 *     "*text…"     text that begins so
 *     "$name"      the value that is called so; the first time, anything, which is then called so
 *     the rest     is equal; keys are compared letter by letter
 *
 * What is expected and is no JSON must be the same text.
 *
 * Thread   one.   Memory   a matcher owns two readers, reused for every frame. */
#ifndef PARLOIR_TALK_MATCH_H
#define PARLOIR_TALK_MATCH_H

#include "base/json.h"
#include "test/talk/names.h"

struct matcher {
    struct json_reader *wanted;    // owned
    struct json_reader *came;      // owned
    struct names *names;           // borrowed
};

/* Prepares a matcher that learns names into `names`. */
void matcher_init(struct matcher *m, struct names *names);
void matcher_fini(struct matcher *m);

/* Whether it matches. If not, `why` gets a sentence that names the place. Names are learnt on the
 * way there. */
bool match(struct matcher *m, struct str wanted, struct str came, struct buf *why);

#endif
