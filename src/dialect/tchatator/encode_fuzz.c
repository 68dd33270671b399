/* Whatever was said, an answer keeps its shape, and says the same. */
#include "base/json.h"
#include "dialect/tchatator/shape.h"
#include "dialect/tchatator/tchatator.h"
#include "dialect/tchatator/walk.h"

/* Three pieces of the input that are text: a name, a room, and the rest. */
struct said {
    struct str username;
    struct str room;
    struct str content;
    struct json_reader *reader;
};

static void check_answer(struct buf *out, bool spoke) {
    CHECK(spoke == (out->n > 0) && buf_ok(out));
    CHECK(!spoke || shape_lacks(buf_str(out)) == NULL);
    buf_reset(out);
}

static void check_replies(const struct said *said, struct buf *out) {
    for (enum cmd_type cmd = 0; cmd < CMD_COUNT; cmd++) {
        struct reply reply = { .cmd = cmd, .user = { 7 }, .username = said->username };
        check_answer(out, tchatator_encode_reply(&reply, LANG_FR, out));
        reply.refusal = REFUSE_malformed;
        reply.detail.kind = DETAIL_words;
        reply.detail.word = str_first_chars(said->content, DETAIL_BYTES_MAX / 4);
        check_answer(out, tchatator_encode_reply(&reply, cmd % 2 ? LANG_FR : LANG_EN, out));
    }
}

static void check_problems(const struct said *said, struct buf *out) {
    SCOPED(buf_fini) struct buf detail = BUF_INIT(DETAIL_BYTES_MAX);
    for (enum problem problem = PROBLEM_NONE + 1; problem < PROBLEM_COUNT; problem++) {
        buf_reset(&detail);
        problem_put_argument(&detail, said->content);
        CHECK(buf_ok(&detail));
        struct reply reply = {
            .cmd = CMD_malformed,
            .refusal = problem_refusal(problem),
            .detail = { .kind = DETAIL_words, .word = buf_str(&detail), .problem = problem }
        };
        check_answer(out, tchatator_encode_reply(&reply, LANG_FR, out));
    }
}

/* The value of the last line with this key. */
static struct str value_of(struct str answer, struct str key) {
    struct str found = STR_NONE;
    while (answer.n > 0) {
        struct str value = str_cut(&answer, '\n');
        if (str_eq(str_cut(&value, ':'), key)) {
            found = value;
        }
    }
    return found;
}

/* Whether the value is this text, once its escapes are undone. */
static bool says(struct str value, struct str text) {
    size_t at = 0;
    for (size_t i = 0; i < value.n; i++, at++) {
        char c = value.p[i];
        if (c == '\\') {
            CHECK(++i < value.n);
            c = value.p[i] == 'n' ? '\n' : value.p[i] == 'r' ? '\r' : value.p[i];
        }
        if (at == text.n || text.p[at] != c) {
            return false;
        }
    }
    return at == text.n;
}

static void check_change(const struct said *said, enum change_kind kind, enum room_kind room_kind,
                         struct buf *out) {
    struct change change = { .kind = kind,
                             .message = { .id = { 5 },
                                          .user = { 7 },
                                          .room = { 3 },
                                          .room_kind = room_kind,
                                          .other = { 42 },
                                          .room_name = said->room,
                                          .type = MESSAGE_IMAGE,
                                          .media_url = said->username,
                                          .content = said->content,
                                          .at_ms = UINT64_C(1795237961000) } };
    tchatator_put_change(&change, 1, out);
    if (kind != CHANGE_DELETED) {
        struct str content = str_is_empty(said->content) ? said->username : said->content;
        const struct json *row = NULL;
        CHECK(says(value_of(buf_str(out), STR_LIT("content")), content));
        CHECK(json_parse(said->reader, value_of(buf_str(out), STR_LIT("message")), &row) == OK);
        CHECK(str_eq(json_text(json_get(row, "content")), content));
    }
    SCOPED(buf_fini) struct buf framed = BUF_INIT(1 << 20);
    tchatator_frame(buf_str(out), &framed);
    check_answer(&framed, true);
    check_answer(out, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct str rest = { (const char *)p, MIN(n, 8192) };
    if (!str_is_utf8(rest) || str_find(rest, '\0') < rest.n) {
        return 0;    // the reader lets nothing else in
    }
    struct str name = str_cut(&rest, '\n');
    struct str room = str_cut(&rest, '\n');
    struct said said = { .username = str_first_chars(name, USERNAME_CHARS_MAX),
                         .room = str_first_chars(room, ROOM_NAME_CHARS_MAX),
                         .content = rest,
                         .reader = json_reader_new(1 << 20) };
    struct buf out = BUF_INIT(1 << 20);
    check_replies(&said, &out);
    check_problems(&said, &out);
    for (enum change_kind kind = CHANGE_NEW; kind <= CHANGE_DELETED; kind++) {
        check_change(&said, kind, ROOM_DM, &out);
        check_change(&said, kind, ROOM_CHANNEL, &out);
    }
    buf_fini(&out);
    json_reader_free(&said.reader);
    return 0;
}
