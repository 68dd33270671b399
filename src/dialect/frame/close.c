/* How a WebSocket is closed when a session ends. */
#include "dialect/frame/frame.h"

uint16_t frame_close_code(enum refusal why) {
    static const uint16_t codes[REFUSAL_COUNT] = {
        [REFUSE_NONE] = 1000,       [REFUSE_stopping] = 1012,
        [REFUSE_store_away] = 1013, [REFUSE_unauthenticated] = 4401,
        [REFUSE_expired] = 4401,    [REFUSE_banned] = 4403,
    };
    CHECK(why < REFUSAL_COUNT);
    return codes[why] != 0 ? codes[why] : 1008;
}
