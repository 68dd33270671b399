/* The change log: what happened in a room after a position, new messages and what became of old
 * ones, merged.
 *
 *     messages   1+   3+        6+
 *     changes              5~1      7-1      ──>   1+ 3+ 5~1 6+ 7-1 */
#include "store/sqlite_reader.h"

/* Merges the two logs of a room by position. */
static void merge(struct rows *out, const struct rows *a, const struct rows *b) {
    size_t i = 0, j = 0;
    while (out->n < out->limit && (i < a->n || j < b->n)) {
        bool is_a = j == b->n || (i < a->n && a->p[i].position < b->p[j].position);
        out->p[out->n++] = is_a ? a->p[i++] : b->p[j++];
    }
}

/* What came after message `seq` and what changed after `position`. */
static enum err changes_of(struct sqlite_reader *r, const struct room_facts *room, uint64_t seq,
                           uint64_t position, struct rows *out) {
    struct rows new = sqlite_rows(out->arena, out->limit);
    struct rows changed = sqlite_rows(out->arena, out->limit);
    enum err err = sqlite_messages(r->stmts[QUERY_NEW], room, seq, &new);
    if (err == OK) {
        err = sqlite_messages(r->stmts[QUERY_CHANGED], room, position, &changed);
    }
    if (err == OK) {
        merge(out, &new, &changed);
    }
    return err;
}

enum err sqlite_changes(struct sqlite_reader *r, room_id id, uint64_t position, struct rows *out) {
    struct room_facts room;
    uint64_t seq = 0;
    enum err err = sqlite_room_facts(r, id, &room);
    if (err != OK || !room.is_there || (err = sqlite_seq_up_to(r, &room, position, &seq)) != OK) {
        return err;
    }
    return changes_of(r, &room, seq, position, out);
}

/* Where to go on: after the message the client had last, or after the position an earlier answer
 * ended with. What was pruned lies before everything that is left. */
static enum err find_start(struct sqlite_reader *r, const struct room_facts *room,
                           const struct ask *ask, uint64_t *seq, uint64_t *position) {
    if (ask->after != 0) {
        *position = ask->after;
        return sqlite_seq_up_to(r, room, ask->after, seq);
    }
    *seq = ask->after_seq;
    return sqlite_number(r->stmts[QUERY_ID], room->id.v, *seq, position);
}

enum err sqlite_resume(struct sqlite_reader *r, const struct ask *ask, struct answer *out) {
    size_t limit = ask->limit == 0 ? RESUME_CHANGES_MAX : MIN(ask->limit, RESUME_CHANGES_MAX);
    struct room_facts room;
    uint64_t seq = 0, position = 0;
    bool is_row;
    enum err err = sqlite_room_facts(r, ask->room, &room);
    if (err == OK) {
        err = sql_one(r->stmts[QUERY_POSITION], &is_row, &out->position);
    }
    if (err != OK || !room.is_there) {
        return err;
    }
    out->last_seq = room.last_seq;
    if (ask->after == 0 && ask->after_seq > room.last_seq) {
        return OK;    // it had what there never was
    }
    struct rows rows = sqlite_rows(&out->arena, limit + 1);
    if ((err = find_start(r, &room, ask, &seq, &position)) != OK ||
        (err = changes_of(r, &room, seq, position, &rows)) != OK) {
        return err;
    }
    out->is_recovered = seq > room.pruned_seq || ask->after_seq >= room.pruned_seq;
    out->has_more = rows.n > limit;
    out->change_count = MIN(rows.n, limit);
    out->changes = rows.p;
    if (out->has_more) {
        out->position = rows.p[limit - 1].position;
    }
    return OK;
}
