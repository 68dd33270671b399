/* A guest: one connection to the stage, seen from the client's side.
 *
 *    AWAY ──come──> KNOCKING ──101──> HERE ──close frame, end──> GONE
 *      ^               └──another status──> REFUSED                │
 *      └──────────────────── guest_go ─────────────────────────────┘
 *
 * It speaks HTTP and WebSocket as a browser does, the lines of tchatator, or the operator's; it
 * answers pings and close frames by itself, and logs in where that is a command. A command of
 * tchatator and its answer are objects here:
 *
 *     {"command":"SEND_MSG","recipient-id":2,"content":"x"}    its token is added
 *     {"status":"200/OK","message-id":7}                       numbers are numbers
 *
 * Thread   one.   Memory   owns the link, and what came and was not taken yet. */
#ifndef PARLOIR_TALK_GUEST_H
#define PARLOIR_TALK_GUEST_H

#include "base/buf.h"
#include "test/talk/stage.h"

enum guest_state { GUEST_AWAY, GUEST_KNOCKING, GUEST_HERE, GUEST_REFUSED, GUEST_GONE };
enum tongue { TONGUE_WS, TONGUE_TCHATATOR, TONGUE_OPERATOR };

struct came;

struct guest {
    struct onlooker onlooker;
    struct stage *stage;       // borrowed
    struct fake_link *link;    // owned
    enum guest_state state;
    enum tongue tongue;
    bool has_said_goodbye;    // our close frame is out
    unsigned status;          // of the HTTP answer, or of the one to LOGIN
    uint16_t close_code;      // of the server's close frame; 0: there was none
    struct buf bytes;         // came, not yet read
    struct buf token;         // TCHATATOR: what stands in its commands
    struct list came;         // struct came: frames, oldest first
};

/* What a guest brings to the door. */
struct invitation {
    struct str dialect;
    struct str query;    // "?lang=en"; one that has a token brings no other. TCHATATOR:
                         // "?login=no" only connects
    struct str token;    // a JWT; TCHATATOR: an API token
};

/* Prepares somebody who is away. */
void guest_init(struct guest *g, struct stage *stage);

/* Lets go of the link and of what came. */
void guest_fini(struct guest *g);

/* Connects and runs the stage until there is an answer. false: there is no such dialect. */
bool guest_come(struct guest *g, const struct invitation *invitation);

/* Connects to the operator's socket. */
void guest_come_as_operator(struct guest *g);

/* Sends one message; the stage is not run, so that several arrive together. */
void guest_say(struct guest *g, struct str message);

/* The oldest message that came: whether there is one, and how many. What TCHATATOR has come to is
 * whole only when the stage was run. */
bool guest_has_heard(struct guest *g, struct str *out);
size_t guest_count(struct guest *g);

/* Forgets the oldest one. */
void guest_take(struct guest *g);

/* Says goodbye and waits for the end; or is simply gone. Away, in both cases, afterwards. Whether
 * the other side said goodbye, too. */
bool guest_leave(struct guest *g);
void guest_vanish(struct guest *g);

#endif
