/* Messages that are more than a plain text: media, answers, mentions, reactions.
 *
 * What such a message refers to must be there, and whether it is, is asked inside the transaction
 * that writes the message. An event that comes to nothing draws no number.
 *
 *      posted ──the client_id was used──> repeat; void, if the first one is gone
 *        │────the message answered is not there──> void
 *        │────a reaction: there already, or not there to be taken away──> see settle()
 *        │────the upload is not there──> void
 *        └──> written, with a row for each person it names
 *
 * A reaction that is taken back is its deletion: the event changes its type. Whoever wrote it down
 * may have to try the batch again, so it is also noted in `turned`. */
#include "store/mention.h"
#include "store/sqlite.h"

/* Whether nothing has decided about it yet. */
static bool is_open(const struct event *ev) {
    return ev->type == EV_message_posted && !ev->is_repeat && !ev->is_void;
}

static enum err check_target(struct sqlite_store *s, struct event *ev) {
    uint64_t id;
    bool is_row;
    sql_bind_u64(s->kept.find_target, 1, ev->reply_to.v);
    sql_bind_u64(s->kept.find_target, 2, ev->room.v);
    enum err err = sql_one(s->kept.find_target, &is_row, &id);
    return err == OK && !is_row ? sqlite_void(s, ev, REFUSE_message_unknown) : err;
}

/* The event that was asked for is a deletion. */
static void turn(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    struct turned *turned = arena_alloc(&batch->arena, sizeof *turned);
    *turned = (struct turned){ ev, s->turned };
    s->turned = turned;
    ev->type = EV_message_deleted;
}

/* A reaction is taken back once for each client_id. */
static enum err repeat_taking_back(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    sqlite3_stmt *stmt = s->kept.taken_back;
    bool is_row;
    sql_bind_u64(stmt, 1, ev->user.v);
    sql_bind_u64(stmt, 2, ev->room.v);
    sql_bind_text(stmt, 3, ev->client_id);
    enum err err = sql_next(stmt, &is_row);
    if (err == OK && is_row) {
        turn(s, batch, ev);
        ev->is_repeat = true;
        ev->message.v = sql_u64(stmt, 0);
        ev->seq = sql_u64(stmt, 1);
        ev->at_ms = sql_u64(stmt, 2);
        sql_done(stmt);
    }
    return err;
}

static enum err take_back(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    turn(s, batch, ev);
    enum err err = sqlite_change(s, ev, STR_NONE);
    if (err != OK || ev->client_id.n == 0) {
        return err;
    }
    sqlite3_stmt *stmt = s->kept.take_back;
    sql_bind_u64(stmt, 1, ev->user.v);
    sql_bind_u64(stmt, 2, ev->room.v);
    sql_bind_text(stmt, 3, ev->client_id);
    sql_bind_u64(stmt, 4, ev->message.v);
    sql_bind_u64(stmt, 5, ev->seq);
    sql_bind_u64(stmt, 6, ev->at_ms);
    return sql_step(stmt);
}

/* Under one message there are only so many kinds of reactions. */
static enum err check_kinds(struct sqlite_store *s, struct event *ev) {
    sqlite3_stmt *stmt = s->kept.reaction_kinds;
    bool is_row;
    sql_bind_u64(stmt, 1, ev->reply_to.v);
    sql_bind_text(stmt, 2, ev->content);
    enum err err = sql_next(stmt, &is_row);
    if (err != OK) {
        return err;
    }
    bool is_full = sql_u64(stmt, 0) >= REACTION_KINDS_MAX && sql_u64(stmt, 1) == 0;
    sql_done(stmt);
    return is_full ? sqlite_void(s, ev, REFUSE_too_many_reactions) : OK;
}

/* Whether a reaction is put there or taken away, and whether there is anything to do. */
static enum err settle(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    sqlite3_stmt *find = s->kept.find_reaction;
    bool is_there;
    sql_bind_u64(find, 1, ev->reply_to.v);
    sql_bind_u64(find, 2, ev->user.v);
    sql_bind_text(find, 3, ev->content);
    enum err err = sql_next(find, &is_there);
    if (err != OK) {
        return err;
    }
    if (!is_there) {
        return ev->reaction == REACTION_REMOVE ? sqlite_void(s, ev, REFUSE_message_unknown)
                                               : check_kinds(s, ev);
    }
    if (ev->reaction == REACTION_ADD) {
        sqlite_take_over(batch, ev, find);
        sql_done(find);
        return OK;
    }
    ev->message.v = sql_u64(find, 0);
    ev->seq = sql_u64(find, 1);
    sql_done(find);
    return take_back(s, batch, ev);
}

/* A message of ours refers to a file of ours. */
static enum err show(struct sqlite_store *s, struct event *ev) {
    struct str url = ev->media_url;
    size_t n = strlen(UPLOADS_PATH);
    sql_bind_text(s->kept.upload_show, 1, (struct str){ url.p + n, url.n - n });
    enum err err = sql_step(s->kept.upload_show);
    bool is_there = sqlite3_changes(s->db) > 0;
    return err == OK && !is_there ? sqlite_void(s, ev, REFUSE_upload_unknown) : err;
}

enum err sqlite_mention(sqlite3_stmt *stmt, const struct event *ev, struct str mentions) {
    enum err err = OK;
    uint64_t id;
    while (err == OK && mention_next(&mentions, &id)) {
        sql_bind_u64(stmt, 1, id);
        sql_bind_u64(stmt, 2, ev->room.v);
        sql_bind_u64(stmt, 3, ev->seq);
        err = sql_step(stmt);
    }
    return err;
}

/* One more of its kind. */
static enum err count_reaction(struct sqlite_store *s, const struct event *ev) {
    sql_bind_u64(s->kept.count_reaction, 1, ev->reply_to.v);
    sql_bind_text(s->kept.count_reaction, 2, ev->content);
    sql_bind_u64(s->kept.count_reaction, 3, ev->message.v);
    return sql_step(s->kept.count_reaction);
}

static enum err insert(struct sqlite_store *s, struct event *ev) {
    struct seq_slot *slot;
    enum err err = sqlite_seq_slot(s, ev->room, &slot);
    if (err != OK) {
        return err;
    }
    sqlite3_stmt *post = s->kept.post_body;
    sql_bind_u64(post, 1, s->position + 1);
    sql_bind_u64(post, 2, ev->room.v);
    sql_bind_u64(post, 3, slot->seq + 1);
    sql_bind_u64(post, 4, ev->user.v);
    sql_bind_text(post, 5, ev->content);
    sql_bind_u64(post, 6, ev->at_ms);
    sql_bind_name(post, 7, ev->client_id);
    sql_bind_u64(post, 8, ev->message_type);
    sql_bind_name(post, 9, ev->media_url);
    sql_bind_name(post, 10, ev->media_type);
    sql_bind_id(post, 11, ev->duration_ms);
    sql_bind_id(post, 12, ev->reply_to.v);
    sql_bind_name(post, 13, ev->mentions);
    bool is_news = ev->message_type != MESSAGE_REACTION;
    sql_bind_id(post, 14, is_news ? sqlite_new_to(slot, ev->user).v : 0);
    if ((err = sql_step(post)) != OK) {
        return err;
    }
    ev->message.v = sqlite_position_next(s);
    ev->seq = ++slot->seq;
    if (ev->message_type == MESSAGE_REACTION && (err = count_reaction(s, ev)) != OK) {
        return err;
    }
    return sqlite_mention(s->kept.mention, ev, ev->mentions);
}

enum err sqlite_post_body(struct sqlite_store *s, struct batch *batch, struct event *ev) {
    bool is_reaction = ev->message_type == MESSAGE_REACTION;
    enum err err = OK;
    if (ev->client_id.n > 0) {
        err = sqlite_repeat(s, batch, ev);
        if (err == OK && is_open(ev) && is_reaction) {
            err = repeat_taking_back(s, batch, ev);
        }
    }
    if (err == OK && is_open(ev) && (ev->reply_to.v != 0 || is_reaction)) {
        err = check_target(s, ev);
    }
    if (err == OK && is_open(ev) && is_reaction) {
        err = settle(s, batch, ev);
    }
    if (err == OK && is_open(ev) && str_starts(ev->media_url, STR_LIT(UPLOADS_PATH))) {
        err = show(s, ev);
    }
    return err == OK && is_open(ev) ? insert(s, ev) : err;
}
