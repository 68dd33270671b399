/* The reader: what each command says, and what is wrong with it, by the document's table. */
#include "test/unit.h"

#include "dialect/tchatator/notation.h"
#include "dialect/tchatator/tchatator.h"
#include "dialect/tchatator/walk.h"

/* Reads a command; borrows from `text`. */
static const struct cmd *reads(struct tchatator_command *c, const char *text) {
    memset(c, 0xee, sizeof *c);
    tchatator_read(str_of(text), c);
    EQ(c->cmd.dialect, DIALECT_tchatator);
    EQ(c->cmd.form, DIALECT_tchatator);
    EQ(c->cmd.session.v, 0);
    EQ(c->cmd.type == CMD_malformed, c->cmd.refusal != REFUSE_NONE);
    return &c->cmd;
}

/* The command is refused so. */
static void refuses(const char *text, enum refusal refusal, const char *detail) {
    struct tchatator_command c;
    const struct cmd *cmd = reads(&c, text);
    EQ(cmd->type, CMD_malformed);
    EQ(cmd->refusal, refusal);
    STR_EQ(tchatator_notation_of(cmd), detail);
}

static void misformats(const char *text, const char *detail) {
    refuses(text, REFUSE_malformed, detail);
}

/* ---- each command */

TEST(login_is_a_session_that_is_alone) {
    struct tchatator_command c;
    const struct cmd *cmd = reads(&c, "LOGIN\napi-token:b0wv\n");
    EQ(c.verb, TCHATATOR_LOGIN);
    EQ(cmd->type, CMD_session_open);
    EQ(cmd->is_alone, 1);
    STR_EQ(cmd->detail, "b0wv");
    STR_EQ(c.token, "b0wv");
    OKAY(!c.wants_framing && !c.wants_rooms);
}

TEST(login_may_ask_for_framing_and_for_rooms) {
    struct tchatator_command c;
    reads(&c, "LOGIN\nframing:length\napi-token:b0wv\nrooms:on\n");
    OKAY(c.wants_framing && c.wants_rooms);
    reads(&c, "LOGIN\napi-token:b0wv\nframing:none\nrooms:off\n");
    EQ(c.cmd.type, CMD_session_open);
    OKAY(!c.wants_framing && !c.wants_rooms);
}

TEST(a_message_has_a_recipient_and_content) {
    struct tchatator_command c;
    const struct cmd *cmd = reads(&c, "SEND_MSG\ntoken:t\nrecipient-id:42\ncontent:Bonjour\n");
    EQ(c.verb, TCHATATOR_SEND_MSG);
    EQ(cmd->type, CMD_direct_send);
    EQ(cmd->user, 42);
    STR_EQ(cmd->content, "Bonjour");
    STR_EQ(cmd->client_id, "");
    STR_EQ(c.token, "t");
    cmd = reads(&c, "SEND_MSG\nclient-id:k 1\ntoken:t\nreceiver-id: 42 \ncontent: : \n");
    EQ(cmd->user, 42);
    STR_EQ(cmd->client_id, "k 1");
    STR_EQ(cmd->content, ": ");
}

TEST(content_ends_as_the_scanner_saw_it_end) {
    struct tchatator_command c;
    const struct cmd *cmd = reads(&c, "SEND_MSG\ntoken:t\nrecipient-id:42\nmessage-length:24\n"
                                      "content:Bonjour, comment ça va ?");
    STR_EQ(cmd->content, "Bonjour, comment ça va ?");
    cmd = reads(&c, "UPDT_MSG\ntoken:t\nmessage-id:5\nmessage-length:4\ncontent:a\n\nb\n");
    STR_EQ(cmd->content, "a\n\nb");
}

TEST(a_message_is_updated_and_deleted_by_its_id) {
    struct tchatator_command c;
    const struct cmd *cmd = reads(&c, "UPDT_MSG\ntoken:t\nmessage-id:5\ncontent:oui\n");
    EQ(cmd->type, CMD_message_edit);
    EQ(cmd->message, 5);
    STR_EQ(cmd->content, "oui");
    cmd = reads(&c, "DEL_MSG\ntoken:t\nmessage-id:5\n");
    EQ(cmd->type, CMD_message_delete);
    EQ(cmd->message, 5);
    EQ(cmd->user, 0);
}

TEST(asking_for_changes_takes_a_token_alone) {
    struct tchatator_command c;
    EQ(reads(&c, "NEW_CHG_AVAILABLE\ntoken:t\n")->type, CMD_changes_next);
    EQ(c.cmd.is_on, 0);
    STR_EQ(c.token, "t");
}

TEST(goodbye_takes_nothing) {
    struct tchatator_command c;
    EQ(reads(&c, "DISCONNECTED\n")->type, CMD_session_close);
    STR_EQ(c.token, "");
}

TEST(a_block_is_for_somebody_or_for_everyone_and_lasts_hours) {
    struct tchatator_command c;
    const struct cmd *cmd = reads(&c, "BLOCK_USER\ntoken:t\nuser-id:7\n");
    EQ(cmd->type, CMD_block_add);
    EQ(cmd->user, 7);
    EQ(cmd->other, 0);
    EQ(cmd->is_on, 0);
    EQ(cmd->duration_ms, 0);
    cmd = reads(&c, "BLOCK_USER\ntoken:t\nuser-id:7\nfor-user-id:9\nduration:24\n");
    EQ(cmd->other, 9);
    EQ(cmd->is_on, 0);
    EQ(cmd->duration_ms, 24 * 3600 * 1000);
    cmd = reads(&c, "BLOCK_USER\ntoken:t\nuser-id:7\nfor-user-id:0\nduration:87840\n");
    EQ(cmd->other, 0);
    EQ(cmd->is_on, 1);
    EQ(cmd->duration_ms, BLOCK_MS_MAX);
    cmd = reads(&c, "UNBLOCK_USER\ntoken:t\nuser-id:7\nfor-user-id:0\n");
    EQ(cmd->type, CMD_block_remove);
    EQ(cmd->user, 7);
    EQ(cmd->is_on, 1);
}

TEST(a_ban_is_for_good) {
    struct tchatator_command c;
    const struct cmd *cmd = reads(&c, "BAN_USER\ntoken:t\nuser-id:7\n");
    EQ(cmd->type, CMD_ban_add);
    EQ(cmd->user, 7);
    EQ(cmd->until_ms, 0);
    EQ(reads(&c, "UNBAN_USER\ntoken:t\nuser-id:7\n")->type, CMD_ban_remove);
    EQ(reads(&c, "USER_INFO\ntoken:t\nuser-id:7\n")->type, CMD_user_info);
    EQ(c.cmd.user, 7);
}

TEST(what_a_client_does_is_typing_to_its_partner) {
    static const char *const nobody[] = { "", "0", "-1", " " };
    struct tchatator_command c;
    const struct cmd *cmd = reads(&c, "CLIENT_INFO\ntoken:t\nis-writing:true\nin-conversation:7\n");
    EQ(cmd->type, CMD_typing_set);
    EQ(cmd->user, 7);
    EQ(cmd->is_on, 1);
    for (size_t i = 0; i < COUNT(nobody); i++) {
        SCOPED(buf_fini) struct buf b = BUF_INIT(128);
        buf_printf(&b, "CLIENT_INFO\ntoken:t\nis-writing:false\nin-conversation:%s\n", nobody[i]);
        memset(&c, 0xee, sizeof c);
        tchatator_read(buf_str(&b), &c);
        EQ(c.cmd.type, CMD_typing_set);
        EQ(c.cmd.user, 0);
        EQ(c.cmd.is_on, 0);
    }
}

TEST(a_flag_is_said_in_many_words) {
    static const char *const words[] = { "true",  "1", "on",  "oui", "yes",
                                         "FALSE", "0", "Off", "non", "no" };
    for (size_t i = 0; i < COUNT(words); i++) {
        SCOPED(buf_fini) struct buf b = BUF_INIT(128);
        struct tchatator_command c;
        buf_printf(&b, "CLIENT_INFO\ntoken:t\nin-conversation:7\nis-writing:%s\n", words[i]);
        tchatator_read(buf_str(&b), &c);
        EQ(c.cmd.type, CMD_typing_set);
        EQ(c.cmd.is_on, i < 5);
    }
}

TEST(a_verb_has_the_name_it_is_found_by) {
    for (enum tchatator_verb verb = TCHATATOR_LOGIN; verb < TCHATATOR_VERB_COUNT; verb++) {
        EQ(tchatator_verb_find(str_of(tchatator_verb_name(verb))), verb);
        OKAY(verb_of(verb_row(verb)->type) == verb_row(verb));
    }
    EQ(tchatator_verb_find(STR_LIT("")), TCHATATOR_UNKNOWN);
    EQ(tchatator_verb_find(STR_LIT("?")), TCHATATOR_UNKNOWN);
    OKAY(verb_of(CMD_room_join) == NULL);
}

/* ---- what is wrong */

TEST(who_brings_no_token_is_not_authenticated) {
    refuses("SEND_MSG\nrecipient-id:x\ncontent:a\n", REFUSE_unauthenticated, "missing_token token");
    refuses("DEL_MSG\ntoken: \nmessage-id:5\n", REFUSE_unauthenticated, "missing_token token");
    misformats("LOGIN\n", "missing api-token");
    misformats("LOGIN\napi-token:\n", "missing api-token");
}

TEST(each_required_parameter_is_named_when_it_is_missing) {
    misformats("SEND_MSG\ntoken:t\ncontent:a\n", "missing recipient-id");
    misformats("SEND_MSG\ntoken:t\nrecipient-id:42\n", "missing content");
    misformats("UPDT_MSG\ntoken:t\ncontent:a\n", "missing message-id");
    misformats("UPDT_MSG\ntoken:t\nmessage-id:5\n", "missing content");
    misformats("DEL_MSG\ntoken:t\n", "missing message-id");
    misformats("BLOCK_USER\ntoken:t\n", "missing user-id");
    misformats("UNBLOCK_USER\ntoken:t\n", "missing user-id");
    misformats("BAN_USER\ntoken:t\n", "missing user-id");
    misformats("UNBAN_USER\ntoken:t\n", "missing user-id");
    misformats("USER_INFO\ntoken:t\n", "missing user-id");
    misformats("CLIENT_INFO\ntoken:t\nis-writing:true\n", "missing in-conversation");
    misformats("CLIENT_INFO\ntoken:t\nin-conversation:7\n", "missing is-writing");
}

TEST(a_number_is_a_whole_number) {
    static const char *const wrong[] = {
        "", "0", "-5", "x", "5x", "5.0", "1e3", "9007199254740992", "99999999999999999999"
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        SCOPED(buf_fini) struct buf b = BUF_INIT(128);
        buf_printf(&b, "DEL_MSG\ntoken:t\nmessage-id:%s\n", wrong[i]);
        struct tchatator_command c;
        tchatator_read(buf_str(&b), &c);
        EQ(c.cmd.type, CMD_malformed);
        EQ(c.verb, TCHATATOR_DEL_MSG);
        STR_EQ(tchatator_notation_of(&c.cmd), "not_id message-id");
    }
    struct tchatator_command c;
    EQ(reads(&c, "DEL_MSG\ntoken:t\nmessage-id:9007199254740991\n")->message, ID_MAX);
}

TEST(a_value_of_the_wrong_shape_is_named) {
    misformats("BLOCK_USER\ntoken:t\nuser-id:7\nfor-user-id:x\n", "not_whom for-user-id");
    misformats("BLOCK_USER\ntoken:t\nuser-id:7\nfor-user-id:-1\n", "not_whom for-user-id");
    misformats("BLOCK_USER\ntoken:t\nuser-id:7\nduration:0\n", "not_hours duration");
    misformats("BLOCK_USER\ntoken:t\nuser-id:7\nduration:1.5\n", "not_hours duration");
    misformats("BLOCK_USER\ntoken:t\nuser-id:7\nduration:87841\n", "not_hours duration");
    misformats("CLIENT_INFO\ntoken:t\nis-writing:maybe\nin-conversation:7\n",
               "not_flag is-writing");
    misformats("CLIENT_INFO\ntoken:t\nis-writing:1\nin-conversation:x\n",
               "not_partner in-conversation");
    misformats("LOGIN\napi-token:t\nframing:lines\n", "not_framing framing");
    misformats("LOGIN\napi-token:t\nrooms:some\n", "not_flag rooms");
    misformats("SEND_MSG\ntoken:t\nrecipient-id:4\nclient-id:\ncontent:a\n",
               "not_client_id client-id");
    misformats("SEND_MSG\ntoken:t\nrecipient-id:4\nmessage-length:x\ncontent:a\n",
               "not_length message-length");
    refuses("SEND_MSG\ntoken:t\nrecipient-id:4\ncontent:\n", REFUSE_empty, "empty_content content");
}

TEST(a_client_id_has_64_characters) {
    for (unsigned chars = 64; chars <= 65; chars++) {
        SCOPED(buf_fini) struct buf b = BUF_INIT(1024);
        struct tchatator_command c;
        BUF_PUT_LIT(&b, "SEND_MSG\ntoken:t\nrecipient-id:4\nclient-id:");
        for (unsigned i = 0; i < chars; i++) {
            BUF_PUT_LIT(&b, "é");
        }
        BUF_PUT_LIT(&b, "\ncontent:a\n");
        tchatator_read(buf_str(&b), &c);
        EQ(c.cmd.type, chars == 64 ? CMD_direct_send : CMD_malformed);
    }
}

TEST(what_is_shown_of_the_input_is_cut) {
    refuses("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ\n", REFUSE_malformed,
            "unknown_command ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF…");
    SCOPED(buf_fini) struct buf b = BUF_INIT(1024);
    struct tchatator_command c;
    for (unsigned i = 0; i < 64; i++) {
        BUF_PUT_LIT(&b, "😀");
    }
    tchatator_read(buf_str(&b), &c);
    EQ(c.cmd.type, CMD_malformed);
    OKAY(str_is_utf8(c.cmd.detail) && c.cmd.detail.n <= DETAIL_BYTES_MAX);
    OKAY(str_ends(c.cmd.detail, STR_LIT("…")));
}

/* It is in nobody's interest that a secret in the wrong place travels back. */
TEST(a_token_in_the_wrong_place_is_not_shown) {
    misformats("token:secret\n", "unknown_command token");
    misformats("LOGIN api-token:secret\n", "unknown_command LOGIN api-token");
    misformats("LOGIN\nb0wv0hMUifIjxAFA1CXI5mcR8pB41L697FfdXjQvs5b\n", "no_colon b0wv0hMUifIjxAFA");
    misformats("LOGIN\napi-token secret\n", "no_colon api-token");
    misformats("LOGIN\napi-token=secret\n", "no_colon api-token");
}

TEST(too_much_is_a_command_too) {
    struct tchatator_command c;
    tchatator_refuse_too_long(&c);
    EQ(c.cmd.type, CMD_malformed);
    EQ(c.cmd.refusal, REFUSE_too_long);
    EQ(c.cmd.dialect, DIALECT_tchatator);
    STR_EQ(tchatator_notation_of(&c.cmd), "over_size");
    SCOPED(buf_fini) struct buf b = BUF_INIT(TCHATATOR_COMMAND_BYTES_MAX);
    while (b.n <= TCHATATOR_LINE_BYTES_MAX) {
        buf_put_char(&b, 'x');
    }
    tchatator_read(buf_str(&b), &c);
    EQ(c.cmd.refusal, REFUSE_too_long);
}

/* ---- the port */

TEST(the_port_decodes_a_whole_command) {
    struct decode_scratch scratch = { .text = BUF_INIT(DECODE_TEXT_BYTES_MAX) };
    struct cmd cmd;
    EQ(dialect_tchatator.decode(&scratch, STR_LIT("DEL_MSG\ntoken:t\nmessage-id:x\n"), &cmd), 0);
    EQ(cmd.type, CMD_malformed);
    STR_EQ(tchatator_notation_of(&cmd), "not_id message-id");
    STR_EQ(str_of(scratch.type), "DEL_MSG");
    EQ(dialect_tchatator.decode(&scratch, STR_LIT("LOGIN\napi-token:t\n"), &cmd), 0);
    EQ(cmd.type, CMD_session_open);
    STR_EQ(cmd.detail, "t");
    EQ(dialect_tchatator.decode(&scratch, STR_LIT("HELLO\n"), &cmd), 0);
    OKAY(scratch.type == NULL);
    buf_fini(&scratch.text);
}
