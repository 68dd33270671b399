/* OpenSSL's door. Nothing of it is seen outside this file.
 *
 * Which TLS we speak: 1.2 and 1.3, forward secrecy and authenticated ciphers only, our order of
 * ciphers, no compression, no renegotiation, stateless tickets (whose keys live and die with the
 * context), ALPN "http/1.1" or none.
 *
 * Two habits of OpenSSL shape the code:
 *
 *   - Its error queue belongs to the thread, not to the connection: what one connection leaves in
 *     it the next one takes for its own. So the queue is empty before every call, and after every
 *     failure.
 *   - A write that would block must be repeated with the same bytes. Our callers should not have to
 *     know, so such a record counts as taken, and its bytes are held here until tls_flush. */
#include "net/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

struct tls_context {
    SSL_CTX *ssl;
    atomic_uint ref_count;
};

struct tls_conn {
    struct tls_context *context;    // a reference of its own
    SSL *ssl;
    uint8_t *held;     // owned; one record that was taken but not sent, NULL: none
    size_t held_at;    // of which this much is sent
    size_t held_bytes;
    bool is_ended;
    bool is_failed;
    bool is_shut;
};

/* ---- contexts */

/* The oldest error OpenSSL has queued, in its words. */
static const char *ssl_why(void) {
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    return reason != NULL ? reason : "unknown error";
}

/* Keeps OpenSSL from asking the terminal for the pass phrase of a key. */
static int no_pass_phrase(char *buf, int size, int is_writing, void *ctx) {
    (void)buf, (void)size, (void)is_writing, (void)ctx;
    return -1;
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_bytes,
                       const unsigned char *offers, unsigned offer_bytes, void *ctx) {
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl, (void)ctx;

    if (SSL_select_next_proto(&chosen, out_bytes, ours, sizeof ours - 1, offers, offer_bytes) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;    // RFC 7301 section 3.2
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void set_rules(SSL_CTX *ssl) {
    static const unsigned char session_context[] = "parloir";

    SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(ssl, "ECDHE+AESGCM:ECDHE+CHACHA20");    // 1.3 has only good ones
    SSL_CTX_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                 SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ssl, 1);    // a record in one recv instead of two
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(ssl, session_context, sizeof session_context - 1);
    SSL_CTX_set_num_tickets(ssl, 1);
    SSL_CTX_set_alpn_select_cb(ssl, choose_alpn, NULL);
    SSL_CTX_set_default_passwd_cb(ssl, no_pass_phrase);
}

static enum err check_readable(const char *path, char why[TLS_WHY_BYTES]) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        snprintf(why, TLS_WHY_BYTES, "%s: %s", path, strerror(errno));
        return ERR_IO;
    }
    close(fd);
    return OK;
}

static enum err load(SSL_CTX *ssl, const char *cert_path, const char *key_path,
                     char why[TLS_WHY_BYTES]) {
    if (check_readable(cert_path, why) != OK || check_readable(key_path, why) != OK) {
        return ERR_IO;
    }
    if (SSL_CTX_use_certificate_chain_file(ssl, cert_path) != 1) {
        snprintf(why, TLS_WHY_BYTES, "%s: not a PEM certificate chain (%s)", cert_path, ssl_why());
        return ERR_PROTO;
    }
    if (SSL_CTX_use_PrivateKey_file(ssl, key_path, SSL_FILETYPE_PEM) != 1) {
        if (ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH) {
            snprintf(why, TLS_WHY_BYTES, "%s: not the key of the certificate in %s", key_path,
                     cert_path);
        } else {
            snprintf(why, TLS_WHY_BYTES, "%s: not a PEM private key without a pass phrase (%s)",
                     key_path, ssl_why());
        }
        return ERR_PROTO;
    }
    if (SSL_CTX_check_private_key(ssl) != 1) {
        snprintf(why, TLS_WHY_BYTES, "%s: not the key of the certificate in %s", key_path,
                 cert_path);
        return ERR_PROTO;
    }
    return OK;
}

static void ignore_sigpipe(void) {
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
        signal(SIGPIPE, SIG_IGN);
    }
}

enum err tls_context_new(const char *cert_path, const char *key_path, struct tls_context **out,
                         char why[TLS_WHY_BYTES]) {
    enum err err = ERR_IO;
    struct tls_context *t = xzalloc(sizeof *t);
    atomic_init(&t->ref_count, 1);

    ERR_clear_error();
    t->ssl = SSL_CTX_new(TLS_server_method());
    if (t->ssl == NULL) {
        snprintf(why, TLS_WHY_BYTES, "OpenSSL: %s", ssl_why());
        goto fail;
    }
    set_rules(t->ssl);
    if ((err = load(t->ssl, cert_path, key_path, why)) != OK) {
        goto fail;
    }
    ignore_sigpipe();
    *out = t;
    return OK;

fail:
    ERR_clear_error();
    tls_context_unref(&t);
    return err;
}

struct tls_context *tls_context_ref(struct tls_context *t) {
    atomic_fetch_add_explicit(&t->ref_count, 1, memory_order_relaxed);
    return t;
}

void tls_context_unref(struct tls_context **t) {
    struct tls_context *gone = *t;

    *t = NULL;
    if (gone != NULL && atomic_fetch_sub_explicit(&gone->ref_count, 1, memory_order_acq_rel) == 1) {
        SSL_CTX_free(gone->ssl);
        xfree(gone);
    }
}

/* ---- connections */

struct tls_conn *tls_conn_new(struct tls_context *t, int fd) {
    struct tls_conn *c = xzalloc(sizeof *c);

    ERR_clear_error();
    c->context = tls_context_ref(t);
    c->ssl = SSL_new(t->ssl);
    if (c->ssl == NULL || SSL_set_fd(c->ssl, fd) != 1) {
        ERR_clear_error();
        tls_conn_free(&c);
        return NULL;
    }
    SSL_set_accept_state(c->ssl);
    return c;
}

void tls_conn_free(struct tls_conn **t) {
    struct tls_conn *gone = *t;

    *t = NULL;
    if (gone != NULL) {
        SSL_free(gone->ssl);
        tls_context_unref(&gone->context);
        xfree(gone->held);
        xfree(gone);
    }
}

/* What a call that returned `ret` came to. */
static enum tls_result result_of(struct tls_conn *t, int ret) {
    switch (SSL_get_error(t->ssl, ret)) {
    case SSL_ERROR_NONE: return TLS_DONE;
    case SSL_ERROR_WANT_READ: return TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE: return TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN: t->is_ended = true; return TLS_ENDED;
    default:
        t->is_failed = true;
        ERR_clear_error();
        return TLS_FAILED;
    }
}

enum tls_result tls_handshake(struct tls_conn *t) {
    if (t->is_failed || t->is_ended) {
        return t->is_failed ? TLS_FAILED : TLS_ENDED;
    }
    ERR_clear_error();
    return result_of(t, SSL_accept(t->ssl));
}

bool tls_is_ready(const struct tls_conn *t) {
    return SSL_is_init_finished(t->ssl) && !t->is_failed;
}

enum tls_result tls_read(struct tls_conn *t, uint8_t *p, size_t cap, size_t *n) {
    if (t->is_failed || t->is_ended) {
        return t->is_failed ? TLS_FAILED : TLS_ENDED;
    }
    ERR_clear_error();
    return result_of(t, SSL_read_ex(t->ssl, p, cap, n));
}

bool tls_has_pending(const struct tls_conn *t) {
    return !t->is_failed && !t->is_ended && SSL_has_pending(t->ssl) == 1;
}

enum tls_result tls_write(struct tls_conn *t, const void *p, size_t size, size_t *n) {
    CHECK(t->held == NULL);
    if (t->is_failed || t->is_shut) {
        return TLS_FAILED;
    }
    size = MIN(size, TLS_RECORD_BYTES);
    ERR_clear_error();
    size_t sent = 0;
    enum tls_result result = result_of(t, SSL_write_ex(t->ssl, p, size, &sent));
    if (result == TLS_DONE) {
        *n = sent;
    } else if (result == TLS_WANT_WRITE) {
        t->held = xalloc(size);
        memcpy(t->held, p, size);
        t->held_at = 0;
        t->held_bytes = size;
        *n = size;
    }
    return result;
}

bool tls_is_holding(const struct tls_conn *t) {
    return t->held != NULL;
}

enum tls_result tls_flush(struct tls_conn *t) {
    if (t->is_failed) {
        return TLS_FAILED;
    }
    while (t->held != NULL) {
        size_t sent = 0;
        ERR_clear_error();
        enum tls_result result = result_of(
            t, SSL_write_ex(t->ssl, t->held + t->held_at, t->held_bytes - t->held_at, &sent));
        if (result != TLS_DONE) {
            return result;
        }
        t->held_at += sent;
        if (t->held_at == t->held_bytes) {
            xfree(t->held);
            t->held = NULL;
        }
    }
    return TLS_DONE;
}

void tls_shutdown(struct tls_conn *t) {
    if (!t->is_failed && !t->is_shut && t->held == NULL && tls_is_ready(t)) {
        t->is_shut = true;
        ERR_clear_error();
        SSL_shutdown(t->ssl);
        ERR_clear_error();
    }
}
