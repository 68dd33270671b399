/* Who speaks what, by the first bytes. */
#include "net/spoken.h"

#include "test/unit.h"

static const struct {
    const char *head;
    enum spoken spoken;
} cases[] = {
    { "", SPOKEN_UNSURE },
    { "G", SPOKEN_UNSURE },
    { "GET", SPOKEN_UNSURE },
    { "GET ", SPOKEN_UNSURE },
    { "GET /", SPOKEN_HTTP },
    { "GET\r\n\r\n", SPOKEN_HTTP },
    { "GET http://example.org/ HTTP/1.1", SPOKEN_HTTP },
    { "CONNECT example.org:80", SPOKEN_HTTP },
    { "OPTIONS *", SPOKEN_HTTP },
    { "DELETE /uploads/1", SPOKEN_HTTP },
    { "DEL", SPOKEN_UNSURE },
    { "DEL_MSG\n", SPOKEN_LINES },
    { "DEL MSG\n", SPOKEN_LINES },
    { "BREW /pot HTTP/1.1", SPOKEN_HTTP },
    { "get / HTTP/1.1", SPOKEN_HTTP },
    { "PRI * HTTP/2.0", SPOKEN_HTTP },
    { "LOGIN\n", SPOKEN_LINES },
    { "LOGIN\r\n", SPOKEN_LINES },
    { "SEND_MSG", SPOKEN_LINES },
    { "NEW-CHG-AVAILABLE", SPOKEN_LINES },
    { "\n", SPOKEN_LINES },
    { "\r\n", SPOKEN_LINES },
    { " GET /", SPOKEN_LINES },
    { "\x16", SPOKEN_TLS },
    { "\x16\x03\x01", SPOKEN_TLS },
    { "\xff\xfe", SPOKEN_LINES },
    { "UNSUBSCRIBE", SPOKEN_UNSURE },
    { "DISCONNECTED", SPOKEN_LINES },
};

TEST(the_first_bytes_say_what_is_spoken) {
    for (size_t i = 0; i < COUNT(cases); i++) {
        EQ(spoken_of(str_of(cases[i].head)), cases[i].spoken);
    }
}

/* However the bytes come: once it is said, more of them change nothing. */
TEST(what_is_said_once_stays) {
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str whole = str_of(cases[i].head);
        for (size_t n = 0; n <= whole.n; n++) {
            enum spoken so_far = spoken_of((struct str){ whole.p, n });
            OKAY(so_far == SPOKEN_UNSURE || so_far == spoken_of(whole));
        }
    }
}
