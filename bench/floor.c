/* The floors' command line. See floor.h.
 *
 *     floor send     --members M --bytes B
 *     floor idle
 *     floor sync     --dir DIR --seconds S
 *     floor commits  --dir DIR --batch N --seconds S */
#include "bench/floor.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

static const struct {
    const char *name;
    void (*run)(const struct floor_options *opt);
} floors[] = {
    { "send", floor_send },
    { "idle", floor_idle },
    { "sync", floor_sync },
    { "commits", floor_commits },
};

void die(const char *what) {
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void usage(void) {
    fputs("usage: floor send|idle|sync|commits [--members M] [--bytes B] [--dir DIR]\n"
          "    [--batch N] [--seconds S]\n",
          stderr);
    exit(2);
}

static int number(const char *text) {
    int64_t v;
    if (str_to_i64(str_of(text), &v) != OK || v < 1 || v > INT32_MAX) {
        usage();
    }
    return (int)v;
}

static void read_options(int argc, char **argv, struct floor_options *opt) {
    static const struct option names[] = {
        { "members", 1, NULL, 'm' }, { "bytes", 1, NULL, 'b' },   { "dir", 1, NULL, 'd' },
        { "batch", 1, NULL, 'n' },   { "seconds", 1, NULL, 's' }, { NULL, 0, NULL, 0 },
    };
    int name;
    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (name) {
        case 'm': opt->members = number(optarg); break;
        case 'b': opt->bytes = number(optarg); break;
        case 'n': opt->batch = number(optarg); break;
        case 's': opt->seconds = strtod(optarg, NULL); break;
        case 'd': opt->dir = optarg; break;
        default: usage();
        }
    }
}

int main(int argc, char **argv) {
    struct floor_options opt = {
        .dir = ".", .members = 1000, .bytes = 400, .batch = 1, .seconds = 2
    };
    read_options(argc, argv, &opt);
    const char *name = optind < argc ? argv[optind] : "";
    for (size_t i = 0; i < COUNT(floors); i++) {
        if (strcmp(floors[i].name, name) == 0) {
            floors[i].run(&opt);
            return 0;
        }
    }
    usage();
}
