/* What every file takes for granted: memory that cannot fail, and CHECK, tried in a child. */
#include "base/base.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/unit.h"

struct pair {
    int first;
    char second;
};

TEST(no_bytes_are_still_a_pointer) {
    SCOPED(xfree_at) char *p = xalloc(0);
    OKAY(p != NULL);
    p = xrealloc(p, 0);
    OKAY(p != NULL);
}

TEST(xzalloc_gives_zeroes) {
    SCOPED(xfree_at) unsigned char *p = xzalloc(1000);
    for (size_t i = 0; i < 1000; i++) {
        EQ(p[i], 0);
    }
}

TEST(xstrndup_ends_in_a_zero_byte) {
    SCOPED(xfree_at) char *copy = xstrndup("ab\0cd", 4);
    EQ(memcmp(copy, "ab\0c\0", 5), 0);
    SCOPED(xfree_at) char *nothing = xstrndup(NULL, 0);
    EQ(nothing[0], '\0');
}

TEST(xfree_at_forgets_the_pointer) {
    char *p = xalloc(3);
    xfree_at(&p);
    OKAY(p == NULL);
    xfree_at(&p);
    xfree(NULL);
}

TEST(a_container_is_found_from_its_member) {
    struct pair pair = { 1, 'x' };
    char *second = &pair.second;
    OKAY(CONTAINER_OF(second, struct pair, second) == &pair);
}

TEST(small_macros_say_what_they_say) {
    int five[5];
    EQ(COUNT(five), 5);
    EQ(BIT(4), 16);
    EQ(MIN(2, 3), 2);
    EQ(MAX(2, 3), 3);
    CHECK(true);    // and goes on
}

/* Runs a CHECK that fails in a child; returns its wait status and what it wrote. */
static int fail_in_child(char *said, size_t size) {
    int fds[2];
    CHECK(pipe(fds) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);    // cmocka has a handler of its own
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        CHECK(said == NULL);
        _exit(0);
    }
    close(fds[1]);
    size_t n = 0;
    ssize_t got;
    while ((got = read(fds[0], said + n, size - 1 - n)) > 0) {
        n += (size_t)got;
    }
    said[n] = '\0';
    close(fds[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
}

TEST(a_check_that_fails_says_where_and_aborts) {
    char said[16384];
    int status = fail_in_child(said, sizeof said);
    OKAY(WIFSIGNALED(status));
    EQ(WTERMSIG(status), SIGABRT);
    OKAY(strstr(said, "CHECK(said == NULL) does not hold") != NULL);
    OKAY(strstr(said, "base_test.c:") != NULL);
}

TEST(a_check_that_fails_aborts_though_nobody_reads_why) {
    int fds[2];
    CHECK(pipe2(fds, O_NONBLOCK) == 0);
    while (write(fds[1], fds, 1) == 1) {
    }
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        fcntl(fds[1], F_SETFL, 0);    // from here on who writes waits
        dup2(fds[1], STDERR_FILENO);
        CHECK(pid != 0);
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    OKAY(WIFSIGNALED(status));
    EQ(WTERMSIG(status), SIGABRT);
    close(fds[0]);
    close(fds[1]);
}
