/* The table of authorization: every operation by every kind of caller, with the expected answer.
 *
 * Thread   one.   Memory   nothing is kept. */
#ifndef PARLOIR_TALK_AUTHORIZATION_H
#define PARLOIR_TALK_AUTHORIZATION_H

#include "base/str.h"

/* Runs every cell, and looks whether any operation has no row; each is one test, told to `say`. */
void authorization_run(void (*say)(void *ctx, const char *name, bool is_fine, struct str why),
                       void *ctx);

/* The same of the line protocol: authorization_lines.tbl.h. */
void authorization_run_lines(void (*say)(void *ctx, const char *name, bool is_fine, struct str why),
                             void *ctx);

#endif
