/* Key files.
 *
 * Making one must not leave half a key behind, nor two different ones when two processes start
 * together: it is written and synced under a name of its own, then linked to the real name, which
 * fails if somebody was faster; then theirs is read. */
#include "auth/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rng.h"

#define PATH_BYTES 4096

static enum err failed(struct buf *why, const char *what, const char *path) {
    buf_printf(why, "cannot %s %s: %s", what, path, strerror(errno));
    return ERR_IO;
}

/* Looks at an open key file before it is read. */
static enum err check_mode(int fd, const char *path, struct buf *why) {
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return failed(why, "look at", path);
    }
    if (!S_ISREG(st.st_mode)) {
        buf_printf(why, "%s is not a plain file", path);
        return ERR_DENIED;
    }
    if ((st.st_mode & 077) != 0) {
        buf_printf(why,
                   "%s can be read by others (mode %03o): chmod 600 it, and make a new key if "
                   "others could have seen it",
                   path, st.st_mode & 0777);
        return ERR_DENIED;
    }
    if (st.st_size > KEY_FILE_TEXT_MAX) {
        buf_printf(why, "%s is longer than %d bytes", path, KEY_FILE_TEXT_MAX);
        return ERR_PROTO;
    }
    return OK;
}

static enum err read_open(int fd, const char *path, struct buf *out, struct buf *why) {
    char text[KEY_FILE_TEXT_MAX];
    enum err err = check_mode(fd, path, why);
    if (err != OK) {
        return err;
    }
    ssize_t n = read(fd, text, sizeof text);
    if (n < 0) {
        return failed(why, "read", path);
    }
    struct str key = str_trim((struct str){ text, (size_t)n });
    if (str_is_empty(key)) {
        buf_printf(why, "%s is empty: remove it, and a new key is made", path);
        return ERR_PROTO;
    }
    buf_put_str(out, key);
    explicit_bzero(text, sizeof text);
    return OK;
}

static enum err read_key(const char *path, struct buf *out, struct buf *why) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        if (errno == ENOENT) {
            return ERR_NOT_FOUND;
        }
        return failed(why, "open", path);
    }
    enum err err = read_open(fd, path, out, why);
    close(fd);
    return err;
}

/* Writes a new key under the name `draft`, synced. */
static enum err write_draft(const char *draft, struct buf *why) {
    SCOPED(buf_fini) struct buf text = BUF_INIT(KEY_FILE_TEXT_MAX);
    uint8_t key[KEY_FILE_BYTES];
    rng_secret(key, sizeof key);
    base64url_put(&text, key, sizeof key);
    buf_put_char(&text, '\n');
    explicit_bzero(key, sizeof key);

    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return failed(why, "make", draft);
    }
    bool done = write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
    enum err err = done ? OK : failed(why, "write", draft);
    close(fd);
    return err;
}

/* The directory's entry must survive a power cut as the file does. */
static enum err sync_directory_of(const char *path, struct buf *why) {
    char dir[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : MAX((size_t)(slash - path), (size_t)1);
    memcpy(dir, slash == NULL ? "." : path, n == 0 ? 1 : n);
    dir[n == 0 ? 1 : n] = '\0';
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return failed(why, "open", dir);
    }
    enum err err = fsync(fd) == 0 ? OK : failed(why, "sync", dir);
    close(fd);
    return err;
}

/* ERR_EXISTS: somebody was faster. */
static enum err make_key(const char *path, struct buf *why) {
    char draft[PATH_BYTES];
    int n = snprintf(draft, sizeof draft, "%s.%016llx", path, (unsigned long long)rng_secret_u64());
    if (n < 0 || (size_t)n >= sizeof draft) {
        errno = ENAMETOOLONG;
        return failed(why, "make", path);
    }
    enum err err = write_draft(draft, why);
    if (err == OK && link(draft, path) != 0) {
        err = errno == EEXIST ? ERR_EXISTS : failed(why, "make", path);
    }
    (void)unlink(draft);
    return err == OK ? sync_directory_of(path, why) : err;
}

enum err key_file_load(const char *path, struct buf *out, bool *is_new, struct buf *why) {
    enum err err = read_key(path, out, why);
    if (err != ERR_NOT_FOUND) {
        if (err == OK) {
            *is_new = false;
        }
        return err;
    }
    err = make_key(path, why);
    if (err != OK && err != ERR_EXISTS) {
        return err;
    }
    bool made = err == OK;
    err = read_key(path, out, why);
    if (err == ERR_NOT_FOUND) {
        errno = ENOENT;
        return failed(why, "read", path);
    }
    if (err == OK) {
        *is_new = made;
    }
    return err;
}
