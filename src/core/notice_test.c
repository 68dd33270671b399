/* Notices: once a second for each room, however the user comes and goes. */
#include "core/notice.h"

#include "core/limits.h"
#include "test/unit.h"

#define START_MS 1000000u

static bool tells(struct notices **t, uint64_t room, uint64_t at_ms) {
    return notice_may_tell(t, (room_id){ room }, NOTICE_TYPING, at_ms);
}

TEST(a_room_is_told_once_a_second) {
    SCOPED(notices_free) struct notices *t = NULL;
    OKAY(tells(&t, 1, START_MS));
    OKAY(!tells(&t, 1, START_MS));
    OKAY(!tells(&t, 1, START_MS + NOTICE_EVERY_MS - 1));
    OKAY(tells(&t, 1, START_MS + NOTICE_EVERY_MS));
}

TEST(that_somebody_stopped_has_a_second_of_its_own) {
    SCOPED(notices_free) struct notices *t = NULL;
    OKAY(tells(&t, 1, START_MS));
    OKAY(notice_may_tell(&t, (room_id){ 1 }, NOTICE_STOPPED, START_MS));
    OKAY(!notice_may_tell(&t, (room_id){ 1 }, NOTICE_STOPPED, START_MS + 1));
}

TEST(reading_on_and_typing_are_told_apart) {
    SCOPED(notices_free) struct notices *t = NULL;
    OKAY(tells(&t, 1, START_MS));
    OKAY(notice_may_tell(&t, (room_id){ 1 }, NOTICE_READ, START_MS));
    OKAY(!notice_may_tell(&t, (room_id){ 1 }, NOTICE_READ, START_MS + NOTICE_EVERY_MS - 1));
    OKAY(tells(&t, 1, START_MS + NOTICE_EVERY_MS));
}

TEST(more_rooms_within_a_second_than_there_are_places_are_surplus) {
    SCOPED(notices_free) struct notices *t = NULL;
    for (uint64_t room = 1; room <= NOTICE_ROOMS_MAX; room++) {
        OKAY(tells(&t, room, START_MS + room));
    }
    OKAY(!tells(&t, 99, START_MS + NOTICE_EVERY_MS));
    OKAY(!tells(&t, NOTICE_ROOMS_MAX, START_MS + NOTICE_EVERY_MS));
    OKAY(tells(&t, 99, START_MS + NOTICE_EVERY_MS + 1));    // the place of room 1
}

TEST(a_clock_set_back_silences_nobody) {
    SCOPED(notices_free) struct notices *t = NULL;
    OKAY(tells(&t, 1, START_MS));
    OKAY(tells(&t, 1, START_MS - 500000));
    OKAY(tells(&t, 2, 0));
    OKAY(!tells(&t, 2, 1));
}

TEST(what_still_matters_is_not_tidied_away) {
    struct notices *t = NULL;
    notices_tidy(&t, START_MS);
    OKAY(tells(&t, 1, START_MS));
    notices_tidy(&t, START_MS + NOTICE_EVERY_MS - 1);
    OKAY(t != NULL && !tells(&t, 1, START_MS + NOTICE_EVERY_MS - 1));
    notices_tidy(&t, START_MS + NOTICE_EVERY_MS);
    OKAY(t == NULL);
}

TEST(the_last_one_typed_to_is_remembered_for_a_while) {
    SCOPED(notices_free) struct notices *t = NULL;
    const user_id ann = { 1 }, bob = { 2 };
    OKAY(!notice_is_typing_to(t, ann, START_MS));
    notice_stop_typing(t);
    notice_typing_to(&t, ann, true, START_MS);
    OKAY(notice_is_typing_to(t, ann, START_MS + TYPING_LASTS_MS - 1));
    OKAY(!notice_is_typing_to(t, ann, START_MS + TYPING_LASTS_MS));
    notices_tidy(&t, START_MS + TYPING_LASTS_MS - 1);
    OKAY(t != NULL);
    notice_typing_to(&t, bob, true, START_MS);
    notice_typing_to(&t, ann, false, START_MS);
    OKAY(!notice_is_typing_to(t, ann, START_MS) && notice_is_typing_to(t, bob, START_MS));
    notice_stop_typing(t);
    notices_tidy(&t, START_MS);
    OKAY(t == NULL);
}
