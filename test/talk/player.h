/* The player: plays a script on a stage of its own and says where it first went otherwise.
 *
 * It is strict: what comes must be expected, in that order, and what is left over at the end is as
 * wrong as what is missing. Only the operator's answers need no line, as long as they say yes.
 *
 * Frames that one session sends on consecutive lines arrive together; before anybody else acts, the
 * server has done all it could.
 *
 * Thread   one.   Memory   nothing is kept. */
#ifndef PARLOIR_TALK_PLAYER_H
#define PARLOIR_TALK_PLAYER_H

#include "test/talk/script.h"

/* Whether it went as written. If not, `why` gets lines: where, what was expected, what came. */
bool play(const struct script *script, struct buf *why);

#endif
