/* Finds commands in a stream: see scan.h. What belongs to a command is walk.c's business; here are
 * the bytes between them.
 *
 * A look costs as much as there are bytes, each time more come. They are one command at most, so
 * who sends them one by one has us look at some kilobytes for each packet, and no more. */
#include "dialect/tchatator/walk.h"

static void found(struct scan *out, enum scan_found found, size_t taken) {
    out->found = found;
    out->taken = taken;
}

/* Whether a line that lacks its end counts all the same. */
static bool counts(const struct line *line, enum scan_silence silence) {
    return line->is_whole || silence != SCAN_SILENT_NOT;
}

/* A letter, digit, `_` or `-`: what keys are made of. */
static bool is_key_char(char c) {
    char lower = c | 0x20;
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Whether a line is key:value, and not words that happen to have a colon. */
static bool is_param(struct str text) {
    size_t n = 0;
    while (n < text.n && is_key_char(text.p[n])) {
        n++;
    }
    return n > 0 && n < text.n && text.p[n] == ':';
}

/* Where the stream stands after this line, if it stood behind `past` before. */
static enum scan_past past_line(const struct line *line, enum scan_past past) {
    bool is_end = line_is_blank(line) || tchatator_verb_find(line->text) != TCHATATOR_UNKNOWN ||
                  (past == SCAN_PAST_COMMAND && !is_param(line->text));
    return is_end ? SCAN_PAST_NOTHING : past;
}

/* Passes over what means nothing here. true: *out says it. */
static bool pass_over(struct str bytes, enum scan_silence silence, enum scan_past *past,
                      struct scan *out) {
    size_t at = 0;
    while (*past != SCAN_PAST_NOTHING && at < bytes.n) {
        struct line line = line_at(bytes, at);
        if (line_is_long(&line)) {
            found(out, SCAN_TOO_LONG, 0);
            return true;
        }
        if (!counts(&line, silence)) {
            break;
        }
        *past = past_line(&line, *past);
        bool is_passed = *past != SCAN_PAST_NOTHING || line_is_blank(&line);
        at = is_passed ? line.next : at;
    }
    if (silence != SCAN_SILENT_NOT) {
        *past = SCAN_PAST_NOTHING;
    }
    if (at > 0) {
        found(out, SCAN_SKIP, at);
    } else if (*past != SCAN_PAST_NOTHING) {
        out->wait = SCAN_WAIT_SHORT;
    }
    return at > 0 || *past != SCAN_PAST_NOTHING;
}

/* The end of the empty lines at the front. */
static size_t blank_end(struct str bytes, enum scan_silence silence) {
    size_t at = 0;
    while (at < bytes.n) {
        struct line line = line_at(bytes, at);
        bool is_long = line_is_long(&line);
        if (is_long || !line_is_blank(&line) || !counts(&line, silence)) {
            break;
        }
        at = line.next;
    }
    return at;
}

static enum scan_wait wait_for(struct str bytes) {
    struct walk later;
    walk(bytes, SCAN_SILENT_SHORT, &later);
    return later.found == WALK_MORE ? SCAN_WAIT_LINE : SCAN_WAIT_SHORT;
}

/* An empty line behind a command ends whatever belongs to it. */
static enum scan_past past_command(const struct walk *w) {
    if (w->found == WALK_BROKEN) {
        return SCAN_PAST_FAULT;
    }
    return w->taken > w->at ? SCAN_PAST_NOTHING : SCAN_PAST_COMMAND;
}

void tchatator_scan(struct str bytes, enum scan_silence silence, enum scan_past *past,
                    struct scan *out) {
    *out = (struct scan){ .found = SCAN_MORE };
    if (*past != SCAN_PAST_NOTHING && pass_over(bytes, silence, past, out)) {
        return;
    }
    size_t blank = blank_end(bytes, silence);
    if (bytes.n == 0 || blank > 0) {
        found(out, blank > 0 ? SCAN_SKIP : SCAN_MORE, blank);
        return;
    }
    struct walk w;
    walk(bytes, silence, &w);
    if (w.found == WALK_TOO_LONG) {
        found(out, SCAN_TOO_LONG, 0);
    } else if (w.found == WALK_MORE) {
        out->wait = wait_for(bytes);
    } else {
        found(out, SCAN_COMMAND, w.taken);
        out->command = (struct str){ bytes.p, w.at };
        *past = past_command(&w);
    }
}
