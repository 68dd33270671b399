/* From a reader's answer to a frame: histories, searches, what is unread, the end of a resume.
 *
 * Histories are oldest first; what a search finds is newest first. A deleted message is left out,
 * and a list has its bound (frame/list.c). */
#include "dialect/envelope/envelope.h"

static bool is_mine(const struct answer *answer, const struct message *m) {
    return m->user.v == answer->ask.user.v;
}

/* Whom the one who asks talks with there. */
static user_id partner(const struct answer *answer, const struct message *m) {
    return is_mine(answer, m) ? m->other : m->user;
}

static void put_reactions(struct buf *out, const struct message *m) {
    BUF_PUT_LIT(out, ",\"reactions\":[");
    for (size_t i = 0; i < m->reaction_count; i++) {
        const struct reaction_count *r = &m->reactions[i];
        if (i > 0) {
            buf_put_char(out, ',');
        }
        BUF_PUT_LIT(out, "{\"content\":");
        json_put_text(out, r->content);
        BUF_PUT_LIT(out, ",\"count\":");
        buf_put_u64(out, r->count);
        BUF_PUT_LIT(out, ",\"mine\":");
        buf_put_str(out, r->is_mine ? STR_LIT("true}") : STR_LIT("false}"));
    }
    buf_put_char(out, ']');
}

static void put_extras(struct buf *out, const struct answer *answer, const struct message *m) {
    frame_put_extras(out, &(struct frame_extras){ .media_url = m->media_url,
                                                  .media_type = m->media_type,
                                                  .duration_ms = m->duration_ms,
                                                  .reply_to = m->reply_to,
                                                  .mentions = m->mentions });
    if (m->edited_ms != 0) {
        BUF_PUT_LIT(out, ",\"edited_at\":");
        envelope_put_time(out, m->edited_ms);
    }
    if (is_mine(answer, m) && !str_is_empty(m->client_id)) {
        BUF_PUT_LIT(out, ",\"client_id\":");
        json_put_text(out, m->client_id);
    }
    if (m->reaction_count > 0) {
        put_reactions(out, m);
    }
}

static void put_item(struct buf *out, const struct answer *answer, const struct message *m) {
    BUF_PUT_LIT(out, "{\"id\":");
    buf_put_u64(out, m->id.v);
    BUF_PUT_LIT(out, ",\"user_id\":");
    buf_put_u64(out, m->user.v);
    BUF_PUT_LIT(out, ",\"username\":");
    json_put_text(out, m->username);
    BUF_PUT_LIT(out, ",\"content\":");
    json_put_text(out, m->content);
    BUF_PUT_LIT(out, ",\"message_type\":\"");
    buf_put_str(out, str_of(message_type_name(m->type)));
    BUF_PUT_LIT(out, "\",\"created_at\":");
    envelope_put_time(out, m->at_ms);
    frame_put_place(out, m->seq, m->at_ms);
    if (answer->ask.kind == ASK_DIRECT_HISTORY) {
        BUF_PUT_LIT(out, ",\"to_user_id\":");
        buf_put_u64(out, m->other.v);
    } else if (answer->ask.kind == ASK_SEARCH) {
        buf_put_char(out, ',');
        envelope_put_place(out, m->room_name, m->room_kind, partner(answer, m));
    }
    put_extras(out, answer, m);
    buf_put_char(out, '}');
}

/* Appends `,"messages":[…]`; returns whether something was cut off. */
static bool put_items(struct buf *out, const struct answer *answer) {
    BUF_PUT_LIT(out, ",\"messages\":");
    return frame_put_list(out, answer, put_item);
}

static void put_flag(struct buf *out, bool is_on) {
    buf_put_str(out, is_on ? STR_LIT("true") : STR_LIT("false"));
}

static void put_end(struct buf *out, const struct answer *answer) {
    envelope_put_end(out, answer->ask.at_ms, (user_id){ 0 }, answer->ask.ref);
}

/* ---- the answers */

static bool put_history(struct buf *out, const struct answer *answer) {
    bool is_direct = answer->ask.kind == ASK_DIRECT_HISTORY;
    BUF_PUT_LIT(out, "{\"type\":\"message_history\",\"data\":{");
    envelope_put_place(out, answer->ask.room_name, is_direct ? ROOM_DM : ROOM_CHANNEL,
                       answer->ask.other);
    bool is_cut = put_items(out, answer);
    BUF_PUT_LIT(out, ",\"total\":");
    buf_put_u64(out, answer->total);
    BUF_PUT_LIT(out, ",\"has_more\":");
    put_flag(out, answer->has_more || is_cut);
    put_end(out, answer);
    return true;
}

static bool put_found(struct buf *out, const struct answer *answer) {
    BUF_PUT_LIT(out, "{\"type\":\"search_results\",\"data\":{\"query\":");
    json_put_text(out, answer->ask.content);
    bool is_cut = put_items(out, answer);
    BUF_PUT_LIT(out, ",\"has_more\":");
    put_flag(out, answer->has_more || is_cut);
    put_end(out, answer);
    return true;
}

static void put_unread_row(struct buf *out, const struct list_row *row) {
    buf_put_char(out, '{');
    envelope_put_place(out, row->name, row->room_kind, row->other);
    BUF_PUT_LIT(out, ",\"unread\":");
    buf_put_u64(out, row->messages);
    BUF_PUT_LIT(out, ",\"mentions\":");
    buf_put_u64(out, row->mentions);
    BUF_PUT_LIT(out, ",\"read_seq\":");
    buf_put_u64(out, row->read_seq);
    BUF_PUT_LIT(out, ",\"last_seq\":");
    buf_put_u64(out, row->last_seq);
    buf_put_char(out, '}');
}

static bool put_unread(struct buf *out, const struct answer *answer) {
    BUF_PUT_LIT(out, "{\"type\":\"unread\",\"data\":{\"rooms\":[");
    for (size_t i = 0; i < answer->row_count; i++) {
        if (i > 0) {
            buf_put_char(out, ',');
        }
        put_unread_row(out, &answer->rows[i]);
    }
    buf_put_char(out, ']');
    put_end(out, answer);
    return true;
}

/* What was missed has been told as it happened; this says that it is over. */
static bool put_resumed(struct buf *out, const struct answer *answer) {
    if (answer->has_more) {
        return false;
    }
    BUF_PUT_LIT(out, "{\"type\":\"resumed\",\"data\":{\"room\":");
    json_put_text(out, answer->ask.room_name);
    BUF_PUT_LIT(out, ",\"last_seq\":");
    buf_put_u64(out, answer->last_seq);
    BUF_PUT_LIT(out, ",\"recovered\":");
    put_flag(out, answer->is_recovered);
    BUF_PUT_LIT(out, ",\"epoch\":");
    buf_put_u64(out, answer->epoch);
    put_end(out, answer);
    return true;
}

bool envelope_encode_answer(const struct answer *answer, enum lang lang, struct buf *out) {
    if (answer->refusal != REFUSE_NONE) {
        envelope_put_error(out, &(struct envelope_error){ .refusal = answer->refusal,
                                                          .lang = lang,
                                                          .room = answer->ask.room_name,
                                                          .at_ms = answer->ask.at_ms,
                                                          .ref = answer->ask.ref });
        return true;
    }
    switch (answer->ask.kind) {
    case ASK_ROOM_HISTORY:
    case ASK_DIRECT_HISTORY: return put_history(out, answer);
    case ASK_RESUME: return put_resumed(out, answer);
    case ASK_SEARCH: return put_found(out, answer);
    case ASK_UNREAD: return put_unread(out, answer);
    case ASK_CHANGES:    // this dialect is told
    case ASK_LIST:       // the operator's
    case ASK_KIND_COUNT: return false;
    }
    return false;
}
