/* The hub encoders: the bytes of every frame, for everyone who may look. */
#include "test/unit.h"

#include "base/clock.h"
#include "dialect/frame/notation.h"
#include "dialect/hub/hub.h"

#define AT_MS UINT64_C(1735732800123)    // 2025-01-01T12:00:00.123Z, the document's

/* Where encoders write, and a reader that says whether it is JSON. */
struct desk {
    struct buf out;
    struct json_reader *json;
};

static struct desk desk_open(void) {
    return (struct desk){ BUF_INIT(1 << 20), json_reader_new(1 << 20) };
}

static void desk_fini(struct desk *d) {
    buf_fini(&d->out);
    json_reader_free(&d->json);
}

#define DESK(name) SCOPED(desk_fini) struct desk name = desk_open()

/* The frame just written is JSON and has these bytes; "" if it was silent. */
static void wrote(struct desk *d, bool spoke, const char *frame) {
    const struct json *root = NULL;

    EQ(spoke, *frame != '\0');
    OKAY(buf_ok(&d->out));
    STR_EQ(buf_str(&d->out), frame);
    if (spoke) {
        EQ(json_parse(d->json, buf_str(&d->out), &root), OK);
        EQ(json_kind_of(root), JSON_OBJECT);
    }
    buf_reset(&d->out);
}

static void shows(struct desk *d, const struct event *ev, enum view view, const char *frame) {
    wrote(d, hub_encode_event(ev, view, &d->out), frame);
}

static void answers(struct desk *d, const struct reply *reply, const char *frame) {
    wrote(d, hub_encode_reply(reply, LANG_FR, &d->out), frame);
}

static void tells(struct desk *d, const struct answer *answer, const char *frame) {
    wrote(d, hub_encode_answer(answer, LANG_FR, &d->out), frame);
}

static struct event room_message(void) {
    return (struct event){ .type = EV_message_posted,
                           .at_ms = AT_MS,
                           .room = { 3 },
                           .room_name = STR_LIT("general"),
                           .user = { 456 },
                           .username = STR_LIT("alice"),
                           .message = { 123 },
                           .seq = 7,
                           .content = STR_LIT("Hello world!") };
}

static struct event direct_message(void) {
    struct event ev = room_message();
    ev.room_kind = ROOM_DM;
    ev.room_name = STR_NONE;
    ev.other = (user_id){ 123 };
    ev.message = (message_id){ 789 };
    ev.content = STR_LIT("Message privé");
    return ev;
}

/* ---- messages */

#define MESSAGE                                                                                    \
    "{\"type\":\"message\",\"data\":{\"id\":123,\"fromUser\":456,\"username\":\"alice\","          \
    "\"content\":\"Hello world!\",\"timestamp\":\"2025-01-01T12:00:00Z\",\"room\":\"general\","    \
    "\"seq\":7,\"ts\":1735732800123"

TEST(a_room_message_is_the_documents) {
    DESK(d);
    struct event ev = room_message();
    for (enum view view = VIEW_OTHER; view <= VIEW_ORIGIN; view++) {
        shows(&d, &ev, view, MESSAGE "}}");
    }
    shows(&d, &ev, VIEW_NAMED, "");
}

TEST(what_the_document_has_no_fields_for_stands_behind_them) {
    DESK(d);
    struct event ev = room_message();
    ev.message_type = MESSAGE_AUDIO;
    ev.media_url = STR_LIT("/uploads/audio/voice123.mp3");
    ev.media_type = STR_LIT("audio/mpeg");
    ev.duration_ms = 15500;
    ev.reply_to.v = 99;
    ev.mentions = STR_LIT("3,17");
    shows(&d, &ev, VIEW_OTHER,
          MESSAGE ",\"message_type\":\"audio\",\"media_url\":\"/uploads/audio/voice123.mp3\","
                  "\"media_type\":\"audio/mpeg\",\"duration\":15.5,\"reply_to\":99,"
                  "\"mentions\":[3,17]}}");
}

TEST(a_reaction_is_a_message_with_its_emoji) {
    DESK(d);
    struct event ev = room_message();
    ev.message_type = MESSAGE_REACTION;
    ev.content = STR_LIT("👍");
    ev.reply_to.v = 99;
    shows(&d, &ev, VIEW_OTHER,
          "{\"type\":\"message\",\"data\":{\"id\":123,\"fromUser\":456,\"username\":\"alice\","
          "\"content\":\"👍\",\"timestamp\":\"2025-01-01T12:00:00Z\",\"room\":\"general\","
          "\"seq\":7,\"ts\":1735732800123,\"message_type\":\"reaction\",\"reply_to\":99}}");
    ev.type = EV_message_deleted;
    ev.position = 124;
    shows(&d, &ev, VIEW_OTHER,
          "{\"type\":\"message_deleted\",\"data\":{\"id\":123,\"room\":\"general\",\"by\":456,"
          "\"timestamp\":\"2025-01-01T12:00:00Z\",\"seq\":7,\"ts\":1735732800123,\"position\":124,"
          "\"message_type\":\"reaction\",\"reply_to\":99}}");
}

TEST(only_the_connection_that_sent_it_sees_client_id_and_ref) {
    DESK(d);
    struct event ev = room_message();
    ev.client_id = STR_LIT("k\"1");
    ev.ref = STR_LIT("\"r\"");
    shows(&d, &ev, VIEW_OTHER, MESSAGE "}}");
    shows(&d, &ev, VIEW_AUTHOR, MESSAGE "}}");
    shows(&d, &ev, VIEW_ORIGIN, MESSAGE ",\"client_id\":\"k\\\"1\"},\"ref\":\"r\"}");
}

#define DIRECT                                                                                     \
    "{\"type\":\"dm\",\"data\":{\"id\":789,\"fromUser\":456,\"username\":\"alice\","               \
    "\"content\":\"Message privé\",\"timestamp\":\"2025-01-01T12:00:00Z\",\"seq\":7,"             \
    "\"ts\":1735732800123"

TEST(a_direct_message_is_silent_where_it_was_sent) {
    DESK(d);
    struct event ev = direct_message();
    shows(&d, &ev, VIEW_OTHER, DIRECT "}}");
    shows(&d, &ev, VIEW_AUTHOR, DIRECT ",\"to\":123}}");
    shows(&d, &ev, VIEW_ORIGIN, "");
}

#define DM_ACK                                                                                     \
    "{\"type\":\"dm_ack\",\"data\":{\"id\":789,\"to\":123,"                                        \
    "\"timestamp\":\"2025-01-01T12:00:00Z\",\"seq\":7,\"ts\":1735732800123"

TEST(who_gave_a_direct_message_an_id_gets_a_receipt) {
    DESK(d);
    struct event ev = direct_message();
    ev.ref = STR_LIT("9");
    shows(&d, &ev, VIEW_ORIGIN, DM_ACK "},\"ref\":9}");
    ev.client_id = STR_LIT("k");
    shows(&d, &ev, VIEW_ORIGIN, DM_ACK ",\"client_id\":\"k\"},\"ref\":9}");
    ev.ref = STR_NONE;
    shows(&d, &ev, VIEW_ORIGIN, DM_ACK ",\"client_id\":\"k\"}}");
    shows(&d, &ev, VIEW_OTHER, DIRECT "}}");
}

TEST(an_edit_says_which_message_and_what_it_is_now) {
    DESK(d);
    struct event ev = room_message();
    ev.type = EV_message_edited;
    ev.position = 130;
    const char *in_room = "{\"type\":\"message_edited\",\"data\":{\"id\":123,\"room\":\"general\","
                          "\"by\":456,\"content\":\"Hello world!\","
                          "\"timestamp\":\"2025-01-01T12:00:00Z\",\"seq\":7,\"ts\":1735732800123,"
                          "\"position\":130}}";
    for (enum view view = VIEW_OTHER; view <= VIEW_ORIGIN; view++) {
        shows(&d, &ev, view, in_room);
    }
    ev = direct_message();
    ev.type = EV_message_edited;
    ev.position = 130;
    shows(&d, &ev, VIEW_OTHER,
          "{\"type\":\"message_edited\",\"data\":{\"id\":789,\"fromUser\":456,\"to\":123,"
          "\"content\":\"Message privé\",\"timestamp\":\"2025-01-01T12:00:00Z\",\"seq\":7,"
          "\"ts\":1735732800123,\"position\":130}}");
}

TEST(a_deletion_says_which_message) {
    DESK(d);
    struct event ev = room_message();
    ev.type = EV_message_deleted;
    ev.position = 130;
    shows(
        &d, &ev, VIEW_OTHER,
        "{\"type\":\"message_deleted\",\"data\":{\"id\":123,\"room\":\"general\",\"by\":456,"
        "\"timestamp\":\"2025-01-01T12:00:00Z\",\"seq\":7,\"ts\":1735732800123,\"position\":130}}");
    ev = direct_message();
    ev.type = EV_message_deleted;
    ev.position = 130;
    shows(
        &d, &ev, VIEW_AUTHOR,
        "{\"type\":\"message_deleted\",\"data\":{\"id\":789,\"fromUser\":456,\"to\":123,"
        "\"timestamp\":\"2025-01-01T12:00:00Z\",\"seq\":7,\"ts\":1735732800123,\"position\":130}}");
}

/* ---- other events */

TEST(typing_is_seen_by_others_only) {
    DESK(d);
    struct event ev = room_message();
    ev.type = EV_typing_changed;
    ev.is_on = true;
    shows(&d, &ev, VIEW_OTHER,
          "{\"type\":\"typing\",\"data\":{\"room\":\"general\",\"fromUser\":456,"
          "\"username\":\"alice\",\"typing\":true}}");
    shows(&d, &ev, VIEW_AUTHOR, "");
    shows(&d, &ev, VIEW_ORIGIN, "");
    ev.is_on = false;
    ev.room_kind = ROOM_DM;
    shows(&d, &ev, VIEW_OTHER,
          "{\"type\":\"typing\",\"data\":{\"fromUser\":456,\"username\":\"alice\",\"typing\":false}"
          "}");
}

TEST(a_room_that_is_gone_is_named) {
    DESK(d);
    struct event ev = room_message();
    ev.type = EV_room_removed;
    shows(&d, &ev, VIEW_OTHER, "{\"type\":\"room_removed\",\"data\":{\"room\":\"general\"}}");
}

TEST(a_session_that_ends_is_told_why) {
    DESK(d);
    struct event ev = { .type = EV_session_ended, .refusal = REFUSE_banned };
    shows(
        &d, &ev, VIEW_OTHER,
        "{\"type\":\"error\",\"data\":{\"message\":\"Vous êtes banni.\",\"code\":\"FORBIDDEN\"}}");
    ev.refusal = REFUSE_NONE;
    shows(&d, &ev, VIEW_OTHER, "");
}

TEST(names_and_texts_are_escaped) {
    DESK(d);
    struct event ev = room_message();
    ev.username = STR_LIT("\"\\");
    ev.content = STR_LIT("\x01\n</script>\u2028😀");
    ev.room_name = STR_LIT("a\tb");
    OKAY(hub_encode_event(&ev, VIEW_OTHER, &d.out));
    const struct json *root = NULL;
    EQ(json_parse(d.json, buf_str(&d.out), &root), OK);
    const struct json *data = json_get(root, "data");
    STR_EQ(json_text(json_get(data, "username")), "\"\\");
    STR_EQ(json_text(json_get(data, "content")), "\x01\n</script>\u2028😀");
    STR_EQ(json_text(json_get(data, "room")), "a\tb");
}

/* ---- replies */

TEST(join_leave_and_ping_are_acknowledged) {
    DESK(d);
    struct reply reply = { .cmd = CMD_room_join, .room_name = STR_LIT("nom_du_salon") };
    answers(&d, &reply,
            "{\"type\":\"join_ack\",\"data\":{\"room\":\"nom_du_salon\",\"status\":\"ok\"}}");
    reply.ref = STR_LIT("1");
    answers(&d, &reply,
            "{\"type\":\"join_ack\",\"data\":{\"room\":\"nom_du_salon\",\"status\":\"ok\"},"
            "\"ref\":1}");
    reply.cmd = CMD_room_leave;
    answers(&d, &reply,
            "{\"type\":\"leave_ack\",\"data\":{\"room\":\"nom_du_salon\",\"status\":\"ok\"},"
            "\"ref\":1}");
    reply = (struct reply){ .cmd = CMD_ping, .at_ms = AT_MS, .ref = STR_LIT("\"x\"") };
    answers(&d, &reply, "{\"type\":\"pong\",\"data\":{\"ts\":1735732800123},\"ref\":\"x\"}");
}

TEST(what_was_done_is_answered_by_its_event) {
    static const enum cmd_type quiet[] = { CMD_session_close, CMD_message_send, CMD_direct_send,
                                           CMD_typing_set,    CMD_room_history, CMD_direct_history,
                                           CMD_list };
    DESK(d);
    struct event ev = room_message();
    for (size_t i = 0; i < COUNT(quiet); i++) {
        struct reply reply = { .cmd = quiet[i], .event = &ev, .ref = STR_LIT("1") };
        answers(&d, &reply, "");
        reply.event = NULL;
        answers(&d, &reply, "");
    }
}

TEST(what_the_hub_has_no_words_for_is_answered_in_the_envelopes) {
    DESK(d);
    struct reply reply = {
        .cmd = CMD_message_edit, .at_ms = AT_MS, .message = 123, .ref = STR_LIT("1")
    };
    answers(&d, &reply,
            "{\"type\":\"ack\",\"data\":{\"success\":true,\"message_id\":123},"
            "\"timestamp\":\"2025-01-01T12:00:00Z\",\"id\":1}");
    struct answer unread = { .ask = { .kind = ASK_UNREAD, .at_ms = AT_MS } };
    tells(&d, &unread,
          "{\"type\":\"unread\",\"data\":{\"rooms\":[]},\"timestamp\":\"2025-01-01T12:00:00Z\"}");
}

TEST(a_repeat_is_answered_with_the_first_message) {
    DESK(d);
    struct event ev = room_message();
    ev.is_repeat = true;
    ev.client_id = STR_LIT("k");
    struct reply reply = { .cmd = CMD_message_send, .event = &ev, .ref = STR_LIT("5") };
    answers(&d, &reply, MESSAGE ",\"client_id\":\"k\"},\"ref\":5}");
    ev = direct_message();
    ev.is_repeat = true;
    ev.client_id = STR_LIT("k");
    reply = (struct reply){ .cmd = CMD_direct_send, .event = &ev };
    answers(&d, &reply, DM_ACK ",\"client_id\":\"k\"}}");
}

TEST(a_refusal_is_an_error_in_the_readers_language) {
    DESK(d);
    struct reply reply = { .cmd = CMD_room_join, .refusal = REFUSE_room_unknown };
    answers(
        &d, &reply,
        "{\"type\":\"error\",\"data\":{\"message\":\"Room inexistante.\",\"code\":\"NOT_FOUND\"}}");
    reply.room_name = STR_LIT("nulle part");
    reply.ref = STR_LIT("2");
    answers(
        &d, &reply,
        "{\"type\":\"error\",\"data\":{\"message\":\"Room inexistante.\",\"code\":\"NOT_FOUND\","
        "\"room\":\"nulle part\"},\"ref\":2}");
    wrote(&d, hub_encode_reply(&reply, LANG_EN, &d.out),
          "{\"type\":\"error\",\"data\":{\"message\":\"There is no such room.\","
          "\"code\":\"NOT_FOUND\",\"room\":\"nulle part\"},\"ref\":2}");
    reply = (struct reply){ .cmd = CMD_direct_send, .refusal = REFUSE_user_unknown };
    answers(&d, &reply,
            "{\"type\":\"error\",\"data\":{\"message\":\"Utilisateur inexistant.\","
            "\"code\":\"NOT_FOUND\"}}");
}

TEST(a_rate_limit_says_how_long) {
    DESK(d);
    struct reply reply = { .cmd = CMD_message_send,
                           .refusal = REFUSE_rate_limited,
                           .retry_after_ms = 1500,
                           .detail = { DETAIL_rate, .max = 20, .unit = UNIT_per_second },
                           .room_name = STR_LIT("general") };
    answers(&d, &reply,
            "{\"type\":\"error\",\"data\":{\"message\":"
            "\"Trop de messages : patientez un peu (20 par seconde).\",\"code\":\"RATE_LIMITED\","
            "\"retry_after_ms\":1500,\"room\":\"general\"}}");
}

TEST(the_cores_details_are_said_in_the_readers_language) {
    static const struct {
        struct detail detail;
        const char *english;
        const char *french;
    } details[] = {
        { { DETAIL_rate, .max = 60, .unit = UNIT_per_minute }, "60 per minute", "60 par minute" },
        { { DETAIL_rate, .max = 600, .unit = UNIT_per_hour }, "600 per hour", "600 par heure" },
        { { DETAIL_longer, INPUT_content, UNIT_characters, .given = 4001, .max = 4000 },
          "4001 characters; at most 4000",
          "4001 caractères; au plus 4000" },
        { { DETAIL_long, INPUT_client_id, UNIT_characters, .max = 64 },
          "client_id: at most 64 characters",
          "client_id: au plus 64 caractères" },
        { { DETAIL_rate, .max = 10, .unit = UNIT_rooms_per_second },
          "10 rooms per second",
          "10 salons par seconde" },
        { { DETAIL_media_missing, INPUT_media_url, .word = STR_LIT("image") },
          "media_url: a message of the type image needs it",
          "media_url: indispensable à un message de type image" },
        { { DETAIL_media_unfit, INPUT_media_url },
          "media_url: only with the message_type image, audio or file",
          "media_url: seulement avec le message_type image, audio ou file" },
        { { DETAIL_media_url, INPUT_media_url, UNIT_bytes, .max = 2048 },
          "media_url: /uploads/... or https://..., at most 2048 bytes",
          "media_url: /uploads/... ou https://..., au plus 2048 octets" },
        { { DETAIL_media_type, INPUT_media_type },
          "media_type: such as image/jpeg",
          "media_type: par exemple image/jpeg" },
        { { DETAIL_duration, INPUT_duration },
          "duration: seconds, at most a day",
          "duration: secondes, au plus un jour" },
        { { DETAIL_message_type, INPUT_message_type },
          "message_type: text, image, audio or file",
          "message_type: text, image, audio ou file" },
        { { DETAIL_reply_to, INPUT_reply_to },
          "reply_to: the id of the message it is about",
          "reply_to: le numéro du message concerné" },
        { { DETAIL_emoji, INPUT_content }, "content: one emoji", "content: un seul emoji" },
        { { DETAIL_query, INPUT_query },
          "query: some text to look for",
          "query: le texte à chercher" },
        { { DETAIL_resumed_late },
          "a room is resumed before it is joined; then room_history tells the rest",
          "un salon se reprend avant d'être rejoint ; ensuite, room_history donne le reste" },
        { { DETAIL_other_session },
          "this session is somebody else's",
          "cette connexion est celle de quelqu'un d'autre" },
        { { DETAIL_words, .word = STR_LIT("something else") }, "something else", "something else" },
        { { DETAIL_words, .word = STR_LIT("of no row"), .problem = FRAME_PROBLEM_COUNT },
          "of no row",
          "of no row" },
        { { DETAIL_NONE, INPUT_content }, "", "" },
    };
    DESK(d);
    for (size_t i = 0; i < COUNT(details); i++) {
        frame_put_detail(&d.out, &details[i].detail, LANG_FR);
        STR_EQ(buf_str(&d.out), details[i].french);
        buf_reset(&d.out);
        frame_put_detail(&d.out, &details[i].detail, LANG_EN);
        STR_EQ(buf_str(&d.out), details[i].english);
        buf_reset(&d.out);
    }
}

TEST(a_malformed_frame_is_explained) {
    DESK(d);
    struct reply reply = { .cmd = CMD_malformed,
                           .refusal = REFUSE_malformed,
                           .detail = notation_read("missing room") };
    answers(&d, &reply,
            "{\"type\":\"error\",\"data\":{\"message\":\"Requête incomprise (le champ room "
            "manque).\",\"code\":\"BAD_REQUEST\"}}");
    reply.detail = notation_read("not_json 14");
    wrote(&d, hub_encode_reply(&reply, LANG_EN, &d.out),
          "{\"type\":\"error\",\"data\":{\"message\":\"The request is not understood (not JSON, at "
          "byte 14).\",\"code\":\"BAD_REQUEST\"}}");
    reply.refusal = REFUSE_empty;
    reply.detail = notation_read("empty_content content");
    answers(&d, &reply,
            "{\"type\":\"error\",\"data\":{\"message\":\"Un message ne peut pas être vide.\","
            "\"code\":\"BAD_REQUEST\"}}");
}

TEST(every_problem_is_said_in_both_languages) {
    DESK(d);
    for (enum frame_problem p = FRAME_FINE + 1; p < FRAME_PROBLEM_COUNT; p++) {
        struct reply reply = { .cmd = CMD_malformed,
                               .refusal = frame_problem_refusal(p),
                               .detail = { DETAIL_words, .word = STR_LIT("<it>"), .problem = p } };
        for (enum lang lang = LANG_EN; lang <= LANG_FR; lang++) {
            OKAY(hub_encode_reply(&reply, lang, &d.out));
            OKAY(memmem(d.out.p, d.out.n, "%", 1) == NULL);
            OKAY(memmem(d.out.p, d.out.n, "not_", 4) == NULL);
            OKAY(p == FRAME_empty_content || memmem(d.out.p, d.out.n, " (", 2) != NULL);
            const struct json *root = NULL;
            EQ(json_parse(d.json, buf_str(&d.out), &root), OK);
            buf_reset(&d.out);
        }
    }
}

TEST(every_refusal_of_every_command_is_an_error) {
    DESK(d);
    for (enum cmd_type cmd = 0; cmd < CMD_COUNT; cmd++) {
        for (enum refusal why = REFUSE_NONE + 1; why < REFUSAL_COUNT; why++) {
            struct reply reply = { .cmd = cmd, .refusal = why, .ref = STR_LIT("7") };
            OKAY(hub_encode_reply(&reply, LANG_FR, &d.out));
            const struct json *root = NULL;
            EQ(json_parse(d.json, buf_str(&d.out), &root), OK);
            STR_EQ(json_text(json_get(root, "type")), "error");
            STR_EQ(json_text(json_get(json_get(root, "data"), "code")), refusal_code(why));
            buf_reset(&d.out);
        }
    }
}

/* ---- histories */

static const struct message said[] = {
    { .id = { 1 },
      .seq = 1,
      .user = { 456 },
      .username = STR_LIT("alice"),
      .other = { 123 },
      .content = STR_LIT("Message 1"),
      .at_ms = AT_MS },
    { .id = { 2 }, .seq = 2, .user = { 456 }, .username = STR_LIT("alice"), .deleted_ms = AT_MS },
    { .id = { 5 },
      .seq = 3,
      .user = { 123 },
      .username = STR_LIT("bob"),
      .other = { 456 },
      .content = STR_LIT("2"),
      .at_ms = AT_MS + 1000,
      .edited_ms = AT_MS + 2000 },
};

static struct answer history(enum ask_kind kind, size_t count) {
    static struct message messages[COUNT(said)];
    memcpy(messages, said, sizeof said);
    return (struct answer){ .ask = { .kind = kind,
                                     .room_name =
                                         kind == ASK_ROOM_HISTORY ? STR_LIT("general") : STR_NONE,
                                     .other = { 123 } },
                            .messages = messages,
                            .message_count = count };
}

#define ITEM_1                                                                                     \
    "{\"id\":1,\"fromUser\":456,\"username\":\"alice\",\"content\":\"Message 1\","                 \
    "\"timestamp\":\"2025-01-01T12:00:00Z\","
#define ITEM_5                                                                                     \
    "{\"id\":5,\"fromUser\":123,\"username\":\"bob\",\"content\":\"2\","                           \
    "\"timestamp\":\"2025-01-01T12:00:01Z\","
#define IN_ROOM_1 ITEM_1 "\"room\":\"general\",\"seq\":1,\"ts\":1735732800123}"
#define IN_ROOM_5                                                                                  \
    ITEM_5 "\"room\":\"general\",\"seq\":3,\"ts\":1735732801123,\"edited_ts\":1735732802123}"

TEST(a_rooms_history_stands_there_twice) {
    DESK(d);
    struct answer a = history(ASK_ROOM_HISTORY, COUNT(said));
    tells(&d, &a,
          "{\"type\":\"room_history\",\"room\":\"general\",\"data\":[" IN_ROOM_1 "," IN_ROOM_5
          "],\"messages\":[" IN_ROOM_1 "," IN_ROOM_5 "],\"has_more\":false}");
    a = history(ASK_ROOM_HISTORY, 0);
    a.ask.ref = STR_LIT("8");
    tells(&d, &a,
          "{\"type\":\"room_history\",\"room\":\"general\",\"data\":[],\"messages\":[],"
          "\"has_more\":false,\"ref\":8}");
}

TEST(a_conversations_history_names_both) {
    DESK(d);
    struct answer a = history(ASK_DIRECT_HISTORY, COUNT(said));
    a.has_more = true;
    a.ask.ref = STR_LIT("\"h\"");
    tells(&d, &a,
          "{\"type\":\"dm_history\",\"with\":123,\"data\":[" ITEM_1
          "\"toUser\":123,\"seq\":1,\"ts\":1735732800123}," ITEM_5
          "\"toUser\":456,\"seq\":3,\"ts\":1735732801123,\"edited_ts\":1735732802123}],"
          "\"has_more\":true,\"ref\":\"h\"}");
}

TEST(a_history_that_cannot_be_read_is_an_error) {
    DESK(d);
    struct answer a = history(ASK_ROOM_HISTORY, 0);
    a.refusal = REFUSE_store_away;
    a.ask.ref = STR_LIT("8");
    OKAY(hub_encode_answer(&a, LANG_EN, &d.out));
    wrote(
        &d, true,
        "{\"type\":\"error\",\"data\":{\"message\":\"Nothing can be stored at the moment; nothing "
        "was changed. Try again soon.\",\"code\":\"INTERNAL_ERROR\",\"room\":\"general\"},"
        "\"ref\":8}");
}

TEST(the_operators_lists_are_not_for_this_dialect) {
    DESK(d);
    struct answer a = { .ask = { .kind = ASK_LIST } };
    tells(&d, &a, "");
}

TEST(a_history_shows_what_a_message_is) {
    DESK(d);
    struct answer a = history(ASK_ROOM_HISTORY, 1);
    a.messages[0].type = MESSAGE_IMAGE;
    a.messages[0].media_url = STR_LIT("/uploads/images/a.png");
    a.messages[0].reply_to.v = 9;
    OKAY(hub_encode_answer(&a, LANG_FR, &d.out));
    static const char shown[] = "\"seq\":1,\"ts\":1735732800123,\"message_type\":\"image\","
                                "\"media_url\":\"/uploads/images/a.png\",\"reply_to\":9}";
    OKAY(memmem(d.out.p, d.out.n, shown, strlen(shown)) != NULL);
}

TEST(a_history_of_long_messages_is_cut_at_its_old_end) {
    enum { COUNT_ALL = HISTORY_LIMIT_MAX, BYTES = 4000 };
    static struct message messages[COUNT_ALL];
    static char text[BYTES];
    DESK(d);
    for (int c = 'x'; c != 0; c = c == 'x' ? '\1' : 0) {    // \1 is six times as long as JSON
        memset(text, c, sizeof text);
        for (size_t i = 0; i < COUNT_ALL; i++) {
            messages[i] = (struct message){ .id = { i + 1 }, .content = { text, sizeof text } };
        }
        struct answer a = { .ask = { .kind = ASK_ROOM_HISTORY },
                            .messages = messages,
                            .message_count = COUNT_ALL };
        OKAY(hub_encode_answer(&a, LANG_FR, &d.out));
        OKAY(buf_ok(&d.out) && d.out.n < 2 * FRAME_LIST_BYTES_MAX + 4096);
        const struct json *root = NULL;
        bool has_more = false;
        EQ(json_parse(d.json, buf_str(&d.out), &root), OK);
        const struct json *data = json_get(root, "data");
        size_t count = json_count(data);
        EQ(json_count(json_get(root, "messages")), count);
        OKAY(count >= 10 && count < COUNT_ALL);
        for (size_t i = 0; i < count; i++) {
            uint64_t id = 0;
            EQ(json_u64(json_get(json_at(data, i), "id"), &id), OK);
            EQ(id, COUNT_ALL - count + i + 1);    // the newest, oldest first
        }
        EQ(json_bool(json_get(root, "has_more"), &has_more), OK);
        OKAY(has_more);
        buf_reset(&d.out);
    }
}

TEST(a_page_that_goes_on_is_cut_at_its_new_end) {
    enum { COUNT_ALL = 100, BYTES = 8000 };
    static struct message messages[COUNT_ALL];
    static char text[BYTES];
    DESK(d);
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < COUNT_ALL; i++) {
        messages[i] = (struct message){ .id = { i + 1 }, .content = { text, sizeof text } };
    }
    struct answer a = { .ask = { .kind = ASK_ROOM_HISTORY, .after = 1 },
                        .messages = messages,
                        .message_count = COUNT_ALL };
    OKAY(hub_encode_answer(&a, LANG_FR, &d.out));
    const struct json *root = NULL;
    uint64_t id = 0;
    bool has_more = false;
    EQ(json_parse(d.json, buf_str(&d.out), &root), OK);
    EQ(json_u64(json_get(json_at(json_get(root, "data"), 0), "id"), &id), OK);
    EQ(id, 1);
    EQ(json_bool(json_get(root, "has_more"), &has_more), OK);
    OKAY(has_more && json_count(json_get(root, "data")) < COUNT_ALL);
}

TEST(one_message_is_always_there_however_long) {
    DESK(d);
    char *text = xalloc(FRAME_LIST_BYTES_MAX);
    memset(text, 'x', FRAME_LIST_BYTES_MAX);
    struct answer a = history(ASK_DIRECT_HISTORY, 1);
    a.messages[0].content = (struct str){ text, FRAME_LIST_BYTES_MAX };
    OKAY(hub_encode_answer(&a, LANG_FR, &d.out));
    OKAY(d.out.n > FRAME_LIST_BYTES_MAX);
    xfree(text);
}

TEST(a_history_too_long_for_its_buffer_is_no_half_frame_taken_for_a_whole) {
    struct answer a = history(ASK_ROOM_HISTORY, COUNT(said));
    for (size_t bound = 1; bound < 600; bound += 7) {
        SCOPED(buf_fini) struct buf out = BUF_INIT(bound);
        hub_encode_answer(&a, LANG_FR, &out);
        OKAY(!buf_ok(&out));
    }
}

/* ---- closing, and speed */

TEST(each_end_has_its_close_code) {
    EQ(frame_close_code(REFUSE_NONE), 1000);
    EQ(frame_close_code(REFUSE_banned), 4403);
    EQ(frame_close_code(REFUSE_expired), 4401);
    EQ(frame_close_code(REFUSE_unauthenticated), 4401);
    EQ(frame_close_code(REFUSE_stopping), 1012);
    EQ(frame_close_code(REFUSE_store_away), 1013);
    EQ(frame_close_code(REFUSE_rate_limited), 1008);
    EQ(frame_close_code(REFUSE_too_many_sessions), 1008);
}

/* The number is printed, not judged: machines differ, and sanitizers more. */
TEST(a_message_is_encoded_fast) {
    enum { ROUNDS = 100000 };
    DESK(d);
    char text[200];
    memset(text, 'x', sizeof text);
    struct event ev = room_message();
    ev.content = (struct str){ text, sizeof text };

    uint64_t began_us = clock_mono_us();
    for (int i = 0; i < ROUNDS; i++) {
        buf_reset(&d.out);
        OKAY(hub_encode_event(&ev, VIEW_OTHER, &d.out));
    }
    uint64_t took_us = clock_mono_us() - began_us;
    print_message("# %.3f us for a message of 200 bytes\n", (double)took_us / ROUNDS);
    OKAY(d.out.n > sizeof text);
}
