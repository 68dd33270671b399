/* What only an import says: facts of another place. */
#include "core/rig.h"

#include "core/state.h"
#include "test/unit.h"

#define FACT(text) CMD_OF(fact_add, .content = TEXT_OF("fact " text))

#define MESSAGE "type=message_posted at_ms=5000 "

TEST(a_user_comes_with_id_and_time) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "operator",
              FACT("type=user_created at_ms=1000 user=50 username=Pat\\x20Smith mobile=+336 role=1 "
                   "hash=h label=l is_on=1")),
       REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_user_created, 0);
    EQ(ev->user.v, 50);
    EQ(ev->at_ms, 1000);
    STR_EQ(ev->username, "Pat Smith");
    STR_EQ(ev->mobile, "+336");
    EQ(ev->role, ROLE_PRO);
    STR_EQ(ev->hash, "");    // what no import knows is not taken from one
    STR_EQ(ev->label, "");
    OKAY(!ev->is_on && rig_reply(rig)->event == ev);
    EQ(rig_reply(rig)->user.v, 50);
    EQ(rig_do(rig, "operator", CMD_OF(user_add, .username = STR_LIT("bob"))), REFUSE_NONE);
    EQ(rig_reply(rig)->user.v, 51);
    EQ(rig_enter(rig, "pat", CMD_OF(session_open, .user = 50)), REFUSE_NONE);
    EQ(rig_do(rig, "operator", FACT("type=user_created user=7 username=joe")), REFUSE_NONE);
    EQ(rig_event(rig, EV_user_created, 0)->at_ms, rig->now_ms);
}

TEST(an_erased_user_is_nobody_from_the_first) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    EQ(rig_do(rig, "operator", FACT("type=user_erased at_ms=1000 user=4 username=erased-4")),
       REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "user_created user_erased reply");
    EQ(rig_event(rig, EV_user_created, 0)->at_ms, 1000);
    EQ(rig_event(rig, EV_user_erased, 0)->at_ms, rig->now_ms);
    EQ(core_count(rig->core).users, 1);
    EQ(rig_enter(rig, "x", CMD_OF(session_open, .user = 4, .is_provisioned = 1)),
       REFUSE_unauthenticated);
    OKAY(rig_do(rig, "operator", FACT(MESSAGE "room=1 user=4 content=x")) == REFUSE_NONE);
}

TEST(rooms_come_with_ids_and_people_in_them) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob", "eve");
    EQ(rig_do(rig, "operator",
              FACT("type=room_created at_ms=1 room=9 user=1 room_name=cellar is_private=1")),
       REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_room_created, 0);
    EQ(ev->room.v, 9);
    EQ(ev->user.v, 0);
    EQ(ev->server.v, 1);
    OKAY(ev->is_private && ev->at_ms == 1 && rig_reply(rig)->event == ev);
    EQ(rig_do(rig, "operator", FACT("type=member_added room=9 user=2")), REFUSE_NONE);
    EQ(rig_do(rig, "bob", JOIN("cellar")), REFUSE_NONE);
    EQ(rig_do(rig, "eve", JOIN("cellar")), REFUSE_room_unknown);
    EQ(rig_do(rig, "operator", FACT("type=room_created room=7 room_kind=2 user=3 other=1")),
       REFUSE_NONE);
    EQ(rig_event(rig, EV_room_created, 0)->user.v, 1);
    EQ(rig_event(rig, EV_room_created, 0)->other.v, 3);
    EQ(rig_do(rig, "eve", DM(1, "x")), REFUSE_NONE);
    EQ(rig_reply(rig)->room.v, 7);
    EQ(rig_do(rig, "operator", CMD_OF(room_add, .room_name = STR_LIT("attic"))), REFUSE_NONE);
    EQ(rig_reply(rig)->room.v, 10);
}

TEST(a_room_comes_with_what_it_keeps) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general");
    EQ(rig_do(rig, "operator", FACT("type=room_kept room=1 is_on=1 messages=9 bytes=8 age_ms=7")),
       REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_room_kept, 0);
    EQ(ev->room.v, 1);
    OKAY(ev->is_on && ev->messages == 9 && ev->bytes == 8 && ev->age_ms == 7);
    EQ(ev->audience, AUD_NOBODY);
    EQ(rig_do(rig, "operator", FACT("type=room_kept room=1 messages=9")), REFUSE_NONE);
    ev = rig_event(rig, EV_room_kept, 0);    // as configured
    OKAY(!ev->is_on && ev->messages == 0);
}

TEST(nobody_hears_what_was_said_elsewhere_and_it_counts_for_no_limit) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob in general");
    rig->limits.content[DIALECT_hub].per_minute = 1;
    rig_take_limits(rig);
    rig_do(rig, "ann", LEAVE("general"));
    rig_deaf(rig);
    for (unsigned i = 0; i < 3; i++) {
        EQ(rig_do(rig, "operator", FACT(MESSAGE "room=1 user=1 client_id=c content=a\\x20b")),
           REFUSE_NONE);
        STR_EQ(str_of(rig_order(rig)), "reply message_posted");
        const struct event *ev = rig_event(rig, EV_message_posted, 0);
        EQ(ev->audience, AUD_NOBODY);
        EQ(ev->at_ms, 5000);
        STR_EQ(ev->content, "a b");
        STR_EQ(ev->client_id, "c");
        STR_EQ(ev->username, "ann");
        STR_EQ(ev->room_name, "general");
    }
    EQ(rig_heard(rig, "ann", EV_message_posted), 0);
    EQ(rig_heard(rig, "bob", EV_message_posted), 0);
    EQ(rig_heard(rig, "bob", EV_room_entered), 0);
    EQ(rig_do(rig, "ann", SAY("general", "now")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", DM(2, "psst")), REFUSE_rate_limited);
}

TEST(a_message_of_a_dm_knows_the_other) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob", "eve");
    EQ(rig_do(rig, "ann", DM(2, "x")), REFUSE_NONE);
    rig_deaf(rig);
    EQ(rig_do(rig, "operator", FACT(MESSAGE "room=3 user=2 content=x")), REFUSE_NONE);
    EQ(rig_event(rig, EV_message_posted, 0)->other.v, 1);
    EQ(rig_event(rig, EV_message_posted, 0)->audience, AUD_NOBODY);
    EQ(rig_heard(rig, "ann", EV_message_posted), 0);
    EQ(rig_do(rig, "operator", FACT(MESSAGE "room=3 user=3 content=x")), REFUSE_forbidden);
}

TEST(a_message_from_elsewhere_fits_what_a_limit_can_be) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    SCOPED(buf_fini) struct buf line = BUF_INIT(8 * MESSAGE_CHARS_MAX);
    buf_printf(&line, "fact " MESSAGE "room=1 user=1 content=");
    for (size_t i = 0; i < MESSAGE_CHARS_MAX; i++) {
        BUF_PUT_LIT(&line, "é");
    }
    rig->limits.message_chars = 10;
    EQ(rig_do(rig, "operator", CMD_OF(fact_add, .content = buf_str(&line))), REFUSE_NONE);
    BUF_PUT_LIT(&line, "é");
    EQ(rig_do(rig, "operator", CMD_OF(fact_add, .content = buf_str(&line))), REFUSE_too_long);
}

#define PICTURE "type=message_posted at_ms=5000 room=1 user=1 message_type=1 "

TEST(a_message_comes_with_all_it_is_made_of) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob in general", "eve");
    rig_deaf(rig);
    EQ(rig_do(rig, "operator",
              FACT("type=message_posted at_ms=5000 room=1 user=1 message_type=2 reply_to=7 "
                   "media_url=/uploads/audio/a.mp3 media_type=audio/mpeg duration_ms=1500 "
                   "mentions=2,3 client_id=c message=99 seq=99 other=2 is_repeat=1")),
       REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_message_posted, 0);
    EQ(ev->message_type, MESSAGE_AUDIO);
    EQ(ev->reply_to.v, 7);
    EQ(ev->duration_ms, 1500);
    STR_EQ(ev->media_url, "/uploads/audio/a.mp3");
    STR_EQ(ev->media_type, "audio/mpeg");
    STR_EQ(ev->mentions, "2,3");
    STR_EQ(ev->content, "");
    EQ(ev->message.v + ev->seq + ev->other.v, 0);    // the store's to give, or nobody's
    OKAY(!ev->is_repeat && ev->audience == AUD_NOBODY && ev->session_count == 0);
    EQ(rig_heard(rig, "bob", EV_message_posted), 0);
    EQ(rig_do(rig, "operator", FACT(PICTURE "media_url=https://a/b mentions=03,2,")), REFUSE_NONE);
    STR_EQ(rig_event(rig, EV_message_posted, 0)->mentions, "3,2");    // as dialects print it
    EQ(rig_do(rig, "operator", FACT(MESSAGE "room=1 user=1 content=x message_type=5")),
       REFUSE_NONE);
    EQ(rig_event(rig, EV_message_posted, 0)->message_type, MESSAGE_SYSTEM);
}

TEST(a_reaction_from_elsewhere_is_put_there_and_never_taken_back) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    for (unsigned i = 0; i < 3; i++) {
        EQ(rig_do(rig, "operator",
                  FACT(MESSAGE "room=1 user=1 message_type=4 content=\xf0\x9f\x91\x8d "
                               "reply_to=7 reaction=2")),
           REFUSE_NONE);
        const struct event *ev = rig_event(rig, EV_message_posted, 0);
        EQ(ev->reaction, REACTION_ADD);
        EQ(ev->reply_to.v, 7);
        OKAY(rig_reply(rig)->event == ev);
    }
}

TEST(an_edit_from_elsewhere_is_its_authors_and_told_to_nobody) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob in general");
    rig_deaf(rig);
    EQ(rig_do(rig, "operator",
              FACT("type=message_edited at_ms=3 room=1 user=1 message=5 content=new mentions=2 "
                   "is_moderator=1")),
       REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_message_edited, 0);
    EQ(ev->message.v, 5);
    EQ(ev->at_ms, 3);
    STR_EQ(ev->content, "new");
    STR_EQ(ev->mentions, "2");
    OKAY(!ev->is_moderator && ev->audience == AUD_NOBODY && rig_reply(rig)->event == ev);
    EQ(rig_heard(rig, "ann", EV_message_edited) + rig_heard(rig, "bob", EV_message_edited), 0);
}

TEST(a_mark_from_elsewhere_says_how_far_and_is_told_to_nobody) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann in general", "bob in general", "eve");
    rig_deaf(rig);
    EQ(rig_do(rig, "operator", FACT("type=read_changed room=1 user=2 message=5 seq=9")),
       REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_read_changed, 0);
    EQ(ev->message.v, 5);
    EQ(ev->seq, 0);
    EQ(ev->at_ms, rig->now_ms);
    OKAY(ev->audience == AUD_NOBODY && rig_reply(rig)->event == ev);
    EQ(rig_heard(rig, "ann", EV_read_changed) + rig_heard(rig, "bob", EV_read_changed), 0);
    EQ(rig_do(rig, "ann", DM(2, "x")), REFUSE_NONE);
    EQ(rig_do(rig, "operator", FACT("type=read_changed at_ms=3 room=3 user=2 message=5")),
       REFUSE_NONE);
    EQ(rig_event(rig, EV_read_changed, 0)->other.v, 1);
    EQ(rig_event(rig, EV_read_changed, 0)->at_ms, 3);
    EQ(rig_do(rig, "operator", FACT("type=read_changed room=3 user=3 message=5")),
       REFUSE_forbidden);
}

TEST(how_far_changes_have_come_is_told_to_nobody) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    rig_deaf(rig);
    EQ(rig_do(rig, "operator", FACT("type=changes_confirmed user=2 position=5")), REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_changes_confirmed, 0);
    EQ(ev->user.v, 2);
    EQ(ev->position, 5);
    OKAY(ev->audience == AUD_NOBODY && rig_reply(rig)->event == ev);
}

TEST(an_upload_from_elsewhere_keeps_its_name_and_meets_no_quota) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann");
    rig->limits.upload_bytes_per_user = 10;
    rig_take_limits(rig);
    EQ(rig_do(rig, "operator",
              FACT("type=upload_added at_ms=3 user=1 label=images/a.png media_type=image/png "
                   "bytes=11 quota_bytes=5")),
       REFUSE_NONE);
    const struct event *ev = rig_event(rig, EV_upload_added, 0);
    EQ(ev->user.v, 1);
    EQ(ev->at_ms, 3);
    EQ(ev->bytes, 11);
    EQ(ev->quota_bytes, 0);
    STR_EQ(ev->label, "images/a.png");
    STR_EQ(ev->media_type, "image/png");
    OKAY(rig_reply(rig)->event == ev);
}

TEST(a_block_from_elsewhere_holds_to_its_end) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    EQ(rig_do(rig, "operator", FACT("type=block_set user=1 other=2 until_ms=1")), REFUSE_NONE);
    EQ(rig_do(rig, "ann", DM(2, "x")), REFUSE_NONE);
    EQ(rig_do(rig, "operator", FACT("type=block_set user=1 other=2 until_ms=9007199254740991")),
       REFUSE_NONE);
    EQ(rig_event(rig, EV_block_set, 0)->other.v, 2);
    EQ(rig_do(rig, "ann", DM(2, "x")), REFUSE_blocked);
    EQ(rig_do(rig, "operator", FACT("type=block_set user=2 until_ms=9007199254740991")),
       REFUSE_NONE);
    EQ(rig_do(rig, "bob", SAY("general", "x")), REFUSE_blocked);
}

TEST(what_was_decided_elsewhere_is_noted_and_decides_nothing) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    EQ(rig_do(rig, "operator",
              FACT("type=decision_noted at_ms=5 label=ban_set user=1 actor=2 room=1 until_ms=0")),
       REFUSE_NONE);
    STR_EQ(str_of(rig_order(rig)), "reply decision_noted");
    const struct event *ev = rig_event(rig, EV_decision_noted, 0);
    EQ(ev->at_ms, 5);
    EQ(ev->user.v, 1);
    EQ(ev->actor.v, 2);
    EQ(ev->room.v, 1);
    STR_EQ(ev->label, "ban_set");
    OKAY(rig_reply(rig)->event == ev);
    EQ(rig_do(rig, "ann", PING), REFUSE_NONE);
}

TEST(a_ban_from_elsewhere_ends_sessions_if_it_holds) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann", "bob");
    EQ(rig_do(rig, "operator", FACT("type=ban_set user=1 until_ms=1")), REFUSE_NONE);
    EQ(rig_heard(rig, "ann", EV_session_ended), 0);
    EQ(rig_do(rig, "ann", PING), REFUSE_NONE);
    EQ(rig_do(rig, "operator", FACT("type=ban_set user=1")), REFUSE_NONE);
    EQ(rig_heard(rig, "ann", EV_session_ended), 1);
    EQ(rig_heard(rig, "bob", EV_session_ended), 0);
    EQ(rig_do(rig, "ann", PING), REFUSE_banned);
}

/* The world in which the facts below cannot be: ann (1), bob (2, erased), eve (3, in secret), a dm
 * of ann and eve (3), and a room that was removed (4). */
static struct rig *world(void) {
    struct rig *rig = rig_new("ann", "bob", "eve member of secret");
    CHECK(rig_do(rig, "ann", DM(3, "x")) == REFUSE_NONE);
    CHECK(rig_do(rig, "operator", ERASE("bob")) == REFUSE_NONE);
    CHECK(rig_do(rig, "operator", CMD_OF(room_add, .room_name = STR_LIT("old"))) == REFUSE_NONE);
    CHECK(rig_do(rig, "operator", CMD_OF(room_remove, .room_name = STR_LIT("old"))) == REFUSE_NONE);
    CHECK(rig_do(rig, "operator",
                 CMD_OF(user_add, .username = STR_LIT("pat"), .mobile = STR_LIT("+336"))) ==
          REFUSE_NONE);
    return rig;
}

#define UPLOAD "fact type=upload_added user=1 "
#define LONG_ID "0123456789012345678901234567890123456789012345678901234567890123x"

static const struct {
    const char *fact;
    enum refusal refusal;
    const char *detail;    // a part of it
} contradictions[] = {
    { "", REFUSE_malformed, "content" },
    { "nonsense", REFUSE_malformed, "content" },
    { "cmd type=ping", REFUSE_malformed, "content" },
    { "fact type=nonsense", REFUSE_malformed, "content" },
    { "fact type=user_created user=x", REFUSE_malformed, "content" },
    { "fact type=user_created username=\\x", REFUSE_malformed, "content" },
    { "fact type=room_removed room=1", REFUSE_malformed, "room_removed" },
    { "fact type=token_added user=1 label=x", REFUSE_malformed, "token_added" },
    { "fact type=typing_changed room=1 user=1", REFUSE_malformed, "typing_changed" },
    { "fact type=user_created username=x", REFUSE_malformed, "user" },
    { "fact type=user_created user=9007199254740992 username=x", REFUSE_malformed, "user" },
    { "fact type=user_created user=1 username=x", REFUSE_exists, "user 1 is \"ann\"" },
    { "fact type=user_created user=2 username=x", REFUSE_exists, "erased-2" },
    { "fact type=user_created user=9", REFUSE_malformed, "username" },
    { "fact type=user_created user=9 username=\\xff", REFUSE_malformed, "username" },
    { "fact type=user_created user=9 username=erased-9", REFUSE_malformed, "username" },
    { "fact type=user_created user=9 username=ANN", REFUSE_exists, "username" },
    { "fact type=user_created user=9 username=x mobile=12", REFUSE_malformed, "mobile" },
    { "fact type=user_created user=9 username=x mobile=+336", REFUSE_exists, "mobile" },
    { "fact type=user_created user=9 username=x role=3", REFUSE_malformed, "content" },
    { "fact type=user_created at_ms=9007199254740992 user=9 username=x", REFUSE_malformed,
      "at_ms" },
    { "fact type=user_erased user=1 username=erased-1", REFUSE_exists, "ann" },
    { "fact type=user_erased user=2 username=erased-2", REFUSE_exists, "erased-2" },
    { "fact type=user_erased user=9 username=gone", REFUSE_malformed, "erased-..." },
    { "fact type=user_erased user=9 username=erased-\\xff", REFUSE_malformed, "erased-..." },
    { "fact type=user_erased user=9 username=erased-2", REFUSE_exists, "username" },
    { "fact type=ban_set user=9", REFUSE_user_unknown, "" },
    { "fact type=block_set user=9 other=1 until_ms=5", REFUSE_user_unknown, "" },
    { "fact type=block_set user=1 other=9 until_ms=5", REFUSE_user_unknown, "" },
    { "fact type=block_set user=1 other=2 until_ms=5", REFUSE_user_unknown, "" },
    { "fact type=block_set user=1 other=1 until_ms=5", REFUSE_malformed, "other" },
    { "fact type=block_set user=1", REFUSE_malformed, "other" },
    { "fact type=block_set user=1 until_ms=9007199254740992", REFUSE_malformed, "other" },
    { "fact type=decision_noted at_ms=5 label=ban_set user=9", REFUSE_user_unknown, "" },
    { "fact type=decision_noted at_ms=5 label=ban_set user=1 actor=9", REFUSE_user_unknown, "" },
    { "fact type=decision_noted at_ms=5 label=ban_set other=9", REFUSE_user_unknown, "" },
    { "fact type=decision_noted at_ms=5 label=ban_set room=9", REFUSE_room_unknown, "" },
    { "fact type=decision_noted at_ms=5 label=message_posted user=1", REFUSE_malformed, "label" },
    { "fact type=decision_noted at_ms=5 label=ban_set content=\\x0a", REFUSE_malformed, "content" },
    { "fact type=decision_noted label=ban_set user=1", REFUSE_malformed, "at_ms" },
    { "fact type=decision_noted at_ms=5 label=ban_set until_ms=9007199254740992", REFUSE_malformed,
      "at_ms" },
    { "fact type=ban_set user=2", REFUSE_user_unknown, "" },
    { "fact type=ban_set user=1 until_ms=9007199254740992", REFUSE_malformed, "until_ms" },
    { "fact type=room_created room_name=x", REFUSE_malformed, "room" },
    { "fact type=room_created room=9007199254740992 room_name=x", REFUSE_malformed, "room" },
    { "fact type=room_created room=1 room_name=x", REFUSE_exists, "room 1" },
    { "fact type=room_created room=4 room_name=x", REFUSE_exists, "room 4" },
    { "fact type=room_created room=9", REFUSE_malformed, "room" },
    { "fact type=room_created room=9 room_name=\\xff", REFUSE_malformed, "room" },
    { "fact type=room_created room=9 room_name=general", REFUSE_exists, "room" },
    { "fact type=room_created room=9 room_kind=1 room_name=x", REFUSE_malformed, "room_kind" },
    { "fact type=room_created room=9 room_kind=2 user=1", REFUSE_user_unknown, "" },
    { "fact type=room_created room=9 room_kind=2 other=1", REFUSE_user_unknown, "" },
    { "fact type=room_created room=9 room_kind=2 user=3 other=1", REFUSE_exists, "dm" },
    { "fact type=room_created room=3 room_kind=2 user=1 other=1", REFUSE_exists, "room 3" },
    { "fact type=room_kept room=9 is_on=1", REFUSE_room_unknown, "" },
    { "fact type=room_kept room=3 is_on=1", REFUSE_room_unknown, "" },
    { "fact type=room_kept room=1 is_on=1 bytes=9007199254740992", REFUSE_malformed, "bytes" },
    { "fact type=member_added room=9 user=1", REFUSE_room_unknown, "" },
    { "fact type=member_added room=4 user=1", REFUSE_room_unknown, "" },
    { "fact type=member_added room=3 user=1", REFUSE_room_unknown, "" },
    { "fact type=member_added room=2 user=9", REFUSE_user_unknown, "" },
    { "fact type=member_added room=2 user=2", REFUSE_user_unknown, "" },
    { "fact type=member_added room=2 user=3", REFUSE_exists, "member" },
    { "fact " MESSAGE "room=9 user=1 content=x", REFUSE_room_unknown, "" },
    { "fact " MESSAGE "room=4 user=1 content=x", REFUSE_room_unknown, "" },
    { "fact " MESSAGE "room=1 user=9 content=x", REFUSE_user_unknown, "" },
    { "fact " MESSAGE "room=3 user=2 content=x", REFUSE_forbidden, "dm" },
    { "fact " MESSAGE "room=1 user=1", REFUSE_malformed, "content" },
    { "fact " MESSAGE "room=1 user=1 content=\\xff", REFUSE_malformed, "content" },
    { "fact " MESSAGE "room=1 user=1 content=a\\x00b", REFUSE_malformed, "content" },
    { "fact " MESSAGE "room=1 user=1 content=x client_id=" LONG_ID, REFUSE_malformed, "client_id" },
    { "fact " MESSAGE "room=1 user=1 content=x client_id=\\xff", REFUSE_malformed, "client_id" },
    { "fact type=message_posted room=1 user=1 content=x", REFUSE_malformed, "at_ms" },
    { "fact " MESSAGE "room=1 user=1 content=x message_type=7", REFUSE_malformed, "content" },
    { "fact " MESSAGE "room=1 user=1 content=x media_url=https://a/b", REFUSE_malformed,
      "media_url" },
    { "fact " MESSAGE "room=1 user=1 content=x duration_ms=1", REFUSE_malformed, "media_url" },
    { "fact " MESSAGE "room=1 user=1 content=x reply_to=9007199254740992", REFUSE_message_unknown,
      "" },
    { "fact " MESSAGE "room=1 user=1 content=x mentions=9", REFUSE_user_unknown, "mentions" },
    { "fact " MESSAGE "room=1 user=1 content=x mentions=a", REFUSE_malformed, "mentions" },
    { "fact " MESSAGE "room=1 user=1 content=x mentions=1,,1", REFUSE_malformed, "mentions" },
    { "fact " MESSAGE "room=1 user=1 content=x "
      "mentions=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
      REFUSE_malformed, "at most 20" },
    { "fact " PICTURE "content=x", REFUSE_malformed, "media_url" },
    { "fact " PICTURE "media_url=http://a/b", REFUSE_malformed, "media_url" },
    { "fact " PICTURE "media_url=/uploads/../x", REFUSE_malformed, "media_url" },
    { "fact " PICTURE "media_url=https://a/b media_type=png", REFUSE_malformed, "media_type" },
    { "fact " PICTURE "media_url=https://a/b duration_ms=86400001", REFUSE_malformed, "duration" },
    { "fact " MESSAGE "room=1 user=1 message_type=4 content=x reply_to=7", REFUSE_malformed,
      "emoji" },
    { "fact " MESSAGE "room=1 user=1 message_type=4 content=\\xe2\\x9d\\xa4", REFUSE_malformed,
      "reply_to" },
    { "fact " MESSAGE "room=1 user=1 message_type=4 content=\\xe2\\x9d\\xa4 reply_to=7 "
      "media_url=https://a/b",
      REFUSE_malformed, "media_url" },
    { "fact type=message_edited at_ms=1 room=9 user=1 message=1 content=x", REFUSE_room_unknown,
      "" },
    { "fact type=message_edited at_ms=1 room=1 user=1 message=1", REFUSE_malformed, "content" },
    { "fact type=message_edited room=1 user=1 message=1 content=x", REFUSE_malformed, "at_ms" },
    { "fact type=message_edited at_ms=1 room=1 user=1 content=x", REFUSE_malformed, "message" },
    { "fact type=message_edited at_ms=1 room=1 user=1 message=1 content=x mentions=9",
      REFUSE_user_unknown, "mentions" },
    { "fact type=read_changed room=9 user=1 message=1", REFUSE_room_unknown, "" },
    { "fact type=read_changed room=1 user=9 message=1", REFUSE_user_unknown, "" },
    { "fact type=read_changed room=1 user=2 message=1", REFUSE_user_unknown, "" },
    { "fact type=read_changed room=1 user=1", REFUSE_malformed, "message" },
    { "fact type=read_changed room=1 user=1 message=9007199254740992", REFUSE_malformed,
      "message" },
    { "fact type=changes_confirmed user=9 position=1", REFUSE_user_unknown, "" },
    { "fact type=changes_confirmed user=2 position=1", REFUSE_user_unknown, "" },
    { "fact type=changes_confirmed user=1", REFUSE_malformed, "position" },
    { "fact type=changes_confirmed user=1 position=9007199254740992", REFUSE_malformed,
      "position" },
    { "fact type=upload_added label=a media_type=a/b bytes=1", REFUSE_user_unknown, "" },
    { UPLOAD "media_type=a/b bytes=1", REFUSE_malformed, "url" },
    { UPLOAD "label=../a media_type=a/b bytes=1", REFUSE_malformed, "url" },
    { UPLOAD "label=a/ media_type=a/b bytes=1", REFUSE_malformed, "url" },
    { UPLOAD "label=a bytes=1", REFUSE_malformed, "media_type" },
    { UPLOAD "label=a media_type=ab bytes=1", REFUSE_malformed, "media_type" },
    { UPLOAD "label=a media_type=a/b", REFUSE_malformed, "bytes" },
    { UPLOAD "label=" LONG_ID LONG_ID " media_type=a/b bytes=1", REFUSE_malformed, "label" },
};

TEST(a_fact_that_contradicts_what_is_known_is_refused_and_changes_nothing) {
    SCOPED(rig_free) struct rig *rig = world();
    EQ(rig_do(rig, "operator", CMD_OF(fact_add, .user = 1)), REFUSE_malformed);
    const struct core_counts before = core_count(rig->core);
    for (size_t i = 0; i < COUNT(contradictions); i++) {
        struct cmd cmd = CMD_OF(fact_add, .content = str_of(contradictions[i].fact));
        enum refusal got = rig_do(rig, "operator", cmd);
        struct str detail = rig_detail(rig);
        size_t want = strlen(contradictions[i].detail);
        bool is_said = want == 0
                           ? detail.n == 0
                           : memmem(detail.p, detail.n, contradictions[i].detail, want) != NULL;
        if (got != contradictions[i].refusal || !is_said) {
            print_error("%s: %s (%.*s)\n", contradictions[i].fact, refusal_name(got),
                        STR_FMT(detail));
        }
        EQ(got, contradictions[i].refusal);
        OKAY(is_said);
    }
    const struct core_counts after = core_count(rig->core);
    EQ(memcmp(&before, &after, sizeof before), 0);
    EQ(rig_do(rig, "ann", PING), REFUSE_NONE);
}

TEST(the_id_of_a_removed_room_stays_taken_though_another_has_its_name) {
    SCOPED(rig_free) struct rig *rig = rig_new("ann away");
    struct event old = { .type = EV_room_created, .room = { 9 }, .room_name = STR_LIT("garden") };
    struct event now = { .type = EV_room_created, .room = { 5 }, .room_name = STR_LIT("garden") };
    rig_restore(rig, now);    // a store hands out rooms by id
    rig_restore(rig, old);
    old.type = EV_room_removed;
    rig_restore(rig, old);
    EQ(rig_do(rig, "operator", FACT("type=room_created room=9 room_name=x")), REFUSE_exists);
    OKAY(rig_room(rig, "garden") != NULL);
}
