/* From events and replies to frames.
 *
 * Who hears what (docs/protocols/hub.md has it for readers):
 *
 *                     VIEW_OTHER     VIEW_AUTHOR       VIEW_ORIGIN
 *   room message      message        message           message, with client_id and ref
 *   direct message    dm             dm, with to       dm_ack if client_id or ref was given
 *   edit, deletion    the same frame for all three
 *   typing            typing         nothing           nothing
 *
 * The order of fields is the source's, what we add comes after it. A message is written for every
 * room it reaches, so there is nothing here but appending to a buffer. */
#include "base/clock.h"
#include "dialect/envelope/envelope.h"
#include "dialect/hub/hub.h"

/* Pieces of frames. */

void hub_put_end(struct buf *out, struct str ref) {
    if (!str_is_empty(ref)) {
        BUF_PUT_LIT(out, ",\"ref\":");
        buf_put_str(out, ref);
    }
    buf_put_char(out, '}');
}

static void put_timestamp(struct buf *out, uint64_t at_ms) {
    BUF_PUT_LIT(out, "\"timestamp\":\"");
    clock_put_rfc3339(out, at_ms);
    buf_put_char(out, '"');
}

void hub_put_said(struct buf *out, const struct hub_said *said) {
    BUF_PUT_LIT(out, "\"id\":");
    buf_put_u64(out, said->id.v);
    BUF_PUT_LIT(out, ",\"fromUser\":");
    buf_put_u64(out, said->user.v);
    BUF_PUT_LIT(out, ",\"username\":");
    json_put_text(out, said->username);
    BUF_PUT_LIT(out, ",\"content\":");
    json_put_text(out, said->content);
    buf_put_char(out, ',');
    put_timestamp(out, said->at_ms);
}

void hub_put_type(struct buf *out, enum message_type type) {
    if (type != MESSAGE_TEXT) {
        BUF_PUT_LIT(out, ",\"message_type\":");
        json_put_text(out, str_of(message_type_name(type)));
    }
}

static void put_client_id(struct buf *out, struct str client_id) {
    if (!str_is_empty(client_id)) {
        BUF_PUT_LIT(out, ",\"client_id\":");
        json_put_text(out, client_id);
    }
}

/* Errors. */

void hub_put_error(struct buf *out, const struct hub_error *e) {
    BUF_PUT_LIT(out, "{\"type\":\"error\",\"data\":{\"message\":");
    frame_put_sentence(out, str_of(refusal_text(e->refusal, e->lang)), &e->detail, e->lang);
    BUF_PUT_LIT(out, ",\"code\":");
    json_put_text(out, str_of(refusal_code(e->refusal)));
    if (e->retry_after_ms > 0) {
        BUF_PUT_LIT(out, ",\"retry_after_ms\":");
        buf_put_u64(out, e->retry_after_ms);
    }
    if (!str_is_empty(e->room)) {
        BUF_PUT_LIT(out, ",\"room\":");
        json_put_text(out, e->room);
    }
    buf_put_char(out, '}');
    hub_put_end(out, e->ref);
}

/* Messages. */

static void put_said(struct buf *out, const struct event *ev) {
    hub_put_said(out, &(struct hub_said){ .id = ev->message,
                                          .user = ev->user,
                                          .username = ev->username,
                                          .content = ev->content,
                                          .at_ms = ev->at_ms });
}

/* What the source has no fields for, where there is something of it. */
static void put_more(struct buf *out, const struct event *ev) {
    hub_put_type(out, ev->message_type);
    frame_put_extras(out, &(struct frame_extras){ .media_url = ev->media_url,
                                                  .media_type = ev->media_type,
                                                  .duration_ms = ev->duration_ms,
                                                  .reply_to = ev->reply_to,
                                                  .mentions = ev->mentions });
}

static void put_message(struct buf *out, const struct event *ev, enum view view) {
    bool is_mine = view == VIEW_ORIGIN;

    BUF_PUT_LIT(out, "{\"type\":\"message\",\"data\":{");
    put_said(out, ev);
    BUF_PUT_LIT(out, ",\"room\":");
    json_put_text(out, ev->room_name);
    frame_put_place(out, ev->seq, ev->at_ms);
    put_more(out, ev);
    put_client_id(out, is_mine ? ev->client_id : STR_NONE);
    buf_put_char(out, '}');
    hub_put_end(out, is_mine ? ev->ref : STR_NONE);
}

/* The sender's receipt, for one who gave an id to know it by. */
static bool put_dm_ack(struct buf *out, const struct event *ev) {
    if (str_is_empty(ev->ref) && str_is_empty(ev->client_id)) {
        return false;
    }
    BUF_PUT_LIT(out, "{\"type\":\"dm_ack\",\"data\":{\"id\":");
    buf_put_u64(out, ev->message.v);
    BUF_PUT_LIT(out, ",\"to\":");
    buf_put_u64(out, ev->other.v);
    buf_put_char(out, ',');
    put_timestamp(out, ev->at_ms);
    frame_put_place(out, ev->seq, ev->at_ms);
    put_client_id(out, ev->client_id);
    buf_put_char(out, '}');
    hub_put_end(out, ev->ref);
    return true;
}

static bool put_direct(struct buf *out, const struct event *ev, enum view view) {
    if (view == VIEW_ORIGIN) {
        return put_dm_ack(out, ev);
    }
    BUF_PUT_LIT(out, "{\"type\":\"dm\",\"data\":{");
    put_said(out, ev);
    frame_put_place(out, ev->seq, ev->at_ms);
    put_more(out, ev);
    if (view == VIEW_AUTHOR) {
        BUF_PUT_LIT(out, ",\"to\":");
        buf_put_u64(out, ev->other.v);
    }
    BUF_PUT_LIT(out, "}}");
    return true;
}

static bool put_posted(struct buf *out, const struct event *ev, enum view view) {
    if (ev->room_kind == ROOM_DM) {
        return put_direct(out, ev, view);
    }
    put_message(out, ev, view);
    return true;
}

/* An edit or a deletion: which message, where, by whom (a moderator, perhaps), when. */
static bool put_changed(struct buf *out, const struct event *ev, enum view view) {
    bool is_edit = ev->type == EV_message_edited;

    BUF_PUT_LIT(out, "{\"type\":");
    buf_put_str(out, is_edit ? STR_LIT("\"message_edited\"") : STR_LIT("\"message_deleted\""));
    BUF_PUT_LIT(out, ",\"data\":{\"id\":");
    buf_put_u64(out, ev->message.v);
    if (ev->room_kind == ROOM_DM) {
        BUF_PUT_LIT(out, ",\"fromUser\":");
        buf_put_u64(out, ev->user.v);
        BUF_PUT_LIT(out, ",\"to\":");
        buf_put_u64(out, ev->other.v);
        if (ev->actor.v != 0) {
            BUF_PUT_LIT(out, ",\"by\":");
            buf_put_u64(out, ev->actor.v);
        }
    } else {
        BUF_PUT_LIT(out, ",\"room\":");
        json_put_text(out, ev->room_name);
        BUF_PUT_LIT(out, ",\"by\":");
        buf_put_u64(out, ev->user.v);
    }
    if (is_edit) {
        BUF_PUT_LIT(out, ",\"content\":");
        json_put_text(out, ev->content);
    }
    buf_put_char(out, ',');
    put_timestamp(out, ev->at_ms);
    frame_put_place(out, ev->seq, ev->at_ms);
    BUF_PUT_LIT(out, ",\"position\":");
    buf_put_u64(out, ev->position);
    if (ev->message_type == MESSAGE_REACTION) {
        hub_put_type(out, ev->message_type);
        frame_put_extras(out, &(struct frame_extras){ .reply_to = ev->reply_to });
    }
    buf_put_char(out, '}');
    hub_put_end(out, view == VIEW_ORIGIN ? ev->ref : STR_NONE);
    return true;
}

/* The rest of the events. */

static bool put_typing(struct buf *out, const struct event *ev, enum view view) {
    if (view != VIEW_OTHER) {
        return false;
    }
    BUF_PUT_LIT(out, "{\"type\":\"typing\",\"data\":{");
    if (ev->room_kind != ROOM_DM) {
        BUF_PUT_LIT(out, "\"room\":");
        json_put_text(out, ev->room_name);
        buf_put_char(out, ',');
    }
    BUF_PUT_LIT(out, "\"fromUser\":");
    buf_put_u64(out, ev->user.v);
    BUF_PUT_LIT(out, ",\"username\":");
    json_put_text(out, ev->username);
    BUF_PUT_LIT(out, ",\"typing\":");
    buf_put_str(out, ev->is_on ? STR_LIT("true}}") : STR_LIT("false}}"));
    return true;
}

static bool put_room_removed(struct buf *out, const struct event *ev) {
    BUF_PUT_LIT(out, "{\"type\":\"room_removed\",\"data\":{\"room\":");
    json_put_text(out, ev->room_name);
    BUF_PUT_LIT(out, "}}");
    return true;
}

static bool put_session_ended(struct buf *out, const struct event *ev) {
    if (ev->refusal == REFUSE_NONE) {
        return false;
    }
    hub_put_error(out, &(struct hub_error){ .refusal = ev->refusal, .lang = dialect_hub.lang });
    return true;
}

bool hub_encode_event(const struct event *ev, enum view view, struct buf *out) {
    if (view == VIEW_NAMED) {
        return false;    // it sees the message itself
    }
    switch (ev->type) {
    case EV_message_posted: return put_posted(out, ev, view);
    case EV_message_edited:
    case EV_message_deleted: return put_changed(out, ev, view);
    case EV_typing_changed: return put_typing(out, ev, view);
    case EV_room_removed: return put_room_removed(out, ev);
    case EV_session_ended: return put_session_ended(out, ev);
    case EV_room_entered:    // the source has no word for who comes and goes
    case EV_room_left:
    case EV_read_changed:
    case EV_session_expiring: return false;
    case EV_user_created:    // nobody's business
    case EV_user_changed:
    case EV_user_erased:
    case EV_token_added:
    case EV_token_revoked:
    case EV_ban_set:
    case EV_ban_lifted:
    case EV_block_set:
    case EV_block_lifted:
    case EV_decision_noted:
    case EV_changes_confirmed:
    case EV_room_created:
    case EV_room_kept:
    case EV_member_added:
    case EV_member_removed:
    case EV_upload_begun:
    case EV_upload_added:
    case EV_upload_removed:
    case EV_follow_started:
    case EV_follow_ended:
    case EVENT_COUNT: return false;
    }
    return false;
}

/* Replies to commands that were done. */

static bool put_join_ack(struct buf *out, const struct reply *reply) {
    BUF_PUT_LIT(out, "{\"type\":\"join_ack\",\"data\":{\"room\":");
    json_put_text(out, reply->room_name);
    BUF_PUT_LIT(out, ",\"status\":\"ok\"}");
    hub_put_end(out, reply->ref);
    return true;
}

static bool put_leave_ack(struct buf *out, const struct reply *reply) {
    BUF_PUT_LIT(out, "{\"type\":\"leave_ack\",\"data\":{\"room\":");
    json_put_text(out, reply->room_name);
    BUF_PUT_LIT(out, ",\"status\":\"ok\"}");
    hub_put_end(out, reply->ref);
    return true;
}

static bool put_pong(struct buf *out, const struct reply *reply) {
    BUF_PUT_LIT(out, "{\"type\":\"pong\",\"data\":{\"ts\":");
    buf_put_u64(out, reply->at_ms);
    buf_put_char(out, '}');
    hub_put_end(out, reply->ref);
    return true;
}

/* A new message answers for itself, as an event; one that was stored before reaches nobody, so its
 * sender is told of the first one here. */
static bool put_repeat(struct buf *out, const struct reply *reply) {
    if (reply->event == NULL || !reply->event->is_repeat) {
        return false;
    }
    struct event first = *reply->event;
    first.ref = reply->ref;
    return put_posted(out, &first, VIEW_ORIGIN);
}

/* What the hub has no word for is done, too. */
static bool put_lent(struct buf *out, const struct reply *reply) {
    return envelope_encode_reply(reply, dialect_hub.lang, out);
}

bool hub_encode_reply(const struct reply *reply, enum lang lang, struct buf *out) {
    static bool (*const done[CMD_COUNT])(struct buf *, const struct reply *) = {
        [CMD_room_join] = put_join_ack,  [CMD_room_leave] = put_leave_ack,
        [CMD_ping] = put_pong,           [CMD_message_send] = put_repeat,
        [CMD_direct_send] = put_repeat,  [CMD_session_open] = put_lent,
        [CMD_reaction_set] = put_lent,   [CMD_message_edit] = put_lent,
        [CMD_message_delete] = put_lent,
        [CMD_read_set] = put_lent,    // others: events, answers, nothing
    };
    CHECK(reply->cmd < CMD_COUNT);
    if (reply->refusal != REFUSE_NONE) {
        hub_put_error(out, &(struct hub_error){ .refusal = reply->refusal,
                                                .lang = lang,
                                                .detail = reply->detail,
                                                .retry_after_ms = reply->retry_after_ms,
                                                .room = reply->room_name,
                                                .ref = reply->ref });
        return true;
    }
    return done[reply->cmd] != NULL && done[reply->cmd](out, reply);
}
