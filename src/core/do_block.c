/* Blocks. */
#include "core/state.h"
#include "core/turn.h"

enum refusal do_block_add(struct turn *t) {
    (void)t;
    return REFUSE_forbidden;
}

enum refusal do_block_remove(struct turn *t) {
    (void)t;
    return REFUSE_forbidden;
}

enum refusal do_user_info(struct turn *t) {
    (void)t;
    return REFUSE_forbidden;
}
