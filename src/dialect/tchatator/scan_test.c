/* The scanner: every command ends in the same place, however the network cuts the bytes. */
#include "test/unit.h"

#include "base/buf.h"
#include "dialect/tchatator/command.h"
#include "dialect/tchatator/notation.h"
#include "dialect/tchatator/scan.h"

/* One stream: what has come and was not used up, and all that was understood of it. A command is
 * "VERB user 'content';", one that is wrong "VERB! detail;". In front of what was only said after a
 * short silence stands "/ ", of what needed a long one "// ". */
struct stream {
    struct buf bytes;
    enum scan_past past;
    bool is_over;
    struct buf said;
    struct scan last;
};

static struct stream stream_open(void) {
    return (struct stream){ .bytes = BUF_INIT(1 << 20), .said = BUF_INIT(1 << 20) };
}

static void stream_fini(struct stream *s) {
    buf_fini(&s->bytes);
    buf_fini(&s->said);
}

#define STREAM(name) SCOPED(stream_fini) struct stream name = stream_open()

static void say(struct stream *s, struct str text) {
    struct tchatator_command command;
    tchatator_read(text, &command);
    const struct cmd *cmd = &command.cmd;
    buf_put_str(&s->said, str_of(tchatator_verb_name(command.verb)));
    if (cmd->type == CMD_malformed) {
        BUF_PUT_LIT(&s->said, "! ");
        buf_put_str(&s->said, tchatator_notation_of(cmd));
    }
    if (cmd->user != 0) {
        buf_printf(&s->said, " %d", (int)cmd->user);
    }
    if (cmd->duration_ms != 0) {
        buf_printf(&s->said, " %dh", (int)(cmd->duration_ms / 3600000));
    }
    if (cmd->content.n > 0) {
        BUF_PUT_LIT(&s->said, " '");
        buf_put_str(&s->said, cmd->content);
        BUF_PUT_LIT(&s->said, "'");
    }
    buf_put_char(&s->said, ';');
}

static void pump(struct stream *s, enum scan_silence silence) {
    static const char *const marks[] = { "", "/ ", "// " };
    bool is_first = true;
    do {
        tchatator_scan(buf_str(&s->bytes), silence, &s->past, &s->last);
        OKAY(s->last.taken <= s->bytes.n);
        OKAY((s->last.found == SCAN_COMMAND || s->last.found == SCAN_SKIP) == (s->last.taken > 0));
        s->is_over = s->is_over || s->last.found == SCAN_TOO_LONG;
        if (s->last.found == SCAN_COMMAND) {
            buf_put_str(&s->said, is_first ? str_of(marks[silence]) : STR_NONE);
            is_first = false;
            say(s, s->last.command);
        }
        buf_drop(&s->bytes, s->last.taken);
    } while (s->last.taken > 0);
}

static void feed(struct stream *s, struct str piece) {
    if (!s->is_over) {
        buf_put_str(&s->bytes, piece);
        pump(s, SCAN_SILENT_NOT);
    }
}

static void finish(struct stream *s, const char *said) {
    enum scan_wait wait = s->last.wait;
    size_t before = s->said.n;
    if (!s->is_over) {
        pump(s, SCAN_SILENT_SHORT);
        OKAY(wait == SCAN_WAIT_SHORT || s->said.n == before);
        pump(s, SCAN_SILENT_LONG);
        EQ(s->bytes.n, 0);
        EQ(s->last.wait, SCAN_WAIT_IDLE);
        EQ(s->past, SCAN_PAST_NOTHING);
    } else {
        BUF_PUT_LIT(&s->said, "too long");
    }
    STR_EQ(buf_str(&s->said), said);
}

/* The bytes are understood so: whole, byte by byte, and in any two pieces; kilobytes in fewer. */
static void hears_bytes(struct str bytes, const char *said) {
    bool is_large = bytes.n > 2000;
    STREAM(drops);
    for (size_t i = 0, size = is_large ? 61 : 1; i < bytes.n; i += size) {
        feed(&drops, (struct str){ bytes.p + i, MIN(size, bytes.n - i) });
    }
    finish(&drops, said);
    for (size_t cut = 0; cut <= bytes.n; cut += is_large ? 997 : 1) {
        STREAM(two);
        feed(&two, (struct str){ bytes.p, cut });
        feed(&two, (struct str){ bytes.p + cut, bytes.n - cut });
        finish(&two, said);
    }
}

static void hears(const char *bytes, const char *said) {
    hears_bytes(str_of(bytes), said);
}

/* The same with CR LF for every LF. */
static void hears_both(const char *bytes, const char *said) {
    SCOPED(buf_fini) struct buf with_cr = BUF_INIT(1 << 16);
    hears(bytes, said);
    for (const char *c = bytes; *c != '\0'; c++) {
        buf_put_str(&with_cr, *c == '\n' ? STR_LIT("\r\n") : (struct str){ c, 1 });
    }
    hears_bytes(buf_str(&with_cr), said);
}

#define SEND "SEND_MSG\ntoken:b0wv\nrecipient-id:42\n"

/* ---- the document's commands */

TEST(the_documents_login_is_whole_after_a_short_silence) {
    hears_both("LOGIN\napi-token:b0wv0hMUifIjxAFA1CXI5mcR8pB41L697FfdXjQvs5bG\n", "/ LOGIN;");
    hears_both("LOGIN\napi-token:b0wv0hMUifIjxAFA1CXI5mcR8pB41L697FfdXjQvs5bG", "/ LOGIN;");
    hears_both("LOGIN\napi-token:b0wv0hMUifIjxAFA1CXI5mcR8pB41L697FfdXjQvs5bG\n\n", "LOGIN;");
}

TEST(the_documents_message_is_whole_with_its_last_line_feed) {
    hears_both(SEND "message-length:24\ncontent:Bonjour, comment ça va ?\n",
               "SEND_MSG 42 'Bonjour, comment ça va ?';");
    hears_both(SEND "message-length:24\ncontent:Bonjour, comment ça va ?",
               "/ SEND_MSG 42 'Bonjour, comment ça va ?';");
    hears_both(SEND "message-length:24\ncontent:Bonjour, comment ça va ?\n\n\n",
               "SEND_MSG 42 'Bonjour, comment ça va ?';");
}

TEST(every_command_ends_with_its_last_required_line) {
    hears_both("DISCONNECTED\n", "DISCONNECTED;");
    hears_both("UPDT_MSG\ntoken:t\nmessage-id:5\ncontent:oui\n", "UPDT_MSG 'oui';");
    hears_both("DEL_MSG\ntoken:t\nmessage-id:5\n", "DEL_MSG;");
    hears_both("NEW_CHG_AVAILABLE\ntoken:t\n", "NEW_CHG_AVAILABLE;");
    hears_both("BAN_USER\ntoken:t\nuser-id:7\n", "BAN_USER 7;");
    hears_both("UNBAN_USER\ntoken:t\nuser-id:7\n", "UNBAN_USER 7;");
    hears_both("USER_INFO\ntoken:t\nuser-id:7\n", "USER_INFO 7;");
    hears_both("CLIENT_INFO\ntoken:t\nis-writing:true\nin-conversation:7\n", "CLIENT_INFO 7;");
    hears_both("CLIENT_INFO\ntoken:t\nis-writing:true\nin-conversation:\n", "CLIENT_INFO;");
}

TEST(a_last_line_without_an_end_counts_after_a_short_silence) {
    hears("DISCONNECTED", "/ DISCONNECTED;");
    hears("DEL_MSG\ntoken:t\nmessage-id:5", "/ DEL_MSG;");
    hears(SEND "content:Bonjour", "/ SEND_MSG 42 'Bonjour';");
    hears("CLIENT_INFO\ntoken:t\nis-writing:true\nin-conversation:", "// CLIENT_INFO;");
}

TEST(the_order_of_parameters_is_free) {
    hears_both("SEND_MSG\nrecipient-id:42\ntoken:t\ncontent:a\n", "SEND_MSG 42 'a';");
    hears_both("SEND_MSG\ncontent:a\nrecipient-id:42\ntoken:t\n", "SEND_MSG 42 'a';");
    hears_both("BAN_USER\nuser-id:7\ntoken:t\n", "BAN_USER 7;");
}

TEST(names_are_compared_as_names) {
    hears("send msg\nTOKEN:t\nRecipient_Id:42\nContent:a\n", "SEND_MSG 42 'a';");
    hears("SendMsg\ntoken: t\nreceiver-id: 42\ncontent: a\n", "SEND_MSG 42 'a';");
    hears("DEL-MSG\ntoken:t\nmessageId:5\n", "DEL_MSG;");
}

TEST(a_value_runs_to_the_end_of_its_line) {
    hears(SEND "content:a:b: c \n", "SEND_MSG 42 'a:b: c ';");
    hears(SEND "content:  a\n", "SEND_MSG 42 ' a';");
    hears(SEND "content:LOGIN\n", "SEND_MSG 42 'LOGIN';");
}

/* ---- what may follow */

TEST(parameters_that_may_still_come_are_waited_for) {
#define BLOCK "BLOCK_USER\ntoken:t\nuser-id:7\n"
    hears_both(BLOCK, "/ BLOCK_USER 7;");
    hears_both(BLOCK "duration:2\n", "/ BLOCK_USER 7 2h;");
    hears_both(BLOCK "duration:2", "/ BLOCK_USER 7 2h;");
    hears_both(BLOCK "duration:2\n\n", "BLOCK_USER 7 2h;");
    hears_both(BLOCK "duration:2\nfor-user-id:0\n", "BLOCK_USER 7 2h;");
    hears_both("LOGIN\napi-token:t\nframing:length\nrooms:on\n", "LOGIN;");
    hears_both(BLOCK "LOGIN\napi-token:t\n\n", "BLOCK_USER 7;LOGIN;");
    hears_both(BLOCK "what:7\nduration:2\n\n", "BLOCK_USER 7 2h;");
    hears(BLOCK "duration:", "// BLOCK_USER! not_hours duration;");
    hears(BLOCK "LOGI", "/ BLOCK_USER 7;// ?! unknown_command LOGI;");
    hears(BLOCK "DISCONNECTED", "/ BLOCK_USER 7;DISCONNECTED;");
}

TEST(commands_in_one_piece_are_all_understood) {
    hears_both("LOGIN\napi-token:t\n" SEND "content:a\n" SEND "content:b\n"
               "NEW_CHG_AVAILABLE\ntoken:t\nDISCONNECTED\n",
               "LOGIN;SEND_MSG 42 'a';SEND_MSG 42 'b';NEW_CHG_AVAILABLE;DISCONNECTED;");
    hears_both("\n\n" SEND "content:a\n\n\n" SEND "content:b\n\n",
               "SEND_MSG 42 'a';SEND_MSG 42 'b';");
}

TEST(nothing_is_nothing) {
    hears("", "");
    hears_both("\n\n \n", "");
    hears("\n \t", "");
    hears("\r", "");
}

/* ---- what is missing */

TEST(a_missing_parameter_is_named_where_the_command_ends) {
    hears_both("DEL_MSG\ntoken:t\n\n", "DEL_MSG! missing message-id;");
    hears_both("DEL_MSG\ntoken:t\nDISCONNECTED\n", "DEL_MSG! missing message-id;DISCONNECTED;");
    hears_both("DEL_MSG\ntoken:t\n", "// DEL_MSG! missing message-id;");
    hears_both("DEL_MSG\ntoken:t\n  ", "// DEL_MSG! missing message-id;");
    hears_both("DEL_MSG\ntoken:t\nDISCONNECTED", "// DEL_MSG! missing message-id;DISCONNECTED;");
    hears_both("DEL_MSG\ntoken:t\nmessage-id:\n", "DEL_MSG! not_id message-id;");
    hears_both("LOGIN\n\n", "LOGIN! missing api-token;");
    hears_both("LOGIN\napi-token:\n\n", "LOGIN! missing api-token;");
    hears_both("LOGIN", "// LOGIN! missing api-token;");
    hears_both("LOGIN\napi-tok", "// LOGIN! no_colon api-tok;");
    hears_both(SEND "\n", "SEND_MSG! missing content;");
    hears_both("SEND_MSG\ntoken:t\ncontent:a\n\n", "SEND_MSG! missing recipient-id;");
    hears_both("NEW_CHG_AVAILABLE\n\n", "NEW_CHG_AVAILABLE! missing_token token;");
    hears_both("NEW_CHG_AVAILABLE\ntoken:\n", "NEW_CHG_AVAILABLE! missing_token token;");
}

TEST(two_of_one_parameter_are_too_many) {
    hears_both("SEND_MSG\ntoken:t\ntoken:t\nrecipient-id:4\n\nDISCONNECTED\n",
               "SEND_MSG! repeated token;DISCONNECTED;");
    hears_both("SEND_MSG\nrecipient-id:4\nreceiver-id:4\ncontent:a\nDISCONNECTED\n",
               "SEND_MSG! repeated recipient-id;DISCONNECTED;");
    hears_both("LOGIN\napi-token:t\nAPI_TOKEN:t\n", "LOGIN! repeated api-token;");
    hears_both("LOGIN\nwhat:1\nwhat:2\napi-token:t\n\n", "LOGIN;");
}

TEST(a_line_without_a_colon_is_named) {
    hears_both("SEND_MSG\ntoken b0wv\nrecipient-id:4\ncontent:a\n\nDISCONNECTED\n",
               "SEND_MSG! no_colon token;DISCONNECTED;");
    hears_both("SEND_MSG\ntoken=b0wv\n", "SEND_MSG! no_colon token;");
}

TEST(an_unknown_command_is_answered_once) {
    hears_both("HELLO\ntoken:t\nwhat\n\nDISCONNECTED\n", "?! unknown_command HELLO;DISCONNECTED;");
    hears_both("HELLO\ntoken:t\nDISCONNECTED\n", "?! unknown_command HELLO;DISCONNECTED;");
    hears_both("HELLO\nHELLO\n", "?! unknown_command HELLO;");
    hears_both("HELLO\n\nHELLO\n", "?! unknown_command HELLO;?! unknown_command HELLO;");
    hears_both("HELLO", "// ?! unknown_command HELLO;");
    hears_both("token:secret\n", "?! unknown_command token;");
    hears("HELLO\ntoken:t", "?! unknown_command HELLO;");
    hears("HELLO\nDISCONNECTED", "?! unknown_command HELLO;/ DISCONNECTED;");
    hears("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "?! unknown_command GET / HTTP/1.1;");
}

TEST(what_looks_like_a_parameter_behind_the_last_one_is_ignored) {
#define DELETE "DEL_MSG\ntoken:t\nmessage-id:5\n"
    hears_both("NEW_CHG_AVAILABLE\ntoken:t\nwhat:1\nDISCONNECTED\n",
               "NEW_CHG_AVAILABLE;DISCONNECTED;");
    hears_both(DELETE "what:1\nwhat-else:2\nDISCONNECTED\n", "DEL_MSG;DISCONNECTED;");
    hears_both(DELETE "what:1\n\nwhat:2\n", "DEL_MSG;?! unknown_command what;");
    hears_both(DELETE "\nwhat:1\n", "DEL_MSG;?! unknown_command what;");
    hears_both(BLOCK "\nwhat:1\n", "BLOCK_USER 7;?! unknown_command what;");
    hears_both(DELETE "what:", "DEL_MSG;");
    hears_both(DELETE "how are you:\n", "DEL_MSG;?! unknown_command how are you;");
    hears_both(DELETE ":1\n", "DEL_MSG;?! unknown_command;");
    hears_both(DELETE "HELLO\nDISCONNECTED\n", "DEL_MSG;?! unknown_command HELLO;DISCONNECTED;");
    hears_both(SEND "content:a\nb:c\n" SEND "content:d\n", "SEND_MSG 42 'a';SEND_MSG 42 'd';");
}

TEST(after_a_silence_nothing_is_anybodys_parameter) {
    STREAM(s);
    feed(&s, STR_LIT(DELETE));
    EQ(s.past, SCAN_PAST_COMMAND);
    pump(&s, SCAN_SILENT_SHORT);
    EQ(s.past, SCAN_PAST_NOTHING);
    feed(&s, STR_LIT("what:1\n"));
    finish(&s, "DEL_MSG;?! unknown_command what;");
}

TEST(a_short_silence_ends_what_is_passed_over) {
    STREAM(s);
    feed(&s, STR_LIT("HELLO\nwhat\n"));
    EQ(s.past, SCAN_PAST_FAULT);
    EQ(s.last.wait, SCAN_WAIT_SHORT);
    pump(&s, SCAN_SILENT_SHORT);
    EQ(s.last.wait, SCAN_WAIT_IDLE);
    feed(&s, STR_LIT("HOW ARE YOU\n"));
    finish(&s, "?! unknown_command HELLO;?! unknown_command HOW ARE YOU;");
}

/* ---- message-length */

#define LENGTH(n) SEND "message-length:" #n "\n"

TEST(a_length_is_in_bytes_or_characters_or_utf16_units) {
    hears_both(LENGTH(2) "content:été\n", "SEND_MSG! wrong_length message-length;");
    hears_both(LENGTH(3) "content:été\n", "SEND_MSG 42 'été';");
    hears_both(LENGTH(5) "content:été\n", "SEND_MSG 42 'été';");
    hears_both(LENGTH(2) "content:ab\n", "SEND_MSG 42 'ab';");
    hears_both(LENGTH(1) "content:😀\n", "SEND_MSG 42 '😀';");
    hears_both(LENGTH(2) "content:😀\n", "SEND_MSG 42 '😀';");
    hears_both(LENGTH(4) "content:😀\n", "SEND_MSG 42 '😀';");
    hears_both(LENGTH(7) "content:😀\nDISCONNECTED\n",
               "SEND_MSG! wrong_length message-length;DISCONNECTED;");
    hears_both(LENGTH(5) "content:a😀日b\n", "SEND_MSG 42 'a😀日b';");
    hears_both(LENGTH(4) "content:a😀日b\n", "SEND_MSG 42 'a😀日b';");
    hears_both(LENGTH(9) "content:a😀日b\n", "SEND_MSG 42 'a😀日b';");
    hears(LENGTH(3) "content:été", "/ SEND_MSG 42 'été';");
    hears(LENGTH(1) "content:😀", "/ SEND_MSG 42 '😀';");
}

TEST(content_of_a_stated_length_may_have_line_feeds) {
    hears(LENGTH(5) "content:a\n\nbc\nDISCONNECTED\n", "SEND_MSG 42 'a\n\nbc';DISCONNECTED;");
    hears(LENGTH(5) "content:a\n\nbc", "/ SEND_MSG 42 'a\n\nbc';");
    hears(LENGTH(7) "content:a\nLOGIN\n\n", "SEND_MSG 42 'a\nLOGIN';");
    hears(LENGTH(4) "content:é\r\nà\r\n", "SEND_MSG 42 'é\r\nà';");
    hears(LENGTH(6) "content:é\r\nà\r\n", "SEND_MSG 42 'é\r\nà';");
    hears(LENGTH(3) "content:\nab\n", "SEND_MSG 42 '\nab';");
}

TEST(a_length_may_count_the_last_line_feed) {
    hears(LENGTH(8) "content:Bonjour\n", "/ SEND_MSG 42 'Bonjour\n';");
    hears(LENGTH(8) "content:Bonjour\nDISCONNECTED\n", "SEND_MSG 42 'Bonjour\n';DISCONNECTED;");
    hears(LENGTH(8) "content:Bonjour\n\n", "SEND_MSG 42 'Bonjour\n';");
    hears(LENGTH(8) "content:Bonjour\nDISCONNECTED", "/ SEND_MSG 42 'Bonjour\n';DISCONNECTED;");
}

TEST(a_wrong_length_is_told_and_the_stream_goes_on) {
    hears_both(LENGTH(3) "content:Bonjour\nDISCONNECTED\n",
               "SEND_MSG! wrong_length message-length;DISCONNECTED;");
    hears_both(LENGTH(3) "content:Bonjour\nà tous\n\nDISCONNECTED\n",
               "SEND_MSG! wrong_length message-length;DISCONNECTED;");
    hears(LENGTH(3) "content:Bonjour", "/ SEND_MSG! wrong_length message-length;");
    hears(LENGTH(2) "content:abDISCONNECTED\n", "SEND_MSG! wrong_length message-length;");
    hears(LENGTH(3) "content:😀😀\nà tous\n\n", "SEND_MSG! wrong_length message-length;");
    hears(LENGTH(30) "content:Bonjour\n", "/ SEND_MSG! wrong_length message-length;");
    hears(LENGTH(30) "content:Bonjour", "// SEND_MSG! wrong_length message-length;");
    hears(LENGTH(300) "content:Bonjour\nDISCONNECTED\n",
          "/ SEND_MSG! wrong_length message-length;DISCONNECTED;");
}

TEST(a_length_is_a_number_and_comes_first) {
    hears_both(LENGTH(x) "content:Bonjour\nDISCONNECTED\n",
               "SEND_MSG! not_length message-length;DISCONNECTED;");
    hears_both(LENGTH(0) "content:a\n", "SEND_MSG! not_length message-length;");
    hears_both(LENGTH(16385) "content:a\n", "SEND_MSG! not_length message-length;");
    hears_both(LENGTH(-1) "content:a\n", "SEND_MSG! not_length message-length;");
    hears_both("SEND_MSG\ntoken:t\ncontent:a\nmessage-length:1\nrecipient-id:4\n\nDISCONNECTED\n",
               "SEND_MSG! late_length message-length;DISCONNECTED;");
    hears_both("DEL_MSG\nmessage-length:x\ntoken:t\nmessage-id:5\n", "DEL_MSG;");
    hears("UPDT_MSG\ntoken:t\nmessage-id:5\nmessage-length:3\ncontent:a\nb\n", "UPDT_MSG 'a\nb';");
    hears("UPDT_MSG\ntoken:t\nmessage-id:5\nmessage-length:3\ncontent:a\r\nb\r\n",
          "UPDT_MSG! wrong_length message-length;");
}

/* ---- what is no text */

TEST(a_zero_byte_and_broken_utf8_are_malformed) {
    hears_bytes(STR_LIT(SEND "content:a\0b\nDISCONNECTED\n"), "SEND_MSG! has_nul;DISCONNECTED;");
    hears_bytes(STR_LIT(SEND "content:a\xff\nDISCONNECTED\n"), "SEND_MSG! not_utf8;DISCONNECTED;");
    hears_bytes(STR_LIT(LENGTH(2) "content:\x80\x80\n"), "SEND_MSG! not_utf8;");
    hears_bytes(STR_LIT(LENGTH(2) "content:a\xc3"), "/ SEND_MSG! not_utf8;");
    hears_bytes(STR_LIT("HELLO\xff\nDISCONNECTED\n"), "?! not_utf8;DISCONNECTED;");
}

TEST(bytes_that_are_no_text_at_all_are_told_and_the_stream_goes_on) {
    hears_bytes(STR_LIT("\x7f\0\x01\xfe\xff\n\n" DELETE), "?! not_utf8;DEL_MSG;");
    hears_bytes(STR_LIT("\0\0\0\0"), "// ?! has_nul;");
    hears_bytes(STR_LIT(DELETE "\xff\xfe\n\n" DELETE), "DEL_MSG;?! not_utf8;DEL_MSG;");
    hears_bytes(STR_LIT("DEL_MSG\ntoken:t\nmessage-id:5\xc3\n" DELETE),
                "DEL_MSG! not_utf8;DEL_MSG;");
    hears_bytes(STR_LIT("DEL_MSG\ntoken:t\n\xe2\x82:\nmessage-id:5\n"), "DEL_MSG! not_utf8;");
    hears_bytes(STR_LIT("DEL_MSG\ntoken:t\xed\xa0\x80\nmessage-id:5\n"), "DEL_MSG! not_utf8;");
}

/* What streams are put together from. */
static const struct str pieces[] = {
    STR_LIT("LOGIN\n"),
    STR_LIT("api-token:t\n"),
    STR_LIT("DISCONNECTED\n"),
    STR_LIT(SEND),
    STR_LIT("content:été\n"),
    STR_LIT("message-length:3\n"),
    STR_LIT("content:😀\n"),
    STR_LIT("content:\n"),
    STR_LIT("message-length:2\n"),
    STR_LIT("BLOCK_USER\n"),
    STR_LIT("token:t\n"),
    STR_LIT("user-id:7\n"),
    STR_LIT("duration:2\n"),
    STR_LIT("\n"),
    STR_LIT("\r\n"),
    STR_LIT("what:1\r\n"),
    STR_LIT("HELLO\n"),
    STR_LIT("DISC"),
    STR_LIT("message-id:5\n"),
    STR_LIT("\xff"),
    STR_LIT("\0"),
    STR_LIT("été"),
    STR_LIT(": "),
    STR_LIT("\r"),
};

/* Feeds them in pieces of the given size, and then waits for ever. */
static void play(struct stream *s, struct str bytes, size_t size) {
    for (size_t at = 0; at < bytes.n; at += size) {
        feed(s, (struct str){ bytes.p + at, MIN(size, bytes.n - at) });
    }
    if (!s->is_over) {
        pump(s, SCAN_SILENT_SHORT);
        pump(s, SCAN_SILENT_LONG);
        EQ(s->bytes.n, 0);
    }
}

TEST(whatever_comes_is_the_same_in_any_pieces) {
    uint64_t dice = 0x9e3779b97f4a7c15;
    for (unsigned round = 0; round < 1000; round++) {
        SCOPED(buf_fini) struct buf b = BUF_INIT(1 << 16);
        for (unsigned i = 0; i < 12; i++) {
            dice = dice * 6364136223846793005u + 1442695040888963407u;
            buf_put_str(&b, pieces[(dice >> 33) % COUNT(pieces)]);
        }
        STREAM(whole);
        play(&whole, buf_str(&b), b.n);
        for (size_t size = 1; size <= 11; size += 5) {
            STREAM(cut);
            play(&cut, buf_str(&b), size);
            OKAY(str_eq(buf_str(&cut.said), buf_str(&whole.said)));
        }
    }
}

/* ---- limits */

static void put_many(struct buf *b, char c, size_t n) {
    while (n-- > 0) {
        buf_put_char(b, c);
    }
}

/* A line of n bytes, content, behind a command's start. */
static void hears_line(size_t n, const char *start, const char *end, const char *said) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1 << 20);
    buf_put_str(&b, str_of(start));
    put_many(&b, 'x', n);
    buf_put_str(&b, str_of(end));
    STREAM(s);
    for (size_t i = 0; i < b.n; i += 509) {
        feed(&s, (struct str){ b.p + i, MIN(509, b.n - i) });
    }
    STREAM(whole);
    feed(&whole, buf_str(&b));
    finish(&s, said);
    finish(&whole, said);
}

TEST(a_line_has_a_limit) {
    size_t most = TCHATATOR_LINE_BYTES_MAX;
    hears_line(most - 2, "LOGIN\na:", "\napi-token:t\n\n", "LOGIN;");
    hears_line(most - 1, "LOGIN\na:", "\napi-token:t\n\n", "too long");
    hears_line(most - 1, "LOGIN\na:", "", "too long");
    hears_line(most - 2, "LOGIN\na:", "", "// LOGIN! missing api-token;");
    hears_line(most + 1, "", "", "too long");
    hears_line(most + 1, "", "\n", "too long");
    hears_line(most + 1, "HELLO\n", "\n", "?! unknown_command HELLO;too long");
    hears_line(most + 1, "HELLO\n", "", "?! unknown_command HELLO;too long");
}

TEST(a_line_of_that_length_may_end_in_two_pieces) {
    const struct str start = STR_LIT("LOGIN\na:");
    SCOPED(buf_fini) struct buf b = BUF_INIT(1 << 20);
    buf_put_str(&b, start);
    put_many(&b, 'x', TCHATATOR_LINE_BYTES_MAX - 2);
    BUF_PUT_LIT(&b, "\r\napi-token:t\r\n\r\n");
    size_t cut = start.n + TCHATATOR_LINE_BYTES_MAX - 2 + 1;    // between the two of its end
    STREAM(s);
    feed(&s, (struct str){ b.p, cut });
    feed(&s, (struct str){ b.p + cut, b.n - cut });
    finish(&s, "LOGIN;");
}

/* A command of n bytes: `start`, lines that mean nothing, `end`. */
static void hears_command(size_t n, const char *start, const char *end, const char *said) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1 << 20);
    buf_put_str(&b, str_of(start));
    for (size_t left = n - b.n - str_of(end).n; left > 0;) {
        size_t line = MIN(left, 8000);
        BUF_PUT_LIT(&b, "a:");
        put_many(&b, 'x', line - 3);
        buf_put_char(&b, '\n');
        left -= line;
    }
    buf_put_str(&b, str_of(end));
    EQ(b.n, n);
    hears_bytes(buf_str(&b), said);
}

TEST(a_command_has_a_limit) {
    size_t most = TCHATATOR_COMMAND_BYTES_MAX;
    hears_command(most, "LOGIN\n", "api-token:t\n", "/ LOGIN;");
    hears_command(most + 1, "LOGIN\n", "api-token:t\n", "too long");
    hears_command(most, "DEL_MSG\ntoken:t\n", "message-id:5\n", "DEL_MSG;");
    hears_command(most + 1, "DEL_MSG\ntoken:t\n", "message-id:5\n", "too long");
}

TEST(a_line_of_nothing_has_a_limit_too) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(1 << 20);
    put_many(&b, ' ', TCHATATOR_LINE_BYTES_MAX + 1);
    BUF_PUT_LIT(&b, "\n");
    hears_bytes(buf_str(&b), "too long");
}

TEST(any_number_of_commands_may_wait) {
    STREAM(s);
    SCOPED(buf_fini) struct buf b = BUF_INIT(1 << 20);
    SCOPED(buf_fini) struct buf said = BUF_INIT(1 << 20);
    while (b.n < 2 * TCHATATOR_COMMAND_BYTES_MAX) {
        BUF_PUT_LIT(&b, DELETE);
        BUF_PUT_LIT(&said, "DEL_MSG;");
    }
    buf_put_char(&said, '\0');
    feed(&s, buf_str(&b));
    finish(&s, said.p);
}

TEST(a_command_has_sixteen_parameters) {
#define EIGHT "a:1\nb:1\nc:1\nd:1\ne:1\nf:1\ng:1\nh:1\n"
    hears("LOGIN\n" EIGHT "a:1\nb:1\nc:1\nd:1\ne:1\nf:1\ng:1\napi-token:t\n\n", "LOGIN;");
    hears("LOGIN\n" EIGHT EIGHT "api-token:t\n\n", "too long");
    hears(LENGTH(2) EIGHT "a:1\nb:1\nc:1\nd:1\ne:1\ncontent:ab\n", "too long");
}
