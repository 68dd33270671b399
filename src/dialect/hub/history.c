/* From a reader's answer to a history frame.
 *
 * Oldest message first. A deleted one is left out: the source's clients know no word for it and
 * would show an empty line. A room's history is written twice, as `data` and as `messages`, because
 * clients of either kind exist; the bytes are made once and copied. Either list has its bound
 * (frame/list.c). */
#include "dialect/hub/hub.h"

#include "dialect/envelope/envelope.h"

static void put_item(struct buf *out, const struct answer *answer, const struct message *m) {
    buf_put_char(out, '{');
    hub_put_said(out, &(struct hub_said){ .id = m->id,
                                          .user = m->user,
                                          .username = m->username,
                                          .content = m->content,
                                          .at_ms = m->at_ms });
    if (answer->ask.kind == ASK_DIRECT_HISTORY) {
        BUF_PUT_LIT(out, ",\"toUser\":");
        buf_put_u64(out, m->other.v);
    } else {
        BUF_PUT_LIT(out, ",\"room\":");
        json_put_text(out, answer->ask.room_name);
    }
    frame_put_place(out, m->seq, m->at_ms);
    hub_put_type(out, m->type);
    frame_put_extras(out, &(struct frame_extras){ .media_url = m->media_url,
                                                  .media_type = m->media_type,
                                                  .duration_ms = m->duration_ms,
                                                  .reply_to = m->reply_to,
                                                  .mentions = m->mentions });
    if (m->edited_ms != 0) {
        BUF_PUT_LIT(out, ",\"edited_ts\":");
        buf_put_u64(out, m->edited_ms);
    }
    buf_put_char(out, '}');
}

static void put_rest(struct buf *out, const struct answer *answer, bool is_cut) {
    bool has_more = answer->has_more || is_cut;
    BUF_PUT_LIT(out, ",\"has_more\":");
    buf_put_str(out, has_more ? STR_LIT("true") : STR_LIT("false"));
    hub_put_end(out, answer->ask.ref);
}

/* Appends bytes [start, end) of the buffer once more. */
static void put_again(struct buf *out, size_t start, size_t end) {
    size_t n = end - start;
    char *to = buf_ok(out) ? buf_room(out, n) : NULL;
    if (to != NULL) {
        memcpy(to, out->p + start, n);    // where the buffer is now
        buf_added(out, n);
    }
}

static bool put_room_history(struct buf *out, const struct answer *answer) {
    BUF_PUT_LIT(out, "{\"type\":\"room_history\",\"room\":");
    json_put_text(out, answer->ask.room_name);
    BUF_PUT_LIT(out, ",\"data\":");
    size_t start = out->n;
    bool is_cut = frame_put_list(out, answer, put_item);
    size_t end = out->n;
    BUF_PUT_LIT(out, ",\"messages\":");
    put_again(out, start, end);
    put_rest(out, answer, is_cut);
    return true;
}

static bool put_direct_history(struct buf *out, const struct answer *answer) {
    BUF_PUT_LIT(out, "{\"type\":\"dm_history\",\"with\":");
    buf_put_u64(out, answer->ask.other.v);
    BUF_PUT_LIT(out, ",\"data\":");
    bool is_cut = frame_put_list(out, answer, put_item);
    put_rest(out, answer, is_cut);
    return true;
}

bool hub_encode_answer(const struct answer *answer, enum lang lang, struct buf *out) {
    if (answer->refusal != REFUSE_NONE) {
        hub_put_error(out, &(struct hub_error){ .refusal = answer->refusal,
                                                .lang = lang,
                                                .room = answer->ask.room_name,
                                                .ref = answer->ask.ref });
        return true;
    }
    switch (answer->ask.kind) {
    case ASK_ROOM_HISTORY: return put_room_history(out, answer);
    case ASK_DIRECT_HISTORY: return put_direct_history(out, answer);
    case ASK_RESUME:
    case ASK_SEARCH:
    case ASK_UNREAD: return envelope_encode_answer(answer, lang, out);
    case ASK_CHANGES:    // this dialect is told
    case ASK_LIST:       // the operator's
    case ASK_KIND_COUNT: return false;
    }
    return false;
}
