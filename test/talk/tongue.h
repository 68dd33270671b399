/* The lines of tchatator as a script has them: a command and an answer are JSON objects.
 *
 *     {"command":"SEND_MSG","recipient-id":2,"content":"x"}
 *     SEND_MSG⏎ token:…⏎ recipient-id:2⏎ content:x⏎ ⏎
 *
 *     200/OK⏎ message-id:7⏎
 *     {"status":"200/OK","message-id":7}
 *
 * Thread   one.   Memory   nothing is kept. */
#ifndef PARLOIR_TALK_TONGUE_H
#define PARLOIR_TALK_TONGUE_H

#include "base/buf.h"

/* Appends the lines of a command, and an empty one: it is whole. The token is added, as api-token
 * to LOGIN, unless the command has one or needs none (DISCONNECTED). A text that is no object is
 * sent as it is, "⏎" as a line feed. */
void tongue_put_command(struct buf *out, struct str message, struct str token);

/* Appends the answer at the front of what has come; returns its bytes. Values are numbers where
 * they look so, objects where they are, else texts. */
size_t tongue_put_answer(struct buf *out, struct str came);

#endif
