/* Events: what the table says of each. */
#include "core/event.h"

static const struct {
    const char *name;
    enum audience audience;
    bool is_kept;
} rows[EVENT_COUNT] = {
#define EVENT(name, audience, kept) [EV_##name] = { #name, audience, kept },
#include "core/events.tbl.h"
#undef EVENT
};

const char *event_name(enum event_type type) {
    CHECK(type < EVENT_COUNT);
    return rows[type].name;
}

bool event_is_kept(enum event_type type) {
    CHECK(type < EVENT_COUNT);
    return rows[type].is_kept;
}

enum audience event_audience(enum event_type type) {
    CHECK(type < EVENT_COUNT);
    return rows[type].audience;
}
