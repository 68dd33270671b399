/* How the tests write what is wrong with a command: its row and its argument, "missing content".
 *
 * Thread   any.
 * Memory   nothing is kept but one static line. */
#ifndef PARLOIR_DIALECT_TCHATATOR_NOTATION_H
#define PARLOIR_DIALECT_TCHATATOR_NOTATION_H

#include "core/batch.h"

/* The problem a malformed command carries; "" if it is fine. Static, until the next call. */
struct str tchatator_notation_of(const struct cmd *cmd);

/* The detail with which such a command is answered; it borrows the argument. What begins with no
 * row's name are words. */
struct detail tchatator_notation_read(const char *text);

#endif
