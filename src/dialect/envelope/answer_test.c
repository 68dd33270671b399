/* The envelope's frames of what readers find: histories, searches, what is unread, resumes. */
#include "test/unit.h"

#include "dialect/envelope/envelope.h"

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

static void tells(struct desk *d, const struct answer *answer, const char *frame) {
    const struct json *root = NULL;
    EQ(envelope_encode_answer(answer, LANG_EN, &d->out), *frame != '\0');
    OKAY(buf_ok(&d->out));
    STR_EQ(buf_str(&d->out), frame);
    if (*frame != '\0') {
        EQ(json_parse(d->json, buf_str(&d->out), &root), OK);
    }
    buf_reset(&d->out);
}

/* ---- histories */

static struct message said[3];

/* The document's two messages, and one between them that was deleted. The one who asks is bob. */
static struct answer history(enum ask_kind kind) {
    said[0] = (struct message){ .id = { 120 },
                                .seq = 1,
                                .user = { 789 },
                                .username = STR_LIT("alice"),
                                .other = { 456 },
                                .content = STR_LIT("Message plus ancien"),
                                .client_id = STR_LIT("alices"),
                                .at_ms = UINT64_C(1700470800000) };
    said[1] = (struct message){ .id = { 122 }, .seq = 2, .user = { 789 }, .deleted_ms = AT_MS };
    said[2] = (struct message){ .id = { 121 },
                                .seq = 3,
                                .user = { 456 },
                                .username = STR_LIT("bob"),
                                .other = { 789 },
                                .content = STR_LIT("Réponse au message"),
                                .at_ms = UINT64_C(1700471700000) };
    bool is_room = kind != ASK_DIRECT_HISTORY;
    return (struct answer){ .ask = { .kind = kind,
                                     .at_ms = AT_MS,
                                     .user = { 456 },
                                     .room_name = is_room ? STR_LIT("general") : STR_NONE,
                                     .other = { is_room ? 0 : 789 } },
                            .messages = said,
                            .message_count = COUNT(said),
                            .total = 2 };
}

#define ALICES                                                                                     \
    "{\"id\":120,\"user_id\":789,\"username\":\"alice\",\"content\":\"Message plus ancien\","      \
    "\"message_type\":\"text\",\"created_at\":\"2023-11-20T09:00:00Z\",\"seq\":1,"                 \
    "\"ts\":1700470800000"
#define BOBS                                                                                       \
    "{\"id\":121,\"user_id\":456,\"username\":\"bob\",\"content\":\"Réponse au message\","        \
    "\"message_type\":\"text\",\"created_at\":\"2023-11-20T09:15:00Z\",\"seq\":3,"                 \
    "\"ts\":1700471700000"

TEST(the_documents_history) {
    DESK(d);
    struct answer a = history(ASK_ROOM_HISTORY);
    tells(&d, &a,
          "{\"type\":\"message_history\",\"data\":{\"room\":\"general\",\"messages\":[" ALICES
          "}," BOBS "}],\"total\":2,\"has_more\":false}," AT "}");
    a.message_count = 0;
    a.total = 0;
    a.ask.ref = STR_LIT("8");
    tells(&d, &a,
          "{\"type\":\"message_history\",\"data\":{\"room\":\"general\",\"messages\":[],"
          "\"total\":0,\"has_more\":false}," AT ",\"id\":8}");
}

TEST(a_conversations_history_names_the_other_person) {
    DESK(d);
    struct answer a = history(ASK_DIRECT_HISTORY);
    a.has_more = true;
    a.total = 70;
    tells(&d, &a,
          "{\"type\":\"message_history\",\"data\":{\"with_user\":789,\"messages\":[" ALICES
          ",\"to_user_id\":456}," BOBS ",\"to_user_id\":789}],\"total\":70,\"has_more\":true}," AT
          "}");
}

TEST(a_history_shows_all_there_is_to_a_message) {
    static const struct reaction_count reactions[] = {
        { STR_LIT("👍"), 2, true },
        { STR_LIT("🎉"), 1, false },
    };
    DESK(d);
    struct answer a = history(ASK_ROOM_HISTORY);
    a.messages = &said[2];
    a.message_count = 1;
    said[2].type = MESSAGE_AUDIO;
    said[2].media_url = STR_LIT("/uploads/audio/voice123.mp3");
    said[2].media_type = STR_LIT("audio/mpeg");
    said[2].duration_ms = 15500;
    said[2].reply_to.v = 120;
    said[2].mentions = STR_LIT("789");
    said[2].edited_ms = AT_MS;
    said[2].client_id = STR_LIT("k");
    said[2].reactions = reactions;
    said[2].reaction_count = COUNT(reactions);
    tells(&d, &a,
          "{\"type\":\"message_history\",\"data\":{\"room\":\"general\",\"messages\":["
          "{\"id\":121,\"user_id\":456,\"username\":\"bob\",\"content\":\"Réponse au message\","
          "\"message_type\":\"audio\",\"created_at\":\"2023-11-20T09:15:00Z\",\"seq\":3,"
          "\"ts\":1700471700000,\"media_url\":\"/uploads/audio/voice123.mp3\","
          "\"media_type\":\"audio/mpeg\",\"duration\":15.5,\"reply_to\":120,\"mentions\":[789],"
          "\"edited_at\":\"2023-11-20T10:30:00Z\",\"client_id\":\"k\","
          "\"reactions\":[{\"content\":\"👍\",\"count\":2,\"mine\":true},"
          "{\"content\":\"🎉\",\"count\":1,\"mine\":false}]}],\"total\":2,\"has_more\":false}," AT
          "}");
}

TEST(a_history_that_cannot_be_read_is_an_error) {
    DESK(d);
    struct answer a = history(ASK_ROOM_HISTORY);
    a.refusal = REFUSE_store_away;
    a.ask.ref = STR_LIT("8");
    tells(&d, &a,
          "{\"type\":\"error\",\"data\":{\"message\":\"Nothing can be stored at the moment; "
          "nothing was changed. Try again soon.\",\"code\":\"INTERNAL_ERROR\","
          "\"details\":{\"room\":\"general\"}}," AT ",\"id\":8}");
}

/* ---- long lists */

enum { COUNT_ALL = HISTORY_LIMIT_MAX, BYTES = 4000 };

/* What is left of a list: how many messages, and the ids at its ends. */
struct cut {
    size_t count;
    uint64_t first;
    uint64_t last;
    bool has_more;
};

static struct cut cut_of(struct desk *d, const struct answer *answer) {
    struct cut cut = { 0 };
    const struct json *root = NULL;
    OKAY(envelope_encode_answer(answer, LANG_EN, &d->out));
    OKAY(buf_ok(&d->out) && d->out.n < FRAME_LIST_BYTES_MAX + 8192);
    EQ(json_parse(d->json, buf_str(&d->out), &root), OK);
    const struct json *data = json_get(root, "data");
    const struct json *list = json_get(data, "messages");
    cut.count = json_count(list);
    EQ(json_u64(json_get(json_at(list, 0), "id"), &cut.first), OK);
    EQ(json_u64(json_get(json_at(list, cut.count - 1), "id"), &cut.last), OK);
    EQ(json_bool(json_get(data, "has_more"), &cut.has_more), OK);
    buf_reset(&d->out);
    return cut;
}

static struct answer long_list(enum ask_kind kind, int c) {
    static struct message messages[COUNT_ALL];
    static char text[BYTES];
    memset(text, c, sizeof text);
    for (size_t i = 0; i < COUNT_ALL; i++) {
        uint64_t id = kind == ASK_SEARCH ? COUNT_ALL - i : i + 1;
        messages[i] = (struct message){ .id = { id }, .content = { text, sizeof text } };
    }
    return (struct answer){ .ask = { .kind = kind, .content = STR_LIT("x") },
                            .messages = messages,
                            .message_count = COUNT_ALL };
}

TEST(a_list_of_long_messages_is_cut_where_a_client_goes_on) {
    static const int characters[] = { 'x', '\1' };    // the second is six times as long as JSON
    DESK(d);
    for (size_t i = 0; i < COUNT(characters); i++) {
        struct answer a = long_list(ASK_ROOM_HISTORY, characters[i]);
        struct cut cut = cut_of(&d, &a);
        OKAY(cut.count >= 10 && cut.count < COUNT_ALL && cut.has_more);
        EQ(cut.last, COUNT_ALL);
        EQ(cut.first, COUNT_ALL - cut.count + 1);

        a.ask.after = 1;
        cut = cut_of(&d, &a);
        OKAY(cut.count >= 10 && cut.count < COUNT_ALL && cut.has_more);
        EQ(cut.first, 1);
        EQ(cut.last, cut.count);

        a = long_list(ASK_SEARCH, characters[i]);
        cut = cut_of(&d, &a);
        OKAY(cut.count >= 10 && cut.count < COUNT_ALL && cut.has_more);
        EQ(cut.first, COUNT_ALL);
        EQ(cut.last, COUNT_ALL - cut.count + 1);
    }
}

TEST(one_message_is_always_there_however_long) {
    DESK(d);
    char *text = xalloc(FRAME_LIST_BYTES_MAX);
    memset(text, 'x', FRAME_LIST_BYTES_MAX);
    struct answer a = history(ASK_ROOM_HISTORY);
    a.message_count = 1;
    a.messages[0].content = (struct str){ text, FRAME_LIST_BYTES_MAX };
    OKAY(envelope_encode_answer(&a, LANG_EN, &d.out));
    OKAY(d.out.n > FRAME_LIST_BYTES_MAX);
    xfree(text);
}

TEST(a_history_too_long_for_its_buffer_is_no_half_frame_taken_for_a_whole) {
    struct answer a = history(ASK_ROOM_HISTORY);
    for (size_t bound = 1; bound < 400; bound += 7) {
        SCOPED(buf_fini) struct buf out = BUF_INIT(bound);
        envelope_encode_answer(&a, LANG_EN, &out);
        OKAY(!buf_ok(&out));
    }
}

/* ---- the other answers */

TEST(what_a_search_finds_says_where_it_is) {
    DESK(d);
    struct answer a = history(ASK_SEARCH);
    struct message found[] = { said[2], said[0], said[0] };
    found[0].room_name = STR_LIT("général");
    found[1].room_kind = ROOM_DM;    // what alice wrote to bob, who asks
    found[2].room_kind = ROOM_DM;    // what bob wrote to carol
    found[2].user.v = 456;
    found[2].other.v = 12;
    a.messages = found;
    a.ask.content = STR_LIT("message");
    a.has_more = true;
    tells(&d, &a,
          "{\"type\":\"search_results\",\"data\":{\"query\":\"message\",\"messages\":[" BOBS
          ",\"room\":\"général\"}," ALICES ",\"with_user\":789},"
          "{\"id\":120,\"user_id\":456,\"username\":\"alice\","
          "\"content\":\"Message plus ancien\",\"message_type\":\"text\","
          "\"created_at\":\"2023-11-20T09:00:00Z\",\"seq\":1,\"ts\":1700470800000,"
          "\"with_user\":12,\"client_id\":\"alices\"}],\"has_more\":true}," AT "}");
}

TEST(what_is_unread_is_told_room_by_room) {
    static struct list_row rows[] = {
        { .name = STR_LIT("general"),
          .messages = 2,
          .mentions = 1,
          .read_seq = 40,
          .last_seq = 42 },
        { .room_kind = ROOM_DM, .other = { 456 }, .messages = 1, .read_seq = 2, .last_seq = 3 },
    };
    DESK(d);
    struct answer a = { .ask = { .kind = ASK_UNREAD, .at_ms = AT_MS, .ref = STR_LIT("1") },
                        .rows = rows,
                        .row_count = COUNT(rows) };
    tells(&d, &a,
          "{\"type\":\"unread\",\"data\":{\"rooms\":[{\"room\":\"general\",\"unread\":2,"
          "\"mentions\":1,\"read_seq\":40,\"last_seq\":42},{\"with_user\":456,\"unread\":1,"
          "\"mentions\":0,\"read_seq\":2,\"last_seq\":3}]}," AT ",\"id\":1}");
    a.row_count = 0;
    tells(&d, &a, "{\"type\":\"unread\",\"data\":{\"rooms\":[]}," AT ",\"id\":1}");
}

TEST(the_end_of_a_resume_is_told_and_only_the_end) {
    DESK(d);
    struct answer a = { .ask = { .kind = ASK_RESUME,
                                 .at_ms = AT_MS,
                                 .room_name = STR_LIT("general"),
                                 .ref = STR_LIT("1") },
                        .last_seq = 44,
                        .epoch = 3,
                        .is_recovered = true,
                        .has_more = true };
    tells(&d, &a, "");
    a.has_more = false;
    tells(&d, &a,
          "{\"type\":\"resumed\",\"data\":{\"room\":\"general\",\"last_seq\":44,"
          "\"recovered\":true,\"epoch\":3}," AT ",\"id\":1}");
    a.is_recovered = false;
    a.ask.ref = STR_NONE;
    tells(&d, &a,
          "{\"type\":\"resumed\",\"data\":{\"room\":\"general\",\"last_seq\":44,"
          "\"recovered\":false,\"epoch\":3}," AT "}");
}

TEST(the_operators_lists_are_not_for_this_dialect) {
    DESK(d);
    struct answer a = { .ask = { .kind = ASK_LIST } };
    tells(&d, &a, "");
}
