/* TLS 1.2 and 1.3 over OpenSSL, server side. The context is immutable and reference-counted: a
 * reload makes a new one for new connections while the old ones keep theirs.
 *
 * Thread   contexts: any; a tls_conn: its connection's loop.
 * Memory   an idle tls_conn gives its record buffers back; one whose peer reads slowly holds at
 *          most one record (TLS_RECORD_BYTES) that was taken and is not sent yet. */
#ifndef PARLOIR_NET_TLS_H
#define PARLOIR_NET_TLS_H

#include "base/base.h"
#include "base/err.h"

struct tls_context;
struct tls_conn;

/* Loads a PEM chain and key. On failure `why` (at least TLS_WHY_BYTES) says which file and what is
 * wrong. ERR_IO: unreadable. ERR_PROTO: not PEM, or key and certificate do not fit.
 *
 * OpenSSL writes without MSG_NOSIGNAL, so the process ignores SIGPIPE from here on. */
#define TLS_WHY_BYTES 256
enum err tls_context_new(const char *cert_path, const char *key_path, struct tls_context **out,
                         char why[TLS_WHY_BYTES]) MUST_USE;
struct tls_context *tls_context_ref(struct tls_context *t);
void tls_context_unref(struct tls_context **t);

/* The rest is used by net/conn.c alone. */

#define TLS_RECORD_BYTES 16384    // the most plain text that one record carries

enum tls_result {
    TLS_DONE,
    TLS_WANT_READ,     // call again when the socket is readable
    TLS_WANT_WRITE,    // call again when the socket is writable
    TLS_ENDED,         // the peer sent its end, with close_notify or without
    TLS_FAILED,        // broken; sticks
};

/* An owned server side on a connected socket; takes a reference of `t`, borrows `fd`. NULL: OpenSSL
 * could not make one. */
struct tls_conn *tls_conn_new(struct tls_context *t, int fd);
void tls_conn_free(struct tls_conn **t);

/* Goes on with the handshake. TLS_DONE: it is over, and bytes may flow. */
enum tls_result tls_handshake(struct tls_conn *t);

/* Whether the handshake is over and nothing has failed since. */
bool tls_is_ready(const struct tls_conn *t);

/* Reads up to `cap` bytes into p; *n is written on TLS_DONE. */
enum tls_result tls_read(struct tls_conn *t, uint8_t *p, size_t cap, size_t *n);

/* Whether tls_read may have something without the socket being readable. */
bool tls_has_pending(const struct tls_conn *t);

/* Takes up to one record; *n says how many bytes were taken, on TLS_DONE and on TLS_WANT_WRITE. In
 * the second case they are held, and tls_flush must succeed before the next tls_write. */
enum tls_result tls_write(struct tls_conn *t, const void *p, size_t size, size_t *n);
bool tls_is_holding(const struct tls_conn *t);
enum tls_result tls_flush(struct tls_conn *t);

/* Sends close_notify if that is possible now. Nothing may be written afterwards. */
void tls_shutdown(struct tls_conn *t);

#endif
