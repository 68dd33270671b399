/* The operator's lines: whatever comes, a command comes out whose texts lie in the document, and
 * its answer is one line of JSON. */
#include "server/operator.h"

#include "core/batch.h"
#include "dialect/dialect.h"

#define OUT_BYTES_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_answer(const struct cmd *cmd, enum refusal refusal) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(OUT_BYTES_MAX);
    struct reply reply = { .cmd = cmd->type,
                           .refusal = refusal,
                           .ref = cmd->ref,
                           .detail = { DETAIL_words, .word = cmd->detail },
                           .username = cmd->username,
                           .room_name = cmd->room_name };
    const struct json *root;
    struct json_reader *reader = json_reader_new(OUT_BYTES_MAX);

    CHECK(operator_dialect()->encode_reply(&reply, LANG_EN, &out) && buf_ok(&out));
    CHECK(str_find(buf_str(&out), '\n') == out.n);
    CHECK(json_parse(reader, buf_str(&out), &root) == OK);
    CHECK(json_kind_of(root) == JSON_OBJECT);
    json_reader_free(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct decode_scratch scratch = { .json = json_reader_new(OPERATOR_LINE_BYTES_MAX),
                                      .text = BUF_INIT(OPERATOR_LINE_BYTES_MAX) };
    struct cmd cmd;

    operator_dialect()->decode(&scratch, (struct str){ (const char *)p, n }, &cmd);
    CHECK(cmd.type < CMD_COUNT);
    CHECK(cmd.type != CMD_malformed || cmd.refusal < REFUSAL_COUNT);
    CHECK(str_is_utf8(cmd.username) && str_is_utf8(cmd.room_name) && str_is_utf8(cmd.detail));
    check_answer(&cmd, REFUSE_NONE);
    check_answer(&cmd, REFUSE_malformed);

    struct intake *copy = intake_new(&cmd);    // it must survive the journey
    CHECK(str_eq(copy->cmd.username, cmd.username));
    intake_free(&copy);
    json_reader_free(&scratch.json);
    buf_fini(&scratch.text);
    return 0;
}
