/* Frames as they come to the envelope's address: every one of the document as it stands, then
 * everything that can be wrong, batches, and whose words the answer is in. */
#include "test/unit.h"

#include <stdio.h>

#include "dialect/envelope/envelope.h"
#include "dialect/frame/notation.h"

/* A worker's scratch, the address, and the last command it decoded. */
struct desk {
    const struct dialect *here;
    struct decode_scratch scratch;
    struct cmd cmd;
};

static struct desk desk_open(const struct dialect *here) {
    return (struct desk){ .here = here,
                          .scratch = { .json = json_reader_new(65536),
                                       .text = BUF_INIT(DECODE_TEXT_BYTES_MAX) } };
}

static void desk_fini(struct desk *d) {
    json_reader_free(&d->scratch.json);
    buf_fini(&d->scratch.text);
}

#define DESK(name) SCOPED(desk_fini) struct desk name = desk_open(&dialect_envelope)

/* Decodes one frame that is no batch; returns what it became. */
static const struct cmd *read(struct desk *d, const char *frame) {
    memset(&d->cmd, 0xee, sizeof d->cmd);    // the decoder owes us every field
    EQ(d->here->decode(&d->scratch, str_of(frame), &d->cmd), 0);
    EQ(d->cmd.dialect, d->here->id);
    EQ(d->cmd.part, 0);
    return &d->cmd;
}

static const struct cmd *read_part(struct desk *d, unsigned part) {
    memset(&d->cmd, 0xee, sizeof d->cmd);
    d->here->decode_part(&d->scratch, part, &d->cmd);
    EQ(d->cmd.dialect, d->here->id);
    EQ(d->cmd.form, DIALECT_envelope);
    EQ(d->cmd.part, part);
    return &d->cmd;
}

/* The command is a refusal, for this reason, with this detail, in the envelope's words. */
static void is_refused(const struct cmd *cmd, enum refusal why, const char *detail) {
    EQ(cmd->type, CMD_malformed);
    EQ(cmd->refusal, why);
    STR_EQ(notation_of(cmd), detail);
    EQ(cmd->content.n + cmd->room_name.n + cmd->client_id.n + cmd->user, 0);
}

static void malformed(struct desk *d, const char *frame, const char *detail) {
    is_refused(read(d, frame), REFUSE_malformed, detail);
    EQ(d->cmd.form, DIALECT_envelope);
}

/* ---- the document's frames */

TEST(the_document_joins_a_room) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\n    \"type\": \"join_room\",\n    \"data\": {\n"
                                     "        \"room\": \"general\"\n    }\n}\n");
    EQ(cmd->type, CMD_room_join);
    EQ(cmd->form, DIALECT_envelope);
    STR_EQ(cmd->room_name, "general");
    EQ(cmd->ref.n + cmd->detail.n + cmd->refusal, 0);
}

TEST(the_document_says_something_in_a_room) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\n    \"type\": \"room_message\",\n    \"data\": {\n"
                                     "        \"room\": \"general\",\n"
                                     "        \"content\": \"Bonjour tout le monde !\",\n"
                                     "        \"message_type\": \"text\"\n    }\n}");
    EQ(cmd->type, CMD_message_send);
    STR_EQ(cmd->room_name, "general");
    STR_EQ(cmd->content, "Bonjour tout le monde !");
    EQ(cmd->message_type, MESSAGE_TEXT);
    EQ(cmd->client_id.n + cmd->media_url.n + cmd->media_type.n, 0);
    EQ(cmd->reply_to + cmd->duration_ms + cmd->reaction, 0);
}

TEST(the_document_writes_to_a_user) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\n    \"type\": \"direct_message\",\n    \"data\": {\n"
                                     "        \"to_user_id\": 456,\n"
                                     "        \"content\": \"Salut, comment ça va ?\",\n"
                                     "        \"message_type\": \"text\"\n    }\n}");
    EQ(cmd->type, CMD_direct_send);
    EQ(cmd->user, 456);
    STR_EQ(cmd->content, "Salut, comment ça va ?");
}

TEST(the_document_reads_histories) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\n    \"type\": \"room_history\",\n    \"data\": {\n"
                                     "        \"room\": \"general\",\n        \"limit\": 50,\n"
                                     "        \"offset\": 0\n    }\n}");
    EQ(cmd->type, CMD_room_history);
    EQ(cmd->form, DIALECT_envelope);
    STR_EQ(cmd->room_name, "general");
    EQ(cmd->limit, 50);
    EQ(cmd->offset + cmd->before + cmd->after, 0);
    cmd = read(&d, "{\n    \"type\": \"dm_history\",\n    \"data\": {\n"
                   "        \"with_user\": 456,\n        \"limit\": 50,\n"
                   "        \"offset\": 0\n    }\n}");
    EQ(cmd->type, CMD_direct_history);
    EQ(cmd->user, 456);
    EQ(cmd->limit, 50);
}

TEST(the_document_pings) {
    DESK(d);
    EQ(read(&d, "{\n    \"type\": \"ping\",\n    \"data\": {}\n}")->type, CMD_ping);
    EQ(d.cmd.form, DIALECT_envelope);
}

TEST(the_documents_class_sends_a_timestamp_that_nobody_reads) {
    DESK(d);
    const struct cmd *cmd =
        read(&d, "{\"type\":\"room_message\",\"data\":{\"room\":\"general\",\"content\":\"a\","
                 "\"message_type\":\"text\"},\"timestamp\":\"2023-11-20T10:30:00.123Z\"}");
    EQ(cmd->type, CMD_message_send);
    EQ(read(&d, "{\"type\":\"ping\",\"data\":{},\"timestamp\":[1],\"user_id\":\"x\"}")->type,
       CMD_ping);
}

TEST(the_documents_kinds_of_messages_are_understood) {
    DESK(d);
    const struct cmd *cmd =
        read(&d, "{\"type\":\"room_message\",\"data\":{\"room\":\"general\",\n"
                 "    \"message_type\": \"image\",\n    \"content\": \"Regardez cette photo !\",\n"
                 "    \"media_url\": \"/uploads/images/photo123.jpg\",\n"
                 "    \"media_type\": \"image/jpeg\"\n}}");
    EQ(cmd->type, CMD_message_send);
    EQ(cmd->message_type, MESSAGE_IMAGE);
    STR_EQ(cmd->media_url, "/uploads/images/photo123.jpg");
    STR_EQ(cmd->media_type, "image/jpeg");
    cmd = read(&d, "{\"type\":\"direct_message\",\"data\":{\"to_user_id\":456,\n"
                   "    \"message_type\": \"audio\",\n    \"content\": \"Message vocal\",\n"
                   "    \"media_url\": \"/uploads/audio/voice123.mp3\",\n"
                   "    \"duration\": 15.5\n}}");
    EQ(cmd->type, CMD_direct_send);
    EQ(cmd->message_type, MESSAGE_AUDIO);
    EQ(cmd->duration_ms, 15500);
    cmd = read(&d, "{\"type\":\"room_message\",\"data\":{\"room\":\"general\",\n"
                   "    \"message_type\": \"reaction\",\n    \"content\": \"👍\",\n"
                   "    \"reply_to\": 123\n}}");
    EQ(cmd->type, CMD_reaction_set);
    STR_EQ(cmd->room_name, "general");
    STR_EQ(cmd->content, "👍");
    EQ(cmd->reply_to, 123);
    EQ(cmd->reaction, REACTION_TOGGLE);
}

/* ---- messages */

TEST(a_message_may_have_everything) {
    DESK(d);
    const struct cmd *cmd =
        read(&d, "{\"type\":\"room_message\",\"data\":{\"room\":\"a\",\"content\":\"\","
                 "\"message_type\":\"File\",\"media_url\":\"https://a.example/b.pdf\","
                 "\"media_type\":\"application/pdf\",\"duration\":null,\"reply_to\":\"9\","
                 "\"clientMsgId\":\"k\"}}");
    EQ(cmd->type, CMD_message_send);
    EQ(cmd->message_type, MESSAGE_FILE);
    EQ(cmd->content.n, 0);
    STR_EQ(cmd->media_url, "https://a.example/b.pdf");
    EQ(cmd->reply_to, 9);
    STR_EQ(cmd->client_id, "k");
}

TEST(a_reaction_in_a_conversation_says_whether_it_comes_or_goes) {
    DESK(d);
    const struct cmd *cmd =
        read(&d, "{\"type\":\"direct_message\",\"data\":{\"to\":456,\"content\":\"👍\","
                 "\"message_type\":\"reaction\",\"reply_to\":124,\"action\":\"remove\"}}");
    EQ(cmd->type, CMD_reaction_set);
    EQ(cmd->user, 456);
    EQ(cmd->reaction, REACTION_REMOVE);
    EQ(read(&d, "{\"type\":\"room_message\",\"data\":{\"room\":\"a\",\"content\":\"👍\","
                "\"message_type\":\"reaction\",\"reply_to\":124,\"action\":\"add\"}}")
           ->reaction,
       REACTION_ADD);
    malformed(&d,
              "{\"type\":\"room_message\",\"data\":{\"room\":\"a\",\"content\":\"👍\","
              "\"message_type\":\"reaction\",\"reply_to\":124,\"action\":\"flip\"}}",
              "unknown_action flip");
}

TEST(a_reaction_has_no_media) {
    DESK(d);
    const struct cmd *cmd =
        read(&d, "{\"type\":\"room_message\",\"data\":{\"room\":\"a\",\"content\":\"👍\","
                 "\"message_type\":\"reaction\",\"reply_to\":1,\"media_url\":\"javascript:x\","
                 "\"media_type\":\"x\",\"duration\":3}}");
    EQ(cmd->type, CMD_reaction_set);
    EQ(cmd->media_url.n + cmd->media_type.n + cmd->duration_ms, 0);
}

TEST(a_duration_is_seconds) {
    static const struct {
        const char *seconds;
        uint64_t ms;
    } cases[] = { { "0", 0 },        { "3", 3000 },   { "\"3\"", 3000 },
                  { "15.5", 15500 }, { "0.0005", 1 }, { "0.1", 100 },
                  { "1e2", 100000 }, { "null", 0 },   { "86400", 86400000 } };
    static const char *const wrong[] = {
        "-1", "86400.1", "1e300", "\"long\"", "true", "[1]", "99999999999999999999"
    };
    DESK(d);
    char frame[256];
#define WITH_DURATION                                                                              \
    "{\"type\":\"room_message\",\"data\":{\"room\":\"a\",\"message_type\":\"audio\","              \
    "\"media_url\":\"/uploads/a\",\"duration\":%s}}"
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(frame, sizeof frame, WITH_DURATION, cases[i].seconds);
        EQ(read(&d, frame)->type, CMD_message_send);
        EQ(d.cmd.duration_ms, cases[i].ms);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        snprintf(frame, sizeof frame, WITH_DURATION, wrong[i]);
        malformed(&d, frame, "not_seconds duration");
    }
}

TEST(media_has_a_bound) {
    DESK(d);
    char frame[4096];
    char text[2100];
    memset(text, 'x', sizeof text);
#define WITH_MEDIA                                                                                 \
    "{\"type\":\"room_message\",\"data\":{\"room\":\"a\",\"message_type\":\"file\","               \
    "\"media_url\":\"%.*s\",\"media_type\":\"%.*s\"}}"
    snprintf(frame, sizeof frame, WITH_MEDIA, MEDIA_URL_BYTES_MAX, text, MEDIA_TYPE_BYTES_MAX,
             text);
    EQ(read(&d, frame)->media_url.n, MEDIA_URL_BYTES_MAX);
    EQ(d.cmd.media_type.n, MEDIA_TYPE_BYTES_MAX);
    snprintf(frame, sizeof frame, WITH_MEDIA, MEDIA_URL_BYTES_MAX + 1, text, 1, text);
    malformed(&d, frame, "over_2048 media_url");
    snprintf(frame, sizeof frame, WITH_MEDIA, 1, text, MEDIA_TYPE_BYTES_MAX + 1, text);
    malformed(&d, frame, "over_127 media_type");
}

/* ---- places */

TEST(a_room_may_be_named_with_its_server) {
    static const struct {
        const char *room;
        const char *becomes;
    } cases[] = {
        { "general", "general" },
        { "lobby/general", "general" },
        { "1/general", "general" },
        { "Lobby/general", "general" },
        { "2/general", "2/general" },
        { "11/general", "11/general" },
        { "lobby", "lobby" },
        { "lobby/1/general", "1/general" },
        { "1", "1" },
        { "a/b", "a/b" },
    };
    DESK(d);
    char frame[256];
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(frame, sizeof frame, "{\"type\":\"join_room\",\"data\":{\"room\":\"%s\"}}",
                 cases[i].room);
        STR_EQ(read(&d, frame)->room_name, cases[i].becomes);
    }
    malformed(&d, "{\"type\":\"join_room\",\"data\":{\"room\":\"lobby/\"}}", "not_64 room");
    char name[ROOM_NAME_CHARS_MAX + 1];
    memset(name, 'r', sizeof name);
    snprintf(frame, sizeof frame, "{\"type\":\"join_room\",\"data\":{\"room\":\"lobby/%.*s\"}}",
             ROOM_NAME_CHARS_MAX, name);
    EQ(read(&d, frame)->room_name.n, ROOM_NAME_CHARS_MAX);
    snprintf(frame, sizeof frame, "{\"type\":\"join_room\",\"data\":{\"room\":\"lobby/%.*s\"}}",
             ROOM_NAME_CHARS_MAX + 1, name);
    malformed(&d, frame, "not_64 room");
}

TEST(what_concerns_a_place_names_a_room_or_a_person) {
    static const struct {
        const char *type;
        enum cmd_type cmd;
    } verbs[] = {
        { "typing_start", CMD_typing_set },
        { "typing_stop", CMD_typing_set },
        { "read", CMD_read_set },
    };
    DESK(d);
    char frame[256];
    for (size_t i = 0; i < COUNT(verbs); i++) {
        snprintf(frame, sizeof frame, "{\"type\":\"%s\",\"data\":{\"room\":\"1/a\"}}",
                 verbs[i].type);
        EQ(read(&d, frame)->type, verbs[i].cmd);
        STR_EQ(d.cmd.room_name, "a");
        EQ(d.cmd.user, 0);
        snprintf(frame, sizeof frame, "{\"type\":\"%s\",\"data\":{\"with_user\":7}}",
                 verbs[i].type);
        EQ(read(&d, frame)->user, 7);
        snprintf(frame, sizeof frame, "{\"type\":\"%s\",\"data\":{\"to_user_id\":\"8\"}}",
                 verbs[i].type);
        EQ(read(&d, frame)->user, 8);
        snprintf(frame, sizeof frame, "{\"type\":\"%s\",\"data\":{\"with_user\":0}}",
                 verbs[i].type);
        malformed(&d, frame, "missing room");
    }
}

/* ---- the rest of what can be asked */

TEST(typing_starts_and_stops) {
    DESK(d);
    EQ(read(&d, "{\"type\":\"typing_start\",\"data\":{\"room\":\"a\"}}")->is_on, 1);
    EQ(read(&d, "{\"type\":\"typing_stop\",\"data\":{\"room\":\"a\"}}")->is_on, 0);
    EQ(read(&d, "{\"type\":\"typingStop\",\"data\":{\"room\":\"a\",\"typing\":true}}")->is_on, 0);
}

TEST(a_read_mark_may_name_a_message) {
    DESK(d);
    EQ(read(&d, "{\"type\":\"read\",\"data\":{\"room\":\"a\",\"message_id\":5}}")->message, 5);
    EQ(read(&d, "{\"type\":\"read\",\"data\":{\"room\":\"a\"}}")->message, 0);
}

TEST(messages_are_edited_and_deleted) {
    DESK(d);
    const struct cmd *cmd =
        read(&d, "{\"type\":\"edit_message\",\"data\":{\"message_id\":5,\"content\":\"b\"}}");
    EQ(cmd->type, CMD_message_edit);
    EQ(cmd->message, 5);
    STR_EQ(cmd->content, "b");
    EQ(cmd->room_name.n, 0);
    cmd = read(&d, "{\"type\":\"delete_message\",\"data\":{\"message_id\":5,\"room\":\"a\"}}");
    EQ(cmd->type, CMD_message_delete);
    EQ(cmd->message, 5);
    STR_EQ(cmd->room_name, "a");
    EQ(read(&d, "{\"type\":\"delete_message\",\"data\":{\"message_id\":5,\"with_user\":3}}")->user,
       3);
}

TEST(a_room_is_resumed_from_a_place) {
    DESK(d);
    const struct cmd *cmd =
        read(&d, "{\"type\":\"resume\",\"data\":{\"room\":\"a\",\"after_seq\":41}}");
    EQ(cmd->type, CMD_room_resume);
    EQ(cmd->after_seq, 41);
    EQ(cmd->after, 0);
    EQ(read(&d, "{\"type\":\"resume\",\"data\":{\"room\":\"a\"}}")->after_seq, 0);
}

TEST(pages_have_cursors) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\"type\":\"room_history\",\"data\":{\"room\":\"a\","
                                     "\"offset\":900000,\"limit\":1000,\"before\":7}}");
    EQ(cmd->offset, 900000);
    EQ(cmd->limit, HISTORY_LIMIT_MAX);
    EQ(cmd->before, 7);
    cmd = read(&d, "{\"type\":\"dm_history\",\"data\":{\"with\":2,\"after\":8}}");
    EQ(cmd->user, 2);
    EQ(cmd->after, 8);
    EQ(cmd->limit, HISTORY_LIMIT_DEFAULT);
}

TEST(one_may_search_and_ask_what_is_unread) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\"type\":\"search\",\"data\":{\"query\":\"été\","
                                     "\"room\":\"a\",\"before\":9,\"limit\":20}}");
    EQ(cmd->type, CMD_message_search);
    STR_EQ(cmd->content, "été");
    STR_EQ(cmd->room_name, "a");
    EQ(cmd->before, 9);
    EQ(cmd->limit, 20);
    EQ(read(&d, "{\"type\":\"search\",\"data\":{\"query\":\"x\",\"with_user\":3}}")->user, 3);
    EQ(read(&d, "{\"type\":\"search\",\"data\":{\"query\":\"x\"}}")->type, CMD_message_search);
    EQ(read(&d, "{\"type\":\"unread\",\"data\":{}}")->type, CMD_unread_list);
}

TEST(a_fresh_token_is_left_for_the_door) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\"type\":\"auth\",\"data\":{\"token\":\"a.b.c\"},\"id\":1}");
    EQ(cmd->type, CMD_session_open);
    STR_EQ(cmd->detail, "a.b.c");
    STR_EQ(cmd->ref, "1");
    EQ(cmd->refusal, REFUSE_NONE);
    malformed(&d, "{\"type\":\"auth\",\"data\":{}}", "missing token");
    malformed(&d, "{\"type\":\"auth\",\"data\":{\"token\":\"\"}}", "missing token");
    malformed(&d, "{\"type\":\"auth\",\"data\":{\"token\":7}}", "not_text token");
}

/* ---- whose words the answer is in */

TEST(the_shape_says_in_whose_words_the_answer_is) {
    static const struct {
        const char *frame;
        enum dialect_id at_envelope;
        enum dialect_id at_hub;
    } cases[] = {
        { "{\"type\":\"join_room\",\"data\":{\"room\":\"a\"}}", DIALECT_envelope,
          DIALECT_envelope },
        { "{\"type\":\"join\",\"data\":{\"room\":\"a\"}}", DIALECT_envelope, DIALECT_envelope },
        { "{\"type\":\"join\",\"room\":\"a\"}", DIALECT_hub, DIALECT_hub },
        { "{\"type\":\"join\"}", DIALECT_hub, DIALECT_hub },
        { "{\"type\":\"ping\"}", DIALECT_hub, DIALECT_hub },
        { "{\"type\":\"ping\",\"data\":{}}", DIALECT_envelope, DIALECT_envelope },
        { "{\"type\":\"ping\",\"data\":[]}", DIALECT_hub, DIALECT_hub },
        { "{\"type\":\"join_room\",\"room\":\"a\"}", DIALECT_envelope, DIALECT_hub },
        { "{\"type\":\"nope\"}", DIALECT_envelope, DIALECT_hub },
        { "{\"type\":\"nope\",\"data\":{}}", DIALECT_envelope, DIALECT_envelope },
        { "{}", DIALECT_envelope, DIALECT_hub },
        { "{\"data\":{}}", DIALECT_envelope, DIALECT_envelope },
        { "[]", DIALECT_envelope, DIALECT_hub },
        { "not JSON", DIALECT_envelope, DIALECT_hub },
    };
    DESK(here);
    SCOPED(desk_fini) struct desk there = desk_open(dialect_of(DIALECT_hub));
    for (size_t i = 0; i < COUNT(cases); i++) {
        EQ(read(&here, cases[i].frame)->form, cases[i].at_envelope);
        EQ(read(&there, cases[i].frame)->form, cases[i].at_hub);
        EQ(here.cmd.type, there.cmd.type);
    }
}

TEST(the_hubs_types_are_understood_here) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\"type\":\"message\",\"room\":\"a\",\"content\":\"x\"}");
    EQ(cmd->type, CMD_message_send);
    STR_EQ(cmd->room_name, "a");
    EQ(read(&d, "{\"type\":\"dm\",\"data\":{\"to\":1,\"content\":\"x\"}}")->type, CMD_direct_send);
    cmd = read(&d, "{\"type\":\"dm_history\",\"with_user\":1,\"offset\":3}");
    EQ(cmd->type, CMD_direct_history);
    EQ(cmd->form, DIALECT_hub);
    EQ(cmd->user, 1);
    EQ(cmd->offset, 3);
    EQ(read(&d, "{\"type\":\"typing\",\"room\":\"a\",\"typing\":false}")->is_on, 0);
}

TEST(the_envelopes_types_are_understood_at_the_hubs_address) {
    SCOPED(desk_fini) struct desk d = desk_open(dialect_of(DIALECT_hub));
    const struct cmd *cmd = read(&d, "{\"type\":\"direct_message\",\"to_user_id\":4,"
                                     "\"content\":\"👍\",\"message_type\":\"reaction\","
                                     "\"reply_to\":5}");
    EQ(cmd->type, CMD_reaction_set);
    EQ(cmd->form, DIALECT_hub);
    EQ(cmd->user, 4);
    is_refused(read(&d, "{\"type\":\"nope\"}"), REFUSE_malformed, "unknown_type nope");
    is_refused(read(&d, "{\"type\":\"nope\",\"data\":{}}"), REFUSE_malformed,
               "unknown_wrapped_type nope");
}

/* ---- what can be wrong */

TEST(each_field_is_missed) {
    static const struct {
        const char *frame;
        const char *detail;
    } cases[] = {
        { "{\"type\":\"join_room\",\"data\":{}}", "missing room" },
        { "{\"type\":\"leave_room\",\"data\":{}}", "missing room" },
        { "{\"type\":\"room_message\",\"data\":{\"content\":\"x\"}}", "missing room" },
        { "{\"type\":\"room_message\",\"data\":{\"room\":\"a\"}}", "missing content" },
        { "{\"type\":\"direct_message\",\"data\":{\"content\":\"x\"}}", "missing to_user_id" },
        { "{\"type\":\"direct_message\",\"data\":{\"to\":1}}", "missing content" },
        { "{\"type\":\"room_message\",\"data\":{\"room\":\"a\",\"message_type\":\"reaction\","
          "\"reply_to\":1}}",
          "missing content" },
        { "{\"type\":\"room_history\",\"data\":{}}", "missing room" },
        { "{\"type\":\"dm_history\",\"data\":{}}", "missing with_user" },
        { "{\"type\":\"resume\",\"data\":{}}", "missing room" },
        { "{\"type\":\"edit_message\",\"data\":{\"content\":\"x\"}}", "missing message_id" },
        { "{\"type\":\"edit_message\",\"data\":{\"message_id\":1}}", "missing content" },
        { "{\"type\":\"delete_message\",\"data\":{}}", "missing message_id" },
        { "{\"type\":\"search\",\"data\":{}}", "missing query" },
        { "{\"type\":\"message_batch\",\"data\":{}}", "missing messages" },
        { "{\"data\":{}}", "missing type" },
    };
    DESK(d);
    for (size_t i = 0; i < COUNT(cases); i++) {
        malformed(&d, cases[i].frame, cases[i].detail);
    }
}

TEST(each_field_has_its_kind) {
    static const struct {
        const char *fields;
        const char *detail;
    } cases[] = {
        { "\"room\":5,\"content\":\"x\"", "not_text room" },
        { "\"room\":\"a\\u0000\",\"content\":\"x\"", "has_nul room" },
        { "\"room\":\"a\",\"content\":[]", "not_text content" },
        { "\"room\":\"a\",\"content\":\"\\u0000\"", "has_nul content" },
        { "\"room\":\"a\",\"content\":\"x\",\"message_type\":3", "not_text message_type" },
        { "\"room\":\"a\",\"content\":\"x\",\"message_type\":\"video\"",
          "unknown_message_type video" },
        { "\"room\":\"a\",\"content\":\"x\",\"message_type\":\"system\"",
          "unknown_message_type system" },
        { "\"room\":\"a\",\"content\":\"x\",\"message_type\":\"\"", "unknown_message_type" },
        { "\"room\":\"a\",\"content\":\"x\",\"media_url\":{}", "not_text media_url" },
        { "\"room\":\"a\",\"content\":\"x\",\"media_type\":1", "not_text media_type" },
        { "\"room\":\"a\",\"content\":\"x\",\"reply_to\":\"x\"", "not_number reply_to" },
        { "\"room\":\"a\",\"content\":\"x\",\"reply_to\":-1", "not_number reply_to" },
        { "\"room\":\"a\",\"content\":\"x\",\"client_id\":\"\"", "not_64 client_id" },
        { "\"room\":\"a\",\"content\":\"x\",\"action\":1", "not_text action" },
    };
    DESK(d);
    char frame[256];
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(frame, sizeof frame, "{\"type\":\"room_message\",\"data\":{%s}}", cases[i].fields);
        malformed(&d, frame, cases[i].detail);
    }
    malformed(&d, "{\"type\":\"direct_message\",\"data\":{\"to\":\"bob\",\"content\":\"x\"}}",
              "not_number to_user_id");
    malformed(&d, "{\"type\":\"resume\",\"data\":{\"room\":\"a\",\"after_seq\":\"x\"}}",
              "not_number after_seq");
    malformed(&d, "{\"type\":\"room_history\",\"data\":{\"room\":\"a\",\"offset\":-1}}",
              "not_number offset");
    malformed(&d, "{\"type\":\"search\",\"data\":{\"query\":1}}", "not_text query");
}

TEST(a_message_of_nothing_is_refused_as_such) {
    DESK(d);
    is_refused(read(&d, "{\"type\":\"room_message\",\"data\":{\"room\":\"a\",\"content\":\"\"}}"),
               REFUSE_empty, "empty_content content");
    is_refused(read(&d, "{\"type\":\"edit_message\",\"data\":{\"message_id\":1,\"content\":\"\"}}"),
               REFUSE_empty, "empty_content content");
}

TEST(media_that_is_not_there_is_for_the_core_to_miss) {
    DESK(d);
    EQ(read(&d, "{\"type\":\"room_message\",\"data\":{\"room\":\"a\",\"message_type\":\"image\"}}")
           ->type,
       CMD_message_send);
}

TEST(an_id_comes_back_from_either_place) {
    DESK(d);
    STR_EQ(read(&d, "{\"type\":\"ping\",\"data\":{},\"id\":\"x\"}")->ref, "\"x\"");
    STR_EQ(read(&d, "{\"type\":\"ping\",\"data\":{\"id\":4}}")->ref, "4");
    malformed(&d, "{\"type\":\"join_room\",\"data\":{},\"id\":\"r\"}", "missing room");
    STR_EQ(d.cmd.ref, "\"r\"");
    malformed(&d, "{\"type\":\"ping\",\"data\":{},\"id\":[1]}", "not_scalar id");
    EQ(d.cmd.ref.n, 0);
}

/* ---- batches */

static void holds(struct desk *d, const char *frame, unsigned count) {
    memset(&d->cmd, 0xee, sizeof d->cmd);
    EQ(d->here->decode(&d->scratch, str_of(frame), &d->cmd), count);
    EQ(d->cmd.dialect, d->here->id);
    EQ(d->cmd.form, DIALECT_envelope);
}

TEST(the_document_sends_several_at_once) {
    DESK(d);
    holds(&d,
          "{\n    \"type\": \"message_batch\",\n    \"data\": {\n        \"messages\": [\n"
          "            {\n                \"type\": \"room_message\",\n"
          "                \"data\": { \"room\": \"general\", \"content\": \"un\" }\n"
          "            },\n            {\n                \"type\": \"room_message\", \n"
          "                \"data\": { \"room\": \"general\", \"content\": \"deux\" }\n"
          "            }\n        ]\n    }\n}",
          2);
    EQ(d.cmd.ref.n, 0);
    EQ(read_part(&d, 1)->type, CMD_message_send);
    STR_EQ(d.cmd.content, "un");
    EQ(read_part(&d, 2)->type, CMD_message_send);
    STR_EQ(d.cmd.content, "deux");
}

TEST(a_bad_part_is_its_own_misfortune) {
    DESK(d);
    holds(&d,
          "{\"type\":\"message_batch\",\"id\":\"b\",\"data\":{\"messages\":["
          "{\"type\":\"ping\",\"data\":{},\"id\":1},{\"type\":\"room_message\",\"data\":{"
          "\"room\":\"a\"},\"id\":2},7,{\"type\":\"nope\"},{\"type\":\"ping\",\"data\":{}}]}}",
          5);
    STR_EQ(d.cmd.ref, "\"b\"");
    struct str batch_ref = d.cmd.ref;
    EQ(read_part(&d, 1)->type, CMD_ping);
    STR_EQ(d.cmd.ref, "1");
    is_refused(read_part(&d, 2), REFUSE_malformed, "missing content");
    STR_EQ(d.cmd.ref, "2");
    is_refused(read_part(&d, 3), REFUSE_malformed, "not_object");
    EQ(d.cmd.ref.n, 0);
    is_refused(read_part(&d, 4), REFUSE_malformed, "unknown_wrapped_type nope");
    EQ(read_part(&d, 5)->type, CMD_ping);
    EQ(d.cmd.ref.n + d.cmd.detail.n, 0);
    STR_EQ(batch_ref, "\"b\"");    // it stays where it was
}

TEST(parts_may_be_flat_and_of_the_hubs_types) {
    SCOPED(desk_fini) struct desk d = desk_open(dialect_of(DIALECT_hub));
    holds(&d,
          "{\"type\":\"message_batch\",\"messages\":[{\"type\":\"message\",\"room\":\"a\","
          "\"content\":\"x\"},{\"type\":\"join_room\",\"room\":\"a\"}]}",
          2);
    EQ(read_part(&d, 1)->type, CMD_message_send);
    EQ(read_part(&d, 2)->type, CMD_room_join);
}

TEST(a_batch_holds_no_batch_and_no_token) {
    DESK(d);
    holds(&d,
          "{\"type\":\"message_batch\",\"data\":{\"messages\":["
          "{\"type\":\"message_batch\",\"data\":{\"messages\":[{\"type\":\"ping\"}]}},"
          "{\"type\":\"auth\",\"data\":{\"token\":\"t\"}}]}}",
          2);
    is_refused(read_part(&d, 1), REFUSE_malformed, "not_in_batch message_batch");
    is_refused(read_part(&d, 2), REFUSE_malformed, "not_in_batch auth");
}

TEST(a_batch_holds_one_to_a_hundred) {
    DESK(d);
    SCOPED(buf_fini) struct buf frame = BUF_INIT(8192);
    for (unsigned count = 0; count <= PARTS_MAX + 1; count++) {
        buf_reset(&frame);
        BUF_PUT_LIT(&frame, "{\"type\":\"message_batch\",\"data\":{\"messages\":[");
        for (unsigned i = 0; i < count; i++) {
            buf_put_str(&frame,
                        i == 0 ? STR_LIT("{\"type\":\"ping\"}") : STR_LIT(",{\"type\":\"ping\"}"));
        }
        BUF_PUT_LIT(&frame, "]}}");
        buf_put_char(&frame, '\0');
        if (count == 0 || count > PARTS_MAX) {
            malformed(&d, frame.p, "not_100 messages");
        } else {
            holds(&d, frame.p, count);
            EQ(read_part(&d, count)->type, CMD_ping);
        }
    }
    malformed(&d, "{\"type\":\"message_batch\",\"data\":{\"messages\":{}}}", "not_list messages");
}
