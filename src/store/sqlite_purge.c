/* What is left of a removed room.
 *
 * The room is gone at once (its row says so, its members are deleted), but its messages and all
 * that was kept about them go a slice at a time (sqlite_prune.c), so that no batch waits for a
 * million rows. Messages go last: as long as there are some, a restart finds the room again. */
#include "store/sqlite.h"

#define SLICE_ROWS 100    // as the statements say, of each

enum err sqlite_purge_next(struct sqlite_store *s) {
    bool is_row;
    uint64_t room = 0;
    enum err err = sql_one(s->kept.to_purge, &is_row, &room);
    if (err == OK) {
        s->purging.v = room;
    }
    return err;
}

enum err sqlite_purge_about(struct sqlite_store *s, bool *is_clear) {
    sqlite3_stmt *const slices[] = { s->kept.purge_reads, s->kept.purge_mentions,
                                     s->kept.purge_taken_back, s->kept.purge_log };
    int rows = 0;
    for (size_t i = 0; i < COUNT(slices) && rows < SLICE_ROWS; i++) {
        sql_bind_u64(slices[i], 1, s->purging.v);
        enum err err = sql_step(slices[i]);
        if (err != OK) {
            return err;
        }
        rows += sqlite3_changes(s->db);
    }
    *is_clear = rows < SLICE_ROWS;
    return OK;
}
