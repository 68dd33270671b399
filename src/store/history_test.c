/* What every driver promises about reading: history, the change log, lists. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "store/rig.h"
#include "test/unit.h"

/* Says "m1" to "mN" in a room, one batch for all; their ids are 1 to N in a fresh store. */
static void say_many(struct rig *rig, uint64_t room, unsigned count) {
    for (unsigned i = 1; i <= count; i++) {
        char text[16];
        snprintf(text, sizeof text, "m%u", i);
        struct event *ev = say(rig, room, ANN, "");
        ev->content = batch_str(rig->batch, str_of(text));
    }
    OKAY(rig_commit(rig));
}

CONTRACT(history_is_the_newest_oldest_first) {
    say_many(rig, GENERAL, 5);
    const struct answer *a = history(rig, GENERAL, 0, 3);
    STR_EQ(contents(rig, a), "m3 m4 m5 ");
    OKAY(a->has_more);
    EQ(a->total, 5);
    EQ(a->messages[0].seq, 3);
    EQ(a->messages[0].room.v, GENERAL);
    STR_EQ(a->messages[0].username, "ann");
    EQ(a->messages[0].at_ms, rig->committed->at_ms);
    a = history(rig, GENERAL, 0, 5);
    OKAY(!a->has_more);
    EQ(a->message_count, 5);
}

CONTRACT(history_pages_back_without_a_hole_or_a_repeat) {
    say_many(rig, GENERAL, 10);
    STR_EQ(contents(rig, history(rig, GENERAL, 8, 3)), "m5 m6 m7 ");
    STR_EQ(contents(rig, history(rig, GENERAL, 5, 3)), "m2 m3 m4 ");
    const struct answer *a = history(rig, GENERAL, 2, 3);
    STR_EQ(contents(rig, a), "m1 ");
    OKAY(!a->has_more);
    EQ(history(rig, GENERAL, 1, 3)->message_count, 0);
    STR_EQ(contents(rig, history(rig, GENERAL, 9999, 2)), "m9 m10 ");
}

/* `before` may name a message of another room, a change, or nothing at all. */
CONTRACT(history_pages_back_from_any_number) {
    channel(rig, 2, "other");
    for (int i = 0; i < 7; i++) {    // ids 1 3 5 ... in general, 2 4 6 ... in the other
        say(rig, GENERAL, ANN, "g");
        say(rig, 2, ANN, "o");
    }
    OKAY(rig_commit(rig));
    for (uint64_t before = 1; before <= 16; before++) {
        EQ(history(rig, GENERAL, before, 100)->message_count, MIN(before / 2, 7));
        EQ(history(rig, 2, before, 100)->message_count, MIN((before - 1) / 2, 7));
    }
}

/* The page of one question about general. */
static const struct answer *page(struct rig *rig, struct ask ask) {
    ask.kind = ASK_ROOM_HISTORY;
    ask.room.v = GENERAL;
    return rig_ask(rig, &ask);
}

CONTRACT(history_pages_on_from_a_message) {
    say_many(rig, GENERAL, 7);
    erase(rig, 4, ANN);
    OKAY(rig_commit(rig));
    const struct answer *a = page(rig, (struct ask){ .after = 2, .limit = 3 });
    STR_EQ(contents(rig, a), "m3 m5 m6 ");
    OKAY(a->has_more);
    EQ(a->total, 6);
    a = page(rig, (struct ask){ .after = 6, .limit = 3 });
    STR_EQ(contents(rig, a), "m7 ");
    OKAY(!a->has_more);
    a = page(rig, (struct ask){ .after = 3, .limit = 3 });
    STR_EQ(contents(rig, a), "m5 m6 m7 ");
    OKAY(!a->has_more);
    a = page(rig, (struct ask){ .after = 4, .limit = 1 });    // deleted, and still a place
    STR_EQ(contents(rig, a), "m5 ");
    EQ(page(rig, (struct ask){ .after = 7 })->message_count, 0);
    EQ(page(rig, (struct ask){ .after = ID_MAX })->message_count, 0);
}

CONTRACT(history_leaves_an_offset_out_counting_back_from_the_newest) {
    say_many(rig, GENERAL, 10);
    const struct answer *a = page(rig, (struct ask){ .offset = 3, .limit = 4 });
    STR_EQ(contents(rig, a), "m4 m5 m6 m7 ");
    OKAY(a->has_more);
    EQ(a->total, 10);
    a = page(rig, (struct ask){ .offset = 6, .limit = 4 });
    STR_EQ(contents(rig, a), "m1 m2 m3 m4 ");
    OKAY(!a->has_more);
    STR_EQ(contents(rig, page(rig, (struct ask){ .offset = 9, .limit = 4 })), "m1 ");
    static const uint64_t beyond[] = { 10, 11, 1000, OFFSET_MAX };
    for (size_t i = 0; i < COUNT(beyond); i++) {
        a = page(rig, (struct ask){ .offset = beyond[i], .limit = 4 });
        EQ(a->message_count, 0);
        EQ(a->total, 10);
        OKAY(!a->has_more);
    }
    STR_EQ(contents(rig, page(rig, (struct ask){ .before = 8, .offset = 2, .limit = 2 })),
           "m4 m5 ");
    STR_EQ(contents(rig, page(rig, (struct ask){ .before = 8, .offset = 7, .limit = 2 })), "");
}

/* Whatever was deleted, the pages of each size are pieces of one list. */
CONTRACT(offsets_count_what_is_there) {
    enum { MESSAGES = 40 };
    say_many(rig, GENERAL, MESSAGES);
    struct str left[MESSAGES];
    size_t count = 0;
    for (unsigned i = 1; i <= MESSAGES; i++) {
        char text[16];
        snprintf(text, sizeof text, "m%u ", i);
        bool is_deleted = i % 3 == 0 || (i > 20 && i < 33) || i == MESSAGES;
        if (is_deleted) {
            erase(rig, i, ANN);
        } else {
            left[count++] = arena_str(&rig->arena, str_of(text));
        }
    }
    OKAY(rig_commit(rig));
    for (size_t offset = 0; offset <= count + 1; offset++) {
        for (size_t limit = 1; limit <= 4; limit++) {
            struct buf want = BUF_INIT(1024);
            size_t end = count - MIN(offset, count), start = end - MIN(limit, end);
            for (size_t i = start; i < end; i++) {
                buf_put_str(&want, left[i]);
            }
            buf_put_char(&want, '\0');
            const struct answer *a = page(rig, (struct ask){ .offset = offset, .limit = limit });
            STR_EQ(contents(rig, a), want.p);
            EQ(a->has_more, start > 0);
            EQ(a->total, count);
            buf_fini(&want);
        }
    }
}

CONTRACT(deleted_messages_are_skipped_and_the_page_is_full_all_the_same) {
    say_many(rig, GENERAL, 6);
    erase(rig, 5, ANN);
    erase(rig, 1, ANN);
    OKAY(rig_commit(rig));
    const struct answer *a = history(rig, GENERAL, 0, 3);
    STR_EQ(contents(rig, a), "m3 m4 m6 ");
    OKAY(a->has_more);
    EQ(a->total, 4);
    a = history(rig, GENERAL, 0, 4);
    STR_EQ(contents(rig, a), "m2 m3 m4 m6 ");
    OKAY(!a->has_more);    // what is older is deleted
}

CONTRACT(a_history_has_a_limit_whatever_is_asked_for) {
    say_many(rig, GENERAL, HISTORY_LIMIT_MAX + 5);
    EQ(history(rig, GENERAL, 0, 0)->message_count, HISTORY_LIMIT_DEFAULT);
    EQ(history(rig, GENERAL, 0, 1000000)->message_count, HISTORY_LIMIT_MAX);
}

CONTRACT(a_room_nothing_was_said_in_has_an_empty_history) {
    const struct answer *a = history(rig, GENERAL, 0, 0);
    EQ(a->message_count, 0);
    EQ(a->total, 0);
    OKAY(!a->has_more);
    EQ(history(rig, 0, 0, 10)->message_count, 0);    // a dm that has no room yet
    EQ(history(rig, 77, 5, 10)->message_count, 0);
}

CONTRACT(a_dms_history_says_to_whom) {
    dm(rig, 2, ANN, BOB);
    say(rig, 2, ANN, "a");
    say(rig, 2, BOB, "b");
    OKAY(rig_commit(rig));
    const struct answer *a = history(rig, 2, 0, 0);
    EQ(a->message_count, 2);
    EQ(a->messages[0].other.v, BOB);
    EQ(a->messages[1].other.v, ANN);
}

CONTRACT(two_committed_pages_do_not_mix_rooms) {
    channel(rig, 2, "other");
    say(rig, GENERAL, ANN, "here");
    say(rig, 2, ANN, "there");
    OKAY(rig_commit(rig));
    STR_EQ(contents(rig, history(rig, GENERAL, 0, 0)), "here ");
    STR_EQ(contents(rig, history(rig, 2, 0, 0)), "there ");
}

/* ---- the change log */

CONTRACT(the_change_log_has_everything_in_the_order_it_happened) {
    say(rig, GENERAL, ANN, "a");
    say(rig, GENERAL, ANN, "b");
    edit(rig, 1, ANN, "a!");    // in the same batch
    OKAY(rig_commit(rig));
    say(rig, GENERAL, BOB, "c");
    erase(rig, 2, ANN);
    edit(rig, 4, BOB, "c!");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(changes_text(rig, GENERAL, 0, 100), "1+ 2+ 3~1 4+ 5-2 6~4");
}

CONTRACT(the_change_log_can_be_read_from_anywhere_in_pieces_of_any_size) {
    channel(rig, 2, "other");
    say(rig, GENERAL, ANN, "1");
    say(rig, 2, ANN, "2");
    say(rig, GENERAL, ANN, "3");
    edit(rig, 2, ANN, "4");
    edit(rig, 1, ANN, "5");
    say(rig, GENERAL, ANN, "6");
    erase(rig, 1, ANN);
    OKAY(rig_commit(rig));
    static const char *const rest[] = { "1+ 3+ 5~1 6+ 7-1",
                                        "3+ 5~1 6+ 7-1",
                                        "3+ 5~1 6+ 7-1",
                                        "5~1 6+ 7-1",
                                        "5~1 6+ 7-1",
                                        "6+ 7-1",
                                        "7-1",
                                        "",
                                        "" };
    for (uint64_t from = 0; from < COUNT(rest); from++) {
        STR_EQ(changes_text(rig, GENERAL, from, 100), rest[from]);
    }
    STR_EQ(changes_text(rig, GENERAL, 0, 2), "1+ 3+");
    STR_EQ(changes_text(rig, GENERAL, 3, 2), "5~1 6+");
    STR_EQ(changes_text(rig, GENERAL, 6, 2), "7-1");
    STR_EQ(changes_text(rig, 2, 0, 100), "2+ 4~2");
}

CONTRACT(a_change_shows_its_message_as_it_is_now) {
    say_once(rig, GENERAL, ANN, "first", "k");
    edit(rig, 1, ANN, "second");
    OKAY(rig_commit(rig));
    erase(rig, 1, ANN);
    OKAY(rig_commit(rig));
    SCOPED(change_log_fini) struct change_log log = { 0 };
    EQ(rig->reader->ops->changes(rig->reader, (room_id){ GENERAL }, 0, 10, &log), OK);
    EQ(log.count, 3);
    EQ(log.changes[0].kind, CHANGE_NEW);
    EQ(log.changes[0].message.deleted_ms, rig->committed->at_ms);
    EQ(log.changes[0].message.content.n, 0);
    const struct change *last = &log.changes[2];
    EQ(last->kind, CHANGE_DELETED);
    STR_EQ(last->message.username, "ann");
    STR_EQ(last->message.client_id, "k");
    EQ(last->message.seq, 1);
}

CONTRACT(what_came_to_nothing_is_not_in_the_change_log) {
    say(rig, GENERAL, ANN, "a");
    OKAY(rig_commit(rig));
    edit(rig, 1, BOB, "no");
    erase(rig, 99, ANN);
    say_once(rig, GENERAL, ANN, "b", "k");
    say_once(rig, GENERAL, ANN, "b", "k");
    OKAY(rig_commit(rig));
    STR_EQ(changes_text(rig, GENERAL, 0, 100), "1+ 2+");
}

/* ---- while others write */

#define WHILE_WRITING 200    // batches

struct watcher {
    struct rig *rig;
    atomic_bool is_over;
    size_t reads;
    const char *wrong;
};

/* What a reader sees at any moment has no hole and no repeat, and never shrinks. */
static const char *look(struct store_reader *reader, uint64_t *seen) {
    SCOPED(change_log_fini) struct change_log log = { 0 };
    struct ask ask = { .kind = ASK_ROOM_HISTORY, .room = { GENERAL }, .limit = 100 };
    SCOPED(answer_free) struct answer *a = answer_new(&ask);
    if (reader->ops->answer(reader, &ask, a) != OK ||
        reader->ops->changes(reader, ask.room, 0, 100000, &log) != OK) {
        return "a reader failed";
    }
    for (size_t i = 1; i < a->message_count; i++) {
        if (a->messages[i].seq != a->messages[i - 1].seq + 1) {
            return "history has a hole";
        }
    }
    for (size_t i = 0; i < log.count; i++) {
        if (log.changes[i].message.seq != i + 1) {
            return "the log has a hole";
        }
    }
    if (a->message_count > 0 && a->messages[a->message_count - 1].seq != a->total) {
        return "the total is of another moment";
    }
    if (a->total % 2 != 0 || log.count % 2 != 0) {
        return "half a batch is there";
    }
    if (log.count < a->total || a->total < *seen) {
        return "something is gone";
    }
    *seen = a->total;
    return NULL;
}

static void *watch(void *ctx) {
    struct watcher *w = ctx;
    struct store_reader *reader = NULL;
    uint64_t seen = 0;
    if (w->rig->store->ops->reader_open(w->rig->store, &reader) != OK) {
        w->wrong = "no reader";
        return NULL;
    }
    do {
        w->wrong = look(reader, &seen);
        w->reads++;
    } while (w->wrong == NULL && !atomic_load(&w->is_over));
    reader->ops->free(&reader);
    return NULL;
}

CONTRACT(a_reader_on_another_thread_never_sees_half_a_batch) {
    struct watcher w = { .rig = rig };
    pthread_t thread;
    EQ(pthread_create(&thread, NULL, watch, &w), 0);
    for (int i = 0; i < WHILE_WRITING; i++) {
        say(rig, GENERAL, ANN, "a");
        say(rig, GENERAL, BOB, "b");
        OKAY(rig_commit(rig));
    }
    atomic_store(&w.is_over, true);
    EQ(pthread_join(thread, NULL), 0);
    OKAY(w.wrong == NULL);
    OKAY(w.reads > 0);
    EQ(history(rig, GENERAL, 0, 0)->total, 2 * WHILE_WRITING);
}

/* ---- lists */

CONTRACT(users_are_listed_by_name) {
    struct event *ev = user(rig, 10, "Aaron");
    ev->role = ROLE_PRO;
    ev->mobile = STR_LIT("+331");
    OKAY(rig_commit(rig));
    const struct answer *a = listing(rig, LIST_USERS, 0);
    EQ(a->row_count, 4);
    STR_EQ(a->rows[0].name, "Aaron");
    STR_EQ(a->rows[0].mobile, "+331");
    EQ(a->rows[0].id, 10);
    EQ(a->rows[0].role, ROLE_PRO);
    EQ(a->rows[0].at_ms, rig->committed->at_ms);
    STR_EQ(a->rows[1].name, "ann");
}

CONTRACT(rooms_are_listed_with_their_messages_and_without_dms) {
    channel(rig, 2, "aside")->is_private = true;
    dm(rig, 3, ANN, BOB);
    say(rig, 2, ANN, "x");
    struct event *ev = say(rig, 2, ANN, "y");
    OKAY(rig_commit(rig));
    erase(rig, ev->message.v, ANN);
    OKAY(rig_commit(rig));
    const struct answer *a = listing(rig, LIST_ROOMS, 0);
    EQ(a->row_count, 2);
    STR_EQ(a->rows[0].name, "aside");
    OKAY(a->rows[0].is_private);
    EQ(a->rows[0].messages, 1);
    STR_EQ(a->rows[1].name, "general");
    EQ(a->rows[1].messages, 0);
}

CONTRACT(tokens_are_listed_for_one_user) {
    for (uint64_t id = ANN; id <= BOB; id++) {
        struct event *ev = fact(rig, EV_token_added);
        ev->user.v = id;
        ev->label = STR_LIT("bot");
        ev->hash = id == ANN ? STR_LIT("x") : STR_LIT("y");
    }
    OKAY(rig_commit(rig));
    const struct answer *a = listing(rig, LIST_TOKENS, ANN);
    EQ(a->row_count, 1);
    STR_EQ(a->rows[0].name, "bot");
    EQ(listing(rig, LIST_TOKENS, CLEO)->row_count, 0);
}

CONTRACT(bans_are_listed_with_their_end) {
    struct event *ev = fact(rig, EV_ban_set);
    ev->user.v = BOB;
    ev->until_ms = 42;
    OKAY(rig_commit(rig));
    const struct answer *a = listing(rig, LIST_BANS, 0);
    EQ(a->row_count, 1);
    STR_EQ(a->rows[0].name, "bob");
    EQ(a->rows[0].id, BOB);
    EQ(a->rows[0].at_ms, 42);
}

CONTRACT(a_list_can_be_limited) {
    struct ask ask = { .kind = ASK_LIST, .list_kind = LIST_USERS, .limit = 2 };
    struct answer *a = answer_new(&ask);
    EQ(rig->reader->ops->answer(rig->reader, &ask, a), OK);
    EQ(a->row_count, 2);
    OKAY(a->has_more);
    STR_EQ(a->rows[1].name, "bob");
    answer_free(&a);
}
