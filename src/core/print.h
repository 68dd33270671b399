/* A batch as text, one line an item: for people, for the tests, and for the digest that a replay
 * compares.
 *
 * Thread   whoever has the batch.   Memory   appends to a buffer. */
#ifndef PARLOIR_CORE_PRINT_H
#define PARLOIR_CORE_PRINT_H

#include "base/buf.h"
#include "core/batch.h"

/* Append every item of a batch, or one, a newline after each. */
void batch_print(const struct batch *b, struct buf *out);
void item_print(const struct item *item, struct buf *out);

/* Appends an event's type and fields, without a newline. */
void event_print(const struct event *ev, struct buf *out);

/* 64 bits that differ when the printed text does (FNV-1a; no defence against forgery). */
uint64_t batch_digest(const struct batch *b);

#endif
