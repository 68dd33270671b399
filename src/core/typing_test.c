/* Typing notices: once a second for each room, however the user comes and goes. */
#include "core/typing.h"

#include "core/limits.h"
#include "test/unit.h"

#define START_MS 1000000u

static bool tells(struct typing **t, uint64_t room, uint64_t at_ms) {
    return typing_may_tell(t, (room_id){ room }, true, at_ms);
}

TEST(a_room_is_told_once_a_second) {
    SCOPED(typing_free) struct typing *t = NULL;
    OKAY(tells(&t, 1, START_MS));
    OKAY(!tells(&t, 1, START_MS));
    OKAY(!tells(&t, 1, START_MS + TYPING_EVERY_MS - 1));
    OKAY(tells(&t, 1, START_MS + TYPING_EVERY_MS));
}

TEST(that_somebody_stopped_has_a_second_of_its_own) {
    SCOPED(typing_free) struct typing *t = NULL;
    OKAY(tells(&t, 1, START_MS));
    OKAY(typing_may_tell(&t, (room_id){ 1 }, false, START_MS));
    OKAY(!typing_may_tell(&t, (room_id){ 1 }, false, START_MS + 1));
}

TEST(more_rooms_within_a_second_than_there_are_places_are_surplus) {
    SCOPED(typing_free) struct typing *t = NULL;
    for (uint64_t room = 1; room <= TYPING_ROOMS_MAX; room++) {
        OKAY(tells(&t, room, START_MS + room));
    }
    OKAY(!tells(&t, 99, START_MS + TYPING_EVERY_MS));
    OKAY(!tells(&t, TYPING_ROOMS_MAX, START_MS + TYPING_EVERY_MS));
    OKAY(tells(&t, 99, START_MS + TYPING_EVERY_MS + 1));    // the place of room 1
}

TEST(a_clock_set_back_silences_nobody) {
    SCOPED(typing_free) struct typing *t = NULL;
    OKAY(tells(&t, 1, START_MS));
    OKAY(tells(&t, 1, START_MS - 500000));
    OKAY(tells(&t, 2, 0));
    OKAY(!tells(&t, 2, 1));
}

TEST(what_still_matters_is_not_tidied_away) {
    struct typing *t = NULL;
    typing_tidy(&t, START_MS);
    OKAY(tells(&t, 1, START_MS));
    typing_tidy(&t, START_MS + TYPING_EVERY_MS - 1);
    OKAY(t != NULL && !tells(&t, 1, START_MS + TYPING_EVERY_MS - 1));
    typing_tidy(&t, START_MS + TYPING_EVERY_MS);
    OKAY(t == NULL);
}
