/* What every file of the house may take for granted: fixed-width integers, the
 * attributes we use, CHECK, containers' arithmetic, and memory that cannot fail.
 *
 * Thread   everything here may be called from any thread.
 * Memory   xalloc and friends abort when the machine has none left; what a client
 *          can make large meets its limit before it is asked for. */
#ifndef PARLOIR_BASE_BASE_H
#define PARLOIR_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(n) (1u << (n))
#ifndef MIN    // <sys/param.h>, which <uv.h> brings, has the same two
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#endif

/* The struct of which `member` is the field that `ptr` points to. */
#define CONTAINER_OF(ptr, type, member)                                                            \
    ((type *)(void *)((char *)(1 ? (ptr) : &((type *)0)->member) - offsetof(type, member)))

/* A local that frees itself: SCOPED(buf_fini) struct buf b = BUF_INIT(...). The function takes the
 * variable's address, so a pointer's free has the shape x_free(struct x **). */
#define SCOPED(fn) __attribute__((cleanup(fn)))

/* A bug, not a failure: on in release builds. Says where on standard error, and aborts. */
#define CHECK(cond) (LIKELY(cond) ? (void)0 : check_failed(#cond, __FILE__, __LINE__))

/* Reports a CHECK that does not hold, with a backtrace, and aborts. */
void check_failed(const char *cond, const char *file, int line) __attribute__((noreturn, cold));

/* Returns `size` bytes, owned by the caller; aborts when there are none. A size of 0 is a pointer,
 * too. */
void *xalloc(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));

/* xalloc(), zeroed. */
void *xzalloc(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));

/* Resizes what xalloc gave (NULL: allocates anew). The old pointer is dead. */
void *xrealloc(void *ptr, size_t size) MUST_USE __attribute__((returns_nonnull, alloc_size(2)));

/* Returns an owned copy of `n` bytes with a zero byte after them. */
char *xstrndup(const char *p, size_t n) MUST_USE;

/* Gives memory of xalloc back. NULL is fine. */
void xfree(void *ptr);

/* For SCOPED on a local pointer of xalloc: frees *ptr and sets it to NULL. */
void xfree_at(void *ptr_to_pointer);

#endif
