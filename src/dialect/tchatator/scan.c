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

/* Behind what was unknown or broken. true: *out says it. */
static bool pass_over(struct str bytes, enum scan_silence silence, bool *is_skipping,
                      struct scan *out) {
    size_t at = 0;
    while (*is_skipping && at < bytes.n) {
        struct line line = line_at(bytes, at);
        if (line.text.n > TCHATATOR_LINE_BYTES_MAX) {
            found(out, SCAN_TOO_LONG, 0);
            return true;
        }
        if (!counts(&line, silence)) {
            break;
        }
        bool is_name = tchatator_verb_find(line.text) != TCHATATOR_UNKNOWN;
        *is_skipping = !is_name && !line_is_blank(&line);
        at = is_name ? at : line.next;
    }
    *is_skipping = *is_skipping && silence == SCAN_SILENT_NOT;
    if (at > 0) {
        found(out, SCAN_SKIP, at);
    } else if (*is_skipping) {
        out->wait = SCAN_WAIT_SHORT;
    }
    return at > 0 || *is_skipping;
}

/* The end of the empty lines at the front. */
static size_t blank_end(struct str bytes, enum scan_silence silence) {
    size_t at = 0;
    while (at < bytes.n) {
        struct line line = line_at(bytes, at);
        bool is_long = line.text.n > TCHATATOR_LINE_BYTES_MAX;
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

void tchatator_scan(struct str bytes, enum scan_silence silence, bool *is_skipping,
                    struct scan *out) {
    *out = (struct scan){ .found = SCAN_MORE };
    if (*is_skipping && pass_over(bytes, silence, is_skipping, out)) {
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
        *is_skipping = w.found == WALK_BROKEN;
    }
}
