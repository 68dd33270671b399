/* Health: the two answers. */
#include "obs/health.h"

#include "test/unit.h"

static void expect(struct health *h, unsigned status, const char *body) {
    SCOPED(buf_fini) struct buf out = BUF_INIT(1024);
    EQ(health_ready(h, true, &out), status);
    STR_EQ(buf_str(&out), body);
}

TEST(whoever_answers_is_alive) {
    SCOPED(health_free) struct health *h = health_new();
    SCOPED(buf_fini) struct buf out = BUF_INIT(64);
    health_draining(h);
    EQ(health_live(h, &out), 200);
    STR_EQ(buf_str(&out), "{\"status\":\"ok\"}");
}

TEST(nobody_is_ready_before_the_store_is) {
    SCOPED(health_free) struct health *h = health_new();
    expect(h, 503, "{\"status\":\"unavailable\",\"reason\":\"starting\"}");
    health_store_ok(h);
    expect(h, 200, "{\"status\":\"ok\"}");
}

TEST(a_store_that_is_away_says_why_until_it_is_back) {
    SCOPED(health_free) struct health *h = health_new();
    health_store_ok(h);
    health_store_away(h, STR_LIT("disk \"full\""));
    expect(h, 503, "{\"status\":\"unavailable\",\"reason\":\"disk \\\"full\\\"\"}");
    health_store_ok(h);
    expect(h, 200, "{\"status\":\"ok\"}");
}

TEST(a_full_disk_is_told_of_before_anybody_writes) {
    SCOPED(health_free) struct health *h = health_new();
    SCOPED(buf_fini) struct buf out = BUF_INIT(1024);
    health_store_ok(h);
    EQ(health_ready(h, false, &out), 503);
    STR_EQ(buf_str(&out), "{\"status\":\"unavailable\",\"reason\":\"the store's disk is full\"}");
    expect(h, 200, "{\"status\":\"ok\"}");
}

TEST(a_server_that_is_ending_never_gets_ready_again) {
    SCOPED(health_free) struct health *h = health_new();
    health_draining(h);
    health_store_ok(h);
    expect(h, 503, "{\"status\":\"unavailable\",\"reason\":\"shutting down\"}");
}

TEST(a_long_reason_is_cut_between_characters) {
    SCOPED(health_free) struct health *h = health_new();
    SCOPED(buf_fini) struct buf out = BUF_INIT(1024);
    char why[HEALTH_WHY_BYTES + 1];
    memset(why, 'x', sizeof why);
    memcpy(why + HEALTH_WHY_BYTES - 1, "\xc3\xa9", 2);    // the bound is in the middle of it
    health_store_away(h, (struct str){ why, sizeof why });
    EQ(health_ready(h, true, &out), 503);
    OKAY(str_is_utf8(buf_str(&out)));
    EQ(out.n, sizeof "{\"status\":\"unavailable\",\"reason\":\"\"}" - 1 + HEALTH_WHY_BYTES - 1);
}
