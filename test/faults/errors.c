/* The disk says no: the k-th write or sync of a file under FAULT_DIR fails.
 *
 * Options stand in the environment (FAULT_CALL and so on) or, to change them at run time, in the
 * file that FAULT_CONTROL names; a changed file starts the count anew.
 *
 *   call     write, sync, open, or any
 *   errno    EIO or ENOSPC
 *   at       the first that fails, from when this was read: 1 is the next; 0 (default): none
 *   count    how many fail in all from there; 0 (default): all until the file changes
 *   name     only files whose name ends so, for instance -wal
 *   in       only files whose path has this in it, for instance /uploads/
 *   partial  1: the first write that fails writes half of its bytes and only then says no */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "test/faults/shim.h"

static struct {
    pthread_mutex_t lock;
    uint64_t version;    // of the control file, when counting began
    uint64_t calls;      // that the rule is about, since then
} errors = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* What becomes of a call: 0, or the errno it fails with. *is_first: none has failed before. */
static int verdict(const char *call, const char *path, bool *is_first) {
    char text[64];
    uint64_t at = shim_number("at", 0), count = shim_number("count", 0);
    shim_text("call", "any", text, sizeof text);
    if (at == 0 || (strcmp(text, "any") != 0 && strcmp(text, call) != 0)) {
        return 0;
    }
    shim_text("name", "", text, sizeof text);
    if (!shim_ends(path, text)) {
        return 0;
    }
    shim_text("in", "", text, sizeof text);
    if (strstr(path, text) == NULL) {
        return 0;
    }
    pthread_mutex_lock(&errors.lock);
    uint64_t version = shim_control_version();
    if (version != errors.version) {
        errors.version = version;
        errors.calls = 0;
    }
    uint64_t n = ++errors.calls;
    pthread_mutex_unlock(&errors.lock);
    if (n < at || (count != 0 && n >= at + count)) {
        return 0;
    }
    *is_first = n == at;
    shim_text("errno", "EIO", text, sizeof text);
    return strcmp(text, "ENOSPC") == 0 ? ENOSPC : EIO;
}

static int verdict_fd(const char *call, int fd, bool *is_first) {
    char path[PATH_MAX];
    *is_first = false;
    return shim_is_ours(fd, path) ? verdict(call, path, is_first) : 0;
}

/* How many bytes a write that fails writes all the same. */
static size_t part(bool is_first, size_t n) {
    return is_first && shim_number("partial", 0) != 0 ? n / 2 : 0;
}

SHIM_HOOK ssize_t pwrite(int fd, const void *p, size_t n, off_t at) {
    bool is_first;
    int no = verdict_fd("write", fd, &is_first);
    if (no == 0) {
        return SHIM_REAL(pwrite)(fd, p, n, at);
    }
    size_t some = part(is_first, n);
    if (some > 0) {
        return SHIM_REAL(pwrite)(fd, p, some, at);    // the caller comes again for the rest
    }
    errno = no;
    return -1;
}

SHIM_HOOK ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at) {
    return pwrite(fd, p, n, at);
}

SHIM_HOOK ssize_t write(int fd, const void *p, size_t n) {
    bool is_first;
    int no = verdict_fd("write", fd, &is_first);
    if (no == 0) {
        return SHIM_REAL(write)(fd, p, n);
    }
    size_t some = part(is_first, n);
    if (some > 0) {
        return SHIM_REAL(write)(fd, p, some);
    }
    errno = no;
    return -1;
}

SHIM_HOOK ssize_t writev(int fd, const struct iovec *parts, int count) {
    bool is_first;
    errno = verdict_fd("write", fd, &is_first);
    return errno == 0 ? SHIM_REAL(writev)(fd, parts, count) : -1;
}

SHIM_HOOK ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    bool is_first;
    errno = verdict_fd("write", fd, &is_first);
    return errno == 0 ? SHIM_REAL(pwritev)(fd, parts, count, at) : -1;
}

SHIM_HOOK ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
    return pwritev(fd, parts, count, at);
}

SHIM_HOOK int ftruncate(int fd, off_t size) {
    bool is_first;
    int no = verdict_fd("write", fd, &is_first);
    if (no != 0) {
        errno = no;
        return -1;
    }
    return SHIM_REAL(ftruncate)(fd, size);
}

SHIM_HOOK int ftruncate64(int fd, off64_t size) {
    return ftruncate(fd, size);
}

SHIM_HOOK int fsync(int fd) {
    bool is_first;
    int no = verdict_fd("sync", fd, &is_first);
    if (no != 0) {
        errno = no;
        return -1;
    }
    return SHIM_REAL(fsync)(fd);
}

SHIM_HOOK int fdatasync(int fd) {
    bool is_first;
    int no = verdict_fd("sync", fd, &is_first);
    if (no != 0) {
        errno = no;
        return -1;
    }
    return SHIM_REAL(fdatasync)(fd);
}

SHIM_HOOK int open(const char *name, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(rest, unsigned) : 0;
    va_end(rest);
    char path[PATH_MAX];
    bool is_first;
    int no = shim_is_ours_path(name, path) ? verdict("open", path, &is_first) : 0;
    if (no != 0) {
        errno = no;
        return -1;
    }
    return SHIM_REAL(open)(name, flags, mode);
}

SHIM_HOOK int open64(const char *name, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(rest, unsigned) : 0;
    va_end(rest);
    return open(name, flags, mode);
}
