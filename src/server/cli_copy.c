/* parloir backup, parloir check: beside the running server or without one. Both only look. */
#include <errno.h>
#include <unistd.h>

#include "core/core.h"
#include "server/cli_ask.h"
#include "server/cli_uploads.h"
#include "server/restore.h"
#include "store/store.h"

/* Opens the configured store to look at it; says why not. */
static int look(const struct cli *cli, struct store **store) {
    SCOPED(buf_fini) struct buf why = BUF_INIT(CLI_LINE_BYTES_MAX);
    if (store_look(cli->config->store_url, store, &why) != OK) {
        return cli_fail("%.*s", STR_FMT(buf_str(&why)));
    }
    return CLI_DONE;
}

/* ---- backup */

static int say_backup(const struct cli *cli, enum err err) {
    const char *file = cli->args[0].p;
    if (err == ERR_EXISTS) {
        return cli_fail("%s is there already: name a file that is not", file);
    }
    if (err != OK) {
        return cli_fail("%s cannot be written: %s", file, err_text(err));
    }
    if (!cli->is_json) {
        cli_say("%s holds everything but the keys and uploads of %s.", file,
                cli->config->data_dir.p);
        return CLI_DONE;
    }
    SCOPED(buf_fini) struct buf line = BUF_INIT(CLI_LINE_BYTES_MAX);
    BUF_PUT_LIT(&line, "{\"file\":");
    json_put_text(&line, cli->args[0]);
    buf_put_char(&line, '}');
    cli_print_json(buf_str(&line));
    return CLI_DONE;
}

/* Whether a file could be made at `path`; says why not. The store would only say that it failed. */
static int check_place(const char *path) {
    SCOPED(buf_fini) struct buf dir = BUF_INIT(CLI_LINE_BYTES_MAX);
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    buf_put_str(&dir, n == 0 ? STR_LIT(".") : (struct str){ path, n });
    buf_put_char(&dir, '\0');
    return access(dir.p, W_OK | X_OK) == 0
               ? CLI_DONE
               : cli_fail("%s cannot be written: %s", path, strerror(errno));
}

static int backup(struct cli *cli) {
    struct store *store = NULL;
    if (look(cli, &store) != CLI_DONE) {
        return CLI_FAILED;
    }
    if (check_place(cli->args[0].p) != CLI_DONE) {
        store->ops->free(&store);
        return CLI_FAILED;
    }
    enum err err = store->ops->backup(store, cli->args[0].p);
    store->ops->free(&store);
    return say_backup(cli, err);
}

int cli_backup(int argc, char **argv) {
    static const struct cli_verb verbs[] = {
        { "", "FILE",
          "Copies the database into a new file, while the server runs or not. A server started on "
          "the copy knows that it is one: clients read again what they may have missed. The files "
          "people sent are not in it: copy <data>/uploads afterwards, and the keys once.",
          0, 1, backup },
    };
    static const struct cli_command command = { "backup", verbs, COUNT(verbs), NULL };
    return cli_run(&command, argc, argv);
}

/* ---- check */

static int check(struct cli *cli) {
    SCOPED(buf_fini) struct buf report = BUF_INIT(CLI_LINE_BYTES_MAX);
    struct store *store = NULL;
    if (look(cli, &store) != CLI_DONE) {
        return CLI_FAILED;
    }
    enum err err = store->ops->check(store, &report);
    if (err == OK) {
        SCOPED(core_free) struct core *core = core_new(&(struct core_limits){ 0 });
        err = restore(store, core, NULL, NULL, &report);
    }
    if (err == OK) {
        err = cli_check_uploads(cli->config, store, &report);
    }
    store->ops->free(&store);
    if (err != OK && err != ERR_PROTO) {
        return cli_fail("the store cannot be checked: %s", err_text(err));
    }
    return cli_report(cli, err == OK,
                      err == OK ? STR_LIT("No damage was found.") : str_trim(buf_str(&report)));
}

int cli_check(int argc, char **argv) {
    static const struct cli_verb verbs[] = {
        { "", "",
          "Looks for damage in the store, and whether the files of uploads are there; exits 1 if "
          "something is wrong, and says where.",
          0, 0, check },
    };
    static const struct cli_command command = { "check", verbs, COUNT(verbs), NULL };
    return cli_run(&command, argc, argv);
}
