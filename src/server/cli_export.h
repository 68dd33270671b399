/* The form that parloir export writes and parloir import reads; its lines are shown on top of
 * cli_export.c.
 *
 * Thread   the main thread.   Memory   nothing is kept. */
#ifndef PARLOIR_SERVER_CLI_EXPORT_H
#define PARLOIR_SERVER_CLI_EXPORT_H

#include "server/cli.h"

/* Grows when an older import would misread what is written; new members and types do not count. */
#define CLI_EXPORT_VERSION 1

#endif
