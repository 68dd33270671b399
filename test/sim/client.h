/* A virtual client: one program of one person, which connects, speaks, hears, is cut off, and comes
 * back.
 *
 *     AWAY ──connect──> SHAKING ──101──> ON ──close frame, ours or theirs──> LEAVING
 *      ^                   │ any other status, end          │ cut, reset       │
 *      └───────────────────┴────────────────────────────────┴──────────────────┘
 *
 *     act.c    what it does next
 *     speech.c words: what frames are called in its dialect, both ways
 *     wire.c   bytes: HTTP upgrade, WebSocket frames, links
 *     hear.c   frames: what each means, and whether it may be
 *     wish.c   requests: each is answered once, in order, in time
 *     sub.c    rooms: what comes is the next entry of the room's log, nothing else
 *
 * Thread   one.   Memory   owned by the world. */
#ifndef PARLOIR_SIM_CLIENT_H
#define PARLOIR_SIM_CLIENT_H

#include "base/buf.h"
#include "base/json.h"
#include "net/ws.h"
#include "test/fakes/net.h"
#include "test/sim/plan.h"
#include "test/sim/sub.h"

struct place;
struct world;

enum client_state { CLIENT_AWAY, CLIENT_SHAKING, CLIENT_ON, CLIENT_LEAVING };

enum trait {
    TRAIT_SLOW = 1,     // stops reading now and then
    TRAIT_FLAKY = 2,    // is cut off often
    TRAIT_RUDE = 4,     // sends what it should not
    TRAIT_DEFLATES = 8,
    TRAIT_LURKS = 16,        // connects and says nothing, or half a request
    TRAIT_SHORT = 32,        // its tokens expire soon
    TRAIT_CHATTY = 64,       // several requests in one write
    TRAIT_ENVELOPE = 128,    // speaks that dialect; the others the hub's
};

enum wish_kind {
    WISH_JOIN,
    WISH_LEAVE,
    WISH_SAY,
    WISH_DM,
    WISH_HISTORY,
    WISH_DM_HISTORY,
    WISH_TYPING,
    WISH_PING,
    WISH_BAD,       // a frame that cannot be understood
    WISH_ALTER,     // an edit or a deletion; of the hub's clients it is nobody's order
    WISH_READ,      // a read mark
    WISH_RESUME,    // what was missed in a room
    WISH_BATCH,     // several of the others, behind them
    WISH_OPERATOR
};

/* A request under way on this connection. */
struct wish {
    enum wish_kind kind;
    uint64_t ref;    // 0: it has none
    uint32_t n;      // WISH_SAY, WISH_DM, WISH_ALTER: about which message
    uint32_t room;
    uint64_t other;
    uint64_t before;
    uint64_t limit;
    uint64_t after_seq;    // WISH_RESUME
    uint64_t sent_us;
    uint64_t sent_order;    // truth.order then
    uint64_t told_order;    // truth.told_order then
    bool may_be_silent;
    bool is_loose;        // its answer may come later than those of later requests
    bool is_part;         // of a batch, which answers it
    bool is_over;         // a part: the end of its room was heard before its answer
    bool is_cut;          // WISH_RESUME: and that before all that was missed
    uint32_t batch_no;    // of the batch, and of its parts; 0: neither
};

struct client {
    struct world *w;
    uint32_t index;
    uint32_t person;
    unsigned traits;
    bool is_operator;
    enum client_state state;
    char address[32];

    struct fake_link *link;    // NULL: AWAY
    uint32_t link_no;          // counts connections
    uint32_t generation;       // of the server it is connected to
    struct buf out;            // not yet on its way
    size_t out_at;
    struct buf in;    // not yet a whole frame
    bool is_up_due;
    bool is_down_due;
    bool has_deflate;
    bool has_bad_token;
    uint64_t deaf_until_us;    // it does not read before
    bool was_deaf;             // on this connection
    uint64_t opened_us;
    uint64_t open_lo;    // truth.order when it connected, and when it was let in
    uint64_t open_hi;
    uint64_t expires_us;    // its token; UINT64_MAX: never
    uint64_t left_us;       // since when it is LEAVING
    uint16_t provoked;      // the close code it has asked for by its manners; 0: none
    uint16_t close_code;    // the server's; 0: none yet
    unsigned status;        // of the upgrade; 0: none yet
    bool is_suspect;        // the last upgrade was refused: its address had too many bad tokens
    uint64_t retry_us;      // when it may send again
    uint32_t act_no;        // of the act that is planned

    uint64_t next_ref;
    struct wish *wishes;
    size_t wish_count;
    size_t wish_cap;
    struct sub *subs;
    size_t sub_count;
    size_t sub_cap;
    uint32_t *unacked;    // numbers that will be sent again, oldest first
    size_t unacked_count;
    size_t unacked_cap;

    uint64_t had_seq[ROOMS_MAX];    // the last message it has had of each room, on any connection
    struct place *had_of[ROOMS_MAX];
    bool is_proved;      // it has been answered: it was let in, and not to be told why not
    bool is_batching;    // what it asks for now is one batch
    struct buf batch;    // its parts
    uint32_t batch_no;
    unsigned part_count;

    uint32_t stored_link_no;    // the truth's: what of it was stored last
    uint32_t stored_n;
};

/* Makes a client that is AWAY; gives its memory back. */
void client_init(struct client *c, struct world *w, uint32_t index);
void client_fini(struct client *c);

/* ---- wire.c */

/* Connects and asks for the upgrade; tries again later when nobody listens. */
void wire_open(struct client *c);

/* Sends a text frame, another frame, or bytes as they are. */
void wire_say(struct client *c, struct str json);
void wire_frame(struct client *c, enum ws_opcode opcode, struct str payload);
void wire_raw(struct client *c, struct str bytes);

/* The connection is over, for this side: it ends, breaks, or is cut without a sign. */
enum wire_end { WIRE_FIN, WIRE_RESET, WIRE_CUT };
void wire_close(struct client *c, enum wire_end how);

/* Does not read until then. */
void wire_deafen(struct client *c, uint64_t until_us);

/* Something of the agenda is due. */
void wire_on_up(struct client *c);
void wire_on_down(struct client *c);

/* The net says that there is something to read. */
void wire_on_net(struct client *c);

/* ---- act.c */

/* Does whatever it does next, and plans when to do something again. */
void act(struct client *c);

/* Plans the next act in so many microseconds. */
void act_later(struct client *c, uint64_t in_us);

/* ---- operator.c */

/* The same for one on the control socket, and one line it is answered with. */
void operator_act(struct client *c);
void operator_hear(struct client *c, struct str line);

/* Its connection is gone, and with it what was under way. */
void operator_lost(struct client *c);

/* ---- hear.c */

/* A text frame, a close frame, the status of the upgrade; the end of the connection. */
void hear_frame(struct client *c, struct str json);
void hear_close(struct client *c, uint16_t code);
void hear_status(struct client *c, unsigned status);
void hear_end(struct client *c);

/* ---- history.c */

struct heard;

/* A page of a history: that nothing is missing in it, and nothing too much. */
void hear_history(struct client *c, const struct heard *h);

/* ---- wish.c */

/* Adds one that is about to be sent; borrowed until the next call. */
struct wish *wish_add(struct client *c, enum wish_kind kind);

/* The one with this ref; the first one about n; the first resume of a room. NULL: there is none. */
struct wish *wish_of_ref(struct client *c, uint64_t ref);
struct wish *wish_of_n(struct client *c, uint32_t n);
struct wish *wish_of_resume(struct client *c, uint32_t room);

/* It is answered: takes it out, and checks that it was its turn, and in time. */
void wish_answered(struct client *c, struct wish *wish, bool is_early);

/* Whether all parts of a batch are answered. */
bool wish_is_whole(const struct client *c, const struct wish *batch);

/* Takes one out. */
void wish_drop(struct client *c, struct wish *wish);

/* What was sent is acknowledged, refused for good, or to be sent again. */
void wish_acked(struct client *c, uint32_t n, uint64_t id);
void wish_forget(struct client *c, uint32_t n);
void wish_again(struct client *c, uint32_t n);

#endif
