/* The hub's decoder, compiled here as it is, so that its table can be read: a type that nobody
 * wrote a row for in the table of authorization is noticed the day it is added. */
#include <dialect/hub/decode.c>

#include "test/talk/verbs.h"

const char *hub_verb(unsigned n) {
    return n < COUNT(verbs) ? verbs[n].name : NULL;
}

enum cmd_type hub_verb_cmd(unsigned n) {
    CHECK(n < COUNT(verbs));
    return verbs[n].type;
}
