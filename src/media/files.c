/* Uploads on the disk.
 *
 * Whoever is told a name is told it after three things are on the disk: the bytes (fsync of the
 * file), the name (rename, fsync of its folder), and before both, the folder itself
 * (media_files_open). A crash at any moment leaves a file in incoming/, which nobody was told of,
 * or a whole one that at most its sender was not told of: one sweep is for each.
 *
 * Everything goes through the descriptors of the folders, never through a path: a name is looked up
 * in the folder that it was checked for, and a symbolic link is followed nowhere. */
#include "media/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/rng.h"
#include "media/sniff.h"

#define RANDOM_BYTES 16
#define RANDOM_TEXT_BYTES (2 * RANDOM_BYTES)

struct media_files {
    int incoming;    // descriptors of folders, -1: not open
    int folders[MEDIA_KIND_COUNT];
    uint64_t spare_bytes;
    struct sniffer *sniffer;    // owned
};

struct media_upload {
    struct media_files *files;           // borrowed; outlives the upload
    char name[RANDOM_TEXT_BYTES + 1];    // in incoming/, and later before the extension
    int fd;
    uint64_t bytes;
    uint64_t bytes_max;
    bool is_finished;
};

/* What a write that failed means to us: no room, or a broken disk. */
static enum err write_failure(void) {
    bool is_full =
        errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EMFILE || errno == ENFILE;
    return is_full ? ERR_FULL : ERR_IO;
}

/* The same of a name looked up: a symbolic link (ELOOP) is none of ours. */
static enum err open_failure(void) {
    return errno == ENOENT || errno == ELOOP ? ERR_NOT_FOUND : write_failure();
}

/* ---- folders */

static enum err failed(struct buf *why, const char *what, const char *data, const char *name) {
    buf_printf(why, "cannot %s %s/%s: %s", what, data, name, strerror(errno));
    return ERR_IO;
}

/* Makes a folder in `parent` if it is not there, and opens it. -1: it cannot. */
static int folder_open(int parent, const char *name) {
    if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST) {
        return -1;
    }
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Opens all folders in `uploads`, so that a power cut leaves them. */
static bool folders_open(struct media_files *f, int uploads, const char **at) {
    *at = "incoming";
    f->incoming = folder_open(uploads, *at);
    bool done = f->incoming >= 0;
    for (size_t kind = 0; kind < MEDIA_KIND_COUNT && done; kind++) {
        *at = media_folder((enum media_kind)kind);
        f->folders[kind] = folder_open(uploads, *at);
        done = f->folders[kind] >= 0;
    }
    return done && fsync(uploads) == 0;
}

static enum err open_below(struct media_files *f, int data_fd, const char *data, struct buf *why) {
    const char *at = "uploads";
    int uploads = folder_open(data_fd, at);
    if (uploads < 0) {
        return failed(why, "open", data, at);
    }
    bool done = fsync(data_fd) == 0 && folders_open(f, uploads, &at);
    enum err err = done ? OK : failed(why, "open", data, at);
    close(uploads);
    return err;
}

enum err media_files_open(const char *data, uint64_t spare_bytes, struct media_files **out,
                          struct buf *why) {
    SCOPED(media_files_free) struct media_files *f = xzalloc(sizeof *f);
    f->spare_bytes = spare_bytes;
    f->incoming = -1;
    for (size_t kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
        f->folders[kind] = -1;
    }
    int data_fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (data_fd < 0) {
        return failed(why, "open", data, "");
    }
    enum err err = open_below(f, data_fd, data, why);
    close(data_fd);
    if (err == OK) {
        err = sniffer_new(&f->sniffer, why);
    }
    if (err == OK) {
        *out = f;
        f = NULL;
    }
    return err;
}

static void close_at(int *fd) {
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

void media_files_free(struct media_files **f) {
    if (*f != NULL) {
        close_at(&(*f)->incoming);
        for (size_t kind = 0; kind < MEDIA_KIND_COUNT; kind++) {
            close_at(&(*f)->folders[kind]);
        }
        sniffer_free(&(*f)->sniffer);
        xfree(*f);
        *f = NULL;
    }
}

/* ---- coming in */

static bool has_room(const struct media_files *f, uint64_t bytes) {
    struct statvfs at;
    if (fstatvfs(f->incoming, &at) != 0 || at.f_blocks == 0) {
        return true;    // it does not say: the write will
    }
    uint64_t free_bytes = (uint64_t)at.f_bavail * at.f_frsize;
    return free_bytes >= f->spare_bytes && free_bytes - f->spare_bytes >= bytes;
}

static void name_new(char *out) {
    static const char digits[] = "0123456789abcdef";
    uint8_t random[RANDOM_BYTES];
    rng_secret(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        out[2 * i] = digits[random[i] >> 4];
        out[2 * i + 1] = digits[random[i] & 15];
    }
    out[RANDOM_TEXT_BYTES] = '\0';
}

enum err media_upload_begin(struct media_files *f, uint64_t bytes_max, uint64_t expected,
                            struct media_upload **out) {
    if (expected > bytes_max) {
        return ERR_TOO_BIG;
    }
    if (!has_room(f, expected)) {
        return ERR_FULL;
    }
    char name[RANDOM_TEXT_BYTES + 1];
    name_new(name);
    int fd = openat(f->incoming, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return write_failure();
    }
    struct media_upload *u = xzalloc(sizeof *u);
    u->files = f;
    memcpy(u->name, name, sizeof name);
    u->fd = fd;
    u->bytes_max = bytes_max;
    *out = u;
    return OK;
}

enum err media_upload_append(struct media_upload *u, struct str bytes) {
    CHECK(!u->is_finished);
    if (bytes.n > u->bytes_max - u->bytes) {
        return ERR_TOO_BIG;
    }
    if (!has_room(u->files, bytes.n)) {
        return ERR_FULL;
    }
    while (bytes.n > 0) {
        ssize_t n = write(u->fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR) {
            return write_failure();
        }
        size_t wrote = n < 0 ? 0 : (size_t)n;
        bytes = (struct str){ bytes.p + wrote, bytes.n - wrote };
        u->bytes += wrote;
    }
    return OK;
}

static enum err read_at(int fd, uint64_t at, void *p, size_t n, size_t *got) {
    size_t have = 0;
    while (have < n) {
        ssize_t more = pread(fd, (char *)p + have, n - have, (off_t)(at + have));
        if (more < 0 && errno != EINTR) {
            return ERR_IO;
        }
        if (more == 0) {
            break;
        }
        have += more < 0 ? 0 : (size_t)more;
    }
    *got = have;
    return OK;
}

static enum err find_type(struct media_upload *u, const struct media_type **type) {
    char *head = xalloc(SNIFF_BYTES_MAX);
    size_t n = 0;
    enum err err = read_at(u->fd, 0, head, SNIFF_BYTES_MAX, &n);
    if (err == OK) {
        err = sniff(u->files->sniffer, (struct str){ head, n }, type);
    }
    xfree(head);
    return err;
}

/* Moves the file to its folder, under the name that `out` gets. */
static enum err give_name(struct media_upload *u, struct media_saved *out) {
    const struct media_type *type = out->type;
    int folder = u->files->folders[type->kind];
    int n = snprintf(out->name, sizeof out->name, "%s/%s.%s", media_folder(type->kind), u->name,
                     type->extension);
    CHECK(n > 0 && (size_t)n < sizeof out->name);
    const char *base = strchr(out->name, '/') + 1;
    if (renameat(u->files->incoming, u->name, folder, base) != 0) {
        return write_failure();
    }
    u->is_finished = true;
    if (fsync(folder) != 0) {
        enum err err = write_failure();
        (void)unlinkat(folder, base, 0);    // nobody is told its name
        return err;
    }
    return OK;
}

enum err media_upload_finish(struct media_upload *u, struct media_saved *out) {
    CHECK(!u->is_finished);
    if (u->bytes == 0) {
        return ERR_PROTO;
    }
    if (fsync(u->fd) != 0) {
        return write_failure();
    }
    struct media_saved saved = { .bytes = u->bytes };
    enum err err = find_type(u, &saved.type);
    if (err == OK) {
        err = give_name(u, &saved);
    }
    if (err == OK) {
        *out = saved;
    }
    return err;
}

void media_upload_free(struct media_upload **u) {
    if (*u != NULL) {
        close((*u)->fd);
        if (!(*u)->is_finished) {
            (void)unlinkat((*u)->files->incoming, (*u)->name, 0);    // a sweep takes what stays
        }
        xfree(*u);
        *u = NULL;
    }
}

/* ---- being there */

static bool is_random_text(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        bool is_hex = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');
        if (!is_hex) {
            return false;
        }
    }
    return s.n == RANDOM_TEXT_BYTES;
}

const struct media_type *media_name_type(struct str name) {
    struct str extension = name;
    struct str folder = str_cut(&extension, '/');
    struct str random = str_cut(&extension, '.');
    if (!is_random_text(random)) {
        return NULL;
    }
    const struct media_type *type = media_type_of_extension(extension);
    return type != NULL && str_eq(folder, str_of(media_folder(type->kind))) ? type : NULL;
}

/* Copies the part of a valid name behind its folder. */
static void base_of(struct str name, char base[MEDIA_NAME_BYTES_MAX]) {
    size_t at = str_find(name, '/') + 1;
    CHECK(name.n - at < MEDIA_NAME_BYTES_MAX);
    memcpy(base, name.p + at, name.n - at);
    base[name.n - at] = '\0';
}

static uint64_t ms_of(const struct stat *st) {
    return st->st_mtim.tv_sec < 0
               ? 0
               : (uint64_t)st->st_mtim.tv_sec * 1000 + (uint64_t)st->st_mtim.tv_nsec / 1000000;
}

enum err media_file_open(struct media_files *f, struct str name, struct media_file *out) {
    const struct media_type *type = media_name_type(name);
    if (type == NULL) {
        return ERR_NOT_FOUND;
    }
    char base[MEDIA_NAME_BYTES_MAX];
    base_of(name, base);
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;    // a pipe must not hold us up
    int fd = openat(f->folders[type->kind], base, flags);
    if (fd < 0) {
        return open_failure();
    }
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return ERR_NOT_FOUND;
    }
    *out = (struct media_file){
        .fd = fd,
        .bytes = (uint64_t)st.st_size,
        .modified_ms = ms_of(&st),
        .type = type,
    };
    return OK;
}

enum err media_file_read(const struct media_file *file, uint64_t at, void *p, size_t n,
                         size_t *got) {
    return read_at(file->fd, at, p, n, got);
}

void media_file_close(struct media_file *file) {
    close_at(&file->fd);
}

enum err media_file_remove(struct media_files *f, struct str name) {
    const struct media_type *type = media_name_type(name);
    if (type == NULL) {
        return ERR_NOT_FOUND;
    }
    char base[MEDIA_NAME_BYTES_MAX];
    base_of(name, base);
    if (unlinkat(f->folders[type->kind], base, 0) != 0) {
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    }
    return OK;
}

/* ---- sweeping */

/* Calls `visit` with every plain file of a folder that was last written to before `before_ms`,
 * until it returns false. */
static enum err folder_walk(int folder, uint64_t before_ms,
                            bool (*visit)(void *ctx, const char *base), void *ctx) {
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);    // a place of its own
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        close_at(&fd);
        return ERR_IO;
    }
    bool goes_on = true;
    errno = 0;
    for (struct dirent *e; goes_on && (e = readdir(dir)) != NULL; errno = 0) {
        struct stat st;
        if (fstatat(folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
            ms_of(&st) < before_ms) {
            goes_on = visit(ctx, e->d_name);
        }
    }
    enum err err = goes_on && errno != 0 ? ERR_IO : OK;
    closedir(dir);
    return err;
}

struct sweep {
    int folder;
    size_t removed;
};

static bool sweep_one(void *ctx, const char *base) {
    struct sweep *sweep = ctx;
    sweep->removed += unlinkat(sweep->folder, base, 0) == 0;
    return true;
}

enum err media_files_sweep(struct media_files *f, uint64_t before_ms, size_t *removed) {
    struct sweep sweep = { .folder = f->incoming };
    enum err err = folder_walk(f->incoming, before_ms, sweep_one, &sweep);
    if (err == OK) {
        *removed = sweep.removed;
    }
    return err;
}

struct listing {
    enum media_kind kind;
    bool goes_on;
    bool (*each)(void *ctx, struct str name);
    void *ctx;
};

static bool list_one(void *ctx, const char *base) {
    struct listing *listing = ctx;
    char name[MEDIA_NAME_BYTES_MAX];
    int n = snprintf(name, sizeof name, "%s/%s", media_folder(listing->kind), base);
    if (n > 0 && (size_t)n < sizeof name && media_name_type(str_of(name)) != NULL) {
        listing->goes_on = listing->each(listing->ctx, str_of(name));
    }
    return listing->goes_on;
}

enum err media_files_each(struct media_files *f, uint64_t before_ms,
                          bool (*each)(void *ctx, struct str name), void *ctx) {
    struct listing listing = { .goes_on = true, .each = each, .ctx = ctx };
    enum err err = OK;
    for (size_t kind = 0; kind < MEDIA_KIND_COUNT && listing.goes_on; kind++) {
        listing.kind = (enum media_kind)kind;
        enum err one = folder_walk(f->folders[kind], before_ms, list_one, &listing);
        err = err == OK ? one : err;
    }
    return err;
}
