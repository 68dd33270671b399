/* Values: what each kind takes, and what it does not. */
#include "config/option.h"

#include "test/unit.h"

static struct config config;
static struct buf said = BUF_INIT(1024);

static enum err set(enum option_id id, const char *text) {
    buf_reset(&said);
    enum err err = option_set(&options[id], str_of(text), &config, &said);
    OKAY((err == OK) == (said.n == 0));
    return err;
}

TEST(bytes_have_units) {
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        { "65536", 65536 },     { "64KiB", 65536 },  { "64 kib", 65536 }, { "1MiB", 1048576 },
        { "1GiB", 1073741824 }, { "100KB", 100000 }, { "1MB", 1000000 },  { " 65536 B ", 65536 },
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        EQ(set(OPTION_limits_outbox_bytes, good[i].text), OK);
        EQ(config.limits_outbox_bytes, good[i].bytes);
    }
    static const char *const bad[] = { "",
                                       "KiB",
                                       "-1",
                                       "1.5MiB",
                                       "1 XiB",
                                       "1MiB2",
                                       "0x10000",
                                       "+65536",
                                       "99999999999999999999",
                                       "18446744073709551615GiB",
                                       "1",
                                       "2GiB" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        EQ(set(OPTION_limits_outbox_bytes, bad[i]), ERR_PROTO);
    }
    EQ(config.limits_outbox_bytes, 65536);    // the last good one
}

TEST(times_have_units) {
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {
        { "250", 250 }, { "250ms", 250 }, { "5s", 5000 }, { "2m", 120000 }, { "2 min", 120000 },
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        EQ(set(OPTION_store_away_ms, good[i].text), OK);
        EQ(config.store_away_ms, good[i].ms);
    }
    EQ(set(OPTION_server_drain_ms, "0s"), OK);
    EQ(config.server_drain_ms, 0);
    EQ(set(OPTION_server_drain_ms, "10M"), OK);
    EQ(config.server_drain_ms, 600000);
    static const char *const bad[] = { "", "5 seconds", "1h", "99ms", "5s5s", "-5s", "forever" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        EQ(set(OPTION_store_away_ms, bad[i]), ERR_PROTO);
    }
}

TEST(numbers_have_bounds) {
    EQ(set(OPTION_server_workers, "64"), OK);
    EQ(config.server_workers, 64);
    EQ(set(OPTION_server_workers, "65"), ERR_PROTO);
    OKAY(memmem(said.p, said.n, "0 to 64", 7) != NULL);
    EQ(set(OPTION_server_workers, "6KiB"), ERR_PROTO);
    EQ(set(OPTION_server_workers, "six"), ERR_PROTO);
}

TEST(switches_take_the_usual_words) {
    static const char *const on[] = { "on", "ON", "yes", "true", "1" };
    static const char *const off[] = { "off", "no", "False", "0" };
    for (size_t i = 0; i < COUNT(on); i++) {
        EQ(set(OPTION_auth_provision, on[i]), OK);
        EQ(config.auth_provision, true);
    }
    for (size_t i = 0; i < COUNT(off); i++) {
        EQ(set(OPTION_auth_provision, off[i]), OK);
        EQ(config.auth_provision, false);
    }
    EQ(set(OPTION_auth_provision, "maybe"), ERR_PROTO);
    EQ(set(OPTION_auth_provision, ""), ERR_PROTO);
}

TEST(choices_are_the_enums_of_the_header) {
    EQ(set(OPTION_mobile_proof, "otp"), OK);
    EQ(config.mobile_proof, MOBILE_PROOF_OTP);
    EQ(set(OPTION_mobile_proof, "token"), OK);
    EQ(config.mobile_proof, MOBILE_PROOF_TOKEN);
    EQ(set(OPTION_mobile_proof, "Open"), OK);
    EQ(config.mobile_proof, MOBILE_PROOF_OPEN);
    EQ(set(OPTION_limits_profile, "open"), OK);
    EQ(config.limits_profile, LIMITS_OPEN);
    static const char *const levels[] = { "error", "warn", "info", "debug" };
    for (size_t i = 0; i < COUNT(levels); i++) {
        enum log_level level;
        EQ(set(OPTION_log_level, levels[i]), OK);
        EQ(log_level_of(str_of(levels[i]), &level), OK);
        EQ(config.log_level, level);
    }
    enum log_format format;
    EQ(set(OPTION_log_format, "json"), OK);
    EQ(log_format_of(STR_LIT("json"), &format), OK);
    EQ(config.log_format, format);
    EQ(set(OPTION_mobile_proof, "otp|token"), ERR_PROTO);
    EQ(set(OPTION_mobile_proof, ""), ERR_PROTO);
}

TEST(addresses_have_three_forms) {
    static const char *const good[] = {
        "127.0.0.1:8080",    ":8080",        "0.0.0.0:0",        "[::1]:65535",
        "[::]:80",           "localhost:80", "unix:/run/a.sock", "unix:a",
        "tls:127.0.0.1:443", "tls:unix:/a",  "tls::443",
    };
    static const char *const bad[] = {
        "",
        "8080",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:http",
        "::1:80",
        "[::1]",
        "[127.0.0.1]:80",
        "example.org:80",
        "unix:",
        "tls:",
        "tls:tls::1",
        "1.2.3:80",
        "127.0.0.1:000080",
        "127.0.0.1:8080/",
        "http://127.0.0.1:80",
        "*:80",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        OKAY(address_is_one(str_of(good[i])));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        OKAY(!address_is_one(str_of(bad[i])));
    }
    char path[120];
    memset(path, 'a', sizeof path);
    memcpy(path, "unix:/", 6);
    OKAY(address_is_one((struct str){ path, 5 + 107 }));
    OKAY(!address_is_one((struct str){ path, 5 + 108 }));
}

TEST(loopback_is_what_no_other_machine_can_reach) {
    OKAY(config_is_loopback(STR_LIT("127.0.0.1:1")));
    OKAY(config_is_loopback(STR_LIT("tls:127.1.2.3:1")));
    OKAY(config_is_loopback(STR_LIT("[::1]:1")));
    OKAY(config_is_loopback(STR_LIT("localhost:1")));
    OKAY(config_is_loopback(STR_LIT("unix:/a")));
    OKAY(!config_is_loopback(STR_LIT(":1")));
    OKAY(!config_is_loopback(STR_LIT("0.0.0.0:1")));
    OKAY(!config_is_loopback(STR_LIT("[::]:1")));
    OKAY(!config_is_loopback(STR_LIT("10.127.0.1:1")));
}

TEST(lists_are_cut_at_commas_and_trimmed) {
    EQ(set(OPTION_http_listen, " 127.0.0.1:1 ,, :2,"), OK);
    EQ(config.http_listen.count, 2);
    STR_EQ(config.http_listen.items[0], "127.0.0.1:1");
    STR_EQ(config.http_listen.items[1], ":2");
    EQ(config.http_listen.items[1].p[2], '\0');
    EQ(set(OPTION_http_listen, ""), OK);
    EQ(config.http_listen.count, 0);
    EQ(set(OPTION_http_listen, "127.0.0.1:1,nonsense"), ERR_PROTO);
    OKAY(memmem(said.p, said.n, "\"nonsense\"", 10) != NULL);
    EQ(set(OPTION_http_origins, " , "), ERR_PROTO);

    SCOPED(buf_fini) struct buf many = BUF_INIT(1024);
    for (int i = 0; i < CONFIG_LIST_MAX; i++) {
        BUF_PUT_LIT(&many, ":1,");
    }
    EQ(option_set(&options[OPTION_http_listen], buf_str(&many), &config, &said), OK);
    EQ(config.http_listen.count, CONFIG_LIST_MAX);
    BUF_PUT_LIT(&many, ":1");
    EQ(option_set(&options[OPTION_http_listen], buf_str(&many), &config, &said), ERR_PROTO);
}

TEST(a_value_has_its_bound_and_no_zero_byte) {
    static char text[CONFIG_VALUE_BYTES_MAX + 2];
    memset(text, 'x', sizeof text);
    struct str value = { text, CONFIG_VALUE_BYTES_MAX };
    EQ(option_set(&options[OPTION_auth_issuer], value, &config, &said), OK);
    EQ(config.auth_issuer.n, CONFIG_VALUE_BYTES_MAX);
    value.n++;
    EQ(option_set(&options[OPTION_auth_issuer], value, &config, &said), ERR_PROTO);
    EQ(option_set(&options[OPTION_auth_issuer], STR_LIT("a\0b"), &config, &said), ERR_PROTO);
}

TEST(the_last_test_gives_the_memory_back) {
    arena_fini(&config.arena);
    buf_fini(&said);
    OKAY(config.arena.blocks == NULL);
}

TEST(an_amount_is_read_as_an_option_would) {
    struct buf why = BUF_INIT(1000);
    uint64_t n = 7;
    EQ(config_amount("history.age_max", STR_LIT("30d"), &n, &why), OK);
    EQ(n, UINT64_C(30) * 24 * 3600 * 1000);
    EQ(config_amount("history.bytes_max", STR_LIT("2KiB"), &n, &why), OK);
    EQ(n, 2048);
    EQ(config_amount("history.messages_max", STR_LIT("0"), &n, &why), OK);
    EQ(n, 0);
    EQ(config_amount("history.messages_max", STR_LIT("many"), &n, &why), ERR_PROTO);
    EQ(n, 0);
    OKAY(why.n > 0);
    buf_fini(&why);
}
