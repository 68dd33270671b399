/* What happened last, and the first thing that was wrong.
 *
 * A step is kept as numbers and becomes text only when somebody wants to read it.
 *
 * Thread   one.   Memory   embedded in the world; `what` is static text. */
#ifndef PARLOIR_SIM_TRACE_H
#define PARLOIR_SIM_TRACE_H

#include "base/base.h"

#define TRACE_STEPS 80
#define TRACE_WHY_BYTES 600

struct trace {
    struct trace_step {
        uint64_t at_us;
        const char *what;
        uint64_t a;
        uint64_t b;
    } steps[TRACE_STEPS];
    size_t count;
    bool is_loud;                 // every step is printed as it happens
    char why[TRACE_WHY_BYTES];    // empty: nothing is wrong yet
};

/* Notes a step; `what` says in words what a and b are. */
void trace_step(struct trace *t, const char *what, uint64_t a, uint64_t b);

/* Notes what is wrong, unless something was before: the invariant, and a sentence. */
void trace_fail(struct trace *t, const char *invariant, const char *fmt, ...) PRINTF_LIKE(3, 4);

static inline bool trace_has_failed(const struct trace *t) {
    return t->why[0] != '\0';
}

/* Prints the failure and the last steps, as TAP comments. */
void trace_print(const struct trace *t, uint64_t seed);

#endif
