/* Batches: a list of items in an arena, and the intakes it keeps alive.
 *
 *     batch ──owns──> arena ──holds──> item, item, item ... and their copied texts
 *       └───owns────> intakes            └──borrow──> the texts of those
 *
 * What a client sent is not copied a second time: an item borrows it from the intake, and the
 * batch frees its intakes only with itself. What belongs to the core (names, lists of sessions) may
 * change or go before the workers look, and is copied (batch_str). */
#include "core/batch.h"

struct batch *batch_new(uint64_t at_ms) {
    struct batch *b = xzalloc(sizeof *b);
    b->last = &b->first;
    b->at_ms = at_ms;
    atomic_init(&b->refs, 1);
    return b;
}

static void batch_free(struct batch *b) {
    while (b->intakes != NULL) {
        struct intake *i = CONTAINER_OF(b->intakes, struct intake, link);
        b->intakes = i->link.next;
        intake_free(&i);
    }
    arena_fini(&b->arena);
    xfree(b);
}

bool batch_unref(struct batch **b) {
    struct batch *batch = *b;
    *b = NULL;
    if (batch == NULL || atomic_fetch_sub_explicit(&batch->refs, 1, memory_order_acq_rel) != 1) {
        return false;
    }
    batch_free(batch);
    return true;
}

static struct item *append(struct batch *b, enum item_kind kind) {
    struct item *item = arena_zalloc(&b->arena, sizeof *item);
    item->kind = kind;
    *b->last = item;
    b->last = &item->next;
    return item;
}

/* Whose words the answer is in; the session's own dialect's for what is none. */
static enum dialect_id form_of(const struct cmd *cmd) {
    return cmd->form < DIALECT_COUNT ? (enum dialect_id)cmd->form : DIALECT_OPERATOR;
}

struct reply *batch_reply(struct batch *b, const struct cmd *cmd) {
    struct reply *r = &append(b, ITEM_REPLY)->reply;
    r->session = cmd->session;
    r->cmd = cmd->type;
    r->dialect = cmd->dialect;
    r->form = form_of(cmd);
    r->part = (uint32_t)cmd->part;
    r->ref = cmd->ref;
    r->at_ms = b->at_ms;
    return r;
}

struct event *batch_event(struct batch *b, enum event_type type) {
    struct event *ev = &append(b, ITEM_EVENT)->event;
    ev->type = type;
    ev->audience = event_audience(type);
    ev->at_ms = b->at_ms;
    b->kept_count += event_is_kept(type);
    return ev;
}

struct ask *batch_ask(struct batch *b, const struct cmd *cmd, enum ask_kind kind) {
    struct ask *ask = &append(b, ITEM_ASK)->ask;
    ask->kind = kind;
    ask->session = cmd->session;
    ask->dialect = cmd->dialect;
    ask->form = form_of(cmd);
    ask->part = (uint32_t)cmd->part;
    ask->ref = cmd->ref;
    ask->at_ms = b->at_ms;
    b->ask_count++;
    return ask;
}

struct str batch_str(struct batch *b, struct str s) {
    return arena_str(&b->arena, s);
}
