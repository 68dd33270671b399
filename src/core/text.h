/* What people type: is it blank, may it be a name, is it a mobile number.
 *
 * Thread   any.   Memory   borrows its input.
 * Text is valid UTF-8, proved at the door; on other bytes the answers mean nothing but are safe. */
#ifndef PARLOIR_CORE_TEXT_H
#define PARLOIR_CORE_TEXT_H

#include "base/str.h"

/* Whether there is nothing but white space (Unicode's), or nothing at all. */
bool text_is_blank(struct str s);

/* Whether s may name a user, a room or a token: 1 to chars_max characters of valid UTF-8, no white
 * space at either end, no control characters, and none that reorder the line they are shown in. */
bool text_is_name(struct str s, size_t chars_max);

/* Reads "+33612345678" (E.164: a plus and up to 15 digits, the first not 0) as a number. False: it
 * is none. */
bool mobile_read(struct str s, uint64_t *out);

#endif
