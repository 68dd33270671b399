/* What the preloaded shims share: which files they look at, the real functions behind the ones they
 * replace, and options that can change while the program runs.
 *
 * A shim is a shared object in LD_PRELOAD. It defines functions of libc under their own names, does
 * its mischief for files under the directory in FAULT_DIR, and passes everything on. Several can be
 * preloaded; each passes on to the next. See README.md.
 *
 * Thread   any: the program under test calls from where it likes. */
#ifndef PARLOIR_TEST_SHIM_H
#define PARLOIR_TEST_SHIM_H

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The only symbols of a shim that the program sees. */
#define SHIM_HOOK __attribute__((visibility("default")))

/* The function that ours replaces: the next one of that name. */
#define SHIM_REAL(name)                                                                            \
    ({                                                                                             \
        static __typeof__(&name) real;                                                             \
        if (real == NULL) {                                                                        \
            real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                     \
        }                                                                                          \
        real;                                                                                      \
    })

/* Whether the descriptor is a file, or directory, under FAULT_DIR; its path goes into `path`
 * (PATH_MAX bytes). errno stays what it was. */
bool shim_is_ours(int fd, char *path);

/* The same for a name about to be opened; `path` gets it without links and dots if it can. */
bool shim_is_ours_path(const char *name, char *path);

/* Whether the path ends with the text. */
bool shim_ends(const char *path, const char *end);

/* An option: `key=value` in the file that FAULT_CONTROL names, else in the environment variable
 * FAULT_KEY (in capitals), else what stands here. The file is read at every call. */
uint64_t shim_number(const char *key, uint64_t otherwise);
void shim_text(const char *key, const char *otherwise, char *out, size_t out_bytes);

/* A number that changes when the control file is written. */
uint64_t shim_control_version(void);

#endif
