/* Which commands there are, what each becomes, and the parameters it is made of. */
#include "dialect/tchatator/walk.h"

#define MUST(key, kind, member)                                                                    \
    { key, NULL, KIND_##kind, true, offsetof(struct cmd, member) }
#define MAY(key, kind, member)                                                                     \
    { key, NULL, KIND_##kind, false, offsetof(struct cmd, member) }
#define MUST_OR(key, alias, kind, member)                                                          \
    { key, alias, KIND_##kind, true, offsetof(struct cmd, member) }

/* What stands in no member of the command (a token, an option of LOGIN) names any. */
#define TOKEN                                                                                      \
    { "token", NULL, KIND_TOKEN, true, 0 }

static const struct verb verbs[TCHATATOR_VERB_COUNT] = {
    [TCHATATOR_UNKNOWN] = { "?", CMD_malformed, { { 0 } } },
    [TCHATATOR_LOGIN] = { "LOGIN",
                          CMD_session_open,
                          { MUST("api-token", API_TOKEN, detail),
                            { "framing", NULL, KIND_FRAMING, false, 0 },
                            { "rooms", NULL, KIND_ROOMS, false, 0 } } },
    [TCHATATOR_DISCONNECTED] = { "DISCONNECTED", CMD_session_close, { { 0 } } },
    [TCHATATOR_SEND_MSG] = { "SEND_MSG",
                             CMD_direct_send,
                             { TOKEN,
                               MUST_OR("recipient-id", "receiver-id", ID, user),
                               { "message-length", NULL, KIND_LENGTH, false, 0 },
                               MAY("client-id", CLIENT_ID, client_id),
                               MUST("content", CONTENT, content) } },
    [TCHATATOR_UPDT_MSG] = { "UPDT_MSG",
                             CMD_message_edit,
                             { TOKEN,
                               MUST("message-id", ID, message),
                               { "message-length", NULL, KIND_LENGTH, false, 0 },
                               MUST("content", CONTENT, content) } },
    [TCHATATOR_DEL_MSG] = { "DEL_MSG",
                            CMD_message_delete,
                            { TOKEN, MUST("message-id", ID, message) } },
    [TCHATATOR_NEW_CHG_AVAILABLE] = { "NEW_CHG_AVAILABLE", CMD_changes_next, { TOKEN } },
    [TCHATATOR_BLOCK_USER] = { "BLOCK_USER",
                               CMD_block_add,
                               { TOKEN, MUST("user-id", ID, user), MAY("for-user-id", WHOM, other),
                                 MAY("duration", HOURS, duration_ms) } },
    [TCHATATOR_UNBLOCK_USER] = { "UNBLOCK_USER",
                                 CMD_block_remove,
                                 { TOKEN, MUST("user-id", ID, user),
                                   MAY("for-user-id", WHOM, other) } },
    [TCHATATOR_BAN_USER] = { "BAN_USER", CMD_ban_add, { TOKEN, MUST("user-id", ID, user) } },
    [TCHATATOR_UNBAN_USER] = { "UNBAN_USER", CMD_ban_remove, { TOKEN, MUST("user-id", ID, user) } },
    [TCHATATOR_USER_INFO] = { "USER_INFO", CMD_user_info, { TOKEN, MUST("user-id", ID, user) } },
    [TCHATATOR_CLIENT_INFO] = { "CLIENT_INFO",
                                CMD_typing_set,
                                { TOKEN, MUST("is-writing", FLAG, is_on),
                                  MUST("in-conversation", PARTNER, user) } },
};

const struct verb *verb_row(enum tchatator_verb verb) {
    CHECK(verb < TCHATATOR_VERB_COUNT);
    return &verbs[verb];
}

enum tchatator_verb tchatator_verb_find(struct str name) {
    enum tchatator_verb verb = TCHATATOR_UNKNOWN + 1;
    while (verb < TCHATATOR_VERB_COUNT && !str_eq_name(str_trim(name), str_of(verbs[verb].name))) {
        verb++;
    }
    return verb < TCHATATOR_VERB_COUNT ? verb : TCHATATOR_UNKNOWN;
}

const struct verb *verb_of(enum cmd_type type) {
    for (enum tchatator_verb verb = TCHATATOR_UNKNOWN + 1; verb < TCHATATOR_VERB_COUNT; verb++) {
        if (verbs[verb].type == type) {
            return &verbs[verb];
        }
    }
    return NULL;
}

const char *tchatator_verb_name(enum tchatator_verb verb) {
    return verb_row(verb)->name;
}
