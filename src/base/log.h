/* The log: one line an event, `noun.past_verb` and fields.
 *
 *   LOG_INFO("session.opened", U64("session", id), STR("dialect", name));
 *   ts=2026-01-09T10:22:31.204Z lvl=info ev=session.opened session=90441 dialect=hub
 *
 * error  somebody must act       warn   odd, handled
 * info   life of the server      debug  per command
 *
 * Never bodies, tokens, numbers of people, passwords: those sit in struct secret, for which there
 * is no field. Control characters in values are escaped.
 *
 * How much is written is not for others to decide:
 *
 *   A line that repeats within a second is counted and summed up (`repeated=n`).
 *   Of one event LOG_EVENT_LINES_MAX different lines are written in a second, with such sums; how
 *   many more there were is told when it is over, at their level:
 *   `ev=log.suppressed event=origin.refused count=n`. Debug lines are exempt: who turns them on
 *   asks for all of them.
 *
 * A program writes its lines itself until it calls log_start(). From then on a thread does that,
 * and who logs never waits for a reader who stalls (a pipe that is full, a terminal that was
 * stopped): LOG_WAITING_BYTES_MAX wait for him, then lines are dropped until there is room, where
 * `ev=log.dropped count=n` (warn, whatever the level) stands for them.
 *
 * Thread   any; a line, or several, are one write(), and order is kept.
 * Bound    a line is at most LOG_LINE_BYTES_MAX. */
#ifndef PARLOIR_BASE_LOG_H
#define PARLOIR_BASE_LOG_H

#include "base/base.h"
#include "base/err.h"
#include "base/str.h"

#define LOG_LINE_BYTES_MAX 2048
#define LOG_EVENT_LINES_MAX 50              // different ones of one event in a second
#define LOG_WAITING_BYTES_MAX (1u << 20)    // of lines that the thread has not written
#define LOG_DRAIN_MS_MAX 1000               // what an end waits for a reader who stalls

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* One field of a line: made by the macros below it, borrows all it is given. */
struct log_field {
    const char *key;
    enum { LOG_FIELD_U64, LOG_FIELD_I64, LOG_FIELD_STR } kind;
    union {
        uint64_t u64;
        int64_t i64;
        struct str str;
    };
};

/* Numbers, a C string (NULL: empty), a struct str, and what the system said. */
#define U64(k, v) ((struct log_field){ .key = (k), .kind = LOG_FIELD_U64, .u64 = (v) })
#define I64(k, v) ((struct log_field){ .key = (k), .kind = LOG_FIELD_I64, .i64 = (v) })
#define STR(k, v) ((struct log_field){ .key = (k), .kind = LOG_FIELD_STR, .str = str_of(v) })
#define TEXT(k, s) ((struct log_field){ .key = (k), .kind = LOG_FIELD_STR, .str = (s) })
#define ERRNO(e) STR("why", strerror(e))

#define LOG_AT(level, event, ...)                                                                  \
    (log_is_on(level)                                                                              \
         ? log_write((level), (event), (const struct log_field[]){ __VA_ARGS__ },                  \
                     sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field)) \
         : (void)0)
#define LOG_ERROR(event, ...) LOG_AT(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define LOG_WARN(event, ...) LOG_AT(LOG_LEVEL_WARN, event, __VA_ARGS__)
#define LOG_INFO(event, ...) LOG_AT(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define LOG_DEBUG(event, ...) LOG_AT(LOG_LEVEL_DEBUG, event, __VA_ARGS__)

/* Sets level, format and where lines go (a descriptor, not owned). At start: info, text, 2. Sums of
 * repeated lines are written first, in the old way: call it once more to end a log. */
void log_setup(enum log_level level, enum log_format format, int fd);

/* Reads "error", "warn", "info", "debug" / "text", "json". ERR_PROTO: none of them. */
enum err log_level_of(struct str name, enum log_level *out) MUST_USE;
enum err log_format_of(struct str name, enum log_format *out) MUST_USE;

/* Whether lines of this level are written. */
bool log_is_on(enum log_level level);

/* Writes one line, whatever the level that is set; meant for the macros above. `event` must last as
 * long as the program. A value over a kilobyte is cut and ends in "...". Fields that do not fit the
 * line are left out, and it says `cut=1`. Keeps errno. What cannot be written is lost. */
void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count);

/* Writes the sums of repeated and of suppressed lines whose second is over. Called once a second by
 * the loop. */
void log_flush(void);

/* Writes all these sums now, before a line that says that what they tell of is over: else old
 * trouble would be told after it, as if it were new. The same lines again are new ones. */
void log_flush_all(void);

/* Starts the thread that writes, as described above. Once, while nobody else logs. */
void log_start(void);

/* Writes all sums and what waits, for LOG_DRAIN_MS_MAX at most, and ends the thread: the last thing
 * a program does with the log, while nobody else logs. A line after it is written directly. Without
 * a thread only the sums are written. */
void log_stop(void);

/* Waits until what was logged so far is written, for LOG_DRAIN_MS_MAX at most; without a thread it
 * is already. Before _exit() and abort(): takes no lock, and may be called in a signal handler. */
void log_drain(void);

/* Text that must never be printed: there is no field macro for it. */
struct secret {
    struct str text;
};

#endif
