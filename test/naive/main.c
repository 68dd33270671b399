/* A client of the line protocol as such clients are written: one buffer of 1,024 bytes, one write
 * for a command, one read for its answer, which strtok takes apart at line feeds and colons.
 * Nothing here is defended against: if the server sends an answer in two pieces, more than a
 * kilobyte, or an empty line or value, this is the program that goes wrong.
 *
 *     parloir-naive PORT ANN BOB BOB_ID ADMIN VICTIM_ID
 *
 * ANN, BOB and ADMIN are API tokens: of two members who are not connected, to the second of whom
 * nothing is new yet, and of an admin. VICTIM_ID is a member whom nobody will miss. It runs every
 * command and prints a line for each: the command and its status, and what was expected if that is
 * not it. It exits with 0 if all were as expected.
 *
 * It stands on the C library alone and shares no code with the server: it would share its
 * mistakes. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define BUFFER_BYTES 1024
#define DATA_MAX 16
#define WAIT_S 20    // for an answer

struct answer {
    char buffer[BUFFER_BYTES];    // what the others point into
    const char *status;
    const char *keys[DATA_MAX];
    const char *values[DATA_MAX];
    int count;
};

static int port;
static int failures;

static void fail(const char *what, const char *why) {
    printf("%s: %s\n", what, why);
    failures++;
}

/* ---- the wire */

static int dial(void) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct timeval wait = { .tv_sec = WAIT_S };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("connect");
        exit(2);
    }
    return fd;
}

/* A value ends with its line; strtok would also take `05` for the value of `05:12:41`, had it the
 * colon among its separators there. */
static void parse(struct answer *a) {
    char *place = NULL;
    a->count = 0;
    a->status = strtok_r(a->buffer, "\n", &place);
    if (a->status == NULL) {
        a->status = "an empty answer";
    }
    for (char *line = strtok_r(NULL, "\n", &place); line != NULL && a->count < DATA_MAX;
         line = strtok_r(NULL, "\n", &place)) {
        char *inside = NULL;
        a->keys[a->count] = strtok_r(line, ":", &inside);
        a->values[a->count] = strtok_r(NULL, "\n", &inside);
        a->count++;
    }
}

static const char *value_of(const struct answer *a, const char *key) {
    for (int i = 0; i < a->count; i++) {
        if (strcmp(a->keys[i], key) == 0) {
            return a->values[i];
        }
    }
    return NULL;
}

/* Sends what is in the buffer, and reads the answer into it. */
static void ask(int fd, struct answer *a, const char *expected) {
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(a->buffer, "\n"), a->buffer);
    ssize_t n = (ssize_t)strlen(a->buffer);
    if (write(fd, a->buffer, (size_t)n) != n) {
        fail(name, "could not be written");
    }
    n = read(fd, a->buffer, sizeof a->buffer - 1);
    a->buffer[n > 0 ? n : 0] = '\0';
    parse(a);
    bool is_expected = strcmp(a->status, expected) == 0;
    printf("%s %s\n", name, a->status);
    if (!is_expected) {
        fail(name, expected);
    }
    if (is_expected && expected[0] != '2' && value_of(a, "message") == NULL) {
        fail(name, "has no message");
    }
    for (int i = 0; i < a->count; i++) {
        if (a->values[i] == NULL) {
            fail(name, "has a line without a value");
        }
    }
}

/* Puts a command into the buffer and asks it. */
#define ASK(fd, a, expected, ...)                                                                  \
    (snprintf((a)->buffer, sizeof(a)->buffer, __VA_ARGS__), ask(fd, a, expected))

static void need(const struct answer *a, const char *key, const char *expected) {
    const char *value = value_of(a, key);
    if (value == NULL || (expected != NULL && strcmp(value, expected) != 0)) {
        printf("%s is %s\n", key, value == NULL ? "missing" : value);
        fail(key, expected == NULL ? "anything was expected" : expected);
    }
}

static void leave(int fd, struct answer *a) {
    ASK(fd, a, "200/OK", "DISCONNECTED\n");
    if (read(fd, a->buffer, 1) != 0) {
        fail("DISCONNECTED", "the server does not close");
    }
    close(fd);
}

/* ---- what people do */

/* Sends text, with its length as C has it: in bytes. */
static void send_message(int fd, struct answer *a, const char *token, const char *to,
                         char id[static 32]) {
    const char *text = "Bonjour, comment ça va ?";
    ASK(fd, a, "200/OK", "SEND_MSG\ntoken:%s\nrecipient-id:%s\nmessage-length:%zu\ncontent:%s\n",
        token, to, strlen(text), text);
    need(a, "message-id", NULL);
    snprintf(id, 32, "%s", value_of(a, "message-id") == NULL ? "0" : value_of(a, "message-id"));
}

static void write_and_change(const char *ann, const char *bob_id, char kept[static 32],
                             char gone[static 32]) {
    struct answer a;
    int fd = dial();
    ASK(fd, &a, "403/DENIED", "LOGIN\napi-token:nobody-has-this-one\n");
    ASK(fd, &a, "200/OK", "LOGIN\napi-token:%s", ann);    // as the document shows it: no end
    need(&a, "user-id", NULL);
    need(&a, "username", NULL);
    need(&a, "role", "member");
    ASK(fd, &a, "403/DENIED", "LOGIN\napi-token:%s\n", ann);

    send_message(fd, &a, ann, bob_id, kept);
    send_message(fd, &a, ann, bob_id, gone);
    ASK(fd, &a, "200/OK", "UPDT_MSG\ntoken:%s\nmessage-id:%s\ncontent:Bonsoir\n", ann, kept);
    need(&a, "message-id", kept);
    ASK(fd, &a, "200/OK", "DEL_MSG\ntoken:%s\nmessage-id:%s\n", ann, gone);
    need(&a, "message-id", gone);
    ASK(fd, &a, "403/DENIED", "DEL_MSG\ntoken:%s\nmessage-id:%s\n", ann, gone);
    ASK(fd, &a, "403/DENIED", "SEND_MSG\ntoken:%s\nrecipient-id:999999\ncontent:a\n", ann);
    ASK(fd, &a, "401/UNAUTH", "SEND_MSG\ntoken:wrong\nrecipient-id:%s\ncontent:a\n", bob_id);
    ASK(fd, &a, "401/UNAUTH", "SEND_MSG\nrecipient-id:%s\ncontent:a\n\n", bob_id);

    ASK(fd, &a, "416/MISFMT", "SEND_MSG\ntoken:%s\nrecipient-id:bob\ncontent:a\n", ann);
    ASK(fd, &a, "416/MISFMT", "SEND_MSG\ntoken:%s\nrecipient-id:%s\n", ann, bob_id);
    ASK(fd, &a, "416/MISFMT", "SEND_TEXT\ntoken:%s\n\n", ann);
    ASK(fd, &a, "403/DENIED", "BLOCK_USER\ntoken:%s\nuser-id:%s\n", ann, bob_id);
    ASK(fd, &a, "403/DENIED", "BAN_USER\ntoken:%s\nuser-id:%s\n", ann, bob_id);
    ASK(fd, &a, "200/OK", "USER_INFO\ntoken:%s\nuser-id:%s\n", ann, bob_id);
    need(&a, "username", NULL);
    need(&a, "connected", "false");
    need(&a, "is-writing", "false");
    ASK(fd, &a, "200/OK", "CLIENT_INFO\ntoken:%s\nis-writing:true\nin-conversation:%s\n", ann,
        bob_id);
    leave(fd, &a);
}

/* Asks until nothing is new; each time on the same connection, which confirms the one before. */
static void ask_what_is_new(const char *bob, const char *kept, const char *gone) {
    struct answer a;
    bool has_kept = false;
    bool has_gone = false;
    int fd = dial();
    ASK(fd, &a, "200/OK", "LOGIN\napi-token:%s\n", bob);
    for (int i = 0; i < 10; i++) {
        ASK(fd, &a, "200/OK", "NEW_CHG_AVAILABLE\ntoken:%s\n", bob);
        const char *type = value_of(&a, "type");
        if (type == NULL) {
            need(&a, "remaining", "0");
            break;
        }
        need(&a, "message-id", NULL);
        bool is_deleted = strcmp(type, "message_deleted") == 0;
        const char *id = value_of(&a, "message-id");
        if (id != NULL && is_deleted) {
            has_gone = has_gone || strcmp(id, gone) == 0;
        } else if (id != NULL) {
            has_kept = has_kept || strcmp(id, kept) == 0;
            need(&a, "content", "Bonsoir");
            need(&a, "message", NULL);
        }
    }
    if (!has_kept || !has_gone) {
        fail("NEW_CHG_AVAILABLE", "something new was never told");
    }
    leave(fd, &a);
}

/* A connection for each command, and no LOGIN: as pages do it. */
static void moderate(const char *admin, const char *victim_id) {
    static const char *const names[] = { "BLOCK_USER", "UNBLOCK_USER", "BAN_USER", "UNBAN_USER" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct answer a;
        int fd = dial();
        ASK(fd, &a, "200/OK", "%s\ntoken:%s\nuser-id:%s\n", names[i], admin, victim_id);
        if (i == 0) {
            need(&a, "until", NULL);
        }
        close(fd);
    }
}

int main(int argc, char **argv) {
    char kept[32];
    char gone[32];
    if (argc != 7) {
        fprintf(stderr, "parloir-naive PORT ANN BOB BOB_ID ADMIN VICTIM_ID\n");
        return 2;
    }
    port = (int)strtol(argv[1], NULL, 10);
    write_and_change(argv[2], argv[4], kept, gone);
    ask_what_is_new(argv[3], kept, gone);
    moderate(argv[5], argv[6]);
    return failures == 0 ? 0 : 1;
}
