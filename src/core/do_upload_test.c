/* Files somebody sends: how often, and what the store is asked. */
#include "core/rig.h"
#include "test/unit.h"

#define BEGIN(n) CMD_OF(upload_begin, .bytes = (n))

static struct rig *rig_with(uint32_t per_minute) {
    struct rig *rig = rig_new("ann in general", "bob");
    rig->limits.uploads.per_minute = per_minute;
    rig->limits.upload_bytes_per_user = 10000;
    rig_take_limits(rig);
    return rig;
}

TEST(the_store_is_asked_for_room_before_a_file_comes) {
    SCOPED(rig_free) struct rig *rig = rig_with(0);
    EQ(rig_do(rig, "bob", BEGIN(700)), REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_upload_begun, 0);
    OKAY(ev->audience == AUD_NOBODY && event_is_kept(ev->type) && rig_reply(rig)->event == ev);
    EQ(ev->user.v, 2);
    EQ(ev->bytes, 700);
    EQ(ev->quota_bytes, 10000);
    EQ(rig_do(rig, "bob", BEGIN(ID_MAX + 1)), REFUSE_malformed);
    rig_writable(rig, false);
    EQ(rig_do(rig, "bob", BEGIN(700)), REFUSE_store_away);
}

TEST(uploads_of_a_minute_are_counted_and_messages_are_not) {
    SCOPED(rig_free) struct rig *rig = rig_with(2);
    rig->limits.content[DIALECT_hub].per_minute = 1;
    rig_take_limits(rig);
    EQ(rig_do(rig, "ann", BEGIN(1)), REFUSE_NONE);
    rig->now_ms += 10;
    EQ(rig_do(rig, "ann", SAY("general", "x")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", BEGIN(0)), REFUSE_NONE);
    EQ(rig_do(rig, "ann", BEGIN(1)), REFUSE_rate_limited);
    EQ(rig_reply(rig)->retry_after_ms, 60000 - 10);
    STR_EQ(rig_detail(rig), "2 per minute");
    EQ(rig_do(rig, "bob", BEGIN(1)), REFUSE_NONE);    // a limit of each user
    rig_close(rig, "ann");
    rig_open(rig, "ann");
    rig->now_ms += 60000 - 10 - 1;
    EQ(rig_do(rig, "ann", BEGIN(1)), REFUSE_rate_limited);
    EQ(rig_reply(rig)->retry_after_ms, 1);
    rig->now_ms += 1;
    EQ(rig_do(rig, "ann", BEGIN(1)), REFUSE_NONE);
    EQ(rig_do(rig, "ann", BEGIN(1)), REFUSE_rate_limited);
}

TEST(without_a_limit_nothing_is_counted) {
    SCOPED(rig_free) struct rig *rig = rig_with(0);
    for (unsigned i = 0; i < 1000; i++) {
        EQ(rig_do(rig, "ann", BEGIN(1)), REFUSE_NONE);
    }
}
