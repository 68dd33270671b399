/* Files under FAULT_DIR, and options. */
#include "test/faults/shim.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTROL_BYTES_MAX 4096

static bool is_under(const char *path) {
    const char *dir = getenv("FAULT_DIR");
    char real[PATH_MAX];
    if (dir == NULL || dir[0] == '\0') {
        return false;
    }
    if (realpath(dir, real) != NULL) {
        dir = real;
    }
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool shim_is_ours(int fd, char *path) {
    int was = errno;
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    bool is_ours = false;
    if (n > 0) {
        path[n] = '\0';
        is_ours = path[0] == '/' && is_under(path);
    }
    errno = was;
    return is_ours;
}

bool shim_is_ours_path(const char *name, char *path) {
    int was = errno;
    char dir[PATH_MAX], real[PATH_MAX];
    const char *slash = strrchr(name, '/');
    if (slash == NULL) {
        snprintf(dir, sizeof dir, ".");
    } else {
        snprintf(dir, sizeof dir, "%.*s", slash == name ? 1 : (int)(slash - name), name);
    }
    bool is_ours = false;
    if (realpath(dir, real) != NULL) {
        int n = snprintf(path, PATH_MAX, "%s/%s", real, slash == NULL ? name : slash + 1);
        is_ours = n > 0 && n < PATH_MAX && is_under(path);
    }
    errno = was;
    return is_ours;
}

bool shim_ends(const char *path, const char *end) {
    size_t n = strlen(path), m = strlen(end);
    return n >= m && strcmp(path + n - m, end) == 0;
}

/* Reads the control file without the functions that shims replace. */
static bool read_control(char *out) {
    const char *name = getenv("FAULT_CONTROL");
    if (name == NULL) {
        return false;
    }
    int fd = SHIM_REAL(open)(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t n = read(fd, out, CONTROL_BYTES_MAX - 1);
    close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* Finds `key=` at the start of a word; copies what follows up to white space. */
static bool find_word(const char *text, const char *key, char *out, size_t out_bytes) {
    size_t n = strlen(key);
    for (const char *at = strstr(text, key); at != NULL; at = strstr(at + 1, key)) {
        if ((at == text || isspace((unsigned char)at[-1])) && at[n] == '=') {
            snprintf(out, out_bytes, "%.*s", (int)strcspn(at + n + 1, " \t\n"), at + n + 1);
            return true;
        }
    }
    return false;
}

void shim_text(const char *key, const char *otherwise, char *out, size_t out_bytes) {
    int was = errno;
    char control[CONTROL_BYTES_MAX], name[64];
    snprintf(name, sizeof name, "FAULT_%s", key);
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    const char *env = getenv(name);
    if (!read_control(control) || !find_word(control, key, out, out_bytes)) {
        snprintf(out, out_bytes, "%s", env != NULL ? env : otherwise);
    }
    errno = was;
}

uint64_t shim_number(const char *key, uint64_t otherwise) {
    char text[32];
    shim_text(key, "", text, sizeof text);
    return text[0] == '\0' ? otherwise : strtoull(text, NULL, 10);
}

uint64_t shim_control_version(void) {
    int was = errno;
    const char *name = getenv("FAULT_CONTROL");
    struct stat st;
    uint64_t version = 0;
    if (name != NULL && stat(name, &st) == 0) {
        version = (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec +
                  (uint64_t)st.st_ino;
    }
    errno = was;
    return version;
}
