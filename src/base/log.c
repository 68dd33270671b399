/* The log: a line is put together on the stack, looked up among those of the last second, and
 * written with one write(), or given to the outlet if that has been started.
 *
 * A line consists of its time, which differs every time, and its body, which is what may repeat.
 * Both are bounded: a value that does not fit is cut and ends in "...", further fields are left
 * out. TAIL_BYTES are kept back so that a cut line still ends as its format demands.
 *
 * `state` is the one variable in this file. Level and format are read without its lock; whoever
 * changes them while others log may see a line or two in the old way. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/outlet.h"
#include "base/quota.h"
#include "base/repeats.h"

#define TAIL_BYTES 48    // for the end of a cut line, and the sum of repeated ones
#define HEAD_BYTES 40    // for the time
#define BODY_BYTES_MAX (LOG_LINE_BYTES_MAX - TAIL_BYTES - HEAD_BYTES)
#define VALUE_BYTES_MAX 1024

static struct {
    _Atomic int level;
    _Atomic int format;
    _Atomic int fd;
    pthread_mutex_t lock;    // of repeats and quota; keeps lines in the order of their times
    struct repeats repeats;
    struct quota quota;
    _Atomic bool is_threaded;    // the outlet has been started
    struct outlet outlet;
} state = {
    .level = LOG_LEVEL_INFO,
    .format = LOG_FORMAT_TEXT,
    .fd = STDERR_FILENO,
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

static const char *const format_names[] = {
    [LOG_FORMAT_TEXT] = "text",
    [LOG_FORMAT_JSON] = "json",
};

enum err log_level_of(struct str name, enum log_level *out) {
    for (unsigned i = 0; i < COUNT(level_names); i++) {
        if (str_eq_nocase(name, str_of(level_names[i]))) {
            *out = (enum log_level)i;
            return OK;
        }
    }
    return ERR_PROTO;
}

enum err log_format_of(struct str name, enum log_format *out) {
    for (unsigned i = 0; i < COUNT(format_names); i++) {
        if (str_eq_nocase(name, str_of(format_names[i]))) {
            *out = (enum log_format)i;
            return OK;
        }
    }
    return ERR_PROTO;
}

bool log_is_on(enum log_level level) {
    return (int)level <= atomic_load_explicit(&state.level, memory_order_relaxed);
}

/* A text being put together on the stack. What does not fit whole is left out. */
struct line {
    bool is_json;
    size_t n;
    size_t limit;
    char text[LOG_LINE_BYTES_MAX];
};

static bool line_put(struct line *l, const void *p, size_t n) {
    if (n > l->limit - l->n) {
        return false;
    }
    memcpy(l->text + l->n, p, n);
    l->n += n;
    return true;
}

static bool line_put_str(struct line *l, const char *s) {
    return line_put(l, s, strlen(s));
}

static bool line_put_u64(struct line *l, uint64_t v) {
    char digits[20];
    char *at = digits + sizeof digits;
    do {
        *--at = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    return line_put(l, at, (size_t)(digits + sizeof digits - at));
}

static bool line_put_i64(struct line *l, int64_t v) {
    return (v >= 0 || line_put(l, "-", 1)) &&
           line_put_u64(l, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* Whether logfmt needs quotes around s. */
static bool needs_quotes(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\') {
            return true;
        }
    }
    return s.n == 0;
}

/* Writes one byte that a terminal or a reader of lines could stumble over. */
static bool put_escaped(struct line *l, unsigned char c) {
    static const char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        return line_put(l, (char[]){ '\\', (char)c }, 2);
    }
    if (c == '\n' || c == '\r' || c == '\t') {
        return line_put(l, (char[]){ '\\', c == '\n' ? 'n' : c == '\r' ? 'r' : 't' }, 2);
    }
    return line_put(l, (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
}

/* Writes what is at s.p[*i], escaped if it must be, and moves *i behind it. Of text that is not
 * UTF-8 every byte over 7f is escaped; of text that is, the control characters U+0080 to U+009F. */
static bool put_next(struct line *l, struct str s, size_t *i, bool is_utf8) {
    unsigned char c = (unsigned char)s.p[*i];
    if (c < 0x80 || !is_utf8) {
        (*i)++;
        bool is_plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
        return is_plain ? line_put(l, &c, 1) : put_escaped(l, c);
    }
    size_t bytes = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    const char *at = s.p + *i;
    *i += bytes;
    if (c == 0xc2 && (unsigned char)at[1] < 0xa0) {
        return put_escaped(l, (unsigned char)at[1]);
    }
    return line_put(l, at, bytes);
}

static bool line_put_text(struct line *l, struct str s) {
    if (!l->is_json && !needs_quotes(s)) {
        return s.n <= VALUE_BYTES_MAX && line_put(l, s.p, s.n);
    }
    if (!line_put(l, "\"", 1)) {
        return false;
    }
    size_t limit = l->limit;
    l->limit = MIN(limit - 4, l->n + VALUE_BYTES_MAX);    // room for ..." behind it
    bool is_utf8 = str_is_utf8(s);
    bool fits = true;
    for (size_t i = 0; i < s.n && fits;) {
        fits = put_next(l, s, &i, is_utf8);
    }
    l->limit = limit;
    return (fits || line_put(l, "...", 3)) && line_put(l, "\"", 1);
}

static bool line_put_key(struct line *l, const char *key) {
    return l->is_json ? line_put(l, ",\"", 2) && line_put_str(l, key) && line_put(l, "\":", 2)
                      : line_put(l, " ", 1) && line_put_str(l, key) && line_put(l, "=", 1);
}

/* Writes one field, or nothing of it. */
static bool line_put_field(struct line *l, const struct log_field *field) {
    size_t before = l->n;
    bool fits = line_put_key(l, field->key);
    if (fits && field->kind == LOG_FIELD_U64) {
        fits = line_put_u64(l, field->u64);
    } else if (fits && field->kind == LOG_FIELD_I64) {
        fits = line_put_i64(l, field->i64);
    } else if (fits) {
        fits = line_put_text(l, field->str);
    }
    if (!fits) {
        l->n = before;
    }
    return fits;
}

static void begin_body(struct line *body) {
    body->is_json = atomic_load_explicit(&state.format, memory_order_relaxed) == LOG_FORMAT_JSON;
    body->n = 0;
    body->limit = BODY_BYTES_MAX - 16;    // for "cut"
}

/* Puts together what stands between the time and the end of the line. */
static void build_body(struct line *body, enum log_level level, const char *event,
                       const struct log_field *fields, size_t count) {
    line_put_str(body, body->is_json ? ",\"lvl\":\"" : " lvl=");
    line_put_str(body, level_names[level]);
    line_put_str(body, body->is_json ? "\",\"ev\":\"" : " ev=");
    line_put_str(body, event);
    line_put_str(body, body->is_json ? "\"" : "");
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        fits = line_put_field(body, &fields[i]) && fits;
    }
    if (!fits) {
        body->limit = BODY_BYTES_MAX;
        line_put_field(body, &I64("cut", 1));
    }
}

/* Writes all of it, in one go unless the system refuses. A log that cannot be written is no reason
 * to stop: there is nobody to tell. */
static void write_all(const char *p, size_t n) {
    while (n > 0) {
        ssize_t done = write(atomic_load(&state.fd), p, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return;
        }
        p += done;
        n -= (size_t)done;
    }
}

static void line_put_time(struct line *l) {
    char room[HEAD_BYTES];
    struct buf time = { .p = room, .cap = sizeof room, .bytes_max = sizeof room };    // no heap
    clock_put_rfc3339_ms(&time, clock_wall_ms());
    line_put_str(l, l->is_json ? "{\"ts\":\"" : "ts=");
    line_put(l, time.p, time.n);
    line_put_str(l, l->is_json ? "\"" : "");
}

/* Makes a line of this body, and how often it came again if it did. */
static void build_line(struct line *l, struct str body, uint64_t repeated) {
    l->is_json = body.p[0] == ',';    // the format it was built in
    l->n = 0;
    l->limit = sizeof l->text;
    line_put_time(l);
    line_put(l, body.p, body.n);
    if (repeated > 0) {
        line_put_field(l, &U64("repeated", repeated));
    }
    line_put_str(l, l->is_json ? "}\n" : "\n");
}

static void write_line(struct str body, uint64_t repeated) {
    struct line l;
    build_line(&l, body, repeated);
    if (atomic_load(&state.is_threaded)) {
        outlet_put(&state.outlet, (struct str){ l.text, l.n });
    } else {
        write_all(l.text, l.n);
    }
}

static void write_sum(const struct repeat *sum) {
    if (sum->bytes > 0) {
        write_line((struct str){ sum->text, sum->bytes }, sum->count);
    }
}

static void write_surplus(const struct quota_row *sum) {
    if (sum->surplus > 0) {
        struct line body;
        begin_body(&body);
        build_body(
            &body, sum->level, "log.suppressed",
            (const struct log_field[]){ STR("event", sum->event), U64("count", sum->surplus) }, 2);
        write_line((struct str){ body.text, body.n }, 0);
    }
}

/* Whether a line is new and must be written, what is due before it going to *sum and *surplus. The
 * caller holds the lock. Equal lines are not held against their event: only one of them is
 * written. */
static bool note(enum log_level level, const char *event, struct str text, struct repeat *sum,
                 struct quota_row *surplus) {
    uint64_t now_ms = clock_mono_ms();
    sum->bytes = 0;
    surplus->surplus = 0;
    struct quota_row *row =
        level == LOG_LEVEL_DEBUG ? NULL : quota_of(&state.quota, event, now_ms, surplus);
    if (row != NULL && !quota_allows(row, level)) {
        return false;
    }
    bool is_new = repeats_note(&state.repeats, text, now_ms, sum);
    if (row != NULL && is_new) {
        row->lines++;
    }
    return is_new;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count) {
    CHECK((unsigned)level < COUNT(level_names));
    int saved_errno = errno;
    struct line body;
    begin_body(&body);
    build_body(&body, level, event, fields, count);

    struct repeat sum;
    struct quota_row surplus;
    struct str text = { body.text, body.n };
    pthread_mutex_lock(&state.lock);
    bool is_new = note(level, event, text, &sum, &surplus);
    write_surplus(&surplus);
    write_sum(&sum);
    if (is_new) {
        write_line(text, 0);
    }
    pthread_mutex_unlock(&state.lock);
    errno = saved_errno;
}

/* Writes every sum that is due at now_ms. */
static void flush_at(uint64_t now_ms) {
    struct repeat sum;
    struct quota_row surplus;
    pthread_mutex_lock(&state.lock);
    while (repeats_take(&state.repeats, now_ms, &sum)) {
        write_sum(&sum);
    }
    while (quota_take(&state.quota, now_ms, &surplus)) {
        write_surplus(&surplus);
    }
    pthread_mutex_unlock(&state.lock);
}

void log_flush(void) {
    flush_at(clock_mono_ms());
}

void log_flush_all(void) {
    flush_at(UINT64_MAX);
}

void log_setup(enum log_level level, enum log_format format, int fd) {
    CHECK((unsigned)level < COUNT(level_names) && (unsigned)format < COUNT(format_names));
    log_flush_all();    // still in the old way
    atomic_store(&state.level, (int)level);
    atomic_store(&state.format, (int)format);
    atomic_store(&state.fd, fd);
}

/* ---- the thread */

static size_t tell_dropped(char out[LOG_LINE_BYTES_MAX], uint64_t dropped) {
    struct line body;
    struct line l;
    begin_body(&body);
    build_body(&body, LOG_LEVEL_WARN, "log.dropped", &U64("count", dropped), 1);
    build_line(&l, (struct str){ body.text, body.n }, 0);
    memcpy(out, l.text, l.n);
    return l.n;
}

static int current_fd(void) {
    return atomic_load(&state.fd);
}

void log_start(void) {
    CHECK(!atomic_load(&state.is_threaded));
    outlet_start(&state.outlet, &(struct outlet_ops){ .tell = tell_dropped, .fd = current_fd });
    atomic_store(&state.is_threaded, true);
}

void log_stop(void) {
    log_flush_all();
    if (atomic_load(&state.is_threaded) && outlet_stop(&state.outlet, LOG_DRAIN_MS_MAX)) {
        atomic_store(&state.is_threaded, false);
    }
}

void log_drain(void) {
    if (atomic_load(&state.is_threaded)) {
        outlet_drain(&state.outlet, LOG_DRAIN_MS_MAX);
    }
}
