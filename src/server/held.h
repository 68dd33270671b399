/* What a held batch touches: while the store is away, whoever asks about that must wait.
 *
 * Nothing that is not committed may be seen. So a command waits if its session has something in the
 * batch, if it names somebody the batch makes, changes, bans or writes to, or a room the batch
 * makes or removes. Whatever its session asks next waits behind it, or its answers would come in
 * another order. A command that writes need not wait: it is refused.
 *
 * Thread   the core's. Reads of the batch only what the store, which has it, does not write.
 * Memory   borrows the batch, which must live until held_fini. */
#ifndef PARLOIR_SERVER_HELD_H
#define PARLOIR_SERVER_HELD_H

#include "base/map.h"

struct batch;
struct cmd;

struct held {
    struct map sessions;
    struct map users;
    struct map rooms;
    struct text_map room_names;
};

/* Takes down what the batch touches. */
void held_init(struct held *held, const struct batch *batch);
void held_fini(struct held *held);

/* Whether a command may not pass the batch. Asked once of each, in their order. */
bool held_must_wait(struct held *held, const struct cmd *cmd);

#endif
