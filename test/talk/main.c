/* parloir-talk: plays every script under test/talk and prints TAP.
 *
 *     parloir-talk                 proof, all scripts, the table of authorization
 *     parloir-talk FILE...         these scripts
 *
 * A script is one test. What went wrong stands in comments before its `not ok`: the line, what was
 * expected, what came. Run from the top of the repository. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "test/talk/authorization.h"
#include "test/talk/player.h"
#include "test/talk/proof.h"

#define FOLDER "test/talk"
#define SCRIPTS_MAX 1024
#define WHY_BYTES_MAX (1u << 20)

static struct {
    char *paths[SCRIPTS_MAX];
    size_t count;
} found;    // nftw has no context

static int on_file(const char *path, const struct stat *st, int type, struct FTW *at) {
    (void)st;
    (void)at;
    struct str name = str_of(path);
    if (type == FTW_F && str_ends(name, STR_LIT(".talk"))) {
        CHECK(found.count < SCRIPTS_MAX);
        found.paths[found.count++] = xstrndup(name.p, name.n);
    }
    return 0;
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- TAP */

struct tap {
    size_t count;
    size_t failed;
};

static void say(void *ctx, const char *name, bool is_fine, struct str why) {
    struct tap *tap = ctx;
    while (why.n > 0) {
        struct str line = str_cut(&why, '\n');
        printf("# %.*s\n", STR_FMT(line));
    }
    printf("%s %zu - %s\n", is_fine ? "ok" : "not ok", ++tap->count, name);
    tap->failed += !is_fine;
    (void)fflush(stdout);
}

static void play_file(struct tap *tap, const char *path) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(WHY_BYTES_MAX);
    SCOPED(script_free) struct script *script = NULL;
    bool is_fine = script_read(path, &script, &why) == OK && play(script, &why);
    say(tap, path, is_fine, buf_str(&why));
}

int main(int argc, char **argv) {
    struct tap tap = { 0 };
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, 2);
    for (int i = 1; i < argc; i++) {
        play_file(&tap, argv[i]);
    }
    if (argc == 1) {
        CHECK(nftw(FOLDER, on_file, 8, FTW_PHYS) == 0);
        qsort(found.paths, found.count, sizeof *found.paths, compare);
        proof_run(say, &tap);
        for (size_t i = 0; i < found.count; i++) {
            play_file(&tap, found.paths[i]);
            xfree(found.paths[i]);
        }
        authorization_run(say, &tap);
        authorization_run_lines(say, &tap);
    }
    printf("1..%zu\n", tap.count);
    return tap.failed == 0 ? 0 : 1;
}
