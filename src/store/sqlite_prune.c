/* Retention: what a room may not keep goes, oldest first; and what is left of removed rooms.
 *
 *     pruned_seq      cut_seq                    last_seq
 *     ······|███████████|░░░░░░░░░░░░░░░░░░░░░░░░░░░|         █ goes now
 *
 * By count, the cut is reckoned: seq has no holes. By age it is found by halving, for a room's
 * times grow with seq. By bytes it cannot be found without reading: a room's contents are summed up
 * once, oldest to newest and some each slice, and from then on the sum is kept (a watch): new
 * messages are added at the next look, an edit or a deletion when its entry in the index is
 * refreshed. So a look costs what has changed and not what is there.
 *
 * Which rooms have changed, the index knows: every new message comes by there. They wait on a list
 * for the next look. By age a room loses messages though nothing happens in it, so now and then all
 * are gone through: as often as the shortest age demands, and no oftener than STORE_LOOK_MS.
 *
 * Promises:
 *   1. A message goes with its changes, mentions, entry in the index and hold on its file, and the
 *      room's numbers are right, all in the same transaction. Marks of what was read stay.
 *   2. Neither seq nor ids ever go back, also when nothing is left: rooms.pruned_seq and the
 *      position in meta remember them. */
#include "store/mention.h"
#include "store/sqlite.h"
#include "store/sqlite_tend.h"

#define SIZES_ROWS 100                   // as the statement says
#define SWEEP_MS_MAX (60 * 60 * 1000)    // between two walks through all rooms, for the sake of age
#define SWEEP_DONE UINT64_MAX

/* ---- watches */

static struct watch *watch_of(struct tending *t, room_id room) {
    struct watch *watch = map_get(&t->watches, room.v);
    if (watch == NULL) {
        watch = xzalloc(sizeof *watch);
        watch->room = room;
        map_put(&t->watches, room.v, watch);
    }
    return watch;
}

void watch_changed(struct tending *t, room_id room) {
    struct watch *watch = watch_of(t, room);
    if (!watch->is_changed) {
        watch->is_changed = true;
        watch->next = t->changed;
        t->changed = watch;
    }
}

void watch_resized(struct tending *t, room_id room, uint64_t seq, size_t was, size_t is) {
    struct watch *watch = map_get(&t->watches, room.v);
    if (watch != NULL && seq <= watch->counted_seq) {
        watch->bytes -= MIN(watch->bytes, was);
        watch->bytes += is;
        watch_changed(t, room);
    }
}

/* A transaction that was rolled back may have counted what is not so. */
void prune_reset(struct tending *t) {
    size_t at = 0;
    struct watch *watch;
    while ((watch = map_next(&t->watches, &at)) != NULL) {
        watch->counted_seq = 0;
        watch->bytes = 0;
    }
    if (t->job.room.v != 0) {
        watch_changed(t, t->job.room);
        t->look_due_ms = 0;
    }
    t->job = (struct prune_job){ 0 };
}

/* ---- when to look */

static bool has_limit(const struct keep *keep) {
    return keep->messages != 0 || keep->bytes != 0 || keep->age_ms != 0;
}

/* Other rules: all rooms are gone through anew. */
static void take_rules(struct tending *t, const struct keep *keep, uint64_t now_ms) {
    t->keep = *keep;
    t->sweep.v = 0;
    t->sweep_due_ms = now_ms;
    t->look_due_ms = now_ms;
    t->job = (struct prune_job){ 0 };
}

/* The rooms that have changed are to be looked at. */
static void begin_look(struct tending *t, uint64_t now_ms) {
    struct watch **last = &t->looking;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = t->changed;
    t->changed = NULL;
    t->is_look_due = false;
    t->look_due_ms = now_ms + STORE_LOOK_MS;
}

/* While the index has not caught up it is not known which rooms have changed; but that may last. A
 * clock that was set back makes due what would be so only in a long time. */
void prune_wake(struct slice *slice, bool is_behind) {
    struct tending *t = slice->t;
    uint64_t now_ms = slice->ask->now_ms;
    if (t->sweep_due_ms == 0 || memcmp(&t->keep, &slice->ask->keep, sizeof t->keep) != 0) {
        take_rules(t, &slice->ask->keep, now_ms);
    }
    t->is_look_due = now_ms >= t->look_due_ms || t->look_due_ms > now_ms + STORE_LOOK_MS;
    if (t->is_look_due && (!is_behind || now_ms >= t->look_due_ms + STORE_LOOK_MS)) {
        begin_look(t, now_ms);
    }
    if (now_ms >= t->sweep_due_ms || t->sweep_due_ms > now_ms + SWEEP_MS_MAX) {
        t->sweep_due_ms = now_ms + SWEEP_MS_MAX;    // sooner, as soon as a room has an age
        t->sweep.v = 0;
    }
}

bool prune_is_due(const struct slice *slice) {
    const struct tending *t = slice->t;
    return t->job.room.v != 0 || t->looking != NULL || t->sweep.v != SWEEP_DONE || t->is_look_due;
}

/* The next room to look at; 0: there is none. Without a limit for all, only rooms with rules of
 * their own are gone through. */
static enum err next_room(struct tending *t, room_id *out) {
    struct watch *watch = t->looking;
    *out = (room_id){ 0 };
    if (watch != NULL) {
        t->looking = watch->next;
        watch->is_changed = false;
        *out = watch->room;
        return OK;
    }
    if (t->sweep.v == SWEEP_DONE) {
        return OK;
    }
    sqlite3_stmt *next = has_limit(&t->keep) ? t->stmts.next_room : t->stmts.next_kept;
    bool is_row;
    sql_bind_u64(next, 1, t->sweep.v);
    enum err err = sql_one(next, &is_row, &out->v);
    if (err == OK) {
        t->sweep.v = is_row ? out->v : SWEEP_DONE;
    }
    return err;
}

void sqlite_tend_kept(struct sqlite_store *s, room_id room) {
    watch_changed(s->tending, room);
    s->tending->look_due_ms = 0;
}

/* ---- what goes */

static enum err at_ms_of(struct tending *t, room_id room, uint64_t seq, uint64_t *out) {
    bool is_row;
    *out = 0;
    sql_bind_u64(t->stmts.at_ms, 1, room.v);
    sql_bind_u64(t->stmts.at_ms, 2, seq);
    return sql_one(t->stmts.at_ms, &is_row, out);
}

/* The last seq whose message is older than `until_ms`. */
static enum err find_age(struct tending *t, const struct prune_job *job, uint64_t until_ms,
                         uint64_t *out) {
    uint64_t low = job->seq, high = job->last_seq, at_ms;
    uint64_t middle = MIN(low + 1, high);    // nearly always, the oldest is young enough
    while (low < high) {
        enum err err = at_ms_of(t, job->room, middle, &at_ms);
        if (err != OK) {
            return err;
        }
        if (at_ms < until_ms) {
            low = middle;
        } else {
            high = middle - 1;
        }
        middle = low + (high - low + 1) / 2;
    }
    *out = low;
    return OK;
}

/* As often as a hundredth of the age: what is kept too long is at most that much. */
static void note_age(struct slice *slice, uint64_t age_ms) {
    uint64_t every_ms = MAX(age_ms / 100, STORE_LOOK_MS);
    slice->t->sweep_due_ms = MIN(slice->t->sweep_due_ms, slice->ask->now_ms + every_ms);
}

/* What a room's row says of its rules: its own, if it has any. */
static struct keep rules_of(const struct tending *t, sqlite3_stmt *row) {
    if (sqlite3_column_type(row, 2) == SQLITE_NULL) {
        return t->keep;
    }
    return (struct keep){ sql_u64(row, 2), sql_u64(row, 3), sql_u64(row, 4) };
}

/* Makes a job of the room; none, if it may keep all. */
static enum err begin_job(struct slice *slice, room_id room) {
    struct tending *t = slice->t;
    sqlite3_stmt *row = t->stmts.room;
    bool is_row;
    sql_bind_u64(row, 1, room.v);
    enum err err = sql_next(row, &is_row);
    if (err != OK || !is_row) {
        return err;
    }
    struct prune_job job = { .room = room, .seq = sql_u64(row, 0), .last_seq = sql_u64(row, 1) };
    struct keep keep = rules_of(t, row);
    sql_done(row);
    if (keep.messages != 0 && job.last_seq > keep.messages) {
        job.cut_seq = job.last_seq - keep.messages;
    }
    if (keep.age_ms != 0) {
        uint64_t until_ms = slice->ask->now_ms - MIN(slice->ask->now_ms, keep.age_ms), aged = 0;
        note_age(slice, keep.age_ms);
        if ((err = find_age(t, &job, until_ms, &aged)) != OK) {
            return err;
        }
        job.cut_seq = MAX(job.cut_seq, aged);
    }
    if (keep.bytes != 0 || job.cut_seq > job.seq) {
        job.bytes_max = keep.bytes;
        job.watch = watch_of(t, room);
        t->job = job;
    }
    return OK;
}

/* Sums up what content the room has that is not counted yet. *is_done: all that is in the index,
 * and no edit of the rest can be missed. */
static enum err count_some(struct slice *slice, bool *is_done) {
    struct watch *watch = slice->t->job.watch;
    sqlite3_stmt *row = slice->t->stmts.sizes;
    bool is_row = true, is_over = false;
    enum err err = OK;
    size_t count = 0;
    if (watch->counted_seq < slice->t->job.seq) {
        watch->counted_seq = slice->t->job.seq;
        watch->bytes = 0;
    }
    sql_bind_u64(row, 1, watch->room.v);
    sql_bind_u64(row, 2, watch->counted_seq);
    while (!is_over && (err = sql_next(row, &is_row)) == OK && is_row &&
           sql_u64(row, 1) <= slice->t->indexed) {
        watch->counted_seq = sql_u64(row, 0);
        watch->bytes += sql_u64(row, 2);
        is_over = slice_is_over(slice);
        count++;
    }
    sql_done(row);
    *is_done = !is_over && count < SIZES_ROWS;
    return err;
}

/* ---- going */

/* What refers to a message goes before it. */
static enum err drop_about(struct sqlite_store *s, sqlite3_stmt *row, room_id room, uint64_t id) {
    struct tending *t = s->tending;
    bool is_edited = sql_u64(row, 6) != 0, is_deleted = sql_u64(row, 7) != 0;
    struct str mentions = sql_text(row, 5);
    enum err err = OK;
    if (mentions.n > 0) {
        struct event ev = { .room = room, .seq = sql_u64(row, 1) };
        err = sqlite_mention(s->kept.unmention, &ev, mentions);
    }
    if (err == OK && (is_edited || is_deleted)) {
        sql_bind_u64(t->stmts.drop_changes, 1, id);
        err = sql_step(t->stmts.drop_changes);
    }
    bool is_reaction = sql_u64(row, 3) == MESSAGE_REACTION;
    if (err == OK && is_reaction && is_deleted) {
        sql_bind_u64(t->stmts.drop_taken_back, 1, sql_u64(row, 4));
        sql_bind_u64(t->stmts.drop_taken_back, 2, room.v);
        sql_bind_u64(t->stmts.drop_taken_back, 3, id);
        err = sql_step(t->stmts.drop_taken_back);
    }
    if (err == OK && id <= t->indexed && !is_reaction && !is_deleted) {
        err = index_forget(t, id, room, sql_u64(row, 8) != 0, sql_text(row, 2));
    }
    return err;
}

/* The message that `oldest` stands on goes; the statement is done. */
static enum err drop(struct sqlite_store *s, room_id room) {
    struct tending *t = s->tending;
    uint64_t id = sql_u64(t->stmts.oldest, 0);
    enum err err = drop_about(s, t->stmts.oldest, room, id);
    sql_done(t->stmts.oldest);
    if (err != OK) {
        return err;
    }
    sql_bind_u64(t->stmts.drop_message, 1, id);
    return sql_step(t->stmts.drop_message);
}

/* Steps to the room's oldest message. */
static enum err find_oldest(struct tending *t, room_id room, bool *is_row) {
    sql_bind_u64(t->stmts.oldest, 1, room.v);
    return sql_next(t->stmts.oldest, is_row);
}

/* Whether this message, now the oldest, goes; takes note of it if so. */
static bool must_go(struct prune_job *job, sqlite3_stmt *row) {
    uint64_t seq = sql_u64(row, 1), bytes = sql_text(row, 2).n;
    bool is_too_much =
        job->bytes_max != 0 && job->watch->bytes > job->bytes_max && seq <= job->watch->counted_seq;
    if (seq > job->cut_seq && !is_too_much) {
        return false;
    }
    if (seq <= job->watch->counted_seq) {
        job->watch->bytes -= MIN(job->watch->bytes, bytes);
    }
    job->seq = seq;
    job->taken++;
    job->deleted += sql_u64(row, 7);
    return true;
}

static enum err take_some(struct slice *slice, bool *is_done) {
    struct tending *t = slice->t;
    enum err err = OK;
    bool is_row = true, is_over = false;
    *is_done = false;
    while (!is_over && !*is_done && (err = find_oldest(t, t->job.room, &is_row)) == OK) {
        if (!is_row || !must_go(&t->job, t->stmts.oldest)) {
            sql_done(t->stmts.oldest);
            *is_done = true;
        } else if ((err = drop(slice->store, t->job.room)) != OK) {
            break;
        }
        is_over = slice_is_over(slice);
    }
    return err;
}

/* Writes down what the slice has taken, and reports it. */
static enum err settle(struct slice *slice) {
    struct tending *t = slice->t;
    struct prune_job *job = &t->job;
    if (job->taken == 0) {
        return OK;
    }
    t->flushes++;
    slice->report->pruned_room = job->room;
    slice->report->pruned = job->taken;
    sql_bind_u64(t->stmts.pruned, 1, job->room.v);
    sql_bind_u64(t->stmts.pruned, 2, job->seq);
    sql_bind_u64(t->stmts.pruned, 3, job->deleted);
    job->taken = job->deleted = 0;
    enum err err = sql_step(t->stmts.pruned);
    if (err != OK) {
        return err;
    }
    sql_bind_text(t->stmts.set_meta, 1, STR_LIT("position"));
    sql_bind_u64(t->stmts.set_meta, 2, slice->store->position);
    return sql_step(t->stmts.set_meta);
}

/* Goes on with the job in hand. */
static enum err go_on(struct slice *slice) {
    struct tending *t = slice->t;
    bool is_done = true;
    enum err err = t->job.bytes_max == 0 ? OK : count_some(slice, &is_done);
    if (err != OK || !is_done || (err = take_some(slice, &is_done)) != OK ||
        (err = settle(slice)) != OK) {
        return err;
    }
    if (is_done) {
        t->job = (struct prune_job){ 0 };
    }
    return OK;
}

enum err prune_some(struct slice *slice) {
    struct tending *t = slice->t;
    enum err err = OK;
    room_id room;
    while (err == OK && slice->report->pruned == 0) {    // of one room a slice
        if (t->job.room.v != 0) {
            err = go_on(slice);
        } else if ((err = next_room(t, &room)) == OK) {
            if (room.v == 0) {
                return OK;
            }
            err = begin_job(slice, room);
        }
        if (slice_is_over(slice)) {
            break;
        }
    }
    return err;
}

/* ---- removed rooms */

bool purge_is_due(const struct slice *slice) {
    return slice->store->purging.v != 0;
}

/* What was kept about the messages first, then they themselves: as long as there are some, a
 * restart finds the room again. */
enum err purge_some(struct slice *slice) {
    struct sqlite_store *s = slice->store;
    struct tending *t = slice->t;
    bool is_row = true, is_clear = false;
    enum err err = sqlite_purge_about(s, &is_clear);
    if (t->job.room.v == s->purging.v) {
        t->job = (struct prune_job){ 0 };
    }
    while (err == OK && is_clear && (err = find_oldest(t, s->purging, &is_row)) == OK && is_row) {
        if ((err = drop(s, s->purging)) != OK || slice_is_over(slice)) {
            break;
        }
    }
    t->flushes++;
    return err == OK && !is_row ? sqlite_purge_next(s) : err;
}
