/* frame: what the dialects of JSON over WebSocket share, hub and envelope.
 *
 *      {"type":"message","room":"general",...}          flat: hub
 *      {"type":"room_message","data":{"room":...}}      wrapped: envelope
 *                      │ decode.c   by the rows of verb.c, whose fields field.c reads
 *                      ▼
 *               CMD_message_send, form: whose words the answer is in
 *
 * Every verb of either dialect is understood at the address of either, in either shape. Who wraps
 * the fields in an object `data` is answered in the envelope's words, who sends a flat frame of a
 * type of the hub's in the hub's, everybody else in those of the address.
 *
 * What a frame has wrong travels as a row of problems.tbl.h in cmd.problem and its argument in
 * cmd.detail, so that the answer can say it in the language of who asked (problem.c).
 *
 * Thread   everything here has no state and may be called from any thread.
 * Memory   encoders append to a buffer of the caller's and keep nothing. */
#ifndef PARLOIR_DIALECT_FRAME_FRAME_H
#define PARLOIR_DIALECT_FRAME_FRAME_H

#include "base/buf.h"
#include "core/batch.h"

struct decode_scratch;

#define FRAME_REF_CHARS_MAX 128    // of an `id` that is text; REF_BYTES_MAX bounds it as JSON

/* A history's list of messages: twice of it stays well below what may wait for a connection by
 * default (limits.outbox_bytes), and above ten of the longest messages. */
#define FRAME_LIST_BYTES_MAX (256u << 10)

/* Reads one message as a dialect's decode and decode_part promise (dialect/dialect.h); `here` is
 * the dialect of the address. */
unsigned frame_decode(struct decode_scratch *scratch, enum dialect_id here, struct str message,
                      struct cmd *out);
void frame_decode_part(struct decode_scratch *scratch, enum dialect_id here, unsigned part,
                       struct cmd *out);

/* The n-th type that can be sent, whose it is, and what it becomes (CMD_COUNT: a batch); NULL and
 * nothing behind the last. The name is static. */
const char *frame_type(unsigned n, enum dialect_id *whose, enum cmd_type *becomes);

/* What can be wrong with a frame. */
enum frame_problem {
    FRAME_FINE,
#define PROBLEM(name, refusal, field, english, french) FRAME_##name,
#include "dialect/frame/problems.tbl.h"
#undef PROBLEM
    FRAME_PROBLEM_COUNT
};

/* The refusal that answers a problem; and whether its argument is the field to blame. */
enum refusal frame_problem_refusal(enum frame_problem problem);
bool frame_problem_names_field(enum frame_problem problem);

/* Appends a detail for people: from the table of problems if it is the decoder's, else in the
 * core's words, in `lang` both. Nothing is appended for one that its refusal says already. */
void frame_put_detail(struct buf *out, const struct detail *detail, enum lang lang);

/* Appends, as JSON, a refusal's sentence with its detail in parentheses:
 * "Requête incomprise (le champ room manque)." */
void frame_put_sentence(struct buf *out, struct str sentence, const struct detail *detail,
                        enum lang lang);

/* What a detail says for programs: the field to blame (borrowed; empty: none), and the bound that
 * was passed (0: none). */
struct str frame_detail_field(const struct detail *detail);
uint64_t frame_detail_max(const struct detail *detail);

/* The WebSocket close code for a session that ends for this reason. */
uint16_t frame_close_code(enum refusal why);

/* What a message may have beside its text. Appends what is there, in this order:
 * `,"media_url":…,"media_type":…,"duration":…,"reply_to":…,"mentions":[…]`. */
struct frame_extras {
    struct str media_url;
    struct str media_type;
    uint64_t duration_ms;
    message_id reply_to;
    struct str mentions;    // "3,17"
};
void frame_put_extras(struct buf *out, const struct frame_extras *extras);

/* Appends an answer's messages as a list, each as `put` writes it, without those that were deleted,
 * and within FRAME_LIST_BYTES_MAX. Returns whether some were cut off for that: there are more. */
bool frame_put_list(struct buf *out, const struct answer *answer,
                    void (*put)(struct buf *, const struct answer *, const struct message *));

/* Appends `,"seq":…,"ts":…`, which stand behind the documented fields. */
void frame_put_place(struct buf *out, uint64_t seq, uint64_t at_ms);

#endif
