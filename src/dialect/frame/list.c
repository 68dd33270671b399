/* Lists of messages, within their bound.
 *
 * Two hundred of the longest messages would be megabytes, more than may wait for one connection. So
 * a list has a bound, and what is over it is cut off at the end where a client that goes on finds
 * it again: the old one, or the new one of a page that was asked for with `after`. */
#include "dialect/frame/frame.h"

#define JSON_GROWTH 6        // a control character becomes six
#define ITEM_BYTES 512       // more than a message has beside its texts
#define REACTION_BYTES 64    // more than a row of reactions has beside its emoji

/* Messages [from, to) of an answer. */
struct range {
    size_t from;
    size_t to;
};

static size_t most_bytes(const struct message *m) {
    size_t text_bytes = m->content.n + m->username.n + m->room_name.n + m->media_url.n +
                        m->media_type.n + m->client_id.n;
    size_t bytes = ITEM_BYTES + JSON_GROWTH * text_bytes + m->mentions.n;
    for (size_t i = 0; i < m->reaction_count; i++) {
        bytes += REACTION_BYTES + JSON_GROWTH * m->reactions[i].content.n;
    }
    return bytes;
}

/* Whether the list cannot but be within its bound: most are far below, and are not measured. */
static bool is_short(const struct answer *answer) {
    size_t bytes = 0;
    for (size_t i = 0; i < answer->message_count; i++) {
        bytes += most_bytes(&answer->messages[i]) + JSON_GROWTH * answer->ask.room_name.n;
    }
    return bytes <= FRAME_LIST_BYTES_MAX;
}

/* Which messages stay within the bound; the one at the end where one begins always does. */
static struct range that_fits(struct buf *out, const struct answer *answer,
                              void (*put)(struct buf *, const struct answer *,
                                          const struct message *)) {
    size_t count = answer->message_count;
    bool is_from_front = answer->ask.after != 0 || answer->ask.kind == ASK_SEARCH;
    size_t start = out->n;
    size_t bytes = 0;
    size_t taken = is_short(answer) ? count : 0;

    for (; taken < count; taken++) {
        size_t i = is_from_front ? taken : count - 1 - taken;
        put(out, answer, &answer->messages[i]);
        bytes += out->n - start;
        out->n = start;    // it was only measured
        if (bytes > FRAME_LIST_BYTES_MAX && taken > 0) {
            break;
        }
    }
    return is_from_front ? (struct range){ 0, taken } : (struct range){ count - taken, count };
}

bool frame_put_list(struct buf *out, const struct answer *answer,
                    void (*put)(struct buf *, const struct answer *, const struct message *)) {
    struct range range = that_fits(out, answer, put);
    bool is_first = true;

    buf_put_char(out, '[');
    for (size_t i = range.from; i < range.to; i++) {
        if (answer->messages[i].deleted_ms != 0) {
            continue;
        }
        if (!is_first) {
            buf_put_char(out, ',');
        }
        is_first = false;
        put(out, answer, &answer->messages[i]);
    }
    buf_put_char(out, ']');
    return range.to - range.from < answer->message_count;
}
