/* Tables, sentences, JSON: see cli_out.h. */
#include "server/cli_out.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"

#define CELL_BYTES_MAX 65536
#define GAP 2    // spaces between columns

/* ---- characters */

/* Reads one character of valid UTF-8; its bytes into *n. */
static uint32_t character(struct str s, size_t *n) {
    uint8_t first = (uint8_t)s.p[0];
    *n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    static const uint8_t mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t c = first & mask[*n];
    for (size_t i = 1; i < *n; i++) {
        c = c << 6 | ((uint8_t)s.p[i] & 0x3f);
    }
    return c;
}

/* Whether a terminal might obey it, or show the rest of the line in another order. */
static bool is_dangerous(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || (c >= 0x200e && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void cli_put_safe(struct buf *out, struct str text) {
    bool is_utf8 = str_is_utf8(text);
    for (size_t i = 0; i < text.n;) {
        size_t n = 1;
        uint32_t c = (uint8_t)text.p[i];
        if (is_utf8) {
            c = character((struct str){ text.p + i, text.n - i }, &n);
        }
        if (!is_utf8 && c >= 0x7f) {
            buf_printf(out, "\\x%02x", c);
        } else if (is_dangerous(c)) {
            buf_printf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
        } else {
            buf_put(out, text.p + i, n);
        }
        i += n;
    }
}

/* Outside of texts JSON has no such characters but white space, which the writer does not use. */
void cli_put_json_safe(struct buf *out, struct str json) {
    for (size_t i = 0; i < json.n;) {
        size_t n;
        uint32_t c = character((struct str){ json.p + i, json.n - i }, &n);
        if (is_dangerous(c)) {
            buf_printf(out, "\\u%04x", c);
        } else {
            buf_put(out, json.p + i, n);
        }
        i += n;
    }
}

/* ---- values */

static void put_number(struct buf *out, const struct json *value) {
    uint64_t whole;
    double number = 0;
    if (json_u64(value, &whole) == OK) {
        buf_put_u64(out, whole);
    } else if (json_double(value, &number) == OK) {
        buf_printf(out, "%.17g", number);
    }
}

static void put_array(struct buf *out, const struct json *array) {
    buf_put_char(out, '[');
    for (size_t i = 0; i < json_count(array); i++) {
        if (i > 0) {
            buf_put_char(out, ',');
        }
        cli_put_json(out, json_at(array, i));
    }
    buf_put_char(out, ']');
}

static void put_object(struct buf *out, const struct json *object) {
    size_t at = 0;
    struct str key;
    const struct json *member;
    const char *before = "{";
    while (json_each(object, &at, &key, &member)) {
        buf_put_str(out, str_of(before));
        json_put_text(out, key);
        buf_put_char(out, ':');
        cli_put_json(out, member);
        before = ",";
    }
    buf_put_str(out, before[0] == '{' ? STR_LIT("{}") : STR_LIT("}"));
}

void cli_put_json(struct buf *out, const struct json *value) {
    bool flag = false;
    switch (json_kind_of(value)) {
    case JSON_NULL: BUF_PUT_LIT(out, "null"); break;
    case JSON_BOOL:
        flag = json_bool(value, &flag) == OK && flag;
        buf_put_str(out, flag ? STR_LIT("true") : STR_LIT("false"));
        break;
    case JSON_NUMBER: put_number(out, value); break;
    case JSON_TEXT: json_put_text(out, json_text(value)); break;
    case JSON_ARRAY: put_array(out, value); break;
    case JSON_OBJECT: put_object(out, value); break;
    }
}

void cli_put_time(struct buf *out, uint64_t wall_ms) {
    clock_put_rfc3339(out, wall_ms);
}

void cli_put_span(struct buf *out, uint64_t ms) {
    static const struct {
        uint64_t s;
        char unit;
    } units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
    uint64_t left = ms / 1000;
    size_t first = 0;
    while (first + 1 < COUNT(units) && left < units[first].s) {
        first++;
    }
    for (size_t i = first; i < MIN(first + 2, COUNT(units)); i++) {
        buf_printf(out, "%s%llu%c", i == first ? "" : " ", (unsigned long long)(left / units[i].s),
                   units[i].unit);
        left %= units[i].s;
    }
}

/* ---- standard output */

void cli_print(struct str text) {
    (void)fwrite(text.p, 1, text.n, stdout);
}

void cli_say(const char *fmt, ...) {
    char text[CLI_SENTENCE_BYTES_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);

    SCOPED(buf_fini) struct buf line = BUF_INIT(SIZE_MAX);
    cli_put_safe(&line, str_of(text));
    buf_put_char(&line, '\n');
    cli_print(buf_str(&line));
}

void cli_print_json(struct str json) {
    SCOPED(buf_fini) struct buf line = BUF_INIT(SIZE_MAX);
    cli_put_json_safe(&line, json);
    buf_put_char(&line, '\n');
    cli_print(buf_str(&line));
}

/* ---- tables */

static void put_number_cell(struct buf *out, const struct json *value,
                            const struct cli_column *column) {
    uint64_t number = 0;
    if (json_u64(value, &number) != OK) {
        return;
    }
    if (column->kind == COLUMN_YES_NO) {
        buf_put_str(out, number != 0 ? STR_LIT("yes") : STR_LIT("no"));
    } else if (column->kind == COLUMN_UNTIL && number == 0) {
        BUF_PUT_LIT(out, "for good");
    } else if (column->kind == COLUMN_NUMBER) {
        buf_put_u64(out, number);
    } else {
        cli_put_time(out, number);
    }
}

/* What stands in a cell; row NULL: the head. */
static void put_cell(struct buf *out, const struct json *row, const struct cli_column *column) {
    buf_reset(out);
    if (row == NULL) {
        buf_put_str(out, str_of(column->head));
    } else if (column->kind == COLUMN_TEXT) {
        struct str text = json_text(json_get(row, column->key));
        bool is_none = str_is_empty(text) && column->none != NULL;
        cli_put_safe(out, is_none ? str_of(column->none) : text);
    } else {
        put_number_cell(out, json_get(row, column->key), column);
    }
}

static void put_spaces(struct buf *out, size_t n) {
    while (n-- > 0) {
        buf_put_char(out, ' ');
    }
}

/* One line. Nothing stands behind the last column, not even spaces. */
static void put_row(struct buf *out, const struct json *row, const struct cli_columns *columns,
                    const size_t *widths) {
    SCOPED(buf_fini) struct buf cell = BUF_INIT(CELL_BYTES_MAX);
    size_t owed = 0;
    for (size_t i = 0; i < columns->count; i++) {
        put_cell(&cell, row, &columns->column[i]);
        size_t fill = widths[i] - str_chars(buf_str(&cell));
        bool is_right = columns->column[i].kind == COLUMN_NUMBER;
        if (cell.n > 0) {
            put_spaces(out, owed + (is_right ? fill : 0));
            buf_put_str(out, buf_str(&cell));
            owed = is_right ? 0 : fill;
        } else {
            owed += fill;
        }
        owed += GAP;
    }
    buf_put_char(out, '\n');
}

void cli_put_table(struct buf *out, const struct json *rows, const struct cli_columns *columns) {
    SCOPED(buf_fini) struct buf cell = BUF_INIT(CELL_BYTES_MAX);
    size_t widths[CLI_COLUMNS_MAX] = { 0 };
    CHECK(columns->count <= CLI_COLUMNS_MAX);

    for (size_t r = 0; r <= json_count(rows); r++) {
        for (size_t i = 0; i < columns->count; i++) {
            put_cell(&cell, r == 0 ? NULL : json_at(rows, r - 1), &columns->column[i]);
            widths[i] = MAX(widths[i], str_chars(buf_str(&cell)));
        }
    }
    for (size_t r = 0; r <= json_count(rows); r++) {
        put_row(out, r == 0 ? NULL : json_at(rows, r - 1), columns, widths);
    }
}
