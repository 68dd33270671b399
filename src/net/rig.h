/* For the tests of net/: a loop that is turned by hand, with one connection on it whose other end
 * is a plain descriptor in the test's own hand. No thread and no clock: what the peer does happens
 * between two turns.
 *
 * Thread   the test's.   Memory   rig_free closes whatever is still open, and CHECKs that the
 * connection's last callback came. */
#ifndef PARLOIR_NET_RIG_H
#define PARLOIR_NET_RIG_H

#include "base/buf.h"
#include "net/conn.h"
#include "net/tls.h"

#define RIG_TURNS_MAX 20000    // a test that waits longer for something has failed

struct rig {
    struct loop loop;
    struct conn conn;
    int peer;              // the other end, non-blocking; -1 once closed
    struct buf got;        // what on_bytes took
    struct buf waiting;    // echo: what conn_write did not take yet
    size_t take_max;       // on_bytes takes no more than this at once
    bool is_echo;          // on_bytes writes back what it takes
    bool does_resume;      // on_bytes calls conn_resume before it returns
    bool does_close;       // on_bytes calls conn_close
    size_t bytes_count;    // calls of on_bytes, and so on
    size_t writable_count;
    size_t end_count;
    size_t closed_count;
    size_t turn_count;
    enum err end_why;
};

/* A rig with an open connection over a socketpair; `tls` may be NULL. Never fails. */
struct rig *rig_new(struct tls_context *tls);

/* The same over descriptors of the test's: ours (taken) and the peer's (taken). */
struct rig *rig_new_on(int fd, int peer, struct tls_context *tls);
void rig_free(struct rig **rig);

/* One turn, without sleeping. */
void rig_turn(struct rig *rig);

/* Turns until the condition holds; false if it never does. */
#define RIG_UNTIL(rig, cond)                                                                       \
    ({                                                                                             \
        for (int i_ = 0; i_ < RIG_TURNS_MAX && !(cond); i_++) {                                    \
            rig_turn(rig);                                                                         \
        }                                                                                          \
        (bool)(cond);                                                                              \
    })

/* Writes text through the connection; returns what conn_write does. */
ptrdiff_t rig_write(struct rig *rig, struct str text);

/* The peer sends all of it, turning the loop while the socket is full. */
void rig_peer_send(struct rig *rig, const void *p, size_t n);

/* Appends what the peer can read now; returns false at the end of the stream. */
bool rig_peer_read(struct rig *rig, struct buf *out);

/* Shrinks the buffers of both sockets, so that a few KiB fill them. */
void rig_make_narrow(struct rig *rig);

/* Makes a key and a self-signed certificate for "localhost" in `dir`: <dir>/<name>.key and .crt. */
void rig_make_certificate(const char *dir, const char *name);

/* A context of a fresh certificate, in a directory that is gone again on return. */
struct tls_context *rig_tls(void);

/* An owned path of a fresh directory; rig_dir_free removes it with all files in it. */
char *rig_dir(void);
void rig_dir_free(char **dir);

#endif
