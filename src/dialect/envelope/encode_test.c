/* The envelope's frames of events and replies: every sample of the document, then the rest, for
 * everyone who may look. */
#include "test/unit.h"

#include "base/clock.h"
#include "dialect/envelope/envelope.h"
#include "dialect/frame/notation.h"
#include "dialect/hub/hub.h"

#define AT_MS UINT64_C(1700476200000)    // 2023-11-20T10:30:00Z, the document's
#define AT "\"timestamp\":\"2023-11-20T10:30:00Z\""

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

static const struct json *parsed(struct desk *d, struct str frame) {
    const struct json *root = NULL;
    EQ(json_parse(d->json, frame, &root), OK);
    EQ(json_kind_of(root), JSON_OBJECT);
    EQ(json_kind_of(json_get(root, "data")), JSON_OBJECT);
    OKAY(json_text(json_get(root, "type")).n > 0);
    OKAY(json_text(json_get(root, "timestamp")).n == 20);
    return root;
}

/* What was just written has these bytes and is JSON, frame by frame; "" if it was silent. */
static void wrote(struct desk *d, bool spoke, const char *frames) {
    EQ(spoke, *frames != '\0');
    OKAY(buf_ok(&d->out));
    STR_EQ(buf_str(&d->out), frames);
    struct str rest = spoke ? buf_str(&d->out) : STR_NONE;
    while (rest.p != NULL) {
        parsed(d, str_cut(&rest, '\n'));
    }
    buf_reset(&d->out);
}

static void shows(struct desk *d, const struct event *ev, enum view view, const char *frame) {
    wrote(d, envelope_encode_event(ev, view, &d->out), frame);
}

static void shows_all(struct desk *d, const struct event *ev, const char *frame) {
    for (enum view view = VIEW_OTHER; view <= VIEW_ORIGIN; view++) {
        shows(d, ev, view, frame);
    }
}

static void answers(struct desk *d, const struct reply *reply, const char *frame) {
    wrote(d, envelope_encode_reply(reply, LANG_EN, &d->out), frame);
}

static struct event room_message(void) {
    return (struct event){ .type = EV_message_posted,
                           .at_ms = AT_MS,
                           .room = { 3 },
                           .room_name = STR_LIT("general"),
                           .user = { 789 },
                           .username = STR_LIT("alice"),
                           .message = { 123 },
                           .seq = 7,
                           .content = STR_LIT("Bonjour tout le monde !") };
}

static struct event direct_message(void) {
    struct event ev = room_message();
    ev.room_kind = ROOM_DM;
    ev.room_name = STR_NONE;
    ev.other = (user_id){ 456 };
    ev.message = (message_id){ 124 };
    ev.content = STR_LIT("Salut, comment ça va ?");
    return ev;
}

/* ---- the document's samples: all of a sample is in the frame, at its place and in its order */

/* Every member of `sample` is in `frame`, and they stand there in the sample's order, before
 * whatever else there is. */
static void has_members(const struct json *sample, const struct json *frame) {
    size_t at = 0;
    size_t frame_at = 0;
    struct str key;
    struct str frame_key;
    const struct json *want;
    const struct json *got;
    while (json_each(sample, &at, &key, &want)) {
        OKAY(json_each(frame, &frame_at, &frame_key, &got));
        OKAY(str_eq(key, frame_key));
        EQ(json_kind_of(want), json_kind_of(got));
        if (json_kind_of(want) == JSON_OBJECT) {
            has_members(want, got);
        } else if (json_kind_of(want) == JSON_NUMBER) {
            uint64_t a = 0;
            uint64_t b = 0;
            EQ(json_u64(want, &a), OK);
            EQ(json_u64(got, &b), OK);
            EQ(a, b);
        } else {
            OKAY(str_eq(json_text(want), json_text(got)));
        }
    }
}

static void follows_sample(struct desk *d, const char *sample) {
    SCOPED(json_reader_free) struct json_reader *reader = json_reader_new(4096);
    const struct json *want = NULL;
    EQ(json_parse(reader, str_of(sample), &want), OK);
    has_members(want, parsed(d, buf_str(&d->out)));
    buf_reset(&d->out);
}

TEST(the_documents_room_message) {
    DESK(d);
    struct event ev = room_message();
    OKAY(envelope_encode_event(&ev, VIEW_OTHER, &d.out));
    follows_sample(&d, "{\n"
                       "    \"type\": \"room_message\",\n"
                       "    \"data\": {\n"
                       "        \"id\": 123,\n"
                       "        \"room\": \"general\",\n"
                       "        \"user_id\": 789,\n"
                       "        \"username\": \"alice\",\n"
                       "        \"content\": \"Bonjour tout le monde !\",\n"
                       "        \"message_type\": \"text\",\n"
                       "        \"created_at\": \"2023-11-20T10:30:00Z\"\n"
                       "    },\n"
                       "    \"timestamp\": \"2023-11-20T10:30:00Z\"\n"
                       "}");
}

TEST(the_documents_direct_message) {
    DESK(d);
    struct event ev = direct_message();
    OKAY(envelope_encode_event(&ev, VIEW_OTHER, &d.out));
    follows_sample(&d, "{\n"
                       "    \"type\": \"direct_message\",\n"
                       "    \"data\": {\n"
                       "        \"id\": 124,\n"
                       "        \"from_user_id\": 789,\n"
                       "        \"from_username\": \"alice\",\n"
                       "        \"to_user_id\": 456,\n"
                       "        \"content\": \"Salut, comment ça va ?\",\n"
                       "        \"message_type\": \"text\",\n"
                       "        \"created_at\": \"2023-11-20T10:30:00Z\"\n"
                       "    },\n"
                       "    \"timestamp\": \"2023-11-20T10:30:00Z\"\n"
                       "}");
}

TEST(the_documents_presence) {
    DESK(d);
    struct event ev = room_message();
    ev.type = EV_room_entered;
    OKAY(envelope_encode_event(&ev, VIEW_OTHER, &d.out));
    follows_sample(&d, "{\n"
                       "    \"type\": \"user_connected\",\n"
                       "    \"data\": {\n"
                       "        \"user_id\": 789,\n"
                       "        \"username\": \"alice\",\n"
                       "        \"room\": \"general\"\n"
                       "    },\n"
                       "    \"timestamp\": \"2023-11-20T10:30:00Z\"\n"
                       "}");
    ev.type = EV_room_left;
    OKAY(envelope_encode_event(&ev, VIEW_OTHER, &d.out));
    follows_sample(&d, "{\n"
                       "    \"type\": \"user_disconnected\",\n"
                       "    \"data\": {\n"
                       "        \"user_id\": 789,\n"
                       "        \"username\": \"alice\",\n"
                       "        \"room\": \"general\"\n"
                       "    },\n"
                       "    \"timestamp\": \"2023-11-20T10:30:00Z\"\n"
                       "}");
}

TEST(the_documents_acknowledgement_pong_and_error) {
    DESK(d);
    struct reply reply = { .cmd = CMD_room_join, .at_ms = AT_MS, .room_name = STR_LIT("general") };
    answers(&d, &reply,
            "{\"type\":\"join_room_ack\",\"data\":{\"room\":\"general\",\"success\":true,"
            "\"message\":\"Joined room successfully\"}," AT "}");
    reply = (struct reply){ .cmd = CMD_ping, .at_ms = AT_MS };
    answers(&d, &reply, "{\"type\":\"pong\",\"data\":{" AT "}," AT "}");
    reply = (struct reply){ .cmd = CMD_room_history,
                            .at_ms = AT_MS,
                            .refusal = REFUSE_room_unknown,
                            .room_name = STR_LIT("nonexistent_room") };
    answers(&d, &reply,
            "{\"type\":\"error\",\"data\":{\"message\":\"Room not found\","
            "\"code\":\"ROOM_NOT_FOUND\",\"details\":{\"room\":\"nonexistent_room\"}}," AT "}");
}

/* ---- messages */

#define ROOM_MESSAGE                                                                               \
    "{\"type\":\"room_message\",\"data\":{\"id\":123,\"room\":\"general\",\"user_id\":789,"        \
    "\"username\":\"alice\",\"content\":\"Bonjour tout le monde !\",\"message_type\":\"text\","    \
    "\"created_at\":\"2023-11-20T10:30:00Z\",\"seq\":7,\"ts\":1700476200000"
#define BY_ALICE "}," AT ",\"user_id\":789"

TEST(only_the_connection_that_sent_it_sees_client_id_and_id) {
    DESK(d);
    struct event ev = room_message();
    shows_all(&d, &ev, ROOM_MESSAGE BY_ALICE "}");
    ev.client_id = STR_LIT("k\"1");
    ev.ref = STR_LIT("\"r\"");
    shows(&d, &ev, VIEW_OTHER, ROOM_MESSAGE BY_ALICE "}");
    shows(&d, &ev, VIEW_AUTHOR, ROOM_MESSAGE BY_ALICE "}");
    shows(&d, &ev, VIEW_ORIGIN, ROOM_MESSAGE ",\"client_id\":\"k\\\"1\"" BY_ALICE ",\"id\":\"r\"}");
}

#define DIRECT                                                                                     \
    "{\"type\":\"direct_message\",\"data\":{\"id\":124,\"from_user_id\":789,"                      \
    "\"from_username\":\"alice\",\"to_user_id\":456,\"content\":\"Salut, comment ça va ?\","      \
    "\"message_type\":\"text\",\"created_at\":\"2023-11-20T10:30:00Z\",\"seq\":7,"                 \
    "\"ts\":1700476200000"

TEST(both_people_of_a_conversation_see_the_same) {
    DESK(d);
    struct event ev = direct_message();
    shows_all(&d, &ev, DIRECT BY_ALICE "}");
    ev.client_id = STR_LIT("k");
    ev.ref = STR_LIT("9");
    shows(&d, &ev, VIEW_OTHER, DIRECT BY_ALICE "}");
    shows(&d, &ev, VIEW_AUTHOR, DIRECT BY_ALICE "}");
    shows(&d, &ev, VIEW_ORIGIN, DIRECT ",\"client_id\":\"k\"" BY_ALICE ",\"id\":9}");
}

TEST(media_and_all_the_rest_stand_behind_the_documents_fields) {
    DESK(d);
    struct event ev = room_message();
    ev.message_type = MESSAGE_AUDIO;
    ev.content = STR_LIT("Message vocal");
    ev.media_url = STR_LIT("/uploads/audio/voice123.mp3");
    ev.media_type = STR_LIT("audio/mpeg");
    ev.duration_ms = 15500;
    ev.reply_to.v = 99;
    ev.mentions = STR_LIT("3,17");
    shows(&d, &ev, VIEW_OTHER,
          "{\"type\":\"room_message\",\"data\":{\"id\":123,\"room\":\"general\",\"user_id\":789,"
          "\"username\":\"alice\",\"content\":\"Message vocal\",\"message_type\":\"audio\","
          "\"created_at\":\"2023-11-20T10:30:00Z\",\"seq\":7,\"ts\":1700476200000,"
          "\"media_url\":\"/uploads/audio/voice123.mp3\",\"media_type\":\"audio/mpeg\","
          "\"duration\":15.5,\"reply_to\":99,\"mentions\":[3,17]" BY_ALICE "}");
}

TEST(a_reaction_is_a_message_with_its_emoji) {
    DESK(d);
    struct event ev = direct_message();
    ev.message_type = MESSAGE_REACTION;
    ev.content = STR_LIT("👍");
    ev.reply_to.v = 120;
    shows_all(&d, &ev,
              "{\"type\":\"direct_message\",\"data\":{\"id\":124,\"from_user_id\":789,"
              "\"from_username\":\"alice\",\"to_user_id\":456,\"content\":\"👍\","
              "\"message_type\":\"reaction\",\"created_at\":\"2023-11-20T10:30:00Z\",\"seq\":7,"
              "\"ts\":1700476200000,\"reply_to\":120" BY_ALICE "}");
}

TEST(a_duration_is_written_as_seconds) {
    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {
        { 1, ",\"duration\":0.001" },
        { 10, ",\"duration\":0.01" },
        { 100, ",\"duration\":0.1" },
        { 1000, ",\"duration\":1" },
        { 1005, ",\"duration\":1.005" },
        { 15500, ",\"duration\":15.5" },
        { 86400000, ",\"duration\":86400" },
        { 59999, ",\"duration\":59.999" },
        { 0, "" },
    };
    DESK(d);
    for (size_t i = 0; i < COUNT(cases); i++) {
        frame_put_extras(&d.out, &(struct frame_extras){ .duration_ms = cases[i].ms });
        STR_EQ(buf_str(&d.out), cases[i].text);
        buf_reset(&d.out);
    }
}

TEST(who_is_named_is_told_so) {
    DESK(d);
    struct event ev = room_message();
    ev.client_id = STR_LIT("k");
    ev.ref = STR_LIT("1");
    ev.mentions = STR_LIT("456");
    shows(&d, &ev, VIEW_NAMED,
          "{\"type\":\"mention\",\"data\":{\"room\":\"general\",\"message_id\":123,\"seq\":7,"
          "\"user_id\":789,\"username\":\"alice\",\"content\":\"Bonjour tout le monde !\"" BY_ALICE
          "}");
}

TEST(an_edit_says_which_message_and_what_it_is_now) {
    DESK(d);
    struct event ev = room_message();
    ev.type = EV_message_edited;
    ev.position = 130;
    ev.ref = STR_LIT("1");
    ev.content = STR_LIT("Bonjour @bob !");
    ev.mentions = STR_LIT("456");
#define EDITED                                                                                     \
    "\"user_id\":789,\"content\":\"Bonjour @bob !\","                                              \
    "\"edited_at\":\"2023-11-20T10:30:00Z\",\"seq\":7,\"ts\":1700476200000,\"position\":130,"      \
    "\"mentions\":[456]" BY_ALICE "}"
    shows_all(&d, &ev,
              "{\"type\":\"message_updated\",\"data\":{\"id\":123,\"room\":\"general\"," EDITED);
    ev.room_kind = ROOM_DM;
    ev.other.v = 456;
    shows(&d, &ev, VIEW_OTHER,
          "{\"type\":\"message_updated\",\"data\":{\"id\":123,\"with_user\":789," EDITED);
    shows(&d, &ev, VIEW_AUTHOR,
          "{\"type\":\"message_updated\",\"data\":{\"id\":123,\"with_user\":456," EDITED);
    shows(&d, &ev, VIEW_ORIGIN,
          "{\"type\":\"message_updated\",\"data\":{\"id\":123,\"with_user\":456," EDITED);
}

TEST(a_deletion_says_which_message_and_of_a_reaction_what_it_was) {
    DESK(d);
    struct event ev = room_message();
    ev.type = EV_message_deleted;
    ev.position = 131;
#define DELETED "\"user_id\":789,\"seq\":7,\"ts\":1700476200000,\"position\":131"
    shows_all(
        &d, &ev,
        "{\"type\":\"message_deleted\",\"data\":{\"id\":123,\"room\":\"general\"," DELETED BY_ALICE
        "}");
    ev.message_type = MESSAGE_REACTION;
    ev.content = STR_LIT("👍");
    ev.reply_to.v = 120;
    shows_all(&d, &ev,
              "{\"type\":\"message_deleted\",\"data\":{\"id\":123,\"room\":\"general\"," DELETED
              ",\"message_type\":\"reaction\",\"content\":\"👍\",\"reply_to\":120" BY_ALICE "}");
}

/* ---- other events */

TEST(who_comes_has_its_acknowledgement_and_all_its_others_hear_of_it) {
    DESK(d);
    struct event ev = room_message();
    ev.type = EV_room_entered;
    const char *frame = "{\"type\":\"user_connected\",\"data\":{\"user_id\":789,"
                        "\"username\":\"alice\",\"room\":\"general\"" BY_ALICE "}";
    shows(&d, &ev, VIEW_OTHER, frame);
    shows(&d, &ev, VIEW_AUTHOR, frame);
    shows(&d, &ev, VIEW_ORIGIN, "");
}

TEST(typing_is_seen_by_others_only) {
    DESK(d);
    struct event ev = room_message();
    ev.type = EV_typing_changed;
    ev.is_on = true;
    shows(&d, &ev, VIEW_OTHER,
          "{\"type\":\"user_typing\",\"data\":{\"room\":\"general\",\"user_id\":789,"
          "\"username\":\"alice\",\"typing\":true" BY_ALICE "}");
    shows(&d, &ev, VIEW_AUTHOR, "");
    shows(&d, &ev, VIEW_ORIGIN, "");
    ev.is_on = false;
    ev.room_kind = ROOM_DM;
    shows(&d, &ev, VIEW_OTHER,
          "{\"type\":\"user_typing\",\"data\":{\"with_user\":789,\"user_id\":789,"
          "\"username\":\"alice\",\"typing\":false" BY_ALICE "}");
}

TEST(a_read_mark_is_seen_by_others_and_on_the_readers_other_connections) {
    DESK(d);
    struct event ev = room_message();
    ev.type = EV_read_changed;
    const char *frame = "{\"type\":\"user_read\",\"data\":{\"room\":\"general\",\"user_id\":789,"
                        "\"username\":\"alice\",\"message_id\":123,\"seq\":7" BY_ALICE "}";
    shows(&d, &ev, VIEW_OTHER, frame);
    shows(&d, &ev, VIEW_AUTHOR, frame);
    shows(&d, &ev, VIEW_ORIGIN, "");
    ev.room_kind = ROOM_DM;
    ev.other.v = 456;
    ev.message.v = 0;
    shows(&d, &ev, VIEW_AUTHOR,
          "{\"type\":\"user_read\",\"data\":{\"with_user\":456,\"user_id\":789,"
          "\"username\":\"alice\",\"seq\":7" BY_ALICE "}");
}

TEST(what_concerns_the_connection_itself_is_nobodys_doing) {
    DESK(d);
    struct event ev = { .type = EV_room_removed, .at_ms = AT_MS, .room_name = STR_LIT("general") };
    shows_all(&d, &ev, "{\"type\":\"room_removed\",\"data\":{\"room\":\"general\"}," AT "}");
    ev = (struct event){ .type = EV_session_expiring, .at_ms = AT_MS, .until_ms = AT_MS + 60000 };
    shows_all(&d, &ev,
              "{\"type\":\"token_expiring\",\"data\":{\"expires_at\":\"2023-11-20T10:31:00Z\"}," AT
              "}");
    ev = (struct event){ .type = EV_session_ended, .at_ms = AT_MS, .refusal = REFUSE_expired };
    shows_all(&d, &ev,
              "{\"type\":\"error\",\"data\":{\"message\":\"The token has expired: connect with a "
              "fresh one.\",\"code\":\"AUTH_FAILED\",\"details\":{}}," AT "}");
    ev.refusal = REFUSE_NONE;
    shows_all(&d, &ev, "");
}

TEST(names_and_texts_are_escaped) {
    DESK(d);
    struct event ev = room_message();
    ev.username = STR_LIT("\"\\");
    ev.content = STR_LIT("\x01\n</script>\u2028😀");
    ev.room_name = STR_LIT("a\tb");
    OKAY(envelope_encode_event(&ev, VIEW_OTHER, &d.out));
    OKAY(memchr(d.out.p, '\n', d.out.n) == NULL);    // frames are told apart by it
    const struct json *data = json_get(parsed(&d, buf_str(&d.out)), "data");
    STR_EQ(json_text(json_get(data, "username")), "\"\\");
    STR_EQ(json_text(json_get(data, "content")), "\x01\n</script>\u2028😀");
    STR_EQ(json_text(json_get(data, "room")), "a\tb");
}

/* ---- replies */

TEST(an_id_is_repeated_in_the_answer) {
    DESK(d);
    struct reply reply = {
        .cmd = CMD_room_leave, .at_ms = AT_MS, .room_name = STR_LIT("general"), .ref = STR_LIT("7")
    };
    answers(&d, &reply,
            "{\"type\":\"leave_room_ack\",\"data\":{\"room\":\"general\",\"success\":true,"
            "\"message\":\"Left room successfully\"}," AT ",\"id\":7}");
    reply.cmd = CMD_ping;
    answers(&d, &reply, "{\"type\":\"pong\",\"data\":{" AT "}," AT ",\"id\":7}");
}

TEST(a_join_that_is_refused_is_answered_twice) {
    DESK(d);
    struct reply reply = { .cmd = CMD_room_join,
                           .at_ms = AT_MS,
                           .refusal = REFUSE_room_unknown,
                           .room_name = STR_LIT("nonexistent_room"),
                           .ref = STR_LIT("5") };
    answers(&d, &reply,
            "{\"type\":\"join_room_ack\",\"data\":{\"room\":\"nonexistent_room\","
            "\"success\":false,\"message\":\"Room not found\"}," AT ",\"id\":5}\n"
            "{\"type\":\"error\",\"data\":{\"message\":\"Room not found\","
            "\"code\":\"ROOM_NOT_FOUND\",\"details\":{\"room\":\"nonexistent_room\"}}," AT
            ",\"id\":5}");
    reply.refusal = REFUSE_too_many_follows;
    reply.ref = STR_NONE;
    reply.detail = (struct detail){ DETAIL_at_most, .max = 1000 };
    wrote(&d, envelope_encode_reply(&reply, LANG_FR, &d.out),
          "{\"type\":\"join_room_ack\",\"data\":{\"room\":\"nonexistent_room\","
          "\"success\":false,\"message\":\"Trop de salons suivis par une connexion : quittez-en un "
          "d'abord (au plus 1000).\"}," AT "}\n"
          "{\"type\":\"error\",\"data\":{\"message\":\"Trop de salons suivis par une connexion : "
          "quittez-en un d'abord (au plus 1000).\",\"code\":\"PERMISSION_DENIED\","
          "\"details\":{\"room\":\"nonexistent_room\"}}," AT "}");
}

TEST(a_fresh_token_is_acknowledged) {
    DESK(d);
    struct reply reply = { .cmd = CMD_session_open,
                           .at_ms = AT_MS,
                           .user = { 789 },
                           .username = STR_LIT("alice"),
                           .until_ms = AT_MS + 3600000 };
    answers(&d, &reply,
            "{\"type\":\"auth_ack\",\"data\":{\"user_id\":789,\"username\":\"alice\","
            "\"expires_at\":\"2023-11-20T11:30:00Z\"}," AT "}");
    reply.until_ms = 0;
    answers(&d, &reply,
            "{\"type\":\"auth_ack\",\"data\":{\"user_id\":789,\"username\":\"alice\"}," AT "}");
}

TEST(what_has_no_other_answer_is_acknowledged_to_who_gave_an_id) {
    static const enum cmd_type quiet[] = { CMD_message_edit, CMD_message_delete, CMD_read_set,
                                           CMD_typing_set };
    DESK(d);
    for (size_t i = 0; i < COUNT(quiet); i++) {
        struct reply reply = { .cmd = quiet[i], .at_ms = AT_MS, .message = 123 };
        answers(&d, &reply, "");
        reply.ref = STR_LIT("1");
        answers(&d, &reply,
                "{\"type\":\"ack\",\"data\":{\"success\":true,\"message_id\":123}," AT
                ",\"id\":1}");
        reply.message = 0;
        answers(&d, &reply, "{\"type\":\"ack\",\"data\":{\"success\":true}," AT ",\"id\":1}");
        reply.ref = STR_NONE;
        reply.part = 2;
        answers(&d, &reply, "{\"type\":\"ack\",\"data\":{\"success\":true}," AT "}");
    }
}

TEST(a_new_message_is_answered_by_its_event_and_a_repeat_with_the_first_one) {
    DESK(d);
    struct event ev = room_message();
    ev.client_id = STR_LIT("k");
    struct reply reply = {
        .cmd = CMD_message_send, .at_ms = AT_MS + 5000, .event = &ev, .ref = STR_LIT("5")
    };
    answers(&d, &reply, "");
    ev.is_repeat = true;
    answers(&d, &reply, ROOM_MESSAGE ",\"client_id\":\"k\"" BY_ALICE ",\"id\":5}");
    ev = direct_message();
    ev.is_repeat = true;
    reply = (struct reply){ .cmd = CMD_direct_send, .at_ms = AT_MS + 5000, .event = &ev };
    answers(&d, &reply, DIRECT BY_ALICE "}");
}

TEST(a_message_of_a_batch_is_acknowledged_in_it) {
    DESK(d);
    struct event ev = room_message();
    ev.client_id = STR_LIT("k");
    struct reply reply = {
        .cmd = CMD_message_send, .at_ms = AT_MS, .event = &ev, .ref = STR_LIT("5"), .part = 1
    };
    const char *acknowledged =
        "{\"type\":\"message_ack\",\"data\":{\"id\":123,\"room\":\"general\","
        "\"created_at\":\"2023-11-20T10:30:00Z\",\"seq\":7,\"ts\":1700476200000,"
        "\"client_id\":\"k\"}," AT ",\"id\":5}";
    answers(&d, &reply, acknowledged);
    ev.is_repeat = true;
    answers(&d, &reply, acknowledged);
    ev = direct_message();
    reply = (struct reply){ .cmd = CMD_direct_send, .at_ms = AT_MS, .event = &ev, .part = 2 };
    answers(&d, &reply,
            "{\"type\":\"message_ack\",\"data\":{\"id\":124,\"to_user_id\":456,"
            "\"created_at\":\"2023-11-20T10:30:00Z\",\"seq\":7,\"ts\":1700476200000}," AT "}");
}

TEST(a_reaction_that_was_taken_back_or_there_already_is_acknowledged) {
    DESK(d);
    struct event ev = room_message();
    ev.type = EV_message_deleted;    // what the store makes of it
    ev.message_type = MESSAGE_REACTION;
    struct reply reply = { .cmd = CMD_reaction_set, .at_ms = AT_MS, .event = &ev };
    answers(&d, &reply, "");
    reply.ref = STR_LIT("3");
    answers(&d, &reply, "{\"type\":\"ack\",\"data\":{\"success\":true}," AT ",\"id\":3}");
    ev.type = EV_message_posted;
    ev.is_void = true;
    answers(&d, &reply, "{\"type\":\"ack\",\"data\":{\"success\":true}," AT ",\"id\":3}");
    ev.is_void = false;
    answers(&d, &reply, "");    // by its event
}

/* ---- errors */

/* The code and the details of the error that answers a reply. */
static void explains(struct desk *d, const struct reply *reply, const char *code,
                     const char *details) {
    SCOPED(buf_fini) struct buf want = BUF_INIT(4096);
    OKAY(envelope_encode_reply(reply, LANG_EN, &d->out));
    buf_printf(&want, "\"code\":\"%s\",\"details\":%s}," AT "}", code, details);
    if (!str_ends(buf_str(&d->out), buf_str(&want))) {
        print_error("%.*s\n", STR_FMT(buf_str(&d->out)));
    }
    OKAY(str_ends(buf_str(&d->out), buf_str(&want)));
    parsed(d, buf_str(&d->out));
    buf_reset(&d->out);
}

TEST(each_refusal_has_the_documents_code_and_details) {
    static const struct {
        enum refusal refusal;
        const char *detail;
        const char *code;
        const char *details;
    } cases[] = {
        { REFUSE_malformed, "missing room", "INVALID_FORMAT", "{\"field\":\"room\"}" },
        { REFUSE_malformed, "not_json 14", "INVALID_FORMAT", "{}" },
        { REFUSE_malformed, "not_object", "INVALID_FORMAT", "{}" },
        { REFUSE_malformed, "unknown_type nope", "INVALID_FORMAT", "{\"field\":\"type\"}" },
        { REFUSE_malformed, "unknown_wrapped_type nope", "INVALID_FORMAT", "{\"field\":\"type\"}" },
        { REFUSE_malformed, "unknown_message_type x", "INVALID_FORMAT",
          "{\"field\":\"message_type\"}" },
        { REFUSE_malformed, "not_100 messages", "INVALID_FORMAT", "{\"field\":\"messages\"}" },
        { REFUSE_malformed, "not_in_batch auth", "INVALID_FORMAT", "{\"field\":\"type\"}" },
        { REFUSE_malformed, "words: of the server", "INVALID_FORMAT", "{}" },
        { REFUSE_malformed, "", "INVALID_FORMAT", "{}" },
        { REFUSE_empty, "empty_content content", "INVALID_FORMAT", "{\"field\":\"content\"}" },
        { REFUSE_too_long, "frame_too_long 65536", "MESSAGE_TOO_LONG", "{\"max\":65536}" },
        { REFUSE_message_unknown, "", "ROOM_NOT_FOUND", "{\"message_id\":55}" },
        { REFUSE_user_unknown, "", "USER_NOT_FOUND", "{\"user_id\":66}" },
        { REFUSE_upload_unknown, "", "INVALID_FORMAT", "{\"field\":\"media_url\"}" },
        { REFUSE_unauthenticated, "", "AUTH_FAILED", "{}" },
        { REFUSE_expired, "", "AUTH_FAILED", "{}" },
        { REFUSE_forbidden, "", "PERMISSION_DENIED", "{}" },
        { REFUSE_not_member, "", "PERMISSION_DENIED", "{}" },
        { REFUSE_banned, "", "PERMISSION_DENIED", "{}" },
        { REFUSE_blocked, "", "PERMISSION_DENIED", "{}" },
        { REFUSE_already_connected, "", "PERMISSION_DENIED", "{}" },
        { REFUSE_too_many_reactions, "", "PERMISSION_DENIED", "{}" },
        { REFUSE_quota_full, "", "PERMISSION_DENIED", "{}" },
        { REFUSE_store_away, "", "INTERNAL_ERROR", "{}" },
        { REFUSE_stopping, "", "INTERNAL_ERROR", "{}" },
    };
    DESK(d);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reply reply = { .cmd = CMD_message_send,
                               .at_ms = AT_MS,
                               .refusal = cases[i].refusal,
                               .detail = notation_read(cases[i].detail),
                               .message = 55,
                               .user = { 66 } };
        explains(&d, &reply, cases[i].code, cases[i].details);
    }
}

TEST(what_the_core_blames_is_told_to_programs) {
    static const struct {
        enum refusal refusal;
        struct detail detail;
        const char *code;
        const char *details;
    } cases[] = {
        { REFUSE_malformed,
          { DETAIL_media_missing, INPUT_media_url, .word = STR_LIT("image") },
          "INVALID_FORMAT",
          "{\"field\":\"media_url\"}" },
        { REFUSE_malformed,
          { DETAIL_long, INPUT_client_id, UNIT_characters, .max = 64 },
          "INVALID_FORMAT",
          "{\"field\":\"client_id\"}" },
        { REFUSE_malformed, { DETAIL_resumed_late }, "INVALID_FORMAT", "{}" },
        { REFUSE_empty, { .input = INPUT_content }, "INVALID_FORMAT", "{\"field\":\"content\"}" },
        { REFUSE_too_long,
          { DETAIL_longer, INPUT_content, UNIT_characters, .given = 4001, .max = 4000 },
          "MESSAGE_TOO_LONG",
          "{\"field\":\"content\",\"max\":4000}" },
        { REFUSE_too_long,
          { DETAIL_long, INPUT_query, UNIT_characters, .max = 200 },
          "MESSAGE_TOO_LONG",
          "{\"field\":\"query\",\"max\":200}" },
        { REFUSE_too_many_follows, { DETAIL_at_most, .max = 1000 }, "PERMISSION_DENIED", "{}" },
        { REFUSE_too_many_sessions, { DETAIL_at_most, .max = 10 }, "RATE_LIMITED", "{}" },
    };
    DESK(d);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reply reply = { .cmd = CMD_message_send,
                               .at_ms = AT_MS,
                               .refusal = cases[i].refusal,
                               .detail = cases[i].detail };
        explains(&d, &reply, cases[i].code, cases[i].details);
    }
}

TEST(a_rate_limit_says_how_long) {
    DESK(d);
    struct reply reply = { .cmd = CMD_message_send,
                           .at_ms = AT_MS,
                           .refusal = REFUSE_rate_limited,
                           .retry_after_ms = 4200,
                           .detail = { DETAIL_rate, .max = 10, .unit = UNIT_per_minute },
                           .room_name = STR_LIT("general"),
                           .ref = STR_LIT("2") };
    answers(&d, &reply,
            "{\"type\":\"error\",\"data\":{\"message\":"
            "\"Too many messages: wait a little (10 per minute).\",\"code\":\"RATE_LIMITED\","
            "\"details\":{\"room\":\"general\",\"retry_after_ms\":4200}}," AT ",\"id\":2}");
}

TEST(the_message_that_an_answer_misses_is_named) {
    DESK(d);
    struct event ev = room_message();
    ev.message.v = 0;    // it got no number
    ev.reply_to.v = 99;
    ev.is_void = true;
    struct reply reply = {
        .cmd = CMD_message_send, .at_ms = AT_MS, .refusal = REFUSE_message_unknown, .event = &ev
    };
    explains(&d, &reply, "ROOM_NOT_FOUND", "{\"message_id\":99}");
}

TEST(the_first_message_that_is_gone_is_named_to_who_sends_it_again) {
    DESK(d);
    struct event ev = room_message();
    ev.message.v = 77;
    ev.reply_to.v = 99;
    ev.is_void = true;
    struct reply reply = {
        .cmd = CMD_message_send, .at_ms = AT_MS, .refusal = REFUSE_message_unknown, .event = &ev
    };
    explains(&d, &reply, "ROOM_NOT_FOUND", "{\"message_id\":77}");
}

TEST(errors_are_said_in_the_readers_language) {
    DESK(d);
    struct reply reply = { .cmd = CMD_malformed,
                           .at_ms = AT_MS,
                           .refusal = REFUSE_malformed,
                           .detail = notation_read("missing room") };
    answers(&d, &reply,
            "{\"type\":\"error\",\"data\":{\"message\":\"The request is not understood (the field "
            "room is missing).\",\"code\":\"INVALID_FORMAT\",\"details\":{\"field\":\"room\"}}," AT
            "}");
    wrote(&d, envelope_encode_reply(&reply, LANG_FR, &d.out),
          "{\"type\":\"error\",\"data\":{\"message\":\"Requête incomprise (le champ room "
          "manque).\",\"code\":\"INVALID_FORMAT\",\"details\":{\"field\":\"room\"}}," AT "}");
    reply.refusal = REFUSE_room_unknown;
    reply.detail = (struct detail){ 0 };
    wrote(&d, envelope_encode_reply(&reply, LANG_FR, &d.out),
          "{\"type\":\"error\",\"data\":{\"message\":\"Room inexistante.\","
          "\"code\":\"ROOM_NOT_FOUND\",\"details\":{}}," AT "}");
}

TEST(every_refusal_of_every_command_is_an_error) {
    DESK(d);
    for (enum cmd_type cmd = 0; cmd < CMD_COUNT; cmd++) {
        for (enum refusal why = REFUSE_NONE + 1; why < REFUSAL_COUNT; why++) {
            struct reply reply = { .cmd = cmd, .at_ms = AT_MS, .refusal = why };
            OKAY(envelope_encode_reply(&reply, LANG_FR, &d.out));
            struct str rest = buf_str(&d.out);
            struct str last = STR_NONE;
            while (rest.p != NULL) {
                last = str_cut(&rest, '\n');
            }
            const struct json *root = parsed(&d, last);
            STR_EQ(json_text(json_get(root, "type")), "error");
            STR_EQ(json_text(json_get(json_get(root, "data"), "code")), envelope_code(why));
            buf_reset(&d.out);
        }
    }
}

/* ---- batches */

TEST(the_answers_of_a_batch_come_together) {
    DESK(d);
    envelope_encode_parts(STR_LIT("{\"a\":1},{\"b\":2}"), STR_LIT("\"b\""), AT_MS, true, &d.out);
    wrote(&d, true,
          "{\"type\":\"message_batch\",\"data\":{\"messages\":[{\"a\":1},{\"b\":2}]}," AT
          ",\"id\":\"b\"}");
    envelope_encode_parts(STR_LIT("{\"a\":1}"), STR_NONE, AT_MS, false, &d.out);
    wrote(&d, true,
          "{\"type\":\"message_batch\",\"data\":{\"messages\":[{\"a\":1}],\"has_more\":true}," AT
          "}");
    envelope_encode_parts(STR_NONE, STR_NONE, AT_MS, true, &d.out);
    wrote(&d, true, "{\"type\":\"message_batch\",\"data\":{\"messages\":[]}," AT "}");
}

/* ---- speed */

static double us_for(bool (*encode)(const struct event *, enum view, struct buf *),
                     const struct event *ev) {
    enum { ROUNDS = 100000 };
    SCOPED(buf_fini) struct buf out = BUF_INIT(65536);
    uint64_t began_us = clock_mono_us();
    for (int i = 0; i < ROUNDS; i++) {
        buf_reset(&out);
        OKAY(encode(ev, VIEW_OTHER, &out));
    }
    OKAY(out.n > ev->content.n);
    return (double)(clock_mono_us() - began_us) / ROUNDS;
}

/* The numbers are printed, not judged: machines differ, and sanitizers more. */
TEST(a_message_is_encoded_about_as_fast_as_the_hubs) {
    char text[200];
    memset(text, 'x', sizeof text);
    struct event ev = room_message();
    ev.content = (struct str){ text, sizeof text };
    print_message("# %.3f us for a message of 200 bytes, in hub's form %.3f us\n",
                  us_for(envelope_encode_event, &ev), us_for(hub_encode_event, &ev));
}
