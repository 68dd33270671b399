/* The store under faults: a child commits through the sqlite driver with a shim preloaded, and
 * tells every commit that came back through a pipe; when it is dead, the parent opens the database
 * and compares.
 *
 *     parent ──fork, exec, LD_PRELOAD──> child ──commit──> store ──> shim ──> disk
 *        ^                                 │
 *        └──────────pipe: acknowledged─────┘          ... cut ... parent opens, compares
 *
 * Checked, by their names in the project's list of invariants:
 *   I1  each acknowledged message is stored exactly once, with its words, or a later edit's
 *   I3  (room, seq) is one message, and a room has no hole
 *   I6  the acknowledgement's id and seq are the stored ones
 * and besides: a batch is there whole or not at all, what somebody confirmed of the changes that
 * came stays confirmed and is nothing that was not there, and SQLite finds no damage.
 *
 *     store_crash DIRECTORY-OF-SHIMS [RUNS]     prints TAP
 *     store_crash --child DIR SEED              what the parent starts */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/rng.h"
#include "core/batch.h"
#include "store/sqlite.h"

#define ACK_FD 9
#define ROOMS 5
#define USERS 4
#define BATCHES 120    // of one child
#define BATCH_ROWS_MAX 40
#define TEXT_BYTES_MAX 1500
#define KEY_FULL UINT64_MAX               // no acknowledgement: id says how often there was no room
#define KEY_CONFIRMED (UINT64_MAX - 1)    // `room` is a user, who confirmed changes up to `id`
#define EXIT_STORE_DEAD 3                 // the child met ERR_IO and ended, as a server does

/* One acknowledgement. */
struct ack {
    uint64_t key;    // of the message: seed, batch, row
    uint64_t id;
    uint64_t seq;
    uint32_t room;
    uint32_t version;    // 0: posted; n: the n-th edit
};

/* ---- the child */

struct child {
    struct store *store;
    struct rng rng;
    uint64_t seed;
    struct ack *posted;    // what was acknowledged, to be edited or repeated
    size_t posted_count;
    uint64_t newest;        // the id of the last message acknowledged
    uint64_t full_count;    // commits that found no room
    char text[TEXT_BYTES_MAX + 128];
};

/* "key/version/new messages of the batch/" and filler, so that what is stored tells what it is. */
static struct str content_of(struct child *c, struct batch *b, const struct ack *ack,
                             unsigned fresh) {
    int n = snprintf(c->text, sizeof c->text, "%" PRIu64 "/%u/%u/", ack->key, ack->version, fresh);
    size_t filler = rng_below(&c->rng, 20) == 0 ? TEXT_BYTES_MAX : 40;
    memset(c->text + n, 'a' + (int)(ack->key % 26), filler);
    return batch_str(b, (struct str){ c->text, (size_t)n + filler });
}

static struct str client_id_of(struct batch *b, uint64_t key) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, key);
    return batch_str(b, str_of(text));
}

/* Commits until it is done or the store is dead; a full disk is waited out. */
static void commit(struct child *c, struct batch *b) {
    enum err err;
    while ((err = c->store->ops->commit(c->store, b)) == ERR_FULL || err == ERR_BUSY) {
        c->full_count += err == ERR_FULL;
        while (err == ERR_FULL && c->store->ops->probe(c->store) == ERR_FULL) {
        }
    }
    if (err != OK) {
        _exit(EXIT_STORE_DEAD);
    }
}

static void found(struct child *c) {
    struct batch *b = batch_new(1);
    for (uint64_t i = 1; i <= USERS; i++) {
        struct event *ev = batch_event(b, EV_user_created);
        ev->user.v = i;
        ev->username = client_id_of(b, i);
    }
    for (uint64_t i = 2; i <= ROOMS; i++) {
        struct event *ev = batch_event(b, EV_room_created);
        ev->room.v = i;
        ev->server = SERVER_LOBBY;
        ev->room_name = client_id_of(b, i);
    }
    commit(c, b);
    batch_unref(&b);
}

static void on_fact(void *ctx, const struct event *ev) {
    *(bool *)ctx |= ev->type == EV_user_created;
}

/* What a row is: mostly new messages, some repeats of acknowledged ones, some edits. */
enum row { ROW_NEW, ROW_REPEAT, ROW_EDIT };

static enum row draw_row(struct child *c) {
    uint64_t lot = rng_below(&c->rng, 10);
    return lot < 8 || c->posted_count == 0 ? ROW_NEW : lot == 8 ? ROW_REPEAT : ROW_EDIT;
}

static struct event *fill_row(struct child *c, struct batch *b, enum row row, struct ack *ack,
                              unsigned fresh) {
    if (row == ROW_NEW) {
        ack->room = (uint32_t)(1 + rng_below(&c->rng, ROOMS));
        ack->version = 0;
    } else {
        struct ack *old = &c->posted[rng_below(&c->rng, c->posted_count)];
        old->version += row == ROW_EDIT;
        *ack = *old;
    }
    struct event *ev = batch_event(b, row == ROW_EDIT ? EV_message_edited : EV_message_posted);
    ev->message.v = row == ROW_EDIT ? ack->id : 0;
    ev->room.v = ack->room;
    ev->user.v = 1 + ack->key % USERS;
    ev->content = content_of(c, b, ack, fresh);
    ev->client_id = row == ROW_EDIT ? STR_NONE : client_id_of(b, ack->key);
    return ev;
}

/* Somebody confirms what was acknowledged before. */
static struct ack confirm(struct child *c, struct batch *b, uint64_t number) {
    struct ack ack = { KEY_CONFIRMED, c->newest, 0, (uint32_t)(1 + number % USERS), 0 };
    struct event *ev = batch_event(b, EV_changes_confirmed);
    ev->user.v = ack.room;
    ev->position = ack.id;
    return ack;
}

static void commit_one(struct child *c, uint64_t number) {
    unsigned rows = 1 + (unsigned)rng_below(&c->rng, BATCH_ROWS_MAX);
    struct batch *b = batch_new(1000 + number);
    struct ack acks[BATCH_ROWS_MAX + 1];
    struct event *events[BATCH_ROWS_MAX];
    enum row kinds[BATCH_ROWS_MAX];
    unsigned fresh = 0;
    for (unsigned i = 0; i < rows; i++) {
        kinds[i] = draw_row(c);
        fresh += kinds[i] == ROW_NEW;
    }
    for (unsigned i = 0; i < rows; i++) {
        acks[i].key = (c->seed * BATCHES + number) * BATCH_ROWS_MAX + i;
        events[i] = fill_row(c, b, kinds[i], &acks[i], fresh);
    }
    acks[rows] = confirm(c, b, number);
    commit(c, b);
    for (unsigned i = 0; i < rows; i++) {
        CHECK(!events[i]->is_void && events[i]->is_repeat == (kinds[i] == ROW_REPEAT));
        acks[i].id = events[i]->message.v;
        acks[i].seq = events[i]->seq;
        if (kinds[i] == ROW_NEW) {
            c->posted[c->posted_count++] = acks[i];
            c->newest = acks[i].id;
        }
    }
    ssize_t bytes = (ssize_t)((rows + 1) * sizeof acks[0]);
    if (write(ACK_FD, acks, (size_t)bytes) != bytes) {
        _exit(EXIT_FAILURE);
    }
    batch_unref(&b);
}

static int child(const char *dir, uint64_t seed) {
    char url[PATH_MAX];
    struct buf why = BUF_INIT(1024);
    struct child c = { .seed = seed };
    bool is_founded = false;
    rng_seed(&c.rng, seed);
    c.posted = xalloc(BATCHES * BATCH_ROWS_MAX * sizeof *c.posted);
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, open("/dev/null", O_WRONLY | O_CLOEXEC));

    snprintf(url, sizeof url, "sqlite:%s/parloir.db", dir);
    if (store_open(str_of(url), &c.store, &why) != OK) {
        return EXIT_STORE_DEAD;
    }
    CHECK(c.store->ops->load(c.store, on_fact, &is_founded) == OK);
    if (!is_founded) {
        found(&c);
    }
    for (uint64_t i = 0; i < BATCHES; i++) {
        commit_one(&c, i);
    }
    c.store->ops->free(&c.store);
    struct ack full = { .key = KEY_FULL, .id = c.full_count };
    return write(ACK_FD, &full, sizeof full) == sizeof full ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the parent: starting children */

static const char *shims;    // the directory they are in
static const char *self;

struct fault {
    const char *shim;      // power, errors or slow
    const char *env[6];    // KEY=VALUE, to the first NULL
};

/* Everything that was acknowledged in one directory. */
struct acks {
    struct ack *p;
    size_t n;
    size_t cap;
    uint64_t full_count;
};

static void start(const struct fault *fault, const char *dir, uint64_t seed, int ack_fd) {
    char preload[3 * PATH_MAX], number[24], fault_dir[PATH_MAX];
    // The power shim comes last in any case: it spares the machine the real syncs.
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s/%s.so:%s/power.so", shims, fault->shim, shims);
    snprintf(number, sizeof number, "%" PRIu64, seed);
    snprintf(fault_dir, sizeof fault_dir, "FAULT_DIR=%s", dir);
    char *env[16] = { preload, fault_dir };
    for (size_t i = 0; i < COUNT(fault->env) && fault->env[i] != NULL; i++) {
        env[2 + i] = (char *)(uintptr_t)fault->env[i];
    }
    dup2(ack_fd, ACK_FD);
    char *args[] = { (char *)(uintptr_t)self, (char *)(uintptr_t) "--child", (char *)(uintptr_t)dir,
                     number, NULL };
    execve(self, args, env);
    _exit(127);
}

static void take_ack(struct acks *acks, const struct ack *ack) {
    if (ack->key == KEY_FULL) {
        acks->full_count += ack->id;
        return;
    }
    if (acks->n == acks->cap) {
        acks->cap = MAX(2 * acks->cap, 1024);
        acks->p = xrealloc(acks->p, acks->cap * sizeof *acks->p);
    }
    acks->p[acks->n++] = *ack;
}

static void read_acks(int fd, struct acks *acks) {
    struct ack ack;
    size_t have = 0;
    ssize_t n;
    while ((n = read(fd, (char *)&ack + have, sizeof ack - have)) > 0) {
        have += (size_t)n;
        if (have == sizeof ack) {
            take_ack(acks, &ack);
            have = 0;
        }
    }
}

/* Runs a child to its end, whatever that is; returns its wait status. */
static int run_child(const struct fault *fault, const char *dir, uint64_t seed, struct acks *acks) {
    int pipe_fds[2], status = 0;
    CHECK(pipe(pipe_fds) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        close(pipe_fds[0]);
        start(fault, dir, seed, pipe_fds[1]);
    }
    close(pipe_fds[1]);
    read_acks(pipe_fds[0], acks);
    close(pipe_fds[0]);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(!WIFEXITED(status) || WEXITSTATUS(status) != 127);
    return status;
}

/* ---- the parent: comparing */

struct stored {
    uint64_t id;
    uint64_t seq;
    uint32_t room;
    uint32_t version;
    uint32_t fresh;    // new messages of its batch
};

/* Reads every message; the same key twice is the store's fault. */
static bool read_stored(sqlite3 *db, struct map *by_key) {
    sqlite3_stmt *stmt = NULL;
    bool is_row,
        is_fine = sql_prepare(db, "SELECT id, seq, room_id, content FROM messages", &stmt) == OK;
    while (is_fine && (is_fine = sql_next(stmt, &is_row) == OK) && is_row) {
        struct stored *m = xzalloc(sizeof *m);
        uint64_t key = 0;
        m->id = sql_u64(stmt, 0);
        m->seq = sql_u64(stmt, 1);
        m->room = (uint32_t)sql_u64(stmt, 2);
        if (sscanf(sql_text(stmt, 3).p, "%" SCNu64 "/%u/%u/", &key, &m->version, &m->fresh) != 3) {
            fprintf(stderr, "message %" PRIu64 " has strange words\n", m->id);
            is_fine = false;
        }
        struct stored *twice = map_put(by_key, key, m);
        if (twice != NULL) {
            fprintf(stderr, "%" PRIu64 " is stored twice\n", key);
            xfree(twice);
            is_fine = false;
        }
    }
    sql_finalize(&stmt);
    return is_fine;
}

static bool is_acknowledged_right(const struct map *by_key, const struct ack *ack) {
    const struct stored *m = map_get(by_key, ack->key);
    if (m == NULL) {
        fprintf(stderr, "lost: message %" PRIu64 " (id %" PRIu64 ")\n", ack->key, ack->id);
        return false;
    }
    if (m->id != ack->id || m->seq != ack->seq || m->room != ack->room) {
        fprintf(stderr, "message %" PRIu64 " is not what was acknowledged\n", ack->key);
        return false;
    }
    if (m->version < ack->version) {
        fprintf(stderr, "lost: edit %u of message %" PRIu64 "\n", ack->version, ack->key);
        return false;
    }
    return true;
}

/* Of a batch, all new messages are there or none. `seed` is of the child that ran last: nobody has
 * edited its last batch, which is the one that may have been cut. */
static bool are_batches_whole(const struct map *by_key, uint64_t seed) {
    for (uint64_t batch = 0; batch < BATCHES; batch++) {
        uint64_t first = (seed * BATCHES + batch) * BATCH_ROWS_MAX;
        unsigned there = 0, fresh = 0;
        for (unsigned i = 0; i < BATCH_ROWS_MAX; i++) {
            const struct stored *m = map_get(by_key, first + i);
            there += m != NULL;
            fresh = m != NULL && m->version == 0 ? m->fresh : fresh;
        }
        if (there > 0 && fresh > 0 && there != fresh) {
            fprintf(stderr, "batch %" PRIu64 " is there in part: %u of %u\n", batch, there, fresh);
            return false;
        }
    }
    return true;
}

/* The last position of each user that was acknowledged is there, or a later one. */
static bool is_confirmed(sqlite3 *db, const struct acks *acks) {
    uint64_t want[USERS + 1] = { 0 };
    bool is_fine = true;
    for (size_t i = 0; i < acks->n; i++) {
        const struct ack *ack = &acks->p[i];
        if (ack->key == KEY_CONFIRMED) {
            want[ack->room] = MAX(want[ack->room], ack->id);
        }
    }
    for (uint64_t user = 1; user <= USERS; user++) {
        char sql[80];
        int64_t position = -1;
        snprintf(sql, sizeof sql, "SELECT position FROM cursors WHERE user_id = %" PRIu64, user);
        if (sql_number(db, sql, &position) != OK || (uint64_t)position < want[user]) {
            fprintf(stderr, "lost: what user %" PRIu64 " confirmed\n", user);
            is_fine = false;
        }
    }
    return is_fine;
}

static bool compare(const char *dir, const struct acks *acks, uint64_t seed) {
    char url[PATH_MAX];
    struct store *store = NULL;
    struct buf why = BUF_INIT(4096), report = BUF_INIT(65536);
    struct map by_key = { 0 };
    snprintf(url, sizeof url, "sqlite:%s/parloir.db", dir);
    if (store_open(str_of(url), &store, &why) != OK) {
        fprintf(stderr, "cannot be opened: %.*s\n", STR_FMT(buf_str(&why)));
        return false;
    }
    bool is_fine = store->ops->check(store, &report) == OK;
    if (!is_fine) {
        fprintf(stderr, "%.*s", STR_FMT(buf_str(&report)));
    }
    sqlite3 *db = CONTAINER_OF(store, struct sqlite_store, base)->db;
    is_fine = read_stored(db, &by_key) && is_fine;
    is_fine = is_fine && is_confirmed(db, acks);
    for (size_t i = 0; i < acks->n && is_fine; i++) {
        is_fine = acks->p[i].key == KEY_CONFIRMED || is_acknowledged_right(&by_key, &acks->p[i]);
    }
    is_fine = is_fine && are_batches_whole(&by_key, seed);
    store->ops->free(&store);
    return is_fine;    // the process ends now; its memory with it
}

/* Compares in a process of its own: a damaged database may end it. */
static bool is_right(const char *dir, const struct acks *acks, uint64_t seed, bool is_quiet) {
    int status;
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, is_quiet ? null : 2);
        if (is_quiet) {
            dup2(null, 2);
        }
        _exit(compare(dir, acks, seed) ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- the tests */

struct outcome {
    unsigned runs;
    unsigned wrong;     // runs in which something acknowledged was not there, or worse
    unsigned faulty;    // in which the fault came about
    size_t acks;
    uint64_t full_count;    // commits that found no room, then went through
    uint64_t seed;          // of the first wrong one
};

/* One directory: two children after each other, the second beginning with what the first left. */
static void run(const struct fault *fault, uint64_t seed, bool is_quiet, struct outcome *out) {
    char dir[] = "/tmp/parloir-crash-XXXXXX", command[64];
    struct acks acks = { 0 };
    bool is_wrong = false;
    CHECK(mkdtemp(dir) != NULL);
    for (uint64_t i = 0; i < 2 && !is_wrong; i++) {
        int status = run_child(fault, dir, 2 * seed + i, &acks);
        bool is_cut = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        bool is_dead = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_STORE_DEAD;
        bool is_done = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
        out->faulty += (is_cut || is_dead) && i == 0;
        is_wrong = !is_cut && !is_dead && !is_done;
        if (is_wrong && !is_quiet) {
            fprintf(stderr, "the child ended with status %x\n", (unsigned)status);
        }
        is_wrong = is_wrong || !is_right(dir, &acks, 2 * seed + i, is_quiet);
    }
    out->runs++;
    out->acks += acks.n;
    out->full_count += acks.full_count;
    out->seed = is_wrong && out->wrong == 0 ? seed : out->seed;
    out->wrong += is_wrong;
    xfree(acks.p);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    CHECK(system(command) == 0);
}

static unsigned test_number;
static unsigned failures;

static void report(bool is_ok, const char *sentence, const struct outcome *o) {
    printf("%sok %u - %s\n", is_ok ? "" : "not ", ++test_number, sentence);
    printf("# %u runs, %u ended by the fault, %zu acknowledgements, %" PRIu64 " times no room, "
           "%u wrong, the first with seed %" PRIu64 "\n",
           o->runs, o->faulty, o->acks, o->full_count, o->wrong, o->seed);
    fflush(stdout);
    failures += !is_ok;
}

/* Cuts the power at a random call, so many times. */
static struct outcome cut_power(unsigned runs, const char *keep, const char *sync, bool is_quiet) {
    struct outcome out = { 0 };
    struct rng rng;
    rng_seed(&rng, 4242);
    for (unsigned i = 0; i < runs; i++) {
        char at[48], seed[48], kept[48], synced[48];
        snprintf(at, sizeof at, "FAULT_CUT_AT=%" PRIu64, 1 + rng_below(&rng, 2500));
        snprintf(seed, sizeof seed, "FAULT_SEED=%u", i + 1);
        snprintf(kept, sizeof kept, "FAULT_KEEP=%s", keep);
        snprintf(synced, sizeof synced, "FAULT_SYNC=%s", sync);
        struct fault fault = { "power", { at, seed, kept, synced } };
        run(&fault, i + 1, is_quiet, &out);
    }
    return out;
}

static void test_power(unsigned runs) {
    struct outcome o = cut_power(runs, "torn", "full", false);
    report(o.wrong == 0 && o.faulty > runs / 2, "a power cut loses nothing acknowledged", &o);
    o = cut_power(runs / 4 + 1, "none", "full", false);
    report(o.wrong == 0 && o.faulty > 0, "nor one that loses everything not synced", &o);
    o = cut_power(runs / 4 + 1, "none", "off", true);
    report(o.wrong > 0, "synchronous=OFF is caught", &o);
    o = cut_power(runs / 4 + 1, "none", "normal", true);
    report(o.wrong > 0, "synchronous=NORMAL is caught", &o);
}

/* Fails the k-th call of a kind, `count` times. */
static struct outcome fail_calls(unsigned runs, const char *call, const char *number,
                                 const char *count, const char *partial) {
    struct outcome out = { 0 };
    struct rng rng;
    rng_seed(&rng, 77);
    for (unsigned i = 0; i < runs; i++) {
        char at[48];
        snprintf(at, sizeof at, "FAULT_AT=%" PRIu64,
                 1 + rng_below(&rng, strcmp(call, "FAULT_CALL=sync") == 0 ? 120 : 1500));
        struct fault fault = { "errors", { at, call, number, count, partial } };
        run(&fault, 1000 + i, false, &out);
    }
    return out;
}

static void test_errors(unsigned runs) {
    struct outcome o =
        fail_calls(runs, "FAULT_CALL=sync", "FAULT_ERRNO=EIO", "FAULT_COUNT=0", NULL);
    report(o.wrong == 0 && o.faulty > runs / 2, "a sync that fails ends the store, honestly", &o);
    o = fail_calls(runs, "FAULT_CALL=sync", "FAULT_ERRNO=ENOSPC", "FAULT_COUNT=1", NULL);
    report(o.wrong == 0 && o.faulty > runs / 2, "so does one that fails for want of room", &o);
    o = fail_calls(runs, "FAULT_CALL=write", "FAULT_ERRNO=EIO", "FAULT_COUNT=1", NULL);
    report(o.wrong == 0 && o.faulty > 0, "a write that fails ends the store, honestly", &o);
    o = fail_calls(runs, "FAULT_CALL=write", "FAULT_ERRNO=ENOSPC", "FAULT_COUNT=7", NULL);
    report(o.wrong == 0 && o.full_count >= runs, "a full disk is waited out", &o);
    o = fail_calls(runs, "FAULT_CALL=write", "FAULT_ERRNO=ENOSPC", "FAULT_COUNT=7",
                   "FAULT_PARTIAL=1");
    report(o.wrong == 0 && o.full_count >= runs, "also one that fills up in the middle of a write",
           &o);
}

static void test_slow(void) {
    struct outcome out = { 0 };
    uint64_t began = clock_mono_ms();
    struct fault fault = { "slow", { "FAULT_DELAY_MS=5" } };
    run(&fault, 5000, false, &out);
    uint64_t took_ms = clock_mono_ms() - began;
    report(out.wrong == 0 && took_ms > 2 * BATCHES * 5, "a slow disk makes slow commits", &out);
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "--child") == 0) {
        return child(argv[2], strtoull(argv[3], NULL, 10));
    }
    if (argc < 2) {
        fprintf(stderr, "usage: store_crash DIRECTORY-OF-SHIMS [RUNS]\n");
        return 2;
    }
    unsigned runs = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 100;
    static char path[PATH_MAX];
    CHECK(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    self = path;
    shims = argv[1];
    test_power(runs);
    test_errors(runs / 5 + 1);
    test_slow();
    printf("1..%u\n", test_number);
    return failures == 0 ? 0 : 1;
}
