/* Memory that cannot fail, and what happens when a CHECK does not hold.
 *
 * This folder is the only one that calls malloc and its kin. Running out of memory is treated
 * like a bug: nothing a client sends may get us there, because its size met a limit before. */
#include "base/base.h"

#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

#define TRACE_FRAMES_MAX 64
#define SAY_SECONDS_MAX 1    // what a reader of standard error who stalls is waited for

static void on_stall(int sig) {
    (void)sig;
    abort();
}

/* Standard error is written directly here, whoever holds the log's locks: the log's lines go out
 * first, and if nobody reads either, the end comes without a word. */
void check_failed(const char *cond, const char *file, int line) {
    void *frames[TRACE_FRAMES_MAX];

    log_drain();
    (void)signal(SIGALRM, on_stall);
    alarm(SAY_SECONDS_MAX);
    fprintf(stderr, "%s:%d: CHECK(%s) does not hold\n", file, line, cond);
    fflush(stderr);
    backtrace_symbols_fd(frames, backtrace(frames, TRACE_FRAMES_MAX), STDERR_FILENO);
    alarm(0);
    abort();
}

/* malloc(0) may give NULL, which here would mean failure. */
static size_t at_least_one(size_t size) {
    return size == 0 ? 1 : size;
}

void *xalloc(size_t size) {
    void *p = malloc(at_least_one(size));
    CHECK(p != NULL);
    return p;
}

void *xzalloc(size_t size) {
    void *p = calloc(1, at_least_one(size));
    CHECK(p != NULL);
    return p;
}

void *xrealloc(void *ptr, size_t size) {
    void *p = realloc(ptr, at_least_one(size));
    CHECK(p != NULL);
    return p;
}

char *xstrndup(const char *p, size_t n) {
    CHECK(n < SIZE_MAX);
    char *copy = xalloc(n + 1);
    if (n > 0) {
        memcpy(copy, p, n);
    }
    copy[n] = '\0';
    return copy;
}

void xfree(void *ptr) {
    free(ptr);
}

void xfree_at(void *ptr_to_pointer) {
    void *p;
    memcpy(&p, ptr_to_pointer, sizeof p);
    free(p);
    p = NULL;
    memcpy(ptr_to_pointer, &p, sizeof p);
}
