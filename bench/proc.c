/* What another process has used, as the kernel counts it. */
#include <stdio.h>
#include <time.h>

#include "bench/load.h"

double proc_cpu_s(int pid) {
    clockid_t clock;
    struct timespec t;
    if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0) {
        return 0;
    }
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int64_t proc_rss_bytes(int pid) {
    char path[64];
    char line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "VmRSS: %ld kB", &kib) != 1) {
    }
    fclose(file);
    return (int64_t)kib * 1024;
}
