/* The wire to a server: lines, however they arrive. */
#include "server/cli_wire.h"

#include <sys/socket.h>
#include <unistd.h>

#include "test/unit.h"

/* Both ends: ours, and the server's. */
struct ends {
    struct cli_wire wire;
    int server;
    struct buf why;
};

static struct ends ends_new(void) {
    int pair[2];
    struct ends e = { .wire = CLI_WIRE_INIT, .why = BUF_INIT(4096) };
    OKAY(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    e.wire.fd = pair[0];
    e.server = pair[1];
    return e;
}

static void ends_fini(struct ends *e) {
    cli_wire_fini(&e->wire);
    if (e->server >= 0) {
        close(e->server);
    }
    buf_fini(&e->why);
}

static void say(struct ends *e, const char *text) {
    OKAY(write(e->server, text, strlen(text)) == (ssize_t)strlen(text));
}

TEST(lines_that_come_together_are_read_one_by_one) {
    SCOPED(ends_fini) struct ends e = ends_new();
    struct str line;
    say(&e, "one\n\nthree\nfo");
    EQ(cli_wire_read(&e.wire, &line, &e.why), OK);
    STR_EQ(line, "one");
    EQ(cli_wire_read(&e.wire, &line, &e.why), OK);
    STR_EQ(line, "");
    EQ(cli_wire_read(&e.wire, &line, &e.why), OK);
    STR_EQ(line, "three");
    say(&e, "ur\n");
    EQ(cli_wire_read(&e.wire, &line, &e.why), OK);
    STR_EQ(line, "four");
}

TEST(a_server_that_hangs_up_is_named) {
    SCOPED(ends_fini) struct ends e = ends_new();
    struct str line;
    say(&e, "half");
    close(e.server);
    e.server = -1;
    EQ(cli_wire_read(&e.wire, &line, &e.why), ERR_IO);
    STR_EQ(buf_str(&e.why), "the server hung up without an answer: see its log");
    buf_reset(&e.why);
    EQ(cli_wire_send(&e.wire, STR_LIT("x\n"), &e.why), ERR_IO);
    STR_EQ(buf_str(&e.why), "the server hung up: see its log");
}

TEST(what_is_sent_arrives_and_a_closed_wire_can_be_closed_again) {
    SCOPED(ends_fini) struct ends e = ends_new();
    char text[8];
    EQ(cli_wire_send(&e.wire, STR_LIT("hello\n"), &e.why), OK);
    EQ(read(e.server, text, sizeof text), 6);
    cli_wire_fini(&e.wire);
    cli_wire_fini(&e.wire);
    EQ(e.wire.fd, -1);
}
