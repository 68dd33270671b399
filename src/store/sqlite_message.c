/* Messages: posted, edited, deleted.
 *
 * Posting is the path that everything else waits for: one INSERT. Its id is the next of a counter
 * kept here, its seq the next of the room's, kept in a table of slots; a room whose slot another
 * has taken is read again from the index. A rollback forgets both. A message that is more than a
 * plain text takes the longer way of sqlite_body.c. */
#include "store/alter.h"
#include "store/repeat.h"
#include "store/sqlite.h"

uint64_t sqlite_position_next(struct sqlite_store *s) {
    CHECK(s->position < ID_MAX);
    return ++s->position;
}

void sqlite_forget(struct sqlite_store *s, uint64_t position) {
    s->position = position;
    memset(s->seqs, 0, SEQ_ROOMS * sizeof *s->seqs);
    for (; s->turned != NULL; s->turned = s->turned->next) {
        s->turned->event->type = EV_message_posted;
    }
}

enum err sqlite_seq_slot(struct sqlite_store *s, room_id room, struct seq_slot **out) {
    struct seq_slot *slot = &s->seqs[room.v & (SEQ_ROOMS - 1)];
    if (UNLIKELY(slot->room.v != room.v)) {
        sqlite3_stmt *row = s->kept.last_seq;
        bool is_row;
        sql_bind_u64(row, 1, room.v);
        enum err err = sql_next(row, &is_row);
        if (err != OK) {
            return err;
        }
        *slot = (struct seq_slot){ .room = room };
        if (is_row) {
            *slot = (struct seq_slot){
                room, sql_u64(row, 0), { sql_u64(row, 1) }, { sql_u64(row, 2) }
            };
            sql_done(row);
        }
    }
    *out = slot;
    return OK;
}

user_id sqlite_new_to(const struct seq_slot *slot, user_id user) {
    if (slot->dm_a.v == slot->dm_b.v) {
        return (user_id){ 0 };
    }
    return user.v == slot->dm_a.v ? slot->dm_b : slot->dm_a;
}

enum err sqlite_void(struct sqlite_store *s, struct event *ev, enum refusal why) {
    ev->is_void = true;
    ev->refusal = why;
    s->void_count++;
    return OK;
}

void sqlite_take_over(struct batch *batch, struct event *ev, sqlite3_stmt *row) {
    ev->is_repeat = true;
    ev->message.v = sql_u64(row, 0);
    ev->seq = sql_u64(row, 1);
    ev->at_ms = sql_u64(row, 2);
    ev->content = batch_str(batch, sql_text(row, 3));
    ev->message_type = (enum message_type)sql_u64(row, 4);
    ev->media_url = batch_str(batch, sql_text(row, 5));
    ev->media_type = batch_str(batch, sql_text(row, 6));
    ev->duration_ms = sql_u64(row, 7);
    ev->reply_to.v = sql_u64(row, 8);
    ev->mentions = batch_str(batch, sql_text(row, 9));
}

enum err sqlite_repeat(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    sqlite3_stmt *posted = s->kept.posted;
    bool is_row;
    sql_bind_u64(posted, 1, ev->user.v);
    sql_bind_u64(posted, 2, ev->room.v);
    sql_bind_text(posted, 3, ev->client_id);
    enum err err = sql_next(posted, &is_row);
    if (err != OK || !is_row) {
        return err;
    }
    bool is_gone = sql_u64(posted, 10) != 0 && !repeat_is_silent(ev);
    if (is_gone) {
        ev->message.v = sql_u64(posted, 0);
        err = sqlite_void(s, ev, REFUSE_message_unknown);
    } else {
        sqlite_take_over(batch, ev, posted);
    }
    sql_done(posted);
    return err;
}

static bool is_plain(const struct event *ev) {
    return ev->message_type == MESSAGE_TEXT && ev->reply_to.v == 0 && ev->mentions.n == 0 &&
           ev->media_url.n == 0 && ev->media_type.n == 0 && ev->duration_ms == 0;
}

enum err sqlite_post(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    if (UNLIKELY(!is_plain(ev))) {
        return sqlite_post_body(s, batch, ev);
    }
    struct seq_slot *slot;
    enum err err = sqlite_seq_slot(s, ev->room, &slot);
    if (err != OK) {
        return err;
    }
    bool has_client_id = ev->client_id.n > 0;
    sqlite3_stmt *post = has_client_id ? s->kept.post_once : s->kept.post;
    sql_bind_u64(post, 1, s->position + 1);
    sql_bind_u64(post, 2, ev->room.v);
    sql_bind_u64(post, 3, slot->seq + 1);
    sql_bind_u64(post, 4, ev->user.v);
    sql_bind_text(post, 5, ev->content);
    sql_bind_u64(post, 6, ev->at_ms);
    sql_bind_id(post, 7, sqlite_new_to(slot, ev->user).v);
    if (has_client_id) {
        sql_bind_text(post, 8, ev->client_id);
    }
    if ((err = sql_step(post)) != OK) {
        return err;
    }
    if (has_client_id && sqlite3_changes(s->db) == 0) {
        err = sqlite_repeat(s, batch, ev);
        CHECK(err != OK || ev->is_repeat || ev->is_void);
        return err;
    }
    ev->message.v = sqlite_position_next(s);
    ev->seq = ++slot->seq;
    return OK;
}

/* Takes over what the row of `find` says of the message. Returns the people it names, in the
 * batch. */
static struct str fill(struct batch *batch, struct event *ev, sqlite3_stmt *find) {
    ev->seq = sql_u64(find, 1);
    ev->room.v = sql_u64(find, 2);
    ev->room_name = batch_str(batch, sql_text(find, 3));
    ev->room_kind = (enum room_kind)sql_u64(find, 4);
    ev->server.v = sql_u64(find, 5);
    if (ev->room_kind == ROOM_DM) {
        uint64_t author = sql_u64(find, 0), a = sql_u64(find, 6), b = sql_u64(find, 7);
        ev->other.v = author == a ? b : a;
        ev->author.v = author == ev->user.v ? 0 : author;
    }
    ev->message_type = (enum message_type)sql_u64(find, 9);
    ev->reply_to.v = sql_u64(find, 10);
    if (ev->message_type == MESSAGE_REACTION) {
        ev->content = batch_str(batch, sql_text(find, 12));
    }
    return batch_str(batch, sql_text(find, 11));
}

/* The message itself, and what is counted of it. */
static enum err write_alteration(struct sqlite_store *s, const struct event *ev,
                                 struct str mentions) {
    bool is_edit = ev->type == EV_message_edited;
    sqlite3_stmt *alter = is_edit ? s->kept.edit : s->kept.delete;
    sql_bind_u64(alter, 1, ev->message.v);
    sql_bind_u64(alter, 2, ev->at_ms);
    if (is_edit) {
        sql_bind_text(alter, 3, ev->content);
        sql_bind_name(alter, 4, ev->mentions);
    }
    enum err err = sql_step(alter);
    if (err == OK && mentions.n > 0) {
        err = sqlite_mention(s->kept.unmention, ev, mentions);
    }
    if (err != OK || is_edit) {
        return err == OK ? sqlite_mention(s->kept.mention, ev, ev->mentions) : err;
    }
    sql_bind_u64(s->kept.count_deleted, 1, ev->room.v);
    return sql_step(s->kept.count_deleted);
}

/* The place in the log, and for which of the two of a dm it is news. */
static enum err log_change(struct sqlite_store *s, const struct event *ev) {
    struct seq_slot *slot;
    enum err err = sqlite_seq_slot(s, ev->room, &slot);
    if (err != OK) {
        return err;
    }
    bool is_news = ev->message_type != MESSAGE_REACTION;
    user_id a = slot->dm_a, b = slot->dm_b;
    sqlite3_stmt *change = s->kept.change;
    sql_bind_u64(change, 1, ev->position);
    sql_bind_u64(change, 2, ev->room.v);
    sql_bind_u64(change, 3, ev->type == EV_message_edited ? CHANGE_EDITED : CHANGE_DELETED);
    sql_bind_u64(change, 4, ev->message.v);
    sql_bind_u64(change, 5, ev->at_ms);
    sql_bind_u64(change, 6, ev->user.v);
    sql_bind_id(change, 7, is_news && a.v != ev->user.v ? a.v : 0);
    sql_bind_id(change, 8, is_news && b.v != ev->user.v && b.v != a.v ? b.v : 0);
    return sql_step(change);
}

enum err sqlite_change(struct sqlite_store *s, struct event *ev, struct str mentions) {
    enum err err = write_alteration(s, ev, mentions);
    if (err != OK) {
        return err;
    }
    ev->position = sqlite_position_next(s);
    return log_change(s, ev);
}

/* Whether the author of a dm's message is blocked from the other, if that matters. */
static enum err find_blocked(struct sqlite_store *s, const struct event *ev, sqlite3_stmt *find,
                             bool *out) {
    uint64_t a = sql_u64(find, 6), b = sql_u64(find, 7), unused;
    if (!alter_minds_blocks(ev, (enum room_kind)sql_u64(find, 4))) {
        *out = false;
        return OK;
    }
    sql_bind_u64(s->kept.blocked, 1, ev->user.v);
    sql_bind_u64(s->kept.blocked, 2, ev->user.v == a ? b : a);
    sql_bind_u64(s->kept.blocked, 3, ev->at_ms);
    return sql_one(s->kept.blocked, out, &unused);
}

/* That somebody took away what another has said is written down. */
static enum err note_deleted(struct sqlite_store *s, const struct event *ev, uint64_t author) {
    sqlite3_stmt *note = s->kept.note_deleted;
    if (ev->type != EV_message_deleted || ev->user.v == author) {
        return OK;
    }
    sql_bind_u64(note, 1, ev->at_ms);
    sql_bind_u64(note, 2, ev->user.v);
    sql_bind_u64(note, 3, author);
    sql_bind_u64(note, 4, ev->room.v);
    sql_bind_u64(note, 5, ev->message.v);
    return sql_step(note);
}

enum err sqlite_alter(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    sqlite3_stmt *find = s->kept.find;
    bool is_row, is_blocked;
    sql_bind_u64(find, 1, ev->message.v);
    enum err err = sql_next(find, &is_row);
    if (err != OK) {
        return err;
    }
    if (!is_row) {
        return sqlite_void(s, ev, REFUSE_message_unknown);
    }
    uint64_t author = sql_u64(find, 0);
    if ((err = find_blocked(s, ev, find, &is_blocked)) != OK) {
        sql_done(find);
        return err;
    }
    enum refusal no = alter_check(ev, &(struct alter_target){
                                          .author = { author },
                                          .room = { sql_u64(find, 2) },
                                          .room_kind = (enum room_kind)sql_u64(find, 4),
                                          .is_private = sql_u64(find, 8) != 0,
                                          .type = (enum message_type)sql_u64(find, 9),
                                          .is_blocked = is_blocked,
                                      });
    struct str mentions = no == REFUSE_NONE ? fill(batch, ev, find) : STR_NONE;
    sql_done(find);
    if (no != REFUSE_NONE) {
        return sqlite_void(s, ev, no);
    }
    err = sqlite_change(s, ev, mentions);
    return err == OK ? note_deleted(s, ev, author) : err;
}
