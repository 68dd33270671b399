/* The encoders: the bytes of every answer, as the document's table has them, and what a client
 * that reads once into a kilobyte may count on in each. */
#include "test/unit.h"

#include "dialect/tchatator/notation.h"
#include "dialect/tchatator/shape.h"
#include "dialect/tchatator/tchatator.h"
#include "dialect/tchatator/walk.h"

#define AT_MS UINT64_C(1795237961000)    // 2026-11-21 05:12:41, the document's

#define DESK(name) SCOPED(buf_fini) struct buf name = BUF_INIT(1 << 20)

static void is_answer(struct str answer) {
    const char *lacks = shape_lacks(answer);
    if (lacks != NULL) {
        print_error("%.*s lacks %s\n", (int)answer.n, answer.p, lacks);
    }
    OKAY(lacks == NULL);
}

/* The answer just written has these bytes; "" if it was silent. */
static void wrote(struct buf *out, bool spoke, const char *answer) {
    EQ(spoke, *answer != '\0');
    OKAY(buf_ok(out));
    STR_EQ(buf_str(out), answer);
    if (spoke) {
        is_answer(buf_str(out));
    }
    buf_reset(out);
}

static void answers(const struct reply *reply, const char *answer) {
    DESK(out);
    wrote(&out, tchatator_encode_reply(reply, LANG_FR, &out), answer);
}

TEST(an_answer_has_a_shape) {
    STR_EQ(str_of(shape_lacks(STR_LIT("200/Ok\n"))), "a status");
    STR_EQ(str_of(shape_lacks(STR_LIT("200/OK"))), "a line feed at its end");
    STR_EQ(str_of(shape_lacks(STR_LIT("200/OK\n\n"))), "a key or a value");
    STR_EQ(str_of(shape_lacks(STR_LIT("200/OK\nuntil:\n"))), "a key or a value");
    STR_EQ(str_of(shape_lacks(STR_LIT("200/OK\r\n"))), "a status");
    STR_EQ(str_of(shape_lacks(STR_LIT("200/OK\nuntil:\r\n"))), "plain text");
    STR_EQ(str_of(shape_lacks(STR_LIT("403/DENIED\n"))), "a message");
    SCOPED(buf_fini) struct buf b = BUF_INIT(2048);
    BUF_PUT_LIT(&b, "200/OK\nroom:");
    while (b.n < 1023) {
        buf_put_char(&b, 'x');
    }
    buf_put_char(&b, '\n');
    STR_EQ(str_of(shape_lacks(buf_str(&b))), "brevity");
}

/* ---- what was done */

TEST(login_tells_who_one_is) {
    answers(&(struct reply){ .cmd = CMD_session_open,
                             .user = { 7 },
                             .username = STR_LIT("alice"),
                             .role = ROLE_PRO },
            "200/OK\nuser-id:7\nusername:alice\nrole:pro\n");
}

TEST(a_message_that_was_sent_changed_or_deleted_has_its_id) {
    struct event ev = { .message = { 5 } };
    answers(&(struct reply){ .cmd = CMD_direct_send, .event = &ev }, "200/OK\nmessage-id:5\n");
    answers(&(struct reply){ .cmd = CMD_message_edit, .event = &ev }, "200/OK\nmessage-id:5\n");
    answers(&(struct reply){ .cmd = CMD_message_delete, .message = 5 }, "200/OK\nmessage-id:5\n");
}

TEST(a_block_tells_how_long_it_lasts) {
    struct event ev = { .until_ms = AT_MS };
    answers(&(struct reply){ .cmd = CMD_block_add, .event = &ev },
            "200/OK\nuntil:2026-11-21 05:12:41\n");
    answers(&(struct reply){ .cmd = CMD_block_add, .until_ms = AT_MS },
            "200/OK\nuntil:2026-11-21 05:12:41\n");
}

TEST(a_user_is_shown_by_name_and_by_what_they_do) {
    answers(
        &(struct reply){
            .cmd = CMD_user_info, .user = { 7 }, .username = STR_LIT("alice"), .is_on = true },
        "200/OK\nusername:alice\nconnected:true\nis-writing:false\n");
    answers(
        &(struct reply){
            .cmd = CMD_user_info, .user = { 7 }, .username = STR_LIT("alice"), .is_typing = true },
        "200/OK\nusername:alice\nconnected:false\nis-writing:true\n");
}

TEST(what_has_nothing_to_tell_is_a_status_alone) {
    static const enum cmd_type types[] = { CMD_block_remove, CMD_ban_add, CMD_ban_remove,
                                           CMD_typing_set,   CMD_ping,    CMD_session_close };
    for (size_t i = 0; i < COUNT(types); i++) {
        answers(&(struct reply){ .cmd = types[i], .user = { 7 } }, "200/OK\n");
    }
}

TEST(what_the_store_answers_is_not_answered_twice) {
    answers(&(struct reply){ .cmd = CMD_changes_next }, "");
    answers(&(struct reply){ .cmd = CMD_room_history }, "");
    answers(&(struct reply){ .cmd = CMD_changes_confirm }, "");
    answers(&(struct reply){ .cmd = CMD_changes_confirm, .refusal = REFUSE_malformed }, "");
    answers(&(struct reply){ .cmd = CMD_changes_next, .refusal = REFUSE_unauthenticated },
            "401/UNAUTH\nmessage:Un jeton valide est nécessaire.\n");
}

/* ---- what was refused */

/* The status that a refusal of this command begins with. */
static void refuses(enum cmd_type cmd, enum refusal refusal, const char *status) {
    DESK(out);
    struct reply reply = { .cmd = cmd, .refusal = refusal };
    OKAY(tchatator_encode_reply(&reply, LANG_FR, &out));
    is_answer(buf_str(&out));
    struct str rest = buf_str(&out);
    STR_EQ(str_cut(&rest, '\n'), status);
}

TEST(a_login_is_denied_whatever_is_wrong_with_it) {
    refuses(CMD_session_open, REFUSE_unauthenticated, "403/DENIED");
    refuses(CMD_session_open, REFUSE_expired, "403/DENIED");
    refuses(CMD_session_open, REFUSE_banned, "403/DENIED");
    refuses(CMD_session_open, REFUSE_already_connected, "403/DENIED");
    refuses(CMD_session_open, REFUSE_too_many_sessions, "426/TOOMRQ");
    refuses(CMD_session_open, REFUSE_rate_limited, "426/TOOMRQ");
    refuses(CMD_session_open, REFUSE_store_away, "500/ERROR");
}

/* The refusals column of the document's table, and what any command may meet. */
TEST(each_command_is_refused_with_the_documents_status) {
    static const struct {
        enum cmd_type cmd;
        enum refusal refusal;
        const char *status;
    } rows[] = {
        { CMD_direct_send, REFUSE_user_unknown, "403/DENIED" },
        { CMD_direct_send, REFUSE_blocked, "403/DENIED" },
        { CMD_direct_send, REFUSE_empty, "416/MISFMT" },
        { CMD_direct_send, REFUSE_too_long, "416/MISFMT" },
        { CMD_direct_send, REFUSE_rate_limited, "426/TOOMRQ" },
        { CMD_message_edit, REFUSE_forbidden, "403/DENIED" },
        { CMD_message_edit, REFUSE_message_unknown, "403/DENIED" },
        { CMD_message_delete, REFUSE_forbidden, "403/DENIED" },
        { CMD_message_delete, REFUSE_message_unknown, "403/DENIED" },
        { CMD_block_add, REFUSE_forbidden, "403/DENIED" },
        { CMD_block_remove, REFUSE_forbidden, "403/DENIED" },
        { CMD_ban_add, REFUSE_forbidden, "403/DENIED" },
        { CMD_ban_remove, REFUSE_user_unknown, "403/DENIED" },
        { CMD_user_info, REFUSE_user_unknown, "403/DENIED" },
        { CMD_typing_set, REFUSE_user_unknown, "403/DENIED" },
        { CMD_malformed, REFUSE_malformed, "416/MISFMT" },
        { CMD_malformed, REFUSE_too_long, "416/MISFMT" },
        { CMD_malformed, REFUSE_unauthenticated, "401/UNAUTH" },
    };
    static const enum cmd_type all[] = { CMD_direct_send,  CMD_message_edit, CMD_message_delete,
                                         CMD_changes_next, CMD_block_add,    CMD_block_remove,
                                         CMD_ban_add,      CMD_ban_remove,   CMD_user_info,
                                         CMD_typing_set };
    for (size_t i = 0; i < COUNT(rows); i++) {
        refuses(rows[i].cmd, rows[i].refusal, rows[i].status);
    }
    for (size_t i = 0; i < COUNT(all); i++) {
        refuses(all[i], REFUSE_unauthenticated, "401/UNAUTH");
        refuses(all[i], REFUSE_banned, "403/DENIED");
        refuses(all[i], REFUSE_store_away, "500/ERROR");
        refuses(all[i], REFUSE_stopping, "500/ERROR");
    }
}

TEST(a_refusal_says_what_was_wrong_in_french) {
    answers(&(struct reply){ .cmd = CMD_malformed,
                             .refusal = REFUSE_malformed,
                             .detail = tchatator_notation_read("missing recipient-id") },
            "416/MISFMT\nmessage:Requête incomprise (le paramètre recipient-id manque).\n");
    answers(&(struct reply){ .cmd = CMD_malformed,
                             .refusal = REFUSE_unauthenticated,
                             .detail = tchatator_notation_read("missing_token token") },
            "401/UNAUTH\nmessage:Un jeton valide est nécessaire (le paramètre token manque).\n");
    answers(&(struct reply){ .cmd = CMD_direct_send,
                             .refusal = REFUSE_too_long,
                             .detail = *DETAIL_OF(longer, INPUT_content, UNIT_characters,
                                                  .given = 4001, .max = 4000) },
            "416/MISFMT\nmessage:C'est trop long (4001 caractères; au plus 4000).\n");
    answers(&(struct reply){ .cmd = CMD_direct_send,
                             .refusal = REFUSE_rate_limited,
                             .detail = *DETAIL_OF(rate, .unit = UNIT_per_minute, .max = 60),
                             .retry_after_ms = 812 },
            "426/TOOMRQ\nretry-after-ms:812\n"
            "message:Trop de messages : patientez un peu (60 par minute).\n");
    answers(&(struct reply){ .cmd = CMD_session_open,
                             .refusal = REFUSE_unauthenticated,
                             .detail = *DETAIL_OF(token_bad) },
            "403/DENIED\nmessage:Un jeton valide est nécessaire (ce jeton n'est pas valable).\n");
    answers(&(struct reply){ .cmd = CMD_direct_send,
                             .refusal = REFUSE_unauthenticated,
                             .detail = *DETAIL_OF(login_first) },
            "401/UNAUTH\nmessage:Un jeton valide est nécessaire (commencez par LOGIN).\n");
}

TEST(and_in_english_for_who_wants_it) {
    DESK(out);
    struct reply reply = { .cmd = CMD_malformed,
                           .refusal = REFUSE_malformed,
                           .detail = tchatator_notation_read("not_hours duration") };
    wrote(&out, tchatator_encode_reply(&reply, LANG_EN, &out),
          "416/MISFMT\nmessage:The request is not understood (duration must be a number of hours "
          "from 1 to 87840).\n");
    reply = (struct reply){ .cmd = CMD_direct_send,
                            .refusal = REFUSE_unauthenticated,
                            .detail = *DETAIL_OF(login_first) };
    wrote(&out, tchatator_encode_reply(&reply, LANG_EN, &out),
          "401/UNAUTH\nmessage:A valid token is needed (LOGIN first).\n");
}

TEST(a_parameter_is_called_what_the_client_calls_it) {
    static const struct {
        enum cmd_type cmd;
        enum input input;
        const char *said;
    } rows[] = {
        { CMD_direct_send, INPUT_user, "recipient-id" },
        { CMD_direct_send, INPUT_client_id, "client-id" },
        { CMD_block_add, INPUT_user, "user-id" },
        { CMD_block_add, INPUT_other, "for-user-id" },
        { CMD_block_add, INPUT_duration, "duration" },
        { CMD_message_edit, INPUT_message, "message-id" },
        { CMD_typing_set, INPUT_user, "in-conversation" },
        { CMD_message_delete, INPUT_user, "user" },    // it has none
        { CMD_room_join, INPUT_room, "room" },         // nor is there such a command
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        DESK(out);
        problem_put_detail(&out, DETAIL_OF(input, rows[i].input), verb_of(rows[i].cmd), LANG_FR);
        STR_EQ(buf_str(&out), rows[i].said);
    }
}

/* Every sentence there is, with as much in it as there may be. */
TEST(no_refusal_is_a_kilobyte) {
    DESK(out);
    DESK(detail);
    char backslashes[DETAIL_BYTES_MAX];
    memset(backslashes, '\\', sizeof backslashes);
    struct str worst = { backslashes, sizeof backslashes };
    for (enum lang lang = LANG_EN; lang <= LANG_FR; lang++) {
        for (enum problem problem = PROBLEM_NONE + 1; problem < PROBLEM_COUNT; problem++) {
            buf_reset(&detail);
            problem_put_argument(&detail, worst);
            OKAY(detail.n <= DETAIL_BYTES_MAX);
            struct reply reply = {
                .cmd = CMD_malformed,
                .refusal = problem_refusal(problem),
                .detail = { .kind = DETAIL_words, .word = buf_str(&detail), .problem = problem }
            };
            OKAY(tchatator_encode_reply(&reply, lang, &out));
            is_answer(buf_str(&out));
            OKAY(str_find(buf_str(&out), '%') == out.n);
            buf_reset(&out);
        }
        for (enum refusal refusal = REFUSE_NONE + 1; refusal < REFUSAL_COUNT; refusal++) {
            struct reply reply = { .cmd = CMD_direct_send,
                                   .refusal = refusal,
                                   .detail = { .kind = DETAIL_words, .word = worst },
                                   .retry_after_ms = UINT64_MAX };
            OKAY(tchatator_encode_reply(&reply, lang, &out));
            is_answer(buf_str(&out));
            buf_reset(&out);
        }
    }
}

TEST(what_the_input_brings_does_not_break_a_line) {
    answers(&(struct reply){ .cmd = CMD_malformed,
                             .refusal = REFUSE_malformed,
                             .detail = tchatator_notation_read("no_colon a\nb\r\\") },
            "416/MISFMT\nmessage:Requête incomprise (la ligne « a\\nb\\r\\\\ » n'est ni une "
            "commande ni clé:valeur).\n");
}

/* ---- changes */

static struct message direct_message(void) {
    return (struct message){ .id = { 5 },
                             .room = { 3 },
                             .room_kind = ROOM_DM,
                             .user = { 7 },
                             .username = STR_LIT("alice"),
                             .other = { 42 },
                             .content = STR_LIT("Bonjour, comment ça va ?"),
                             .at_ms = AT_MS };
}

static void hands_out(enum change_kind kind, struct message m, const char *answer) {
    DESK(out);
    struct change change = { .position = 9, .kind = kind, .message = m };
    tchatator_put_change(&change, 2, &out);
    wrote(&out, true, answer);
}

TEST(a_new_message_is_lines_and_at_last_a_row) {
    hands_out(CHANGE_NEW, direct_message(),
              "200/OK\ntype:new_message\nmessage-id:5\nsender-id:7\nrecipient-id:42\n"
              "sent-date:2026-11-21 05:12:41\ncontent:Bonjour, comment ça va ?\nremaining:2\n"
              "message:{\"id\":5,\"sender_id\":7,\"receiver_id\":42,"
              "\"content\":\"Bonjour, comment ça va ?\",\"sended_date\":\"2026-11-21 05:12:41\","
              "\"modified_date\":null,\"seen\":false,\"deleted\":false}\n");
}

TEST(a_message_that_was_updated_shows_when) {
    struct message m = direct_message();
    m.edited_ms = AT_MS + 60000;
    m.is_read = true;
    m.content = STR_LIT("oui");
    hands_out(CHANGE_EDITED, m,
              "200/OK\ntype:message_updated\nmessage-id:5\nsender-id:7\nrecipient-id:42\n"
              "sent-date:2026-11-21 05:12:41\ncontent:oui\nremaining:2\n"
              "message:{\"id\":5,\"sender_id\":7,\"receiver_id\":42,\"content\":\"oui\","
              "\"sended_date\":\"2026-11-21 05:12:41\",\"modified_date\":\"2026-11-21 05:13:41\","
              "\"seen\":true,\"deleted\":false}\n");
}

TEST(a_message_that_was_deleted_is_an_id) {
    struct message m = direct_message();
    hands_out(CHANGE_DELETED, m, "200/OK\ntype:message_deleted\nmessage-id:5\nremaining:2\n");
    m.deleted_ms = AT_MS;
    m.content = STR_NONE;
    hands_out(CHANGE_NEW, m, "200/OK\ntype:message_deleted\nmessage-id:5\nremaining:2\n");
}

TEST(content_stays_on_its_line) {
    struct message m = direct_message();
    m.content = STR_LIT("a\nb\r\n\\\"");
    hands_out(CHANGE_NEW, m,
              "200/OK\ntype:new_message\nmessage-id:5\nsender-id:7\nrecipient-id:42\n"
              "sent-date:2026-11-21 05:12:41\ncontent:a\\nb\\r\\n\\\\\"\nremaining:2\n"
              "message:{\"id\":5,\"sender_id\":7,\"receiver_id\":42,"
              "\"content\":\"a\\nb\\r\\n\\\\\\\"\",\"sended_date\":\"2026-11-21 05:12:41\","
              "\"modified_date\":null,\"seen\":false,\"deleted\":false}\n");
}

TEST(a_message_of_a_room_names_the_room) {
    struct message m = direct_message();
    m.room_kind = ROOM_CHANNEL;
    m.room_name = STR_LIT("general");
    m.content = STR_LIT("oui");
    hands_out(CHANGE_NEW, m,
              "200/OK\ntype:new_message\nmessage-id:5\nsender-id:7\nroom-id:3\nroom:general\n"
              "sent-date:2026-11-21 05:12:41\ncontent:oui\nremaining:2\n"
              "message:{\"id\":5,\"sender_id\":7,\"receiver_id\":null,\"content\":\"oui\","
              "\"sended_date\":\"2026-11-21 05:12:41\",\"modified_date\":null,\"seen\":false,"
              "\"deleted\":false,\"room_id\":3,\"room\":\"general\"}\n");
}

TEST(a_file_without_words_shows_where_it_is) {
    struct message m = direct_message();
    m.type = MESSAGE_IMAGE;
    m.media_url = STR_LIT("/uploads/images/a.png");
    m.reply_to = (message_id){ 4 };
    m.content = STR_NONE;
    hands_out(CHANGE_NEW, m,
              "200/OK\ntype:new_message\nmessage-id:5\nsender-id:7\nrecipient-id:42\n"
              "sent-date:2026-11-21 05:12:41\nmessage-type:image\n"
              "media-url:/uploads/images/a.png\nreply-to:4\ncontent:/uploads/images/a.png\n"
              "remaining:2\nmessage:{\"id\":5,\"sender_id\":7,\"receiver_id\":42,"
              "\"content\":\"/uploads/images/a.png\",\"sended_date\":\"2026-11-21 05:12:41\","
              "\"modified_date\":null,\"seen\":false,\"deleted\":false}\n");
}

TEST(nothing_new_has_no_type) {
    DESK(out);
    tchatator_put_no_change(&out);
    wrote(&out, true, "200/OK\nremaining:0\n");
}

TEST(an_answer_of_the_store_is_its_first_change) {
    DESK(out);
    struct change changes[2] = { { .kind = CHANGE_DELETED, .message = { .id = { 5 } } },
                                 { .kind = CHANGE_DELETED, .message = { .id = { 6 } } } };
    struct answer answer = {
        .ask = { .kind = ASK_CHANGES }, .changes = changes, .change_count = 2, .total = 9
    };
    wrote(&out, tchatator_encode_answer(&answer, LANG_FR, &out),
          "200/OK\ntype:message_deleted\nmessage-id:5\nremaining:8\n");
    answer.total = 0;
    wrote(&out, tchatator_encode_answer(&answer, LANG_FR, &out),
          "200/OK\ntype:message_deleted\nmessage-id:5\nremaining:1\n");
    answer.change_count = 0;
    wrote(&out, tchatator_encode_answer(&answer, LANG_FR, &out), "200/OK\nremaining:0\n");
    answer.refusal = REFUSE_store_away;
    wrote(&out, tchatator_encode_answer(&answer, LANG_FR, &out),
          "500/ERROR\nmessage:Rien ne peut être enregistré pour l'instant ; rien n'a changé. "
          "Réessayez bientôt.\n");
    answer = (struct answer){ .ask = { .kind = ASK_ROOM_HISTORY } };
    wrote(&out, tchatator_encode_answer(&answer, LANG_FR, &out), "");
}

/* ---- framing */

TEST(a_framed_answer_says_how_much_follows) {
    DESK(out);
    tchatator_frame(STR_LIT("200/OK\nmessage-id:5\n"), &out);
    wrote(&out, true, "200/OK\nresponse-length:13\nmessage-id:5\n");
    tchatator_frame(STR_LIT("200/OK\n"), &out);
    wrote(&out, true, "200/OK\nresponse-length:0\n");
    tchatator_frame(STR_LIT("200/OK\ntype:é\n"), &out);
    wrote(&out, true, "200/OK\nresponse-length:8\ntype:é\n");
}

/* ---- events */

TEST(the_server_never_speaks_first) {
    DESK(out);
    for (enum event_type type = 0; type < EVENT_COUNT; type++) {
        struct event ev = { .type = type, .content = STR_LIT("a"), .username = STR_LIT("b") };
        for (enum view view = 0; view < VIEW_COUNT; view++) {
            OKAY(!tchatator_encode_event(&ev, view, &out));
        }
    }
    EQ(out.n, 0);
}
