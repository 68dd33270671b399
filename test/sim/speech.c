/* Speech: see speech.h. Two columns of names. */
#include "test/sim/speech.h"

#include "test/sim/world.h"

enum column { HUBS, ENVELOPES, COLUMNS };

static enum column column_of(const struct client *c) {
    return (c->traits & TRAIT_ENVELOPE) != 0 ? ENVELOPES : HUBS;
}

/* ---- out */

static const char *const verbs[SPEECH_VERB_COUNT][COLUMNS] = {
    [SPEECH_SAY] = { "message", "room_message" },
    [SPEECH_DM] = { "dm", "direct_message" },
    [SPEECH_JOIN] = { "join", "join_room" },
    [SPEECH_LEAVE] = { "leave", "leave_room" },
    [SPEECH_TYPING] = { "typing", "typing_start" },
    [SPEECH_TYPING_STOP] = { "typing", "typing_stop" },
    [SPEECH_PING] = { "ping", "ping" },
    [SPEECH_HISTORY] = { "room_history", "room_history" },
    [SPEECH_DM_HISTORY] = { "dm_history", "dm_history" },
    [SPEECH_EDIT] = { NULL, "edit_message" },
    [SPEECH_DELETE] = { NULL, "delete_message" },
    [SPEECH_READ] = { NULL, "read" },
    [SPEECH_RESUME] = { NULL, "resume" },
    [SPEECH_BATCH] = { NULL, "message_batch" },
};

/* Unknown fields are ignored, which spares us the question whether a comma is needed. */
void speech_begin(const struct client *c, struct buf *frame, enum speech_verb verb) {
    const char *name = verbs[verb][column_of(c)];
    CHECK(name != NULL);
    buf_printf(frame, "{\"type\":\"%s\"", name);
    if (column_of(c) == ENVELOPES) {
        BUF_PUT_LIT(frame, ",\"data\":{\"x\":0");
    }
}

void speech_put_person(const struct client *c, struct buf *frame, enum speech_verb verb,
                       uint64_t user) {
    static const char *const keys[COLUMNS][2] = { { "with", "to" }, { "with_user", "to_user_id" } };
    buf_printf(frame, ",\"%s\":%llu", keys[column_of(c)][verb == SPEECH_DM],
               (unsigned long long)user);
}

void speech_end(const struct client *c, struct buf *frame, uint64_t ref) {
    if (column_of(c) == ENVELOPES) {
        buf_put_char(frame, '}');
    }
    if (ref != 0) {
        buf_printf(frame, ",\"id\":%llu", (unsigned long long)ref);
    }
    buf_put_char(frame, '}');
    CHECK(buf_ok(frame));
}

/* ---- in */

static uint64_t number(const struct json *object, const char *key) {
    uint64_t v = 0;
    return json_u64(json_get(object, key), &v) == OK ? v : 0;
}

static struct str text(const struct json *object, const char *key) {
    return json_text(json_get(object, key));
}

static bool flag(const struct json *object, const char *key) {
    bool v = false;
    return json_bool(json_get(object, key), &v) == OK && v;
}

/* A type may be heard at the address of either: answers are in the words of who asked. */
static const struct {
    const char *type;
    enum heard_kind kind;
} types[] = {
    { "message", HEARD_MESSAGE },
    { "room_message", HEARD_MESSAGE },
    { "dm", HEARD_DM },
    { "direct_message", HEARD_DM },
    { "dm_ack", HEARD_RECEIPT },
    { "message_ack", HEARD_RECEIPT },
    { "message_edited", HEARD_EDIT },
    { "message_updated", HEARD_EDIT },
    { "message_deleted", HEARD_DELETION },
    { "join_ack", HEARD_JOINED },
    { "join_room_ack", HEARD_JOINED },
    { "leave_ack", HEARD_LEFT },
    { "leave_room_ack", HEARD_LEFT },
    { "pong", HEARD_PONG },
    { "ack", HEARD_ACK },
    { "room_history", HEARD_HISTORY },
    { "dm_history", HEARD_DM_HISTORY },
    { "message_history", HEARD_HISTORY },
    { "typing", HEARD_TYPING },
    { "user_typing", HEARD_TYPING },
    { "user_connected", HEARD_PRESENCE },
    { "user_disconnected", HEARD_PRESENCE },
    { "user_read", HEARD_READ },
    { "resumed", HEARD_RESUMED },
    { "room_removed", HEARD_ROOM_REMOVED },
    { "message_batch", HEARD_BATCH },
    { "token_expiring", HEARD_NOTHING },
    { "error", HEARD_ERROR },
};

static bool find_kind(struct str type, enum heard_kind *out) {
    for (size_t i = 0; i < COUNT(types); i++) {
        if (str_eq(type, str_of(types[i].type))) {
            *out = types[i].kind;
            return true;
        }
    }
    return false;
}

/* The hub's code for one of the envelope's. */
static struct str code_of(struct str code) {
    static const struct str codes[][2] = {
        { STR_LIT("INVALID_FORMAT"), STR_LIT("BAD_REQUEST") },
        { STR_LIT("MESSAGE_TOO_LONG"), STR_LIT("BAD_REQUEST") },
        { STR_LIT("ROOM_NOT_FOUND"), STR_LIT("NOT_FOUND") },
        { STR_LIT("USER_NOT_FOUND"), STR_LIT("NOT_FOUND") },
        { STR_LIT("AUTH_FAILED"), STR_LIT("UNAUTHORIZED") },
        { STR_LIT("PERMISSION_DENIED"), STR_LIT("FORBIDDEN") },
    };
    for (size_t i = 0; i < COUNT(codes); i++) {
        if (str_eq(code, codes[i][0])) {
            return codes[i][1];
        }
    }
    return code;
}

/* The first of two names there is. */
static uint64_t either(const struct json *object, const char *hubs, const char *envelopes) {
    uint64_t v = number(object, hubs);
    return v != 0 ? v : number(object, envelopes);
}

static void read_history(const struct json *root, const struct json *data, struct heard *out) {
    bool is_wrapped = json_kind_of(data) == JSON_OBJECT;
    bool is_whole = is_wrapped || out->kind == HEARD_DM_HISTORY ||
                    json_count(json_get(root, "messages")) == json_count(data);
    out->items = is_wrapped ? json_get(data, "messages") : is_whole ? data : NULL;
    out->has_more = flag(is_wrapped ? data : root, "has_more");
    if (is_wrapped && json_get(data, "with_user") != NULL) {
        out->kind = HEARD_DM_HISTORY;
    }
}

bool speech_read(const struct client *c, const struct json *root, struct heard *out) {
    const struct json *data = json_get(root, "data");
    *out = (struct heard){ 0 };
    if (!find_kind(text(root, "type"), &out->kind)) {
        return false;
    }
    if (out->kind == HEARD_HISTORY || out->kind == HEARD_DM_HISTORY) {
        out->ref = either(root, "ref", "id");
        read_history(root, data, out);
        return out->items != NULL;
    }
    bool is_direct = out->kind == HEARD_DM && column_of(c) == ENVELOPES;
    const struct json *details = json_get(data, "details");
    out->ref = either(root, "ref", "id");
    out->id = number(data, "id");
    out->seq = number(data, "seq");
    out->ts = number(data, "ts");
    out->user = is_direct ? number(data, "from_user_id") : either(data, "fromUser", "user_id");
    out->other = either(data, "to", "to_user_id");
    out->last_seq = number(data, "last_seq");
    out->retry_ms = MAX(number(data, "retry_after_ms"), number(details, "retry_after_ms"));
    out->message = number(details, "message_id");
    out->content = text(data, "content");
    out->client_id = text(data, "client_id");
    out->room = text(data, "room");
    out->code = code_of(text(data, "code"));
    out->items = json_get(data, "messages");
    out->is_no = json_get(data, "success") != NULL && !flag(data, "success");
    out->is_recovered = flag(data, "recovered");
    return true;
}

uint64_t speech_author(const struct client *c, const struct json *item) {
    return number(item, column_of(c) == ENVELOPES ? "user_id" : "fromUser");
}
