/* From replies to frames, and a batch's answers into one.
 *
 * What is told to a room answers itself: its sender sees it as an event, with the id of the
 * request. A reply is written for what reaches nobody (a message that was stored before, a part of
 * a batch), and for a request with an id that has no other answer (`ack`). */
#include "dialect/envelope/envelope.h"

#define NOBODY ((user_id){ 0 })

static void put_end(struct buf *out, const struct reply *reply) {
    envelope_put_end(out, reply->at_ms, NOBODY, reply->ref);
}

static bool put_join_ack(struct buf *out, const struct reply *reply) {
    BUF_PUT_LIT(out, "{\"type\":\"join_room_ack\",\"data\":{\"room\":");
    json_put_text(out, reply->room_name);
    BUF_PUT_LIT(out, ",\"success\":true,\"message\":\"Joined room successfully\"");
    put_end(out, reply);
    return true;
}

static bool put_leave_ack(struct buf *out, const struct reply *reply) {
    BUF_PUT_LIT(out, "{\"type\":\"leave_room_ack\",\"data\":{\"room\":");
    json_put_text(out, reply->room_name);
    BUF_PUT_LIT(out, ",\"success\":true,\"message\":\"Left room successfully\"");
    put_end(out, reply);
    return true;
}

static bool put_pong(struct buf *out, const struct reply *reply) {
    BUF_PUT_LIT(out, "{\"type\":\"pong\",\"data\":{\"timestamp\":");
    envelope_put_time(out, reply->at_ms);
    put_end(out, reply);
    return true;
}

static bool put_auth_ack(struct buf *out, const struct reply *reply) {
    BUF_PUT_LIT(out, "{\"type\":\"auth_ack\",\"data\":{\"user_id\":");
    buf_put_u64(out, reply->user.v);
    BUF_PUT_LIT(out, ",\"username\":");
    json_put_text(out, reply->username);
    if (reply->until_ms != 0) {
        BUF_PUT_LIT(out, ",\"expires_at\":");
        envelope_put_time(out, reply->until_ms);
    }
    put_end(out, reply);
    return true;
}

/* Done, says this, to one who can tell by the id or the place in a batch what is meant. */
static bool put_ack(struct buf *out, const struct reply *reply) {
    if (str_is_empty(reply->ref) && reply->part == 0) {
        return false;
    }
    BUF_PUT_LIT(out, "{\"type\":\"ack\",\"data\":{\"success\":true");
    if (reply->message != 0) {
        BUF_PUT_LIT(out, ",\"message_id\":");
        buf_put_u64(out, reply->message);
    }
    put_end(out, reply);
    return true;
}

static void put_message_ack(struct buf *out, const struct reply *reply) {
    const struct event *ev = reply->event;
    BUF_PUT_LIT(out, "{\"type\":\"message_ack\",\"data\":{\"id\":");
    buf_put_u64(out, ev->message.v);
    if (ev->room_kind == ROOM_DM) {
        BUF_PUT_LIT(out, ",\"to_user_id\":");
        buf_put_u64(out, ev->other.v);
    } else {
        BUF_PUT_LIT(out, ",\"room\":");
        json_put_text(out, ev->room_name);
    }
    BUF_PUT_LIT(out, ",\"created_at\":");
    envelope_put_time(out, ev->at_ms);
    frame_put_place(out, ev->seq, ev->at_ms);
    if (!str_is_empty(ev->client_id)) {
        BUF_PUT_LIT(out, ",\"client_id\":");
        json_put_text(out, ev->client_id);
    }
    put_end(out, reply);
}

/* A new message answers for itself, as an event; one that was stored before reaches nobody, so its
 * sender is told of the first one here. A reaction may have been taken back by this, or have been
 * there already. */
static bool put_posted(struct buf *out, const struct reply *reply) {
    const struct event *ev = reply->event;
    if (ev == NULL || ev->is_void || ev->type != EV_message_posted) {
        return put_ack(out, reply);
    }
    if (reply->part != 0) {
        put_message_ack(out, reply);
        return true;
    }
    if (!ev->is_repeat) {
        return false;
    }
    struct event first = *ev;
    first.ref = reply->ref;
    envelope_put_posted(out, &first, true);
    return true;
}

/* The message of which there is none: the one named, the one that was sent with the same client_id
 * before, or the one a new message answers. */
static uint64_t missing_message(const struct reply *reply) {
    const struct event *ev = reply->event;
    if (reply->message != 0 || ev == NULL) {
        return reply->message;
    }
    return ev->message.v != 0 ? ev->message.v : ev->reply_to.v;
}

static void put_refused(struct buf *out, const struct reply *reply, enum lang lang) {
    envelope_put_error(out, &(struct envelope_error){ .refusal = reply->refusal,
                                                      .lang = lang,
                                                      .detail = reply->detail,
                                                      .retry_after_ms = reply->retry_after_ms,
                                                      .room = reply->room_name,
                                                      .user = reply->user.v,
                                                      .message = missing_message(reply),
                                                      .at_ms = reply->at_ms,
                                                      .ref = reply->ref });
}

/* Who waits for the answer to a join finds it; who looks at errors finds one. */
static void put_join_refused(struct buf *out, const struct reply *reply, enum lang lang) {
    BUF_PUT_LIT(out, "{\"type\":\"join_room_ack\",\"data\":{\"room\":");
    json_put_text(out, reply->room_name);
    BUF_PUT_LIT(out, ",\"success\":false,\"message\":");
    envelope_put_sentence(out, reply->refusal, &reply->detail, lang);
    put_end(out, reply);
    buf_put_char(out, '\n');
}

bool envelope_encode_reply(const struct reply *reply, enum lang lang, struct buf *out) {
    static bool (*const done[CMD_COUNT])(struct buf *, const struct reply *) = {
        [CMD_room_join] = put_join_ack,  [CMD_room_leave] = put_leave_ack,
        [CMD_ping] = put_pong,           [CMD_session_open] = put_auth_ack,
        [CMD_message_send] = put_posted, [CMD_direct_send] = put_posted,
        [CMD_reaction_set] = put_posted, [CMD_message_edit] = put_ack,
        [CMD_message_delete] = put_ack,  [CMD_read_set] = put_ack,
        [CMD_typing_set] = put_ack,    // others: answers, nothing
    };
    CHECK(reply->cmd < CMD_COUNT);
    if (reply->refusal == REFUSE_NONE) {
        return done[reply->cmd] != NULL && done[reply->cmd](out, reply);
    }
    if (reply->cmd == CMD_room_join) {
        put_join_refused(out, reply, lang);
    }
    put_refused(out, reply, lang);
    return true;
}

void envelope_encode_parts(struct str parts, struct str ref, uint64_t at_ms, bool is_last,
                           struct buf *out) {
    BUF_PUT_LIT(out, "{\"type\":\"message_batch\",\"data\":{\"messages\":[");
    buf_put_str(out, parts);
    buf_put_char(out, ']');
    if (!is_last) {
        BUF_PUT_LIT(out, ",\"has_more\":true");
    }
    envelope_put_end(out, at_ms, NOBODY, ref);
}
