/* The hub decoder: every frame of the document as it stands, then everything that can be wrong. */
#include "test/unit.h"

#include <stdio.h>

#include "dialect/frame/notation.h"
#include "dialect/hub/hub.h"

/* A worker's scratch, and the last command it decoded. */
struct desk {
    struct decode_scratch scratch;
    struct cmd cmd;
};

static struct desk desk_open(size_t frame_bytes_max) {
    return (struct desk){ .scratch = { .json = json_reader_new(frame_bytes_max),
                                       .text = BUF_INIT(DECODE_TEXT_BYTES_MAX) } };
}

static void desk_fini(struct desk *d) {
    json_reader_free(&d->scratch.json);
    buf_fini(&d->scratch.text);
}

#define DESK(name) SCOPED(desk_fini) struct desk name = desk_open(65536)

/* Decodes one frame; returns what it became. */
static const struct cmd *read_str(struct desk *d, struct str frame) {
    memset(&d->cmd, 0xee, sizeof d->cmd);    // the decoder owes us every field
    dialect_hub.decode(&d->scratch, frame, &d->cmd);
    EQ(d->cmd.dialect, DIALECT_hub);
    return &d->cmd;
}

static const struct cmd *read(struct desk *d, const char *frame) {
    return read_str(d, str_of(frame));
}

/* The frame is refused, for this reason, with this detail. */
static void refused(struct desk *d, const char *frame, enum refusal why, const char *detail) {
    const struct cmd *cmd = read(d, frame);
    EQ(cmd->type, CMD_malformed);
    EQ(cmd->refusal, why);
    STR_EQ(notation_of(cmd), detail);
    EQ(cmd->content.n + cmd->room_name.n + cmd->client_id.n, 0);
}

static void malformed(struct desk *d, const char *frame, const char *detail) {
    refused(d, frame, REFUSE_malformed, detail);
}

/* ---- the document's frames */

TEST(the_document_joins_a_room) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\n  \"type\": \"join\",\n  \"room\": \"nom_du_salon\"\n}\n");
    EQ(cmd->type, CMD_room_join);
    STR_EQ(cmd->room_name, "nom_du_salon");
    EQ(cmd->ref.n + cmd->detail.n, 0);
    EQ(cmd->refusal, REFUSE_NONE);
}

TEST(the_document_says_something_in_a_room) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\n  \"type\": \"message\",\n  \"room\": \"nom_du_salon\",\n"
                                     "  \"content\": \"Contenu du message\"\n}\n");
    EQ(cmd->type, CMD_message_send);
    STR_EQ(cmd->room_name, "nom_du_salon");
    STR_EQ(cmd->content, "Contenu du message");
    EQ(cmd->client_id.n, 0);
}

TEST(the_document_writes_to_a_user) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\n  \"type\": \"dm\",\n  \"to\": 123,\n"
                                     "  \"content\": \"Message privé\"\n}\n");
    EQ(cmd->type, CMD_direct_send);
    EQ(cmd->user, 123);
    STR_EQ(cmd->content, "Message privé");
}

TEST(the_document_reads_a_rooms_history) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\n  \"type\": \"room_history\",\n"
                                     "  \"room\": \"nom_du_salon\",\n  \"limit\": 50\n}\n");
    EQ(cmd->type, CMD_room_history);
    STR_EQ(cmd->room_name, "nom_du_salon");
    EQ(cmd->limit, 50);
    EQ(cmd->before, 0);
}

TEST(the_document_reads_a_conversations_history) {
    DESK(d);
    const struct cmd *cmd =
        read(&d, "{\n  \"type\": \"dm_history\",\n  \"with\": 123,\n  \"limit\": 50\n}\n");
    EQ(cmd->type, CMD_direct_history);
    EQ(cmd->user, 123);
    EQ(cmd->limit, 50);
}

/* ---- beyond the document */

TEST(leave_typing_and_ping_are_understood) {
    DESK(d);
    EQ(read(&d, "{\"type\":\"leave\",\"room\":\"a\"}")->type, CMD_room_leave);
    STR_EQ(d.cmd.room_name, "a");
    EQ(read(&d, "{\"type\":\"ping\"}")->type, CMD_ping);
    EQ(read(&d, "{\"type\":\"typing\",\"room\":\"a\"}")->type, CMD_typing_set);
    EQ(d.cmd.is_on, 1);
    EQ(read(&d, "{\"type\":\"typing\",\"room\":\"a\",\"typing\":true}")->is_on, 1);
    EQ(read(&d, "{\"type\":\"typing\",\"room\":\"a\",\"typing\":false}")->is_on, 0);
    EQ(read(&d, "{\"type\":\"typing\",\"room\":\"a\",\"is_typing\":false}")->is_on, 0);
}

TEST(names_are_compared_as_names) {
    DESK(d);
    EQ(read(&d, "{\"Type\":\"Room-History\",\"ROOM\":\"a\",\"Limit\":3}")->type, CMD_room_history);
    STR_EQ(d.cmd.room_name, "a");
    EQ(d.cmd.limit, 3);
    EQ(read(&d, "{\"type\":\"dmHistory\",\"with\":1}")->type, CMD_direct_history);
}

TEST(digits_are_a_number) {
    DESK(d);
    EQ(read(&d, "{\"type\":\"dm\",\"to\":\"123\",\"content\":\"x\"}")->user, 123);
    EQ(read(&d, "{\"type\":\"dm_history\",\"with\":\"7\",\"limit\":\"20\",\"before\":\"99\"}")
           ->user,
       7);
    EQ(d.cmd.limit, 20);
    EQ(d.cmd.before, 99);
}

TEST(a_limit_is_brought_into_bounds) {
    static const struct {
        const char *limit;
        uint64_t becomes;
    } cases[] = {
        { "1", 1 },   { "200", 200 },   { "201", 200 },     { "0", 1 },
        { "-5", 1 },  { "1e300", 200 }, { "1e15", 200 },    { "2.9", 2 },
        { "0.5", 1 }, { "null", 50 },   { "\"500\"", 200 }, { "99999999999999999999", 200 },
    };
    DESK(d);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char frame[128];
        snprintf(frame, sizeof frame, "{\"type\":\"room_history\",\"room\":\"a\",\"limit\":%s}",
                 cases[i].limit);
        EQ(read(&d, frame)->limit, cases[i].becomes);
    }
    EQ(read(&d, "{\"type\":\"room_history\",\"room\":\"a\"}")->limit, HISTORY_LIMIT_DEFAULT);
    EQ(read(&d, "{\"type\":\"dm_history\",\"with\":1}")->limit, HISTORY_LIMIT_DEFAULT);
}

TEST(before_pages_back) {
    DESK(d);
    EQ(read(&d, "{\"type\":\"room_history\",\"room\":\"a\",\"before\":17}")->before, 17);
    EQ(read(&d, "{\"type\":\"dm_history\",\"with\":2,\"before\":18}")->before, 18);
}

TEST(fields_may_be_wrapped_in_data) {
    DESK(d);
    const struct cmd *cmd =
        read(&d, "{\"type\":\"message\",\"id\":5,\"timestamp\":\"2025-01-01T12:00:00Z\","
                 "\"data\":{\"room\":\"a\",\"content\":\"hi\",\"client_id\":\"c\"}}");
    EQ(cmd->type, CMD_message_send);
    STR_EQ(cmd->room_name, "a");
    STR_EQ(cmd->content, "hi");
    STR_EQ(cmd->client_id, "c");
    STR_EQ(cmd->ref, "5");
    cmd = read(&d, "{\"type\":\"join\",\"room\":\"outside\",\"data\":{\"room\":\"inside\"}}");
    STR_EQ(cmd->room_name, "outside");
    EQ(read(&d, "{\"type\":\"join\",\"room\":\"a\",\"data\":[1]}")->type, CMD_room_join);
    malformed(&d, "{\"data\":{\"type\":\"join\",\"room\":\"a\"}}", "missing type");
}

TEST(unknown_fields_are_ignored_and_the_last_of_two_counts) {
    DESK(d);
    const struct cmd *cmd =
        read(&d, "{\"x\":{\"room\":\"no\"},\"type\":\"join\",\"room\":\"a\",\"room\":\"b\"}");
    EQ(cmd->type, CMD_room_join);
    STR_EQ(cmd->room_name, "b");
}

TEST(a_client_id_has_two_names) {
    DESK(d);
    STR_EQ(read(&d, "{\"type\":\"message\",\"room\":\"a\",\"content\":\"x\",\"client_id\":\"k\"}")
               ->client_id,
           "k");
    STR_EQ(
        read(&d, "{\"type\":\"dm\",\"to\":1,\"content\":\"x\",\"clientMsgId\":\"k2\"}")->client_id,
        "k2");
}

TEST(text_is_unescaped_and_any_character_will_do) {
    DESK(d);
    const struct cmd *cmd = read(&d, "{\"type\":\"message\",\"room\":\"caf\\u00e9\","
                                     "\"content\":\"\\ud83d\\ude00 \\\"\\n\\u2028 日本\"}");
    STR_EQ(cmd->room_name, "café");
    STR_EQ(cmd->content, "😀 \"\n\u2028 日本");
}

TEST(sixty_four_characters_are_a_name_and_one_more_is_not) {
    DESK(d);
    char name[ROOM_NAME_BYTES_MAX + 8] = "";
    for (size_t i = 0; i < ROOM_NAME_CHARS_MAX; i++) {
        memcpy(name + 4 * i, "😀", 4);
    }
    char frame[512];
    snprintf(frame, sizeof frame, "{\"type\":\"join\",\"room\":\"%s\"}", name);
    EQ(read(&d, frame)->type, CMD_room_join);
    EQ(d.cmd.room_name.n, ROOM_NAME_BYTES_MAX);
    snprintf(frame, sizeof frame, "{\"type\":\"join\",\"room\":\"%sx\"}", name);
    malformed(&d, frame, "not_64 room");
}

/* ---- ref */

TEST(an_id_comes_back_as_json) {
    static const struct {
        const char *id;
        const char *ref;
    } cases[] = {
        { "7", "7" },
        { "\"abc\"", "\"abc\"" },
        { "\"a\\\"\\u0000\"", "\"a\\\"\\u0000\"" },
        { "-3", "-3" },
        { "1.5", "1.5" },
        { "0.1", "0.1" },
        { "0.30000000000000004", "0.30000000000000004" },
        { "1.0", "1" },
        { "-0.0", "0" },
        { "true", "true" },
        { "false", "false" },
        { "null", "" },
        { "9007199254740991", "9007199254740991" },
        { "1e300", "1e+300" },
        { "\"\"", "\"\"" },
    };
    DESK(d);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char frame[128];
        snprintf(frame, sizeof frame, "{\"type\":\"ping\",\"id\":%s}", cases[i].id);
        EQ(read(&d, frame)->type, CMD_ping);
        STR_EQ(d.cmd.ref, cases[i].ref);
    }
}

TEST(an_id_comes_back_even_when_the_rest_is_wrong) {
    DESK(d);
    malformed(&d, "{\"type\":\"join\",\"id\":\"r\"}", "missing room");
    STR_EQ(d.cmd.ref, "\"r\"");
    malformed(&d, "{\"type\":\"nope\",\"id\":4}", "unknown_type nope");
    STR_EQ(d.cmd.ref, "4");
    refused(&d, "{\"type\":\"message\",\"room\":\"a\",\"content\":\"\",\"id\":5}", REFUSE_empty,
            "empty_content content");
    STR_EQ(d.cmd.ref, "5");
}

TEST(an_id_is_short_and_a_scalar) {
    DESK(d);
    malformed(&d, "{\"type\":\"ping\",\"id\":[1]}", "not_scalar id");
    malformed(&d, "{\"type\":\"ping\",\"id\":{}}", "not_scalar id");
    char frame[256];
    char id[160];
    memset(id, 'x', sizeof id);
    snprintf(frame, sizeof frame, "{\"type\":\"ping\",\"id\":\"%.*s\"}", FRAME_REF_CHARS_MAX, id);
    EQ(read(&d, frame)->type, CMD_ping);
    EQ(d.cmd.ref.n, FRAME_REF_CHARS_MAX + 2);
    snprintf(frame, sizeof frame, "{\"type\":\"ping\",\"id\":\"%.*s\"}", FRAME_REF_CHARS_MAX + 1,
             id);
    malformed(&d, frame, "over_128 id");
    EQ(d.cmd.ref.n, 0);
    for (size_t i = 0; i < 64; i++) {
        memcpy(id + 2 * i, "\\n", 2);    // 64 characters, 130 bytes as JSON
    }
    snprintf(frame, sizeof frame, "{\"type\":\"ping\",\"id\":\"%.*s\"}", 128, id);
    EQ(read(&d, frame)->ref.n, 130);
}

TEST(an_id_of_many_bytes_is_refused) {
    DESK(d);
    char frame[1024] = "{\"type\":\"ping\",\"id\":\"";
    for (int i = 0; i < 64; i++) {
        strncat(frame, "😀", 5);
    }
    strncat(frame, "\"}", 3);    // 64 characters, 258 bytes as JSON
    malformed(&d, frame, "over_128 id");
}

/* ---- what can be wrong */

TEST(what_is_not_json_names_the_byte) {
    DESK(d);
    malformed(&d, "", "not_json 0");
    malformed(&d, "{\"type\":\"ping\",}", "not_json 14");
    malformed(&d, "nonsense", "not_json 0");
    malformed(&d, "{\"type\":\"ping\"} x", "not_json 16");
    malformed(&d, "{\"type\":\"\\ud800\"}", "not_json 15");
    EQ(read(&d, "{\"a\":1e999}")->type, CMD_malformed);
    EQ(read_str(&d, STR_LIT("{\"type\":\"ping\"\0}"))->type, CMD_malformed);
    EQ(read(&d, "{\"type\":\"\xff\"}")->type, CMD_malformed);
}

TEST(a_frame_is_an_object) {
    DESK(d);
    malformed(&d, "[]", "not_object");
    malformed(&d, "\"join\"", "not_object");
    malformed(&d, "1", "not_object");
    malformed(&d, "null", "not_object");
}

TEST(a_frame_too_long_is_refused_as_such) {
    SCOPED(desk_fini) struct desk d = desk_open(32);
    refused(&d, "{\"type\":\"ping\",\"padding\":\"0123456789\"}", REFUSE_too_long,
            "frame_too_long 32");
}

TEST(a_type_must_be_there_and_known) {
    DESK(d);
    malformed(&d, "{}", "missing type");
    malformed(&d, "{\"type\":null}", "missing type");
    malformed(&d, "{\"type\":3}", "not_text type");
    malformed(&d, "{\"type\":\"\"}", "unknown_type");
    malformed(&d, "{\"type\":\"send_message\",\"data\":{}}", "unknown_wrapped_type send_message");
    malformed(&d, "{\"type\":\"join\\u0000\"}", "has_nul type");
    malformed(&d, "{\"type\":\"0123456789012345678901234567890123456789\"}",
              "unknown_type 01234567890123456789012345678901");
}

TEST(each_field_is_missed) {
    DESK(d);
    malformed(&d, "{\"type\":\"join\"}", "missing room");
    malformed(&d, "{\"type\":\"join\",\"room\":null}", "missing room");
    malformed(&d, "{\"type\":\"leave\"}", "missing room");
    malformed(&d, "{\"type\":\"typing\"}", "missing room");
    malformed(&d, "{\"type\":\"room_history\"}", "missing room");
    malformed(&d, "{\"type\":\"message\",\"content\":\"x\"}", "missing room");
    malformed(&d, "{\"type\":\"message\",\"room\":\"a\"}", "missing content");
    malformed(&d, "{\"type\":\"dm\",\"content\":\"x\"}", "missing to");
    malformed(&d, "{\"type\":\"dm\",\"to\":1}", "missing content");
    malformed(&d, "{\"type\":\"dm_history\"}", "missing with");
}

TEST(each_field_has_its_kind) {
    DESK(d);
    malformed(&d, "{\"type\":\"join\",\"room\":5}", "not_text room");
    malformed(&d, "{\"type\":\"join\",\"room\":[\"a\"]}", "not_text room");
    malformed(&d, "{\"type\":\"join\",\"room\":\"\"}", "not_64 room");
    malformed(&d, "{\"type\":\"join\",\"room\":\"a\\u0000b\"}", "has_nul room");
    malformed(&d, "{\"type\":\"message\",\"room\":\"a\",\"content\":7}", "not_text content");
    malformed(&d, "{\"type\":\"message\",\"room\":\"a\",\"content\":\"x\\u0000\"}",
              "has_nul content");
    malformed(&d, "{\"type\":\"dm\",\"to\":\"bob\",\"content\":\"x\"}", "not_number to");
    malformed(&d, "{\"type\":\"dm\",\"to\":-1,\"content\":\"x\"}", "not_number to");
    malformed(&d, "{\"type\":\"dm\",\"to\":1.5,\"content\":\"x\"}", "not_number to");
    malformed(&d, "{\"type\":\"dm\",\"to\":true,\"content\":\"x\"}", "not_number to");
    malformed(&d, "{\"type\":\"dm\",\"to\":9007199254740992,\"content\":\"x\"}", "not_number to");
    malformed(&d, "{\"type\":\"dm_history\",\"with\":{}}", "not_number with");
    malformed(&d, "{\"type\":\"dm_history\",\"with\":1,\"before\":\"x\"}", "not_number before");
    malformed(&d, "{\"type\":\"dm_history\",\"with\":1,\"limit\":\"many\"}", "not_number limit");
    malformed(&d, "{\"type\":\"dm_history\",\"with\":1,\"limit\":\"-5\"}", "not_number limit");
    malformed(&d, "{\"type\":\"dm_history\",\"with\":1,\"limit\":[]}", "not_number limit");
    malformed(&d, "{\"type\":\"typing\",\"room\":\"a\",\"typing\":\"maybe\"}", "not_flag typing");
}

TEST(a_client_id_has_one_to_sixty_four_characters) {
    DESK(d);
    char frame[256];
    char id[65];
    memset(id, 'x', sizeof id);
#define WITH_CLIENT_ID                                                                             \
    "{\"type\":\"message\",\"room\":\"a\",\"content\":\"x\",\"client_id\":\"%.*s\"}"
    snprintf(frame, sizeof frame, WITH_CLIENT_ID, 64, id);
    EQ(read(&d, frame)->client_id.n, 64);
    snprintf(frame, sizeof frame, WITH_CLIENT_ID, 65, id);
    malformed(&d, frame, "not_64 client_id");
    snprintf(frame, sizeof frame, WITH_CLIENT_ID, 0, id);
    malformed(&d, frame, "not_64 client_id");
    malformed(&d, "{\"type\":\"message\",\"room\":\"a\",\"content\":\"x\",\"client_id\":4}",
              "not_text client_id");
}

TEST(a_message_needs_some_text) {
    DESK(d);
    refused(&d, "{\"type\":\"message\",\"room\":\"a\",\"content\":\"\"}", REFUSE_empty,
            "empty_content content");
    refused(&d, "{\"type\":\"dm\",\"to\":1,\"content\":\"\"}", REFUSE_empty,
            "empty_content content");
}

TEST(a_refused_frame_leaves_nothing_for_the_next_one) {
    DESK(d);
    malformed(&d, "{\"type\":\"join\",\"id\":\"r\"}", "missing room");
    const struct cmd *cmd = read(&d, "{\"type\":\"ping\"}");
    EQ(cmd->type, CMD_ping);
    EQ(cmd->ref.n + cmd->detail.n + cmd->refusal, 0);
}

TEST(depth_is_no_danger) {
    DESK(d);
    char deep[40000];
    memset(deep, '[', sizeof deep);
    EQ(read_str(&d, (struct str){ deep, sizeof deep })->type, CMD_malformed);
    EQ(d.cmd.refusal, REFUSE_malformed);
}
