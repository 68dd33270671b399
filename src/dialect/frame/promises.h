/* The promises of the decoder (decode.c), checked on whatever a fuzzer made of a message.
 *
 * Thread   any.   Memory   nothing is kept. */
#ifndef PARLOIR_DIALECT_FRAME_PROMISES_H
#define PARLOIR_DIALECT_FRAME_PROMISES_H

#include "dialect/dialect.h"

/* Decodes the message as a worker would, every part of a batch, and CHECKs each command. */
void promises_check(const struct dialect *dialect, struct str message);

#endif
