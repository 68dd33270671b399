/* How far people have read, and the files they sent.
 *
 * What a user's files weigh together is a column of the user, so that a quota costs one look
 * however many there are. How many messages show a file is a column of the file: posting adds to it
 * here (sqlite_body.c), and triggers take away when a message is deleted or its row goes. */
#include "store/sqlite.h"

/* The seq a mark is asked to be put at; 0: there is no such message. For the newest message of the
 * room the event gets its id. */
static enum err find_mark(struct sqlite_store *s, struct event *ev, uint64_t *seq) {
    bool is_row;
    *seq = 0;
    if (ev->message.v != 0) {
        sql_bind_u64(s->kept.seq_of, 1, ev->message.v);
        sql_bind_u64(s->kept.seq_of, 2, ev->room.v);
        return sql_one(s->kept.seq_of, &is_row, seq);
    }
    struct seq_slot *slot;
    enum err err = sqlite_seq_slot(s, ev->room, &slot);
    if (err != OK) {
        return err;
    }
    *seq = slot->seq;
    sql_bind_u64(s->kept.id_of, 1, slot->seq);
    sql_bind_u64(s->kept.id_of, 2, ev->room.v);
    return sql_one(s->kept.id_of, &is_row, &ev->message.v);
}

/* The mark is there already, or beyond: the event says where. */
static enum err keep_mark(struct sqlite_store *s, struct event *ev) {
    bool is_row;
    ev->is_repeat = true;
    ev->seq = 0;
    sql_bind_u64(s->kept.read_seq, 1, ev->user.v);
    sql_bind_u64(s->kept.read_seq, 2, ev->room.v);
    return sql_one(s->kept.read_seq, &is_row, &ev->seq);
}

/* Mentions that have been read count no more; of very many, the rest goes with a later mark. */
static enum err drop_mentions(struct sqlite_store *s, const struct event *ev) {
    sql_bind_u64(s->kept.mentions_read, 1, ev->user.v);
    sql_bind_u64(s->kept.mentions_read, 2, ev->room.v);
    sql_bind_u64(s->kept.mentions_read, 3, ev->seq);
    return sql_step(s->kept.mentions_read);
}

enum err sqlite_read(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    (void)batch;
    bool is_newest = ev->message.v == 0;
    enum err err = find_mark(s, ev, &ev->seq);
    if (err != OK) {
        return err;
    }
    if (ev->seq == 0) {    // in an empty room there is nothing to read
        return is_newest ? keep_mark(s, ev) : sqlite_void(s, ev, REFUSE_message_unknown);
    }
    sql_bind_u64(s->kept.read, 1, ev->user.v);
    sql_bind_u64(s->kept.read, 2, ev->room.v);
    sql_bind_u64(s->kept.read, 3, ev->seq);
    sql_bind_u64(s->kept.read, 4, ev->at_ms);
    err = sql_step(s->kept.read);
    if (err != OK) {
        return err;
    }
    return sqlite3_changes(s->db) == 0 ? keep_mark(s, ev) : drop_mentions(s, ev);
}

/* ---- uploads */

/* Adds to what the user's files weigh; a negative number takes away. */
static enum err weigh(struct sqlite_store *s, uint64_t user, int64_t weight) {
    sql_bind_u64(s->kept.upload_count, 1, user);
    sql_bind_u64(s->kept.upload_count, 2, (uint64_t)weight);
    return sql_step(s->kept.upload_count);
}

enum err sqlite_upload_begin(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    (void)batch;
    uint64_t have = 0;
    bool is_row;
    sql_bind_u64(s->kept.upload_bytes, 1, ev->user.v);
    enum err err = sql_one(s->kept.upload_bytes, &is_row, &have);
    bool is_full = ev->quota_bytes != 0 && have + upload_weight(ev->bytes) > ev->quota_bytes;
    return err == OK && is_full ? sqlite_void(s, ev, REFUSE_quota_full) : err;
}

enum err sqlite_upload_add(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    bool is_row;
    sql_bind_text(s->kept.upload_find, 1, ev->label);
    enum err err = sql_next(s->kept.upload_find, &is_row);
    sql_done(s->kept.upload_find);
    if (err != OK || is_row) {
        ev->is_repeat = err == OK;
        return err;
    }
    err = sqlite_upload_begin(s, batch, ev);
    if (err != OK || ev->is_void) {
        return err;
    }
    sql_bind_text(s->kept.upload_add, 1, ev->label);
    sql_bind_u64(s->kept.upload_add, 2, ev->user.v);
    sql_bind_text(s->kept.upload_add, 3, ev->media_type);
    sql_bind_u64(s->kept.upload_add, 4, ev->bytes);
    sql_bind_u64(s->kept.upload_add, 5, ev->at_ms);
    err = sql_step(s->kept.upload_add);
    return err == OK ? weigh(s, ev->user.v, (int64_t)upload_weight(ev->bytes)) : err;
}

enum err sqlite_upload_remove(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    (void)batch;
    sqlite3_stmt *find = s->kept.upload_find;
    bool is_row;
    sql_bind_text(find, 1, ev->label);
    enum err err = sql_next(find, &is_row);
    if (err != OK) {
        return err;
    }
    if (!is_row) {
        return sqlite_void(s, ev, REFUSE_upload_unknown);
    }
    uint64_t user = sql_u64(find, 0), bytes = sql_u64(find, 1), shown = sql_u64(find, 2);
    sql_done(find);
    if (shown > 0) {
        return sqlite_void(s, ev, REFUSE_forbidden);
    }
    sql_bind_text(s->kept.upload_remove, 1, ev->label);
    err = sql_step(s->kept.upload_remove);
    return err == OK ? weigh(s, user, -(int64_t)upload_weight(bytes)) : err;
}
