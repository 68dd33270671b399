/* One process, one store: the lock file. */
#include "store/dirlock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"

/* The directory part of a path, "." if it has none, without its last slash. */
static struct str dir_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return STR_LIT(".");
    }
    return (struct str){ path, slash == path ? 1 : (size_t)(slash - path) };
}

/* The lock's own name: `lock` for a data directory's database, else the database's with .lock. */
static bool put_lock_name(const char *path, char *name, size_t bytes) {
    const char *slash = strrchr(path, '/');
    const char *file = slash == NULL ? path : slash + 1;
    bool is_usual = strcmp(file, "parloir.db") == 0;
    int n = is_usual ? snprintf(name, bytes, "%.*s/lock", STR_FMT(dir_of(path)))
                     : snprintf(name, bytes, "%s.lock", path);
    return n >= 0 && (size_t)n < bytes;
}

/* Who has the lock, as far as the file tells. */
static void name_owner(int fd, const char *path, struct buf *why) {
    char pid[24];
    ssize_t n = pread(fd, pid, sizeof pid, 0);
    struct str owner = str_trim((struct str){ pid, n > 0 ? (size_t)n : 0 });

    buf_printf(why, "\"%s\" is in use by another process", path);
    if (owner.n > 0) {
        buf_printf(why, " (%.*s)", STR_FMT(owner));
    }
    buf_printf(why, ": stop that one first, or give this one a data directory of its own.");
}

static enum err take(int fd, const char *path, const char *name, struct buf *why) {
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            buf_printf(why, "\"%s\" cannot be locked: %s.", name, strerror(errno));
            return ERR_IO;
        }
        name_owner(fd, path, why);
        return ERR_BUSY;
    }
    char pid[24];
    int n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n) {
        LOG_WARN("store.lock_not_signed",
                 ERRNO(errno));    // a full disk; the lock holds all the same
    }
    return OK;
}

enum err dir_lock(const char *path, int *fd, struct buf *why) {
    char name[PATH_MAX];
    if (!put_lock_name(path, name, sizeof name)) {
        buf_printf(why, "The path of the data directory is too long.");
        return ERR_IO;
    }
    int lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) {
        enum err err = errno == EACCES || errno == EROFS ? ERR_DENIED : ERR_IO;
        buf_printf(why, "\"%s\" cannot be made: %s. The directory must exist and be writable.",
                   name, strerror(errno));
        return err;
    }
    enum err err = take(lock, path, name, why);
    if (err != OK) {
        close(lock);
        return err;
    }
    *fd = lock;
    return OK;
}

void dir_unlock(int *fd) {
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

enum err dir_sync(const char *path) {
    struct str dir = dir_of(path);
    char name[PATH_MAX];
    int n = snprintf(name, sizeof name, "%.*s", STR_FMT(dir));
    if (n < 0 || (size_t)n >= sizeof name) {
        return ERR_IO;
    }
    int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return ERR_IO;
    }
    enum err err = fsync(fd) == 0 ? OK : ERR_IO;
    close(fd);
    return err;
}
