/* The disk hangs: every sync of a file under FAULT_DIR takes so much longer.
 *
 *   delay_ms  how long a sync waits before it is done; in FAULT_DELAY_MS, or in the file that
 *             FAULT_CONTROL names, to change it at run time
 *
 * The file is looked at all the while, so that one that hangs is let go by writing delay_ms=0. */
#include <time.h>
#include <unistd.h>

#include "test/faults/shim.h"

#define LOOK_MS 10

static uint64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void wait_out(int fd) {
    char path[PATH_MAX];
    if (!shim_is_ours(fd, path)) {
        return;
    }
    uint64_t began = now_ms();
    while (now_ms() - began < shim_number("delay_ms", 0)) {
        uint64_t rest = began + shim_number("delay_ms", 0) - now_ms();
        uint64_t ms = rest < LOOK_MS ? rest : LOOK_MS;
        nanosleep(&(struct timespec){ .tv_nsec = (long)(ms * 1000000) }, NULL);
    }
}

SHIM_HOOK int fsync(int fd) {
    wait_out(fd);
    return SHIM_REAL(fsync)(fd);
}

SHIM_HOOK int fdatasync(int fd) {
    wait_out(fd);
    return SHIM_REAL(fdatasync)(fd);
}
