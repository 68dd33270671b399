/* From a frame to a command.
 *
 * A table says what each type is made of; one loop reads any of them. Fields stand in the frame
 * itself, or, where a front end of the envelope kind wraps them, in an object called `data`.
 * Names of types and fields are compared as names: fromUser is from_user.
 *
 * Promises:
 *   1. Every frame becomes a command; one that cannot be read becomes CMD_malformed, which says
 *   why.
 *   2. Every text of the command is UTF-8 without NUL, and within its limit of core/limits.h;
 *   content has no
 *      limit here but the frame's, the core knows the one that counts.
 *   3. cmd.ref is empty or a JSON scalar, ready to be put into the answer. */
#include <stdio.h>
#include <stdlib.h>

#include "dialect/hub/hub.h"

#define FIELDS_MAX 4
#define ARGUMENT_CHARS_MAX 32    // of what the client sent, repeated in a problem

/* How a field is read. */
enum kind {
    KIND_NONE,
    KIND_NAME,         // text of 1 to 64 characters; must be there
    KIND_CONTENT,      // text; must be there, and not be empty
    KIND_CLIENT_ID,    // text of 1 to 64 characters
    KIND_USER,         // number; must be there
    KIND_BEFORE,       // number
    KIND_LIMIT,        // number, brought into 1 to HISTORY_LIMIT_MAX
    KIND_SWITCH,       // true unless it says false
    KIND_COUNT
};

struct field {
    enum kind kind;
    const char *key;
    const char *alias;    // another name for it, or NULL
    size_t offset;        // in struct cmd
};

struct verb {
    const char *name;
    enum cmd_type type;
    struct field fields[FIELDS_MAX];
};

#define FIELD(kind, key, member)                                                                   \
    { KIND_##kind, key, NULL, offsetof(struct cmd, member) }
#define ALIAS(kind, key, alias, member)                                                            \
    { KIND_##kind, key, alias, offsetof(struct cmd, member) }

static const struct verb verbs[] = {
    { "join", CMD_room_join, { FIELD(NAME, "room", room_name) } },
    { "message",
      CMD_message_send,
      { FIELD(NAME, "room", room_name), FIELD(CONTENT, "content", content),
        ALIAS(CLIENT_ID, "client_id", "clientMsgId", client_id) } },
    { "dm",
      CMD_direct_send,
      { FIELD(USER, "to", user), FIELD(CONTENT, "content", content),
        ALIAS(CLIENT_ID, "client_id", "clientMsgId", client_id) } },
    { "room_history",
      CMD_room_history,
      { FIELD(NAME, "room", room_name), FIELD(BEFORE, "before", before),
        FIELD(LIMIT, "limit", limit) } },
    { "dm_history",
      CMD_direct_history,
      { FIELD(USER, "with", user), FIELD(BEFORE, "before", before),
        FIELD(LIMIT, "limit", limit) } },
    { "leave", CMD_room_leave, { FIELD(NAME, "room", room_name) } },
    { "typing",
      CMD_typing_set,
      { FIELD(NAME, "room", room_name), ALIAS(SWITCH, "typing", "isTyping", is_on) } },
    { "ping", CMD_ping, { { 0 } } },
};

static enum hub_problem check_text(const struct json *v) {
    if (json_kind_of(v) != JSON_TEXT) {
        return HUB_not_text;
    }
    struct str text = json_text(v);
    return str_find(text, '\0') < text.n ? HUB_has_nul : HUB_FINE;
}

static enum hub_problem read_name(const struct json *v, void *out) {
    enum hub_problem wrong = v == NULL ? HUB_missing : check_text(v);
    if (wrong != HUB_FINE) {
        return wrong;
    }
    struct str text = json_text(v);
    if (str_is_empty(text) || str_chars(text) > ROOM_NAME_CHARS_MAX) {
        return HUB_not_64;
    }
    *(struct str *)out = text;
    return HUB_FINE;
}

static enum hub_problem read_content(const struct json *v, void *out) {
    enum hub_problem wrong = v == NULL ? HUB_missing : check_text(v);
    if (wrong != HUB_FINE) {
        return wrong;
    }
    *(struct str *)out = json_text(v);
    return str_is_empty(json_text(v)) ? HUB_empty_content : HUB_FINE;
}

static enum hub_problem read_client_id(const struct json *v, void *out) {
    return v == NULL ? HUB_FINE : read_name(v, out);
}

static enum hub_problem read_before(const struct json *v, void *out) {
    return v == NULL || json_u64(v, out) == OK ? HUB_FINE : HUB_not_number;
}

static enum hub_problem read_user(const struct json *v, void *out) {
    return v == NULL ? HUB_missing : read_before(v, out);
}

/* Too much and too little are brought into bounds; what is no number is not. */
static enum hub_problem read_limit(const struct json *v, void *out) {
    uint64_t *limit = out;
    uint64_t n = HISTORY_LIMIT_DEFAULT;
    double d = 0;
    enum err err = v == NULL ? OK : json_u64(v, &n);
    if (err == ERR_TOO_BIG) {
        n = HISTORY_LIMIT_MAX;
    } else if (err != OK && json_kind_of(v) == JSON_NUMBER && json_double(v, &d) == OK) {
        n = d < 1 ? 1 : (uint64_t)MIN(d, HISTORY_LIMIT_MAX);
    } else if (err != OK) {
        return HUB_not_number;
    }
    *limit = MAX(1, MIN(n, HISTORY_LIMIT_MAX));
    return HUB_FINE;
}

static enum hub_problem read_switch(const struct json *v, void *out) {
    bool is_on = true;
    if (v != NULL && json_bool(v, &is_on) != OK) {
        return HUB_not_flag;
    }
    *(uint64_t *)out = is_on;
    return HUB_FINE;
}

/* The fields of a frame: its own, and those of its `data`. */
struct frame {
    const struct json *root;
    const struct json *data;
};

static const struct json *frame_get(const struct frame *f, const char *key) {
    const struct json *own = json_get(f->root, key);
    return own != NULL ? own : json_get(f->data, key);
}

static enum hub_problem read_field(const struct frame *f, const struct field *field,
                                   struct cmd *out) {
    static enum hub_problem (*const read[KIND_COUNT])(const struct json *, void *) = {
        [KIND_NAME] = read_name,           [KIND_CONTENT] = read_content, [KIND_USER] = read_user,
        [KIND_CLIENT_ID] = read_client_id, [KIND_BEFORE] = read_before,   [KIND_LIMIT] = read_limit,
        [KIND_SWITCH] = read_switch,
    };
    const struct json *v = frame_get(f, field->key);
    if (v == NULL && field->alias != NULL) {
        v = frame_get(f, field->alias);
    }
    return read[field->kind](v, (char *)out + field->offset);
}

/* A number as JavaScript would print it back: the shortest text that reads as the same double. */
static void put_number(struct buf *out, const struct json *v) {
    uint64_t whole = 0;
    double d = 0;
    if (json_u64(v, &whole) == OK) {
        buf_put_u64(out, whole);
        return;
    }
    if (json_double(v, &d) != OK) {
        return;
    }
    char text[32] = "";
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, d);
        if (strtod(text, NULL) == d) {
            break;
        }
    }
    buf_put_str(out, str_of(text));
}

/* Puts the request's own id into `out`, as JSON. */
static enum hub_problem put_ref(struct buf *out, const struct json *v) {
    switch (json_kind_of(v)) {
    case JSON_NULL: break;
    case JSON_NUMBER: put_number(out, v); break;
    case JSON_BOOL: {
        bool is = false;
        (void)!json_bool(v, &is);
        buf_put_str(out, str_of(is ? "true" : "false"));
        break;
    }
    case JSON_TEXT:
        if (str_chars(json_text(v)) <= HUB_REF_CHARS_MAX) {
            json_put_text(out, json_text(v));
        }
        if (out->n == 0 || out->n > REF_BYTES_MAX) {
            buf_reset(out);
            return HUB_over_128;
        }
        break;
    case JSON_ARRAY:
    case JSON_OBJECT: return HUB_not_scalar;
    }
    return HUB_FINE;
}

/* A problem and what it is about. */
struct finding {
    enum hub_problem problem;
    struct str argument;
};

/* Reads a frame into *out, its ref into `text`. */
static struct finding read_frame(const struct json *root, struct buf *text, struct cmd *out) {
    if (json_kind_of(root) != JSON_OBJECT) {
        return (struct finding){ HUB_not_object, STR_NONE };
    }
    struct frame f = { root, json_get(root, "data") };
    enum hub_problem wrong = put_ref(text, frame_get(&f, "id"));
    if (wrong != HUB_FINE) {
        return (struct finding){ wrong, STR_LIT("id") };
    }
    const struct json *type = json_get(root, "type");
    wrong = type == NULL ? HUB_missing : check_text(type);
    if (wrong != HUB_FINE) {
        return (struct finding){ wrong, STR_LIT("type") };
    }
    for (const struct verb *verb = verbs; verb < verbs + COUNT(verbs); verb++) {
        if (!str_eq_name(json_text(type), str_of(verb->name))) {
            continue;
        }
        out->type = verb->type;
        for (size_t i = 0; i < FIELDS_MAX && verb->fields[i].kind != KIND_NONE; i++) {
            wrong = read_field(&f, &verb->fields[i], out);
            if (wrong != HUB_FINE) {
                return (struct finding){ wrong, str_of(verb->fields[i].key) };
            }
        }
        return (struct finding){ HUB_FINE, STR_NONE };
    }
    return (struct finding){ HUB_unknown_type,
                             str_first_chars(json_text(type), ARGUMENT_CHARS_MAX) };
}

/* The number a sentence of the JSON reader ends with, or speaks of: the byte, or the bound. */
static struct str number_in(const char *sentence) {
    struct str s = str_of(sentence);
    size_t end = s.n;
    while (end > 0 && (s.p[end - 1] < '0' || s.p[end - 1] > '9')) {
        end--;
    }
    size_t start = end;
    while (start > 0 && s.p[start - 1] >= '0' && s.p[start - 1] <= '9') {
        start--;
    }
    return end == start ? STR_LIT("0") : (struct str){ s.p + start, end - start };
}

unsigned hub_decode(struct decode_scratch *scratch, struct str message, struct cmd *out) {
    struct buf *text = &scratch->text;
    const struct json *root = NULL;
    struct cmd cmd = { 0 };
    struct finding found;

    buf_reset(text);
    enum err err = json_parse(scratch->json, message, &root);
    if (err == OK) {
        found = read_frame(root, text, &cmd);
    } else {
        found.problem = err == ERR_TOO_BIG ? HUB_frame_too_long : HUB_not_json;
        found.argument = number_in(json_reader_why(scratch->json));
    }
    size_t ref_bytes = text->n;
    if (found.problem != HUB_FINE) {
        cmd = (struct cmd){ .type = CMD_malformed };
        cmd.refusal = hub_problem_refusal(found.problem);
        hub_put_problem(text, found.problem, found.argument);
    }
    CHECK(buf_ok(text));    // it holds REF_BYTES_MAX and DETAIL_BYTES_MAX
    if (text->n > 0) {
        cmd.ref = (struct str){ text->p, ref_bytes };    // the buffer may have moved since
        cmd.detail = (struct str){ text->p + ref_bytes, text->n - ref_bytes };
    }
    cmd.dialect = DIALECT_hub;
    *out = cmd;
    return 0;
}
