/* multipart/form-data.
 *
 *     preamble --boundary CRLF  head CRLF CRLF  bytes  CRLF --boundary ... CRLF --boundary--
 *     epilogue
 *
 *    state       reads as                       left by
 *    PREAMBLE    nothing, until a boundary      the boundary
 *    AFTER       what follows a boundary        CR LF (a head), "--" (the end)
 *    HEAD        lines of a part's head         its empty line
 *    BYTES       a part's bytes                 the boundary
 *    EPILOGUE    nothing                        never
 *
 * A boundary is CR LF "--" and its text. CR is nowhere in that text, so when a comparison fails
 * half way, what was equal so far is data, and a new comparison can begin with the present byte
 * only: how many bytes were equal (`matched`) is all there is to remember from one feed to the
 * next.
 *
 * The first boundary needs no CR LF, and that of an empty part may have its CR LF from the head:
 * there, the comparison begins with two bytes that count as equal but are never data (`lent`). */
#include "media/multipart.h"

#include "media/params.h"

#define DELIMITER_BYTES_MAX (4 + MULTIPART_BOUNDARY_BYTES_MAX)

enum multipart_state { PREAMBLE, AFTER, HEAD, BYTES, EPILOGUE };

/* Where the bytes behind a boundary stand. */
enum after_state { AFTER_BOUNDARY, AFTER_PADDING, AFTER_DASH, AFTER_CR };

struct multipart {
    char delimiter[DELIMITER_BYTES_MAX];    // CR LF "--" boundary
    size_t delimiter_bytes;
    size_t matched;    // bytes of the delimiter that were equal so far
    size_t lent;       // of these, those that were never part of the data
    enum multipart_state state;
    enum after_state after;
    struct buf head;
    size_t part_count;
    size_t skipped_bytes;    // of the preamble, or of a part that is not the file
    bool is_file;            // this part is the one
    bool had_file;
    enum err err;
    const char *why;

    const struct multipart_sink *sink;    // borrowed, during a feed
    void *ctx;
};

static enum err fail(struct multipart *m, enum err err, const char *why) {
    m->err = err;
    m->why = why;
    return err;
}

/* ---- the boundary, from Content-Type */

static bool is_boundary_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("'()+_,-./:=? ", c) != NULL);
}

static bool boundary_is_valid(struct str s) {
    if (s.n == 0 || s.n > MULTIPART_BOUNDARY_BYTES_MAX || s.p[s.n - 1] == ' ') {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (!is_boundary_char(s.p[i])) {
            return false;
        }
    }
    return true;
}

bool multipart_is_form(struct str content_type) {
    return str_eq_nocase(params_begin(&content_type), STR_LIT("multipart/form-data"));
}

/* Finds the one boundary. */
static bool boundary_of(struct str content_type, struct str *out) {
    struct param param;
    size_t count = 0;
    (void)params_begin(&content_type);
    while (params_next(&content_type, &param)) {
        if (str_eq_nocase(param.name, STR_LIT("boundary"))) {
            *out = param.value;
            count++;
        }
    }
    return content_type.n == 0 && count == 1 && boundary_is_valid(*out);
}

/* A boundary may come next, without the first `lent` bytes of its delimiter. */
static void expect_boundary(struct multipart *m, enum multipart_state state) {
    m->state = state;
    m->matched = 2;
    m->lent = 2;
    m->skipped_bytes = 0;
}

enum err multipart_new(struct str content_type, struct multipart **out, const char **why) {
    struct str boundary = STR_NONE;
    if (!multipart_is_form(content_type) || !boundary_of(content_type, &boundary)) {
        *why = "Content-Type must be: multipart/form-data; boundary=1 to 70 letters and digits";
        return ERR_PROTO;
    }
    struct multipart *m = xzalloc(sizeof *m);
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.p, boundary.n);
    m->delimiter_bytes = 4 + boundary.n;
    m->head = BUF_INIT(MULTIPART_HEAD_BYTES_MAX);
    m->why = "";
    expect_boundary(m, PREAMBLE);
    *out = m;
    return OK;
}

void multipart_free(struct multipart **m) {
    if (*m != NULL) {
        buf_fini(&(*m)->head);
        xfree(*m);
        *m = NULL;
    }
}

/* ---- a part's head */

/* Takes the escapes out of a quoted value, where it stands. */
static struct str unescape(struct multipart *m, const struct param *param) {
    char *to = m->head.p + (param->value.p - m->head.p);
    size_t n = 0;
    for (size_t i = 0; i < param->value.n; i++) {
        bool is_escape = param->is_quoted && to[i] == '\\' && i + 1 < param->value.n &&
                         (to[i + 1] == '"' || to[i + 1] == '\\');
        i += is_escape;
        to[n++] = to[i];
    }
    return (struct str){ to, n };
}

#define WHY_DISPOSITION "Each part must have one Content-Disposition: form-data; name=\"...\""

/* Takes what Content-Disposition says. */
static enum err take_disposition(struct multipart *m, struct str value, struct multipart_file *f) {
    struct param param;
    if (f->name.p != NULL || !str_eq_nocase(params_begin(&value), STR_LIT("form-data"))) {
        return fail(m, ERR_PROTO, WHY_DISPOSITION);
    }
    while (params_next(&value, &param)) {
        bool is_filename = str_eq_nocase(param.name, STR_LIT("filename")) ||
                           str_eq_nocase(param.name, STR_LIT("filename*"));
        struct str *field = is_filename                                  ? &f->filename
                            : str_eq_nocase(param.name, STR_LIT("name")) ? &f->name
                                                                         : NULL;
        if (field == &f->name && f->name.p != NULL) {
            return fail(m, ERR_PROTO, WHY_DISPOSITION);
        }
        if (field != NULL && field->p == NULL) {    // of filename and filename*, the first
            *field = unescape(m, &param);
        }
    }
    return value.n == 0 && f->name.p != NULL ? OK : fail(m, ERR_PROTO, WHY_DISPOSITION);
}

/* Reads one line of a head, without its CR LF. */
static enum err take_header(struct multipart *m, struct str line, struct multipart_file *f) {
    struct str value = line;
    struct str name = str_cut(&value, ':');
    if (value.p == NULL || name.n == 0 || str_trim(name).n != name.n) {
        return fail(m, ERR_PROTO, "A header of a part must be on one line, Name: value");
    }
    value = str_trim(value);
    if (str_eq_nocase(name, STR_LIT("content-disposition"))) {
        return take_disposition(m, value, f);
    }
    if (str_eq_nocase(name, STR_LIT("content-type"))) {
        f->content_type = value;
    } else if (str_eq_nocase(name, STR_LIT("content-transfer-encoding")) &&
               !str_eq_nocase(value, STR_LIT("binary")) && !str_eq_nocase(value, STR_LIT("8bit")) &&
               !str_eq_nocase(value, STR_LIT("7bit"))) {
        return fail(m, ERR_PROTO, "The file must be sent as it is, without a transfer encoding.");
    }
    return OK;
}

/* The head is whole: whose part is it? */
static enum err head_finish(struct multipart *m) {
    struct multipart_file file = { 0 };
    struct str rest = buf_str(&m->head);
    while (rest.n > 2) {    // the last two bytes are the empty line's
        size_t n = str_find(rest, '\r');
        if (take_header(m, (struct str){ rest.p, n }, &file) != OK) {
            return m->err;
        }
        rest = (struct str){ rest.p + n + 2, rest.n - n - 2 };
    }
    if (file.name.p == NULL) {
        return fail(m, ERR_PROTO, WHY_DISPOSITION);
    }
    m->is_file = !m->had_file && (file.filename.p != NULL || str_eq(file.name, STR_LIT("file")));
    if (m->is_file) {
        m->had_file = true;
        m->sink->on_file(m->ctx, &file);
    }
    expect_boundary(m, BYTES);
    return OK;
}

/* Whether the head's last bytes may follow each other: lines end in CR LF, and in them are neither
 * control characters nor zero bytes. */
static bool head_char_is_fine(const struct buf *head, char c) {
    bool after_cr = head->n > 0 && head->p[head->n - 1] == '\r';
    return after_cr == (c == '\n') && ((uint8_t)c >= 0x20 || c == '\t' || c == '\r' || c == '\n') &&
           c != 0x7f;
}

static enum err feed_head(struct multipart *m, const char *p, size_t n, size_t *took) {
    struct buf *head = &m->head;
    size_t i = 0;
    while (i < n) {
        char c = p[i++];
        if (head->n == MULTIPART_HEAD_BYTES_MAX) {
            return fail(m, ERR_TOO_BIG, "The headers of a part may have at most 4096 bytes.");
        }
        if (!head_char_is_fine(head, c)) {
            return fail(m, ERR_PROTO,
                        "Headers of a part must be text, in lines that end in CR LF.");
        }
        bool is_start = head->n == 0 || head->p[head->n - 1] == '\n';
        if (is_start && (c == ' ' || c == '\t')) {
            return fail(m, ERR_PROTO, "A header of a part must be on one line, Name: value");
        }
        buf_put_char(head, c);
        if (c == '\n' && (head->n == 2 || head->p[head->n - 3] == '\n')) {
            *took = i;
            return head_finish(m);
        }
    }
    *took = n;
    return OK;
}

/* ---- between the boundaries */

/* Hands out bytes, or counts them away. */
static enum err put_bytes(struct multipart *m, const char *p, size_t n) {
    if (n == 0) {
        return OK;
    }
    if (m->state == BYTES && m->is_file) {
        m->sink->on_bytes(m->ctx, (struct str){ p, n });
        return OK;
    }
    size_t max = m->state == BYTES ? MULTIPART_FIELD_BYTES_MAX : MULTIPART_PREAMBLE_BYTES_MAX;
    if (n > max - m->skipped_bytes) {
        return fail(m, ERR_TOO_BIG,
                    m->state == BYTES ? "A part that is not the file may have at most 65536 bytes."
                                      : "The body must begin with its boundary.");
    }
    m->skipped_bytes += n;
    return OK;
}

/* A boundary ends what was before it. */
static void boundary_came(struct multipart *m) {
    if (m->state == BYTES && m->is_file) {
        m->is_file = false;
        m->sink->on_file_end(m->ctx);
    }
    m->state = AFTER;
    m->after = AFTER_BOUNDARY;
}

/* Looks for the boundary. Of the bytes equal to it, `carried` are from earlier feeds. */
static enum err feed_bytes(struct multipart *m, const char *p, size_t n, size_t *took) {
    size_t carried = m->matched;
    size_t i = 0;
    while (i < n && m->matched < m->delimiter_bytes) {
        if (p[i] == m->delimiter[m->matched]) {
            m->matched++;
            i++;
        } else if (m->matched > 0) {
            if (carried > m->lent &&
                put_bytes(m, m->delimiter + m->lent, carried - m->lent) != OK) {
                return m->err;
            }
            carried = 0;
            m->lent = 0;
            m->matched = 0;
        } else {
            const char *cr = memchr(p + i, '\r', n - i);
            i = cr == NULL ? n : (size_t)(cr - p);
        }
    }
    if (put_bytes(m, p, i - (m->matched - carried)) != OK) {
        return m->err;
    }
    if (m->matched == m->delimiter_bytes) {
        boundary_came(m);
    }
    *took = i;
    return OK;
}

/* Reads what follows a boundary: "--", or white space and the end of its line. */
static enum err feed_after(struct multipart *m, char c) {
    if (m->after == AFTER_BOUNDARY && c == '-') {
        m->after = AFTER_DASH;
    } else if (m->after == AFTER_DASH && c == '-') {
        m->state = EPILOGUE;
    } else if (m->after <= AFTER_PADDING && (c == ' ' || c == '\t')) {
        m->after = AFTER_PADDING;
    } else if (m->after <= AFTER_PADDING && c == '\r') {
        m->after = AFTER_CR;
    } else if (m->after == AFTER_CR && c == '\n') {
        if (++m->part_count > MULTIPART_PARTS_MAX) {
            return fail(m, ERR_TOO_BIG, "There may be at most 32 parts.");
        }
        buf_reset(&m->head);
        m->state = HEAD;
    } else {
        return fail(m, ERR_PROTO, "A boundary must be followed by the end of its line, or by --.");
    }
    return OK;
}

enum err multipart_feed(struct multipart *m, const void *bytes, size_t n,
                        const struct multipart_sink *sink, void *ctx) {
    const char *p = bytes;
    m->sink = sink;
    m->ctx = ctx;
    while (n > 0 && m->err == OK && m->state != EPILOGUE) {
        size_t took = 1;
        enum err err = m->state == HEAD    ? feed_head(m, p, n, &took)
                       : m->state == AFTER ? feed_after(m, *p)
                                           : feed_bytes(m, p, n, &took);
        if (err != OK) {
            break;
        }
        p += took;
        n -= took;
    }
    return m->err;
}

enum err multipart_end(struct multipart *m) {
    if (m->err == OK && m->state != EPILOGUE) {
        return fail(m, ERR_PROTO, "The body ended before its last boundary.");
    }
    if (m->err == OK && !m->had_file) {
        return fail(m, ERR_PROTO, "There must be a part with a file, named \"file\".");
    }
    return m->err;
}

const char *multipart_why(const struct multipart *m) {
    return m->why;
}
