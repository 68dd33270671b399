/* Whatever arrives becomes commands that keep the decoder's promises. */
#include "dialect/frame/promises.h"

#include "dialect/frame/frame.h"

static bool is_text(struct str s, size_t chars_max) {
    return str_is_utf8(s) && str_find(s, '\0') == s.n && str_chars(s) <= chars_max;
}

static void check_texts(const struct cmd *cmd, size_t bytes_max) {
    CHECK(is_text(cmd->detail, cmd->type == CMD_session_open ? bytes_max : DETAIL_BYTES_MAX));
    CHECK(cmd->type == CMD_session_open || cmd->detail.n <= DETAIL_BYTES_MAX);
    CHECK(is_text(cmd->room_name, ROOM_NAME_CHARS_MAX));
    CHECK(is_text(cmd->client_id, CLIENT_ID_CHARS_MAX));
    CHECK(is_text(cmd->content, bytes_max));
    CHECK(is_text(cmd->media_url, MEDIA_URL_BYTES_MAX) && cmd->media_url.n <= MEDIA_URL_BYTES_MAX);
    CHECK(is_text(cmd->media_type, MEDIA_TYPE_BYTES_MAX) &&
          cmd->media_type.n <= MEDIA_TYPE_BYTES_MAX);
    CHECK(cmd->username.n + cmd->mobile.n + cmd->hash.n + cmd->label.n == 0);
}

static void check_numbers(const struct cmd *cmd) {
    uint64_t lasts_max = cmd->type == CMD_block_add ? BLOCK_MS_MAX : MEDIA_DURATION_MS_MAX;
    CHECK(cmd->user <= ID_MAX && cmd->message <= ID_MAX && cmd->reply_to <= ID_MAX);
    CHECK(cmd->other <= ID_MAX && !(cmd->other != 0 && cmd->is_on));
    CHECK(cmd->before <= ID_MAX && cmd->after <= ID_MAX && cmd->offset <= OFFSET_MAX);
    CHECK(cmd->after_seq <= ID_MAX && cmd->duration_ms <= lasts_max);
    CHECK(cmd->message_type <= MESSAGE_REACTION && cmd->reaction < REACTION_COUNT);
    CHECK((cmd->type == CMD_reaction_set) == (cmd->message_type == MESSAGE_REACTION));
    CHECK(cmd->is_on <= 1);
    CHECK(cmd->caller + cmd->room + cmd->role + cmd->until_ms + cmd->bytes == 0);
    bool is_list = cmd->type == CMD_room_history || cmd->type == CMD_direct_history ||
                   cmd->type == CMD_message_search;
    CHECK(is_list ? cmd->limit >= 1 && cmd->limit <= HISTORY_LIMIT_MAX : cmd->limit == 0);
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

static void check(const struct cmd *cmd, const struct dialect *dialect, size_t bytes_max) {
    CHECK(cmd->type < CMD_COUNT && cmd->dialect == dialect->id);
    bool has_frames = dialect->id == DIALECT_hub || dialect->id == DIALECT_envelope;
    CHECK(has_frames ? cmd->form == DIALECT_hub || cmd->form == DIALECT_envelope
                     : cmd->form == dialect->id);
    CHECK((cmd->type == CMD_malformed) == (cmd->refusal != REFUSE_NONE));
    CHECK((cmd->type == CMD_malformed) == (cmd->problem != FRAME_FINE));
    CHECK(cmd->problem < FRAME_PROBLEM_COUNT);
    CHECK(cmd->type == CMD_session_open ? cmd->detail.n > 0
                                        : cmd->problem != 0 || cmd->detail.n == 0);
    CHECK(cmd->refusal < REFUSAL_COUNT);
    check_texts(cmd, bytes_max);
    check_numbers(cmd);
    check_ref(cmd->ref);
}

void promises_check(const struct dialect *dialect, struct str message) {
    struct decode_scratch scratch = { .json = json_reader_new(65536),
                                      .text = BUF_INIT(DECODE_TEXT_BYTES_MAX) };
    struct cmd cmd;
    memset(&cmd, 0xee, sizeof cmd);
    unsigned count = dialect->decode(&scratch, message, &cmd);
    if (count == 0) {
        CHECK(cmd.part == 0);
        check(&cmd, dialect, message.n);
    }
    CHECK(count <= PARTS_MAX);
    struct str ref = cmd.ref;
    for (unsigned part = 1; part <= count; part++) {
        memset(&cmd, 0xee, sizeof cmd);
        dialect->decode_part(&scratch, part, &cmd);
        CHECK(cmd.part == part && cmd.type != CMD_session_open);
        check(&cmd, dialect, message.n);
        check_ref(ref);    // it stays where it was
    }
    json_reader_free(&scratch.json);
    buf_fini(&scratch.text);
}
