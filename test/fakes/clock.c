/* The virtual clock: the real base/clock.c, compiled here with another source of time. So the dates
 * are the real ones, and nothing but the system call is fake. */
#define clock_gettime fake_clock_gettime    // declared by <time.h>, under this name
#include "base/clock.c"
#undef clock_gettime

#include "test/fakes/clock.h"

static struct {
    uint64_t mono_us;
    uint64_t wall_us;
} now;

int fake_clock_gettime(clockid_t id, struct timespec *at) {
    uint64_t us = id == CLOCK_REALTIME ? now.wall_us : now.mono_us;
    at->tv_sec = (time_t)(us / 1000000);
    at->tv_nsec = (long)(us % 1000000) * 1000;
    return 0;
}

void fake_clock_start(uint64_t mono_us, uint64_t wall_ms) {
    now.mono_us = mono_us;
    now.wall_us = wall_ms * 1000;
}

void fake_clock_move_to(uint64_t mono_us) {
    CHECK(mono_us >= now.mono_us);
    now.wall_us += mono_us - now.mono_us;
    now.mono_us = mono_us;
}

void fake_clock_jump(int64_t ms) {
    now.wall_us += (uint64_t)(ms * 1000);
}
