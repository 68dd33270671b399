/* Changes that wait for somebody who asks for them: which do, and the page of the oldest. One place
 * for all drivers.
 *
 *     rooms of his ──each change after the cursor──> waiting_offer ──> p[0..n), oldest first
 *                                                         └──> counted, all of them
 *
 * A driver goes through the rooms in any order and through each from the oldest change on. What is
 * in the page at the end are the oldest of all, complete up to `until`.
 *
 * Memory   the caller's; `place` is borrowed, the driver's own. */
#ifndef PARLOIR_STORE_WAITING_H
#define PARLOIR_STORE_WAITING_H

#include "core/batch.h"

/* A change that may wait. */
struct waiting {
    uint64_t position;
    enum change_kind kind;
    message_id message;
    user_id by;
    const void *place;    // the room it is in, as the driver knows it
};

struct waiting_page {
    user_id user;      // for whom
    size_t limit;      // changes, at most CHANGES_PAGE_MAX
    uint64_t until;    // what is beyond this position is for another answer
    bool has_more;     // and there is, or may be, something
    uint64_t count;    // of those that wait, up to CHANGES_WAITING_MAX
    size_t n;
    struct waiting p[CHANGES_PAGE_MAX];
};

/* Returns an empty page for who asks. */
struct waiting_page waiting_page_of(const struct ask *ask);

/* Takes the change, which is of a message of this type, into account, if it waits for the user.
 *
 *      he did it himself                                          does not wait
 *      a reaction, put there or taken away                        does not: no message in itself
 *      new or edited, and the message has been deleted since      does not: the deletion does
 *      anything else                                              does
 */
void waiting_offer(struct waiting_page *page, const struct waiting *w, enum message_type type,
                   bool is_deleted);

/* Whether nothing at this position or later in a room could make a difference any more. */
bool waiting_is_done(const struct waiting_page *page, uint64_t position);

/* Somewhere nothing was looked at beyond this position: the page ends there, or before. */
void waiting_stop(struct waiting_page *page, uint64_t position);

/* Only the first `n`, 1 at least, go into the answer. */
void waiting_cut(struct waiting_page *page, size_t n);

/* Puts what is known without the messages into the answer; `position` is the log's end. */
void waiting_settle(const struct waiting_page *page, uint64_t position, struct answer *out);

#endif
