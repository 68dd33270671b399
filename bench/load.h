/* The load driver's parts: very many clients in one thread, for measuring a server from outside.
 *
 *     load ──owns──> room    what has been said there, and when it left
 *          ──owns──> client  one connection; a room's clients lie side by side
 *
 * Thread   one.
 * Memory   everything lives until the process ends.
 * Bound    options say how many of each; a room has at most INFLIGHT_MAX messages in flight. */
#ifndef PARLOIR_BENCH_LOAD_H
#define PARLOIR_BENCH_LOAD_H

#include "base/buf.h"
#include "net/deflate.h"

#define INFLIGHT_MAX 64
#define READ_BYTES (1u << 20)
#define ONCE_MAX 256    // by their bytes; more than are in flight
#define LATENCIES_MAX (1u << 22)

/* What the clients speak. PROTO_RAW is nothing at all: the floor (bench/floor.c) sends frames to
 * bare sockets, and one byte on a room's first connection asks for the next round. */
enum proto { PROTO_HUB, PROTO_ENVELOPE, PROTO_SOCKETIO, PROTO_RAW };

struct options {
    const char *mode;
    const char *path;
    const char *secret;    // the tokens are signed with it
    enum proto proto;
    int port;
    int pid;    // whose CPU and memory are looked at; 0: nobody's
    int rooms;
    int members;     // of each room
    int inflight;    // messages of each room on their way
    int bytes;       // of a message's content
    int first_user;
    int pause_ms;        // mode latency: between two messages
    bool is_text;        // messages are words, not one letter
    bool is_deflated;    // permessage-deflate is offered
    double seconds;
};

/* UPGRADING waits for the 101 (or nothing), JOINING for join_ack, IN hears messages. */
enum client_state { CLIENT_UPGRADING, CLIENT_JOINING, CLIENT_IN };

struct client {
    int fd;
    int room;
    enum client_state state;
    bool is_clock;        // its hearing a message ends the message's time in flight
    uint64_t last_seq;    // heard; the next one must follow it
    uint64_t heard;
    char *half;    // bytes of a frame that is not whole yet
    uint32_t half_bytes;
    uint32_t half_cap;
};

struct room {
    uint64_t said;
    uint64_t heard;                    // by its clock
    uint64_t sent_us[INFLIGHT_MAX];    // ring: when the messages in flight left
};

/* A compressed payload and what it unpacks to. */
struct heard_once {
    struct buf packed;
    struct buf unpacked;
};

struct load {
    struct options opt;
    struct room *rooms;
    struct client *clients;
    struct str *requests;    // each client's upgrade, made before anything is measured
    int count;               // of clients
    int joined;
    int epoll;
    char *read_buf;                      // READ_BYTES
    char *content;                       // opt.bytes of it
    struct buf frame;                    // the one being sent
    struct inflater *inflater;           // NULL unless is_deflated
    struct heard_once once[ONCE_MAX];    // a room's members all hear the same: unpacked once
    bool is_counting;                    // what is heard now is measured
    bool is_answering;                   // a room's clock hearing a message says the next
    uint64_t heard;                      // by everybody, ever
    uint64_t errors;
    uint64_t deliveries;    // and the rest: while counting
    uint64_t messages;
    uint64_t bytes;
    uint32_t *latency_us;    // from sending to the clock's hearing it
    size_t latency_count;
};

/* Ends the process: what failed, and errno. */
void die(const char *what) __attribute__((noreturn));

/* ---- talk.c: what is said and heard on a connection */

/* Writes everything, waiting for room if need be. */
void talk_write(int fd, const char *p, size_t n);

/* Sends the next message of a room through the room's first client. */
void talk_say(struct load *l, int room);

/* Takes in what has come: n bytes at l->read_buf, behind the c->half_bytes that talk_recall() put
 * there. */
void talk_hear(struct load *l, struct client *c, size_t n);

/* Puts the half frame of `c` in front of what will be read; returns its bytes. */
size_t talk_recall(struct load *l, struct client *c);

/* Counts one error and says it on standard error. */
void talk_fault(struct load *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- crowd.c: who is there */

/* Makes rooms, clients and their tokens; nobody is connected yet. */
void crowd_make(struct load *l);

/* Connects everybody, a hundred at a time so that the server always has company, and returns when
 * all have joined. */
void crowd_connect(struct load *l);

/* Hears what is there. Returns how many connections had something, 0 after `wait_ms` of silence. */
int crowd_turn(struct load *l, int wait_ms);

/* ---- proc.c: what another process has used */

/* Seconds of CPU time of all its threads, ended ones too. 0: there is no such process. */
double proc_cpu_s(int pid);

/* Bytes of its memory that are in RAM. 0: there is no such process. */
int64_t proc_rss_bytes(int pid);

#endif
