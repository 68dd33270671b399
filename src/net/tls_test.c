/* TLS through connections: both versions, what is refused, and backpressure under encryption. */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/rig.h"
#include "test/unit.h"

/* A rig whose peer speaks TLS. */
struct pair {
    struct tls_context *context;
    struct rig *rig;
    SSL_CTX *client_context;
    SSL *client;
};

static struct pair pair_new(int version) {
    struct pair pair = { 0 };
    pair.context = rig_tls();
    pair.rig = rig_new(pair.context);
    pair.client_context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(pair.client_context, version);
    SSL_CTX_set_max_proto_version(pair.client_context, version);
    pair.client = SSL_new(pair.client_context);
    SSL_set_fd(pair.client, pair.rig->peer);
    return pair;
}

static void pair_fini(struct pair *pair) {
    SSL_free(pair->client);
    SSL_CTX_free(pair->client_context);
    rig_free(&pair->rig);
    tls_context_unref(&pair->context);
    ERR_clear_error();
}

/* Runs the client's handshake; false if it fails. */
static bool shake(struct pair *pair) {
    for (int i = 0; i < RIG_TURNS_MAX; i++) {
        ERR_clear_error();
        int ret = SSL_connect(pair->client);
        if (ret == 1) {
            rig_turn(pair->rig);
            rig_turn(pair->rig);
            return true;
        }
        if (SSL_get_error(pair->client, ret) != SSL_ERROR_WANT_READ) {
            return false;
        }
        rig_turn(pair->rig);
    }
    return false;
}

static void client_send(struct pair *pair, const char *p, size_t n) {
    SSL_set_mode(pair->client, SSL_MODE_ENABLE_PARTIAL_WRITE);
    for (int i = 0; n > 0 && i < RIG_TURNS_MAX; i++) {
        size_t sent = 0;
        ERR_clear_error();
        if (SSL_write_ex(pair->client, p, n, &sent) == 1) {
            p += sent;
            n -= sent;
        }
        rig_turn(pair->rig);
    }
    EQ(n, 0);
}

/* Appends what the client can read now; false once the server's close_notify came. */
static bool client_read(struct pair *pair, struct buf *out) {
    char bytes[4096];
    size_t n = 0;
    ERR_clear_error();
    while (SSL_read_ex(pair->client, bytes, sizeof bytes, &n) == 1) {
        buf_put(out, bytes, n);
    }
    return SSL_get_error(pair->client, 0) == SSL_ERROR_WANT_READ;
}

static void echo_over(int version) {
    SCOPED(pair_fini) struct pair pair = pair_new(version);
    SCOPED(buf_fini) struct buf back = BUF_INIT(1024);
    pair.rig->is_echo = true;

    OKAY(shake(&pair));
    EQ(SSL_version(pair.client), version);
    client_send(&pair, "hello", 5);
    OKAY(RIG_UNTIL(pair.rig, client_read(&pair, &back) && back.n == 5));
    STR_EQ(buf_str(&back), "hello");
}

TEST(tls_1_2_carries_bytes_both_ways) {
    echo_over(TLS1_2_VERSION);
}

TEST(tls_1_3_carries_bytes_both_ways) {
    echo_over(TLS1_3_VERSION);
}

static void megabytes_over(int version, bool is_narrow) {
    SCOPED(pair_fini) struct pair pair = pair_new(version);
    SCOPED(buf_fini) struct buf want = BUF_INIT(4 << 20);
    SCOPED(buf_fini) struct buf back = BUF_INIT(4 << 20);
    pair.rig->is_echo = true;
    if (is_narrow) {
        rig_make_narrow(pair.rig);
    }
    for (size_t i = 0; i < (2 << 20); i++) {
        buf_put_char(&want, (char)(i * 7 + i / 255));
    }
    OKAY(shake(&pair));
    for (size_t at = 0; at < want.n; at += 65536) {
        client_send(&pair, want.p + at, 65536);
        OKAY(client_read(&pair, &back));
    }
    OKAY(RIG_UNTIL(pair.rig, client_read(&pair, &back) && back.n == want.n));
    OKAY(str_eq(buf_str(&back), buf_str(&want)));
    EQ(pair.rig->writable_count > 0, is_narrow || pair.rig->writable_count > 0);
}

TEST(megabytes_arrive_in_order_over_both_versions) {
    megabytes_over(TLS1_2_VERSION, false);
    megabytes_over(TLS1_3_VERSION, false);
}

TEST(megabytes_arrive_in_order_through_a_narrow_socket) {
    megabytes_over(TLS1_2_VERSION, true);
    megabytes_over(TLS1_3_VERSION, true);
}

TEST(a_record_that_does_not_leave_at_once_is_taken_and_held) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    SCOPED(buf_fini) struct buf much = BUF_INIT(1 << 20);
    SCOPED(buf_fini) struct buf back = BUF_INIT(1 << 20);
    rig_make_narrow(pair.rig);
    OKAY(shake(&pair));
    for (int i = 0; i < 500000; i++) {
        buf_put_char(&much, (char)(i % 251));
    }
    ptrdiff_t taken = rig_write(pair.rig, buf_str(&much));
    OKAY(taken > 0 && taken < 500000);
    OKAY(pair.rig->conn.is_write_blocked);
    EQ(rig_write(pair.rig, STR_LIT("something else than the rest")), 0);
    conn_shutdown(&pair.rig->conn);    // waits for what is held

    OKAY(RIG_UNTIL(pair.rig, !client_read(&pair, &back)));
    EQ(back.n, taken);
    OKAY(memcmp(back.p, much.p, back.n) == 0);
    EQ(SSL_get_shutdown(pair.client), SSL_RECEIVED_SHUTDOWN);
}

TEST(small_pieces_share_a_record) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    OKAY(shake(&pair));
    char text[] = "one two three ";
    struct iovec pieces[] = {
        { text, 4 }, { NULL, 0 }, { text + 4, 4 }, { text + 8, 5 }, { NULL, 0 },
    };
    char first[64];
    size_t n = 0;
    EQ(conn_write(&pair.rig->conn, pieces, COUNT(pieces)), 13);
    EQ(SSL_read_ex(pair.client, first, sizeof first, &n), 1);
    STR_EQ(((struct str){ first, n }), "one two three");
}

TEST(a_large_piece_between_small_ones_is_cut_where_a_record_ends) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    SCOPED(buf_fini) struct buf want = BUF_INIT(1 << 20);
    SCOPED(buf_fini) struct buf back = BUF_INIT(1 << 20);
    OKAY(shake(&pair));
    for (int i = 0; i < 60000; i++) {
        buf_put_char(&want, (char)(i * 13 + i / 256));
    }
    struct iovec pieces[] = {
        { want.p, 10 },
        { want.p + 10, 40000 },
        { want.p + 40010, 20 },
        { want.p + 40030, 19970 },
    };
    EQ(conn_write(&pair.rig->conn, pieces, COUNT(pieces)), 60000);
    OKAY(client_read(&pair, &back));
    OKAY(str_eq(buf_str(&back), buf_str(&want)));
}

TEST(what_is_written_before_the_handshake_waits_for_it) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    EQ(rig_write(pair.rig, STR_LIT("early")), 0);
    OKAY(pair.rig->conn.is_write_blocked);
    OKAY(shake(&pair));
    EQ(pair.rig->writable_count, 1);
    EQ(rig_write(pair.rig, STR_LIT("now")), 3);
}

TEST(kept_bytes_and_what_tls_has_pending_come_after_a_resume) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    pair.rig->take_max = 2;
    OKAY(shake(&pair));
    client_send(&pair, "abc", 3);
    OKAY(RIG_UNTIL(pair.rig, pair.rig->bytes_count == 1));
    client_send(&pair, "def", 3);
    client_send(&pair, "ghi", 3);
    EQ(pair.rig->bytes_count, 1);
    pair.rig->take_max = SIZE_MAX;
    conn_resume(&pair.rig->conn);
    OKAY(RIG_UNTIL(pair.rig, pair.rig->got.n == 9));
    STR_EQ(buf_str(&pair.rig->got), "abcdefghi");
}

TEST(a_pause_during_many_records_loses_none_of_them) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_2_VERSION);
    OKAY(shake(&pair));
    conn_pause(&pair.rig->conn);
    for (int i = 0; i < 150; i++) {
        client_send(&pair, "0123456789", 10);
    }
    EQ(pair.rig->bytes_count, 0);
    pair.rig->take_max = 7;
    pair.rig->does_resume = true;
    conn_resume(&pair.rig->conn);
    OKAY(RIG_UNTIL(pair.rig, pair.rig->got.n == 1500));
}

TEST(much_that_waits_is_read_in_shares_and_to_its_end) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    SCOPED(buf_fini) struct buf much = BUF_INIT(4 << 20);
    int bytes = 4 << 20;
    setsockopt(pair.rig->peer, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    OKAY(shake(&pair));
    conn_pause(&pair.rig->conn);
    for (int i = 0; i < 30 * 16000; i++) {
        buf_put_char(&much, (char)(i % 253));
    }
    size_t sent = 0;
    for (size_t n = 0; sent < much.n; sent += n) {    // without a turn of the loop
        ERR_clear_error();
        if (SSL_write_ex(pair.client, much.p + sent, 16000, &n) != 1) {
            break;
        }
    }
    OKAY(sent > 5 * LOOP_READ_BYTES);    // else this shows nothing
    shutdown(pair.rig->peer, SHUT_WR);
    conn_resume(&pair.rig->conn);
    size_t most = 0;
    for (size_t before = 0; pair.rig->end_count == 0; before = pair.rig->got.n) {
        rig_turn(pair.rig);
        most = MAX(most, pair.rig->got.n - before);
    }
    EQ(most, 4 * LOOP_READ_BYTES);
    EQ(pair.rig->got.n, sent);
    OKAY(memcmp(pair.rig->got.p, much.p, sent) == 0);
}

TEST(writing_to_a_tls_peer_that_is_gone_ends_the_connection) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    OKAY(shake(&pair));
    close(pair.rig->peer);
    pair.rig->peer = -1;
    conn_pause(&pair.rig->conn);
    EQ(rig_write(pair.rig, STR_LIT("anybody?")), -1);
    EQ(pair.rig->end_count, 0);
    OKAY(RIG_UNTIL(pair.rig, pair.rig->end_count == 1));
    EQ(pair.rig->end_why, ERR_IO);
}

TEST(a_tls_peer_that_leaves_while_a_record_is_held_ends_the_connection) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    SCOPED(buf_fini) struct buf much = BUF_INIT(1 << 20);
    rig_make_narrow(pair.rig);
    OKAY(shake(&pair));
    memset(buf_room(&much, 500000), 'x', 500000);
    buf_added(&much, 500000);
    OKAY(rig_write(pair.rig, buf_str(&much)) < 500000);
    conn_pause(&pair.rig->conn);
    rig_turn(pair.rig);
    close(pair.rig->peer);
    pair.rig->peer = -1;
    OKAY(RIG_UNTIL(pair.rig, pair.rig->end_count == 1));
    EQ(pair.rig->end_why, ERR_IO);
    EQ(rig_write(pair.rig, STR_LIT("x")), -1);
}

TEST(the_orderly_end_of_the_peer_is_told_and_we_may_still_write) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    SCOPED(buf_fini) struct buf back = BUF_INIT(1024);
    OKAY(shake(&pair));
    client_send(&pair, "last", 4);
    SSL_shutdown(pair.client);
    OKAY(RIG_UNTIL(pair.rig, pair.rig->end_count == 1));
    EQ(pair.rig->end_why, ERR_CLOSED);
    STR_EQ(buf_str(&pair.rig->got), "last");
    EQ(rig_write(pair.rig, STR_LIT("bye")), 3);
    client_read(&pair, &back);
    STR_EQ(buf_str(&back), "bye");
}

TEST(an_end_without_close_notify_is_an_end_as_well) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    OKAY(shake(&pair));
    shutdown(pair.rig->peer, SHUT_WR);
    OKAY(RIG_UNTIL(pair.rig, pair.rig->end_count == 1));
    EQ(pair.rig->end_why, ERR_CLOSED);
}

TEST(closing_sends_close_notify) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    SCOPED(buf_fini) struct buf back = BUF_INIT(1024);
    OKAY(shake(&pair));
    EQ(rig_write(pair.rig, STR_LIT("bye")), 3);
    conn_close(&pair.rig->conn, false);
    OKAY(!client_read(&pair, &back));
    STR_EQ(buf_str(&back), "bye");
    EQ(SSL_get_shutdown(pair.client), SSL_RECEIVED_SHUTDOWN);
}

TEST(a_peer_that_does_not_speak_tls_is_a_failure_and_hurts_nobody_else) {
    SCOPED(pair_fini) struct pair good = pair_new(TLS1_3_VERSION);
    SCOPED(rig_free) struct rig *bad = rig_new(good.context);
    OKAY(shake(&good));
    rig_peer_send(bad, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
    OKAY(RIG_UNTIL(bad, bad->end_count == 1));
    EQ(bad->end_why, ERR_IO);
    EQ(bad->bytes_count, 0);
    EQ(rig_write(bad, STR_LIT("x")), -1);
    EQ(ERR_peek_error(), 0);    // nothing is left for the next connection to trip over
    client_send(&good, "still fine", 10);
    OKAY(RIG_UNTIL(good.rig, good.rig->got.n == 10));
}

TEST(garbage_after_the_handshake_is_a_failure) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    OKAY(shake(&pair));
    rig_peer_send(pair.rig, "\x17\x03\x03\x00\x20garbage garbage garbage garbage!", 37);
    OKAY(RIG_UNTIL(pair.rig, pair.rig->end_count == 1));
    EQ(pair.rig->end_why, ERR_IO);
}

TEST(a_peer_that_leaves_in_the_middle_of_the_handshake_ends_it) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    SSL_connect(pair.client);
    shutdown(pair.rig->peer, SHUT_RDWR);
    OKAY(RIG_UNTIL(pair.rig, pair.rig->end_count == 1));
    EQ(pair.rig->bytes_count, 0);
}

TEST(tls_1_1_is_refused) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_1_VERSION);
    SSL_set_security_level(pair.client, 0);
    OKAY(!shake(&pair));
    OKAY(RIG_UNTIL(pair.rig, pair.rig->end_count == 1));
    EQ(pair.rig->end_why, ERR_IO);
}

TEST(alpn_is_http_1_1_or_a_refusal) {
    struct {
        const char *offer;
        bool is_good;
    } cases[] = { { "\x08http/1.1", true }, { "\x02h2\x08http/1.1", true }, { "\x02h2", false } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
        const unsigned char *chosen = NULL;
        unsigned n = 0;
        SSL_set_alpn_protos(pair.client, (const unsigned char *)cases[i].offer,
                            (unsigned)strlen(cases[i].offer));
        EQ(shake(&pair), cases[i].is_good);
        SSL_get0_alpn_selected(pair.client, &chosen, &n);
        STR_EQ(((struct str){ (const char *)chosen, n }), cases[i].is_good ? "http/1.1" : "");
    }
}

TEST(renegotiation_is_not_done) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_2_VERSION);
    SCOPED(buf_fini) struct buf back = BUF_INIT(1024);
    OKAY(shake(&pair));
    SSL_renegotiate(pair.client);
    SSL_do_handshake(pair.client);
    for (int i = 0; i < 10; i++) {
        rig_turn(pair.rig);
        client_read(&pair, &back);
    }
    OKAY(SSL_renegotiate_pending(pair.client) || pair.rig->end_count == 1);
}

TEST(a_session_is_resumed_with_its_ticket) {
    SCOPED(tls_context_unref) struct tls_context *context = rig_tls();
    SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
    SSL_SESSION *session = NULL;
    for (int i = 0; i < 2; i++) {
        struct pair pair = { .context = tls_context_ref(context), .rig = rig_new(context) };
        SCOPED(buf_fini) struct buf back = BUF_INIT(64);
        pair.client = SSL_new(client_context);
        SSL_set_fd(pair.client, pair.rig->peer);
        if (session != NULL) {
            SSL_set_session(pair.client, session);
            SSL_SESSION_free(session);
        }
        OKAY(shake(&pair));
        EQ(SSL_session_reused(pair.client), i);
        client_read(&pair, &back);    // the ticket comes after the handshake
        session = SSL_get1_session(pair.client);
        SSL_shutdown(pair.client);
        pair_fini(&pair);
    }
    SSL_SESSION_free(session);
    SSL_CTX_free(client_context);
}

TEST(a_context_outlives_its_owner_while_a_connection_uses_it) {
    SCOPED(pair_fini) struct pair pair = pair_new(TLS1_3_VERSION);
    tls_context_unref(&pair.context);
    EQ(pair.context, NULL);
    OKAY(shake(&pair));
    client_send(&pair, "x", 1);
    OKAY(RIG_UNTIL(pair.rig, pair.rig->got.n == 1));
}

/* ---- certificates */

/* Loads <dir>/<cert> and <dir>/<key>, expecting a failure; puts what was said into `why`. */
static enum err load(const char *dir, const char *cert, const char *key, char *why) {
    char cert_path[512];
    char key_path[512];
    struct tls_context *context = NULL;
    snprintf(cert_path, sizeof cert_path, "%s/%s", dir, cert);
    snprintf(key_path, sizeof key_path, "%s/%s", dir, key);
    enum err err = tls_context_new(cert_path, key_path, &context, why);
    EQ(context != NULL, err == OK);
    tls_context_unref(&context);
    return err;
}

static void put_file(const char *dir, const char *name, const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    OKAY(file != NULL);
    fputs(text, file);
    fclose(file);
}

TEST(what_is_wrong_with_a_certificate_is_said_with_its_file) {
    SCOPED(rig_dir_free) char *dir = rig_dir();
    char why[TLS_WHY_BYTES];
    rig_make_certificate(dir, "a");
    rig_make_certificate(dir, "b");
    put_file(dir, "text", "this is not PEM\n");

    EQ(load(dir, "a.crt", "a.key", why), OK);
    EQ(load(dir, "none.crt", "a.key", why), ERR_IO);
    OKAY(strstr(why, "/none.crt: No such file") != NULL);
    EQ(load(dir, "a.crt", "none.key", why), ERR_IO);
    OKAY(strstr(why, "/none.key: No such file") != NULL);
    EQ(load(dir, "text", "a.key", why), ERR_PROTO);
    OKAY(strstr(why, "/text: not a PEM certificate chain") != NULL);
    EQ(load(dir, "a.crt", "text", why), ERR_PROTO);
    OKAY(strstr(why, "/text: not a PEM private key") != NULL);
    EQ(load(dir, "a.crt", "b.key", why), ERR_PROTO);
    OKAY(strstr(why, "/b.key: not the key of the certificate in ") != NULL);
    OKAY(strstr(why, "/a.crt") != NULL);
    EQ(load(dir, "b.key", "b.key", why), ERR_PROTO);
    EQ(ERR_peek_error(), 0);
}

TEST(a_key_with_a_pass_phrase_is_refused_and_nobody_is_asked_for_it) {
    SCOPED(rig_dir_free) char *dir = rig_dir();
    char path[512];
    char why[TLS_WHY_BYTES];
    rig_make_certificate(dir, "a");
    snprintf(path, sizeof path, "%s/locked", dir);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *file = fopen(path, "w");
    EQ(PEM_write_PrivateKey(file, key, EVP_aes_256_cbc(), (const unsigned char *)"pw", 2, NULL,
                            NULL),
       1);
    fclose(file);
    EVP_PKEY_free(key);
    EQ(load(dir, "a.crt", "locked", why), ERR_PROTO);
    OKAY(strstr(why, "pass phrase") != NULL);
}
