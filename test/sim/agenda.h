/* The agenda: what is due when, in virtual microseconds. What is due at the same moment comes in an
 * order that is drawn.
 *
 * Thread   one.   Memory   owns its array; zeroed is empty. */
#ifndef PARLOIR_SIM_AGENDA_H
#define PARLOIR_SIM_AGENDA_H

#include "base/base.h"

enum due_kind {
    DUE_TURN,     // a worker's turn
    DUE_PART,     // a part of the ring
    DUE_UP,       // a client's bytes reach the server
    DUE_DOWN,     // the server's bytes reach a client
    DUE_ACT,      // a client does something
    DUE_FAULT,    // something goes wrong
    DUE_ALTER,    // a message is edited or deleted
    DUE_LOOK,     // bounds are looked at
    DUE_START     // the server starts again
};

struct due {
    uint64_t at_us;
    uint64_t tie;
    enum due_kind kind;
    uint32_t who;
    uint32_t link_no;    // of a client, or the server's generation: an old one means nothing
};

struct agenda {
    struct due *heap;
    size_t count;
    size_t cap;
};

/* Frees what is on it. */
void agenda_fini(struct agenda *a);

/* Adds one; takes out the first. false: there is none. */
void agenda_add(struct agenda *a, struct due due);
bool agenda_next(struct agenda *a, struct due *out);

#endif
