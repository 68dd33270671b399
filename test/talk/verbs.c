/* The hub's rows of the decoder's table: a type that nobody wrote a row for in the table of
 * authorization is noticed the day it is added. */
#include "test/talk/verbs.h"

#include "dialect/frame/frame.h"

/* The n-th of them, and what it becomes; NULL behind the last. */
static const char *nth(unsigned n, enum cmd_type *becomes) {
    enum dialect_id whose = DIALECT_COUNT;
    const char *name;
    for (unsigned i = 0; (name = frame_type(i, &whose, becomes)) != NULL; i++) {
        if (whose == DIALECT_hub && n-- == 0) {
            return name;
        }
    }
    return NULL;
}

const char *hub_verb(unsigned n) {
    enum cmd_type becomes;
    return nth(n, &becomes);
}

enum cmd_type hub_verb_cmd(unsigned n) {
    enum cmd_type becomes = CMD_COUNT;
    CHECK(nth(n, &becomes) != NULL);
    return becomes;
}
