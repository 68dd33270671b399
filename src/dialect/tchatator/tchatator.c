/* The tchatator's row. The server speaks when it is spoken to: every event is silent. */
#include "dialect/tchatator/tchatator.h"

#include "dialect/frame/frame.h"

/* The detail outlives the call where the scratch does. */
static unsigned decode(struct decode_scratch *scratch, struct str message, struct cmd *out) {
    struct tchatator_command command;
    tchatator_read(message, &command);
    *out = command.cmd;
    bool is_known = command.verb != TCHATATOR_UNKNOWN;
    scratch->type = is_known ? tchatator_verb_name(command.verb) : NULL;
    buf_reset(&scratch->text);
    if (out->type == CMD_malformed) {
        buf_put_str(&scratch->text, command.cmd.detail);
        out->detail = buf_str(&scratch->text);
    }
    return 0;
}

bool tchatator_encode_event(const struct event *ev, enum view view, struct buf *out) {
    (void)view;
    (void)out;
    switch (ev->type) {
    case EV_message_posted:    // waits to be asked for, NEW_CHG_AVAILABLE
    case EV_message_edited:
    case EV_message_deleted:
    case EV_session_ended:    // the connection ends
    case EV_session_expiring:
    case EV_typing_changed:    // USER_INFO tells
    case EV_room_entered:
    case EV_room_left:
    case EV_room_removed:
    case EV_read_changed:
    case EV_user_created:    // nobody's business
    case EV_user_changed:
    case EV_user_erased:
    case EV_token_added:
    case EV_token_revoked:
    case EV_ban_set:
    case EV_ban_lifted:
    case EV_block_set:
    case EV_block_lifted:
    case EV_changes_confirmed:
    case EV_decision_noted:
    case EV_room_created:
    case EV_room_kept:
    case EV_member_added:
    case EV_member_removed:
    case EV_upload_begun:
    case EV_upload_added:
    case EV_upload_removed:
    case EV_follow_started:
    case EV_follow_ended:
    case EVENT_COUNT: break;
    }
    return false;
}

const struct dialect dialect_tchatator = {
    .name = "tchatator",
    .id = DIALECT_tchatator,
    .lang = LANG_FR,
    .decode = decode,
    .encode_event = tchatator_encode_event,
    .encode_reply = tchatator_encode_reply,
    .encode_answer = tchatator_encode_answer,
    .close_code = frame_close_code,    // nothing of it is ever seen
    .is_deaf_to = { [EV_room_removed] = true,
                    [EV_message_posted] = true,
                    [EV_message_edited] = true,
                    [EV_message_deleted] = true,
                    [EV_read_changed] = true,
                    [EV_room_entered] = true,
                    [EV_room_left] = true,
                    [EV_typing_changed] = true },
};
