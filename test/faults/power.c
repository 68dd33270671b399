/* The power goes out: every write since the last sync of its file may be lost.
 *
 * Writes go through to the file at once, so that the program reads what it wrote; beside them this
 * shim keeps what would take them back. A sync that succeeds forgets that. At the cut, each file is
 * first made what it was at its last sync, then some of what came after is put back (nothing, whole
 * writes, or single sectors of them, by lot), and the process is killed.
 *
 *     write ──> old bytes, new bytes kept ──sync──> forgotten
 *                          │
 *                          └──cut──> file as synced, plus what the lot lets survive, SIGKILL
 *
 * A file whose directory was not synced since it was made is deleted by the cut. Renames and
 * deletions survive at once, and what is written through a mapping is not seen: SQLite writes that
 * way only to its -shm, which does not outlive a crash anyway.
 *
 *   FAULT_CUT_AT      the cut comes at this write or sync, counted over all files; 0: never
 *   FAULT_CUT_SIGNAL  a signal's number: the cut comes when it does (default SIGUSR2)
 *   FAULT_KEEP        none, some, torn (default): what survives besides what was synced
 *   FAULT_SEED        of the lot
 *   FAULT_SYNC        full (default); off: a sync does nothing, as with synchronous=OFF; normal:
 *                     one of a -wal only counts once the database beside it is written to, as with
 *                     synchronous=NORMAL. With these two the tests show that they can fail. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/base.h"
#include "test/faults/shim.h"

#define SECTOR 512
#define FILES_MAX 256

/* One thing done to a file since it was synced. */
struct change {
    struct change *before;    // the one done before this
    off_t size_before;
    off_t at;        // a cut-off: the new size
    size_t n;        // bytes written; a cut-off: 0
    size_t old_n;    // bytes there were in that place, or after the new end
    char *bytes;     // n new ones, then old_n old ones
    bool is_cut_off;
};

struct file {
    dev_t dev;
    ino_t ino;
    int fd;    // ours; never closed, for that would drop the program's locks
    char path[PATH_MAX];
    struct change *last;
    bool is_new;        // its name is not on the disk yet
    bool is_pending;    // FAULT_SYNC=normal: synced, but that does not count yet
};

static struct {
    pthread_mutex_t lock;
    struct file files[FILES_MAX];
    size_t file_count;
    uint64_t calls;
    uint64_t lot;
    sem_t cut;
} power = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t draw(uint64_t below) {
    power.lot ^= power.lot << 13;
    power.lot ^= power.lot >> 7;
    power.lot ^= power.lot << 17;
    return power.lot % below;
}

static bool option_is(const char *key, const char *value, const char *otherwise) {
    char text[32];
    shim_text(key, otherwise, text, sizeof text);
    return strcmp(text, value) == 0;
}

static void die(const char *why) {
    fprintf(stderr, "power shim: %s: %s\n", why, strerror(errno));
    abort();
}

/* ---- the cut */

static void put(const struct file *f, const char *p, size_t n, off_t at) {
    if (n > 0 && SHIM_REAL(pwrite)(f->fd, p, n, at) != (ssize_t)n) {
        die("cannot restore");
    }
}

static void set_size(const struct file *f, off_t size) {
    if (SHIM_REAL(ftruncate)(f->fd, size) != 0) {
        die("cannot restore a size");
    }
}

static void take_back(const struct file *f, const struct change *c) {
    set_size(f, c->size_before);
    put(f, c->bytes + c->n, c->old_n, c->at);
}

static void survive(const struct file *f, const struct change *c) {
    bool is_torn = option_is("keep", "torn", "torn");
    if (draw(2) == 0) {
        return;
    }
    if (c->is_cut_off) {
        set_size(f, c->at);
        return;
    }
    if (!is_torn || draw(2) == 0) {
        put(f, c->bytes, c->n, c->at);
        return;
    }
    for (size_t i = 0; i < c->n; i += SECTOR) {
        if (draw(2) == 0) {
            put(f, c->bytes + i, c->n - i < SECTOR ? c->n - i : SECTOR, c->at + (off_t)i);
        }
    }
}

static void survive_all(const struct file *f, const struct change *c) {
    size_t count = 0;
    for (const struct change *i = c; i != NULL; i = i->before) {
        count++;
    }
    const struct change **order = xalloc((count + 1) * sizeof(void *));
    for (size_t i = count; i > 0; i--, c = c->before) {
        order[i - 1] = c;
    }
    for (size_t i = 0; i < count; i++) {
        survive(f, order[i]);
    }
    xfree(order);
}

/* Called with the lock held, which nobody gets back. */
static void cut(void) {
    bool is_none = option_is("keep", "none", "torn");
    for (size_t i = 0; i < power.file_count; i++) {
        struct file *f = &power.files[i];
        struct stat st;
        if (fstat(f->fd, &st) != 0 || st.st_nlink == 0) {
            continue;
        }
        if (f->is_new) {
            unlink(f->path);
            continue;
        }
        for (const struct change *c = f->last; c != NULL; c = c->before) {
            take_back(f, c);
        }
        if (!is_none) {
            survive_all(f, f->last);
        }
    }
    kill(getpid(), SIGKILL);
    for (;;) {
        pause();
    }
}

/* Counts a call; whether it is the one at which the power goes. */
static bool is_last_call(void) {
    uint64_t at = shim_number("cut_at", 0);
    return ++power.calls == at;
}

/* ---- what has been written */

static void forget(struct file *f) {
    while (f->last != NULL) {
        struct change *c = f->last;
        f->last = c->before;
        xfree(c->bytes);
        xfree(c);
    }
    f->is_pending = false;
}

/* The file behind a descriptor, NULL if it is none of ours. */
static struct file *file_of(int fd) {
    int was = errno;
    char path[PATH_MAX], link[40];
    struct stat st;
    if (!shim_is_ours(fd, path) || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        errno = was;
        return NULL;
    }
    for (size_t i = 0; i < power.file_count; i++) {
        struct file *f = &power.files[i];
        if (f->dev == st.st_dev && f->ino == st.st_ino) {
            errno = was;
            return f;
        }
    }
    if (power.file_count == FILES_MAX) {
        die("too many files");
    }
    struct file *f = &power.files[power.file_count++];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    *f = (struct file){ .dev = st.st_dev, .ino = st.st_ino };
    f->fd = SHIM_REAL(open)(link, O_RDWR | O_CLOEXEC);
    if (f->fd < 0) {
        die("cannot open a file for itself");
    }
    memcpy(f->path, path, sizeof path);
    errno = was;
    return f;
}

/* FAULT_SYNC=normal: SQLite syncs the log before it writes to the database. */
static void settle_log_of(const struct file *f) {
    for (size_t i = 0; i < power.file_count; i++) {
        struct file *log = &power.files[i];
        size_t n = strlen(f->path);
        if (log->is_pending && strncmp(log->path, f->path, n) == 0 &&
            strcmp(log->path + n, "-wal") == 0) {
            forget(log);
        }
    }
}

/* Notes what stands in the place of `n` bytes at `at`, or after `at` if it is a cut-off. */
static struct change *change_begin(struct file *f, off_t at, size_t n, bool is_cut_off) {
    struct stat st;
    if (fstat(f->fd, &st) != 0) {
        die("cannot look at a file");
    }
    settle_log_of(f);
    struct change *c = xzalloc(sizeof *c);
    c->size_before = st.st_size;
    c->at = at;
    c->n = n;
    c->is_cut_off = is_cut_off;
    size_t after = st.st_size > at ? (size_t)(st.st_size - at) : 0;
    c->old_n = is_cut_off || after < n ? after : n;
    c->bytes = xalloc(n + c->old_n + 1);
    if (c->old_n > 0 && pread(f->fd, c->bytes + n, c->old_n, at) != (ssize_t)c->old_n) {
        die("cannot read what was there");
    }
    return c;
}

/* Keeps the change if the call did something: `done` bytes, or -1 for nothing. */
static void change_end(struct file *f, struct change *c, const void *p, ssize_t done) {
    if (done < 0) {
        xfree(c->bytes);
        xfree(c);
        return;
    }
    if (!c->is_cut_off) {    // less may have been written than was asked for
        memcpy(c->bytes, p, (size_t)done);
        memmove(c->bytes + done, c->bytes + c->n, c->old_n);
        c->n = (size_t)done;
        c->old_n = c->old_n < (size_t)done ? c->old_n : (size_t)done;
    }
    c->before = f->last;
    f->last = c;
}

/* Where write(2) on this descriptor would put its bytes. */
static off_t place_of(int fd, const struct file *f) {
    struct stat st;
    int flags = fcntl(fd, F_GETFL);
    if ((flags & O_APPEND) != 0 && fstat(f->fd, &st) == 0) {
        return st.st_size;
    }
    return lseek(fd, 0, SEEK_CUR);
}

/* ---- hooks: writing */

SHIM_HOOK ssize_t pwrite(int fd, const void *p, size_t n, off_t at) {
    pthread_mutex_lock(&power.lock);
    struct file *f = file_of(fd);
    struct change *c = f == NULL ? NULL : change_begin(f, at, n, false);
    ssize_t done = SHIM_REAL(pwrite)(fd, p, n, at);
    if (c != NULL) {
        int was = errno;
        change_end(f, c, p, done);
        if (is_last_call()) {
            cut();
        }
        errno = was;
    }
    pthread_mutex_unlock(&power.lock);
    return done;
}

SHIM_HOOK ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at) {
    return pwrite(fd, p, n, at);
}

SHIM_HOOK ssize_t write(int fd, const void *p, size_t n) {
    pthread_mutex_lock(&power.lock);
    struct file *f = file_of(fd);
    if (f == NULL) {    // a socket or pipe may make the caller wait: not with the lock
        pthread_mutex_unlock(&power.lock);
        return SHIM_REAL(write)(fd, p, n);
    }
    struct change *c = change_begin(f, place_of(fd, f), n, false);
    ssize_t done = SHIM_REAL(write)(fd, p, n);
    int was = errno;
    change_end(f, c, p, done);
    if (is_last_call()) {
        cut();
    }
    pthread_mutex_unlock(&power.lock);
    errno = was;
    return done;
}

/* A gathered write to a file of ours is made of single ones. */
SHIM_HOOK ssize_t writev(int fd, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    if (!shim_is_ours(fd, path)) {
        return SHIM_REAL(writev)(fd, parts, count);
    }
    ssize_t all = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
        if (done < 0) {
            return all > 0 ? all : -1;
        }
        all += done;
        if ((size_t)done < parts[i].iov_len) {
            break;
        }
    }
    return all;
}

SHIM_HOOK ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    char path[PATH_MAX];
    if (!shim_is_ours(fd, path)) {
        return SHIM_REAL(pwritev)(fd, parts, count, at);
    }
    ssize_t all = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = pwrite(fd, parts[i].iov_base, parts[i].iov_len, at + all);
        if (done < 0) {
            return all > 0 ? all : -1;
        }
        all += done;
        if ((size_t)done < parts[i].iov_len) {
            break;
        }
    }
    return all;
}

SHIM_HOOK ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
    return pwritev(fd, parts, count, at);
}

SHIM_HOOK int ftruncate(int fd, off_t size) {
    pthread_mutex_lock(&power.lock);
    struct file *f = file_of(fd);
    struct change *c = f == NULL ? NULL : change_begin(f, size, 0, true);
    int rc = SHIM_REAL(ftruncate)(fd, size);
    if (c != NULL) {
        int was = errno;
        change_end(f, c, NULL, rc == 0 ? 0 : -1);
        if (is_last_call()) {
            cut();
        }
        errno = was;
    }
    pthread_mutex_unlock(&power.lock);
    return rc;
}

SHIM_HOOK int ftruncate64(int fd, off64_t size) {
    return ftruncate(fd, size);
}

/* ---- hooks: syncing. Nothing is really synced: only the machine's end would tell the
 * difference. */

static void sync_directory(const char *dir) {
    for (size_t i = 0; i < power.file_count; i++) {
        struct file *f = &power.files[i];
        const char *slash = strrchr(f->path, '/');
        size_t n = (size_t)(slash - f->path);
        if (strlen(dir) == n && strncmp(f->path, dir, n) == 0) {
            f->is_new = false;
        }
    }
}

static int sync_it(int fd) {
    char path[PATH_MAX];
    pthread_mutex_lock(&power.lock);
    struct file *f = file_of(fd);
    bool is_ours = shim_is_ours(fd, path);
    if (is_ours && is_last_call()) {
        cut();
    }
    if (is_ours && !option_is("sync", "off", "full")) {
        if (f == NULL) {
            sync_directory(path);
        } else if (option_is("sync", "normal", "full") && shim_ends(path, "-wal")) {
            f->is_pending = true;
        } else {
            forget(f);
        }
    }
    pthread_mutex_unlock(&power.lock);
    return is_ours ? 0 : 1;
}

SHIM_HOOK int fsync(int fd) {
    return sync_it(fd) == 0 ? 0 : SHIM_REAL(fsync)(fd);
}

SHIM_HOOK int fdatasync(int fd) {
    return sync_it(fd) == 0 ? 0 : SHIM_REAL(fdatasync)(fd);
}

/* ---- hooks: names */

static int opened(int fd, bool is_new) {
    int was = errno;
    if (fd >= 0 && is_new) {
        pthread_mutex_lock(&power.lock);
        struct file *f = file_of(fd);
        if (f != NULL) {
            f->is_new = true;
        }
        pthread_mutex_unlock(&power.lock);
    }
    errno = was;
    return fd;
}

static bool is_new_name(const char *name, int flags) {
    char path[PATH_MAX];
    int was = errno;
    bool is_new =
        (flags & O_CREAT) != 0 && shim_is_ours_path(name, path) && access(name, F_OK) != 0;
    errno = was;
    return is_new;
}

static mode_t mode_of(int flags, va_list rest) {
    bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    return has_mode ? (mode_t)va_arg(rest, unsigned) : 0;
}

/* O_TRUNC on a file that is there would be a write nobody sees; it is made a cut-off. */
SHIM_HOOK int open(const char *name, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    char path[PATH_MAX];
    bool is_new = is_new_name(name, flags);
    bool is_cut_off = (flags & O_TRUNC) != 0 && shim_is_ours_path(name, path);
    int fd = SHIM_REAL(open)(name, is_cut_off ? flags & ~O_TRUNC : flags, mode);
    if (fd >= 0 && is_cut_off && ftruncate(fd, 0) != 0) {
        die("cannot truncate");
    }
    return opened(fd, is_new);
}

SHIM_HOOK int open64(const char *name, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open(name, flags, mode);
}

SHIM_HOOK int openat(int dir, const char *name, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    if (dir == AT_FDCWD || name[0] == '/') {
        return open(name, flags, mode);
    }
    return SHIM_REAL(openat)(dir, name, flags, mode);
}

static void renamed(const char *to) {
    char path[PATH_MAX];
    if (!shim_is_ours_path(to, path)) {
        return;
    }
    pthread_mutex_lock(&power.lock);
    for (size_t i = 0; i < power.file_count; i++) {
        struct file *f = &power.files[i];
        struct stat st;
        if (stat(to, &st) == 0 && f->dev == st.st_dev && f->ino == st.st_ino) {
            memcpy(f->path, path, sizeof path);
        }
    }
    pthread_mutex_unlock(&power.lock);
}

SHIM_HOOK int rename(const char *from, const char *to) {
    int rc = SHIM_REAL(rename)(from, to);
    if (rc == 0) {
        renamed(to);
    }
    return rc;
}

/* ---- the signal */

static void on_signal(int signal) {
    (void)signal;
    sem_post(&power.cut);
}

/* A thread of its own does the cut, because a handler may have interrupted one that has the
 * lock. */
static void *wait_for_cut(void *ctx) {
    (void)ctx;
    while (sem_wait(&power.cut) != 0) {
    }
    pthread_mutex_lock(&power.lock);
    cut();
    return NULL;
}

__attribute__((constructor)) static void power_init(void) {
    if (getenv("FAULT_DIR") == NULL) {
        return;
    }
    power.lot = shim_number("seed", 1) * 0x9e3779b97f4a7c15u + 1;
    sem_init(&power.cut, 0, 0);
    signal((int)shim_number("cut_signal", SIGUSR2), on_signal);

    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_for_cut, NULL) == 0) {
        pthread_detach(thread);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
