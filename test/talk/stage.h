/* The stage: the real server on a virtual network, with a memory store, and a clock that stands
 * still until somebody moves it.
 *
 *     guests ──bytes──> fake links ──> workers ──> stepped ring ──> core, memory store
 *                                         └── sessions, door, dialects and fan-out as they are
 *
 * What is fake is in test/fakes: sockets, loop, the ring's threads, time. One thing after the other
 * happens, in an order that is the same in every run.
 *
 * Thread   one.
 * Memory   owns the server and the store; the store lives through stage_restart. Guests belong to
 *          whoever made them and must be gone before the stage. */
#ifndef PARLOIR_TALK_STAGE_H
#define PARLOIR_TALK_STAGE_H

#include "base/buf.h"
#include "base/list.h"
#include "base/str.h"

struct cmd;
struct decode_scratch;
struct fake_link;
struct fake_net;
struct stage;

#define STAGE_START_MS 1735732800000u    // 2025-01-01T12:00:00Z
#define STAGE_SECRET "a secret of the conversations, longer than 32 bytes"

enum stage_door { DOOR_HTTP = 1, DOOR_OPERATOR, DOOR_TCHATATOR };

/* Who wants to look at his link whenever the server has done something. */
struct onlooker {
    struct node on_stage;
    void (*look)(struct onlooker *o);
};

/* Returns an owned stage whose server goes by these settings ("section.key=value"). */
struct stage *stage_new(const char *const *settings, size_t count);

/* Ends the server in order and frees everything. CHECKs that no credit is lost on the way. */
void stage_free(struct stage **stage);

/* Lets the server do everything it can do at this moment. */
void stage_run(struct stage *stage);

/* Lets so much time go by, and everything happen that is due in it. */
void stage_pass(struct stage *stage, uint64_t ms);

/* Ends the server in order and starts it again on the same store. */
void stage_restart(struct stage *stage);

/* Whether the store has room. */
void stage_set_room(struct stage *stage, bool has_room);

/* Makes somebody a member of a private room, which no command does yet; creates the user if
 * need be. false: there is no such room. */
bool stage_belong(struct stage *stage, struct str username, uint64_t user, struct str room);

/* Appends the API token of somebody, who is created and given one if need be. */
void stage_give_token(struct stage *stage, struct str username, uint64_t user, struct buf *out);

/* Connects to the server; newcomers are spread over its workers. The link is freed by
 * fake_link_free; `o` is called after every step until list_drop(&o->on_stage). */
struct fake_link *stage_connect(struct stage *stage, enum stage_door door, struct onlooker *o);

/* Gives a command to the session behind a link, as if its client spoke a dialect that has a word
 * for it. The text is as for the operator. false: it is no command, or nobody is there. */
bool stage_ask(struct stage *stage, struct fake_link *link, struct str line);

/* Seconds since 1970, on the stage's clock. */
uint64_t stage_now_s(void);

#endif
