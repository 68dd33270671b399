/* The proof that the player sees what is wrong: small scripts that must fail, and how.
 *
 * Thread   one.   Memory   nothing is kept. */
#ifndef PARLOIR_TALK_PROOF_H
#define PARLOIR_TALK_PROOF_H

#include "base/str.h"

/* Plays them; each is one test, told to `say`. */
void proof_run(void (*say)(void *ctx, const char *name, bool is_fine, struct str why), void *ctx);

#endif
