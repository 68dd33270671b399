/* What every driver promises about writing: numbers, repeats, all or nothing, facts. */
#include "store/memory.h"
#include "store/rig.h"
#include "test/unit.h"

/* ---- numbering */

CONTRACT(a_room_counts_its_messages_from_one) {
    struct event *first = say(rig, GENERAL, ANN, "one");
    struct event *second = say(rig, GENERAL, BOB, "two");
    OKAY(rig_commit(rig));
    EQ(first->seq, 1);
    EQ(second->seq, 2);
    OKAY(first->message.v > 0);
    EQ(second->message.v, first->message.v + 1);
}

CONTRACT(each_room_counts_for_itself_but_ids_are_the_installations) {
    channel(rig, 2, "other");
    struct event *here = say(rig, GENERAL, ANN, "here");
    struct event *there = say(rig, 2, ANN, "there");
    struct event *again = say(rig, GENERAL, ANN, "here again");
    OKAY(rig_commit(rig));
    EQ(there->seq, 1);
    EQ(again->seq, 2);
    OKAY(here->message.v < there->message.v && there->message.v < again->message.v);
}

CONTRACT(counting_goes_on_where_it_was_after_a_restart) {
    say(rig, GENERAL, ANN, "one");
    struct event *before = say(rig, GENERAL, ANN, "two");
    OKAY(rig_commit(rig));
    edit(rig, before->message.v, ANN, "two!");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    struct event *after = say(rig, GENERAL, ANN, "three");
    OKAY(rig_commit(rig));
    EQ(after->seq, 3);
    EQ(after->message.v, 4);    // the edit took 3
}

/* More rooms than the writer remembers: those whose slot was taken are read again. */
CONTRACT(rooms_far_apart_do_not_disturb_each_others_count) {
    channel(rig, 2, "near");
    channel(rig, 2 + 16384, "far");
    for (uint64_t i = 1; i <= 3; i++) {
        struct event *near = say(rig, 2, ANN, "x");
        struct event *far = say(rig, 2 + 16384, ANN, "y");
        OKAY(rig_commit(rig));
        EQ(near->seq, i);
        EQ(far->seq, i);
    }
}

CONTRACT(a_batch_with_nothing_to_write_is_fine) {
    struct event *typing = fact(rig, EV_typing_changed);
    typing->room.v = 999;
    OKAY(rig_commit(rig));
    OKAY(rig_commit(rig));
}

/* ---- repeats */

CONTRACT(a_message_sent_again_gets_the_first_ones_answer) {
    struct event *first = say_once(rig, GENERAL, ANN, "once", "k1");
    OKAY(rig_commit(rig));
    uint64_t id = first->message.v, at_ms = first->at_ms;
    struct event *again = say_once(rig, GENERAL, ANN, "other words", "k1");
    struct event *next = say(rig, GENERAL, ANN, "next");
    OKAY(rig_commit(rig));
    OKAY(again->is_repeat);
    OKAY(!next->is_repeat);
    EQ(again->message.v, id);
    EQ(again->seq, 1);
    EQ(again->at_ms, at_ms);
    STR_EQ(again->content, "once");
    EQ(next->seq, 2);
    EQ(next->message.v, id + 1);
    EQ(history(rig, GENERAL, 0, 0)->message_count, 2);
}

CONTRACT(a_message_sent_twice_in_one_batch_is_stored_once) {
    struct event *first = say_once(rig, GENERAL, ANN, "once", "k1");
    struct event *again = say_once(rig, GENERAL, ANN, "twice", "k1");
    OKAY(rig_commit(rig));
    OKAY(!first->is_repeat);
    OKAY(again->is_repeat);
    EQ(again->message.v, first->message.v);
    STR_EQ(again->content, "once");
    EQ(history(rig, GENERAL, 0, 0)->total, 1);
}

CONTRACT(a_client_id_belongs_to_one_author_in_one_room) {
    channel(rig, 2, "other");
    say_once(rig, GENERAL, ANN, "a", "k1");
    struct event *by_bob = say_once(rig, GENERAL, BOB, "b", "k1");
    struct event *elsewhere = say_once(rig, 2, ANN, "c", "k1");
    struct event *other_key = say_once(rig, GENERAL, ANN, "d", "K1");
    OKAY(rig_commit(rig));
    OKAY(!by_bob->is_repeat && !elsewhere->is_repeat && !other_key->is_repeat);
}

CONTRACT(a_repeat_is_known_after_a_restart) {
    say_once(rig, GENERAL, ANN, "once", "k1");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    struct event *again = say_once(rig, GENERAL, ANN, "once", "k1");
    OKAY(rig_commit(rig));
    OKAY(again->is_repeat);
}

/* ---- edits and deletions */

CONTRACT(an_author_edits_and_deletes) {
    struct event *ev = say(rig, GENERAL, ANN, "helo");
    OKAY(rig_commit(rig));
    uint64_t id = ev->message.v;
    struct event *edited = edit(rig, id, ANN, "hello");
    struct reply *reply = reply_to(rig, edited);
    OKAY(rig_commit(rig));
    OKAY(!edited->is_void);
    EQ(reply->refusal, REFUSE_NONE);
    EQ(edited->room.v, GENERAL);
    EQ(edited->server.v, SERVER_LOBBY.v);
    EQ(edited->room_kind, ROOM_CHANNEL);
    EQ(edited->seq, 1);
    EQ(edited->other.v, 0);
    STR_EQ(edited->room_name, "general");
    STR_EQ(edited->content, "hello");
    const struct message *m = history(rig, GENERAL, 0, 0)->messages;
    STR_EQ(m->content, "hello");
    EQ(m->edited_ms, edited->at_ms);

    struct event *deleted = erase(rig, id, ANN);
    OKAY(rig_commit(rig));
    OKAY(!deleted->is_void);
    EQ(deleted->seq, 1);
    const struct answer *a = history(rig, GENERAL, 0, 0);
    EQ(a->message_count, 0);
    EQ(a->total, 0);
}

CONTRACT(others_may_not_alter_a_message_unless_they_moderate) {
    struct event *ev = say(rig, GENERAL, ANN, "mine");
    OKAY(rig_commit(rig));
    uint64_t id = ev->message.v;
    struct event *edited = edit(rig, id, BOB, "yours");
    struct event *deleted = erase(rig, id, BOB);
    struct reply *reply = reply_to(rig, deleted);
    struct reply *edit_reply = reply_to(rig, edited);
    OKAY(rig_commit(rig));
    OKAY(edited->is_void && deleted->is_void);
    EQ(reply->refusal, REFUSE_forbidden);
    EQ(edit_reply->refusal, REFUSE_forbidden);
    STR_EQ(contents(rig, history(rig, GENERAL, 0, 0)), "mine ");
    STR_EQ(changes_text(rig, GENERAL, 0, 10), "1+");

    struct event *moderated = erase(rig, id, BOB);
    moderated->is_moderator = true;
    OKAY(rig_commit(rig));
    OKAY(!moderated->is_void);
    EQ(history(rig, GENERAL, 0, 0)->total, 0);
}

CONTRACT(a_change_is_held_to_the_room_it_names) {
    channel(rig, 2, "other");
    struct event *ev = say(rig, GENERAL, ANN, "here");
    OKAY(rig_commit(rig));
    struct event *elsewhere = edit(rig, ev->message.v, ANN, "there");
    elsewhere->room.v = 2;
    struct event *moderated = erase(rig, ev->message.v, BOB);
    moderated->room.v = 2;
    moderated->is_moderator = true;
    struct event *right = edit(rig, ev->message.v, ANN, "right here");
    right->room.v = GENERAL;
    OKAY(rig_commit(rig));
    EQ(elsewhere->refusal, REFUSE_message_unknown);
    EQ(moderated->refusal, REFUSE_message_unknown);
    OKAY(elsewhere->is_void && moderated->is_void && !right->is_void);
    STR_EQ(contents(rig, history(rig, GENERAL, 0, 0)), "right here ");
}

CONTRACT(of_what_is_private_nobody_learns_that_it_is_there) {
    channel(rig, 2, "secret")->is_private = true;
    dm(rig, 3, BOB, ANN);
    struct event *secret = say(rig, 2, ANN, "mine");
    struct event *psst = say(rig, 3, ANN, "ours");
    OKAY(rig_commit(rig));
    struct event *all[5];
    for (size_t i = 0; i < COUNT(all); i++) {
        all[i] = erase(rig, (i < 3 ? secret : psst)->message.v, CLEO);
        all[i]->is_moderator = i % 3 != 0;    // guesses, moderates,
        all[i]->room.v = i == 2 ? 2 : 0;      // moderates where he may look
    }
    OKAY(rig_commit(rig));
    EQ(all[0]->refusal, REFUSE_message_unknown);
    EQ(all[1]->refusal, REFUSE_message_unknown);
    EQ(all[2]->refusal, REFUSE_NONE);
    EQ(all[3]->refusal, REFUSE_message_unknown);
    EQ(all[4]->refusal, REFUSE_NONE);    // one of the two has told him of it
}

CONTRACT(a_message_that_is_not_there_cannot_be_altered) {
    struct event *ev = say(rig, GENERAL, ANN, "going");
    OKAY(rig_commit(rig));
    uint64_t id = ev->message.v;
    struct event *unknown = edit(rig, 4711, ANN, "?");
    struct event *gone = erase(rig, id, ANN);
    struct event *twice = erase(rig, id, ANN);
    struct event *late = edit(rig, id, ANN, "back?");
    struct reply *replies[] = { reply_to(rig, unknown), reply_to(rig, gone), reply_to(rig, twice),
                                reply_to(rig, late) };
    OKAY(rig_commit(rig));
    EQ(replies[0]->refusal, REFUSE_message_unknown);
    EQ(replies[1]->refusal, REFUSE_NONE);
    EQ(replies[2]->refusal, REFUSE_message_unknown);
    EQ(replies[3]->refusal, REFUSE_message_unknown);
    OKAY(unknown->is_void && !gone->is_void && twice->is_void && late->is_void);
}

CONTRACT(in_a_dm_the_other_is_who_did_not_write_it) {
    dm(rig, 2, BOB, ANN);
    struct event *from_ann = say(rig, 2, ANN, "psst");
    struct event *from_bob = say(rig, 2, BOB, "what");
    OKAY(rig_commit(rig));
    struct event *a = edit(rig, from_ann->message.v, ANN, "psst!");
    struct event *b = erase(rig, from_bob->message.v, BOB);
    OKAY(rig_commit(rig));
    EQ(a->room_kind, ROOM_DM);
    EQ(a->room.v, 2);
    EQ(a->other.v, BOB);
    EQ(b->other.v, ANN);
    EQ(a->room_name.n, 0);
}

/* ---- all or nothing */

CONTRACT(what_does_not_fit_leaves_no_trace_and_can_be_tried_again) {
    char *long_text = xalloc(200000);
    memset(long_text, 'x', 200000);
    say_once(rig, GENERAL, ANN, "before", "k0");
    OKAY(rig_commit(rig));
    struct str facts = facts_text(rig);

    rig_make_full(rig, true);
    channel(rig, 2, "new");
    struct event *small = say_once(rig, GENERAL, ANN, "small", "k1");
    struct event *elsewhere = say(rig, 2, ANN, "elsewhere");
    struct event *again = say_once(rig, GENERAL, ANN, "small", "k1");
    struct event *denied = edit(rig, 1, BOB, "not mine");
    struct reply *reply = reply_to(rig, denied);
    struct event *large = say(rig, GENERAL, ANN, "");
    large->content = (struct str){ long_text, 200000 };
    EQ(rig_try(rig), ERR_FULL);
    EQ(rig->store->ops->probe(rig->store), ERR_FULL);
    EQ(rig_try(rig), ERR_FULL);
    EQ(reply->refusal, REFUSE_NONE);
    STR_EQ(contents(rig, history(rig, GENERAL, 0, 0)), "before ");
    OKAY(str_eq(facts_text(rig), facts));

    rig_make_full(rig, false);
    EQ(rig->store->ops->probe(rig->store), OK);
    EQ(rig_try(rig), OK);
    EQ(small->message.v, 2);
    EQ(small->seq, 2);
    OKAY(!small->is_repeat && again->is_repeat);
    EQ(again->message.v, 2);
    EQ(elsewhere->message.v, 3);
    EQ(elsewhere->seq, 1);
    EQ(large->message.v, 4);
    EQ(large->seq, 3);
    EQ(reply->refusal, REFUSE_forbidden);
    EQ(history(rig, GENERAL, 0, 0)->total, 3);
    xfree(long_text);
}

/* A room whose removal did not come about keeps its messages. */
CONTRACT(a_removal_that_failed_removes_nothing_later) {
    char *long_text = xalloc(200000);
    memset(long_text, 'x', 200000);
    channel(rig, 2, "stays");
    say(rig, 2, ANN, "here");
    OKAY(rig_commit(rig));

    rig_make_full(rig, true);
    struct event *ev = fact(rig, EV_room_removed);
    ev->room.v = 2;
    ev = say(rig, GENERAL, ANN, "");
    ev->content = (struct str){ long_text, 200000 };
    EQ(rig_try(rig), ERR_FULL);
    rig_make_full(rig, false);

    batch_unref(&rig->batch);
    rig->batch = batch_new(rig->now_ms);
    say(rig, 2, ANN, "still");
    OKAY(rig_commit(rig));
    STR_EQ(contents(rig, history(rig, 2, 0, 0)), "here still ");
    xfree(long_text);
}

TEST(memory_faults_come_when_and_as_often_as_they_were_asked_for) {
    SCOPED(rig_free) struct rig *rig = rig_new("memory");
    memory_store_set_faults(rig->store,
                            &(struct memory_faults){ .at = 2, .count = 2, .err = ERR_BUSY });
    channel(rig, 2, "two");
    EQ(rig_try(rig), OK);
    channel(rig, 3, "three");
    EQ(rig_try(rig), ERR_BUSY);
    EQ(rig_try(rig), ERR_BUSY);
    EQ(rig_try(rig), OK);
    EQ(listing(rig, LIST_ROOMS, 0)->row_count, 3);
}

TEST(a_memory_store_that_is_full_says_so_when_probed_and_heals) {
    SCOPED(rig_free) struct rig *rig = rig_new("memory");
    memory_store_set_faults(rig->store,
                            &(struct memory_faults){ .at = 1, .count = 3, .err = ERR_FULL });
    channel(rig, 2, "two");
    EQ(rig_try(rig), ERR_FULL);
    EQ(rig->store->ops->probe(rig->store), ERR_FULL);
    EQ(rig->store->ops->probe(rig->store), ERR_FULL);
    EQ(rig->store->ops->probe(rig->store), OK);
    EQ(rig_try(rig), OK);
}

TEST(a_memory_store_can_lose_the_answer_after_writing) {
    SCOPED(rig_free) struct rig *rig = rig_new("memory");
    memory_store_set_faults(rig->store,
                            &(struct memory_faults){ .at = 1, .err = ERR_IO, .is_written = true });
    channel(rig, 2, "two");
    EQ(rig_try(rig), ERR_IO);
    EQ(listing(rig, LIST_ROOMS, 0)->row_count, 2);
}

/* ---- facts */

CONTRACT(general_is_there_from_the_start) {
    rig_reopen(rig);
    STR_EQ(facts_text(rig), "user_created user=1 role=0 ann\n"
                            "user_created user=2 role=0 bob\n"
                            "user_created user=3 role=0 cleo\n"
                            "room_created room=1 kind=0 server=1 general\n");
}

CONTRACT(what_was_kept_is_handed_out_in_the_cores_order) {
    struct event *ev = user(rig, 7, "Zoë");
    ev->role = ROLE_ADMIN;
    ev->mobile = STR_LIT("+33612345678");
    ev->hash = STR_LIT("$argon2id$x");
    ev = channel(rig, 5, "secret");
    ev->is_private = true;
    dm(rig, 6, 7, BOB);
    ev = fact(rig, EV_member_added);
    ev->room.v = 5, ev->user.v = 7;
    ev = fact(rig, EV_ban_set);
    ev->user.v = CLEO, ev->until_ms = 123;
    ev = fact(rig, EV_token_added);
    ev->user.v = BOB, ev->label = STR_LIT("bot"), ev->hash = STR_LIT("0123");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(facts_text(rig), "user_created user=1 role=0 ann\n"
                            "user_created user=2 role=0 bob\n"
                            "user_created user=3 role=0 cleo\n"
                            "user_created user=7 role=2 Zoë +33612345678 $argon2id$x\n"
                            "room_created room=1 kind=0 server=1 general\n"
                            "room_created room=5 kind=0 server=1 private secret\n"
                            "room_created room=6 kind=2 server=0 user=2 other=7\n"
                            "member_added room=5 user=7\n"
                            "ban_set user=3 until=123\n"
                            "token_added user=2 0123 bot\n");
}

static void keep_three(struct rig *rig, uint64_t room, bool is_on) {
    struct event *ev = fact(rig, EV_room_kept);
    ev->room.v = room, ev->is_on = is_on;
    ev->messages = 3, ev->age_ms = 9;
}

CONTRACT(what_a_room_keeps_is_handed_out_while_it_is_there) {
    channel(rig, 5, "short");
    channel(rig, 6, "gone");
    channel(rig, 7, "plain");
    keep_three(rig, 5, true);
    keep_three(rig, 6, true);
    keep_three(rig, 7, true);
    keep_three(rig, 7, false);
    struct event *ev = fact(rig, EV_room_removed);
    ev->room.v = 6, ev->room_name = STR_LIT("gone");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(facts_text(rig), "user_created user=1 role=0 ann\n"
                            "user_created user=2 role=0 bob\n"
                            "user_created user=3 role=0 cleo\n"
                            "room_created room=6 kind=0 server=1 gone\n"
                            "room_removed room=6 gone\n"
                            "room_created room=1 kind=0 server=1 general\n"
                            "room_created room=5 kind=0 server=1 short\n"
                            "room_created room=7 kind=0 server=1 plain\n"
                            "room_kept room=5 keeps=3,0,9\n");
}

CONTRACT(facts_can_be_taken_back_and_changed) {
    struct event *ev = fact(rig, EV_user_changed);
    ev->user.v = ANN, ev->role = ROLE_PRO, ev->hash = STR_LIT("h1");
    ev = fact(rig, EV_user_changed);
    ev->user.v = ANN, ev->role = ROLE_ADMIN;    // the hash stays
    for (uint64_t id = ANN; id <= BOB; id++) {
        ev = fact(rig, EV_member_added);
        ev->room.v = GENERAL, ev->user.v = id;
        ev = fact(rig, EV_ban_set);
        ev->user.v = id, ev->until_ms = 5;
        ev = fact(rig, EV_token_added);
        ev->user.v = id, ev->label = STR_LIT("t"),
        ev->hash = id == ANN ? STR_LIT("x") : STR_LIT("y");
    }
    OKAY(rig_commit(rig));
    ev = fact(rig, EV_member_removed);
    ev->room.v = GENERAL, ev->user.v = ANN;
    ev = fact(rig, EV_ban_lifted);
    ev->user.v = ANN;
    ev = fact(rig, EV_ban_set);
    ev->user.v = BOB, ev->until_ms = 0;
    ev = fact(rig, EV_token_revoked);
    ev->user.v = ANN, ev->label = STR_LIT("t");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(facts_text(rig), "user_created user=1 role=2 ann h1\n"
                            "user_created user=2 role=0 bob\n"
                            "user_created user=3 role=0 cleo\n"
                            "room_created room=1 kind=0 server=1 general\n"
                            "member_added room=1 user=2\n"
                            "ban_set user=2 until=0\n"
                            "token_added user=2 y t\n");
}

CONTRACT(an_erased_user_leaves_the_messages_and_nothing_else) {
    struct event *ev = fact(rig, EV_user_changed);
    ev->user.v = ANN, ev->role = ROLE_ADMIN;
    ev = fact(rig, EV_ban_set);
    ev->user.v = ANN;
    ev = fact(rig, EV_member_added);
    ev->room.v = GENERAL, ev->user.v = ANN;
    ev = fact(rig, EV_token_added);
    ev->user.v = ANN, ev->label = STR_LIT("t"), ev->hash = STR_LIT("x");
    say(rig, GENERAL, ANN, "remember");
    OKAY(rig_commit(rig));
    ev = fact(rig, EV_user_erased);
    ev->user.v = ANN, ev->username = STR_LIT("erased-1");
    OKAY(rig_commit(rig));
    user(rig, 9, "ann");    // the name is free again, the id is not
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    STR_EQ(facts_text(rig), "user_created user=1 role=0 erased-1\n"
                            "user_erased user=1 erased-1\n"
                            "user_created user=2 role=0 bob\n"
                            "user_created user=3 role=0 cleo\n"
                            "user_created user=9 role=0 ann\n"
                            "room_created room=1 kind=0 server=1 general\n");
    const struct message *m = history(rig, GENERAL, 0, 0)->messages;
    STR_EQ(m->username, "erased-1");
    EQ(m->user.v, ANN);
    EQ(listing(rig, LIST_USERS, 0)->row_count, 3);
    EQ(listing(rig, LIST_BANS, 0)->row_count, 0);
}

CONTRACT(a_removed_room_is_gone_with_its_messages_but_its_id_stays_taken) {
    channel(rig, 2, "brief");
    struct event *ev = fact(rig, EV_member_added);
    ev->room.v = 2, ev->user.v = ANN;
    struct event *said = say(rig, 2, ANN, "soon gone");
    OKAY(rig_commit(rig));
    uint64_t id = said->message.v;
    ev = fact(rig, EV_room_removed);
    ev->room.v = 2, ev->room_name = STR_LIT("brief");
    struct event *late = edit(rig, id, ANN, "late");
    struct reply *reply = reply_to(rig, late);
    OKAY(rig_commit(rig));
    EQ(reply->refusal, REFUSE_message_unknown);
    channel(rig, 3, "brief");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    struct event *next = say(rig, 3, ANN, "new");
    OKAY(rig_commit(rig));
    OKAY(next->message.v > id);    // the counter never goes back
    EQ(next->seq, 1);
    EQ(history(rig, 2, 0, 0)->message_count, 0);
    STR_EQ(changes_text(rig, 2, 0, 10), "");
    STR_EQ(facts_text(rig), "user_created user=1 role=0 ann\n"
                            "user_created user=2 role=0 bob\n"
                            "user_created user=3 role=0 cleo\n"
                            "room_created room=2 kind=0 server=1 brief\n"
                            "room_removed room=2 brief\n"
                            "room_created room=1 kind=0 server=1 general\n"
                            "room_created room=3 kind=0 server=1 brief\n");
    EQ(listing(rig, LIST_ROOMS, 0)->row_count, 2);
}

CONTRACT(text_comes_back_as_it_was_given) {
    static const char text[] = "zéro\0un\n\t\"quoted\" \\ \xf0\x9f\x98\x80 e\xcc\x81";
    struct event *ev = user(rig, 8, "Łukasz \xf0\x9f\x90\xb1");
    ev->mobile = STR_LIT("+48123");
    channel(rig, 4, "salon d'été; DROP TABLE users--");
    ev = say(rig, 4, 8, "");
    ev->content = (struct str){ text, sizeof text - 1 };
    ev->client_id = STR_LIT("clé-1");
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    const struct message *m = history(rig, 4, 0, 0)->messages;
    OKAY(str_eq(m->content, (struct str){ text, sizeof text - 1 }));
    STR_EQ(m->client_id, "clé-1");
    STR_EQ(m->username, "Łukasz \xf0\x9f\x90\xb1");
    STR_EQ(listing(rig, LIST_ROOMS, 0)->rows[1].name, "salon d'été; DROP TABLE users--");
}

/* ---- the rest of the port */

CONTRACT(a_store_can_be_probed_and_checked) {
    say(rig, GENERAL, ANN, "x");
    struct event *ev = say(rig, GENERAL, ANN, "y");
    OKAY(rig_commit(rig));
    edit(rig, ev->message.v, ANN, "z");
    OKAY(rig_commit(rig));
    EQ(rig->store->ops->probe(rig->store), OK);
    struct buf report = BUF_INIT(4096);
    EQ(rig->store->ops->check(rig->store, &report), OK);
    EQ(report.n, 0);
    buf_fini(&report);
}

CONTRACT(an_epoch_is_a_number_javascript_keeps_and_stays_the_same_over_a_restart) {
    uint64_t epoch = rig->store->ops->epoch(rig->store);
    OKAY(epoch != 0 && epoch <= ID_MAX);
    rig_reopen(rig);
    EQ(rig->store->ops->epoch(rig->store), epoch);
}

TEST(an_unknown_store_is_refused_with_the_ones_there_are) {
    struct store *store = NULL;
    struct buf why = BUF_INIT(1024);
    EQ(store_open(STR_LIT("mongodb://u:secret@h/db"), &store, &why), ERR_PROTO);
    STR_EQ(buf_str(&why),
           "There is no store of the kind \"mongodb\". This build serves sqlite:PATH "
           "and memory: (forgets everything at the end).");
    buf_reset(&why);
    EQ(store_open(STR_LIT("parloir.db"), &store, &why), ERR_PROTO);
    OKAY(str_starts(buf_str(&why), STR_LIT("A store URL begins with its kind and a colon.")));
    buf_reset(&why);
    EQ(store_open(STR_LIT("sqlite:"), &store, &why), ERR_PROTO);
    EQ(store_open(STR_LIT("memory:x"), &store, &why), ERR_PROTO);
    OKAY(store == NULL);
    buf_fini(&why);
}
