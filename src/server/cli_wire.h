/* The wire to a running server: <data>/parloir.sock, lines out and lines in.
 *
 * Thread   the main thread; everything waits, for CLI_REPLY_MS at most.
 * Memory   owns the socket and what was read of it. A line lives until the next is read.
 * Bound    CLI_REPLY_BYTES_MAX for a line and what was read behind it. */
#ifndef PARLOIR_SERVER_CLI_WIRE_H
#define PARLOIR_SERVER_CLI_WIRE_H

#include "base/buf.h"
#include "base/err.h"
#include "server/cli.h"

#define CLI_REPLY_MS 60000    // how long a server may think

struct cli_wire {
    int fd;    // -1: closed
    struct buf in;
    size_t taken;    // of `in`, by lines that were given out
};

#define CLI_WIRE_INIT ((struct cli_wire){ .fd = -1, .in = BUF_INIT(CLI_REPLY_BYTES_MAX) })

/* Connects. ERR_CLOSED: nobody listens. ERR_IO: the socket cannot be used; `why` has a sentence. */
enum err cli_wire_open(struct cli_wire *wire, const struct config *config, struct buf *why)
    MUST_USE;

/* Sends bytes, all of them. ERR_IO: the server hung up. ERR_EXPIRED: it takes no more. `why` has a
 * sentence. */
enum err cli_wire_send(struct cli_wire *wire, struct str bytes, struct buf *why) MUST_USE;

/* Reads one line, without its newline. ERR_IO: the server hung up. ERR_EXPIRED: it does not answer.
 * ERR_TOO_BIG: the line is longer than we read. `why` has a sentence. */
enum err cli_wire_read(struct cli_wire *wire, struct str *line, struct buf *why) MUST_USE;

/* Closes it; twice is harmless. */
void cli_wire_fini(struct cli_wire *wire);

#endif
