/* parloir-sim: the simulator. Prints TAP.
 *
 *     parloir-sim                             every planted bug, then PARLOIR_SIM_SEEDS seeds (200)
 *     parloir-sim --seed N [--verbose]        one seed, step by step if asked for
 *     parloir-sim --plant N [--seed N] [--verbose]    with planted bug N
 *
 * Every test runs in a child of its own, so that a CHECK that fails ends that test and not the
 * rest, and what a failed world leaves behind is nobody's. Groups of seeds run side by side, one on
 * each core; what they say is shown in their order. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "test/sim/plant.h"
#include "test/sim/world.h"

#define SEEDS_DEFAULT 200
#define GROUPS 10
#define PLANT_SEEDS 30    // a planted bug must be found within so many
#define REPLAY_SEEDS 6
#define FAILURES_MAX 3    // in a group; then it is given up

enum { EXIT_FINE = 0, EXIT_FOUND = 10 };

/* What children tell their parent. */
struct shared {
    uint64_t seed;    // being run
    uint64_t seen[SEEN_COUNT];
    char why[TRACE_WHY_BYTES];
};

/* What one run came to. */
struct outcome {
    uint64_t digest;
    uint64_t event_count;
    uint64_t commit_count;
    bool has_failed;
};

static struct outcome run_seed(struct shared *shared, uint64_t seed, const struct plant *plant,
                               bool is_loud) {
    struct plan plan = plan_of(seed);
    struct world *w = xalloc(sizeof *w);
    shared->seed = seed;
    world_init(w, &plan, plant, is_loud);
    world_run(w);
    struct outcome outcome = {
        .digest = w->host.net.digest,
        .event_count = w->event_count,
        .commit_count = w->truth.commit_count,
        .has_failed = trace_has_failed(&w->trace),
    };
    memcpy(shared->why, w->trace.why, sizeof shared->why);
    for (size_t i = 0; i < SEEN_COUNT && plant == NULL; i++) {
        shared->seen[i] += w->seen[i];
    }
    if (outcome.has_failed && (plant == NULL || is_loud)) {
        trace_print(&w->trace, seed);
    }
    if (!outcome.has_failed) {
        world_fini(w);
        xfree(w);
    }
    return outcome;
}

/* Runs a function in a child; returns its exit status, or -1 if it died of a signal. */
static int in_child(int (*run)(struct shared *shared, uint64_t a, uint64_t b),
                    struct shared *shared, uint64_t a, uint64_t b) {
    (void)fflush(stdout);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        int status = run(shared, a, b);
        (void)fflush(stdout);
        if (status != EXIT_FINE) {
            _exit(status);    // what a failed world has left is no leak
        }
        exit(status);
    }
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void say(bool is_ok, size_t number, const char *name) {
    printf("%sok %zu - %s\n", is_ok ? "" : "not ", number, name);
    (void)fflush(stdout);
}

/* ---- planted bugs */

static int find_plant(struct shared *shared, uint64_t plant, uint64_t seeds) {
    int nowhere = open("/dev/null", O_WRONLY);
    (void)dup2(nowhere, STDERR_FILENO);    // a CHECK that finds it has nothing to say
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        if (run_seed(shared, seed, plant_at(plant), false).has_failed) {
            return EXIT_FOUND;
        }
    }
    return EXIT_FINE;
}

static bool test_plant(struct shared *shared, size_t number, size_t plant) {
    char name[256];
    int status = in_child(find_plant, shared, plant, PLANT_SEEDS);
    bool is_found = status != EXIT_FINE;
    (void)snprintf(name, sizeof name, "planted: %s", plant_at(plant)->name);
    say(is_found, number, name);
    if (is_found) {
        printf("#   seed %" PRIu64 ", %s\n", shared->seed,
               status == EXIT_FOUND ? shared->why : "a CHECK of the product");
    }
    return is_found;
}

/* ---- seeds */

static int run_seeds(struct shared *shared, uint64_t from, uint64_t to) {
    for (uint64_t seed = from; seed < to; seed++) {
        if (run_seed(shared, seed, NULL, false).has_failed) {
            return EXIT_FOUND;
        }
    }
    return EXIT_FINE;
}

/* Seeds from..to-1, tested by a process of its own. */
struct group {
    struct shared *shared;    // borrowed, nobody else's
    FILE *said;
    pid_t pid;
    uint64_t from;
    uint64_t to;
};

static bool test_seeds(struct shared *shared, size_t number, uint64_t from, uint64_t to) {
    char name[64];
    unsigned failures = 0;
    for (uint64_t next = from; next < to && failures < FAILURES_MAX; next = shared->seed + 1) {
        shared->seed = next;
        int status = in_child(run_seeds, shared, next, to);
        if (status == EXIT_FINE) {
            break;
        }
        failures++;
        if (status != EXIT_FOUND) {
            printf("# seed %" PRIu64 " ended the program: parloir-sim --seed %" PRIu64 "\n",
                   shared->seed, shared->seed);
        }
    }
    (void)snprintf(name, sizeof name, "seeds %" PRIu64 " to %" PRIu64, from, to - 1);
    say(failures == 0, number, name);
    return failures == 0;
}

static void group_start(struct group *group, size_t number) {
    group->said = tmpfile();
    CHECK(group->said != NULL);
    (void)fflush(stdout);
    group->pid = fork();
    CHECK(group->pid >= 0);
    if (group->pid == 0) {
        CHECK(dup2(fileno(group->said), STDOUT_FILENO) >= 0);
        bool is_fine = test_seeds(group->shared, number, group->from, group->to);
        _exit(is_fine ? EXIT_SUCCESS : EXIT_FAILURE);
    }
}

/* Waits for it and shows what it said. */
static bool group_end(struct group *group) {
    int status = 0;
    int c;
    CHECK(waitpid(group->pid, &status, 0) == group->pid);
    rewind(group->said);
    while ((c = getc(group->said)) != EOF) {
        (void)putchar(c);
    }
    (void)fclose(group->said);
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* shared[i] becomes what group i has told. */
static bool test_groups(struct shared *shared, size_t number, uint64_t seeds) {
    struct group groups[GROUPS];
    size_t width = (size_t)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1);
    bool is_fine = true;
    for (size_t i = 0; i < GROUPS + width; i++) {
        if (i >= width && i - width < GROUPS) {
            is_fine &= group_end(&groups[i - width]);
        }
        if (i < GROUPS) {
            groups[i] = (struct group){ .shared = &shared[i],
                                        .from = 1 + seeds * i / GROUPS,
                                        .to = 1 + seeds * (i + 1) / GROUPS };
            group_start(&groups[i], number + i);
        }
    }
    return is_fine;
}

static int run_twice(struct shared *shared, uint64_t from, uint64_t to) {
    for (uint64_t seed = from; seed < to; seed++) {
        struct outcome a = run_seed(shared, seed, NULL, false);
        struct outcome b = run_seed(shared, seed, NULL, false);
        if (a.digest != b.digest || a.event_count != b.event_count ||
            a.commit_count != b.commit_count) {
            printf("# seed %" PRIu64 " is not the same run twice\n", seed);
            return EXIT_FOUND;
        }
    }
    return EXIT_FINE;
}

/* Whether everything in seen.tbl.h has happened, in one of the groups. */
static bool is_all_seen(const struct shared *shared) {
    static const char *const sentences[] = {
#define SEEN(name, sentence) sentence,
#include "test/sim/seen.tbl.h"
#undef SEEN
    };
    bool is_all = true;
    for (size_t i = 0; i < SEEN_COUNT; i++) {
        uint64_t times = 0;
        for (size_t group = 0; group < GROUPS; group++) {
            times += shared[group].seen[i];
        }
        if (times == 0) {
            printf("# never: %s\n", sentences[i]);
            is_all = false;
        }
    }
    return is_all;
}

/* ---- the program */

static int test_all(struct shared *shared, uint64_t seeds) {
    bool is_fine = true;
    size_t number = 0;
    bool is_many = seeds >= SEEDS_DEFAULT;
    printf("1..%zu\n", plant_count() + 1 + GROUPS + (is_many ? 1 : 0));
    for (size_t i = 0; i < plant_count(); i++) {
        is_fine &= test_plant(shared, ++number, i);
    }
    bool is_same = in_child(run_twice, shared, 1, 1 + MIN(seeds, REPLAY_SEEDS)) == EXIT_FINE;
    say(is_same, ++number, "the same seed is the same run");
    is_fine &= test_groups(shared, number + 1, seeds);
    number += GROUPS;
    if (is_many) {
        bool is_seen = is_all_seen(shared);
        say(is_seen, ++number, "the seeds reach all they should");
        is_fine &= is_seen;
    }
    return is_fine && is_same ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int test_one(struct shared *shared, uint64_t seed, const struct plant *plant, bool is_loud) {
    printf("1..1\n");
    struct outcome outcome = run_seed(shared, seed, plant, is_loud);
    printf("# %" PRIu64 " events, %" PRIu64 " commits, digest %" PRIx64 "\n", outcome.event_count,
           outcome.commit_count, outcome.digest);
    say(!outcome.has_failed, 1, "one seed");
    return outcome.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A whole number, or UINT64_MAX. */
static uint64_t number_of(const char *text) {
    uint64_t v = 0;
    return text != NULL && str_to_u64(str_of(text), &v) == OK ? v : UINT64_MAX;
}

int main(int argc, char **argv) {
    uint64_t seed = 0;
    const struct plant *plant = NULL;
    bool is_loud = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = number_of(argv[++i]);
        } else if (strcmp(argv[i], "--plant") == 0 && i + 1 < argc) {
            plant = plant_at(number_of(argv[++i]) - 1);
        } else if (strcmp(argv[i], "--verbose") == 0) {
            is_loud = true;
        } else {
            (void)fprintf(stderr, "parloir-sim [--seed N] [--plant N] [--verbose]\n");
            return 2;
        }
    }
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, STDERR_FILENO);
    struct shared *shared = mmap(NULL, GROUPS * sizeof *shared, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);    // one for each group
    CHECK(shared != MAP_FAILED);
    if (seed != 0 || plant != NULL) {
        return test_one(shared, MAX(seed, 1), plant, is_loud);
    }
    uint64_t seeds = number_of(getenv("PARLOIR_SIM_SEEDS"));
    return test_all(shared, seeds == UINT64_MAX ? SEEDS_DEFAULT : MAX(seeds, GROUPS));
}
