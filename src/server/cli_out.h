/* What the command line prints: tables and sentences for people, JSON for programs.
 *
 * Nothing of what users wrote reaches a terminal as a control character: for people it is shown as
 * \x1b or \u202e, in JSON it is escaped as JSON does.
 *
 * Thread   the main thread.   Memory   nothing is kept. */
#ifndef PARLOIR_SERVER_CLI_OUT_H
#define PARLOIR_SERVER_CLI_OUT_H

#include "base/json.h"

#define CLI_SENTENCE_BYTES_MAX 8192

/* Appends text for people: control characters and those that reorder a line are written out. What
 * is not UTF-8 is shown byte by byte. */
void cli_put_safe(struct buf *out, struct str text);

/* Appends a line of JSON with the characters escaped that a terminal might obey; it stays the same
 * JSON. Valid UTF-8 only. */
void cli_put_json_safe(struct buf *out, struct str json);

/* Appends a value as JSON. */
void cli_put_json(struct buf *out, const struct json *value);

/* Appends a time: "2023-11-20T10:30:00Z"; a span: "3d 4h", "12m 5s". */
void cli_put_time(struct buf *out, uint64_t wall_ms);
void cli_put_span(struct buf *out, uint64_t ms);

/* Writes to standard output as it is; whether it arrived is looked at when the command ends. */
void cli_print(struct str text);

/* Writes a line for people to standard output, made safe. */
void cli_say(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Writes JSON to standard output, made safe, and a newline. */
void cli_print_json(struct str json);

/* A column of a table: what it is called, and which member of a row it shows. */
struct cli_column {
    const char *head;
    const char *key;
    enum { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_TIME, COLUMN_UNTIL, COLUMN_YES_NO } kind;
    const char *none;    // what an empty text means, for people; NULL: nothing
};

#define CLI_COLUMNS_MAX 10

struct cli_columns {
    size_t count;
    struct cli_column column[CLI_COLUMNS_MAX];
};

/* Appends an array of objects as a table, columns as wide as they need be, numbers to the right. */
void cli_put_table(struct buf *out, const struct json *rows, const struct cli_columns *columns);

#endif
