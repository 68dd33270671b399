/* The table of verbs. Where both dialects know a name (room_history, dm_history, ping), each has a
 * row; the fields of both are accepted in either. */
#include "dialect/frame/verb.h"

#define FIELD(kind, key, member)                                                                   \
    { KIND_##kind, key, NULL, offsetof(struct cmd, member) }
#define ALIAS(kind, key, alias, member)                                                            \
    { KIND_##kind, key, alias, offsetof(struct cmd, member) }

/* Fields that several verbs have. */
#define NAME FIELD(NAME, "room", room_name)
#define ROOM FIELD(ROOM, "room", room_name)
#define PLACE FIELD(ROOM_MAYBE, "room", room_name), ALIAS(NUMBER, "with_user", "to_user_id", user)
#define CONTENT FIELD(CONTENT, "content", content)
#define CLIENT_ID ALIAS(CLIENT_ID, "client_id", "clientMsgId", client_id)
#define BODY                                                                                       \
    FIELD(WORDS, "content", content), FIELD(TYPE, "message_type", message_type),                   \
        FIELD(URL, "media_url", media_url), FIELD(MEDIA_TYPE, "media_type", media_type),           \
        FIELD(SECONDS, "duration", duration_ms), FIELD(NUMBER, "reply_to", reply_to),              \
        FIELD(ACTION, "action", reaction), CLIENT_ID
#define PAGE                                                                                       \
    FIELD(NUMBER, "before", before), FIELD(NUMBER, "after", after),                                \
        FIELD(NUMBER, "offset", offset), FIELD(LIMIT, "limit", limit)

#define HUB(name, type, ...)                                                                       \
    {                                                                                              \
        name, DIALECT_hub, CMD_##type, NEEDS_FIELDS, true, {                                       \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define ENVELOPE(name, type, needs, ...)                                                           \
    {                                                                                              \
        name, DIALECT_envelope, CMD_##type, NEEDS_##needs, true, {                                 \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const struct verb verbs[] = {
    HUB("join", room_join, NAME),
    HUB("message", message_send, NAME, CONTENT, CLIENT_ID),
    HUB("dm", direct_send, ALIAS(ID, "to", "to_user_id", user), CONTENT, CLIENT_ID),
    HUB("room_history", room_history, NAME, PAGE),
    HUB("dm_history", direct_history, ALIAS(ID, "with", "with_user", user), PAGE),
    HUB("leave", room_leave, NAME),
    HUB("typing", typing_set, NAME, ALIAS(SWITCH, "typing", "isTyping", is_on)),
    HUB("ping", ping, { 0 }),

    ENVELOPE("join_room", room_join, FIELDS, ROOM),
    ENVELOPE("leave_room", room_leave, FIELDS, ROOM),
    ENVELOPE("room_message", message_send, BODY, ROOM, BODY),
    ENVELOPE("direct_message", direct_send, BODY, ALIAS(ID, "to_user_id", "to", user), BODY),
    ENVELOPE("room_history", room_history, FIELDS, ROOM, PAGE),
    ENVELOPE("dm_history", direct_history, FIELDS, ALIAS(ID, "with_user", "with", user), PAGE),
    ENVELOPE("message_batch", COUNT, FIELDS, { 0 }),
    ENVELOPE("ping", ping, FIELDS, { 0 }),
    ENVELOPE("auth", session_open, FIELDS, FIELD(TOKEN, "token", detail)),
    ENVELOPE("resume", room_resume, FIELDS, ROOM, FIELD(NUMBER, "after_seq", after_seq)),
    ENVELOPE("typing_start", typing_set, PLACE, PLACE),
    { "typing_stop", DIALECT_envelope, CMD_typing_set, NEEDS_PLACE, false, { PLACE } },
    ENVELOPE("read", read_set, PLACE, PLACE, FIELD(NUMBER, "message_id", message)),
    ENVELOPE("edit_message", message_edit, FIELDS, FIELD(ID, "message_id", message), CONTENT,
             PLACE),
    ENVELOPE("delete_message", message_delete, FIELDS, FIELD(ID, "message_id", message), PLACE),
    ENVELOPE("unread", unread_list, FIELDS, { 0 }),
    ENVELOPE("search", message_search, FIELDS, FIELD(QUERY, "query", content), PLACE,
             FIELD(NUMBER, "before", before), FIELD(LIMIT, "limit", limit)),
};

const struct verb *verb_find(struct str name, enum dialect_id dialect) {
    const struct verb *found = NULL;
    for (const struct verb *verb = verbs; verb < verbs + COUNT(verbs); verb++) {
        bool is_it = str_eq_name(name, str_of(verb->name));
        if (is_it && verb->whose == dialect) {
            return verb;
        }
        found = is_it ? verb : found;
    }
    return found;
}

const char *frame_type(unsigned n, enum dialect_id *whose, enum cmd_type *becomes) {
    if (n >= COUNT(verbs)) {
        return NULL;
    }
    *whose = verbs[n].whose;
    *becomes = verbs[n].type;
    return verbs[n].name;
}
