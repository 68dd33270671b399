/* What every driver promises about messages that are more than a plain text: media, answers,
 * mentions, reactions. */
#include <sqlite3.h>
#include <stdio.h>

#include "store/memory.h"
#include "store/rig.h"
#include "test/unit.h"

#define THUMB "\xf0\x9f\x91\x8d"
#define PARTY "\xf0\x9f\x8e\x89"

/* Nothing is wrong with the store. */
static void sound(struct rig *rig) {
    SCOPED(buf_fini) struct buf report = BUF_INIT(4096);
    enum err err = rig->store->ops->check(rig->store, &report);
    STR_EQ(buf_str(&report), "");
    EQ(err, OK);
}

/* ---- bodies */

CONTRACT(what_a_message_is_made_of_comes_back) {
    say(rig, GENERAL, ANN, "first");
    struct event *ev = say_once(rig, GENERAL, BOB, "hear this", "k1");
    ev->message_type = MESSAGE_AUDIO;
    ev->media_url = STR_LIT("https://files.example/voice.ogg");
    ev->media_type = STR_LIT("audio/ogg");
    ev->duration_ms = 15500;
    ev->reply_to.v = 1;
    ev->mentions = STR_LIT("1,3");
    OKAY(rig_commit(rig));
    EQ(ev->seq, 2);
    rig_reopen(rig);
    const struct answer *a = history(rig, GENERAL, 0, 0);
    EQ(a->messages[0].type, MESSAGE_TEXT);
    EQ(a->messages[0].reply_to.v, 0);
    EQ(a->messages[0].media_url.n, 0);
    EQ(a->messages[0].duration_ms, 0);
    const struct message *m = &a->messages[1];
    EQ(m->type, MESSAGE_AUDIO);
    STR_EQ(m->content, "hear this");
    STR_EQ(m->media_url, "https://files.example/voice.ogg");
    STR_EQ(m->media_type, "audio/ogg");
    EQ(m->duration_ms, 15500);
    EQ(m->reply_to.v, 1);
    STR_EQ(m->mentions, "1,3");
    STR_EQ(m->client_id, "k1");
    EQ(m->room_kind, ROOM_CHANNEL);
    SCOPED(change_log_fini) struct change_log log = { 0 };
    EQ(rig->reader->ops->changes(rig->reader, (room_id){ GENERAL }, 1, 10, &log), OK);
    EQ(log.changes[0].message.type, MESSAGE_AUDIO);
    STR_EQ(log.changes[0].message.media_url, "https://files.example/voice.ogg");
}

CONTRACT(a_message_with_a_body_that_is_sent_again_is_stored_once) {
    say(rig, GENERAL, ANN, "first");
    struct event *first = answer_to(rig, GENERAL, BOB, 1, "yes");
    first->client_id = STR_LIT("k1");
    OKAY(rig_commit(rig));
    EQ(first->message.v, 2);
    erase(rig, 1, ANN);
    OKAY(rig_commit(rig));
    struct event *again = answer_to(rig, GENERAL, BOB, 1, "yes, yes");    // what it answers is gone
    again->client_id = STR_LIT("k1");
    struct reply *reply = reply_to(rig, again);
    struct event *plain = say_once(rig, GENERAL, BOB, "yes", "k1");
    OKAY(rig_commit(rig));
    OKAY(again->is_repeat && !again->is_void);
    EQ(again->message.v, 2);
    EQ(again->seq, 2);
    STR_EQ(again->content, "yes");
    EQ(reply->refusal, REFUSE_NONE);
    OKAY(plain->is_repeat);
    EQ(plain->message.v, 2);
}

/* Whatever it says the second time: it is the first message that its author is told of. */
CONTRACT(what_is_sent_again_is_the_whole_first_message) {
    say(rig, GENERAL, ANN, "first");
    struct event *first = say_once(rig, GENERAL, BOB, "hear this", "k1");
    first->message_type = MESSAGE_AUDIO;
    first->media_url = STR_LIT("https://files.example/voice.ogg");
    first->media_type = STR_LIT("audio/ogg");
    first->duration_ms = 15500;
    first->reply_to.v = 1;
    first->mentions = STR_LIT("1,3");
    say_once(rig, GENERAL, CLEO, "plain", "k1");
    OKAY(rig_commit(rig));
    uint64_t at_ms = first->at_ms;
    rig_reopen(rig);
    struct event *again = say_once(rig, GENERAL, BOB, "what", "k1");
    struct event *plain_again = say_once(rig, GENERAL, CLEO, "", "k1");
    plain_again->message_type = MESSAGE_IMAGE;
    plain_again->media_url = STR_LIT("https://files.example/cat.png");
    plain_again->media_type = STR_LIT("image/png");
    plain_again->duration_ms = 3;
    plain_again->reply_to.v = 1;
    plain_again->mentions = STR_LIT("2");
    OKAY(rig_commit(rig));
    OKAY(again->is_repeat && plain_again->is_repeat);
    EQ(again->message.v, 2);
    EQ(again->at_ms, at_ms);
    STR_EQ(again->content, "hear this");
    EQ(again->message_type, MESSAGE_AUDIO);
    STR_EQ(again->media_url, "https://files.example/voice.ogg");
    STR_EQ(again->media_type, "audio/ogg");
    EQ(again->duration_ms, 15500);
    EQ(again->reply_to.v, 1);
    STR_EQ(again->mentions, "1,3");
    EQ(plain_again->message.v, 3);
    EQ(plain_again->message_type, MESSAGE_TEXT);
    STR_EQ(plain_again->content, "plain");
    EQ(plain_again->media_url.n + plain_again->media_type.n + plain_again->mentions.n, 0);
    EQ(plain_again->duration_ms + plain_again->reply_to.v, 0);
}

CONTRACT(what_was_deleted_meanwhile_cannot_be_sent_again) {
    say(rig, GENERAL, ANN, "first");
    say_once(rig, GENERAL, BOB, "plain", "k1");
    answer_to(rig, GENERAL, BOB, 1, "an answer")->client_id = STR_LIT("k2");
    OKAY(rig_commit(rig));
    erase(rig, 2, BOB);
    erase(rig, 3, BOB);
    OKAY(rig_commit(rig));
    struct event *plain = say_once(rig, GENERAL, BOB, "plain", "k1");
    struct event *answer = answer_to(rig, GENERAL, BOB, 1, "an answer");
    answer->client_id = STR_LIT("k2");
    struct reply *reply = reply_to(rig, plain);
    struct event *imported = say_once(rig, GENERAL, BOB, "plain", "k1");
    imported->audience = AUD_NOBODY;
    struct event *next = say(rig, GENERAL, BOB, "next");
    OKAY(rig_commit(rig));
    OKAY(plain->is_void && !plain->is_repeat && answer->is_void && !answer->is_repeat);
    EQ(plain->refusal, REFUSE_message_unknown);
    EQ(reply->refusal, REFUSE_message_unknown);
    EQ(plain->message.v, 2);
    EQ(answer->refusal, REFUSE_message_unknown);
    EQ(answer->message.v, 3);
    OKAY(imported->is_repeat && !imported->is_void);
    EQ(imported->message.v, 2);
    EQ(next->seq, 4);
    STR_EQ(changes_text(rig, GENERAL, 3, 10), "4-2 5-3 6+");
}

CONTRACT(a_deleted_message_keeps_its_type_and_nothing_to_see) {
    struct event *ev = image(rig, GENERAL, ANN, "https://files.example/cat.png");
    ev->mentions = STR_LIT("2");
    ev->duration_ms = 7;
    OKAY(rig_commit(rig));
    struct event *gone = erase(rig, ev->message.v, ANN);
    OKAY(rig_commit(rig));
    EQ(gone->message_type, MESSAGE_IMAGE);
    EQ(gone->content.n, 0);
    EQ(gone->position, 2);
    SCOPED(change_log_fini) struct change_log log = { 0 };
    EQ(rig->reader->ops->changes(rig->reader, (room_id){ GENERAL }, 0, 10, &log), OK);
    const struct message *m = &log.changes[0].message;
    EQ(m->type, MESSAGE_IMAGE);
    EQ(m->content.n + m->media_url.n + m->media_type.n + m->mentions.n + m->duration_ms, 0);
}

CONTRACT(an_edit_says_where_in_the_log_it_is_and_of_what) {
    say(rig, GENERAL, ANN, "first");
    struct event *ev = answer_to(rig, GENERAL, ANN, 1, "secnd");
    OKAY(rig_commit(rig));
    struct event *edited = edit(rig, ev->message.v, ANN, "second");
    edited->mentions = STR_LIT("2");
    OKAY(rig_commit(rig));
    EQ(edited->position, 3);
    EQ(edited->message_type, MESSAGE_TEXT);
    EQ(edited->reply_to.v, 1);
    STR_EQ(history(rig, GENERAL, 0, 0)->messages[1].mentions, "2");
    STR_EQ(changes_text(rig, GENERAL, 2, 10), "3~2");
}

/* ---- answers */

CONTRACT(only_a_message_of_the_room_that_is_there_can_be_answered) {
    channel(rig, 2, "other");
    say(rig, GENERAL, ANN, "here");
    say(rig, 2, ANN, "there");
    say(rig, GENERAL, ANN, "gone");
    react(rig, GENERAL, BOB, 1, THUMB);
    OKAY(rig_commit(rig));
    erase(rig, 3, ANN);
    OKAY(rig_commit(rig));
    struct event *all[] = { answer_to(rig, GENERAL, BOB, 2, "of another room"),
                            answer_to(rig, GENERAL, BOB, 3, "deleted"),
                            answer_to(rig, GENERAL, BOB, 4, "a reaction"),
                            answer_to(rig, GENERAL, BOB, 5, "an edit's position"),
                            answer_to(rig, GENERAL, BOB, 4711, "nobody said that") };
    struct reply *reply = reply_to(rig, all[0]);
    struct event *fine = answer_to(rig, GENERAL, BOB, 1, "yes");
    OKAY(rig_commit(rig));
    for (size_t i = 0; i < COUNT(all); i++) {
        OKAY(all[i]->is_void);
        EQ(all[i]->refusal, REFUSE_message_unknown);
    }
    EQ(reply->refusal, REFUSE_message_unknown);
    OKAY(!fine->is_void);
    EQ(fine->seq, 4);          // those before took no number
    EQ(fine->message.v, 6);    // 1, 2, 3, the reaction's 4, the deletion's 5
}

CONTRACT(a_message_can_be_answered_in_its_own_batch) {
    struct event *first = say(rig, GENERAL, ANN, "first");
    struct event *second = answer_to(rig, GENERAL, BOB, 1, "second");
    OKAY(rig_commit(rig));
    EQ(first->message.v, 1);
    OKAY(!second->is_void);
}

/* ---- reactions */

CONTRACT(the_same_reaction_again_takes_it_back) {
    say(rig, GENERAL, ANN, "hello");
    struct event *on = react(rig, GENERAL, BOB, 1, THUMB);
    OKAY(rig_commit(rig));
    EQ(on->type, EV_message_posted);
    EQ(on->message.v, 2);
    EQ(on->seq, 2);
    rig_reopen(rig);
    struct event *off = react(rig, GENERAL, BOB, 1, THUMB);
    struct reply *reply = reply_to(rig, off);
    OKAY(rig_commit(rig));
    EQ(off->type, EV_message_deleted);
    EQ(reply->refusal, REFUSE_NONE);
    EQ(off->message.v, 2);
    EQ(off->seq, 2);
    EQ(off->position, 3);
    EQ(off->reply_to.v, 1);
    EQ(off->message_type, MESSAGE_REACTION);
    STR_EQ(off->content, THUMB);
    rig_reopen(rig);
    struct event *anew = react(rig, GENERAL, BOB, 1, THUMB);
    OKAY(rig_commit(rig));
    EQ(anew->type, EV_message_posted);
    EQ(anew->message.v, 4);
    EQ(anew->seq, 3);
    STR_EQ(changes_text(rig, GENERAL, 0, 10), "1+ 2+ 3-2 4+");
    EQ(history(rig, GENERAL, 0, 0)->total, 2);
}

CONTRACT(a_reaction_is_toggled_as_often_as_a_batch_says) {
    say(rig, GENERAL, ANN, "hello");
    struct event *all[5];
    for (size_t i = 0; i < COUNT(all); i++) {
        all[i] = react(rig, GENERAL, BOB, 1, THUMB);
    }
    OKAY(rig_commit(rig));
    for (size_t i = 0; i < COUNT(all); i++) {
        EQ(all[i]->type, i % 2 == 0 ? EV_message_posted : EV_message_deleted);
    }
    STR_EQ(changes_text(rig, GENERAL, 0, 10), "1+ 2+ 3-2 4+ 5-4 6+");
}

CONTRACT(a_reaction_belongs_to_one_person_one_message_and_one_emoji) {
    say(rig, GENERAL, ANN, "one");
    say(rig, GENERAL, ANN, "two");
    struct event *all[] = { react(rig, GENERAL, BOB, 1, THUMB), react(rig, GENERAL, ANN, 1, THUMB),
                            react(rig, GENERAL, BOB, 2, THUMB),
                            react(rig, GENERAL, BOB, 1, PARTY) };
    OKAY(rig_commit(rig));
    for (size_t i = 0; i < COUNT(all); i++) {
        EQ(all[i]->type, EV_message_posted);
        EQ(all[i]->seq, 3 + i);
    }
}

CONTRACT(a_reaction_that_is_added_twice_is_there_once) {
    say(rig, GENERAL, ANN, "hello");
    struct event *first = react(rig, GENERAL, BOB, 1, THUMB);
    first->reaction = REACTION_ADD;
    OKAY(rig_commit(rig));
    uint64_t at_ms = first->at_ms;
    struct event *again = react(rig, GENERAL, BOB, 1, THUMB);
    again->reaction = REACTION_ADD;
    OKAY(rig_commit(rig));
    EQ(again->type, EV_message_posted);
    OKAY(again->is_repeat && !again->is_void);
    EQ(again->message.v, 2);
    EQ(again->seq, 2);
    EQ(again->at_ms, at_ms);
    STR_EQ(again->content, THUMB);
    STR_EQ(changes_text(rig, GENERAL, 0, 10), "1+ 2+");
}

CONTRACT(a_reaction_is_removed_once) {
    say(rig, GENERAL, ANN, "hello");
    react(rig, GENERAL, BOB, 1, THUMB);
    OKAY(rig_commit(rig));
    struct event *all[2];
    struct reply *replies[2];
    for (size_t i = 0; i < COUNT(all); i++) {
        all[i] = react(rig, GENERAL, BOB, 1, THUMB);
        all[i]->reaction = REACTION_REMOVE;
        replies[i] = reply_to(rig, all[i]);
    }
    OKAY(rig_commit(rig));
    EQ(all[0]->type, EV_message_deleted);
    EQ(replies[0]->refusal, REFUSE_NONE);
    EQ(all[1]->type, EV_message_posted);
    OKAY(all[1]->is_void);
    EQ(replies[1]->refusal, REFUSE_message_unknown);
    STR_EQ(changes_text(rig, GENERAL, 0, 10), "1+ 2+ 3-2");
}

CONTRACT(a_reaction_needs_a_message_that_is_there) {
    channel(rig, 2, "other");
    say(rig, 2, ANN, "elsewhere");
    say(rig, GENERAL, ANN, "gone");
    say(rig, GENERAL, ANN, "here");
    react(rig, GENERAL, BOB, 3, THUMB);
    OKAY(rig_commit(rig));
    erase(rig, 2, ANN);
    OKAY(rig_commit(rig));
    static const uint64_t targets[] = { 0, 1, 2, 4, 99 };
    struct event *all[COUNT(targets)];
    for (size_t i = 0; i < COUNT(targets); i++) {
        all[i] = react(rig, GENERAL, CLEO, targets[i], THUMB);
    }
    OKAY(rig_commit(rig));
    for (size_t i = 0; i < COUNT(targets); i++) {
        EQ(all[i]->refusal, REFUSE_message_unknown);
        OKAY(all[i]->is_void);
    }
    STR_EQ(changes_text(rig, GENERAL, 0, 10), "2+ 3+ 4+ 5-2");
}

/* A toggle whose answer was lost is sent again with its client_id, and does nothing more. */
CONTRACT(a_toggle_with_a_client_id_happens_once) {
    say(rig, GENERAL, ANN, "hello");
    struct event *on = react(rig, GENERAL, BOB, 1, THUMB);
    on->client_id = STR_LIT("on");
    struct event *off = react(rig, GENERAL, BOB, 1, THUMB);
    off->client_id = STR_LIT("off");
    OKAY(rig_commit(rig));
    EQ(off->type, EV_message_deleted);
    uint64_t off_ms = off->at_ms;
    rig_reopen(rig);
    struct event *off_again = react(rig, GENERAL, BOB, 1, THUMB);
    off_again->client_id = STR_LIT("off");
    struct event *on_again = react(rig, GENERAL, BOB, 1, THUMB);
    on_again->client_id = STR_LIT("on");
    OKAY(rig_commit(rig));
    EQ(off_again->type, EV_message_deleted);
    OKAY(off_again->is_repeat && !on_again->is_repeat);
    EQ(off_again->message.v, 2);
    EQ(off_again->seq, 2);
    EQ(off_again->at_ms, off_ms);
    EQ(on_again->type, EV_message_posted);
    EQ(on_again->refusal, REFUSE_message_unknown);    // it was put there, and is gone
    STR_EQ(changes_text(rig, GENERAL, 0, 10), "1+ 2+ 3-2");
}

CONTRACT(a_reaction_is_deleted_like_a_message_but_not_edited) {
    say(rig, GENERAL, ANN, "hello");
    react(rig, GENERAL, BOB, 1, THUMB);
    OKAY(rig_commit(rig));
    struct event *edited = edit(rig, 2, BOB, PARTY);
    struct event *stranger = edit(rig, 2, CLEO, PARTY);
    struct event *gone = erase(rig, 2, BOB);
    OKAY(rig_commit(rig));
    EQ(edited->refusal, REFUSE_forbidden);
    EQ(stranger->refusal, REFUSE_forbidden);
    OKAY(edited->is_void && stranger->is_void && !gone->is_void);
    EQ(gone->message_type, MESSAGE_REACTION);
    EQ(gone->reply_to.v, 1);
    EQ(gone->position, 3);
    STR_EQ(gone->content, THUMB);
    struct event *anew = react(rig, GENERAL, BOB, 1, THUMB);
    OKAY(rig_commit(rig));
    EQ(anew->type, EV_message_posted);
}

CONTRACT(what_a_reaction_was_is_told_when_it_is_gone) {
    say(rig, GENERAL, ANN, "hello");
    react(rig, GENERAL, BOB, 1, THUMB);
    react(rig, GENERAL, BOB, 1, THUMB);
    OKAY(rig_commit(rig));
    SCOPED(change_log_fini) struct change_log log = { 0 };
    EQ(rig->reader->ops->changes(rig->reader, (room_id){ GENERAL }, 2, 10, &log), OK);
    EQ(log.count, 1);
    EQ(log.changes[0].kind, CHANGE_DELETED);
    EQ(log.changes[0].message.type, MESSAGE_REACTION);
    EQ(log.changes[0].message.reply_to.v, 1);
    STR_EQ(log.changes[0].message.content, THUMB);
}

CONTRACT(history_counts_the_reactions_under_each_message) {
    say(rig, GENERAL, ANN, "hello");
    say(rig, GENERAL, ANN, "nobody cares");
    react(rig, GENERAL, CLEO, 1, PARTY);
    react(rig, GENERAL, BOB, 1, THUMB);
    react(rig, GENERAL, CLEO, 1, THUMB);
    OKAY(rig_commit(rig));
    struct ask ask = { .kind = ASK_ROOM_HISTORY, .room = { GENERAL }, .user = { BOB } };
    const struct answer *a = rig_ask(rig, &ask);
    EQ(a->message_count, 5);
    STR_EQ(reactions(rig, &a->messages[0]), PARTY "1 " THUMB "2* ");
    STR_EQ(reactions(rig, &a->messages[1]), "");
    STR_EQ(reactions(rig, &a->messages[2]), "");
    react(rig, GENERAL, CLEO, 1, PARTY);    // taken back, and put there anew: later than the thumb
    react(rig, GENERAL, CLEO, 1, PARTY);
    react(rig, GENERAL, BOB, 1, THUMB);    // taken back
    OKAY(rig_commit(rig));
    a = rig_ask(rig, &ask);
    STR_EQ(reactions(rig, &a->messages[0]), THUMB "1 " PARTY "1 ");
    erase(rig, 1, ANN);
    OKAY(rig_commit(rig));
    a = rig_ask(rig, &ask);
    STR_EQ(reactions(rig, &a->messages[0]), "");    // it was under what is gone
}

/* A reaction of the i-th kind. */
static struct event *react_kind(struct rig *rig, uint64_t by, unsigned i) {
    struct event *ev = react(rig, GENERAL, by, 1, "");
    char text[8];
    snprintf(text, sizeof text, "e%u", i);
    ev->content = batch_str(rig->batch, str_of(text));
    return ev;
}

CONTRACT(a_message_has_only_so_many_kinds_of_reactions) {
    say(rig, GENERAL, ANN, "hello");
    for (unsigned i = 0; i < REACTION_KINDS_MAX; i++) {
        react_kind(rig, BOB, i);
    }
    struct event *more = react_kind(rig, CLEO, REACTION_KINDS_MAX);
    struct reply *reply = reply_to(rig, more);
    struct event *taken_back = react_kind(rig, CLEO, REACTION_KINDS_MAX);
    taken_back->reaction = REACTION_REMOVE;
    struct event *known = react_kind(rig, CLEO, 19);
    OKAY(rig_commit(rig));
    OKAY(more->is_void && taken_back->is_void && !known->is_void);
    EQ(more->refusal, REFUSE_too_many_reactions);
    EQ(reply->refusal, REFUSE_too_many_reactions);
    EQ(taken_back->refusal, REFUSE_message_unknown);
    EQ(known->seq, REACTION_KINDS_MAX + 2);
    struct ask ask = { .kind = ASK_ROOM_HISTORY, .room = { GENERAL }, .user = { CLEO } };
    const struct answer *a = rig_ask(rig, &ask);
    EQ(a->messages[0].reaction_count, REACTION_KINDS_MAX);
    STR_EQ(a->messages[0].reactions[0].content, "e0");
    STR_EQ(a->messages[0].reactions[REACTION_KINDS_MAX - 1].content, "e19");
    EQ(a->messages[0].reactions[REACTION_KINDS_MAX - 1].count, 2);
    react_kind(rig, BOB, 7);    // taken back: there is a place again
    struct event *fits = react_kind(rig, CLEO, REACTION_KINDS_MAX);
    OKAY(rig_commit(rig));
    OKAY(!fits->is_void);
    a = rig_ask(rig, &ask);
    EQ(a->messages[0].reaction_count, REACTION_KINDS_MAX);
    STR_EQ(a->messages[0].reactions[7].content, "e8");
    STR_EQ(a->messages[0].reactions[REACTION_KINDS_MAX - 1].content, "e20");
    sound(rig);
}

/* Its order is that in which kinds came up, whoever of those that share one leaves first. */
CONTRACT(a_kind_of_reactions_keeps_its_place_while_one_is_there) {
    say(rig, GENERAL, ANN, "hello");
    react(rig, GENERAL, ANN, 1, PARTY);
    react(rig, GENERAL, BOB, 1, THUMB);
    react(rig, GENERAL, CLEO, 1, PARTY);
    react(rig, GENERAL, ANN, 1, PARTY);    // taken back
    OKAY(rig_commit(rig));
    rig_reopen(rig);
    struct ask ask = { .kind = ASK_ROOM_HISTORY, .room = { GENERAL }, .user = { CLEO } };
    STR_EQ(reactions(rig, &rig_ask(rig, &ask)->messages[0]), PARTY "1* " THUMB "1 ");
    erase(rig, 4, CLEO);    // a deletion like any other
    OKAY(rig_commit(rig));
    STR_EQ(reactions(rig, &rig_ask(rig, &ask)->messages[0]), THUMB "1 ");
    sound(rig);
}

CONTRACT(a_message_that_is_found_has_its_reactions) {
    say(rig, GENERAL, ANN, "hello");
    react(rig, GENERAL, BOB, 1, THUMB);
    react(rig, GENERAL, CLEO, 1, THUMB);
    OKAY(rig_commit(rig));
    const struct answer *a = rig_ask(
        rig, &(struct ask){ .kind = ASK_SEARCH, .user = { BOB }, .content = STR_LIT("hello") });
    EQ(a->message_count, 1);
    STR_EQ(reactions(rig, &a->messages[0]), THUMB "2* ");
}

/* ---- again after a failure */

/* Whatever a try that failed has made of the events, the next one begins from what the core
 * said. */
CONTRACT(reactions_come_out_right_when_a_batch_is_tried_again) {
    char *long_text = xalloc(200000);
    memset(long_text, 'x', 200000);
    say(rig, GENERAL, ANN, "hello");
    react(rig, GENERAL, ANN, 1, PARTY);
    OKAY(rig_commit(rig));
    rig_make_full(rig, true);
    struct event *on = react(rig, GENERAL, BOB, 1, THUMB);
    struct event *off = react(rig, GENERAL, BOB, 1, THUMB);
    struct event *anew = react(rig, GENERAL, BOB, 1, THUMB);
    struct event *ann_off = react(rig, GENERAL, ANN, 1, PARTY);
    ann_off->client_id = STR_LIT("k1");
    struct event *ann_again = react(rig, GENERAL, ANN, 1, PARTY);
    ann_again->client_id = STR_LIT("k1");
    struct event *void_one = react(rig, GENERAL, CLEO, 99, THUMB);
    struct event *erased = erase(rig, 3, BOB);    // gone already when its turn comes
    struct reply *reply = reply_to(rig, off);
    struct event *large = say(rig, GENERAL, ANN, "");
    large->content = (struct str){ long_text, 200000 };
    for (int i = 0; i < 3; i++) {
        EQ(rig_try(rig), ERR_FULL);
        EQ(off->type, EV_message_posted);
        EQ(ann_off->type, EV_message_posted);
        EQ(ann_again->type, EV_message_posted);
        EQ(erased->type, EV_message_deleted);
        EQ(reply->refusal, REFUSE_NONE);
    }
    rig_make_full(rig, false);
    OKAY(rig_commit(rig));
    EQ(on->message.v, 3);
    EQ(off->type, EV_message_deleted);
    EQ(off->message.v, 3);
    EQ(off->position, 4);
    EQ(anew->type, EV_message_posted);
    EQ(anew->message.v, 5);
    EQ(ann_off->type, EV_message_deleted);
    EQ(ann_off->message.v, 2);
    EQ(ann_off->position, 6);
    OKAY(!ann_off->is_repeat && ann_again->is_repeat);
    OKAY(void_one->is_void && erased->is_void);
    EQ(large->message.v, 7);
    STR_EQ(changes_text(rig, GENERAL, 0, 20), "1+ 2+ 3+ 4-3 5+ 6-2 7+");
    EQ(history(rig, GENERAL, 0, 0)->total, 3);
    xfree(long_text);
}

TEST(a_toggle_that_met_a_busy_store_is_a_toggle_again_in_memory) {
    SCOPED(rig_free) struct rig *rig = rig_new("memory");
    user(rig, ANN, "ann");
    say(rig, GENERAL, ANN, "hello");
    react(rig, GENERAL, ANN, 1, THUMB);
    OKAY(rig_commit(rig));
    memory_store_set_faults(rig->store, &(struct memory_faults){ .at = 1, .err = ERR_BUSY });
    struct event *off = react(rig, GENERAL, ANN, 1, THUMB);
    EQ(rig_try(rig), ERR_BUSY);
    EQ(off->type, EV_message_posted);
    EQ(rig_try(rig), OK);
    EQ(off->type, EV_message_deleted);
}

TEST(a_toggle_that_met_a_busy_store_is_a_toggle_again_in_sqlite) {
    SCOPED(rig_free) struct rig *rig = rig_new("sqlite");
    sqlite3 *other = NULL;
    user(rig, ANN, "ann");
    say(rig, GENERAL, ANN, "hello");
    react(rig, GENERAL, ANN, 1, THUMB);
    OKAY(rig_commit(rig));
    EQ(sqlite3_open(rig->url + strlen("sqlite:"), &other), SQLITE_OK);
    EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct event *off = react(rig, GENERAL, ANN, 1, THUMB);
    EQ(rig_try(rig), ERR_BUSY);
    EQ(off->type, EV_message_posted);
    EQ(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    EQ(rig_try(rig), OK);
    EQ(off->type, EV_message_deleted);
    EQ(off->position, 3);
}

/* ---- nothing is wrong */

CONTRACT(a_store_with_everything_in_it_is_sound) {
    upload(rig, ANN, "images/a.png", 100);
    name(rig, GENERAL, ANN, "2,3");
    image(rig, GENERAL, ANN, "/uploads/images/a.png");
    react(rig, GENERAL, BOB, 1, THUMB);
    react(rig, GENERAL, BOB, 1, THUMB);
    read_to(rig, GENERAL, BOB, 0);
    OKAY(rig_commit(rig));
    edit(rig, 1, ANN, "nobody");
    erase(rig, 2, ANN);
    OKAY(rig_commit(rig));
    drop_upload(rig, "images/a.png");
    OKAY(rig_commit(rig));
    sound(rig);
}
