/* Names: what a script has called the values it met, and the text in which they are used again.
 *
 *     {"id":"$said"}       first: whatever the id is, it is called said; later: must be that one
 *     "before":"$said"     in what is sent: the value, as JSON
 *     {{é*4000}}           a piece of text, so many times
 *
 * Thread   one.   Memory   owns the values; the names borrow from the script. */
#ifndef PARLOIR_TALK_NAMES_H
#define PARLOIR_TALK_NAMES_H

#include "base/arena.h"
#include "base/buf.h"

struct named {
    struct str name;
    struct str value;    // JSON text
};

#define NAMES_MAX 128

struct names {
    struct arena arena;
    struct named all[NAMES_MAX];
    size_t count;
};

/* Frees what is remembered; zeroed is an empty one. */
void names_fini(struct names *names);

/* The value of a name as JSON text; STR_NONE if nothing is called so. */
struct str names_get(const struct names *names, struct str name);

/* Calls a value so, which is copied. Both texts are at most a script's. */
void names_put(struct names *names, struct str name, struct str value);

/* Appends `text` with every {{piece*count}} written out, and, if `has_values`, every "$name" that
 * is known replaced by its value. */
void names_fill(const struct names *names, struct str text, bool has_values, struct buf *out);

#endif
