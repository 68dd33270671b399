/* The hub's row, and its address for the decoder. */
#include "dialect/hub/hub.h"

#include "dialect/envelope/envelope.h"

static unsigned decode(struct decode_scratch *scratch, struct str message, struct cmd *out) {
    return frame_decode(scratch, DIALECT_hub, message, out);
}

static void decode_part(struct decode_scratch *scratch, unsigned part, struct cmd *out) {
    frame_decode_part(scratch, DIALECT_hub, part, out);
}

const struct dialect dialect_hub = {
    .name = "hub",
    .id = DIALECT_hub,
    .lang = LANG_FR,
    .decode = decode,
    .decode_part = decode_part,
    .encode_parts = envelope_encode_parts,
    .encode_event = hub_encode_event,
    .encode_reply = hub_encode_reply,
    .encode_answer = hub_encode_answer,
    .close_code = frame_close_code,
    .is_deaf_to = { [EV_room_entered] = true, [EV_room_left] = true, [EV_read_changed] = true },
};
