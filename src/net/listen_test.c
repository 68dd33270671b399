/* Addresses as text, and the sockets opened from them. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/listener.h"
#include "net/rig.h"
#include "test/unit.h"

static struct listen_address parsed(const char *text) {
    struct listen_address a = { 0 };
    EQ(listen_address_parse(str_of(text), &a), OK);
    return a;
}

TEST(an_address_that_is_read_is_written_the_same) {
    const char *good[] = {
        "127.0.0.1:8080", "0.0.0.0:0",     "[::1]:0",       "[2001:db8::7]:65535",  ":8080",
        "tls:[::]:443",   "tls::8443",     "unix:/run/a b", "tls:unix:/tmp/x.sock", "unix:x",
        "tls:10.0.0.1:1", "255.1.2.3:4242"
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        char text[LISTEN_TEXT_BYTES];
        struct listen_address a = parsed(good[i]);
        listen_address_text(&a, text);
        STR_EQ(str_of(text), good[i]);
        EQ(a.is_tls, good[i][0] == 't');
    }
}

TEST(localhost_and_white_space_are_understood) {
    char text[LISTEN_TEXT_BYTES];
    struct listen_address a = parsed(" localhost:80 ");
    listen_address_text(&a, text);
    STR_EQ(str_of(text), "127.0.0.1:80");
}

TEST(what_is_no_address_is_refused) {
    const char *bad[] = {
        "",
        "8080",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "1.2.3:80",
        "::1:80",
        "[::1]",
        "[::1]80",
        "[1.2.3.4]:80",
        "[]:80",
        "host:80",
        "example.org:80",
        "tls:",
        "unix:",
        "127.0.0.1:8o",
        "[::1:80",
        "127.0.0.1:80:",
        "http://127.0.0.1:80",
        "tls:tls:127.0.0.1:80",
        "256.0.0.1:80",
        "[fe80::1%lo]:80",
        "1111111111111111111111111111111111111111111111111111:80",
        "[1111111111111111111111111111111111111111111111111111]:80",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct listen_address a = { .addr_bytes = 77 };
        EQ(listen_address_parse(str_of(bad[i]), &a), ERR_PROTO);
        EQ(a.addr_bytes, 77);    // untouched
    }
}

TEST(a_unix_path_that_is_too_long_is_refused) {
    struct listen_address a;
    char text[5 + 200] = "unix:";
    size_t room = sizeof((struct sockaddr_un *)0)->sun_path;
    memset(text + 5, 'p', 199);
    EQ(listen_address_parse((struct str){ text, 5 + room }, &a), ERR_PROTO);
    EQ(listen_address_parse((struct str){ text, 5 + room - 1 }, &a), OK);
}

static int port_of(const struct listen_address *a) {
    return ntohs(((const struct sockaddr_in *)&a->addr)->sin_port);
}

TEST(port_0_is_the_choice_of_the_system_and_every_worker_shares_it) {
    struct listen_address a = parsed("127.0.0.1:0");
    int first = -1;
    int second = -1;
    EQ(listen_open(&a, 0, &first), OK);
    int port = port_of(&a);
    OKAY(port > 0);
    EQ(listen_open(&a, 0, &second), OK);
    EQ(port_of(&a), port);
    OKAY(first >= 0 && second >= 0 && first != second);
    close(first);
    close(second);
}

TEST(a_port_that_somebody_else_serves_is_taken) {
    struct listen_address mine = parsed("127.0.0.1:0");
    int first = -1;
    int second = -1;
    EQ(listen_open(&mine, 0, &first), OK);
    char text[LISTEN_TEXT_BYTES];
    listen_address_text(&mine, text);
    struct listen_address other = parsed(text);    // another process would read it from its file
    EQ(listen_open(&other, 0, &second), ERR_EXISTS);
    EQ(second, -1);
    close(first);
    EQ(listen_open(&other, 0, &second), OK);
    close(second);
}

TEST(without_descriptors_there_is_no_listener) {
    SCOPED(rig_dir_free) char *dir = rig_dir();
    char text[LISTEN_TEXT_BYTES];
    snprintf(text, sizeof text, "unix:%s/s", dir);
    struct listen_address addresses[] = { parsed("127.0.0.1:0"), parsed(":0"), parsed(text) };
    struct rlimit limit = { 0 };
    EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        int fd = -1;
        limit.rlim_cur = 3;
        EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
        enum err err = listen_open(&addresses[i], 0600, &fd);
        limit.rlim_cur = before;
        EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
        EQ(err, ERR_FULL);
        EQ(fd, -1);
        OKAY(!addresses[i].is_ours);
    }
}

TEST(an_address_this_machine_does_not_have_is_a_failure) {
    struct listen_address a = parsed("192.0.2.1:0");
    int fd = -1;
    EQ(listen_open(&a, 0, &fd), ERR_IO);
    EQ(fd, -1);
}

TEST(an_ipv4_and_an_ipv6_listener_stand_on_one_port) {
    struct listen_address six = parsed("[::]:0");
    struct listen_address four = { 0 };
    char text[32];
    int fds[2] = { -1, -1 };
    EQ(listen_open(&six, 0, &fds[0]), OK);
    snprintf(text, sizeof text, "0.0.0.0:%d", port_of(&six));
    four = parsed(text);
    EQ(listen_open(&four, 0, &fds[1]), OK);
    close(fds[0]);
    close(fds[1]);
}

static int connect_to(int family, const struct listen_address *a) {
    struct sockaddr_storage to = { .ss_family = (sa_family_t)family };
    struct sockaddr_in *in = (struct sockaddr_in *)&to;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&to;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    in->sin_port = htons((uint16_t)port_of(a));    // the port stands in the same place in both
    if (family == AF_INET) {
        in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        in6->sin6_addr = in6addr_loopback;
    }
    if (connect(fd, (struct sockaddr *)&to, family == AF_INET ? sizeof *in : sizeof *in6) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

TEST(every_address_means_both_families_and_an_ipv6_address_only_one) {
    struct listen_address any = parsed(":0");
    struct listen_address six = parsed("[::]:0");
    int fds[2] = { -1, -1 };
    EQ(listen_open(&any, 0, &fds[0]), OK);
    EQ(listen_open(&six, 0, &fds[1]), OK);
    int a = connect_to(AF_INET, &any);
    int b = connect_to(AF_INET6, &any);
    int c = connect_to(AF_INET6, &six);
    OKAY(a >= 0 && b >= 0 && c >= 0);
    EQ(connect_to(AF_INET, &six), -1);
    close(a), close(b), close(c), close(fds[0]), close(fds[1]);
}

TEST(accepted_sockets_send_small_writes_at_once) {
    struct listen_address a = parsed("127.0.0.1:0");
    int fd = -1;
    int value = 0;
    socklen_t bytes = sizeof value;
    EQ(listen_open(&a, 0, &fd), OK);
    int client = connect_to(AF_INET, &a);
    int accepted = accept(fd, NULL, NULL);
    EQ(getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &value, &bytes), 0);
    EQ(value, 1);
    value = 0;
    EQ(getsockopt(accepted, SOL_SOCKET, SO_KEEPALIVE, &value, &bytes), 0);
    EQ(value, 1);
    close(client), close(accepted), close(fd);
}

TEST(a_unix_socket_has_its_mode_and_replaces_a_stale_one) {
    SCOPED(rig_dir_free) char *dir = rig_dir();
    char path[100];
    char text[LISTEN_TEXT_BYTES];
    snprintf(path, sizeof path, "%s/s", dir);
    snprintf(text, sizeof text, "unix:%s", path);
    struct listen_address a = parsed(text);
    struct stat is = { 0 };
    int fd = -1;
    int other = -1;

    EQ(listen_open(&a, 0600, &fd), OK);
    EQ(lstat(path, &is), 0);
    EQ(is.st_mode & 0777, 0600);
    EQ(listen_open(&a, 0600, &other), ERR_EXISTS);    // somebody listens: us
    close(fd);
    EQ(listen_open(&a, 0666, &fd), OK);    // the file is stale now
    EQ(lstat(path, &is), 0);
    EQ(is.st_mode & 0777, 0666);
    close(fd);
}

TEST(a_file_that_is_no_socket_is_left_alone) {
    SCOPED(rig_dir_free) char *dir = rig_dir();
    char text[LISTEN_TEXT_BYTES];
    rig_make_certificate(dir, "precious");
    snprintf(text, sizeof text, "unix:%s/precious.key", dir);
    struct listen_address a = parsed(text);
    struct stat is = { 0 };
    int fd = -1;
    EQ(listen_open(&a, 0600, &fd), ERR_EXISTS);
    EQ(stat(text + 5, &is), 0);
    OKAY(S_ISREG(is.st_mode) && is.st_size > 0);

    snprintf(text, sizeof text, "unix:%s/no/such/place", dir);
    a = parsed(text);
    EQ(listen_open(&a, 0600, &fd), ERR_IO);
}
