/* Whatever arrives becomes a command that keeps the decoder's promises. */
#include "dialect/hub/hub.h"

static bool is_text(struct str s, size_t chars_max) {
    return str_is_utf8(s) && str_find(s, '\0') == s.n && str_chars(s) <= chars_max;
}

static void check_number(const struct cmd *cmd) {
    CHECK(cmd->user <= ID_MAX && cmd->before <= ID_MAX && cmd->is_on <= 1);
    bool is_history = cmd->type == CMD_room_history || cmd->type == CMD_direct_history;
    CHECK(is_history ? cmd->limit >= 1 && cmd->limit <= HISTORY_LIMIT_MAX : cmd->limit == 0);
}

/* A ref is a JSON scalar and stays the same when it is read once more. */
static void check_ref(struct str ref) {
    CHECK(ref.n <= REF_BYTES_MAX);
    if (ref.n == 0) {
        return;
    }
    struct json_reader *reader = json_reader_new(REF_BYTES_MAX);
    const struct json *v = NULL;
    CHECK(json_parse(reader, ref, &v) == OK);
    CHECK(json_kind_of(v) == JSON_TEXT || json_kind_of(v) == JSON_NUMBER ||
          json_kind_of(v) == JSON_BOOL);
    json_reader_free(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct decode_scratch scratch = { .json = json_reader_new(65536),
                                      .text = BUF_INIT(DECODE_TEXT_BYTES_MAX) };
    struct cmd cmd;
    memset(&cmd, 0xee, sizeof cmd);
    dialect_hub.decode(&scratch, (struct str){ (const char *)p, n }, &cmd);

    CHECK(cmd.type < CMD_COUNT && cmd.dialect == DIALECT_hub);
    CHECK((cmd.type == CMD_malformed) == (cmd.refusal != REFUSE_NONE));
    CHECK((cmd.type == CMD_malformed) == (cmd.detail.n > 0));
    CHECK(cmd.refusal < REFUSAL_COUNT && cmd.detail.n <= DETAIL_BYTES_MAX);
    CHECK(is_text(cmd.detail, DETAIL_BYTES_MAX));
    CHECK(is_text(cmd.room_name, ROOM_NAME_CHARS_MAX));
    CHECK(is_text(cmd.client_id, CLIENT_ID_CHARS_MAX));
    CHECK(is_text(cmd.content, n));
    check_ref(cmd.ref);
    check_number(&cmd);

    json_reader_free(&scratch.json);
    buf_fini(&scratch.text);
    return 0;
}
