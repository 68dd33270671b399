/* Floors: the least that a job can cost, for comparison.
 *
 * Thread   one.
 * Each is a program of its own within bench/floor. Those that serve print `ready PORT` and go on
 * until they are killed; the others print a line of JSON and end. */
#ifndef PARLOIR_BENCH_FLOOR_H
#define PARLOIR_BENCH_FLOOR_H

#include "base/base.h"

struct floor_options {
    const char *dir;    // where files are written, or the server's data
    int members;        // connections
    int bytes;          // of a frame, its header included
    int batch;          // rows of a transaction
    double seconds;
};

/* Ends the process: what failed, and errno. */
void die(const char *what) __attribute__((noreturn));

/* A loop that sends one frame to `members` sockets for each byte that comes on the first. */
void floor_send(const struct floor_options *opt);

/* libuv connections, accepted and read from; nothing is kept for them but uv_tcp_t. */
void floor_idle(const struct floor_options *opt);

/* How long one fdatasync takes after two pages were appended to a file in `dir`. */
void floor_sync(const struct floor_options *opt);

/* How many rows a second a bare loop writes into the messages of `dir`/parloir.db, `batch` to a
 * transaction, each transaction synced. Its server must have ended. */
void floor_commits(const struct floor_options *opt);

#endif
