/* What an envelope client is told when the rules say no. */
#include "dialect/envelope/envelope.h"

/* The document's codes, and one of ours for what is no fault of the client's. */
static const char *const codes[REFUSAL_COUNT] = {
    [REFUSE_NONE] = "",
    [REFUSE_malformed] = "INVALID_FORMAT",
    [REFUSE_too_long] = "MESSAGE_TOO_LONG",
    [REFUSE_empty] = "INVALID_FORMAT",
    [REFUSE_room_unknown] = "ROOM_NOT_FOUND",
    [REFUSE_user_unknown] = "USER_NOT_FOUND",
    [REFUSE_message_unknown] = "ROOM_NOT_FOUND",
    [REFUSE_upload_unknown] = "INVALID_FORMAT",
    [REFUSE_server_unknown] = "ROOM_NOT_FOUND",
    [REFUSE_token_unknown] = "INVALID_FORMAT",
    [REFUSE_unauthenticated] = "AUTH_FAILED",
    [REFUSE_expired] = "AUTH_FAILED",
    [REFUSE_forbidden] = "PERMISSION_DENIED",
    [REFUSE_not_member] = "PERMISSION_DENIED",
    [REFUSE_banned] = "PERMISSION_DENIED",
    [REFUSE_blocked] = "PERMISSION_DENIED",
    [REFUSE_already_connected] = "PERMISSION_DENIED",
    [REFUSE_exists] = "INVALID_FORMAT",
    [REFUSE_rate_limited] = "RATE_LIMITED",
    [REFUSE_too_many_sessions] = "RATE_LIMITED",
    [REFUSE_too_many_follows] = "PERMISSION_DENIED",
    [REFUSE_too_many_reactions] = "PERMISSION_DENIED",
    [REFUSE_quota_full] = "PERMISSION_DENIED",
    [REFUSE_store_away] = "INTERNAL_ERROR",
    [REFUSE_stopping] = "INTERNAL_ERROR",
};

const char *envelope_code(enum refusal why) {
    CHECK(why > REFUSE_NONE && why < REFUSAL_COUNT && codes[why] != NULL);
    return codes[why];
}

/* The document has a sentence of its own for a room there is not. */
void envelope_put_sentence(struct buf *out, enum refusal why, const struct detail *detail,
                           enum lang lang) {
    bool is_documented = why == REFUSE_room_unknown && lang == LANG_EN;
    frame_put_sentence(out,
                       is_documented ? STR_LIT("Room not found") : str_of(refusal_text(why, lang)),
                       detail, lang);
}

/* The field to blame. That an upload is not there the store finds, which blames none. */
static struct str field_of(const struct envelope_error *e) {
    bool is_upload = e->refusal == REFUSE_upload_unknown;
    return is_upload ? STR_LIT("media_url") : frame_detail_field(&e->detail);
}

/* The members of `details`, with commas between. */
struct list {
    struct buf *out;
    bool is_begun;
};

static void put_key(struct list *list, const char *key) {
    if (list->is_begun) {
        buf_put_char(list->out, ',');
    }
    list->is_begun = true;
    json_put_text(list->out, str_of(key));
    buf_put_char(list->out, ':');
}

static void put_text(struct list *list, const char *key, struct str value) {
    if (!str_is_empty(value)) {
        put_key(list, key);
        json_put_text(list->out, value);
    }
}

static void put_number(struct list *list, const char *key, uint64_t value) {
    if (value > 0) {
        put_key(list, key);
        buf_put_u64(list->out, value);
    }
}

void envelope_put_error(struct buf *out, const struct envelope_error *e) {
    struct list details = { out, false };
    BUF_PUT_LIT(out, "{\"type\":\"error\",\"data\":{\"message\":");
    envelope_put_sentence(out, e->refusal, &e->detail, e->lang);
    BUF_PUT_LIT(out, ",\"code\":");
    json_put_text(out, str_of(envelope_code(e->refusal)));
    BUF_PUT_LIT(out, ",\"details\":{");
    put_text(&details, "field", field_of(e));
    put_number(&details, "max", e->refusal == REFUSE_too_long ? frame_detail_max(&e->detail) : 0);
    put_text(&details, "room", e->room);
    put_number(&details, "user_id", e->refusal == REFUSE_user_unknown ? e->user : 0);
    put_number(&details, "message_id", e->refusal == REFUSE_message_unknown ? e->message : 0);
    put_number(&details, "retry_after_ms", e->retry_after_ms);
    buf_put_char(out, '}');
    envelope_put_end(out, e->at_ms, (user_id){ 0 }, e->ref);
}
