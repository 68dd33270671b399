/* Uploads: the facts about files. The bytes are media's; they are on the disk before the fact is
 * told, and go after it is taken back.
 *
 *      file written, synced ──upload_add──> fact kept ──> the address is given out
 *      no message shows it ──upload_remove──> fact gone ──> file deleted
 *
 * Whether the user's quota has room for it the store says, who knows the others. */
#include "core/state.h"
#include "core/text.h"
#include "core/turn.h"

enum refusal do_upload_add(struct turn *t) {
    const struct cmd *cmd = t->cmd;
    if (cmd->label.n == 0 || cmd->label.n > UPLOAD_NAME_BYTES_MAX || cmd->media_type.n == 0 ||
        cmd->bytes == 0 || cmd->bytes > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, "label, media_type and bytes of an upload");
    }
    struct reply *r = turn_reply_user(t, t->user);
    struct event *ev = turn_event(t, EV_upload_added);
    ev->user = t->user->id;
    ev->label = cmd->label;
    ev->media_type = cmd->media_type;
    ev->bytes = cmd->bytes;
    ev->quota_bytes = t->core->limits.upload_bytes_per_user;
    r->event = ev;
    return REFUSE_NONE;
}

enum refusal do_upload_remove(struct turn *t) {
    turn_reply(t);
    turn_event(t, EV_upload_removed)->label = t->cmd->label;
    return REFUSE_NONE;
}
