/* How the tests write a problem: its row and its argument, "missing room".
 *
 * Thread   any.
 * Memory   nothing is kept but one static line. */
#ifndef PARLOIR_DIALECT_FRAME_NOTATION_H
#define PARLOIR_DIALECT_FRAME_NOTATION_H

#include "core/batch.h"

/* The problem a malformed command carries; "" if it is fine. Static, until the next call. */
struct str notation_of(const struct cmd *cmd);

/* The detail with which such a command is answered; it borrows the argument. What begins with no
 * row's name are words. */
struct detail notation_read(const char *text);

#endif
