/* RFC 3339 and HTTP dates: whatever is read can be written, and reads the same again. */
#include "base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void read_http(struct str s) {
    uint64_t ms = 0;
    uint64_t again = 0;
    if (clock_parse_http(s, 1764000000000u, &ms) == OK) {
        SCOPED(buf_fini) struct buf b = BUF_INIT(100);
        clock_put_http(&b, ms);
        CHECK(clock_parse_http(buf_str(&b), 0, &again) == OK);
        CHECK(again == ms || again == 253402300799000u);    // a leap second after the year 9999
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    read_http((struct str){ (const char *)p, n });
    uint64_t ms = 0;
    uint64_t again = 0;
    if (clock_parse_rfc3339((struct str){ (const char *)p, n }, &ms) != OK) {
        return 0;
    }
    CHECK(n >= 20);
    SCOPED(buf_fini) struct buf b = BUF_INIT(100);
    clock_put_rfc3339_ms(&b, ms);
    CHECK(clock_parse_rfc3339(buf_str(&b), &again) == OK);
    CHECK(again == ms || again == 253402300799999u);    // an offset may lead past the year 9999
    return 0;
}
