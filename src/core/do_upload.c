/* Uploads: the facts about files. The bytes are media's; they are on the disk before the fact is
 * told, and go after it is taken back.
 *
 *      somebody has a file ──upload_begin──> not too often, room for it ──> its bytes are read
 *      file written, synced ──upload_add──> fact kept ──> the address is given out
 *      no message shows it ──upload_remove──> fact gone ──> file deleted
 *
 * Whether the user's quota has room for it the store says, who knows the others: once so that
 * nothing is read in vain, and again when the file is there, because others may have come between.
 * Only the second is the truth. */
#include "core/state.h"
#include "core/text.h"
#include "core/turn.h"

enum refusal do_upload_begin(struct turn *t) {
    if (t->cmd->bytes > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(upload));
    }
    struct reply *r = turn_reply_user(t, t->user);
    r->event = turn_event(t, EV_upload_begun);
    r->event->user = t->user->id;
    r->event->bytes = t->cmd->bytes;
    r->event->quota_bytes = t->core->limits.upload_bytes_per_user;
    return REFUSE_NONE;
}

enum refusal do_upload_add(struct turn *t) {
    const struct cmd *cmd = t->cmd;
    if (cmd->label.n == 0 || cmd->label.n > UPLOAD_NAME_BYTES_MAX || cmd->media_type.n == 0 ||
        cmd->bytes == 0 || cmd->bytes > ID_MAX) {
        return turn_refuse(t, REFUSE_malformed, DETAIL_OF(upload));
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
