/* A feed: the changes that wait for somebody who asks for them instead of being told, and what is
 * known of them here, so that most questions do not reach the store.
 *
 *      store ──answer (a page)──> feed ──feed_next, one at a time──> client
 *                                  ^ └─handed out─> its next command confirms it
 *      fan-out ──feed_stir─────────┘
 *
 * Truth is the store's: the log of changes, and how far this user has confirmed it. A feed dies
 * with its connection; what was handed out and not confirmed comes again on the next.
 *
 * Thread   its session's worker.
 * Memory   embedded in a dialog; owns a page of the store's. */
#ifndef PARLOIR_SERVER_FEED_H
#define PARLOIR_SERVER_FEED_H

#include "core/batch.h"

struct feed {
    struct answer *page;    // owned; changes that are not handed out yet, NULL: none
    size_t next;            // of page->changes
    uint64_t waiting;       // as far as is known: those of the page among them
    uint64_t handed_out;    // the position of a change that is not confirmed, or up to which there
                            // was none for very long; 0: none
    uint64_t asked_at;      // how far batches had told everything when the store was asked
    bool is_empty;          // the store said that nothing waits
    bool is_stirred;        // something has come since it was asked
    bool is_stale;          // something older was changed since then
    bool is_told;           // feed_stir is called for all it hands out
    bool has_rooms;         // changes in rooms are wanted, too
};

/* Forgets the page. Zeroed is an empty feed. */
void feed_fini(struct feed *f);

/* Forgets all that is known of what waits; what was handed out stays to be confirmed. */
void feed_forget(struct feed *f);

/* Whether nothing waits, as far as this worker has been told (`position`: everything up to there).
 * Where not all is told (is_told), only the position says so. */
bool feed_is_quiet(const struct feed *f, uint64_t position);

/* The store is about to be asked, when everything up to `position` has been told. */
void feed_asked(struct feed *f, uint64_t position);

/* It has answered: takes the page over, *answer is NULL then. */
void feed_fill(struct feed *f, struct answer **answer);

/* The next change, which counts as handed out from now on; NULL: the store must be asked.
 * *remaining: how many wait behind it. Valid until the next call. */
const struct change *feed_next(struct feed *f, uint64_t *remaining);

/* What was handed out is confirmed. */
void feed_confirmed(struct feed *f);

/* Another connection of its user has confirmed what came up to there: it is not handed out here. */
void feed_skip(struct feed *f, uint64_t position);

/* Something happened that concerns its user. After a change to what is there, the rest of a page is
 * read anew: nobody is handed words that were taken back before he asked. */
void feed_stir(struct feed *f, const struct event *ev);

#endif
