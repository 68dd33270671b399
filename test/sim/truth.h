/* The truth: what was sent, and what the store has really written, in the order it was written.
 *
 *     clients ──said──> [said]                      by number; the number is in the content
 *     ring ──commit──> truth ──commit──> memory store
 *                        └──> places and their logs of entries, posts by id
 *
 * It stands in the store's place and hands every call on to the real memory driver. So whatever a
 * client hears can be held against what was on the "disk" at that moment; a message that is not
 * here was told before it was safe, or was never sent.
 *
 * Thread   one.   Memory   lives through every kill of the server, like a disk. */
#ifndef PARLOIR_SIM_TRUTH_H
#define PARLOIR_SIM_TRUTH_H

#include "base/buf.h"
#include "base/map.h"

struct store;
struct world;

/* Something a client has sent, or means to send again. */
struct said {
    uint32_t client;
    uint32_t person;
    uint32_t link_no;    // the client's connection it was first sent on
    bool has_client_id;
    bool is_silent;    // a dm that nobody answers: neither ref nor client_id
    bool is_part;      // of a batch: its answer there has its ref, and it itself as well
    bool is_reaction;
    bool is_dm;
    uint32_t room;        // name, if not a dm
    uint64_t other;       // user, if a dm
    uint64_t target;      // the message a reaction is put under
    uint32_t attempts;    // times it was put on the wire
    uint32_t refused;     // times it was refused
    uint64_t acked_id;    // as the sender was told; 0: not yet
    uint64_t id;          // as it was stored; 0: it was not
    uint32_t edits;       // versions that were sent for it
};

enum entry_kind { ENTRY_NEW, ENTRY_EDITED, ENTRY_DELETED };

/* One line of a place's log. */
struct entry {
    enum entry_kind kind;
    uint32_t version;
    uint64_t id;       // of the message
    uint64_t order;    // over all places
    struct post *post;
};

struct post {
    uint64_t id;
    uint64_t seq;
    uint64_t at_ms;
    uint64_t order;
    uint64_t index;            // in its place's log
    uint64_t deleted_order;    // 0: it is there
    uint64_t deleted_us;
    struct place *place;
    uint32_t n;
    uint32_t version;    // of its content
};

/* A room, or the conversation of two. One that comes again under its name is another place. */
struct place {
    uint64_t id;
    bool is_dm;
    bool is_private;
    uint32_t room;             // name
    uint64_t pair[2];          // users, the smaller first
    uint64_t removed_order;    // 0: it is there
    uint64_t seq;              // the last one given
    struct entry *entries;
    size_t count;
    size_t cap;
};

struct truth {
    struct store *front;    // owned; what the ring commits to
    struct store *inner;    // owned; the memory driver
    struct world *world;
    uint64_t order;         // of the last entry, ban or removal
    uint64_t told_order;    // the same, of what the workers have been told
    uint64_t last_id;       // the highest position seen
    struct said *said;
    size_t said_count;
    size_t said_cap;
    struct map places;    // by id
    struct map posts;     // by id
    struct map dms;       // by pair, see truth_dm
    struct place **all;
    size_t place_count;
    struct post **all_posts;
    size_t post_count;
    uint64_t commit_count;
    uint64_t burnt;                // planted: numbers lost by rollbacks
    bool is_deaf_to_client_ids;    // planted
    bool does_burn;                // planted
    bool does_lie;                 // planted: it may say done without writing
};

/* Opens an empty memory store and stands in front of it. */
void truth_init(struct truth *t, struct world *w);
void truth_fini(struct truth *t);

/* Notes something that is about to be said; returns its number. */
uint32_t truth_say(struct truth *t, const struct said *said);

/* What has this number; NULL if nothing has. */
struct said *truth_said(const struct truth *t, uint64_t n);

/* Look-ups; NULL if there is none. */
struct post *truth_post(const struct truth *t, uint64_t id);
struct place *truth_dm(const struct truth *t, uint64_t a, uint64_t b);

/* The content of a version of what has number n, or of a reaction of that number; and back. false:
 * it is no content of ours. */
void truth_put_content(struct buf *out, uint32_t n, uint32_t version);
void truth_put_reaction(struct buf *out, uint32_t n);
bool truth_read_content(struct str content, uint32_t *n, uint32_t *version);

/* Whether the content is the given version of n, byte by byte. */
bool truth_is_content(struct str content, uint32_t n, uint32_t version);

#endif
