/* Whatever was said, what leaves is JSON in an envelope, frame by frame, and says the same. */
#include "dialect/envelope/envelope.h"

/* Three pieces of the input that are text: a name, a room, and the rest; and who reads them
 * back. */
struct said {
    struct str username;
    struct str room;
    struct str content;
    struct json_reader *reader;
};

static void check_text(const struct json *object, const char *key, struct str said) {
    const struct json *v = json_get(object, key);
    CHECK(v == NULL || str_eq(json_text(v), said));
}

static void check_data(const struct json *data, const struct said *said) {
    check_text(data, "username", said->username);
    check_text(data, "from_username", said->username);
    check_text(data, "room", said->room);
    check_text(data, "content", said->content);
    check_text(data, "query", said->content);
    check_text(data, "client_id", said->username);
    check_text(data, "media_url", said->room);
}

static void check_frame(struct str frame, const struct said *said) {
    const struct json *root = NULL;
    CHECK(json_parse(said->reader, frame, &root) == OK);
    CHECK(json_kind_of(json_get(root, "type")) == JSON_TEXT);
    CHECK(json_text(json_get(root, "timestamp")).n == 20);
    const struct json *data = json_get(root, "data");
    CHECK(json_kind_of(data) == JSON_OBJECT);
    check_data(data, said);
    const struct json *list = json_get(data, "messages");
    for (size_t i = 0; i < json_count(list); i++) {
        check_data(json_at(list, i), said);
    }
}

/* What is in `out` is one frame, or several with a line feed between. */
static void check_frames(struct buf *out, bool spoke, const struct said *said) {
    CHECK(spoke == (out->n > 0) && buf_ok(out));
    struct str rest = spoke ? buf_str(out) : STR_NONE;
    while (rest.p != NULL) {
        check_frame(str_cut(&rest, '\n'), said);
    }
    buf_reset(out);
}

static void check_events(const struct said *said, enum room_kind kind, struct buf *out) {
    for (enum event_type type = 0; type < EVENT_COUNT; type++) {
        struct event ev = { .type = type,
                            .room_kind = kind,
                            .room_name = said->room,
                            .user = { 1 },
                            .username = said->username,
                            .content = said->content,
                            .message_type = MESSAGE_REACTION,
                            .media_url = said->room,
                            .client_id = said->username,
                            .refusal = REFUSE_banned };
        for (enum view view = 0; view < VIEW_COUNT; view++) {
            check_frames(out, envelope_encode_event(&ev, view, out), said);
        }
    }
}

static void check_replies(const struct said *said, struct buf *out) {
    struct event ev = { .type = EV_message_posted,
                        .room_name = said->room,
                        .username = said->username,
                        .content = said->content,
                        .client_id = said->username };
    for (enum cmd_type cmd = 0; cmd < CMD_COUNT; cmd++) {
        struct reply reply = {
            .cmd = cmd, .room_name = said->room, .username = said->username, .event = &ev
        };
        for (unsigned i = 0; i < 4; i++) {
            reply.part = i % 2;
            ev.is_repeat = i / 2 == 1;
            check_frames(out, envelope_encode_reply(&reply, LANG_FR, out), said);
        }
        reply.refusal = cmd % 2 ? REFUSE_malformed : REFUSE_too_long;
        reply.detail =
            (struct detail){ DETAIL_words, .problem = cmd,
                             .word = str_first_chars(said->content, DETAIL_BYTES_MAX / 4) };
        check_frames(out, envelope_encode_reply(&reply, cmd % 2 ? LANG_FR : LANG_EN, out), said);
    }
}

static void check_answers(const struct said *said, struct buf *out) {
    const struct reaction_count reaction = { said->room, 1, true };
    struct message message = { .user = { 1 },
                               .username = said->username,
                               .room_name = said->room,
                               .content = said->content,
                               .client_id = said->username,
                               .media_url = said->room,
                               .reactions = &reaction,
                               .reaction_count = 1 };
    struct list_row row = { .name = said->room };
    for (enum ask_kind kind = 0; kind < ASK_KIND_COUNT; kind++) {
        struct answer answer = { .ask = { .kind = kind,
                                          .room_name = said->room,
                                          .user = { 1 },
                                          .content = said->content },
                                 .messages = &message,
                                 .message_count = 1,
                                 .rows = &row,
                                 .row_count = 1 };
        check_frames(out, envelope_encode_answer(&answer, LANG_FR, out), said);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct str rest = { (const char *)p, MIN(n, 8192) };
    if (!str_is_utf8(rest)) {
        return 0;    // the door lets nothing else in
    }
    struct said said = { .username = str_cut(&rest, '\n'), .room = str_cut(&rest, '\n') };
    said.content = rest;
    said.reader = json_reader_new(1 << 20);
    struct buf out = BUF_INIT(1 << 20);
    check_events(&said, ROOM_CHANNEL, &out);
    check_events(&said, ROOM_DM, &out);
    check_replies(&said, &out);
    check_answers(&said, &out);
    buf_fini(&out);
    json_reader_free(&said.reader);
    return 0;
}
