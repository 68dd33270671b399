/* The rig of the net tests; see rig.h. It CHECKs instead of failing a test, since fuzz targets link
 * it as well, and because a rig that does not work is not a result. */
#include "net/rig.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct rig *rig_of(struct conn *c) {
    return CONTAINER_OF(c, struct rig, conn);
}

/* Writes back what waits. */
static void pour(struct rig *rig) {
    while (rig->waiting.n > 0) {
        struct iovec iov = { rig->waiting.p, rig->waiting.n };
        ptrdiff_t taken = conn_write(&rig->conn, &iov, 1);
        if (taken <= 0) {
            return;
        }
        buf_drop(&rig->waiting, (size_t)taken);
    }
}

static size_t on_bytes(struct conn *c, uint8_t *p, size_t n) {
    struct rig *rig = rig_of(c);
    size_t taken = MIN(n, rig->take_max);

    rig->bytes_count++;
    buf_put(&rig->got, p, taken);
    memset(p, 0xEE, taken);    // the bytes are ours to change
    if (rig->is_echo) {
        buf_put(&rig->waiting, rig->got.p + rig->got.n - taken, taken);
        pour(rig);
    }
    if (rig->does_resume) {
        conn_resume(c);
    }
    if (rig->does_close) {
        conn_close(c, false);
    }
    return taken;
}

static void on_writable(struct conn *c) {
    struct rig *rig = rig_of(c);

    rig->writable_count++;
    pour(rig);
}

static void on_end(struct conn *c, enum err why) {
    struct rig *rig = rig_of(c);

    rig->end_count++;
    rig->end_why = why;
}

static void on_closed(struct conn *c) {
    rig_of(c)->closed_count++;
}

static bool on_turn_end(void *ctx) {
    struct rig *rig = ctx;

    rig->turn_count++;
    return false;
}

static const struct conn_ops conn_ops = { on_bytes, on_writable, on_end, on_closed };
static const struct loop_ops loop_ops = { .on_turn_end = on_turn_end };

struct rig *rig_new_on(int fd, int peer, struct tls_context *tls) {
    struct rig *rig = xzalloc(sizeof *rig);

    rig->peer = peer;
    rig->take_max = SIZE_MAX;
    rig->got = BUF_INIT(64u << 20);
    rig->waiting = BUF_INIT(64u << 20);
    CHECK(loop_init(&rig->loop, &loop_ops, rig) == OK);
    CHECK(conn_open(&rig->conn, &rig->loop, fd, tls, &conn_ops) == OK);
    return rig;
}

struct rig *rig_new(struct tls_context *tls) {
    int fds[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    return rig_new_on(fds[0], fds[1], tls);
}

void rig_free(struct rig **rig) {
    struct rig *gone = *rig;

    *rig = NULL;
    if (gone == NULL) {
        return;
    }
    conn_close(&gone->conn, false);
    loop_stop(&gone->loop);
    loop_run(&gone->loop);
    CHECK(gone->closed_count == 1 && gone->loop.conn_count == 0);
    loop_fini(&gone->loop);
    if (gone->peer >= 0) {
        close(gone->peer);
    }
    buf_fini(&gone->got);
    buf_fini(&gone->waiting);
    xfree(gone);
}

void rig_turn(struct rig *rig) {
    uv_run(&rig->loop.uv, UV_RUN_NOWAIT);
}

ptrdiff_t rig_write(struct rig *rig, struct str text) {
    struct iovec iov = { (void *)(uintptr_t)text.p, text.n };
    return conn_write(&rig->conn, &iov, 1);
}

void rig_peer_send(struct rig *rig, const void *p, size_t n) {
    const char *at = p;

    for (int i = 0; n > 0; i++) {
        ssize_t sent = send(rig->peer, at, n, MSG_NOSIGNAL);
        CHECK(i < RIG_TURNS_MAX && (sent >= 0 || errno == EAGAIN));
        if (sent > 0) {
            at += sent;
            n -= (size_t)sent;
        }
        rig_turn(rig);
    }
}

bool rig_peer_read(struct rig *rig, struct buf *out) {
    char bytes[65536];

    for (;;) {
        ssize_t n = recv(rig->peer, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n <= 0) {
            return n < 0 && errno == EAGAIN;
        }
        buf_put(out, bytes, (size_t)n);
        CHECK(buf_ok(out));
    }
}

void rig_make_narrow(struct rig *rig) {
    int bytes = 4096;
    int fds[] = { rig->conn.fd, rig->peer };

    for (size_t i = 0; i < COUNT(fds); i++) {
        setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
        setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    }
}

/* ---- certificates */

static void save(const char *dir, const char *name, const char *suffix, EVP_PKEY *key, X509 *cert) {
    char path[512];

    snprintf(path, sizeof path, "%s/%s.%s", dir, name, suffix);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    CHECK(key == NULL || PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
    CHECK(cert == NULL || PEM_write_X509(file, cert) == 1);
    CHECK(fclose(file) == 0);
}

void rig_make_certificate(const char *dir, const char *name) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    CHECK(key != NULL && cert != NULL);

    X509_NAME *subject = X509_get_subject_name(cert);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1,
                               -1, 0);
    X509_set_issuer_name(cert, subject);
    X509_set_pubkey(cert, key);
    CHECK(X509_sign(cert, key, EVP_sha256()) > 0);

    save(dir, name, "key", key, NULL);
    save(dir, name, "crt", NULL, cert);
    X509_free(cert);
    EVP_PKEY_free(key);
}

struct tls_context *rig_tls(void) {
    SCOPED(rig_dir_free) char *dir = rig_dir();
    struct tls_context *tls = NULL;
    char cert_path[512];
    char key_path[512];
    char why[TLS_WHY_BYTES];

    rig_make_certificate(dir, "a");
    snprintf(cert_path, sizeof cert_path, "%s/a.crt", dir);
    snprintf(key_path, sizeof key_path, "%s/a.key", dir);
    CHECK(tls_context_new(cert_path, key_path, &tls, why) == OK);
    return tls;
}

char *rig_dir(void) {
    const char *tmp = getenv("TMPDIR");
    char path[512];

    snprintf(path, sizeof path, "%s/parloir-net-XXXXXX", tmp != NULL ? tmp : "/tmp");
    CHECK(mkdtemp(path) != NULL);
    return xstrndup(path, strlen(path));
}

void rig_dir_free(char **dir) {
    if (*dir == NULL) {
        return;
    }
    DIR *open_dir = opendir(*dir);
    CHECK(open_dir != NULL);
    for (struct dirent *entry; (entry = readdir(open_dir)) != NULL;) {
        unlinkat(dirfd(open_dir), entry->d_name, 0);    // fails on "." and "..", as it should
    }
    closedir(open_dir);
    rmdir(*dir);
    xfree(*dir);
    *dir = NULL;
}
