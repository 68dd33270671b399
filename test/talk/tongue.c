/* Commands and answers as objects: see tongue.h. */
#include "test/talk/tongue.h"

#include "base/json.h"

#define COMMAND_BYTES_MAX (1u << 20)
#define STATUS_DIGITS 3

/* ---- commands */

static void put_scalar(struct buf *out, const struct json *value) {
    double number = 0;
    bool flag = false;
    switch (json_kind_of(value)) {
    case JSON_TEXT: buf_put_str(out, json_text(value)); break;
    case JSON_NUMBER:
        if (json_double(value, &number) == OK) {
            buf_printf(out, "%.15g", number);
        }
        break;
    case JSON_BOOL:
        buf_put_str(out,
                    json_bool(value, &flag) == OK && flag ? STR_LIT("true") : STR_LIT("false"));
        break;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT: break;
    }
}

static void put_line(struct buf *out, struct str key, const struct json *value) {
    buf_put_str(out, key);
    buf_put_char(out, ':');
    put_scalar(out, value);
    buf_put_char(out, '\n');
}

static void put_token(struct buf *out, struct str command, struct str token) {
    if (!str_eq(command, STR_LIT("DISCONNECTED"))) {
        bool is_login = str_eq(command, STR_LIT("LOGIN"));
        buf_put_str(out, is_login ? STR_LIT("api-token:") : STR_LIT("token:"));
        buf_put_str(out, token);
        buf_put_char(out, '\n');
    }
}

static void put_object(struct buf *out, const struct json *object, struct str token) {
    const struct json *value = NULL;
    struct str command = json_text(json_get(object, "command"));
    struct str key;
    buf_put_str(out, command);
    buf_put_char(out, '\n');
    if (json_get(object, "token") == NULL && json_get(object, "api-token") == NULL) {
        put_token(out, command, token);
    }
    for (size_t at = 0; json_each(object, &at, &key, &value);) {
        if (!str_eq(key, STR_LIT("command"))) {
            put_line(out, key, value);
        }
    }
    buf_put_char(out, '\n');
}

static void put_raw(struct buf *out, struct str text) {
    const struct str end = STR_LIT("⏎");
    while (text.n > 0) {
        bool is_end = str_starts(text, end);
        buf_put_char(out, is_end ? '\n' : text.p[0]);
        size_t n = is_end ? end.n : 1;
        text = (struct str){ text.p + n, text.n - n };
    }
    buf_put_char(out, '\n');
}

void tongue_put_command(struct buf *out, struct str message, struct str token) {
    struct json_reader *reader = json_reader_new(COMMAND_BYTES_MAX);
    const struct json *object = NULL;
    if (json_parse(reader, message, &object) == OK && json_kind_of(object) == JSON_OBJECT) {
        put_object(out, object, token);
    } else {
        put_raw(out, message);
    }
    json_reader_free(&reader);
}

/* ---- answers */

/* "200/": no key looks so. */
static bool is_status(struct str line) {
    size_t i = 0;
    while (i < STATUS_DIGITS && i < line.n && line.p[i] >= '0' && line.p[i] <= '9') {
        i++;
    }
    return i == STATUS_DIGITS && i < line.n && line.p[i] == '/';
}

static void put_value(struct buf *out, struct str value) {
    uint64_t number = 0;
    bool is_number = str_to_u64(value, &number) == OK;
    if (is_number || str_starts(value, STR_LIT("{"))) {
        buf_put_str(out, value);
    } else {
        json_put_text(out, value);
    }
}

size_t tongue_put_answer(struct buf *out, struct str came) {
    struct str rest = came;
    BUF_PUT_LIT(out, "{\"status\":");
    json_put_text(out, str_cut(&rest, '\n'));
    while (rest.n > 0 && !is_status(rest)) {
        struct str line = str_cut(&rest, '\n');
        struct str key = str_cut(&line, ':');
        buf_put_char(out, ',');
        json_put_text(out, key);
        buf_put_char(out, ':');
        put_value(out, line);
    }
    buf_put_char(out, '}');
    return came.n - rest.n;
}
