/* From a frame to a command.
 *
 * A table says what each type is made of (verb.c); one loop reads any of them. Fields stand in the
 * frame itself or in an object called `data`; what stands outside it wins. Names of types and
 * fields are compared as names: fromUser is from_user.
 *
 *      frame ──> its id ──> its type ──> verb ──> fields ──> what they must be together ──> command
 *                  └─────────┴────────────┴─────────┴────────────┴── wrong ──> CMD_malformed
 *
 * Promises:
 *   1. Every frame becomes a command; one that cannot be read becomes CMD_malformed, which says
 *      why.
 *   2. Every text of the command is UTF-8 without NUL, and within its limit of core/limits.h;
 *      content and credentials have no limit here but the frame's, the core and the door know the
 *      ones that count.
 *   3. cmd.ref is empty or a JSON scalar, ready to be put into the answer. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "dialect/dialect.h"
#include "dialect/frame/verb.h"

#define ARGUMENT_CHARS_MAX 32    // of what the client sent, repeated in a problem

_Static_assert(PARTS_MAX == 100, "not_100 says so");

/* The fields of a frame: its own, and those of its `data`. */
struct frame {
    const struct json *root;
    const struct json *data;
};

static const struct json *frame_get(const struct frame *f, const char *key) {
    const struct json *own = json_get(f->root, key);
    return own != NULL ? own : json_get(f->data, key);
}

static bool is_wrapped(const struct frame *f) {
    return json_kind_of(f->data) == JSON_OBJECT;
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

/* Appends the request's own id to `out`, as JSON. */
static enum frame_problem put_ref(struct buf *out, const struct json *v) {
    size_t start = out->n;
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
        if (str_chars(json_text(v)) > FRAME_REF_CHARS_MAX) {
            return FRAME_over_128;
        }
        json_put_text(out, json_text(v));
        if (out->n - start > REF_BYTES_MAX) {
            out->n = start;
            return FRAME_over_128;
        }
        break;
    case JSON_ARRAY:
    case JSON_OBJECT: return FRAME_not_scalar;
    }
    return FRAME_FINE;
}

/* A problem and what it is about. */
struct finding {
    enum frame_problem problem;
    struct str argument;
};

static struct finding fine(void) {
    return (struct finding){ FRAME_FINE, STR_NONE };
}

/* What a value looks like in a problem. */
static struct str shown(const struct json *v) {
    return str_first_chars(json_text(v), ARGUMENT_CHARS_MAX);
}

/* ---- what several fields must be together */

/* A message of media may do without words; whether media is there, the core asks. */
static bool needs_words(const struct cmd *cmd) {
    bool is_media = cmd->message_type == MESSAGE_IMAGE || cmd->message_type == MESSAGE_AUDIO ||
                    cmd->message_type == MESSAGE_FILE;
    return !is_media && str_is_empty(cmd->media_url);
}

static struct finding check_body(const struct frame *f, struct cmd *cmd) {
    if (cmd->message_type == MESSAGE_REACTION) {
        cmd->type = CMD_reaction_set;    // and media is nothing to it
        cmd->media_url = STR_NONE;
        cmd->media_type = STR_NONE;
        cmd->duration_ms = 0;
    }
    if (cmd->content.n == 0 && needs_words(cmd)) {
        bool is_missing = frame_get(f, "content") == NULL;
        return (struct finding){ is_missing ? FRAME_missing : FRAME_empty_content,
                                 STR_LIT("content") };
    }
    return fine();
}

static struct finding check_needs(const struct frame *f, const struct verb *verb, struct cmd *cmd) {
    switch (verb->needs) {
    case NEEDS_FIELDS: break;
    case NEEDS_PLACE:
        if (str_is_empty(cmd->room_name) && cmd->user == 0) {
            return (struct finding){ FRAME_missing, STR_LIT("room") };
        }
        break;
    case NEEDS_BODY: return check_body(f, cmd);
    }
    return fine();
}

/* ---- a frame */

static struct finding read_fields(const struct frame *f, const struct verb *verb, struct cmd *out) {
    out->type = verb->type;
    if (verb->type == CMD_typing_set) {
        out->is_on = verb->is_on;
    }
    for (size_t i = 0; i < FIELDS_MAX && verb->fields[i].kind != KIND_NONE; i++) {
        const struct field *field = &verb->fields[i];
        const struct json *v = frame_get(f, field->key);
        if (v == NULL && field->alias != NULL) {
            v = frame_get(f, field->alias);
        }
        enum frame_problem wrong = field_read(field, v, out);
        if (wrong != FRAME_FINE) {
            bool is_named = frame_problem_names_field(wrong);
            return (struct finding){ wrong, is_named ? str_of(field->key) : shown(v) };
        }
    }
    return check_needs(f, verb, out);
}

/* What is being read, and into what. */
struct reading {
    struct decode_scratch *scratch;
    enum dialect_id here;
    bool is_part;      // of a batch, which is answered in the envelope's words, whatever is in it
    unsigned count;    // of commands in a batch; 0: it is none
    struct cmd cmd;
};

/* Finds the verb, and whose words the answer is in. */
static struct finding read_type(struct reading *r, const struct frame *f,
                                const struct verb **verb) {
    const struct json *type = json_get(f->root, "type");
    if (is_wrapped(f)) {
        r->cmd.form = DIALECT_envelope;
    }
    enum frame_problem wrong = type == NULL ? FRAME_missing : field_check_text(type);
    if (wrong != FRAME_FINE) {
        return (struct finding){ wrong, STR_LIT("type") };
    }
    *verb = verb_find(json_text(type), is_wrapped(f) ? DIALECT_envelope : DIALECT_hub);
    if (*verb == NULL) {
        bool is_hub = r->cmd.form == DIALECT_hub;
        return (struct finding){ is_hub ? FRAME_unknown_type : FRAME_unknown_wrapped_type,
                                 shown(type) };
    }
    r->scratch->type = (*verb)->name;
    if ((*verb)->type == CMD_COUNT) {
        r->cmd.form = DIALECT_envelope;
    } else if (!is_wrapped(f) && !r->is_part && (*verb)->whose == DIALECT_hub) {
        r->cmd.form = DIALECT_hub;
    }
    return fine();
}

/* How many commands a batch holds, into *count; its list becomes the scratch's. */
static struct finding read_batch(const struct frame *f, struct decode_scratch *scratch,
                                 unsigned *count) {
    const struct json *list = frame_get(f, "messages");
    enum frame_problem wrong = FRAME_FINE;
    if (list == NULL) {
        wrong = FRAME_missing;
    } else if (json_kind_of(list) != JSON_ARRAY) {
        wrong = FRAME_not_list;
    } else if (json_count(list) == 0 || json_count(list) > PARTS_MAX) {
        wrong = FRAME_not_100;
    }
    if (wrong != FRAME_FINE) {
        return (struct finding){ wrong, STR_LIT("messages") };
    }
    scratch->message = list;
    *count = (unsigned)json_count(list);
    return fine();
}

/* Reads a frame into r->cmd, its ref into the scratch's text. */
static struct finding read_frame(struct reading *r, const struct json *root) {
    const struct verb *verb = NULL;
    if (json_kind_of(root) != JSON_OBJECT) {
        return (struct finding){ FRAME_not_object, STR_NONE };
    }
    struct frame f = { root, json_get(root, "data") };
    struct finding found = read_type(r, &f, &verb);
    enum frame_problem wrong = put_ref(&r->scratch->text, frame_get(&f, "id"));
    if (wrong != FRAME_FINE) {
        return (struct finding){ wrong, STR_LIT("id") };
    }
    if (found.problem != FRAME_FINE) {
        return found;
    }
    if (r->is_part && (verb->type == CMD_COUNT || verb->type == CMD_session_open)) {
        return (struct finding){ FRAME_not_in_batch, str_of(verb->name) };
    }
    if (verb->type == CMD_COUNT) {
        return read_batch(&f, r->scratch, &r->count);
    }
    return read_fields(&f, verb, &r->cmd);
}

/* Completes the command of what was found; its texts begin behind `start` of the scratch's. */
static void finish(struct reading *r, const struct finding *found, size_t start) {
    struct buf *text = &r->scratch->text;
    size_t ref_bytes = text->n - start;
    if (found->problem != FRAME_FINE) {
        r->cmd = (struct cmd){ .type = CMD_malformed, .form = r->cmd.form };
        r->cmd.refusal = frame_problem_refusal(found->problem);
        r->cmd.problem = found->problem;
        buf_put_str(text, found->argument);
    }
    CHECK(buf_ok(text));    // see DECODE_TEXT_BYTES_MAX
    if (ref_bytes > 0) {
        r->cmd.ref = (struct str){ text->p + start, ref_bytes };
    }
    if (found->problem != FRAME_FINE) {
        size_t detail = start + ref_bytes;
        r->cmd.detail = (struct str){ text->p + detail, text->n - detail };
    }
    r->cmd.dialect = r->here;
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

unsigned frame_decode(struct decode_scratch *scratch, enum dialect_id here, struct str message,
                      struct cmd *out) {
    struct reading r = { .scratch = scratch, .here = here, .cmd.form = here };
    const struct json *root = NULL;
    struct finding found;

    buf_reset(&scratch->text);
    (void)buf_room(&scratch->text, DECODE_TEXT_BYTES_MAX);    // what is in it will not move
    scratch->message = NULL;
    scratch->type = NULL;
    enum err err = json_parse(scratch->json, message, &root);
    if (err == OK) {
        found = read_frame(&r, root);
    } else {
        found.problem = err == ERR_TOO_BIG ? FRAME_frame_too_long : FRAME_not_json;
        found.argument = number_in(json_reader_why(scratch->json));
    }
    finish(&r, &found, 0);
    scratch->kept_bytes = r.cmd.ref.n;
    *out = r.cmd;
    return r.count;
}

void frame_decode_part(struct decode_scratch *scratch, enum dialect_id here, unsigned part,
                       struct cmd *out) {
    struct reading r = { .scratch = scratch, .here = here, .is_part = true };
    r.cmd.form = DIALECT_envelope;
    CHECK(part >= 1 && part <= json_count(scratch->message));
    scratch->text.n = scratch->kept_bytes;
    struct finding found = read_frame(&r, json_at(scratch->message, part - 1));
    finish(&r, &found, scratch->kept_bytes);
    r.cmd.part = part;
    *out = r.cmd;
}
