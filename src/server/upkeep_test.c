/* When the store is tended: by hand, with a store that only says what it was told to. */
#include "server/upkeep.h"

#include "base/clock.h"
#include "test/unit.h"

/* A store that answers a slice with what the test has put here. */
struct patient {
    struct store base;
    struct tend_report report;
    enum err err;
    struct tend_ask asked;
    int slices;
};

static enum err patient_tend(struct store *s, const struct tend_ask *ask, struct tend_report *out) {
    struct patient *patient = CONTAINER_OF(s, struct patient, base);
    patient->asked = *ask;
    patient->slices++;
    *out = patient->report;
    return patient->err;
}

static const struct store_ops patient_ops = { .name = "patient", .tend = patient_tend };

static struct patient patient_of(bool has_more) {
    return (struct patient){ .base = { &patient_ops }, .report = { .has_more = has_more } };
}

/* Milliseconds from now until the next slice is due. */
static uint64_t due_ms(const struct upkeep *u) {
    return (u->due_us - MIN(u->due_us, clock_mono_us()) + 999) / 1000;
}

TEST(in_a_quiet_moment_slices_follow_each_other) {
    struct patient patient = patient_of(true);
    struct upkeep u = { .keep = { .messages = 7 } };
    EQ(upkeep_run(&u, &patient.base), OK);
    EQ(patient.asked.keep.messages, 7);
    uint64_t quiet_us = patient.asked.budget_us;
    OKAY(patient.asked.now_ms > 1700000000000);
    EQ(due_ms(&u), 0);
    patient.report.has_more = false;
    EQ(upkeep_run(&u, &patient.base), OK);
    OKAY(due_ms(&u) > 50000);
    upkeep_after_batch(&u, clock_mono_us(), 0);
    EQ(upkeep_run(&u, &patient.base), OK);
    OKAY(patient.asked.budget_us < quiet_us);
}

TEST(while_batches_come_there_is_a_pause_between_slices) {
    struct patient patient = patient_of(true);
    struct upkeep u = { 0 };
    upkeep_after_batch(&u, clock_mono_us(), 0);
    EQ(upkeep_run(&u, &patient.base), OK);
    OKAY(due_ms(&u) <= 5);
    OKAY(u.due_us > u.batch_us);
}

TEST(a_batch_is_followed_by_a_slice_that_others_may_share) {
    uint64_t now_us = clock_mono_us();
    struct upkeep u = { .due_us = now_us + 60000000 };
    upkeep_after_batch(&u, now_us, 0);
    uint64_t due_us = u.due_us;
    OKAY(due_us > now_us && due_us < now_us + 1000000);
    upkeep_after_batch(&u, now_us + 1000, 0);
    EQ(u.due_us, due_us);
    OKAY(!upkeep_has_share(&u, due_us));
}

TEST(between_batches_without_a_gap_upkeep_has_a_share_of_their_time) {
    struct patient patient = patient_of(true);
    uint64_t now_us = clock_mono_us();
    struct upkeep u = { .due_us = now_us };
    upkeep_after_batch(&u, now_us, 1000);
    OKAY(!upkeep_has_share(&u, now_us));
    for (int i = 0; i < 9; i++) {
        upkeep_after_batch(&u, now_us, 1000);
    }
    OKAY(upkeep_has_share(&u, now_us));
    OKAY(!upkeep_has_share(&u, now_us - 1));    // it is not due
    uint64_t credit_us = u.credit_us;
    EQ(upkeep_run(&u, &patient.base), OK);
    OKAY(u.credit_us <= credit_us);    // it has cost what it took
    for (int i = 0; i < 1000; i++) {
        upkeep_after_batch(&u, now_us, 1000);
    }
    OKAY(u.credit_us < 10000);    // what was not needed is not saved up for ever
}

TEST(a_store_that_cannot_is_left_alone_for_a_while) {
    struct patient patient = patient_of(false);
    struct upkeep u = { 0 };
    patient.err = ERR_FULL;
    EQ(upkeep_run(&u, &patient.base), OK);
    OKAY(due_ms(&u) > 1000);
    patient.err = ERR_BUSY;
    EQ(upkeep_run(&u, &patient.base), OK);
    OKAY(due_ms(&u) > 1000);
    patient.err = ERR_IO;
    EQ(upkeep_run(&u, &patient.base), ERR_IO);
}

TEST(other_rules_are_due_at_once) {
    struct upkeep u = { .due_us = UINT64_MAX };
    upkeep_set_keep(&u, &(struct keep){ .bytes = 5 }, 17);
    EQ(u.due_us, 17);
    EQ(u.keep.bytes, 5);
}

TEST(what_went_of_a_room_is_one_line) {
    struct patient patient = patient_of(true);
    struct upkeep u = { 0 };
    patient.report.pruned_room.v = 3;
    patient.report.pruned = 20;
    EQ(upkeep_run(&u, &patient.base), OK);
    EQ(upkeep_run(&u, &patient.base), OK);
    EQ(u.room.v, 3);
    EQ(u.pruned, 40);    // not told yet
    patient.report.pruned_room.v = 4;
    EQ(upkeep_run(&u, &patient.base), OK);
    EQ(u.room.v, 4);
    EQ(u.pruned, 20);
    patient.report = (struct tend_report){ 0 };
    EQ(upkeep_run(&u, &patient.base), OK);
    EQ(u.pruned, 0);
}
