/* The vocabulary: names and tables, the copy that travels, batches and answers. */
#include "core/cmd.h"

#include "core/batch.h"
#include "test/unit.h"

TEST(every_command_has_a_name_that_leads_back_to_it) {
    for (enum cmd_type type = 0; type < CMD_COUNT; type++) {
        EQ(cmd_by_name(str_of(cmd_name(type))), type);
    }
    EQ(cmd_by_name(STR_LIT("message_sen")), CMD_COUNT);
    EQ(cmd_by_name(STR_LIT("")), CMD_COUNT);
    EQ(CMD_malformed, 0);
    STR_EQ(str_of(cmd_name(CMD_message_send)), "message_send");
}

TEST(the_table_says_which_commands_write) {
    OKAY(cmd_writes(CMD_message_send) && cmd_writes(CMD_ban_add));
    OKAY(!cmd_writes(CMD_ping) && !cmd_writes(CMD_session_open));
}

TEST(every_role_has_a_name_that_leads_back_to_it) {
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        EQ(role_by_name(str_of(role_name(role))), role);
    }
    EQ(role_by_name(STR_LIT("owner")), ROLE_COUNT);
}

TEST(every_refusal_has_a_code_a_status_and_a_sentence_in_both_languages) {
    for (enum refusal r = REFUSE_NONE + 1; r < REFUSAL_COUNT; r++) {
        OKAY(strlen(refusal_name(r)) > 0 && strlen(refusal_code(r)) > 0);
        OKAY(refusal_status(r) >= 400 && refusal_status(r) < 600);
        struct str english = str_of(refusal_text(r, LANG_EN));
        struct str french = str_of(refusal_text(r, LANG_FR));
        OKAY(str_ends(english, STR_LIT(".")) && str_ends(french, STR_LIT(".")));
        OKAY(!str_eq(english, french));
    }
    STR_EQ(str_of(refusal_name(REFUSE_room_unknown)), "room_unknown");
    STR_EQ(str_of(refusal_text(REFUSE_room_unknown, LANG_FR)), "Room inexistante.");
    EQ(refusal_status(REFUSE_rate_limited), 429);
    EQ(refusal_status(REFUSE_NONE), 200);
}

TEST(an_intake_owns_every_text_of_its_command) {
    char room[] = "lobby";
    char content[] = "hello";
    struct cmd cmd = { .type = CMD_message_send, .session = { 7 }, .limit = 3 };
    cmd.room_name = str_of(room);
    cmd.content = str_of(content);
    struct intake *i = intake_new(&cmd);
    memset(room, 'x', sizeof room);
    memset(content, 'x', sizeof content);

    STR_EQ(i->cmd.room_name, "lobby");
    STR_EQ(i->cmd.content, "hello");
    OKAY(str_is_empty(i->cmd.client_id));
    EQ(i->cmd.session.v, 7);
    EQ(i->cmd.limit, 3);
    intake_free(&i);
    OKAY(i == NULL);
    intake_free(&i);
}

TEST(every_event_says_who_hears_it_and_whether_it_is_kept) {
    for (enum event_type type = 0; type < EVENT_COUNT; type++) {
        OKAY(strlen(event_name(type)) > 0);
        OKAY(event_audience(type) <= AUD_SESSIONS);
    }
    STR_EQ(str_of(event_name(EV_message_posted)), "message_posted");
    EQ(event_audience(EV_message_posted), AUD_ROOM);
    EQ(event_audience(EV_user_created), AUD_NOBODY);
    EQ(event_audience(EV_session_ended), AUD_SESSIONS);
    OKAY(event_is_kept(EV_message_posted) && !event_is_kept(EV_typing_changed));
}

TEST(a_batch_keeps_its_items_in_order_and_counts_what_must_be_kept) {
    struct batch *b = batch_new(1234);
    struct cmd cmd = { .type = CMD_room_join, .session = { 9 }, .ref = STR_LIT("1") };
    cmd.dialect = DIALECT_hub;

    EQ(batch_event(b, EV_follow_started)->at_ms, 1234);
    struct reply *r = batch_reply(b, &cmd);
    EQ(batch_event(b, EV_message_posted)->audience, AUD_ROOM);
    struct ask *ask = batch_ask(b, &cmd, ASK_LIST);

    EQ(r->session.v, 9);
    EQ(r->cmd, CMD_room_join);
    EQ(r->dialect, DIALECT_hub);
    EQ(r->at_ms, 1234);
    STR_EQ(r->ref, "1");
    OKAY(r->event == NULL && r->refusal == REFUSE_NONE);
    EQ(ask->kind, ASK_LIST);
    EQ(ask->session.v, 9);
    STR_EQ(ask->ref, "1");
    EQ(b->kept_count, 1);
    EQ(b->ask_count, 1);

    static const enum item_kind want[] = { ITEM_EVENT, ITEM_REPLY, ITEM_EVENT, ITEM_ASK };
    size_t n = 0;
    BATCH_EACH(item, b) {
        EQ(item->kind, want[n++]);
    }
    EQ(n, COUNT(want));
    batch_unref(&b);
}

TEST(the_last_reference_frees_the_batch_and_its_intakes) {
    struct batch *b = batch_new(1);
    struct cmd cmd = { .type = CMD_ping };
    for (size_t i = 0; i < 3; i++) {
        struct intake *intake = intake_new(&cmd);
        intake->link.next = b->intakes;
        b->intakes = &intake->link;
    }
    char text[] = "text";
    struct str copy = batch_str(b, str_of(text));
    text[0] = 'n';
    atomic_fetch_add(&b->refs, 1);

    struct batch *other = b;
    OKAY(!batch_unref(&other));
    OKAY(other == NULL);
    STR_EQ(copy, "text");    // still there: there was another reference
    OKAY(batch_unref(&b));
    OKAY(b == NULL);
    OKAY(!batch_unref(&b));    // the sanitizers say whether everything was freed
}

TEST(an_answer_outlives_the_batch_of_its_question) {
    struct batch *b = batch_new(1);
    struct cmd cmd = { .type = CMD_room_history, .session = { 5 } };
    cmd.ref = batch_str(b, STR_LIT("\"a\""));
    struct ask *ask = batch_ask(b, &cmd, ASK_ROOM_HISTORY);
    ask->room_name = batch_str(b, STR_LIT("general"));
    ask->limit = 50;
    struct answer *a = answer_new(ask);
    batch_unref(&b);

    STR_EQ(a->ask.ref, "\"a\"");
    STR_EQ(a->ask.room_name, "general");
    EQ(a->ask.limit, 50);
    EQ(a->message_count + a->row_count, 0);
    answer_free(&a);
    OKAY(a == NULL);
    answer_free(&a);
}
