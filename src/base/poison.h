/* Tells AddressSanitizer which bytes of our own allocators are out of bounds just now, so that a
 * use after slab_put or arena_reset is caught like a use after free. Nothing in other builds.
 * Private to this folder. */
#ifndef PARLOIR_BASE_POISON_H
#define PARLOIR_BASE_POISON_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_ON 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define POISON_ON 1
#endif

#ifdef POISON_ON
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#endif
