/* Traces: a ring of steps. */
#include "test/sim/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

static void print_step(const struct trace_step *s) {
    printf("# %10.6f  %-28s %" PRIu64 " %" PRIu64 "\n", (double)s->at_us / 1e6, s->what, s->a,
           s->b);
}

void trace_step(struct trace *t, const char *what, uint64_t a, uint64_t b) {
    struct trace_step *s = &t->steps[t->count++ % TRACE_STEPS];
    *s = (struct trace_step){ clock_mono_us(), what, a, b };
    if (t->is_loud) {
        print_step(s);
    }
}

void trace_fail(struct trace *t, const char *invariant, const char *fmt, ...) {
    if (trace_has_failed(t)) {
        return;
    }
    int n =
        snprintf(t->why, sizeof t->why, "%s at %.6f s: ", invariant, (double)clock_mono_us() / 1e6);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(t->why + n, sizeof t->why - (size_t)n, fmt, args);
    va_end(args);
}

void trace_print(const struct trace *t, uint64_t seed) {
    size_t first = t->count > TRACE_STEPS ? t->count - TRACE_STEPS : 0;
    for (size_t i = first; i < t->count && !t->is_loud; i++) {
        print_step(&t->steps[i % TRACE_STEPS]);
    }
    printf("# seed %" PRIu64 ": %s\n", seed, t->why);
    printf("# to see it again: parloir-sim --seed %" PRIu64 " --verbose\n", seed);
    (void)fflush(stdout);
}
