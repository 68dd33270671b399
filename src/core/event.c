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

static const char *const message_type_names[MESSAGE_TYPE_COUNT] = {
    [MESSAGE_TEXT] = "text",
    [MESSAGE_IMAGE] = "image",
    [MESSAGE_AUDIO] = "audio",
    [MESSAGE_FILE] = "file",
    [MESSAGE_REACTION] = "reaction",
    [MESSAGE_SYSTEM] = "system",
    [MESSAGE_NOTIFICATION] = "notification",
};

const char *message_type_name(enum message_type type) {
    CHECK(type < MESSAGE_TYPE_COUNT);
    return message_type_names[type];
}

enum message_type message_type_by_name(struct str name) {
    enum message_type type = 0;
    while (type < MESSAGE_TYPE_COUNT && !str_eq(name, str_of(message_type_names[type]))) {
        type++;
    }
    return type;
}

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
