/* Loading: which source wins, what follows, what is refused and with which words. */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/unit.h"

/* A load, its result, and what was said. */
struct rig {
    struct config *config;
    struct buf why;
};

static struct rig rig_load(struct config_sources sources) {
    struct rig r = { .why = BUF_INIT(4096) };
    enum err err = config_load(&sources, &r.config, &r.why);
    OKAY((err == OK) == (r.config != NULL) && (err == OK) == (r.why.n == 0));
    return r;
}

static void rig_fini(struct rig *r) {
    config_free(&r->config);
    buf_fini(&r->why);
}

static struct rig rig_file(const char *text) {
    return rig_load((struct config_sources){ .file = "chat.conf", .file_text = text });
}

/* With one --set. */
static struct rig rig_set(const char *set) {
    return rig_load((struct config_sources){ .set = &set, .set_count = 1 });
}

static bool says(const struct rig *r, const char *piece) {
    return memmem(r->why.p, r->why.n, piece, strlen(piece)) != NULL;
}

TEST(without_any_source_the_defaults_hold) {
    SCOPED(rig_fini) struct rig r = rig_load((struct config_sources){ 0 });
    const struct config *c = r.config;
    OKAY(c != NULL);
    STR_EQ(c->data_dir, "./data");
    STR_EQ(c->store_url, "sqlite:./data/parloir.db");
    STR_EQ(c->cluster_url, "");
    EQ(c->http_listen.count, 1);
    STR_EQ(c->http_listen.items[0], "127.0.0.1:8080");
    STR_EQ(c->http_origins.items[0], "*");
    STR_EQ(c->tchatator_listen.items[0], "127.0.0.1:4242");
    EQ(c->hub_listen.count, 0);
    EQ(c->mobile_proof, MOBILE_PROOF_OTP);
    EQ(c->limits_profile, LIMITS_DOCUMENTED);
    EQ(c->limits_message_chars, 4000);
    EQ(c->limits_message_bytes, 65536);
    EQ(c->limits_connections_per_address, 100);
    EQ(c->limits_connections_per_user, 10);
    EQ(c->limits_follows_per_connection, 1000);
    EQ(c->limits_outbox_bytes, 1048576);
    EQ(c->auth_failures_per_minute, 10);
    EQ(c->auth_provision, true);
    EQ(c->auth_jwt_secret.text.n, 0);
    EQ(c->store_away_ms, 5000);
    EQ(c->server_credits, 4096);
    EQ(c->server_drain_ms, 8000);
    OKAY(c->server_workers >= 1 && c->server_workers <= 64);
    EQ(c->log_level, LOG_LEVEL_INFO);
    EQ(c->log_format, LOG_FORMAT_TEXT);
    EQ(c->is_dev, false);
}

TEST(flags_go_before_the_environment_and_that_before_the_file) {
    char *env[] = { "PARLOIR_LOG_LEVEL=error", "PARLOIR_LIMITS_MESSAGE_CHARS=500", NULL };
    const char *set[] = { "log.level=debug", "limits.hello_ms=101", "limits.hello_ms=102" };
    struct config_sources s = {
        .file_text = "[log]\nlevel = warn\nformat = json\n[limits]\nmessage_chars = 10\n",
        .env = env,
        .set = set,
        .set_count = 3,
    };
    SCOPED(rig_fini) struct rig r = rig_load(s);
    EQ(r.config->log_level, LOG_LEVEL_DEBUG);
    EQ(r.config->log_format, LOG_FORMAT_JSON);
    EQ(r.config->limits_message_chars, 500);
    EQ(r.config->limits_hello_ms, 102);
}

TEST(the_documents_variables_work_and_lose_to_ours) {
    char *env[] = { "DATABASE_URL=sqlite:/tmp/a.db",
                    "WS_BIND_ADDR=127.0.0.1:9001",
                    "JWT_SECRET=abc",
                    "PARLOIR_AUTH_JWT_SECRET=def",
                    "REDIS_URL=",
                    "PARLOIR_X=1",
                    NULL };
    SCOPED(rig_fini) struct rig r = rig_load((struct config_sources){ .env = env });
    STR_EQ(r.config->store_url, "sqlite:/tmp/a.db");
    STR_EQ(r.config->hub_listen.items[0], "127.0.0.1:9001");
    STR_EQ(r.config->auth_jwt_secret.text, "def");
    STR_EQ(r.config->cluster_url, "");
}

TEST(an_empty_variable_counts_as_unset) {
    char *env[] = { "PARLOIR_HTTP_LISTEN=", "PARLOIR_LOG_LEVEL=", "JWT_SECRET=", NULL };
    SCOPED(rig_fini) struct rig r = rig_load((struct config_sources){ .env = env });
    EQ(r.config->http_listen.count, 1);
    EQ(r.config->log_level, LOG_LEVEL_INFO);
}

TEST(data_dir_moves_the_store) {
    SCOPED(rig_fini) struct rig r = rig_load((struct config_sources){ .data_dir = "/srv/chat" });
    STR_EQ(r.config->data_dir, "/srv/chat");
    STR_EQ(r.config->store_url, "sqlite:/srv/chat/parloir.db");
    EQ(r.config->store_url.p[r.config->store_url.n], '\0');
}

TEST(an_unknown_key_is_refused_with_its_place_and_what_may_be_meant) {
    SCOPED(rig_fini)
    struct rig a = rig_file("[http]\nlisten = 127.0.0.1:1\n\n[log]\nlevle = info\n");
    OKAY(says(&a, "chat.conf:5") && says(&a, "log.levle") && says(&a, "log.level was meant"));
    SCOPED(rig_fini) struct rig b = rig_file("something_else = 1\n");
    OKAY(says(&b, "chat.conf:1") && says(&b, "parloir.conf(5)"));
    SCOPED(rig_fini) struct rig c = rig_set("log.leve=info");
    OKAY(says(&c, "--set") && says(&c, "log.level"));
    SCOPED(rig_fini) struct rig d = rig_set("log.level");
    OKAY(says(&d, "section.key=value"));
}

TEST(a_bad_value_is_refused_with_its_place_and_what_would_be_right) {
    SCOPED(rig_fini) struct rig a = rig_file("[log]\n# a comment\nlevel = loud\n");
    OKAY(says(&a, "chat.conf:3") && says(&a, "log.level") && says(&a, "\"loud\"") &&
         says(&a, "error, warn, info or debug"));
    char *env[] = { "PARLOIR_SERVER_WORKERS=many", NULL };
    SCOPED(rig_fini) struct rig b = rig_load((struct config_sources){ .env = env });
    OKAY(says(&b, "PARLOIR_SERVER_WORKERS") && says(&b, "server.workers") && says(&b, "0 to 64"));
    char *alias[] = { "WS_BIND_ADDR=everywhere", NULL };
    SCOPED(rig_fini) struct rig c = rig_load((struct config_sources){ .env = alias });
    OKAY(says(&c, "WS_BIND_ADDR") && says(&c, "hub.listen") && says(&c, "127.0.0.1:8080"));
    SCOPED(rig_fini) struct rig d = rig_load((struct config_sources){ .data_dir = "" });
    OKAY(says(&d, "--data") && says(&d, "data.dir") && says(&d, "must not be empty"));
}

TEST(a_line_that_is_nothing_is_refused_with_its_number) {
    SCOPED(rig_fini) struct rig a = rig_file("[log]\nlevel = info\n\nwhat is this\n");
    OKAY(says(&a, "chat.conf:4"));
    SCOPED(rig_fini) struct rig b = rig_file("[log\nlevel = info\n");
    OKAY(says(&b, "chat.conf:1"));
}

TEST(an_option_given_twice_in_the_file_is_refused) {
    SCOPED(rig_fini) struct rig r = rig_file("[log]\nlevel=info\n[http]\n[log]\nlevel=debug\n");
    OKAY(says(&r, "chat.conf:5") && says(&r, "already set on line 2"));
}

TEST(control_characters_are_not_repeated_to_the_terminal) {
    SCOPED(rig_fini) struct rig r = rig_file("[log]\nlevel = \x1b[31mred\n");
    OKAY(says(&r, "?[31mred") && !says(&r, "\x1b"));
}

TEST(no_secret_is_ever_repeated) {
    char *env[] = { "DATABASE_URL=postgresql://u:hunter2@db/x", NULL };
    SCOPED(rig_fini) struct rig a = rig_load((struct config_sources){ .env = env });
    OKAY(a.config == NULL && !says(&a, "hunter2"));
    static char long_secret[5000];
    memset(long_secret, 'h', sizeof long_secret - 1);
    memcpy(long_secret, "JWT_SECRET=", 11);
    char *env2[] = { long_secret, NULL };
    SCOPED(rig_fini) struct rig b = rig_load((struct config_sources){ .env = env2 });
    OKAY(b.config == NULL && !says(&b, "hhhh"));
}

TEST(a_store_this_build_has_not_is_refused_by_name) {
    SCOPED(rig_fini) struct rig a = rig_set("store.url=postgresql://localhost/chat");
    OKAY(says(&a, "store.url") && says(&a, "PostgreSQL") && says(&a, "sqlite:PATH"));
    SCOPED(rig_fini) struct rig b = rig_set("store.url=/tmp/x.db");
    OKAY(says(&b, "sqlite:"));
    SCOPED(rig_fini) struct rig c = rig_set("cluster.url=redis://localhost");
    OKAY(says(&c, "single node") && says(&c, "REDIS_URL"));
    SCOPED(rig_fini) struct rig d = rig_set("store.url=memory:");
    OKAY(d.config != NULL);
}

TEST(dev_opens_mobile_and_stays_on_loopback) {
    SCOPED(rig_fini) struct rig a = rig_load((struct config_sources){ .is_dev = true });
    EQ(a.config->is_dev, true);
    EQ(a.config->mobile_proof, MOBILE_PROOF_OPEN);

    const char *set = "mobile.proof=otp";
    struct config_sources s = { .set = &set, .set_count = 1, .is_dev = true };
    SCOPED(rig_fini) struct rig b = rig_load(s);
    EQ(b.config->mobile_proof, MOBILE_PROOF_OTP);

    static const char *const open[] = {
        "http.listen=0.0.0.0:8080",
        "http.listen=127.0.0.1:1,:8080",
        "hub.listen=[::]:1",
        "tchatator.listen=192.168.1.2:4242",
    };
    for (size_t i = 0; i < COUNT(open); i++) {
        s.set = &open[i];
        SCOPED(rig_fini) struct rig c = rig_load(s);
        OKAY(c.config == NULL && says(&c, "--dev"));
        s.is_dev = false;
        SCOPED(rig_fini) struct rig d = rig_load(s);
        OKAY(d.config != NULL);
        s.is_dev = true;
    }
}

TEST(tls_addresses_need_certificate_and_key) {
    SCOPED(rig_fini) struct rig a = rig_set("http.listen=tls:0.0.0.0:8443");
    OKAY(says(&a, "tls.cert"));
    SCOPED(rig_fini) struct rig b = rig_set("tls.cert=/x.pem");
    OKAY(says(&b, "tls.key"));
    SCOPED(rig_fini)
    struct rig c =
        rig_file("[tls]\ncert = /x.pem\nkey = /y.pem\n[http]\nlisten = tls:0.0.0.0:8443\n");
    OKAY(c.config != NULL);
}

TEST(what_does_not_make_sense_is_refused) {
    static const char *const bad[] = {
        "http.origins=",          "http.origins=https://a.example/",
        "http.origins=a.example", "http.origins=*,ftp://a.example",
        "http.origins=https://",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        SCOPED(rig_fini) struct rig r = rig_set(bad[i]);
        OKAY(r.config == NULL);
    }
    SCOPED(rig_fini)
    struct rig r = rig_set("http.origins=https://a.example, http://localhost:3000");
    EQ(r.config->http_origins.count, 2);
    STR_EQ(r.config->http_origins.items[1], "http://localhost:3000");
}

static void expect_rate(const struct rig *r, const char *dialect, uint64_t per_minute,
                        uint64_t per_hour, uint64_t burst) {
    struct config_rate rate = config_rate_of(r->config, str_of(dialect));
    EQ(rate.per_minute, per_minute);
    EQ(rate.per_hour, per_hour);
    EQ(rate.burst, burst);
}

TEST(the_documented_profile_gives_each_dialect_its_own_rates) {
    SCOPED(rig_fini) struct rig r = rig_load((struct config_sources){ 0 });
    expect_rate(&r, "envelope", 10, 100, 10);
    expect_rate(&r, "tchatator", 60, 600, 60);
    expect_rate(&r, "mobile", 60, 0, 20);
    expect_rate(&r, "hub", 60, 0, 20);
    expect_rate(&r, "socketio", 60, 0, 20);
    expect_rate(&r, "rest", 60, 0, 20);
}

TEST(the_other_profiles_are_the_same_everywhere) {
    static const char *const dialects[] = { "envelope", "tchatator", "mobile",
                                            "hub",      "socketio",  "rest" };
    SCOPED(rig_fini) struct rig chat = rig_set("limits.profile=chat");
    SCOPED(rig_fini) struct rig open = rig_set("limits.profile=open");
    for (size_t i = 0; i < COUNT(dialects); i++) {
        expect_rate(&chat, dialects[i], 60, 0, 20);
        expect_rate(&open, dialects[i], 0, 0, 0);
    }
}

TEST(a_single_key_goes_before_the_profile) {
    SCOPED(rig_fini)
    struct rig a = rig_file("[limits]\nhub.per_minute = 5\nprofile = open\n"
                            "[limits.envelope]\nper_hour = 7\n");
    expect_rate(&a, "hub", 5, 0, 5);
    expect_rate(&a, "envelope", 0, 7, 0);
    expect_rate(&a, "mobile", 0, 0, 0);
    SCOPED(rig_fini) struct rig b = rig_set("limits.hub.burst=1000");
    expect_rate(&b, "hub", 60, 0, 60);
    SCOPED(rig_fini) struct rig c = rig_set("limits.hub.per_minute=0");
    expect_rate(&c, "hub", 0, 0, 0);
}

TEST(a_change_that_needs_a_restart_is_named) {
    SCOPED(rig_fini) struct rig a = rig_file("[log]\nlevel = info\n");
    SCOPED(rig_fini) struct rig b = rig_file("[log]\nlevel = debug\n[auth]\nissuer = x\n");
    SCOPED(rig_fini)
    struct rig c = rig_file("[http]\nlisten = 127.0.0.1:1, 127.0.0.1:2\n"
                            "[server]\ncredits = 99\n[hub]\nlisten = :1\n"
                            "[auth]\njwt_secret = abc\nprovision = off\n");
    SCOPED(buf_fini) struct buf names = BUF_INIT(512);
    config_put_restart_needed(a.config, b.config, &names);
    EQ(names.n, 0);
    config_put_restart_needed(a.config, c.config, &names);
    STR_EQ(buf_str(&names), "http.listen, hub.listen, server.credits");
}

TEST(a_file_is_read_from_disk) {
    char dir[] = "/tmp/parloir-conf-XXXXXX";
    char path[64];
    OKAY(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/a.conf", dir);
    struct config_sources s = { .file = path };

    SCOPED(rig_fini) struct rig missing = rig_load(s);
    OKAY(missing.config == NULL && says(&missing, path));
    FILE *file = fopen(path, "w");
    OKAY(file != NULL && fputs("[log]\nlevel = warn\n", file) >= 0 && fclose(file) == 0);
    SCOPED(rig_fini) struct rig good = rig_load(s);
    EQ(good.config->log_level, LOG_LEVEL_WARN);

    file = fopen(path, "w");
    OKAY(file != NULL && fwrite("[log]\0\n", 1, 7, file) == 7 && fclose(file) == 0);
    SCOPED(rig_fini) struct rig binary = rig_load(s);
    OKAY(binary.config == NULL && says(&binary, "text file"));

    file = fopen(path, "w");
    OKAY(file != NULL && ftruncate(fileno(file), CONFIG_FILE_BYTES_MAX + 10) == 0);
    fclose(file);
    SCOPED(rig_fini) struct rig large = rig_load(s);
    OKAY(large.config == NULL && says(&large, "too long"));

    file = fopen(path, "w");
    fclose(file);
    SCOPED(rig_fini) struct rig empty = rig_load(s);
    OKAY(empty.config != NULL);
    unlink(path);
    s.file = dir;
    SCOPED(rig_fini) struct rig directory = rig_load(s);
    OKAY(directory.config == NULL);
    rmdir(dir);
}

TEST(the_tape_is_a_flag_of_its_own) {
    SCOPED(rig_fini) struct rig r = rig_load((struct config_sources){ .tape_file = "/tmp/t" });
    STR_EQ(r.config->tape_file, "/tmp/t");
}

static enum log_format format_of(struct config_sources sources) {
    return config_log_format(&sources);
}

TEST(a_refusal_knows_the_format_of_the_log_from_what_can_be_read) {
    char *env[] = { (char[]){ "PARLOIR_LOG_FORMAT=json" }, NULL };
    const char *set[] = { "nothing", "no.option=1", "log.format=json", "log.format=xml" };
    const char *text[] = { "log.format = text" };
    EQ(format_of((struct config_sources){ 0 }), LOG_FORMAT_TEXT);
    EQ(format_of((struct config_sources){ .env = env }), LOG_FORMAT_JSON);
    EQ(format_of((struct config_sources){ .set = set, .set_count = 4 }), LOG_FORMAT_JSON);
    EQ(format_of((struct config_sources){ .set = text, .set_count = 1, .env = env }),
       LOG_FORMAT_TEXT);
    EQ(format_of((struct config_sources){ .file = "/nowhere/x.conf", .env = env }),
       LOG_FORMAT_JSON);
    EQ(format_of((struct config_sources){ .file_text = "[log]\nformat = json\nwhat = 1\n(" }),
       LOG_FORMAT_JSON);
    EQ(format_of((struct config_sources){ .file_text = "[log]\nformat = xml\n" }), LOG_FORMAT_TEXT);
}

TEST(a_refusal_looks_into_the_file_unless_that_is_a_pipe) {
    char path[] = "/tmp/parloir-config-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK(write(fd, "[log]\nformat = json\n[no]\n", 26) == 26);
    close(fd);
    EQ(format_of((struct config_sources){ .file = path }), LOG_FORMAT_JSON);
    unlink(path);
    CHECK(mkfifo(path, 0600) == 0);
    EQ(format_of((struct config_sources){ .file = path }), LOG_FORMAT_TEXT);    // and at once
    unlink(path);
}
