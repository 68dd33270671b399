/* From events to frames.
 *
 * Who hears what (docs/protocols/envelope.md has it for readers):
 *
 *                     VIEW_OTHER          VIEW_AUTHOR     VIEW_ORIGIN          VIEW_NAMED
 *   new message       room_message or direct_message for all three             mention
 *                                                         with client_id, id
 *   edit, deletion    message_updated, message_deleted for all three           -
 *   comes, goes       user_connected      the same        -                    -
 *   read              user_read           the same        -                    -
 *   typing            user_typing         -               -                    -
 *
 * The order of fields is the source's, what we add comes after it. A message is written for every
 * room it reaches, so there is nothing here but appending to a buffer. */
#include "base/clock.h"
#include "dialect/envelope/envelope.h"

/* ---- pieces of frames */

void envelope_put_time(struct buf *out, uint64_t at_ms) {
    buf_put_char(out, '"');
    clock_put_rfc3339(out, at_ms);
    buf_put_char(out, '"');
}

void envelope_put_end(struct buf *out, uint64_t at_ms, user_id user, struct str ref) {
    BUF_PUT_LIT(out, "},\"timestamp\":\"");
    clock_put_rfc3339(out, at_ms);
    buf_put_char(out, '"');
    if (user.v != 0) {
        BUF_PUT_LIT(out, ",\"user_id\":");
        buf_put_u64(out, user.v);
    }
    if (!str_is_empty(ref)) {
        BUF_PUT_LIT(out, ",\"id\":");
        buf_put_str(out, ref);
    }
    buf_put_char(out, '}');
}

void envelope_put_place(struct buf *out, struct str room, enum room_kind kind, user_id with) {
    if (kind == ROOM_DM) {
        BUF_PUT_LIT(out, "\"with_user\":");
        buf_put_u64(out, with.v);
    } else {
        BUF_PUT_LIT(out, "\"room\":");
        json_put_text(out, room);
    }
}

/* The place as who looks calls it: of two people, the other one. */
static void put_place(struct buf *out, const struct event *ev, enum view view) {
    user_id with = view == VIEW_OTHER ? ev->user : ev->other;
    envelope_put_place(out, ev->room_name, ev->room_kind, with);
}

static void put_doer(struct buf *out, const struct event *ev) {
    BUF_PUT_LIT(out, ",\"user_id\":");
    buf_put_u64(out, ev->actor.v != 0 ? ev->actor.v : ev->user.v);
}

static void put_user(struct buf *out, const struct event *ev) {
    put_doer(out, ev);
    BUF_PUT_LIT(out, ",\"username\":");
    json_put_text(out, ev->username);
}

/* ---- messages */

static void put_room_head(struct buf *out, const struct event *ev) {
    BUF_PUT_LIT(out, "{\"type\":\"room_message\",\"data\":{\"id\":");
    buf_put_u64(out, ev->message.v);
    BUF_PUT_LIT(out, ",\"room\":");
    json_put_text(out, ev->room_name);
    put_user(out, ev);
}

static void put_direct_head(struct buf *out, const struct event *ev) {
    BUF_PUT_LIT(out, "{\"type\":\"direct_message\",\"data\":{\"id\":");
    buf_put_u64(out, ev->message.v);
    BUF_PUT_LIT(out, ",\"from_user_id\":");
    buf_put_u64(out, ev->user.v);
    BUF_PUT_LIT(out, ",\"from_username\":");
    json_put_text(out, ev->username);
    BUF_PUT_LIT(out, ",\"to_user_id\":");
    buf_put_u64(out, ev->other.v);
}

void envelope_put_posted(struct buf *out, const struct event *ev, bool is_mine) {
    if (ev->room_kind == ROOM_DM) {
        put_direct_head(out, ev);
    } else {
        put_room_head(out, ev);
    }
    BUF_PUT_LIT(out, ",\"content\":");
    json_put_text(out, ev->content);
    BUF_PUT_LIT(out, ",\"message_type\":\"");
    buf_put_str(out, str_of(message_type_name(ev->message_type)));
    BUF_PUT_LIT(out, "\",\"created_at\":");
    envelope_put_time(out, ev->at_ms);
    frame_put_place(out, ev->seq, ev->at_ms);
    frame_put_extras(out, &(struct frame_extras){ .media_url = ev->media_url,
                                                  .media_type = ev->media_type,
                                                  .duration_ms = ev->duration_ms,
                                                  .reply_to = ev->reply_to,
                                                  .mentions = ev->mentions });
    if (is_mine && !str_is_empty(ev->client_id)) {
        BUF_PUT_LIT(out, ",\"client_id\":");
        json_put_text(out, ev->client_id);
    }
    envelope_put_end(out, ev->at_ms, ev->user, is_mine ? ev->ref : STR_NONE);
}

/* Who is called by name: which message, and enough of it for a line on a screen. */
static void put_mention(struct buf *out, const struct event *ev) {
    BUF_PUT_LIT(out, "{\"type\":\"mention\",\"data\":{");
    put_place(out, ev, VIEW_OTHER);
    BUF_PUT_LIT(out, ",\"message_id\":");
    buf_put_u64(out, ev->message.v);
    BUF_PUT_LIT(out, ",\"seq\":");
    buf_put_u64(out, ev->seq);
    put_user(out, ev);
    BUF_PUT_LIT(out, ",\"content\":");
    json_put_text(out, ev->content);
    envelope_put_end(out, ev->at_ms, ev->user, STR_NONE);
}

static void put_log_place(struct buf *out, const struct event *ev) {
    frame_put_place(out, ev->seq, ev->at_ms);
    BUF_PUT_LIT(out, ",\"position\":");
    buf_put_u64(out, ev->position);
}

static void put_updated(struct buf *out, const struct event *ev, enum view view) {
    BUF_PUT_LIT(out, "{\"type\":\"message_updated\",\"data\":{\"id\":");
    buf_put_u64(out, ev->message.v);
    buf_put_char(out, ',');
    put_place(out, ev, view);
    put_doer(out, ev);
    BUF_PUT_LIT(out, ",\"content\":");
    json_put_text(out, ev->content);
    BUF_PUT_LIT(out, ",\"edited_at\":");
    envelope_put_time(out, ev->at_ms);
    put_log_place(out, ev);
    frame_put_extras(out, &(struct frame_extras){ .mentions = ev->mentions });
    envelope_put_end(out, ev->at_ms, ev->user, STR_NONE);
}

/* A reaction that was taken back is named with what it stood under. */
static void put_deleted(struct buf *out, const struct event *ev, enum view view) {
    BUF_PUT_LIT(out, "{\"type\":\"message_deleted\",\"data\":{\"id\":");
    buf_put_u64(out, ev->message.v);
    buf_put_char(out, ',');
    put_place(out, ev, view);
    put_doer(out, ev);
    put_log_place(out, ev);
    if (ev->message_type == MESSAGE_REACTION) {
        BUF_PUT_LIT(out, ",\"message_type\":\"reaction\",\"content\":");
        json_put_text(out, ev->content);
        frame_put_extras(out, &(struct frame_extras){ .reply_to = ev->reply_to });
    }
    envelope_put_end(out, ev->at_ms, ev->user, STR_NONE);
}

/* ---- people */

static void put_presence(struct buf *out, const struct event *ev) {
    bool has_come = ev->type == EV_room_entered;
    buf_put_str(out, has_come ? STR_LIT("{\"type\":\"user_connected\",\"data\":{\"user_id\":")
                              : STR_LIT("{\"type\":\"user_disconnected\",\"data\":{\"user_id\":"));
    buf_put_u64(out, ev->user.v);
    BUF_PUT_LIT(out, ",\"username\":");
    json_put_text(out, ev->username);
    BUF_PUT_LIT(out, ",\"room\":");
    json_put_text(out, ev->room_name);
    envelope_put_end(out, ev->at_ms, ev->user, STR_NONE);
}

static void put_typing(struct buf *out, const struct event *ev) {
    BUF_PUT_LIT(out, "{\"type\":\"user_typing\",\"data\":{");
    put_place(out, ev, VIEW_OTHER);
    put_user(out, ev);
    BUF_PUT_LIT(out, ",\"typing\":");
    buf_put_str(out, ev->is_on ? STR_LIT("true") : STR_LIT("false"));
    envelope_put_end(out, ev->at_ms, ev->user, STR_NONE);
}

static void put_read(struct buf *out, const struct event *ev, enum view view) {
    BUF_PUT_LIT(out, "{\"type\":\"user_read\",\"data\":{");
    put_place(out, ev, view);
    put_user(out, ev);
    if (ev->message.v != 0) {
        BUF_PUT_LIT(out, ",\"message_id\":");
        buf_put_u64(out, ev->message.v);
    }
    BUF_PUT_LIT(out, ",\"seq\":");
    buf_put_u64(out, ev->seq);
    envelope_put_end(out, ev->at_ms, ev->user, STR_NONE);
}

/* ---- the connection itself */

static void put_room_removed(struct buf *out, const struct event *ev) {
    BUF_PUT_LIT(out, "{\"type\":\"room_removed\",\"data\":{\"room\":");
    json_put_text(out, ev->room_name);
    envelope_put_end(out, ev->at_ms, (user_id){ 0 }, STR_NONE);
}

static void put_expiring(struct buf *out, const struct event *ev) {
    BUF_PUT_LIT(out, "{\"type\":\"token_expiring\",\"data\":{\"expires_at\":");
    envelope_put_time(out, ev->until_ms);
    envelope_put_end(out, ev->at_ms, (user_id){ 0 }, STR_NONE);
}

static bool put_session_ended(struct buf *out, const struct event *ev) {
    if (ev->refusal == REFUSE_NONE) {
        return false;
    }
    envelope_put_error(out, &(struct envelope_error){ .refusal = ev->refusal,
                                                      .lang = dialect_envelope.lang,
                                                      .at_ms = ev->at_ms });
    return true;
}

/* ---- which event, for whom */

static bool put_always(struct buf *out, const struct event *ev,
                       void (*put)(struct buf *, const struct event *)) {
    put(out, ev);
    return true;
}

static bool put_seen(struct buf *out, const struct event *ev, enum view view,
                     void (*put)(struct buf *, const struct event *, enum view)) {
    put(out, ev, view);
    return true;
}

bool envelope_encode_event(const struct event *ev, enum view view, struct buf *out) {
    if (view == VIEW_NAMED) {
        return ev->type == EV_message_posted && put_always(out, ev, put_mention);
    }
    switch (ev->type) {
    case EV_message_posted: envelope_put_posted(out, ev, view == VIEW_ORIGIN); return true;
    case EV_message_edited: return put_seen(out, ev, view, put_updated);
    case EV_message_deleted: return put_seen(out, ev, view, put_deleted);
    case EV_room_entered:    // who comes has the acknowledgement
    case EV_room_left: return view != VIEW_ORIGIN && put_always(out, ev, put_presence);
    case EV_typing_changed: return view == VIEW_OTHER && put_always(out, ev, put_typing);
    case EV_read_changed: return view != VIEW_ORIGIN && put_seen(out, ev, view, put_read);
    case EV_room_removed: return put_always(out, ev, put_room_removed);
    case EV_session_expiring: return put_always(out, ev, put_expiring);
    case EV_session_ended: return put_session_ended(out, ev);
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
