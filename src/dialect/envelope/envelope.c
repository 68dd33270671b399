/* envelope: its row. */
#include "dialect/envelope/envelope.h"

#include "dialect/hub/hub.h"

const struct dialect dialect_envelope = {
    .name = "envelope",
    .id = DIALECT_envelope,
    .lang = LANG_EN,
    .decode = hub_decode,
    .encode_event = hub_encode_event,
    .encode_reply = hub_encode_reply,
    .encode_answer = hub_encode_answer,
    .close_code = hub_close_code,
    .is_refused_inside = true,
};
