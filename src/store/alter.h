/* Who may alter a message: the part of the rule that needs the message, which the core has not. One
 * place for all drivers.
 *
 *      the message is not in the room that the command named     unknown
 *      its author                                                may
 *      a moderator (the core said so), in a public channel,
 *        in a dm, or in a room he named and may see              may
 *      anybody else, where he may know of it                      forbidden
 *      anybody else                                               unknown
 *
 * A moderator takes back what two people wrote to each other only by the message's id, which one of
 * them has told him: no command shows it to him (protocol of tchatator, DEL_MSG).
 *
 * A reaction is put there and taken away; nobody edits one, who might alter it otherwise. Nor does
 * anybody edit what he wrote to somebody from whom he is blocked. */
#ifndef PARLOIR_STORE_ALTER_H
#define PARLOIR_STORE_ALTER_H

#include "core/event.h"

/* What is there: a message that was neither deleted nor lies in a removed room. */
struct alter_target {
    user_id author;
    room_id room;
    enum room_kind room_kind;
    bool is_private;
    enum message_type type;
    bool is_blocked;    // the author, from the other of a dm; only if alter_minds_blocks
};

/* Whether it must be known if the two of a dm are blocked. If the command named the room the core
 * has looked already; and what an import says was said before anybody was blocked. */
static inline bool alter_minds_blocks(const struct event *ev, enum room_kind kind) {
    return ev->type == EV_message_edited && kind == ROOM_DM && ev->room.v == 0;
}

/* Whether this user may alter it at all. */
static inline enum refusal alter_may(const struct event *ev, const struct alter_target *of) {
    bool is_named = ev->room.v != 0;
    if (is_named && ev->room.v != of->room.v) {
        return REFUSE_message_unknown;
    }
    if (ev->user.v == of->author.v) {
        return REFUSE_NONE;
    }
    bool is_dm = of->room_kind == ROOM_DM;
    if (!is_named && (is_dm ? !ev->is_moderator : of->is_private)) {
        return REFUSE_message_unknown;
    }
    return ev->is_moderator ? REFUSE_NONE : REFUSE_forbidden;
}

/* REFUSE_NONE: the event may take effect. `ev` is as the core made it, room 0 if none was named;
 * what an earlier try of the same batch has filled in changes nothing. */
static inline enum refusal alter_check(const struct event *ev, const struct alter_target *of) {
    enum refusal no = alter_may(ev, of);
    bool is_edit = ev->type == EV_message_edited;
    if (no == REFUSE_NONE && of->is_blocked) {
        return REFUSE_blocked;
    }
    return no == REFUSE_NONE && is_edit && of->type == MESSAGE_REACTION ? REFUSE_forbidden : no;
}

#endif
