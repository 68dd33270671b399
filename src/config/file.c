/* INI files, through inih.
 *
 * inih tells sections and keys apart, but its lines have 200 bytes and its handler no line numbers,
 * and both silently. So the reader below hands it `key =` alone, keeps the value aside, whole, and
 * counts the lines; inih calls the handler before it asks for the next line. */
#include <ini.h>
#include <stdio.h>

#include "config/option.h"

#define NAME_BYTES_MAX 128

struct reader {
    struct str rest;     // p == NULL: at the end
    struct str value;    // of the line inih has now
    unsigned line;       // its number
    const struct ini_sink *sink;
    bool is_stopped;
};

/* The value of a line without a comment at its end: a semicolon after white space. */
static struct str without_comment(struct str value) {
    for (size_t i = 0; i < value.n; i++) {
        bool is_after_space = i == 0 || value.p[i - 1] == ' ' || value.p[i - 1] == '\t';
        if (value.p[i] == ';' && is_after_space) {
            return str_trim((struct str){ value.p, i });
        }
    }
    return str_trim(value);
}

/* What inih is given of a line, the value taken off. */
static struct str shape_of(struct reader *r, struct str line) {
    line = str_trim(line);    // an indented line would be taken for more of the value before it
    bool is_key = !str_is_empty(line) && strchr(";#[", line.p[0]) == NULL;
    if (!is_key) {
        return line;
    }
    size_t mark = MIN(str_find(line, '='), str_find(line, ':'));
    if (mark == line.n) {
        return line;
    }
    r->value = without_comment((struct str){ line.p + mark + 1, line.n - mark - 1 });
    return (struct str){ line.p, mark + 1 };
}

/* Reads a line as fgets would. A shape longer than inih's line is cut: it is a comment, or nothing
 * that could be right. */
static char *on_line(char *out, int size, void *stream) {
    struct reader *r = stream;
    if (r->rest.p == NULL || r->is_stopped || size < 8) {
        return NULL;
    }
    struct str line = str_cut(&r->rest, '\n');
    if (r->rest.p == NULL && line.n == 0) {
        return NULL;
    }
    r->line++;
    struct str shape = shape_of(r, line);
    snprintf(out, (size_t)size, "%.*s\n", (int)MIN(shape.n, (size_t)size - 2), shape.p);
    return out;
}

static int on_key(void *ctx, const char *section, const char *name, const char *unused) {
    (void)unused;
    struct reader *r = ctx;
    char full[NAME_BYTES_MAX];
    if (r->sink == NULL || r->is_stopped) {
        return 1;
    }
    snprintf(full, sizeof full, "%s%s%s", section, section[0] == '\0' ? "" : ".", name);
    r->is_stopped = !r->sink->set(r->sink->ctx, str_of(full), r->value, r->line);
    return 1;
}

unsigned ini_read(struct str text, const struct ini_sink *sink) {
    struct reader r = { .rest = text, .sink = sink };
    int line = ini_parse_stream(on_line, &r, on_key, &r);
    CHECK(line >= 0);    // without heap lines it cannot run out of memory
    return (unsigned)line;
}
