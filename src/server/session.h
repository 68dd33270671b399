/* A session: one connection, from accept to close, and what it is to the chat.
 *
 *    HEAD ──upgrade, token good──> GREETING ──core says yes──> LIVE <── control socket, dialog
 *     │ │                             │                          │ closed, expired, banned,
 *     │ └─ plain HTTP: answered here  │ refused                  │ too slow, drain
 *     │ too late, refused             │                          │
 *     └───────────────┬───────────────┴──────────────────────────┘
 *                     v
 *                 LEAVING ──said, or too late──> GONE ──descriptor closed, core told──> freed
 *
 *    state      reads               counts as online   may last          entered by
 *    HEAD       HTTP                no                 limits.hello_ms   session_new
 *    GREETING   nothing             no                 GREETING_MS       door
 *    LIVE       messages            yes                for ever          the core's yes
 *    LEAVING    and drops it        no                 LEAVING_MS        session_leave
 *    GONE       nothing             no                 until told        session_drop
 *
 * Invariants:
 *   1. Whatever a session was asked to send leaves in order, or the session ends.
 *   2. A session that the core has opened is closed in the core exactly once, before it is freed.
 *   3. A session is freed only in worker_bury, never in a callback that got it.
 *
 * Thread   its worker's.
 * Memory   owned by its worker's slab. Its size is part of the budget of an idle connection. */
#ifndef PARLOIR_SERVER_SESSION_H
#define PARLOIR_SERVER_SESSION_H

#include "core/cmd.h"
#include "net/conn.h"
#include "net/ws.h"
#include "server/outbox.h"

#define GREETING_MS 60000    // the core answers, or the store is away longer than anybody waits
#define LEAVING_MS 2000      // for the peer's close frame and our last bytes
#define STALL_MS 20000       // a reader that takes nothing for so long is too slow
#define CHAR_BYTES_MAX 4     // UTF-8
#define PENDING_MAX 64       // commands of one session under way; then it is not read
#define QUESTIONS_MAX 1      // of them, those whose answers are long: two could fill an outbox
#define FEED_BYTES_PER_TURN 65536       // of messages, unpacked: a few bytes may unpack to many
#define READ_BYTES_BEFORE_LIVE 16384    // what may be kept for somebody we do not know
#define CONTROL_PER_SECOND_MAX 200      // pings and the like; more is a flood (1008)

enum session_state {
    SESSION_HEAD,
    SESSION_GREETING,
    SESSION_LIVE,
    SESSION_LEAVING,
    SESSION_GONE,
    SESSION_STATE_COUNT
};

enum framing { FRAMING_WS, FRAMING_LINES, FRAMING_DIALOG };

struct address;
struct token_hash;
struct dialect;
struct dialog;
struct entrance;
struct worker;
struct lines;
struct catchup;
struct gather;
struct intake;
struct reply;
struct visit;
struct room_here;

/* A room this session follows, and its seat there. */
struct follow {
    struct room_here *here;
    uint32_t seat;
};

struct session {
    struct conn conn;         // first: they are one
    struct worker *worker;    // borrowed
    union {
        struct visit *visit;      // owned; HEAD and GREETING only, until is_upgraded
        struct lines *lines;      // owned; framing lines only
        struct dialog *dialog;    // owned; framing dialog only
        struct gather *gather;    // owned; framing ws: a batch of commands under way
    };
    const struct dialect *dialect;    // NULL before GREETING
    struct token_hash *api_token;     // owned; what it came in with; NULL: a JWT
    struct address *address;          // borrowed; where it is counted, NULL: nowhere
    session_id id;
    user_id user;            // 0 before LIVE
    struct node on_state;    // worker::sessions[state]: the list it is on is its state
    struct node on_dirty;    // worker::dirty: something waits and the socket may take it
    struct timer timer;      // the nearest of its deadlines
    struct outbox outbox;
    struct catchup *catchup;    // owned; rooms it is resuming
    union {
        struct follow one;      // the rooms it follows: the usual one lies here,
        struct follow *many;    // owned; more lie there
    };
    uint16_t follow_count;
    uint16_t follow_cap;    // 1: `one`
    uint32_t control_s;     // the second in which control_count were heard
    struct ws ws;
    uint64_t due_ms;           // when its state has lasted too long; 0: never
    uint64_t expires_ms;       // monotonic: when its credential ends; 0: never
    uint64_t stalled_ms;       // since when its socket takes nothing; 0: it does
    uint64_t heard_ms;         // when it was last heard of
    uint32_t opened_s;         // when it went live, on the loop's clock
    uint16_t pending;          // commands under way in the ring
    uint16_t control_count;    // control frames within control_s
    uint16_t close_code;       // LEAVING: what the close frame said
    uint8_t state;             // enum session_state
    uint8_t framing;           // enum framing
    uint8_t lang;              // enum lang
    uint8_t questions;         // commands under way that the store's readers answer
    bool is_deflating : 1;
    bool is_bulk : 1;            // on_dirty is the bulk list
    bool is_open_in_core : 1;    // session_open was answered with yes
    bool is_close_told : 1;      // session_close is under way
    bool is_too_slow : 1;        // more would wait than may: it ends at its next flush
    bool is_held : 1;            // not read: too many of its own commands are under way
    bool is_pinged : 1;          // a ping of ours is unanswered
    bool is_peer_done : 1;       // the peer's close frame, or its end, has come
    bool is_hub_only : 1;        // it came in where every path is the hub's
    bool is_starved : 1;         // not read: its id is in worker::starved until credits come back
    bool is_counted : 1;         // in the gauge of its dialect's connections
    bool is_turned_away : 1;     // its address holds too many: it only stays to be told
    bool is_closed : 1;          // the descriptor is gone
    bool is_upgraded : 1;        // 101 was said
    bool is_expiry_told : 1;     // that its credential ends soon
};

/* Takes over a descriptor that came in at this entrance; a newcomer that cannot be served is
 * closed. */
void session_new(struct worker *w, int fd, const struct entrance *entrance);

/* The one function that moves a session to another state. */
void session_enter(struct session *s, enum session_state next);

/* Queues bytes for the peer. Too much waiting ends the session as too slow, but not before its next
 * flush: whoever pushes may be walking a room, and nobody leaves a room meanwhile. `is_bulk`: part
 * of a long fan-out, which lets shorter ones go first. Nothing is queued once the session
 * leaves. */
void session_push(struct session *s, struct span span, bool is_bulk);

/* Whether so little waits for it that it may be sent long answers. */
bool session_may_get_more(const struct session *s);

/* Frames a message for this session alone and queues it. */
void session_say(struct session *s, struct str message);

/* Says what an encoder left, a message a line; or, the answer to a part, keeps it for the
 * others. */
void session_say_answer(struct session *s, struct str said, uint32_t part);

/* More waits for it than may: it ends at its next flush, and hears no more. */
void session_is_too_slow(struct session *s);

/* Queues bytes as they are (an HTTP response). */
void session_say_raw(struct session *s, struct str bytes);

/* Writes what waits, as far as the socket takes it. */
void session_flush(struct session *s);

/* Sends a command of this session into the ring; it is on its way whatever is returned. false: feed
 * it no more for now, because no credit is left, or too many of its own are under way. */
bool session_ask(struct session *s, struct cmd *cmd);

/* The two halves of it: a copy that may travel, of a session's command; and the sending, for which
 * a credit was taken. */
struct intake *session_intake(struct session *s, struct cmd *cmd);
void session_send(struct session *s, struct intake *intake);

/* Its command, or that part of several, was answered: takes the next ones in if it had to wait. */
void session_answered(struct session *s, bool was_question, uint32_t part);

/* Whether a reader of the store answers it, at length. */
bool session_is_question(enum cmd_type cmd);

/* Ends it in order: close frame with this code (framing ws), what waits goes out, then the end. */
void session_leave(struct session *s, uint16_t code, struct str reason);

/* Ends it for a refusal: the dialect's words for it first, then its close code. */
void session_refuse(struct session *s, enum refusal why);

/* Ends it if it came in with an API token that has been revoked since. */
void session_check_token(struct session *s);

/* Ends it now, with nothing more said. */
void session_drop(struct session *s, bool is_reset);

/* The core has answered a session_open: the first one, or one that brought a fresh credential. */
void session_go_live(struct session *s, const struct reply *reply);
void session_renew(struct session *s, const struct reply *reply);

/* Its timer is due. */
void session_on_timer(struct session *s);

/* Sets the timer to the nearest deadline. */
void session_set_timer(struct session *s);

/* Credits are back, or its commands were answered: reads on. */
void session_read_on(struct session *s);

/* The server ends: if nothing of it is under way any more, the peer is told and it leaves. */
void session_leave_if_drained(struct session *s);

/* Whether a session that is GONE may be freed: its descriptor is closed and the core has been
 * told. */
bool session_is_over(const struct session *s);

/* Frees what it owns; only worker_bury calls it. */
void session_fini(struct session *s);

#endif
