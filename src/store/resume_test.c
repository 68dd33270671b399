/* What every driver promises to who was away: everything since, once, and where it ends. */
#include <pthread.h>
#include <stdatomic.h>

#include "store/rig.h"
#include "test/unit.h"

static struct answer *resume(struct rig *rig, uint64_t room, uint64_t after_seq, uint64_t limit) {
    return rig_ask(
        rig, &(struct ask){
                 .kind = ASK_RESUME, .room = { room }, .after_seq = after_seq, .limit = limit });
}

static struct answer *go_on(struct rig *rig, uint64_t room, uint64_t after, uint64_t limit) {
    return rig_ask(
        rig,
        &(struct ask){
            .kind = ASK_RESUME, .room = { room }, .after_seq = 1, .after = after, .limit = limit });
}

/* General has the changes 1+ 3+ 5~1 6+ 7-1, the other room 2+ 4~2. */
static void fill(struct rig *rig) {
    channel(rig, 2, "other");
    say(rig, GENERAL, ANN, "1");
    say(rig, 2, ANN, "2");
    say(rig, GENERAL, ANN, "3");
    edit(rig, 2, ANN, "4");
    edit(rig, 1, ANN, "5");
    say(rig, GENERAL, ANN, "6");
    erase(rig, 1, ANN);
    OKAY(rig_commit(rig));
}

CONTRACT(what_was_missed_comes_in_order_and_with_its_end) {
    fill(rig);
    rig_reopen(rig);
    static const char *const rest[] = { "1+ 3+ 5~1 6+ 7-1", "3+ 5~1 6+ 7-1", "5~1 6+ 7-1", "7-1" };
    for (uint64_t seq = 0; seq < COUNT(rest); seq++) {
        const struct answer *a = resume(rig, GENERAL, seq, 0);
        STR_EQ(missed(rig, a), rest[seq]);
        EQ(a->position, 7);
        EQ(a->last_seq, 3);
        OKAY(a->is_recovered && !a->has_more);
    }
    const struct answer *a = resume(rig, 2, 1, 0);
    STR_EQ(missed(rig, a), "4~2");
    EQ(a->position, 7);    // of the installation: nothing of this room is before it and not here
    STR_EQ(a->changes[0].message.content, "4");
}

CONTRACT(who_did_it_is_told_with_a_change) {
    say(rig, GENERAL, ANN, "rude");
    say(rig, GENERAL, ANN, "edited");
    react(rig, GENERAL, CLEO, 2, "+");
    react(rig, GENERAL, CLEO, 2, "+");
    struct event *gone = erase(rig, 1, BOB);
    gone->is_moderator = true;
    edit(rig, 2, ANN, "by its author");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    const struct answer *a = resume(rig, GENERAL, 0, 0);
    STR_EQ(missed(rig, a), "1+ 2+ 3+ 4-3 5-1 6~2");
    static const uint64_t by[] = { ANN, ANN, CLEO, CLEO, BOB, ANN };
    static const char *const names[] = { "ann", "ann", "cleo", "cleo", "bob", "ann" };
    for (size_t i = 0; i < COUNT(by); i++) {
        EQ(a->changes[i].by.v, by[i]);
        STR_EQ(a->changes[i].by_name, names[i]);
    }
    EQ(a->changes[4].message.user.v, ANN);
    struct event *ev = fact(rig, EV_user_erased);
    ev->user.v = BOB, ev->username = STR_LIT("erased-2");
    OKAY(rig_commit(rig));
    SCOPED(change_log_fini) struct change_log log = { 0 };
    EQ(rig->reader->ops->changes(rig->reader, (room_id){ GENERAL }, 4, 10, &log), OK);
    EQ(log.changes[0].by.v, BOB);
    STR_EQ(log.changes[0].by_name, "erased-2");
    EQ(log.changes[1].by.v, ANN);
}

CONTRACT(what_does_not_fit_into_one_answer_comes_in_the_next) {
    fill(rig);
    const struct answer *a = resume(rig, GENERAL, 1, 2);
    STR_EQ(missed(rig, a), "3+ 5~1");
    OKAY(a->has_more && a->is_recovered);
    EQ(a->position, 5);
    a = go_on(rig, GENERAL, 5, 2);
    STR_EQ(missed(rig, a), "6+ 7-1");
    OKAY(!a->has_more && a->is_recovered);
    EQ(a->position, 7);
    a = go_on(rig, GENERAL, 7, 2);
    STR_EQ(missed(rig, a), "");
    OKAY(!a->has_more && a->is_recovered);
    EQ(a->position, 7);
    a = go_on(rig, GENERAL, 4, 1);    // a position of another room
    STR_EQ(missed(rig, a), "5~1");
    OKAY(a->has_more);
    EQ(a->position, 5);
}

CONTRACT(an_answer_has_at_most_so_many_changes) {
    for (int i = 0; i < RESUME_CHANGES_MAX + 3; i++) {
        say(rig, GENERAL, ANN, "x");
    }
    OKAY(rig_commit(rig));
    const struct answer *a = resume(rig, GENERAL, 0, 1000000);
    EQ(a->change_count, RESUME_CHANGES_MAX);
    OKAY(a->has_more);
    EQ(a->position, RESUME_CHANGES_MAX);
    a = go_on(rig, GENERAL, RESUME_CHANGES_MAX, 0);
    EQ(a->change_count, 3);
    OKAY(!a->has_more);
    a = resume(rig, GENERAL, 3, 0);    // exactly as many as fit
    EQ(a->change_count, RESUME_CHANGES_MAX);
    OKAY(!a->has_more);
}

CONTRACT(what_was_never_said_cannot_have_been_heard) {
    fill(rig);
    const struct answer *a = resume(rig, GENERAL, 4, 0);
    OKAY(!a->is_recovered && !a->has_more);
    EQ(a->change_count, 0);
    EQ(a->last_seq, 3);
    EQ(a->position, 7);
    a = resume(rig, 77, 0, 0);
    OKAY(!a->is_recovered);
    EQ(a->change_count, 0);
    EQ(a->position, 7);
}

CONTRACT(in_an_empty_room_nothing_was_missed) {
    const struct answer *a = resume(rig, GENERAL, 0, 0);
    OKAY(a->is_recovered && !a->has_more);
    EQ(a->change_count, 0);
    EQ(a->last_seq, 0);
    EQ(a->position, 0);
}

CONTRACT(every_answer_names_the_epoch) {
    uint64_t epoch = rig->store->ops->epoch(rig->store);
    for (enum ask_kind kind = 0; kind < ASK_KIND_COUNT; kind++) {
        EQ(rig_ask(rig, &(struct ask){ .kind = kind, .room = { GENERAL }, .user = { ANN } })->epoch,
           epoch);
    }
}

/* ---- while others write */

#define WHILE_WRITING 300    // batches

struct listener {
    struct rig *rig;
    atomic_bool is_over;
    uint64_t highest;    // position of general's changes that were heard
    size_t count;
    const char *wrong;
};

/* Reads what is new since the last time; each change must come once and in order, and none may turn
 * up later with a position that was said to be read. */
static const char *listen(struct store_reader *reader, struct listener *l, uint64_t *position) {
    struct ask ask = { .kind = ASK_RESUME, .room = { GENERAL }, .after = *position, .limit = 7 };
    SCOPED(answer_free) struct answer *a = answer_new(&ask);
    if (reader->ops->answer(reader, &ask, a) != OK) {
        return "a reader failed";
    }
    for (size_t i = 0; i < a->change_count; i++) {
        uint64_t at = a->changes[i].position;
        if (at <= *position || at <= l->highest || at > a->position) {
            return "a change is out of its place";
        }
        l->highest = at;
        l->count++;
    }
    if (a->position < *position || (a->has_more && a->position != l->highest)) {
        return "the position is not the last change's";
    }
    *position = a->position;
    return NULL;
}

static void *keep_listening(void *ctx) {
    struct listener *l = ctx;
    struct store_reader *reader = NULL;
    uint64_t position = 0;
    if (l->rig->store->ops->reader_open(l->rig->store, &reader) != OK) {
        l->wrong = "no reader";
        return NULL;
    }
    bool is_over;
    do {
        is_over = atomic_load(&l->is_over);
        uint64_t before = 0;
        do {
            before = position;
            l->wrong = listen(reader, l, &position);
        } while (l->wrong == NULL && position != before);
    } while (l->wrong == NULL && !is_over);
    reader->ops->free(&reader);
    return NULL;
}

CONTRACT(who_goes_on_from_each_position_hears_everything_once) {
    struct listener l = { .rig = rig };
    pthread_t thread;
    channel(rig, 2, "other");
    OKAY(rig_commit(rig));
    EQ(pthread_create(&thread, NULL, keep_listening, &l), 0);
    for (int i = 0; i < WHILE_WRITING; i++) {
        struct event *ev = say(rig, GENERAL, ANN, "a");
        say(rig, 2, ANN, "elsewhere");
        OKAY(rig_commit(rig));
        edit(rig, ev->message.v, ANN, "b");
        say(rig, 2, ANN, "elsewhere");
        OKAY(rig_commit(rig));
    }
    atomic_store(&l.is_over, true);
    EQ(pthread_join(thread, NULL), 0);
    OKAY(l.wrong == NULL);
    EQ(l.count, 2 * WHILE_WRITING);
}
