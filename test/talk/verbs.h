/* What can be said in the hub dialect, from its own table.
 *
 * Thread   any.   Memory   static. */
#ifndef PARLOIR_TALK_VERBS_H
#define PARLOIR_TALK_VERBS_H

#include "core/cmd.h"

/* The type of the n-th row of the decoder's table, NULL behind the last; and what it becomes. */
const char *hub_verb(unsigned n);
enum cmd_type hub_verb_cmd(unsigned n);

#endif
