/* Files somebody sends: what the store is asked. */
#include "core/rig.h"
#include "test/unit.h"

#define BEGIN(n) CMD_OF(upload_begin, .bytes = (n))

static struct rig *rig_with_quota(void) {
    struct rig *rig = rig_new("ann in general", "bob");
    rig->limits.upload_bytes_per_user = 10000;
    rig_take_limits(rig);
    return rig;
}

TEST(the_store_is_asked_for_room_before_a_file_comes) {
    SCOPED(rig_free) struct rig *rig = rig_with_quota();
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
