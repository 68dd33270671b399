/* What may pass a held batch, and what may not. */
#include "server/held.h"

#include "core/batch.h"
#include "test/unit.h"

#define ANN 11    // a session, and the user in it
#define BOB 22

static void add_intake(struct batch *batch, struct cmd cmd) {
    struct intake *intake = intake_new(&cmd);
    intake->link.next = batch->intakes;
    batch->intakes = &intake->link;
}

static bool waits(const struct batch *batch, struct cmd cmd) {
    SCOPED(held_fini) struct held held;
    held_init(&held, batch);
    return held_must_wait(&held, &cmd);
}

TEST(whoever_is_in_the_batch_waits_and_others_do_not) {
    struct batch *batch = batch_new(1);
    add_intake(batch, (struct cmd){ .type = CMD_message_send, .session = { ANN } });
    batch_event(batch, EV_message_posted)->room.v = 1;
    OKAY(waits(batch, (struct cmd){ .type = CMD_ping, .session = { ANN } }));
    OKAY(!waits(batch, (struct cmd){ .type = CMD_ping, .session = { BOB } }));
    OKAY(!waits(batch, (struct cmd){ .type = CMD_room_join, .session = { BOB }, .room = 1 }));
    batch_unref(&batch);
}

TEST(what_writes_never_waits_since_it_is_refused) {
    struct batch *batch = batch_new(1);
    add_intake(batch, (struct cmd){ .type = CMD_message_send, .session = { ANN } });
    OKAY(!waits(batch, (struct cmd){ .type = CMD_message_send, .session = { ANN } }));
    batch_unref(&batch);
}

TEST(the_people_of_a_dm_wait_at_the_door) {
    struct batch *batch = batch_new(1);
    struct event *ev = batch_event(batch, EV_message_posted);
    ev->audience = AUD_SESSIONS;
    ev->user.v = ANN;
    ev->other.v = BOB;
    OKAY(waits(batch, (struct cmd){ .type = CMD_session_open, .session = { 1 }, .user = ANN }));
    OKAY(waits(batch, (struct cmd){ .type = CMD_session_open, .session = { 1 }, .user = BOB }));
    OKAY(!waits(batch, (struct cmd){ .type = CMD_session_open, .session = { 1 }, .user = 33 }));
    batch_unref(&batch);
}

TEST(a_room_that_is_not_committed_cannot_be_seen) {
    struct batch *batch = batch_new(1);
    struct event *ev = batch_event(batch, EV_room_created);
    ev->room.v = 7;
    ev->room_name = batch_str(batch, STR_LIT("new"));
    OKAY(waits(batch, (struct cmd){ .type = CMD_room_join, .room_name = STR_LIT("new") }));
    OKAY(waits(batch, (struct cmd){ .type = CMD_room_history, .room = 7 }));
    OKAY(!waits(batch, (struct cmd){ .type = CMD_room_join, .room_name = STR_LIT("old") }));
    batch_unref(&batch);
}

TEST(whoever_waits_keeps_the_order_of_their_commands) {
    struct batch *batch = batch_new(1);
    batch_event(batch, EV_room_created)->room.v = 7;
    SCOPED(held_fini) struct held held;
    held_init(&held, batch);
    struct cmd join = { .type = CMD_room_join, .session = { ANN }, .room = 7 };
    struct cmd ping = { .type = CMD_ping, .session = { ANN } };
    OKAY(!held_must_wait(&held, &ping));
    OKAY(held_must_wait(&held, &join));
    OKAY(held_must_wait(&held, &ping));
    ping.session.v = BOB;
    OKAY(!held_must_wait(&held, &ping));
    batch_unref(&batch);
}

TEST(a_user_who_is_not_committed_cannot_be_asked_about) {
    struct batch *batch = batch_new(1);
    batch_event(batch, EV_user_created)->user.v = 9;
    OKAY(waits(batch, (struct cmd){ .type = CMD_direct_history, .user = 9 }));
    OKAY(!waits(batch, (struct cmd){ .type = CMD_direct_history, .user = 8 }));
    batch_unref(&batch);
}
