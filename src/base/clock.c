/* Clocks, and dates in RFC 3339 and HTTP, by arithmetic alone: no time zone files, no locale, no
 * gmtime.
 *
 * Days are counted in years that begin on the first of March, so that a leap day is the last of
 * its year and months 0..11 have 31 30 31 30 31 31 30 31 30 31 31 x days: month m begins on day
 * (153 * m + 2) / 5. Eras are the 400 years after which the calendar repeats. */
#include "base/clock.h"

#include <time.h>

#define DAY_MS 86400000u
#define ERA_DAYS 146097u
#define DAYS_TO_1970 719468u            // from 1 March of year 0
#define WALL_MS_MAX 253402300799999u    // the end of year 9999, the last RFC 3339 can write

static uint64_t read_us(clockid_t id) {
    struct timespec at;
    CHECK(clock_gettime(id, &at) == 0);
    return (uint64_t)at.tv_sec * 1000000 + (uint64_t)at.tv_nsec / 1000;
}

uint64_t clock_wall_ms(void) {
    return read_us(CLOCK_REALTIME) / 1000;
}

uint64_t clock_mono_ms(void) {
    return read_us(CLOCK_MONOTONIC) / 1000;
}

uint64_t clock_mono_us(void) {
    return read_us(CLOCK_MONOTONIC);
}

static void put_2(char *at, unsigned v) {
    at[0] = (char)('0' + v / 10);
    at[1] = (char)('0' + v % 10);
}

/* Writes YYYY-MM-DD for a day counted from 1970. */
static void put_date(char *at, uint32_t days) {
    days += DAYS_TO_1970;
    uint32_t era = days / ERA_DAYS;
    uint32_t day = days % ERA_DAYS;                                           // of the era
    uint32_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;    // of the era
    day -= 365 * year + year / 4 - year / 100;                                // of the year
    uint32_t month = (5 * day + 2) / 153;                                     // 0: March
    day -= (153 * month + 2) / 5;                                             // of the month
    year += 400 * era + (month >= 10);

    put_2(at, year / 100);
    put_2(at + 2, year % 100);
    at[4] = '-';
    put_2(at + 5, month < 10 ? month + 3 : month - 9);
    at[7] = '-';
    put_2(at + 8, day + 1);
}

/* Writes YYYY-MM-DDTHH:MM:SS, 19 bytes. */
static void put_seconds(char *at, uint64_t wall_ms) {
    uint32_t seconds = (uint32_t)(wall_ms % DAY_MS) / 1000;
    put_date(at, (uint32_t)(wall_ms / DAY_MS));
    at[10] = 'T';
    put_2(at + 11, seconds / 3600);
    at[13] = ':';
    put_2(at + 14, seconds / 60 % 60);
    at[16] = ':';
    put_2(at + 17, seconds % 60);
}

void clock_put_rfc3339(struct buf *b, uint64_t wall_ms) {
    char *room = buf_room(b, 20);
    if (room == NULL) {
        return;
    }
    put_seconds(room, MIN(wall_ms, WALL_MS_MAX));
    room[19] = 'Z';
    buf_added(b, 20);
}

void clock_put_rfc3339_ms(struct buf *b, uint64_t wall_ms) {
    char *room = buf_room(b, 24);
    if (room == NULL) {
        return;
    }
    wall_ms = MIN(wall_ms, WALL_MS_MAX);
    put_seconds(room, wall_ms);
    unsigned ms = (unsigned)(wall_ms % 1000);
    room[19] = '.';
    room[20] = (char)('0' + ms / 100);
    put_2(room + 21, ms % 100);
    room[23] = 'Z';
    buf_added(b, 24);
}

/* What 1970 began with: a Thursday, a January. */
static const char *const day_names[] = { "Thursday", "Friday",  "Saturday", "Sunday",
                                         "Monday",   "Tuesday", "Wednesday" };
static const char *const month_names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

void clock_put_http(struct buf *b, uint64_t wall_ms) {
    char text[19];
    wall_ms = MIN(wall_ms, WALL_MS_MAX);
    put_seconds(text, wall_ms);
    size_t month = (size_t)(text[5] - '0') * 10 + (size_t)(text[6] - '0') - 1;

    buf_put(b, day_names[wall_ms / DAY_MS % COUNT(day_names)], 3);
    BUF_PUT_LIT(b, ", ");
    buf_put(b, text + 8, 2);
    buf_put_char(b, ' ');
    buf_put(b, month_names[month], 3);
    buf_put_char(b, ' ');
    buf_put(b, text, 4);
    buf_put_char(b, ' ');
    buf_put(b, text + 11, 8);
    BUF_PUT_LIT(b, " GMT");
}

/* Takes `n` digits off the front of s. */
static bool take_digits(struct str *s, size_t n, unsigned *out) {
    if (s->n < n) {
        return false;
    }
    unsigned v = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned char)s->p[i] - (unsigned)'0';
        if (digit > 9) {
            return false;
        }
        v = v * 10 + digit;
    }
    *s = (struct str){ s->p + n, s->n - n };
    *out = v;
    return true;
}

/* Takes one character out of `set` off the front of s. */
static bool take_one_of(struct str *s, const char *set) {
    if (s->n == 0 || s->p[0] == '\0' || strchr(set, s->p[0]) == NULL) {
        return false;
    }
    *s = (struct str){ s->p + 1, s->n - 1 };
    return true;
}

static unsigned days_in(unsigned year, unsigned month) {
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && is_leap ? 29 : days[month - 1];
}

/* Days from 1 March of year 0, moved up by an era so that January of year 0 is not negative. */
static int64_t day_number(unsigned year, unsigned month, unsigned day) {
    unsigned y = year + 400 - (month <= 2);
    unsigned m = month > 2 ? month - 3 : month + 9;
    return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
}

static int64_t days_since_1970(unsigned year, unsigned month, unsigned day) {
    return day_number(year, month, day) - (int64_t)(DAYS_TO_1970 + ERA_DAYS);
}

static bool take_date(struct str *s, int64_t *days) {
    unsigned year;
    unsigned month;
    unsigned day;
    if (!take_digits(s, 4, &year) || !take_one_of(s, "-") || !take_digits(s, 2, &month) ||
        !take_one_of(s, "-") || !take_digits(s, 2, &day)) {
        return false;
    }
    if (month < 1 || month > 12 || day < 1 || day > days_in(year, month)) {
        return false;
    }
    *days = days_since_1970(year, month, day);
    return true;
}

/* Takes .digits, as many as there are; only the first three count. */
static bool take_fraction(struct str *s, unsigned *ms) {
    unsigned digit;
    unsigned worth = 100;
    *ms = 0;
    if (!take_one_of(s, ".")) {
        return true;
    }
    if (!take_digits(s, 1, &digit)) {
        return false;
    }
    do {
        *ms += digit * worth;
        worth /= 10;
    } while (take_digits(s, 1, &digit));
    return true;
}

static bool take_seconds(struct str *s, int64_t *out_ms) {
    unsigned hour;
    unsigned minute;
    unsigned second;
    if (!take_digits(s, 2, &hour) || !take_one_of(s, ":") || !take_digits(s, 2, &minute) ||
        !take_one_of(s, ":") || !take_digits(s, 2, &second)) {
        return false;
    }
    if (hour > 23 || minute > 59 || second > 60) {    // 60: a leap second, told as the next one
        return false;
    }
    *out_ms = ((int64_t)hour * 3600 + minute * 60 + second) * 1000;
    return true;
}

static bool take_time(struct str *s, int64_t *out_ms) {
    int64_t whole_ms;
    unsigned ms;
    if (!take_seconds(s, &whole_ms) || !take_fraction(s, &ms)) {
        return false;
    }
    *out_ms = whole_ms + ms;
    return true;
}

static bool take_offset(struct str *s, int64_t *out_ms) {
    if (take_one_of(s, "Zz")) {
        *out_ms = 0;
        return true;
    }
    bool is_west = s->n > 0 && s->p[0] == '-';
    unsigned hour;
    unsigned minute;
    if (!take_one_of(s, "+-") || !take_digits(s, 2, &hour) || !take_one_of(s, ":") ||
        !take_digits(s, 2, &minute) || hour > 23 || minute > 59) {
        return false;
    }
    int64_t ms = ((int64_t)hour * 60 + minute) * 60000;
    *out_ms = is_west ? -ms : ms;
    return true;
}

enum err clock_parse_rfc3339(struct str s, uint64_t *wall_ms) {
    int64_t days;
    int64_t time_ms;
    int64_t offset_ms;
    if (!take_date(&s, &days) || !take_one_of(&s, "Tt ") || !take_time(&s, &time_ms) ||
        !take_offset(&s, &offset_ms) || s.n > 0) {
        return ERR_PROTO;
    }
    int64_t ms = days * (int64_t)DAY_MS + time_ms - offset_ms;
    if (ms < 0) {
        return ERR_PROTO;
    }
    *wall_ms = (uint64_t)ms;
    return OK;
}

/* ---- HTTP dates */

static bool take_text(struct str *s, const char *text) {
    struct str wanted = str_of(text);
    if (!str_starts(*s, wanted)) {
        return false;
    }
    *s = (struct str){ s->p + wanted.n, s->n - wanted.n };
    return true;
}

/* Takes the name of a day, whole or its first three letters. */
static bool take_day_name(struct str *s, bool is_whole) {
    for (size_t i = 0; i < COUNT(day_names); i++) {
        char name[10] = { 0 };
        memcpy(name, day_names[i], is_whole ? strlen(day_names[i]) : 3);
        if (take_text(s, name)) {
            return true;
        }
    }
    return false;
}

static bool take_month_name(struct str *s, unsigned *month) {
    for (size_t i = 0; i < COUNT(month_names); i++) {
        if (take_text(s, month_names[i])) {
            *month = (unsigned)i + 1;
            return true;
        }
    }
    return false;
}

/* A date as its text has it: take_... fill it, http_ms tells what it means. */
struct http_date {
    unsigned year;
    unsigned month;
    unsigned day;
    int64_t ms;    // of the day
};

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool take_fixdate(struct str s, struct http_date *d) {
    return take_day_name(&s, false) && take_text(&s, ", ") && take_digits(&s, 2, &d->day) &&
           take_text(&s, " ") && take_month_name(&s, &d->month) && take_text(&s, " ") &&
           take_digits(&s, 4, &d->year) && take_text(&s, " ") && take_seconds(&s, &d->ms) &&
           take_text(&s, " GMT") && s.n == 0;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static bool take_rfc850(struct str s, struct http_date *d, uint64_t now_ms) {
    if (!take_day_name(&s, true) || !take_text(&s, ", ") || !take_digits(&s, 2, &d->day) ||
        !take_text(&s, "-") || !take_month_name(&s, &d->month) || !take_text(&s, "-") ||
        !take_digits(&s, 2, &d->year) || !take_text(&s, " ") || !take_seconds(&s, &d->ms) ||
        !take_text(&s, " GMT") || s.n > 0) {
        return false;
    }
    char now[19];
    put_seconds(now, MIN(now_ms, WALL_MS_MAX));
    struct str text = { now, sizeof now };
    unsigned now_year = 0;
    (void)take_digits(&text, 4, &now_year);    // put_seconds writes digits
    d->year += now_year / 100 * 100;
    d->year -= d->year > now_year + 50 ? 100 : 0;
    return true;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool take_asctime(struct str s, struct http_date *d) {
    return take_day_name(&s, false) && take_text(&s, " ") && take_month_name(&s, &d->month) &&
           take_text(&s, " ") && take_digits(&s, take_text(&s, " ") ? 1 : 2, &d->day) &&
           take_text(&s, " ") && take_seconds(&s, &d->ms) && take_text(&s, " ") &&
           take_digits(&s, 4, &d->year) && s.n == 0;
}

enum err clock_parse_http(struct str s, uint64_t now_ms, uint64_t *wall_ms) {
    struct http_date d;
    if (!take_fixdate(s, &d) && !take_rfc850(s, &d, now_ms) && !take_asctime(s, &d)) {
        return ERR_PROTO;
    }
    if (d.day < 1 || d.day > days_in(d.year, d.month) || d.year < 1970) {
        return ERR_PROTO;
    }
    *wall_ms = (uint64_t)(days_since_1970(d.year, d.month, d.day) * (int64_t)DAY_MS + d.ms);
    return OK;
}
