/* What a connection hears of a room or a conversation, held against the log of the place: once it
 * is known where in there it is, there is exactly one thing that may come next.
 *
 *     OUT ──sub_begin──> IN, place unknown ──first entry──> IN, at a cursor
 *      ^ └──sub_resume──> resuming, behind what it had ──sub_resumed──┘ │
 *      └──────────────────────────── sub_end ──────────────────────────┘
 *
 * Thread   one.   Memory   subs are their client's; a place is the truth's. */
#ifndef PARLOIR_SIM_SUB_H
#define PARLOIR_SIM_SUB_H

#include "base/base.h"

struct client;
struct heard;
struct place;
struct post;
struct wish;

struct sub {
    bool is_dm;
    bool is_in;
    bool is_resuming;    // it hears what it missed
    bool is_ahead;       // and it says it has more than the room had when it heard the first of it
    bool is_lossy;       // it was told that some of that is gone with its room
    uint32_t room;
    uint64_t other;
    uint64_t after_seq;     // what it resumes behind
    struct place *place;    // NULL: nothing heard yet
    size_t cursor;          // the next entry of its log
    size_t missed;          // entries it was told while it resumed
    uint64_t lo;            // while place is NULL: what comes first is not older than this
    uint64_t hi;            // nor is anything as new as this left out
};

/* The sub of a room or of a conversation; made if need be. */
struct sub *sub_of_room(struct client *c, uint32_t room);
struct sub *sub_of_dm(struct client *c, uint64_t other);

/* It begins: what was told before `lo` will not be heard, what is committed from now on must be. */
void sub_begin(struct client *c, struct sub *s, uint64_t lo);

/* It may have begun, since `lo` or not at all: what is heard first says so. */
void sub_may_begin(struct sub *s, uint64_t lo);

/* It begins behind what it has had: what was said since comes first, as far as it still stands. */
void sub_resume(struct sub *s, uint64_t after_seq);

/* What was missed: the next entry, but for those of what has been deleted since. `index` is its
 * entry, if it was told as it happened. */
void sub_catch_up(struct client *c, struct sub *s, struct post *post, int kind, size_t index);

/* All of it was told: whether it was all that had been committed when it was asked for. */
void sub_resumed(struct client *c, struct sub *s, const struct wish *wish, const struct heard *h);

/* It ends; the next begins anew. */
void sub_end(struct sub *s);

/* An entry was told: the next one, or it is a failure. `is_answer`: it may as well be the answer to
 * something that was sent more than once. */
void sub_hear(struct client *c, struct sub *s, struct post *post, size_t index, bool is_answer);

/* Where in its place's log an entry stands, SIZE_MAX: nowhere. */
size_t sub_find(const struct sub *s, const struct post *post, int kind, uint32_t version);

/* Whether everything that was to be heard was; what is missing goes to the trace. */
void sub_check_whole(struct client *c, struct sub *s);

#endif
