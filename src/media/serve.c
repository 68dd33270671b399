/* Ranges, conditions and headers of a stored file.
 *
 * Conditions come first and in the order of RFC 9110 section 13.2.2; a range only counts where they
 * let the file be sent. What cannot be read is as if it were not there, except If-Match, which then
 * holds for nothing. */
#include "media/serve.h"

#include "base/clock.h"

/* ---- conditions */

/* The file's ETag without its quotes: the random part of its name. */
static struct str tag_of(const struct serve_file *file) {
    struct str base = file->name;
    (void)str_cut(&base, '/');
    return str_cut(&base, '.');
}

/* Takes one entity tag, W/"..." or "...", off *rest. */
static bool take_tag(struct str *rest, struct str *tag, bool *is_weak) {
    struct str s = *rest;
    *is_weak = str_starts(s, STR_LIT("W/"));
    if (*is_weak) {
        s = (struct str){ s.p + 2, s.n - 2 };
    }
    if (s.n < 2 || s.p[0] != '"') {
        return false;
    }
    s = (struct str){ s.p + 1, s.n - 1 };
    size_t n = str_find(s, '"');
    if (n == s.n) {
        return false;
    }
    *tag = (struct str){ s.p, n };
    *rest = (struct str){ s.p + n + 1, s.n - n - 1 };
    return true;
}

/* Whether a list of entity tags, or `*`, has the file's. Strong comparison: no weak one is
 * equal. */
static bool list_has_tag(struct str list, const struct serve_file *file, bool is_strong) {
    struct str rest = str_trim(list);
    if (str_eq(rest, STR_LIT("*"))) {
        return true;
    }
    bool has = false;
    while (rest.n > 0) {
        struct str tag;
        bool is_weak = false;
        if (rest.p[0] == ',' || rest.p[0] == ' ' || rest.p[0] == '\t') {
            rest = (struct str){ rest.p + 1, rest.n - 1 };
        } else if (take_tag(&rest, &tag, &is_weak)) {
            has = has || (str_eq(tag, tag_of(file)) && !(is_strong && is_weak));
        } else {
            return false;    // it is no list
        }
    }
    return has;
}

/* Whether the file was changed after a date, in whole seconds. False if it is no date. */
static bool is_newer(const struct serve_file *file, struct str date, uint64_t now_ms) {
    uint64_t ms = 0;
    return clock_parse_http(date, now_ms, &ms) == OK && file->modified_ms / 1000 > ms / 1000;
}

static bool is_date(struct str date, uint64_t now_ms) {
    uint64_t ms = 0;
    return clock_parse_http(date, now_ms, &ms) == OK;
}

/* 0, or the status that ends the matter before a byte is sent. */
static int conditions(const struct serve_ask *ask, const struct serve_file *file, uint64_t now_ms) {
    if (ask->if_match.p != NULL) {
        if (!list_has_tag(ask->if_match, file, true)) {
            return 412;
        }
    } else if (is_newer(file, ask->if_unmodified_since, now_ms)) {
        return 412;
    }
    if (ask->if_none_match.p != NULL) {
        return list_has_tag(ask->if_none_match, file, false) ? 304 : 0;
    }
    bool has_date = is_date(ask->if_modified_since, now_ms);
    return has_date && !is_newer(file, ask->if_modified_since, now_ms) ? 304 : 0;
}

/* Whether the range may be used: the sender has this very file in part (RFC 9110 section
 * 13.1.5). */
static bool range_is_wanted(const struct serve_ask *ask, const struct serve_file *file,
                            uint64_t now_ms) {
    if (ask->range.p == NULL || ask->is_head) {
        return false;
    }
    if (ask->if_range.p == NULL) {
        return true;
    }
    struct str rest = ask->if_range;
    struct str tag;
    bool is_weak = false;
    uint64_t ms = 0;
    if (take_tag(&rest, &tag, &is_weak)) {
        return !is_weak && rest.n == 0 && str_eq(tag, tag_of(file));
    }
    return clock_parse_http(ask->if_range, now_ms, &ms) == OK &&
           ms / 1000 == file->modified_ms / 1000;
}

/* ---- ranges */

enum range { RANGE_INVALID, RANGE_BEYOND, RANGE_FINE };

/* Reads digits; what is too large is the largest. False: there are none, or something else. */
static bool read_position(struct str s, uint64_t *out) {
    enum err err = str_to_u64(s, out);
    if (err == ERR_TOO_BIG) {
        *out = UINT64_MAX;
    }
    return err == OK || err == ERR_TOO_BIG;
}

/* Reads "first-last", "first-" or "-count" against a file of `bytes`. */
static enum range read_one(struct str spec, uint64_t bytes, struct serve_plan *out) {
    struct str last_text = spec;
    struct str first_text = str_cut(&last_text, '-');
    uint64_t first = 0;
    uint64_t last = UINT64_MAX;
    if (last_text.p == NULL) {
        return RANGE_INVALID;
    }
    if (first_text.n == 0) {
        uint64_t count = 0;
        if (!read_position(last_text, &count)) {
            return RANGE_INVALID;
        }
        out->bytes = MIN(count, bytes);
        out->at = bytes - out->bytes;
        return out->bytes > 0 ? RANGE_FINE : RANGE_BEYOND;
    }
    if (!read_position(first_text, &first) ||
        (last_text.n > 0 && (!read_position(last_text, &last) || last < first))) {
        return RANGE_INVALID;
    }
    if (first >= bytes) {
        return RANGE_BEYOND;
    }
    out->at = first;
    out->bytes = MIN(last, bytes - 1) - first + 1;
    return RANGE_FINE;
}

/* Decides what a Range asks for: one part is sent as it is, several are answered with the whole
 * file (section 14.2 leaves that to us), and what is no range of bytes is not there. */
static void apply_range(struct str range, const struct serve_file *file, struct serve_plan *plan) {
    struct str rest = range;
    if (!str_eq_nocase(str_cut(&rest, '='), STR_LIT("bytes")) || rest.p == NULL) {
        return;
    }
    struct serve_plan part = *plan;
    size_t fine = 0;
    size_t beyond = 0;
    while (rest.p != NULL) {
        struct str spec = str_trim(str_cut(&rest, ','));
        if (spec.n > 0) {
            enum range one = read_one(spec, file->bytes, &part);
            if (one == RANGE_INVALID) {
                return;
            }
            fine += one == RANGE_FINE;
            beyond += one == RANGE_BEYOND;
        }
    }
    if (fine == 1 && beyond == 0) {
        *plan = part;
        plan->status = 206;
    } else if (fine == 0 && beyond > 0) {
        *plan = (struct serve_plan){ .status = 416 };
    }
}

/* ---- headers */

static void put_range(const struct serve_plan *plan, const struct serve_file *file,
                      struct buf *headers) {
    if (plan->status == 206) {
        buf_printf(headers, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)plan->at,
                   (unsigned long long)(plan->at + plan->bytes - 1),
                   (unsigned long long)file->bytes);
    } else if (plan->status == 416) {
        buf_printf(headers, "Content-Range: bytes */%llu\r\n", (unsigned long long)file->bytes);
    }
}

/* What is known of the file, whether it is sent or not. */
static void put_file(const struct serve_file *file, struct buf *headers) {
    struct str base = file->name;
    (void)str_cut(&base, '/');
    BUF_PUT_LIT(headers, "Accept-Ranges: bytes\r\nETag: \"");
    buf_put_str(headers, tag_of(file));
    BUF_PUT_LIT(headers, "\"\r\nLast-Modified: ");
    clock_put_http(headers, file->modified_ms);
    BUF_PUT_LIT(headers, "\r\nCache-Control: private, max-age=31536000, immutable\r\n"
                         "Content-Disposition: ");
    buf_put_str(headers, file->type->is_shown ? STR_LIT("inline") : STR_LIT("attachment"));
    BUF_PUT_LIT(headers, "; filename=\"");
    buf_put_str(headers, base);    // digits, letters and a dot: one of ours
    BUF_PUT_LIT(headers, "\"\r\n");
}

struct serve_plan serve(const struct serve_ask *ask, const struct serve_file *file, uint64_t now_ms,
                        struct buf *headers) {
    struct serve_plan plan = {
        .status = 200,
        .content_type = file->type->name,
        .bytes = file->bytes,
    };
    int ended = conditions(ask, file, now_ms);
    if (ended != 0) {
        plan = (struct serve_plan){ .status = ended };
    } else if (range_is_wanted(ask, file, now_ms)) {
        apply_range(ask->range, file, &plan);
    }
    put_range(&plan, file, headers);
    if (plan.status < 400) {
        put_file(file, headers);
    }
    BUF_PUT_LIT(headers, "X-Content-Type-Options: nosniff\r\n"
                         "Content-Security-Policy: sandbox; default-src 'none'\r\n"
                         "Cross-Origin-Resource-Policy: cross-origin\r\n");
    return plan;
}
