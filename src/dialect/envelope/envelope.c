/* The envelope's row, and its address for the decoder. */
#include "dialect/envelope/envelope.h"

static unsigned decode(struct decode_scratch *scratch, struct str message, struct cmd *out) {
    return frame_decode(scratch, DIALECT_envelope, message, out);
}

static void decode_part(struct decode_scratch *scratch, unsigned part, struct cmd *out) {
    frame_decode_part(scratch, DIALECT_envelope, part, out);
}

const struct dialect dialect_envelope = {
    .name = "envelope",
    .id = DIALECT_envelope,
    .lang = LANG_EN,
    .decode = decode,
    .decode_part = decode_part,
    .encode_parts = envelope_encode_parts,
    .encode_event = envelope_encode_event,
    .encode_reply = envelope_encode_reply,
    .encode_answer = envelope_encode_answer,
    .close_code = frame_close_code,
    .is_refused_inside = true,
};
