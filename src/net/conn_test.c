/* Plain connections over socketpairs and loopback: order, backpressure, ends. For TLS see
 * tls_test.c. */
#include "net/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/rig.h"
#include "test/unit.h"

/* n bytes that tell where they stand. */
static void fill(struct buf *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        buf_put_char(out, (char)(i * 31 + i / 251));
    }
}

static bool same(const struct buf *a, const struct buf *b) {
    return str_eq(buf_str(a), buf_str(b));
}

/* A connected TCP pair over loopback: fds[0] accepted, fds[1] the client. */
static void tcp_pair(int family, int fds[2]) {
    struct sockaddr_storage addr = { .ss_family = (sa_family_t)family };
    socklen_t bytes = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (family == AF_INET) {
        ((struct sockaddr_in *)&addr)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        ((struct sockaddr_in6 *)&addr)->sin6_addr = in6addr_loopback;
    }
    int listening = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EQ(bind(listening, (struct sockaddr *)&addr, bytes), 0);
    EQ(listen(listening, 1), 0);
    EQ(getsockname(listening, (struct sockaddr *)&addr, &bytes), 0);
    fds[1] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EQ(connect(fds[1], (struct sockaddr *)&addr, bytes), 0);
    fds[0] = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    OKAY(fds[0] >= 0);
    close(listening);
}

static struct rig *rig_tcp(void) {
    int fds[2];
    tcp_pair(AF_INET, fds);
    return rig_new_on(fds[0], fds[1], NULL);
}

TEST(what_the_peer_sends_comes_back_whole) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    SCOPED(buf_fini) struct buf back = BUF_INIT(1024);
    rig->is_echo = true;

    rig_peer_send(rig, "hello", 5);
    OKAY(RIG_UNTIL(rig, rig_peer_read(rig, &back) && back.n == 5));
    STR_EQ(buf_str(&back), "hello");
    EQ(rig->bytes_count, 1);
    EQ(rig->writable_count, 0);
    EQ(rig->loop.conn_count, 1);
}

TEST(a_megabyte_goes_through_a_narrow_socket_in_order) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    SCOPED(buf_fini) struct buf want = BUF_INIT(1 << 20);
    SCOPED(buf_fini) struct buf back = BUF_INIT(4 << 20);
    rig_make_narrow(rig);
    rig->is_echo = true;
    fill(&want, 1 << 20);

    for (size_t at = 0; at < want.n; at += 8192) {
        rig_peer_send(rig, want.p + at, 8192);
        OKAY(rig_peer_read(rig, &back));
    }
    OKAY(RIG_UNTIL(rig, rig_peer_read(rig, &back) && back.n == want.n));
    OKAY(same(&back, &want));
    OKAY(rig->writable_count > 0);
}

TEST(a_slow_peer_blocks_writing_and_on_writable_tells_when_to_go_on) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    SCOPED(buf_fini) struct buf much = BUF_INIT(1 << 20);
    SCOPED(buf_fini) struct buf back = BUF_INIT(4 << 20);
    rig_make_narrow(rig);
    fill(&much, 1 << 20);

    ptrdiff_t taken = rig_write(rig, buf_str(&much));
    OKAY(taken > 0 && (size_t)taken < much.n);
    OKAY(rig->conn.is_write_blocked);
    EQ(rig_write(rig, STR_LIT("more")), 0);
    for (int i = 0; i < 10; i++) {
        rig_turn(rig);
    }
    EQ(rig->writable_count, 0);    // nobody reads: no room, and no spinning call either

    OKAY(rig_peer_read(rig, &back));
    OKAY(RIG_UNTIL(rig, rig->writable_count == 1));
    OKAY(!rig->conn.is_write_blocked);
    EQ(back.n, (size_t)taken);
    for (int i = 0; i < 10; i++) {
        rig_turn(rig);
    }
    EQ(rig->writable_count, 1);    // told once
}

TEST(many_small_pieces_leave_in_order_also_more_than_one_call_takes) {
    SCOPED(rig_free) struct rig *rig = rig_tcp();
    SCOPED(buf_fini) struct buf back = BUF_INIT(1 << 20);
    struct iovec pieces[IOV_MAX + 500];
    char letters[COUNT(pieces)];

    for (size_t i = 0; i < COUNT(pieces); i++) {
        letters[i] = (char)('a' + i % 23);
        pieces[i] = (struct iovec){ &letters[i], i % 5 == 4 ? 0 : 1 };    // some are empty
    }
    ptrdiff_t taken = conn_write(&rig->conn, pieces, COUNT(pieces));
    size_t want = 0;
    for (size_t i = 0; i < COUNT(pieces); i++) {
        letters[want] = letters[i];
        want += pieces[i].iov_len;
    }
    EQ(taken, want);
    OKAY(!rig->conn.is_write_blocked);
    EQ(conn_write(&rig->conn, pieces, 0), 0);
    OKAY(RIG_UNTIL(rig, recv(rig->peer, NULL, 0, MSG_DONTWAIT | MSG_TRUNC) >= 0));
    char *room = buf_room(&back, want);
    EQ(recv(rig->peer, room, want, MSG_WAITALL), want);
    OKAY(memcmp(room, letters, want) == 0);
}

TEST(bytes_not_taken_are_kept_and_come_again_after_a_resume) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    rig->take_max = 3;

    rig_peer_send(rig, "abcdefgh", 8);
    OKAY(RIG_UNTIL(rig, rig->bytes_count == 1));
    STR_EQ(buf_str(&rig->got), "abc");
    OKAY(rig->conn.is_paused);

    rig_peer_send(rig, "ijk", 3);    // waits behind what is kept
    EQ(rig->bytes_count, 1);

    conn_resume(&rig->conn);
    EQ(rig->bytes_count, 1);    // not from inside the call
    rig_turn(rig);
    EQ(rig->bytes_count, 1);    // and not in this turn
    rig_turn(rig);
    EQ(rig->bytes_count, 2);
    STR_EQ(buf_str(&rig->got), "abcdef");

    rig->take_max = SIZE_MAX;
    conn_resume(&rig->conn);
    OKAY(RIG_UNTIL(rig, rig->got.n == 11));
    STR_EQ(buf_str(&rig->got), "abcdefghijk");
    EQ(rig->conn.kept, NULL);
}

TEST(a_resume_from_inside_on_bytes_hands_up_the_rest_turn_by_turn) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    rig->take_max = 1;
    rig->does_resume = true;

    rig_peer_send(rig, "abcdefgh", 8);
    size_t turns = rig->turn_count;
    OKAY(RIG_UNTIL(rig, rig->got.n == 8));
    STR_EQ(buf_str(&rig->got), "abcdefgh");
    EQ(rig->bytes_count, 8);
    OKAY(rig->turn_count - turns >= 7);
}

TEST(a_paused_connection_reads_nothing_until_it_is_resumed) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);

    conn_pause(&rig->conn);
    rig_peer_send(rig, "later", 5);
    for (int i = 0; i < 10; i++) {
        rig_turn(rig);
    }
    EQ(rig->bytes_count, 0);
    conn_resume(&rig->conn);
    OKAY(RIG_UNTIL(rig, rig->got.n == 5));
    conn_pause(&rig->conn);
    conn_resume(&rig->conn);
    conn_pause(&rig->conn);
    rig_peer_send(rig, "never", 5);
    EQ(rig->got.n, 5);
}

TEST(a_pause_after_a_resume_wins_over_what_is_kept) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    rig->take_max = 1;
    rig_peer_send(rig, "ab", 2);
    OKAY(RIG_UNTIL(rig, rig->got.n == 1));
    conn_resume(&rig->conn);
    conn_pause(&rig->conn);
    for (int i = 0; i < 10; i++) {
        rig_turn(rig);
    }
    EQ(rig->got.n, 1);
}

TEST(the_end_of_the_peer_is_told_once_and_we_may_still_write) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    SCOPED(buf_fini) struct buf back = BUF_INIT(1024);

    rig_peer_send(rig, "last", 4);
    shutdown(rig->peer, SHUT_WR);
    OKAY(RIG_UNTIL(rig, rig->end_count == 1));
    EQ(rig->end_why, ERR_CLOSED);
    STR_EQ(buf_str(&rig->got), "last");
    EQ(rig_write(rig, STR_LIT("bye")), 3);
    for (int i = 0; i < 10; i++) {
        rig_turn(rig);
    }
    EQ(rig->end_count, 1);
    OKAY(rig_peer_read(rig, &back));
    STR_EQ(buf_str(&back), "bye");
}

TEST(our_end_reaches_the_peer_and_reading_goes_on) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    SCOPED(buf_fini) struct buf back = BUF_INIT(1024);

    EQ(rig_write(rig, STR_LIT("bye")), 3);
    conn_shutdown(&rig->conn);
    conn_shutdown(&rig->conn);
    OKAY(!rig_peer_read(rig, &back));
    STR_EQ(buf_str(&back), "bye");
    EQ(rig_write(rig, STR_LIT("again")), -1);
    rig_peer_send(rig, "fine", 4);
    OKAY(RIG_UNTIL(rig, rig->got.n == 4));
    EQ(rig->end_count, 0);
}

TEST(an_end_that_comes_while_paused_is_told_after_the_kept_bytes) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    rig->take_max = 2;
    rig_peer_send(rig, "abcd", 4);
    OKAY(RIG_UNTIL(rig, rig->got.n == 2));
    rig_peer_send(rig, "ef", 2);
    shutdown(rig->peer, SHUT_WR);
    for (int i = 0; i < 10; i++) {
        rig_turn(rig);
    }
    EQ(rig->end_count, 0);
    EQ(rig->conn.events, 0);    // the end stays visible: watching for it would spin
    rig->take_max = SIZE_MAX;
    conn_resume(&rig->conn);
    OKAY(RIG_UNTIL(rig, rig->end_count == 1));
    STR_EQ(buf_str(&rig->got), "abcdef");
    EQ(rig->end_why, ERR_CLOSED);
}

static void reset_peer(struct rig *rig) {
    struct linger rst = { 1, 0 };
    setsockopt(rig->peer, SOL_SOCKET, SO_LINGER, &rst, sizeof rst);
    close(rig->peer);
    rig->peer = -1;
}

TEST(a_reset_is_a_failure_and_comes_after_what_arrived_before_it) {
    SCOPED(rig_free) struct rig *rig = rig_tcp();
    EQ(send(rig->peer, "dying", 5, 0), 5);
    reset_peer(rig);
    OKAY(RIG_UNTIL(rig, rig->end_count == 1));
    EQ(rig->end_why, ERR_IO);
    EQ(rig_write(rig, STR_LIT("x")), -1);
}

TEST(a_reset_is_noticed_while_paused) {
    SCOPED(rig_free) struct rig *rig = rig_tcp();
    conn_pause(&rig->conn);
    rig_turn(rig);
    reset_peer(rig);
    OKAY(RIG_UNTIL(rig, rig->end_count == 1));
    EQ(rig->end_why, ERR_IO);
    EQ(rig_write(rig, STR_LIT("x")), -1);
    for (int i = 0; i < 10; i++) {
        rig_turn(rig);
    }
    EQ(rig->end_count, 1);
}

TEST(writing_to_a_peer_that_is_gone_ends_the_connection) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    close(rig->peer);
    rig->peer = -1;
    EQ(rig_write(rig, STR_LIT("anybody?")), -1);
    EQ(rig->end_count, 0);    // never from inside the call
    OKAY(RIG_UNTIL(rig, rig->end_count == 1));
    EQ(rig_write(rig, STR_LIT("anybody?")), -1);
}

TEST(what_a_peer_said_before_it_left_is_read_although_writing_failed) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    EQ(send(rig->peer, "words", 5, 0), 5);
    close(rig->peer);
    rig->peer = -1;
    EQ(rig_write(rig, STR_LIT("anybody?")), -1);
    OKAY(RIG_UNTIL(rig, rig->end_count == 1));
    STR_EQ(buf_str(&rig->got), "words");
}

TEST(a_write_that_fails_while_paused_still_brings_the_end) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    conn_pause(&rig->conn);
    close(rig->peer);
    rig->peer = -1;
    EQ(rig_write(rig, STR_LIT("anybody?")), -1);
    OKAY(RIG_UNTIL(rig, rig->end_count == 1));
    EQ(rig->end_why, ERR_IO);
}

TEST(closing_from_inside_on_bytes_brings_no_other_callback_but_the_last) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    rig->does_close = true;
    rig->take_max = 1;
    EQ(send(rig->peer, "abc", 3, 0), 3);
    rig_turn(rig);
    OKAY(RIG_UNTIL(rig, rig->closed_count == 1));
    EQ(rig->bytes_count, 1);
    EQ(rig->end_count, 0);
    EQ(rig->conn.fd, -1);
    EQ(rig_write(rig, STR_LIT("x")), -1);
    conn_close(&rig->conn, true);
    conn_resume(&rig->conn);
    conn_pause(&rig->conn);
    conn_shutdown(&rig->conn);
    EQ(rig->closed_count, 1);
}

TEST(closing_while_kept_bytes_wait_for_the_next_turn_is_safe) {
    SCOPED(rig_free) struct rig *rig = rig_new(NULL);
    rig->take_max = 1;
    rig_peer_send(rig, "abc", 3);
    OKAY(RIG_UNTIL(rig, rig->got.n == 1));
    conn_resume(&rig->conn);
    conn_close(&rig->conn, false);
    EQ(rig->closed_count, 0);    // in a later turn
    OKAY(RIG_UNTIL(rig, rig->closed_count == 1));
    EQ(rig->got.n, 1);
}

TEST(a_close_with_reset_is_a_reset_for_the_peer) {
    SCOPED(rig_free) struct rig *rig = rig_tcp();
    char byte = 0;
    conn_close(&rig->conn, true);
    EQ(recv(rig->peer, &byte, 1, 0), -1);
    EQ(errno, ECONNRESET);
}

TEST(one_fast_peer_does_not_keep_the_turn_to_itself) {
    SCOPED(rig_free) struct rig *rig = rig_tcp();
    SCOPED(buf_fini) struct buf much = BUF_INIT(4 << 20);
    int bytes = 4 << 20;
    setsockopt(rig->conn.fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    conn_pause(&rig->conn);
    fill(&much, 3 << 20);
    size_t sent = 0;
    for (ssize_t n = 0; n >= 0 && sent<much.n; sent += n> 0 ? (size_t)n : 0) {
        n = send(rig->peer, much.p + sent, much.n - sent, MSG_DONTWAIT);
    }
    OKAY(sent > 600000);    // else this shows nothing
    conn_resume(&rig->conn);
    size_t most = 0;
    for (size_t before = 0; rig->got.n < sent; before = rig->got.n) {
        rig_turn(rig);
        most = MAX(most, rig->got.n - before);
    }
    EQ(most, 4 * LOOP_READ_BYTES);
    OKAY(memcmp(rig->got.p, much.p, sent) == 0);
}

TEST(the_address_of_the_peer_is_text) {
    struct {
        int family;
        const char *want;
    } cases[] = { { AF_INET, "127.0.0.1" }, { AF_INET6, "::1" } };
    char text[CONN_ADDRESS_BYTES];

    for (size_t i = 0; i < COUNT(cases); i++) {
        int fds[2];
        tcp_pair(cases[i].family, fds);
        SCOPED(rig_free) struct rig *rig = rig_new_on(fds[0], fds[1], NULL);
        conn_address(&rig->conn, text);
        STR_EQ(str_of(text), cases[i].want);
        conn_close(&rig->conn, false);
        conn_address(&rig->conn, text);
        STR_EQ(str_of(text), "");
    }
    SCOPED(rig_free) struct rig *local = rig_new(NULL);
    conn_address(&local->conn, text);
    STR_EQ(str_of(text), "unix");
}

TEST(a_descriptor_that_cannot_be_watched_is_refused_and_closed) {
    struct loop *loop = xzalloc(sizeof *loop);
    const struct loop_ops ops = { 0 };
    const struct conn_ops none = { 0 };
    struct conn conn;
    EQ(loop_init(loop, &ops, NULL), OK);
    int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);    // epoll takes no plain files
    OKAY(file >= 0);
    EQ(conn_open(&conn, loop, file, NULL, &none), ERR_IO);
    EQ(loop->conn_count, 0);
    EQ(close(file), -1);
    loop_fini(loop);
    xfree(loop);
}
