/* Dates, compared with those of the system's own library over eight centuries. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/rng.h"
#include "test/unit.h"

static uint64_t parse(const char *text) {
    uint64_t ms = 1;
    EQ(clock_parse_rfc3339(str_of(text), &ms), OK);
    return ms;
}

static void check_written(uint64_t ms, const char *whole, const char *with_ms) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(100);
    clock_put_rfc3339(&b, ms);
    STR_EQ(buf_str(&b), whole);
    buf_reset(&b);
    clock_put_rfc3339_ms(&b, ms);
    STR_EQ(buf_str(&b), with_ms);
}

TEST(known_dates_are_written) {
    check_written(0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z");
    check_written(1700476200204, "2023-11-20T10:30:00Z", "2023-11-20T10:30:00.204Z");
    check_written(951782399999, "2000-02-28T23:59:59Z", "2000-02-28T23:59:59.999Z");
    check_written(951782400000, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z");
    check_written(4107542399001, "2100-02-28T23:59:59Z", "2100-02-28T23:59:59.001Z");
    check_written(4107542400010, "2100-03-01T00:00:00Z", "2100-03-01T00:00:00.010Z");
    check_written(253402300799999, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z");
    check_written(UINT64_MAX, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z");
}

TEST(every_day_of_eight_centuries_is_written_as_the_system_writes_it) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(100);
    for (int64_t day = 0; day < 292200; day++) {
        time_t seconds = (time_t)(day * 86400 + day % 86400);
        struct tm tm;
        char want[64];
        gmtime_r(&seconds, &tm);
        strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%SZ", &tm);
        buf_reset(&b);
        clock_put_rfc3339(&b, (uint64_t)seconds * 1000);
        STR_EQ(buf_str(&b), want);
    }
}

TEST(what_is_written_can_be_read) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(100);
    struct rng rng;
    rng_seed(&rng, 6);
    for (size_t i = 0; i < 200000; i++) {
        uint64_t ms = rng_below(&rng, 253402300800000);
        uint64_t back = 0;
        buf_reset(&b);
        clock_put_rfc3339_ms(&b, ms);
        EQ(clock_parse_rfc3339(buf_str(&b), &back), OK);
        EQ(back, ms);
        buf_reset(&b);
        clock_put_rfc3339(&b, ms);
        EQ(clock_parse_rfc3339(buf_str(&b), &back), OK);
        EQ(back, ms - ms % 1000);
    }
}

TEST(offsets_and_fractions_are_understood) {
    EQ(parse("1970-01-01T00:00:00Z"), 0);
    EQ(parse("1970-01-01t00:00:00z"), 0);
    EQ(parse("1970-01-01 00:00:01Z"), 1000);
    EQ(parse("1970-01-01T01:00:00+01:00"), 0);
    EQ(parse("1969-12-31T16:00:00-08:00"), 0);
    EQ(parse("2023-11-20T10:30:00.2Z"), 1700476200200);
    EQ(parse("2023-11-20T10:30:00.20499999999999999999999Z"), 1700476200204);
    EQ(parse("2023-11-20T16:00:00.204+05:30"), 1700476200204);
    EQ(parse("2016-12-31T23:59:60Z"), 1483228800000);    // a leap second
    EQ(parse("2000-02-29T12:00:00Z"), 951825600000);
    EQ(parse("9999-12-31T23:59:59.999Z"), 253402300799999);
}

TEST(what_is_no_date_is_refused) {
    static const char *const bad[] = {
        "",
        "2023",
        "2023-11-20",
        "2023-11-20T10:30:00",
        "2023-11-20T10:30Z",
        "2023-11-20T10:30:00.Z",
        "2023-11-20T10:30:00,2Z",
        "2023-11-20T24:00:00Z",
        "2023-11-20T10:60:00Z",
        "2023-11-20T10:30:61Z",
        "2023-13-20T10:30:00Z",
        "2023-00-20T10:30:00Z",
        "2023-11-00T10:30:00Z",
        "2023-11-31T10:30:00Z",
        "2023-02-29T10:30:00Z",
        "2100-02-29T10:30:00Z",
        "2023-11-20T10:30:00Zx",
        "2023-11-20T10:30:00+0100",
        "2023-11-20T10:30:00+01",
        "2023-11-20T10:30:00+24:00",
        "2023-11-20T10:30:00+01:60",
        " 2023-11-20T10:30:00Z",
        "2023-11-20_10:30:00Z",
        "+023-11-20T10:30:00Z",
        "2023-1-20T10:30:00Z",
        "23-11-20T10:30:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "0000-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint64_t ms = 42;
        EQ(clock_parse_rfc3339(str_of(bad[i]), &ms), ERR_PROTO);
        EQ(ms, 42);
    }
    uint64_t ms;
    EQ(clock_parse_rfc3339(STR_NONE, &ms), ERR_PROTO);
    EQ(clock_parse_rfc3339(STR_LIT("2023-11-20\0"
                                   "10:30:00Z"),
                           &ms),
       ERR_PROTO);
    EQ(clock_parse_rfc3339(STR_LIT("2023-11-20T10:30:00\0"), &ms), ERR_PROTO);
}

TEST(a_date_that_does_not_fit_is_left_out_whole) {
    SCOPED(buf_fini) struct buf b = BUF_INIT(19);
    clock_put_rfc3339(&b, 0);
    OKAY(!buf_ok(&b));
    EQ(b.n, 0);
    buf_reset(&b);
    clock_put_rfc3339_ms(&b, 0);
    OKAY(!buf_ok(&b));
}

TEST(clocks_go_forward) {
    uint64_t us = clock_mono_us();
    uint64_t ms = clock_mono_ms();
    OKAY(ms >= us / 1000);
    OKAY(clock_mono_us() >= us);
    OKAY(clock_wall_ms() > 1700000000000);
}

TEST(http_dates_are_those_of_the_rfc) {
    static const struct {
        uint64_t seconds;
        const char *text;
    } dates[] = {
        { 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },
        { 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
        { 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
        { 4102444799, "Thu, 31 Dec 2099 23:59:59 GMT" },
    };
    for (size_t i = 0; i < COUNT(dates); i++) {
        SCOPED(buf_fini) struct buf b = BUF_INIT(64);
        clock_put_http(&b, dates[i].seconds * 1000);
        STR_EQ(buf_str(&b), dates[i].text);
    }
}

#define NOW_MS 1764000000000u    // in November 2025

TEST(http_dates_are_read_in_their_three_forms) {
    static const struct {
        const char *text;
        uint64_t seconds;
    } dates[] = {
        { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
        { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
        { "Sun Nov  6 08:49:37 1994", 784111777 },
        { "Sun Nov 16 08:49:37 1994", 784975777 },
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
        { "Tue, 29 Feb 2000 00:00:00 GMT", 951782400 },
        { "Mon, 29 Feb 2000 00:00:00 GMT", 951782400 },        // the day of the week is not checked
        { "Thursday, 31-Dec-70 23:59:59 GMT", 3187295999 },    // 2070 is less than 50 years ahead
        { "Saturday, 01-Jan-76 00:00:00 GMT", 189302400 },     // 2076 is more
        { "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
    };
    for (size_t i = 0; i < COUNT(dates); i++) {
        uint64_t ms = 1;
        EQ(clock_parse_http(str_of(dates[i].text), NOW_MS, &ms), OK);
        EQ(ms, dates[i].seconds * 1000);
    }
}

TEST(what_is_no_http_date_is_refused) {
    static const char *const bad[] = {
        "",
        "Sun",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49:37.5 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov   6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "784111777",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint64_t ms = 42;
        EQ(clock_parse_http(str_of(bad[i]), NOW_MS, &ms), ERR_PROTO);
        EQ(ms, 42);
    }
    uint64_t ms;
    EQ(clock_parse_http(STR_NONE, NOW_MS, &ms), ERR_PROTO);
}
