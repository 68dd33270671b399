/* Each kind of field: what it may look like in JSON, and what is left of it in a command. */
#include "base/json.h"
#include "dialect/frame/verb.h"

enum frame_problem field_check_text(const struct json *v) {
    if (json_kind_of(v) != JSON_TEXT) {
        return FRAME_not_text;
    }
    struct str text = json_text(v);
    return str_find(text, '\0') < text.n ? FRAME_has_nul : FRAME_FINE;
}

/* ---- text */

static enum frame_problem read_query(const struct json *v, void *out) {
    enum frame_problem wrong = v == NULL ? FRAME_missing : field_check_text(v);
    if (wrong == FRAME_FINE) {
        *(struct str *)out = json_text(v);
    }
    return wrong;
}

static enum frame_problem read_words(const struct json *v, void *out) {
    return v == NULL ? FRAME_FINE : read_query(v, out);
}

static enum frame_problem read_content(const struct json *v, void *out) {
    enum frame_problem wrong = read_query(v, out);
    bool is_empty = wrong == FRAME_FINE && str_is_empty(json_text(v));
    return is_empty ? FRAME_empty_content : wrong;
}

static enum frame_problem read_token(const struct json *v, void *out) {
    enum frame_problem wrong = read_query(v, out);
    bool is_empty = wrong == FRAME_FINE && str_is_empty(json_text(v));
    return is_empty ? FRAME_missing : wrong;
}

static enum frame_problem read_name(const struct json *v, void *out) {
    struct str text = STR_NONE;
    enum frame_problem wrong = read_query(v, &text);
    if (wrong != FRAME_FINE) {
        return wrong;
    }
    if (str_is_empty(text) || str_chars(text) > ROOM_NAME_CHARS_MAX) {
        return FRAME_not_64;
    }
    *(struct str *)out = text;
    return FRAME_FINE;
}

static enum frame_problem read_client_id(const struct json *v, void *out) {
    return v == NULL ? FRAME_FINE : read_name(v, out);
}

/* "lobby/general" and "1/general" are general. What names another server stays as it is, and is
 * no room there is. */
static enum frame_problem read_room(const struct json *v, void *out) {
    static const struct str servers[] = { STR_LIT("lobby/"), STR_LIT("1/") };
    struct str text = STR_NONE;
    enum frame_problem wrong = read_query(v, &text);
    for (size_t i = 0; i < COUNT(servers); i++) {
        struct str server = { text.p, MIN(text.n, servers[i].n) };
        if (str_eq_nocase(server, servers[i])) {
            text = (struct str){ text.p + server.n, text.n - server.n };
            break;
        }
    }
    if (wrong == FRAME_FINE && (str_is_empty(text) || str_chars(text) > ROOM_NAME_CHARS_MAX)) {
        wrong = FRAME_not_64;
    }
    if (wrong == FRAME_FINE) {
        *(struct str *)out = text;
    }
    return wrong;
}

static enum frame_problem read_room_maybe(const struct json *v, void *out) {
    return v == NULL ? FRAME_FINE : read_room(v, out);
}

static enum frame_problem read_url(const struct json *v, void *out) {
    enum frame_problem wrong = read_words(v, out);
    bool is_long = wrong == FRAME_FINE && json_text(v).n > MEDIA_URL_BYTES_MAX;
    return is_long ? FRAME_over_2048 : wrong;
}

static enum frame_problem read_media_type(const struct json *v, void *out) {
    enum frame_problem wrong = read_words(v, out);
    bool is_long = wrong == FRAME_FINE && json_text(v).n > MEDIA_TYPE_BYTES_MAX;
    return is_long ? FRAME_over_127 : wrong;
}

/* ---- names of what there is a list of */

static enum frame_problem read_type(const struct json *v, void *out) {
    enum frame_problem wrong = v == NULL ? FRAME_FINE : field_check_text(v);
    if (v == NULL || wrong != FRAME_FINE) {
        return wrong;
    }
    for (enum message_type type = MESSAGE_TEXT; type <= MESSAGE_REACTION; type++) {
        if (str_eq_name(json_text(v), str_of(message_type_name(type)))) {
            *(uint64_t *)out = type;
            return FRAME_FINE;
        }
    }
    return FRAME_unknown_message_type;
}

static enum frame_problem read_action(const struct json *v, void *out) {
    static const struct str names[REACTION_COUNT] = {
        [REACTION_TOGGLE] = STR_LIT("toggle"),
        [REACTION_ADD] = STR_LIT("add"),
        [REACTION_REMOVE] = STR_LIT("remove"),
    };
    enum frame_problem wrong = v == NULL ? FRAME_FINE : field_check_text(v);
    if (v == NULL || wrong != FRAME_FINE) {
        return wrong;
    }
    for (enum reaction reaction = 0; reaction < REACTION_COUNT; reaction++) {
        if (str_eq_name(json_text(v), names[reaction])) {
            *(uint64_t *)out = reaction;
            return FRAME_FINE;
        }
    }
    return FRAME_unknown_action;
}

/* ---- numbers and flags */

static enum frame_problem read_number(const struct json *v, void *out) {
    return v == NULL || json_u64(v, out) == OK ? FRAME_FINE : FRAME_not_number;
}

static enum frame_problem read_id(const struct json *v, void *out) {
    return v == NULL ? FRAME_missing : read_number(v, out);
}

/* Too much and too little are brought into bounds; what is no number is not. */
static enum frame_problem read_limit(const struct json *v, void *out) {
    uint64_t *limit = out;
    uint64_t n = HISTORY_LIMIT_DEFAULT;
    double d = 0;
    enum err err = v == NULL ? OK : json_u64(v, &n);
    if (err == ERR_TOO_BIG) {
        n = HISTORY_LIMIT_MAX;
    } else if (err != OK && json_kind_of(v) == JSON_NUMBER && json_double(v, &d) == OK) {
        n = d < 1 ? 1 : (uint64_t)MIN(d, HISTORY_LIMIT_MAX);
    } else if (err != OK) {
        return FRAME_not_number;
    }
    *limit = MAX(1, MIN(n, HISTORY_LIMIT_MAX));
    return FRAME_FINE;
}

static enum frame_problem read_seconds(const struct json *v, void *out) {
    uint64_t whole = 0;
    double seconds = 0;
    enum err err = v == NULL ? OK : json_u64(v, &whole);
    if (err == OK) {
        seconds = (double)whole;
    } else if (json_double(v, &seconds) != OK) {
        return FRAME_not_seconds;
    }
    if (!(seconds >= 0 && seconds * 1000 <= MEDIA_DURATION_MS_MAX)) {
        return FRAME_not_seconds;
    }
    *(uint64_t *)out = (uint64_t)(seconds * 1000 + 0.5);
    return FRAME_FINE;
}

static enum frame_problem read_switch(const struct json *v, void *out) {
    bool is_on = true;
    if (v != NULL && json_bool(v, &is_on) != OK) {
        return FRAME_not_flag;
    }
    *(uint64_t *)out = is_on;
    return FRAME_FINE;
}

enum frame_problem field_read(const struct field *field, const struct json *v, struct cmd *out) {
    static enum frame_problem (*const read[KIND_COUNT])(const struct json *, void *) = {
        [KIND_NAME] = read_name,
        [KIND_ROOM] = read_room,
        [KIND_ROOM_MAYBE] = read_room_maybe,
        [KIND_CONTENT] = read_content,
        [KIND_WORDS] = read_words,
        [KIND_QUERY] = read_query,
        [KIND_TOKEN] = read_token,
        [KIND_CLIENT_ID] = read_client_id,
        [KIND_TYPE] = read_type,
        [KIND_ACTION] = read_action,
        [KIND_URL] = read_url,
        [KIND_MEDIA_TYPE] = read_media_type,
        [KIND_SECONDS] = read_seconds,
        [KIND_ID] = read_id,
        [KIND_NUMBER] = read_number,
        [KIND_LIMIT] = read_limit,
        [KIND_SWITCH] = read_switch,
    };
    CHECK(field->kind > KIND_NONE && field->kind < KIND_COUNT);
    return read[field->kind](v, (char *)out + field->offset);
}
