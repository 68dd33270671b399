/* Lines of `name=value` words: the form of tapes and of printed batches.
 *
 *     cmd type=message_send session=42 room_name=lobby content=hello\x20you
 *
 * A value has no white space, control character or backslash in it; those bytes are written \xHH,
 * and so is every byte over 127 of a value that is no UTF-8. What is empty or 0 is left out.
 *
 * Thread   any.   Memory   writers append to a buffer; readers borrow from the line or copy into an
 *          arena. */
#ifndef PARLOIR_CORE_LINE_H
#define PARLOIR_CORE_LINE_H

#include "base/arena.h"
#include "base/buf.h"

/* Append " name=value". */
void line_put_text(struct buf *b, const char *name, struct str value);
void line_put_number(struct buf *b, const char *name, uint64_t value);

/* Takes the next word off *rest and splits it at its first `=`; value.p is NULL if it has none.
 * False: there are no more words. */
bool line_next(struct str *rest, struct str *name, struct str *value);

/* The text a value stands for: borrowed if nothing is escaped, else in the arena.
 * ERR_PROTO: a backslash that is not followed by x and two hexadecimal digits. */
enum err line_text(struct arena *texts, struct str value, struct str *out) MUST_USE;

#endif
