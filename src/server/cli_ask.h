/* Asking: one request in the operator's dialect, one reply, whoever gives it.
 *
 *     request ──> <data>/parloir.sock ──────────────────────────────> the running server
 *         └─ nobody listens there ──> the store's lock, and a core here
 *                                         └─ taken: from the start, for CLI_BUSY_MS
 *
 * Thread   the main thread.
 * Memory   a reply owns its text and what was parsed from it. */
#ifndef PARLOIR_SERVER_CLI_ASK_H
#define PARLOIR_SERVER_CLI_ASK_H

#include "core/cmd.h"
#include "server/cli.h"
#include "server/cli_out.h"

#define CLI_BUSY_MS 5000    // a server that starts or stops has the store, but listens to nobody

struct cli_reply {
    struct buf text;
    struct json_reader *reader;
    const struct json *root;    // borrowed from reader
};

#define CLI_REPLY_INIT ((struct cli_reply){ .text = BUF_INIT(CLI_REPLY_BYTES_MAX) })

/* Frees what the reply owns. */
void cli_reply_fini(struct cli_reply *reply);

/* Begin a request, add an operand, and end it; the texts are copied. */
void cli_request(struct buf *request, const char *cmd);
void cli_request_text(struct buf *request, const char *key, struct str value);
void cli_request_number(struct buf *request, const char *key, uint64_t value);

/* Ends the request, asks, and reads the reply. CLI_DONE: it was done, reply->root says what.
 * CLI_FAILED: it was refused or could not be asked; that has been said on standard error. */
int cli_ask(const struct cli *cli, struct buf *request, struct cli_reply *reply);

/* The same, but only of a running server. */
int cli_ask_server(const struct cli *cli, struct buf *request, struct cli_reply *reply);

/* The members of a reply that commands show. */
struct str cli_reply_text(const struct cli_reply *reply, const char *key);
uint64_t cli_reply_number(const struct cli_reply *reply, const char *key);

/* Makes the data directory, mode 0700, if it is not there. ERR_IO: it cannot be; `why` says so. */
enum err cli_make_data_dir(const struct config *config, struct buf *why) MUST_USE;

/* ---- what most verbs do: ask, and print what came, for people or as JSON (cli_reply.c) */

/* Prints `what` was done to cli->args[0]: "alice: erased". */
int cli_do(const struct cli *cli, struct buf *request, struct str what);

/* Prints the id that was given. */
int cli_do_id(const struct cli *cli, struct buf *request);

/* Prints every member of the reply, a line each. */
int cli_do_show(const struct cli *cli, struct buf *request);

/* Asks for a list of enum list_kind, of the user's if `username` is not empty, and prints it. */
int cli_do_list(const struct cli *cli, enum list_kind kind, struct str username,
                const struct cli_columns *columns);

/* The same, but at most `limit` rows (0: all), of a list that has the newest first. */
int cli_do_newest(const struct cli *cli, enum list_kind kind, struct str username, uint64_t limit,
                  const struct cli_columns *columns);

/* Prints what a reply says beside "ok" and "cmd", as one line of JSON, or a line a member. */
void cli_print_reply(const struct cli_reply *reply);
void cli_print_members(const struct cli_reply *reply);

/* Says how a check went and returns the exit status: on standard output if well, else on standard
 * error; as JSON on standard output. Newlines in `text` end lines. */
int cli_report(const struct cli *cli, bool is_ok, struct str text);

/* Waits a moment before the next try; false: it is past `until_ms` of clock_mono_ms. A server that
 * is just starting or stopping holds the store and listens to nobody yet: so does another command.
 * Both are soon over. */
bool cli_try_again(uint64_t until_ms);

/* ---- the two who may be asked */

/* ERR_CLOSED: nobody listens. ERR_IO: the server hung up or the socket cannot be used, ERR_EXPIRED:
 * it does not answer; `why` has a sentence. */
enum err cli_ask_socket(const struct config *config, struct str request, struct buf *reply,
                        struct buf *why) MUST_USE;

/* ERR_BUSY: another process has the store. Anything else: it cannot be used. `why` has a
 * sentence. */
enum err cli_ask_store(const struct config *config, struct str request, struct buf *reply,
                       struct buf *why) MUST_USE;

#endif
