/* What is new for somebody who asks. */
#include "core/rig.h"
#include "test/unit.h"

#define NEXT(...) CMD_OF(changes_next, __VA_ARGS__)
#define CONFIRM(position) CMD_OF(changes_confirm, .after = (position))

TEST(what_is_new_is_asked_of_the_store_and_answered_by_it) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    EQ(rig_do(rig, "bob", NEXT(.ref = STR_LIT("7"))), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "ask");
    const struct ask *ask = rig_ask(rig);
    EQ(ask->kind, ASK_CHANGES);
    EQ(ask->user.v, 2);
    OKAY(!ask->is_on);
    EQ(ask->after, 0);
    EQ(ask->limit, CHANGES_PAGE_MAX);
    STR_EQ(ask->ref, "7");
}

TEST(rooms_are_asked_for_too_and_only_what_is_after_a_position) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "ann", NEXT(.is_on = 1, .after = ID_MAX)), REFUSE_NONE);
    OKAY(rig_ask(rig)->is_on);
    EQ(rig_ask(rig)->after, ID_MAX);
    EQ(rig_do(rig, "ann", NEXT(.after = ID_MAX + 1)), REFUSE_malformed);
    STR_EQ(rig_detail(rig), "after: a position of the log, or 0");
}

TEST(what_has_come_is_kept_and_nobody_is_told) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "ann/2", "bob");
    EQ(rig_do(rig, "ann", CONFIRM(41)), REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply changes_confirmed");
    const struct event *ev = rig_event(rig, EV_changes_confirmed, 0);
    EQ(ev->user.v, 1);
    EQ(ev->position, 41);
    OKAY(event_is_kept(ev->type));
    OKAY(rig_reply(rig)->event == ev);    // so that the answer waits for the commit
    EQ(rig_heard(rig, "ann", EV_changes_confirmed), 0);
    EQ(rig_heard(rig, "ann/2", EV_changes_confirmed), 0);
    EQ(rig_heard(rig, "bob", EV_changes_confirmed), 0);
}

TEST(a_position_that_cannot_be_is_not_confirmed) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "ann", CONFIRM(ID_MAX)), REFUSE_NONE);
    EQ(rig_do(rig, "ann", CONFIRM(0)), REFUSE_malformed);
    STR_EQ(rig_detail(rig), "after: the position of the last change that came");
    EQ(rig_do(rig, "ann", CONFIRM(ID_MAX + 1)), REFUSE_malformed);
    OKAY(rig_event(rig, EV_changes_confirmed, 0) == NULL);
}

/* A client that opens a new connection for each question has no session. */
TEST(who_only_comes_to_ask_may) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob away");
    EQ(rig_do(rig, "nobody", NEXT(.caller = 2)), REFUSE_NONE);
    EQ(rig_ask(rig)->user.v, 2);
    EQ(rig_do(rig, "nobody", CMD_OF(changes_confirm, .caller = 2, .after = 3)), REFUSE_NONE);
    EQ(rig_event(rig, EV_changes_confirmed, 0)->user.v, 2);
    EQ(rig_do(rig, "nobody", NEXT(.user = 0)), REFUSE_unauthenticated);
}
