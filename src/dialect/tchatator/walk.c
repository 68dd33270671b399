/* Walks along a command, line by line, until it ends.
 *
 * It ends
 *   1. where all it can have has come: at the end of the line, at once;
 *   2. where an empty line, or the name of a command, follows;
 *   3. after a short silence, if all it must have has come; the last line may lack its end then;
 *   4. after a long silence, whatever is missing;
 *   5. at a line that breaks it.
 *
 * Without silence nothing is said of a line whose end has not come: that is why it does not matter
 * how the network cuts the bytes. With a short silence such a line is tried as if it were whole,
 * and counts if the command ends with it; else it is waited for. */
#include "dialect/tchatator/walk.h"

#define KEY_SHOWN_CHARS 16    // of what may be a key

struct line line_at(struct str bytes, size_t at) {
    struct str rest = { bytes.p + at, bytes.n - at };
    size_t end = str_find(rest, '\n');
    bool is_whole = end < rest.n;
    size_t next = at + end + is_whole;
    if (is_whole && end > 0 && rest.p[end - 1] == '\r') {
        end--;
    }
    return (struct line){ { rest.p, end }, next, is_whole };
}

bool line_is_blank(const struct line *line) {
    return str_trim(line->text).n == 0;
}

bool line_is_long(const struct line *line) {
    bool is_half_ended = !line->is_whole && str_ends(line->text, STR_LIT("\r"));
    return line->text.n - is_half_ended > TCHATATOR_LINE_BYTES_MAX;
}

/* ---- ends */

static void end_at(struct walk *w, enum walk_found found, size_t at, size_t taken) {
    w->found = found;
    w->at = at;
    w->taken = taken;
}

static void break_at(struct walk *w, size_t at, enum problem problem, struct str argument) {
    end_at(w, WALK_BROKEN, at, at);
    w->problem = problem;
    w->argument = argument;
}

/* A line breaks the command, unless it may still become another line. */
static void break_with(struct walk *w, const struct line *line, enum problem problem,
                       struct str argument) {
    if (!line->is_whole && w->silence != SCAN_SILENT_LONG) {
        w->found = WALK_MORE;
        return;
    }
    break_at(w, line->next, problem, argument);
}

/* ---- what it has */

static bool has(const struct walk *w, bool and_optional) {
    const struct param *params = verb_row(w->verb)->params;
    for (unsigned i = 0; i < VERB_PARAMS_MAX && params[i].kind != KIND_NONE; i++) {
        bool is_given = (w->given & BIT(i)) != 0;
        if (!is_given && (and_optional || params[i].is_required)) {
            return false;
        }
    }
    return true;
}

static bool has_required(const struct walk *w) {
    return has(w, false);
}

static bool has_content(const struct walk *w) {
    const struct param *params = verb_row(w->verb)->params;
    for (unsigned i = 0; i < VERB_PARAMS_MAX; i++) {
        if (params[i].kind == KIND_CONTENT) {
            return (w->given & BIT(i)) != 0;
        }
    }
    return false;
}

/* Nothing can come any more: content comes last. */
static bool is_closed(const struct walk *w) {
    return has_required(w) && (has_content(w) || has(w, true));
}

static void give(struct walk *w, unsigned i, struct str value, size_t next) {
    w->given |= BIT(i);
    w->values[i] = value;
    w->at = next;
}

/* ---- content of a stated length */

/* The shortest way first. */
enum measure { MEASURE_BYTE, MEASURE_UTF16, MEASURE_CHAR, MEASURE_COUNT };

/* What one character counts that begins with this byte. */
static unsigned weight(enum measure unit, char first) {
    return unit == MEASURE_UTF16 && (unsigned char)first >= 0xf0 ? 2 : 1;
}

static bool continues(char c) {
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Goes on for `count` units at most; *end is where that leads. Returns how many they were: fewer if
 * the text is shorter, one more if the last character is two of them. */
static uint64_t measure(struct str s, enum measure unit, uint64_t count, size_t *end) {
    uint64_t units = 0;
    size_t at = 0;
    while (units < count && at < s.n) {
        units += weight(unit, s.p[at++]);
        while (unit != MEASURE_BYTE && at < s.n && continues(s.p[at])) {
            at++;
        }
    }
    *end = at;
    return units;
}

enum fit { FIT_NO, FIT_YES, FIT_MORE };

/* Whether content may end at `end`: at an end of line, at the end of all there is, or, if the end
 * of its own last line was counted, in front of the name of a command. */
static enum fit fits(const struct walk *w, size_t end, size_t *next) {
    struct str bytes = w->bytes;
    bool is_silent = w->silence != SCAN_SILENT_NOT;
    *next = end;
    if (end == bytes.n) {
        return is_silent ? FIT_YES : FIT_MORE;
    }
    struct line rest = line_at(bytes, end);
    if (rest.text.n == 0 && rest.is_whole) {
        *next = rest.next;
        return FIT_YES;
    }
    bool may_be_end = str_eq(rest.text, STR_LIT("\r"));
    bool may_be_name = bytes.p[end - 1] == '\n';
    if (!rest.is_whole && !is_silent && (may_be_end || may_be_name)) {
        return FIT_MORE;
    }
    return may_be_name && tchatator_verb_find(rest.text) != TCHATATOR_UNKNOWN ? FIT_YES : FIT_NO;
}

/* No end fits what was stated: the content's first line is taken, so that there is a going on;
 * without its end, which would make another length of it. */
static void break_content(struct walk *w, const struct line *line) {
    break_at(w, line->next, PROBLEM_wrong_length, STR_LIT("message-length"));
    w->at = (size_t)(line->text.p - w->bytes.p) + line->text.n;
}

/* Parameter `i` is content, `from` where it begins: finds its end. */
static void measured(struct walk *w, unsigned i, const struct line *line, size_t from) {
    struct str rest = { w->bytes.p + from, w->bytes.n - from };
    for (enum measure unit = MEASURE_BYTE; unit < MEASURE_COUNT; unit++) {
        size_t end = 0;
        size_t next = 0;
        uint64_t units = measure(rest, unit, w->content_units, &end);
        if (units < w->content_units) {
            bool is_over = w->silence == SCAN_SILENT_LONG ||
                           (w->silence == SCAN_SILENT_SHORT && str_ends(rest, STR_LIT("\n")));
            if (is_over) {
                break_content(w, line);
            } else {
                w->found = WALK_MORE;
            }
            return;
        }
        enum fit fit = units > w->content_units ? FIT_NO : fits(w, from + end, &next);
        if (fit == FIT_MORE) {
            w->found = WALK_MORE;
            return;
        }
        if (fit == FIT_YES) {
            give(w, i, (struct str){ rest.p, end }, next);
            return;
        }
    }
    break_content(w, line);
}

/* ---- lines */

enum problem read_length(struct str value, uint64_t *out) {
    uint64_t n = 0;
    if (str_to_u64(str_trim(value), &n) != OK || n == 0 || n > TCHATATOR_LINE_BYTES_MAX) {
        return PROBLEM_not_length;
    }
    *out = n;
    return PROBLEM_NONE;
}

/* The parameter of a key; VERB_PARAMS_MAX: the verb knows none. */
static unsigned param_find(const struct verb *row, struct str key) {
    unsigned i = 0;
    while (i < VERB_PARAMS_MAX && row->params[i].kind != KIND_NONE) {
        const struct param *param = &row->params[i];
        if (str_eq_name(key, str_of(param->key)) ||
            (param->alias != NULL && str_eq_name(key, str_of(param->alias)))) {
            return i;
        }
        i++;
    }
    return VERB_PARAMS_MAX;
}

/* What length the content has must be known where it begins. */
static enum problem note_length(struct walk *w, struct str value) {
    return has_content(w) ? PROBLEM_late_length : read_length(value, &w->content_units);
}

static void take_param(struct walk *w, const struct line *line, size_t colon) {
    if (++w->lines > TCHATATOR_PARAMS_MAX) {
        w->found = WALK_TOO_LONG;
        return;
    }
    struct str value = { line->text.p + colon + 1, line->text.n - colon - 1 };
    if (str_starts(value, STR_LIT(" "))) {
        value = (struct str){ value.p + 1, value.n - 1 };
    }
    const struct verb *row = verb_row(w->verb);
    unsigned i = param_find(row, (struct str){ line->text.p, colon });
    if (i == VERB_PARAMS_MAX) {
        w->at = line->next;
        return;
    }
    struct str key = str_of(row->params[i].key);
    if (w->given & BIT(i)) {
        break_with(w, line, PROBLEM_repeated, key);
        return;
    }
    enum kind kind = row->params[i].kind;
    enum problem wrong = kind == KIND_LENGTH ? note_length(w, value) : PROBLEM_NONE;
    if (wrong != PROBLEM_NONE) {
        break_with(w, line, wrong, key);
    } else if (kind == KIND_CONTENT && w->content_units > 0) {
        measured(w, i, line, (size_t)(value.p - w->bytes.p));
    } else if (!line->is_whole && w->silence != SCAN_SILENT_LONG && value.n == 0) {
        w->found = WALK_MORE;
    } else {
        give(w, i, value, line->next);
    }
}

/* What is shown of a line without a colon: what should be its key, and not all of a token. */
static struct str first_word(struct str text) {
    struct str rest = str_trim(text);
    struct str word = str_cut(&rest, ' ');
    return str_first_chars(str_cut(&word, '='), KEY_SHOWN_CHARS);
}

/* A line without a colon: it begins something else, or should not be there. */
static void take_other(struct walk *w, const struct line *line) {
    bool is_name = tchatator_verb_find(line->text) != TCHATATOR_UNKNOWN &&
                   (line->is_whole || w->silence == SCAN_SILENT_LONG);
    if (is_name || has_required(w)) {
        end_at(w, WALK_DONE, w->at, w->at);
    } else {
        break_with(w, line, PROBLEM_no_colon, first_word(line->text));
    }
}

/* Behind the last byte. */
static void take_silence(struct walk *w) {
    bool is_over =
        w->silence == SCAN_SILENT_LONG || (w->silence == SCAN_SILENT_SHORT && has_required(w));
    if (is_over) {
        end_at(w, WALK_DONE, w->at, w->at);
    } else {
        w->found = WALK_MORE;
    }
}

static void take_line(struct walk *w) {
    if (w->at == w->bytes.n) {
        take_silence(w);
        return;
    }
    struct line line = line_at(w->bytes, w->at);
    size_t colon = str_find(line.text, ':');
    if (line_is_long(&line)) {
        w->found = WALK_TOO_LONG;
    } else if (!line.is_whole && w->silence == SCAN_SILENT_NOT) {
        w->found = WALK_MORE;
    } else if (line.is_whole && line_is_blank(&line)) {
        end_at(w, WALK_DONE, w->at, line.next);
    } else if (line_is_blank(&line)) {
        w->at = line.next;
    } else if (colon < line.text.n) {
        take_param(w, &line, colon);
    } else {
        take_other(w, &line);
    }
}

/* A name that may not be whole counts after the silence that ends its command. */
static void take_name(struct walk *w) {
    struct line line = line_at(w->bytes, 0);
    size_t colon = str_find(line.text, ':');
    w->verb = tchatator_verb_find(line.text);
    bool is_short = w->verb != TCHATATOR_UNKNOWN && has_required(w);
    if (line_is_long(&line)) {
        w->found = WALK_TOO_LONG;
    } else if (!line.is_whole && w->silence < (is_short ? SCAN_SILENT_SHORT : SCAN_SILENT_LONG)) {
        w->found = WALK_MORE;
    } else if (w->verb == TCHATATOR_UNKNOWN) {
        break_at(w, line.next, PROBLEM_unknown_command, (struct str){ line.text.p, colon });
    } else {
        w->at = line.next;
    }
}

void walk(struct str bytes, enum scan_silence silence, struct walk *w) {
    bool is_cut = bytes.n > TCHATATOR_COMMAND_BYTES_MAX;
    if (is_cut) {    // one byte more than may be there shows it; more are not looked at
        bytes.n = TCHATATOR_COMMAND_BYTES_MAX + 1;
        silence = SCAN_SILENT_NOT;
    }
    *w = (struct walk){ .bytes = bytes, .silence = silence };
    take_name(w);
    while (w->found == WALK_GOING) {
        if (is_closed(w)) {
            end_at(w, WALK_DONE, w->at, w->at);
        } else {
            take_line(w);
        }
    }
    if (is_cut && (w->found == WALK_MORE || w->at == bytes.n)) {
        w->found = WALK_TOO_LONG;
    }
}
