/* Whatever was said, what leaves is JSON and says the same. */
#include "dialect/hub/hub.h"

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

/* The frame in `out` is an object with a type, and what it repeats is what was said. */
static void check_frame(struct buf *out, bool spoke, const struct said *said) {
    CHECK(spoke == (out->n > 0) && buf_ok(out));
    if (!spoke) {
        return;
    }
    const struct json *root = NULL;
    CHECK(json_parse(said->reader, buf_str(out), &root) == OK);
    CHECK(json_kind_of(json_get(root, "type")) == JSON_TEXT);
    const struct json *data = json_get(root, "data");
    if (json_kind_of(data) == JSON_ARRAY) {
        data = json_at(data, 0);
        CHECK(json_get(root, "messages") == NULL || json_count(json_get(root, "messages")) == 1);
    }
    check_text(data, "username", said->username);
    check_text(data, "room", said->room);
    check_text(data, "content", said->content);
    check_text(data, "media_url", said->room);
    buf_reset(out);
}

static void check_events(const struct said *said, enum room_kind kind, struct buf *out) {
    for (enum event_type type = 0; type < EVENT_COUNT; type++) {
        struct event ev = { .type = type,
                            .room_kind = kind,
                            .room_name = said->room,
                            .username = said->username,
                            .content = said->content,
                            .client_id = said->username,
                            .message_type = MESSAGE_IMAGE,
                            .media_url = said->room,
                            .refusal = REFUSE_banned };
        for (enum view view = 0; view < VIEW_COUNT; view++) {
            check_frame(out, hub_encode_event(&ev, view, out), said);
        }
    }
}

static void check_replies(const struct said *said, struct buf *out) {
    for (enum cmd_type cmd = 0; cmd < CMD_COUNT; cmd++) {
        struct reply reply = { .cmd = cmd, .room_name = said->room, .username = said->username };
        check_frame(out, hub_encode_reply(&reply, LANG_FR, out), said);
        reply.refusal = REFUSE_malformed;
        reply.detail =
            (struct detail){ DETAIL_words, .problem = cmd,
                             .word = str_first_chars(said->content, DETAIL_BYTES_MAX / 4) };
        check_frame(out, hub_encode_reply(&reply, cmd % 2 ? LANG_FR : LANG_EN, out), said);
    }
}

static void check_answers(const struct said *said, struct buf *out) {
    struct message message = { .username = said->username,
                               .room_name = said->room,
                               .content = said->content };
    for (enum ask_kind kind = 0; kind < ASK_KIND_COUNT; kind++) {
        struct answer answer = { .ask = { .kind = kind, .room_name = said->room },
                                 .messages = &message,
                                 .message_count = 1 };
        check_frame(out, hub_encode_answer(&answer, LANG_FR, out), said);
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
